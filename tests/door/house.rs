//! A home with a door, a clock that goes on when told to, and a browser that keeps its cookie.

use std::{
    fs,
    future::Future,
    net::SocketAddr,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use brisk::{
    api::{self, App},
    config::{Config, Web},
    days::{DayBook, Person},
    model::Rules,
    store::Store,
    time::{Calendar, Clock},
    web::{
        self,
        door::{Came, Door},
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use http_body_util::BodyExt as _;
use tokio::sync::watch;
use tower::ServiceExt as _;
use utoipa::openapi::path::Operation;

/// Where the pages of an unlistened-to home are.
pub const HOST: &str = "localhost:8791";
pub const ORIGIN: &str = "http://localhost:8791";

/// The address behind it.
pub fn here() -> SocketAddr {
    HOST.replace("localhost", "127.0.0.1").parse().unwrap()
}

/// A clock whose hands the test moves.
pub struct Hands(watch::Sender<Duration>);

impl Hands {
    pub fn go_on(&self, time: Duration) {
        self.0.send_modify(|gone| *gone += time);
    }
}

impl Clock for Hands {
    fn utc(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000, 0).unwrap() + TimeDelta::from_std(self.monotonic()).unwrap()
    }

    fn monotonic(&self) -> Duration {
        *self.0.borrow()
    }

    fn synchronised(&self) -> bool {
        true
    }

    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let until = self.monotonic() + time;
        let mut gone = self.0.subscribe();
        Box::pin(async move {
            gone.wait_for(|gone| *gone >= until).await.unwrap();
        })
    }
}

pub struct House {
    pub app: Arc<App>,
    pub clock: Arc<Hands>,
    router: Router,
    dir: tempfile::TempDir,
}

impl House {
    /// The home of these people.
    pub fn of(people: &[&str]) -> Self {
        Self::with_door(people, here(), |door| door)
    }

    pub fn with_door(people: &[&str], at: SocketAddr, change: impl FnOnce(Door) -> Door) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(dir.path()).unwrap().0);
        let calendar = Calendar::midnight("Europe/Oslo".parse().unwrap());
        let people = people.iter().map(|id| Person::new(id.parse().unwrap(), calendar.clone(), Vec::new())).collect();
        Self::on(dir, store, people, at, change)
    }

    /// With something in its store.
    pub fn on(
        dir: tempfile::TempDir,
        store: Arc<Store>,
        people: Vec<Person>,
        at: SocketAddr,
        change: impl FnOnce(Door) -> Door,
    ) -> Self {
        let clock = Arc::new(Hands(watch::Sender::new(Duration::ZERO)));
        let shared = Arc::clone(&clock) as Arc<dyn Clock>;
        let door = Door::new(&Web::default(), Some(at), dir.path(), Arc::clone(&store), Arc::clone(&shared));
        let book = DayBook::new(Arc::clone(&store), people, Rules::brisk_1()).unwrap();
        let app = Arc::new(App::new(store, book, Arc::<Config>::default(), shared, Arc::new(change(door))));
        Self { router: web::router(Arc::clone(&app)), app, clock, dir }
    }

    pub fn router(&self) -> Router {
        self.router.clone()
    }

    pub fn data(&self) -> &Path {
        self.dir.path()
    }

    pub async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, mut body) = response.into_parts();
        let kind = parts.headers.get(header::CONTENT_TYPE);
        // What goes on without an end is read as far as its first event.
        let bytes = if kind.is_some_and(|kind| kind == "text/event-stream") {
            body.frame().await.unwrap().unwrap().into_data().unwrap()
        } else {
            to_bytes(body, usize::MAX).await.unwrap()
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer { code: parts.status, headers: parts.headers, text }
    }

    /// What the command line is told.
    pub async fn ask_control(&self, path: &str) -> String {
        let request = from(Method::GET, path).body(Body::empty()).unwrap();
        let response = api::control(Arc::clone(&self.app)).oneshot(request).await.unwrap();
        String::from_utf8(to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(from(Method::GET, path).body(Body::empty()).unwrap()).await
    }

    /// What comes of typing this as the code.
    pub async fn type_code(&self, code: &str, more: &[(&str, &str)]) -> Answer {
        let fields = [&[("code", code)], more].concat();
        self.ask(from(Method::POST, "/enter").header(header::ORIGIN, ORIGIN).form(&fields)).await
    }

    /// A browser that was let in.
    pub async fn browser(&self, more: &[(&str, &str)]) -> Browser<'_> {
        let code = self.app.door.new_code().unwrap();
        let answer = self.type_code(&code, more).await;
        assert_eq!(answer.code, StatusCode::SEE_OTHER, "{}", answer.text);
        let set = answer.headers[header::SET_COOKIE].to_str().unwrap();
        let cookie = set.split(';').next().unwrap().to_owned();
        let mut browser = Browser { house: self, cookie, token: String::new() };
        let page = browser.get("/setup/network").await;
        assert_eq!(page.code, StatusCode::OK, "{}", page.text);
        browser.token = token_in(&page.text);
        browser
    }

    /// Everything in the data folder that is no index and no lock.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        let mut folders = vec![self.data().join("journal"), self.data().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_file() && path.extension().is_none_or(|ext| ext != "lock") {
                    found.push((path.clone(), fs::read(path).unwrap()));
                } else if path.is_dir() && path.starts_with(self.data().join("journal")) {
                    folders.push(path);
                }
            }
        }
        found.sort();
        found.dedup();
        found
    }
}

