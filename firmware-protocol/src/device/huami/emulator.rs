//! A band, played back: it authenticates, keeps minutes by its own clock, and sends them as bands do.

use alloc::{
    collections::{BTreeMap, VecDeque},
    vec,
    vec::Vec,
};

use super::{
    Model,
    auth::{Answer, Request, encrypt},
    layout::{
        ACKNOWLEDGE, AUTH, AUTH_SERVICE, BATTERY, BEGIN, BandTime, CLOCK, CONTROL, ClockValue, Control, DATA, EVENTS,
        FIRMWARE, OK, REALTIME, REFUSED, SERIAL, SERVICE, SETTINGS, parse_start, zone_of,
    },
    sample::{Sample, SampleSize},
    status::{Battery, Realtime, parse_goal},
};
use crate::{
    Uuid,
    device::{Advertisement, Characteristic, Key, Life, LifeMinute, Peripheral, Service, peripheral::sig},
    reading::Wear,
    steplog::device::AttError,
};

/// Its company number, in manufacturer data.
const COMPANY: u16 = 0x0157;
const MINUTE_MS: i64 = 60_000;
const DAY_S: i64 = 86_400;

/// What the person does when the band vibrates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tap {
    /// Taps after so many milliseconds.
    After(i64),
    /// Lets it pass; the band says so after so many.
    Refused(i64),
    /// Nothing, and the band says nothing either.
    Never,
}

/// A band.
#[derive(Debug)]
pub struct Band {
    model: Model,
    serial: Vec<u8>,
    key: Option<Key>,
    tap: Tap,
    battery: u8,
    zone: i8,
    clock_error_ms: i64,
    rest: VecDeque<LifeMinute>,
    /// By the UTC minute that its clock claimed.
    kept: BTreeMap<i64, Kept>,
    goal: Option<u16>,
    acknowledged: u32,
    link: Option<Link>,
}

/// A minute as it was recorded.
#[derive(Clone, Copy, Debug)]
struct Kept {
    zone: i8,
    steps: u32,
    wear: Wear,
}

/// What lasts as long as a connection.
#[derive(Debug)]
struct Link {
    mtu: u16,
    subscribed: Vec<Uuid>,
    authenticated: bool,
    challenge: Option<[u8; 16]>,
    /// A key that waits for the tap.
    offered: Option<(Key, i64)>,
    /// First minute and number of minutes that were announced.
    announced: Option<(i64, usize)>,
    /// What was sent last, to be dropped when it is acknowledged.
    sent: Option<(i64, usize)>,
    outgoing: VecDeque<(Uuid, Vec<u8>)>,
}

impl Band {
    /// A band of this model that lived through these minutes.
    pub fn new(life: &Life, model: Model) -> Self {
        Self {
            model,
            serial: life.serial.as_bytes().to_vec(),
            key: life.key,
            tap: Tap::After(2_000),
            battery: life.battery,
            zone: zone_of(life.offset_min),
            clock_error_ms: life.clock_error_ms,
            rest: life.minutes.iter().copied().collect(),
            kept: BTreeMap::new(),
            goal: None,
            acknowledged: 0,
            link: None,
        }
    }

    /// What the person does when it vibrates.
    #[must_use]
    pub fn tapped(self, tap: Tap) -> Self {
        Self { tap, ..self }
    }

    /// How often somebody acknowledged.
    pub const fn acknowledged(&self) -> u32 {
        self.acknowledged
    }

    /// The goal that it shows.
    pub const fn goal(&self) -> Option<u16> {
        self.goal
    }

    /// How far its clock is ahead of UTC, milliseconds.
    pub const fn clock_error_ms(&self) -> i64 {
        self.clock_error_ms
    }

    /// It forgets what is older, as a band does when its memory is full.
    pub fn forget_before(&mut self, claimed_minute: i64, now_ms: i64) {
        self.live_to(now_ms);
        self.kept = self.kept.split_off(&claimed_minute);
    }

