//! Bringing in blocks: READ, frames, records; again from the first incomplete block when frames
//! get lost; once more when a block cannot be read.

use alloc::vec::Vec;

use super::{
    MAX_BLOCKS, StepLogDriver,
    exchange::Exchange,
    reassembly::{Progress, Reassembly},
};
use crate::{
    cursor::{Field, FormatError, ReadCursor},
    driver::{Fault, HostTime, Quarantined, Step, UnitKind},
    steplog::{
        block::Block,
        control::Request,
        frame::{Frame, Record},
        uuid,
    },
};

/// Transfers that may bring nothing, one after the other.
const MAX_LOSSES: u8 = 8;
/// How long a missing frame may come after the last one, milliseconds.
const REORDER_MS: u64 = 500;
/// Times a block that cannot be read is read again, when it is different each time.
const MAX_SUSPICIONS: u8 = 3;

/// A transfer under way.
#[derive(Debug)]
pub struct Incoming {
    frames: Reassembly,
    until_ms: u64,
    /// The counter gave it up, or it came whole.
    end: Option<End>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Whole,
    Aborted,
}

/// A block that could not be read.
#[derive(Debug)]
pub struct Suspect {
    seq: u32,
    bytes: Vec<u8>,
    times: u8,
}

/// What may be believed of a stream.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stream {
    /// All of it: its checksum is right.
    Whole,
    /// Blocks whose own checksum is right.
    Prefix,
}

/// Why the records of a stream are not looked at any further.
enum Stop {
    /// The counter says something impossible.
    BadAnswer,
    /// The rest has to be read again.
    ReadAgain,
}

impl StepLogDriver {
    /// The next step of a transfer; `None` when something changed without one.
    pub(super) fn go_on_reading(&mut self, now: HostTime) -> Option<Step> {
        let Some(incoming) = &self.incoming else {
            self.ask();
            return None;
        };
        match incoming.end {
            Some(End::Whole) => {
                self.whole();
                return None;
            }
            Some(End::Aborted) => {
                self.lost_frames();
                return None;
            }
            None => {}
        }
        let left = incoming.until_ms.saturating_sub(now.mono_ms);
        if let Some(waiting) = self.waiting.pop_front() {
            if waiting.from == uuid::DATA {
                self.take_frame(&waiting.bytes, now);
            }
            return None;
        }
        if left == 0 {
            self.lost_frames();
            return None;
        }
        Some(Step::Await { at_most_ms: u32::try_from(left).unwrap_or(u32::MAX) })
    }

    /// The counter sends blocks up to this number.
    pub(super) fn read_granted(&mut self, readable: u32, now: HostTime) {
        self.readable = readable;
        if self.cursor >= readable {
            self.incoming = None;
            self.after_transfer();
        } else if let Some(incoming) = &mut self.incoming {
            incoming.until_ms = now.mono_ms.saturating_add(self.settings.first_frame_ms.into());
        }
    }

    /// A frame, of this transfer or of one before.
    pub(super) fn take_frame(&mut self, bytes: &[u8], now: HostTime) {
        let Some(incoming) = &mut self.incoming else { return };
        let Ok(frame) = Frame::parse(bytes) else { return };
        if frame.transfer != self.transfer || incoming.end.is_some() {
            return;
        }
        if frame.aborted {
            incoming.end = Some(End::Aborted);
            return;
        }
        match incoming.frames.take(&frame) {
            Progress::Nothing => {}
            Progress::All => incoming.end = Some(End::Whole),
            Progress::More if incoming.frames.has_holes() => incoming.until_ms = now.mono_ms.saturating_add(REORDER_MS),
            Progress::More => incoming.until_ms = now.mono_ms.saturating_add(self.settings.answer_ms.into()),
        }
    }

    /// No more frames will come, and some are missing.
    pub(super) fn lost_frames(&mut self) {
        let Some(incoming) = self.incoming.take() else { return };
        let before = self.cursor;
        if incoming.end.is_none() {
            // Stops by itself at the first block that is not whole.
            let _: Result<(), Stop> = self.take_records(&incoming.frames.prefix(), Stream::Prefix);
        }
        self.losses = if self.cursor > before { 0 } else { self.losses + 1 };
        if self.losses > MAX_LOSSES {
            self.fail(Fault::LossyLink);
        } else {
            self.exchange = Some(Exchange::control(&Request::Abort { transfer: self.transfer }));
        }
    }

    fn ask(&mut self) {
        self.transfer = self.transfer.wrapping_add(1);
        let settings = &self.settings;
        self.incoming =
            Some(Incoming { frames: Reassembly::new(settings.max_frames_per_read), until_ms: u64::MAX, end: None });
        self.exchange = Some(Exchange::control(&Request::Read {
            from: self.cursor,
            max_epochs: settings.max_epochs_per_read,
            max_frames: settings.max_frames_per_read,
            transfer: self.transfer,
        }));
    }

