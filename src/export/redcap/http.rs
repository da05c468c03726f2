//! One request to REDCap's API and what came of it. Certificates are always checked, redirects never followed, and
//! answers read only up to a limit.

use std::{fmt, time::Duration};

use chrono::DateTime;
use rustls::CertificateError;
use ureq::{
    Agent, Body, RequestBuilder,
    http::{Response, Uri, header},
    tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem},
    typestate::WithBody,
};

use super::super::target::Trouble;

const CONNECT_WITHIN: Duration = Duration::from_secs(10);
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
/// A data dictionary of ten thousand fields is smaller.
const LARGEST_ANSWER: u64 = 16 * 1024 * 1024;

/// The token of a project. `Debug` hides it.
struct Token(String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(hidden)")
    }
}

/// A project's API.
#[derive(Debug)]
pub(super) struct Api {
    agent: Agent,
    url: String,
    host: String,
    token: Token,
}

/// An answer as it came.
#[derive(Debug)]
pub(super) struct Reply {
    /// Status of HTTP.
    pub(super) status: u16,
    /// Whether it says that it is JSON.
    pub(super) is_json: bool,
    /// Its text, without the token should it hold that.
    pub(super) body: String,
    /// How long it asks to be left alone.
    pub(super) after: Option<Duration>,
}

impl Api {
    /// # Errors
    /// When the address, the token or the certificate cannot be used.
    pub(super) fn new(url: &str, token: String, ca_pem: Option<&[u8]>) -> Result<Self, Trouble> {
        Self::within(ANSWER_WITHIN, url, token, ca_pem)
    }

