//! The golden bytes, both ways: bytes → value → same bytes, and value → bytes. They were written by
//! `vectors/make.py`, which knows the specification and not this code.

use firmware_protocol::{
    crc::Crc32,
    cursor::ReadCursor,
    reading::{Anchor, BootLink, DeviceId, HostId, Wear},
    steplog::{
        block::{Block, BlockKind, Header},
        control::{Reply, Request, Status},
        feature::Feature,
        frame::{Frame, Record, payload_len},
        state::{Live, State},
        time::{BootLinkEntry, SetTime, SetTimeReply, emit_anchor, emit_anchor_unit, parse_anchor, parse_anchor_unit},
    },
};
use serde_json::Value;

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn number<T: TryFrom<i64>>(value: &Value) -> T {
    T::try_from(value.as_i64().unwrap()).ok().expect("fits its field")
}

fn perhaps<T: TryFrom<i64>>(value: &Value) -> Option<T> {
    (!value.is_null()).then(|| number(value))
}

fn bytes_of(value: &Value) -> Vec<u8> {
    unhex(value.as_str().unwrap())
}

fn eight(value: &Value) -> [u8; 8] {
    bytes_of(value).try_into().unwrap()
}

fn emitted(emit: impl FnOnce(&mut [u8]) -> usize) -> Vec<u8> {
    let mut out = [0; 512];
    let length = emit(&mut out);
    out[..length].to_vec()
}

fn block(v: &Value) -> Vec<u8> {
    let kind = match v["kind"].as_str().unwrap() {
        "epochs" => BlockKind::Epochs,
        "zero_run" => BlockKind::ZeroRun,
        "details" => BlockKind::Details,
        "runs" => BlockKind::Runs,
        _ => BlockKind::Gap,
    };
    let header = Header {
        kind,
        flags: number(&v["flags"]),
        boot: number(&v["boot"]),
        first_seq: number(&v["first_seq"]),
        first_uptime_s: number(&v["first_uptime_s"]),
        epoch_s: number(&v["epoch_s"]),
        count: number(&v["count"]),
    };
    let body = bytes_of(&v["body"]);
    let block = Block::new(header, &body).unwrap();
    let bytes = emitted(|out| block.emit(out).unwrap());
    assert_eq!(Block::parse(&bytes), Ok(block));
    bytes
}

fn anchor(v: &Value) -> Anchor {
    Anchor {
        boot: number(&v["boot"]),
        uptime_ms: number(&v["uptime_ms"]),
        utc_ms: number(&v["utc_ms"]),
        accuracy_ms: number(&v["accuracy_ms"]),
        host: HostId(eight(&v["host"])),
    }
}

fn request(v: &Value) -> Request {
    match v["op"].as_str().unwrap() {
        "read" => Request::Read {
            from: number(&v["from"]),
            max_epochs: number(&v["max_epochs"]),
            max_frames: number(&v["max_frames"]),
            transfer: number(&v["transfer"]),
        },
        "abort" => Request::Abort { transfer: number(&v["transfer"]) },
        "ack" => Request::Ack { from: number(&v["from"]), to: number(&v["to"]), crc: number(&v["crc"]) },
        "erase" => Request::Erase { to: number(&v["to"]) },
        "set_epoch" => Request::SetEpoch { seconds: number(&v["seconds"]) },
        "goal" => Request::Goal { steps: perhaps(&v["steps"]) },
        _ => Request::Hello { host: HostId(eight(&v["host"])) },
    }
}

fn status(v: &Value) -> Status {
    match v.as_str().unwrap() {
        "ok" => Status::Ok,
        "unknown_operation" => Status::UnknownOperation,
        "bad_parameter" => Status::BadParameter,
        "differs" => Status::Differs,
        "overwritten" => Status::Overwritten,
        "not_allowed" => Status::NotAllowed,
        _ => Status::StorageFault,
    }
}

