use super::*;

pub fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Twenty brisk minutes of own time a day from Monday 2026-05-11 on.
pub fn goal() -> GoalVersion {
    GoalVersion {
        id: "g1".into(),
        participant: "p1".parse().unwrap(),
        measure: Measure::LeisureBriskMin,
        amount: 20,
        period: Period::Day,
        days: Weekdays::ALL,
        from: date("2026-05-11"),
        until: None,
        own_words: Some("walk with a neighbour".into()),
        specific: None,
        when_where: None,
        relevant_because: None,
        confidence: Some(7),
        review_on: Some(date("2026-06-08")),
        decided_by: DecidedBy::Person,
        therapist: None,
        stage: Some(Stage::Preparation),
        proposal: None,
        rule: None,
    }
}

fn fields(goal: &GoalVersion) -> Vec<&'static str> {
    goal.validate().map_or_else(|problems| problems.0.iter().map(|p| p.field).collect(), |()| vec![])
}

#[test]
fn an_ordinary_goal_fits() {
    assert_eq!(goal().validate(), Ok(()));
}

#[test]
fn an_amount_that_is_a_slip_of_the_finger_is_named() {
    use Measure::{BoutMin, BriskMin, LeisureBriskMin, LeisureMin, Steps};
    let swim = || Measure::DiaryMin("swim".parse().unwrap());
    for (measure, period, good, bad) in [
        (LeisureBriskMin, Period::Day, [1, 300], [0, 301]),
        (BriskMin, Period::Day, [1, 300], [0, 900]),
        (BoutMin, Period::Week, [1, 1500], [0, 1501]),
        (LeisureMin, Period::Day, [1, 480], [0, 900]),
        (swim(), Period::Week, [1, 2400], [0, 2401]),
        (Steps, Period::Day, [100, 60_000], [0, 200_000]),
        (Steps, Period::Week, [700, 420_000], [699, 420_001]),
    ] {
        for amount in good {
            assert!(fields(&GoalVersion { measure: measure.clone(), period, amount, ..goal() }).is_empty());
        }
        for amount in bad {
            let wrong = GoalVersion { measure: measure.clone(), period, amount, ..goal() };
            assert_eq!(fields(&wrong), ["amount"], "{measure} {amount}");
        }
    }
}

#[test]
fn all_problems_are_named_at_once() {
    let wrong = GoalVersion {
        id: "a b".into(),
        amount: 0,
        days: Weekdays::NONE,
        until: Some(date("2026-05-10")),
        review_on: Some(date("2026-05-01")),
        confidence: Some(11),
        own_words: Some("x".repeat(501)),
        ..goal()
    };

    assert_eq!(fields(&wrong), ["id", "amount", "days", "until", "review_on", "confidence", "own_words"]);
}

#[test]
fn a_pause_that_ends_before_it_begins_and_an_excuse_without_reason_are_named() {
    let participant: ParticipantId = "p1".parse().unwrap();
    let from = date("2026-05-11");
    let pause = |until: &str| {
        let until = date(until);
        Decision::GoalPaused { participant: participant.clone(), from, until, reason: None }.validate()
    };
    let excuse =
        Decision::DayExcused { participant: participant.clone(), date: from, by: String::new(), reason: " ".into() };

    assert_eq!(pause("2026-05-11"), Ok(()));
    assert_eq!(pause("2026-05-10").unwrap_err().0[0].field, "until");
    assert_eq!(pause("2126-05-11").unwrap_err().0[0].field, "until");
    assert_eq!(excuse.validate().unwrap_err().0.len(), 2);
}

#[test]
fn what_is_said_about_a_problem_uses_no_refused_word() {
    let wrong = GoalVersion {
        id: String::new(),
        amount: 0,
        days: Weekdays::NONE,
        until: Some(date("2020-01-01")),
        review_on: Some(date("2099-01-01")),
        confidence: Some(11),
        specific: Some("x".repeat(501)),
        ..goal()
    };

    for problem in wrong.validate().unwrap_err().0 {
        let text = problem.phrase.english();
        assert_eq!(crate::words::lint::refused_words(&text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn decisions_read_back_as_stored() {
    let participant: ParticipantId = "p1".parse().unwrap();
    let from = date("2026-05-11");
    let all = [
        Decision::GoalSet(goal()),
        Decision::GoalPaused { participant: participant.clone(), from, until: from, reason: Some("flu".into()) },
        Decision::GoalResumed { participant: participant.clone(), from },
        Decision::GoalEnded { participant: participant.clone(), from, reason: None },
        Decision::DayExcused { participant, date: from, by: "t1".into(), reason: "visit".into() },
    ];
    for decision in all {
        let json = serde_json::to_string(&decision).unwrap();
        assert_eq!(serde_json::from_str::<Decision>(&json).unwrap(), decision, "{json}");
    }
}

#[test]
fn the_stored_form_is_the_documented_one_and_unknown_fields_are_refused() {
    let text = r#"{"decision":"goal_set","id":"g1","participant":"p1","measure":"diary_min(swim)","amount":30,
        "period":"week","days":["tue","sat"],"from":"2026-05-11","decided_by":"with_therapist"}"#;

    let Decision::GoalSet(goal) = serde_json::from_str(text).unwrap() else { panic!("another decision") };

    assert_eq!(goal.days.to_string(), "tue,sat");
    assert!(serde_json::from_str::<Decision>(&text.replace("\"id\"", "\"streak\":1,\"id\"")).is_err());
    let pause = r#"{"decision":"goal_paused","participant":"p1","from":"2026-05-11","until":"2026-05-12","x":1}"#;
    assert!(serde_json::from_str::<Decision>(pause).is_err());
}
