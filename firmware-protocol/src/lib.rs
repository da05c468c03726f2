//! Every byte that crosses the air between a host and a step counter, both directions.
//!
//! Contract: **no input makes this crate panic**, neither bytes from the air nor bytes from flash,
//! and no input makes a dialogue endless.
//!
//! Without features this is what a counter's firmware links: formats and the device side of the
//! step-log service and the standard services' values, `no_std`, no allocation, no `unsafe`. The feature `host` adds the other side:
//! the [`driver`] dialogues and [`decode`], which allocate.
//!
//! The step-log protocol itself is specified in this crate's `README.md`; the code follows it.
#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[cfg(feature = "host")]
extern crate alloc;

pub mod civil;
pub mod crc;
pub mod cursor;
#[cfg(feature = "host")]
mod decode;
#[cfg(feature = "host")]
pub mod device;
#[cfg(feature = "host")]
pub mod driver;
#[cfg(feature = "host")]
#[doc(hidden)]
pub mod fuzz_entry;
pub mod reading;
pub mod sig;
pub mod steplog;

#[cfg(feature = "host")]
pub use decode::decode;

/// A 128-bit service or characteristic UUID, most significant bits first as printed.
pub type Uuid = u128;
