//! The fuzz targets on the stable toolchain: the committed corpus, then random and mutated inputs
//! for `BRISK_FUZZ_SECONDS` (5 when unset, shared by the targets). Prints its seed; `BRISK_FUZZ_SEED` repeats a run,
//! `BRISK_FUZZ_ONLY=decode,device_dialogue` leaves the other targets out.

mod common;

use std::{
    env, fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    time::{Duration, Instant},
};

use common::Dice;
use firmware_protocol::fuzz_entry;

type Target = (&'static str, fn(&[u8]));

const TARGETS: [Target; 4] = [
    ("decode", fuzz_entry::decode),
    ("device_dialogue", fuzz_entry::device_dialogue),
    ("host_dialogue", fuzz_entry::host_dialogue),
    ("device_writes", fuzz_entry::device_writes),
];

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|file| fs::read(file).unwrap()).collect()
}

fn mutate(dice: &mut Dice, corpus: &[Vec<u8>]) -> Vec<u8> {
    let pick = |dice: &mut Dice, n: usize| usize::try_from(dice.roll() % u64::try_from(n.max(1)).unwrap()).unwrap();
    if corpus.is_empty() || dice.one_in(4) {
        let length = pick(dice, 400);
        return (0..length).map(|_| dice.roll().to_le_bytes()[0]).collect();
    }
    let mut bytes = corpus[pick(dice, corpus.len())].clone();
    for _ in 0..=pick(dice, 6) {
        let at = pick(dice, bytes.len());
        match dice.roll() % 5 {
            0 if !bytes.is_empty() => bytes[at] = dice.roll().to_le_bytes()[0],
            1 if !bytes.is_empty() => bytes[at] ^= 1 << (dice.roll() % 8),
            2 => bytes.insert(at.min(bytes.len()), dice.roll().to_le_bytes()[0]),
            3 => bytes.truncate(at),
            _ => {
                let other = &corpus[pick(dice, corpus.len())];
                let from = pick(dice, other.len());
                bytes.extend_from_slice(&other[from..]);
            }
        }
    }
    bytes.truncate(2_000);
    bytes
}

#[test]
fn the_corpus_does_no_harm() {
    for (name, target) in TARGETS {
        let corpus = corpus(name);
        assert!(!corpus.is_empty(), "{name}");
        for input in &corpus {
            target(input);
        }
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a fuzzer runs for a time, not to a result")]
fn random_and_mutated_input_does_no_harm() {
    let number = |name: &str, default| env::var(name).map_or(default, |text| text.parse().expect("a number"));
    let seconds = number("BRISK_FUZZ_SECONDS", 5);
    let seed = number("BRISK_FUZZ_SEED", 20_261_122);
    println!("BRISK_FUZZ_SEED={seed}");
    let only = env::var("BRISK_FUZZ_ONLY").unwrap_or_default();
    let wanted: Vec<Target> =
        TARGETS.into_iter().filter(|(name, _)| only.is_empty() || only.split(',').any(|one| one == *name)).collect();
    assert!(!wanted.is_empty(), "no such target: {only}");
    let share_ms = seconds * 1000 / u64::try_from(wanted.len()).unwrap();
    for (name, target) in wanted {
        let corpus = corpus(name);
        let mut dice = Dice(seed);
        let until = Instant::now() + Duration::from_millis(share_ms);
        let mut runs = 0_u64;
        while Instant::now() < until {
            let input = mutate(&mut dice, &corpus);
            let harmless = catch_unwind(AssertUnwindSafe(|| target(&input))).is_ok();
            assert!(harmless, "{name}, seed {seed}, run {runs}: {}", hex(&input));
            runs += 1;
        }
        println!("{name}: {runs} inputs");
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
