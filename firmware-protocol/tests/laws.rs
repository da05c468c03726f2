//! Laws: what is written is read back the same, and no bytes do any harm.

use firmware_protocol::{
    cursor::ReadCursor,
    decode,
    driver::{Driver, UnitKind},
    fuzz_entry,
    reading::{Anchor, BootLink, DeviceId, HostId, Wear},
    steplog::{
        block::{Block, BlockKind, Header, MAX_LEN},
        control::{Reply, Request, Status},
        device::{Device, DeviceConfig},
        feature::Feature,
        frame::{Frame, Record},
        host::{HostSettings, StepLogDriver},
        ram_flash::RamFlash,
        state::{Live, State},
        time::{BootLinkEntry, SetTime, SetTimeReply, emit_anchor, emit_anchor_unit, parse_anchor, parse_anchor_unit},
    },
};
use proptest::prelude::*;

fn wear() -> impl Strategy<Value = Wear> {
    prop_oneof![Just(Wear::Unknown), Just(Wear::Worn), Just(Wear::NotWorn), Just(Wear::Charging)]
}

fn block() -> impl Strategy<Value = (Header, Vec<u8>)> {
    let kind = prop_oneof![
        Just(BlockKind::Epochs),
        Just(BlockKind::ZeroRun),
        Just(BlockKind::Details),
        Just(BlockKind::Gap),
        Just(BlockKind::Runs)
    ];
    (
        kind,
        any::<u16>(),
        0..u32::MAX - 300,
        0..u32::MAX - 20_000,
        1..=60_u8,
        1..=240_u8,
        prop::collection::vec(any::<u8>(), 120),
        any::<bool>(),
    )
        .prop_map(|(kind, boot, first_seq, first_uptime_s, epoch_s, count, body, found)| {
            let gap = kind == BlockKind::Gap;
            let count = match kind {
                BlockKind::Epochs => count.min(60),
                BlockKind::Details => count.min(30),
                BlockKind::ZeroRun | BlockKind::Runs => count,
                BlockKind::Gap => 0,
            };
            let (first_uptime_s, epoch_s) = if gap { (0, 0) } else { (first_uptime_s, epoch_s) };
            let header =
                Header { kind, flags: u8::from(gap && found), boot, first_seq, first_uptime_s, epoch_s, count };
            match kind {
                BlockKind::Epochs => (header, body[..2 * usize::from(count)].to_vec()),
                BlockKind::ZeroRun => (header, body[..1].to_vec()),
                BlockKind::Details => (header, body[..4 * usize::from(count)].to_vec()),
                BlockKind::Gap => (header, u32::from(body[0] % 200 + 1).to_le_bytes().to_vec()),
                BlockKind::Runs => runs(header, &body),
            }
        })
}

/// Items from noise: as many as fit.
fn runs(header: Header, noise: &[u8]) -> (Header, Vec<u8>) {
    let (mut body, mut count) = (vec![], 0_u8);
    for bytes in noise.chunks_exact(3) {
        let n = if bytes[0] < 100 { bytes[2] % 9 + 1 } else { 1 };
        if count + n > header.count.max(9) {
            break;
        }
        count += n;
        body.extend_from_slice(if bytes[0] < 100 { &[0, 0, 0] } else { &bytes[..2] });
        if let [.., 0, meta, length] = &mut body[..]
            && bytes[0] < 100
        {
            (*meta, *length) = (bytes[1], n);
        }
    }
    (Header { count, ..header }, body)
}

fn request() -> impl Strategy<Value = Request> {
    prop_oneof![
        (any::<u32>(), any::<u16>(), any::<u16>(), any::<u8>()).prop_map(|(from, max_epochs, max_frames, transfer)| {
            Request::Read { from, max_epochs, max_frames, transfer }
        }),
        any::<u8>().prop_map(|transfer| Request::Abort { transfer }),
        any::<(u32, u32, u32)>().prop_map(|(from, to, crc)| Request::Ack { from, to, crc }),
        any::<u32>().prop_map(|to| Request::Erase { to }),
        prop_oneof![Just(60), Just(15), Just(10)].prop_map(|seconds| Request::SetEpoch { seconds }),
        prop::option::of(0..1_u32 << 24).prop_map(|steps| Request::Goal { steps }),
        any::<[u8; 8]>().prop_map(|host| Request::Hello { host: HostId(host) }),
    ]
}

