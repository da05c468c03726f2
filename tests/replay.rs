//! Minutes that travel the whole way: a simulated counter lives through them, they cross the air as
//! protocol bytes, are stored, and become days. Through rough air, reboots, wrong clocks and a full
//! ring the days come out the same, byte for byte.
//!
//! `BRISK_SEEDS` says how many seeds of trouble are tried (24 when it is not set). Real months come from
//! `$BRISK_SHARED/data` or `../shared/data`; without them these checks say `left out: …` and, where
//! `BRISK_REQUIRE_DATA=1` is set, fail.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use brisk::{
    batch::{self, BatchOptions, ColumnMap},
    days::DayBook,
    demo::{self, Played},
    export::Format,
    model::{DayTotal, Flag, ParticipantId, Rules, Wear},
    radio::sim::walker::{self, ScriptMinute},
    time::{Calendar, Zone},
};
use serde_json::Value;

const MINUTES: &str = "fitabase-2016/minuteStepsNarrow_merged.csv.gz";
const PEOPLE: [&str; 17] = [
    "1503960366",
    "1644430081",
    "1927972279",
    "2026352035",
    "2347167796",
    "3372868164",
    "4020332650",
    "4319703577",
    "4445114986",
    "4702921684",
    "5577150313",
    "6290855005",
    "6962181067",
    "7086361926",
    "8253242879",
    "8583815059",
    "8877689391",
];

/// The public data set, or none where it may be missing.
fn real_minutes() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let shared = std::env::var_os("BRISK_SHARED").map_or(beside, PathBuf::from);
    let path = shared.join("data").join(MINUTES);
    if path.is_file() {
        return Some(path);
    }
    let required = std::env::var_os("BRISK_REQUIRE_DATA").is_some_and(|wanted| wanted == "1");
    assert!(!required, "{} is not there", path.display());
    println!("left out: {MINUTES} is not there");
    None
}

fn participant(id: &str) -> ParticipantId {
    id.parse().unwrap()
}

fn real_script(path: &Path, id: &str) -> Vec<ScriptMinute> {
    let minutes = batch::participant_minutes(path, &participant(id)).unwrap();
    minutes.into_iter().map(|(at, steps)| ScriptMinute { at, steps, wear: Wear::Unknown }).collect()
}

/// Lives through a script in a new store, and gives the days as they are exported.
fn days_of(script: Vec<ScriptMinute>, id: &str, calendar: Calendar, faults: Option<u64>) -> (Vec<DayTotal>, Played) {
    let dir = tempfile::tempdir().unwrap();
    let store = demo::open_store(dir.path()).unwrap();
    let end = script.last().unwrap().at + 1;

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let played = runtime
        .block_on(demo::play(&store, script, faults))
        .unwrap_or_else(|error| panic!("{id}, seed {faults:?}: {error}"));

    let people = vec![demo::person(participant(id), calendar)];
    let book = DayBook::new(Arc::clone(&store), people, Rules::brisk_1()).unwrap();
    (demo::closed_rows(&book, end).unwrap(), played)
}

fn json(rows: &[DayTotal]) -> String {
    serde_json::to_string(rows).unwrap()
}

/// The first column in which two tables differ, for a message that helps.
fn first_difference(expected: &[DayTotal], found: &[DayTotal]) -> String {
    if expected.len() != found.len() {
        return format!("{} days instead of {}", found.len(), expected.len());
    }
    for (a, b) in expected.iter().zip(found) {
        let (Value::Object(left), Value::Object(right)) =
            (serde_json::to_value(a).unwrap(), serde_json::to_value(b).unwrap())
        else {
            unreachable!("a row is an object");
        };
        for (name, value) in &left {
            if right.get(name) != Some(value) {
                return format!("{} {name}: {value} became {:?}", a.local_date, right.get(name));
            }
        }
    }
    "nothing".to_owned()
}