    fn claimed_s(&self, now_ms: i64) -> i64 {
        now_ms.saturating_add(self.clock_error_ms).div_euclid(1_000)
    }

    /// Minutes that are over by now are recorded under the time that the clock claims.
    fn live_to(&mut self, now_ms: i64) {
        while let Some(minute) = self.rest.front().filter(|minute| (minute.at + 1) * MINUTE_MS <= now_ms) {
            // Its own minute that covers most of this one.
            let claimed = self.claimed_s(minute.at * MINUTE_MS + MINUTE_MS / 2).div_euclid(60);
            self.kept.insert(claimed, Kept { zone: self.zone, steps: minute.steps, wear: minute.wear });
            self.rest.pop_front();
        }
    }

    /// Minutes without a hole from this one on or from the first after it: where, how many, in which zone.
    fn run(&self, since: i64) -> Option<(i64, usize, i8)> {
        let (start, first) = self.kept.range(since..).next()?;
        let count =
            self.kept.range(start..).zip(*start..).take_while(|((at, kept), n)| **at == *n && kept.zone == first.zone);
        Some((*start, count.count(), first.zone))
    }

    fn samples(&self, start: i64, count: usize) -> Vec<Sample> {
        let mut before = Wear::Unknown;
        let size = self.model.sample_size();
        self.kept
            .range(start..)
            .take(count)
            .map(|(_, kept)| {
                let changed = kept.wear != before;
                before = kept.wear;
                // A band of four-byte samples repeats itself with "no change", with a high half nobody understands.
                let kind = match (size, kept.wear) {
                    (SampleSize::Four, Wear::Worn) if kept.steps > 0 || changed => 0x01,
                    (SampleSize::Four, Wear::NotWorn) if changed => 0x03,
                    (SampleSize::Four, Wear::Charging) if changed => 0x06,
                    (SampleSize::Four, Wear::Unknown) if changed => 0x0F,
                    (SampleSize::Four, _) => 0x50,
                    (SampleSize::Eight, Wear::Worn) => 0x40,
                    (SampleSize::Eight, Wear::NotWorn) => 0x73 | 0x80,
                    (SampleSize::Eight, Wear::Charging) => 0x76,
                    (SampleSize::Eight, Wear::Unknown) => 0,
                };
                let steps = u8::try_from(kept.steps).unwrap_or(u8::MAX);
                let more = (size == SampleSize::Eight).then_some([4, 0, 0x80, 0]);
                Sample { kind, intensity: steps, steps, heart_rate: 255, more }
            })
            .collect()
    }

    fn authenticate(&mut self, bytes: &[u8], now_ms: i64) -> Result<(), AttError> {
        let dialect = self.model.dialect();
        let request = Request::parse(bytes, dialect)?;
        let link = self.link.as_mut().ok_or(AttError::Unlikely)?;
        let answer = match request {
            // A key of the maker's is not changed over the air.
            Request::SendKey(_) if dialect.crypt != 0 => Answer::Key(REFUSED),
            Request::SendKey(key) => {
                link.offered = Some((key, now_ms));
                return Ok(());
            }
            Request::AskChallenge if self.key.is_none() => Answer::NoChallenge(REFUSED),
            Request::AskChallenge => {
                // Different every time; nobody has to be kept from guessing it here.
                let challenge =
                    encrypt(Key([0x5A; 16]), [now_ms.to_le_bytes(), [0; 8]].concat().try_into().unwrap_or([0; 16]));
                link.challenge = Some(challenge);
                Answer::Challenge(challenge)
            }
            Request::AnswerChallenge(block) => {
                let right = link.challenge.take().zip(self.key).map(|(challenge, key)| encrypt(key, challenge));
                link.authenticated = right == Some(block);
                Answer::Verdict(if link.authenticated { OK } else { REFUSED })
            }
        };
        link.outgoing.push_back((AUTH, answer.emit(dialect)));
        Ok(())
    }

