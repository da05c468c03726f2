//! Rows as they leave the house, a portion at a time: of a person's days, minutes, readings, goals and diary. Dates in
//! these questions and answers are those that stand in the export, moved where the study moves them.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Query, State},
    http::StatusCode,
};
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use firmware_protocol::reading::{Stamp, Wear};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{App, Asked, DaysReply, ErrorReply, Problem, blocking, schema::CONTROL_SOCKET};
use crate::{
    aggregate::context::longest_after_min,
    days::{Person, dates},
    delivery,
    devices::{self, asset_labels},
    export::{
        Leaves, LeftOut, Since, Until, leaving,
        manifest::Stayed,
        rows::{CounterClock, CounterWear, DiaryRow, GoalRow, MinuteRow, RawRow},
    },
    goal::{DecidedBy, GoalVersion, Period, Stage},
    model::{DeviceId, Minute, MinuteWear, ParticipantId},
    person::diary::{Effort, OFFERED_KINDS},
    privacy::portions,
    store::Said,
};

/// Most days of one answer.
const DAYS_AT_ONCE: u64 = 366;
/// Days whose minutes are in one answer: ten thousand rows.
const DAYS_OF_MINUTES_AT_ONCE: u64 = 7;
/// Readings in one answer.
const READINGS_AT_ONCE: u64 = 30_000;

/// What could leave, and what stays.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ExportReply {
    /// Now.
    pub now: DateTime<Utc>,
    /// The study; none where none is configured.
    pub study_id: Option<ParticipantId>,
    /// What this home is called in names of files: made from chance.
    pub home: String,
    /// Goals, and what would tell who has one, stay at home.
    pub arm_kept_back: bool,
    /// All dates are moved.
    pub dates_shifted: bool,
    /// Whose days could leave.
    pub people: Vec<ExportPerson>,
}

/// Somebody's days.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ExportPerson {
    /// Whose.
    pub participant_id: ParticipantId,
    /// The day of joining the study.
    pub enrolled: Option<NaiveDate>,
    /// First day that leaves; none when none does.
    pub first: Option<NaiveDate>,
    /// The last one.
    pub last: Option<NaiveDate>,
    /// What stays at home.
    pub left_out: Vec<Stayed>,
}

/// Minutes.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MinutesReply {
    /// Day by day, counter by counter.
    pub minutes: Vec<MinuteRow>,
    /// The first day that is not among them. None when all are there.
    pub next: Option<NaiveDate>,
}

/// Readings.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RawReply {
    /// Counter by counter, in the order of arrival.
    pub readings: Vec<RawRow>,
    /// How many were given so far: ask again with `after` this number. None when all are there.
    pub next: Option<u64>,
}

/// Goals that were in force.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct GoalRowsReply {
    /// In the order in which they were decided.
    pub goals: Vec<GoalRow>,
}

/// Entries of the diary.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DiaryRowsReply {
    /// Day by day.
    pub diary: Vec<DiaryRow>,
}

/// Which readings.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RawAsked {
    /// Whose; may be left out when there is only one person.
    #[param(inline)]
    pub person: Option<ParticipantId>,
    /// First day.
    pub from: Option<NaiveDate>,
    /// Last day.
    pub to: Option<NaiveDate>,
    /// Without so many that were given before.
    pub after: u64,
}

/// A person on the way out.
struct Leaver<'a> {
    app: &'a App,
    person: Arc<Person>,
    leaves: Leaves<'a>,
    now: DateTime<Utc>,
}

/// Days, by their dates at home.
struct Range {
    days: Option<(NaiveDate, NaiveDate)>,
    left_out: Vec<Stayed>,
}

