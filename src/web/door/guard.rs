//! What every request passes, one question after the other.

use std::{
    collections::HashSet,
    sync::{Arc, LazyLock},
};

use axum::{
    extract::{Query, Request, State},
    middleware::Next,
    response::{IntoResponse as _, Redirect, Response},
};
use utoipa::openapi::RefOr;

use super::{Came, Visit, headers, hosts, origin, refused, refused::Refused, token};
use crate::{
    api::{self, App},
    config::Display,
    model::ParticipantId,
};

/// Addresses of the API that can be asked about one person; the others tell of the whole home.
static OF_ONE_PERSON: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let told = api::description().paths.paths.into_iter();
    let of_one = told.filter(|(_, item)| {
        let mut parameters = item.get.iter().filter_map(|get| get.parameters.as_ref()).flatten();
        parameters.any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.name == PERSON))
    });
    of_one.map(|(path, _)| path).collect()
});

const PERSON: &str = "person";

/// Lets a request in or refuses it.
pub async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = match admit(&app, request).await {
        Ok(request) => next.run(request).await,
        Err(refusal) => refusal,
    };
    headers::add(response.headers_mut());
    response
}

async fn admit(app: &App, mut request: Request) -> Result<Request, Response> {
    let door = &app.door;
    let came = Came::of(&request);
    let path = request.uri().path();
    let (is_api, is_open) = (path.starts_with("/api/"), path == "/enter" || path.starts_with("/assets/"));
    let headers = request.headers();
    let language = refused::language(headers);
    let refuse = |refused: Refused| refused.answer(language, is_api);

    if !door.lets_in_from(came) {
        return Err(refuse(Refused::closed()));
    }
    let asked = hosts::asked_for(request.uri(), headers);
    let Some(host) = asked.filter(|host| door.hosts.allow(host, came, door.is_exposed())) else {
        return Err(refuse(Refused::host(&door.hosts.url())));
    };
    if origin::is_elsewhere(request.method(), headers, host) {
        return Err(refuse(Refused::elsewhere()));
    }
    if is_open {
        return token::in_full(request).await.map_err(refuse);
    }
    let Some((person, token, browser)) = door.recognise(&app.book, headers) else {
        return Err(if is_api { refuse(Refused::unknown()) } else { Redirect::to("/enter").into_response() });
    };
    let language = person.record.settings.language.unwrap_or(person.language);
    let refuse = |refused: Refused| refused.answer(language, is_api);
    if is_api && app.book.people().len() > 1 && !asks_for_own(&request, &person.id) {
        return Err(refuse(Refused::of_another()));
    }
    // The pages know what may be shown to whom; programs are told everything or nothing.
    if is_api && person.display != Display::Full {
        return Err(refuse(Refused::kept_back()));
    }
    if origin::changes(request.method()) {
        request = token::checked(request, &token).await.map_err(refuse)?;
    }
    request.extensions_mut().insert(Visit { person, language, token, exposed: door.is_exposed(), browser });
    Ok(request)
}

/// Whether a question to the API is about this person and nobody else. Where several live, a browser that shows one's
/// pages learns nothing of the others, and changes things on the pages alone.
fn asks_for_own(request: &Request, person: &ParticipantId) -> bool {
    // What takes no person would tell of everybody, whoever is named beside it.
    if origin::changes(request.method()) || !OF_ONE_PERSON.contains(request.uri().path()) {
        return false;
    }
    let query = Query::<Vec<(String, String)>>::try_from_uri(request.uri());
    let query = query.map(|Query(pairs)| pairs).unwrap_or_default();
    let mut named = query.iter().filter(|(name, _)| name == PERSON).peekable();
    named.peek().is_some() && named.all(|(_, id)| id == person.as_str())
}
