//! The order of things: who is it, its clock, the session, then day after day and file after file.

use alloc::{
    collections::VecDeque,
    format,
    string::{String, ToString},
    vec::Vec,
};

use super::{
    KIND,
    book::Book,
    exchange::{Answer, Exchange},
    frames::{FROM_COUNTER, FROM_HOST, MTU, Message, SMALLEST, code_frame, cut, notification},
    messages::{
        Clock, Command, Entry, GET_LOCAL_TIME, INITIALISE_SESSION, Operation, REQUEST_SYNCHRONISATION, SET_LOCAL_TIME,
        SET_SYSTEM_TIME, START_SYNC, STOP_SYNC, TERMINATE_SESSION, code, stop_sync,
    },
};
use crate::{
    Uuid,
    device::{
        Setup,
        civil::{Date, Wall},
        clock_reading::ClockReading,
        peripheral::sig,
    },
    driver::{
        Delivery, Driver, Event, Fault, HostTime, Identity, Known, NO_SUCH_CHARACTERISTIC, Outcome, Resolution, Step,
        Unit, UnitKind,
    },
    reading::DeviceId,
};

/// Serial Number String, Firmware Revision String, Battery Level.
const SERIAL: Uuid = sig(0x2A25);
const FIRMWARE: Uuid = sig(0x2A26);
const BATTERY: Uuid = sig(0x2A19);

/// Below `MAX_STEPS_WITHOUT_PROGRESS`, to leave room for the last store.
const MOST_STEPS: u32 = 15_000;
/// Notifications that wait for their turn; more are dropped, which counts as lost frames.
const MOST_WAITING: usize = 256;
/// Days and files of a day that are asked for.
const MOST_DAYS: usize = 800;
const MOST_FILES: usize = 64;
const DAY_S: i64 = 86_400;
/// A clock that is nearer than this is left alone: setting it might break the minute that is being counted.
const CLOCK_ERROR_MS: u64 = 3_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Subscribe,
    SubscribeOwn,
    Serial,
    Firmware,
    Battery,
    Identify(DeviceId),
    AskClock,
    /// What is known of clock and battery is being stored.
    StoreClock,
    SetSystem,
    SetLocal,
    RequestSync,
    Initialise,
    StartSync,
    ListDays,
    /// The files of the first day in the list.
    ListFiles,
    /// The first file in the list.
    GetFile,
    /// What the day brought is being stored.
    StoreDay,
    StopSync,
    Terminate,
    Over,
}

/// The dialogue with a Polar band.
#[derive(Debug)]
pub struct PolarDriver {
    setup: Setup,
    phase: Phase,
    /// The step that was given out and not answered yet.
    asked: Option<Step>,
    waiting: VecDeque<Vec<u8>>,
    exchange: Option<Exchange>,
    /// The last frame of the answer before.
    last_frame: Vec<u8>,
    steps: u32,
    serial: Vec<u8>,
    firmware: String,
    battery: Option<u8>,
    known: Option<Known>,
    /// Local time minus UTC as the counter's clock has it, minutes.
    claimed_offset_min: i16,
    /// Setting the clock, or not.
    after_clock: Phase,
    /// Frames of a notification that are still to be written.
    notice: VecDeque<Vec<u8>>,
    /// The counter was told that a synchronisation begins.
    in_sync: bool,
    days: VecDeque<Date>,
    /// Files of the day that are still to be read, with their lengths as listed.
    entries: VecDeque<Entry>,
    files: Vec<Vec<u8>>,
    /// A length other than listed that was read before.
    odd_length: Option<usize>,
    /// Something could not be read and may be readable another time.
    skipped: bool,
    day_is_open: bool,
    book: Book,
    now_s: i64,
    ending: Option<Outcome>,
}

impl PolarDriver {
    /// Nothing said yet.
    pub fn new(setup: Setup) -> Self {
        Self {
            claimed_offset_min: setup.offset_min,
            setup,
            phase: Phase::Subscribe,
            asked: None,
            waiting: VecDeque::new(),
            exchange: None,
            last_frame: Vec::new(),
            steps: 0,
            serial: Vec::new(),
            firmware: String::new(),
            battery: None,
            known: None,
            after_clock: Phase::RequestSync,
            notice: VecDeque::new(),
            in_sync: false,
            days: VecDeque::new(),
            entries: VecDeque::new(),
            files: Vec::new(),
            odd_length: None,
            skipped: false,
            day_is_open: false,
            book: Book::default(),
            now_s: 0,
            ending: None,
        }
    }

