//! Other computers: let in on purpose, for a while, and then no more.

use std::{net::TcpListener, sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use brisk::web::{
    door::exposure::{WebDecision, own_address},
    listen,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;

use crate::house::{House, from_afar};

/// A home whose pages have a port of their own, and their listener on this computer.
fn house() -> (House, TcpListener) {
    let here = listen::bind_here("127.0.0.1:0".parse().unwrap()).unwrap();
    (House::with_door(&["me"], here.local_addr().unwrap(), |door| door), here)
}

async fn code_from(house: &House, peer: &str, host: &str) -> StatusCode {
    let request = Request::builder().method(Method::GET).uri("/enter").header(header::HOST, host);
    let request = request.extension(from_afar(peer, "192.168.1.5"));
    house.ask(request.body(Body::empty()).unwrap()).await.code
}

#[tokio::test]
async fn another_computer_is_refused_until_it_is_let_in_and_one_of_the_world_always() {
    let (house, here) = house();
    let port = here.local_addr().unwrap().port();
    let host = format!("192.168.1.5:{port}");

    assert_eq!(code_from(&house, "192.168.1.20", &host).await, StatusCode::FORBIDDEN);
    house.app.door.expose(Some(Duration::from_secs(7200)), "test").unwrap();
    assert_eq!(code_from(&house, "192.168.1.20", &host).await, StatusCode::OK);
    assert_eq!(code_from(&house, "192.168.1.20", &format!("evil.example:{port}")).await, StatusCode::FORBIDDEN);
    assert_eq!(code_from(&house, "192.168.1.20", &format!("192.168.1.6:{port}")).await, StatusCode::FORBIDDEN);
    assert_eq!(code_from(&house, "8.8.8.8", &host).await, StatusCode::FORBIDDEN);
    house.app.door.close("test").unwrap();
    assert_eq!(code_from(&house, "192.168.1.20", &host).await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn who_let_others_in_and_when_stands_in_the_journal() {
    let (house, _here) = house();

    house.app.door.expose(Some(Duration::from_secs(7200)), "command line").unwrap();
    house.app.door.expose(None, "browser 0011aabb").unwrap();
    house.app.door.close("command line").unwrap();
    house.app.door.close("command line").unwrap();

    let decided = house.app.store.decisions().unwrap();
    let told: Vec<_> = decided
        .iter()
        .map(|one| (one.actor.as_str(), serde_json::from_str::<WebDecision>(&one.json).unwrap()))
        .collect();
    let until = decided[0].at + chrono::TimeDelta::hours(2);
    assert_eq!(
        told,
        [
            ("command line", WebDecision::Exposed { until: Some(until) }),
            ("browser 0011aabb", WebDecision::Exposed { until: None }),
            ("command line", WebDecision::Closed),
        ]
    );
}

#[tokio::test]
async fn a_decision_holds_over_a_restart_until_its_end() {
    for (length, resumes) in [(None, true), (Some(7200), true), (Some(60), false)] {
        let (house, _here) = house();
        house.app.door.expose(length.map(Duration::from_secs), "test").unwrap();
        let (next, _there) = self::house();
        for one in house.app.store.decisions().unwrap() {
            next.app.store.append_decision(one.at, &one.actor, &one.json).unwrap();
        }
        next.clock.go_on(Duration::from_secs(120));

        next.app.door.resume();

        assert_eq!(next.app.door.exposed().is_some(), resumes, "{length:?}");
    }
}

#[tokio::test]
async fn a_closed_door_stays_closed_over_a_restart() {
    let (house, _here) = house();
    house.app.door.expose(None, "test").unwrap();
    house.app.door.close("test").unwrap();

    house.app.door.resume();

    assert!(house.app.door.exposed().is_none());
}

#[tokio::test]
async fn who_closes_a_door_that_could_not_be_opened_finds_it_closed_after_the_next_start() {
    let (house, _here) = house();
    house.app.door.expose(None, "test").unwrap();
    let (next, _there) = self::house();
    for one in house.app.store.decisions().unwrap() {
        next.app.store.append_decision(one.at, &one.actor, &one.json).unwrap();
    }

    next.app.door.close("test").unwrap();
    next.app.door.resume();

    assert!(next.app.door.exposed().is_none());
}

/// Answers other computers, and says how to reach them as another would; none where this machine has no address.
fn serve(house: &House, here: &TcpListener, stop: &CancellationToken) -> Option<String> {
    let Some(address) = own_address() else {
        println!("this machine has no address but its own: nothing is compared");
        return None;
    };
    tokio::spawn(listen::serve_others(Arc::clone(&house.app.door), house.router(), stop.clone()));
    Some(format!("{address}:{}", here.local_addr().unwrap().port()))
}

/// Asks for a page and keeps the connection; what came of it.
async fn connected(at: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream.write_all(format!("GET /enter HTTP/1.1\r\nHost: {at}\r\n\r\n").as_bytes()).await.unwrap();
    let mut head = [0; 12];
    stream.read_exact(&mut head).await.unwrap();
    (stream, String::from_utf8_lossy(&head).into_owned())
}

async fn is_cut(mut stream: TcpStream) -> bool {
    let mut rest = Vec::new();
    tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut rest)).await.is_ok()
}

/// Waits until nobody answers there any more.
async fn until_closed(at: &str) {
    let closed = async {
        while TcpStream::connect(at).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), closed).await.expect("the port closes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_port_opens_for_others_and_closes_with_everything_under_way() {
    let (house, here) = house();
    let stop = CancellationToken::new();
    let Some(at) = serve(&house, &here, &stop) else { return };
    assert!(TcpStream::connect(&at).await.is_err(), "nobody listens before");

    house.app.door.expose(None, "test").unwrap();
    let (open, answer) = connected(&at).await;
    house.app.door.close("test").unwrap();

    assert_eq!(answer, "HTTP/1.1 200");
    assert!(is_cut(open).await, "a connection that was open is cut");
    until_closed(&at).await;
    house.app.door.expose(None, "test").unwrap();
    assert_eq!(connected(&at).await.1, "HTTP/1.1 200", "and again");
    stop.cancel();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_port_closes_by_itself_when_the_time_is_over() {
    let (house, here) = house();
    let stop = CancellationToken::new();
    let Some(at) = serve(&house, &here, &stop) else { return };

    house.app.door.expose(Some(Duration::from_secs(7200)), "test").unwrap();
    let (open, _) = connected(&at).await;
    house.clock.go_on(Duration::from_secs(7199));
    assert!(house.app.door.exposed().is_some());
    // The hands go on until whoever looks at them has seen it.
    while house.app.door.exposed().is_some() {
        house.clock.go_on(Duration::from_secs(1));
        tokio::task::yield_now().await;
    }

    assert!(is_cut(open).await);
    until_closed(&at).await;
    stop.cancel();
}

#[tokio::test(start_paused = true)]
async fn who_asks_half_a_question_and_falls_silent_is_cut() {
    let (house, here) = house();
    let at = here.local_addr().unwrap();
    let router = house.router();
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let serving = tokio::spawn(async move { listen::serve_here(&here, router, stopped).await });
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream.write_all(b"GET /enter HTTP/1.1\r\nHo").await.unwrap();

    // The hands go on by themselves while nobody does anything.
    let mut rest = Vec::new();
    let cut = tokio::time::timeout(Duration::from_secs(120), stream.read_to_end(&mut rest)).await;

    assert!(cut.is_ok(), "the connection is kept");
    stop.cancel();
    serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn two_of_us_never_share_a_port() {
    let first = listen::bind_here("127.0.0.1:0".parse().unwrap()).unwrap();
    let at = first.local_addr().unwrap();

    assert!(listen::bind_here(at).is_err());
}

#[tokio::test]
async fn a_port_of_another_program_is_said_to_be_one_and_nobody_is_let_in() {
    let taken = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    let at = format!("127.0.0.1:{}", taken.local_addr().unwrap().port()).parse().unwrap();
    let house = House::with_door(&["me"], at, |door| door);

    let refused = house.app.door.expose(None, "test").unwrap_err();

    assert_eq!(refused.phrase().key, "door-cannot-listen");
    assert!(house.app.door.exposed().is_none());
    assert_eq!(house.app.store.decisions().unwrap().len(), 0);
}
