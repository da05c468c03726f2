//! The JSON that the router answers with.

use std::path::PathBuf;

use axum::{
    Json,
    http::header,
    response::{IntoResponse as _, Response},
};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use firmware_protocol::driver::Resolution;
use serde::{Deserialize, Serialize};

use super::BoardEntry;
use crate::{
    goal::{GoalSpan, GoalVersion, WeekProgress},
    model::{DayTotal, ParticipantId, hex},
    store::{
        BondLevel, Broken, CounterIdentity, CounterState, DamagedSpan, How, OpenReport, PutAside, RebuildReport,
        VerifyReport,
    },
    supervisor::CounterStatus,
};

/// The longest text about a request that cannot be read, bytes.
const LONGEST_REFUSAL: usize = 4096;

/// Why there is no answer.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema, utoipa::IntoResponses)]
#[response(status = "default", description = "Why there is no answer, and what to do")]
pub struct ErrorReply {
    /// What happened, what it means for the data, what to do.
    pub error: String,
}

/// What could not be read of a request, in the same form as every other refusal.
pub(super) async fn in_json(response: Response) -> Response {
    let plain = |response: &Response| {
        let kind = response.headers().get(header::CONTENT_TYPE);
        kind.and_then(|kind| kind.to_str().ok()).is_some_and(|kind| kind.starts_with("text/plain"))
    };
    if !response.status().is_client_error() || !plain(&response) {
        return response;
    }
    let status = response.status();
    let said = axum::body::to_bytes(response.into_body(), LONGEST_REFUSAL).await.unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    let error = format!("the request cannot be read, and nothing was changed: {said}. docs/api.md says how to ask");
    (status, Json(ErrorReply { error })).into_response()
}

/// How everything is.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct StatusReply {
    /// Program and version.
    pub software: String,
    /// Of whoever answers.
    pub process_id: u32,
    /// By the program's clock.
    pub now: DateTime<Utc>,
    /// Whether that clock can be believed.
    pub clock_synchronised: bool,
    /// Everybody in the settings.
    pub people: Vec<ParticipantId>,
    /// The configured counters, then others whose data are here.
    pub counters: Vec<CounterReply>,
    /// Where the data lies.
    #[schema(value_type = String)]
    pub data_dir: PathBuf,
    /// Size of the truth.
    pub journal_bytes: u64,
    /// Size of what can be rebuilt from it.
    pub index_bytes: u64,
    /// What was noticed when the data was opened.
    pub notes: Vec<String>,
}

/// One counter.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CounterReply {
    /// Its own identity; none while it has not been met.
    pub id: Option<String>,
    /// What the household calls it.
    pub label: Option<String>,
    /// Who wears it.
    pub person: Option<ParticipantId>,
    /// Name of its kind, when it is one of this home.
    pub kind: Option<String>,
    /// How finely it tells: M minutes, H longer buckets, C a running total only; none while it has not been met.
    pub resolution_class: Option<char>,
    /// Where it is reached.
    pub address: Option<String>,
    /// How its connection was protected when something last arrived; before that, how it was paired.
    pub bond: Option<BondLevel>,
    /// It is looked for.
    pub wanted: bool,
    /// Firmware version as it states it.
    pub firmware: Option<String>,
    /// When something last arrived from it.
    pub last_arrival: Option<DateTime<Utc>>,
    /// Battery, percent.
    pub battery_percent: Option<u8>,
    /// Every epoch below this number that the counter had is on disk.
    pub stored_to: u32,
    /// Units put aside because they could not be read.
    pub put_aside: u64,
    /// The counter is not acknowledged past this epoch, because it could not be read.
    pub held_at: Option<u32>,
    /// Epochs that cannot be dated yet.
    pub undated_epochs: u64,
    /// Epochs that the counter overwrote before they could be fetched, and such as were erased here.
    pub lost_epochs: u64,
    /// Epochs that came twice with different values; the first is used.
    pub conflicts: u64,
    /// What whoever looks after it may want to do soon, one sentence each.
    #[serde(default)]
    pub notices: Vec<String>,
    /// What the daemon is doing for it; none when no daemon looks after it.
    pub doing: Option<CounterStatus>,
}

