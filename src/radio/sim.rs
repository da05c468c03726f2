//! The simulated air: a [`Radio`] whose far end is the device side of our own protocol, or any counter played
//! back, with seeded faults. No radio, no sleeping: in free time a wait is a jump of the clock.

pub mod clock;
pub mod counter;
pub mod far_end;
pub mod flash;
pub mod pairing;
pub mod walker;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use firmware_protocol::{device::Kind, driver::Uuid, steplog::device::AttError};

use self::{clock::SimClock, counter::SimCounter, far_end::FarEnd, pairing::Bonding};
use super::{
    Heard, Link, Radio, RadioError, Wanted,
    bluez::agent::{PairError, PairedHow, Questions},
};
use crate::time::Clock as _;

/// A request and its answer take about two connection events of 15 ms each.
const ROUND_TRIP: Duration = Duration::from_millis(30);
/// Several notifications fit into one connection event.
const PER_NOTIFICATION: Duration = Duration::from_micros(3_750);
/// A counter says that it is there at least this often.
const ADVERTISES_WITHIN: Duration = Duration::from_secs(2);
/// ATT error "insufficient authentication" (Bluetooth Core, Vol 3, Part F, 3.4.1.1).
const NOT_PAIRED: u8 = 0x05;
/// How often a paced link looks for something new.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// The same where time is free. A counter that speaks unasked does so once a second.
const FREE_LOOK_EVERY: Duration = Duration::from_millis(250);

/// What the air does to one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The counter is out of reach for this attempt.
    NotHeard,
    /// The connection breaks after this many packets.
    Cut {
        /// Packets.
        after: u32,
    },
    /// One data frame in so many is lost.
    Loss {
        /// One in this many.
        one_in: u32,
    },
    /// One data frame in so many arrives twice.
    Duplicate {
        /// One in this many.
        one_in: u32,
    },
    /// One data frame in so many changes places with the next.
    Reorder {
        /// One in this many.
        one_in: u32,
    },
    /// After this many packets nothing arrives any more, though the connection stands.
    Stall {
        /// Packets.
        after: u32,
    },
}

/// How the air behaves; drawn anew for every connection.
#[derive(Clone, Debug)]
pub struct Weather {
    random: fastrand::Rng,
    rough: bool,
    /// How often each kind of fault was drawn, and each MTU.
    pub seen: BTreeMap<&'static str, u32>,
}

impl Weather {
    /// No faults, and the largest usual MTU.
    pub fn calm() -> Self {
        Self { random: fastrand::Rng::with_seed(0), rough: false, seen: BTreeMap::new() }
    }

    /// Two connections in three meet a fault; MTU 23, 64 or 247.
    pub fn rough(seed: u64) -> Self {
        Self { random: fastrand::Rng::with_seed(seed), rough: true, seen: BTreeMap::new() }
    }

    fn draw(&mut self) -> (u16, Option<Fault>) {
        if !self.rough {
            return (247, None);
        }
        let mtu = [23, 64, 247][self.random.usize(0..3)];
        let fault = match self.random.u8(0..9) {
            0 => Some(Fault::NotHeard),
            1 => Some(Fault::Cut { after: self.random.u32(1..90) }),
            2 => Some(Fault::Loss { one_in: self.random.u32(5..60) }),
            3 => Some(Fault::Duplicate { one_in: self.random.u32(2..20) }),
            4 => Some(Fault::Reorder { one_in: self.random.u32(2..20) }),
            5 => Some(Fault::Stall { after: self.random.u32(1..90) }),
            _ => None,
        };
        let name = match fault {
            None => "none",
            Some(Fault::NotHeard) => "not_heard",
            Some(Fault::Cut { .. }) => "cut",
            Some(Fault::Loss { .. }) => "loss",
            Some(Fault::Duplicate { .. }) => "duplicate",
            Some(Fault::Reorder { .. }) => "reorder",
            Some(Fault::Stall { .. }) => "stall",
        };
        *self.seen.entry(name).or_default() += 1;
        *self.seen.entry(if mtu == 23 { "mtu_23" } else { "mtu_larger" }).or_default() += 1;
        (mtu, fault)
    }
}

/// A counter that several parties look at: the link, the demo, a test.
pub type SharedCounter = Arc<Mutex<SimCounter>>;

/// The same of any kind.
pub type SharedFarEnd = Arc<Mutex<dyn FarEnd>>;

/// The counter behind its lock; a holder that panicked leaves it as it was.
pub fn lock<T: ?Sized>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The simulated air with its counters, by address.
pub struct SimRadio {
    clock: Arc<SimClock>,
    counters: BTreeMap<String, SharedFarEnd>,
    /// Those that want to be paired before they speak.
    bonding: BTreeMap<String, Bonding>,
    /// How the air behaves.
    pub weather: Mutex<Weather>,
}

