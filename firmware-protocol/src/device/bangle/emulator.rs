//! The watch's side: its console, its health file, the answers of the *Android Integration* app.

use alloc::{
    collections::{BTreeMap, VecDeque},
    string::String,
    vec,
    vec::Vec,
};

use super::{
    FROM_WATCH, NAME, SERVICE, TO_WATCH,
    command::{CLEAR, Command},
    health::Record2,
    lines::{XOFF, XON},
    message::{About, Message, Record},
};
use crate::{
    Uuid,
    device::{Advertisement, Characteristic, Life, LifeMinute, Peripheral, Service},
    reading::Wear,
    steplog::device::AttError,
};

const SLOT_MS: i64 = 600_000;
const NOT_WORN: u8 = 1;
/// What a console says to itself.
const NOISE: &[u8] = b"\x1b[J>Already written to health-2026-3.raw\r\n";

/// A watch with a health file.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one way in which a watch may be")]
pub struct BangleWatch {
    serial: String,
    battery: u8,
    /// Its UTC minus true UTC, milliseconds.
    error_ms: i64,
    offset_min: i16,
    /// Records by the local time of their slot, in slots since 1970.
    slots: BTreeMap<i64, [u8; 10]>,
    rest: VecDeque<LifeMinute>,
    /// The block under way by its own clock, with its steps and whether it was off the body all the time.
    block: Option<(i64, u32, bool)>,
    typed: Vec<u8>,
    out: VecDeque<u8>,
    room: usize,
    subscribed: bool,
    moved: Option<(i64, i64)>,
    /// The *Android Integration* app is installed.
    pub has_app: bool,
    /// It evaluates what is typed.
    pub evaluates: bool,
    /// It ends every fetch with one block more than it sent.
    pub miscounts: bool,
}

impl BangleWatch {
    /// It lives through its minutes as time goes on.
    pub fn new(life: Life) -> Self {
        Self {
            serial: life.serial,
            battery: life.battery,
            error_ms: life.clock_error_ms,
            offset_min: life.offset_min,
            slots: BTreeMap::new(),
            rest: life.minutes.into(),
            block: None,
            typed: Vec::new(),
            out: VecDeque::new(),
            room: 20,
            subscribed: false,
            moved: None,
            has_app: true,
            evaluates: true,
            miscounts: false,
        }
    }

    /// Blocks that are over by now are in its file, under the time that its clock claims.
    fn live_to(&mut self, now_ms: i64) {
        while let Some(minute) = self.rest.front().copied().filter(|minute| (minute.at + 1) * 60_000 <= now_ms) {
            self.rest.pop_front();
            // Its own block that holds most of the minute.
            let block = (minute.at * 60_000 + 30_000).saturating_add(self.error_ms).div_euclid(SLOT_MS);
            self.end_block(block);
            let (_, steps, off) = self.block.get_or_insert((block, 0, true));
            *steps = steps.saturating_add(minute.steps);
            *off &= minute.wear == Wear::NotWorn;
        }
        self.end_block(now_ms.saturating_add(self.error_ms).div_euclid(SLOT_MS));
    }

    /// Writes the block under way when this is another one.
    fn end_block(&mut self, now: i64) {
        if let Some((block, steps, off)) = self.block.take_if(|under_way| under_way.0 != now) {
            self.record(block, steps, if off { NOT_WORN } else { 0 });
        }
    }

    /// Writes a block that ended; a slot that is written already stays as it is.
    pub fn record(&mut self, block: i64, steps: u32, activity: u8) {
        let record = Record2 {
            steps: u16::try_from(steps).unwrap_or(u16::MAX),
            bpm: (0, 0),
            movement: 0,
            battery: self.battery.min(100),
            charging: false,
            temperature_half_c: 40,
            activity,
            altitude_m: 0,
            reserved: 0,
        };
        self.slots.entry((block * SLOT_MS + self.ahead_ms()).div_euclid(SLOT_MS)).or_insert(record.emit());
    }

    fn ahead_ms(&self) -> i64 {
        i64::from(self.offset_min) * 60_000
    }

    fn say(&mut self, message: &Message<'_>) {
        self.out.extend(message.emit());
        self.out.extend(b"\r\n");
    }

