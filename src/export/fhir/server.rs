//! Speaks to a FHIR server: certificates checked, no redirects, every wait bounded, every answer bounded.

use std::{collections::BTreeSet, fmt, net::IpAddr, sync::Arc, time::Duration};

use serde_json::Value;
use ureq::{
    Agent, http,
    tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem},
};

use super::answer::{self, Answer};
use crate::export::target::Trouble;

const CONNECT: Duration = Duration::from_secs(10);
/// A transaction of 200 entries takes a small server a while.
const WHOLE_REQUEST: Duration = Duration::from_secs(120);
/// A page of a search is the largest answer that is expected.
const BODY_BYTES: u64 = 16 << 20;
/// A server whose search has more pages than that has not understood it: five years of days are ten.
const PAGES: usize = 10_000;

/// A FHIR server, and how to get in.
pub(super) struct Server {
    agent: Agent,
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
        let stopped = |what: &str| Trouble::stopped(format!("{what}; nothing was sent"));
        let uri: http::Uri = base
            .parse()
            .map_err(|_| stopped("`url` is not an address. Write it as https://host/base of the FHIR server"))?;
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let at_home = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        if uri.query().is_some() || uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(stopped(
                "`url` holds a \"?\" or a user. Write the base address alone, and the token into the file that `secret` names",
            ));
        }
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if at_home => {}
            _ => return Err(stopped("days leave this computer over https alone. Write `url` as https://host/base")),
        }
        if token.as_deref().is_some_and(|token| http::HeaderValue::from_str(token).is_err()) {
            return Err(stopped(
                "the token holds characters that no token has. Write it anew into the file that `secret` names",
            ));
        }
        let roots = match ca_pem {
            None => RootCerts::WebPki,
            Some(pem) => {
                let certificates: Vec<Certificate<'static>> = parse_pem(pem)
                    .filter_map(|item| match item {
                        Ok(PemItem::Certificate(certificate)) => Some(certificate),
                        Ok(_) | Err(_) => None,
                    })
                    .collect();
                if certificates.is_empty() {
                    return Err(stopped(
                        "the file that `ca` names holds no certificate. It has to be PEM, with a line BEGIN CERTIFICATE",
                    ));
                }
                RootCerts::Specific(Arc::new(certificates))
            }
        };
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .https_only(!at_home)
            // Servers hang up on idle lines, some after five seconds; a request on such a line has no answer.
            .max_idle_age(Duration::from_secs(3))
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(WHOLE_REQUEST))
            .user_agent(concat!("brisk/", env!("CARGO_PKG_VERSION")))
            .tls_config(TlsConfig::builder().root_certs(roots).build());
        if at_home {
            config = config.proxy(None);
        }
        Ok(Self { agent: config.build().new_agent(), base, token })
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
        let base: http::Uri = self.base.parse().expect("parsed when it was made");
        let uri: http::Uri = url.parse().map_err(|_| {
            Trouble::passing("the FHIR server tells an address of a page that is none; it is asked again")
        })?;
        if uri.authority().is_none() {
            return Ok(match url.strip_prefix('/') {
                Some(path) => {
                    let authority = base.authority().map(http::uri::Authority::as_str).unwrap_or_default();
                    format!("{}://{authority}/{path}", base.scheme_str().unwrap_or_default())
                }
                None => format!("{}/{url}", self.base),
            });
        }
        if uri.scheme() != base.scheme() || uri.authority() != base.authority() {
            return Err(Trouble::stopped(format!(
                "the FHIR server sends to another one ({}) for what it holds, which is not asked. Tell the study; or put that address into `url`",
                uri.authority().map(http::uri::Authority::as_str).unwrap_or_default()
            )));
        }
        Ok(url.to_owned())
    }

    fn get_at(&self, url: &str) -> Result<Value, Unread> {
        let mut request = self
            .agent
            .get(url)
            .header("accept", "application/fhir+json")
            // Some servers answer the same search for a minute from memory.
            .header("cache-control", "no-cache");
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.answer(request.call())
    }

    /// Sends a bundle to the base address.
    pub fn post(&self, body: &[u8]) -> Result<Value, Trouble> {
        let mut request = self
            .agent
            .post(&self.base)
            .header("accept", "application/fhir+json")
            .header("content-type", "application/fhir+json")
            .header("prefer", "return=minimal");
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.answer(request.send(body)).map_err(Trouble::from)
    }

    fn answer(&self, answered: Result<http::Response<ureq::Body>, ureq::Error>) -> Result<Value, Unread> {
        let mut response = answered.map_err(|error| unanswered(&error))?;
        let text = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let content_type = text("content-type").unwrap_or_default();
        let retry_after = text("retry-after").and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
        let status = response.status().as_u16();
        let body =
            response.body_mut().with_config().limit(BODY_BYTES).read_to_vec().map_err(|error| unanswered(&error))?;
        answer::json(&Answer { status, content_type, retry_after, body })
            .map_err(|trouble| Unread { trouble: self.without_token(trouble), forbidden: status == 403 })
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

/// What it means that there is no answer.
fn unanswered(error: &ureq::Error) -> Trouble {
    let text = error.to_string();
    if matches!(error, ureq::Error::Rustls(_) | ureq::Error::Tls(_)) || text.contains("certificate") {
        return Trouble::stopped(format!(
            "the FHIR server's certificate is not one that is trusted ({text}); nothing was sent. If the study has an authority of its own, put the file with its certificate into `ca`"
        ));
    }
    Trouble::passing(format!(
        "the FHIR server does not answer ({text}); what it has is not known, and it is tried again"
    ))
}