    fn end(&mut self, outcome: Outcome) {
        self.ending.get_or_insert(outcome);
        self.exchange = None;
        self.phase = Phase::Over;
    }

    /// Ends after storing what was gathered. The files of an unfinished day are left: they come again, and half a day
    /// on first contact would put the cursor behind the other half.
    fn fail(&mut self, fault: Fault) {
        let closing = matches!(self.phase, Phase::StopSync | Phase::Terminate);
        self.ending.get_or_insert(Outcome::Interrupted(fault));
        (self.exchange, self.steps) = (None, 0);
        self.files.clear();
        self.days.clear();
        self.notice.clear();
        self.phase = if self.in_sync && !closing { Phase::StoreDay } else { Phase::Over };
    }

    fn proceed(&mut self, now: HostTime) -> Step {
        if let Some(utc_us) = now.utc_us {
            self.now_s = utc_us.div_euclid(1_000_000);
        }
        loop {
            if let Some(mut exchange) = self.exchange.take() {
                match exchange.go_on(&mut self.waiting, now) {
                    Ok(step) => {
                        self.exchange = Some(exchange);
                        return step;
                    }
                    Err(answer) => {
                        self.last_frame = core::mem::take(&mut exchange.last);
                        self.take(exchange, answer, now);
                    }
                }
                continue;
            }
            match self.phase {
                Phase::Subscribe => return Step::Subscribe(MTU),
                Phase::SubscribeOwn => return Step::Subscribe(FROM_COUNTER),
                Phase::Serial => return Step::Read(SERIAL),
                Phase::Firmware => return Step::Read(FIRMWARE),
                Phase::Battery => return Step::Read(BATTERY),
                Phase::Identify(device) => {
                    return Step::Identify(Identity {
                        device,
                        firmware: self.firmware.clone(),
                        resolution: Resolution::Minute,
                        memory_minutes: None,
                    });
                }
                Phase::AskClock => match (now.utc_us, self.known) {
                    (Some(_), Some(known)) => {
                        self.book = Book::new(known.stored_to, self.now_s);
                        self.query(GET_LOCAL_TIME, &[]);
                    }
                    // Nobody can tell whether the counter's stamps are right: nothing of it is believed.
                    _ => self.end(Outcome::Complete),
                },
                Phase::StoreClock => {
                    if let Some(percent) = self.battery.take() {
                        let unit = Unit { kind: UnitKind::Battery, bytes: alloc::vec![percent] };
                        self.book.delivery.units.push(unit);
                    }
                    if let Some(step) = self.store(None) {
                        return step;
                    }
                    self.phase = self.after_clock;
                }
                Phase::SetSystem | Phase::SetLocal => self.set_clock(now),
                Phase::RequestSync => self.query(REQUEST_SYNCHRONISATION, &[]),
                Phase::Initialise => {
                    if let Some(step) = self.notify(INITIALISE_SESSION, &[], Phase::StartSync) {
                        return step;
                    }
                }
                Phase::StartSync => {
                    self.in_sync = true;
                    if let Some(step) = self.notify(START_SYNC, &[], Phase::ListDays) {
                        return step;
                    }
                }
                Phase::ListDays => self.get("/U/0/".to_string()),
                Phase::ListFiles => {
                    if let Some(day) = self.days.front() {
                        self.get(folder(*day));
                    } else {
                        let skipped = Outcome::Interrupted(Fault::Refused);
                        self.ending.get_or_insert(if self.skipped { skipped } else { Outcome::Complete });
                        self.phase = Phase::StopSync;
                    }
                }
                Phase::GetFile => match (self.days.front(), self.entries.front()) {
                    (Some(day), Some(entry)) => self.get(folder(*day) + &entry.name),
                    _ => self.settle_day(),
                },
                Phase::StoreDay => {
                    let remaining = u32::try_from(self.days.len()).ok().map(|days| days.saturating_mul(1440));
                    if let Some(step) = self.store(remaining) {
                        return step;
                    }
                    self.phase = if self.ending.is_some() { Phase::StopSync } else { Phase::ListFiles };
                }
                Phase::StopSync => {
                    let completed = self.ending == Some(Outcome::Complete);
                    if let Some(step) = self.notify(STOP_SYNC, &stop_sync(completed), Phase::Terminate) {
                        return step;
                    }
                }
                Phase::Terminate => {
                    if let Some(step) = self.notify(TERMINATE_SESSION, &[], Phase::Over) {
                        return step;
                    }
                }
                Phase::Over => return Step::Finish(self.ending.unwrap_or(Outcome::Complete)),
            }
        }
    }

