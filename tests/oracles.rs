//! Our numbers against numbers that independent public tools computed: `accelerometry` 3.1.2,
//! `PhysicalActivity` 0.2-4, `stepmetrics` 1.0.3. `oracles/` holds small cases and result tables.
//!
//! The public data sets behind the result tables are not part of this repository: they are read from
//! `$BRISK_SHARED/data` or `../shared/data`. A check without its data set says `left out: …` and, where
//! `BRISK_REQUIRE_DATA=1` is set, fails.

use std::{
    collections::BTreeMap,
    ops::{Range, RangeInclusive},
    path::{Path, PathBuf},
};

use brisk::{
    aggregate::{
        DayInput,
        bouts::{BoutRule, for_each_bout},
        day_total,
        series::{SeriesBuf, Stretch, Walked},
        tally::Tally,
        wear::{ChoiRule, choi, for_each_zero_run},
    },
    batch::{self, BatchOptions},
    model::{DayTotal, Minute, MinuteWear, ParticipantId, Rules, WearMethod},
    time::{Calendar, LocalDay, Zone},
};
use serde_json::Value;

fn oracle(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles").join(name)
}

fn cases(name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(oracle(name)).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Rows of a CSV file, by column name.
fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_path(path).unwrap().deserialize().map(Result::unwrap).collect()
}

/// A public data set, or none where it may be missing.
fn data_set(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let shared = std::env::var_os("BRISK_SHARED").map_or(beside, PathBuf::from);
    let path = shared.join("data").join(name);
    if path.is_file() {
        return Some(path);
    }
    assert!(
        std::env::var_os("BRISK_REQUIRE_DATA").is_none_or(|wanted| wanted != "1"),
        "{} is not there",
        path.display()
    );
    println!("left out: {name} is not there");
    None
}

fn minutes(steps: impl IntoIterator<Item = u32>) -> Vec<Minute> {
    let minute = |(at, steps)| Minute { at, steps, wear: MinuteWear::Unknown, saturated: false, overlap: false };
    (0..).zip(steps).map(minute).collect()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is not a number"))
}

/// The run-length coded series of a case.
fn series(case: &Value) -> SeriesBuf {
    let runs = case["steps_rle"].as_array().unwrap();
    let steps = runs.iter().flat_map(|run| {
        let length = usize::try_from(number(&run[1])).unwrap();
        std::iter::repeat_n(u32::try_from(number(&run[0])).unwrap(), length)
    });
    let series = SeriesBuf::of(&minutes(steps));
    assert_eq!(u64::from(recorded(&series)), number(&case["minutes"]), "{}", case["name"]);
    series
}

fn recorded(series: &SeriesBuf) -> u32 {
    series.view().recorded_in(i32::MIN..i32::MAX)
}

