//! Bonds outlive a reset: what a counter keeps of each host that it is paired with.

use firmware_protocol::crc::Crc16;
use trouble_host::prelude::{
    AddrKind, Address, BdAddr, BondInformation, Identity, IdentityResolvingKey, LongTermKey, SecurityLevel,
};

/// How many hosts stay bonded; the step-log protocol keeps as many apart.
pub const MAX_BONDS: usize = 4;
/// Bytes of a bond as it is kept.
pub const BOND_LEN: usize = 43;

/// A bond as it is kept: address kind and address, key of the link, flag and key of the address, level, CRC-16.
///
/// It holds secrets: its `Debug` shows none of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Bond(pub [u8; BOND_LEN]);

impl core::fmt::Debug for Bond {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Bond(secret)")
    }
}

/// Where bonds are kept, oldest first.
pub trait Bonds {
    /// The bond at this place, from 0; `None` after the last.
    fn load(&mut self, place: usize) -> Option<Bond>;
    /// Keeps exactly these from now on. When that fails the host has to pair anew after a reset; nothing else is lost.
    fn save(&mut self, bonds: &[Bond]);
}

impl Bond {
    /// What the radio stack knows, to be kept.
    pub fn of(known: &BondInformation) -> Self {
        let mut bytes = [0; BOND_LEN];
        let irk = known.identity.irk.map_or(0, |key| key.0.get());
        let level = if known.security_level == SecurityLevel::EncryptedAuthenticated { 2 } else { 1 };
        let fields = [known.identity.addr.kind.into_inner()]
            .into_iter()
            .chain(known.identity.addr.addr.into_inner())
            .chain(known.ltk.to_le_bytes())
            .chain([u8::from(irk != 0)])
            .chain(irk.to_le_bytes())
            .chain([level]);
        for (place, byte) in bytes.iter_mut().zip(fields) {
            *place = byte;
        }
        let [body @ .., low, high] = &mut bytes;
        [*low, *high] = Crc16::new().update(body).value().to_le_bytes();
        Self(bytes)
    }

    /// What the radio stack has to know; `None` when the bytes are damaged.
    pub fn known(&self) -> Option<BondInformation> {
        let [body @ .., low, high] = &self.0;
        if Crc16::new().update(body).value().to_le_bytes() != [*low, *high] {
            return None;
        }
        let (kind, rest) = body.split_first()?;
        let (address, rest) = rest.split_first_chunk::<6>()?;
        let (ltk, rest) = rest.split_first_chunk::<16>()?;
        let (_, rest) = rest.split_first()?;
        let (irk, rest) = rest.split_first_chunk::<16>()?;
        let level = match rest.first()? {
            1 => SecurityLevel::Encrypted,
            2 => SecurityLevel::EncryptedAuthenticated,
            _ => return None,
        };
        let identity = Identity {
            addr: Address::new(AddrKind::new(*kind), BdAddr::new(*address)),
            irk: IdentityResolvingKey::from_le_bytes(*irk),
        };
        Some(BondInformation::new(identity, LongTermKey::from_le_bytes(*ltk), level, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(irk: u128) -> BondInformation {
        let identity = Identity { addr: Address::random([1, 2, 3, 4, 5, 0xC6]), irk: IdentityResolvingKey::new(irk) };
        BondInformation::new(identity, LongTermKey::new(0x0123_4567), SecurityLevel::EncryptedAuthenticated, true)
    }

    #[test]
    fn a_bond_comes_back_as_it_was_kept() {
        for irk in [0, 77] {
            let kept = Bond::of(&known(irk));

            assert_eq!(kept.known(), Some(known(irk)));
        }
    }

    #[test]
    fn a_damaged_bond_is_no_bond() {
        let mut kept = Bond::of(&known(77));

        kept.0[10] ^= 1;

        assert_eq!(kept.known(), None);
    }
}