    /// The person taps, or does not.
    fn confirm(&mut self, now_ms: i64) {
        let Some(link) = &mut self.link else { return };
        let Some((key, since_ms)) = link.offered else { return };
        let (after_ms, code) = match self.tap {
            Tap::After(ms) => (ms, OK),
            Tap::Refused(ms) => (ms, REFUSED),
            Tap::Never => return,
        };
        if now_ms - since_ms < after_ms {
            return;
        }
        link.offered = None;
        if code == OK {
            self.key = Some(key);
        }
        link.outgoing.push_back((AUTH, Answer::Key(code).emit(self.model.dialect())));
    }

    fn command(&mut self, bytes: &[u8]) -> Result<(), AttError> {
        let answers = match bytes.first().copied().ok_or(AttError::InvalidLength)? {
            BEGIN => self.send(),
            ACKNOWLEDGE => {
                self.acknowledged += 1;
                let sent = self.link.as_mut().and_then(|link| link.sent.take());
                if let Some((start, count)) = sent
                    && self.model.sample_size() == SampleSize::Four
                {
                    let end = start.saturating_add(i64::try_from(count).unwrap_or(i64::MAX));
                    self.kept.retain(|at, _| !(start..end).contains(at));
                }
                vec![(CONTROL, Control::Acknowledged(OK).emit())]
            }
            _ => {
                let answer = match parse_start(bytes) {
                    Ok(since) => self.announce(since),
                    Err(_) => Control::NoStart(REFUSED).emit(),
                };
                vec![(CONTROL, answer)]
            }
        };
        self.link.as_mut().ok_or(AttError::Unlikely)?.outgoing.extend(answers);
        Ok(())
    }

    fn announce(&mut self, since: BandTime) -> Vec<u8> {
        let run = self.run(since.utc_s().div_euclid(60));
        let (count, from) = match run {
            Some((start, count, zone)) => (count, BandTime::at(start.saturating_mul(60), zone)),
            None => (0, since),
        };
        if let Some(link) = &mut self.link {
            // A new question ends a transfer that is under way.
            link.outgoing.retain(|(from, _)| *from == AUTH);
            link.announced = run.map(|(start, count, _)| (start, count));
        }
        let mut answer = Control::Start { count: u32::try_from(count).unwrap_or(u32::MAX), from }.emit();
        if self.model.sample_size() == SampleSize::Eight {
            // Newer bands append a zero.
            answer.push(0);
        }
        answer
    }

    fn send(&mut self) -> Vec<(Uuid, Vec<u8>)> {
        let Some(link) = &mut self.link else { return Vec::new() };
        let Some((start, count)) = link.announced.take() else {
            return vec![(CONTROL, Control::NotSent(REFUSED).emit())];
        };
        link.sent = Some((start, count));
        // Three bytes ATT header, one byte counter; whole samples.
        let room = usize::from(link.mtu.clamp(23, 515)) - 4;
        let per_packet = room / self.model.sample_size().bytes();
        let samples = self.samples(start, count);
        let packets = samples.chunks(per_packet).zip((0..=u8::MAX).cycle()).map(|(samples, counter)| {
            (DATA, core::iter::once(counter).chain(samples.iter().flat_map(Sample::emit)).collect())
        });
        packets.chain([(CONTROL, Control::Sent.emit())]).collect()
    }

    fn realtime(&self, now_ms: i64) -> Realtime {
        let local_s = self.claimed_s(now_ms) + i64::from(self.zone) * 900;
        let midnight = (local_s.div_euclid(DAY_S) * DAY_S - i64::from(self.zone) * 900).div_euclid(60);
        let steps = self.kept.range(midnight..).map(|(_, kept)| kept.steps).fold(0, u32::saturating_add);
        Realtime { steps, metres: steps.saturating_mul(7) / 10, kcal: steps / 25 }
    }
}

impl Peripheral for Band {
    fn advertisement(&self) -> Advertisement {
        Advertisement {
            name: Some(self.model.name().into()),
            services: vec![SERVICE],
            manufacturer: vec![(COMPANY, Vec::new())],
        }
    }

