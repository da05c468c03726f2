//! Today on a display of this home: the real daemon beside a real MQTT broker, mosquitto, with what Home Assistant would
//! make of it.

mod support;

use std::{
    collections::BTreeMap,
    env,
    fs::{self, File, Permissions},
    io::Write as _,
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    process::{Child, Command, Stdio},
};

use brisk::demo::COUNTER;
use serde_json::{Value, json};

use crate::support::*;

const USER: &str = "brisk";
const PASSWORD: &str = "not-in-any-log-51c";
/// What no message may hold: who it is, what they are called, which study, which counter.
const MARKERS: [&str; 5] = ["alva-0042", "Zebedee", "STUDY-MARKER", "wrist", "\"me\""];

/// A broker on loopback that wants a name and a password; stopped when dropped.
struct Broker {
    port: u16,
    running: Option<Child>,
}

impl Broker {
    fn start(home: &Home) -> Self {
        let passwords = home.path("passwords");
        let made = Command::new("mosquitto_passwd").arg("-b").arg("-c").arg(&passwords).args([USER, PASSWORD]).output();
        assert!(made.expect("mosquitto_passwd (Debian: mosquitto)").status.success());
        // The port is free again once this line ends.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let me = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
        home.write(
            "mosquitto.conf",
            &format!(
                "listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {}\nuser {me}",
                passwords.display()
            ),
        );
        let mut broker = Self { port, running: None };
        broker.resume(home);
        broker
    }

    fn resume(&mut self, home: &Home) {
        let log = File::create(home.path("mosquitto.log")).unwrap();
        let mut command = Command::new("mosquitto");
        command.arg("-c").arg(home.path("mosquitto.conf")).stdout(Stdio::null()).stderr(log);
        self.running = Some(command.spawn().expect("mosquitto (Debian: mosquitto)"));
        until("the broker listens", || std::net::TcpStream::connect(("127.0.0.1", self.port)).ok());
    }