impl CounterReply {
    pub(super) fn new(entry: Option<&BoardEntry>, state: Option<&CounterState>, doing: Option<CounterStatus>) -> Self {
        let device = entry.map(|entry| entry.device).or(state.map(|state| state.device));
        let resolution = state.and_then(|state| state.identity.as_ref()).map(CounterIdentity::resolution);
        Self {
            id: device.map(|device| device.to_string()),
            label: entry.and_then(|entry| entry.label.clone()),
            person: entry.and_then(|entry| entry.person.clone()),
            kind: entry.map(|entry| entry.kind.to_owned()),
            resolution_class: resolution.map(|resolution| match resolution {
                Resolution::Minute => 'M',
                Resolution::Coarse => 'H',
                Resolution::Counter => 'C',
            }),
            address: entry.and_then(|entry| entry.address.clone()),
            bond: state.and_then(|state| state.bond).or(entry.map(|entry| entry.bond)),
            wanted: entry.is_some_and(|entry| entry.wanted),
            firmware: state.and_then(|state| state.identity.as_ref()).map(|identity| identity.firmware.clone()),
            last_arrival: state.and_then(|state| state.last_arrival),
            battery_percent: state.and_then(|state| state.battery),
            stored_to: state.map_or(0, |state| state.stored_to),
            put_aside: state.map_or(0, |state| state.quarantined),
            held_at: state.and_then(|state| state.held_at),
            undated_epochs: state.map_or(0, |state| state.undated_epochs),
            lost_epochs: state.map_or(0, |state| state.lost_epochs),
            conflicts: state.map_or(0, |state| state.conflicts),
            notices: Vec::new(),
            doing,
        }
    }
}

/// Today beside the plan.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TodayReply {
    /// Today's date in the person's zone.
    pub date: NaiveDate,
    /// 1 = Monday … 7 = Sunday.
    pub weekday: u32,
    /// Today in a sentence.
    pub sentence: String,
    /// What the plan measures.
    pub measure: Option<String>,
    /// How much of it is planned.
    pub target: Option<u32>,
    /// How much is done, by what is known.
    pub done: Option<u32>,
    /// How much is left.
    pub left: Option<u32>,
    /// When something last arrived from the person's counter, by the clock on their wall.
    #[schema(value_type = Option<String>, example = "2026-05-14T16:40:00")]
    pub last_heard: Option<NaiveDateTime>,
    /// Charge of that counter, percent.
    #[serde(default)]
    pub battery_percent: Option<u8>,
    /// The day table's row; none when nothing has ever arrived.
    pub row: Option<DayTotal>,
}

/// A week from Monday to Sunday beside the plan.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WeekReply {
    /// How it went.
    #[serde(flatten)]
    pub progress: WeekProgress,
    /// Its days, as far as they have come.
    pub days: Vec<DayTotal>,
}

/// Rows of the day table.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DaysReply {
    /// Each person's days in order; one person after the other.
    pub days: Vec<DayTotal>,
    /// The first day that is not among them: ask again with `from` this day. None when all are there.
    pub next: Option<NaiveDate>,
}

/// A person's goals.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct GoalsReply {
    /// Today's date in the person's zone.
    pub today: NaiveDate,
    /// The goal that counts today.
    pub in_force: Option<GoalVersion>,
    /// The last day of the pause that today lies in.
    pub paused_until: Option<NaiveDate>,
    /// The name that the next goal gets.
    pub next_id: String,
    /// All goals with the days on which they counted, oldest first.
    pub history: Vec<GoalReply>,
}

/// A goal and the days on which it counted.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct GoalReply {
    /// First day.
    pub from: NaiveDate,
    /// Last day; none while it counts.
    pub until: Option<NaiveDate>,
    /// The goal as it was set.
    pub goal: GoalVersion,
}

impl From<&GoalSpan<'_>> for GoalReply {
    fn from(span: &GoalSpan<'_>) -> Self {
        Self { from: span.from, until: span.until, goal: span.goal.clone() }
    }
}

/// What was found in the data, or done to it.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DataReply {
    /// Everything is as it should be.
    pub sound: bool,
    /// One line each: what was looked at and how much of it.
    pub looked_at: Vec<String>,
    /// One sentence each.
    pub problems: Vec<String>,
}

