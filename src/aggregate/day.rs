//! One day's row, from its minutes and coarse records.
//!
//! | `data_state` | when |
//! |---|---|
//! | `not_synced` | no minute, no coarse record, no day counter |
//! | `cannot_tell` | steps are known but not their minutes: only coarse records or the counter's day total; or all recorded minutes are zero while the counter's own day total is not |
//! | `not_worn` | every minute of the day recorded, none has a step, and the counter called none of them worn |
//! | `measured` | every minute of the day recorded |
//! | `partly_measured` | some minutes recorded |
//!
//! What minutes would have to say is `None` when the day has none that can be believed: never zero.
//! `steps_lower`/`steps_upper` and `brisk_lower`/`brisk_upper` bound what the *records at hand* hold, not what a
//! person did while nothing recorded; for plain minutes both equal the value. A counter's own day total above
//! the sum raises `steps_upper` and sets `minute_detail_incomplete`; it never replaces minutes.

use super::{
    coarse::coarse_day,
    context::Around,
    known::{DayMinutes, Known},
    leisure::{leisure, wall_minute},
    measures::Measures,
    series::Series,
};
use crate::{
    model::{
        Coarse, DataState, DayTotal, Flag, Flags, GoalState, MinuteWear, ParticipantId, Rules, SOFTWARE,
        windows::Windows,
    },
    time::LocalDay,
};

/// All that decides a day's row, except its goal.
#[derive(Clone)]
pub struct DayInput<'a> {
    /// Whose day.
    pub participant: &'a ParticipantId,
    /// Which day.
    pub day: &'a LocalDay,
    /// Its number in the person's record, the first day being 1.
    pub day_index: i32,
    /// Steps from which a minute is brisk for this person on this day.
    pub brisk_threshold: u16,
    /// Every other threshold.
    pub rules: &'a Rules,
    /// [`Rules::hash`] of them.
    pub rules_hash: &'a str,
    /// The day's minutes, and enough on both sides ([`super::context_is_enough`]).
    pub minutes: Series<'a>,
    /// Sorted coarse records without overlap; those of other days are passed over.
    pub coarse: &'a [Coarse],
    /// Hours of work and sleep in force on the day.
    pub windows: Option<&'a Windows>,
    /// The counter's own total of this day.
    pub device_day_steps: Option<u32>,
    /// Now, UTC seconds, while days may still be under way; none when the record is complete.
    pub now_s: Option<i64>,
    /// Short names of the counters, joined by `;`.
    pub source_device: Option<String>,
    /// Longest epoch that the minutes were made of, seconds.
    pub epoch_seconds_max: u32,
    /// Marks that only the caller can know.
    pub extra_flags: &'a [Flag],
}