    fn query(&mut self, id: u16, parameters: &[u8]) {
        let exchange = Exchange::new(Message::Query { id, parameters }.emit());
        // Several questions in a row are answered with the same *OK*.
        let ok = self.last_frame == code_frame(code::OK);
        self.exchange = Some(if ok { exchange } else { exchange.after(&self.last_frame) });
    }

    fn get(&mut self, path: String) {
        let header = Operation { command: Command::Get, path }.emit();
        let exchange = Exchange::new(Message::Operation { header: &header, data: &[] }.emit());
        self.exchange = Some(exchange.after(&self.last_frame));
    }

    /// The next frame of a notification; none when all were written.
    fn notify(&mut self, id: u8, parameters: &[u8], then: Phase) -> Option<Step> {
        if self.notice.is_empty() {
            self.notice = cut(&notification(id, parameters), SMALLEST).into();
        }
        let bytes = self.notice.pop_front()?;
        if self.notice.is_empty() {
            self.phase = then;
        }
        Some(Step::Write { to: FROM_HOST, bytes })
    }

    fn store(&mut self, remaining: Option<u32>) -> Option<Step> {
        let delivery = &self.book.delivery;
        if delivery.units.is_empty() && delivery.quarantined.is_empty() {
            return None;
        }
        Some(Step::Store(Delivery { remaining, ..core::mem::take(&mut self.book.delivery) }))
    }

    fn set_clock(&mut self, now: HostTime) {
        let Some(utc_us) = now.utc_us else {
            self.phase = Phase::RequestSync;
            return;
        };
        let millis = u32::try_from(utc_us.rem_euclid(1_000_000) / 1000).ok();
        if self.phase == Phase::SetSystem {
            let clock = Clock { wall: Wall::from_seconds(self.now_s), millis, third: Some(1) };
            self.query(SET_SYSTEM_TIME, &clock.emit());
        } else {
            let offset_min = self.setup.offset_min;
            let wall = Wall::from_seconds(self.now_s + i64::from(offset_min) * 60);
            self.query(SET_LOCAL_TIME, &Clock { wall, millis, third: Some(offset_min) }.emit());
        }
    }

    /// What came of the exchange of this phase.
    fn take(&mut self, exchange: Exchange, answer: Answer, now: HostTime) {
        let message = match answer {
            Answer::Failed(fault) => return self.fail(fault),
            Answer::Error(code) => Err(code),
            Answer::Message(message) => Ok(message),
        };
        match (self.phase, message) {
            (Phase::AskClock, message) => {
                self.phase = Phase::StoreClock;
                if let Some(clock) = message.ok().and_then(|message| Clock::parse(&message).ok()) {
                    self.take_clock(&clock, &exchange, now);
                }
            }
            // A clock that cannot be set is on record as it is; what was counted can still be read.
            (Phase::SetSystem, _) => self.phase = Phase::SetLocal,
            (Phase::SetLocal, _) => self.phase = Phase::RequestSync,
            (Phase::RequestSync, Ok(_)) => self.phase = Phase::Initialise,
            (Phase::ListDays, Ok(message)) => self.take_days(&message),
            // Without first-use data it records nothing and has no such folder.
            (Phase::ListDays, Err(code::NO_SUCH_FILE)) => self.fail(Fault::NotReady),
            (Phase::ListFiles, Ok(message)) => self.take_files(&message),
            (Phase::GetFile, Ok(message)) => self.take_file(exchange, message),
            (Phase::ListFiles, Err(code)) => {
                self.skip(code);
                self.entries.clear();
                self.phase = Phase::GetFile;
            }
            (Phase::GetFile, Err(code)) => {
                self.skip(code);
                self.entries.pop_front();
            }
            (_, Err(_)) => self.fail(Fault::Refused),
            (_, Ok(_)) => self.fail(Fault::BadAnswer),
        }
    }

    /// A file that is not there is no file; one that cannot be read now is missing, and its time stays open.
    fn skip(&mut self, code: u16) {
        if code != code::NO_SUCH_FILE {
            (self.skipped, self.day_is_open) = (true, true);
        }
    }

