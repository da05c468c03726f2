//! What is held while a run goes on, and what happens to rows that come late.

use std::path::Path;

use brisk::{
    batch::{self, Batch, BatchOptions, Packing},
    export::Table,
};

use crate::support::{HEADER, START, days, file, row, run_on, trial};

/// Five open people, each with at most three days of 72 minutes with steps in 24 stretches.
const MOST_OF_FIVE: usize = 5 * (128 + 3 * (72 + 24));

#[test]
fn memory_does_not_grow_with_the_days_of_a_sorted_or_interleaved_input() {
    let sorted = trial(5, 120);
    let mut interleaved = sorted.clone();
    interleaved.sort_by_key(|row| row[5..24].to_owned());

    let (expected, summary) = run_on(HEADER.to_owned() + &sorted.concat(), |_| {}).unwrap();
    assert_eq!((summary.days, summary.read_again), (600, 0));
    assert!(summary.most_held <= MOST_OF_FIVE, "{} held", summary.most_held);

    let (csv, summary) = run_on(HEADER.to_owned() + &interleaved.concat(), |_| {}).unwrap();
    assert_eq!(days(&csv), days(&expected));
    assert_eq!(summary.read_again, 0);
    assert!(summary.most_held <= MOST_OF_FIVE, "{} held", summary.most_held);
}

#[test]
fn more_participants_than_are_held_at_once_come_out_whole_even_when_they_come_back() {
    let everybody = |day: i64| (0..9000).map(move |number| row(&format!("p{number:04}"), START + day * 1440, 10));
    let once: String = HEADER.to_owned() + &everybody(0).collect::<String>();
    let (_, summary) = run_on(&once, |_| {}).unwrap();
    assert_eq!((summary.days, summary.read_again), (9000, 0));
    assert!(summary.most_held <= (1 << 20) + 1000, "{} held", summary.most_held);

    let (csv, summary) = run_on(once + &everybody(1).collect::<String>(), |_| {}).unwrap();

    assert_eq!((summary.days, summary.participants), (18_000, 9000));
    assert!(summary.read_again > 0);
    let days = days(&csv);
    assert!(
        days.windows(2).all(|two| (&two[0]["participant_id"], &two[0]["local_date"])
            < (&two[1]["participant_id"], &two[1]["local_date"]))
    );
}

#[test]
fn who_comes_back_out_of_order_is_read_again_and_nobody_else() {
    let rows = trial(3, 20);
    let (expected, _) = run_on(HEADER.to_owned() + &rows.concat(), |_| {}).unwrap();
    let mut disordered = rows.clone();
    let (one, other) = (rows.len() / 3 + 10, rows.len() / 3 + 900);
    disordered.swap(one, other);

    let (csv, summary) = run_on(HEADER.to_owned() + &disordered.concat(), |_| {}).unwrap();

    assert_eq!(csv, expected);
    assert_eq!((summary.read_again, summary.rows, summary.duplicates), (1, 3 * 20 * 24 * 3, 0));
}

#[test]
fn a_late_row_just_after_midnight_still_changes_the_day_before() {
    let walk = (1430..1445).map(|at| row("p1", START + at, 110));
    let rest = (1445..6 * 1440).map(|at| row("p1", START + at, 0));
    let mut rows: Vec<_> = walk.chain(rest).collect();
    let (expected, _) = run_on(HEADER.to_owned() + &rows.concat(), |_| {}).unwrap();
    assert_eq!(days(&expected)[0]["bout_min"], "10");
    let second_after_midnight = rows.remove(11);
    // The walk's day is finished by now, the day after it is not.
    rows.insert(3 * 1440 + 10 - 1430, second_after_midnight);

    let (csv, summary) = run_on(HEADER.to_owned() + &rows.concat(), |_| {}).unwrap();

    assert_eq!(days(&csv), days(&expected));
    assert_eq!(summary.read_again, 1);
}

#[test]
fn standard_input_gives_what_a_file_gives_in_any_order() {
    let mut rows = trial(2, 10);
    let (expected, _) = run_on(HEADER.to_owned() + &rows.concat(), |_| {}).unwrap();
    let later = rows.split_off(400);
    let input = HEADER.to_owned() + &rows[..1].concat() + &later.concat() + &rows[1..].concat();
    let mut out = Vec::new();

    let options = BatchOptions::of(vec!["-".into()]);
    let mut done = Batch::run_with_stdin(&options, &mut input.as_bytes(), &mut |_| {}).unwrap();
    done.write(Table::Days, Packing::Plain, &[], &mut out).unwrap();

    assert_eq!(String::from_utf8(out).unwrap(), expected);
    assert_eq!((done.summary.days, done.summary.read_again), (20, 1));
    assert_eq!(done.summary.inputs[0].path, Path::new("-"));
}

#[test]
fn progress_ends_at_the_size_of_the_input() {
    let input = HEADER.to_owned() + &trial(4, 40).concat();
    let dir = tempfile::tempdir().unwrap();
    let options = BatchOptions::of(vec![file(&dir, "minutes.csv", input.as_bytes())]);
    let mut seen = Vec::new();

    batch::run(&options, &mut |progress| seen.push(progress), &mut Vec::new()).unwrap();

    let last = seen.last().unwrap();
    assert_eq!((last.bytes, last.bytes_in_all), (u64::try_from(input.len()).unwrap(), last.bytes));
    assert_eq!(last.rows, 4 * 40 * 24 * 3);
}
