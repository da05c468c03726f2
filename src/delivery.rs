//! Getting people's days to trial databases: every day once, in its newest state, whatever the line does.
//!
//! ```text
//! revision of a day ──▶ due: newer than what the database proved to have ──▶ send ──▶ acknowledged, or parked
//!    (journal)                                                          ▲                  (journal)
//!                                     read back once a day ─────────────┘
//! ```
//! A day is sent whole, under its own key, so that sending it again changes nothing; nothing is ever added to what a
//! database has. What a database did not prove to have is due. Nothing is due twice: a day that changed again before
//! it was sent is sent once, as it is then.

mod courier;
mod gather;
pub mod leaving;
mod study;
mod targets;

use std::time::Duration;

use chrono::NaiveDate;

pub use courier::{Courier, Scope, Step};
pub use gather::{Gathered, Wanted};
pub use study::{Left, Study, StudyError, begun, until};
pub use targets::Deliveries;

use crate::{
    days::DaysError,
    store::{Passage, StoreError},
};

/// Why a step could not be taken. What is stored, here and there, is as it was.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// The days failed.
    #[error(transparent)]
    Days(#[from] DaysError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How one database is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// It was looked at, and days can be sent.
    pub is_ready: bool,
    /// What is good to know about it.
    pub notes: Vec<String>,
    /// What is wrong at the moment.
    pub trouble: Option<String>,
    /// Nothing is sent until a person acts.
    pub is_stopped: bool,
    /// Why it did not take what it was told of people who left, one text for each: they are told again later.
    pub untold: Vec<String>,
    /// How many attempts failed in a row.
    pub failures: u32,
    /// Days there that this home does not know of, when both were last compared: who wrote them?
    pub strangers: u64,
    /// Days that were missing there, or older than they should be, when both were last compared: they are sent again.
    pub repaired: u64,
}

/// Where the days of the people who joined the study are, for one database. The days of the record are
/// `stored + due + parked + left out`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The database proved to have them in their newest state.
    pub stored: u64,
    /// To be sent.
    pub due: u64,
    /// The first and the last of them, as they are dated at home.
    pub due_span: Option<(NaiveDate, NaiveDate)>,
    /// Refused; waiting for a person, or for the day to change.
    pub parked: u64,
    /// The same, with what the database said.
    pub parked_days: Vec<Passage>,
    /// Not sent, and why.
    pub left: Left,
}

/// First pause after a failure; each further one doubles it …
const RETRY_FIRST: Duration = Duration::from_secs(1);
/// … up to this, which is also how often a database that was stopped is looked at again.
const RETRY_MOST: Duration = Duration::from_secs(3600);

/// The pause after so many failures in a row: 1 s, 2 s, 4 s … 1 h, and between half and all of it, so that two hundred
/// homes do not come back together. Whole milliseconds. `chance` is between 0 and 1.
pub fn pause(failures: u32, chance: f64) -> Duration {
    let doubled = RETRY_FIRST.saturating_mul(1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX));
    let share = 0.5 + chance.clamp(0.0, 1.0) / 2.0;
    Duration::from_millis(u64::try_from(doubled.min(RETRY_MOST).mul_f64(share).as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour_and_never_overflow() {
        let at_most = |failures| pause(failures, 1.0).as_secs();
        assert_eq!([1, 2, 3, 12, 13, 33, u32::MAX].map(at_most), [1, 2, 4, 2048, 3600, 3600, 3600]);
        assert_eq!(pause(13, 0.0), Duration::from_secs(1800));
    }
}
