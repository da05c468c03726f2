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
        bands::bands,
        bouts::{BoutRule, bouts},
        day_total,
        peaks::peaks,
        segments,
        wear::{ChoiRule, choi, zero_runs},
    },
    batch::{self, BatchOptions},
    model::{DayTotal, Minute, MinuteWear, ParticipantId, Rules},
    time::{Calendar, Zone},
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
fn series(case: &Value) -> Vec<Minute> {
    let runs = case["steps_rle"].as_array().unwrap();
    let steps = runs.iter().flat_map(|run| {
        let length = usize::try_from(number(&run[1])).unwrap();
        std::iter::repeat_n(u32::try_from(number(&run[0])).unwrap(), length)
    });
    let minutes = minutes(steps);
    assert_eq!(u64::try_from(minutes.len()).unwrap(), number(&case["minutes"]), "{}", case["name"]);
    minutes
}

fn intervals(value: &Value) -> Vec<RangeInclusive<u64>> {
    value.as_array().unwrap().iter().map(|pair| number(&pair[0])..=number(&pair[1])).collect()
}

fn inclusive(ranges: Vec<Range<usize>>) -> Vec<RangeInclusive<u64>> {
    let index = |index: usize| u64::try_from(index).unwrap();
    ranges.into_iter().map(|range| index(range.start)..=index(range.end - 1)).collect()
}

#[test]
fn wear_is_what_the_written_rule_says_in_every_case() {
    type Rule = fn(&[Minute]) -> Vec<Range<usize>>;
    let rules: [(&str, Rule); 3] = [
        ("zero60", |segment| zero_runs(segment, 60)),
        ("zero90", |segment| zero_runs(segment, 90)),
        ("choi_stream30", |segment| choi(segment, ChoiRule::PUBLISHED)),
    ];
    let cases = cases("wear_cases.json");
    assert_eq!(cases.len(), 48);
    for case in &cases {
        let series = series(case);
        for (name, rule) in rules {
            let expected = &case["expected"][name];

            let found = rule(&series);

            let worn = series.len() - found.iter().map(Range::len).sum::<usize>();
            assert_eq!(inclusive(found), intervals(&expected["spec_nonwear"]), "{name} {}", case["name"]);
            assert_eq!(u64::try_from(worn).unwrap(), number(&expected["spec_wear_minutes"]), "{name} {}", case["name"]);
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

            let found = bouts(&series, 100, rule);

            let inside = found.iter().map(Range::len).sum::<usize>();
            assert_eq!(inclusive(found), intervals(&expected["bouts"]), "{name} {}", case["name"]);
            assert_eq!(u64::try_from(inside).unwrap(), number(&expected["bout_minutes"]), "{name} {}", case["name"]);
        }
    }
}

