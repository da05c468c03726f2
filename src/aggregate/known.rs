//! What minutes, coarse records and the counter's own day total say together about a day's steps.

use super::{
    DayInput,
    coarse::{CoarseDay, brisk_bounds},
    measures::Measures,
    series::{Mark, Walked},
};

/// The day's own minutes with steps, and its marks.
pub(super) struct DayMinutes<'a> {
    pub walked: &'a [Walked],
    pub marks: &'a [Mark],
}

/// Steps and brisk minutes from all sources of the day, with their bounds.
#[derive(Default)]
pub(super) struct Known {
    pub steps: Option<u32>,
    pub steps_lower: Option<u32>,
    pub steps_upper: Option<u32>,
    pub brisk: Option<u32>,
    pub brisk_lower: Option<u32>,
    pub brisk_upper: Option<u32>,
}

impl Known {
    pub fn of(input: &DayInput<'_>, minutes: Option<(&DayMinutes<'_>, &Measures)>, coarse: Option<&CoarseDay>) -> Self {
        let mut known = match minutes {
            None => Self::default(),
            Some((own, measures)) => Self::of_minutes(own, measures, input.brisk_threshold),
        };
        if let Some(coarse) = coarse {
            known.add(coarse, minutes.is_some());
        }
        if let Some(counted) = input.device_day_steps {
            known.widen(counted, input, minutes.is_some());
        }
        known
    }

    fn of_minutes(own: &DayMinutes<'_>, measures: &Measures, threshold: u16) -> Self {
        let full = own.marks.iter().filter(|mark| mark.saturated);
        let steps_at = |at: i32| {
            let found = own.walked.binary_search_by_key(&at, |minute| minute.at);
            found.map_or(0, |index| own.walked[index].steps)
        };
        let perhaps_brisk = full.clone().filter(|mark| steps_at(mark.at) < u32::from(threshold)).count();
        Self {
            steps: Some(measures.steps),
            steps_lower: Some(measures.steps),
            steps_upper: (full.count() == 0).then_some(measures.steps),
            brisk: Some(measures.brisk_min),
            brisk_lower: Some(measures.brisk_min),
            brisk_upper: Some(measures.brisk_min + super::count(perhaps_brisk)),
        }
    }

    /// Adds the coarse records, which hold other time than the minutes.
    fn add(&mut self, coarse: &CoarseDay, has_minutes: bool) {
        let base = if has_minutes { std::mem::take(self) } else { Self::zero() };
        let plus = |one: Option<u32>, other: Option<u32>| Some(one?.saturating_add(other?));
        self.steps = plus(base.steps, coarse.steps);
        self.steps_lower = plus(base.steps_lower, Some(coarse.steps_lower));
        self.steps_upper = plus(base.steps_upper, coarse.steps_upper);
        let exact = (coarse.brisk_lower == coarse.brisk_upper).then_some(coarse.brisk_lower);
        self.brisk = plus(base.brisk, exact);
        self.brisk_lower = plus(base.brisk_lower, Some(coarse.brisk_lower));
        self.brisk_upper = plus(base.brisk_upper, Some(coarse.brisk_upper));
    }

    /// Takes in the counter's own day total where it is above what the records hold.
    fn widen(&mut self, counted: u32, input: &DayInput<'_>, has_minutes: bool) {
        let nothing_recorded = self.steps_lower.is_none_or(|steps| steps == 0) && !has_minutes;
        if nothing_recorded {
            let brisk = brisk_bounds(input.day.len_min(), counted, input.brisk_threshold, input.rules.ceiling_spm);
            *self = Self {
                steps: Some(counted),
                steps_lower: Some(counted),
                steps_upper: Some(counted),
                brisk: (brisk.lower == brisk.upper).then_some(brisk.lower),
                brisk_lower: Some(brisk.lower),
                brisk_upper: Some(brisk.upper),
            };
        } else if self.steps_upper.is_some_and(|upper| upper < counted) {
            self.steps_upper = Some(counted);
            if !has_minutes {
                let most = (counted / u32::from(input.brisk_threshold.max(1))).min(input.day.len_min());
                self.brisk_upper = self.brisk_upper.map(|upper| upper.max(most));
                self.brisk = self.brisk.filter(|_| self.brisk_lower == self.brisk_upper);
            }
        }
    }

    fn zero() -> Self {
        let zero = Some(0);
        Self { steps: zero, steps_lower: zero, steps_upper: zero, brisk: zero, brisk_lower: zero, brisk_upper: zero }
    }
}
