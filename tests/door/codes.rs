//! Letting a browser in, once, by a code; and out again.

use std::time::Duration;

use axum::http::{StatusCode, header};
use brisk::{
    person::{OwnDecision, settings::SettingsChange},
    web::door::browsers::Which,
};

use crate::house::{House, routes};

#[tokio::test]
async fn without_a_code_there_is_a_door_and_nothing_else() {
    let house = House::of(&["me"]);

    for path in routes() {
        let answer = house.get(&path).await;
        if path.starts_with("/api/") {
            assert_eq!(answer.code, StatusCode::UNAUTHORIZED, "{path}");
        } else if path == "/enter" || path == "/assets/style.css" {
            assert_eq!(answer.code, StatusCode::OK, "{path}");
        } else if !path.starts_with("/assets/") {
            assert_eq!((answer.code, answer.goes_to()), (StatusCode::SEE_OTHER, Some("/enter")), "{path}");
            assert!(answer.text.is_empty(), "{path}");
        }
        assert_eq!(answer.headers.get(header::SET_COOKIE), None);
    }
}

#[tokio::test]
async fn a_code_lets_one_browser_in_and_then_is_used_up() {
    let house = House::of(&["me"]);
    let code = house.app.door.new_code().unwrap();

    let first = house.type_code(&code, &[]).await;
    let replayed = house.type_code(&code, &[]).await;

    assert_eq!((first.code, first.goes_to()), (StatusCode::SEE_OTHER, Some("/")));
    let cookie = first.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.contains("; HttpOnly; SameSite=Strict; Path=/;"), "{cookie}");
    assert_eq!(replayed.code, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(replayed.headers.get(header::SET_COOKIE), None);
    assert!(replayed.text.contains(&format!("value=\"{code}\"")), "what was typed is kept");
    assert_eq!(house.app.door.list().len(), 1);
}

#[tokio::test]
async fn a_code_ends_after_ten_minutes() {
    let house = House::of(&["me"]);
    let code = house.app.door.new_code().unwrap();

    house.clock.go_on(Duration::from_secs(600));

    assert_eq!(house.type_code(&code, &[]).await.code, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn who_guesses_has_to_wait_and_is_told_so_kindly() {
    let house = House::of(&["me"]);
    let code = house.app.door.new_code().unwrap();
    let wrong = if code == "0000-0000" { "0000-0001" } else { "0000-0000" };
    for _ in 0..3 {
        assert_eq!(house.type_code(wrong, &[]).await.code, StatusCode::UNPROCESSABLE_ENTITY);
    }

    let waits = house.type_code(&code, &[]).await;
    house.clock.go_on(Duration::from_secs(6));
    let later = house.type_code(&code, &[]).await;

    assert_eq!(waits.code, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(waits.headers[header::RETRY_AFTER], "6");
    assert!(waits.text.contains("Let 6 seconds pass"), "{}", waits.text);
    assert_eq!(later.code, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_code_cannot_be_guessed_within_its_life() {
    let house = House::of(&["me"]);
    let code = house.app.door.new_code().unwrap();
    let mut looked_at = 0;

    for number in 0..600 {
        let guess = format!("{number:08}");
        if guess != code.replace('-', "") && house.type_code(&guess, &[]).await.code != StatusCode::TOO_MANY_REQUESTS {
            looked_at += 1;
        }
        house.clock.go_on(Duration::from_secs(1));
    }

    assert!(looked_at <= 12, "{looked_at} of a hundred million");
}

#[tokio::test]
async fn where_several_live_the_code_comes_first_and_then_whose_pages() {
    let house = House::of(&["anna", "ben"]);
    let closed = house.get("/enter").await;
    let code = house.app.door.new_code().unwrap();

    let choice = house.type_code(&code, &[]).await;
    let nobody = house.type_code(&code, &[("person", "carl")]).await;
    let chosen = house.type_code(&code, &[("person", "ben")]).await;

    assert!(!closed.text.contains("anna"), "who lives here is told to nobody without a code");
    assert_eq!(choice.code, StatusCode::OK);
    assert!(choice.text.contains(r#"value="anna""#) && choice.text.contains(r#"value="ben""#), "{}", choice.text);
    assert_eq!(nobody.code, StatusCode::OK, "the choice again");
    assert_eq!(chosen.code, StatusCode::SEE_OTHER);
    assert_eq!(house.app.door.list()[0].person.as_str(), "ben");
}

#[tokio::test]
async fn who_took_their_name_away_is_chosen_by_their_id() {
    let house = House::of(&["anna", "ben"]);
    let anna = house.app.book.person(Some(&"anna".parse().unwrap())).unwrap();
    let label = Some(String::new());
    let unnamed = SettingsChange { participant: anna.id.clone(), label, language: None, zone: None };
    let now = house.app.clock.utc();
    house.app.book.decide(&anna, OwnDecision::SettingsChanged(unnamed), "person", now).unwrap();
    let code = house.app.door.new_code().unwrap();

    let choice = house.type_code(&code, &[]).await;

    assert!(choice.text.contains(">anna</label>"), "{}", choice.text);
}

#[tokio::test]
async fn a_browser_of_one_person_learns_nothing_of_another() {
    let house = House::of(&["anna", "ben"]);
    let browser = house.browser(&[("person", "ben")]).await;
    let code = async |path: &str| browser.get(path).await.code;

    assert_eq!(code("/api/v1/goals?person=ben").await, StatusCode::OK);
    for path in [
        "/api/v1/goals?person=anna",
        "/api/v1/goals?person=%61nna",
        "/api/v1/goals?person=ben&person=anna",
        "/api/v1/goals",
        "/api/v1/days",
        "/api/v1/days?person=anna",
        // These tell of everybody, whoever is named.
        "/api/v1/status?person=ben",
        "/api/v1/doctor?person=ben",
        "/api/v1/devices/pairing?person=ben",
    ] {
        assert_eq!(code(path).await, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn a_browser_that_is_let_in_no_more_stands_before_the_door() {
    let house = House::of(&["me"]);
    let (one, other) = (house.browser(&[]).await, house.browser(&[]).await);
    let id = house.app.door.list()[0].id.clone();

    let done = other.post("/setup/network/revoke", &[("browser", &id)]).await;

    assert_eq!(done.code, StatusCode::SEE_OTHER);
    assert_eq!(one.get("/").await.goes_to(), Some("/enter"));
    assert_eq!(other.get("/").await.code, StatusCode::OK);
    assert_eq!(house.app.door.revoke(&Which::All).unwrap(), 1);
    assert_eq!(other.get("/").await.goes_to(), Some("/enter"));
}

#[tokio::test]
async fn the_routes_of_the_control_socket_are_none_of_a_browsers() {
    let house = House::of(&["me"]);
    let browser = house.browser(&[]).await;

    for path in ["/api/v1/web", "/api/v1/web/code", "/api/v1/web/expose", "/api/v1/web/revoke"] {
        assert_eq!(browser.get(path).await.code, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(browser.post(path, &[]).await.code, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn the_door_speaks_the_language_that_the_browser_asks_for() {
    let house = House::of(&["me"]);
    let request =
        crate::house::from(axum::http::Method::GET, "/enter").header(header::ACCEPT_LANGUAGE, "nb,he-IL;q=0.8");

    let page = house.ask(request.body(axum::body::Body::empty()).unwrap()).await;

    assert!(page.text.contains(r#"<html lang="he" dir="rtl">"#), "{}", page.text);
}
