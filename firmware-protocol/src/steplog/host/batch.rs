//! What was read and is not stored yet, and what was stored and is not acknowledged yet.

use alloc::vec::Vec;

use crate::{
    crc::Crc32,
    driver::{Delivery, Quarantined, Unit, UnitKind},
};

/// See the module.
#[derive(Debug, Default)]
pub struct Batch {
    delivery: Delivery,
    epochs: u32,
    bytes: usize,
    /// Blocks as the counter stores them, with their first number; until they are acknowledged.
    blocks: Vec<(u32, Vec<u8>)>,
}

impl Batch {
    /// A unit that is not one of the counter's blocks.
    pub fn unit(&mut self, kind: UnitKind, bytes: &[u8]) {
        self.delivery.units.push(Unit { kind, bytes: bytes.to_vec() });
    }

    /// A block of the counter, good or not, as it will be part of an ACK's checksum.
    pub fn block(&mut self, seq: u32, span: u32, bytes: &[u8]) {
        self.epochs = self.epochs.saturating_add(span);
        self.bytes = self.bytes.saturating_add(bytes.len());
        self.blocks.push((seq, bytes.to_vec()));
    }

    /// Bytes that could not be read.
    pub fn quarantine(&mut self, quarantined: Quarantined) {
        self.delivery.quarantined.push(quarantined);
    }

    /// Nothing to store.
    pub fn is_empty(&self) -> bool {
        self.delivery.units.is_empty() && self.delivery.quarantined.is_empty()
    }

    /// Nothing to acknowledge.
    pub fn has_no_blocks(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Enough gathered to store it.
    pub fn is_full(&self, epochs: u32, bytes: usize) -> bool {
        self.epochs >= epochs || self.bytes >= bytes
    }

    /// What is to be stored; the blocks stay until [`Batch::acknowledged`].
    pub fn take_delivery(&mut self, remaining: Option<u32>) -> Delivery {
        (self.epochs, self.bytes) = (0, 0);
        Delivery { remaining, ..core::mem::take(&mut self.delivery) }
    }

    /// CRC-32 over the blocks that begin in the range.
    pub fn checksum(&self, from: u32, to: u32) -> u32 {
        let inside = self.blocks.iter().filter(|(seq, _)| (from..to).contains(seq));
        inside.fold(Crc32::new(), |crc, (_, bytes)| crc.update(bytes)).value()
    }

    /// The blocks are done with.
    pub fn acknowledged(&mut self) {
        self.blocks.clear();
    }
}
