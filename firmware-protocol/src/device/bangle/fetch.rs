//! Blocks as they come: which of them are kept, and whether all of them came.
//!
//! Lines have no checksum. What got lost on the way leaves half a line, or joins the beginning of one line and the end of
//! another to a block that nobody recorded: it then does not follow the block before it. Such a line is believed when the
//! count is right and nothing in its pass was broken or out of order, or when the pass before was the same to the byte. What
//! follows it waits until then, because the host's cursor would pass the hole.

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
/// Blocks that wait for the count, five days. When there are more, they wait no longer: what is missing before them is
/// still asked for in this dialogue.
const MOST_WAITING: usize = 720;

/// Where a block stands among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// All before it are kept.
    Sure,
    /// Behind one that is not kept yet.
    AfterHole,
    /// It does not follow what came before it.
    Doubtful,
}

/// What came last in a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Last {
    /// Nothing yet.
    Nothing,
    /// The block with this number.
    Block(u32),
    /// Something that the air broke.
    Broken,
}

impl BangleDriver {
    pub(super) fn ask_blocks(&mut self, now: HostTime) {
        self.pass += 1;
        (self.last, self.disorder, self.counted) = (Last::Nothing, false, 0);
        self.waiting.clear();
        self.doubtful.clear();
        self.pass_before = core::mem::take(&mut self.lines_of_pass);
        self.first_before = self.first.take();
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

    /// A line that is no whole object: the air's doing, or the watch's own when it comes again and again.
    pub(super) fn take_broken(&mut self, line: &[u8]) {
        self.lines_of_pass = Crc32::new().update(&self.lines_of_pass.to_le_bytes()).update(line).value();
        (self.last, self.disorder) = (Last::Broken, true);
        if self.pass >= PASSES {
            self.put_aside(line, QuarantineReason::Truncated);
        }
    }

    pub(super) fn take_block(&mut self, seq: u32, end_ms: i64, line: &[u8], now: HostTime) {
        let (Some(utc_us), Some(oldest_s)) = (now.utc_us, self.oldest_s(now)) else { return };
        let last = core::mem::replace(&mut self.last, Last::Block(seq));
        self.disorder |= matches!(last, Last::Block(last) if seq < last);
        self.lines_of_pass = Crc32::new().update(&self.lines_of_pass.to_le_bytes()).update(line).value();
        self.first.get_or_insert(checksum(line));
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
                match self.place(last, seq, sum) {
                    Place::Sure => self.keep(block),
                    Place::AfterHole => self.waiting.push(block),
                    Place::Doubtful if self.doubtful.len() < MOST_WAITING => self.doubtful.push(block),
                    Place::Doubtful => {}
                }
                if self.waiting.len() >= MOST_WAITING {
                    self.keep_waiting();
                }
            }
        }
    }

    fn place(&self, last: Last, seq: u32, sum: u32) -> Place {
        match last {
            // On first contact nothing says where the watch's record begins but that it begins so again.
            Last::Nothing if !self.known_any && self.first_before == Some(sum) => Place::Sure,
            Last::Block(last) if seq == last || last.checked_add(1) == Some(seq) => {
                if last < self.stored_to || self.seen.contains_key(&last) { Place::Sure } else { Place::AfterHole }
            }
            Last::Nothing | Last::Block(_) | Last::Broken => Place::Doubtful,
        }
    }

    fn keep_waiting(&mut self) {
        for block in core::mem::take(&mut self.waiting) {
            self.keep(block);
        }
    }

    pub(super) fn keep(&mut self, (seq, sum, line): (u32, u32, Vec<u8>)) {
        if self.seen.insert(seq, sum).is_none() {
            self.delivery.units.push(Unit { kind: UnitKind::BangleRecord, bytes: line });
        }
    }

    pub(super) fn pass_is_over(&mut self, count: u32, now: HostTime) {
        let unproved = !self.waiting.is_empty() || !self.doubtful.is_empty();
        let same = self.pass > 1 && self.lines_of_pass == self.pass_before;
        let whole = self.counted >= count && (same || !unproved || !self.disorder);
        if whole || same {
            let proved = core::mem::take(&mut self.doubtful);
            self.waiting.extend(proved);
            self.keep_waiting();
        }
        if whole {
            self.phase = Phase::Store { then: After::SetClock };
        } else if same || self.pass >= PASSES {
            // What waits comes with the next dialogue.
            self.phase = Phase::Store { then: After::End(Outcome::Interrupted(Fault::LossyLink)) };
        } else {
            self.ask_blocks(now);
        }
    }
}

fn checksum(line: &[u8]) -> u32 {
    Crc32::new().update(line).value()
}
