use super::*;
use crate::{
    goal::{
        Decision, DiaryMinutes,
        decision::tests::date,
        history::tests::{history, pause},
        judge::tests::{day, excuse, goal_of},
    },
    model::{DataState, DayTotal},
};

/// Four whole weeks before this Monday.
const TODAY: &str = "2026-06-08";
const FIRST: &str = "2026-05-11";

/// Days from [`FIRST`] on with these brisk minutes; none for a day that nothing is known of.
fn rows(minutes: impl IntoIterator<Item = Option<u32>>) -> Vec<DayTotal> {
    let row = |(place, known): (usize, Option<u32>)| {
        let local_date = date(FIRST) + Days::new(place as u64);
        match known {
            Some(brisk) => DayTotal {
                local_date,
                brisk_min: Some(brisk),
                brisk_lower: Some(brisk),
                brisk_upper: Some(brisk),
                total_steps: Some(brisk * 200),
                steps_lower: Some(brisk * 200),
                steps_upper: Some(brisk * 200),
                ..day(FIRST)
            },
            None => DayTotal {
                local_date,
                data_state: DataState::NotSynced,
                brisk_min: None,
                brisk_lower: None,
                brisk_upper: None,
                total_steps: None,
                steps_lower: None,
                steps_upper: None,
                valid_day: None,
                minutes_recorded: 0,
                ..day(FIRST)
            },
        }
    };
    minutes.into_iter().enumerate().map(row).collect()
}

fn four_weeks(each: [u32; 4]) -> Vec<DayTotal> {
    rows(each.into_iter().flat_map(|minutes| [Some(minutes); 7]))
}

fn asked_on(today: &str, rows: &[DayTotal], history: &History, rule: &Rule, pace: &Pace) -> Vec<Proposal> {
    let diary = DiaryMinutes::new();
    let days: Vec<_> = rows.iter().map(|day| DayFacts { day, open: false, diary: &diary }).collect();
    propose(&Asked { days: &days, history, today: date(today), rule, pace, answered: &[] })
}

fn asked(rows: &[DayTotal], history: &History, rule: &Rule) -> Vec<Proposal> {
    asked_on(TODAY, rows, history, rule, &Pace::default())
}

fn ten_percent() -> Rule {
    Rule::WeeklyPercent { percent: 10, of: PercentOf::Goal, at_most: None }
}

fn plan(measure: &str, amount: u32) -> History {
    history([(FIRST, Decision::GoalSet(goal_of(measure, amount)))])
}

fn kinds(proposals: &[Proposal]) -> Vec<(&'static str, u32)> {
    proposals.iter().map(|proposal| (proposal.kind.name(), proposal.goal.amount)).collect()
}

#[test]
fn after_two_weeks_that_went_well_ten_percent_more_may_be_chosen() {
    let proposals = asked(&four_weeks([20; 4]), &plan("brisk_min", 20), &ten_percent());

    assert_eq!(kinds(&proposals), [("more", 25), ("keep", 20), ("less", 15)]);
    let more = &proposals[0];
    assert_eq!((more.id.as_str(), more.rule), ("2026-W24-more", "weekly_percent"));
    assert_eq!((more.goal.id.as_str(), more.goal.from), ("g2", date(TODAY)), "today is a Monday");
    assert_eq!(more.goal.proposal.as_deref(), Some("2026-W24-more"));
    assert_eq!(
        more.evidence[0].english(),
        "Week from Monday 1 June: planned on 7 days, done on 7.",
        "{:?}",
        more.evidence
    );
}

#[test]
fn amounts_rise_in_whole_five_minutes_and_whole_hundred_steps() {
    for (measure, amount, more) in
        [("brisk_min", 60, 65), ("brisk_min", 80, 90), ("brisk_min", 3, 8), ("steps", 6000, 6600), ("steps", 700, 800)]
    {
        let proposals = asked(&four_weeks([100; 4]), &plan(measure, amount), &ten_percent());
        assert_eq!(kinds(&proposals)[0], ("more", more), "{measure} {amount}");
    }
}

#[test]
fn without_a_programme_nothing_larger_is_proposed() {
    let proposals = asked(&four_weeks([200; 4]), &plan("brisk_min", 20), &Rule::default());

    assert_eq!(kinds(&proposals), [("keep", 20), ("less", 15)]);
}

#[test]
fn a_hard_week_puts_the_smaller_size_first_and_an_unknown_one_does_not() {
    let history = plan("brisk_min", 20);
    let hard = asked(&four_weeks([20, 20, 20, 5]), &history, &ten_percent());
    let mut unknown = four_weeks([20, 20, 20, 20]);
    unknown.truncate(21);

    assert_eq!(kinds(&hard), [("less", 15), ("keep", 20)]);
    assert_eq!(kinds(&asked(&unknown, &history, &ten_percent())), [("keep", 20), ("less", 15)]);
}

