//! What must hold of any minutes: checked on random ones.

use std::ops::Range;

use proptest::prelude::*;

use super::{
    DayInput,
    bouts::{BoutRule, for_each_bout},
    coarse::{CounterReading, coarse_day, counter_differences},
    context_is_enough, day_total,
    series::{Series, SeriesBuf, Stretch},
    wear::for_each_zero_run,
};
use crate::{
    model::{BoutKind, Coarse, DataState, DayTotal, Minute, MinuteWear, ParticipantId, Rules, WearMethod},
    time::{Calendar, LocalDay, Zone},
};

/// 2026-10-24T00:00Z: the clocks of Oslo go back on the day after.
const START: i64 = 1_792_800_000 / 60;

fn calendar() -> Calendar {
    Calendar::midnight("Europe/Oslo".parse().unwrap())
}

/// Three to four days of walks, rests, zeros and gaps.
fn record() -> impl Strategy<Value = Vec<Minute>> {
    let kind = prop_oneof![
        4 => (Just(Some(0_u32)), 1_i64..140),
        3 => ((1_u32..100).prop_map(Some), 1_i64..5),
        4 => ((100_u32..200).prop_map(Some), 1_i64..16),
        1 => ((100_u32..200).prop_map(Some), 100_i64..2000),
        1 => (Just(None), 1_i64..200),
    ];
    prop::collection::vec(kind, 40..160).prop_map(|runs| {
        let mut at = START;
        let mut minutes = Vec::new();
        for (steps, length) in runs {
            let wear = MinuteWear::Unknown;
            let run = (at..at + length)
                .filter_map(|at| Some(Minute { at, steps: steps?, wear, saturated: false, overlap: false }));
            minutes.extend(run);
            at += length;
        }
        minutes.retain(|minute| minute.at < START + 4 * 1440);
        minutes
    })
}

fn total(minutes: &[Minute], day: &LocalDay) -> DayTotal {
    total_by(minutes, day, &Rules::brisk_1())
}

/// The usual rules, and one for each way of finding wear and bouts.
fn all_rules() -> Vec<Rules> {
    let methods = [WearMethod::Zero90, WearMethod::Zero120, WearMethod::Choi, WearMethod::HoursWithSteps];
    let mut rules: Vec<_> = methods.into_iter().map(|wear_method| Rules { wear_method, ..Rules::brisk_1() }).collect();
    rules.push(Rules { bout_kind: BoutKind::Rolling, bout_end_min: 2, ..Rules::brisk_1() });
    rules.push(Rules { bout_brisk_min: 10, bout_end_min: 1, ..Rules::brisk_1() });
    rules.push(Rules::brisk_1());
    rules
}

fn total_by(minutes: &[Minute], day: &LocalDay, rules: &Rules) -> DayTotal {
    let participant: ParticipantId = "p1".parse().unwrap();
    day_total(&DayInput {
        participant: &participant,
        day,
        day_index: 1,
        brisk_threshold: 100,
        rules,
        rules_hash: "",
        windows: None,
        minutes: SeriesBuf::of(minutes).view(),
        coarse: &[],
        device_day_steps: None,
        now_s: None,
        source_device: None,
        epoch_seconds_max: 60,
        extra_flags: &[],
    })
}

fn days() -> impl Iterator<Item = LocalDay> {
    (-1..6).map(|number| calendar().day_at((START + number * 1440) * 60 + 43_200))
}

fn within(minutes: &[Minute], range: &Range<i64>) -> Vec<Minute> {
    minutes.iter().copied().filter(|minute| range.contains(&minute.at)).collect()
}

