//! The host controller interface as bytes: H4 packets, commands, events, status codes.
//! Source of all numbers: Bluetooth Core specification, volume 4, parts A (H4) and E (commands).

/// H4 packet types.
const COMMAND: u8 = 1;
const ACL: u8 = 2;
const EVENT: u8 = 4;

/// Why something failed or ended (volume 1, part F).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Status(pub(super) u8);

impl Status {
    pub(super) const OK: Self = Self(0x00);
    pub(super) const UNKNOWN_COMMAND: Self = Self(0x01);
    pub(super) const UNKNOWN_CONNECTION: Self = Self(0x02);
    pub(super) const KEY_MISSING: Self = Self(0x06);
    pub(super) const TIMEOUT: Self = Self(0x08);
    pub(super) const DISALLOWED: Self = Self(0x0C);
    pub(super) const INVALID_PARAMETERS: Self = Self(0x12);
    pub(super) const LOCAL_HOST: Self = Self(0x16);
    pub(super) const UNSUPPORTED_BY_PEER: Self = Self(0x1A);
    pub(super) const MIC_FAILURE: Self = Self(0x3D);
    pub(super) const NOT_ESTABLISHED: Self = Self(0x3E);
}

/// Codes of events, and those of the meta event `LE`.
pub(super) mod event {
    pub(crate) const DISCONNECTED: u8 = 0x05;
    pub(crate) const ENCRYPTION_CHANGE: u8 = 0x08;
    pub(crate) const REMOTE_VERSION: u8 = 0x0C;
    pub(crate) const COMMAND_COMPLETE: u8 = 0x0E;
    pub(crate) const COMMAND_STATUS: u8 = 0x0F;
    pub(crate) const COMPLETED_PACKETS: u8 = 0x13;
    pub(crate) const KEY_REFRESH: u8 = 0x30;
    pub(crate) const LE: u8 = 0x3E;
    pub(crate) const LE_CONNECTED: u8 = 0x01;
    pub(crate) const LE_REPORT: u8 = 0x02;
    pub(crate) const LE_UPDATED: u8 = 0x03;
    pub(crate) const LE_REMOTE_FEATURES: u8 = 0x04;
    pub(crate) const LE_KEY_REQUEST: u8 = 0x05;
    pub(crate) const LE_DATA_LENGTH: u8 = 0x07;
}

/// A device address as hosts name it: type (0 public, 1 random), then six bytes, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Address(pub(super) [u8; 7]);

impl Address {
    pub(super) fn new(kind: u8, bytes: [u8; 6]) -> Self {
        let mut address = [kind; 7];
        address[1..].copy_from_slice(&bytes);
        Self(address)
    }
}

/// What a host sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Packet {
    Command { opcode: u16, parameters: Vec<u8> },
    Acl { handle: u16, boundary: u8, data: Vec<u8> },
}

/// Finds packets in bytes as they arrive.
#[derive(Debug, Default)]
pub(super) struct Deframer {
    buffer: Vec<u8>,
}

impl Deframer {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole packet, or the packet type that a host may not send: the stream is lost then.
    pub(super) fn next(&mut self) -> Result<Option<Packet>, u8> {
        let (packet, rest) = match *self.buffer.as_slice() {
            [COMMAND, a, b, length, ref rest @ ..] => {
                let Some((body, rest)) = rest.split_at_checked(usize::from(length)) else { return Ok(None) };
                (Packet::Command { opcode: u16::from_le_bytes([a, b]), parameters: body.to_vec() }, rest)
            }
            [ACL, a, b, c, d, ref rest @ ..] => {
                let (head, length) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
                let Some((body, rest)) = rest.split_at_checked(usize::from(length)) else { return Ok(None) };
                let [_, high] = head.to_le_bytes();
                (Packet::Acl { handle: head & 0x0FFF, boundary: high >> 4 & 3, data: body.to_vec() }, rest)
            }
            [] | [COMMAND | ACL, ..] => return Ok(None),
            [other, ..] => return Err(other),
        };
        self.buffer = rest.to_vec();
        Ok(Some(packet))
    }
}

/// The parameters of a command, read from the front; too few are the host's fault.
pub(super) struct Parameters<'a>(pub(super) &'a [u8]);

impl Parameters<'_> {
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Status> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or(Status::INVALID_PARAMETERS)?;
        self.0 = rest;
        Ok(*head)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Status> {
        self.array().map(u8::from_le_bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Status> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn address(&mut self) -> Result<Address, Status> {
        self.array().map(Address)
    }

    /// Up to 31 bytes with their length before them, as advertising data are given.
    pub(super) fn advertising_data(&mut self) -> Result<Vec<u8>, Status> {
        let length = usize::from(self.u8()?);
        match self.0.get(..length) {
            Some(data) if length <= 31 => Ok(data.to_vec()),
            _ => Err(Status::INVALID_PARAMETERS),
        }
    }
}

/// An event, as bytes in H4.
pub(super) fn event(code: u8, parameters: &[&[u8]]) -> Vec<u8> {
    let parameters = parameters.concat();
    let length = u8::try_from(parameters.len()).expect("every event here is far shorter than 256 bytes");
    let mut packet = vec![EVENT, code, length];
    packet.extend(parameters);
    packet
}

/// A data packet for a host, as bytes in H4.
pub(super) fn acl(handle: u16, boundary: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).expect("it came in a packet with a length of 16 bits");
    let mut packet = vec![ACL];
    packet.extend((handle | u16::from(boundary) << 12).to_le_bytes());
    packet.extend(length.to_le_bytes());
    packet.extend(data);
    packet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_found_however_the_bytes_are_cut() {
        let bytes = [1, 0x03, 0x0C, 0, 2, 0x40, 0x20, 3, 0, 7, 8, 9, 1, 0x06, 0x04, 1, 5];
        let mut deframer = Deframer::default();

        let packets: Vec<Packet> = bytes
            .iter()
            .filter_map(|byte| {
                deframer.push(&[*byte]);
                deframer.next().unwrap()
            })
            .collect();

        assert_eq!(
            packets,
            [
                Packet::Command { opcode: 0x0C03, parameters: vec![] },
                Packet::Acl { handle: 0x40, boundary: 2, data: vec![7, 8, 9] },
                Packet::Command { opcode: 0x0406, parameters: vec![5] },
            ]
        );
    }

    #[test]
    fn a_packet_type_that_no_host_sends_is_named() {
        let mut deframer = Deframer::default();

        deframer.push(&[4, 1, 2]);

        assert_eq!(deframer.next(), Err(4));
    }
}
