//! What changes something carries the token of its browser.

use axum::{
    body::Body,
    http::{Method, StatusCode, header},
};

use crate::house::{House, ORIGIN, Sent as _, routes, token_in};

const CODE: &str = "/setup/network/code";

#[tokio::test]
async fn on_every_route_a_change_without_the_token_is_refused() {
    let house = House::of(&["me"]);
    let browser = house.browser(&[]).await;
    let other = house.browser(&[]).await;
    assert_ne!(browser.token, other.token);
    let before = house.files();

    for path in routes().iter().filter(|path| *path != "/enter" && !path.starts_with("/assets/")) {
        for token in ["", "0", &other.token, &browser.token[1..]] {
            let request = browser.request(Method::POST, path).header(header::ORIGIN, ORIGIN);
            let answer = house.ask(request.form(&[("token", token), ("hours", "2")])).await;
            assert_eq!(answer.code, StatusCode::FORBIDDEN, "{path} {token}");

            let request = browser.request(Method::POST, path).header(header::ORIGIN, ORIGIN);
            let request = request.header(header::CONTENT_TYPE, "application/json").header("x-brisk-token", token);
            let answer = house.ask(request.body(Body::from("{}")).unwrap()).await;
            assert_eq!(answer.code, StatusCode::FORBIDDEN, "{path} {token}");
        }
        let request = browser.request(Method::POST, path).header("sec-fetch-site", "same-origin");
        assert_eq!(house.ask(request.form(&[("a", "b")])).await.code, StatusCode::FORBIDDEN, "{path}");
    }

    assert_eq!(house.files(), before);
    assert!(house.app.door.current_code().is_none());
}

#[tokio::test]
async fn with_the_token_a_form_goes_through_and_keeps_its_fields() {
    let house = House::of(&["me"]);
    let browser = house.browser(&[]).await;

    let made = browser.post(CODE, &[]).await;
    let page = browser.get("/setup/network").await;
    let no_such_length = browser.post("/setup/network/expose", &[("hours", "900")]).await;

    assert_eq!((made.code, made.goes_to()), (StatusCode::SEE_OTHER, Some("/setup/network")));
    assert!(page.text.contains(&house.app.door.current_code().unwrap().0));
    assert_eq!(no_such_length.code, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn the_token_is_enough_where_a_browser_says_nothing_of_where_it_is() {
    let house = House::of(&["me"]);
    let browser = house.browser(&[]).await;

    let request = browser.request(Method::POST, CODE).form(&[("token", &browser.token)]);

    assert_eq!(house.ask(request).await.code, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn json_is_taken_under_its_own_name_alone_and_forms_under_theirs() {
    let house = House::of(&["me"]);
    let browser = house.browser(&[]).await;
    let send = async |kind: Option<&str>| {
        let mut request = browser.request(Method::POST, "/api/v1/data/verify").header("x-brisk-token", &browser.token);
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        house.ask(request.body(Body::from("null")).unwrap()).await.code
    };

    assert_eq!(send(Some("application/json")).await, StatusCode::OK);
    for kind in ["text/plain", "application/json; charset=utf-8", "text/json", "multipart/form-data; boundary=x", ""] {
        assert_eq!(send(Some(kind)).await, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
    }
    assert_eq!(send(None).await, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(send(Some("application/x-www-form-urlencoded")).await, StatusCode::FORBIDDEN, "no token field in it");
}

#[tokio::test]
async fn a_form_that_is_longer_than_any_of_ours_is_not_read() {
    let house = House::of(&["me"]);
    let browser = house.browser(&[]).await;
    let long = "a".repeat(70_000);

    assert_eq!(browser.post(CODE, &[("note", &long)]).await.code, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(house.type_code(&long, &[]).await.code, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(browser.post(CODE, &[("note", &long[..60_000])]).await.code, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_demo_needs_no_code_and_its_forms_still_carry_a_token() {
    let at = "127.0.0.1:8791".parse().unwrap();
    let house = House::with_door(&["me"], at, |door| door.into_open_house().unwrap());

    let today = house.get("/").await;
    let without = crate::house::from(Method::POST, "/setup/network/expose").header(header::ORIGIN, ORIGIN);
    let without = house.ask(without.form(&[("hours", "2")])).await;

    assert_eq!(today.code, StatusCode::OK);
    assert_eq!(without.code, StatusCode::FORBIDDEN);
    assert!(house.app.door.new_code().is_err());
    assert!(house.app.door.expose(None, "test").is_err());
    assert!(!house.get("/setup/network").await.text.contains("<form"));
}

#[tokio::test]
async fn the_token_stays_the_same_over_visits_and_restarts_of_the_page() {
    let house = House::of(&["me"]);
    let browser = house.browser(&[]).await;

    let again = browser.get("/setup/network").await;

    assert_eq!(token_in(&again.text), browser.token);
}