/// Seeds `first, first + 2, …`: two tests share them, one for each processor.
fn shake(first: u64) {
    let seeds: u64 = std::env::var("BRISK_SEEDS").map_or(24, |text| text.parse().expect("BRISK_SEEDS is a number"));
    let real = real_minutes();
    let calendar = Calendar::midnight("Europe/Oslo".parse().unwrap());
    // Three weeks about the night on which the clocks go forward.
    let from = calendar.day("2026-03-20".parse().unwrap()).first_minute();
    let walker = walker::script(7, &calendar, from, from + 21 * 1440);
    let mut calm: BTreeMap<String, Vec<DayTotal>> = BTreeMap::new();
    let mut seen = BTreeSet::new();

    for seed in (first..seeds).step_by(2) {
        let real_one = real.as_ref().filter(|_| seed % 4 != 0);
        let (id, calendar, script) = match real_one {
            Some(path) => {
                let id = PEOPLE[usize::try_from(seed).unwrap() % PEOPLE.len()];
                (id, Calendar::midnight(Zone::AS_IT_STANDS), real_script(path, id))
            }
            None => ("walker", calendar.clone(), walker.clone()),
        };
        let expected =
            calm.entry(id.to_owned()).or_insert_with(|| days_of(script.clone(), id, calendar.clone(), None).0);
        let (found, played) = days_of(script, id, calendar, Some(seed));
        assert!(json(expected) == json(&found), "seed {seed}, {id}: {}", first_difference(expected, &found));
        seen.extend(played.faults.into_keys());
    }
    println!("seeds {first}, {}, … below {seeds}: {seen:?}", first + 2);
    if seeds >= 20 {
        let kinds = [
            "clock_set_back",
            "clock_set_forward",
            "clock_unset",
            "cut",
            "duplicate",
            "loss",
            "mtu_23",
            "mtu_larger",
            "not_heard",
            "reboot",
            "reorder",
            "ring_wrapped",
            "stall",
        ];
        for kind in kinds {
            assert!(seen.contains(kind), "{kind} never occurred");
        }
    }
}

#[test]
fn trouble_of_every_kind_leaves_the_same_days_even_seeds() {
    shake(0);
}

#[test]
fn trouble_of_every_kind_leaves_the_same_days_odd_seeds() {
    shake(1);
}

#[test]
fn a_minute_that_the_counter_overwrote_is_missing_and_not_zero() {
    // Longer than the small ring holds, never brought in until the end.
    let calendar = Calendar::midnight("UTC".parse().unwrap());
    let from = calendar.day("2026-06-01".parse().unwrap()).first_minute();
    let script = walker::script(3, &calendar, from, from + 400 * 1440);
    let (rows, _) = days_of_one_dialogue(script, calendar);

    let steps_of_lost: Vec<_> = rows.iter().filter(|row| row.minutes_recorded == 0).collect();
    assert!(rows.iter().any(|row| row.minutes_recorded == 1440), "the newest days are there");
    assert!(steps_of_lost.iter().all(|row| row.total_steps.is_none()));
}

