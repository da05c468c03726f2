//! Setting up as a helper does it: in a browser, without a script, without a terminal, from the first start to the
//! first steps; and everything that can come in between.

mod support;

use std::fs;

use brisk::config::Config;

use crate::support::{
    Daemon, Home,
    browser::{Browser, Seen},
    until,
};

const COUNTER_FILE: &str = "new.flash";

/// A home in which nothing is set up yet, with a simulated counter in reach.
fn home(pairing: &str, people: &str) -> Home {
    let home = Home::new();
    home.change_settings(|_| {
        format!(
            "[clock]\nwait_for_sync = \"0s\"\n[web]\nlisten = \"127.0.0.1:0\"\n\
             [bluetooth]\nradio = \"simulated\"\nsync_every = \"1h\"\nretry_after = \"1s\"\nretry_at_most = \"1s\"\n\
             simulated_counter = \"{COUNTER_FILE}\"\nsimulated_pairing = \"{pairing}\"\n{people}"
        )
    });
    home
}

fn started(home: &Home) -> (Daemon, Browser) {
    let daemon = home.daemon();
    let browser = Browser::let_in(home);
    (daemon, browser)
}

/// Listens, and comes to the list of what was heard.
fn listened(browser: &mut Browser) -> Seen {
    let page = browser.get("/setup/band");
    browser.send(&page, "/setup/band/scan", &[]);
    browser.get_until("/setup/band", "Which band is it?")
}

/// Chooses the only band that was heard.
fn chosen(browser: &mut Browser, more: &[(&str, &str)]) -> Seen {
    let list = listened(browser);
    let counters = list.offered("/setup/band/pair", "counter");
    assert_eq!(counters.len(), 1, "{list:?}");
    browser.send(&list, "/setup/band/pair", &[&[("counter", counters[0].as_str())], more].concat())
}

/// What the simulated counter shows.
fn shown(home: &Home) -> String {
    until("the counter shows digits", || {
        fs::read_to_string(home.data().join("new.digits")).ok().map(|digits| digits.trim().to_owned())
    })
}

#[test]
fn a_first_start_without_any_settings_comes_up_with_a_page_that_leads_to_setting_up() {
    let home = Home::new();
    home.change_settings(|_| "[clock]\nwait_for_sync = \"0s\"\n[web]\nlisten = \"127.0.0.1:0\"\n".to_owned());
    let (_daemon, mut browser) = started(&home);

    let today = browser.get("/");
    let setup = browser.get("/setup");
    let status = home.json(&["status"]);

    assert_eq!(today.status, 200);
    assert!(today.says("No band belongs here yet") && today.says("href=\"/setup\""), "{}", today.body);
    assert!(setup.says("href=\"/setup/band\"") && setup.says("This comes next"), "{}", setup.body);
    assert_eq!(status["counters"].as_array().map(Vec::len), Some(0));
    assert_eq!(Config::default().web.listen, "127.0.0.1:8791", "and so it is without any settings at all");
}

#[test]
fn a_helper_comes_from_the_first_start_to_the_first_steps_in_a_browser_alone() {
    let home = home("digits", "");
    let (_daemon, mut browser) = started(&home);

    let begun = chosen(&mut browser, &[("label", "כחול 💙")]);
    let digits = shown(&home);
    let question = browser.get_until("/setup/band", "Type the six digits");
    let (first, last) = digits.split_at(3);
    browser.send(&question, "/setup/band/answer", &[("digits", &format!(" {first} {last}")), ("answer", "digits")]);
    let done = browser.get_until("/setup/band", "The band is paired ✓");
    let setup = browser.get_until("/setup", "The band was heard on");
    let today = browser.get("/");

    assert_eq!((begun.path.as_str(), begun.status), ("/setup/band", 200));
    assert!(question.says("The band waits until"), "{}", question.body);
    assert!(done.says("simulated band") && done.says("כחול 💙") && done.header("refresh").is_none(), "{done:?}");
    assert!(setup.says("Everything is set up"), "{}", setup.body);
    assert!(!today.says("No band belongs here yet"), "{}", today.body);
    assert!(!home.data().join("new.digits").exists(), "the screen is dark again");
    let counter = home.complete();
    assert_eq!((&counter["label"], &counter["bond"]), (&"כחול 💙".into(), &"simulated".into()));
    assert!(counter["stored_to"].as_u64() > Some(27 * 1440), "four weeks are in: {counter}");
    assert!(home.json(&["today"])["row"]["total_steps"].is_u64());
}

