//! Who may come in, and from where. Every request of a browser passes [`guard`], whatever it asks for:
//!
//! 1. the name it asks under is one of ours ([`hosts`]);
//! 2. no page of somewhere else is behind it ([`origin`]);
//! 3. its browser was let in once, by a code that this computer showed ([`codes`], [`browsers`]);
//! 4. what changes something carries the token of that browser ([`token`]).
//!
//! `docs/safety.md` says what is promised by this, and which test shows it.

pub mod browsers;
pub mod codes;
pub mod exposure;
mod guard;
mod headers;
pub mod hosts;
pub mod origin;
mod random;
mod refused;
mod token;

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request},
    http::{HeaderMap, StatusCode, request::Parts},
};
use chrono::{DateTime, Utc};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use guard::guard;
pub use refused::language;
pub use token::MOST_BYTES;

use self::{
    browsers::{Browser, Browsers, Which},
    codes::{Codes, Then, Tried},
    exposure::{Exposure, WebDecision},
    hosts::Hosts,
};
use super::listen;
use crate::{
    api::Problem,
    config::Web,
    days::{DayBook, Person},
    model::{ParticipantId, hex},
    store::{Store, StoreError},
    time::Clock,
    words::{Language, Phrase, say},
};

/// From where a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Came {
    /// Whose address it is.
    pub peer: IpAddr,
    /// At which address of this computer it arrived.
    pub local: IpAddr,
}

impl Came {
    /// From this computer itself.
    pub const HERE: Self = Self { peer: IpAddr::V4(Ipv4Addr::LOCALHOST), local: IpAddr::V4(Ipv4Addr::LOCALHOST) };

    /// Whether it came from this computer.
    pub fn is_from_here(self) -> bool {
        self.peer.to_canonical().is_loopback() && self.local.to_canonical().is_loopback()
    }

    /// What the listener noted; who calls the router within this process comes from here.
    fn of(request: &Request) -> Self {
        request.extensions().get::<ConnectInfo<Self>>().map_or(Self::HERE, |ConnectInfo(came)| *came)
    }
}

/// Whoever asks for a page, after the door let them in.
#[derive(Clone)]
pub struct Visit {
    /// Whose pages they see.
    pub person: Arc<Person>,
    /// In which language.
    pub language: Language,
    /// What every form of theirs carries in a field `token`.
    pub token: String,
    /// Whether other computers are let in just now.
    pub exposed: bool,
    /// What their browser is called among those that were let in; none where no code is needed.
    pub browser: Option<String>,
}

impl Visit {
    /// For tests of what a page shows.
    #[cfg(test)]
    pub fn of(person: Person, language: Language) -> Self {
        Self { person: Arc::new(person), language, token: "t".to_owned(), exposed: false, browser: None }
    }

    /// A message without values.
    pub fn t(&self, key: &'static str) -> String {
        say(self.language, &Phrase::new(key))
    }

    /// A message with values.
    pub fn say(&self, phrase: &Phrase) -> String {
        say(self.language, phrase)
    }
}