    fn answer(&mut self, line: &[u8], now_ms: i64) {
        let Some(command) = Command::parse(line) else { return };
        match command {
            Command::About if self.evaluates => {
                let serial = self.serial.clone();
                self.say(&Message::About(About {
                    serial: serial.as_bytes(),
                    firmware: b"2v26",
                    now_ms: now_ms + self.error_ms,
                    offset_min: self.offset_min.into(),
                    battery: Some(self.battery.into()),
                    moved: self.moved,
                }));
            }
            Command::SetTime { unix_s, offset_min } => {
                self.error_ms = unix_s * 1000 - now_ms;
                self.offset_min = offset_min;
            }
            Command::KeepZone { set_ms, moved_to_ms, .. } if self.evaluates => self.moved = Some((set_ms, moved_to_ms)),
            Command::Fetch { since_ms } if self.has_app => self.fetch(since_ms),
            Command::Fetch { .. } | Command::Realtime { .. } if !self.has_app => {
                self.out.extend(b">Uncaught ReferenceError: \"GB\" is not defined\r\n");
            }
            _ => {}
        }
    }

    fn fetch(&mut self, since_ms: i64) {
        self.say(&Message::FetchStart);
        let mut count = u32::from(self.miscounts);
        for (slot, bytes) in self.slots.clone() {
            let end_ms = (slot + 1) * SLOT_MS - self.ahead_ms();
            let Ok(Some(record)) = Record2::parse(&bytes) else { continue };
            if end_ms <= since_ms {
                continue;
            }
            if count % 50 == 7 {
                self.out.extend(NOISE);
            }
            let activity: &[u8] = if record.activity == NOT_WORN { b"NOT_WORN" } else { b"UNKNOWN" };
            self.say(&Message::Record(Record {
                steps: record.steps.into(),
                heart: Some(record.bpm.1.into()),
                movement: Some(record.movement.into()),
                activity: Some(activity),
                end_ms,
            }));
            count += 1;
        }
        self.say(&Message::FetchEnd { count });
    }
}

impl Peripheral for BangleWatch {
    fn advertisement(&self) -> Advertisement {
        let name = [NAME, " 1a2b"].concat();
        Advertisement { name: Some(name), services: vec![SERVICE], manufacturer: vec![] }
    }

    fn services(&self) -> Vec<Service> {
        let one = |uuid| Characteristic { uuid, ..Characteristic::default() };
        vec![Service {
            uuid: SERVICE,
            characteristics: vec![
                Characteristic { write: true, write_command: true, ..one(TO_WATCH) },
                Characteristic { notify: true, ..one(FROM_WATCH) },
            ],
        }]
    }

    fn connect(&mut self, mtu: u16, now_ms: i64) {
        self.live_to(now_ms);
        // Its largest packet is 131 bytes.
        self.room = usize::from(mtu.min(131)).saturating_sub(3);
        (self.typed, self.out) = (Vec::new(), VecDeque::new());
    }

    fn disconnect(&mut self) {
        self.subscribed = false;
    }

    fn subscribe(&mut self, to: Uuid, on: bool, _now_ms: i64) {
        if to == FROM_WATCH {
            self.subscribed = on;
            let status = Message::Status { battery: self.battery.into(), charging: false };
            if on && self.has_app {
                self.say(&status);
            }
        }
    }

    fn read(&mut self, _from: Uuid, _now_ms: i64) -> Result<Vec<u8>, AttError> {
        Err(AttError::ReadNotPermitted)
    }

    fn write(&mut self, to: Uuid, bytes: &[u8], now_ms: i64) -> Result<(), AttError> {
        self.live_to(now_ms);
        if to != TO_WATCH {
            return Err(AttError::WriteNotPermitted);
        }
        for byte in bytes {
            match *byte {
                CLEAR => self.typed.clear(),
                b'\n' => {
                    let line = core::mem::take(&mut self.typed);
                    self.answer(&line, now_ms);
                    self.out.extend([XON]);
                }
                byte => {
                    self.typed.push(byte);
                    // Its receive buffer fills up now and then, and it says so at once.
                    if self.typed.len() % 100 == 50 {
                        self.out.extend([XOFF, XON]);
                    }
                }
            }
        }
        Ok(())
    }

    fn outgoing(&mut self, _now_ms: i64) -> Option<(Uuid, Vec<u8>)> {
        if !self.subscribed || self.out.is_empty() {
            return None;
        }
        let length = self.room.min(self.out.len());
        Some((FROM_WATCH, self.out.drain(..length).collect()))
    }
}
