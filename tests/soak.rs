//! A home that runs for weeks: four counters of different kinds, looked after by the tasks that the daemon starts,
//! asked every half hour through rough air. Time is simulated: it jumps to the next moment at which anybody wants
//! something. What must not grow with time is measured hour by hour.
//!
//! Memory is measured as the service unit sets it: the test runs itself again with the unit's `GLIBC_TUNABLES`. Without
//! them the C library's caches for each thread leave holes in the heap: 1.5 MiB in 24 days, while what is alive stays
//! the same to 0.3 MiB. The days of the index stay in its cache until that is full (2 MiB).
//!
//! `BRISK_SOAK_DAYS` says how many days (8 when it is not set; 4 at least).

#[path = "soak/counters.rs"]
mod counters;

use std::{sync::Arc, time::Duration};

use brisk::{
    days::DayBook,
    model::{DeviceId, Rules},
    radio::sim::{SimRadio, Weather, clock::SimClock, lock},
    supervisor::{Policy, SharedStatus, Supervised, Target, never_woken},
    time::Clock,
};
use counters::{KINDS, REMEMBERS, calendar, person_of, script, start, utc};
use firmware_protocol::driver::Resolution;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Memory may grow by this much from the first day's end to the last's.
const MOST_GROWTH_KIB: i64 = 1024;
const TUNABLES: &str = "GLIBC_TUNABLES";
/// A tenth of what an idle daemon may use: 30 ms in 30 s. The counters' own lives are in it, and no optimisation.
const MOST_CPU_MS_A_DAY: u64 = 8_640;
/// The hours at the end of a day over which memory is taken.
const LAST_HOURS: usize = 6;

/// What is measured at the end of an hour.
#[derive(Clone, Copy)]
struct Hour {
    rss_kib: i64,
    tasks: usize,
    cpu_ms: u64,
}

impl Hour {
    fn now() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
        // User and system time are the 14th and 15th field, in hundredths of a second; the name, which may hold
        // spaces, is the second.
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks = |field: usize| fields[field - 3].parse::<u64>().unwrap();
        Self {
            rss_kib: rss.trim().trim_end_matches(" kB").parse().unwrap(),
            tasks: tokio::runtime::Handle::current().metrics().num_alive_tasks(),
            cpu_ms: (ticks(14) + ticks(15)) * 10,
        }
    }
}

fn median(hours: &[Hour]) -> i64 {
    let mut rss: Vec<i64> = hours.iter().map(|hour| hour.rss_kib).collect();
    rss.sort_unstable();
    rss[rss.len() / 2]
}

#[test]
fn weeks_of_four_counters_leave_memory_and_tasks_as_they_were() {
    let unit = include_str!("../config/brisk.service");
    let wanted = unit.lines().find_map(|line| line.strip_prefix("Environment=GLIBC_TUNABLES=")).unwrap();
    if std::env::var(TUNABLES).is_ok_and(|set| set == wanted) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        return runtime.block_on(live());
    }
    let again = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "weeks_of_four_counters_leave_memory_and_tasks_as_they_were", "--nocapture"])
        .env(TUNABLES, wanted)
        .status()
        .unwrap();
    assert!(again.success(), "with {TUNABLES}={wanted}: {again}");
}

