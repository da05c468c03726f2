//! The golden bytes of the standard services. Every vector is read; what has an emitter is written again as
//! the same bytes, and built from the expected value as the same bytes.

use firmware_protocol::sig::{
    battery,
    current_time::{CurrentTime, Dst, LocalTime},
    goal::ActivityGoal,
    heart_rate::{HeartRate, Intervals},
    physical_activity::{ALL_SUBSESSIONS, Features, Request, StepSummary},
    running::Measurement,
};
use serde_json::Value;

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn int<T: TryFrom<i64>>(value: &Value) -> Option<T> {
    value.as_i64().map(|number| T::try_from(number).ok().expect("fits its field"))
}

/// A decimal number in units of `1 / scale`.
fn scaled<T: TryFrom<i64>>(value: &Value, scale: f64) -> Option<T> {
    #[expect(clippy::cast_possible_truncation, reason = "the vectors' numbers are small")]
    value.as_f64().map(|number| T::try_from((number * scale).round() as i64).ok().expect("fits its field"))
}

fn emitted(emit: impl FnOnce(&mut [u8]) -> usize) -> Vec<u8> {
    let mut out = [0; 64];
    let length = emit(&mut out);
    out[..length].to_vec()
}

fn time_of(expect: &Value) -> CurrentTime {
    let text = expect["local"].as_str().unwrap();
    let part = |from: usize, to: usize| text[from..to].parse::<u16>().unwrap();
    let byte = |from: usize| u8::try_from(part(from, from + 2)).unwrap();
    CurrentTime {
        year: part(0, 4),
        month: byte(5),
        day: byte(8),
        hour: byte(11),
        minute: byte(14),
        second: byte(17),
        weekday: int(&expect["weekday"]).unwrap(),
        fractions256: int(&expect["fractions256"]).unwrap(),
        reason: int(&expect["reason_bits"]).unwrap(),
    }
}