impl<'a> Leaver<'a> {
    fn new(
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
            0
        };
        let enrolled = app.config.person(&person.id).and_then(|settings| settings.enrolled);
        let since = match (enrolled, &study.id) {
            (Some(day), _) => Since::Day(day),
            (None, Some(_)) => Since::Never,
            (None, None) => Since::Ever,
        };
        let until = study.id.as_ref().map_or(Until::Ever, |_| delivery::until(&person));
        let leaves = Leaves { since, until, goals_kept_back: study.keep_arm_back, shift_days, assets };
        Ok(Self { app, person, leaves, now })
    }

    /// The days between two dates of the export that leave. Without a last date, those up to the last sign of a counter:
    /// what came after it is not known yet, and would make each export another one.
    fn range(&self, from: Option<NaiveDate>, to: Option<NaiveDate>) -> Result<Range, Problem> {
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
    fn last_over(&self, at: DateTime<Utc>) -> NaiveDate {
        let slack_s = i64::from(longest_after_min(self.app.book.rules())) * 60;
        let day = self.person.calendar.day_at(at.timestamp() - slack_s).date;
        day.pred_opt().unwrap_or(day)
    }

    fn last_heard(&self) -> Result<Option<DateTime<Utc>>, Problem> {
        Ok(self.app.heard_last(&self.person)?.and_then(|state| state.last_arrival))
    }

    /// A portion of the days, by their dates at home, and where to go on, by that of the export.
    fn portion(&self, asked: &Asked, most: u64) -> Result<Option<Portion>, Problem> {
        let Some((first, last)) = self.range(asked.from, asked.to)?.days else { return Ok(None) };
        let next = first.checked_add_days(Days::new(most)).filter(|next| *next <= last);
        let to = next.and_then(|next| next.pred_opt()).unwrap_or(last);
        Ok(Some(Portion { from: first, to, next: next.and_then(|next| self.leaves.shifted(next)) }))
    }

    fn shift(&self) -> TimeDelta {
        self.leaves.shift().unwrap_or_default()
    }

    /// A date as it leaves; none for one that stays.
    fn date(&self, date: NaiveDate) -> Option<NaiveDate> {
        self.leaves.may_leave(date).ok()?;
        self.leaves.shifted(date)
    }

    fn asset(&self, device: DeviceId) -> String {
        self.leaves.assets.get(&device.to_string()).cloned().unwrap_or_else(|| "unknown".to_owned())
    }
}

/// Some days.
struct Portion {
    from: NaiveDate,
    to: NaiveDate,
    next: Option<NaiveDate>,
}

fn assets(app: &App) -> BTreeMap<String, String> {
    asset_labels(&app.config, app.store.host_id(), app.book.people().iter())
}

/// What could leave.
///
/// # Errors
/// When the store fails, or dates are to be moved and the study is not set up.
pub fn export(app: &App, asked: &Asked) -> Result<ExportReply, Problem> {
    let now = app.trusted_now()?;
    let assets = assets(app);
    let people = match &asked.person {
        Some(id) => vec![app.book.person(Some(id))?],
        None => app.book.people(),
    };
    let mut reply = ExportReply {
        now,
        study_id: app.config.study.id.clone(),
        home: home_label(app),
        arm_kept_back: app.config.study.keep_arm_back,
        dates_shifted: app.config.study.shift_dates,
        people: Vec::new(),
    };
    for person in people {
        let leaver = Leaver::new(app, person, &assets, now)?;
        let range = leaver.range(asked.from, asked.to)?;
        let shifted = |date: NaiveDate| leaver.leaves.shifted(date);
        reply.people.push(ExportPerson {
            participant_id: leaver.person.id.clone(),
            enrolled: match leaver.leaves.since {
                Since::Day(day) => shifted(day),
                Since::Ever | Since::Never => None,
            },
            first: range.days.and_then(|(first, _)| shifted(first)),
            last: range.days.and_then(|(_, last)| shifted(last)),
            left_out: range.left_out,
        });
    }
    Ok(reply)
}

/// From this installation's own random number, as labels of counters are.
fn home_label(app: &App) -> String {
    let digest = Sha256::new().chain_update(app.store.host_id().0).chain_update(b"home").finalize();
    digest.iter().take(3).fold("H-".to_owned(), |label, byte| label + &format!("{byte:02X}"))
}

fn leaver<'a>(
    app: &'a App,
    person: Option<&ParticipantId>,
    assets: &'a BTreeMap<String, String>,
) -> Result<Leaver<'a>, Problem> {
    Leaver::new(app, app.book.person(person)?, assets, app.trusted_now()?)
}

