//! The BLE lab: for tests of a Bluetooth LE central against the real kernel, the real bluetoothd and
//! peripherals that run in the test itself, on a machine without Bluetooth.
//!
//! ```text
//! test process                                            guest (qemu)
//!  peripheral ──H4──▶ ┌─────┐
//!  peripheral ──H4──▶ │ Air │ ◀──H4── unix socket ──────── /dev/hvc0 ── kernel: hci0
//!                     └─────┘                                              │
//!  central under test ── D-Bus over TCP on the loopback ── dbus-daemon ── bluetoothd
//!  Lab::vm(command)   ── unix socket ───────────────────── sh
//! ```
//!
//! [`Lab::start`] boots the guest; [`Lab::air`] takes peripherals; [`Lab::dbus_address`] is for the
//! central; [`Lab::vm`], [`Lab::stop`] and [`air::Controller`] make faults. The README tells the rest.

pub mod air;
mod cache;
mod channel;
mod error;
mod guest;
mod lab;

pub use channel::Output;
pub use error::LabError;
pub use lab::{Lab, LabOptions, Part};

/// The public address of the adapter in the guest, 00:1B:DC:00:00:00, lowest byte first.
pub const ADAPTER_ADDRESS: [u8; 6] = [0x00, 0x00, 0x00, 0xDC, 0x1B, 0x00];
