//! `brisk window`, `brisk diary` and `brisk person`, as a person or a script runs them.

mod support;

use crate::support::*;

#[test]
fn hours_of_work_are_set_listed_and_set_right() {
    let home = Home::new();
    let none = home.run(&["window", "list"]);
    let set = home.run(&["window", "set", "work", "mon-fri 08:00-16:30", "--from", "2026-05-11"]);
    let ever = home.run(&["window", "set", "sleep", "daily", "23:00-07:00", "--from", "ever"]);
    let start = home.run(&["window", "start-of-day", "04:00", "--from", "2026-05-11"]);

    let list = home.run(&["window", "list"]);
    let json = home.json(&["window", "list"]);

    assert_eq!(none.code, Some(3));
    assert!(none.out.contains("every brisk minute is your own time"), "{}", none.out);
    assert_eq!([set.code, ever.code, start.code], [Some(0); 3], "{}{}{}", set.err, ever.err, start.err);
    assert!(set.out.contains("From 2026-05-11: work mon-fri 08:00-16:30"), "{}", set.out);
    let lines: Vec<_> = list.out.lines().map(str::trim).collect();
    assert!(lines[1].starts_with("ever") && lines[1].contains("daily 23:00-07:00"), "{}", list.out);
    assert!(lines[2].starts_with("2026-05-11") && lines[2].contains("04:00"), "{}", list.out);
    let newest = &json["history"][1];
    assert_eq!(
        (&newest["windows"]["work"], &newest["start_of_day"]),
        (&"mon-fri 08:00-16:30".into(), &"04:00:00".into())
    );
}

#[test]
fn an_activity_is_noted_listed_changed_and_taken_out() {
    let home = Home::new();
    let empty = home.run(&["diary", "list"]);
    let noted = home.json(&["diary", "add", "swim", "30", "--when", "yesterday 18:00", "--effort", "brisk"]);
    let id = noted["id"].as_str().unwrap();
    let garden = home.run(&["diary", "add", "garden", "45", "--note", "Äpfel 🍎"]);

    let changed = home.json(&["diary", "edit", id, "--minutes", "40"]);
    let list = home.run(&["diary", "list"]);
    let undone = home.run(&["diary", "undo", id]);
    let left = home.json(&["diary", "list"]);

    assert_eq!(empty.code, Some(3));
    assert_eq!((&noted["at"], &noted["effort"]), (&"18:00:00".into(), &"brisk".into()));
    assert!(garden.out.contains("45 minutes of gardening"), "{}", garden.out);
    assert_eq!((&changed["minutes"], &changed["date"], &changed["at"]), (&40.into(), &noted["date"], &noted["at"]));
    assert!(list.out.contains("40 minutes of swimming") && list.out.contains("Äpfel 🍎"), "{}", list.out);
    assert_eq!(undone.code, Some(0), "{}", undone.err);
    let kinds: Vec<_> = left["entries"].as_array().unwrap().iter().map(|entry| entry["kind"].clone()).collect();
    assert_eq!(kinds, ["garden"]);
}

#[test]
fn what_does_not_fit_is_refused_in_a_sentence_and_changes_nothing() {
    let home = Home::new();

    for (args, code, part) in [
        (&["diary", "add", "swim", "2000"][..], 1, "longer than a day"),
        (&["diary", "add", "swim", "30", "--when", "2999-01-01"], 1, "still to come"),
        (&["diary", "add", "swim", "30", "--when", "tomorrow"], 2, "today, yesterday"),
        (&["diary", "undo", "nobody"], 1, "no such entry"),
        (&["diary", "edit", "nobody", "--minutes", "30"], 1, "no entry is called"),
        (&["window", "set", "work", "mon-fri 08:00-08:00"], 2, "begins and ends at the same time"),
        (&["window", "set", "work", "someday 08:00-09:00"], 2, "neither a day nor a time"),
        (&["window", "set", "work", "none", "--from", "1926-05-11"], 1, "is the year right?"),
        (&["window", "start-of-day", "25:00"], 2, "written as 18:00"),
        (&["person", "set", "--zone", "Mars/Olympus"], 2, "not a time zone"),
    ] {
        let ran = home.run(args);

        assert_eq!((ran.code, ran.out.as_str()), (Some(code), ""), "{args:?}: {}", ran.err);
        assert!(ran.err.contains(part), "{args:?}: {}", ran.err);
    }
    assert_eq!(home.run(&["diary", "list"]).code, Some(3));
    assert_eq!(home.run(&["window", "list"]).code, Some(3));
}

#[test]
fn a_person_is_shown_and_changed() {
    let home = Home::new();

    let set =
        home.run(&["person", "set", "--name", "Åse", "--language", "he", "--zone", "Europe/Oslo", "--from", "ever"]);
    let shown = home.run(&["person", "show"]);

    assert_eq!(set.code, Some(0), "{}", set.err);
    for part in ["Åse", "עברית", "Europe/Oslo", "since ever"] {
        assert!(shown.out.contains(part), "{part}: {}", shown.out);
    }
    assert_eq!(home.json(&["person", "show"])["zone"], "Europe/Oslo");
}