/// Rows of the day table.
///
/// # Errors
/// As [`export`].
pub fn days(app: &App, asked: &Asked) -> Result<DaysReply, Problem> {
    let assets = assets(app);
    let leaver = leaver(app, asked.person.as_ref(), &assets)?;
    let Some(portion) = leaver.portion(asked, DAYS_AT_ONCE)? else {
        return Ok(DaysReply { days: Vec::new(), next: None });
    };
    let rows = app.book.rows(&leaver.person, portion.from, portion.to, leaver.now)?;
    // What has no revision yet may look otherwise in the next export.
    let rows = rows.into_iter().filter(|row| row.revision > 0);
    let days = rows.filter_map(|row| leaving(row, &leaver.leaves).ok()).collect();
    Ok(DaysReply { days, next: portion.next })
}

/// Recorded minutes.
///
/// # Errors
/// As [`export`].
pub fn minutes(app: &App, asked: &Asked) -> Result<MinutesReply, Problem> {
    let assets = assets(app);
    let leaver = leaver(app, asked.person.as_ref(), &assets)?;
    let mut reply = MinutesReply { minutes: Vec::new(), next: None };
    let Some(portion) = leaver.portion(asked, DAYS_OF_MINUTES_AT_ONCE)? else { return Ok(reply) };
    reply.next = portion.next;
    for date in dates(portion.from, portion.to) {
        let Some(local_date) = leaver.date(date) else { continue };
        let day = leaver.person.calendar.day(date);
        for wearing in leaver.person.counters.iter().filter(|wearing| wearing.covers(date)) {
            let counter = leaver.asset(wearing.device);
            for minute in app.store.minutes(wearing.device, day.first_minute(), day.end_minute())? {
                let offset_s = day.zone.offset_s(minute.at.saturating_mul(60));
                reply.minutes.extend(minute_row(&leaver, &counter, local_date, &minute, offset_s));
            }
        }
    }
    Ok(reply)
}

fn minute_row(
    leaver: &Leaver<'_>,
    counter: &str,
    local_date: NaiveDate,
    minute: &Minute,
    offset_s: i32,
) -> Option<MinuteRow> {
    let start = DateTime::from_timestamp(minute.at.checked_mul(60)?, 0)?;
    Some(MinuteRow {
        participant_id: leaver.person.id.clone(),
        counter: counter.to_owned(),
        start_utc: start.checked_add_signed(leaver.shift())?,
        local_date,
        tz_offset_min: Some(offset_s / 60),
        steps: minute.steps,
        worn: match minute.wear {
            MinuteWear::Unknown => None,
            MinuteWear::Worn => Some(true),
            MinuteWear::NotWorn => Some(false),
        },
        at_least: minute.saturated,
        overlap: minute.overlap,
    })
}

/// Readings as counters said them.
///
/// # Errors
/// As [`export`].
pub fn raw(app: &App, asked: &RawAsked) -> Result<RawReply, Problem> {
    let assets = assets(app);
    let leaver = leaver(app, asked.person.as_ref(), &assets)?;
    let counters = devices::counters(&app.config, &app.store.decisions()?);
    let (mut readings, mut seen, mut more) = (Vec::new(), 0_u64, false);
    for (device, portion) in portions(&app.book.people(), &counters, &leaver.person.id) {
        let counter = leaver.asset(device);
        let mut reading_no = 0;
        app.store.said(device, &portion, &mut |said| {
            let at = said.start_s.unwrap_or_else(|| said.arrived.timestamp());
            let Some(date) = leaver.date(leaver.person.calendar.day_at(at).date) else { return };
            reading_no += 1;
            if asked.from.is_some_and(|from| date < from) || asked.to.is_some_and(|to| to < date) {
                return;
            }
            seen += 1;
            if seen > asked.after.saturating_add(READINGS_AT_ONCE) {
                more = true;
            } else if seen > asked.after {
                readings.extend(raw_row(&leaver, &counter, reading_no, said));
            }
        })?;
    }
    Ok(RawReply { readings, next: more.then(|| asked.after.saturating_add(READINGS_AT_ONCE)) })
}

