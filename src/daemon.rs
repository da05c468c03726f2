//! The wiring: who owns what, who is started, and how everything ends. Tasks are spawned here only,
//! through one tracker, and each ends when asked.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, Utc};

use tokio::{
    net::UnixListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    api::{self, App, BoardEntry},
    config::{self, Config, Counter, RadioKind},
    days::{DayBook, Person, Wearing},
    model::Rules,
    radio::{
        Radio,
        btleplug::BluetoothRadio,
        sim::{SimRadio, Weather, clock::SimClock, counter::SimCounter, flash::SimFlash},
    },
    store::{BondLevel, OpenReport, Store, StoreError},
    supervisor::{self, Policy, SharedStatus, Supervised},
    time::{Clock, SystemClock},
};

/// Every task ends within this once it is asked to.
const END_WITHIN: Duration = Duration::from_secs(5);

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
pub fn run(config: &Config, data_dir: &Path, socket: &Path) -> Result<(), DaemonError> {
    let (store, report) = Store::open(data_dir)?;
    let runtime = runtime().map_err(DaemonError::Runtime)?;
    runtime.block_on(async {
        let store = Arc::new(store);
        let newest = store.newest_arrival().unwrap_or_default();
        let clock = Arc::new(SystemClock::new(config.clock.wait_for_sync, newest));
        let mut daemon = Daemon::new(store, people(config), config.rules(), clock, data_dir.to_owned(), &report);
        match config.bluetooth.radio {
            RadioKind::Bluetooth => {
                let radio = Arc::new(BluetoothRadio::new(&config.bluetooth.adapter));
                for counter in &config.counter {
                    daemon.supervise(&radio, counter, config, BondLevel::None);
                }
            }
            RadioKind::Simulated => {
                let radio = Arc::new(simulated_air(config, data_dir)?);
                for counter in &config.counter {
                    daemon.supervise(&radio, counter, config, BondLevel::Simulated);
                }
            }
        }
        let (tracker, cancel) = (daemon.tracker.clone(), daemon.cancel.clone());
        daemon.serve(socket)?;
        // Not running under a service manager is no failure.
        if let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Ready]) {
            tracing::debug!(%error, "no service manager to notify");
        }
        tracing::info!(counters = config.counter.len(), "ready");

        let mut terminate = signal(SignalKind::terminate()).map_err(DaemonError::Runtime)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(DaemonError::Runtime)?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        end(&tracker, &cancel).await;
        remove_socket(socket);
        Ok(())
    })
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
    waiting: Vec<Start>,
    /// Of all tasks.
    pub tracker: TaskTracker,
    /// Ends all tasks.
    pub cancel: CancellationToken,
}

impl Daemon {
    /// A daemon on an opened store.
    pub fn new(
        store: Arc<Store>,
        people: Vec<Person>,
        rules: Rules,
        clock: Arc<dyn Clock>,
        data_dir: PathBuf,
        report: &OpenReport,
    ) -> Self {
        let notes = api::opening_notes(report);
        for note in &notes {
            tracing::warn!("{note}");
        }
        let book = DayBook::new(Arc::clone(&store), people, rules);
        let app = App { store, book, clock, board: Vec::new(), notes, data_dir };
        Self { app, waiting: Vec::new(), tracker: TaskTracker::new(), cancel: CancellationToken::new() }
    }

    /// Looks after one more counter, once the daemon serves.
    pub fn supervise<R: Radio + 'static>(&mut self, radio: &Arc<R>, counter: &Counter, config: &Config, bond: BondLevel)
    where
        R::Link: 'static,
    {
        let status = SharedStatus::default();
        self.app.board.push(BoardEntry {
            device: Some(counter.id),
            label: counter.label.clone(),
            person: config.owner(counter).map(|person| person.id.clone()),
            status: Some(Arc::clone(&status)),
        });
        let address = match bond {
            BondLevel::Simulated => Some(air_address(counter)),
            BondLevel::None | BondLevel::JustWorks | BondLevel::Passkey => counter.address.clone(),
        };
        let supervised = Supervised {
            radio: Arc::clone(radio),
            clock: Arc::clone(&self.app.clock),
            store: Arc::clone(&self.app.store),
            wanted: supervisor::step_log(address),
            bond,
            goal_steps: None,
            policy: policy(config),
            status,
            marks: Mutex::default(),
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
        if let Some(folder) = socket.parent() {
            std::fs::create_dir_all(folder).map_err(cannot)?;
        }
        // A socket left behind by a killed daemon: the lock on the data says that nobody uses it.
        remove_socket(socket);
        let listener = UnixListener::bind(socket).map_err(cannot)?;
        private(socket).map_err(cannot)?;
        self.app.store.set_socket(Some(socket))?;

        let app = Arc::new(self.app);
        let router = api::router(Arc::clone(&app));
        let stop = self.cancel.clone();
        self.tracker.spawn(async move {
            let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await;
            if let Err(error) = served {
                tracing::error!(%error, "the control socket failed; counters are still looked after");
            }
        });
        for start in self.waiting {
            start(Arc::clone(&app), &self.tracker, &self.cancel);
        }
        Ok(app)
    }
}

/// Only the daemon's own user may speak to it.
fn private(socket: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o600))
}

/// Removes the socket file, if there is one.
pub fn remove_socket(socket: &Path) {
    match std::fs::remove_file(socket) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => tracing::warn!(%error, "the old control socket could not be removed"),
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

/// Everybody in the settings, with their counters in the order given there.
pub fn people(config: &Config) -> Vec<Person> {
    let wearing = |person: &config::Person| {
        let own = config.counter.iter().filter(|counter| config.owner(counter) == Some(person));
        own.map(|counter| Wearing { device: counter.id, from: counter.from }).collect()
    };
    let people = config.person.iter().map(|person| Person {
        id: person.id.clone(),
        calendar: config.calendar(person),
        brisk_spm: person.brisk_steps_per_minute,
        counters: wearing(person),
    });
    people.collect()
}

/// Air with the simulated counters of the settings: each a flash file that `brisk demo` or a test
/// has filled, and that outlives this process as a real counter does.
fn simulated_air(config: &Config, data_dir: &Path) -> Result<SimRadio, DaemonError> {
    let now = SystemClock::new(Duration::ZERO, DateTime::UNIX_EPOCH).utc();
    let mut counters = BTreeMap::new();
    for counter in &config.counter {
        let Some(file) = &counter.simulated_flash else { continue };
        let path = data_dir.join(file);
        let bad = |_| DaemonError::Simulated { path: path.clone() };
        // The file was last written when the counter last gave a sign of life.
        let written: DateTime<Utc> = std::fs::metadata(&path).and_then(|meta| meta.modified()).map_err(bad)?.into();
        let off_ms = u32::try_from((now - written).num_milliseconds()).ok();
        let flash = SimFlash::in_file(&path).map_err(bad)?;
        let sim = SimCounter::new(counter.id, flash, Vec::new(), now.timestamp_micros(), off_ms, 0)
            .map_err(|_| DaemonError::Simulated { path: path.clone() })?;
        counters.insert(air_address(counter), Arc::new(Mutex::new(sim)));
    }
    Ok(SimRadio::new(Arc::new(SimClock::paced(now, 1.0)), counters, Weather::calm()))
}

/// What the simulated air knows a counter by.
fn air_address(counter: &Counter) -> String {
    counter.id.to_string()
}
