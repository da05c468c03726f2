//! The wiring: who owns what, who is started, and how everything ends. Tasks are spawned here only,
//! through one tracker, and each ends when asked.

mod air;
mod deliver;
mod home;
mod socket;

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, Utc};
use firmware_protocol::device::Purpose;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
    time::MissedTickBehavior,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{air::air_address, socket::ControlSocket};
pub use self::{air::simulated_air, home::Home, socket::remove_socket};
use crate::{
    api::{self, App, BoardEntry},
    config::{Config, RadioKind},
    days::DayBook,
    devices::{self, Counter, keys},
    home_assistant, notify,
    radio::{any::AnyRadio, btleplug::BluetoothRadio},
    store::{BondLevel, Store, StoreError},
    supervisor::{Policy, SharedStatus, Supervised, Target},
    time::{Clock, SystemClock},
    trouble::Cause,
    web::{self, listen},
};

/// Every task ends within this once it is asked to.
const END_WITHIN: Duration = Duration::from_secs(5);
/// How often the radio is looked at: one question to the Bluetooth service.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// A computer whose clock went on this much further than its uptime has slept, or had its clock set.
const SLEPT: Duration = Duration::from_secs(60);

/// Why the daemon could not run.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The store could not be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The socket could not be made.
    #[error("cannot listen on {path}; no data is affected. Check that the folder exists and may be written")]
    Socket {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The runtime or its signals could not be set up.
    #[error("cannot start: the operating system refuses threads or signals")]
    Runtime(#[source] io::Error),
    /// The simulated counter's flash could not be used.
    #[error("cannot use {path} as a simulated counter's flash; no data is affected. `brisk demo --data DIR` makes one")]
    Simulated {
        /// Which file.
        path: PathBuf,
    },
}

/// Runs the daemon until it is told to stop (SIGTERM or SIGINT).
///
/// # Errors
/// When the data are in use, or something it needs cannot be had.
pub fn run(config: Config, data_dir: &Path, socket: &Path) -> Result<(), DaemonError> {
    let (store, report) = Store::open(data_dir)?;
    let runtime = runtime().map_err(DaemonError::Runtime)?;
    runtime.block_on(async {
        let store = Arc::new(store);
        let newest = store.newest_arrival().unwrap_or_default();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new(config.clock.wait_for_sync, newest));
        let radio = match config.bluetooth.radio {
            RadioKind::Bluetooth => {
                AnyRadio::Bluetooth(BluetoothRadio::new(&config.bluetooth.adapter, config.bluetooth.power_cycle))
            }
            RadioKind::Simulated => AnyRadio::Simulated(simulated_air(&config, data_dir)?),
        };
        let home = Home::new(Arc::clone(&store), config, clock, radio, data_dir.to_owned());
        home.door.resume();
        let mut terminate = signal(SignalKind::terminate()).map_err(DaemonError::Runtime)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(DaemonError::Runtime)?;
        let mut notes = api::opening_notes(&report);
        for note in &notes {
            tracing::warn!("{note}");
        }
        // Once for every change of the counters: everything is wired anew on the same store and the same radio.
        loop {
            let counters = devices::counters(&home.config, &store.decisions()?);
            let mut daemon = Daemon::new(home.clone(), &counters, notes.clone())?;
            daemon.supervise_all(&counters);
            let (tracker, cancel) = (daemon.tracker.clone(), daemon.cancel.clone());
            let app = daemon.serve(socket)?;
            // Not running under a service manager is no failure.
            if let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Ready]) {
                tracing::debug!(%error, "no service manager to notify");
            }
            tracing::info!(counters = counters.iter().filter(|counter| counter.wanted).count(), "ready");

            let stop = tokio::select! {
                _ = terminate.recv() => true,
                _ = interrupt.recv() => true,
                () = home.desk.changed.notified() => false,
                () = a_journey_begins(&app) => false,
            };
            tracing::info!("{}", if stop { "stopping" } else { "the counters of this home, or a zone, have changed" });
            end(&tracker, &cancel).await;
            store.listen_again();
            notes.clear();
            if stop {
                remove_socket(socket);
                return Ok(());
            }
        }
    })
}

/// Returns when somebody's zone changes, as they decided before: their counter is told the time there.
async fn a_journey_begins(app: &App) {
    let now_s = app.clock.utc().timestamp();
    let next = app.book.people().iter().filter_map(|person| person.calendar.next_zone_at(now_s)).min();
    match next.and_then(|next_s| u64::try_from(next_s - now_s).ok()) {
        Some(wait_s) => app.clock.sleep(Duration::from_secs(wait_s)).await,
        None => std::future::pending().await,
    }
}