async fn live() {
    let days: i64 =
        std::env::var("BRISK_SOAK_DAYS").map_or(8, |text| text.parse().expect("BRISK_SOAK_DAYS is a number"));
    assert!(days >= 4, "two halves of two days");
    let dir = tempfile::tempdir().unwrap();
    let store = brisk::demo::open_store(dir.path()).unwrap();
    let clock = Arc::new(SimClock::paced(utc(start() + REMEMBERS * 1440), 1.0));
    let air = KINDS.iter().map(|kind| (kind.name.to_owned(), counters::far_end(kind, REMEMBERS + days))).collect();
    let radio = Arc::new(SimRadio::new(Arc::clone(&clock), air, Weather::rough(days.unsigned_abs())));
    let devices: Vec<DeviceId> = KINDS.iter().map(|kind| counters::identity(kind)).collect();
    let people = KINDS.iter().zip(&devices).map(|(kind, device)| person_of(kind, *device)).collect();
    let book = Arc::new(DayBook::new(Arc::clone(&store), people, Rules::brisk_1()).unwrap());
    let (tracker, cancel) = (TaskTracker::new(), CancellationToken::new());
    let mut statuses = Vec::new();
    for (kind, device) in KINDS.iter().zip(&devices) {
        let status = SharedStatus::default();
        statuses.push(Arc::clone(&status));
        let target = Target {
            key: counters::life(kind, &[]).key,
            zone: calendar().home().zone,
            ..Target::new(kind, *device, Some(kind.name.to_owned()))
        };
        let one = Supervised {
            radio: Arc::clone(&radio),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            store: Arc::clone(&store),
            target,
            policy: Policy::default(),
            status,
            memory: std::sync::Mutex::default(),
            wake: never_woken(),
            seed: u64::from_be_bytes(device.0),
        };
        // As the daemon does it.
        let (refresher, book, clock) = (tracker.clone(), Arc::clone(&book), Arc::clone(&clock));
        let after = move |report: &brisk::sync::SyncReport| {
            if report.new_epochs > 0 {
                let (book, clock) = (Arc::clone(&book), Arc::clone(&clock));
                refresher.spawn_blocking(move || book.refresh(clock.utc()).unwrap());
            }
        };
        tracker.spawn(one.run(cancel.clone(), after));
    }

    let mut hours = Vec::new();
    for day in 0..days {
        for _ in 0..24 {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            // Days that are computed at this moment are not what is counted.
            while tracker.len() > KINDS.len() {
                tokio::task::yield_now().await;
            }
            hours.push(Hour::now());
        }
        let of_day = &hours[hours.len() - 24..];
        let before = hours.len().checked_sub(25).map_or(0, |at| hours[at].cpu_ms);
        println!(
            "day {}: {} KiB at its end, {} tasks, {} ms of processor time, journal and index {:?} bytes",
            day + 1,
            median(&of_day[24 - LAST_HOURS..]),
            of_day[23].tasks,
            of_day[23].cpu_ms - before,
            store.size(),
        );
    }
    // The last minutes of the last day.
    tokio::time::sleep(Duration::from_secs(3 * 3600)).await;
    cancel.cancel();
    tracker.close();
    tracker.wait().await;
    println!("{:?}", lock(&radio.weather).seen);

    let lived = REMEMBERS + days;
    let walked = script(lived);
    for (kind, device) in KINDS.iter().zip(&devices) {
        counters::compare(kind, *device, &walked, lived, &store, &book);
    }
    let report = store.verify(&mut |_, _| ()).unwrap();
    assert!(report.journal_is_whole() && report.index_is_right(), "{report:?}");
    let coarse = KINDS.iter().filter(|kind| kind.resolution == Resolution::Coarse).count();
    assert!(coarse > 0 && coarse < KINDS.len(), "minutes and hours are among them");

    let end_of = |day: usize| &hours[day * 24 - LAST_HOURS..day * 24];
    let all = hours.len() / 24;
    assert_eq!(end_of(1)[LAST_HOURS - 1].tasks, end_of(all)[LAST_HOURS - 1].tasks, "tasks alive");
    let cpu_a_day = (hours[hours.len() - 1].cpu_ms - hours[23].cpu_ms) / u64::try_from(all - 1).unwrap();
    let [first, middle, last] = [1, all / 2, all].map(|day| median(end_of(day)));
    println!(
        "memory: {first} KiB at the end of the first day, {:+} in the middle, {:+} from there to the end; {cpu_a_day} ms \
         of processor time a day",
        middle - first,
        last - middle,
    );
    assert!(last - first <= MOST_GROWTH_KIB, "{} KiB more than on the first day", last - first);
    assert!(cpu_a_day <= MOST_CPU_MS_A_DAY, "{cpu_a_day} ms of processor time a day");
}