    fn take_clock(&mut self, clock: &Clock, exchange: &Exchange, now: HostTime) {
        let (Some(utc_us), Some(begun)) = (now.utc_us, exchange.begun) else { return };
        let round_trip_ms = now.mono_ms.saturating_sub(begun.mono_ms);
        let half_ms = i64::try_from(round_trip_ms / 2).unwrap_or(0);
        self.claimed_offset_min = clock.third.unwrap_or(self.setup.offset_min);
        let claimed_utc_ms = clock.wall_ms() - i64::from(self.claimed_offset_min) * 60_000;
        let resolution_ms = if clock.millis.is_some() { 1 } else { 1_000 };
        let accuracy_ms = u16::try_from(round_trip_ms / 2 + resolution_ms).unwrap_or(u16::MAX);
        let reading = ClockReading { host_utc_ms: utc_us.div_euclid(1000) - half_ms, claimed_utc_ms, accuracy_ms };
        let unit = Unit { kind: UnitKind::ClockReading, bytes: reading.emit().to_vec() };
        self.book.delivery.units.push(unit);
        let error_ms = reading.host_utc_ms.abs_diff(claimed_utc_ms);
        let differs = self.claimed_offset_min != self.setup.offset_min;
        if differs || error_ms > CLOCK_ERROR_MS + u64::from(accuracy_ms) {
            self.after_clock = Phase::SetSystem;
        }
    }

    fn take_days(&mut self, message: &[u8]) {
        let Ok(entries) = Entry::parse_all(message) else { return self.fail(Fault::BadAnswer) };
        // The day of the cursor, by whichever offset its files may have.
        let from_day = self.book.stored_to().map(|number| {
            let offset_min = self.claimed_offset_min.min(self.setup.offset_min);
            (i64::from(number) * 60 + i64::from(offset_min) * 60).div_euclid(DAY_S)
        });
        let mut days: Vec<Date> = entries.iter().filter_map(|entry| day_of(&entry.name)).collect();
        days.retain(|day| from_day.is_none_or(|from_day| day.days() >= from_day));
        days.sort_unstable();
        days.dedup();
        days.drain(..days.len().saturating_sub(MOST_DAYS));
        self.days = days.into();
        self.phase = Phase::ListFiles;
    }

    fn take_files(&mut self, message: &[u8]) {
        self.phase = Phase::GetFile;
        let listed = Entry::parse_all(message);
        let mut entries = listed.clone().unwrap_or_default();
        entries.retain(|entry| is_samples(&entry.name));
        if listed.is_err() || entries.len() > MOST_FILES {
            (self.skipped, self.day_is_open) = (true, true);
        }
        entries.truncate(MOST_FILES);
        self.entries = entries.into();
    }

    fn take_file(&mut self, mut exchange: Exchange, message: Vec<u8>) {
        let listed = self.entries.front().and_then(|entry| usize::try_from(entry.size).ok()).unwrap_or(0);
        // Sixteen lost frames in a row leave the frames' numbers right; a file that grew meanwhile is as long twice.
        if listed > 0 && message.len() != listed && self.odd_length.replace(message.len()) != Some(message.len()) {
            match exchange.again(Fault::LossyLink) {
                Ok(()) => self.exchange = Some(exchange),
                Err(_) => self.fail(Fault::LossyLink),
            }
            return;
        }
        self.odd_length = None;
        self.files.push(message);
        self.entries.pop_front();
    }

    fn settle_day(&mut self) {
        if core::mem::take(&mut self.day_is_open) {
            self.book.leave_open();
        }
        let files = core::mem::take(&mut self.files);
        self.book.day(files, self.claimed_offset_min, self.now_s);
        self.days.pop_front();
        self.phase = Phase::StoreDay;
    }

    fn identify(&mut self) {
        let serial: Vec<u8> = self.serial.iter().copied().filter(u8::is_ascii_graphic).collect();
        let name = self.setup.heard.name.as_deref().and_then(name_digits).map(str::to_ascii_uppercase);
        let own = [serial, name.unwrap_or_default().into_bytes(), self.setup.peer.clone().into_bytes()];
        match own.iter().find(|own| !own.is_empty()) {
            Some(own) => self.phase = Phase::Identify(DeviceId::from_serial(KIND.name, own)),
            // Nothing tells this counter from another person's.
            None => self.end(Outcome::Unsupported(Fault::BadAnswer)),
        }
    }

