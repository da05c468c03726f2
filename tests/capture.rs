//! Recorded dialogues: each kind of counter's, played to the driver of today; and files that are none.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use brisk::{
    capture::{
        self, Subject,
        dialogue::{Keep, Told},
        format::Capture,
        replay,
    },
    conformance,
    radio::{
        Heard, Link as _, Radio as _, Wanted,
        sim::{SharedFarEnd, SimRadio, Weather, clock::SimClock, far_end::Played},
    },
};
use chrono::DateTime;
use firmware_protocol::{
    device::{KINDS, Key, Kind, Life, LifeMinute, Setup},
    driver::{Outcome, Prompt, Resolution},
    reading::{Reading, Wear},
};
use proptest::prelude::*;

mod support;

use support::{Home, Ran};

const NOON: i64 = 1_772_366_400_000 / 60_000;
const ADDRESS: &str = "AA:BB:CC:DD:EE:01";

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/captures")
}

/// Three hours of a life.
fn life() -> Life {
    let minutes = (0..180).map(|n| LifeMinute {
        at: NOON - 180 + n,
        steps: if n % 7 < 3 { 100 + u32::try_from(n % 7).unwrap() } else { 0 },
        wear: Wear::Worn,
    });
    Life {
        serial: "12345678".to_owned(),
        minutes: minutes.collect(),
        battery: 70,
        clock_error_ms: 1_500,
        key: Some(Key([7; 16])),
        ..Life::default()
    }
}

/// A counter of this kind that lived through them.
fn air(kind: &'static Kind) -> (Arc<SimClock>, SimRadio, Wanted) {
    let clock = Arc::new(SimClock::free(DateTime::from_timestamp(NOON * 60 + 5, 0).unwrap()));
    let counter: SharedFarEnd = Arc::new(Mutex::new(Played::new((kind.emulator)(life()))));
    let air = BTreeMap::from([(ADDRESS.to_owned(), counter)]);
    let radio = SimRadio::new(Arc::clone(&clock), air, Weather::calm());
    (clock, radio, Wanted { kind, address: Some(ADDRESS.to_owned()), paired: false, not: Vec::new() })
}

fn setup(heard: &Heard) -> Setup {
    let heard = heard.advertisement.clone();
    Setup { key: life().key, heard, peer: ADDRESS.to_owned(), live_ms: 60_000, ..Setup::default() }
}

fn record(kind: &'static Kind, keep: Keep) -> (Vec<u8>, Told) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let (clock, radio, wanted) = air(kind);
        let link = radio.connect(&wanted, std::time::Duration::from_secs(30)).await.unwrap();
        let setup = setup(link.heard());
        let mut file = Vec::new();
        let mut prompt = |_: Prompt| ();
        let subject = Subject { kind, setup, keep };
        let told = capture::record(link, &mut file, clock.as_ref(), subject, &mut prompt).await.unwrap();
        (file, told)
    })
}

fn play(bytes: &[u8], kind: &'static Kind) -> Result<replay::Replayed, String> {
    let capture = Capture::parse(bytes).map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(replay::replay(&capture, kind)).map_err(|error| error.to_string())
}

fn epochs(told: &Told) -> usize {
    told.readings().iter().filter(|reading| matches!(reading, Reading::Epoch(_))).count()
}

#[test]
fn a_recording_of_any_kind_of_counter_plays_back_to_the_same_readings() {
    for kind in KINDS {
        let (file, told) = record(kind, Keep::Everything);

        let replayed = play(&file, kind).unwrap_or_else(|error| panic!("{}: {error}", kind.name));

        assert_eq!(told.outcome, Some(Outcome::Complete), "{}", kind.name);
        assert_eq!(replayed.told.deliveries, told.deliveries, "{}", kind.name);
        assert_eq!((replayed.told.outcome, replayed.not_asked), (told.outcome, 0), "{}", kind.name);
    }
}

#[test]
fn a_recording_ends_before_a_reading_is_acknowledged() {
    for kind in KINDS {
        let (file, told) = record(kind, Keep::UntilReadings);

        let replayed = play(&file, kind).unwrap_or_else(|error| panic!("{}: {error}", kind.name));

        // A counter that tells only what is now may have nothing to tell.
        assert!(told.stopped || kind.resolution == Resolution::Counter, "{}", kind.name);
        assert_eq!(replayed.told.deliveries, told.deliveries, "{}", kind.name);
        assert_eq!((replayed.told.outcome, replayed.told.stopped), (told.outcome, told.stopped), "{}", kind.name);
    }
}

