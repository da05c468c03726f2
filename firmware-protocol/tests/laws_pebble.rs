//! Laws of the Pebble's formats: what is written is read as the same, and no bytes do harm.

use firmware_protocol::{
    decode,
    device::pebble::{
        log_book::{LogBook, Taken},
        logging::{MINUTES_TAG, Message, SYSTEM_APP, Session, checksum},
        minutes::{Minute, MinuteItem},
        packet::{Packet, Windows},
        protocol::{HealthSync, Messages, Time, emit},
    },
    driver::{Known, UnitKind},
    reading::HostId,
};
use proptest::prelude::*;

fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..most)
}

proptest! {
    #[test]
    fn packets_come_back(sn in 0..32_u8, payload in bytes(300), serial in any::<[u8; 12]>(), receive: u8, send: u8) {
        for packet in [
            Packet::Data { sn, payload: &payload },
            Packet::Ack { sn },
            Packet::ResetRequest { who: Some((receive, serial)) },
            Packet::ResetRequest { who: None },
            Packet::ResetComplete { windows: Some(Windows { receive, send }) },
            Packet::ResetComplete { windows: None },
        ] {
            let emitted = packet.emit();
            prop_assert_eq!(Packet::parse(&emitted), Ok(packet));
        }
    }

    #[test]
    fn what_is_read_is_written_as_the_same_bytes(data in bytes(80)) {
        if let Ok(message) = Message::parse(&data) {
            prop_assert_eq!(message.emit(), data.clone());
        }
        if let Ok(time) = Time::parse(&data) {
            prop_assert_eq!(time.emit(), data.clone());
        }
        if let Ok(sync) = HealthSync::parse(&data) {
            prop_assert_eq!(sync.emit(), data.clone());
        }
        let _: Result<_, _> = Packet::parse(&data);
    }

    #[test]
    fn messages_survive_any_cutting(payloads in prop::collection::vec(bytes(60), 0..8), piece in 1..40_usize) {
        let stream: Vec<u8> = payloads.iter().flat_map(|payload| emit(911, payload)).collect();
        let mut messages = Messages::default();
        let mut got = Vec::new();
        for part in stream.chunks(piece) {
            messages.push(part);
            while let Some((_, payload)) = messages.next_message() {
                got.push(payload);
            }
        }
        prop_assert_eq!(got, payloads);
    }

    #[test]
    fn items_come_back(
        version in 5..40_u16, utc: u32, quarters: i8, longer in 0..10_u8,
        steps in prop::collection::vec(any::<u8>(), 0..15),
    ) {
        let later = vec![0xEE; longer.into()];
        let minutes: Vec<Minute<'_>> =
            steps.iter().map(|steps| Minute { steps: *steps, vmc: 700, later: &later, ..Minute::default() }).collect();
        let item = MinuteItem::emit(version, utc, quarters, 6 + longer, 15, &minutes).unwrap();
        let parsed = MinuteItem::parse(&item).unwrap();
        let again: Vec<Minute<'_>> = parsed.minutes().map(|(_, minute)| minute).collect();
        prop_assert_eq!(MinuteItem::emit(version, utc, quarters, 6 + longer, 15, &again), Some(item.clone()));
        prop_assert!(again.iter().map(|minute| minute.steps).eq(steps));
    }

    #[test]
    fn one_changed_bit_is_seen_by_the_checksum(data in prop::collection::vec(any::<u8>(), 1..700), at: usize, bit in 0..8_u8) {
        let mut changed = data.clone();
        let at = at % changed.len();
        changed[at] ^= 1 << bit;
        prop_assert_ne!(checksum(&changed), checksum(&data));
    }

    /// The checksum keeps noise out of the parser, so here is noise with a right one.
    #[test]
    fn no_items_do_harm(mut items in bytes(650), item_len in 0..300_u16, stored_to: u32, trusted: bool, heads: bool) {
        let utc_us = trusted.then_some(1_772_366_400_000_000);
        if heads {
            for item in items.chunks_mut(usize::from(item_len).max(9)).filter(|item| item.len() >= 9) {
                let (sample_len, count) = (6 + item[7] % 4, item[8] % 4);
                item[..9].copy_from_slice(&[13, 0, 0x40, 0xb1, 0xb9, 0x68, 0, sample_len, count]);
            }
        }
        let known = Known { host: HostId([0; 8]), stored_to, held_at: None, goal_steps: None, last_total: None };
        let session = Session { id: 3, app: SYSTEM_APP, created: 0, tag: MINUTES_TAG, item_type: 0, item_len };
        let mut book = LogBook::default();
        book.take(&Message::Open(session).emit(), &known, utc_us);
        let message = Message::Data { session: 3, items_left: 0, checksum: checksum(&items), items: &items };
        if let Taken::Store(delivery, _) = book.take(&message.emit(), &known, utc_us) {
            for unit in delivery.units {
                prop_assert_eq!(unit.kind, UnitKind::PebbleMinutes);
                prop_assert_eq!(decode(unit.kind, &unit.bytes, &mut |_| ()), Ok(()));
            }
        }
        for gap in book.gaps(stored_to) {
            prop_assert_eq!(decode(gap.kind, &gap.bytes, &mut |_| ()), Ok(()));
        }
    }
}
