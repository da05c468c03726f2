//! `brisk aggregate` as a whole, on real files: any order, any form, any packing, and what it does with rows that are no
//! rows. What should come out is worked out in the tests, by other means than the program's.

#![expect(
    clippy::format_push_string,
    clippy::format_collect,
    reason = "the texts of tests are short, and read by people"
)]

mod broken;
mod clocks;
mod command;
mod counters;
mod epochs;
mod fuzz;
mod held;
mod memory;
mod order;
mod people;
mod rows;
mod support;
