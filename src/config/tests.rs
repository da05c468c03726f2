use std::time::Duration;

use super::*;

const COUNTER: &str = "[[counter]]\nid = \"0011223344556677\"\n";

fn problems(text: &str) -> Vec<(String, Option<usize>, String)> {
    let errors = Config::parse(text, "brisk.toml").unwrap_err();
    errors.problems.into_iter().map(|problem| (problem.key, problem.line, problem.text)).collect()
}

/// Keys and lines of the problems.
fn found(text: &str) -> Vec<(String, Option<usize>)> {
    problems(text).into_iter().map(|(key, line, _)| (key, line)).collect()
}

fn pairs(expected: &[(&str, usize)]) -> Vec<(String, Option<usize>)> {
    expected.iter().map(|(key, line)| ((*key).to_owned(), Some(*line))).collect()
}

#[test]
fn an_empty_file_and_no_file_are_the_defaults() {
    assert_eq!(Config::parse("", "x"), Ok(Config::default()));
    assert_eq!(Config::load(Path::new("/nowhere/brisk.toml")), Ok(Config::default()));
    assert_eq!(Config::default().person[0].id.as_str(), "me");
}

#[test]
fn a_file_that_cannot_be_read_is_an_error() {
    let folder = tempfile::tempdir().unwrap();

    let error = Config::load(folder.path()).unwrap_err();

    assert!(error.to_string().contains("cannot be read"), "{error}");
}

#[test]
fn every_key_is_read() {
    let text = r#"
        config_version = 1
        [clock]
        zone = "Europe/Oslo"
        start_of_day = "04:00"
        wait_for_sync = "5m"
        [bluetooth]
        radio = "simulated"
        simulated_counter = "new.flash"
        simulated_pairing = "compare"
        adapter = "hci1"
        sync_every = "4h"
        connect_within = "30s"
        retry_after = "10s"
        retry_at_most = "1h"
        [measure]
        rules = "brisk/1"
        [storage]
        data = "/srv/brisk"
        [notify]
        patient = true
        quiet = "none"
        [study]
        instruments = ["fabq.toml"]
        [[person]]
        id = "p1"
        label = "Anna"
        zone = "Asia/Tokyo"
        brisk_steps_per_minute = 90
        [[person]]
        id = "p2"
        [[counter]]
        id = "00112233445566ff"
        person = "p2"
        from = "2026-05-11"
        label = "the blue one"
        address = "AA:BB:CC:DD:EE:FF"
        simulated_flash = "blue.flash"
    "#;

    let config = Config::parse(text, "x").unwrap();

    assert_eq!(config.bluetooth.sync_every, Duration::from_secs(4 * 3600));
    assert_eq!(config.owner(&config.counter[0]).unwrap().id.as_str(), "p2");
    assert_eq!(config.calendar(&config.person[0]).home().zone.name(), Some("Asia/Tokyo"));
    assert_eq!(config.calendar(&config.person[1]).home().zone.name(), Some("Europe/Oslo"));
    assert_eq!(config.calendar(&config.person[1]).home().start_of_day.to_string(), "04:00:00");
    assert_eq!(config.counter[0].id.to_string(), "00112233445566ff");
    assert_eq!(Config::parse(&show(&config), "shown"), Ok(config));
}

#[test]
fn an_unknown_key_is_named_with_its_line_and_the_nearest_known_key() {
    let said = problems("[clock]\nzonw = \"UTC\"\ntimezone = \"UTC\"\n\n[[person]]\ncolour = 1\n[blutooth]\n");

    let at: Vec<_> = said.iter().map(|(key, line, _)| (key.as_str(), line.unwrap())).collect();
    assert_eq!(at, [("clock.zonw", 2), ("clock.timezone", 3), ("person[1].colour", 6), ("blutooth", 7)]);
    assert!(said[0].2.contains("`zone`") && said[1].2.contains("`zone`"), "{said:?}");
    assert!(said[2].2.contains("id, label, language, display, zone, enrolled, brisk_steps_per_minute"), "{said:?}");
    assert!(said[3].2.contains("`bluetooth`"), "{said:?}");
}