/// One day's row by these rules: all columns but the goal's and the diary's, with no
/// `computed_at` and revision 0, which its keeper fills in.
///
/// With enough context the row is the same for every slice of the record, and takes time in proportion to
/// the day, not to the slice. A bout over midnight counts on both days, with the minutes that lie in each.
pub fn day_total(input: &DayInput<'_>) -> DayTotal {
    let DayInput { day, rules, brisk_threshold, .. } = *input;
    let around = Around::of(input.minutes, day, rules, brisk_threshold);
    let from = input.minutes.walked.partition_point(|minute| minute.at < around.day.start);
    let to = from + input.minutes.walked[from..].partition_point(|minute| minute.at < around.day.end);
    let own = DayMinutes { walked: &input.minutes.walked[from..to], marks: input.minutes.marks_in(around.day.clone()) };
    let recorded = input.minutes.recorded_in(around.day.clone());
    let minute_sum = own.walked.iter().fold(0_u32, |sum, minute| sum.saturating_add(minute.steps));
    let counted_more = input.device_day_steps.filter(|&counted| counted > minute_sum);
    // Vendor zeros can mean that the minutes were never transferred (activity-science §6).
    let believed = recorded > 0 && (minute_sum > 0 || counted_more.is_none());
    let measures = believed.then(|| Measures::of(input, &around, own.walked, own.marks));
    let winning = if believed { input.minutes } else { Series::default() };
    let coarse = coarse_day(input.coarse, winning, day, brisk_threshold, rules.ceiling_spm);
    let known = Known::of(input, measures.as_ref().map(|measures| (&own, measures)), coarse.as_ref());
    let worn = own.marks.iter().any(|mark| mark.wear == MinuteWear::Worn || mark.heart_rate);
    let data_state = match (believed, known.steps_lower) {
        (true, _) if recorded < day.len_min() => DataState::PartlyMeasured,
        (true, _) if minute_sum == 0 && !worn => DataState::NotWorn,
        (true, _) => DataState::Measured,
        (false, Some(_)) => DataState::CannotTell,
        (false, None) => DataState::NotSynced,
    };

    let mut flags: std::collections::BTreeSet<Flag> = input.extra_flags.iter().copied().collect();
    let reset = coarse.as_ref().is_some_and(|coarse| coarse.reset);
    for (flag, holds) in [
        (Flag::DayOpen, input.now_s.is_some_and(|now| now < day.end_s)),
        (Flag::ClockChange, day.len_min() != 1440),
        (Flag::PartialDay, data_state == DataState::PartlyMeasured),
        (Flag::Overlap, own.marks.iter().any(|mark| mark.overlap)),
        (Flag::Saturated, own.marks.iter().any(|mark| mark.saturated)),
        (Flag::MinuteDetailIncomplete, counted_more.is_some() && recorded > 0),
        (Flag::CounterReset, reset),
    ] {
        if holds {
            flags.insert(flag);
        }
    }

    let leisure = leisure_and_work(input, &own, &known);
    let epoch_of_minutes = (recorded > 0).then_some(input.epoch_seconds_max);
    let minutes = measures.as_ref();
    let band = |index: usize| minutes.map(|measures| measures.bands[index]);
    DayTotal {
        participant_id: input.participant.clone(),
        local_date: day.date,
        day_index: input.day_index,
        weekday: day.weekday(),
        tz: day.zone.name().map(str::to_owned),
        tz_offset_min: day.offset_min,
        day_len_min: day.len_min(),
        minutes_recorded: recorded,
        epoch_seconds_max: epoch_of_minutes.max(coarse.as_ref().map(|coarse| coarse.longest_s)),
        data_state,
        total_steps: known.steps,
        device_day_steps: input.device_day_steps,
        steps_lower: known.steps_lower,
        steps_upper: known.steps_upper,
        m_0: band(0),
        m_1_19: band(1),
        m_20_39: band(2),
        m_40_59: band(3),
        m_60_79: band(4),
        m_80_99: band(5),
        m_100_119: band(6),
        m_120p: band(7),
        brisk_threshold,
        brisk_min: known.brisk,
        brisk_lower: known.brisk_lower,
        brisk_upper: known.brisk_upper,
        leisure_brisk_min: leisure.0,
        work_brisk_min: leisure.1,
        vigorous_min: minutes.map(|measures| measures.vigorous_min),
        bout_min: minutes.map(|measures| measures.bout_min),
        bout_count: minutes.map(|measures| measures.bout_count),
        longest_bout_min: minutes.map(|measures| measures.longest_bout_min),
        peak1_spm: minutes.and_then(|measures| measures.peaks[0]),
        peak30_spm: minutes.and_then(|measures| measures.peaks[1]),
        peak60_spm: minutes.and_then(|measures| measures.peaks[2]),
        met_min_floor: minutes.map(|measures| measures.met_min_floor),
        wear60_min: minutes.map(|measures| measures.wear60_min),
        wear90_min: minutes.map(|measures| measures.wear90_min),
        wear_method: minutes.map(|measures| measures.wear_method),
        wear_min: minutes.map(|measures| measures.wear_min),
        hours_with_steps: minutes.map(|measures| measures.hours_with_steps),
        valid60: minutes.map(|measures| measures.wear60_min >= u32::from(rules.valid_wear_min)),
        valid90: minutes.map(|measures| measures.wear90_min >= u32::from(rules.valid_wear_min)),
        valid_day: minutes.map(|measures| measures.valid(rules)),
        diary_min: None,
        goal_id: None,
        goal_measure: None,
        goal_target: None,
        goal_done: None,
        goal_state: GoalState::NoGoal,
        source_device: input.source_device.clone(),
        flags: Flags(flags),
        rules: rules.name.clone(),
        rules_hash: input.rules_hash.to_owned(),
        software: SOFTWARE.to_owned(),
        computed_at: None,
        revision: 0,
    }
}

