//! The step-log service: an open GATT service for counters that store minutes.
//!
//! `README.md` of this crate is the specification. One file per message, `parse` and `emit` side
//! by side; [`device`] is what a firmware links, [`host`] the other end.

pub mod block;
pub mod control;
pub mod device;
pub mod feature;
pub mod frame;
#[cfg(feature = "host")]
pub mod host;
#[cfg(feature = "host")]
pub mod ram_flash;
pub mod state;
pub mod time;
pub mod uuid;

pub use uuid::{SERVICE, recognise};

/// Major version of the protocol: another one cannot be spoken to.
pub const MAJOR: u8 = 1;
/// Minor version: a higher one only adds.
pub const MINOR: u8 = 0;
/// The smallest ATT MTU, which every link has.
pub const MIN_MTU: u16 = 23;
/// The largest ATT MTU that is used: one full link-layer packet with data length extension.
pub const MAX_MTU: u16 = 247;
