//! Counters that lie, that are somebody else's, that do not know the key, that never end.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use brisk::{
    config::Config,
    days::DayBook,
    demo, devices,
    model::{DataState, DeviceId, Rules},
    radio::sim::{SharedFarEnd, Weather, clock::SimClock, far_end::FarEnd},
    supervisor::{AttemptError, Policy, Target},
    sync::SyncError,
    trouble::Cause,
};
use firmware_protocol::{
    device::{Advertisement, KINDS, Key, KeyNeed, colmi, huami, step_log},
    driver::{Resolution, Uuid},
    steplog::device::AttError,
};
use tokio_util::sync::CancellationToken;

use super::home::{
    DAYS, Truth, air, calendar, counter, identity, let_pass, life, open, person, script, start, supervised, target, utc,
};

const HERE: &str = "C0:00:00:00:00:01";
const THERE: &str = "C0:00:00:00:00:02";
const HOUR: Duration = Duration::from_secs(3600);
const YEARS_MS: i64 = 3 * 365 * 86_400_000;

/// A counter that is watched: how often it was connected with; and whether it ends what it says.
struct Watched {
    inner: SharedFarEnd,
    connections: Arc<AtomicU32>,
    /// After so many packets in a row it repeats the last of them for ever.
    endless_after: Option<u32>,
    last: Option<(Uuid, Vec<u8>)>,
    /// Packets since the host last wrote.
    in_a_row: u32,
    told_us: i64,
}

impl Watched {
    fn around(inner: SharedFarEnd, endless_after: Option<u32>) -> (SharedFarEnd, Arc<AtomicU32>) {
        let connections = Arc::new(AtomicU32::new(0));
        let this =
            Self { inner, connections: Arc::clone(&connections), endless_after, last: None, in_a_row: 0, told_us: 0 };
        (Arc::new(Mutex::new(this)), connections)
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, dyn FarEnd + 'static> {
        self.inner.lock().unwrap()
    }
}

impl FarEnd for Watched {
    fn live_to(&mut self, now_us: i64) -> bool {
        self.inner().live_to(now_us)
    }

    fn is_on(&self) -> bool {
        self.inner().is_on()
    }

    fn advertisement(&self) -> Advertisement {
        self.inner().advertisement()
    }

    fn may_lose(&self, of: Uuid) -> bool {
        self.inner().may_lose(of)
    }

    fn connect(&mut self, mtu: u16, now_us: i64) {
        self.connections.fetch_add(1, Ordering::Relaxed);
        (self.last, self.in_a_row) = (None, 0);
        self.inner().connect(mtu, now_us);
    }

    fn disconnect(&mut self) {
        self.inner().disconnect();
    }

    fn subscribe(&mut self, to: Uuid, on: bool, now_us: i64) -> Result<(), AttError> {
        self.inner().subscribe(to, on, now_us)
    }

    fn read(&mut self, from: Uuid, now_us: i64) -> Result<Vec<u8>, AttError> {
        self.inner().read(from, now_us)
    }

    fn write(&mut self, to: Uuid, bytes: &[u8], now_us: i64) -> Result<(), AttError> {
        self.in_a_row = 0;
        self.inner().write(to, bytes, now_us)
    }

    fn outgoing(&mut self, now_us: i64) -> Result<Option<(Uuid, Vec<u8>)>, AttError> {
        if self.endless_after.is_some_and(|most| self.in_a_row >= most) {
            // Two hundred a second.
            if now_us < self.told_us + 5_000 {
                return Ok(None);
            }
            self.told_us = now_us;
            return Ok(self.last.clone());
        }
        let sent = self.inner().outgoing(now_us)?;
        if sent.is_some() {
            self.in_a_row += 1;
            self.last.clone_from(&sent);
        }
        Ok(sent)
    }
}