fn feature(v: &Value) -> Vec<u8> {
    let firmware = v["firmware"].as_str().unwrap();
    let epochs: Vec<u8> = v["epochs"].as_array().unwrap().iter().map(number).collect();
    let feature = Feature {
        version: (number(&v["version"][0]), number(&v["version"][1])),
        bits: number(&v["bits"]),
        device: DeviceId(eight(&v["device"])),
        firmware,
        epochs: &epochs,
        capacity: perhaps(&v["capacity"]),
        max_mtu: perhaps(&v["max_mtu"]),
        clock: (!v["clock"].is_null()).then(|| (number(&v["clock"][0]), number(&v["clock"][1]))),
        hosts: perhaps(&v["hosts"]),
    };
    let bytes = emitted(|out| feature.emit(out).unwrap());
    assert_eq!(Feature::parse(&bytes), Ok(feature));
    bytes
}

fn state(v: &Value) -> Vec<u8> {
    let flag = |name: &str| v["flags"].as_array().unwrap().iter().any(|flag| flag == name);
    let state = State {
        boot: number(&v["boot"]),
        uptime_s: number(&v["uptime_s"]),
        oldest: number(&v["oldest"]),
        next: number(&v["next"]),
        acked: number(&v["acked"]),
        lost: number(&v["lost"]),
        battery: perhaps(&v["battery"]),
        clock_unset: flag("clock_unset"),
        charging: flag("charging"),
        overrun: flag("overrun"),
        worn: flag("worn"),
        exhausted: flag("exhausted"),
    };
    assert_eq!(State::parse(&state.emit()), Ok(state));
    state.emit().to_vec()
}

/// The value's bytes, after a look whether they mean the value.
fn bytes(format: &str, v: &Value) -> Vec<u8> {
    match format {
        "block" => block(v),
        "feature" => feature(v),
        "state" => state(v),
        "live" => {
            let wear = match v["wear"].as_str().unwrap() {
                "unknown" => Wear::Unknown,
                "worn" => Wear::Worn,
                "not_worn" => Wear::NotWorn,
                _ => Wear::Charging,
            };
            let live = Live {
                uptime_s: number(&v["uptime_s"]),
                steps: number(&v["steps"]),
                cadence: number(&v["cadence"]),
                wear,
            };
            assert_eq!(Live::parse(&live.emit()), Ok(live));
            live.emit().to_vec()
        }
        "set_time" => {
            let set = SetTime {
                token: number(&v["token"]),
                utc_us: number(&v["utc_us"]),
                zone_min: perhaps(&v["zone_min"]),
                accuracy_ms: perhaps(&v["accuracy_ms"]),
            };
            assert_eq!(SetTime::parse(&set.emit()), Ok(set));
            set.emit().to_vec()
        }
        "set_time_reply" => {
            let reply = SetTimeReply {
                token: number(&v["token"]),
                boot: number(&v["boot"]),
                uptime_ms: number(&v["uptime_ms"]),
                step_ms: perhaps(&v["step_ms"]),
            };
            assert_eq!(SetTimeReply::parse(&reply.emit()), Ok(reply));
            reply.emit().to_vec()
        }
        "anchor_entry" => {
            let bytes = emit_anchor(&anchor(v));
            assert_eq!(parse_anchor(&mut ReadCursor::new(&bytes)), Ok(anchor(v)));
            bytes.to_vec()
        }
        "anchor_unit" => {
            let bytes = emit_anchor_unit(&anchor(v));
            assert_eq!(parse_anchor_unit(&bytes), Ok(anchor(v)));
            bytes.to_vec()
        }
        "boot_link" => {
            let link = BootLink {
                boot: number(&v["boot"]),
                previous: number(&v["previous"]),
                previous_uptime_ms: number(&v["previous_uptime_ms"]),
                off_ms: number(&v["off_ms"]),
            };
            let entry = BootLinkEntry { link, seq: number(&v["seq"]) };
            assert_eq!(BootLinkEntry::parse(&entry.emit()), Ok(entry));
            entry.emit().to_vec()
        }
        "request" => {
            let bytes = emitted(|out| request(v).emit(out).unwrap());
            assert_eq!(Request::parse(&bytes), Ok(request(v)));
            bytes
        }
        "reply" => {
            let reply =
                Reply { operation: number(&v["operation"]), status: status(&v["status"]), value: number(&v["value"]) };
            assert_eq!(Reply::parse(&reply.emit()), Ok(reply));
            reply.emit().to_vec()
        }
        "record" => {
            let inner = v["block"].as_str().map(unhex).unwrap_or_default();
            let record = if inner.is_empty() {
                Record::End { next: number(&v["next"]) }
            } else {
                Record::Block { seq: number(&v["seq"]), bytes: &inner }
            };
            let bytes = emitted(|out| record.emit(out).unwrap());
            assert_eq!(Record::parse(&mut ReadCursor::new(&bytes)), Ok(record));
            bytes
        }
        "frame" => {
            let payload = bytes_of(&v["payload"]);
            let (last, aborted) = (v["last"].as_bool().unwrap(), v["aborted"].as_bool().unwrap());
            let frame = Frame {
                transfer: number(&v["transfer"]),
                number: number(&v["number"]),
                last,
                aborted,
                payload: &payload,
            };
            let bytes = emitted(|out| frame.emit(out).unwrap());
            assert_eq!(Frame::parse(&bytes), Ok(frame));
            bytes
        }
        other => panic!("no such format: {other}"),
    }
}

