//! One day's row: the minutes of the person's counters, through the rules, beside the goal.

use chrono::{DateTime, NaiveDate, Utc};

use super::{DayBook, DaysError, Person, Wearing};
use crate::{
    aggregate::{DayInput, coarse::merge_coarse, context_is_enough, day_total, merge_sources, series::SeriesBuf},
    goal::{self, DayFacts},
    model::{Coarse, DayTotal, Flag, Minute},
    time::LocalDay,
};

impl DayBook {
    /// The row without revision. `open_at` is now while the day is not closed.
    pub(super) fn compute(
        &self,
        person: &Person,
        day: &LocalDay,
        first: NaiveDate,
        open_at: Option<DateTime<Utc>>,
    ) -> Result<DayTotal, DaysError> {
        let threshold = person.brisk_spm;
        let worn: Vec<_> = person.counters.iter().filter(|wearing| wearing.covers(day.date)).collect();
        let (minutes, minute_sources) = self.minutes_around(person, &worn, day)?;
        let mut sources = minute_sources.clone();
        let (coarse, coarse_sources) = self.coarse_of(&worn, day)?;
        sources.extend(coarse_sources.into_iter().filter(|one| !minute_sources.contains(one)));
        let mut row = day_total(&DayInput {
            participant: &person.id,
            day,
            day_index: i32::try_from((day.date - first).num_days()).unwrap_or(i32::MAX).saturating_add(1),
            brisk_threshold: threshold,
            rules: &self.rules,
            rules_hash: &self.rules_hash,
            windows: person.record.own_time.on(day.date).map(|set| &set.windows),
            minutes: minutes.view(),
            coarse: &coarse,
            device_day_steps: None,
            now_s: open_at.map(|now| now.timestamp()),
            source_device: (!sources.is_empty()).then(|| sources.join(";")),
            epoch_seconds_max: 60,
            extra_flags: if person.calendar.zone_changed_on(day.date) { &[Flag::TzChange] } else { &[] },
        });
        let diary = person.record.diary.minutes_on(day.date);
        row.diary_min =
            diary.as_ref().map(|kinds| kinds.values().fold(0, |sum: u32, minutes| sum.saturating_add(*minutes)));
        let diary = diary.unwrap_or_default();
        let facts = DayFacts { day: &row, open: open_at.is_some(), diary: &diary };
        let outcome = goal::judge_day(&facts, &person.record.goals);
        goal::apply(&mut row, &outcome);
        Ok(row)
    }

    /// The day's minutes and as many on both sides as the rules need, from the better counter
    /// wherever there are two; and the counters that have minutes in the day.
    fn minutes_around(
        &self,
        person: &Person,
        worn: &[&Wearing],
        day: &LocalDay,
    ) -> Result<(SeriesBuf, Vec<String>), DaysError> {
        let (mut before, mut after) = (4 * 60, 4 * 60);
        loop {
            let (from, to) = (day.first_minute() - before, day.end_minute() + after);
            let mut of_each = Vec::new();
            let mut sources = Vec::new();
            for wearing in worn {
                // What somebody else wore the counter for is no part of this person's runs over midnight.
                let own = person.minutes_of(wearing);
                let minutes = self.store.minutes(wearing.device, from.max(own.start), to.min(own.end))?;
                if minutes.iter().any(|m| (day.first_minute()..day.end_minute()).contains(&m.at)) {
                    sources.push(wearing.device.to_string());
                }
                of_each.push(minutes);
            }
            let slices: Vec<&[Minute]> = of_each.iter().map(Vec::as_slice).collect();
            let minutes = match slices.as_slice() {
                [only] => SeriesBuf::of(only),
                several => SeriesBuf::of(&merge_sources(several)),
            };
            let enough = context_is_enough(minutes.view(), &(from..to), day, &self.rules, person.brisk_spm);
            if enough.before && enough.after {
                return Ok((minutes, sources));
            }
            if !enough.before {
                before *= 2;
            }
            if !enough.after {
                after *= 2;
            }
        }
    }

    /// The day's longer spans, and the counters that have some.
    fn coarse_of(&self, worn: &[&Wearing], day: &LocalDay) -> Result<(Vec<Coarse>, Vec<String>), DaysError> {
        let (mut of_each, mut sources) = (Vec::new(), Vec::new());
        for wearing in worn {
            let coarse = self.store.coarse(wearing.device, day.start_s, day.end_s)?;
            sources.extend((!coarse.is_empty()).then(|| wearing.device.to_string()));
            of_each.push(coarse);
        }
        let slices: Vec<&[Coarse]> = of_each.iter().map(Vec::as_slice).collect();
        Ok((merge_coarse(&slices), sources))
    }
}