#[test]
fn all_problems_are_reported_at_once() {
    let text = r#"config_version = 2
[clock]
zone = "Oslo"
start_of_day = "25:00"
wait_for_sync = 10
[bluetooth]
radio = "wire"
sync_every = "10"
connect_within = "10m"
[measure]
rules = "brisk/9"
[[person]]
id = "has space"
[[person]]
id = "p2"
brisk_steps_per_minute = 59
[[counter]]
id = "12"
person = "p3"
"#;

    let expected = [
        ("config_version", 1),
        ("clock.zone", 3),
        ("clock.start_of_day", 4),
        ("clock.wait_for_sync", 5),
        ("bluetooth.radio", 7),
        ("bluetooth.sync_every", 8),
        ("bluetooth.connect_within", 9),
        ("measure.rules", 11),
        ("person[1].id", 13),
        ("person[2].brisk_steps_per_minute", 16),
        ("counter[1].id", 18),
        ("counter[1].person", 19),
    ];
    assert_eq!(found(text), pairs(&expected));
}

const DISPLAY: &str = "[home_assistant]\nbroker = \"localhost:1883\"\n";

#[test]
fn what_does_not_fit_together_is_found() {
    for (text, expected) in [
        ("[[person]]\nid = \"a\"\n[[person]]\nid = \"a\"\n".to_owned(), ("person[2].id", 4)),
        (format!("{COUNTER}{COUNTER}"), ("counter[2].id", 4)),
        (format!("{COUNTER}simulated_flash = \"f\"\n"), ("counter[1].simulated_flash", 3)),
        ("[[counter]]\nlabel = \"x\"\n".to_owned(), ("counter[1].id", 1)),
        (format!("[[person]]\nid = \"a\"\n[[person]]\nid = \"b\"\n{COUNTER}"), ("counter[1].person", 5)),
        ("[bluetooth]\nretry_after = \"30m\"\n".to_owned(), ("bluetooth.retry_at_most", 1)),
        ("[bluetooth]\nsync_every = \"1s\"\n".to_owned(), ("bluetooth.sync_every", 2)),
        ("[bluetooth]\nsimulated_counter = \"f\"\n".to_owned(), ("bluetooth.simulated_counter", 2)),
        ("clock = 3\n".to_owned(), ("clock", 1)),
        ("[person]\nid = \"a\"\n".to_owned(), ("person", 1)),
        ("[clock]\nzone =\n".to_owned(), ("", 2)),
        ("[notify]\nquiet = \"at night\"\n".to_owned(), ("notify.quiet", 2)),
        ("[notify]\ngive_up_after = 0\n".to_owned(), ("notify.give_up_after", 2)),
        ("[home_assistant]\nbroker = \"1883\"\n".to_owned(), ("home_assistant.broker", 2)),
        (format!("{DISPLAY}secret = \"./password\"\n"), ("home_assistant.user", 1)),
        (format!("{DISPLAY}person = \"b\"\n"), ("home_assistant.person", 3)),
        (format!("{DISPLAY}[[person]]\nid = \"a\"\n[[person]]\nid = \"b\"\n"), ("home_assistant.person", 1)),
    ] {
        assert_eq!(found(&text), pairs(&[expected]), "{text}");
    }
}

#[test]
fn a_counter_may_change_hands_on_a_date() {
    let text = format!(
        "[[person]]\nid = \"a\"\n[[person]]\nid = \"b\"\n{COUNTER}person = \"a\"\n{COUNTER}person = \"b\"\nfrom = \"2026-05-11\"\n"
    );

    assert_eq!(Config::parse(&text, "x").map(|config| config.counter.len()), Ok(2));
}