#[test]
fn a_page_looks_again_by_itself_while_something_goes_on_and_never_changes_anything() {
    let home = home("digits", "");
    let (_daemon, mut browser) = started(&home);

    let quiet = browser.get("/setup/band");
    let listening = browser.send(&quiet, "/setup/band/scan", &[]);
    let again = browser.send(&quiet, "/setup/band/scan", &[]);
    let heard = browser.get_until("/setup/band", "Which band is it?");

    assert_eq!(quiet.header("refresh"), None);
    assert!(listening.says("Listening for bands"), "{}", listening.body);
    assert!(again.says("Listening for bands"), "a form sent twice is taken once: {}", again.body);
    assert_eq!(listening.header("refresh"), Some("2"));
    assert_eq!(heard.header("refresh"), None);
    for page in [&quiet, &listening, &heard] {
        assert!(!page.says("<script") && !page.says("http-equiv") && !page.says("style="), "{}", page.body);
    }
}

#[test]
fn digits_that_cannot_be_are_answered_kindly_and_the_band_waits_on() {
    let home = home("digits", "");
    let (_daemon, mut browser) = started(&home);
    chosen(&mut browser, &[]);
    let question = browser.get_until("/setup/band", "Type the six digits");

    for (typed, sentence) in [
        ("12 34", "here are 4"),
        ("12345x", "something else among these"),
        ("", "Type the six digits that the band shows."),
    ] {
        let again = browser.send(&question, "/setup/band/answer", &[("digits", typed), ("answer", "digits")]);

        assert_eq!(again.status, 422, "{again:?}");
        assert!(again.says(sentence) && again.says("aria-invalid=\"true\""), "{typed}: {}", again.body);
        assert!(typed.is_empty() || again.says(&format!("value=\"{typed}\"")), "{typed} is kept: {}", again.body);
    }
    let digits = shown(&home);
    browser.send(&question, "/setup/band/answer", &[("digits", &digits), ("answer", "digits")]);

    browser.get_until("/setup/band", "The band is paired ✓");
}

#[test]
fn wrong_digits_and_a_no_end_the_attempt_and_the_next_one_succeeds() {
    let home = home("digits", "");
    let (_daemon, mut browser) = started(&home);
    let wrong = |digits: &str| format!("{:06}", (digits.parse::<u32>().unwrap() + 1) % 1_000_000);

    chosen(&mut browser, &[]);
    let question = browser.get_until("/setup/band", "Type the six digits");
    let digits = wrong(&shown(&home));
    browser.send(&question, "/setup/band/answer", &[("digits", &digits), ("answer", "digits")]);
    let refused = browser.get_until("/setup/band", "not paired yet");
    chosen(&mut browser, &[]);
    let question = browser.get_until("/setup/band", "Type the six digits");
    browser.send(&question, "/setup/band/answer", &[("digits", ""), ("answer", "no")]);
    let left = browser.get_until("/setup/band", "not paired yet");
    let late = browser.send(&question, "/setup/band/answer", &[("digits", "123456"), ("answer", "digits")]);
    let counters_before = home.json(&["status"])["counters"].as_array().map(Vec::len);
    chosen(&mut browser, &[]);
    let question = browser.get_until("/setup/band", "Type the six digits");
    browser.send(&question, "/setup/band/answer", &[("digits", &shown(&home)), ("answer", "digits")]);
    browser.get_until("/setup/band", "The band is paired ✓");

    for page in [&refused, &left, &late] {
        assert!(page.says("The digits were others, or one side said no") && page.says("What helps"), "{}", page.body);
    }
    assert_eq!(counters_before, Some(0));
}

#[test]
fn digits_are_compared_or_typed_into_the_band_where_it_wants_that() {
    for (pairing, asks) in [("compare", "Does the band show these six digits?"), ("typed", "into the band")] {
        let home = home(pairing, "");
        let (_daemon, mut browser) = started(&home);

        chosen(&mut browser, &[]);
        let question = browser.get_until("/setup/band", asks);
        if pairing == "compare" {
            let digits = shown(&home);
            assert!(question.says(&format!("{} {}", &digits[..3], &digits[3..])), "{}", question.body);
            browser.send(&question, "/setup/band/answer", &[("answer", "yes")]);
        } else {
            assert_eq!(question.header("refresh"), Some("2"));
        }

        browser.get_until("/setup/band", "The band is paired ✓");
    }
}

