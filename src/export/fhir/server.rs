//! Speaks to a FHIR server: what is asked and sent, page by page, and the token that goes with it.

use std::{collections::BTreeSet, fmt, time::Duration};

use serde_json::Value;
use ureq::{
    Body, RequestBuilder,
    http::{HeaderValue, Response, Uri, uri::Authority},
};

use super::answer;
use crate::export::{http::Client, target::Trouble};

/// A transaction of 200 entries takes a small server a while.
const ANSWER_WITHIN: Duration = Duration::from_secs(120);
const FORM: &str = "https://fhir.example.org/base, and a token stands in the file that `secret` names";
/// A server whose search has more pages than that has not understood it: five years of days are ten.
const PAGES: usize = 10_000;

/// A FHIR server, and how to get in.
pub(super) struct Server {
    client: Client,
    base: String,
    token: Option<String>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("base", &self.base).finish_non_exhaustive()
    }
}

/// Why something was not read.
pub(super) struct Unread {
    pub trouble: Trouble,
    /// This token may not read it.
    pub forbidden: bool,
}

impl From<Trouble> for Unread {
    fn from(trouble: Trouble) -> Self {
        Self { trouble, forbidden: false }
    }
}

impl From<Unread> for Trouble {
    fn from(unread: Unread) -> Self {
        unread.trouble
    }
}

impl Server {
    /// A server at this base address. Sends nothing.
    pub fn new(base_url: &str, token: Option<String>, ca_pem: Option<&[u8]>) -> Result<Self, Trouble> {
        let base = base_url.trim_end_matches('/').to_owned();
        let client = Client::new(&base, FORM, ca_pem, ANSWER_WITHIN)?;
        if token.as_deref().is_some_and(|token| HeaderValue::from_str(token).is_err()) {
            return Err(Trouble::stopped(
                "the token holds characters that no token has; nothing was sent. Write it anew into the file that `secret` names",
            ));
        }
        Ok(Self { client, base, token })
    }

    /// Asks for what is below the base address.
    pub fn get(&self, path: &str) -> Result<Value, Unread> {
        self.get_at(&format!("{}/{path}", self.base))
    }

    /// What is kept of every resource that a search finds, page by page, so that no more than a page of them is in
    /// memory. Pages of another server are not asked for.
    pub fn search<T>(&self, query: &str, keep: impl Fn(&Value) -> Option<T>) -> Result<Vec<T>, Unread> {
        let mut found = Vec::new();
        let mut next = Some(format!("{}/{query}", self.base));
        let mut seen = BTreeSet::new();
        while let Some(url) = next {
            let page = self.get_at(&url)?;
            if page["resourceType"] != "Bundle" || page["type"] != "searchset" {
                return Err(
                    Trouble::passing("the FHIR server's answer to a search is not one; it is asked again").into()
                );
            }
            let entries = page["entry"].as_array().map_or(&[][..], Vec::as_slice);
            // Others come along as `outcome` or `include`.
            let matches = entries.iter().filter(|entry| entry["search"]["mode"].as_str().unwrap_or("match") == "match");
            found.extend(matches.filter_map(|entry| keep(&entry["resource"])));
            seen.insert(url);
            let links = page["link"].as_array().map_or(&[][..], Vec::as_slice);
            next = links
                .iter()
                .find(|link| link["relation"] == "next")
                .and_then(|link| link["url"].as_str())
                .map(|url| self.own(url))
                .transpose()?;
            if seen.len() > PAGES || next.as_ref().is_some_and(|next| seen.contains(next)) {
                return Err(Trouble::passing("the FHIR server's pages do not come to an end; what it holds cannot be told, and it is asked again").into());
            }
        }
        Ok(found)
    }

    /// The address of a page, which may be told in part. The token goes to the server that it is for, and nowhere else.
    fn own(&self, url: &str) -> Result<String, Trouble> {
        let base = &self.client.url;
        let uri: Uri = url.parse().map_err(|_| {
            Trouble::passing("the FHIR server tells an address of a page that is none; it is asked again")
        })?;
        if uri.authority().is_none() {
            return Ok(match url.strip_prefix('/') {
                Some(path) => format!("{}://{}/{path}", base.scheme_str().unwrap_or_default(), self.client.host()),
                None => format!("{}/{url}", self.base),
            });
        }
        if uri.scheme() != base.scheme() || uri.authority() != base.authority() {
            return Err(Trouble::stopped(format!(
                "the FHIR server sends to another one ({}) for what it holds, which is not asked. Tell the study; or put that address into `url`",
                uri.authority().map(Authority::as_str).unwrap_or_default()
            )));
        }
        Ok(url.to_owned())
    }

    fn get_at(&self, url: &str) -> Result<Value, Unread> {
        // Some servers answer the same search for a minute from memory.
        let request = self.client.agent.get(url).header("cache-control", "no-cache");
        self.answer(self.signed(request).call())
    }

    /// Sends a bundle to the base address.
    pub fn post(&self, body: &[u8]) -> Result<Value, Trouble> {
        let request = self.client.agent.post(&self.base).header("content-type", "application/fhir+json");
        self.answer(self.signed(request.header("prefer", "return=minimal")).send(body)).map_err(Trouble::from)
    }

    /// A request with the token.
    fn signed<B>(&self, request: RequestBuilder<B>) -> RequestBuilder<B> {
        let request = request.header("accept", "application/fhir+json");
        match &self.token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        }
    }

    fn answer(&self, answered: Result<Response<Body>, ureq::Error>) -> Result<Value, Unread> {
        let answer = self.client.read(answered)?;
        answer::json(&answer)
            .map_err(|trouble| Unread { trouble: self.without_token(trouble), forbidden: answer.status == 403 })
    }

    /// Some servers repeat what they do not accept.
    fn without_token(&self, mut trouble: Trouble) -> Trouble {
        if let Some(token) = self.token.as_deref().filter(|token| !token.is_empty()) {
            let (Trouble::Passing { what, .. } | Trouble::Refused { what } | Trouble::Stopped { what }) = &mut trouble;
            *what = what.replace(token, "(hidden)");
        }
        trouble
    }
}