fn transfer(v: &Value) -> Vec<Vec<u8>> {
    let mut stream = vec![];
    for value in v["blocks"].as_array().unwrap() {
        let block = block(value);
        let record = Record::Block { seq: number(&value["first_seq"]), bytes: &block };
        stream.extend(emitted(|out| record.emit(out).unwrap()));
    }
    stream.extend(emitted(|out| Record::End { next: number(&v["next"]) }.emit(out).unwrap()));
    stream.extend(Crc32::new().update(&stream).value().to_le_bytes());
    let payloads: Vec<_> = stream.chunks(payload_len(number(&v["mtu"]))).collect();
    (0_u16..)
        .zip(&payloads)
        .map(|(n, payload)| {
            let last = usize::from(n) + 1 == payloads.len();
            let frame = Frame { transfer: number(&v["transfer"]), number: n, last, aborted: false, payload };
            emitted(|out| frame.emit(out).unwrap())
        })
        .collect()
}

#[test]
fn every_vector_is_the_same_both_ways() {
    let vectors: Value = serde_json::from_str(include_str!("../vectors/steplog.json")).unwrap();
    let vectors = vectors.as_array().unwrap();
    assert!(vectors.len() >= 35);

    for vector in vectors {
        let (format, name) = (vector["format"].as_str().unwrap(), vector["name"].as_str().unwrap());
        if format == "transfer" {
            let frames: Vec<_> = vector["hex"].as_array().unwrap().iter().map(bytes_of).collect();
            assert_eq!(transfer(&vector["value"]), frames, "{name}");
        } else {
            assert_eq!(bytes(format, &vector["value"]), bytes_of(&vector["hex"]), "{format}: {name}");
        }
    }
}

#[test]
fn the_specification_shows_the_vectors() {
    let readme: String = include_str!("../README.md").split_whitespace().collect();
    let vectors: Value = serde_json::from_str(include_str!("../vectors/steplog.json")).unwrap();

    for vector in vectors.as_array().unwrap() {
        let name = vector["name"].as_str().unwrap();
        let pieces: Vec<&Value> =
            vector["hex"].as_array().map_or_else(|| vec![&vector["hex"]], |pieces| pieces.iter().collect());
        // The frames of the long MTU are those of the short one, joined.
        if name != "two blocks at MTU 247" {
            assert!(pieces.iter().all(|piece| readme.contains(piece.as_str().unwrap())), "{name} is not in README.md");
        }
    }
}
