//! How epochs get to flash and are found there again.

use super::{
    Device, FLUSH_EPOCHS, FLUSH_S, Flash, FlashError,
    kept::{Fact, Life, OPEN},
    meta::Meta,
    pending::Closed,
};
use crate::{
    crc::Crc32,
    steplog::block::{Block, MAX_LEN, Meta as EpochMeta, NO_SEQ, emit_gap},
};

impl<F: Flash> Device<F> {
    /// Takes a whole epoch, and writes those before it when they make a block.
    pub(super) fn push(&mut self, epoch: &Closed) -> Result<(), FlashError> {
        if !self.pending.add(epoch) {
            self.write_pending()?;
            self.pending.add(epoch);
        }
        let unnoted = self.pending.unnoted();
        if unnoted >= FLUSH_EPOCHS || u16::from(unnoted) * u16::from(self.epoch_s()) >= FLUSH_S {
            self.note_pending()?;
        }
        Ok(())
    }

    /// Writes all whole epochs to the ring.
    pub(super) fn write_pending(&mut self) -> Result<(), FlashError> {
        if self.pending.count() == 0 {
            return Ok(());
        }
        self.write_gap()?;
        let mut block = [0; MAX_LEN];
        let len = self.pending.emit(0, &mut block).map_err(|_| FlashError::BadAddress)?;
        self.append(block.get(..len).unwrap_or(&[]), self.pending.first_seq(), self.pending.count())?;
        self.pending.clear();
        Ok(())
    }

    /// Remembers that something happened after a flush that said nothing would.
    pub(super) fn resume(&mut self) -> Result<(), FlashError> {
        if self.kept.life.boot == self.boot && self.kept.life.clean {
            self.kept.life.clean = false;
            self.note(&Fact::Life(self.kept.life))?;
        }
        Ok(())
    }

    /// Writes a fact that `kept` already holds.
    pub(super) fn note(&mut self, fact: &Fact) -> Result<(), FlashError> {
        if self.mounting || self.meta.append(&mut self.flash, fact)? {
            return Ok(());
        }
        // Full: what still counts goes to the other sector, this fact with it.
        let pending = &self.pending;
        self.meta.rewrite(&mut self.flash, &self.kept, &mut |index| {
            let mut block = [0; MAX_LEN];
            if index > 0 || pending.count() == 0 {
                return None;
            }
            let len = pending.emit(0, &mut block).ok()?;
            Some(Fact::Open(block, u8::try_from(len).ok()?))
        })
    }

    /// CRC-32 over the blocks whose first number lies in the range, and one past the last number
    /// of the last of them.
    pub(super) fn checksum(&mut self, from: u32, to: u32) -> Result<(u32, u32), FlashError> {
        let (mut crc, mut end) = (Crc32::new(), from);
        let mut place = self.ring.locate(&mut self.flash, from)?;
        while let Some(slot) = self.ring.next_slot(&mut self.flash, &mut place)? {
            if slot.seq >= to {
                break;
            }
            if slot.seq < from {
                continue;
            }
            let mut block = [0; MAX_LEN];
            let bytes = block.get_mut(..slot.len.into()).ok_or(FlashError::BadAddress)?;
            self.flash.read(slot.address, bytes)?;
            crc = crc.update(bytes);
            end = slot.end();
        }
        Ok((crc.value(), end))
    }

