//! The release binary against the real BlueZ and kernel of the lab, with the reference firmware and other counters on
//! the virtual air.

mod counter;
mod faults;
mod first_sync;
mod home;
mod other_kinds;