#[test]
fn unknown_days_neither_raise_nor_lower() {
    // Four valid days of seven, all met: 57 percent of the plan is known to be reached.
    let partly = [Some(20), Some(20), Some(20), Some(20), None, None, None];
    let rows = rows([[Some(20); 7], [Some(20); 7], [Some(20); 7], partly].concat());

    assert_eq!(kinds(&asked(&rows, &plan("brisk_min", 20), &ten_percent()))[0], ("keep", 20));
}

#[test]
fn a_paused_week_is_passed_over_and_after_it_the_last_comfortable_size_comes_first() {
    let larger = GoalVersion { id: "g2".into(), from: date("2026-05-25"), ..goal_of("brisk_min", 40) };
    let history = history([
        (FIRST, Decision::GoalSet(goal_of("brisk_min", 20))),
        ("2026-05-25", Decision::GoalSet(larger)),
        ("2026-06-01", pause("2026-06-01", "2026-06-07")),
    ]);

    let proposals = asked(&four_weeks([20, 20, 30, 0]), &history, &ten_percent());

    assert_eq!(kinds(&proposals), [("less", 20), ("keep", 40)]);
    assert_eq!(proposals[0].rule, "after_pause");
}

#[test]
fn after_a_pause_nothing_is_larger_even_where_the_programme_begins_above() {
    let history = history([
        (FIRST, Decision::GoalSet(goal_of("brisk_min", 10))),
        ("2026-06-01", pause("2026-06-01", "2026-06-07")),
    ]);
    let pace = Pace { floor: Some(20), ..Pace::default() };

    let proposals = asked_on(TODAY, &four_weeks([10, 10, 10, 0]), &history, &ten_percent(), &pace);

    assert_eq!(kinds(&proposals), [("keep", 10)]);
}

#[test]
fn a_goal_above_the_ceiling_is_not_made_smaller_by_a_step_upwards() {
    let pace = Pace { ceiling: Some(30), ..Pace::default() };

    let proposals = asked_on(TODAY, &four_weeks([60; 4]), &plan("brisk_min", 50), &ten_percent(), &pace);

    assert_eq!(kinds(&proposals), [("keep", 50), ("less", 40)]);
    assert_eq!(proposals[0].reason.key, "proposal-keep");
}

#[test]
fn an_excused_day_is_held_against_nobody() {
    let history = history([(FIRST, Decision::GoalSet(goal_of("brisk_min", 20))), ("2026-06-03", excuse("2026-06-03"))]);

    assert_eq!(kinds(&asked(&four_weeks([20, 20, 20, 0]), &history, &ten_percent()))[0], ("keep", 20));
}

#[test]
fn what_begins_this_week_is_tried_for_a_week_first() {
    let second = GoalVersion { id: "g2".into(), from: date("2026-06-09"), ..goal_of("brisk_min", 25) };
    let changed =
        history([(FIRST, Decision::GoalSet(goal_of("brisk_min", 20))), ("2026-06-09", Decision::GoalSet(second))]);
    let rule = Rule::Percentile { days: 9, percent: 60 };
    let rows = four_weeks([50; 4]);

    let now = asked_on("2026-06-10", &rows, &changed, &rule, &Pace::default());
    let unchanged = asked_on("2026-06-10", &rows, &plan("brisk_min", 20), &rule, &Pace::default());

    assert_eq!(kinds(&now), [("keep", 25), ("less", 20)]);
    assert_eq!(kinds(&unchanged)[0], ("more", 50));
    assert_eq!(unchanged[0].goal.from, date("2026-06-15"), "on a Wednesday, the next Monday");
}

#[test]
fn there_is_nothing_to_choose_without_a_goal_within_a_pause_or_when_something_is_decided() {
    let rows = four_weeks([20; 4]);
    let set = || (FIRST, Decision::GoalSet(goal_of("brisk_min", 20)));
    let later = GoalVersion { id: "g2".into(), from: date("2026-06-15"), ..goal_of("brisk_min", 30) };
    let ended = Decision::GoalEnded { participant: "p1".parse().unwrap(), from: date("2026-06-10"), reason: None };
    let fresh = history([(
        "2026-06-08",
        Decision::GoalSet(GoalVersion { from: date("2026-06-08"), ..goal_of("brisk_min", 20) }),
    )]);

    for history in [
        History::default(),
        fresh,
        history([set(), ("2026-06-01", pause("2026-06-01", "2026-06-30"))]),
        history([set(), ("2026-06-08", Decision::GoalSet(later))]),
        history([set(), ("2026-06-08", ended)]),
    ] {
        let proposals = asked_on("2026-06-09", &rows, &history, &ten_percent(), &Pace::default());
        assert_eq!(kinds(&proposals), [], "{history:?}");
    }
}

