//! A conformance kit for makers of step-log counters: the clauses of the specification
//! (`firmware-protocol/README.md`) that can be tested from a host, tried over any link, and what was seen.
//!
//! It destroys no data. It speaks as a host of its own ("brisktst"), so that no other host's cursor moves,
//! acknowledges nothing but the oldest block under that name, and asks to erase only what must be refused. A counter
//! that keeps fewer hosts apart than there are takes its place from the one it has not heard for longest (9.3); that host
//! then reads again what it has already. The counter's clock is set, as in every dialogue.

mod acknowledge;
mod bench;
mod clock;
mod control;
mod measure;
mod plain;
mod service;
pub mod simulated;
mod stream;
mod transfer;

use firmware_protocol::steplog;
use serde::Serialize;

use self::bench::{Bench, Problem, Seen};
pub use self::{
    measure::Measured,
    plain::{Plain, class, plain},
};
use crate::{
    radio::{ErrorClass, Radio, RadioError, Wanted},
    time::Clock,
};

/// What came of a clause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The counter does what it must.
    Pass,
    /// It does something else.
    Fail,
    /// It could not be tested from here, or not on this counter now.
    NotTestable,
}

/// One clause and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its number in the specification.
    pub clause: &'static str,
    /// What it asks for, in a sentence.
    pub sentence: &'static str,
    /// What came of it.
    pub verdict: Verdict,
    /// What was seen.
    pub seen: String,
}

/// What the kit has to say of a counter.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Clause by clause.
    pub findings: Vec<Finding>,
    /// What is measured rather than judged.
    pub measured: Measured,
}

impl Report {
    /// Numbers of the clauses that failed, each once.
    pub fn failed(&self) -> Vec<&'static str> {
        let mut failed: Vec<_> =
            self.findings.iter().filter(|one| one.verdict == Verdict::Fail).map(|one| one.clause).collect();
        failed.dedup();
        failed
    }
}

/// Clauses that no host can test, and why.
const NOT_TESTABLE: [(&str, &str, &str); 8] = [
    ("2.4", "One host is served at a time.", "needs a second radio"),
    ("3.7", "After an unannounced reset sixty numbers are left out.", "needs a reset; `tests/conformance` plays it"),
    ("3.9", "Whole epochs are in flash after 15 minutes.", "needs a loss of power"),
    ("7.6", "From setting the clock on, epochs begin at whole minutes.", "needs minutes of waiting"),
    ("9.3", "At least two hosts are kept apart.", "could push out a host of the household"),
    ("12.1", "The oldest blocks give way, and losses are counted.", "needs a full memory"),
    (
        "12.2",
        "A loss of power loses nothing that was in flash.",
        "needs a loss of power; `tests/power_loss.rs` plays it",
    ),
    ("14.1", "Pairing is LE Secure Connections with bonding.", "is the operating system's to see"),
];

/// Runs clause after clause and notes what came of each.
macro_rules! clauses {
    ($bench:ident, $findings:ident: $($clause:literal $sentence:literal $test:path;)*) => {$(
        let outcome = $test(&mut $bench).await;
        $findings.push(judge($clause, $sentence, outcome, &mut $bench).await?);
    )*};
}

