//! Rows of the tables that say what was counted, planned and written down, as they leave the house: no identity of a
//! counter, no zone, no word of a person.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::model::ParticipantId;

/// A recorded minute. An absent minute is no data, never zero steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MinuteRow {
    /// Whose.
    pub participant_id: ParticipantId,
    /// The study's label of the counter.
    pub counter: String,
    /// Its start.
    pub start_utc: DateTime<Utc>,
    /// Calendar day in the person's zone.
    pub local_date: NaiveDate,
    /// UTC offset in force, minutes; none when stamps were taken as they stood.
    pub tz_offset_min: Option<i32>,
    /// Steps in it.
    pub steps: u32,
    /// On the body; none when the counter cannot tell.
    pub worn: Option<bool>,
    /// At least this many steps.
    pub at_least: bool,
    /// Two minutes or more of the counter's time fell into it.
    pub overlap: bool,
}

/// A reading as the counter said it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RawRow {
    /// Whose.
    pub participant_id: ParticipantId,
    /// Counts the counter's readings from 1.
    pub reading_no: u64,
    /// The study's label of the counter.
    pub counter: String,
    /// When it reached this home.
    pub arrived_at: DateTime<Utc>,
    /// The counter's own number; none where dates are shifted, since some counters make it from the date.
    pub counter_no: Option<u32>,
    /// What `stamp_s` counts.
    pub clock: CounterClock,
    /// Which start of the counter an uptime counts from.
    pub boot: Option<u16>,
    /// Seconds by the counter's clock.
    pub stamp_s: i64,
    /// UTC offset that the counter claims, minutes.
    pub stamp_offset_min: Option<i16>,
    /// Its start; none while nothing ties the counter's clock to UTC.
    pub start_utc: Option<DateTime<Utc>>,
    /// Length.
    pub seconds: u32,
    /// Steps.
    pub steps: u32,
    /// At least this many steps.
    pub at_least: bool,
    /// What the counter said about being worn; none when it cannot tell.
    pub wear: Option<CounterWear>,
    /// The counter's clock had not been set.
    pub clock_unset: bool,
}

/// Codes whose names stand in the files.
macro_rules! codes {
    ($(#[doc = $about:literal])+ $name:ident { $( $(#[doc = $doc:literal])+ $code:ident = $text:literal, )+ }) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $( $(#[doc = $doc])+ $code, )+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$( Self::$code, )+];

            /// The code in files.
            pub fn name(self) -> &'static str {
                match self { $( Self::$code => $text, )+ }
            }
        }
    };
}

codes! {
    /// What a counter's stamp counts.
    CounterClock {
        /// Seconds of UTC since 1970.
        Utc = "utc",
        /// Seconds of the clock on the wall since 1970.
        Wall = "wall",
        /// Seconds since the counter started.
        Uptime = "uptime",
    }
}

codes! {
    /// What a counter said about being worn.
    CounterWear {
        /// On the body.
        Worn = "worn",
        /// Not on the body.
        NotWorn = "not_worn",
        /// On its charger.
        Charging = "charging",
    }
}

/// A goal as it was decided and came into force. The person's own words stay at home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct GoalRow {
    /// Whose.
    pub participant_id: ParticipantId,
    /// Name of this version.
    pub goal_id: String,
    /// First day in force.
    pub in_force_from: NaiveDate,
    /// Last day in force; none while no other took its place.
    pub in_force_until: Option<NaiveDate>,
    /// What counts.
    pub measure: String,
    /// How much of it: minutes or steps.
    pub amount: u32,
    /// `day` or `week`.
    pub period: String,
    /// Planned days, joined by `;`.
    pub days: String,
    /// How sure the person was, 0 to 10.
    pub confidence: Option<u8>,
    /// `person` or `with_therapist`.
    pub decided_by: String,
    /// Stage of change as it was entered.
    pub stage: Option<String>,
}

/// An activity that the person wrote down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DiaryRow {
    /// Whose.
    pub participant_id: ParticipantId,
    /// On which day.
    pub local_date: NaiveDate,
    /// Counts the entries of the day from 1.
    pub entry_no: u32,
    /// One of the kinds that are offered; a word of the person's own is `other`.
    pub kind: String,
    /// How long.
    pub minutes: u32,
    /// `easy`, `brisk` or `hard`.
    pub effort: Option<String>,
}
