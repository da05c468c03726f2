//! The token that everything which changes something carries: a field of each form, a header of JSON.

use std::time::Duration;

use axum::{
    body::{Body, to_bytes},
    extract::{Form, FromRequest as _, Request},
    http::{HeaderName, Method, header},
};

use tokio::time::timeout;

use super::{random, refused::Refused};

/// The longest form that is taken in, bytes.
pub const MOST_BYTES: usize = 64 * 1024;

/// Whatever is sent has to be here within this.
const SENT_WITHIN: Duration = Duration::from_secs(60);

const HEADER: HeaderName = HeaderName::from_static("x-brisk-token");
const FIELD: &str = "token";
const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// The request again, with all that was sent.
pub(super) async fn in_full(request: Request) -> Result<Request, Refused> {
    let (parts, body) = request.into_parts();
    let sent = timeout(SENT_WITHIN, to_bytes(body, MOST_BYTES)).await.map_err(|_| Refused::slow())?;
    Ok(Request::from_parts(parts, Body::from(sent.map_err(|_| Refused::long())?)))
}

/// The request again, when it carries this token.
pub(super) async fn checked(request: Request, token: &str) -> Result<Request, Refused> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    // To the letter: other sites can send forms and plain text without asking first, and JSON they cannot.
    if kind == JSON {
        let sent = request.headers().get(HEADER).and_then(|sent| sent.to_str().ok()).unwrap_or_default();
        return if random::same(sent, token) { in_full(request).await } else { Err(Refused::stale()) };
    }
    let is_form = kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(FORM));
    if !is_form {
        return Err(Refused::kind());
    }
    let (parts, body) = in_full(request).await?.into_parts();
    let bytes = to_bytes(body, MOST_BYTES).await.map_err(|_| Refused::long())?;
    let form =
        Request::builder().method(Method::POST).header(header::CONTENT_TYPE, FORM).body(Body::from(bytes.clone()));
    let form = form.map_err(|_| Refused::stale())?;
    let Form(fields) = Form::<Vec<(String, String)>>::from_request(form, &()).await.map_err(|_| Refused::kind())?;
    let carries = fields.iter().any(|(name, value)| name == FIELD && random::same(value, token));
    if carries { Ok(Request::from_parts(parts, Body::from(bytes))) } else { Err(Refused::stale()) }
}
