//! The golden bytes of the Pebble, both ways: bytes → what is expected → the same bytes. `vectors/pebble.json` tells of
//! each where it is from; none of them was recorded from a watch.

use firmware_protocol::{
    decode,
    device::pebble::{
        logging::{Message, Session, checksum},
        minutes::{Minute, MinuteItem},
        packet::{Packet, Windows},
        protocol::{self, HealthSync, Messages, Time},
    },
    driver::UnitKind,
    reading::{Epoch, Reading, Stamp, Wear},
};
use serde_json::Value;

const VECTORS: &str = include_str!("../vectors/pebble.json");

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn number<T: TryFrom<i64>>(value: &Value) -> T {
    T::try_from(value.as_i64().unwrap()).ok().expect("fits its field")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// Hexadecimal digits of a number, as checksums are written down.
fn hex32(value: &Value) -> u32 {
    u32::from_str_radix(text(value), 16).unwrap()
}

fn packet(bytes: &[u8], expected: &Value) {
    let payload = unhex(expected["payload"].as_str().unwrap_or(""));
    let value = match text(&expected["type"]) {
        "reset request" => {
            let serial = text(&expected["serial"]).as_bytes().try_into().unwrap();
            Packet::ResetRequest { who: Some((number(&expected["version"]), serial)) }
        }
        "reset complete" => Packet::ResetComplete {
            windows: Some(Windows {
                receive: number(&expected["max_rx_window"]),
                send: number(&expected["max_tx_window"]),
            }),
        },
        "data" => Packet::Data { sn: number(&expected["sn"]), payload: &payload },
        "ack" => Packet::Ack { sn: number(&expected["sn"]) },
        other => panic!("{other}"),
    };
    assert_eq!(Packet::parse(bytes), Ok(value));
    assert_eq!(value.emit(), bytes);
}

/// The one message in these bytes, and that it is written the same way.
fn framed(bytes: &[u8], endpoint: u16) -> Vec<u8> {
    let mut messages = Messages::default();
    messages.push(bytes);
    let (to, payload) = messages.next_message().unwrap();
    assert_eq!((to, messages.is_in_between()), (endpoint, false));
    assert_eq!(protocol::emit(endpoint, &payload), bytes);
    payload
}

fn health_sync(bytes: &[u8], expected: &Value) {
    let payload = framed(bytes, number(&expected["endpoint"]));
    let value = if let Some(done) = expected.get("ack") {
        HealthSync::Answer { done: done.as_bool().unwrap() }
    } else {
        assert_eq!(expected["cmd"], 1);
        HealthSync::Sync { seconds: number(&expected["seconds_since_sync"]) }
    };
    assert_eq!(HealthSync::parse(&payload), Ok(value));
    assert_eq!(value.emit(), payload);
}

fn set_time(bytes: &[u8], expected: &Value) {
    let payload = framed(bytes, number(&expected["endpoint"]));
    let value = Time::Set {
        utc: number(&expected["utc"]),
        offset_min: number(&expected["offset_minutes"]),
        region: text(&expected["region"]).into(),
    };
    assert_eq!(Time::parse(&payload), Ok(value.clone()));
    assert_eq!(value.emit(), payload);
}

fn minute_item(bytes: &[u8], expected: &Value) {
    let item = MinuteItem::parse(bytes).unwrap();
    assert_eq!((item.version, item.utc), (number(&expected["version"]), number(&expected["utc"])));
    assert_eq!(i64::from(item.quarters) * 15, number::<i64>(&expected["tz_minutes"]));
    let minutes: Vec<(i64, Minute<'_>)> = item.minutes().collect();
    let wanted = expected["minutes"].as_array().unwrap();
    assert_eq!(minutes.len(), wanted.len());
    for ((utc, minute), want) in minutes.iter().zip(wanted) {
        assert_eq!((*utc, minute.steps), (number(&want["utc"]), number(&want["steps"])));
        assert_eq!((minute.orientation, minute.vmc), (number(&want["orientation"]), number(&want["vmc"])));
        assert_eq!(minute.light, number::<u8>(&want["light"]));
        assert_eq!((minute.plugged_in(), minute.active()), (want["plugged_in"] == true, want["active"] == true));
        let field = |name: &str| want.get(name).map(number::<u16>);
        assert_eq!(minute.energy.map(|energy| energy.resting), field("resting_mkcal"));
        assert_eq!(minute.energy.map(|energy| energy.active), field("active_mkcal"));
        assert_eq!(minute.energy.map(|energy| energy.distance_cm), field("distance_cm"));
        assert_eq!(minute.heart_rate.map(u16::from), field("hr"));
    }

    let only: Vec<Minute<'_>> = minutes.iter().map(|(_, minute)| *minute).collect();
    let room = (bytes.len() - 9) / usize::from(item.sample_len);
    let again =
        MinuteItem::emit(item.version, item.utc, item.quarters, item.sample_len, room.try_into().unwrap(), &only);
    assert_eq!(again.as_deref(), Some(bytes));

    let mut readings = Vec::new();
    decode(UnitKind::PebbleMinutes, bytes, &mut |reading| readings.push(reading)).unwrap();
    let meant = wanted.iter().map(|want| {
        let seconds: i64 = number(&want["utc"]);
        Reading::Epoch(Epoch {
            seq: u32::try_from((seconds + 30) / 60).unwrap(),
            stamp: Stamp::Utc { seconds },
            seconds: 60,
            steps: number(&want["steps"]),
            saturated: false,
            wear: if want["plugged_in"] == true { Wear::Charging } else { Wear::Unknown },
            clock_unset: false,
        })
    });
    assert!(readings.into_iter().eq(meant));
}

fn logging(bytes: &[u8], expected: &Value) {
    let message = Message::parse(bytes).unwrap();
    assert_eq!(message.emit(), bytes);
    let session = || number(&expected["session"]);
    let value = match text(&expected["cmd"]) {
        "open" => Message::Open(Session {
            id: session(),
            app: unhex(text(&expected["app_uuid"])).try_into().unwrap(),
            created: number(&expected["timestamp"]),
            tag: number(&expected["tag"]),
            item_type: number(&expected["item_type"]),
            item_len: number(&expected["item_size"]),
        }),
        "data" => {
            let Message::Data { items, .. } = message else { panic!("{message:?}") };
            let count: usize = number(&expected["items"]);
            assert_eq!(items.len(), count * 249);
            minute_item(items, &expected["item"]);
            assert_eq!(checksum(items), hex32(&expected["crc"]));
            let items_left = number(&expected["items_left"]);
            Message::Data { session: session(), items_left, checksum: hex32(&expected["crc"]), items }
        }
        "report" => {
            assert_eq!(expected["open"].as_array().map(Vec::len), Some(0));
            Message::Report { open: &[] }
        }
        "ack" => Message::Ack { session: session() },
        "nack" => Message::Nack { session: session() },
        other => panic!("{other}"),
    };
    assert_eq!(message, value);
}

#[test]
fn every_vector_is_read_and_written_again() {
    let vectors: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
    let (mut both_ways, mut one_way, mut foreign) = (0, 0, 0);
    for vector in &vectors {
        let (name, bytes, expected) = (text(&vector["name"]), unhex(text(&vector["hex"])), &vector["expect"]);
        both_ways += 1;
        match name {
            _ if name.starts_with("ppog_") => packet(&bytes, expected),
            "health_sync_request_3600s" | "health_sync_ack" => health_sync(&bytes, expected),
            "set_utc_and_timezone" => set_time(&bytes, expected),
            _ if name.starts_with("minute_record_") => minute_item(&bytes, expected),
            _ if name.starts_with("dls_") => logging(&bytes, expected),
            _ if name.starts_with("legacy_checksum_") => {
                // A checksum has no way back.
                (both_ways, one_way) = (both_ways - 1, one_way + 1);
                assert_eq!(checksum(&bytes), hex32(&expected["checksum"]), "{name}");
            }
            other => panic!("{other} is not checked"),
        }
        // The constants of the firmware's own unit test; everything else was made by our reading of its source.
        foreign += usize::from(text(&vector["verified"]).contains("equals the unit test"));
    }
    println!("{both_ways} both ways, {one_way} one way, {foreign} verified by a foreign test");
    assert_eq!((vectors.len(), both_ways, one_way, foreign), (20, 15, 5, 5));
}