/// The expected value's bytes; `None` where nothing is ever written.
#[expect(clippy::too_many_lines, reason = "one arm for each kind of vector")]
fn check(vector: &Value, bytes: &[u8]) -> Option<Vec<u8>> {
    let (name, expect) = (vector["name"].as_str().unwrap(), &vector["expect"]);
    match vector["characteristic"].as_str().unwrap() {
        "2A37" => {
            let intervals: Vec<u8> = expect["rr_s"]
                .as_array()
                .map(|list| list.iter().flat_map(|rr| scaled::<u16>(rr, 1024.0).unwrap().to_le_bytes()).collect())
                .unwrap_or_default();
            let want = HeartRate {
                bpm: int(&expect["bpm"]).unwrap(),
                contact: expect["contact"].as_bool(),
                energy_kj: int(&expect["energy_kj"]),
                intervals: Intervals::new(&intervals),
            };
            assert_eq!(HeartRate::parse(bytes), Ok(want), "{name}");
            Some(emitted(|out| want.emit(out).unwrap()))
        }
        "2A53" => {
            let want = Measurement {
                speed: scaled(&expect["speed_mps"], 256.0).unwrap(),
                cadence: int(&expect["cadence_spm"]).unwrap(),
                stride_cm: scaled(&expect["stride_m"], 100.0),
                distance_dm: scaled(&expect["distance_m"], 10.0),
                running: expect["running"].as_bool().unwrap(),
            };
            assert_eq!(Measurement::parse(bytes), Ok(want), "{name}");
            Some(emitted(|out| want.emit(out).unwrap()))
        }
        "2A19" => {
            let percent = int(&expect["percent"]).unwrap();
            assert_eq!(battery::parse_level(bytes), Ok(percent), "{name}");
            Some(battery::emit_level(percent).to_vec())
        }
        "2A2B" => {
            let want = time_of(expect);
            assert_eq!(CurrentTime::parse(bytes), Ok(want), "{name}");
            let shown = CurrentTime::at(want.local_s().unwrap()).unwrap();
            let want_again = CurrentTime { fractions256: want.fractions256, reason: want.reason, ..shown };
            assert_eq!(want_again, want, "{name}: weekday and date agree");
            Some(want.emit().to_vec())
        }
        "2A0F" => {
            let zone_min: Option<i16> = int(&expect["tz_minutes"]);
            let dst = match int::<i16>(&expect["dst_minutes"]) {
                Some(0) => Dst::None,
                Some(60) => Dst::One,
                None => Dst::Unknown,
                other => panic!("{name}: {other:?}"),
            };
            let want = LocalTime { zone_quarters: zone_min.map(|min| i8::try_from(min / 15).unwrap()), dst };
            assert_eq!(LocalTime::parse(bytes), Ok(want), "{name}");
            assert_eq!((want.zone_min(), want.dst_min()), (zone_min, int(&expect["dst_minutes"])), "{name}");
            Some(want.emit().to_vec())
        }
        "2B4E" => {
            let want = ActivityGoal {
                normal_steps: int(&expect["normal_steps"]),
                intensity_steps: int(&expect["intensity_steps"]),
                intensity_walk_s: int(&expect["intensity_walk_s"]),
                ..ActivityGoal::default()
            };
            assert_eq!(ActivityGoal::parse(bytes), Ok(want), "{name}");
            Some(emitted(|out| want.emit(out).unwrap()))
        }
        "2B40" => {
            let got = StepSummary::parse(bytes).unwrap();
            assert_eq!(Some(got.prefix.header), int(&expect["header"]), "{name}");
            assert_eq!(Some(got.prefix.flags), int(&expect["flags"]), "{name}");
            assert_eq!(Some(got.prefix.session), int(&expect["session"]), "{name}");
            assert_eq!(Some(got.prefix.subsession), int(&expect["subsession"]), "{name}");
            assert_eq!(Some(got.prefix.relative_s), int(&expect["rel_time_s"]), "{name}");
            assert_eq!(Some(got.prefix.seq), int(&expect["seq"]), "{name}");
            assert_eq!(got.normal_steps, int(&expect["normal_steps"]), "{name}");
            assert_eq!(got.intensity_steps, int(&expect["intensity_steps"]), "{name}");
            assert_eq!(got.floor_steps, int(&expect["floor_steps"]), "{name}");
            assert_eq!(got.distance, int(&expect["distance_raw"]), "{name}");
            assert_eq!(got.worn, int(&expect["worn_raw"]), "{name}");
            None
        }
        "2B3B" => {
            let got = Features::parse(bytes).unwrap();
            for (field, bit) in [
                ("device_worn", Features::DEVICE_WORN),
                ("worn_duration", Features::WORN_DURATION),
                ("normal_walking_steps", Features::NORMAL_STEPS),
                ("intensity_steps", Features::INTENSITY_STEPS),
                ("floor_steps", Features::FLOOR_STEPS),
            ] {
                assert_eq!(Some(got.has(bit)), expect[field].as_bool(), "{name}: {field}");
            }
            None
        }
        "2B43" => {
            let want = match expect["op"].as_str().unwrap() {
                "enquire sessions" => Request::Sessions,
                "get ended session data" => {
                    assert_eq!(expect["subsession"], "all");
                    assert_eq!(expect["type"], "step counter summary");
                    Request::Get(int(&expect["session"]).unwrap(), ALL_SUBSESSIONS, Request::STEP_SUMMARIES)
                }
                other => panic!("{name}: {other}"),
            };
            assert_eq!(Request::parse(bytes), Ok(want), "{name}");
            Some(emitted(|out| want.emit(out).unwrap()))
        }
        other => panic!("{name}: nothing checks {other}"),
    }
}

#[test]
fn every_vector_is_read_and_where_it_can_be_written_again() {
    let vectors: Vec<Value> = serde_json::from_str(include_str!("../vectors/sig.json")).unwrap();
    let mut both_ways = 0;
    for vector in &vectors {
        let bytes = unhex(vector["hex"].as_str().unwrap());

        if let Some(written) = check(vector, &bytes) {
            assert_eq!(written, bytes, "{}", vector["name"]);
            both_ways += 1;
        }
    }
    // The three without are what counters send and hosts only read: two step summaries, one feature set.
    assert_eq!((vectors.len(), both_ways), (21, 18));
}
