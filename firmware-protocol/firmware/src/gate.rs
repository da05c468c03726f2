//! Who may pair, and when: with the passkey that the counter shows, or in the minute after its button was pressed.

use core::cell::Cell;

use embassy_futures::select::select;
use embassy_sync::{blocking_mutex::raw::NoopRawMutex, signal::Signal};
use embassy_time::{Duration, Instant, Timer};
use trouble_host::{PacketPool, connection::Connection};

use crate::parts::Press;

/// How long the button lets somebody pair: step-log protocol, 14.1.
pub const OPEN_FOR: Duration = Duration::from_secs(60);

/// Decides whether a bond may be made now.
pub struct Gate {
    strangers: Rule,
    open: Cell<Option<(Instant, Press)>>,
    changed: Signal<NoopRawMutex, ()>,
}

/// What holds for a host that was never here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// It may pair at any time: it has to know the passkey that is shown, or the counter is a toy.
    Always,
    /// Only after the button was pressed.
    AfterButton,
    /// Anybody may pair at any time, known or not: for emulated peripherals.
    NoRule,
}

impl Gate {
    /// Closed, but for what the rule allows.
    pub const fn new(strangers: Rule) -> Self {
        Self { strangers, open: Cell::new(None), changed: Signal::new() }
    }

    /// The button was pressed: step-log protocol, 14.1 and 14.2.
    pub fn press(&self, press: Press) {
        self.open.set(Some((Instant::now() + OPEN_FOR, press)));
        self.changed.signal(());
    }

    /// Somebody has paired: the button's minute is over.
    pub fn close(&self) {
        self.open.set(None);
        self.changed.signal(());
    }

    /// Whether a host may pair at this moment; `known`: it is bonded, and asks for new keys.
    pub fn allows(&self, known: bool, now: Instant) -> bool {
        let pressed = self.open.get().filter(|(until, _)| now < *until).map(|(_, press)| press);
        match (self.strangers, known) {
            (Rule::NoRule, _) | (Rule::Always, false) => true,
            (Rule::AfterButton, false) => pressed.is_some(),
            // New keys for a known host end the old bond: only after the long press.
            (_, true) => pressed == Some(Press::Long),
        }
    }

    /// Whether the button's minute runs.
    pub fn is_open(&self, now: Instant) -> bool {
        self.open.get().is_some_and(|(until, _)| now < until)
    }

    /// Keeps telling the stack whether this link may bond. Never ends.
    pub(crate) async fn keep<P: PacketPool>(&self, link: &Connection<'_, P>) {
        loop {
            // An error says that the link is gone; its end comes as an event.
            link.set_bondable(self.allows(link.is_bonded_peer(), Instant::now())).ok();
            self.change().await;
        }
    }

    /// Waits until a press or the end of the minute.
    pub(crate) async fn change(&self) {
        match self.open.get() {
            Some((until, _)) if Instant::now() < until => {
                select(self.changed.wait(), Timer::at(until)).await;
            }
            _ => self.changed.wait().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_display_only_the_button_lets_a_stranger_pair() {
        let gate = Gate::new(Rule::AfterButton);
        let start = Instant::from_secs(0);
        let allowed_before = gate.allows(false, start);

        gate.open.set(Some((start + OPEN_FOR, Press::Short)));

        assert!(!allowed_before);
        assert!(gate.allows(false, start + Duration::from_secs(59)));
        assert!(!gate.allows(false, start + OPEN_FOR));
    }

    #[test]
    fn new_keys_for_a_known_host_need_the_long_press() {
        let gate = Gate::new(Rule::Always);
        let start = Instant::from_secs(0);

        gate.open.set(Some((start + OPEN_FOR, Press::Short)));
        let after_short = gate.allows(true, start);
        gate.open.set(Some((start + OPEN_FOR, Press::Long)));

        assert!(!after_short);
        assert!(gate.allows(true, start));
    }
}