/// Brisk minutes in the person's own time and at work. With working hours they are known only where every brisk minute
/// of the day is known as a minute.
fn leisure_and_work(input: &DayInput<'_>, own: &DayMinutes<'_>, known: &Known) -> (Option<u32>, Option<u32>) {
    if input.windows.is_none_or(|windows| windows.work.is_empty()) {
        return (known.brisk, None);
    }
    let brisk = own.walked.iter().filter(|minute| minute.steps >= u32::from(input.brisk_threshold));
    let split = leisure(brisk.map(|minute| wall_minute(input.day.zone, minute.at.into())), input.windows);
    let all = split.leisure_brisk_min + split.work_brisk_min.unwrap_or(0);
    if known.brisk == Some(all) { (Some(split.leisure_brisk_min), split.work_brisk_min) } else { (None, None) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        aggregate::series::SeriesBuf,
        model::{Minute, WearMethod},
        time::{Calendar, Zone},
    };

    const FIRST: i64 = 16_903 * 1440;

    fn minutes(steps: &[u32]) -> Vec<Minute> {
        let minute = |(at, &steps)| Minute { at, steps, wear: MinuteWear::Unknown, saturated: false, overlap: false };
        (FIRST..).zip(steps).map(minute).collect()
    }

    fn total(change: impl FnOnce(&mut DayInput<'_>), minutes: &[Minute], coarse: &[Coarse]) -> DayTotal {
        let participant: ParticipantId = "p1".parse().unwrap();
        let series = SeriesBuf::of(minutes);
        let mut input = DayInput {
            participant: &participant,
            day: &Calendar::midnight(Zone::AS_IT_STANDS).day_at(FIRST * 60),
            day_index: 1,
            brisk_threshold: 100,
            rules: &Rules::brisk_1(),
            rules_hash: "",
            windows: None,
            minutes: series.view(),
            coarse,
            device_day_steps: None,
            now_s: None,
            source_device: None,
            epoch_seconds_max: 60,
            extra_flags: &[],
        };
        change(&mut input);
        day_total(&input)
    }

    fn has(total: &DayTotal, flag: Flag) -> bool {
        total.flags.0.contains(&flag)
    }

    #[test]
    fn a_day_without_data_is_not_synced_and_holds_no_zero() {
        let day = total(|_| {}, &[], &[]);

        assert_eq!(day.data_state, DataState::NotSynced);
        let json = serde_json::to_value(&day).unwrap();
        let numbers: Vec<_> = json.as_object().unwrap().iter().filter(|(_, v)| v.as_i64() == Some(0)).collect();
        let names: Vec<_> = numbers.into_iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["minutes_recorded", "revision"]);
        assert_eq!(day.valid_day, None);
    }

    #[test]
    fn a_missing_hour_is_not_zero_steps() {
        let mut recorded = minutes(&[10; 1440]);
        recorded.drain(600..660);

        let day = total(|_| {}, &recorded, &[]);

        assert_eq!((day.data_state, day.minutes_recorded, day.m_0), (DataState::PartlyMeasured, 1380, Some(0)));
        assert_eq!((day.total_steps, has(&day, Flag::PartialDay)), (Some(13_800), true));
    }

    #[test]
    fn a_whole_day_of_zeros_is_not_worn_unless_the_counter_says_it_was() {
        let mut recorded = minutes(&[0; 1440]);
        assert_eq!(total(|_| {}, &recorded, &[]).data_state, DataState::NotWorn);

        for minute in &mut recorded {
            minute.wear = MinuteWear::Worn;
        }
        let worn = total(|_| {}, &recorded, &[]);

        assert_eq!((worn.data_state, worn.wear_min, worn.valid_day), (DataState::Measured, Some(1440), Some(true)));
        assert_eq!(worn.wear_method, Some(WearMethod::Device));
    }

    #[test]
    fn zeros_under_a_counter_that_counted_are_unknown_minutes() {
        let recorded = minutes(&[0; 1440]);

        let day = total(|input| input.device_day_steps = Some(8_000), &recorded, &[]);

        assert_eq!((day.data_state, day.m_0, day.brisk_min), (DataState::CannotTell, None, None));
        assert_eq!((day.total_steps, day.minutes_recorded), (Some(8_000), 1440));
        assert_eq!((day.brisk_lower, day.brisk_upper), (Some(0), Some(80)));
        assert!(has(&day, Flag::MinuteDetailIncomplete));
    }

    #[test]
    fn a_day_counter_above_the_minutes_marks_the_day_and_replaces_nothing() {
        let day = total(|input| input.device_day_steps = Some(15_000), &minutes(&[10; 1440]), &[]);

        assert_eq!((day.total_steps, day.steps_lower, day.steps_upper), (Some(14_400), Some(14_400), Some(15_000)));
        assert_eq!((day.data_state, has(&day, Flag::MinuteDetailIncomplete)), (DataState::Measured, true));
        let below = total(|input| input.device_day_steps = Some(14_000), &minutes(&[10; 1440]), &[]);
        assert!(!has(&below, Flag::MinuteDetailIncomplete));
    }

    #[test]
    fn coarse_records_give_steps_and_only_bounds_of_brisk_minutes() {
        let record = |hour: i64, steps| {
            let start_s = FIRST * 60 + hour * 3600;
            Coarse { start_s, end_s: start_s + 3600, steps, lower_bound_only: false }
        };

        let day = total(|_| {}, &[], &[record(8, 3_000), record(9, 7_000)]);

        assert_eq!(
            (day.data_state, day.total_steps, day.epoch_seconds_max),
            (DataState::CannotTell, Some(10_000), Some(3600))
        );
        assert_eq!((day.brisk_min, day.brisk_lower, day.brisk_upper), (None, Some(11), Some(90)));
        assert_eq!((day.bout_min, day.peak1_spm, day.m_0), (None, None, None));
    }

    #[test]
    fn a_restarted_counter_leaves_a_lower_bound() {
        let start_s = FIRST * 60 + 3600;
        let record = Coarse { start_s, end_s: start_s + 3600, steps: 500, lower_bound_only: true };

        let day = total(|_| {}, &[], &[record]);

        assert_eq!((day.total_steps, day.steps_lower, day.steps_upper), (Some(500), Some(500), None));
        assert_eq!((day.brisk_upper, has(&day, Flag::CounterReset)), (Some(60), true));
    }

    #[test]
    fn a_full_field_is_a_lower_bound() {
        let mut recorded = minutes(&[50; 1440]);
        recorded[7].saturated = true;

        let day = total(|_| {}, &recorded, &[]);

        assert_eq!((day.total_steps, day.steps_upper), (Some(72_000), None));
        assert_eq!((day.brisk_min, day.brisk_upper, has(&day, Flag::Saturated)), (Some(0), Some(1), true));
    }

    #[test]
    fn an_inactive_day_with_a_step_in_ten_hours_is_valid_though_its_zeros_are_long() {
        let mut steps = [0; 1440];
        (8..18).for_each(|hour| steps[hour * 60] = 20);

        let day = total(|_| {}, &minutes(&steps), &[]);

        assert_eq!((day.hours_with_steps, day.valid60, day.valid_day), (Some(10), Some(false), Some(true)));
    }

    #[test]
    fn a_day_is_open_until_its_last_second() {
        let open = |now_s| has(&total(|input| input.now_s = now_s, &minutes(&[1; 1440]), &[]), Flag::DayOpen);

        assert!(open(Some((FIRST + 1440) * 60 - 1)));
        assert!(!open(Some((FIRST + 1440) * 60)));
        assert!(!open(None));
    }
}
