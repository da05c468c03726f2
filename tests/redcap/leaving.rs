//! Reading back what the project has, and leaving the study.

use brisk::export::{
    StudyDay,
    redcap::Redcap,
    target::{Export as _, Held, Trouble},
};
use serde_json::json;

use crate::{
    days::{day, empty_day, full_day, redcap, steps, stopped, withdrawal},
    redcap_stand_in::StandIn,
};

#[test]
fn what_the_project_has_is_read_back() {
    let stand_in = StandIn::start();
    let mut redcap = redcap(&stand_in);
    let other = StudyDay { participant_id: "P-0008".parse().unwrap(), ..full_day() };
    redcap.send(&[empty_day(), full_day()]).unwrap();
    redcap.send(&[other]).unwrap();

    let held = redcap.held(&full_day().study_id, &full_day().participant_id).unwrap();

    let of = |day: StudyDay| Held { date: day.local_date, revision: day.revision, is_final: day.is_final };
    assert_eq!(held, Some(vec![of(full_day()), of(empty_day())]));
    assert_eq!(redcap.held(&full_day().study_id, &"P-0009".parse().unwrap()), Ok(Some(Vec::new())));
}

#[test]
fn days_are_not_taken_for_missing_where_the_token_sees_them_without_dates_or_names() {
    let stand_in = StandIn::start();
    let mut redcap = redcap(&stand_in);
    redcap.send(&[full_day()]).unwrap();
    let held = |redcap: &mut Redcap| redcap.held(&full_day().study_id, &full_day().participant_id).unwrap();
    let seen = held(&mut redcap);

    stand_in.tell("project", &json!({"hidden": ["dates"]}));
    // Who has sent a day knows from which day instances are counted.
    assert_eq!(held(&mut redcap), seen);
    assert_eq!(held(&mut crate::days::redcap(&stand_in)), None);
    stand_in.tell("project", &json!({"hidden": ["records"]}));
    assert_eq!(held(&mut redcap), None);
}

#[test]
fn days_counted_from_another_epoch_stop_everything() {
    let stand_in = StandIn::start();
    redcap(&stand_in).send(&[full_day()]).unwrap();
    let mut later = redcap(&stand_in);
    later.send(&[StudyDay { study_day: 14, ..empty_day() }]).unwrap();

    let trouble = later.held(&full_day().study_id, &full_day().participant_id).unwrap_err();

    assert!(stopped(&trouble).contains("epoch"));
    assert!(!trouble.to_string().contains("P-0007"));
}

#[test]
fn leaving_is_marked_and_days_stay_in_the_trial() {
    let stand_in = StandIn::start();
    let mut redcap = redcap(&stand_in);
    redcap.send(&[day(20, 1, 4000), day(25, 3, 5000)]).unwrap();

    redcap.withdraw(&withdrawal(&[20, 25], false)).unwrap();
    redcap.withdraw(&withdrawal(&[20, 25], false)).unwrap();

    assert_eq!(steps(&stand_in), [(20, "4000".to_owned()), (25, "5000".to_owned()), (26, String::new())].into());
}

#[test]
fn the_marker_of_leaving_stands_when_the_last_day_becomes_final() {
    let stand_in = StandIn::start();
    let mut redcap = redcap(&stand_in);
    redcap.send(&[day(25, 3, 5000)]).unwrap();

    redcap.withdraw(&withdrawal(&[25], false)).unwrap();
    redcap.send(&[StudyDay { is_final: true, ..day(25, 3, 5000) }]).unwrap();

    let days = stand_in.days();
    let seen: Vec<_> = days.iter().map(|day| (&day["instance"], &day["values"]["da_date"])).collect();
    assert_eq!(seen, [(&json!(25), &json!("2026-11-25")), (&json!(26), &json!("2026-11-26"))]);
    assert_eq!(days[1]["values"]["da_missing"], "4");
    assert_eq!(days[0]["values"].get("da_missing").and_then(|value| value.as_str()).unwrap_or(""), "");
}

#[test]
fn a_day_that_arrived_although_nobody_here_knows_is_taken_out_too() {
    let stand_in = StandIn::start();
    let mut redcap = redcap(&stand_in);
    redcap.send(&[day(20, 1, 4000), day(21, 1, 5000)]).unwrap();

    redcap.withdraw(&withdrawal(&[20], true)).unwrap();

    assert_eq!(redcap.held(&full_day().study_id, &full_day().participant_id), Ok(Some(Vec::new())));
}

#[test]
fn leaving_with_an_order_takes_the_days_out_and_leaves_the_marker_alone() {
    let stand_in = StandIn::start();
    let mut redcap = redcap(&stand_in);
    let other = StudyDay { participant_id: "P-0008".parse().unwrap(), ..full_day() };
    redcap.send(&[day(20, 1, 4000), day(21, 1, 5000), day(25, 1, 6000)]).unwrap();
    redcap.send(std::slice::from_ref(&other)).unwrap();

    redcap.withdraw(&withdrawal(&[20, 21, 25], true)).unwrap();
    redcap.withdraw(&withdrawal(&[20, 21, 25], true)).unwrap();

    let days = stand_in.days();
    assert_eq!(days.len(), 2);
    assert_eq!((&days[0]["record"], &days[0]["instance"]), (&json!("P-0007"), &json!(26)));
    let marker = json!({
        "da_date": "2026-11-26", "da_tz_offset_min": "60", "da_missing": "4", "daily_activity_complete": "2"
    });
    assert_eq!(days[0]["values"], marker);
    assert_eq!(days[1]["record"], "P-0008");
    assert_eq!(redcap.held(&full_day().study_id, &full_day().participant_id), Ok(Some(Vec::new())));
}

#[test]
fn days_are_not_taken_out_where_that_may_take_the_whole_record() {
    let stand_in = StandIn::start();
    let mut redcap = redcap(&stand_in);
    redcap.send(&[full_day()]).unwrap();

    for change in [json!({"version": "13.7.2"}), json!({"export": false}), json!({"export": true, "delete": false})] {
        stand_in.tell("project", &json!({"version": "15.5.1"}));
        stand_in.tell("project", &change);
        let trouble = redcap.withdraw(&withdrawal(&[20], true)).unwrap_err();
        assert!(stopped(&trouble).contains("data manager"), "{trouble}");
    }

    assert_eq!(steps(&stand_in), [(20, "9001".to_owned())].into());
}

#[test]
fn leaving_is_not_told_to_a_locked_record_and_somebody_hears_of_it() {
    let stand_in = StandIn::start();
    stand_in.tell("project", &json!({"locked": [["P-0007"]]}));

    let trouble = redcap(&stand_in).withdraw(&withdrawal(&[], false)).unwrap_err();

    assert!(matches!(&trouble, Trouble::Refused { what } if what.contains("unlock it")), "{trouble:?}");
}
