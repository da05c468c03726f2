use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Result<(Participants, Vec<SetAside>), ParticipantsError> {
    Participants::from_table(SideFile::parse(Path::new("people.csv"), text.as_bytes())?)
}

fn id(text: &str) -> ParticipantId {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn zone(name: &str) -> Zone {
    name.parse().unwrap()
}

const UTC: &str = "UTC";

#[test]
fn a_row_says_what_holds_and_a_later_one_what_changes() {
    let (people, aside) = read(
        "Participant_ID;from;zone;brisk_threshold;work;sleep;start_of_day;enrolled_on\n\
         p1;2026-03-10;Asia/Tokyo;;;;;\n\
         p1;;Europe/Oslo;90;mon-fri 08:00-16:00;daily 23:00-07:00;04:00;2026-03-02\n\
         p1;2026-04-01;;110;none;;;2026-03-02\n\
         p2;2026-03-05;;80;;;;\n",
    )
    .unwrap();

    assert_eq!(aside, []);
    let p1 = people.of(&id("p1")).unwrap();
    assert_eq!(p1.enrolled_on, Some(day("2026-03-02")));
    let first = p1.on(day("2026-03-09"));
    assert_eq!((first.zone, first.brisk_threshold), (Some(zone("Europe/Oslo")), Some(90)));
    assert_eq!(first.start_of_day, NaiveTime::from_hms_opt(4, 0, 0));
    let away = p1.on(day("2026-03-10"));
    assert_eq!((away.zone, away.brisk_threshold), (Some(zone("Asia/Tokyo")), Some(90)));
    let last = p1.on(day("2027-01-01"));
    assert_eq!((last.zone, last.brisk_threshold), (Some(zone("Asia/Tokyo")), Some(110)));
    let windows = last.windows.as_ref().unwrap();
    assert_eq!((windows.work.to_string(), windows.sleep.to_string()), ("none".into(), "daily 23:00-07:00".into()));

    let p2 = people.of(&id("p2")).unwrap();
    assert_eq!(p2.on(day("2026-03-04")), &Setting::default());
    assert_eq!(p2.on(day("2026-03-05")).brisk_threshold, Some(80));
    assert_eq!(p2.enrolled_on, None);
    assert!(people.of(&id("p3")).is_none());
    assert!(people.name_zones());
}

#[test]
fn a_row_that_does_not_fit_is_named_and_the_others_count() {
    let (people, aside) = read(
        "participant_id,from,enrolled_on,zone,brisk_threshold,work,start_of_day\n\
         good,,,,,,\n\
         p 1,,,,,,\n\
         p2,1.3.2026,,Oslo,59,8-16,4\n\
         ,,,Europe/Oslo,,,\n\
         good,,,,,,\n\
         good,2026-03-01,2026-03-01,,,,\n\
         good,2026-03-02,2026-03-02,,,,\n\
         p3,3/1/2026,,,,,\n",
    )
    .unwrap();

    assert_eq!(people.iter().count(), 1);
    let found: Vec<_> = aside.iter().map(|row| (row.line, row.field.as_str())).collect();
    assert_eq!(
        found,
        [
            (3, "participant_id"),
            (4, "from"),
            (4, "zone"),
            (4, "brisk_threshold"),
            (4, "work"),
            (4, "start_of_day"),
            (5, "participant_id"),
            (6, "from"),
            (8, "enrolled_on"),
            (9, "from"),
        ]
    );
    let text = aside[3].to_string();
    assert!(text.contains("people.csv line 4, brisk_threshold: \"59\" is not a whole number"), "{text}");
}

#[test]
fn a_column_that_is_not_known_ends_the_run() {
    let error = read("participant_id,time_zone\np1,UTC\n").unwrap_err().to_string();
    assert!(error.contains("\"time_zone\""), "{error}");

    let error = read("zone,work\nUTC,none\n").unwrap_err().to_string();
    assert!(error.contains("no column \"participant_id\""), "{error}");
}

fn moved(rows: &[(&str, &str)]) -> Enrolment {
    let text = rows.iter().map(|(from, zone)| format!("p1,{from},{zone}")).collect::<Vec<_>>().join("\n");
    let (people, aside) = read(&format!("participant_id,from,zone\n{text}")).unwrap();
    assert_eq!(aside, []);
    people.of(&id("p1")).unwrap().clone()
}

#[test]
fn a_journey_makes_one_day_longer_or_shorter_and_marks_the_next() {
    let utc = Calendar::midnight(zone(UTC));
    let east = moved(&[("2026-07-10", "Asia/Tokyo"), ("2026-07-20", "Europe/Oslo")]);

    let len = |date: &str| east.local_day(day(date), utc).len_min();
    assert_eq!(len("2026-07-08"), 1440);
    assert_eq!(len("2026-07-09"), 1440 - 9 * 60);
    assert_eq!(len("2026-07-10"), 1440);
    assert_eq!(len("2026-07-19"), 1440 + 7 * 60);
    let marked: Vec<_> =
        (1..=31).filter(|&date| east.zone_changed_on(NaiveDate::from_ymd_opt(2026, 7, date).unwrap(), utc)).collect();
    assert_eq!(marked, [10, 20]);
    assert_eq!(east.local_day(day("2026-07-10"), utc).offset_min, Some(540));
}

#[test]
fn a_day_that_a_journey_leaves_out_has_no_minute() {
    let utc = Calendar::midnight(zone(UTC));
    let over = moved(&[("", "Pacific/Pago_Pago"), ("2026-07-10", "Pacific/Kiritimati")]);

    let days: Vec<_> =
        (8..=11).map(|date| over.local_day(NaiveDate::from_ymd_opt(2026, 7, date).unwrap(), utc)).collect();

    assert_eq!(days.iter().map(LocalDay::len_min).collect::<Vec<_>>(), [1440, 0, 1380, 1440]);
}

const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Oslo",
    "Asia/Tokyo",
    "America/Los_Angeles",
    "Pacific/Kiritimati",
    "Etc/GMT+12",
    "Asia/Kathmandu",
    "Pacific/Apia",
];

