//! The person's own activity goal: what was agreed, which goal was in force on a day, and whether
//! that day or week reached it. Pure: values in, values out.
//!
//! * [`decision`]: what people decide, in the form in which it is stored, and its checks.
//! * [`history`]: all decisions of one person in order, and what they say about a date.
//! * [`judge`] and [`week`]: a day or a week set beside the goal in force then.
//! * [`wording`]: the sentences about today, and the words that are not used.
//!
//! A goal is never raised here, and nothing counts days in a row.

pub mod decision;
pub mod history;
pub mod judge;
mod measure;
pub mod week;
pub mod wording;

pub use decision::{DecidedBy, Decision, GoalVersion, Problem, Problems, Stage};
pub use history::{GoalSpan, History};
pub use judge::{Bounds, DayFacts, DiaryMinutes, GoalOutcome, apply, bounds, judge_day};
pub use measure::{BadDiaryKind, BadMeasure, BadWeekdays, DiaryKind, Measure, Period, Weekdays};
pub use week::{WeekProgress, judge_week};
pub use wording::{Heard, Progress, Sentence, TodayContext, today, today_sentence};