    /// Takes up the epochs that were noted but are in no block yet, and writes them as blocks.
    /// Says which boot was the last.
    pub(super) fn recover(&mut self) -> Result<u16, FlashError> {
        let mut previous = self.kept.boot.max(self.last_block_boot()?);
        let lost = self.kept.lost;
        let mut at = Meta::start();
        while let Some(record) = self.meta.next(&mut self.flash, &mut at)? {
            let Ok(block) = Block::parse(record.payload()) else { continue };
            if record.kind() != OPEN {
                continue;
            }
            let header = *block.header();
            previous = previous.max(header.boot);
            for epoch in block.epochs() {
                let known = if self.pending.count() > 0 { self.pending.end_seq() } else { self.ring.next_seq() };
                if epoch.seq >= known {
                    let meta: EpochMeta = epoch.meta;
                    self.push(&Closed {
                        boot: header.boot,
                        seq: epoch.seq,
                        uptime_s: epoch.uptime_s,
                        seconds: header.epoch_s,
                        steps: epoch.steps,
                        meta: meta.emit(),
                    })?;
                }
            }
        }
        self.write_pending()?;
        // More than the ring knows of: its last block cannot be found, or a gap was not told yet.
        self.ring.skip_to(self.kept.life.next_seq);
        self.mounting = false;
        if self.kept.lost != lost {
            self.note(&Fact::Lost(self.kept.lost.0, self.kept.lost.1))?;
        }
        self.next_seq = self.ring.next_seq();
        Ok(previous)
    }

    fn note_pending(&mut self) -> Result<(), FlashError> {
        self.write_gap()?;
        let mut block = [0; MAX_LEN];
        let from = self.pending.count() - self.pending.unnoted();
        let len = self.pending.emit(from, &mut block).map_err(|_| FlashError::BadAddress)?;
        self.note(&Fact::Open(block, u8::try_from(len).map_err(|_| FlashError::BadAddress)?))?;
        self.pending.note_all();
        self.note_life(false)
    }

    /// Remembers that all is written now.
    pub(super) fn note_life(&mut self, clean: bool) -> Result<(), FlashError> {
        if self.mounting {
            return Ok(());
        }
        self.kept.life = Life { boot: self.boot, uptime_ms: self.uptime_ms, clean, next_seq: self.next_seq };
        self.note(&Fact::Life(self.kept.life))
    }

    /// Tells of the numbers that this boot left out, once something follows them.
    fn write_gap(&mut self) -> Result<(), FlashError> {
        let Some(count) = self.gap else { return Ok(()) };
        let mut block = [0; MAX_LEN];
        let first = self.ring.next_seq();
        let len = emit_gap(self.boot, first, count, 0, &mut block).map_err(|_| FlashError::BadAddress)?;
        let span = u8::try_from(count).map_err(|_| FlashError::BadAddress)?;
        self.append(block.get(..len).unwrap_or(&[]), first, span)?;
        self.gap = None;
        Ok(())
    }

    fn append(&mut self, block: &[u8], seq: u32, span: u8) -> Result<(), FlashError> {
        if !self.ring.has_room(block.len()) {
            self.count_doomed()?;
            self.ring.advance(&mut self.flash)?;
        }
        self.ring.append(&mut self.flash, block, seq, span)
    }

    /// Counts what the ring is about to overwrite and nobody has.
    fn count_doomed(&mut self) -> Result<(), FlashError> {
        let Some((from, to)) = self.ring.doomed() else { return Ok(()) };
        if from == NO_SEQ {
            return Ok(());
        }
        let acked = self.kept.hosts.iter().flatten().map(|entry| entry.acked).max().unwrap_or(0);
        let (count, counted_to) = self.kept.lost;
        let lost = to.saturating_sub(from.max(acked).max(counted_to));
        if lost > 0 {
            self.kept.lost = (count.saturating_add(lost), to);
            self.note(&Fact::Lost(self.kept.lost.0, to))?;
        }
        Ok(())
    }

    fn last_block_boot(&mut self) -> Result<u16, FlashError> {
        let last = self.ring.next_seq().saturating_sub(1);
        let mut place = self.ring.locate(&mut self.flash, last)?;
        let Some(slot) = self.ring.next_slot(&mut self.flash, &mut place)? else { return Ok(0) };
        let mut block = [0; MAX_LEN];
        let bytes = block.get_mut(..slot.len.into()).ok_or(FlashError::BadAddress)?;
        self.flash.read(slot.address, bytes)?;
        Ok(Block::parse(bytes).map_or(0, |block| block.header().boot))
    }
}