/// Minutes of the day that lie in these runs of the whole record's segments.
fn marked(minutes: &[Minute], day: &LocalDay, runs: impl Fn(Stretch<'_>) -> Vec<Range<i32>>) -> u32 {
    let series = SeriesBuf::of(minutes);
    let found = series.view().stretches(i32::MIN..i32::MAX).flat_map(|segment| runs(segment).into_iter().flatten());
    let own = day.first_minute()..day.end_minute();
    u32::try_from(found.filter(|at| own.contains(&i64::from(*at))).count()).unwrap()
}

fn zero_runs(segment: Stretch<'_>, shortest: i32) -> Vec<Range<i32>> {
    let mut found = Vec::new();
    for_each_zero_run(segment, |run| found.extend((run.end - run.start >= shortest).then_some(run)));
    found
}

fn bouts(segment: Stretch<'_>, threshold: u16, rule: BoutRule) -> Vec<Range<i32>> {
    let mut found = Vec::new();
    for_each_bout(segment, threshold, rule, |bout| found.push(bout));
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_day_cut_from_its_record_is_the_day_of_the_whole_record(
        minutes in record(), before in 0_i64..300, after in 0_i64..120,
    ) {
        for (rules, day) in all_rules().iter().flat_map(|rules| days().map(move |day| (rules, day))) {
            let whole = total_by(&minutes, &day, rules);
            let mut fetched = day.first_minute() - before..day.end_minute() + after;
            let mut hours = 0;
            loop {
                let slice = within(&minutes, &fetched);
                let enough = context_is_enough(SeriesBuf::of(&slice).view(), &fetched, &day, rules, 100);
                if enough.before && enough.after {
                    prop_assert_eq!(total_by(&slice, &day, rules), whole);
                    break;
                }
                // As the daemon does: another hour where it is wanted.
                fetched.start -= if enough.before { 0 } else { 60 };
                fetched.end += if enough.after { 0 } else { 60 };
                hours += 1;
                prop_assert!(hours < 200, "context never suffices");
            }
        }
    }

    #[test]
    fn a_days_bouts_and_wear_are_its_minutes_of_the_whole_records_runs(minutes in record()) {
        for day in days() {
            let total = total(&minutes, &day);
            let recorded = total.minutes_recorded;
            if recorded == 0 {
                prop_assert_eq!(total.data_state, DataState::NotSynced);
                continue;
            }
            let in_bouts = marked(&minutes, &day, |segment| bouts(segment, 100, BoutRule::NCI_8_OF_10));
            prop_assert_eq!(total.bout_min, Some(in_bouts));
            prop_assert_eq!(total.wear60_min, Some(recorded - marked(&minutes, &day, |run| zero_runs(run, 60))));
            prop_assert_eq!(total.wear90_min, Some(recorded - marked(&minutes, &day, |run| zero_runs(run, 90))));
        }
    }

    #[test]
    fn splitting_a_record_into_days_never_changes_a_sum(minutes in record()) {
        let totals: Vec<_> = days().map(|day| total(&minutes, &day)).collect();
        let sum = |of: fn(&DayTotal) -> Option<u32>| totals.iter().filter_map(of).sum::<u32>();

        prop_assert_eq!(sum(|day| day.total_steps), minutes.iter().map(|minute| minute.steps).sum::<u32>());
        prop_assert_eq!(sum(|day| Some(day.minutes_recorded)), u32::try_from(minutes.len()).unwrap());
        let brisk = minutes.iter().filter(|minute| minute.steps >= 100).count();
        prop_assert_eq!(sum(|day| day.brisk_min), u32::try_from(brisk).unwrap());
    }

    #[test]
    fn the_bands_of_a_day_hold_each_recorded_minute_once(minutes in record()) {
        for total in days().map(|day| total(&minutes, &day)).filter(|total| total.minutes_recorded > 0) {
            let bands = [
                total.m_0, total.m_1_19, total.m_20_39, total.m_40_59, total.m_60_79, total.m_80_99, total.m_100_119,
                total.m_120p,
            ];
            prop_assert_eq!(bands.into_iter().flatten().sum::<u32>(), total.minutes_recorded);
            prop_assert!(total.minutes_recorded <= total.day_len_min);
            prop_assert!(total.bout_min >= total.longest_bout_min && total.wear90_min >= total.wear60_min);
        }
    }

    /// Each minute's steps fall into its two halves; a coarse counter sums halves, from any half to any other.
    #[test]
    fn bounds_of_coarse_records_always_contain_the_truth(
        halves in prop::collection::vec((prop_oneof![Just(0_u32), 0_u32..=100], 0_u32..=100), 40..400),
        cuts in prop::collection::vec(1_usize..60, 1..40),
        offset in 0_i64..1440,
    ) {
        let first = START + 2 * 1440 + offset;
        let day = Calendar::midnight(Zone::AS_IT_STANDS).day_at(first * 60);
        let steps: Vec<u32> = halves.iter().flat_map(|&(one, other)| [one, other]).collect();
        let mut coarse = Vec::new();
        let mut from = 0_usize;
        for length in cuts.into_iter().chain([usize::MAX]) {
            let to = from.max(from.saturating_add(length).min(steps.len()));
            if from < to {
                let at = |half: usize| first * 60 + i64::try_from(half).unwrap() * 30;
                coarse.push(Coarse {
                    start_s: at(from), end_s: at(to), steps: steps[from..to].iter().sum(), lower_bound_only: false,
                });
            }
            from = to;
        }
        let own = || (first..).zip(&halves).filter(|(at, _)| *at < day.end_minute());
        let walked: u32 = own().map(|(_, (one, other))| one + other).sum();
        let brisk = own().filter(|(_, (one, other))| one + other >= 100).count();

        let known = coarse_day(&coarse, Series::default(), &day, 100, 200).unwrap();

        prop_assert!(known.steps_lower <= walked && walked <= known.steps_upper.unwrap());
        prop_assert!(known.steps.is_none_or(|steps| steps == walked));
        let brisk = u32::try_from(brisk).unwrap();
        prop_assert!(known.brisk_lower <= brisk && brisk <= known.brisk_upper, "{} in {:?}", brisk, known);
    }

    #[test]
    fn differences_of_a_counter_that_wraps_add_up_to_its_steps(
        walked in prop::collection::vec((1_i64..60, 0_u32..150), 1..200), start in 0_u32..65_536,
    ) {
        let (mut at_s, mut count) = (0, start);
        let mut readings = vec![CounterReading { at_s, steps: count }];
        for &(minutes, cadence) in &walked {
            at_s += minutes * 60;
            count = (count + u32::try_from(minutes).unwrap() * cadence) % 65_536;
            readings.push(CounterReading { at_s, steps: count });
        }

        let records = counter_differences(&readings, Some(1 << 16), 200);

        prop_assert!(records.iter().all(|record| !record.lower_bound_only));
        let truth: u32 = walked.iter().map(|&(minutes, cadence)| u32::try_from(minutes).unwrap() * cadence).sum();
        prop_assert_eq!(records.iter().map(|record| record.steps).sum::<u32>(), truth);
    }
}