impl DataReply {
    pub(super) fn verified(report: &VerifyReport, put_aside: &[PutAside]) -> Self {
        let mut problems = damage(&report.damaged);
        let count = |n: u64, what: &str| (n > 0).then(|| format!("{n} {what}"));
        problems.extend(count(
            report.unreadable_records,
            "records are whole, but of a version that this program does not know. They are kept; update the program",
        ));
        problems.extend(count(
            report.unreadable_units,
            "pieces of readings are whole, but cannot be understood. They are kept and in no total; update the program",
        ));
        if !report.index_is_right() {
            problems.push(format!(
                "the index differs from the journal ({} values differ, {} are missing, {} too many). The journal is the truth: `brisk data rebuild` puts the index right",
                report.differing, report.missing, report.orphaned
            ));
        }
        problems.extend(report.chains.broken.iter().map(broken));
        problems.extend(count(
            report.chains.slipped_in,
            "decisions or revisions of days have no place in an audit chain, and stand behind some that have one: an older \
             version of the program wrote them, or somebody slipped them in. Look who has access to this computer",
        ));
        let mut looked_at =
            vec![format!("{} journal records read, every checksum and every unit in them.", report.records)];
        looked_at.extend(report.chains.heads.iter().map(|(participant, head)| {
            format!("Audit chain of {}: {} rows, the newest {}", participant.as_str(), head.rows, hex(&head.hash))
        }));
        looked_at.extend((report.chains.gone > 0).then(|| {
            format!(
                "{} rows of the audit chains went when somebody else was erased; their hashes are in their places.",
                report.chains.gone
            )
        }));
        looked_at.extend((report.chains.before_chains > 0).then(|| {
            format!(
                "{} decisions and revisions of days are older than the audit chains: nothing shows whether they changed.",
                report.chains.before_chains
            )
        }));
        looked_at.extend(put_aside.iter().map(|aside| {
            format!(
                "Put aside on arrival at {} from counter {}: number {}, {:?}, bytes {}",
                aside.arrived.format("%Y-%m-%dT%H:%M:%SZ"),
                aside.device,
                aside.seq.map_or_else(|| "unknown".to_owned(), |seq| seq.to_string()),
                aside.reason,
                hex(&aside.bytes),
            )
        }));
        Self { sound: problems.is_empty(), looked_at, problems }
    }

    pub(super) fn rebuilt(report: &RebuildReport) -> Self {
        let mut problems = damage(&report.damaged);
        if report.unreadable > 0 {
            problems.push(format!(
                "{} records are of a version that this program does not know; they stay in the journal",
                report.unreadable
            ));
        }
        let looked_at = vec![format!("The index was made anew from {} journal records.", report.records)];
        Self { sound: problems.is_empty(), looked_at, problems }
    }
}

/// What is wrong with an audit chain.
fn broken(broken: &Broken) -> String {
    let what = match broken.how {
        How::Missing => "rows before it are missing",
        How::Twice => "there are two rows of that number",
        How::Changed => "it, or the row before it, is not the one that was written",
        How::Moved => "it stands behind a newer row",
        How::End => "the newest row is not the one that was written last",
    };
    format!(
        "the audit chain of {} does not hold at row {}: {what}. Something other than Brisk wrote to the journal, or the disk \
         failed. Compare with the newest export of the audit trail, and put a backup back where it differs",
        broken.participant.as_str(),
        broken.seq
    )
}

/// What was found and healed when the data was opened, one sentence each.
pub fn opening_notes(report: &OpenReport) -> Vec<String> {
    let torn = report.torn.iter().map(|torn| {
        format!(
            "the last {} bytes of {} were unfinished, as after a power cut; they were cut off and kept in {}. The counter was never told that they were stored and sends them again",
            torn.bytes,
            torn.path.display(),
            torn.kept_in.display()
        )
    });
    let rebuilt = report.rebuilt.iter().map(|why| {
        format!("the index could not be used ({why}); it was made anew from the journal, and no reading is affected")
    });
    let cut = report.chains_cut.iter().map(|(_, rows)| {
        // It goes to the log, where nobody is named.
        format!(
            "an audit chain ended at row {rows} before, and its newest rows are not in the journal any more. If no older copy of the journal was put back, somebody took them out: compare what `brisk data verify` says of each chain with an export of the audit trail"
        )
    });
    torn.chain(rebuilt).chain(cut).chain(damage(&report.damaged)).collect()
}

fn damage(spans: &[DamagedSpan]) -> Vec<String> {
    let sentence = |span: &DamagedSpan| {
        format!(
            "{} bytes at {} in {} are damaged: what stood there is lost unless a backup has it; everything around it is read. Check the disk",
            span.bytes,
            span.offset,
            span.path.display()
        )
    };
    spans.iter().map(sentence).collect()
}
