//! The golden bytes of Mi Bands, both ways. They were gathered from captures, from a published unit test and from other
//! programs' sources, without this code; `source` names each one's origin.

use firmware_protocol::{
    cursor::ReadCursor,
    device::{
        Key,
        civil::{Date, Wall},
        huami::{
            auth::{Answer, BAND_2, BAND_3, BAND_4, Dialect, Request, encrypt},
            decode,
            layout::{
                ACKNOWLEDGE, ACKNOWLEDGE_KEEP, BandTime, ClockValue, Control, OK, REFUSED, emit_start, parse_start,
                weekday,
            },
            sample::{Sample, SampleSize},
            status::{Battery, Realtime, emit_goal, parse_goal},
        },
    },
    reading::Reading,
};
use serde_json::Value;

/// How a vector was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Checked {
    BothWays,
    EmittedOnly,
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn bytes_of(value: &Value) -> Vec<u8> {
    unhex(value.as_str().unwrap())
}

fn sixteen(value: &Value) -> [u8; 16] {
    bytes_of(value).try_into().unwrap()
}

fn number<T: TryFrom<i64>>(value: &Value) -> T {
    T::try_from(value.as_i64().unwrap()).ok().expect("fits its field")
}

/// `2022-12-15T20:38:53+01:00`, seconds optional.
fn time(value: &Value) -> BandTime {
    let text = value.as_str().unwrap();
    let (date, rest) = text.split_once('T').unwrap();
    let (clock, zone) = rest.split_at(rest.find(['+', '-']).unwrap());
    let parts = |text: &str, by: char| text.split(by).map(|part| part.parse::<u16>().unwrap()).collect::<Vec<_>>();
    let (date, clock, offset) = (parts(date, '-'), parts(clock, ':'), parts(&zone[1..], ':'));
    let byte = |value: u16| u8::try_from(value).unwrap();
    let date = Date::new(date[0], byte(date[1]), byte(date[2])).unwrap();
    let second = clock.get(2).copied().unwrap_or(0);
    let quarters = i8::try_from(offset[0] * 4 + offset[1] / 15).unwrap();
    BandTime {
        wall: Wall::new(date, byte(clock[0]), byte(clock[1]), byte(second)).unwrap(),
        zone: if zone.starts_with('-') { -quarters } else { quarters },
    }
}

fn request(bytes: &[u8], want: Request, dialect: Dialect) -> Checked {
    assert_eq!(Request::parse(bytes, dialect), Ok(want));
    assert_eq!(want.emit(dialect), bytes);
    Checked::BothWays
}

fn answer(bytes: &[u8], want: Answer, dialect: Dialect) -> Checked {
    assert_eq!(Answer::parse(bytes), Ok(want));
    assert_eq!(want.emit(dialect), bytes);
    Checked::BothWays
}

fn control(bytes: &[u8], want: Control) -> Checked {
    assert_eq!(Control::parse(bytes), Ok(want));
    assert_eq!(want.emit(), bytes);
    Checked::BothWays
}

fn code(ok: &Value) -> u8 {
    if ok.as_bool().unwrap() { OK } else { REFUSED }
}