    fn answered(&mut self, asked: &Step, event: Event<'_>) {
        match (asked, event) {
            (Step::Subscribe(MTU), Event::Done) => self.phase = Phase::SubscribeOwn,
            (Step::Subscribe(MTU), Event::Refused { code: NO_SUCH_CHARACTERISTIC }) => {
                self.end(Outcome::Unsupported(Fault::Refused));
            }
            // Nothing that it says by itself is needed.
            (Step::Subscribe(FROM_COUNTER), Event::Done | Event::Refused { .. }) => self.phase = Phase::Serial,
            (Step::Read(SERIAL), Event::Value(value)) => {
                self.serial = value.to_vec();
                self.phase = Phase::Firmware;
            }
            // Refused for any other reason it would be another counter today than tomorrow.
            (Step::Read(SERIAL), Event::Refused { code: NO_SUCH_CHARACTERISTIC }) => self.phase = Phase::Firmware,
            (Step::Read(FIRMWARE), Event::Value(value)) => {
                self.firmware = String::from_utf8_lossy(value).trim_matches('\0').into();
                self.phase = Phase::Battery;
            }
            (Step::Read(FIRMWARE), Event::Refused { .. }) => self.phase = Phase::Battery,
            (Step::Read(BATTERY), Event::Value(value)) => {
                self.battery = value.first().copied().filter(|percent| value.len() == 1 && *percent <= 100);
                self.identify();
            }
            (Step::Read(BATTERY), Event::Refused { .. }) => self.identify(),
            (Step::Identify(_), Event::Known(known)) => {
                self.known = Some(known);
                self.phase = Phase::AskClock;
            }
            (Step::Store(_), Event::NotStored) => {
                self.ending = Some(Outcome::Interrupted(Fault::NotStored));
                self.fail(Fault::NotStored);
            }
            (Step::Store(_), Event::Stored)
            | (Step::Write { .. }, Event::Done)
            | (Step::Await { .. }, Event::TimedOut) => {}
            (_, Event::TimedOut) => self.fail(Fault::Silent),
            (_, Event::Refused { .. }) => self.fail(Fault::Refused),
            _ => self.fail(Fault::BadAnswer),
        }
    }
}

/// The folder of a day's activity.
fn folder(day: Date) -> String {
    format!("/U/0/{:04}{:02}{:02}/ACT/", day.year(), day.month(), day.day())
}

/// The day of a folder `20260318/`.
fn day_of(name: &str) -> Option<Date> {
    let digits = name.strip_suffix('/').unwrap_or(name).as_bytes();
    let all: [u8; 8] = digits.try_into().ok()?;
    let [y0, y1, y2, y3, m0, m1, d0, d1] = all;
    let number = |digits: &[u8]| {
        let valid = digits.iter().all(u8::is_ascii_digit);
        valid.then(|| digits.iter().fold(0_u16, |sum, digit| sum * 10 + u16::from(digit - b'0')))
    };
    let (month, day) = (number(&[m0, m1])?, number(&[d0, d1])?);
    Date::new(number(&[y0, y1, y2, y3])?, u8::try_from(month).ok()?, u8::try_from(day).ok()?)
}

fn is_samples(name: &str) -> bool {
    let digits = name.strip_prefix("ASAMPL").and_then(|rest| rest.strip_suffix(".BPB"));
    digits.is_some_and(|digits| digits.len() <= 4 && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The eight hexadecimal digits at the end of `Polar 360 A1B2C3D4`.
pub fn name_digits(name: &str) -> Option<&str> {
    let digits = name.strip_prefix("Polar ")?.rsplit(' ').next()?;
    (digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(digits)
}

impl Driver for PolarDriver {
    fn next(&mut self, now: HostTime) -> Step {
        if self.steps > MOST_STEPS {
            self.asked = None;
            self.fail(Fault::NoEnd);
        }
        // Asked again without an answer: the same step again.
        let step = match &self.asked {
            Some(asked) if !matches!(asked, Step::Await { .. }) => asked.clone(),
            _ => self.proceed(now),
        };
        self.steps = if matches!(step, Step::Store(_)) { 0 } else { self.steps + 1 };
        self.asked = (!matches!(step, Step::Finish(_))).then(|| step.clone());
        step
    }

    fn handle(&mut self, event: Event<'_>, _now: HostTime) {
        if let Event::Notified { from, bytes } = event {
            if from == MTU && self.waiting.len() < MOST_WAITING {
                self.waiting.push_back(bytes.to_vec());
            }
            if matches!(self.asked, Some(Step::Await { .. })) {
                self.asked = None;
            }
            return;
        }
        if let Some(asked) = self.asked.take() {
            self.answered(&asked, event);
        }
    }
}