/// Two threads are plenty for a few counters and a socket.
///
/// # Errors
/// When the system refuses threads.
pub fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
}

/// Asks every task to end, and waits for them.
pub async fn end(tracker: &TaskTracker, cancel: &CancellationToken) {
    cancel.cancel();
    tracker.close();
    if tokio::time::timeout(END_WITHIN, tracker.wait()).await.is_err() {
        tracing::warn!("some tasks did not end in time; everything acknowledged is on disk");
    }
}

/// Starts one counter's task.
type Start = Box<dyn FnOnce(Arc<App>, &TaskTracker, &CancellationToken) + Send>;

/// The parts of a running daemon, before it serves.
pub struct Daemon {
    /// What the API answers from; shared once [`Daemon::serve`] is called.
    app: App,
    config: Arc<Config>,
    pages: Option<Arc<std::net::TcpListener>>,
    radio: Arc<AnyRadio>,
    waiting: Vec<Start>,
    wake: watch::Sender<u64>,
    /// Of all tasks.
    pub tracker: TaskTracker,
    /// Ends all tasks.
    pub cancel: CancellationToken,
}

impl Daemon {
    /// A daemon on an opened store. `notes` is what was noticed when it was opened.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn new(home: Home, counters: &[Counter], notes: Vec<String>) -> Result<Self, StoreError> {
        let Home { store, config, clock, desk, pages, door } = home;
        let radio = Arc::clone(desk.radio());
        let book = DayBook::new(Arc::clone(&store), devices::people(&config, counters), config.rules())?;
        let board = counters.iter().map(BoardEntry::new).collect();
        // What a simulated counter's zone is says nothing of this computer's.
        let zone = matches!(radio.as_ref(), AnyRadio::Bluetooth(_)).then_some(config.clock.zone);
        let (tracker, cancel) = (TaskTracker::new(), CancellationToken::new());
        let ends = cancel.clone();
        let desk = Some(desk);
        let app = App { board, desk, zone, notes, ends, ..App::new(store, book, Arc::clone(&config), clock, door) };
        Ok(Self { app, config, pages, radio, waiting: Vec::new(), wake: watch::Sender::new(0), tracker, cancel })
    }

    /// Looks after every counter that is looked for, once the daemon serves.
    pub fn supervise_all(&mut self, counters: &[Counter]) {
        for counter in counters.iter().filter(|counter| counter.wanted) {
            self.supervise(counter);
        }
    }

    fn supervise(&mut self, counter: &Counter) {
        let status = SharedStatus::default();
        for entry in self.app.board.iter_mut().filter(|entry| entry.device == counter.id) {
            entry.status = Some(Arc::clone(&status));
        }
        let owner = counter.owner().and_then(|id| self.app.book.person(Some(id)).ok());
        let now_s = self.app.clock.utc().timestamp();
        let simulated = matches!(self.radio.as_ref(), AnyRadio::Simulated(_));
        let key = keys::load(&self.app.data_dir, counter.id).unwrap_or_else(|error| {
            tracing::error!(device = %counter.id, %error, "the counter's key cannot be read");
            None
        });
        let target = Target {
            kind: counter.kind,
            expected: Some(counter.id),
            address: if simulated { Some(air_address(counter.id)) } else { counter.address.clone() },
            bond: if simulated { BondLevel::Simulated } else { counter.bond },
            key,
            zone: owner.map_or_else(|| self.config.clock.zone.zone(), |person| person.calendar.day_at(now_s).zone),
            goal_steps: None,
            purpose: Purpose::Fetch,
        };
        let supervised = Supervised {
            radio: Arc::clone(&self.radio),
            clock: Arc::clone(&self.app.clock),
            store: Arc::clone(&self.app.store),
            target,
            policy: policy(&self.config),
            status,
            memory: Mutex::default(),
            wake: self.wake.subscribe(),
            seed: u64::from_be_bytes(counter.id.0) ^ u64::from(std::process::id()),
        };
        self.waiting.push(Box::new(move |app, tracker, cancel| {
            let refresher = tracker.clone();
            let after = move |report: &crate::sync::SyncReport| {
                if report.new_epochs > 0 {
                    let app = Arc::clone(&app);
                    refresher.spawn_blocking(move || {
                        if app.clock.synchronised()
                            && let Err(error) = app.book.refresh(app.clock.utc())
                        {
                            tracing::error!(%error, "days could not be recomputed; readings are safe");
                        }
                    });
                }
            };
            tracker.spawn(supervised.run(cancel.clone(), after));
        }));
    }

    /// Starts everything, and answers on the socket.
    ///
    /// # Errors
    /// When the socket cannot be made.
    pub fn serve(self, socket: &Path) -> Result<Arc<App>, DaemonError> {
        let cannot = |source| DaemonError::Socket { path: socket.to_owned(), source };
        let listener = ControlSocket::bind(socket).map_err(cannot)?;
        self.app.store.set_socket(Some(socket))?;

        let app = Arc::new(self.app);
        let control = api::control(Arc::clone(&app));
        let stop = self.cancel.clone();
        self.tracker.spawn(async move {
            let served = axum::serve(listener, control).with_graceful_shutdown(stop.cancelled_owned()).await;
            if let Err(error) = served {
                tracing::error!(%error, "the control socket failed; counters are still looked after");
            }
        });
        if let Some(pages) = self.pages {
            let router = web::router(Arc::clone(&app));
            let others = listen::serve_others(Arc::clone(&app.door), router.clone(), self.cancel.clone());
            self.tracker.spawn(others);
            let stop = self.cancel.clone();
            self.tracker.spawn(async move {
                if let Err(error) = listen::serve_here(&pages, router, stop).await {
                    tracing::error!(%error, "the pages cannot be shown; counters are still looked after");
                }
            });
        }
        for start in self.waiting {
            start(Arc::clone(&app), &self.tracker, &self.cancel);
        }
        if let Some(desk) = app.desk.clone() {
            let stop = self.cancel.clone();
            self.tracker.spawn(async move {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = desk.serve() => {}
                }
            });
        }
        for target in app.deliveries.all() {
            let (app, name, pace) = (Arc::clone(&app), target.name.clone(), target.pace);
            self.tracker.spawn(deliver::deliver(app, name, pace, self.cancel.clone()));
        }
        self.tracker.spawn(notify::watch(Arc::clone(&app), self.cancel.clone()));
        self.tracker.spawn(home_assistant::watch(Arc::clone(&app), self.cancel.clone()));
        self.tracker.spawn(watch_radio(self.radio, Arc::clone(&app.clock), self.wake, self.cancel.clone()));
        Ok(app)
    }
}

