//! How commands reach the router: over the socket of the daemon that holds the data or, when none
//! does, in this process on the opened store. One code path either way.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, anyhow};
use axum::{Router, body::Body};
use chrono::DateTime;
use http_body_util::BodyExt as _;
use hyper::{Method, Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde::{Serialize, de::DeserializeOwned};
use tokio::net::UnixStream;
use tower::ServiceExt as _;

use crate::{
    api::{self, App, Asked, BoardEntry, DaysReply, ErrorReply},
    config::{Config, RadioKind},
    daemon,
    days::DayBook,
    devices,
    model::{DayTotal, ParticipantId},
    pairing::PairingDesk,
    radio::{any::AnyRadio, btleplug::BluetoothRadio},
    store::{self, Store},
    time::{Clock, SystemClock},
    web::door::Door,
};

/// Rebuilding five years of data takes seconds; a daemon that says nothing for this long is stuck.
const ANSWER_WITHIN: Duration = Duration::from_secs(120);

/// The same for what reads and writes everything of somebody: many years on a slow card take long.
const LONG_WORK_WITHIN: Duration = Duration::from_secs(30 * 60);

/// Where requests go.
pub enum Client {
    /// To the daemon at this socket, with this process id as far as it is known.
    Daemon { socket: PathBuf, process_id: Option<u32> },
    /// To the router in this process.
    Here(Router),
}

/// What a command asks for, and its answer.
pub struct Session {
    client: Client,
    runtime: tokio::runtime::Runtime,
}

impl Session {
    /// Finds the daemon that holds the data, or the one at the system's socket when there are none here, or
    /// opens them.
    pub fn open(config: &Config, dir: &Path, system: Option<PathBuf>) -> anyhow::Result<Self> {
        let runtime = daemon::runtime().context("cannot start: the operating system refuses threads")?;
        if let Some(holder) = store::lock::holder(dir) {
            let process_id = holder.pid;
            // A daemon that is just starting has the data and no socket yet.
            let socket = holder.socket.ok_or(Unreachable(process_id))?;
            return Ok(Self { client: Client::Daemon { socket, process_id }, runtime });
        }
        if let Some(socket) = system.filter(|socket| !dir.join("journal").exists() && socket.exists()) {
            return Ok(Self { client: Client::Daemon { socket, process_id: None }, runtime });
        }
        let (store, report) = Store::open(dir)?;
        let newest = match config.bluetooth.radio {
            // When a simulated counter's readings arrived says nothing of the real time.
            RadioKind::Simulated => DateTime::UNIX_EPOCH,
            RadioKind::Bluetooth => store.newest_arrival().unwrap_or_default(),
        };
        let (store, config) = (Arc::new(store), Arc::new(config.clone()));
        let counters = devices::counters(&config, &store.decisions()?);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new(Duration::ZERO, newest));
        let desk = match config.bluetooth.radio {
            RadioKind::Simulated => None,
            RadioKind::Bluetooth => {
                let radio = BluetoothRadio::new(&config.bluetooth.adapter, config.bluetooth.power_cycle);
                let radio = Arc::new(AnyRadio::Bluetooth(radio));
                let desk = PairingDesk::new(
                    radio,
                    Arc::clone(&store),
                    Arc::clone(&clock),
                    Arc::clone(&config),
                    dir.to_owned(),
                );
                let desk = Arc::new(desk);
                let serving = Arc::clone(&desk);
                runtime.spawn(async move { serving.serve().await });
                Some(desk)
            }
        };
        // Nobody listens for browsers here.
        let door = Arc::new(Door::new(&config.web, None, dir, Arc::clone(&store), Arc::clone(&clock)));
        let book = DayBook::new(Arc::clone(&store), devices::people(&config, &counters), config.rules())?;
        let app = App {
            board: counters.iter().map(BoardEntry::new).collect(),
            zone: desk.as_ref().map(|_| config.clock.zone),
            desk,
            notes: api::opening_notes(&report),
            ..App::new(store, book, config, clock, door)
        };
        Ok(Self { client: Client::Here(api::control(Arc::new(app))), runtime })
    }

    /// Whether a daemon is asked, and not the router in this process.
    pub fn is_with_daemon(&self) -> bool {
        matches!(self.client, Client::Daemon { .. })
    }

    /// Lets a moment pass.
    pub fn pause(&self, time: Duration) {
        self.runtime.block_on(async { tokio::time::sleep(time).await });
    }

    /// Asks, without changing anything.
    pub fn get<T: DeserializeOwned>(&self, path: &str, asked: &Asked) -> anyhow::Result<T> {
        self.get_by(path, asked, None)
    }

    /// [`Session::get`], without the first so many rows.
    pub fn get_after<T: DeserializeOwned>(&self, path: &str, asked: &Asked, after: &str) -> anyhow::Result<T> {
        self.get_by(path, asked, Some(after))
    }

    fn get_by<T: DeserializeOwned>(&self, path: &str, asked: &Asked, after: Option<&str>) -> anyhow::Result<T> {
        let mut query = Vec::new();
        query.extend(asked.person.as_ref().map(|person| format!("person={}", person.as_str())));
        query.extend(asked.from.map(|from| format!("from={from}")));
        query.extend(asked.to.map(|to| format!("to={to}")));
        query.extend(after.map(|after| format!("after={after}")));
        let uri = format!("/api/v1/{path}?{}", query.join("&"));
        let request = Request::builder().method(Method::GET).uri(uri);
        serde_json::from_slice(&self.bytes(request, Body::empty(), ANSWER_WITHIN)?).context(
            "the daemon answered in a way that this program does not understand; nothing was changed. \
             Are both of the same version? Restart the daemon after an update",
        )
    }

    /// Rows of the day table, each person's days in order; asked for until all are there.
    pub fn days(&self, asked: &Asked) -> anyhow::Result<Vec<DayTotal>> {
        let mut rows = Vec::new();
        let mut next = asked.from;
        loop {
            let Asked { person, to, language, .. } = asked.clone();
            let reply: DaysReply = self.get("days", &Asked { person, from: next, to, language })?;
            rows.extend(reply.days);
            next = reply.next;
            if next.is_none() {
                break;
            }
        }
        // Several people's years came one after the other.
        let mut order: Vec<ParticipantId> = Vec::new();
        for row in &rows {
            if !order.contains(&row.participant_id) {
                order.push(row.participant_id.clone());
            }
        }
        rows.sort_by_key(|row| order.iter().position(|id| *id == row.participant_id));
        Ok(rows)
    }

    /// Asks for a change. After [`Unanswered`] it may have been made.
    pub fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> anyhow::Result<T> {
        serde_json::from_slice(&self.post_within(ANSWER_WITHIN, path, body)?).context(
            "the daemon did what was asked, and answered in a way that this program does not understand. \
             Are both of the same version? Restart the daemon after an update",
        )
    }

    /// Asks for a change that takes long, and gives the answer as it came. After [`Unanswered`] it may have been made.
    pub fn post_long_work(&self, path: &str, body: &impl Serialize) -> anyhow::Result<Vec<u8>> {
        self.post_within(LONG_WORK_WITHIN, path, body)
    }

    fn post_within(&self, deadline: Duration, path: &str, body: &impl Serialize) -> anyhow::Result<Vec<u8>> {
        let uri = format!("/api/v1/{path}");
        let request = Request::builder().method(Method::POST).uri(uri).header(header::CONTENT_TYPE, "application/json");
        self.bytes(request, Body::from(serde_json::to_vec(body)?), deadline)
    }

    fn bytes(&self, request: axum::http::request::Builder, body: Body, deadline: Duration) -> anyhow::Result<Vec<u8>> {
        let request = request.header(header::HOST, "localhost").body(body)?;
        let asks_only = request.method() == Method::GET;
        let (status, bytes) = self.runtime.block_on(async {
            tokio::time::timeout(deadline, self.send(request))
                .await
                .unwrap_or_else(|_| Err(if asks_only { unreachable(&self.client) } else { Unanswered.into() }))
        })?;
        if status.is_success() {
            return Ok(bytes);
        }
        match serde_json::from_slice::<ErrorReply>(&bytes) {
            Ok(reply) => Err(Refused { status, text: reply.error }.into()),
            Err(_) => Err(Refused { status, text: format!("the daemon refused the request (HTTP {status})") }.into()),
        }
    }

    async fn send(&self, request: Request<Body>) -> anyhow::Result<(StatusCode, Vec<u8>)> {
        let response = match &self.client {
            Client::Here(router) => {
                let response = router.clone().oneshot(request).await?;
                let (parts, body) = response.into_parts();
                return Ok((parts.status, body.collect().await?.to_bytes().into()));
            }
            Client::Daemon { socket, .. } => {
                let stream = UnixStream::connect(socket).await.map_err(|error| match error.kind() {
                    io::ErrorKind::PermissionDenied => anyhow::Error::from(error).context(format!(
                        "the daemon at {} belongs to another user; nothing was changed. Ask as that user, or with sudo",
                        socket.display()
                    )),
                    _ => unreachable(&self.client),
                })?;
                let asks_only = request.method() == Method::GET;
                let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
                let exchange = async {
                    let response = sender.send_request(request).await?;
                    let (parts, body) = response.into_parts();
                    Ok::<_, hyper::Error>((parts.status, body.collect().await?.to_bytes().into()))
                };
                tokio::pin!(exchange);
                let exchanged = tokio::select! {
                    done = &mut exchange => done,
                    _ended = connection => exchange.await,
                };
                exchanged.map_err(|error| if asks_only { anyhow::Error::from(error) } else { Unanswered.into() })?
            }
        };
        Ok(response)
    }
}

/// The answer was another than the one that was asked for.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct Refused {
    /// As HTTP says it.
    pub status: StatusCode,
    text: String,
}

/// The daemon holds the data and does not answer.
#[derive(Debug, thiserror::Error)]
#[error(
    "the daemon{} holds the data and does not answer; nothing was changed and nothing is lost. \
     Look at its log, or restart it",
    .0.map_or_else(String::new, |id| format!(" with process id {id}"))
)]
pub struct Unreachable(Option<u32>);

fn unreachable(client: &Client) -> anyhow::Error {
    match client {
        Client::Daemon { process_id, .. } => Unreachable(*process_id).into(),
        Client::Here(_) => anyhow!("the work took longer than two minutes; it is given up, and nothing is lost"),
    }
}

/// A change was asked for, and no answer came: it may have been made.
#[derive(Debug, thiserror::Error)]
#[error("no answer came, so it is not known whether that was done. Look with `brisk status`")]
pub struct Unanswered;