/// Why the door cannot do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// Nobody listens for browsers.
    #[error("no pages are shown here")]
    NoPages,
    /// Everybody is let in without a code: nothing here is real, and nobody else is let in.
    #[error("this is a demo")]
    OpenHouse,
    /// Other computers cannot be listened to.
    #[error("cannot listen to other computers")]
    Listen(#[source] io::Error),
    /// There are no random numbers, or no room on the disk.
    #[error("a code cannot be made, or the list of browsers not be written")]
    Io(#[from] io::Error),
    /// The journal cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DoorError {
    /// What happened, what it means, what to do.
    pub fn phrase(&self) -> Phrase {
        Phrase::new(match self {
            Self::NoPages => "door-no-pages",
            Self::OpenHouse => "door-open-house",
            Self::Listen(_) => "door-cannot-listen",
            Self::Io(_) | Self::Store(_) => "door-disk",
        })
    }
}

impl From<DoorError> for Problem {
    fn from(error: DoorError) -> Self {
        let code = match &error {
            DoorError::NoPages | DoorError::OpenHouse => StatusCode::CONFLICT,
            DoorError::Listen(source) => {
                tracing::warn!(error = %source, "other computers cannot be listened to");
                StatusCode::CONFLICT
            }
            DoorError::Io(source) => {
                tracing::error!(error = %source, "a code cannot be made, or the list of browsers not be written");
                StatusCode::INTERNAL_SERVER_ERROR
            }
            DoorError::Store(source) => {
                tracing::error!(error = %source, "who may see the pages cannot be written down");
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        let phrase = error.phrase();
        Self::new(code, phrase.english()).on_page(phrase)
    }
}

/// The door of this home: outlives every change of its counters.
pub struct Door {
    /// Where browsers of this computer ask; none where no pages are shown.
    at: Option<SocketAddr>,
    /// Where other computers are listened to while they are let in.
    elsewhere: IpAddr,
    hosts: Hosts,
    /// Everybody of this computer may come in; this is the token of their forms.
    open_house: Option<String>,
    browsers: Mutex<Browsers>,
    codes: Mutex<Codes>,
    exposure: watch::Sender<Option<Exposure>>,
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
}

impl Door {
    /// A door with these settings, before pages at this address; none where none are shown.
    pub fn new(web: &Web, at: Option<SocketAddr>, data: &Path, store: Arc<Store>, clock: Arc<dyn Clock>) -> Self {
        Self {
            at,
            elsewhere: web.lan_listen,
            hosts: Hosts::new(&web.hosts, at.map_or(0, |at| at.port())),
            open_house: None,
            browsers: Mutex::new(Browsers::load(data)),
            codes: Mutex::default(),
            exposure: watch::Sender::new(None),
            store,
            clock,
        }
    }

    /// The same without codes: everybody who sits at this computer comes in, and nobody else ever does. For data that
    /// are not real.
    ///
    /// # Errors
    /// When the operating system has no random numbers to give.
    pub fn into_open_house(mut self) -> io::Result<Self> {
        self.open_house = Some(hex(&random::secret()?));
        Ok(self)
    }

    /// The address of the pages on this computer; none where none are shown.
    pub fn url(&self) -> Option<String> {
        self.at.map(|_| self.hosts.url())
    }

    /// Whether everybody who sits at this computer comes in without a code.
    pub fn is_open_house(&self) -> bool {
        self.open_house.is_some()
    }

    /// A new code for one browser. An earlier one is not taken any more.
    ///
    /// # Errors
    /// Where no pages are shown, or everybody comes in without one, or there are no random numbers.
    pub fn new_code(&self) -> Result<String, DoorError> {
        self.at.ok_or(DoorError::NoPages)?;
        if self.is_open_house() {
            return Err(DoorError::OpenHouse);
        }
        let digits = random::digits()?;
        Ok(self.codes().begin(digits, self.clock.monotonic()))
    }

    /// The code that a browser may enter now, and until when.
    pub fn current_code(&self) -> Option<(String, DateTime<Utc>)> {
        let (code, rest) = self.codes().current(self.clock.monotonic())?;
        Some((code, self.clock.utc() + rest))
    }

    /// Tries what somebody typed as the code.
    pub fn attempt(&self, typed: &str, came: Came, then: Then) -> Tried {
        self.codes().attempt(typed, came.peer, self.clock.monotonic(), then)
    }

    /// Lets a browser in to this person's pages; gives the value of `Set-Cookie`. Blocks on the disk.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub fn admit(&self, person: &ParticipantId, headers: &HeaderMap) -> Result<String, DoorError> {
        Ok(self.browsers().admit(person, headers, self.clock.utc())?)
    }

    /// All browsers that are let in.
    pub fn list(&self) -> Vec<Browser> {
        self.browsers().list().to_vec()
    }

    /// Lets some browsers in no more; says how many. Blocks on the disk.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub fn revoke(&self, which: &Which) -> Result<usize, DoorError> {
        Ok(self.browsers().revoke(which)?)
    }

    /// Lets other computers in for this long, or until it is switched off, on this actor's decision. Has to be called
    /// within the runtime; blocks on the disk.
    ///
    /// # Errors
    /// Where that cannot be, with what is in the way. Nobody is let in then who was not before.
    pub fn expose(&self, how_long: Option<Duration>, actor: &str) -> Result<(), DoorError> {
        let until = how_long.map(|length| self.clock.utc() + length);
        let exposure = self.listen_to_others(until, how_long)?;
        self.decide(&WebDecision::Exposed { until }, actor)?;
        self.replace_exposure(Some(exposure));
        tracing::info!("other computers are let in now, each browser with a code");
        Ok(())
    }

    /// Lets other computers in no more, now and after every start, and ends what they have under way. Blocks on the disk.
    ///
    /// # Errors
    /// When the decision cannot be written down; it holds all the same.
    pub fn close(&self, actor: &str) -> Result<(), DoorError> {
        if self.replace_exposure(None) {
            tracing::info!("other computers are let in no more");
        }
        // What was decided counts and not what is open: this program may have been unable to open, or done without, and
        // the next start would.
        if let Some(WebDecision::Exposed { .. }) = WebDecision::last(&self.store.decisions()?) {
            self.decide(&WebDecision::Closed, actor)?;
        }
        Ok(())
    }

    /// Goes on as it was decided before this program was started: with an end that is still to come, or with none.
    pub fn resume(&self) {
        let last = self.store.decisions().map(|decided| WebDecision::last(&decided));
        let Ok(Some(WebDecision::Exposed { until })) = last else { return };
        if self.at.is_none() || self.is_open_house() {
            return;
        }
        if until.is_some() && !self.clock.synchronised() {
            tracing::warn!(
                "other computers were let in until a certain time, and are not now: this computer's clock is not set, so \
                 nobody knows whether that time is over. `brisk web expose` lets them in again"
            );
            return;
        }
        let left = until.map(|until| (until - self.clock.utc()).to_std().ok());
        if left == Some(None) {
            return;
        }
        match self.listen_to_others(until, left.flatten()) {
            Ok(exposure) => {
                tracing::info!("other computers are let in, as it was decided before");
                self.replace_exposure(Some(exposure));
            }
            Err(error) => tracing::error!(%error, "other computers were to be let in, and are not"),
        }
    }

    /// Whether other computers are let in, and until when, at which addresses.
    pub fn exposed(&self) -> Option<(Option<DateTime<Utc>>, Vec<String>)> {
        let until = self.exposure.borrow().as_ref()?.until;
        let address = Some(self.elsewhere).filter(|address| !address.is_unspecified()).or_else(exposure::own_address);
        Some((until, self.hosts.urls_from_elsewhere(address)))
    }

    /// Every change of that.
    pub fn exposures(&self) -> watch::Receiver<Option<Exposure>> {
        self.exposure.subscribe()
    }

    /// Waits until this exposure is over, and sees to it that it is.
    pub async fn end_in_time(&self, exposure: &Exposure) {
        exposure.over(self.clock.as_ref()).await;
        // Nothing is written down: the end stands in the decision.
        self.exposure.send_if_modified(|current| {
            let is_this = !exposure.cut.is_cancelled();
            if is_this {
                tracing::info!("the time for other computers is over");
                exposure.cut.cancel();
                *current = None;
            }
            is_this
        });
    }

    fn listen_to_others(&self, until: Option<DateTime<Utc>>, left: Option<Duration>) -> Result<Exposure, DoorError> {
        let at = self.at.ok_or(DoorError::NoPages)?;
        if self.is_open_house() {
            return Err(DoorError::OpenHouse);
        }
        let known = self.exposure.borrow().as_ref().map(|exposure| Arc::clone(&exposure.listener));
        let listener = match known {
            Some(listener) => listener,
            None => {
                Arc::new(listen::bind_beside(SocketAddr::new(self.elsewhere, at.port())).map_err(DoorError::Listen)?)
            }
        };
        let ends = left.map(|left| self.clock.monotonic() + left);
        Ok(Exposure { until, ends, listener, cut: CancellationToken::new() })
    }

    /// Puts another exposure, or none, in place of this one; says whether there was one. Its connections are cut.
    fn replace_exposure(&self, next: Option<Exposure>) -> bool {
        let mut was = false;
        self.exposure.send_modify(|current| {
            if let Some(before) = std::mem::replace(current, next) {
                before.cut.cancel();
                was = true;
            }
        });
        was
    }

    fn decide(&self, decision: &WebDecision, actor: &str) -> Result<(), DoorError> {
        let json = serde_json::to_string(decision).map_err(io::Error::from)?;
        self.store.append_decision(self.clock.utc(), actor, &json)?;
        Ok(())
    }

    fn is_exposed(&self) -> bool {
        self.exposure.borrow().is_some()
    }

    fn lets_in_from(&self, came: Came) -> bool {
        // Who comes from the address that they reached is this computer too.
        came.is_from_here() || self.is_exposed() && (exposure::is_of_a_home(came.peer) || came.peer == came.local)
    }

    /// Whose pages this browser sees, the token of its forms, and what it is called.
    fn recognise(&self, book: &DayBook, headers: &HeaderMap) -> Option<(Arc<Person>, String, Option<String>)> {
        if let Some(token) = &self.open_house {
            return Some((book.people().into_iter().next()?, token.clone(), None));
        }
        let known = self.browsers().recognise(headers, self.clock.utc(), self.clock.synchronised())?;
        Some((book.person(Some(&known.person)).ok()?, known.token, Some(known.id)))
    }

    fn browsers(&self) -> MutexGuard<'_, Browsers> {
        self.browsers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn codes(&self) -> MutexGuard<'_, Codes> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        parts.extensions.get::<Self>().cloned().ok_or((StatusCode::FORBIDDEN, "this page lies behind the door"))
    }
}

/// From where a request came, for who has to know.
impl<S: Sync> FromRequestParts<S> for Came {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<ConnectInfo<Self>>().map_or(Self::HERE, |ConnectInfo(came)| *came))
    }
}
