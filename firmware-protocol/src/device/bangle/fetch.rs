//! Blocks as they come: which of them are kept, and whether all of them came.

use alloc::vec::Vec;

use super::{
    command::Command,
    dialogue::{After, BangleDriver, Phase, SILENCE_MS},
    message::BLOCK_S,
};
use crate::{
    crc::Crc32,
    driver::{Fault, HostTime, Outcome, QuarantineReason, Quarantined, Unit, UnitKind},
};

/// Fetches of the same blocks before the link is called lossy.
pub(super) const PASSES: u8 = 3;
/// On first contact older blocks than this are not asked for, seconds.
const OLDEST_S: i64 = 400 * DAY_S;
/// The watch picks files by UTC date and stores by local date: one day more is asked for.
const DAY_S: i64 = 86_400;
/// Later than this after now a stamp is wrong, not early, seconds.
const AHEAD_S: i64 = 300;
/// Blocks of one pass that wait for the count, seventy days; more come with the next pass.
const MOST_WAITING: usize = 10_000;

impl BangleDriver {
    pub(super) fn ask_blocks(&mut self, now: HostTime) {
        self.pass += 1;
        (self.damaged, self.left_out, self.counted) = (false, false, 0);
        self.waiting.clear();
        let oldest_s = self.oldest_s(now).unwrap_or(0);
        self.say(&Command::Fetch { since_ms: oldest_s.max(0) * 1000 }.emit());
        self.phase = Phase::Fetch { until_ms: now.mono_ms.saturating_add(SILENCE_MS) };
    }

    /// Blocks from here on are asked for.
    pub(super) fn oldest_s(&self, now: HostTime) -> Option<i64> {
        let now_s = now.utc_us?.div_euclid(1_000_000);
        Some(if self.known_any { i64::from(self.stored_to) * BLOCK_S - DAY_S } else { now_s - OLDEST_S + DAY_S })
    }

    /// A line that cannot be kept as a block.
    pub(super) fn put_aside(&mut self, line: &[u8], reason: QuarantineReason) {
        if self.refused.insert(checksum(line)) {
            self.put_aside += 1;
            self.delivery.quarantined.push(Quarantined { bytes: line.to_vec(), seq: None, reason });
        }
    }

    pub(super) fn take_block(&mut self, seq: u32, end_ms: i64, line: &[u8], now: HostTime) {
        let (Some(utc_us), Some(oldest_s)) = (now.utc_us, self.oldest_s(now)) else { return };
        let host_s = utc_us.div_euclid(1_000_000);
        let ended_s = end_ms.div_euclid(1000);
        if ended_s > host_s + AHEAD_S || ended_s < oldest_s - DAY_S {
            return self.put_aside(line, QuarantineReason::WrongTime);
        }
        let is_moved = self.known_any && self.moved.is_some_and(|(set, to)| end_ms > set && end_ms <= to);
        // Stored already; not over yet; or an older block again, which a change of zone gave a later stamp.
        if seq < self.stored_to || ended_s > host_s || is_moved {
            return;
        }
        let sum = checksum(line);
        match self.seen.get(&seq) {
            Some(before) if *before == sum => {}
            Some(_) => self.put_aside(line, QuarantineReason::Conflict),
            None => {
                let block = (seq, sum, line.to_vec());
                if !self.damaged || self.pass >= PASSES {
                    self.keep(block);
                } else if self.waiting.len() < MOST_WAITING {
                    self.waiting.push(block);
                } else {
                    self.left_out = true;
                }
            }
        }
    }

    pub(super) fn keep(&mut self, (seq, sum, line): (u32, u32, Vec<u8>)) {
        if self.seen.insert(seq, sum).is_none() {
            self.delivery.units.push(Unit { kind: UnitKind::BangleRecord, bytes: line });
        }
    }

    pub(super) fn pass_is_over(&mut self, count: u32, now: HostTime) {
        self.damaged |= core::mem::take(&mut self.lines.dropped);
        let whole = self.counted >= count && !self.left_out;
        if whole || self.pass >= PASSES {
            for block in core::mem::take(&mut self.waiting) {
                self.keep(block);
            }
            let then = if whole { After::SetClock } else { After::End(Outcome::Interrupted(Fault::LossyLink)) };
            self.phase = Phase::Store { then };
        } else {
            self.ask_blocks(now);
        }
    }
}

fn checksum(line: &[u8]) -> u32 {
    Crc32::new().update(line).value()
}
