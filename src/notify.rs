//! Looks every few minutes whether there is something to tell: to the person on their page and on the desktop, and to
//! the helper in the log.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::{
    api::{App, Problem, notices, numbers},
    config::Display,
    days::Person,
    model::DeviceId,
    person::{
        OwnDecision,
        band::{BandFacts, Concern},
        notice::{self, Facts, Kind, Manner, Moment},
    },
    words::{Language, Phrase, say},
};

const LOOK_EVERY: Duration = Duration::from_secs(5 * 60);

/// Concerns about bands that the helper was told of.
type Told = BTreeSet<(DeviceId, Concern)>;

/// Looks until it is told to stop.
pub async fn watch(app: Arc<App>, cancel: CancellationToken) {
    let mut beat = tokio::time::interval(LOOK_EVERY);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = Told::new();
    loop {
        tokio::select! {
            () = cancel.cancelled() => return,
            _ = beat.tick() => {}
        }
        let (looking, before) = (Arc::clone(&app), told.clone());
        match tokio::task::spawn_blocking(move || look(&looking, before)).await {
            Ok(Ok(now)) => told = now,
            Ok(Err(problem)) => tracing::warn!("notices have to wait: {}", problem.text),
            Err(error) => tracing::error!(%error, "looking for notices failed inside"),
        }
    }
}

/// Looks once, and gives back what the helper knows by now.
///
/// # Errors
/// When the store fails.
fn look(app: &App, told: Told) -> Result<Told, Problem> {
    if !app.clock.synchronised() {
        return Ok(told);
    }
    let now = app.clock.utc();
    if app.config.notify.patient {
        for person in app.book.people() {
            if let Some(kind) = show(app, &person, now)? {
                on_desktop(person.record.settings.language.unwrap_or(person.language), kind);
            }
        }
    }
    tell_helper(app, &told, now)
}

/// Shows a person the notice there is for them now, if there is one. It is noted before it is seen, so that none comes
/// twice.
///
/// # Errors
/// When the store fails.
pub fn show(app: &App, person: &Person, now: DateTime<Utc>) -> Result<Option<Kind>, Problem> {
    let date = person.calendar.day_at(now.timestamp()).date;
    let Some(wall) = person.calendar.wall(now) else { return Ok(None) };
    let settings = &app.config.notify;
    let manner = Manner { quiet: &settings.quiet.hours, give_up_after: settings.give_up_after };
    let at = Moment { date, wall };
    if person.display == Display::Blinded || !notice::may_show(&person.record, at, &manner) {
        return Ok(None);
    }
    let today = numbers::today(app, person, now, Language::En)?;
    let silent_for = app.heard_last(person)?.and_then(|state| state.last_arrival).map(|at| now - at);
    let facts = Facts { silent_for, plan_is_open: today.left != Some(0) };
    let Some(kind) = notice::next(&person.record, at, &manner, &facts) else { return Ok(None) };
    let participant = person.id.clone();
    let decision = OwnDecision::NoticeShown { participant, notice: kind.key().to_owned(), date };
    app.book.decide(person, decision, "brisk", now)?;
    Ok(Some(kind))
}

/// Where there is a desktop, the same sentence as on the page: others see the screen, and it names no number.
fn on_desktop(language: Language, kind: Kind) {
    if std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_none() {
        return;
    }
    let text = say(language, &Phrase::new(kind.key()));
    let shown = notify_rust::Notification::new().appname("Brisk").summary("Brisk").body(&text).show();
    if let Err(error) = shown {
        tracing::debug!(%error, "no desktop shows notices; the page does");
    }
}

/// One line for each new concern about a band, and one when it is over. What the household calls a band may be a
/// person's name, so the log has its identity.
fn tell_helper(app: &App, told: &Told, now: DateTime<Utc>) -> Result<Told, Problem> {
    let mut current = Told::new();
    for (device, concern, facts) in notices::concerns(app, None, now)? {
        if current.insert((device, concern)) && !told.contains(&(device, concern)) {
            tracing::warn!("{}", concern.phrase(&BandFacts { name: device.to_string(), ..facts }, now));
        }
    }
    for (device, concern) in told.difference(&current) {
        tracing::info!("{}", concern.solved(&device.to_string()));
    }
    Ok(current)
}
