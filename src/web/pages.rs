//! One file a page: what it asks the same functions as the API for, and how it shows the answer.

pub mod setup;
pub mod today;
