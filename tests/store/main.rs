//! The store on a real disk: what it promises about keeping, repeating, reordering, damage and crashes.
#![expect(clippy::disallowed_methods, reason = "tests damage files, watch real processes, and measure")]

mod chain;
mod crash;
mod damage;
mod erase;
mod format;
mod full_disk;
mod kept;
mod laws;
mod size;
mod support;
