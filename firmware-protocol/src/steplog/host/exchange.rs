//! One request and its answer, on the control point or the Time characteristic: written, awaited,
//! written again when the answer does not come.

use alloc::vec::Vec;

use crate::{
    Uuid,
    steplog::control::{MAX_REQUEST_LEN, Request},
    steplog::uuid::CONTROL,
};

/// Times a request is written before the counter is called silent.
const MAX_TRIES: u8 = 3;

/// See the module.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The characteristic.
    pub to: Uuid,
    /// What is written.
    pub bytes: Vec<u8>,
    /// When the last try was given out to be written, milliseconds of the host's clock.
    pub issued_ms: u64,
    /// Until when an answer is waited for; `None` while it is not written.
    pub until_ms: Option<u64>,
    tries: u8,
}

impl Exchange {
    /// To be written to this characteristic.
    pub const fn new(to: Uuid, bytes: Vec<u8>) -> Self {
        Self { to, bytes, issued_ms: 0, until_ms: None, tries: 0 }
    }

    /// To be written to the control point.
    pub fn control(request: &Request) -> Self {
        let mut bytes = [0; MAX_REQUEST_LEN];
        // Every request fits its own longest length.
        let length = request.emit(&mut bytes).unwrap_or(0);
        Self::new(CONTROL, bytes.get(..length).unwrap_or(&[]).to_vec())
    }

    /// No answer came. Says whether to write again.
    pub const fn again(&mut self) -> bool {
        self.tries += 1;
        self.until_ms = None;
        self.tries < MAX_TRIES
    }

    /// The operation byte, which the answer names.
    pub fn operation(&self) -> u8 {
        self.bytes.first().copied().unwrap_or(0)
    }
}
