//! A person on the way out: which of their days leave, under which dates, and what stays and why.

use std::{collections::BTreeMap, sync::Arc};

use axum::http::StatusCode;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};

use super::super::{App, Asked, Problem};
use crate::{
    aggregate::context::longest_after_min,
    days::Person,
    delivery,
    devices::asset_labels,
    export::{Leaves, LeftOut, Since, Until, manifest::Stayed},
    model::{DeviceId, ParticipantId},
};

/// A person on the way out.
pub struct Leaver<'a> {
    pub app: &'a App,
    pub person: Arc<Person>,
    pub leaves: Leaves<'a>,
    pub now: DateTime<Utc>,
}

/// Days, by their dates at home.
pub struct Range {
    pub days: Option<(NaiveDate, NaiveDate)>,
    pub left_out: Vec<Stayed>,
}

impl<'a> Leaver<'a> {
    pub fn new(
        app: &'a App,
        person: Arc<Person>,
        assets: &'a BTreeMap<String, String>,
        now: DateTime<Utc>,
    ) -> Result<Self, Problem> {
        let study = &app.config.study;
        let shift_days = if study.shift_dates {
            let unready = |error: &dyn std::error::Error| {
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, format!("dates are to be shifted, and {error}"))
            };
            let study = app.deliveries.study().map_err(|error| unready(error))?;
            study.shift_days(&app.book, &person, now)?
        } else {
            Some(0)
        };
        let enrolled = app.config.person(&person.id).and_then(|settings| settings.enrolled);
        let since = match (shift_days, enrolled, &study.id) {
            (None, ..) | (_, None, Some(_)) => Since::Never,
            (_, Some(day), _) => Since::Day(day),
            (_, None, None) => Since::Ever,
        };
        let until = study.id.as_ref().map_or(Until::Ever, |_| delivery::until(&person));
        let leaves =
            Leaves { since, until, goals_kept_back: study.keep_arm_back, shift_days: shift_days.unwrap_or(0), assets };
        Ok(Self { app, person, leaves, now })
    }

    /// The days between two dates of the export that leave. Without a last date, those up to the last sign of a counter:
    /// what came after it is not known yet, and would make each export another one.
    pub fn range(&self, from: Option<NaiveDate>, to: Option<NaiveDate>) -> Result<Range, Problem> {
        let none = Range { days: None, left_out: Vec::new() };
        let Some((first, today)) = self.app.book.span(&self.person, self.now)? else { return Ok(none) };
        let home = |date: NaiveDate| self.leaves.at_home(date);
        let first = from.and_then(home).map_or(first, |from| from.max(first));
        let end = to.and_then(home).map_or(today, |to| to.min(today));
        let last = match to {
            Some(_) => self.last_over(self.now),
            None => self.last_heard()?.map_or(first.pred_opt().unwrap_or(first), |at| self.last_over(at)),
        };
        let last = last.min(end);
        let joined = match self.leaves.since {
            Since::Ever => first,
            Since::Day(day) => day.max(first),
            Since::Never => end.succ_opt().unwrap_or(end),
        };
        let count =
            |from: NaiveDate, to: NaiveDate| u64::try_from((to - from).num_days().saturating_add(1)).unwrap_or(0);
        let before = joined.pred_opt().unwrap_or(joined).min(end);
        let early = if self.leaves.since == Since::Never { LeftOut::NotEnrolled } else { LeftOut::BeforeEnrolment };
        let late = last.succ_opt().unwrap_or(last).max(joined);
        let stay_from = match self.leaves.until {
            Until::Ever => late,
            Until::Day(left) => left.succ_opt().unwrap_or(left).clamp(joined, late),
            Until::Never => joined,
        };
        let over = late.pred_opt().unwrap_or(late);
        let left_out = [
            (early, count(first, before)),
            (LeftOut::AfterLeaving, count(stay_from, over)),
            (LeftOut::UnderWay, count(late, end)),
        ];
        let last = last.min(stay_from.pred_opt().unwrap_or(stay_from));
        let left_out = left_out.into_iter().filter(|(_, days)| *days > 0);
        Ok(Range {
            days: (joined <= last).then_some((joined, last)),
            left_out: left_out.map(|(reason, days)| Stayed { reason, days }).collect(),
        })
    }

    /// The last day that was over, and could not change any more, at a moment.
    pub fn last_over(&self, at: DateTime<Utc>) -> NaiveDate {
        let slack_s = i64::from(longest_after_min(self.app.book.rules())) * 60;
        let day = self.person.calendar.day_at(at.timestamp() - slack_s).date;
        day.pred_opt().unwrap_or(day)
    }

    pub fn last_heard(&self) -> Result<Option<DateTime<Utc>>, Problem> {
        Ok(self.app.heard_last(&self.person)?.and_then(|state| state.last_arrival))
    }

    /// A portion of the days, by their dates at home, and where to go on, by that of the export.
    pub fn portion(&self, asked: &Asked, most: u64) -> Result<Option<Portion>, Problem> {
        let Some((first, last)) = self.range(asked.from, asked.to)?.days else { return Ok(None) };
        let next = first.checked_add_days(Days::new(most)).filter(|next| *next <= last);
        let to = next.and_then(|next| next.pred_opt()).unwrap_or(last);
        Ok(Some(Portion { from: first, to, next: next.and_then(|next| self.leaves.shifted(next)) }))
    }

    pub fn shift(&self) -> TimeDelta {
        self.leaves.shift().unwrap_or_default()
    }

    /// A date as it leaves; none for one that stays.
    pub fn date(&self, date: NaiveDate) -> Option<NaiveDate> {
        self.leaves.may_leave(date).ok()?;
        self.leaves.shifted(date)
    }

    pub fn asset(&self, device: DeviceId) -> String {
        self.leaves.assets.get(&device.to_string()).cloned().unwrap_or_else(|| "unknown".to_owned())
    }
}

/// Some days.
pub struct Portion {
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub next: Option<NaiveDate>,
}

pub fn assets(app: &App) -> BTreeMap<String, String> {
    asset_labels(&app.config, app.store.host_id(), app.book.people().iter())
}

pub fn leaver<'a>(
    app: &'a App,
    person: Option<&ParticipantId>,
    assets: &'a BTreeMap<String, String>,
) -> Result<Leaver<'a>, Problem> {
    Leaver::new(app, app.book.person(person)?, assets, app.trusted_now()?)
}