    fn whole(&mut self) {
        let Some(incoming) = self.incoming.take() else { return };
        let before = self.cursor;
        let outcome = match incoming.frames.stream() {
            Some(records) => self.take_records(&records, Stream::Whole),
            None => Err(Stop::ReadAgain),
        };
        let suspicion = self.suspect.is_some();
        match outcome {
            Err(Stop::BadAnswer) => return self.fail(Fault::BadAnswer),
            // The whole stream came; nothing of it was lost.
            Err(Stop::ReadAgain) if suspicion => {}
            Ok(()) if self.cursor > before => self.losses = 0,
            Ok(()) | Err(Stop::ReadAgain) => self.losses += 1,
        }
        if self.losses > MAX_LOSSES {
            return self.fail(Fault::LossyLink);
        }
        self.after_transfer();
    }

    fn take_records(&mut self, stream: &[u8], believe: Stream) -> Result<(), Stop> {
        let mut cursor = ReadCursor::new(stream);
        loop {
            let Ok(record) = Record::parse(&mut cursor) else {
                return Err(if believe == Stream::Whole { Stop::BadAnswer } else { Stop::ReadAgain });
            };
            match record {
                Record::End { next } => {
                    if believe == Stream::Prefix {
                        return Err(Stop::ReadAgain);
                    }
                    if (next < self.cursor && !self.skips_stored()) || !cursor.rest().is_empty() {
                        return Err(Stop::BadAnswer);
                    }
                    self.hole_up_to(next);
                    return Ok(());
                }
                Record::Block { seq, bytes } => {
                    self.blocks += 1;
                    if self.blocks > MAX_BLOCKS {
                        return Err(Stop::BadAnswer);
                    }
                    match parse_numbered(seq, bytes) {
                        Ok(block) => self.take_block(seq, bytes, block.end_seq(), believe)?,
                        Err(_) if believe == Stream::Prefix => return Err(Stop::ReadAgain),
                        Err(error) => {
                            let mut ahead = cursor;
                            let next = match Record::parse(&mut ahead) {
                                Ok(Record::Block { seq, .. }) => seq,
                                Ok(Record::End { next }) => next,
                                Err(_) => return Err(Stop::BadAnswer),
                            };
                            self.take_unreadable(seq, next, bytes, error)?;
                        }
                    }
                }
            }
        }
    }

    fn take_block(&mut self, seq: u32, bytes: &[u8], end: u32, believe: Stream) -> Result<(), Stop> {
        if end <= self.cursor {
            // Blocks that were skipped on purpose: stored already, after one that is held.
            return if self.skips_stored() { Ok(()) } else { Err(Stop::BadAnswer) };
        }
        if seq > self.cursor {
            if believe == Stream::Prefix {
                return Err(Stop::ReadAgain);
            }
            self.hole_up_to(seq);
        }
        self.batch.unit(UnitKind::StepLogBlock, bytes);
        self.batch.block(seq, end - seq, bytes);
        self.cursor = end;
        if self.held == Some(seq) {
            // It can be read after all.
            self.held = None;
        }
        self.suspect = None;
        Ok(())
    }

    fn take_unreadable(&mut self, seq: u32, next: u32, bytes: &[u8], error: FormatError) -> Result<(), Stop> {
        if next <= seq {
            return Err(Stop::BadAnswer);
        }
        if next <= self.cursor {
            return if self.skips_stored() { Ok(()) } else { Err(Stop::BadAnswer) };
        }
        self.hole_up_to(seq);
        let known = self.known.filter(|known| known.held_at == Some(seq) && self.held == Some(seq));
        if let Some(known) = known {
            // Put aside in an earlier dialogue; what came after it then is stored.
            self.cursor = next.max(known.stored_to);
            return Ok(());
        }
        let seen = self.suspect.take().filter(|suspect| suspect.seq == seq);
        let times = seen.as_ref().map_or(1, |suspect| suspect.times + 1);
        if times < MAX_SUSPICIONS && seen.is_none_or(|suspect| suspect.bytes != bytes) {
            self.suspect = Some(Suspect { seq, bytes: bytes.to_vec(), times });
            return Err(Stop::ReadAgain);
        }
        self.quarantine(Quarantined { bytes: bytes.to_vec(), seq: Some(seq), reason: error.into() });
        self.batch.block(seq, next - seq, bytes);
        self.cursor = next;
        Ok(())
    }

    /// Whether the cursor jumped over blocks that an earlier dialogue stored.
    fn skips_stored(&self) -> bool {
        self.known
            .is_some_and(|known| self.held.is_some() && self.held == known.held_at && self.cursor == known.stored_to)
    }

    /// Numbers that the counter skipped without saying why.
    fn hole_up_to(&mut self, seq: u32) {
        if seq > self.cursor {
            self.gap(0, self.cursor, seq);
            self.cursor = seq;
        }
    }
}

/// A block that is good and has the number that the counter's directory gives it.
fn parse_numbered(seq: u32, bytes: &[u8]) -> Result<Block<'_>, FormatError> {
    let block = Block::parse(bytes)?;
    if block.header().first_seq == seq { Ok(block) } else { Err(FormatError::BadField { field: Field::Seq, got: seq }) }
}
