//! What fuzzers call: any bytes into the decoders, the host's dialogue, the counter. Each function
//! panics only where a promise of this crate is broken.

use alloc::{vec, vec::Vec};

use crate::{
    Uuid,
    cursor::ReadCursor,
    device::{
        KINDS, Key, Life, LifeMinute, Purpose, Setup,
        play::{Play, play},
        step_log,
    },
    driver::{Driver, Event, HostTime, Known, MAX_STEPS_WITHOUT_PROGRESS, Step, UnitKind},
    reading::{DeviceId, HostId, Reading, Wear},
    steplog::{
        MAJOR,
        block::Block,
        control::{Reply, Request},
        device::{Device, DeviceConfig},
        feature::Feature,
        frame::{Frame, Record},
        host::{HostSettings, StepLogDriver},
        ram_flash::RamFlash,
        state::{Live, State},
        time::{BootLinkEntry, SetTime, SetTimeReply, parse_anchor, parse_anchor_unit},
        uuid,
    },
};

const CHARACTERISTICS: [Uuid; 8] =
    [uuid::FEATURE, uuid::STATE, uuid::TIME, uuid::CONTROL, uuid::DATA, uuid::LIVE, uuid::BOOT_LINKS, uuid::SERVICE];
const HOST: HostId = HostId(*b"fuzzhost");

/// Every decoder and parser; what parses is written again as the same bytes.
pub fn decode(data: &[u8]) {
    for kind in UnitKind::ALL {
        let mut count = 0;
        let outcome = crate::decode(kind, data, &mut |_| count += 1);
        assert!(outcome.is_ok() || count == 0, "readings of a unit that is not valid");
    }
    let mut out = [0; 600];
    if let Ok(block) = Block::parse(data) {
        let length = block.emit(&mut out).expect("there is room");
        assert_eq!(out.get(..length), Some(data));
    }
    let same = |emitted: &[u8]| assert_eq!(emitted, data);
    if let Ok(reply) = Reply::parse(data) {
        same(&reply.emit());
    }
    if let Ok(state) = State::parse(data) {
        same(&state.emit());
    }
    if let Ok(live) = Live::parse(data) {
        same(&live.emit());
    }
    if let Ok(set) = SetTime::parse(data) {
        same(&set.emit());
    }
    if let Ok(reply) = SetTimeReply::parse(data) {
        same(&reply.emit());
    }
    if let Ok(link) = BootLinkEntry::parse(data) {
        same(&link.emit());
    }
    let _: Result<_, _> = parse_anchor_unit(data);
    let _: Result<_, _> = parse_anchor(&mut ReadCursor::new(data));
    let _: Result<_, _> = Feature::parse(data);
    let _: Result<_, _> = Frame::parse(data);
    let _: Result<_, _> = Request::parse(data);
    let mut cursor = ReadCursor::new(data);
    while Record::parse(&mut cursor).is_ok() {}
}

/// A host's dialogue with a counter that answers with these bytes, and, with the first bit set,
/// with a real counter whose answers these bytes damage. Ends within the bound.
pub fn host_dialogue(data: &[u8]) {
    let mut script = Script { data };
    let mode = script.byte();
    let mut driver = StepLogDriver::new(HostSettings { batch_epochs: 120, ..HostSettings::default() });
    let mut counter = if mode & 1 == 1 { a_counter() } else { None };
    let mut now = HostTime { mono_ms: 0, utc_us: (mode & 2 == 0).then_some(1_772_366_400_000_000) };
    let mut steps = 0;
    // Two dialogues' worth of deliveries bound the whole.
    for _ in 0..2_000_000 {
        let step = driver.next(now);
        steps += 1;
        assert!(steps <= MAX_STEPS_WITHOUT_PROGRESS, "a dialogue without end");
        match &step {
            Step::Finish(_) => return,
            Step::Store(delivery) => {
                steps = 0;
                for unit in &delivery.units {
                    let decoded = crate::decode(unit.kind, &unit.bytes, &mut |_: Reading| ());
                    assert_eq!(decoded, Ok(()), "a unit that does not decode");
                }
            }
            _ => {}
        }
        now.mono_ms += u64::from(script.byte());
        let damage = script.byte();
        if damage & 0xE0 == 0xE0 {
            any_event(&mut driver, &mut script, damage, now);
            continue;
        }
        answer(&mut driver, &step, counter.as_mut(), &mut script, &mut now);
    }
    unreachable!("deliveries without end");
}

