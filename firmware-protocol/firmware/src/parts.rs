//! What the maker's hardware has to do, as traits.

use core::future::Future;

use firmware_protocol::reading::Wear;

/// The clock that runs from power-on.
pub trait Clock {
    /// Milliseconds since this start; never goes back.
    fn uptime_ms(&self) -> u64;
}

/// The clock of `embassy-time`, which every supported chip has.
#[derive(Clone, Copy, Debug, Default)]
pub struct BootClock;

impl Clock for BootClock {
    fn uptime_ms(&self) -> u64 {
        embassy_time::Instant::now().as_millis()
    }
}

/// What counts the steps.
pub trait Sensor {
    /// Waits for the next thing to be told. Never dropped before it has answered, except when the firmware ends.
    fn next(&mut self) -> impl Future<Output = Happening>;
}

/// What a [`Sensor`] tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// So many steps since the last call, the last of them now. Zero steps tell the wear state.
    Steps {
        /// How many.
        count: u32,
        /// Whether the counter is worn.
        wear: Wear,
        /// How much it moved, 0 to 15.
        movement: u8,
    },
    /// What the charge meter says.
    Power {
        /// Charge left; `None` when it cannot tell.
        percent: Option<u8>,
        /// It is being charged.
        charging: bool,
    },
    /// The supply is about to fail, or a reset is planned: everything is written now.
    PowerFails,
}

/// What the wearer sees and presses.
pub trait Face {
    /// Whether six digits can be shown. Without, pairing needs the button.
    fn has_display(&self) -> bool;
    /// Shows the digits to be typed into the host; `None`: no longer.
    fn show_passkey(&mut self, passkey: Option<u32>);
    /// Shows that anybody near may pair, or that this is over.
    fn show_pairing(&mut self, open: bool);
}

/// How a button was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Press {
    /// Shortly: a new host may pair for a minute.
    Short,
    /// For five seconds: a known host may also pair anew.
    Long,
}

/// The button. A counter without one answers with [`core::future::pending`], and needs a display.
pub trait Button {
    /// Waits until it was pressed. Never dropped before it has answered, except when the firmware ends.
    fn pressed(&mut self) -> impl Future<Output = Press>;
}
