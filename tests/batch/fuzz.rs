//! Files with bytes changed, lost, doubled and moved: nothing panics, nothing hangs, and every row is accounted for.
//!
//! `BRISK_BATCH_FUZZ_SECONDS=600` looks longer, `BRISK_BATCH_FUZZ_SEED=7` begins elsewhere; the seed of a failure is printed.

use std::time::{Duration, Instant};

use brisk::batch::{BatchOptions, Kind, OnBadRow, Shape, StampClock};

use crate::support::{HEADER, Packed, Record, START, adds_up, file, long, pack, parquet, ran, row, wide};

const CASES: u64 = 400;

/// Minutes of two people, as any of the forms.
fn whole(random: &mut fastrand::Rng) -> Vec<u8> {
    let apart = [60, 60, 60, 15, 300, 1][random.usize(..6)];
    let mut at_s = START * 60 + random.i64(0..100) * 60;
    let records: Vec<_> = (0..random.i64(5..400))
        .map(|number| {
            at_s += if random.u8(..40) == 0 { random.i64(-9..90) * apart } else { apart };
            let steps = [0, 0, 0, random.u32(..200)][random.usize(..4)];
            Record { who: u8::from(number > 200), at_s, steps: (random.u8(..30) > 0).then_some(steps) }
        })
        .collect();
    let bytes = match random.u8(..5) {
        0 => wide(&records.iter().copied().filter(|record| record.at_s % 60 == 0).collect::<Vec<_>>()),
        1 | 2 => parquet(&records, random.usize(20..300)),
        3 => long(&records, true),
        _ => long(&records, false),
    };
    let packed = [Packed::Plain, Packed::Plain, Packed::Gzip, Packed::Zstd][random.usize(..4)];
    // Changes of packed bytes mostly break the packing; so some are made before it.
    if random.bool() { pack(&mutated(bytes, random), packed) } else { mutated(pack(&bytes, packed), random) }
}

fn mutated(mut bytes: Vec<u8>, random: &mut fastrand::Rng) -> Vec<u8> {
    for _ in 0..random.usize(..6) {
        if bytes.is_empty() {
            break;
        }
        let at = random.usize(..bytes.len());
        let end = (at + random.usize(..40)).min(bytes.len());
        match random.u8(..8) {
            0 => bytes[at] ^= 1 << random.u8(..8),
            1 => bytes[at] = random.u8(..),
            2 => bytes[at] = b"\n\r,;\"0-:/Z \xff\x00"[random.usize(..13)],
            3 => drop(bytes.drain(at..end)),
            4 => {
                let part = bytes[at..end].to_vec();
                let to = random.usize(..bytes.len());
                bytes.splice(to..to, part);
            }
            5 => bytes.truncate(at),
            6 => bytes[at..end].fill(random.u8(..)),
            _ => {
                let to = random.usize(..bytes.len());
                bytes.swap(at, to);
            }
        }
    }
    bytes
}

fn options(random: &mut fastrand::Rng, inputs: Vec<std::path::PathBuf>) -> BatchOptions {
    let mut options = BatchOptions::of(inputs);
    let zone = ["Europe/Oslo", "America/Havana", "Australia/Lord_Howe"][random.usize(..3)].parse().unwrap();
    options = match random.u8(..3) {
        0 => options,
        1 => options.in_zone(zone),
        _ => BatchOptions { stamps: StampClock::Local, ..options.in_zone(zone) },
    };
    options.kind = if random.u8(..4) == 0 { Kind::Counter } else { Kind::Steps };
    options.wraps_at = random.bool().then_some(65_536);
    options.epoch_s = [None, None, Some(1), Some(15), Some(60), Some(60), Some(3600)][random.usize(..7)];
    options.threads = random.usize(1..4);
    if random.u8(..8) == 0 {
        options.on_bad_row = OnBadRow::Stop;
    }
    options.tables.report = random.u8(..8) == 0;
    options
}

fn one(seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let dir = tempfile::tempdir().unwrap();
    let mut inputs = vec![file(&dir, "mutated", &whole(&mut random))];
    if random.bool() {
        let good = HEADER.to_owned() + &(0..30).map(|at| row("p9", START + at, 3)).collect::<String>();
        inputs.push(file(&dir, "good.csv", good.as_bytes()));
    }
    let several = inputs.len() > 1;
    let options = options(&mut random, inputs);

    let found = ran(&options);

    let Ok(found) = found else {
        assert!(!several || options.on_bad_row == OnBadRow::Stop, "one file is whole: {:?}", found.err());
        return;
    };
    let summary = &found.summary;
    let listed = summary.rejected.total() + summary.conflicts + u64::try_from(summary.rejected.files.len()).unwrap();
    assert_eq!(u64::try_from(found.aside.len()).unwrap(), listed, "every row that was left out is listed");
    let minutes = summary.inputs.iter().all(|input| input.epoch_s == 60 && input.shape != Shape::Wide);
    if minutes && options.kind == Kind::Steps {
        let taken = found.days.iter().map(|day| day["minutes_recorded"].parse::<u64>().unwrap()).sum();
        assert!(adds_up(summary, taken), "{taken} taken: {summary:?}");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a search is as long as it is told to be")]
fn changed_bytes_never_panic_and_every_row_is_accounted_for() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let first = number("BRISK_BATCH_FUZZ_SEED").unwrap_or(1);
    let until = number("BRISK_BATCH_FUZZ_SECONDS").map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let mut seed = first;
    while until.map_or(seed < first + CASES, |until| Instant::now() < until) {
        let failed = std::panic::catch_unwind(|| one(seed)).is_err();
        assert!(!failed, "BRISK_BATCH_FUZZ_SEED={seed} fails");
        seed += 1;
    }
    println!("{} cases from seed {first} on", seed - first);
}

#[test]
fn cases_that_once_failed_do_not_any_more() {
    // A Parquet file with a name that is no participant's.
    one(49_702);
}
