//! A counter to try the kit on, without a radio: the crate's own device side, in calm air.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::DateTime;
use firmware_protocol::{
    device::{Advertisement, step_log},
    driver::Uuid,
    reading::DeviceId,
    steplog::device::{AttError, FlashError},
};

use super::bench::Bench;
use crate::{
    radio::{
        Wanted,
        sim::{
            SharedFarEnd, SimRadio, Weather,
            clock::SimClock,
            counter::{Mishap, SimCounter},
            far_end::FarEnd,
            flash::SimFlash,
            walker,
        },
    },
    time::{Calendar, Clock as _, Zone},
};

const ADDRESS: &str = "simulated";
const DAYS: i64 = 24;
const MINUTES_PER_DAY: i64 = 1440;
const US_PER_MINUTE: i64 = 60_000_000;
/// A flash that these days do not fit into: something was overwritten.
const SECTORS: u16 = 6;
const DRIFT_PPM: i64 = 23;
/// Notifications that fit into one connection event.
const BURST: u8 = 6;
/// A minute of any month.
const BEGINS_AT: i64 = 29_500_000;

/// A far end in connection events: after so many notifications the host may say something.
pub struct Bursts<F> {
    inner: F,
    left: u8,
}

impl<F> Bursts<F> {
    /// Around this one.
    pub const fn new(inner: F) -> Self {
        Self { inner, left: BURST }
    }
}

impl<F: FarEnd> FarEnd for Bursts<F> {
    fn live_to(&mut self, now_us: i64) -> bool {
        self.inner.live_to(now_us)
    }

    fn is_on(&self) -> bool {
        self.inner.is_on()
    }

    fn advertisement(&self) -> Advertisement {
        self.inner.advertisement()
    }

    fn may_lose(&self, of: Uuid) -> bool {
        self.inner.may_lose(of)
    }

    fn connect(&mut self, mtu: u16, now_us: i64) {
        self.inner.connect(mtu, now_us);
    }

    fn disconnect(&mut self) {
        self.inner.disconnect();
    }

    fn subscribe(&mut self, to: Uuid, on: bool, now_us: i64) -> Result<(), AttError> {
        self.inner.subscribe(to, on, now_us)
    }

    fn read(&mut self, from: Uuid, now_us: i64) -> Result<Vec<u8>, AttError> {
        self.inner.read(from, now_us)
    }

    fn write(&mut self, to: Uuid, bytes: &[u8], now_us: i64) -> Result<(), AttError> {
        self.inner.write(to, bytes, now_us)
    }

    fn outgoing(&mut self, now_us: i64) -> Result<Option<(Uuid, Vec<u8>)>, AttError> {
        if self.left == 0 {
            self.left = BURST;
            return Ok(None);
        }
        let sent = self.inner.outgoing(now_us)?;
        self.left = if sent.is_some() { self.left - 1 } else { BURST };
        Ok(sent)
    }
}

/// A counter that lived through three weeks and a restart, and had its clock set a day ago.
pub struct Stage {
    /// The air.
    pub radio: SimRadio,
    /// Simulated time.
    pub clock: Arc<SimClock>,
    /// The counter.
    pub wanted: Wanted,
}

/// Sets the stage. `around` may put something between the counter and the air.
///
/// # Errors
/// When the simulated flash fails.
pub async fn stage<F: FarEnd + 'static>(around: impl FnOnce(SimCounter) -> F) -> Result<Stage, FlashError> {
    let end = BEGINS_AT + DAYS * MINUTES_PER_DAY;
    let script = walker::script(7, &Calendar::midnight(Zone::AS_IT_STANDS), BEGINS_AT, end + MINUTES_PER_DAY);
    let flash = SimFlash::in_memory(SECTORS);
    let id = DeviceId(*b"sim-test");
    let mut counter = SimCounter::new(id, flash, script, BEGINS_AT * US_PER_MINUTE, None, DRIFT_PPM)?;
    counter.plan(vec![((BEGINS_AT + MINUTES_PER_DAY) * US_PER_MINUTE + 10_000_000, Mishap::Reboot)]);
    let begins = (end - MINUTES_PER_DAY) * US_PER_MINUTE + 3_000_000;
    let clock = Arc::new(SimClock::free(DateTime::from_timestamp_micros(begins).unwrap_or_default()));
    let far_end: SharedFarEnd = Arc::new(Mutex::new(Bursts::new(around(counter))));
    let air = BTreeMap::from([(ADDRESS.to_owned(), far_end)]);
    let radio = SimRadio::new(Arc::clone(&clock), air, Weather::calm());
    let wanted = Wanted { kind: &step_log::KIND, address: Some(ADDRESS.to_owned()), paired: false, not: Vec::new() };
    let mut yesterday = Bench::new(&radio, clock.as_ref(), wanted.clone());
    if yesterday.set_time().await.is_err() {
        tracing::debug!("the clock was not set a day before");
    }
    yesterday.hang_up().await;
    drop(yesterday);
    clock.sleep(Duration::from_secs(24 * 3600)).await;
    Ok(Stage { radio, clock, wanted })
}
