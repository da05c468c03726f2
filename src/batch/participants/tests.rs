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

#[test]
fn rows_with_dates_make_a_calendar_of_changes() {
    let (people, aside) =
        read("participant_id,from,zone,start_of_day\np1,,,04:00\np1,2026-07-10,Asia/Tokyo,\np1,2026-07-20,,00:00\n")
            .unwrap();
    let home = Calendar::midnight(zone(UTC));

    let calendar = people.of(&id("p1")).unwrap().calendar(&home);

    assert_eq!(aside, []);
    let on =
        |date: &str| (calendar.on(day(date)).zone.name().unwrap(), calendar.on(day(date)).start_of_day.to_string());
    assert_eq!(on("2000-01-01"), (UTC, "04:00:00".to_owned()));
    assert_eq!(on("2026-07-10"), ("Asia/Tokyo", "04:00:00".to_owned()));
    assert_eq!(on("2026-07-20"), ("Asia/Tokyo", "00:00:00".to_owned()));
}
