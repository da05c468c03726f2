//! Values of the Bluetooth SIG's standard services, as far as step counters use them. One file per
//! service, each layout as `parse` and `emit` side by side.
//!
//! Field order from the *GATT Specification Supplement* through its public encodings (`bluetooth-sig`
//! 0.6.0 was run on every vector of `vectors/sig.json`); what is less certain says so in its own file.
//! Bits that a specification reserves are ignored when reading and written as zero, as the
//! specifications ask.

pub mod battery;
pub mod current_time;
pub mod device_information;
pub mod goal;
pub mod heart_rate;
pub mod physical_activity;
pub mod running;

use crate::Uuid;

/// A 16-bit UUID of the Bluetooth SIG in full.
pub const fn uuid(short: u16) -> Uuid {
    // 0000xxxx-0000-1000-8000-00805f9b34fb: Bluetooth Core Specification, Vol 3, Part B, 2.5.1.
    0x0000_0000_0000_1000_8000_0080_5f9b_34fb | ((short as u128) << 96)
}