#[test]
fn a_counter_without_clauses_shows_its_class_clock_and_battery_and_forgets_nothing() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for kind in KINDS.iter().copied().filter(|kind| !conformance::has_clauses(kind)) {
        let (clock, radio, wanted) = air(kind);
        let setup = |heard: &Heard| setup(heard);
        let mut seen = Vec::new();
        for _ in 0..2 {
            let mut prompt = |_: Prompt| ();
            let plain = conformance::plain(&radio, clock.as_ref(), kind, &wanted, setup, &mut prompt);
            seen.push(runtime.block_on(plain).unwrap());
        }

        let plain = &seen[0];
        assert_eq!((&plain.trouble, plain.kind), (&None, kind.name), "{plain:?}");
        assert_eq!(plain.resolution_class, conformance::class(kind.resolution), "{plain:?}");
        assert!(plain.device.is_some(), "{plain:?}");
        assert_eq!(seen[1].epochs_seen, plain.epochs_seen, "{}: what was seen is still there", kind.name);
    }
}

#[test]
fn neither_the_key_nor_the_address_is_in_a_recording() {
    for kind in KINDS {
        let (file, _) = record(kind, Keep::Everything);
        let text = String::from_utf8(file).unwrap().to_lowercase();

        for secret in ["07070707070707070707070707070707", "aabbccddee01", "01eeddccbbaa", "aa:bb:cc"] {
            assert!(!text.contains(secret), "{}: {secret}", kind.name);
        }
    }
}

/// `BRISK_RECORD=1 cargo test --test capture` makes the fixtures anew.
#[test]
fn the_recordings_that_are_kept_bring_what_they_always_brought() {
    let home = Home::new();
    let anew = std::env::var_os("BRISK_RECORD").is_some();
    let mut found = 0;
    for kind in KINDS {
        let file = fixtures().join(format!("{}.jsonl", kind.name));
        let expected = fixtures().join(format!("{}.expected.jsonl", kind.name));
        if anew && kind.resolution != Resolution::Counter {
            write(&file, &record(kind, Keep::Everything).0);
        }
        if !file.exists() {
            continue;
        }
        found += 1;
        let ran = home.run(&["device", "replay", file.to_str().unwrap(), "--json"]);
        assert_eq!(ran.code, Some(0), "{}: {}", kind.name, ran.err);
        if anew {
            write(&expected, ran.out.as_bytes());
        }
        let want = fs::read_to_string(&expected).unwrap();
        assert_eq!(ran.out, want, "{}", kind.name);
        let least = if kind.resolution == Resolution::Minute { 150 } else { 2 };
        assert!(ran.out.lines().count() > least, "{}", kind.name);
    }
    assert!(found >= 2, "step-log and another kind");
}

#[expect(clippy::disallowed_methods, reason = "a fixture, made by hand")]
fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_file_that_is_no_recording_is_refused_with_the_line_that_is_wrong() {
    let whole = fs::read_to_string(fixtures().join("step-log.jsonl")).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let without = |at: usize| {
        let kept = lines.iter().zip(0..).filter(|(_, n)| *n != at).map(|(line, _)| *line);
        kept.collect::<Vec<_>>().join("\n")
    };
    let kind = KINDS.iter().find(|kind| kind.name == "step-log").unwrap();
    let read = lines.iter().position(|line| line.contains("\"read\"")).unwrap();
    for (text, says) in [
        (String::new(), "the file is empty"),
        ("hello".to_owned(), "line 1: not a line of a recording"),
        (whole[..whole.len() / 2].trim_end_matches('\n').to_owned(), "it is cut off"),
        (whole.replacen("\"brisk_capture\":1", "\"brisk_capture\":9", 1), "line 1: version 9 is not known"),
        (without(read), "an answer without a question"),
        (without(read + 1), "is not answered"),
        (without(read).replacen("\"value\"", "\"valeu\"", 1), "not a line of a recording"),
        ([lines[0], lines[2]].join("\n"), "line 2: an answer without a question"),
        (whole.replacen("\"ms\":", "\"ms\":9999999,\"x\":", 1), "line 2"),
    ] {
        let error = play(text.as_bytes(), kind).unwrap_err();
        assert!(error.contains(says), "{says:?}: {error}");
    }

    // A question that was never recorded: reading Feature, and its answer, are gone.
    let both: Vec<_> =
        lines.iter().zip(0..).filter(|(_, n)| *n != read && *n != read + 1).map(|(line, _)| *line).collect();
    let error = play(both.join("\n").as_bytes(), kind).unwrap_err();
    assert!(error.contains(&format!("line {read}: after this line the driver wants to read")), "{error}");
    assert!(error.contains("never recorded"), "{error}");
}

#[test]
fn a_recording_that_was_cut_off_between_two_lines_gives_what_it_has() {
    let whole = fs::read_to_string(fixtures().join("step-log.jsonl")).unwrap();
    let count = whole.lines().count();
    let kind = KINDS.iter().find(|kind| kind.name == "step-log").unwrap();
    for keep in 1..count {
        let cut: Vec<_> = whole.lines().take(keep).collect();
        // Cut behind a question there is no answer: the connection is as good as lost.
        let replayed = play(cut.join("\n").as_bytes(), kind).unwrap_or_else(|error| panic!("{keep}: {error}"));
        assert!(replayed.lost || replayed.told.outcome.is_some(), "{keep}");
    }
}

