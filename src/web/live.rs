//! Today as it changes, for browsers that run scripts (`assets/live.js`): server-sent events with the texts of the page
//! and the lengths of its bar, whenever they are others than before. The page is whole without.

use std::{collections::BTreeMap, convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{
        IntoResponse as _, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use chrono::NaiveDate;
use futures_util::{Stream, stream};
use serde::Serialize;
use tokio::{
    sync::watch,
    time::{Interval, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;

use super::{door::Visit, pages::today, picture::DayBarPlaces};
use crate::{
    api::{App, Problem},
    config::Display,
    model::ParticipantId,
    words::Language,
};

/// How often Today is looked at when nothing has arrived: the evening comes, and midnight.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// A line without content, so that whoever stands in between does not take the silence for the end.
const KEEP_ALIVE: Duration = Duration::from_secs(25);

/// What one event carries.
#[derive(Serialize)]
struct Told {
    day: NaiveDate,
    text: BTreeMap<&'static str, String>,
    bar: Option<DayBarPlaces>,
}

/// `GET /live/today`
pub async fn today(State(app): State<Arc<App>>, visit: Visit) -> Response {
    if visit.person.display == Display::Blinded {
        // Tells the browser not to ask again.
        return StatusCode::NO_CONTENT.into_response();
    }
    let watcher = Watcher::new(app, &visit);
    let events = Sse::new(watcher.events()).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    // No browser keeps what a person's day was like.
    ([(header::CACHE_CONTROL, "no-store")], events).into_response()
}

struct Watcher {
    app: Arc<App>,
    person: ParticipantId,
    language: Language,
    /// Whom it tells, where a code was needed: nobody any more, once that browser is let in no more.
    browser: Option<String>,
    changes: watch::Receiver<()>,
    minute: Interval,
    ends: CancellationToken,
    last: String,
}

impl Watcher {
    fn new(app: Arc<App>, visit: &Visit) -> Self {
        let (person, language, browser) = (visit.person.id.clone(), visit.language, visit.browser.clone());
        let changes = app.book.changes();
        let ends = app.ends.clone();
        // The first tick comes at once. One that is late because the computer slept is enough.
        let mut minute = tokio::time::interval(LOOK_EVERY);
        minute.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { app, person, language, browser, changes, minute, ends, last: String::new() }
    }

    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, |mut watcher| async move {
            let told = watcher.next().await?;
            Some((Ok(Event::default().data(told)), watcher))
        })
    }

    /// What is to be told next; none when whoever serves is to end, and when the browser is let in no more.
    async fn next(&mut self) -> Option<String> {
        loop {
            tokio::select! {
                () = self.ends.cancelled() => return None,
                _ = self.minute.tick() => {}
                changed = self.changes.changed() => changed.ok()?,
            }
            if self.browser.as_ref().is_some_and(|id| self.app.door.list().iter().all(|known| known.id != *id)) {
                return None;
            }
            let (app, person, language) = (Arc::clone(&self.app), self.person.clone(), self.language);
            let looked = tokio::task::spawn_blocking(move || told(&app, &person, language)).await;
            // What cannot be told now, because the clock is not set or the disk fails, is told at the next look.
            if let Ok(Ok(told)) = looked
                && told != self.last
            {
                self.last.clone_from(&told);
                return Some(told);
            }
        }
    }
}

/// The JSON of an event.
fn told(app: &App, person: &ParticipantId, language: Language) -> Result<String, Problem> {
    let person = app.book.person(Some(person))?;
    let seen = today::look(app, &person)?;
    let told = Told {
        day: seen.date,
        text: seen.texts(language).into_iter().collect(),
        bar: seen.bar().map(|bar| bar.places(language)),
    };
    serde_json::to_string(&told).map_err(|_| Problem::inside())
}
