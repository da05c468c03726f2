//! Packets from the heap, for an ATT MTU that is chosen when the stack is built.
//!
//! The stack's own pool is one for the whole program: several peripherals in one program would starve each other.

use std::{boxed::Box, vec};

use trouble_host::{Packet, PacketPool};

/// Bytes of the L2CAP header before every packet.
const HEADER: usize = 4;
/// Pairing needs this much whatever the ATT MTU: Bluetooth Core Specification, Vol 3, Part H, 3.2.
const LEAST: usize = 65 + HEADER;

/// A pool of packets for this ATT MTU.
pub(super) struct HeapPool<const MTU: usize>;

/// A packet.
pub(super) struct HeapPacket(Box<[u8]>);

impl<const ATT_MTU: usize> PacketPool for HeapPool<ATT_MTU> {
    type Packet = HeapPacket;

    // What the stack agrees to, and no promise about the length of a packet.
    const MTU: usize = ATT_MTU + HEADER;

    fn allocate() -> Option<HeapPacket> {
        Some(HeapPacket(vec![0; (ATT_MTU + HEADER).max(LEAST)].into_boxed_slice()))
    }

    fn capacity() -> usize {
        64
    }
}

impl Packet for HeapPacket {}

impl AsRef<[u8]> for HeapPacket {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl AsMut<[u8]> for HeapPacket {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}