#[test]
fn an_answered_proposal_does_not_come_back_in_its_week() {
    let (rows, history, diary) = (four_weeks([20; 4]), plan("brisk_min", 20), DiaryMinutes::new());
    let days: Vec<_> = rows.iter().map(|day| DayFacts { day, open: false, diary: &diary }).collect();
    let with = |answered: &[(String, bool, NaiveDate)]| {
        let rule = ten_percent();
        propose(&Asked {
            days: &days,
            history: &history,
            today: date(TODAY),
            rule: &rule,
            pace: &Pace::default(),
            answered,
        })
    };

    assert_eq!(kinds(&with(&[("2026-W24-more".into(), false, date(TODAY))])), [("keep", 20), ("less", 15)]);
    assert_eq!(kinds(&with(&[("2026-W24-keep".into(), true, date(TODAY))])), []);
    assert_eq!(kinds(&with(&[("2026-W23-keep".into(), true, date("2026-06-02"))])).len(), 3);
}

#[test]
fn the_percentile_goes_up_and_down_and_needs_its_days() {
    let rule = Rule::Percentile { days: 9, percent: 60 };
    // The last nine days in order: 18, 19, 20, 21, 22, 23, … 26: the sixth is 23, in whole fives 20.
    let last_nine = (18..27).map(Some);
    let climbing = rows((0..19).map(|_| Some(17)).chain(last_nine));

    assert_eq!(kinds(&asked(&climbing, &plan("brisk_min", 15), &rule))[0], ("more", 20));
    assert_eq!(kinds(&asked(&climbing, &plan("brisk_min", 22), &rule))[0], ("less", 20));
    let few = rows((0..28).map(|place| (place >= 20).then_some(50)));
    assert_eq!(kinds(&asked(&few, &plan("brisk_min", 15), &rule))[0], ("keep", 15), "eight valid days");
}

#[test]
fn the_mean_of_the_last_week_counts_when_the_rule_says_so() {
    let rule = Rule::WeeklyPercent { percent: 10, of: PercentOf::Mean, at_most: None };
    let limited = Rule::WeeklyPercent { percent: 10, of: PercentOf::Mean, at_most: Some(10) };
    let rows = four_weeks([20, 20, 20, 40]);

    assert_eq!(kinds(&asked(&rows, &plan("brisk_min", 20), &rule))[0], ("more", 45));
    assert_eq!(kinds(&asked(&rows, &plan("brisk_min", 20), &limited))[0], ("more", 30));
}

#[test]
fn a_build_up_goes_from_row_to_row() {
    let row = |minutes, days, weeks| BuildUp { minutes, days, weeks };
    let rule = Rule::TimeBuildUp { rows: vec![row(10, 4, 2), row(15, 4, 2), row(30, 5, 1)] };
    let goal = GoalVersion { days: "tue,thu,sat,sun".parse().unwrap(), ..goal_of("brisk_min", 10) };
    let on_first = history([(FIRST, Decision::GoalSet(goal.clone()))]);
    let on_second = history([(FIRST, Decision::GoalSet(GoalVersion { amount: 15, ..goal }))]);

    let second = asked(&four_weeks([20; 4]), &on_first, &rule);
    let third = asked(&four_weeks([20; 4]), &on_second, &rule);

    assert_eq!((kinds(&second)[0], second[0].goal.days.to_string().as_str()), (("more", 15), "tue,thu,sat,sun"));
    assert_eq!((kinds(&third)[0], third[0].goal.days.to_string().as_str()), (("more", 30), "mon,tue,thu,sat,sun"));
    assert_eq!(
        kinds(&asked(&four_weeks([20, 20, 20, 12]), &on_second, &rule))[0].0,
        "less",
        "three weeks, then a hard one"
    );
}