proptest! {
    #[test]
    fn blocks_come_back((header, body) in block()) {
        let mut out = [0; MAX_LEN];
        let block = Block::new(header, &body).unwrap();
        let length = block.emit(&mut out).unwrap();
        prop_assert_eq!(Block::parse(&out[..length]), Ok(block));
        prop_assert_eq!(block.epochs().count(), usize::from(header.count));
        prop_assert!(decode(UnitKind::StepLogBlock, &out[..length], &mut |_| ()).is_ok());
    }

    #[test]
    fn requests_and_answers_come_back(request in request(), operation: u8, value: u32) {
        let mut out = [0; 13];
        let length = request.emit(&mut out).unwrap();
        prop_assert_eq!(Request::parse(&out[..length]), Ok(request));
        for status in [Status::Ok, Status::UnknownOperation, Status::BadParameter, Status::Differs, Status::Overwritten, Status::NotAllowed, Status::StorageFault] {
            let reply = Reply { operation, status, value };
            prop_assert_eq!(Reply::parse(&reply.emit()), Ok(reply));
        }
    }

    #[test]
    fn clocks_come_back(boot in 1..=u16::MAX, uptime_ms in 0..1_u64 << 48, utc_ms in 0..1_i64 << 48, accuracy_ms: u16, host: [u8; 8], token: u8, off_ms: u32, seq: u32, step in prop::option::of(-i32::MAX..=i32::MAX)) {
        let anchor = Anchor { boot, uptime_ms, utc_ms, accuracy_ms: accuracy_ms.into(), host: HostId(host) };
        prop_assert_eq!(parse_anchor_unit(&emit_anchor_unit(&anchor)), Ok(anchor));
        prop_assert_eq!(parse_anchor(&mut ReadCursor::new(&emit_anchor(&anchor))), Ok(anchor));
        let link = BootLink { boot, previous: boot - 1, previous_uptime_ms: uptime_ms, off_ms };
        let entry = BootLinkEntry { link, seq };
        prop_assert_eq!(BootLinkEntry::parse(&entry.emit()), Ok(entry));
        let set = SetTime { token, utc_us: utc_ms, zone_min: (off_ms % 2 == 0).then_some(60), accuracy_ms: (accuracy_ms != u16::MAX).then_some(accuracy_ms) };
        prop_assert_eq!(SetTime::parse(&set.emit()), Ok(set));
        let reply = SetTimeReply { token, boot, uptime_ms, step_ms: step };
        prop_assert_eq!(SetTimeReply::parse(&reply.emit()), Ok(reply));
    }

    #[test]
    fn states_come_back(boot: u16, uptime_s: u32, oldest: u32, more in 0..1000_u32, acked: u32, lost: u32, battery in prop::option::of(0..=100_u8), flags: [bool; 5], wear in wear(), cadence: u8) {
        let [clock_unset, charging, overrun, worn, exhausted] = flags;
        let state = State { boot, uptime_s, oldest, next: oldest.saturating_add(more), acked, lost, battery, clock_unset, charging, overrun, worn, exhausted };
        prop_assert_eq!(State::parse(&state.emit()), Ok(state));
        let live = Live { uptime_s, steps: lost, cadence, wear };
        prop_assert_eq!(Live::parse(&live.emit()), Ok(live));
    }

    #[test]
    fn features_come_back(device: [u8; 8], bits: u32, firmware in "[a-z0-9.]{0,32}", epochs in prop::collection::vec(1..=60_u8, 0..4), capacity: Option<u32>, max_mtu: Option<u16>, clock: Option<(u16, u16)>, hosts: Option<u8>, version: (u8, u8)) {
        let feature = Feature { version, bits, device: DeviceId(device), firmware: &firmware, epochs: &epochs, capacity, max_mtu, clock, hosts };
        let mut out = [0; 96];
        let length = feature.emit(&mut out).unwrap();
        prop_assert_eq!(Feature::parse(&out[..length]), Ok(feature));
    }

    #[test]
    fn frames_and_records_come_back(transfer: u8, number: u16, last: bool, aborted: bool, payload in prop::collection::vec(any::<u8>(), 0..240), seq: u32) {
        let mut out = [0; 250];
        let frame = Frame { transfer, number, last, aborted, payload: &payload };
        let length = frame.emit(&mut out).unwrap();
        prop_assert_eq!(Frame::parse(&out[..length]), Ok(frame));
        let record = if payload.is_empty() { Record::End { next: seq } } else { Record::Block { seq, bytes: &payload } };
        let length = record.emit(&mut out).unwrap();
        let mut cursor = ReadCursor::new(&out[..length]);
        prop_assert_eq!(Record::parse(&mut cursor), Ok(record));
        prop_assert!(cursor.rest().is_empty());
    }

    #[test]
    fn any_bytes_are_survived(data in prop::collection::vec(any::<u8>(), 0..600)) {
        fuzz_entry::decode(&data);
        fuzz_entry::device_writes(&data);
        fuzz_entry::host_dialogue(&data);
    }

    #[test]
    fn any_flash_content_is_survived(data in prop::collection::vec(any::<u8>(), 8192), holes in prop::collection::vec((0..8192_usize, 0..2048_usize), 0..6)) {
        let mut data = data;
        for (at, length) in holes {
            data.iter_mut().skip(at).take(length).for_each(|byte| *byte = 0xFF);
        }
        if let Ok(mut device) = Device::boot(RamFlash::from_bytes(data, 2048), DeviceConfig::default(), Some(1)) {
            let _: Result<(), _> = device.record(3_600_000, 5, Wear::Worn, 1);
            let _: Result<(), _> = device.flush(3_700_000);
        }
    }
}

#[test]
fn a_driver_asked_again_and_again_comes_to_an_end() {
    use firmware_protocol::driver::{HostTime, MAX_STEPS_WITHOUT_PROGRESS, Step};
    let mut driver = StepLogDriver::new(HostSettings::default());

    let ended = (0..MAX_STEPS_WITHOUT_PROGRESS)
        .any(|_| matches!(driver.next(HostTime { mono_ms: 0, utc_us: None }), Step::Finish(_)));

    assert!(ended);
}

#[test]
fn a_counter_fits_two_and_a_half_kibibytes() {
    let size = size_of::<Device<()>>();

    assert!(size <= 2_560, "{size}");
}