#[tokio::test]
async fn of_a_clock_that_was_years_wrong_the_good_part_is_kept() {
    for kind in KINDS.iter().filter(|kind| kind.resolution != Resolution::Counter) {
        for clock_error_ms in [YEARS_MS, -YEARS_MS] {
            let what = format!("{}, {clock_error_ms} ms", kind.name);
            let (dir, walked) = (tempfile::tempdir().unwrap(), script(2));
            let store = open(dir.path());
            let device = identity(kind, "liar", HERE).await;
            let clock = Arc::new(SimClock::free(utc(start())));
            let liar = counter(kind, firmware_protocol::device::Life { clock_error_ms, ..life(kind, "liar", &walked) });
            let radio = air(&clock, [(HERE, liar)], Weather::calm());
            let one = supervised(&radio, &clock, &store, target(kind, device, HERE));
            let mut jitter = fastrand::Rng::with_seed(1);

            for half_day in 1..=2 * DAYS + 1 {
                let_pass(&clock, start() + half_day * 720);
                let report = one.until_complete(3, &mut jitter).await;
                report.unwrap_or_else(|error| panic!("{what}, half day {half_day}: {error}"));
            }

            let state = store.counter(device).unwrap().unwrap();
            println!("{what}: {} epochs, {} put aside, {} conflicts", state.epochs, state.quarantined, state.conflicts);
            let book = DayBook::new(Arc::clone(&store), vec![person("p", &[device])], Rules::brisk_1()).unwrap();
            let rows = demo::closed_rows(&book, start() + DAYS * 1440).unwrap();
            // Its clock was set on the first day.
            for (number, walked) in (0..DAYS).zip(walked.chunks(1440)).skip(1) {
                let date = calendar().day_at((start() + number * 1440) * 60).date;
                let row = rows.iter().find(|row| row.local_date == date).unwrap();
                let truth = Truth::of(walked);
                assert_eq!(row.total_steps, Some(truth.steps), "{what}, {date}");
                if kind.resolution == Resolution::Minute {
                    assert_eq!(Truth::of_row(row), Some(truth), "{what}, {date}");
                }
            }
            assert!(rows.iter().all(|row| row.local_date >= calendar().day_at(start() * 60).date), "{what}");
            assert_eq!(state.conflicts, 0, "{what}");
        }
    }
}