    fn services(&self) -> Vec<Service> {
        let one = |uuid| Characteristic { uuid, ..Characteristic::default() };
        let read = |uuid| Characteristic { read: true, ..one(uuid) };
        let read_notify = |uuid| Characteristic { notify: true, ..read(uuid) };
        let write_notify = |uuid| Characteristic { write: true, notify: true, ..one(uuid) };
        let notify = |uuid| Characteristic { notify: true, ..one(uuid) };
        vec![
            Service {
                uuid: SERVICE,
                characteristics: vec![
                    write_notify(CONTROL),
                    notify(DATA),
                    read_notify(BATTERY),
                    read_notify(REALTIME),
                    write_notify(SETTINGS),
                    notify(EVENTS),
                    Characteristic { write: true, ..read(CLOCK) },
                ],
            },
            Service {
                uuid: AUTH_SERVICE,
                characteristics: vec![Characteristic { write_command: true, ..notify(AUTH) }],
            },
            // Device Information: Bluetooth assigned number.
            Service { uuid: sig(0x180A), characteristics: vec![read(SERIAL), read(FIRMWARE)] },
        ]
    }

    fn connect(&mut self, mtu: u16, now_ms: i64) {
        self.live_to(now_ms);
        self.link = Some(Link {
            mtu,
            subscribed: Vec::new(),
            authenticated: false,
            challenge: None,
            offered: None,
            announced: None,
            sent: None,
            outgoing: VecDeque::new(),
        });
    }

    fn disconnect(&mut self) {
        self.link = None;
    }

    fn subscribe(&mut self, to: Uuid, on: bool, _now_ms: i64) {
        let Some(link) = &mut self.link else { return };
        link.subscribed.retain(|uuid| *uuid != to);
        if on {
            link.subscribed.push(to);
        }
    }

    fn read(&mut self, from: Uuid, now_ms: i64) -> Result<Vec<u8>, AttError> {
        self.live_to(now_ms);
        let authenticated = self.link.as_ref().is_some_and(|link| link.authenticated);
        match from {
            SERIAL => Ok(self.serial.clone()),
            FIRMWARE => Ok(b"V2.4.0.32".to_vec()),
            _ if !authenticated => Err(AttError::ReadNotPermitted),
            CLOCK => Ok(ClockValue::emit(BandTime::at(self.claimed_s(now_ms), self.zone)).to_vec()),
            BATTERY => {
                let charged = BandTime::at(self.claimed_s(now_ms) - 3 * DAY_S, self.zone);
                let past = Some((charged, charged, 100));
                Ok(Battery { percent: self.battery.min(100), charging: false, past }.emit())
            }
            REALTIME => Ok(self.realtime(now_ms).emit().to_vec()),
            _ => Err(AttError::ReadNotPermitted),
        }
    }

    fn write(&mut self, to: Uuid, bytes: &[u8], now_ms: i64) -> Result<(), AttError> {
        self.live_to(now_ms);
        let authenticated = self.link.as_ref().is_some_and(|link| link.authenticated);
        match to {
            AUTH => self.authenticate(bytes, now_ms),
            _ if !authenticated => Err(AttError::WriteNotPermitted),
            CLOCK => {
                let value = ClockValue::parse(bytes)?;
                let time = BandTime { wall: value.wall, zone: value.zone.ok_or(AttError::InvalidLength)? };
                self.zone = time.zone;
                self.clock_error_ms = time.utc_s().saturating_mul(1_000) - now_ms;
                Ok(())
            }
            SETTINGS => {
                self.goal = Some(parse_goal(bytes)?);
                Ok(())
            }
            CONTROL => self.command(bytes),
            _ => Err(AttError::WriteNotPermitted),
        }
    }

    fn outgoing(&mut self, now_ms: i64) -> Option<(Uuid, Vec<u8>)> {
        self.live_to(now_ms);
        self.confirm(now_ms);
        let link = self.link.as_mut()?;
        loop {
            let (from, bytes) = link.outgoing.pop_front()?;
            if link.subscribed.contains(&from) {
                return Some((from, bytes));
            }
        }
    }
}
