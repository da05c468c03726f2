//! The golden bytes of `InfiniTime`, both ways.

use firmware_protocol::{
    cursor::FormatError,
    device::infinitime::{Motion, emit_steps, parse_steps},
    sig::{
        battery,
        current_time::CurrentTime,
        heart_rate::{HeartRate, Intervals},
    },
};
use serde_json::Value;

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn int<T: TryFrom<i64>>(value: &Value) -> T {
    T::try_from(value.as_i64().unwrap()).ok().expect("fits its field")
}

/// The expected value's bytes; `None` where there is no value.
fn check(vector: &Value, bytes: &[u8]) -> Option<Vec<u8>> {
    let (name, expect) = (vector["name"].as_str().unwrap(), &vector["expect"]);
    match vector["characteristic"].as_str().unwrap() {
        "00030001-78fc-48fe-8e23-433b3a1942d0" if expect["error"] == "length" => {
            assert_eq!(parse_steps(bytes), Err(FormatError::BadLength { want: 4, got: bytes.len() }), "{name}");
            None
        }
        "00030001-78fc-48fe-8e23-433b3a1942d0" => {
            let steps = int(&expect["steps"]);
            assert_eq!(parse_steps(bytes), Ok(steps), "{name}");
            Some(emit_steps(steps).to_vec())
        }
        "00030002-78fc-48fe-8e23-433b3a1942d0" => {
            let motion = Motion { x: int(&expect["x"]), y: int(&expect["y"]), z: int(&expect["z"]) };
            assert_eq!(Motion::parse(bytes), Ok(motion), "{name}");
            for (axis, want) in [motion.x, motion.y, motion.z].into_iter().zip(expect["mg"].as_array().unwrap()) {
                assert!((f64::from(axis) * 1000.0 / 1024.0 - want.as_f64().unwrap()).abs() < 0.051, "{name}");
            }
            Some(motion.emit().to_vec())
        }
        "2A37" => {
            assert!(expect["contact"].is_null());
            let rate =
                HeartRate { bpm: int(&expect["bpm"]), contact: None, energy_kj: None, intervals: Intervals::default() };
            assert_eq!(HeartRate::parse(bytes), Ok(rate), "{name}");
            let mut out = [0; 8];
            let length = rate.emit(&mut out).unwrap();
            Some(out[..length].to_vec())
        }
        "2A2B" => {
            let time = CurrentTime::parse(bytes).unwrap();
            let shown = format!(
                "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
                time.year, time.month, time.day, time.hour, time.minute, time.second
            );
            assert_eq!(expect["local"], shown, "{name}");
            assert_eq!(time.weekday, int::<u8>(&expect["weekday"]), "{name}");
            assert_eq!(time.fractions256, int::<u8>(&expect["fractions256"]), "{name}");
            assert_eq!(time.reason, int::<u8>(&expect["reason_bits"]), "{name}");
            Some(CurrentTime::at(time.local_s().unwrap()).unwrap().emit().to_vec())
        }
        "2A19" => {
            let percent = int(&expect["percent"]);
            assert_eq!(battery::parse_level(bytes), Ok(percent), "{name}");
            Some(battery::emit_level(percent).to_vec())
        }
        other => panic!("{name}: nothing checks {other}"),
    }
}

#[test]
fn every_vector_is_read_and_where_it_has_a_value_written_again() {
    let vectors: Vec<Value> = serde_json::from_str(include_str!("../vectors/infinitime.json")).unwrap();
    let mut both_ways = 0;
    for vector in &vectors {
        let bytes = unhex(vector["hex"].as_str().unwrap());

        if let Some(written) = check(vector, &bytes) {
            assert_eq!(written, bytes, "{}", vector["name"]);
            both_ways += 1;
        }
    }
    // The one without is a notification of the wrong length.
    assert_eq!((vectors.len(), both_ways), (9, 8));
}