fn raw_row(leaver: &Leaver<'_>, counter: &str, reading_no: u64, said: &Said) -> Option<RawRow> {
    let (epoch, shift) = (&said.epoch, leaver.shift());
    let (clock, boot, stamp_s, stamp_offset_min) = match epoch.stamp {
        Stamp::Utc { seconds } => (CounterClock::Utc, None, seconds.checked_add(shift.num_seconds())?, None),
        Stamp::Local { seconds, offset_min } => {
            (CounterClock::Wall, None, seconds.checked_add(shift.num_seconds())?, offset_min)
        }
        Stamp::Uptime { boot, seconds } => (CounterClock::Uptime, Some(boot), i64::from(seconds), None),
    };
    let start = said.start_s.and_then(|start_s| DateTime::from_timestamp(start_s, 0));
    Some(RawRow {
        participant_id: leaver.person.id.clone(),
        reading_no,
        counter: counter.to_owned(),
        arrived_at: said.arrived.checked_add_signed(shift)?,
        counter_no: Some(epoch.seq).filter(|_| shift.is_zero()),
        clock,
        boot,
        stamp_s,
        stamp_offset_min,
        start_utc: start.and_then(|at| at.checked_add_signed(shift)),
        seconds: epoch.seconds,
        steps: epoch.steps,
        at_least: epoch.saturated,
        wear: match epoch.wear {
            Wear::Unknown => None,
            Wear::Worn => Some(CounterWear::Worn),
            Wear::NotWorn => Some(CounterWear::NotWorn),
            Wear::Charging => Some(CounterWear::Charging),
        },
        clock_unset: epoch.clock_unset,
    })
}

/// Goals that were in force.
///
/// # Errors
/// As [`export`], and where the study keeps its arms back.
pub fn goals(app: &App, asked: &Asked) -> Result<GoalRowsReply, Problem> {
    if app.config.study.keep_arm_back {
        let text = "goals would tell who is in which arm, and the study keeps that back; nothing was written. \
                    `[study] keep_arm_back` in the settings says so: change it once the study is unblinded";
        return Err(Problem::new(StatusCode::FORBIDDEN, text));
    }
    let assets = assets(app);
    let leaver = leaver(app, asked.person.as_ref(), &assets)?;
    let mut goals = Vec::new();
    for span in leaver.person.record.goals.spans() {
        // Of one from before the day of joining, the days since then leave.
        let from = match leaver.leaves.since {
            Since::Day(joined) => span.from.max(joined),
            Since::Ever | Since::Never => span.from,
        };
        if span.until.is_some_and(|until| until < from) {
            continue;
        }
        let Some(in_force_from) = leaver.date(from) else { continue };
        // That another goal came after leaving the study stays too.
        let in_force_until = span.until.and_then(|until| leaver.date(until));
        let early = asked.from.is_some_and(|from| in_force_until.is_some_and(|until| until < from));
        if early || asked.to.is_some_and(|to| to < in_force_from) {
            continue;
        }
        goals.push(goal_row(&leaver.person.id, span.goal, in_force_from, in_force_until));
    }
    Ok(GoalRowsReply { goals })
}

fn goal_row(
    person: &ParticipantId,
    goal: &GoalVersion,
    in_force_from: NaiveDate,
    in_force_until: Option<NaiveDate>,
) -> GoalRow {
    let measure = goal.measure.to_string();
    GoalRow {
        participant_id: person.clone(),
        goal_id: goal.id.clone(),
        in_force_from,
        in_force_until,
        measure: measure.split('(').next().unwrap_or_default().to_owned(),
        amount: goal.amount,
        period: match goal.period {
            Period::Day => "day",
            Period::Week => "week",
        }
        .to_owned(),
        days: goal.days.to_string().replace(',', ";"),
        confidence: goal.confidence,
        decided_by: match goal.decided_by {
            DecidedBy::Person => "person",
            DecidedBy::WithTherapist => "with_therapist",
        }
        .to_owned(),
        stage: goal.stage.map(|stage| {
            match stage {
                Stage::Precontemplation => "precontemplation",
                Stage::Contemplation => "contemplation",
                Stage::Preparation => "preparation",
                Stage::Action => "action",
                Stage::Maintenance => "maintenance",
            }
            .to_owned()
        }),
    }
}