fn packet(bytes: &[u8], expect: &Value) -> Checked {
    let samples: Vec<Sample> = expect["samples"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| Sample {
            kind: number(&v["kind"]),
            intensity: number(&v["intensity"]),
            steps: number(&v["steps"]),
            heart_rate: number(&v["hr"]),
            more: v
                .get("unknown")
                .map(|unknown| [number(unknown), number(&v["sleep"]), number(&v["deep"]), number(&v["rem"])]),
        })
        .collect();
    let size = if samples[0].more.is_some() { SampleSize::Eight } else { SampleSize::Four };
    let emitted: Vec<u8> =
        [number(&expect["counter"])].into_iter().chain(samples.iter().flat_map(Sample::emit)).collect();
    assert_eq!(emitted, bytes);

    let mut cursor = ReadCursor::new(&bytes[1..]);
    let parsed: Vec<Sample> = std::iter::from_fn(|| Sample::parse(&mut cursor, size).ok()).collect();
    assert_eq!(parsed, samples);

    // As a unit: the same steps, minute after minute.
    let start = BandTime { wall: Wall::from_seconds(1_620_207_720), zone: 8 };
    let unit = [&start.emit()[..], &[u8::try_from(size.bytes()).unwrap()], &bytes[1..]].concat();
    let mut steps = vec![];
    decode(&unit, &mut |reading| {
        if let Reading::Epoch(epoch) = reading {
            steps.push((epoch.seq, epoch.steps));
        }
    })
    .unwrap();
    let first = u32::try_from(start.utc_minute()).unwrap();
    let want: Vec<_> = (first..).zip(&samples).map(|(seq, sample)| (seq, u32::from(sample.steps))).collect();
    assert_eq!(steps, want);
    Checked::BothWays
}

