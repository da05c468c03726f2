//! Draft.
pub mod air;

/// The public address of the adapter in the guest, 00:1B:DC:00:00:00, lowest byte first.
pub const ADAPTER_ADDRESS: [u8; 6] = [0x00, 0x00, 0x00, 0xDC, 0x1B, 0x00];