/// Entries of the diary.
///
/// # Errors
/// As [`export`].
pub fn diary(app: &App, asked: &Asked) -> Result<DiaryRowsReply, Problem> {
    let assets = assets(app);
    let leaver = leaver(app, asked.person.as_ref(), &assets)?;
    let mut diary: Vec<DiaryRow> = Vec::new();
    let mut entries: Vec<_> = leaver.person.record.diary.between(NaiveDate::MIN, NaiveDate::MAX).collect();
    entries.sort_by_key(|entry| entry.date);
    for entry in entries {
        let Some(local_date) = leaver.date(entry.date) else { continue };
        if asked.from.is_some_and(|from| local_date < from) || asked.to.is_some_and(|to| to < local_date) {
            continue;
        }
        let before = diary.last().filter(|last| last.local_date == local_date);
        let kind = Some(entry.kind.as_str()).filter(|kind| OFFERED_KINDS.contains(kind)).unwrap_or("other");
        diary.push(DiaryRow {
            participant_id: leaver.person.id.clone(),
            local_date,
            entry_no: before.map_or(1, |last| last.entry_no + 1),
            kind: kind.to_owned(),
            minutes: entry.minutes,
            effort: entry.effort.map(|effort| {
                match effort {
                    Effort::Easy => "easy",
                    Effort::Brisk => "brisk",
                    Effort::Hard => "hard",
                }
                .to_owned()
            }),
        });
    }
    Ok(DiaryRowsReply { diary })
}

/// The routes, which no browser reaches.
pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(get_export))
        .routes(routes!(get_export_days))
        .routes(routes!(get_export_minutes))
        .routes(routes!(get_export_raw))
        .routes(routes!(get_export_goals))
        .routes(routes!(get_export_diary))
}

/// What could leave the house, and what stays and why.
#[utoipa::path(get, path = "/api/v1/export", tag = CONTROL_SOCKET, params(Asked), responses((status = 200, description = "What could leave", body = ExportReply), ErrorReply))]
async fn get_export(State(app): State<Arc<App>>, Query(asked): Query<Asked>) -> Result<Json<ExportReply>, Problem> {
    blocking(app, move |app| export(app, &asked)).await
}

/// Days of one person as they leave the house; a year at a time.
#[utoipa::path(get, path = "/api/v1/export/days", tag = CONTROL_SOCKET, params(Asked), responses((status = 200, description = "One row a day, and where to go on", body = DaysReply), ErrorReply))]
async fn get_export_days(State(app): State<Arc<App>>, Query(asked): Query<Asked>) -> Result<Json<DaysReply>, Problem> {
    blocking(app, move |app| days(app, &asked)).await
}

/// Minutes of one person as they leave the house; a week at a time.
#[utoipa::path(get, path = "/api/v1/export/minutes", tag = CONTROL_SOCKET, params(Asked), responses((status = 200, description = "One row a minute, and where to go on", body = MinutesReply), ErrorReply))]
async fn get_export_minutes(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
) -> Result<Json<MinutesReply>, Problem> {
    blocking(app, move |app| minutes(app, &asked)).await
}

/// Readings of one person as their counters said them.
#[utoipa::path(get, path = "/api/v1/export/raw", tag = CONTROL_SOCKET, params(RawAsked), responses((status = 200, description = "One row a reading, and where to go on", body = RawReply), ErrorReply))]
async fn get_export_raw(State(app): State<Arc<App>>, Query(asked): Query<RawAsked>) -> Result<Json<RawReply>, Problem> {
    blocking(app, move |app| raw(app, &asked)).await
}

/// Goals of one person that were in force, without their own words.
#[utoipa::path(get, path = "/api/v1/export/goals", tag = CONTROL_SOCKET, params(Asked), responses((status = 200, description = "One row a goal", body = GoalRowsReply), ErrorReply))]
async fn get_export_goals(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
) -> Result<Json<GoalRowsReply>, Problem> {
    blocking(app, move |app| goals(app, &asked)).await
}

/// The diary of one person, without their own words.
#[utoipa::path(get, path = "/api/v1/export/diary", tag = CONTROL_SOCKET, params(Asked), responses((status = 200, description = "One row an entry", body = DiaryRowsReply), ErrorReply))]
async fn get_export_diary(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
) -> Result<Json<DiaryRowsReply>, Problem> {
    blocking(app, move |app| diary(app, &asked)).await
}
