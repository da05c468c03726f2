//! One file a page: what it asks the same functions as the API for, and how it shows the answer.

pub mod band;
pub mod check_in;
pub mod choice;
pub mod diary;
pub mod notice;
pub mod plan;
pub mod print;
pub mod review;
pub mod setup;
pub mod today;
pub mod week;