/// Rows of one traveller, from 2011 on: the December in which Samoa left out a day is among them.
fn travels() -> impl Strategy<Value = Enrolment> {
    let zone = || prop::sample::select(&ZONES[..]);
    let start = || prop::sample::select(vec!["", "00:00", "04:00", "12:00", "23:45"]);
    prop::collection::vec((0_u64..12, zone(), start()), 0..6).prop_map(|rows| {
        let first = day("2011-12-24");
        let row = |(gone, zone, start): &(u64, &str, &str)| format!("p1,{},{zone},{start}\n", first + Days::new(*gone));
        let text = rows.iter().map(row).collect::<String>();
        let (people, _) = read(&format!("participant_id,from,zone,start_of_day\np1,,,\n{text}")).unwrap();
        people.of(&id("p1")).unwrap().clone()
    })
}

proptest! {
    #[test]
    fn days_meet_without_a_hole_or_an_overlap(traveller in travels(), home in prop::sample::select(&ZONES[..])) {
        let home = Calendar::midnight(zone(home));
        let dates: Vec<_> = (0..30).map(|gone| day("2011-12-14") + Days::new(gone)).collect();

        let days: Vec<_> = dates.iter().map(|&date| traveller.local_day(date, home)).collect();

        for pair in days.windows(2) {
            prop_assert_eq!(pair[0].end_s, pair[1].start_s, "{:?}", pair);
            prop_assert!(pair[0].start_s <= pair[0].end_s, "{:?}", pair);
        }
    }

    #[test]
    fn every_moment_lies_in_the_day_that_is_found_for_it(
        traveller in travels(),
        home in prop::sample::select(&ZONES[..]),
        at in 1_323_820_800_i64..1_326_326_400,
    ) {
        let home = Calendar::midnight(zone(home));

        let found = traveller.day_at(at, home);

        prop_assert!(found.start_s <= at && at < found.end_s, "{:?}", found);
        prop_assert_eq!(found, traveller.local_day(found.date, home));
    }

    #[test]
    fn who_stays_at_home_has_the_days_of_the_calendar(gone in 0_u64..20_000, home in prop::sample::select(&ZONES[..])) {
        let calendar = Calendar::midnight(zone(home));
        let date = day("1980-01-01") + Days::new(gone);

        for rows in [&[][..], &[("", home)], &[("2000-01-01", home), ("2010-06-01", home)]] {
            let rows: Vec<_> = std::iter::once(("1971-01-01", home)).chain(rows.iter().copied()).collect();
            prop_assert_eq!(moved(&rows).local_day(date, calendar), calendar.day(date));
        }
    }
}
