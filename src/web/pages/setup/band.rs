//! The band: listen for it, choose it, pair with it by the digits that it shows, and say whose it is. Whatever takes
//! time goes on at the pairing desk; the page shows how it stands and looks again by itself.

mod typed;
mod view;

use std::{sync::Arc, time::Duration};

use axum::{
    Form,
    extract::{Query, State},
    http::header,
    response::Response,
};
use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::{
    api::{
        App, Problem,
        devices::{self, WhichDevice},
    },
    goal::decision::Problem as Typed,
    pairing::{Ask, PairState, ScanState},
    web::{
        door::Visit,
        form::Fields,
        page::{Here, Outcome, Page, answer, change},
    },
    words::Phrase,
};

/// The page.
const HERE: &str = "/setup/band";
/// How long to listen: a counter says that it is there every second or two, and a sleepy one every eight.
const LISTEN_FOR: Duration = Duration::from_secs(10);
/// How often the page looks again while something goes on, seconds.
const LOOK_AGAIN_S: u16 = 2;

/// How everything stood at one moment, so that the page is told to look again exactly when it shows something that
/// goes on.
struct Seen {
    pairing: PairState,
    air: ScanState,
    now: DateTime<Utc>,
}

impl Seen {
    /// None where there is no radio.
    fn now(app: &App) -> Option<Self> {
        let desk = app.desk.as_ref()?;
        Some(Self { pairing: desk.state(), air: desk.heard(), now: app.clock.utc() })
    }

    /// After how many seconds the page looks again; none while nothing goes on, and while somebody types.
    fn look_again_s(&self) -> Option<u16> {
        match &self.pairing {
            PairState::Listening
            | PairState::Pairing
            | PairState::Reading { .. }
            | PairState::Asking { ask: Ask::Show { .. } | Ask::Tap, .. } => Some(LOOK_AGAIN_S),
            // The band gives up by itself then; looking earlier would take away what is being typed.
            PairState::Asking { ask: Ask::TypeDigits | Ask::Compare { .. }, until } => {
                let left = (*until - self.now).num_seconds().max(0) + i64::from(LOOK_AGAIN_S);
                Some(u16::try_from(left).unwrap_or(u16::MAX))
            }
            PairState::Idle | PairState::Done { .. } | PairState::Failed { .. } => match self.air {
                ScanState::Listening { .. } => Some(LOOK_AGAIN_S),
                ScanState::Idle | ScanState::Heard(_) | ScanState::Silent(_) => None,
            },
        }
    }
}

/// `GET /setup/band`
pub async fn show(State(app): State<Arc<App>>, visit: Visit) -> Response {
    let seen = Seen::now(&app);
    let again = seen.as_ref().and_then(Seen::look_again_s);
    let page = move |app: &App, visit: &Visit| page(app, visit, seen.as_ref(), &Fields::default(), &[]);
    let mut response = answer(app, visit, page).await;
    if let Some(seconds) = again {
        response.headers_mut().insert(header::REFRESH, seconds.into());
    }
    response
}

fn page(app: &App, visit: &Visit, seen: Option<&Seen>, fields: &Fields, problems: &[Typed]) -> Result<Page, Problem> {
    let counters = match &app.desk {
        Some(desk) => desk.counters()?,
        None => Vec::new(),
    };
    let people = app.book.people();
    let body = view::body(&view::Band { visit, people: &people, counters: &counters, seen, fields, problems });
    Ok(Page { here: Here::Setup, title: Phrase::new("band-title"), body })
}

/// The page again, with what was typed.
fn again(app: &App, visit: &Visit, fields: &Fields, problems: &[Typed]) -> Result<Outcome, Problem> {
    page(app, visit, Seen::now(app).as_ref(), fields, problems).map(Outcome::Again)
}

fn done() -> Outcome {
    Outcome::Done(HERE.to_owned())
}

