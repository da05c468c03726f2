//! Frames, messages and files of Polar bands: bytes → value as expected, and value → the same bytes.

use firmware_protocol::device::{
    civil::{Date, Wall},
    polar::{
        frames::{Frame, Message, Progress, Reassembly, SMALLEST, Status, cut, notification},
        messages::{Clock, Command, Entry, Operation, STOP_SYNC, Summary, stop_sync},
        samples::{LocalTime, Samples},
    },
};
use serde_json::{Value, json};

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn day(date: Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
}

fn shown(wall: Wall) -> String {
    format!("{}T{:02}:{:02}:{:02}", day(wall.date), wall.hour, wall.minute, wall.second)
}

fn moment(local: &LocalTime) -> String {
    shown(Wall::from_seconds(local.seconds()))
}

fn frame(bytes: &[u8]) -> (Value, Vec<u8>) {
    let frame = Frame::parse(bytes).unwrap();
    let value = match frame.status {
        Status::Code => json!({"status": "error", "code": frame.code().unwrap()}),
        Status::Last | Status::More => json!({
            "next": u8::from(frame.next),
            "status": if frame.status == Status::Last { "last" } else { "more" },
            "seq": frame.seq,
            "payload": hex(frame.payload),
        }),
    };
    (value, frame.emit())
}

/// One frame of the request that both vectors together are.
fn operation(both: &[Vec<u8>; 2], n: usize) -> (Value, Vec<u8>) {
    let mut reassembly = Reassembly::default();
    assert_eq!(reassembly.take(&both[0]), Progress::Going);
    let Progress::Whole(message) = reassembly.take(&both[1]) else { panic!("two frames") };
    let Ok(Message::Operation { header, data: [] }) = Message::parse(&message) else { panic!("an operation") };
    let Ok(Operation { command: Command::Get, path }) = Operation::parse(header) else { panic!("a get") };
    let header = Operation { command: Command::Get, path: path.clone() }.emit();
    let frames = cut(&Message::Operation { header: &header, data: &[] }.emit(), SMALLEST);
    (json!({"request": format!("GET {path}"), "frame": n, "of": frames.len()}), frames[n].clone())
}

/// A message that came in one frame, whatever the MTU.
fn message(bytes: &[u8]) -> Vec<u8> {
    let Progress::Whole(message) = Reassembly::default().take(bytes) else { panic!("one frame") };
    message
}

fn query(bytes: &[u8]) -> (Value, Vec<u8>) {
    let message = message(bytes);
    let Ok(Message::Query { id, parameters }) = Message::parse(&message) else { panic!("a query") };
    let mut value = json!({"query": id});
    let mut emitted = Vec::new();
    if !parameters.is_empty() {
        let clock = Clock::parse(parameters).unwrap();
        value["local"] = shown(clock.wall).into();
        value["tz_minutes"] = clock.third.into();
        emitted = clock.emit();
    }
    (value, cut(&Message::Query { id, parameters: &emitted }.emit(), 500).concat())
}

fn notice(bytes: &[u8]) -> (Value, Vec<u8>) {
    let message = message(bytes);
    let (id, parameters) = message.split_first().unwrap();
    if *id == STOP_SYNC {
        let completed = parameters == stop_sync(true);
        let value = json!({"notification": id, "completed": completed});
        return (value, cut(&notification(*id, &stop_sync(completed)), 500).concat());
    }
    assert!(parameters.is_empty());
    (json!({"notification": id}), cut(&notification(*id, &[]), 500).concat())
}

fn samples(bytes: &[u8], with_from: bool) -> (Value, Vec<u8>) {
    let file = Samples::parse(bytes).unwrap();
    let meaning = |class| match class {
        3 => "LIGHT",
        8 => "NON_WEAR",
        _ => panic!("class {class}"),
    };
    let infos: Vec<Value> = file
        .infos
        .iter()
        .map(|info| {
            let mut value = json!({"class": info.class, "meaning": meaning(info.class)});
            if with_from {
                value["from_local"] = moment(&info.from).into();
            }
            value
        })
        .collect();
    let value = json!({
        "start_local": moment(&file.start),
        "tz_minutes": file.start.offset_min,
        "step_interval_s": file.step_interval.seconds(),
        "steps": file.steps,
        "met_interval_s": file.met_interval.unwrap().seconds(),
        "met": file.mets,
        "info": infos,
    });
    (value, file.emit())
}

fn there_and_back(name: &str, bytes: &[u8], list_request: &[Vec<u8>; 2]) -> (Value, Vec<u8>) {
    match name {
        "rfc76_first_more"
        | "rfc76_middle_more"
        | "rfc76_last"
        | "rfc76_error_no_such_file"
        | "rfc76_error_system_busy" => frame(bytes),
        "list_activity_dir_frame_0" => operation(list_request, 0),
        "list_activity_dir_frame_1" => operation(list_request, 1),
        "query_request_synchronization" | "query_set_local_time" => query(bytes),
        "notify_initialize_session" | "notify_start_sync" | "notify_stop_sync_completed" => notice(bytes),
        "asampl_four_minutes" => samples(bytes, true),
        "asampl_sdk_unit_test_object" => samples(bytes, false),
        "directory_two_files" => {
            let entries = Entry::parse_all(bytes).unwrap();
            let pairs: Vec<Value> = entries.iter().map(|entry| json!([entry.name, entry.size])).collect();
            (json!({"entries": pairs}), Entry::emit_all(&entries))
        }
        "daily_summary_10000_steps" => {
            let summary = Summary::parse(bytes).unwrap();
            let metres = (f64::from(summary.distance_m) * 100.0).round() / 100.0;
            let value = json!({"date": day(summary.date), "steps": summary.steps, "activity_distance_m": metres});
            (value, summary.emit())
        }
        other => panic!("no such vector: {other}"),
    }
}

#[test]
fn every_vector_is_the_same_both_ways() {
    let vectors: Value = serde_json::from_str(include_str!("../vectors/polar.json")).unwrap();
    let vectors = vectors.as_array().unwrap();
    let bytes_of = |name: &str| {
        let vector = vectors.iter().find(|vector| vector["name"] == name).unwrap();
        unhex(vector["hex"].as_str().unwrap())
    };
    let list_request = [bytes_of("list_activity_dir_frame_0"), bytes_of("list_activity_dir_frame_1")];
    let (mut both_ways, mut foreign) = (0, 0);
    for vector in vectors {
        let name = vector["name"].as_str().unwrap();
        let bytes = unhex(vector["hex"].as_str().unwrap());

        let (value, again) = there_and_back(name, &bytes, &list_request);

        assert_eq!(value, vector["expect"], "{name}");
        assert_eq!(again, bytes, "{name}");
        both_ways += 1;
        let verified = vector["verified"].as_str().unwrap();
        foreign += u32::from(verified.contains("polar_ble_tools") || verified.contains("generated"));
    }

    assert_eq!((both_ways, foreign), (16, 16));
}
