//! Setting up.

pub mod own_time;
pub mod person;
