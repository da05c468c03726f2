//! The counter's side: what a firmware links. No allocation; about 2.5 KiB of RAM, tested.
//!
//! The firmware calls [`Device::record`] whenever steps were counted (or once a minute), hands over
//! what the radio stack received ([`Device::read`], [`Device::write`]) and sends what
//! [`Device::outgoing`] gives. Everything that must outlive a reset is in flash.

mod clock;
mod flash;
mod gatt;
mod kept;
mod log;
mod meta;
mod pending;
mod ring;
mod stream;

pub use flash::{Flash, FlashError};
pub use gatt::AttError;

use crate::reading::{Anchor, BootLink, DeviceId, HostId, Wear};
use gatt::Connection;
use kept::{Fact, Kept};
use meta::Meta;
use pending::Pending;
use ring::Ring;

use super::{block::NO_SEQ, time::BootLinkEntry};

/// Sectors that are used of a larger memory: two for small facts, the rest for blocks.
pub const MAX_SECTORS: u16 = 130;
/// Epoch numbers left out after a reset without warning: as many as can have been lost.
pub const UNCLEAN_GAP: u32 = 60;

/// Longest time between two flushes of whole epochs, seconds.
const FLUSH_S: u16 = 15 * 60;
/// Most epochs between two flushes.
const FLUSH_EPOCHS: u8 = 60;
/// Uptimes end here (136 years), so that no epoch ends beyond 32 bits.
const LAST_UPTIME_S: u32 = u32::MAX - 120;

/// What a counter is.
#[derive(Clone, Copy, Debug)]
pub struct DeviceConfig {
    /// Its identity, never changed; not its radio address.
    pub id: DeviceId,
    /// Firmware version, at most 32 bytes of it are told.
    pub firmware: &'static str,
    /// Epoch length in seconds until a host sets another: 60, 15 or 10. Anything else is taken as 60.
    pub epoch_s: u8,
    /// Resolution of the uptime clock, milliseconds.
    pub clock_resolution_ms: u16,
    /// Error of the uptime clock, parts per million.
    pub clock_ppm: u16,
}

impl Default for DeviceConfig {
    fn default() -> Self {
        Self { id: DeviceId([0; 8]), firmware: "", epoch_s: 60, clock_resolution_ms: 1, clock_ppm: 50 }
    }
}

/// A counter.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Device<F> {
    flash: F,
    config: DeviceConfig,
    meta: Meta,
    ring: Ring,
    kept: Kept,
    pending: Pending,
    boot: u16,
    next_seq: u32,
    /// Numbers that carry nothing and are not told yet: they end at the first epoch of this boot.
    gap: Option<u32>,
    /// The next epoch comes after a gap.
    after_gap: bool,
    /// No more boot numbers.
    boots_exhausted: bool,
    /// Facts are taken up from flash, not written to it.
    mounting: bool,
    uptime_ms: u64,
    epoch: OpenEpoch,
    /// UTC at uptime zero, milliseconds.
    utc_at_boot_ms: Option<i64>,
    steps_since_boot: u32,
    last_cadence: u8,
    battery: Option<u8>,
    charging: bool,
    connection: Option<Connection>,
}

/// The epoch under way.
#[derive(Clone, Copy, Debug)]
struct OpenEpoch {
    start_s: u32,
    end_s: u32,
    steps: u32,
    wear: Wear,
    movement: u8,
}

impl<F: Flash> Device<F> {
    /// Starts the counter; its uptime is now 0. Formats memory that was never used, and repairs
    /// what a power failure left half done.
    ///
    /// `off_ms` is the time since [`Device::last_flush_ms`] of the boot before, when a clock went
    /// on running over the reset; `None` when nobody knows, as after a battery change.
    pub fn boot(mut flash: F, config: DeviceConfig, off_ms: Option<u32>) -> Result<Self, FlashError> {
        // A sector has to hold all small facts at once, about 1.4 kB.
        let sane = (2048..=0x1_0000).contains(&flash.sector_len()) && flash.sector_len().is_multiple_of(4);
        if !sane || flash.sectors() < ring::META_SECTORS + 2 {
            return Err(FlashError::BadGeometry);
        }
        let (meta, kept) = Meta::mount(&mut flash)?;
        let ring = Ring::mount(&mut flash)?;
        let mut device = Self {
            flash,
            config,
            meta,
            next_seq: ring.next_seq(),
            ring,
            kept,
            pending: Pending::new(),
            boot: 0,
            gap: None,
            after_gap: false,
            boots_exhausted: false,
            mounting: true,
            uptime_ms: 0,
            epoch: OpenEpoch { start_s: 0, end_s: 60, steps: 0, wear: Wear::Unknown, movement: 0 },
            utc_at_boot_ms: None,
            steps_since_boot: 0,
            last_cadence: 0,
            battery: None,
            charging: false,
            connection: None,
        };
        let previous = device.recover()?;
        device.begin(previous, off_ms)?;
        Ok(device)
    }