impl SimRadio {
    /// Air with these counters in it.
    pub fn new(clock: Arc<SimClock>, counters: BTreeMap<String, SharedFarEnd>, weather: Weather) -> Self {
        Self { clock, counters, bonding: BTreeMap::new(), weather: Mutex::new(weather) }
    }

    /// The same with a counter that wants to be paired before it speaks.
    #[must_use]
    pub fn with_bonding(mut self, address: String, bonding: Bonding) -> Self {
        self.bonding.insert(address, bonding);
        self
    }

    /// Pairs with the counter at this address; the person is asked through `questions`.
    ///
    /// # Errors
    /// When it came to nothing.
    pub async fn pair(&self, address: &str, within: Duration, questions: Questions) -> Result<PairedHow, PairError> {
        let Some(bonding) = self.bonding.get(address) else { return Ok(PairedHow::JustWorks) };
        let digits = lock(&self.weather).random.u32(0..1_000_000);
        bonding.pair(&self.clock, digits, within, questions).await
    }

    /// Makes the counter at this address forget that it was paired.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn forget(&self, address: &str) -> Result<(), RadioError> {
        let forgotten = self.bonding.get(address).map_or(Ok(()), Bonding::forget);
        forgotten.map_err(|error| RadioError::Platform(Box::new(error)))
    }

    fn is_paired(&self, address: &str) -> bool {
        self.bonding.get(address).is_none_or(Bonding::is_paired)
    }

    /// Where the counters are that this host may speak with.
    pub fn paired(&self) -> Vec<String> {
        self.counters.keys().filter(|address| self.is_paired(address)).cloned().collect()
    }

    fn heard(&self, address: &str, counter: &SharedFarEnd) -> Option<Heard> {
        let mut counter = lock(counter);
        (counter.live_to(self.clock.now_us()) && counter.is_on()).then(|| Heard {
            address: address.to_owned(),
            rssi_dbm: Some(-60),
            advertisement: counter.advertisement(),
            paired: self.is_paired(address),
        })
    }
}

impl Radio for SimRadio {
    type Link = SimLink;

    async fn connect(&self, wanted: &Wanted, within: Duration) -> Result<SimLink, RadioError> {
        let (mtu, fault) = lock(&self.weather).draw();
        let fits = |heard: &Heard| match &wanted.address {
            Some(address) => heard.address == *address,
            None => (wanted.kind.recognise)(&heard.advertisement) && !wanted.not.contains(&heard.address),
        };
        let mut found = None;
        if fault != Some(Fault::NotHeard) {
            found = self.counters.iter().find_map(|(address, counter)| {
                self.heard(address, counter).filter(fits).map(|heard| (heard, Arc::clone(counter)))
            });
        }
        let Some((heard, counter)) = found else {
            self.clock.sleep(within).await;
            return Err(RadioError::NotHeard);
        };
        self.clock.advance(ROUND_TRIP);
        if !heard.paired {
            return Err(RadioError::Refused { code: NOT_PAIRED });
        }
        lock(&counter).connect(mtu, self.clock.now_us());
        Ok(SimLink {
            counter,
            heard,
            clock: Arc::clone(&self.clock),
            mtu,
            fault,
            random: fastrand::Rng::with_seed(lock(&self.weather).random.u64(..)),
            packets: 0,
            waiting: VecDeque::new(),
        })
    }

    async fn listen(
        &self,
        kinds: &[&'static Kind],
        during: Duration,
        until: Option<&str>,
    ) -> Result<Vec<Heard>, RadioError> {
        let heard = || -> Vec<Heard> {
            let heard = self.counters.iter().filter_map(|(address, counter)| self.heard(address, counter));
            heard.filter(|heard| kinds.iter().any(|kind| (kind.recognise)(&heard.advertisement))).collect()
        };
        // Whoever is in reach says so within two seconds; nobody else will come.
        self.clock.sleep(during.min(ADVERTISES_WITHIN)).await;
        let first = heard();
        let enough =
            if let Some(address) = until { first.iter().any(|one| one.address == address) } else { !first.is_empty() };
        if enough {
            return Ok(first);
        }
        self.clock.sleep(during.saturating_sub(ADVERTISES_WITHIN)).await;
        Ok(heard())
    }
}

/// A connection through the simulated air.
pub struct SimLink {
    counter: SharedFarEnd,
    heard: Heard,
    clock: Arc<SimClock>,
    mtu: u16,
    fault: Option<Fault>,
    random: fastrand::Rng,
    packets: u32,
    /// Arrived and not yet asked for.
    waiting: VecDeque<(Uuid, Vec<u8>)>,
}

impl SimLink {
    /// One request and its answer, unless the connection is gone or silent.
    async fn exchange<T>(
        &mut self,
        of: Uuid,
        within: Duration,
        ask: impl FnOnce(&mut dyn FarEnd, i64) -> Result<T, AttError> + Send,
    ) -> Result<T, RadioError> {
        self.pass_packet()?;
        if self.is_stalled() {
            self.clock.sleep(within).await;
            return Err(RadioError::TimedOut("answer"));
        }
        self.clock.advance(ROUND_TRIP / 2);
        let answer = {
            let mut counter = lock(&self.counter);
            let now_us = self.clock.now_us();
            if !counter.live_to(now_us) {
                return Err(RadioError::Lost);
            }
            ask(&mut *counter, now_us)
        };
        self.clock.advance(ROUND_TRIP / 2);
        answer.map_err(|error| match error {
            AttError::InvalidHandle => RadioError::NoSuchCharacteristic(of),
            error => RadioError::Refused { code: error as u8 },
        })
    }

