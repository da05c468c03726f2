//! HTTP to a trial database: certificates are always checked, redirects never followed, every wait and every answer is
//! bounded, and nothing leaves this computer without TLS.

use std::{net::IpAddr, time::Duration};

use chrono::DateTime;
use rustls::CertificateError;
use ureq::{
    Agent, Body,
    http::{HeaderName, Response, Uri, header},
    tls::{PemItem, RootCerts, TlsConfig, parse_pem},
};

use super::target::Trouble;

const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// A page of a search, or a data dictionary of ten thousand fields, is smaller.
const LARGEST_ANSWER: u64 = 16 << 20;

/// The way to a trial database.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) agent: Agent,
    /// The address, checked.
    pub(super) url: Uri,
}

/// An answer as it came.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// Status of HTTP.
    pub(super) status: u16,
    /// What it says that it is; empty when it does not say.
    pub(super) content_type: String,
    /// How long it asks to be left alone.
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Vec<u8>,
}

impl Client {
    /// A way to `url`, which has the form that `form` shows to people; a request with its answer takes no longer than
    /// `within`. Sends nothing.
    ///
    /// # Errors
    /// When the address or the certificate cannot be used.
    pub(super) fn new(url: &str, form: &str, ca_pem: Option<&[u8]>, within: Duration) -> Result<Self, Trouble> {
        let (url, is_loopback) = checked(url).map_err(|why| refused(why, form))?;
        let root_certs = match ca_pem {
            Some(pem) => authorities(pem)?,
            None => RootCerts::WebPki,
        };
        let config = Agent::config_builder()
            .timeout_resolve(Some(CONNECT_WITHIN))
            .timeout_connect(Some(CONNECT_WITHIN))
            .timeout_global(Some(within))
            // Servers hang up on idle lines, some after five seconds; a request on such a line has no answer.
            .max_idle_age(Duration::from_secs(3))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .https_only(!is_loopback)
            .user_agent(concat!("brisk/", env!("CARGO_PKG_VERSION")))
            .tls_config(TlsConfig::builder().root_certs(root_certs).build());
        // What does not leave this computer does not go through its proxy.
        let config = if is_loopback { config.proxy(None) } else { config };
        Ok(Self { agent: config.build().new_agent(), url })
    }

    /// Where it is, for people to read.
    pub(super) fn host(&self) -> &str {
        self.url.authority().map_or("", |authority| authority.as_str())
    }

    /// Reads an answer.
    ///
    /// # Errors
    /// When there is no whole one.
    pub(super) fn read(&self, answered: Result<Response<Body>, ureq::Error>) -> Result<Answer, Trouble> {
        let answer = answered.map_err(|error| self.unanswered(&error))?;
        let status = answer.status().as_u16();
        let content_type = header_text(&answer, header::CONTENT_TYPE).unwrap_or_default().to_owned();
        let retry_after = retry_after(&answer);
        let body = answer.into_body().into_with_config().limit(LARGEST_ANSWER).read_to_vec();
        let body = body.map_err(|error| self.unanswered(&error))?;
        Ok(Answer { status, content_type, retry_after, body })
    }

    /// What it means that there is no answer.
    fn unanswered(&self, error: &ureq::Error) -> Trouble {
        let host = self.host();
        if let Some(rustls::Error::InvalidCertificate(why)) = tls_error(error) {
            return certificate_trouble(host, why);
        }
        let what = match error {
            ureq::Error::Tls(why) => {
                return Trouble::stopped(format!(
                    "there can be no encrypted line to {host} ({why}), so nothing was sent. Check `url`"
                ));
            }
            ureq::Error::HostNotFound => {
                format!("{host} cannot be found: there is no network, or `url` names another server")
            }
            ureq::Error::Timeout(_) => format!("{host} did not answer in time"),
            ureq::Error::ConnectionFailed => format!("{host} cannot be reached"),
            ureq::Error::BodyExceedsLimit(_) => format!("{host} answered with more than was asked for"),
            error => format!("the line to {host} failed ({error})"),
        };
        Trouble::passing(format!("{what}; what it has is not known, and it is tried again"))
    }
}

/// An address that cannot be used, and the form that it has to have.
pub(super) fn refused(why: &str, form: &str) -> Trouble {
    Trouble::stopped(format!("`url` {why}; nothing was sent. It has the form {form}"))
}

/// An address, and whether it is this computer; or why it cannot be used.
fn checked(url: &str) -> Result<(Uri, bool), &'static str> {
    let uri: Uri = url.parse().map_err(|_| "is not an address")?;
    let authority = uri.authority().ok_or("names no server")?;
    if authority.as_str().contains('@') {
        return Err("holds a name or a password, which has no place there");
    }
    if uri.query().is_some() {
        return Err("holds a \"?\", which has no place there");
    }
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let is_loopback = host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    match uri.scheme_str() {
        Some("https") => {}
        Some("http") if is_loopback => {}
        _ => return Err("does not begin with https://, and the way to it would be open to others"),
    }
    Ok((uri, is_loopback))
}

fn authorities(pem: &[u8]) -> Result<RootCerts, Trouble> {
    let certificates: Vec<_> = parse_pem(pem)
        .filter_map(|item| if let Ok(PemItem::Certificate(certificate)) = item { Some(certificate) } else { None })
        .collect();
    if certificates.is_empty() {
        return Err(Trouble::stopped(
            "the file of `ca` holds no certificate; nothing was sent. It is a text that begins with -----BEGIN CERTIFICATE-----",
        ));
    }
    Ok(certificates.into())
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
            "the certificate of {host} is not valid today, so nothing was sent; it is tried again. If the date of this computer is right, tell the study"
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

fn header_text(answer: &Response<Body>, name: HeaderName) -> Option<&str> {
    answer.headers().get(name)?.to_str().ok().map(str::trim)
}

/// `Retry-After` in seconds, or as a moment, which is then measured from the server's own `Date`.
fn retry_after(answer: &Response<Body>) -> Option<Duration> {
    let asked = header_text(answer, header::RETRY_AFTER)?;
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = DateTime::parse_from_rfc2822(asked).ok()?;
    let now = DateTime::parse_from_rfc2822(header_text(answer, header::DATE)?).ok()?;
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
        let client = Client::new(&url, "", None, Duration::from_millis(50)).unwrap();

        let trouble = client.read(client.agent.get(&url).call()).unwrap_err();

        let Trouble::Passing { what, .. } = &trouble else { panic!("{trouble:?}") };
        assert!(what.starts_with(&format!("{} did not answer in time;", client.host())), "{what}");
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
            assert_eq!(checked(url).map(|(_, is_loopback)| is_loopback), Ok(is_loopback), "{url}");
        }
        for url in ["http://10.0.0.1/api/", "http://localhost.example.org/api/", "http://[::2]/api/", "http:///api/"] {
            assert!(checked(url).is_err(), "{url}");
        }
    }
}