fn policy(config: &Config) -> Policy {
    Policy {
        sync_every: config.bluetooth.sync_every,
        connect_within: config.bluetooth.connect_within,
        retry_first: config.bluetooth.retry_after,
        retry_most: config.bluetooth.retry_at_most,
    }
}

/// Looks after the radio: whether it can be used, whether it came back, whether the computer slept. Whoever waits for
/// a counter is woken then.
async fn watch_radio(radio: Arc<AnyRadio>, clock: Arc<dyn Clock>, wake: watch::Sender<u64>, cancel: CancellationToken) {
    let AnyRadio::Bluetooth(_) = radio.as_ref() else { return cancel.cancelled().await };
    let mut beat = tokio::time::interval(HEARTBEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut trouble: Option<Cause> = None;
    let mut last = (clock.utc(), clock.monotonic());
    loop {
        tokio::select! {
            () = cancel.cancelled() => return,
            _ = beat.tick() => {}
        }
        let now = (clock.utc(), clock.monotonic());
        let slept = has_slept(last, now);
        last = now;
        let checked = tokio::select! {
            () = cancel.cancelled() => return,
            checked = radio.check() => checked,
        };
        let cause = checked.as_ref().err().map(Cause::of_radio);
        if cause != trouble {
            if let Some(cause) = cause {
                tracing::warn!("{} {}", cause.what(), cause.next_step());
            } else {
                tracing::info!("Bluetooth can be used");
            }
        }
        let back = trouble.is_some() && cause.is_none();
        trouble = cause;
        if back || slept {
            wake.send_modify(|times| *times += 1);
        }
    }
}

/// Whether the computer slept between two readings of its two clocks: one of them stands still meanwhile.
fn has_slept(before: (DateTime<Utc>, Duration), after: (DateTime<Utc>, Duration)) -> bool {
    let by_clock = (after.0 - before.0).to_std().unwrap_or_default();
    by_clock.saturating_sub(after.1.saturating_sub(before.1)) > SLEPT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_asleep_is_told_from_half_a_minute_awake_and_from_a_clock_set_back() {
        let at = |utc_s: i64, awake_s: u64| {
            (DateTime::from_timestamp(1_790_000_000 + utc_s, 0).unwrap(), Duration::from_secs(awake_s))
        };

        assert!(has_slept(at(0, 0), at(8 * 3600, 31)));
        assert!(!has_slept(at(0, 0), at(30, 30)));
        assert!(!has_slept(at(0, 0), at(-3600, 30)));
    }
}