#[test]
fn a_quota_starts_below_the_mean_and_rises_by_the_calendar() {
    let rule = Rule::Quota { baseline_days: 7, start_percent: 75, rise: 5, every_weeks: 1 };
    let start = asked(&four_weeks([40; 4]), &plan("brisk_min", 20), &rule);
    let of_rule = |rule: &str| {
        let proposal = Some("2026-W20-more".into());
        let goal = GoalVersion { proposal, rule: Some(rule.into()), ..goal_of("brisk_min", 30) };
        history([(FIRST, Decision::GoalSet(goal))])
    };
    let under_way = of_rule("quota");

    assert_eq!(kinds(&start)[0], ("more", 30));
    assert_eq!(start[0].goal.rule.as_deref(), Some("quota"));
    let changed = asked(&four_weeks([60; 4]), &of_rule("weekly_percent"), &rule);
    assert_eq!((kinds(&changed)[0], changed[0].reason.key), (("more", 45), "proposal-quota-start"));
    let smaller = asked(&four_weeks([30, 30, 30, 5]), &under_way, &rule);
    assert_eq!(
        (kinds(&smaller)[0].0, smaller[0].goal.rule.as_deref()),
        ("less", Some("quota")),
        "it goes on from there"
    );
    // Four of seven days reached: half the plan is known to be done, and that is enough here.
    let so_so = [Some(30), Some(30), Some(30), Some(30), Some(9), Some(9), Some(9)];
    let rows = rows([[Some(30); 7], [Some(30); 7], [Some(30); 7], so_so].concat());
    assert_eq!(kinds(&asked(&rows, &under_way, &rule))[0], ("more", 35));
}

#[test]
fn a_goal_per_week_is_looked_at_by_its_amount() {
    let goal = GoalVersion { period: Period::Week, ..goal_of("steps", 20_000) };
    let history = history([(FIRST, Decision::GoalSet(goal))]);

    assert_eq!(kinds(&asked(&four_weeks([15; 4]), &history, &ten_percent()))[0], ("more", 22_000));
    assert_eq!(kinds(&asked(&four_weeks([15, 15, 15, 7]), &history, &ten_percent()))[0], ("less", 16_000));
}

#[test]
fn everything_that_is_said_is_calm() {
    let row = |minutes, days, weeks| BuildUp { minutes, days, weeks };
    for rule in [
        ten_percent(),
        Rule::Percentile { days: 9, percent: 60 },
        Rule::TimeBuildUp { rows: vec![row(10, 7, 1), row(30, 7, 1)] },
        Rule::Quota { baseline_days: 7, start_percent: 75, rise: 5, every_weeks: 1 },
    ] {
        for each in [[40; 4], [20, 20, 20, 2]] {
            for proposal in asked(&four_weeks(each), &plan("brisk_min", 20), &rule) {
                for phrase in proposal.evidence.iter().chain([&proposal.reason]) {
                    let text = phrase.english();
                    assert_ne!(text, phrase.key, "no such message");
                    assert_eq!(crate::words::lint::refused_words(&text), Vec::<String>::new(), "{text}");
                }
            }
        }
    }
}

mod laws {
    use chrono::Datelike as _;
    use proptest::prelude::*;

    use super::*;

    fn any_rule() -> impl Strategy<Value = Rule> {
        let of = prop_oneof![Just(PercentOf::Goal), Just(PercentOf::Mean)];
        prop_oneof![
            Just(Rule::default()),
            (1..50_u32, of, prop::option::of(1..50_u32)).prop_map(|(percent, of, at_most)| Rule::WeeklyPercent {
                percent,
                of,
                at_most
            }),
            (1..20_u32, 1..100_u32).prop_map(|(days, percent)| Rule::Percentile { days, percent }),
            (1..10_u32, 1..100_u32, 1..40_u32, 1..3_u32).prop_map(
                |(baseline_days, start_percent, rise, every_weeks)| {
                    Rule::Quota { baseline_days, start_percent, rise, every_weeks }
                }
            ),
            Just(Rule::TimeBuildUp {
                rows: [(10, 3, 1), (10, 5, 1), (20, 4, 1), (30, 5, 1)]
                    .map(|(minutes, days, weeks)| BuildUp { minutes, days, weeks })
                    .to_vec(),
            }),
        ]
    }

    fn any_days() -> impl Strategy<Value = Vec<Option<u32>>> {
        prop::collection::vec(prop::option::weighted(0.8, 0..120_u32), 28..=28)
    }

    fn volume(goal: &GoalVersion) -> u32 {
        goal.amount * goal.days.len()
    }