#[test]
fn bands_and_peaks_are_those_of_the_public_tool_in_every_case() {
    let cases = cases("cadence_cases.json");
    assert_eq!(cases.len(), 11);
    for case in &cases {
        let series = series(case);
        let expected = &case["expected"];

        let (bands, peaks) = (bands(&series), peaks(&series));

        let eight = |name: &str| -> Vec<u64> { expected[name].as_array().unwrap().iter().map(number).collect() };
        assert_eq!(bands.minutes.map(u64::from).to_vec(), eight("band_minutes"), "{}", case["name"]);
        assert_eq!(bands.steps.map(u64::from).to_vec(), eight("band_steps"), "{}", case["name"]);
        for (index, peak) in [peaks.peak1, peaks.peak30, peaks.peak60].into_iter().enumerate() {
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
    assert!(summary.most_days_held < 100, "{} days held", summary.most_days_held);
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
    let mut compared = 0;
    for theirs in rows(&oracle("fitabase_shared_daily.csv")) {
        let record = &records[&theirs["participant_id"]];
        let day = calendar.day(theirs["date"].parse().unwrap());
        let own = day.first_minute()..day.end_minute();
        let marked = |runs: fn(&[Minute]) -> Vec<Range<usize>>| {
            let inside = |segment: &[Minute]| -> usize {
                let runs = runs(segment).into_iter();
                runs.map(|run| segment[run].iter().filter(|minute| own.contains(&minute.at)).count()).sum()
            };
            segments(record).map(inside).sum::<usize>()
        };
        let today: Vec<_> = record.iter().copied().filter(|minute| own.contains(&minute.at)).collect();
        let worn = today.len() - marked(|segment| choi(segment, ChoiRule::PUBLISHED));
        assert_eq!(worn.to_string(), theirs["wear90choi_spec_min"], "{theirs:?}");
        let strict = marked(|segment| bouts(segment, 100, BoutRule::STRICT_10));
        assert_eq!(strict.to_string(), theirs["bout_min_strict"], "{theirs:?}");
        let names = ["s_0", "s_1_19", "s_20_39", "s_40_59", "s_60_79", "s_80_99", "s_100_119", "s_120p"];
        for (name, steps) in names.iter().zip(bands(&today).steps) {
            assert_eq!(steps.to_string(), theirs[*name], "{name} {theirs:?}");
        }
        compared += 1;
    }
    assert_eq!(compared, 474);
}

/// Read apart from the batch code: month/day/year, twelve hours, sorted by participant.
fn fitabase_minutes(path: &Path) -> BTreeMap<String, Vec<Minute>> {
    let file = flate2::read::MultiGzDecoder::new(std::fs::File::open(path).unwrap());
    let mut records: BTreeMap<String, Vec<Minute>> = BTreeMap::new();
    for row in csv::Reader::from_reader(file).deserialize() {
        let (id, stamp, steps): (String, String, u32) = row.unwrap();
        let stamp = chrono::NaiveDateTime::parse_from_str(&stamp, "%m/%d/%Y %I:%M:%S %p").unwrap();
        let at = stamp.and_utc().timestamp() / 60;
        let minute = Minute { at, steps, wear: MinuteWear::Unknown, saturated: false, overlap: false };
        records.entry(id).or_default().push(minute);
    }
    records
}

fn counts_day(series: &[Minute], number: i64) -> DayTotal {
    let participant: ParticipantId = "nhanes".parse().unwrap();
    day_total(&DayInput {
        participant: &participant,
        day: &Calendar::midnight(Zone::AS_IT_STANDS).day_at(number * 86_400),
        day_index: i32::try_from(number + 1).unwrap(),
        brisk_threshold: 2020,
        rules: &Rules::brisk_1(),
        minutes: series,
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
        let series = minutes(counts[&theirs["seqn"]].iter().copied());
        let number: i64 = theirs["record_day"].parse::<i64>().unwrap() - 1;
        let own = usize::try_from(number * 1440).unwrap()..usize::try_from((number + 1) * 1440).unwrap();
        let inside = |runs: Vec<Range<usize>>| -> usize {
            runs.into_iter().map(|run| run.end.min(own.end).saturating_sub(run.start.max(own.start))).sum()
        };

        // The tool calls the 55 zeros that open this record not worn, our rule wants its whole window there
        // too (README of the cases). It is the only such day.
        let opening = if (theirs["seqn"].as_str(), number) == ("21005", 0) { 55 } else { 0 };

        let day = counts_day(&series, number);

        let found = [
            ("minutes", day.minutes_recorded),
            ("wear60_tol0", day.wear60_min.unwrap()),
            ("wear90_tol0", day.wear90_min.unwrap()),
            (
                "wear90_choi_stream30",
                1440 - u32::try_from(inside(choi(&series, ChoiRule::PUBLISHED)) + opening).unwrap(),
            ),
            ("mvpa2020_min", day.brisk_min.unwrap()),
            ("mvpa2020_bout10_nci_tol2_min", day.bout_min.unwrap()),
            ("mvpa2020_bout10_strict_min", u32::try_from(inside(bouts(&series, 2020, BoutRule::STRICT_10))).unwrap()),
        ];
        for (name, value) in found {
            assert_eq!(value.to_string(), theirs[name], "{name} of {} day {number}", theirs["seqn"]);
        }
        compared += 1;
    }
    assert_eq!(compared, 35);
}
