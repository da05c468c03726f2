//! The person's own activity goal: what was agreed, which goal was in force on a day, and whether
//! that day or week reached it. Pure: values in, values out.
//!
//! * [`decision`]: what people decide, in the form in which it is stored, and its checks.
//! * [`history`]: all decisions of one person in order, and what they say about a date.
//! * [`judge`] and [`week`]: a day or a week set beside the goal in force then.
//! * [`rule`] and [`propose`]: what may be proposed for the next week, by which rule.
//! * [`past`] and [`review`]: weeks that are over, and what there is to say about one.
//! * [`wording`]: the sentences about today, and the words that are not used.
//!
//! A goal is never raised here: a larger one is proposed where a programme's rule says so, and a person decides. And nothing counts days in a row.

pub mod decision;
pub mod history;
pub mod judge;
mod measure;
pub mod past;
pub mod propose;
pub mod review;
pub mod rule;
pub mod week;
pub mod wording;

pub use decision::{DecidedBy, Decision, GoalVersion, Problem, Problems, Stage};
pub use history::{GoalSpan, History};
pub use judge::{Bounds, DayFacts, DiaryMinutes, GoalOutcome, apply, bounds, judge_day};
pub use measure::{BadDiaryKind, BadMeasure, BadWeekdays, DiaryKind, Measure, Period, Weekdays};
pub use past::{PastWeek, Standing};
pub use propose::{Proposal, propose};
pub use review::{Review, review};
pub use rule::{Pace, Rule};
pub use week::{WeekProgress, judge_week};
pub use wording::{Heard, Progress, Sentence, TodayContext, today, today_sentence};