    /// Ends it at once, with everything that it kept.
    fn stop(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.kill().ok();
            running.wait().ok();
        }
    }

    /// The table of the settings that names it.
    fn settings(&self, home: &Home) -> String {
        password_file(home, PASSWORD);
        format!(
            "\n[home_assistant]\nbroker = \"127.0.0.1:{}\"\nuser = \"{USER}\"\nsecret = \"./password\"\n",
            self.port
        )
    }

    fn client(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-u", USER, "-P", PASSWORD]);
        command
    }

    /// Everything that is told from now on, and what the broker keeps.
    fn listen(&self, home: &Home, name: &str) -> Ear {
        let path = home.path(name);
        let mut command = self.client("mosquitto_sub");
        command.args(["-t", "#", "-q", "1", "-F", "%t %p"]).stdout(File::create(&path).unwrap());
        Ear { child: command.spawn().expect("mosquitto_sub (Debian: mosquitto-clients)"), path }
    }

    /// What it keeps for whoever comes later, by topic.
    fn kept(&self) -> BTreeMap<String, String> {
        let mut command = self.client("mosquitto_sub");
        let heard = command.args(["-t", "#", "--retained-only", "-W", "1", "-F", "%t %p"]).output();
        let heard = heard.expect("mosquitto_sub (Debian: mosquitto-clients)");
        by_topic(&String::from_utf8(heard.stdout).unwrap()).into_iter().collect()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Somebody who listens to everything; stopped when dropped.
struct Ear {
    child: Child,
    path: std::path::PathBuf,
}

impl Ear {
    /// What was told so far, in order: topic and text.
    fn heard(&self) -> Vec<(String, String)> {
        by_topic(&fs::read_to_string(&self.path).unwrap())
    }

    /// The last message whose topic ends like this.
    fn last(&self, topic: &str) -> Option<String> {
        self.heard().into_iter().rev().find(|(known, _)| known.ends_with(topic)).map(|(_, text)| text)
    }

    fn state_until(&self, what: &str, like: impl Fn(&Value) -> bool) -> Value {
        until(&format!("the state {what}"), || {
            let state = serde_json::from_str(&self.last("/state")?).ok()?;
            like(&state).then_some(state)
        })
    }

    /// The discovery messages that hold by now.
    fn configs(&self) -> Vec<Value> {
        let newest: BTreeMap<_, _> = self.heard().into_iter().filter(|(topic, _)| topic.ends_with("/config")).collect();
        newest.into_values().filter_map(|text| serde_json::from_str(&text).ok()).collect()
    }

    fn keys(&self) -> Vec<String> {
        let key = |config: Value| config["unique_id"].as_str().unwrap().rsplit('_').next().unwrap().to_owned();
        self.configs().into_iter().map(key).collect()
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn by_topic(text: &str) -> Vec<(String, String)> {
    text.lines().filter_map(|line| line.split_once(' ')).map(|(topic, text)| (topic.into(), text.into())).collect()
}

fn password_file(home: &Home, password: &str) {
    let path = home.write("password", password);
    fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

/// A home of a person full of marks, with a plan of twenty minutes. The days of their counter until now are stored.
fn home() -> Home {
    let home = Home::with_counter(&days_until_now(5, 3));
    home.change_settings(|text| settings(text, "full"));
    let daemon = home.daemon();
    home.complete();
    assert_eq!(home.run(&["goal", "set", "--amount", "20"]).code, Some(0));
    daemon.terminate();
    home
}

fn settings(text: &str, display: &str) -> String {
    format!(
        "{text}person = \"alva-0042\"\n\n[[person]]\nid = \"alva-0042\"\nlabel = \"Zebedee\"\ndisplay = \
         \"{display}\"\n\n[study]\nid = \"STUDY-MARKER\"\n"
    )
}

/// What Home Assistant would show of these, or what it would say.
fn in_home_assistant(configs: &[Value], state: &str) -> Result<Value, String> {
    let python =
        env::var("BRISK_TEST_PYTHON").expect("BRISK_TEST_PYTHON names a Python with jinja2; tests/run has one");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/exports/home_assistant.py");
    let mut command = Command::new(python);
    command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let told = json!({"configs": configs, "state": state}).to_string();
    child.stdin.take().unwrap().write_all(told.as_bytes()).unwrap();
    let ran = Ran::of(child.wait_with_output().unwrap());
    if ran.code == Some(0) { Ok(ran.json()) } else { Err(ran.err) }
}

#[test]
fn a_display_shows_the_numbers_of_the_page_and_no_message_says_whose_they_are() {
    let home = home();
    let broker = Broker::start(&home);
    home.change_settings(|text| settings(text, "full") + &broker.settings(&home));
    let ear = broker.listen(&home, "heard");
    let daemon = home.daemon();
    ear.state_until("has the plan", |state| state["plan"] == 20);
    assert_eq!(home.run(&["goal", "set", "--amount", "25"]).code, Some(0));

    let (today, state) = until("the display and the page agree", || {
        let today = home.json(&["today"]);
        let state: Value = serde_json::from_str(&ear.last("/state")?).ok()?;
        let agree = state["steps"] == today["row"]["total_steps"] && state["plan"] == 25;
        (agree && state["minutes"] == today["row"]["leisure_brisk_min"]).then_some((today, state))
    });
    let configs = ear.configs();
    let shown = in_home_assistant(&configs, &state.to_string()).unwrap();

    assert_eq!(ear.keys(), ["battery", "minutes", "plan", "steps"]);
    assert_eq!(state["battery"], today["battery_percent"]);
    for config in &configs {
        let id = config["unique_id"].as_str().unwrap();
        let key = id.rsplit('_').next().unwrap();
        assert_eq!(shown[id].as_f64(), state[key].as_f64(), "{key}: {shown} {state}");
        assert_eq!(config["device"]["sw_version"], env!("CARGO_PKG_VERSION"));
        assert!(id.starts_with(config["device"]["identifiers"][0].as_str().unwrap()));
    }
    let nothing = r#"{"battery":null,"minutes":null,"plan":null,"steps":null}"#;
    let unknown = in_home_assistant(&configs, nothing).unwrap();
    assert!(unknown.as_object().unwrap().values().all(Value::is_null), "{unknown}");

    daemon.terminate();
    until("nobody is there", || (ear.last("/online")? == "offline").then_some(()));
    let all = fs::read_to_string(&ear.path).unwrap().to_lowercase();
    let counter = COUNTER.to_string().to_lowercase();
    for marker in MARKERS.iter().map(|marker| marker.to_lowercase()).chain([counter]) {
        assert!(!all.contains(&marker), "{marker}: {all}");
    }
    assert!(broker.kept().keys().all(|topic| !topic.ends_with("/state")), "the broker keeps no number");
}

#[test]
fn what_home_assistant_would_refuse_is_refused_by_the_check() {
    let good = json!({
        "name": "Steps today", "unique_id": "brisk_1_steps", "state_topic": "brisk/1/state",
        "value_template": "{{ value_json.steps }}", "unit_of_measurement": "steps",
        "device": {"identifiers": ["brisk_1"]},
    });
    assert_eq!(in_home_assistant(std::slice::from_ref(&good), r#"{"steps":5}"#), Ok(json!({"brisk_1_steps": 5.0})));

    for (member, value) in [
        ("state_topic", Value::Null),
        ("state_topic", json!("brisk/#")),
        ("unique_id", json!("")),
        ("device", json!({"name": "Brisk"})),
        ("device_class", json!("duration")),
        ("state_class", json!("increasing")),
        ("valu_template", json!("{{ value }}")),
        ("default_entity_id", json!("brisk_steps")),
        ("value_template", json!("{{ value_json.step }}")),
        ("value_template", json!("{{ value_json.steps")),
    ] {
        let mut bad = good.clone();
        bad[member] = value;

        assert!(in_home_assistant(&[bad.clone()], r#"{"steps":5}"#).is_err(), "{bad}");
    }
}

#[test]
fn a_broker_that_comes_back_without_memory_is_told_everything_anew() {
    let home = home();
    let mut broker = Broker::start(&home);
    home.change_settings(|text| settings(text, "full") + &broker.settings(&home));
    let daemon = home.daemon();
    let ear = broker.listen(&home, "before");
    ear.state_until("is told", |_| true);
    drop(ear);

    broker.stop();
    until("the log says so", || daemon.log().contains("cannot be reached").then_some(()));
    let doctor = home.run(&["doctor"]);
    broker.resume(&home);
    let ear = broker.listen(&home, "after");
    ear.state_until("is told again", |_| true);

    assert!(doctor.out.contains("The MQTT broker of this home cannot be reached"), "{}", doctor.out);
    assert!(doctor.out.contains("NOT the MQTT broker"), "{}", doctor.out);
    assert_eq!(ear.last("/online").as_deref(), Some("online"));
    assert_eq!(ear.keys(), ["battery", "minutes", "plan", "steps"]);
    assert!(daemon.log().contains("can be reached again"), "{}", daemon.log());
    assert!(home.run(&["doctor"]).out.contains("ok  the MQTT broker"));
    daemon.terminate();
    assert!(!home.run(&["doctor"]).out.contains("MQTT"), "nobody tells it, so nobody knows");
}

#[test]
fn a_wrong_password_is_said_in_plain_words_and_a_corrected_one_is_found() {
    let home = home();
    let broker = Broker::start(&home);
    home.change_settings(|text| settings(text, "full") + &broker.settings(&home));
    password_file(&home, "wrong-c0ffee");
    let daemon = home.daemon();

    until("the log says so", || daemon.log().contains("does not let Brisk in").then_some(()));
    let doctor = home.run(&["doctor"]);
    fs::set_permissions(home.path("password"), Permissions::from_mode(0o644)).unwrap();
    until("an open file is said", || daemon.log().contains("others can read").then_some(()));
    password_file(&home, PASSWORD);
    let ear = broker.listen(&home, "heard");
    ear.state_until("is told", |_| true);

    assert!(doctor.out.contains("Check `user` and the file of `secret`"), "{}", doctor.out);
    let log = daemon.log();
    assert!(!log.contains("c0ffee") && !log.contains(PASSWORD), "{log}");
    assert_eq!(log.matches("does not let Brisk in").count(), 1, "it is said once: {log}");
    daemon.terminate();
}

#[test]
fn a_broker_that_the_settings_name_no_more_forgets_everything() {
    let home = home();
    let broker = Broker::start(&home);
    let told = broker.settings(&home);
    home.change_settings(|text| settings(text, "full") + &told);
    let daemon = home.daemon();
    let ear = broker.listen(&home, "heard");
    ear.state_until("is told", |_| true);
    daemon.terminate();
    assert_eq!(broker.kept().len(), 5, "four sensors, and whether somebody is there");

    let off = told.replace(&format!("127.0.0.1:{}", broker.port), "off");
    home.change_settings(|text| settings(text, "full") + &off);
    let daemon = home.daemon();
    until("it is taken back", || daemon.log().contains("have forgotten this program").then_some(()));
    daemon.terminate();
    let once = home.daemon();
    home.complete();
    once.terminate();

    assert_eq!(broker.kept(), BTreeMap::new());
    let log = fs::read_to_string(home.path("daemon.log")).unwrap();
    assert_eq!(log.matches("have forgotten this program").count(), 1, "{log}");
}

#[test]
fn whose_study_keeps_numbers_to_itself_has_none_on_display_either() {
    for (display, keys) in [("blinded", vec!["battery"]), ("steps-only", vec!["battery", "steps"])] {
        let home = home();
        let broker = Broker::start(&home);
        // Shown in full before the study began: what was announced then has to go.
        home.change_settings(|text| settings(text, "full") + &broker.settings(&home));
        let before = home.daemon();
        let ear = broker.listen(&home, "before");
        ear.state_until("is told", |state| state["steps"].is_u64());
        before.terminate();
        drop(ear);

        home.change_settings(|text| settings(text, display) + &broker.settings(&home));
        let daemon = home.daemon();
        let ear = broker.listen(&home, "heard");
        let state = ear.state_until("is told", |state| state["battery"].is_u64());

        assert_eq!(state.as_object().unwrap().keys().collect::<Vec<_>>(), keys, "{display}");
        assert_eq!(ear.keys(), keys, "{display}");
        daemon.terminate();
        let kept: Vec<_> = broker.kept().into_keys().filter(|topic| topic.ends_with("/config")).collect();
        assert_eq!(kept.len(), keys.len(), "{display}: {kept:?}");
    }
}

#[test]
fn a_home_without_a_broker_tells_nobody_and_keeps_nothing_of_it() {
    let home = home();
    let daemon = home.daemon();
    home.complete();

    let doctor = home.run(&["doctor"]);
    daemon.terminate();

    assert!(!doctor.out.contains("MQTT"), "{}", doctor.out);
    assert!(!home.data().join("home_assistant.json").exists());
}
