//! One file a page: what it asks the same functions as the API for, and how it shows the answer.

pub mod privacy;
pub mod today;
