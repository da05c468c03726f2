//! Faults on demand, from any thread.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tokio::sync::{Notify, watch};

/// The handle to make faults with; its clones are one.
#[derive(Clone, Debug)]
pub struct Faults(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    hang_up: Notify,
    silent: watch::Sender<bool>,
    forget: Notify,
    forget_asked: AtomicBool,
    drop_every: AtomicU32,
    counted: AtomicU32,
}

impl Default for Faults {
    fn default() -> Self {
        Self::none()
    }
}

impl Faults {
    /// No faults yet.
    pub fn none() -> Self {
        Self(Arc::new(Inner {
            hang_up: Notify::new(),
            silent: watch::Sender::new(false),
            forget: Notify::new(),
            forget_asked: AtomicBool::new(false),
            drop_every: AtomicU32::new(0),
            counted: AtomicU32::new(0),
        }))
    }

    /// Ends the connection, if there is one.
    pub fn disconnect(&self) {
        self.0.hang_up.notify_one();
    }

    /// Stops advertising, or goes on with it. A connection is not ended by it.
    pub fn silence(&self, on: bool) {
        self.0.silent.send_replace(on);
    }

    /// Loses all bonds before it advertises the next time: after the connection, if there is one.
    pub fn forget_bonds(&self) {
        self.0.forget_asked.store(true, Ordering::Release);
        self.0.forget.notify_one();
    }

    /// Loses every n-th notification from now on; 0: none. Indications are never lost.
    pub fn drop_every(&self, n: u32) {
        self.0.counted.store(0, Ordering::Release);
        self.0.drop_every.store(n, Ordering::Release);
    }

    pub(super) async fn hang_up(&self) {
        self.0.hang_up.notified().await;
    }

    /// A disconnection asked for before there was a connection is not for the next one.
    pub(super) fn forget_hang_up(&self) {
        let asked = self.0.hang_up.notified();
        let mut asked = core::pin::pin!(asked);
        asked.as_mut().enable();
    }

    pub(super) async fn silent(&self) {
        self.wait_for(true).await;
    }

    pub(super) async fn audible(&self) {
        self.wait_for(false).await;
    }

    async fn wait_for(&self, silent: bool) {
        // The sender lives as long as this handle, so it cannot end.
        self.0.silent.subscribe().wait_for(|now| *now == silent).await.ok();
    }

    pub(super) async fn forgetting(&self) {
        self.0.forget.notified().await;
    }

    pub(super) fn take_forget(&self) -> bool {
        self.0.forget_asked.swap(false, Ordering::AcqRel)
    }

    /// Counts a notification; whether it is to be lost.
    pub(super) fn drops_this(&self) -> bool {
        let every = self.0.drop_every.load(Ordering::Acquire);
        every > 0 && (self.0.counted.fetch_add(1, Ordering::AcqRel) + 1).is_multiple_of(every)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_third_notification_is_lost() {
        let faults = Faults::none();

        faults.drop_every(3);

        let lost: [bool; 6] = core::array::from_fn(|_| faults.drops_this());
        assert_eq!(lost, [false, false, true, false, false, true]);
    }
}
