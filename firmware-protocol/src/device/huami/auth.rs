//! The band's own authentication, over [`AUTH`](super::layout::AUTH): the host gives the band a key once (or has one
//! from the maker), and then proves at every connection that it knows it, by encrypting what the band sends.
//!
//! Known from Gadgetbridge and three more clients. It protects nothing on the air: the link stays unencrypted.

use alloc::vec::Vec;

use aes::{
    Aes128,
    cipher::{BlockCipherEncrypt, KeyInit},
};

use super::layout::OK;
use crate::{
    cursor::{FormatError, ReadCursor},
    device::Key,
};

/// What differs between the families.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// The second byte of what the host writes: 08 for Mi Band 2, 00 for Mi Band 3 and later.
    pub flag: u8,
    /// Set in the first byte of the second and third message: 80 where the key is the maker's.
    pub crypt: u8,
}

/// Mi Band 2.
pub const BAND_2: Dialect = Dialect { flag: 0x08, crypt: 0 };
/// Mi Band 3.
pub const BAND_3: Dialect = Dialect { flag: 0x00, crypt: 0 };
/// Mi Band 4, 5, 6: the key is the maker's.
pub const BAND_4: Dialect = Dialect { flag: 0x00, crypt: 0x80 };

const SEND_KEY: u8 = 1;
const ASK_CHALLENGE: u8 = 2;
const ANSWER_CHALLENGE: u8 = 3;
/// First byte of every answer.
const ANSWER: u8 = 0x10;
/// The bands of the `crypt` family mark the second byte; the low half is what was asked.
const OPERATION: u8 = 0x0F;
/// Follows the flag when a band of the `crypt` family is asked for its challenge.
const CRYPT_TAIL: [u8; 3] = [0x02, 0x01, 0x00];

/// What the host writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// This shall be the key; the band vibrates and waits for a tap.
    SendKey(Key),
    /// Send something to encrypt.
    AskChallenge,
    /// It, encrypted.
    AnswerChallenge([u8; 16]),
}

/// What the band answers. The codes are those of [`super::layout`], where other clients know more of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To the key: whether it was taken.
    Key(u8),
    /// To the question for a challenge: the challenge.
    Challenge([u8; 16]),
    /// To the question for a challenge: none.
    NoChallenge(u8),
    /// To the encrypted challenge: whether the key is right.
    Verdict(u8),
}

impl Request {
    /// Its bytes, at most twenty.
    pub fn emit(&self, dialect: Dialect) -> Vec<u8> {
        let Dialect { flag, crypt } = dialect;
        match self {
            Self::SendKey(key) => [&[SEND_KEY, flag][..], &key.0].concat(),
            Self::AskChallenge if crypt == 0 => Vec::from([ASK_CHALLENGE, flag]),
            Self::AskChallenge => [&[ASK_CHALLENGE | crypt, flag][..], &CRYPT_TAIL].concat(),
            Self::AnswerChallenge(block) => [&[ANSWER_CHALLENGE | crypt, flag][..], block].concat(),
        }
    }

    /// What was written to a band of this dialect.
    pub fn parse(bytes: &[u8], dialect: Dialect) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let (operation, flag) = (cursor.u8()?, cursor.u8()?);
        if flag != dialect.flag {
            return Err(FormatError::Unknown { got: flag });
        }
        let request = match operation {
            SEND_KEY => Self::SendKey(Key(cursor.array()?)),
            _ if operation == ASK_CHALLENGE | dialect.crypt => {
                if dialect.crypt != 0 && cursor.array()? != CRYPT_TAIL {
                    return Err(FormatError::Unknown { got: operation });
                }
                Self::AskChallenge
            }
            _ if operation == ANSWER_CHALLENGE | dialect.crypt => Self::AnswerChallenge(cursor.array()?),
            got => return Err(FormatError::Unknown { got }),
        };
        cursor.end()?;
        Ok(request)
    }
}

impl Answer {
    /// Three bytes, and the challenge.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let mark = cursor.u8()?;
        if mark != ANSWER {
            return Err(FormatError::Unknown { got: mark });
        }
        let (operation, code) = (cursor.u8()?, cursor.u8()?);
        match operation & OPERATION {
            SEND_KEY => Ok(Self::Key(code)),
            ASK_CHALLENGE if code == OK => {
                let challenge = Self::Challenge(cursor.array()?);
                cursor.end()?;
                Ok(challenge)
            }
            ASK_CHALLENGE => Ok(Self::NoChallenge(code)),
            ANSWER_CHALLENGE => Ok(Self::Verdict(code)),
            got => Err(FormatError::Unknown { got }),
        }
    }

    /// Its bytes, as a band of this dialect sends them.
    pub fn emit(&self, dialect: Dialect) -> Vec<u8> {
        let crypt = dialect.crypt;
        match self {
            Self::Key(code) => Vec::from([ANSWER, SEND_KEY, *code]),
            Self::Challenge(challenge) => [&[ANSWER, ASK_CHALLENGE | crypt, OK][..], challenge].concat(),
            Self::NoChallenge(code) => Vec::from([ANSWER, ASK_CHALLENGE | crypt, *code]),
            Self::Verdict(code) => Vec::from([ANSWER, ANSWER_CHALLENGE | crypt, *code]),
        }
    }
}

/// AES-128 of one block, as the band wants its challenge answered.
pub fn encrypt(key: Key, challenge: [u8; 16]) -> [u8; 16] {
    let mut block = challenge.into();
    Aes128::new(&key.0.into()).encrypt_block(&mut block);
    block.into()
}
