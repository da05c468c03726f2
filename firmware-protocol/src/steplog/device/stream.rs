//! A transfer as the counter sends it: records straight from flash into frames, nothing gathered.

use super::{Device, Flash, FlashError, ring::Place};
use crate::{
    Uuid,
    crc::Crc32,
    cursor::WriteCursor,
    steplog::{
        frame::{Frame, RECORD_HEADER_LEN, TRAILER_LEN, payload_len},
        uuid,
    },
};

/// A transfer under way.
#[derive(Clone, Copy, Debug)]
pub struct Transfer {
    pub id: u8,
    number: u16,
    place: Place,
    next: u32,
    epochs_left: u32,
    /// Stream bytes that may still be begun.
    room: usize,
    nothing_sent: bool,
    ended: bool,
    crc: Crc32,
    /// Record header or trailer, and how much of it is sent.
    head: [u8; TRAILER_LEN],
    head_len: usize,
    head_at: usize,
    /// The block after it.
    block_at: u32,
    block_end: u32,
}

impl<F: Flash> Device<F> {
    /// The next frame of the transfer under way.
    pub(super) fn send_frame(&mut self, out: &mut [u8]) -> Result<Option<(Uuid, usize)>, FlashError> {
        let Some(connection) = &mut self.connection else { return Ok(None) };
        let (mtu, Some(mut transfer)) = (connection.mtu, connection.transfer.take()) else { return Ok(None) };
        let mut payload = [0; 240];
        let payload = payload.get_mut(..payload_len(mtu)).unwrap_or(&mut []);
        let gone = !transfer.ended && !self.ring.holds(transfer.place);
        let filled = if gone { 0 } else { self.fill(&mut transfer, payload)? };
        let last = transfer.ended && transfer.head_at == transfer.head_len;
        let frame = Frame {
            transfer: transfer.id,
            number: transfer.number,
            last: last && !gone,
            aborted: gone,
            payload: payload.get(..filled).unwrap_or(&[]),
        };
        let length = frame.emit(out).map_err(|_| FlashError::BadAddress)?;
        transfer.number = transfer.number.wrapping_add(1);
        if let Some(connection) = &mut self.connection
            && !last
            && !gone
        {
            connection.transfer = Some(transfer);
        }
        Ok(Some((uuid::DATA, length)))
    }

    /// Fills a frame's payload with what comes next in the stream; says how much.
    fn fill(&mut self, transfer: &mut Transfer, payload: &mut [u8]) -> Result<usize, FlashError> {
        let mut at = 0;
        while at < payload.len() {
            let rest = payload.get_mut(at..).unwrap_or(&mut []);
            if transfer.head_at < transfer.head_len {
                let head = transfer.head.get(transfer.head_at..transfer.head_len).unwrap_or(&[]);
                let n = head.len().min(rest.len());
                if let (Some(into), Some(from)) = (rest.get_mut(..n), head.get(..n)) {
                    into.copy_from_slice(from);
                    transfer.crc = transfer.crc.update(from);
                }
                transfer.head_at += n;
                at += n;
            } else if transfer.block_at < transfer.block_end {
                let left = usize::try_from(transfer.block_end - transfer.block_at).unwrap_or(0);
                let n = left.min(rest.len());
                let into = rest.get_mut(..n).unwrap_or(&mut []);
                self.flash.read(transfer.block_at, into)?;
                transfer.crc = transfer.crc.update(into);
                transfer.block_at += u32::try_from(n).unwrap_or(0);
                at += n;
            } else if transfer.ended {
                break;
            } else {
                self.next_record(transfer)?;
            }
        }
        Ok(at)
    }

    fn next_record(&mut self, transfer: &mut Transfer) -> Result<(), FlashError> {
        let found = self.ring.next_slot(&mut self.flash, &mut transfer.place)?;
        if found.is_none() {
            // Numbers at the end whose blocks cannot be found: said, so that nobody asks for ever.
            transfer.next = transfer.next.max(self.ring.next_seq());
        }
        let slot = found.filter(|slot| {
            let fits =
                usize::from(slot.len) + RECORD_HEADER_LEN + TRAILER_LEN <= transfer.room && transfer.epochs_left > 0;
            transfer.nothing_sent || fits
        });
        let mut cursor = WriteCursor::new(&mut transfer.head);
        transfer.head_at = 0;
        if let Some(slot) = slot {
            cursor.u16(slot.len.into()).u32(slot.seq);
            transfer.head_len = RECORD_HEADER_LEN;
            (transfer.block_at, transfer.block_end) = (slot.address, slot.address + u32::from(slot.len));
            transfer.next = slot.end();
            transfer.nothing_sent = false;
            transfer.room = transfer.room.saturating_sub(usize::from(slot.len) + RECORD_HEADER_LEN);
            transfer.epochs_left = transfer.epochs_left.saturating_sub(slot.span.into());
        } else {
            let mut end = [0; RECORD_HEADER_LEN];
            WriteCursor::new(&mut end).u16(0).u32(transfer.next);
            cursor.bytes(&end).u32(transfer.crc.update(&end).value());
            transfer.head_len = TRAILER_LEN;
            transfer.ended = true;
        }
        Ok(())
    }
}

impl Transfer {
    /// From this place, which holds the number `from`; `room` bytes of stream.
    pub const fn new(id: u8, place: Place, from: u32, epochs_left: u32, room: usize) -> Self {
        Self {
            id,
            number: 0,
            place,
            next: from,
            epochs_left,
            room,
            nothing_sent: true,
            ended: false,
            crc: Crc32::new(),
            head: [0; TRAILER_LEN],
            head_len: 0,
            head_at: 0,
            block_at: 0,
            block_end: 0,
        }
    }
}