#[expect(clippy::too_many_lines, reason = "a list: one arm for each vector")]
fn check(name: &str, bytes: &[u8], expect: &Value) -> Checked {
    let key = |field: &str| Key(sixteen(&expect[field]));
    match name {
        "auth_challenge_fips197" => {
            let Ok(Answer::Challenge(challenge)) = Answer::parse(bytes) else { panic!("{name}") };
            assert_eq!(encrypt(key("key"), challenge), sixteen(&expect["reply_payload"]));
            answer(bytes, Answer::Challenge(challenge), BAND_3)
        }
        "auth_send_key_mi_band_3" => {
            assert_eq!(BAND_3.flag, number::<u8>(&expect["flag"]));
            request(bytes, Request::SendKey(key("key")), BAND_3)
        }
        "auth_send_key_mi_band_2" => {
            assert_eq!(BAND_2.flag, number::<u8>(&expect["flag"]));
            request(bytes, Request::SendKey(key("key")), BAND_2)
        }
        "auth_key_accepted" | "auth_key_rejected_or_not_tapped" => {
            answer(bytes, Answer::Key(code(&expect["ok"])), BAND_3)
        }
        "auth_request_random_mi_band_3" => request(bytes, Request::AskChallenge, BAND_3),
        "auth_random_response" => {
            let challenge = sixteen(&expect["challenge"]);
            let reply = Request::AnswerChallenge(encrypt(key("key"), challenge));
            assert_eq!(reply.emit(BAND_3), bytes_of(&expect["reply"]));
            answer(bytes, Answer::Challenge(challenge), BAND_3)
        }
        "auth_reply_mi_band_3" => {
            let block = encrypt(key("key"), sixteen(&expect["challenge"]));
            request(bytes, Request::AnswerChallenge(block), BAND_3)
        }
        "auth_request_random_mi_band_4" => {
            assert_eq!(BAND_4.crypt, number::<u8>(&expect["crypt_flag"]));
            request(bytes, Request::AskChallenge, BAND_4)
        }
        "auth_reply_mi_band_4" => {
            // The key and the challenge of the vector before it.
            let key = Key(*b"0123456789\x40\x41\x42\x43\x44\x45");
            let challenge = std::array::from_fn(|n| u8::try_from(n).unwrap());
            assert_eq!(BAND_4.crypt, number::<u8>(&expect["crypt_flag"]));
            request(bytes, Request::AnswerChallenge(encrypt(key, challenge)), BAND_4)
        }
        "auth_ok" | "auth_wrong_key" => answer(bytes, Answer::Verdict(code(&expect["ok"])), BAND_3),
        "auth_ok_crypt_variant" => answer(bytes, Answer::Verdict(code(&expect["ok"])), BAND_4),
        "set_time_unit_test" | "set_time_india" | "set_time_newfoundland" => {
            let want = time(&expect["time"]);
            assert_eq!(ClockValue::parse(bytes), Ok(ClockValue { wall: want.wall, zone: Some(want.zone) }));
            assert_eq!(weekday(want.wall), number::<u8>(&expect["weekday"]));
            assert_eq!(ClockValue::emit(want), bytes);
            assert_eq!(BandTime::at(want.utc_s(), want.zone), want);
            Checked::BothWays
        }
        "realtime_steps_2785" | "realtime_steps_409_mi_band_5" | "realtime_steps_over_65535" => {
            let want = Realtime {
                steps: number(&expect["steps"]),
                metres: number(&expect["distance_m"]),
                kcal: number(&expect["kcal"]),
            };
            assert_eq!(Realtime::parse(bytes), Ok(want));
            assert_eq!(want.emit(), bytes);
            Checked::BothWays
        }
        "battery_full_record" | "battery_charging" => {
            let past = expect
                .get("last_off")
                .map(|off| (time(off), time(&expect["last_charge"]), number(&expect["last_charge_percent"])));
            let want =
                Battery { percent: number(&expect["percent"]), charging: expect["charging"].as_bool().unwrap(), past };
            assert_eq!(Battery::parse(bytes), Ok(want));
            assert_eq!(want.emit(), bytes);
            Checked::BothWays
        }
        "fetch_since_real" | "fetch_since_20210505" => {
            let want = time(&expect["since"]);
            assert_eq!(expect["type"], 1);
            assert_eq!(parse_start(bytes), Ok(want));
            assert_eq!(emit_start(want), bytes);
            Checked::BothWays
        }
        "fetch_start_reply_4638_minutes" | "fetch_start_reply_nothing_new" => {
            control(bytes, Control::Start { count: number(&expect["count"]), from: time(&expect["start"]) })
        }
        "fetch_start_reply_16_bytes" => {
            let want = Control::Start { count: number(&expect["count"]), from: time(&expect["start"]) };
            assert_eq!(Control::parse(bytes), Ok(want));
            assert_eq!([&want.emit()[..], &[0]].concat(), bytes);
            Checked::BothWays
        }
        "fetch_start_reply_error" => control(bytes, Control::NoStart(number(&expect["code"]))),
        "data_first_of_tail"
        | "data_second_of_tail"
        | "data_third_of_tail"
        | "data_last_partial_packet"
        | "data_mi_band_2"
        | "data_walking_minutes"
        | "data_brisk_minute"
        | "data_extended_mi_band_5" => packet(bytes, expect),
        "transfer_complete" => control(bytes, Control::Sent),
        "transfer_no_data" => control(bytes, Control::NotSent(number(&expect["code"]))),
        "ack_and_drop" => {
            // A command without content: the host never sends it, the played-back band understands it.
            assert_eq!([ACKNOWLEDGE], *bytes);
            Checked::EmittedOnly
        }
        "ack_zepp_keep" => {
            assert_eq!(ACKNOWLEDGE_KEEP, *bytes);
            Checked::EmittedOnly
        }
        "ack_reply" => control(bytes, Control::Acknowledged(code(&expect["ok"]))),
        "goal_10000_steps" => {
            let steps = number(&expect["goal_steps"]);
            assert_eq!(parse_goal(bytes), Ok(steps));
            assert_eq!(emit_goal(steps), bytes);
            Checked::BothWays
        }
        other => panic!("no check for the vector {other}"),
    }
}

#[test]
fn every_vector_is_the_same_both_ways() {
    let vectors: Value = serde_json::from_str(include_str!("../vectors/huami.json")).unwrap();
    let mut checked = vec![];

    for vector in vectors.as_array().unwrap() {
        let name = vector["name"].as_str().unwrap();
        checked.push(check(name, &bytes_of(&vector["hex"]), &vector["expect"]));
    }

    let count = |how| checked.iter().filter(|one| **one == how).count();
    assert_eq!((count(Checked::BothWays), count(Checked::EmittedOnly)), (39, 2), "of {}", checked.len());
}