#[test]
fn an_asset_names_one_counter_whoever_has_it() {
    let handed_on = format!(
        "[[person]]\nid = \"a\"\n[[person]]\nid = \"b\"\n{COUNTER}person = \"a\"\nasset = \"SC-1\"\n{COUNTER}person = \"b\"\n\
         asset = \"SC-1\"\nfrom = \"2026-05-11\"\n"
    );
    let two = format!("{COUNTER}asset = \"SC-1\"\n[[counter]]\nid = \"1021324354657687\"\nasset = \"SC-1\"\n");

    assert_eq!(Config::parse(&handed_on, "x").map(|config| config.counter.len()), Ok(2));
    let told = Config::parse(&two, "x").unwrap_err().to_string();
    assert!(told.contains("counter[2].asset: another counter has this asset"), "{told}");
}

#[test]
fn errors_are_printed_one_a_line() {
    let errors = Config::parse("[clock]\nzone = \"Oslo\"\n[clok]\n", "home/brisk.toml").unwrap_err();

    let text = errors.to_string();

    assert!(
        text.starts_with("configuration home/brisk.toml\n  line 2: clock.zone: \"Oslo\" is not a time zone"),
        "{text}"
    );
    assert_eq!(text.lines().count(), 3);
}

#[test]
fn an_instrument_that_cannot_be_used_is_named_with_the_settings() {
    use std::io::Write as _;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        fs::File::create(folder.path().join(name)).unwrap().write_all(text.as_bytes()).unwrap();
    };
    write("brisk.toml", "[study]\ninstruments = [\"own.toml\"]\n");
    write("own.toml", "name = \"own\"\ntitle = 3\n");

    let error = Config::load(&folder.path().join("brisk.toml")).unwrap_err().to_string();

    assert!(error.contains("study.instruments: instrument") && error.contains("line 2: title"), "{error}");
}

#[test]
fn every_programme_that_cannot_be_used_is_named_with_the_settings() {
    use std::io::Write as _;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        fs::File::create(folder.path().join(name)).unwrap().write_all(text.as_bytes()).unwrap();
    };
    write("brisk.toml", "[study]\nprogrammes = [\"gone.toml\", \"own.toml\"]\n");
    write("own.toml", "name = \"own\"\nmeasure = 3\n");

    let error = Config::load(&folder.path().join("brisk.toml")).unwrap_err();

    let told: Vec<_> = error.problems.iter().map(|problem| (problem.key.as_str(), problem.text.as_str())).collect();
    assert!(told.iter().all(|(key, _)| *key == "study.programmes") && told.len() == 2, "{told:?}");
    assert!(told[0].1.contains("gone.toml") && told[1].1.contains("line 2: measure"), "{told:?}");
}

#[test]
fn the_pages_are_listened_to_on_this_computer_alone() {
    for listen in ["off", "127.0.0.1:8791", "[::1]:80", "127.0.0.1:0"] {
        let config = Config::parse(&format!("[web]\nlisten = \"{listen}\"\n"), "x").unwrap();
        assert_eq!(config.web.listen, listen);
    }
    for listen in ["0.0.0.0:8791", "192.168.1.5:8791", "[::]:8791", "localhost:8791", "8791", "127.0.0.1", ""] {
        let said = problems(&format!("[web]\nlisten = \"{listen}\"\n"));
        assert_eq!((said[0].0.as_str(), said[0].1), ("web.listen", Some(2)), "{listen}");
        assert!(said[0].2.contains("brisk web expose lan"), "{said:?}");
    }
}

#[test]
fn the_names_of_the_pages_are_names_and_nothing_more() {
    assert!(Config::parse("[web]\nhosts = [\"brisk.home\", \"10.0.0.5\", \"[::1]\"]\n", "x").is_ok());
    for hosts in ["[]", "[\"*\"]", "[\"localhost:8791\"]", "[\"http://localhost\"]", "[\"Pi\"]", "[\"\"]", "[\"a b\"]"]
    {
        let said = problems(&format!("[web]\nhosts = {hosts}\n"));
        assert_eq!(said[0].0, "web.hosts", "{hosts}");
    }
}