/// `POST /setup/band/scan`
pub async fn scan(State(app): State<Arc<App>>, visit: Visit, Form(sent): Form<Vec<(String, String)>>) -> Response {
    change(app, visit, Fields(sent), |app, _, _| {
        // Sent twice, or during a pairing: the page shows what is under way.
        devices::desk(app)?.request_listening(LISTEN_FOR);
        Ok(done())
    })
    .await
}

/// `POST /setup/band/pair`
pub async fn pair(State(app): State<Arc<App>>, visit: Visit, Form(sent): Form<Vec<(String, String)>>) -> Response {
    change(app, visit, Fields(sent), |app, visit, fields| {
        let (request, mut found) = typed::pair_request(fields, &app.book.people(), &visit.person.id);
        if let Err(problems) = devices::check_pairing(&request, devices::today(app)) {
            found.add(problems);
        }
        if !found.0.is_empty() {
            return again(app, visit, fields, &found.0);
        }
        // Sent twice: the first one is under way, and the page shows it.
        devices::begin_pairing(app, request)?;
        Ok(done())
    })
    .await
}

/// `POST /setup/band/answer`
pub async fn reply(State(app): State<Arc<App>>, visit: Visit, Form(sent): Form<Vec<(String, String)>>) -> Response {
    change(app, visit, Fields(sent), |app, visit, fields| {
        let desk = devices::desk(app)?;
        match typed::answer(fields) {
            Ok(answer) => {
                // Too late: the page says how it ended.
                desk.answer(answer);
                Ok(done())
            }
            Err(problem) => again(app, visit, fields, &[problem]),
        }
    })
    .await
}

/// Which counter a page is about.
#[derive(Deserialize)]
pub struct About {
    device: String,
}

/// `GET /setup/band/assign?device=ID`
pub async fn ask_whose(State(app): State<Arc<App>>, visit: Visit, Query(about): Query<About>) -> Response {
    let page = move |app: &App, visit: &Visit| assign_page(app, visit, &about.device, &Fields::default(), &[]);
    answer(app, visit, page).await
}

/// `POST /setup/band/assign`
pub async fn assign(State(app): State<Arc<App>>, visit: Visit, Form(sent): Form<Vec<(String, String)>>) -> Response {
    change(app, visit, Fields(sent), |app, visit, fields| {
        let device = fields.text("device").unwrap_or_default();
        let (asked, mut found) = typed::assignment(fields, &app.book.people());
        if let Err(problems) = devices::check_assignment(&asked, devices::today(app)) {
            found.add(problems);
        }
        if found.0.is_empty() {
            match devices::give_to(app, &asked) {
                Ok(_) => return Ok(done()),
                Err(problem) if problem.fields.is_empty() => return Err(problem),
                Err(problem) => found.0 = problem.fields,
            }
        }
        assign_page(app, visit, device, fields, &found.0).map(Outcome::Again)
    })
    .await
}

fn assign_page(app: &App, visit: &Visit, device: &str, fields: &Fields, wrong: &[Typed]) -> Result<Page, Problem> {
    let counter = devices::counter(&*devices::desk(app)?, device)?;
    let body = view::assign(visit, &app.book.people(), &counter, fields, wrong);
    Ok(Page { here: Here::Setup, title: Phrase::new("band-assign-title"), body })
}

/// `GET /setup/band/forget?device=ID`
pub async fn ask_forget(State(app): State<Arc<App>>, visit: Visit, Query(about): Query<About>) -> Response {
    let page = move |app: &App, visit: &Visit| {
        let counter = devices::counter(&*devices::desk(app)?, &about.device)?;
        let body = view::forget(visit, &counter);
        Ok(Page { here: Here::Setup, title: Phrase::new("band-forget-title"), body })
    };
    answer(app, visit, page).await
}

/// `POST /setup/band/forget`
pub async fn forget(State(app): State<Arc<App>>, visit: Visit, Form(sent): Form<Vec<(String, String)>>) -> Response {
    let fields = Fields(sent);
    let device = fields.text("device").unwrap_or_default().to_owned();
    let gone = devices::let_go(Arc::clone(&app), WhichDevice { device }).await;
    change(app, visit, fields, move |_, _, _| gone.map(|_| done())).await
}
