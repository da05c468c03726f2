//! Pages of other sites, and of other ports of this computer, behind a request.

use axum::{
    body::Body,
    http::{Method, StatusCode, header},
};

use crate::house::{House, ORIGIN, Sent as _, routes};

/// What a browser says when a page of somewhere else is behind a change.
const FOREIGN: [&[(&str, &str)]; 8] = [
    &[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
    &[("origin", "https://evil.example")],
    &[("origin", "null")],
    &[("origin", "http://localhost:3000"), ("sec-fetch-site", "same-site")],
    &[("origin", "http://127.0.0.1:8791")],
    &[("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "same-site")],
    &[("origin", ORIGIN), ("sec-fetch-site", "cross-site")],
];

#[tokio::test]
async fn no_page_of_somewhere_else_changes_anything_even_with_cookie_and_token() {
    let house = House::of(&["me"]);
    let browser = house.browser(&[]).await;
    let before = house.files();

    for path in routes() {
        for says in FOREIGN {
            for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
                let mut request = browser.request(method.clone(), &path);
                for (name, value) in says {
                    request = request.header(*name, *value);
                }
                let answer = house.ask(request.form(&[("token", &browser.token), ("hours", "2")])).await;
                assert_eq!(answer.code, StatusCode::FORBIDDEN, "{method} {path} {says:?}");
            }
        }
    }

    assert_eq!(house.files(), before);
}

#[tokio::test]
async fn a_page_of_somewhere_else_takes_in_no_part_of_ours() {
    let house = House::of(&["me"]);
    let browser = house.browser(&[]).await;
    let code = async |path: &str, site: &str, mode: &str, destination: &str| {
        let request = browser.request(Method::GET, path).header("sec-fetch-site", site);
        let request = request.header("sec-fetch-mode", mode).header("sec-fetch-dest", destination);
        house.ask(request.body(Body::empty()).unwrap()).await.code
    };

    for site in ["cross-site", "same-site"] {
        assert_eq!(code("/api/v1/today", site, "no-cors", "script").await, StatusCode::FORBIDDEN);
        assert_eq!(code("/api/v1/today", site, "cors", "empty").await, StatusCode::FORBIDDEN);
        assert_eq!(code("/", site, "navigate", "iframe").await, StatusCode::FORBIDDEN);
        assert_eq!(code("/", site, "navigate", "document").await, StatusCode::OK, "a link may be followed");
    }
    assert_eq!(code("/api/v1/today", "same-origin", "cors", "empty").await, StatusCode::OK);
    assert_eq!(code("/", "none", "navigate", "document").await, StatusCode::OK);
}

#[tokio::test]
async fn a_code_is_not_taken_from_a_page_of_somewhere_else() {
    let house = House::of(&["me"]);
    let code = house.app.door.new_code().unwrap();

    let request = crate::house::from(Method::POST, "/enter").header(header::ORIGIN, "https://evil.example");
    let answer = house.ask(request.form(&[("code", &code)])).await;

    assert_eq!(answer.code, StatusCode::FORBIDDEN);
    assert_eq!(house.type_code(&code, &[]).await.code, StatusCode::SEE_OTHER, "it is still good");
}
