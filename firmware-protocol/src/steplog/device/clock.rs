//! Epochs and the clock: when an epoch ends, and what UTC is. Epochs begin at whole seconds of
//! uptime, and once the clock is set, at whole minutes of UTC as nearly as that allows.

use super::{
    Cut, Device, Flash, FlashError, LAST_UPTIME_S, OpenEpoch,
    kept::{Fact, Kept},
    pending::Closed,
};
use crate::{
    reading::{Anchor, Wear},
    steplog::{
        block::{Meta, SATURATED},
        time::{KEPT, SetTime, SetTimeReply},
    },
};

/// Two settings by the same host within this time are attempts at one, milliseconds.
const SAME_SETTING_MS: u64 = 60_000;
/// An epoch this close to the minute stays where it is, milliseconds.
const ALIGNED_MS: i64 = 1_000;

/// UTC at uptime zero of a boot, milliseconds: by its last anchor, or over boot links by that of a boot before.
pub fn utc_at_boot(kept: &Kept, boot: u16) -> Option<i64> {
    let (mut boot, mut uptime_ms, mut since_ms) = (boot, 0, 0_i64);
    for _ in 0..=KEPT {
        if let Some(anchor) = kept.anchors.items().iter().rev().find(|anchor| anchor.boot == boot) {
            let ahead = signed(uptime_ms).saturating_sub(signed(anchor.uptime_ms));
            return Some(anchor.utc_ms.saturating_add(ahead).saturating_add(since_ms));
        }
        let link = kept.links.items().iter().rev().find(|entry| entry.link.boot == boot)?.link;
        since_ms = since_ms.saturating_add(signed(uptime_ms)).saturating_add(link.off_ms.into());
        (boot, uptime_ms) = (link.previous, link.previous_uptime_ms);
    }
    None
}

impl<F: Flash> Device<F> {
    /// Closes the epochs that ended by now.
    pub(super) fn advance_to(&mut self, uptime_ms: u64) -> Result<(), FlashError> {
        self.uptime_ms = self.uptime_ms.max(uptime_ms).min(u64::from(LAST_UPTIME_S) * 1000);
        let now_s = self.uptime_s();
        let mut outcome = Ok(());
        while self.epoch.end_s <= now_s {
            // Time goes on while the memory fails.
            outcome = outcome.and(self.close_epoch(self.epoch.end_s));
        }
        outcome
    }

    /// Ends the epoch under way now, if it has begun.
    pub(super) fn cut_epoch(&mut self, cut: Cut) -> Result<(), FlashError> {
        let mut end_s = self.uptime_s();
        if end_s == self.epoch.start_s && self.epoch.steps > 0 && cut == Cut::KeepNoSteps {
            end_s += 1;
        }
        if end_s > self.epoch.start_s {
            self.close_epoch(end_s)?;
        }
        self.epoch.end_s = self.epoch_end(self.epoch.start_s);
        Ok(())
    }

    /// Sets the clock; the answer to the host.
    pub(super) fn set_time(&mut self, set: &SetTime, host: crate::reading::HostId) -> Result<SetTimeReply, FlashError> {
        let utc_ms = set.utc_us.div_euclid(1000);
        let at_boot_ms = utc_ms.saturating_sub(signed(self.uptime_ms));
        let step_ms = self.utc_at_boot_ms.map(|before| {
            let step = at_boot_ms.saturating_sub(before).clamp(-i64::from(i32::MAX), i32::MAX.into());
            i32::try_from(step).unwrap_or(i32::MAX)
        });
        let accuracy_ms = set.accuracy_ms.unwrap_or(u16::MAX).into();
        let anchor = Anchor { boot: self.boot, uptime_ms: self.uptime_ms, utc_ms, accuracy_ms, host };
        let again = self.kept.anchors.items().last().is_some_and(|last| {
            last.host == host
                && last.boot == self.boot
                && self.uptime_ms.saturating_sub(last.uptime_ms) < SAME_SETTING_MS
        });
        if again {
            self.kept.anchors.replace_last(anchor);
            self.note(&Fact::BetterAnchor(anchor))?;
        } else {
            self.kept.anchors.push(anchor);
            self.note(&Fact::Anchor(anchor))?;
        }
        self.utc_at_boot_ms = Some(at_boot_ms);
        if !self.is_aligned() {
            self.cut_epoch(Cut::KeepSteps)?;
        }
        Ok(SetTimeReply { token: set.token, boot: self.boot, uptime_ms: self.uptime_ms, step_ms })
    }

