//! What leaves this home for a study: whose days, from when on, under which names and dates.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use crate::{
    config::Config,
    days::{DayBook, Person},
    export::{Circumstances, StudyDay, Terms, Until, labels_of},
    model::{DayTotal, ParticipantId},
    person::OwnDecision,
    store::{Store, StoreError},
};

use super::DeliveryError;

/// Why nothing can leave.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// The settings name no study.
    #[error(
        "the settings name no study, so nothing left this house. Write the study's pseudonym and its day 1 under \
         [study]: `id` and `epoch`"
    )]
    None,
    /// The study has another day 1, or another name, than when days were first sent.
    #[error(
        "days left for study {before} with day 1 on {epoch_before}; the settings now say {now} and {epoch_now}. \
         Nothing left this house, since every day would get another place. Put `[study] id` and `epoch` back, or ask \
         the study for a database of its own"
    )]
    Changed {
        /// The study then.
        before: String,
        /// Its day 1 then.
        epoch_before: NaiveDate,
        /// The study now.
        now: String,
        /// Its day 1 now.
        epoch_now: NaiveDate,
    },
    /// Dates leave in another way than when days were first sent.
    #[error(
        "days left with dates {}; the settings now say otherwise. Nothing left this house, since every day would come \
         twice, and tell how far dates were moved. Put `[study] shift_dates` back",
        if *.before { "that were moved" } else { "as they are" }
    )]
    Shifted {
        /// They were moved then.
        before: bool,
    },
    /// Nobody joined.
    #[error(
        "nobody of this home has a day of enrolment, so nothing left this house. Write `enrolled = YYYY-MM-DD` in the \
         [[person]] who takes part"
    )]
    Nobody,
    /// The person who was asked for did not join.
    #[error(
        "{0} has no day of enrolment, so no day of theirs left this house. If they take part, write \
         `enrolled = YYYY-MM-DD` in their [[person]]"
    )]
    NotEnrolled(String),
}

/// Days that are not sent, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Under way, or over for less than ninety minutes.
    pub open: u64,
    /// Before the person joined.
    pub before_enrolment: u64,
    /// Out of the study's reach: before its day 1, or beyond what it can number.
    pub out_of_reach: u64,
    /// After the person left the study; all of them where nothing more is to leave.
    pub after_leaving: u64,
}

/// The terms of the study, and what it calls people's counters.
#[derive(Clone, Debug)]
pub struct Study {
    /// What was agreed on.
    pub terms: Terms,
    enrolled: BTreeMap<ParticipantId, NaiveDate>,
    /// Counter's identity → its label in the study.
    assets: BTreeMap<String, String>,
    shift_dates: bool,
}

impl Study {
    /// The study of these settings.
    ///
    /// # Errors
    /// When there is none, or nobody takes part.
    pub fn new(config: &Config, assets: BTreeMap<String, String>) -> Result<Self, StudyError> {
        let (Some(study), Some(epoch)) = (config.study.id.clone(), config.study.epoch) else {
            return Err(StudyError::None);
        };
        let enrolled: BTreeMap<_, _> =
            config.person.iter().filter_map(|person| Some((person.id.clone(), person.enrolled?))).collect();
        if enrolled.is_empty() {
            return Err(StudyError::Nobody);
        }
        let final_after_days = u32::try_from(config.study.final_after.as_secs() / 86_400).unwrap_or(u32::MAX);
        let terms = Terms { study, epoch, final_after_days, goals_kept_back: config.study.keep_arm_back };
        Ok(Self { terms, enrolled, assets, shift_dates: config.study.shift_dates })
    }

    /// Whoever takes part, in the order of their pseudonyms, with the day on which they joined.
    pub fn participants(&self) -> impl Iterator<Item = (&ParticipantId, NaiveDate)> {
        self.enrolled.iter().map(|(id, from)| (id, *from))
    }

    /// Notes in the journal, before the first day leaves, which study it is for and which day is its day 1, and
    /// whether dates are moved; from then on all stay as they are.
    ///
    /// # Errors
    /// When they are others than noted.
    pub fn begin(&self, store: &Store, now: DateTime<Utc>) -> Result<Result<(), StudyError>, DeliveryError> {
        let begun = self.begun(store)?;
        if let Ok(false) = begun {
            let json = serde_json::to_string(&self.beginning()).unwrap_or_default();
            store.append_decision(now, "system", &json)?;
        }
        Ok(begun.map(drop))
    }

    /// Whether days left for this study before.
    ///
    /// # Errors
    /// When they left for another one, with another day 1, or with dates that were moved and now would not be.
    pub fn begun(&self, store: &Store) -> Result<Result<bool, StudyError>, DeliveryError> {
        let now_is = self.beginning();
        Ok(match noted(store)? {
            None => Ok(false),
            Some(before) if before == now_is => Ok(true),
            Some(Begun { study, epoch, shift_dates: before, .. })
                if (&study, epoch) == (&now_is.study, now_is.epoch) =>
            {
                Err(StudyError::Shifted { before })
            }
            Some(before) => Err(StudyError::Changed {
                before: before.study.into(),
                epoch_before: before.epoch,
                now: now_is.study.into(),
                epoch_now: now_is.epoch,
            }),
        })
    }

    fn beginning(&self) -> Begun {
        Begun {
            study_decision: Kind::Begun,
            study: self.terms.study.clone(),
            epoch: self.terms.epoch,
            shift_dates: self.shift_dates,
        }
    }