#[test]
fn replaying_is_said_in_a_table_and_a_wrong_file_in_a_sentence() {
    let home = Home::new();
    let file = fixtures().join("step-log.jsonl");

    let ran = home.run(&["device", "replay", file.to_str().unwrap()]);
    let garbage = home.write("garbage", "{\"brisk_capture\":");
    let wrong = home.run(&["device", "replay", garbage.to_str().unwrap()]);
    let kind = home.run(&["device", "replay", file.to_str().unwrap(), "--kind", "abacus"]);

    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("what") && ran.out.contains("2026-03-01T"), "{}", ran.out);
    assert!(ran.err.contains("The dialogue ended: Complete."), "{}", ran.err);
    assert_eq!((wrong.code, wrong.out.as_str()), (Some(1), ""));
    assert!(wrong.err.contains("line 1") && wrong.err.contains("no recording"), "{}", wrong.err);
    assert_eq!(kind.code, Some(1));
    assert!(kind.err.contains("\"abacus\" is no kind of counter"), "{}", kind.err);
}

#[test]
fn the_simulated_counter_of_a_home_is_tested_and_recorded_over_the_radio_of_the_settings() {
    let home = Home::with_counter(&support::days_until_now(3, 1));
    let id = brisk::demo::COUNTER.to_string();
    let file = home.path("counter.jsonl");

    let tested = home.run(&["device", "test", &id, "--json"]);
    let recorded = home.run(&["device", "capture", &id, "-o", file.to_str().unwrap()]);
    let again = home.run(&["device", "capture", &id, "-o", file.to_str().unwrap()]);
    let replayed = home.run(&["device", "replay", file.to_str().unwrap(), "--json"]);

    assert_eq!(tested.code, Some(0), "{} {}", tested.out, tested.err);
    assert_eq!(tested.json()["failed"], 0, "{}", tested.out);
    assert_eq!(recorded.code, Some(0), "{}", recorded.err);
    assert!(recorded.err.contains("No reading was acknowledged"), "{}", recorded.err);
    assert_eq!(again.code, Some(1), "what is there is not overwritten");
    assert!(replayed.out.lines().count() > 1_000, "{}", replayed.err);
    let mut counter = support::counter_in(&home.flash());
    let acked = counter.device().acked(capture::dialogue::KIT_HOST);
    assert!(acked.is_some_and(|acked| acked <= 240), "the kit keeps to the oldest block: {acked:?}");
}

#[test]
fn a_running_daemon_is_not_disturbed() {
    let home = Home::with_counter(&support::days_until_now(3, 1));
    let _daemon = home.daemon();

    for args in [&["device", "test", "x"][..], &["device", "capture", "x", "-o", "y"]] {
        let ran: Ran = home.run(args);

        assert_eq!((ran.code, ran.out.as_str()), (Some(5), ""), "{}", ran.err);
        assert!(ran.err.contains("Stop the daemon first"), "{}", ran.err);
    }
    let simulated = home.run(&["device", "test", "--simulated"]);
    assert_eq!(simulated.code, Some(0), "{}", simulated.err);
    assert!(simulated.out.contains("clock drift          +23.0 ppm"), "{}", simulated.out);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is done to a recording, playing it is a result or an error.
    #[test]
    fn an_edited_recording_never_panics(
        which in 0..KINDS.len(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..5), 1..8),
    ) {
        let kind = KINDS[which];
        let file = fixtures().join(format!("{}.jsonl", kind.name));
        let Ok(bytes) = fs::read(file) else { return Ok(()) };
        let mut lines: Vec<Vec<u8>> = bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        for (index, byte, how) in edits {
            let at = index.index(lines.len());
            let other = usize::from(byte) % lines.len();
            match how {
                0 => { lines.remove(at); }
                1 => lines.swap(at, other),
                2 => { let again = lines[at].clone(); lines.insert(other, again); }
                3 => {
                    // Another hexadecimal digit somewhere: well-formed, and wrong.
                    let digits: Vec<usize> =
                        (0..lines[at].len()).filter(|n| lines[at][*n].is_ascii_hexdigit()).collect();
                    if !digits.is_empty() {
                        let digit = digits[usize::from(byte) % digits.len()];
                        lines[at][digit] = b"0123456789abcdef"[usize::from(byte) % 16];
                    }
                }
                _ => {
                    let length = lines[at].len();
                    if length > 0 { lines[at][usize::from(byte) % length] = byte; }
                }
            }
            if lines.is_empty() { break; }
        }
        let edited = lines.join(&b'\n');
        if let Ok(replayed) = play(&edited, kind) {
            prop_assert!(epochs(&replayed.told) < 1_000_000);
        }
    }
}