    /// Uptime at which an epoch that begins at this uptime ends: the next whole minute of UTC (or
    /// whole epoch length after it) when the clock is set, otherwise a whole epoch later. Seconds.
    pub(super) fn epoch_end(&self, start_s: u32) -> u32 {
        let length = u32::from(self.epoch_s());
        let whole = start_s.saturating_add(length);
        let Some(at_boot_ms) = self.utc_at_boot_ms else { return whole };
        let length_ms = i64::from(length) * 1000;
        let into_ms = at_boot_ms.saturating_add(i64::from(start_s) * 1000).rem_euclid(length_ms);
        // To the nearest second, which may leave nothing or a whole epoch.
        let left = u32::try_from((length_ms - into_ms + 500) / 1000).unwrap_or(length);
        if left == 0 || left > length { whole } else { start_s.saturating_add(left) }
    }

    pub(super) fn epoch_s(&self) -> u8 {
        match self.kept.epoch_s.unwrap_or(self.config.epoch_s) {
            seconds @ (15 | 10) => seconds,
            _ => 60,
        }
    }

    pub(super) fn uptime_s(&self) -> u32 {
        u32::try_from(self.uptime_ms / 1000).unwrap_or(LAST_UPTIME_S)
    }

    fn is_aligned(&self) -> bool {
        let Some(at_boot_ms) = self.utc_at_boot_ms else { return true };
        let epoch_ms = i64::from(self.epoch_s()) * 1000;
        let end_ms = i64::from(self.epoch.end_s) * 1000;
        let off = at_boot_ms.saturating_add(end_ms).rem_euclid(epoch_ms);
        off <= ALIGNED_MS || epoch_ms - off <= ALIGNED_MS
    }

    /// Numbers the epoch under way and puts it with the others; the next one begins at `end_s`.
    fn close_epoch(&mut self, end_s: u32) -> Result<(), FlashError> {
        let open = self.epoch;
        let seconds = u8::try_from(end_s.saturating_sub(open.start_s)).unwrap_or(u8::MAX);
        let next_s = end_s.saturating_add(self.epoch_s().into());
        self.epoch = OpenEpoch { start_s: end_s, end_s: next_s, steps: 0, movement: 0, ..open };
        self.last_cadence = u8::try_from(open.steps.saturating_mul(60) / u32::from(seconds.max(1))).unwrap_or(u8::MAX);
        if self.is_exhausted() {
            self.kept.lost.0 = self.kept.lost.0.saturating_add(1);
            return Ok(());
        }
        self.resume()?;
        let meta = Meta {
            wear: open.wear,
            gap_before: self.after_gap || self.gap.is_some(),
            clock_unset: !self.clock_is_set(),
            movement: open.movement,
        };
        let steps = u8::try_from(open.steps).unwrap_or(SATURATED);
        let epoch =
            Closed { boot: self.boot, seq: self.next_seq, uptime_s: open.start_s, seconds, steps, meta: meta.emit() };
        self.after_gap = false;
        // Stays below `NO_SEQ`, which is what exhausted means.
        self.next_seq = self.next_seq.saturating_add(1);
        self.push(&epoch)
    }

    pub(super) fn wear(&self) -> Wear {
        self.epoch.wear
    }
}

fn signed(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}
