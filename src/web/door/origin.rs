//! Whether a page of somewhere else is behind a request. Browsers say it in two headers that no page can write.

use axum::http::{HeaderMap, HeaderName, Method, header};

/// How the page that asks stands to the one that is asked.
const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// What the answer is for.
const MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const DESTINATION: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// Whether a request of this kind is there to change something. Everything but asking is.
pub fn changes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD)
}

/// Whether a page of somewhere else asks: another site, or another port of this computer. Following a link to a whole
/// page is fine, since nothing changes by it and the other page does not see what comes.
///
/// `host` is the `Host` that was asked for, and is one of ours.
pub fn is_elsewhere(method: &Method, headers: &HeaderMap, host: &str) -> bool {
    let says = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let own = format!("http://{host}");
    let other_site = says(&SITE).is_some_and(|site| site != "same-origin" && site != "none");
    if changes(method) {
        return other_site || says(&header::ORIGIN).is_some_and(|origin| origin != own);
    }
    let follows_a_link = says(&MODE) == Some("navigate") && says(&DESTINATION) == Some("document");
    other_site && !follows_a_link
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elsewhere(method: &Method, says: &[(&str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in says {
            headers.insert(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        is_elsewhere(method, &headers, "localhost:8791")
    }

    #[test]
    fn a_change_comes_from_a_page_of_ours() {
        let post = |says: &[(&str, &str)]| elsewhere(&Method::POST, says);

        assert!(!post(&[("origin", "http://localhost:8791"), ("sec-fetch-site", "same-origin")]));
        assert!(!post(&[("sec-fetch-site", "none")]));
        assert!(!post(&[]));
        for origin in [
            "null",
            "",
            "https://evil.example",
            "http://localhost",
            "http://localhost:3000",
            "https://localhost:8791",
            "http://127.0.0.1:8791",
            "http://localhost:8791.evil.example",
        ] {
            assert!(post(&[("origin", origin)]), "{origin}");
            assert!(post(&[("origin", origin), ("sec-fetch-site", "same-origin")]), "{origin}");
        }
        for site in ["cross-site", "same-site", "something-new"] {
            assert!(post(&[("sec-fetch-site", site)]), "{site}");
            assert!(post(&[("origin", "http://localhost:8791"), ("sec-fetch-site", site)]), "{site}");
        }
        assert!(elsewhere(&Method::DELETE, &[("origin", "null")]));
        assert!(elsewhere(&Method::OPTIONS, &[("origin", "https://evil.example")]));
    }

    #[test]
    fn another_site_may_link_to_a_page_and_not_take_in_its_parts() {
        let get = |mode: &str, destination: &str| {
            let says = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", mode), ("sec-fetch-dest", destination)];
            elsewhere(&Method::GET, &says)
        };

        assert!(!get("navigate", "document"));
        assert!(get("navigate", "iframe"));
        assert!(get("no-cors", "script"));
        assert!(get("cors", "empty"));
        assert!(!elsewhere(&Method::GET, &[]));
    }
}