    fn within(limit: Duration, url: &str, token: String, ca_pem: Option<&[u8]>) -> Result<Self, Trouble> {
        let (host, is_loopback) = checked_address(url)?;
        let is_token = token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_token {
            return Err(Trouble::stopped(
                "what stands in the file of `secret` is not the API token of a REDCap project, which is 32 digits and letters A to F; nothing was sent. Ask the study's data manager for it",
            ));
        }
        let tls = TlsConfig::builder().root_certs(match ca_pem {
            Some(pem) => RootCerts::new_with_certs(&authorities(pem)?),
            None => RootCerts::WebPki,
        });
        let config = Agent::config_builder()
            .timeout_resolve(Some(CONNECT_WITHIN))
            .timeout_connect(Some(CONNECT_WITHIN))
            .timeout_global(Some(limit))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .https_only(!is_loopback)
            .user_agent(concat!("brisk/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls.build());
        // What does not leave this computer does not go through its proxy.
        let config = if is_loopback { config.proxy(None) } else { config };
        Ok(Self { agent: config.build().new_agent(), url: url.to_owned(), host, token: Token(token) })
    }

    /// Where it is, for people to read.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Sends a form, with the token and the wish for JSON, and reads the answer.
    ///
    /// # Errors
    /// When there is no whole answer.
    pub(super) fn ask(&self, form: &[(&str, &str)]) -> Result<Reply, Trouble> {
        let common = [("token", self.token.0.as_str()), ("format", "json"), ("returnFormat", "json")];
        let request: RequestBuilder<WithBody> = self.agent.post(&self.url).header(header::ACCEPT, "application/json");
        let answer = request.send_form(common.iter().chain(form).copied());
        let answer = answer.map_err(|error| self.trouble(&error))?;
        let status = answer.status().as_u16();
        let is_json = answer.body().mime_type().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
        let after = retry_after(&answer);
        let body = answer.into_body().into_with_config().limit(LARGEST_ANSWER).lossy_utf8(true).read_to_string();
        let body = body.map_err(|error| self.trouble(&error))?.replace(&self.token.0, "(token)");
        Ok(Reply { status, is_json, body, after })
    }

    fn trouble(&self, error: &ureq::Error) -> Trouble {
        let host = &self.host;
        if let Some(rustls::Error::InvalidCertificate(why)) = tls_error(error) {
            return certificate_trouble(host, why);
        }
        Trouble::passing(match error {
            ureq::Error::HostNotFound => {
                format!("{host} cannot be found: there is no network, or `url` names another server")
            }
            ureq::Error::Timeout(_) => format!("{host} did not answer in time"),
            ureq::Error::ConnectionFailed => format!("{host} cannot be reached"),
            ureq::Error::BodyExceedsLimit(_) => format!("{host} answered with more than a REDCap project says"),
            error => format!("the line to {host} failed ({error})"),
        })
    }
}

/// Host of an address of REDCap's API, and whether that is this computer.
fn checked_address(url: &str) -> Result<(String, bool), Trouble> {
    let refuse = |why: &str| {
        Trouble::stopped(format!(
            "`url` of the REDCap project {why}; nothing was sent. It has the form https://redcap.example.org/api/"
        ))
    };
    let uri: Uri = url.parse().map_err(|_| refuse("is not an address"))?;
    let authority = uri.authority().ok_or_else(|| refuse("names no server"))?;
    if authority.as_str().contains('@') {
        return Err(refuse("holds a name or a password, which has no place there"));
    }
    let host = authority.host();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback =
        bare.eq_ignore_ascii_case("localhost") || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    match uri.scheme_str() {
        Some("https") => {}
        Some("http") if is_loopback => {}
        _ => return Err(refuse("does not begin with https://, and the way to it would be open to others")),
    }
    if !uri.path().ends_with("/api/") || uri.query().is_some() {
        return Err(refuse("does not end in /api/"));
    }
    Ok((authority.as_str().to_owned(), is_loopback))
}

fn authorities(pem: &[u8]) -> Result<Vec<Certificate<'static>>, Trouble> {
    let items: Result<Vec<_>, _> = parse_pem(pem).collect();
    let certificates: Vec<_> = items
        .unwrap_or_default()
        .into_iter()
        .filter_map(|item| if let PemItem::Certificate(certificate) = item { Some(certificate) } else { None })
        .collect();
    if certificates.is_empty() {
        return Err(Trouble::stopped(
            "the file of `ca` holds no certificate; nothing was sent. It is a text that begins with -----BEGIN CERTIFICATE-----",
        ));
    }
    Ok(certificates)
}

/// What TLS said, wherever it stands in the error.
fn tls_error(error: &ureq::Error) -> Option<&rustls::Error> {
    if let ureq::Error::Rustls(error) = error {
        return Some(error);
    }
    let ureq::Error::Io(error) = error else { return None };
    let mut inner: Option<&(dyn std::error::Error + 'static)> = error.get_ref().map(|inner| inner as _);
    while let Some(error) = inner {
        if let Some(tls) = error.downcast_ref() {
            return Some(tls);
        }
        inner = error.source();
    }
    None
}

fn certificate_trouble(host: &str, why: &CertificateError) -> Trouble {
    match why {
        // Nobody here can act: the server gets a new one, or this computer learns the time.
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => Trouble::passing(format!(
            "the certificate of {host} is not valid today, so nothing was sent. If the date of this computer is right, tell the study"
        )),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Trouble::stopped(format!(
                "the certificate that {host} shows is another server's, so nothing was sent. Check `url`; if it is right, ask the study before going on"
            ))
        }
        _ => Trouble::stopped(format!(
            "nobody whom this computer trusts vouches for the certificate of {host} ({why}), so nothing was sent. If the server has an authority of its own, set `ca` to the file of its certificate; if not, ask the study before going on"
        )),
    }
}

/// `Retry-After` in seconds, or as a moment, which is then measured from the server's own `Date`.
fn retry_after(answer: &Response<Body>) -> Option<Duration> {
    let text = |name| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let asked = text(header::RETRY_AFTER)?;
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = DateTime::parse_from_rfc2822(asked).ok()?;
    let now = DateTime::parse_from_rfc2822(text(header::DATE)?).ok()?;
    (until - now).to_std().ok()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_server_that_says_nothing_is_not_waited_for_without_end() {
        // The system takes the line, and nobody ever reads from it.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/api/", listener.local_addr().unwrap());
        let api = Api::within(Duration::from_millis(50), &url, "0".repeat(32), None).unwrap();

        let trouble = api.ask(&[("content", "version")]).unwrap_err();

        assert_eq!(trouble, Trouble::passing(format!("{} did not answer in time", api.host())));
    }

    #[test]
    fn only_this_computer_may_be_asked_without_tls() {
        for (url, is_loopback) in [
            ("http://127.0.0.1/api/", true),
            ("http://127.9.9.9:8080/redcap/api/", true),
            ("http://[::1]:8080/api/", true),
            ("http://localhost/api/", true),
            ("https://redcap.example.org/redcap/api/", false),
        ] {
            assert_eq!(checked_address(url).map(|(_, is_loopback)| is_loopback), Ok(is_loopback), "{url}");
        }
        for url in ["http://10.0.0.1/api/", "http://localhost.example.org/api/", "http://[::2]/api/", "http:///api/"] {
            assert!(checked_address(url).is_err(), "{url}");
        }
    }
}
