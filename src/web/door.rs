//! Who may come in.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{StatusCode, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use crate::{
    api::App,
    days::Person,
    words::{Language, Phrase, say},
};

/// Whoever asks for a page, after the door let them in.
#[derive(Clone)]
pub struct Visit {
    /// Whose pages they see.
    pub person: Arc<Person>,
    /// In which language.
    pub language: Language,
    /// What every form of theirs carries in a field `token`.
    pub token: String,
    /// Whether other computers are let in just now.
    pub exposed: bool,
}

impl Visit {
    /// A message without values.
    pub fn t(&self, key: &'static str) -> String {
        say(self.language, &Phrase::new(key))
    }

    /// A message with values.
    pub fn say(&self, phrase: &Phrase) -> String {
        say(self.language, phrase)
    }
}

/// Lets a request in or refuses it.
pub async fn guard(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    match app.book.person(None) {
        Ok(person) => {
            let language = person.record.settings.language.unwrap_or(person.language);
            request.extensions_mut().insert(Visit { person, language, token: String::new(), exposed: false });
            next.run(request).await
        }
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        parts.extensions.get::<Self>().cloned().ok_or((StatusCode::FORBIDDEN, "this page lies behind the door"))
    }
}