/// A dialogue of any kind of counter (the first byte says which), with a counter whose answers these bytes damage, or
/// that answers with nothing but these bytes. Ends within the bound; every unit that is stored decodes.
pub fn device_dialogue(data: &[u8]) {
    let mut script = Script { data };
    let (which, mode) = (usize::from(script.byte()), script.byte());
    let kinds: Vec<_> = KINDS.iter().filter(|kind| kind.name != step_log::KIND.name).collect();
    let Some(kind) = kinds.get(which % kinds.len().max(1)) else { return };
    let begin_ms = 1_772_366_400_000;
    let life = Life {
        serial: "fuzzed".into(),
        minutes: (0..90)
            .map(|n| LifeMinute { at: begin_ms / 60_000 - 90 + n, steps: script.byte().into(), wear: Wear::Worn })
            .collect(),
        offset_min: i16::from(mode & 0x0F) * 15,
        clock_error_ms: if mode & 0x10 == 0 { 0 } else { i64::from(script.byte()) * 40_000_000_000 },
        key: (mode & 0x20 == 0).then_some(Key([mode & 0x40; 16])),
        battery: script.byte(),
    };
    let mut counter = (kind.emulator)(life);
    let setup = Setup {
        purpose: if mode & 0x80 == 0 { Purpose::Fetch } else { Purpose::Pair },
        key: Some(Key([0; 16])),
        heard: counter.advertisement(),
        peer: "AA:BB:CC:DD:EE:FF".into(),
        ..Setup::default()
    };
    let mut driver = (kind.driver)(setup);
    let uuids: Vec<Uuid> =
        counter.services().iter().flat_map(|s| s.characteristics.iter().map(|c| c.uuid).collect::<Vec<_>>()).collect();
    let stored_to = if mode & 1 == 0 { 0 } else { u32::from(script.byte()) << 17 };
    let known = Known { host: HOST, stored_to, held_at: None, goal_steps: None, last_total: None };
    let noise = mode & 2 != 0;
    let mut with = Play {
        mtu: 23 + u16::from(script.byte()),
        begin_ms,
        clock_trusted: mode & 4 == 0,
        known,
        cut_after: None,
        air: &mut |from, bytes| {
            let how = script.byte();
            let from = if how == 0x81 { uuids.get(usize::from(script.byte())).copied().unwrap_or(from) } else { from };
            match how {
                0x82 => vec![],
                0x83 => vec![(from, bytes.clone()), (from, bytes)],
                _ if noise && how > 0x90 => {
                    let length = usize::from(script.byte() % 32);
                    vec![(from, script.take(length))]
                }
                _ => vec![(from, script.damage(bytes))],
            }
        },
    };
    let played = play(driver.as_mut(), counter.as_mut(), &mut with);
    let _readings = played.readings();
    assert!(played.outcome.is_some());
}

/// A counter, and a host that reads and writes whatever comes to its mind.
pub fn device_writes(data: &[u8]) {
    let mut script = Script { data };
    let Some(mut counter) = a_counter() else { return };
    let mut uptime_ms = 1_000_000;
    let mut room = [0; 512];
    while !script.data.is_empty() {
        uptime_ms += u64::from(script.byte()) * 700;
        match script.byte() % 8 {
            0 => counter.connect(script.byte().into()),
            1 => counter.disconnect(),
            2 => {
                let steps = script.byte();
                assert_eq!(counter.record(uptime_ms, steps.into(), Wear::Unknown, steps), Ok(()));
            }
            3 => assert_eq!(counter.flush(uptime_ms), Ok(())),
            4 => {
                let characteristic = script.characteristic();
                let _: Result<_, _> = counter.read(characteristic, uptime_ms, &mut room);
            }
            5 => {
                // Requests that are nearly right get further than noise.
                let operation = script.byte() % 10;
                let mut bytes = vec![operation];
                bytes.extend(script.take([0, 10, 1, 12, 4, 1, 0, 4, 8, 2][usize::from(operation)]));
                let _: Result<_, _> = counter.write(uuid::CONTROL, &bytes, uptime_ms);
            }
            6 => {
                let (characteristic, length) = (script.characteristic(), script.byte() % 24);
                let bytes = script.take(length.into());
                let _: Result<_, _> = counter.write(characteristic, &bytes, uptime_ms);
            }
            _ => {
                let sent = counter.outgoing(uptime_ms, &mut room).expect("this memory does not fail");
                assert!(sent.is_none_or(|(_, length)| length <= 244));
            }
        }
        assert!(counter.oldest_seq() <= counter.next_seq());
    }
}

