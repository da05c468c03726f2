//! Every file in `config/` does what it is there for.

use std::{collections::BTreeSet, fs, path::PathBuf};

use brisk::{
    config::{Config, parse_programme, read_rules, show},
    model::{BoutKind, Rules, WearMethod},
};

fn config_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("config")
}

fn file(name: &str) -> String {
    fs::read_to_string(config_dir().join(name)).expect("a file of config/")
}

#[test]
fn the_documented_defaults_are_the_defaults() {
    let text = file("brisk.toml");

    assert_eq!(Config::parse(&text, "config/brisk.toml").as_ref(), Ok(&Config::default()));
    assert_eq!(text, show(&Config::default()), "config/brisk.toml is what `brisk config show` prints without a file");
}

#[test]
fn the_rules_on_paper_are_the_built_in_rules() {
    let rules: Rules = toml::from_str(&file("rules/brisk-1.toml")).expect("rules");

    assert_eq!(rules, Rules::brisk_1());
}

#[test]
fn other_rules_differ_from_the_built_in_ones_in_what_their_names_say() {
    let read = |name: &str| read_rules(&config_dir().join("rules").join(name)).expect("rules");
    let named = |name: &str| Rules { name: format!("brisk/1+{name}"), ..Rules::brisk_1() };

    assert_eq!(read("strict-10.toml"), Rules { bout_brisk_min: 10, bout_end_min: 1, ..named("strict-10") });
    let rolling = Rules { bout_kind: BoutKind::Rolling, bout_end_min: 2, ..named("rolling-80") };
    assert_eq!(read("rolling-80.toml"), rolling);
    let choi = Rules { wear_method: WearMethod::Choi, valid_hours_with_steps: 0, ..named("choi") };
    assert_eq!(read("choi.toml"), choi);
    assert_eq!(read("heart-rate.toml"), Rules { wear_method: WearMethod::HeartRate, ..named("heart-rate") });
}

#[test]
fn the_programme_that_the_documents_show_is_one() {
    let page = fs::read_to_string(config_dir().join("../docs/programmes.md")).expect("docs/programmes.md");
    let shown =
        page.split("```toml\n").filter_map(|part| part.split("```").next()).find(|part| part.starts_with("name"));

    let programme = parse_programme(shown.expect("a programme"), "docs/programmes.md").expect("it fits");

    assert_eq!(programme.name, "study-a");
}

#[test]
fn every_programme_on_paper_is_built_in_and_says_what_it_is_not() {
    let built_in = Config::default().programmes();

    for entry in fs::read_dir(config_dir().join("programmes")).expect("config/programmes") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("a programme");
        let programme = parse_programme(&text, &path.display().to_string()).expect("a programme");

        assert_eq!(path.file_stem().and_then(|stem| stem.to_str()), Some(programme.name.as_str()));
        assert!(text.contains("This is not the rule of any study"), "{}", programme.name);
        assert!(built_in.contains(&programme), "{}", programme.name);
    }
    assert_eq!(built_in.len(), 3);
}

#[test]
fn the_service_unit_agrees_with_the_program() {
    let unit = file("brisk.service");
    let keys: Vec<_> = unit
        .lines()
        .filter(|line| !line.starts_with('#') && !line.starts_with('[') && !line.is_empty())
        .map(|line| line.split_once('=').expect("key=value"))
        .collect();
    let value = |name: &str| keys.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);

    // The daemon says when it is ready, and pings no watchdog.
    assert_eq!((value("Type"), value("NotifyAccess"), value("WatchdogSec")), (Some("notify"), Some("main"), None));
    assert_eq!(value("ExecStart"), Some("/usr/bin/brisk run"));
    // The folders that `Paths::from_env` is told of.
    assert_eq!((value("StateDirectory"), value("RuntimeDirectory")), (Some("brisk"), Some("brisk")));
    for (key, want) in [("NoNewPrivileges", "yes"), ("ProtectSystem", "strict"), ("CapabilityBoundingSet", "")] {
        assert_eq!(value(key), Some(want), "{key}");
    }
}

/// Files that another test looks after, beginning with this path.
const LOOKED_AFTER_ELSEWHERE: [&str; 2] = ["presets/", "instruments/"];

#[test]
fn no_file_in_config_is_without_a_test() {
    let mut found = BTreeSet::new();
    let mut folders = vec![config_dir()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of config/") {
            let path = entry.expect("an entry of config/").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let below = path.strip_prefix(config_dir()).expect("below config/");
                found.insert(below.display().to_string());
            }
        }
    }
    found.retain(|name| !LOOKED_AFTER_ELSEWHERE.iter().any(|start| name.starts_with(start)));

    let here = [
        "brisk.service",
        "brisk.toml",
        // src/config/programmes.rs reads these three.
        "programmes/etmi-style.toml",
        "programmes/micro-choices.toml",
        "programmes/selfback-style.toml",
        "rules/brisk-1.toml",
        "rules/choi.toml",
        "rules/heart-rate.toml",
        "rules/rolling-80.toml",
        "rules/strict-10.toml",
    ];
    assert_eq!(found, here.into_iter().map(str::to_owned).collect());
}
