//! What is said to whom the door does not let in: a plain sentence, or JSON where JSON was asked for.

use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};

use crate::{
    api::Problem,
    words::{Language, Phrase, say},
};

/// The language for whoever is not known yet: the first that the browser asks for and the pages have.
pub fn language(headers: &HeaderMap) -> Language {
    let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let tags = wanted.split(',').filter_map(|tag| tag.split(['-', ';']).next());
    tags.map(str::trim).find_map(|tag| tag.parse().ok()).unwrap_or_default()
}

/// Why a request is not let in.
pub(super) struct Refused {
    code: StatusCode,
    phrase: Phrase,
}

impl Refused {
    fn new(code: StatusCode, key: &'static str) -> Self {
        Self { code, phrase: Phrase::new(key) }
    }

    /// Other computers are not let in.
    pub fn closed() -> Self {
        Self::new(StatusCode::FORBIDDEN, "door-closed")
    }

    /// It asks under a name that is not ours.
    pub fn host(url: &str) -> Self {
        Self { code: StatusCode::FORBIDDEN, phrase: Phrase::new("door-host").with("url", url) }
    }

    /// A page of somewhere else is behind it.
    pub fn elsewhere() -> Self {
        Self::new(StatusCode::FORBIDDEN, "door-elsewhere")
    }

    /// The browser was not let in yet.
    pub fn unknown() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "door-unknown")
    }

    /// The browser shows somebody else's pages.
    pub fn of_another() -> Self {
        Self::new(StatusCode::FORBIDDEN, "door-another-person")
    }

    /// A study keeps numbers from this person.
    pub fn kept_back() -> Self {
        Self::new(StatusCode::FORBIDDEN, "kept-back")
    }

    /// What was sent does not carry the token of this browser.
    pub fn stale() -> Self {
        Self::new(StatusCode::FORBIDDEN, "door-stale")
    }

    /// What was sent is neither a form nor JSON.
    pub fn kind() -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "door-kind")
    }

    /// What was sent is longer than any form.
    pub fn long() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "door-long")
    }

    /// What was sent did not arrive in time.
    pub fn slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "door-slow")
    }

    pub fn answer(self, language: Language, is_api: bool) -> Response {
        let text = say(language, &self.phrase);
        if is_api { Problem::new(self.code, text).into_response() } else { (self.code, text).into_response() }
    }
}
