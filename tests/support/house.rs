//! A home within the test's own process: what browsers and the command line would be answered, without a socket. Its
//! door lets in whoever sits at this computer; `tests/door` tries the door itself.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, header, request::Builder},
    response::Response,
};
use brisk::{
    api::{self, App},
    config::{Config, Web},
    days::{DayBook, Person},
    store::Store,
    time::Clock,
    web::{self, door::Door},
};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

const HOST: &str = "localhost:8791";
const ORIGIN: &str = "http://localhost:8791";
/// A page with a form, whatever is known of a person.
const FORM: &str = "/setup/person";

pub struct House {
    pub app: Arc<App>,
}

pub struct Answer {
    pub code: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
    /// The same as text; empty where it is none.
    pub text: String,
}

impl Answer {
    /// Where the browser goes on to.
    pub fn goes_to(&self) -> Option<&str> {
        self.headers.get(header::LOCATION).map(|to| to.to_str().unwrap())
    }

    /// What was told, when it was told.
    pub fn json(&self) -> Value {
        assert_eq!(self.code, 200, "{}", self.text);
        serde_json::from_str(&self.text).unwrap()
    }
}

/// What answers for these people from a store.
pub fn app(store: Arc<Store>, people: Vec<Person>, config: Config, clock: Arc<dyn Clock>) -> App {
    let book = DayBook::new(Arc::clone(&store), people, config.rules()).unwrap();
    let at = HOST.replace("localhost", "127.0.0.1").parse().unwrap();
    let door = Door::new(&Web::default(), Some(at), store.dir(), Arc::clone(&store), Arc::clone(&clock));
    App::new(store, book, Arc::new(config), clock, Arc::new(door.into_open_house().unwrap()))
}

impl House {
    pub fn of(app: App) -> Self {
        Self { app: Arc::new(app) }
    }

    /// How many decisions stand in the journal.
    pub fn decisions(&self) -> usize {
        self.app.store.decisions().unwrap().len()
    }

    /// What a browser gets, while it is still coming in.
    pub async fn get(&self, path: &str) -> Response {
        let request = request(Method::GET, path).body(Body::empty()).unwrap();
        web::router(Arc::clone(&self.app)).oneshot(request).await.unwrap()
    }

    /// What a browser gets.
    pub async fn look(&self, path: &str) -> Answer {
        answer(self.get(path).await).await
    }

    /// A page that is there.
    pub async fn page(&self, path: &str) -> String {
        let seen = self.look(path).await;
        assert_eq!(seen.code, 200, "{path}: {}", seen.text);
        seen.text
    }

    /// Sends a form, with the token that stands in every form.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.page(FORM).await;
        let token = value_of(&page, "token");
        let fields = fields.iter().copied().chain([("token", token.as_str())]);
        let body: Vec<_> = fields.map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        let request = request(Method::POST, path)
            .header(header::ORIGIN, ORIGIN)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        ask(web::router(Arc::clone(&self.app)), request.body(Body::from(body.join("&"))).unwrap()).await
    }

    /// What the command line is told, below `/api/v1/`.
    pub async fn told(&self, path: &str) -> Answer {
        let request = request(Method::GET, &format!("/api/v1/{path}"));
        ask(api::control(Arc::clone(&self.app)), request.body(Body::empty()).unwrap()).await
    }

    /// What comes of what the command line sends, below `/api/v1/`.
    pub async fn tell(&self, path: &str, body: &Value) -> Answer {
        let request =
            request(Method::POST, &format!("/api/v1/{path}")).header(header::CONTENT_TYPE, "application/json");
        ask(api::control(Arc::clone(&self.app)), request.body(Body::from(body.to_string())).unwrap()).await
    }
}

fn request(method: Method, path: &str) -> Builder {
    Request::builder().method(method).uri(path).header(header::HOST, HOST)
}

async fn ask(router: Router, request: Request<Body>) -> Answer {
    answer(router.oneshot(request).await.unwrap()).await
}

async fn answer(response: Response) -> Answer {
    let (head, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes().to_vec();
    let text = String::from_utf8(bytes.clone()).unwrap_or_default();
    Answer { code: head.status.as_u16(), headers: head.headers, bytes, text }
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |sum, byte| sum + &format!("%{byte:02X}"))
}

/// The value of the first field of this name in a page.
pub fn value_of(page: &str, name: &str) -> String {
    let at = page.find(&format!("name=\"{name}\"")).unwrap_or_else(|| panic!("no {name} in {page}"));
    let tag = &page[at..at + page[at..].find('>').unwrap()];
    let (_, value) = tag.split_once("value=\"").unwrap_or_else(|| panic!("{name} has no value: {tag}"));
    value.split('"').next().unwrap().to_owned()
}
