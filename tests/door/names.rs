//! Names under which the pages are asked for, on every route; and what every answer says.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};

use crate::house::{HOST, House, routes};

/// Names that pages of somewhere else may make a browser ask under, or a program may write.
const FORGED: [&str; 14] = [
    "evil.example",
    "evil.example:8791",
    "localhost.evil.example:8791",
    "127.0.0.1.nip.io:8791",
    "localhost:9999",
    "localhost",
    "LOCALHOST:8791",
    "user@localhost:8791",
    "localhost:8791@evil.example",
    "[::1]:bad",
    "0.0.0.0:8791",
    "127.1:8791",
    "pi.local:8791",
    "",
];

fn asked(method: &Method, path: &str, hosts: &[&str], cookie: &str) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path).header(header::COOKIE, cookie);
    for host in hosts {
        request = request.header(header::HOST, *host);
    }
    request.body(Body::empty()).unwrap()
}

#[tokio::test]
async fn every_route_answers_under_its_own_names_alone() {
    let house = House::of(&["me"]);
    let cookie = house.browser(&[]).await.cookie;
    let mut tried: Vec<Vec<&str>> = FORGED.iter().map(|host| vec![*host]).collect();
    tried.extend([vec![], vec![HOST, "evil.example"], vec!["evil.example", HOST]]);

    for path in routes() {
        for method in [Method::GET, Method::HEAD, Method::POST, Method::OPTIONS, Method::DELETE] {
            for hosts in &tried {
                let answer = house.ask(asked(&method, &path, hosts, &cookie)).await;
                assert_eq!(answer.code, StatusCode::FORBIDDEN, "{method} {path} {hosts:?}");
            }
        }
        for host in [HOST, "127.0.0.1:8791", "[::1]:8791"] {
            let answer = house.ask(asked(&Method::GET, &path, &[host], &cookie)).await;
            assert_ne!(answer.code, StatusCode::FORBIDDEN, "{path} {host}");
        }
    }
}

#[tokio::test]
async fn an_address_that_names_another_host_is_refused() {
    let house = House::of(&["me"]);
    let request = asked(&Method::GET, "http://evil.example/", &[HOST], "");

    assert_eq!(house.ask(request).await.code, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn who_asks_under_another_name_is_told_the_right_one() {
    let house = House::of(&["me"]);

    let page = house.ask(asked(&Method::GET, "/", &["evil.example"], "")).await;
    let api = house.ask(asked(&Method::GET, "/api/v1/today", &["evil.example"], "")).await;

    assert!(page.text.contains("http://localhost:8791/"), "{}", page.text);
    assert!(api.text.starts_with(r#"{"error":"#), "{}", api.text);
}

#[tokio::test]
async fn every_answer_says_what_the_browser_may_do_with_it() {
    let house = House::of(&["me"]);
    let cookie = house.browser(&[]).await.cookie;

    for path in routes() {
        for (host, cookie) in [(HOST, cookie.as_str()), (HOST, ""), ("evil.example", "")] {
            for method in [Method::GET, Method::POST, Method::OPTIONS] {
                let answer = house.ask(asked(&method, &path, &[host], cookie)).await;
                let says = |name: &str| answer.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
                let policy = says("content-security-policy").unwrap();
                for part in ["default-src 'none'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"] {
                    assert!(policy.contains(part), "{path}: {policy}");
                }
                assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
                assert_eq!(says("x-content-type-options").as_deref(), Some("nosniff"), "{path}");
                assert_eq!(says("referrer-policy").as_deref(), Some("same-origin"), "{path}");
                assert_eq!(says("cross-origin-opener-policy").as_deref(), Some("same-origin"), "{path}");
                assert_eq!(says("cross-origin-resource-policy").as_deref(), Some("same-origin"), "{path}");
                assert!(path.starts_with("/assets/") || says("cache-control").as_deref() == Some("no-store"), "{path}");
                let opened = answer.headers.keys().find(|name| name.as_str().starts_with("access-control-"));
                assert_eq!(opened, None, "{method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn asking_changes_nothing() {
    let house = House::of(&["me"]);
    let browser = house.browser(&[]).await;
    let before = house.files();

    house.clock.go_on(std::time::Duration::from_secs(86_400));
    for path in routes() {
        browser.get(&path).await;
    }

    assert_eq!(house.files(), before);
}
