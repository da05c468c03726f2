//! The golden bytes of Bangle.js, both ways.

use firmware_protocol::device::bangle::{
    Command, Message, Object, Record, Value as Json,
    health::{Record1, Record2, Version, byte_offset, record_index},
    says_app_is_missing,
};
use serde_json::Value;

const HOST_TO_WATCH: &str = "6e400002-b5a3-f393-e0a9-e50e24dcca9e";
const WATCH_TO_HOST: &str = "6e400003-b5a3-f393-e0a9-e50e24dcca9e";

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn int<T: TryFrom<i64>>(value: &Value) -> T {
    T::try_from(value.as_i64().unwrap()).ok().expect("fits its field")
}

fn command(expect: &Value) -> Command {
    let json = &expect["json"];
    match json["t"].as_str() {
        None => {
            #[expect(clippy::cast_possible_truncation, reason = "hours of a zone")]
            let offset_min = (expect["tz_hours"].as_f64().unwrap() * 60.0) as i16;
            Command::SetTime { unix_s: int(&expect["unix"]), offset_min }
        }
        Some("act") => Command::Realtime {
            heart: json["hrm"].as_bool().unwrap(),
            steps: json["stp"].as_bool().unwrap(),
            every_s: int(&json["int"]),
        },
        Some("actfetch") => Command::Fetch { since_ms: int(&json["ts"]) },
        other => panic!("{other:?}"),
    }
}

fn message(json: &Value) -> Message<'_> {
    let activity = json["act"].as_str().map(str::as_bytes);
    match json["t"].as_str().unwrap() {
        "actfetch" if json["state"] == "start" => Message::FetchStart,
        "actfetch" => Message::FetchEnd { count: int(&json["count"]) },
        "status" => Message::Status { battery: int(&json["bat"]), charging: json["chg"] != 0 },
        "act" if !json["rt"].is_null() => {
            Message::Realtime { steps: int(&json["stp"]), heart: json["hrm"].as_i64().unwrap() }
        }
        "act" if !json["ts"].is_null() => Message::Record(Record {
            steps: int(&json["stp"]),
            heart: json["hrm"].as_i64(),
            movement: json["mov"].as_i64(),
            activity,
            end_ms: int(&json["ts"]),
        }),
        "act" => Message::Pushed {
            steps: int(&json["stp"]),
            heart: int(&json["hrm"]),
            movement: int(&json["mov"]),
            activity: activity.unwrap(),
        },
        other => panic!("{other}"),
    }
}

/// Our reader sees in a line what `serde_json` sees.
fn same_fields(name: &str, line: &[u8], json: &Value) {
    let object = Object::parse(line).unwrap();
    for (key, want) in json.as_object().unwrap() {
        let got = object.get(key).unwrap();
        let same = match want {
            Value::String(text) => got == Json::Text(text.as_bytes()),
            Value::Number(number) => got == Json::Number(number.as_i64().unwrap()),
            other => panic!("{name}: {other}"),
        };
        assert!(same, "{name}: {key} is {got:?}");
    }
}

fn record2(expect: &Value) -> Record2 {
    let activity = match expect["activity"].as_str().unwrap() {
        "UNKNOWN" => 0,
        "NOT_WORN" => 1,
        "WALKING" => 2,
        other => panic!("{other}"),
    };
    #[expect(clippy::cast_possible_truncation, reason = "a temperature on an arm")]
    let temperature_half_c = (expect["temperature"].as_f64().unwrap() * 2.0) as i16;
    Record2 {
        steps: int(&expect["steps"]),
        bpm: (int(&expect["bpmMin"]), int(&expect["bpmMax"])),
        movement: int(&expect["movement"]),
        battery: int(&expect["battery"]),
        charging: expect["charging"].as_bool().unwrap(),
        temperature_half_c,
        activity,
        altitude_m: int(&expect["altitude"]),
        reserved: 0,
    }
}

/// The expected value's bytes; `None` where there is no value.
fn check(vector: &Value, bytes: &[u8]) -> Option<Vec<u8>> {
    let (name, expect) = (vector["name"].as_str().unwrap(), &vector["expect"]);
    match (vector["characteristic"].as_str().unwrap(), name) {
        (HOST_TO_WATCH, _) => {
            let want = command(expect);
            assert_eq!(Command::parse(bytes), Some(want), "{name}");
            Some(want.emit())
        }
        (WATCH_TO_HOST, "console_noise_android_app_missing") => {
            let line = bytes.strip_suffix(b"\r\n").unwrap();
            assert!(says_app_is_missing(line), "{name}");
            assert_eq!(Message::parse(line), None, "{name}");
            None
        }
        (WATCH_TO_HOST, _) => {
            let line = bytes.strip_suffix(b"\r\n").unwrap();
            let want = message(&expect["json"]);
            assert_eq!(Message::parse(line), Some(want), "{name}");
            same_fields(name, line, &expect["json"]);
            Some([want.emit().as_slice(), b"\r\n"].concat())
        }
        (_, "health2_slot_offset_2026_11_22_1010_local") => {
            assert_eq!(Version::parse(bytes), Ok(Version::Two), "{name}");
            let index = record_index(22, 10, 10);
            assert_eq!(index, int::<u16>(&expect["record_index"]), "{name}");
            assert_eq!(byte_offset(Version::Two, index), int::<usize>(&expect["byte_offset"]), "{name}");
            Some(Version::Two.emit().to_vec())
        }
        (_, "health2_empty_slot") => {
            assert_eq!(Record2::parse(bytes), Ok(None), "{name}");
            None
        }
        (_, "health1_record") => {
            let want =
                Record1 { steps: int(&expect["steps"]), bpm: int(&expect["bpm"]), movement: int(&expect["movement"]) };
            assert_eq!(Record1::parse(bytes), Ok(Some(want)), "{name}");
            Some(want.emit().to_vec())
        }
        (_, "health2_readme_sample" | "health2_walking_charging_negative_altitude" | "health2_not_worn") => {
            let want = record2(expect);
            assert_eq!(Record2::parse(bytes), Ok(Some(want)), "{name}");
            Some(want.emit().to_vec())
        }
        (characteristic, _) => panic!("{name}: nothing checks {characteristic}"),
    }
}

#[test]
fn every_vector_is_read_and_where_it_has_a_value_written_again() {
    let vectors: Vec<Value> = serde_json::from_str(include_str!("../vectors/bangle.json")).unwrap();
    let mut both_ways = 0;
    for vector in &vectors {
        let bytes = unhex(vector["hex"].as_str().unwrap());

        if let Some(written) = check(vector, &bytes) {
            assert_eq!(written, bytes, "{}", vector["name"]);
            both_ways += 1;
        }
    }
    // The two without are console talk and an empty slot.
    assert_eq!((vectors.len(), both_ways), (16, 14));
}