/// A browser that was let in, with the token of its forms.
pub struct Browser<'a> {
    house: &'a House,
    pub cookie: String,
    pub token: String,
}

impl Browser<'_> {
    pub fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        from(method, path).header(header::COOKIE, &self.cookie)
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.house.ask(self.request(Method::GET, path).body(Body::empty()).unwrap()).await
    }

    /// Sends a form with the token.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let fields = [fields, &[("token", self.token.as_str())]].concat();
        self.house.ask(self.request(Method::POST, path).header(header::ORIGIN, ORIGIN).form(&fields)).await
    }
}

pub struct Answer {
    pub code: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn goes_to(&self) -> Option<&str> {
        self.headers.get(header::LOCATION).map(|to| to.to_str().unwrap())
    }
}

/// A request under the right name.
pub fn from(method: Method, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path).header(header::HOST, HOST)
}

/// From another computer.
pub fn from_afar(peer: &str, local: &str) -> ConnectInfo<Came> {
    ConnectInfo(Came { peer: peer.parse().unwrap(), local: local.parse().unwrap() })
}

pub trait Sent {
    /// With these fields as a form.
    fn form(self, fields: &[(&str, &str)]) -> Request<Body>;
}

impl Sent for axum::http::request::Builder {
    fn form(self, fields: &[(&str, &str)]) -> Request<Body> {
        let pairs: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", value.replace(' ', "+"))).collect();
        self.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(pairs.join("&")))
            .unwrap()
    }
}

pub fn token_in(page: &str) -> String {
    let (_, rest) = page.split_once(r#"name="token" value=""#).expect("a form with a token");
    rest.split('"').next().unwrap().to_owned()
}

/// Every address that the program answers to browsers at: those of the API as it describes itself, and the pages.
pub fn routes() -> Vec<String> {
    let for_browsers = |operation: &Operation| {
        let tags = operation.tags.iter().flatten();
        !tags.into_iter().any(|tag| tag == api::CONTROL_SOCKET)
    };
    let described = api::description().paths.paths.into_iter();
    let api = described.filter(|(_, item)| [&item.get, &item.post].into_iter().flatten().any(for_browsers));
    let mut routes: Vec<String> = api.map(|(path, _)| path).collect();
    assert!(routes.len() > 30, "{routes:?}");
    let web = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web.rs")).unwrap();
    let pages = web.split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next());
    routes.extend(pages.map(str::to_owned));
    assert!(routes.len() > 70, "{routes:?}");
    // What is no route is behind the same door.
    routes.extend(["/nowhere", "/api/v1/nowhere", "/assets/nowhere.css"].map(str::to_owned));
    routes
}