    fn pass_packet(&mut self) -> Result<(), RadioError> {
        self.packets += 1;
        match self.fault {
            Some(Fault::Cut { after }) if self.packets > after => Err(RadioError::Lost),
            _ => Ok(()),
        }
    }

    fn is_stalled(&self) -> bool {
        matches!(self.fault, Some(Fault::Stall { after }) if self.packets > after)
    }

    /// Takes what the counter has to send through the air.
    fn collect(&mut self) -> Result<(), RadioError> {
        loop {
            let sent = {
                let mut counter = lock(&self.counter);
                let now_us = self.clock.now_us();
                if !counter.live_to(now_us) {
                    return Err(RadioError::Lost);
                }
                counter.outgoing(now_us).map_err(|_| RadioError::Lost)?
            };
            let Some((from, bytes)) = sent else {
                return Ok(());
            };
            self.clock.advance(PER_NOTIFICATION);
            self.pass_packet()?;
            if self.is_stalled() {
                continue;
            }
            self.through_the_air(from, bytes);
        }
    }

    /// Loss, doubles and changed places concern data frames; an indication is confirmed by the other
    /// side's link layer and arrives or breaks the connection.
    fn through_the_air(&mut self, from: Uuid, bytes: Vec<u8>) {
        let may_lose = lock(&self.counter).may_lose(from);
        let mut one_in = |n: u32| may_lose && self.random.u32(0..n.max(1)) == 0;
        match self.fault {
            Some(Fault::Loss { one_in: n }) if one_in(n) => {}
            Some(Fault::Duplicate { one_in: n }) if one_in(n) => {
                self.waiting.push_back((from, bytes.clone()));
                self.waiting.push_back((from, bytes));
            }
            Some(Fault::Reorder { one_in: n }) if one_in(n) => {
                let before_last = self.waiting.len().saturating_sub(1);
                self.waiting.insert(before_last, (from, bytes));
            }
            _ => self.waiting.push_back((from, bytes)),
        }
    }
}

impl Link for SimLink {
    fn mtu(&self) -> u16 {
        self.mtu
    }

    fn heard(&self) -> &Heard {
        &self.heard
    }

    async fn subscribe(&mut self, to: Uuid, within: Duration) -> Result<(), RadioError> {
        self.exchange(to, within, |counter, now| counter.subscribe(to, true, now)).await
    }

    async fn unsubscribe(&mut self, to: Uuid, within: Duration) -> Result<(), RadioError> {
        self.exchange(to, within, |counter, now| counter.subscribe(to, false, now)).await
    }

    async fn read(&mut self, from: Uuid, within: Duration) -> Result<Vec<u8>, RadioError> {
        self.exchange(from, within, |counter, now| counter.read(from, now)).await
    }

    async fn write(&mut self, to: Uuid, bytes: &[u8], within: Duration) -> Result<(), RadioError> {
        self.exchange(to, within, |counter, now| counter.write(to, bytes, now)).await
    }

    async fn send(&mut self, to: Uuid, bytes: &[u8], within: Duration) -> Result<(), RadioError> {
        match self.write(to, bytes, within).await {
            // Nobody hears of a refusal: no response is wanted.
            Err(RadioError::Refused { .. }) => Ok(()),
            other => other,
        }
    }

    async fn notified(&mut self, within: Duration) -> Result<Option<(Uuid, Vec<u8>)>, RadioError> {
        let end = self.clock.monotonic() + within;
        loop {
            if self.waiting.is_empty() {
                self.collect()?;
            }
            if let Some(next) = self.waiting.pop_front() {
                return Ok(Some(next));
            }
            let left = end.saturating_sub(self.clock.monotonic());
            if left.is_zero() {
                return Ok(None);
            }
            let look_every = if self.clock.is_free() { FREE_LOOK_EVERY } else { LOOK_EVERY };
            self.clock.sleep(left.min(look_every)).await;
        }
    }

    async fn disconnect(self, _within: Duration) {
        // What there is to do happens when the link is dropped.
    }
}

impl Drop for SimLink {
    /// A host that vanishes is noticed by the counter's link supervision.
    fn drop(&mut self) {
        lock(&self.counter).disconnect();
    }
}