fn answer(
    driver: &mut StepLogDriver,
    step: &Step,
    counter: Option<&mut Device<RamFlash>>,
    script: &mut Script<'_>,
    now: &mut HostTime,
) {
    let mut room = [0; 512];
    match step {
        Step::Subscribe(_) | Step::Unsubscribe(_) | Step::Prompt(_) => driver.handle(Event::Done, *now),
        Step::Identify(_) => {
            let (stored_to, held) = (u32::from(script.byte()) * 4, script.byte());
            driver.handle(
                Event::Known(Known {
                    host: HOST,
                    stored_to,
                    held_at: (held < 64).then_some(held.into()),
                    goal_steps: Some(1),
                    last_total: None,
                }),
                *now,
            );
        }
        Step::Store(_) => driver.handle(Event::Stored, *now),
        Step::Read(from) => {
            let length = counter.and_then(|counter| counter.read(*from, now.mono_ms, &mut room).ok());
            let value =
                length.and_then(|length| room.get(..length)).map_or_else(|| script.value(*from), <[u8]>::to_vec);
            driver.handle(Event::Value(&script.damage(value)), *now);
        }
        Step::Write { to, bytes } | Step::Send { to, bytes } => {
            if let Some(counter) = counter {
                let _: Result<_, _> = counter.write(*to, bytes, now.mono_ms);
            }
            driver.handle(Event::Done, *now);
        }
        Step::Await { at_most_ms } => {
            let sent = counter.and_then(|counter| counter.outgoing(now.mono_ms, &mut room).ok().flatten());
            if let Some((from, length)) = sent {
                let bytes = script.damage(room.get(..length).unwrap_or(&[]).to_vec());
                driver.handle(Event::Notified { from, bytes: &bytes }, *now);
            } else if script.data.is_empty() || script.byte() < 32 {
                now.mono_ms += u64::from(*at_most_ms);
                driver.handle(Event::TimedOut, *now);
            } else {
                let from = script.characteristic();
                let bytes = script.value(from);
                driver.handle(Event::Notified { from, bytes: &bytes }, *now);
            }
        }
        Step::Finish(_) => {}
    }
}

fn any_event(driver: &mut StepLogDriver, script: &mut Script<'_>, which: u8, now: HostTime) {
    let from = script.characteristic();
    let bytes = script.value(from);
    driver.handle(
        match which % 6 {
            0 => Event::Done,
            1 => Event::Value(&bytes),
            2 => Event::TimedOut,
            3 => Event::Refused { code: 1 },
            4 => Event::NotStored,
            _ => Event::Notified { from, bytes: &bytes },
        },
        now,
    );
}

/// A counter that has walked for a while.
fn a_counter() -> Option<Device<RamFlash>> {
    let config = DeviceConfig { id: DeviceId(*b"fuzzed!!"), firmware: "fuzz", ..DeviceConfig::default() };
    let mut counter = Device::boot(RamFlash::new(5, 2048), config, None).ok()?;
    for minute in 0..400_u32 {
        counter.record(u64::from(minute) * 2_000, minute % 50, Wear::Worn, 0).ok()?;
    }
    counter.connect(23);
    Some(counter)
}

struct Script<'a> {
    data: &'a [u8],
}

impl Script<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.data.split_first() else { return 0 };
        self.data = rest;
        *first
    }

    fn take(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| self.byte()).collect()
    }

    fn characteristic(&mut self) -> Uuid {
        CHARACTERISTICS[usize::from(self.byte() % 8)]
    }

    /// Bytes that look like a value of this characteristic, now and then.
    fn value(&mut self, of: Uuid) -> Vec<u8> {
        let length = usize::from(self.byte() % 64);
        let noise = self.take(length);
        let mut out = [0; 100];
        match of {
            _ if length % 4 == 3 => noise,
            uuid::FEATURE => {
                [&[1, 2, MAJOR, 0, 3, 8, 1, 2, 3, 4, 5, 6, 7, 8, 2, 4, 5, 0, 0, 0], noise.as_slice()].concat()
            }
            uuid::STATE => [&[1, 0, 9, 0, 0, 0, 0, 0, 0, 0, 200], noise.get(..13).unwrap_or(&[0; 13])].concat(),
            uuid::CONTROL => [&[0xF0], noise.as_slice(), &[0; 6]].concat().into_iter().take(7).collect(),
            uuid::DATA => {
                let payload = noise.get(4..).unwrap_or(&[]);
                let (transfer, number) = (noise.first().copied().unwrap_or(0), noise.get(1).copied().unwrap_or(0));
                let frame = Frame {
                    transfer: transfer % 4,
                    number: (number % 4).into(),
                    last: number & 4 != 0,
                    aborted: false,
                    payload,
                };
                let length = frame.emit(&mut out).unwrap_or(0);
                out.get(..length).unwrap_or(&[]).to_vec()
            }
            _ => noise,
        }
    }

    fn damage(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        let how = self.byte();
        if how & 0xF0 == 0xF0 {
            let at = usize::from(self.byte()) % bytes.len().max(1);
            if how & 1 == 0 {
                bytes.truncate(at);
            } else if let Some(byte) = bytes.get_mut(at) {
                *byte ^= self.byte() | 1;
            }
        }
        bytes
    }
}
