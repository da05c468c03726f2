//! A step counter that speaks the step-log protocol, to start a product from.
//!
//! A maker implements five small traits for the hardware ([`Flash`], [`Clock`], [`Sensor`], [`Bonds`], [`Face`]) and
//! calls [`counter::run`] with the controller of the chip. Everything that crosses the air is done here; everything
//! about steps and their numbers is done by `firmware-protocol`.
//!
//! The library is `no_std`, allocates nothing and contains no `unsafe`. The feature `linux` adds a step counter
//! that runs on a computer ([`linux`]) and a bridge that puts any emulated peripheral on a controller ([`bridge`]).
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "linux")]
extern crate alloc;
#[cfg(feature = "linux")]
extern crate std;

pub mod advertising;
pub mod bond;
#[cfg(feature = "linux")]
pub mod bridge;
pub mod counter;
pub mod gate;
mod link;
#[cfg(feature = "linux")]
pub mod linux;
mod on_air;
pub mod parts;
pub mod table;
mod tolerant;

pub use bond::{Bond, Bonds};
pub use counter::{Config, Hardware, Resources, run};
pub use firmware_protocol::steplog::device::{Flash, FlashError};
pub use parts::{BootClock, Button, Clock, Face, Happening, Press, Sensor};
