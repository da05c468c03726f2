//! Fingerprints of inputs, so that a table can say which files it was made of.

use sha2::{Digest, Sha256};

use super::Hash;
use crate::model::hex;

/// A fingerprint under way.
#[derive(Default)]
pub(super) enum Hasher {
    #[default]
    None,
    Blake3(Box<blake3::Hasher>),
    Sha256(Sha256),
}

impl Hasher {
    pub fn new(hash: Hash) -> Self {
        match hash {
            Hash::None => Self::None,
            Hash::Blake3 => Self::Blake3(Box::default()),
            Hash::Sha256 => Self::Sha256(Sha256::new()),
        }
    }

    pub fn is_asked_for(&self) -> bool {
        !matches!(self, Self::None)
    }

    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::None => {}
            Self::Blake3(hash) => {
                hash.update(bytes);
            }
            Self::Sha256(hash) => hash.update(bytes),
        }
    }

    /// With the name of the method in front.
    pub fn finish(&self) -> Option<String> {
        match self {
            Self::None => None,
            Self::Blake3(hash) => Some(format!("blake3:{}", hash.finalize().to_hex())),
            Self::Sha256(hash) => Some(format!("sha256:{}", hex(&hash.clone().finalize()))),
        }
    }
}