    proptest! {
        #[test]
        fn amounts_stay_between_floor_and_ceiling(
            rule in any_rule(), days in any_days(), amount in 1..300_u32, floor in 1..50_u32, room in 0..200_u32,
        ) {
            let pace = Pace { floor: Some(floor), ceiling: Some(floor + room), ..Pace::default() };
            let rows = rows(days);

            for proposal in asked_on(TODAY, &rows, &plan("brisk_min", amount), &rule, &pace) {
                let proposed = proposal.goal.amount;
                prop_assert!(proposed <= amount.max(floor + room));
                prop_assert!(proposed >= amount.min(floor));
                prop_assert_eq!(proposal.goal.validate(), Ok(()));
                prop_assert_eq!(proposal.kind == Kind::More, volume(&proposal.goal) > amount * 7);
                prop_assert_eq!(proposal.kind == Kind::Less, volume(&proposal.goal) < amount * 7);
                if proposed > amount {
                    prop_assert!(proposed <= floor + room, "nothing rises above the ceiling");
                }
                if proposed < amount {
                    prop_assert!(proposed >= floor, "nothing falls below the floor");
                }
                let upwards = ["proposal-weekly-percent", "proposal-build-up", "proposal-quota-step"];
                if upwards.contains(&proposal.reason.key) {
                    prop_assert_eq!(proposal.kind, Kind::More, "{:?}", proposal);
                }
            }
        }

        #[test]
        fn nothing_larger_rests_on_what_is_unknown(rule in any_rule(), days in any_days(), amount in 1..100_u32) {
            let history = plan("brisk_min", amount);
            let last = &days[21..];
            let known_to_be_met = last.iter().filter(|day| day.is_some_and(|minutes| minutes >= amount)).count();
            let valid = last.iter().filter(|day| day.is_some()).count();

            let proposals = asked(&rows(days.clone()), &history, &rule);

            if valid < 4 || known_to_be_met * 2 < 7 {
                prop_assert!(proposals.iter().all(|proposal| proposal.kind != Kind::More));
            }
        }

        #[test]
        fn a_week_with_a_paused_or_excused_day_is_held_against_nobody(
            rule in any_rule(), days in any_days(), amount in 1..100_u32, at in 21..28_usize, excused in any::<bool>(),
        ) {
            let day = date(FIRST) + Days::new(at as u64);
            let aside = if excused {
                Decision::DayExcused { participant: "p1".parse().unwrap(), date: day, by: "t1".into(), reason: "visit".into() }
            } else {
                Decision::GoalPaused { participant: "p1".parse().unwrap(), from: day, until: day, reason: None }
            };
            let history = history([(FIRST, Decision::GoalSet(goal_of("brisk_min", amount))), (FIRST, aside)]);

            let proposals = asked(&rows(days), &history, &rule);

            prop_assert!(proposals.iter().all(|proposal| proposal.reason.key != "proposal-after-hard-week"));
            prop_assert!(proposals.iter().all(|proposal| proposal.kind != Kind::More));
        }

        #[test]
        fn after_a_pause_nothing_is_larger_whatever_the_bounds(
            rule in any_rule(), days in any_days(), amount in 1..300_u32, floor in 1..50_u32, room in 0..200_u32,
        ) {
            let pace = Pace { floor: Some(floor), ceiling: Some(floor + room), ..Pace::default() };
            let set = Decision::GoalSet(goal_of("brisk_min", amount));
            let history = history([(FIRST, set), ("2026-06-01", pause("2026-06-01", "2026-06-07"))]);

            let proposals = asked_on(TODAY, &rows(days), &history, &rule, &pace);

            prop_assert!(proposals.iter().all(|proposal| proposal.kind != Kind::More));
        }

        #[test]
        fn whoever_takes_every_larger_size_rises_at_most_once_a_week(
            rule in any_rule(), days in any_days(), amount in 1..60_u32, ask_on in prop::collection::vec(0..7_u64, 4..=4),
        ) {
            let rows = rows(days);
            let mut history = plan("brisk_min", amount);
            let mut rises: Vec<(NaiveDate, u32)> = vec![(date(FIRST), amount * 7)];
            for today in (7..28).map(|day| date(FIRST) + Days::new(day)) {
                let week = usize::try_from((today - date(FIRST)).num_days() / 7).unwrap();
                let again = u64::from(today.weekday().num_days_from_monday()) >= ask_on[week];
                let past: Vec<_> = rows.iter().filter(|row| row.local_date < today).cloned().collect();
                let proposals = asked_on(&today.to_string(), &past, &history, &rule, &Pace::default());
                let more = proposals.into_iter().find(|proposal| proposal.kind == Kind::More && again);
                if let Some(more) = more {
                    rises.push((more.goal.from, volume(&more.goal)));
                    history.take(today, Decision::GoalSet(more.goal));
                }
            }

            for pair in rises.windows(2) {
                prop_assert!(monday_of(pair[1].0) > monday_of(pair[0].0), "{rises:?}");
                prop_assert!(pair[1].1 > pair[0].1, "{rises:?}");
            }
        }
    }
}