    /// `steps` were taken since the last call, the last of them at this uptime; they are counted in
    /// the epoch that holds this moment. Epochs that ended before it are closed on the way, with
    /// zero steps and the wear state of the last call. `movement` is a level from 0 to 15.
    ///
    /// The steps are counted also when this fails; epochs that could then not be written are told
    /// to the host as a gap, and the next call tries again.
    pub fn record(&mut self, uptime_ms: u64, steps: u32, wear: Wear, movement: u8) -> Result<(), FlashError> {
        let written = self.advance_to(uptime_ms).and_then(|()| self.resume());
        self.epoch.steps = self.epoch.steps.saturating_add(steps);
        self.epoch.wear = wear;
        self.epoch.movement = self.epoch.movement.max(movement.min(15));
        self.steps_since_boot = self.steps_since_boot.saturating_add(steps);
        written
    }

    /// Nothing was counted up to this moment: closes the epochs that ended, as [`Device::record`] does.
    pub fn pass(&mut self, uptime_ms: u64) -> Result<(), FlashError> {
        self.record(uptime_ms, 0, self.epoch.wear, 0)
    }

    /// Closes the epoch under way early and writes everything: on a brown-out warning or before a
    /// planned reset. A reset right after it loses nothing and leaves no gap.
    pub fn flush(&mut self, uptime_ms: u64) -> Result<(), FlashError> {
        self.advance_to(uptime_ms)?;
        self.cut_epoch(Cut::KeepNoSteps)?;
        self.write_pending()?;
        self.note_life(true)
    }

    /// Ends the counter; what was not flushed is lost, as in a power failure.
    pub fn into_flash(self) -> F {
        self.flash
    }

    /// What the charge meter says, for the State characteristic.
    pub fn set_power(&mut self, battery_percent: Option<u8>, charging: bool) {
        self.battery = battery_percent.map(|percent| percent.min(100));
        self.charging = charging;
    }

    /// Uptime in milliseconds at which everything was last written to flash: firmware that keeps a
    /// clock running over a reset remembers that clock's value at this moment, for [`Device::boot`].
    pub fn last_flush_ms(&self) -> u64 {
        let life = self.kept.life;
        if life.boot == self.boot { life.uptime_ms } else { 0 }
    }

    /// Everything below is kept by this host, as it said; `None` when the host is not known.
    pub fn acked(&self, host: HostId) -> Option<u32> {
        self.kept.hosts.iter().flatten().find(|entry| entry.host == host).map(|entry| entry.acked)
    }

    /// Everything below is kept by some host.
    pub fn acked_by_any(&self) -> u32 {
        self.kept.hosts.iter().flatten().map(|entry| entry.acked).max().unwrap_or(0)
    }

    /// The number that the next epoch will get.
    pub const fn next_seq(&self) -> u32 {
        self.next_seq
    }

    /// The lowest number that can still be read.
    pub fn oldest_seq(&self) -> u32 {
        self.ring.oldest()
    }

    /// Epochs overwritten before any host had acknowledged them, and epochs for which there were no numbers left.
    pub const fn lost(&self) -> u32 {
        self.kept.lost.0
    }

    /// Number of this boot, from 1.
    pub const fn boot_id(&self) -> u16 {
        self.boot
    }

    /// Whether UTC is known in this boot.
    pub const fn clock_is_set(&self) -> bool {
        self.utc_at_boot_ms.is_some()
    }

    /// The goal to show, steps a day.
    pub const fn goal_steps(&self) -> Option<u32> {
        self.kept.goal
    }

    /// Clock settings that are remembered, oldest first.
    pub fn anchors(&self) -> &[Anchor] {
        self.kept.anchors.items()
    }

    /// Boot links that are remembered, oldest first.
    pub fn boot_links(&self) -> impl Iterator<Item = BootLink> + '_ {
        self.kept.links.items().iter().map(|entry| entry.link)
    }

    /// Epoch or boot numbers have run out: nothing is recorded any more.
    pub const fn is_exhausted(&self) -> bool {
        self.boots_exhausted || self.next_seq == NO_SEQ
    }

    /// Starts this boot, after the one that ended.
    fn begin(&mut self, previous: u16, off_ms: Option<u32>) -> Result<(), FlashError> {
        self.mounting = false;
        let life = self.kept.life;
        let told = life.boot == previous;
        if previous > 0 && !(told && life.clean) {
            let next = self.next_seq.saturating_add(UNCLEAN_GAP);
            self.gap = (next > self.next_seq).then_some(next - self.next_seq);
            self.next_seq = next;
        }
        self.boots_exhausted = previous == u16::MAX;
        self.boot = previous.saturating_add(1);
        let link =
            off_ms.filter(|_| previous > 0 && previous == self.kept.boot && !self.boots_exhausted).map(|off_ms| {
                BootLinkEntry {
                    link: BootLink {
                        boot: self.boot,
                        previous,
                        previous_uptime_ms: if told { life.uptime_ms } else { 0 },
                        off_ms,
                    },
                    seq: self.next_seq,
                }
            });
        self.kept.boot = self.boot;
        self.note(&Fact::Boot(self.boot))?;
        if let Some(link) = link {
            self.kept.links.push(link);
            self.note(&Fact::Link(link))?;
            self.utc_at_boot_ms = clock::utc_at_boot(&self.kept, self.boot);
        }
        self.epoch.end_s = self.epoch_end(0);
        Ok(())
    }
}

/// What becomes of steps when an epoch is cut before its first whole second.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// They belong to the epoch that begins.
    KeepSteps,
    /// They get an epoch of one second: there may be no epoch after it.
    KeepNoSteps,
}
