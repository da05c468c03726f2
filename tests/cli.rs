//! The program as a person or a script runs it: what is said where, and the exit code.

mod support;

use std::{
    collections::BTreeSet,
    fs,
    io::Read as _,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::support::*;

const COMMANDS: &[&[&str]] = &[
    &[],
    &["run"],
    &["demo"],
    &["status"],
    &["doctor"],
    &["today"],
    &["week"],
    &["device"],
    &["device", "list"],
    &["device", "kinds"],
    &["device", "scan"],
    &["device", "pair"],
    &["device", "forget"],
    &["device", "assign"],
    &["device", "test"],
    &["device", "capture"],
    &["device", "replay"],
    &["goal"],
    &["goal", "show"],
    &["goal", "set"],
    &["goal", "history"],
    &["diary"],
    &["diary", "add"],
    &["diary", "list"],
    &["diary", "edit"],
    &["diary", "undo"],
    &["window"],
    &["window", "list"],
    &["window", "set"],
    &["window", "start-of-day"],
    &["person"],
    &["person", "show"],
    &["person", "set"],
    &["person", "takeout"],
    &["person", "withdraw"],
    &["person", "erase"],
    &["person", "receipt"],
    &["person", "receipt", "check"],
    &["choice"],
    &["choice", "plan"],
    &["choice", "done"],
    &["choice", "not-today"],
    &["choice", "list"],
    &["check-in"],
    &["check-in", "list"],
    &["check-in", "on"],
    &["check-in", "off"],
    &["goal", "pause"],
    &["goal", "resume"],
    &["goal", "end"],
    &["goal", "propose"],
    &["goal", "accept"],
    &["goal", "decline"],
    &["review"],
    &["programme"],
    &["programme", "list"],
    &["programme", "use"],
    &["programme", "none"],
    &["aggregate"],
    &["export"],
    &["export", "days"],
    &["export", "weeks"],
    &["export", "minutes"],
    &["export", "raw"],
    &["export", "goals"],
    &["export", "diary"],
    &["export", "audit"],
    &["data"],
    &["data", "verify"],
    &["data", "rebuild"],
    &["web"],
    &["web", "url"],
    &["web", "code"],
    &["web", "browsers"],
    &["web", "revoke"],
    &["web", "expose"],
    &["web", "expose", "lan"],
    &["web", "expose", "off"],
    &["study"],
    &["study", "status"],
    &["study", "template"],
    &["study", "sql"],
    &["study", "migrate"],
    &["study", "check"],
    &["study", "send"],
    &["study", "files"],
    &["study", "retry"],
    &["study", "template"],
    &["study", "migrate"],
    &["config"],
    &["config", "check"],
    &["config", "show"],
    &["completions"],
];

/// Runs it without telling it where data and settings lie.
fn bare(home: &Home, args: &[&str]) -> Ran {
    Ran::of(home.bare(args).output().unwrap())
}

/// A data folder that a demo has filled, and the settings to it.
fn home_with_demo(days: &str) -> Home {
    let home = Home::new();
    let ran = home.run(&["demo", "--once", "--days", days]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    home
}

#[test]
fn every_command_explains_itself() {
    let home = Home::new();

    for command in COMMANDS {
        let ran = bare(&home, &[*command, &["--help"]].concat());

        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{command:?}");
        let usage = format!("Usage: {}", [&["brisk"], *command].concat().join(" "));
        assert!(ran.out.contains(&usage), "{command:?}: {}", ran.out);
        assert!(ran.out.contains("--json") && ran.out.contains("--data"), "{command:?}");
    }
}

#[test]
fn every_command_there_is_has_been_looked_at() {
    let home = Home::new();
    let mut listed = BTreeSet::new();

    for command in COMMANDS {
        let help = bare(&home, &[*command, &["--help"]].concat()).out;
        let Some((_, rest)) = help.split_once("Commands:\n") else { continue };
        let names = rest.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.strip_prefix("  "));
        for name in names.filter(|line| !line.starts_with(' ')).filter_map(|line| line.split_whitespace().next()) {
            let whole = [*command, &[name]].concat().join(" ");
            if name != "help" {
                listed.insert(whole);
            }
        }
    }

    let known: BTreeSet<_> = COMMANDS.iter().map(|words| words.join(" ")).filter(|words| !words.is_empty()).collect();
    assert_eq!(listed, known);
}

#[test]
fn options_for_everything_stand_before_or_after_the_command() {
    let home = home_with_demo("2");
    let (data, config) = (home.data(), home.config());
    let data = data.to_str().unwrap();
    let config = config.to_str().unwrap();

    let before = bare(&home, &["--data", data, "--config", config, "--json", "week"]);
    let after = bare(&home, &["week", "--json", "--config", config, "--data", data]);
    let between = bare(&home, &["--json", "goal", "--data", data, "show", "--config", config]);

    assert_eq!(before.code, Some(0), "{}", before.err);
    assert_eq!((before.json()["from"].clone(), after.code), (after.json()["from"].clone(), Some(0)));
    assert_eq!(between.json(), home.json(&["goal", "show"]));
}

#[test]
fn wrong_usage_is_exit_code_2_and_says_what_is_expected() {
    let home = Home::new();

    for args in [&["no-such-command"][..], &["goal", "set"], &["demo", "--days", "0"], &["today", "--loud"]] {
        let ran = home.run(args);

        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{args:?}");
        assert!(ran.err.starts_with("error: "), "{args:?}: {}", ran.err);
    }
}

#[test]
fn a_demo_puts_the_days_on_stdout_and_its_talk_on_stderr() {
    let home = Home::new();

    let ran = bare(&home, &["demo", "--once", "--days", "3"]);

    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let table: Vec<_> = ran.out.lines().collect();
    assert!(table[0].contains("steps") && table[0].contains("brisk min"), "{}", ran.out);
    assert_eq!(
        table.iter().filter(|line| line.contains(" measured") || line.contains("not worn")).count(),
        4,
        "{}",
        ran.out
    );
    assert!(ran.err.contains("minutes came in over"), "{}", ran.err);
    assert!(!ran.out.contains("minutes came in"));
    assert_eq!(files_below(&home.path("")), ["brisk.toml"], "a passing demo leaves nothing behind");
}

#[test]
fn a_demo_for_a_program_is_one_json_array_of_days() {
    let ran = bare(&Home::new(), &["demo", "--once", "--days", "3", "--json"]);

    let rows = ran.json();
    let rows = rows.as_array().unwrap();
    assert_eq!((ran.code, rows.len(), ran.err.as_str()), (Some(0), 4, ""));
    assert!(rows.iter().all(|row| row["local_date"].is_string() && row["rules"] == "brisk/1"));
}

#[test]
fn a_demo_never_mixes_with_readings_that_are_there() {
    let home = home_with_demo("1");

    let ran = home.run(&["demo", "--once", "--days", "1"]);

    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    assert!(ran.err.contains("already holds readings") && ran.err.contains("nothing was changed"), "{}", ran.err);
}

#[test]
fn a_misspelled_setting_is_named_with_its_line_and_the_nearest_key() {
    let home = Home::new();
    home.write("brisk.toml", "config_version = 1\n\n[bluetooth]\nsync_evry = \"10m\"\n");

    let ran = home.run(&["config", "check"]);
    let for_programs = home.run(&["config", "check", "--json"]);
    let other_command = home.run(&["today"]);

    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    for part in ["brisk.toml", "4", "bluetooth.sync_evry", "sync_every"] {
        assert!(ran.err.contains(part), "{part}: {}", ran.err);
    }
    assert_eq!(for_programs.code, Some(2));
    assert!(for_programs.json().to_string().contains("sync_evry"));
    assert_eq!(other_command.code, Some(2), "no command goes on with settings that were not understood");
}

#[test]
fn the_settings_that_are_shown_can_be_used() {
    let home = Home::new();
    let shown = home.run(&["config", "show"]);

    let file = home.write("shown.toml", &shown.out);
    let check = bare(&home, &["config", "check", "--config", file.to_str().unwrap()]);
    let again = bare(&home, &["config", "show", "--config", file.to_str().unwrap()]);

    assert_eq!((shown.code, check.code), (Some(0), Some(0)), "{}", check.err);
    assert!(check.out.contains("1 people, 1 counters"), "{}", check.out);
    assert_eq!(again.out, shown.out);
}

#[test]
fn a_goal_that_is_set_is_shown_and_the_one_before_is_kept() {
    let home = Home::new();
    let none = home.run(&["goal", "show"]);
    let first =
        home.run(&["goal", "set", "--amount", "20", "--from", "2026-01-05", "--own-words", "Walk to the harbour"]);
    let second = home.run(&["goal", "set", "--amount", "30", "--days", "mon,wed,fri"]);

    let shown = home.run(&["goal", "show"]);
    let history = home.json(&["goal", "history"]);

    assert_eq!(none.code, Some(3), "{none:?}");
    assert!(none.out.contains("No goal is set"), "{}", none.out);
    assert_eq!((first.code, second.code), (Some(0), Some(0)), "{}{}", first.err, second.err);
    assert!(first.out.starts_with("Noted. "), "{}", first.out);
    assert_eq!(shown.code, Some(0));
    assert!(shown.out.contains("30"), "{}", shown.out);
    let amounts: Vec<_> =
        history.as_array().unwrap().iter().map(|span| span["goal"]["amount"].as_u64().unwrap()).collect();
    assert_eq!(amounts, [20, 30]);
    assert_eq!(history[0]["goal"]["own_words"], "Walk to the harbour");
    assert_eq!((&history[0]["from"], &history[1]["until"]), (&Value::from("2026-01-05"), &Value::Null));
}

#[test]
fn a_goal_that_cannot_be_meant_is_refused_with_the_reason_and_changes_nothing() {
    let home = Home::new();

    for (args, field) in [
        (&["--amount", "900"][..], "amount"),
        (&["--amount", "0"], "amount"),
        (&["--amount", "20", "--confidence", "11"], "confidence"),
        (&["--amount", "20", "--from", "2026-05-02", "--until", "2026-05-01"], "until"),
    ] {
        let ran = home.run(&[&["goal", "set"], args].concat());

        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{args:?}");
        assert!(ran.err.contains(field), "{args:?} names `{field}`: {}", ran.err);
    }
    assert_eq!(home.run(&["goal", "history"]).code, Some(3));
}

#[test]
fn with_nothing_stored_there_is_nothing_to_do_and_no_zero_is_invented() {
    let home = Home::new();

    for command in [&["today"][..], &["week"]] {
        let ran = home.run(command);

        assert_eq!((ran.code, ran.err.as_str()), (Some(3), ""), "{command:?}");
        assert!(ran.out.contains("Nothing has arrived"), "{}", ran.out);
        assert!(!ran.out.contains("0 steps"), "{}", ran.out);
    }
    let export = home.run(&["export", "days", "-o", home.path("out").to_str().unwrap()]);
    assert_eq!((export.code, home.path("out").exists()), (Some(3), false));
    assert_eq!(home.run(&["data", "verify"]).code, Some(0));
}

#[test]
fn exported_days_come_with_a_codebook_for_every_column() {
    let home = home_with_demo("5");
    let (csv, jsonl) = (home.path("csv"), home.path("jsonl"));

    let as_csv = home.run(&["export", "days", "--format", "csv", "-o", csv.to_str().unwrap()]);
    let as_jsonl = home.run(&["export", "days", "--format", "jsonl", "-o", jsonl.to_str().unwrap()]);

    assert_eq!((as_csv.code, as_jsonl.code), (Some(0), Some(0)), "{}{}", as_csv.err, as_jsonl.err);
    let scripts = ["import.R", "import.do", "import.sps", "manifest.json"];
    assert_eq!(files_below(&csv), [&["codebook.csv", "datapackage.json", "days.csv"][..], &scripts].concat());
    assert_eq!(files_below(&jsonl), ["codebook.csv", "datapackage.jsonl.json", "days.jsonl", "manifest.json"]);
    let mut table = csv::Reader::from_path(csv.join("days.csv")).unwrap();
    let header: Vec<String> = table.headers().unwrap().iter().map(str::to_owned).collect();
    let rows = table.records().map(Result::unwrap).count();
    // Today is not over, and stays at home.
    assert_eq!(rows, 5);
    for codebook in [csv.join("codebook.csv"), jsonl.join("codebook.csv")] {
        let mut codebook = csv::Reader::from_path(codebook).unwrap();
        let explained: Vec<String> = codebook.records().map(|row| row.unwrap()[0].to_owned()).collect();
        assert_eq!(explained, header);
    }
    let lines = fs::read_to_string(jsonl.join("days.jsonl")).unwrap();
    let parsed: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(parsed.len(), rows);
    let keys = |row: &Value| row.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    assert!(parsed.iter().all(|row| keys(row) == header.iter().cloned().collect()));
}

#[test]
fn what_is_rebuilt_from_the_journal_is_exported_byte_for_byte_the_same() {
    let home = home_with_demo("10");
    // A day that is over no longer changes with the time of day.
    let yesterday =
        home.json(&["today"])["date"].as_str().unwrap().parse::<chrono::NaiveDate>().unwrap().pred_opt().unwrap();
    let export = |name: &str| {
        let ran =
            home.run(&["export", "days", "--to", &yesterday.to_string(), "-o", home.path(name).to_str().unwrap()]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        fs::read_to_string(home.path(name).join("days.csv")).unwrap()
    };
    let before = export("before");

    let rebuilt = home.run(&["data", "rebuild"]);
    let after = export("after");
    let verified = home.run(&["data", "verify"]);

    assert_eq!(rebuilt.code, Some(0), "{}", rebuilt.err);
    assert!(rebuilt.out.contains("was made anew from"), "{}", rebuilt.out);
    assert!(before.lines().count() > 8, "{before}");
    assert_eq!(before, after);
    assert_eq!(verified.code, Some(0), "{verified:?}");
}

#[test]
fn completions_are_a_script_for_the_shell() {
    let home = Home::new();

    for (shell, sign) in [("bash", "complete -F _brisk"), ("zsh", "#compdef brisk"), ("fish", "complete -c brisk")] {
        let ran = bare(&home, &["completions", shell]);

        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
        assert!(ran.out.contains(sign), "{shell}");
        assert!(ran.out.contains("aggregate"), "{shell}");
    }
}

#[test]
fn a_row_that_cannot_be_read_is_named_with_file_and_line_and_strictly_ends_everything() {
    let home = Home::new();
    let rows = "participant_id,timestamp,steps\np1,2026-03-02 10:00:00,90\np1,2026-03-02 10:01:00,many\np1,2026-03-02 10:02:00,110\n";
    let file = home.write("steps.csv", rows);
    let (file, out) = (file.to_str().unwrap(), home.path("days.csv"));

    let lenient = bare(&home, &["aggregate", file, "-o", out.to_str().unwrap()]);
    let days = fs::read_to_string(&out).unwrap();
    let written = files_below(&home.path(""));
    let strict_out = home.path("strict.csv");
    let strict = bare(&home, &["aggregate", "--strict", file, "-o", strict_out.to_str().unwrap()]);

    assert_eq!(lenient.code, Some(1), "{lenient:?}");
    assert!(lenient.err.contains(&format!("{file}:3: ")), "{}", lenient.err);
    let mut table = csv::Reader::from_reader(days.as_bytes());
    let steps = table.headers().unwrap().iter().position(|name| name == "total_steps").unwrap();
    let totals: Vec<_> = table.records().map(|row| row.unwrap()[steps].to_owned()).collect();
    assert_eq!(totals, ["200"], "the other rows count");
    assert_eq!((strict.code, strict.out.as_str()), (Some(1), ""));
    assert!(strict.err.contains(file) && strict.err.contains("line 3"), "{}", strict.err);
    let aside = fs::read_to_string(home.path("days.csv.set-aside.csv")).unwrap();
    assert!(aside.contains(",3,steps are not a whole number from 0,\"p1,2026-03-02 10:01:00,many\""), "{aside}");
    assert_eq!(files_below(&home.path("")), written, "and nothing is written");
}

#[test]
fn a_reader_who_has_had_enough_is_no_failure() {
    let home = home_with_demo("20");

    for args in [&["week"][..], &["status"], &["goal", "history"], &["config", "show"]] {
        assert_eq!(without_reader(home.brisk(args)), (Some(0), String::new()), "{args:?}");
    }
    let demo = home.bare(&["demo", "--once", "--days", "40", "--quiet"]);
    assert_eq!(without_reader(demo), (Some(0), String::new()));
}

#[test]
fn a_reader_who_has_had_enough_of_json_is_no_failure() {
    let home = home_with_demo("20");

    for args in [&["week", "--json"][..], &["status", "--json"]] {
        assert_eq!(without_reader(home.brisk(args)), (Some(0), String::new()), "{args:?}");
    }
}

#[test]
fn a_reader_who_has_had_enough_of_completions_is_no_failure() {
    let home = Home::new();

    assert_eq!(without_reader(home.bare(&["completions", "bash"])), (Some(0), String::new()));
}

/// Runs it with a standard output that nobody reads; exit code and standard error.
fn without_reader(mut command: Command) -> (Option<i32>, String) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    (child.wait().unwrap().code(), err)
}

#[test]
fn quiet_says_nothing_but_the_result() {
    let home = home_with_demo("2");
    let rows = home.write("steps.csv", "participant_id,timestamp,steps\np1,2026-03-02 10:00:00,90\n");
    let export = home.path("out");

    for args in [
        &["demo", "--once", "--days", "2", "-q"][..],
        &["aggregate", rows.to_str().unwrap(), "--quiet"],
        &["--quiet", "completions", "bash"],
    ] {
        let ran = bare(&home, args);

        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{args:?}");
        assert!(!ran.out.is_empty(), "{args:?}");
    }
    let ran = home.run(&["export", "days", "-q", "-o", export.to_str().unwrap()]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(0), "", ""));
}

#[test]
fn without_colour_there_is_no_escape_code_anywhere() {
    let home = home_with_demo("2");

    for args in [&["status"][..], &["week"], &["today"], &["goal", "history"], &["--help"], &["no-such-command"]] {
        let ran = home.run(args);

        assert!(!ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'), "{args:?}: {ran:?}");
    }
    let refused = home.run(&["demo", "--once"]);
    assert!(!refused.err.is_empty() && !refused.err.contains('\u{1b}'));
}

/// Names of the files in a folder and below, without the test's own.
fn files_below(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            names.extend(files_below(&entry.path()));
        } else {
            names.push(entry.file_name().into_string().unwrap());
        }
    }
    names.sort();
    names
}