/// What a rule finds in every segment of a record.
fn found(series: &SeriesBuf, rule: impl Fn(Stretch<'_>) -> Vec<Range<i32>>) -> Vec<Range<i32>> {
    series.view().stretches(i32::MIN..i32::MAX).flat_map(rule).collect()
}

fn zero_runs(stretch: Stretch<'_>, shortest: i32) -> Vec<Range<i32>> {
    let mut found = Vec::new();
    for_each_zero_run(stretch, |run| found.extend((run.end - run.start >= shortest).then_some(run)));
    found
}

fn bouts(stretch: Stretch<'_>, threshold: u16, rule: BoutRule) -> Vec<Range<i32>> {
    let mut found = Vec::new();
    for_each_bout(stretch, threshold, rule, |bout| found.push(bout));
    found
}

fn minutes_in(runs: &[Range<i32>], own: &Range<i32>) -> u32 {
    let inside = |run: &Range<i32>| run.end.min(own.end) - run.start.max(own.start);
    runs.iter().map(|run| u32::try_from(inside(run)).unwrap_or(0)).sum()
}

fn intervals(value: &Value) -> Vec<RangeInclusive<u64>> {
    value.as_array().unwrap().iter().map(|pair| number(&pair[0])..=number(&pair[1])).collect()
}

fn inclusive(ranges: &[Range<i32>]) -> Vec<RangeInclusive<u64>> {
    let index = |index: i32| u64::try_from(index).unwrap();
    ranges.iter().map(|range| index(range.start)..=index(range.end - 1)).collect()
}

#[test]
fn wear_is_what_the_written_rule_says_in_every_case() {
    type Rule = fn(Stretch<'_>) -> Vec<Range<i32>>;
    let rules: [(&str, Rule); 3] = [
        ("zero60", |stretch| zero_runs(stretch, 60)),
        ("zero90", |stretch| zero_runs(stretch, 90)),
        ("choi_stream30", |stretch| choi(stretch, ChoiRule::PUBLISHED)),
    ];
    let cases = cases("wear_cases.json");
    assert_eq!(cases.len(), 48);
    for case in &cases {
        let series = series(case);
        for (name, rule) in rules {
            let expected = &case["expected"][name];

            let found = found(&series, rule);

            let worn = recorded(&series) - minutes_in(&found, &(0..i32::MAX));
            assert_eq!(inclusive(&found), intervals(&expected["spec_nonwear"]), "{name} {}", case["name"]);
            assert_eq!(u64::from(worn), number(&expected["spec_wear_minutes"]), "{name} {}", case["name"]);
        }
    }
}

#[test]
fn bouts_are_those_of_the_public_tool_in_every_case_and_variant() {
    let cases = cases("bout_cases.json");
    assert_eq!(cases.len(), 32);
    for case in &cases {
        let series = series(case);
        for (name, rule) in [
            ("nci_tol2", BoutRule::NCI_8_OF_10),
            ("nci_tol1", BoutRule::NCI_9_OF_10),
            ("strict10", BoutRule::STRICT_10),
        ] {
            let expected = &case["expected"][name];

            let found = found(&series, |stretch| bouts(stretch, 100, rule));

            let inside = minutes_in(&found, &(0..i32::MAX));
            assert_eq!(inclusive(&found), intervals(&expected["bouts"]), "{name} {}", case["name"]);
            assert_eq!(u64::from(inside), number(&expected["bout_minutes"]), "{name} {}", case["name"]);
        }
    }
}

fn tally(walked: &[Walked], recorded: u32) -> Tally {
    Tally::of(recorded, walked.iter().map(|minute| minute.steps))
}

#[test]
fn bands_and_peaks_are_those_of_the_public_tool_in_every_case() {
    let cases = cases("cadence_cases.json");
    assert_eq!(cases.len(), 11);
    for case in &cases {
        let series = series(case);
        let expected = &case["expected"];

        let tally = tally(&series.walked, recorded(&series));

        let eight = |name: &str| -> Vec<u64> { expected[name].as_array().unwrap().iter().map(number).collect() };
        assert_eq!(tally.bands().map(u64::from).to_vec(), eight("band_minutes"), "{}", case["name"]);
        assert_eq!(tally.band_steps().map(u64::from).to_vec(), eight("band_steps"), "{}", case["name"]);
        for (index, peak) in tally.peaks().into_iter().enumerate() {
            let wanted = expected["peak1_30_60_spm"][index].as_f64();
            let same = match (peak, wanted) {
                (Some(peak), Some(wanted)) => (peak - wanted).abs() <= 0.000_051,
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            };
            assert!(same, "peak {index} of {}: {peak:?}, not {wanted:?}", case["name"]);
        }
    }
}

#[test]
fn the_day_table_of_474_real_days_is_the_one_that_three_tools_computed() {
    let Some(input) = data_set("fitabase-2016/minuteStepsNarrow_merged.csv.gz") else { return };
    let mut options = BatchOptions::of(vec![input]);
    options.columns = "participant_id=Id,timestamp=ActivityMinute,steps=Steps".parse().unwrap();
    let mut out = Vec::new();

    let summary = batch::run(&options, &mut |_| {}, &mut out).unwrap();

    assert!(summary.is_clean());
    assert_eq!((summary.rows, summary.days, summary.read_again), (670_800, 474, 0));
    assert!(summary.most_held < 100_000, "{} held", summary.most_held);
    let ours: BTreeMap<_, _> = csv::Reader::from_reader(out.as_slice())
        .deserialize::<BTreeMap<String, String>>()
        .map(Result::unwrap)
        .map(|row| ((row["participant_id"].clone(), row["local_date"].clone()), row))
        .collect();
    let renamed = |theirs: &str| {
        match theirs {
            "bout_min_nci" => "bout_min",
            "wear90zero_min" => "wear90_min",
            same => same,
        }
        .to_owned()
    };
    let mut compared = 0;
    for theirs in rows(&oracle("fitabase_shared_daily.csv")) {
        let day = &ours[&(theirs["participant_id"].clone(), theirs["date"].clone())];
        for (name, wanted) in &theirs {
            let Some(found) = day.get(&renamed(name)) else { continue };
            // R writes 90.0 where we write 90.
            let wanted = if name.starts_with("peak") { wanted.trim_end_matches(".0") } else { wanted };
            assert_eq!(found, wanted, "{name} of {} {}", theirs["participant_id"], theirs["date"]);
            compared += 1;
        }
    }
    assert_eq!(compared, 474 * 18);
}

/// Columns of the Fitabase result that the day table does not hold: strict bouts, Choi's rule, steps in bands.
#[test]
fn strict_bouts_choi_wear_and_band_steps_of_474_real_days_are_the_tools_too() {
    let Some(input) = data_set("fitabase-2016/minuteStepsNarrow_merged.csv.gz") else { return };
    let records = fitabase_minutes(&input);
    let calendar = Calendar::midnight(Zone::AS_IT_STANDS);
    let day_by = |change: fn(&mut Rules), record: &SeriesBuf, date: &str| {
        let mut rules = Rules::brisk_1();
        change(&mut rules);
        day_of(record, &calendar.day(date.parse().unwrap()), 100, &rules)
    };
    let mut compared = 0;
    for theirs in rows(&oracle("fitabase_shared_daily.csv")) {
        let record = &records[&theirs["participant_id"]];
        let day = calendar.day(theirs["date"].parse().unwrap());
        let by_choi = day_by(|rules| rules.wear_method = WearMethod::Choi, record, &theirs["date"]);
        assert_eq!(by_choi.wear_method, Some(WearMethod::Choi));
        assert_eq!(by_choi.wear_min.unwrap().to_string(), theirs["wear90choi_spec_min"], "{theirs:?}");
        let strict = day_by(|rules| (rules.bout_brisk_min, rules.bout_end_min) = (10, 1), record, &theirs["date"]);
        assert_eq!(strict.bout_min.unwrap().to_string(), theirs["bout_min_strict"], "{theirs:?}");
        let own = day.first_minute()..day.end_minute();
        let today: Vec<_> = record.walked.iter().copied().filter(|minute| own.contains(&minute.at.into())).collect();
        let names = ["s_0", "s_1_19", "s_20_39", "s_40_59", "s_60_79", "s_80_99", "s_100_119", "s_120p"];
        for (name, steps) in names.iter().zip(tally(&today, by_choi.minutes_recorded).band_steps()) {
            assert_eq!(steps.to_string(), theirs[*name], "{name} {theirs:?}");
        }
        compared += 1;
    }
    assert_eq!(compared, 474);
}

/// Read apart from the batch code: month/day/year, twelve hours, sorted by participant.
fn fitabase_minutes(path: &Path) -> BTreeMap<String, SeriesBuf> {
    let file = flate2::read::MultiGzDecoder::new(std::fs::File::open(path).unwrap());
    let mut records: BTreeMap<String, Vec<Minute>> = BTreeMap::new();
    for row in csv::Reader::from_reader(file).deserialize() {
        let (id, stamp, steps): (String, String, u32) = row.unwrap();
        let stamp = chrono::NaiveDateTime::parse_from_str(&stamp, "%m/%d/%Y %I:%M:%S %p").unwrap();
        let at = stamp.and_utc().timestamp() / 60;
        let minute = Minute { at, steps, wear: MinuteWear::Unknown, saturated: false, overlap: false };
        records.entry(id).or_default().push(minute);
    }
    records.into_iter().map(|(id, minutes)| (id, SeriesBuf::of(&minutes))).collect()
}

fn day_of(minutes: &SeriesBuf, day: &LocalDay, brisk_threshold: u16, rules: &Rules) -> DayTotal {
    let participant: ParticipantId = "p1".parse().unwrap();
    day_total(&DayInput {
        participant: &participant,
        day,
        day_index: 1,
        brisk_threshold,
        rules,
        rules_hash: "",
        windows: None,
        minutes: minutes.view(),
        coarse: &[],
        device_day_steps: None,
        now_s: None,
        source_device: None,
        epoch_seconds_max: 60,
        extra_flags: &[],
    })
}

/// Activity counts, the data for which the wear and bout rules were published; 2,020 counts a minute is
/// the threshold of Troiano 2008. The column of NCI wear with tolerated counts is not one of our rules.
#[test]
fn wear_and_bouts_of_35_real_days_of_counts_are_those_of_the_tools() {
    let Some(input) = data_set("nhanes-2003-04-counts-extract/unidata.csv.gz") else { return };
    let file = flate2::read::MultiGzDecoder::new(std::fs::File::open(input).unwrap());
    let mut counts: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for row in csv::Reader::from_reader(file).deserialize() {
        let (person, _, _, count): (String, u8, u32, u32) = row.unwrap();
        counts.entry(person).or_default().push(count);
    }
    let mut compared = 0;
    for theirs in rows(&oracle("nhanes_counts_daily.csv")) {
        let series = SeriesBuf::of(&minutes(counts[&theirs["seqn"]].iter().copied()));
        let number: i64 = theirs["record_day"].parse::<i64>().unwrap() - 1;
        let day = Calendar::midnight(Zone::AS_IT_STANDS).day_at(number * 86_400);

        // The tool calls the 55 zeros that open this record not worn, our rule wants its whole window there
        // too (README of the cases). It is the only such day.
        let opening = if (theirs["seqn"].as_str(), number) == ("21005", 0) { 55 } else { 0 };

        let by = |change: fn(&mut Rules)| {
            let mut rules = Rules::brisk_1();
            change(&mut rules);
            day_of(&series, &day, 2020, &rules)
        };
        let (usual, choi) = (by(|_| ()), by(|rules| rules.wear_method = WearMethod::Choi));
        let strict = by(|rules| (rules.bout_brisk_min, rules.bout_end_min) = (10, 1));
        let found = [
            ("minutes", usual.minutes_recorded),
            ("wear60_tol0", usual.wear60_min.unwrap()),
            ("wear90_tol0", usual.wear90_min.unwrap()),
            ("wear90_choi_stream30", choi.wear_min.unwrap() - opening),
            ("mvpa2020_min", usual.brisk_min.unwrap()),
            ("mvpa2020_bout10_nci_tol2_min", usual.bout_min.unwrap()),
            ("mvpa2020_bout10_strict_min", strict.bout_min.unwrap()),
        ];
        for (name, value) in found {
            assert_eq!(value.to_string(), theirs[name], "{name} of {} day {number}", theirs["seqn"]);
        }
        compared += 1;
    }
    assert_eq!(compared, 35);
}