    /// Counters of this home, by their identities, with what the study calls each.
    pub fn counters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.assets.iter().map(|(device, label)| (device.as_str(), label.as_str()))
    }

    /// Whether dates are moved before they leave.
    pub fn shifts_dates(&self) -> bool {
        self.shift_dates
    }

    /// By how many days all dates of this person are moved before they leave: decided by chance, once, the first time
    /// that it is asked, and kept in the journal. None, and nothing is drawn, while there is nothing of the person that
    /// could leave: one who was erased would come back with the draw.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub fn shift_days(
        &self,
        book: &DayBook,
        person: &Person,
        now: DateTime<Utc>,
    ) -> Result<Option<i64>, DeliveryError> {
        let is_drawn = !self.shift_dates || person.record.date_shift_weeks.is_some();
        if !is_drawn && book.span(person, now)?.is_none() {
            return Ok(None);
        }
        self.shift_days_drawn(book, person, now).map(Some)
    }

    /// The same for somebody of whom something is written down in any case: drawn whatever has arrived.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub fn shift_days_drawn(&self, book: &DayBook, person: &Person, now: DateTime<Utc>) -> Result<i64, DeliveryError> {
        if !self.shift_dates {
            return Ok(0);
        }
        if let Some(weeks) = person.record.date_shift_weeks {
            return Ok(i64::from(weeks) * 7);
        }
        let mut random = [0; 4];
        // Without chance from the system there is some from the moment: a shift is no secret key.
        let weeks = match getrandom::fill(&mut random) {
            Ok(()) => u32::from_le_bytes(random),
            Err(_) => now.timestamp_subsec_nanos(),
        } % MOST_WEEKS;
        let weeks = -i32::try_from(weeks).unwrap_or(0) - 1;
        let decision = OwnDecision::DatesShifted { participant: person.id.clone(), weeks };
        let person = book.decide(person, decision, "system", now)?;
        Ok(i64::from(person.record.date_shift_weeks.unwrap_or(weeks)) * 7)
    }

    /// The day as it leaves; or none, counted in `left`.
    pub fn leaving(
        &self,
        person: &Person,
        row: &DayTotal,
        shift_days: i64,
        now: DateTime<Utc>,
        left: &mut Left,
    ) -> Option<StudyDay> {
        if row.revision == 0 {
            left.open += 1;
            return None;
        }
        if self.enrolled.get(&row.participant_id).is_none_or(|joined| row.local_date < *joined) {
            left.before_enrolment += 1;
            return None;
        }
        if !until(person).takes(row.local_date) {
            left.after_leaving += 1;
            return None;
        }
        let labels = row.source_device.as_deref().and_then(|counters| labels_of(counters, &self.assets));
        let circumstances = Circumstances {
            day: &person.calendar.day(row.local_date),
            device_id: labels,
            today: person.calendar.day_at(now.timestamp()).date,
            shift_days,
        };
        let day = StudyDay::new(row, &self.terms, &circumstances);
        left.out_of_reach += u64::from(day.is_none());
        day
    }
}

/// Until which day a person's days may leave for a study.
pub fn until(person: &Person) -> Until {
    match person.record.left_study {
        None => Until::Ever,
        Some(left) if left.unsent_stays => Until::Never,
        Some(left) => Until::Day(left.date),
    }
}

/// The study that days were sent for, its day 1, and whether dates are moved, as the journal notes it since the first
/// day left.
///
/// # Errors
/// When the journal cannot be read.
pub fn begun(store: &Store) -> Result<Option<(ParticipantId, NaiveDate, bool)>, StoreError> {
    Ok(noted(store)?.map(|begun| (begun.study, begun.epoch, begun.shift_dates)))
}

fn noted(store: &Store) -> Result<Option<Begun>, StoreError> {
    Ok(store.decisions()?.into_iter().find_map(|decided| serde_json::from_str::<Begun>(&decided.json).ok()))
}

/// Dates are moved back by 1 to this many weeks.
const MOST_WEEKS: u32 = 52;

/// What the journal notes when the first day leaves.
#[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Begun {
    study_decision: Kind,
    study: ParticipantId,
    epoch: NaiveDate,
    #[serde(default)]
    shift_dates: bool,
}

#[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Begun,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{demo, time::Calendar};

    #[test]
    fn a_counter_that_has_no_label_is_not_mentioned() {
        let person = demo::person("P-1".parse().unwrap(), Calendar::midnight("Europe/Oslo".parse().unwrap()));
        let config =
            "[study]\nid = \"ETMI01\"\nepoch = \"2026-01-01\"\n\n[[person]]\nid = \"P-1\"\nenrolled = \"2026-01-01\"\n";
        let assets = BTreeMap::from([("0011223344556677".to_owned(), "SC-1".to_owned())]);
        let study = Study::new(&Config::parse(config, "test").unwrap(), assets).unwrap();
        let device_id = |counters: &str| {
            let row = format!(
                r#"{{"participant_id": "P-1", "local_date": "2026-10-24", "day_index": 1, "weekday": 6, "tz_offset_min": 120,
                "day_len_min": 1440, "minutes_recorded": 1440, "data_state": "measured", "brisk_threshold": 100,
                "goal_state": "no_goal", "source_device": "{counters}", "flags": "", "rules": "brisk/1",
                "rules_hash": "0123456789abcdef", "software": "brisk 0.1.0", "computed_at": "2026-10-25T05:00:01Z",
                "revision": 1}}"#
            );
            let now = "2026-11-01T08:00:00Z".parse().unwrap();
            let row = serde_json::from_str(&row).unwrap();
            study.leaving(&person, &row, 0, now, &mut Left::default()).unwrap().device_id
        };

        assert_eq!(device_id("0011223344556677;8899aabbccddeeff"), Some("SC-1".to_owned()));
        assert_eq!(device_id("8899aabbccddeeff"), None);
    }
}