#[test]
fn what_does_not_fit_about_a_band_is_said_beside_each_field_and_everything_typed_stays() {
    let home = home("none", "[[person]]\nid = \"a\"\nlabel = \"Anna\"\n");
    let (_daemon, mut browser) = started(&home);
    let list = listened(&mut browser);
    let long = "x".repeat(41);

    let typed = [("label", long.as_str()), ("from", "2999-01-01")];
    let again = browser.send(&list, "/setup/band/pair", &typed);

    assert_eq!(again.status, 422);
    for sentence in ["Choose the band that is meant", "room for 40 letters", "That day has not come yet"] {
        assert!(again.says(sentence), "{sentence}: {}", again.body);
    }
    assert!(again.says(&long) && again.says("2999-01-01"), "{}", again.body);
    let main = &again.body[..again.body.find("<details>").unwrap()];
    assert!(!main.contains("radio address"), "no address but among the details: {main}");
}

#[test]
fn a_band_is_another_persons_from_a_day_on_and_is_let_go_after_a_second_question() {
    let home = home("none", "[[person]]\nid = \"a\"\nlabel = \"Anna\"\n");
    let (_daemon, mut browser) = started(&home);
    chosen(&mut browser, &[("label", "blue band")]);
    browser.get_until("/setup/band", "The band is paired ✓");
    let device = home.json(&["status"])["counters"][0]["id"].as_str().unwrap().to_owned();

    let question = browser.get(&format!("/setup/band/assign?device={device}"));
    let undated = browser.send(&question, "/setup/band/assign", &[("person", "")]);
    let dated = browser.send(&undated, "/setup/band/assign", &[("person", ""), ("from", "2026-05-14")]);
    let confirm = browser.get(&format!("/setup/band/forget?device={device}"));
    let still = browser.get("/setup/band");
    let gone = browser.send(&confirm, "/setup/band/forget", &[]);
    let stranger = browser.get("/setup/band/assign?device=0000000000000000");

    assert_eq!(undated.status, 422);
    assert!(undated.says("from which day is it another") && undated.says("blue band"), "{}", undated.body);
    assert!(dated.says("Nobody wears it"), "{}", dated.body);
    assert!(confirm.says("Everything that it brought in stays") && still.says("blue band"), "{}", confirm.body);
    assert!(gone.says("None yet.") && gone.path == "/setup/band", "{}", gone.body);
    assert_eq!(stranger.status, 404);
    assert!(home.json(&["status"])["counters"][0]["stored_to"].as_u64() > Some(0), "its data stay");
}

#[test]
fn a_day_that_cannot_be_meant_and_too_long_a_name_are_refused_at_the_command_line_too() {
    let home = home("none", "");
    let (_daemon, mut browser) = started(&home);
    let long = "x".repeat(41);

    let named = home.run(&["device", "pair", "--label", &long, "--from", "2999-01-01"]);
    chosen(&mut browser, &[("label", "blue band")]);
    browser.get_until("/setup/band", "The band is paired ✓");
    let device = home.json(&["status"])["counters"][0]["id"].as_str().unwrap().to_owned();
    let later = home.run(&["device", "assign", &device, "--from", "2999-01-01"]);
    let before = home.run(&["device", "assign", &device, "--from", "0026-05-11"]);

    for (ran, sentences) in [
        (named, &["label: This has room for 40 letters", "from: That day has not come yet"][..]),
        (later, &["from: That day has not come yet"]),
        (before, &["from: That is more than five years away"]),
    ] {
        assert_eq!(ran.code, Some(1), "{sentences:?}: {}", ran.out);
        assert!(sentences.iter().all(|sentence| ran.err.contains(sentence)), "{sentences:?}: {}", ran.err);
    }
    assert_eq!(home.json(&["status"])["counters"][0]["person"], "me", "nothing was changed");
}

#[test]
fn everything_is_looked_at_in_plain_sentences_and_the_report_is_seen_before_it_is_saved() {
    let home = home("none", "");
    let (_daemon, mut browser) = started(&home);
    chosen(&mut browser, &[("label", "Anna's band")]);
    browser.get_until("/setup/band", "The band is paired ✓");
    home.complete();

    let check = browser.get("/setup/check");
    let report = browser.get("/setup/check/report");
    let saved = browser.send(&report, "/setup/check/report", &[("report", "first line\r\nsecond line")]);

    assert!(check.says("All is well.") && check.says("Anna's band"), "{}", check.body);
    assert!(report.says("writing to the disk") && !report.says("Anna"), "{}", report.body);
    assert_eq!(saved.body, "first line\nsecond line\n");
    assert_eq!(saved.header("content-disposition"), Some("attachment; filename=\"brisk-report.txt\""));
}
