//! A simulated counter: the device side of the step-log protocol, living through a script of minutes
//! at the pace of simulated time, with the mishaps that befall real ones.

use std::collections::VecDeque;

use firmware_protocol::{
    driver::Uuid,
    reading::{DeviceId, HostId, Wear},
    steplog::{
        control::{MAX_REQUEST_LEN, Request},
        device::{Device, DeviceConfig, FlashError},
        time::SetTime,
        uuid,
    },
};

use super::{flash::SimFlash, walker::ScriptMinute};

const US_PER_MINUTE: i64 = 60_000_000;
/// A reset through the watchdog takes about this long, and the counter's crystal goes on counting.
const RESET_US: i64 = 2_000_000;

/// A simulated battery never runs down.
const BATTERY_PERCENT: u8 = 80;

/// What may befall a counter while nobody is speaking with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// It resets in the middle of a minute.
    Reboot,
    /// Somebody's phone sets its clock by this many minutes wrong.
    ForeignClock {
        /// How far off.
        minutes: i64,
    },
}

/// One counter in the simulated air.
pub struct SimCounter {
    id: DeviceId,
    /// None only while it is being taken apart and put together in [`SimCounter::restart`].
    device: Option<Device<SimFlash>>,
    script: VecDeque<ScriptMinute>,
    mishaps: VecDeque<(i64, Mishap)>,
    /// Simulated time of uptime zero.
    booted_us: i64,
    drift_ppm: i64,
    /// The counter is switched off until the script goes on.
    off: bool,
    /// The end of the minute that was recorded last.
    lived_to_us: i64,
    last_wear: Wear,
}

impl SimCounter {
    /// Switches a counter on at a simulated time. `off_ms` is how long it was off, when its crystal
    /// went on counting meanwhile.
    ///
    /// # Errors
    /// When its flash fails.
    pub fn new(
        id: DeviceId,
        flash: SimFlash,
        script: Vec<ScriptMinute>,
        booted_us: i64,
        off_ms: Option<u32>,
        drift_ppm: i64,
    ) -> Result<Self, FlashError> {
        let mut device = Device::boot(flash, config(id), off_ms)?;
        device.set_power(Some(BATTERY_PERCENT), false);
        Ok(Self {
            id,
            device: Some(device),
            script: script.into(),
            mishaps: VecDeque::new(),
            booted_us,
            drift_ppm,
            off: false,
            lived_to_us: booted_us,
            last_wear: Wear::Unknown,
        })
    }

    /// Plans mishaps, each at a simulated time.
    pub fn plan(&mut self, mut mishaps: Vec<(i64, Mishap)>) {
        mishaps.sort_by_key(|(at, _)| *at);
        self.mishaps = mishaps.into();
    }

    /// More minutes to live through.
    pub fn extend(&mut self, minutes: impl IntoIterator<Item = ScriptMinute>) {
        self.script.extend(minutes);
    }

    /// Its identity.
    pub fn id(&self) -> DeviceId {
        self.id
    }

    /// Whether it can be heard.
    pub fn is_on(&self) -> bool {
        !self.off
    }

    /// The device side, for those who ask what it really holds.
    ///
    /// # Panics
    /// Never: a restart puts it back, and a restart that fails ends the simulation.
    pub fn device(&mut self) -> &mut Device<SimFlash> {
        self.device.as_mut().expect("put back at the end of every restart")
    }

    /// Milliseconds of uptime at a simulated time, by the counter's own crystal.
    pub fn uptime_ms(&self, at_us: i64) -> u64 {
        let gone = i128::from(at_us.saturating_sub(self.booted_us).max(0));
        let counted = gone + gone * i128::from(self.drift_ppm) / 1_000_000;
        u64::try_from(counted / 1_000).unwrap_or(u64::MAX)
    }

