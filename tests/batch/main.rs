//! `brisk aggregate` as a whole, on real files: any order, any form, any packing, and what it does with rows that are no
//! rows. What should come out is worked out in the tests, by other means than the program's.

mod held;
mod clocks;
mod counters;
mod epochs;
mod order;
mod rows;
mod support;
