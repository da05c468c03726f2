//! One person beside their counters: everything that they, their helper or their therapist decided, planned and wrote
//! down, and what follows from it for a day. Pure: values in, values out.
//!
//! * [`decision`]: what can be decided, in the form in which it is stored. Dated, and never overwritten.
//! * [`record`]: all of one person's decisions in order.
//! * [`own_time`], [`diary`], [`choice`], [`check_in`], [`programme`], [`settings`]: what the record says about each.
//! * [`notice`]: when the person is told something, and when not; [`band`]: what their helper is told.

pub mod band;
pub mod check_in;
pub mod choice;
pub mod decision;
pub mod diary;
pub mod notice;
pub mod own_time;
pub mod programme;
pub mod record;
pub mod settings;

pub use decision::{Decision, OwnDecision};
pub use record::Record;