/// All at once, at the end.
fn days_of_one_dialogue(script: Vec<ScriptMinute>, calendar: Calendar) -> (Vec<DayTotal>, u64) {
    use brisk::{
        radio::sim::{Weather, clock::SimClock, counter::SimCounter, flash::SimFlash},
        supervisor::Policy,
    };
    let dir = tempfile::tempdir().unwrap();
    let store = demo::open_store(dir.path()).unwrap();
    let (start, end) = (script[0].at, script.last().unwrap().at + 1);
    let flash = SimFlash::in_memory(demo::SECTORS);
    let counter = SimCounter::new(demo::COUNTER, flash, script, start * 60_000_000, None, 0).unwrap();
    let counter = Arc::new(std::sync::Mutex::new(counter));
    let at_end = chrono::DateTime::from_timestamp(end * 60, 0).unwrap();
    let clock = Arc::new(SimClock::free(at_end));
    let supervised = demo::supervised(&store, &clock, &counter, Weather::calm(), Policy::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();

    let report = runtime.block_on(supervised.attempt()).unwrap();

    let lost = store.counter(demo::COUNTER).unwrap().unwrap().lost_epochs;
    assert!(lost > 0, "the ring was meant to run over");
    let people = vec![demo::person(participant("walker"), calendar)];
    let book = DayBook::new(Arc::clone(&store), people, Rules::brisk_1()).unwrap();
    (demo::closed_rows(&book, end).unwrap(), report.new_epochs)
}

#[test]
fn real_months_through_the_protocol_equal_the_independent_day_table() {
    let Some(path) = real_minutes() else { return };
    let table = include_str!("oracles/fitabase_shared_daily.csv");
    let mut lines = table.lines();
    let header: Vec<_> = lines.next().unwrap().split(',').collect();
    let oracle: BTreeMap<(&str, &str), BTreeMap<&str, &str>> = lines
        .map(|line| {
            let cells: Vec<_> = line.split(',').collect();
            ((cells[0], cells[1]), header.iter().copied().zip(cells).collect())
        })
        .collect();
    let columns = [
        ("minutes_recorded", "minutes_recorded"),
        ("total_steps", "total_steps"),
        ("m_0", "m_0"),
        ("m_1_19", "m_1_19"),
        ("m_20_39", "m_20_39"),
        ("m_40_59", "m_40_59"),
        ("m_60_79", "m_60_79"),
        ("m_80_99", "m_80_99"),
        ("m_100_119", "m_100_119"),
        ("m_120p", "m_120p"),
        ("brisk_min", "brisk_min"),
        ("bout_min", "bout_min_nci"),
        ("peak1_spm", "peak1_spm"),
        ("peak30_spm", "peak30_spm"),
        ("peak60_spm", "peak60_spm"),
        ("wear60_min", "wear60_min"),
        ("wear90_min", "wear90zero_min"),
    ];
    let mut compared = 0;
    for id in PEOPLE {
        let (rows, _) = days_of(real_script(&path, id), id, Calendar::midnight(Zone::AS_IT_STANDS), None);
        for row in rows {
            let date = row.local_date.to_string();
            let expected = &oracle[&(id, date.as_str())];
            let found = serde_json::to_value(&row).unwrap();
            for (ours, theirs) in columns {
                let want: Option<f64> = expected[theirs].parse().ok();
                let got = found[ours].as_f64();
                let same = match (want, got) {
                    (Some(want), Some(got)) => (want - got).abs() < 5.1e-5,
                    (None, None) => true,
                    _ => false,
                };
                assert!(same, "{id} {date} {ours}: {got:?}, the oracle says {want:?}");
            }
            compared += 1;
        }
    }
    assert_eq!(compared, oracle.len(), "every day of the oracle was compared");
}

#[test]
fn the_batch_gives_the_same_rows_as_the_way_through_the_counter() {
    let Some(path) = real_minutes() else { return };
    let mut options = BatchOptions::of(vec![path.clone()]);
    options.format = Format::JsonLines;
    options.columns = "participant_id=Id,timestamp=ActivityMinute,steps=Steps".parse::<ColumnMap>().unwrap();
    let mut out = Vec::new();
    batch::run(&options, &mut |_| {}, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let mut of_batch: BTreeMap<String, Vec<DayTotal>> = BTreeMap::new();
    for line in text.lines() {
        let mut row: DayTotal = serde_json::from_str(line).unwrap();
        // A batch has the whole record before it and says where it begins and ends; for the daemon it goes on.
        for flag in [Flag::RecordBegins, Flag::RecordEnds] {
            row.flags.0.remove(&flag);
        }
        of_batch.entry(row.participant_id.as_str().to_owned()).or_default().push(row);
    }

    for id in PEOPLE {
        let (mut rows, _) = days_of(real_script(&path, id), id, Calendar::midnight(Zone::AS_IT_STANDS), None);
        // Where the minutes came from and when they were computed is all that may differ.
        for row in &mut rows {
            row.source_device = None;
            row.computed_at = None;
        }
        let expected = &of_batch[id];
        assert!(json(expected) == json(&rows), "{id}: {}", first_difference(expected, &rows));
    }
}
