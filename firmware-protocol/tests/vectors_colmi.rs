//! Packets of Colmi rings: bytes → value as expected, and value → the same bytes.

use firmware_protocol::device::{
    civil::Wall,
    colmi::layout::{Reply, Request, open, seal},
};
use serde_json::{Value, json};

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn shown(wall: Wall) -> String {
    let date = wall.date;
    let (hour, minute, second) = (wall.hour, wall.minute, wall.second);
    format!("{:04}-{:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z", date.year(), date.month(), date.day())
}

/// What the bytes say in the words of the vectors, and the bytes made from that again.
fn there_and_back(name: &str, bytes: &[u8], to_ring: bool) -> (Value, Vec<u8>) {
    if to_ring {
        let request = Request::parse(bytes).unwrap();
        let value = match request {
            Request::SetTime { wall, language } => json!({"time": shown(wall), "language": language, "bcd": true}),
            Request::Battery => json!({"cmd": 3}),
            Request::Steps { days_ago } => json!({"cmd": 67, "day_offset": days_ago}),
        };
        return (value, request.emit().to_vec());
    }
    let reply = Reply::parse(bytes).unwrap();
    let value = match reply {
        Reply::TimeSet { .. } => json!({"ok": true, "note": "capability bits"}),
        Reply::Battery { percent, charging } => json!({"percent": percent, "charging": charging}),
        Reply::StepsHeader { records, calories_in_tens } => {
            json!({"header": true, "records": records, "calorie_unit": if calories_in_tens { 10 } else { 1 }})
        }
        Reply::NoSteps => json!({"no_data": true}),
        Reply::Steps(record) => json!({
            "date": shown(Wall::from_seconds(record.start_s()))[..10],
            "slot": record.slot,
            "start": shown(Wall::from_seconds(record.start_s()))[11..16],
            "index": record.index,
            "count": record.count,
            // Both replies in the vectors begin with a header that says tens.
            "calories": u32::from(record.calories) * 10,
            "steps": record.steps,
            "distance_m": record.distance_m,
        }),
        Reply::Realtime { what, error: 0, value } => json!({"type": what, "error": 0, "value": value}),
        Reply::Realtime { what, error, .. } => json!({"type": what, "error": error}),
        Reply::Totals { steps, calories, distance } => json!({
            "steps": steps,
            "calories_raw": calories,
            "distance_raw": distance,
            "note": "three 24-bit big-endian fields at 2,5,8",
        }),
        Reply::Other { .. } => json!({"checksum": bytes[15]}),
        Reply::Refused { command } => panic!("{name}: refused {command}"),
    };
    (value, reply.emit().to_vec())
}

#[test]
fn every_vector_is_the_same_both_ways() {
    let vectors: Value = serde_json::from_str(include_str!("../vectors/colmi.json")).unwrap();
    let (mut both_ways, mut foreign) = (0, 0);
    for vector in vectors.as_array().unwrap() {
        let name = vector["name"].as_str().unwrap();
        let bytes = unhex(vector["hex"].as_str().unwrap());

        let (mut value, again) = there_and_back(name, &bytes, vector["direction"] == "host->device");

        // One vector leaves out what the other one with the same meaning says.
        for field in ["language", "bcd"] {
            if vector["expect"][field].is_null() {
                value.as_object_mut().unwrap().remove(field);
            }
        }
        assert_eq!(value, vector["expect"], "{name}");
        assert_eq!(again, bytes, "{name}");
        let (command, data) = open(&bytes).unwrap();
        assert_eq!(seal(command, &data).to_vec(), bytes, "{name}");
        both_ways += 1;
        foreign += u32::from(vector["verified"].as_str().unwrap().starts_with("colmi_r02_client"));
    }

    assert_eq!((both_ways, foreign), (20, 19));
}
