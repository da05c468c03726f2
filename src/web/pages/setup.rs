//! Setting up.

pub mod network;
