//! For each column of the day table: which public tool computes the same numbers, and which test says so. A column that
//! is not named here fails; so does a claim that the file or script it rests on does not bear out, and a table in
//! `docs/measures.md` that says something else.

use std::{collections::BTreeSet, fs, path::Path};

use brisk::export::columns::DAY_COLUMNS;

/// What confirms a column.
struct Confirmed {
    column: &'static str,
    /// The column of `tests/oracles/fitabase_shared_daily.csv`, and the tool that computed it.
    tool: Option<(&'static str, &'static str)>,
    /// Whether `benches/peers` compute it, by pandas, polars, duckdb and numba.
    peers: Peers,
    /// What else confirms it, or why nothing but our own tests can.
    else_by: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Peers {
    Yes,
    No,
}

const ACCELEROMETRY: &str = "accelerometry 3.1.2";
const STEPMETRICS: &str = "stepmetrics 1.0.3";
const R: &str = "R 4.2.2";

const fn by(tool: &'static str, theirs: &'static str, column: &'static str) -> Confirmed {
    Confirmed { column, tool: Some((theirs, tool)), peers: Peers::Yes, else_by: "" }
}

const fn peers(column: &'static str) -> Confirmed {
    Confirmed { column, tool: None, peers: Peers::Yes, else_by: "" }
}

const fn ours(column: &'static str, else_by: &'static str) -> Confirmed {
    Confirmed { column, tool: None, peers: Peers::No, else_by }
}

const KEPT: &str = "ours alone: says what the row was made by";
const GOAL: &str = "ours alone: no public tool knows a person's goals; empty in the batch";
const BOUNDS: &str = "ours alone: the bounds of activity-science §7, worked out again in tests/batch/epochs.rs";
const ZONE: &str = "zones by chrono-tz, worked out again in tests/batch/order.rs";

const COLUMNS: [Confirmed; 56] = [
    by(R, "participant_id", "participant_id"),
    by(R, "date", "local_date"),
    ours("day_index", "ours alone: counts from enrolment, tests/batch/people.rs"),
    ours("weekday", "ISO 8601 by chrono, tests/batch/order.rs"),
    ours("tz", ZONE),
    ours(
        "tz_offset_min",
        "zones by chrono-tz, worked out again in tests/batch/order.rs; journeys in tests/batch/people.rs",
    ),
    ours(
        "day_len_min",
        "zones by chrono-tz, worked out again in tests/batch/order.rs; clock changes in tests/batch/rows.rs",
    ),
    by(R, "minutes_recorded", "minutes_recorded"),
    ours("epoch_seconds_max", "ours alone: the input's own epochs, tests/batch/epochs.rs"),
    ours("data_state", "ours alone: a state for each kind of missing data, src/aggregate/day.rs"),
    by(R, "total_steps", "total_steps"),
    ours("device_day_steps", "the vendor's dailyActivity: 494 days, tests/batch/command.rs"),
    ours("steps_lower", BOUNDS),
    ours("steps_upper", BOUNDS),
    by(STEPMETRICS, "m_0", "m_0"),
    by(STEPMETRICS, "m_1_19", "m_1_19"),
    by(STEPMETRICS, "m_20_39", "m_20_39"),
    by(STEPMETRICS, "m_40_59", "m_40_59"),
    by(STEPMETRICS, "m_60_79", "m_60_79"),
    by(STEPMETRICS, "m_80_99", "m_80_99"),
    by(STEPMETRICS, "m_100_119", "m_100_119"),
    by(STEPMETRICS, "m_120p", "m_120p"),
    ours("brisk_threshold", "ours alone: a setting, by person and date, tests/batch/people.rs"),
    by(R, "brisk_min", "brisk_min"),
    ours("brisk_lower", BOUNDS),
    ours("brisk_upper", BOUNDS),
    ours("leisure_brisk_min", "ours alone: no public tool knows hours of work, tests/batch/people.rs"),
    ours("work_brisk_min", "ours alone: no public tool knows hours of work, tests/batch/people.rs"),
    peers("vigorous_min"),
    by(ACCELEROMETRY, "bout_min_nci", "bout_min"),
    peers("bout_count"),
    peers("longest_bout_min"),
    by(STEPMETRICS, "peak1_spm", "peak1_spm"),
    by(STEPMETRICS, "peak30_spm", "peak30_spm"),
    by(STEPMETRICS, "peak60_spm", "peak60_spm"),
    peers("met_min_floor"),
    by(ACCELEROMETRY, "wear60_min", "wear60_min"),
    by(ACCELEROMETRY, "wear90zero_min", "wear90_min"),
    ours("wear_method", "ours alone: names the method of the rules"),
    ours(
        "wear_min",
        "zero60 and zero90 as above; choi as PhysicalActivity 0.2-4, tests/oracles.rs; heart_rate, zero120 and \
         hours_with_steps by our own tests alone",
    ),
    peers("hours_with_steps"),
    peers("valid60"),
    peers("valid90"),
    peers("valid_day"),
    ours("diary_min", "ours alone: no public tool knows the diary; empty in the batch"),
    ours("goal_id", GOAL),
    ours("goal_measure", GOAL),
    ours("goal_target", GOAL),
    ours("goal_done", GOAL),
    ours("goal_state", GOAL),
    ours("source_device", KEPT),
    ours("flags", "ours alone: each flag has a test of its own in tests/batch and src/aggregate"),
    ours("rules", KEPT),
    ours("rules_hash", KEPT),
    ours("software", KEPT),
    ours("computed_at", KEPT),
];

/// The last column, which needs no more than its number.
const REVISION: Confirmed = ours("revision", "ours alone: counts what was handed out, tests/store/kept.rs");

fn all() -> impl Iterator<Item = &'static Confirmed> {
    COLUMNS.iter().chain([&REVISION])
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn every_column_of_the_day_table_is_named_with_what_confirms_it() {
    let named: Vec<_> = all().map(|confirmed| confirmed.column).collect();
    let columns: Vec<_> = DAY_COLUMNS.iter().map(|(name, _)| *name).collect();

    assert_eq!(named, columns);
    for confirmed in all() {
        let nothing = confirmed.tool.is_none() && confirmed.peers == Peers::No && confirmed.else_by.is_empty();
        assert!(!nothing, "{}", confirmed.column);
    }
}

#[test]
fn what_is_said_of_the_tools_stands_in_their_results() {
    let results = read("tests/oracles/fitabase_shared_daily.csv");
    let theirs: BTreeSet<_> = results.lines().next().unwrap().split(',').collect();
    let script = read("benches/peers/day_table.py");
    let list = script.split("COLUMNS = \"\"\"").nth(1).and_then(|rest| rest.split("\"\"\"").next()).unwrap();
    let computed: BTreeSet<_> = list.split_whitespace().collect();

    for (column, tool) in all().filter_map(|confirmed| confirmed.tool) {
        assert!(theirs.contains(column), "{tool}: {column}");
    }
    let said: BTreeSet<_> =
        all().filter(|confirmed| confirmed.peers == Peers::Yes).map(|confirmed| confirmed.column).collect();
    assert_eq!(said, computed);
    for file in all().flat_map(|confirmed| confirmed.else_by.split([' ', ',', ';'])).filter(|word| word.contains(".rs"))
    {
        read(file);
    }
}

fn table() -> String {
    let mut table =
        "| column | public tool, 474 real days | pandas, polars, duckdb, numba | else |\n|---|---|---|---|\n"
            .to_owned();
    for Confirmed { column, tool, peers, else_by } in all() {
        let tool = tool.map_or(String::new(), |(theirs, tool)| format!("{tool}, `{theirs}`"));
        let peers = if *peers == Peers::Yes { "yes" } else { "" };
        let cells = [format!("`{column}`"), tool, peers.to_owned(), (*else_by).to_owned()];
        table.push('|');
        for cell in cells {
            table.push(' ');
            table.push_str(&cell);
            table.push_str(if cell.is_empty() { "|" } else { " |" });
        }
        table.push('\n');
    }
    table
}

#[test]
fn the_page_of_measures_holds_this_table() {
    let page = read("docs/measures.md");

    let from = page.find("| column |").unwrap_or(page.len());
    let held: String =
        page[from..].lines().take_while(|line| line.starts_with('|')).flat_map(|line| [line, "\n"]).collect();
    let wanted = table();
    assert!(held == wanted, "docs/measures.md should hold:\n{wanted}");
}