    /// Lives through everything up to a simulated time. The steps of a script's minute fall in its
    /// middle, the one moment that says nothing about where in the minute they were.
    ///
    /// # Errors
    /// When its flash fails.
    pub fn live_to(&mut self, now_us: i64) -> Result<(), FlashError> {
        while let Some(next) = self.script.front().copied() {
            let begins = next.at * US_PER_MINUTE;
            let middle = begins + US_PER_MINUTE / 2;
            if begins > self.lived_to_us.saturating_add(US_PER_MINUTE) && !self.off {
                self.switch_off()?;
            }
            if middle > now_us {
                break;
            }
            if self.off {
                self.restart(begins, begins - self.lived_to_us)?;
                self.off = false;
            }
            self.mishaps_to(middle)?;
            let uptime = self.uptime_ms(middle);
            self.device().record(uptime, next.steps, next.wear, movement(next.steps))?;
            self.lived_to_us = begins + US_PER_MINUTE;
            self.last_wear = next.wear;
            self.script.pop_front();
        }
        if !self.off {
            self.mishaps_to(now_us)?;
            let uptime = self.uptime_ms(now_us);
            let wear = self.script.front().map_or(self.last_wear, |next| next.wear);
            self.device().record(uptime, 0, wear, 0)?;
        }
        Ok(())
    }

    /// Lives to the end of its script and writes the epoch under way to flash, as firmware does before
    /// it goes to sleep.
    ///
    /// # Errors
    /// When its flash fails.
    pub fn rest(&mut self, now_us: i64) -> Result<(), FlashError> {
        self.live_to(now_us)?;
        let uptime = self.uptime_ms(now_us);
        self.device().flush(uptime)
    }

    fn mishaps_to(&mut self, now_us: i64) -> Result<(), FlashError> {
        while let Some((at, mishap)) = self.mishaps.front().copied().filter(|(at, _)| *at <= now_us) {
            self.mishaps.pop_front();
            match mishap {
                Mishap::Reboot => {
                    let uptime = self.uptime_ms(at);
                    self.device().flush(uptime)?;
                    self.restart(at + RESET_US, RESET_US)?;
                }
                Mishap::ForeignClock { minutes } => self.foreign_clock(at, minutes),
            }
        }
        Ok(())
    }

    fn switch_off(&mut self) -> Result<(), FlashError> {
        let uptime = self.uptime_ms(self.lived_to_us);
        self.device().record(uptime, 0, Wear::Unknown, 0)?;
        self.device().flush(uptime)?;
        self.off = true;
        Ok(())
    }

    fn restart(&mut self, at_us: i64, off_us: i64) -> Result<(), FlashError> {
        let flash = self.device.take().expect("put back below").into_flash();
        let pause = u32::try_from(off_us / 1_000).unwrap_or(u32::MAX);
        self.device = Some(Device::boot(flash, config(self.id), Some(pause))?);
        self.booted_us = at_us;
        Ok(())
    }

    /// Another host connects and sets the clock wrong.
    fn foreign_clock(&mut self, at_us: i64, minutes: i64) {
        let uptime = self.uptime_ms(at_us);
        let utc_us = at_us + minutes * US_PER_MINUTE;
        let device = self.device();
        device.connect(23);
        let mut out = [0; 244];
        for (to, bytes) in foreign_writes(utc_us) {
            if device.write(to, &bytes, uptime).is_err() {
                tracing::debug!("the foreign host was refused");
            }
        }
        while matches!(device.outgoing(uptime, &mut out), Ok(Some(_))) {}
        device.disconnect();
    }
}

fn foreign_writes(utc_us: i64) -> [(Uuid, Vec<u8>); 2] {
    let mut hello = [0; MAX_REQUEST_LEN];
    let len = Request::Hello { host: HostId(*b"stranger") }.emit(&mut hello).unwrap_or(0);
    let set = SetTime { token: 1, utc_us, zone_min: None, accuracy_ms: Some(100) };
    [(uuid::CONTROL, hello.get(..len).unwrap_or(&hello).to_vec()), (uuid::TIME, set.emit().to_vec())]
}

fn config(id: DeviceId) -> DeviceConfig {
    DeviceConfig { id, firmware: "sim 1.0", ..DeviceConfig::default() }
}

/// A logarithmic movement level such as an accelerometer would give beside this many steps.
fn movement(steps: u32) -> u8 {
    u8::try_from(steps.checked_ilog2().map_or(0, |level| level + 1).min(15)).unwrap_or(15)
}