#[tokio::test]
async fn of_another_persons_counter_nothing_is_taken_and_the_others_go_on() {
    for kind in KINDS {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        let mine = identity(kind, "mine", HERE).await;
        let theirs = identity(kind, "theirs", THERE).await;
        assert_ne!(mine, theirs, "{}", kind.name);
        let clock = Arc::new(SimClock::free(utc(start())));
        let walked = script(3);
        let other = if kind.name == step_log::KIND.name { &huami::BAND_3 } else { &step_log::KIND };
        let third = identity(other, "third", "C0:00:00:00:00:03").await;
        let radio = air(
            &clock,
            [
                (THERE, counter(kind, life(kind, "theirs", &walked))),
                ("C0:00:00:00:00:03", counter(other, life(other, "third", &walked))),
            ],
            Weather::calm(),
        );
        let_pass(&clock, start() + 720);
        // Its address is not known: whatever looks like one of its kind answers.
        let wanted = Target { address: None, ..target(kind, mine, HERE) };

        let result = supervised(&radio, &clock, &store, wanted).attempt().await;

        let Err(AttemptError::Sync(SyncError::OtherCounter(who))) = result else {
            panic!("{}: {result:?}", kind.name);
        };
        assert_eq!(who, theirs, "{}", kind.name);
        assert!(store.counters().unwrap().is_empty(), "{}: nothing is stored", kind.name);
        let report =
            supervised(&radio, &clock, &store, target(other, third, "C0:00:00:00:00:03")).attempt().await.unwrap();
        assert!(report.new_epochs > 700, "{}: {report:?}", kind.name);
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_key_is_said_and_not_tried_again_and_again() {
    for kind in KINDS.iter().filter(|kind| kind.key != KeyNeed::None) {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        let device = identity(kind, "1a2b", HERE).await;
        let clock = Arc::new(SimClock::paced(utc(start() + 720), 1.0));
        let (far_end, connections) = Watched::around(counter(kind, life(kind, "1a2b", &script(1))), None);
        let radio = air(&clock, [(HERE, far_end)], Weather::calm());
        let wrong = Target { key: Some(Key([9; 16])), ..target(kind, device, HERE) };
        let one = supervised(&radio, &clock, &store, wrong);
        let (status, cancel) = (Arc::clone(&one.status), CancellationToken::new());

        let task = tokio::spawn(one.run(cancel.clone(), |_| ()));
        tokio::time::sleep(6 * HOUR).await;
        cancel.cancel();
        task.await.unwrap();

        assert_eq!(status.lock().unwrap().cause, Some(Cause::WrongKey), "{}", kind.name);
        let most = 6 * 3600 / Policy::default().retry_most.as_secs() + 1;
        let tried = connections.load(Ordering::Relaxed);
        assert!(u64::from(tried) <= most, "{}: {tried} connections in six hours", kind.name);
        assert!(store.counter(device).unwrap().is_none_or(|state| state.epochs == 0), "{}", kind.name);
    }
}

#[tokio::test(start_paused = true)]
async fn a_counter_that_never_ends_is_cut_off_and_others_are_served_meanwhile() {
    let history = KINDS.iter().filter(|kind| kind.resolution != Resolution::Counter);
    for (kind, after) in history.flat_map(|kind| [(kind, 1), (kind, 3)]) {
        let what = format!("{}, endless after {after}", kind.name);
        let (dir, walked) = (tempfile::tempdir().unwrap(), script(1));
        let store = open(dir.path());
        let (endless, good) = (identity(kind, "endless", HERE).await, identity(&step_log::KIND, "good", THERE).await);
        let clock = Arc::new(SimClock::paced(utc(start() + 720), 1.0));
        let (far_end, connections) = Watched::around(counter(kind, life(kind, "endless", &walked)), Some(after));
        let good_one = counter(&step_log::KIND, life(&step_log::KIND, "good", &walked));
        let radio = air(&clock, [(HERE, far_end), (THERE, good_one)], Weather::calm());
        let cancel = CancellationToken::new();
        let one = supervised(&radio, &clock, &store, target(kind, endless, HERE));
        let other = supervised(&radio, &clock, &store, target(&step_log::KIND, good, THERE));
        let (status, good_status) = (Arc::clone(&one.status), Arc::clone(&other.status));

        let tasks = [one, other].map(|one| tokio::spawn(one.run(cancel.clone(), |_| ())));
        tokio::time::sleep(2 * HOUR).await;
        cancel.cancel();
        for task in tasks {
            task.await.unwrap();
        }

        let good_status = good_status.lock().unwrap().clone();
        assert_eq!((good_status.cause, good_status.failures), (None, 0), "{what}");
        let of_good = store.counter(good).unwrap().unwrap();
        assert!(of_good.epochs >= 720 + 90, "{what}: {} epochs of the other", of_good.epochs);
        let tried = connections.load(Ordering::Relaxed);
        assert!((2..60).contains(&tried), "{what}: {tried} connections in two hours");
        // What was stored of it nonetheless is right. Some come to an end piece by piece.
        let minutes = store.minutes(endless, 0, i64::from(u32::MAX)).unwrap();
        for minute in &minutes {
            let index = usize::try_from(minute.at - start()).unwrap();
            assert_eq!(minute.steps, walked[index].steps, "{what}: minute {index}");
        }
        let cause = status.lock().unwrap().cause;
        println!("{what}: {tried} connections, {} minutes stored, {cause:?}", minutes.len());
        match cause {
            Some(Cause::NoEnd | Cause::Silent | Cause::LossyLink | Cause::BadAnswer) => {}
            // Where each answer comes again and again, one may be taken for the next: nothing is there, and asked again.
            None if after == 1 => assert!(minutes.is_empty() || minutes.len() >= 720, "{what}"),
            None => assert!(minutes.len() >= 720 && kind.resolution == Resolution::Minute, "{what}"),
            cause => panic!("{what}: {cause:?}"),
        }
    }
}

#[tokio::test]
async fn two_counters_of_different_kinds_on_one_person_are_never_summed() {
    let (dir, walked) = (tempfile::tempdir().unwrap(), script(5));
    let store = open(dir.path());
    let (ring, band) = (identity(&colmi::KIND, "ring", HERE).await, identity(&huami::BAND_3, "band", THERE).await);
    // The band lay on the table for ten hours of the first day and did not record.
    let mut holed = walked.clone();
    holed.drain(10 * 60..20 * 60);
    let clock = Arc::new(SimClock::free(utc(start())));
    let counters = [
        (HERE, counter(&colmi::KIND, life(&colmi::KIND, "ring", &walked))),
        (THERE, counter(&huami::BAND_3, life(&huami::BAND_3, "band", &holed))),
    ];
    let radio = air(&clock, counters, Weather::calm());
    let mut jitter = fastrand::Rng::with_seed(1);
    for half_day in 1..=2 * DAYS + 1 {
        let_pass(&clock, start() + half_day * 720);
        for (kind, device, address) in [(&colmi::KIND, ring, HERE), (&huami::BAND_3, band, THERE)] {
            supervised(&radio, &clock, &store, target(kind, device, address))
                .until_complete(3, &mut jitter)
                .await
                .unwrap();
        }
    }

    // In the settings the ring stands first; the band tells minutes and is the better one.
    let counter_of = |device: DeviceId, kind: &str| format!("[[counter]]\nid = \"{device}\"\nkind = \"{kind}\"\n");
    let settings = format!(
        "[clock]\nzone = \"Europe/Oslo\"\n[[person]]\nid = \"p\"\n{}{}",
        counter_of(ring, "colmi-ring"),
        counter_of(band, "mi-band-3")
    );
    let config = Config::parse(&settings, "brisk.toml").unwrap();
    let people = devices::people(&config, &devices::counters(&config, &[]));
    let book = DayBook::new(store, people, Rules::brisk_1()).unwrap();
    let rows = demo::closed_rows(&book, start() + DAYS * 1440).unwrap();

    for (row, walked) in rows.iter().zip(walked.chunks(1440)) {
        let truth = Truth::of(walked);
        assert_eq!(row.total_steps, Some(truth.steps), "{}", row.local_date);
        assert!(row.brisk_lower.unwrap() <= truth.brisk && truth.brisk <= row.brisk_upper.unwrap());
    }
    assert_eq!((rows[0].data_state, rows[0].minutes_recorded), (DataState::PartlyMeasured, 840));
    assert_eq!(Truth::of_row(&rows[1]), Some(Truth::of(&walked[1440..2880])));
}