/// Runs the kit. `tell` hears each finding as it is made.
///
/// # Errors
/// When the counter cannot be reached. A connection that breaks within a clause fails that clause.
pub async fn run<R: Radio>(
    radio: &R,
    clock: &dyn Clock,
    wanted: Wanted,
    tell: &mut dyn FnMut(&Finding),
) -> Result<Report, RadioError> {
    let mut bench = Bench::new(radio, clock, wanted);
    if let Err(Problem::Radio(error)) = bench.reconnect().await {
        return Err(error);
    }
    let mut findings = Telling { findings: Vec::new(), tell };
    clauses! { bench, findings:
        "2.5" "The advertisement carries the service." service::advertisement;
        "2.1" "The characteristics are there, with their properties." service::characteristics;
        "2.2" "Nothing is told over a connection that is not paired." service::encryption;
        "2.3" "Long values can be read, and none is longer than 512 bytes." service::lengths;
        "5.1" "Feature is a sequence of tag, length, value, with what must be in it." service::feature;
        "5.2" "The major version is 1." service::version;
        "7.3" "Before HELLO the clock cannot be set." clock::before_hello;
        "9.2" "HELLO comes first; without it nothing but ABORT is allowed." control::hello_first;
        "9.2" "HELLO says what this host has acknowledged." control::hello;
        "6.1" "State has 24 bytes that agree with each other." service::state;
        "6.2" "The flags say what the numbers say, and the others are 0." service::flags;
        "6.4" "Live has 10 bytes." service::live;
        "7.3" "Times of another length or out of range are refused." clock::limits;
        "7.2" "Setting the clock is answered with token, boot and uptime." clock::answer;
        "7.2" "Setting it again moves it by next to nothing." clock::second_answer;
        "7.4" "Anchors are kept as written, one a minute of each host." clock::anchors;
        "8.2" "Boot links carry their checksum, oldest first." service::boot_links;
        "9.1" "An unknown operation is answered with status 1." control::unknown_operations;
        "9.1" "A request of a wrong length is answered with status 2." control::bad_lengths;
        "9.1" "A write before the answer is refused." control::one_at_a_time;
        "10.2" "Frames are numbered and full." transfer::frames;
        "10.3" "A stream is records, the end and a CRC-32." transfer::streams;
        "4.8" "Every block can be read." transfer::blocks;
        "3.2" "Numbers increase and are not used twice." transfer::numbers_increase;
        "3.4" "Epochs of one boot follow each other without holes." transfer::no_holes_in_a_boot;
        "5.1" "The memory holds what is promised (tag 6)." transfer::capacity;
        "10.4" "The first block is the one that holds the number asked for." transfer::middle_of_a_block;
        "10.4" "No more is sent than was asked for, and one block at least." transfer::limits;
        "10.5" "The end says where to go on." transfer::end_of_transfer;
        "10.6" "READ may be repeated." transfer::same_again;
        "10.1" "A new READ ends the one under way." control::new_read_ends_the_old;
        "9.1" "ABORT ends a transfer." control::abort;
        "10.6" "A transfer that was cut can be read again." transfer::cut_and_continued;
        "7.5" "Setting the clock changes nothing recorded." clock::history_stands;
        "9.6" "ERASE past what every host has acknowledged is refused." control::erase_too_far;
        "11.3" "An ACK with a wrong checksum changes nothing." acknowledge::wrong_checksum;
        "11.3" "An ACK out of range changes nothing." acknowledge::out_of_range;
        "11.3" "An ACK of what is overwritten changes nothing." acknowledge::overwritten;
        "11.4" "The right ACK moves this host's cursor, and may be repeated." acknowledge::right;
    }
    for (clause, sentence, why) in NOT_TESTABLE {
        findings.push(Finding { clause, sentence, verdict: Verdict::NotTestable, seen: why.to_owned() });
    }
    let measured = measure::measure(&mut bench).await;
    bench.hang_up().await;
    Ok(Report { findings: findings.findings, measured })
}

struct Telling<'a> {
    findings: Vec<Finding>,
    tell: &'a mut dyn FnMut(&Finding),
}

impl Telling<'_> {
    fn push(&mut self, finding: Finding) {
        (self.tell)(&finding);
        self.findings.push(finding);
    }
}

async fn judge<R: Radio>(
    clause: &'static str,
    sentence: &'static str,
    outcome: Seen,
    bench: &mut Bench<'_, R>,
) -> Result<Finding, RadioError> {
    let (verdict, seen) = match outcome {
        Ok(seen) => (Verdict::Pass, seen),
        Err(Problem::NotHere(why)) => (Verdict::NotTestable, why),
        Err(Problem::Fails(what)) => (Verdict::Fail, what),
        Err(Problem::Radio(error)) => match error.class() {
            // The counter is gone or this computer's radio is: nothing more can be said of it.
            ErrorClass::RebuildRadio | ErrorClass::Stop => return Err(error),
            ErrorClass::Retry if matches!(error, RadioError::NotHeard) => return Err(error),
            ErrorClass::Retry | ErrorClass::Reconnect => {
                bench.hang_up().await;
                (Verdict::Fail, error.to_string())
            }
        },
    };
    // What a clause left in the air is not the next one's.
    if bench.settle().await.is_err() {
        bench.hang_up().await;
    }
    Ok(Finding { clause, sentence, verdict, seen })
}

/// Whether the kit knows the clauses of this kind of counter.
pub fn has_clauses(kind: &firmware_protocol::device::Kind) -> bool {
    steplog::recognise(kind.scan)
}
