//! A recorded dialogue played back to a driver: a [`Link`] that answers from the file.
//!
//! A question is answered as it was when it was recorded: the first one not used yet with the same bytes, else the
//! first of the same kind, characteristic and length (a clock or a random challenge makes bytes differ).
//! Notifications come in their order, as soon as the dialogue has come as far as they had.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use firmware_protocol::{
    device::{Key, Kind, Purpose, Setup},
    driver::{HostTime, Prompt, Uuid},
};

use super::{
    MADE_UP_ADDRESS, MADE_UP_KEY,
    dialogue::{self, Keep, Told},
    format::{Capture, CaptureError, Hex, What},
};
use crate::radio::{Heard, Link, RadioError};

/// What the driver of today makes of a dialogue of then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// What would have been stored.
    pub told: Told,
    /// The connection broke, then or because the recording ends.
    pub lost: bool,
    /// Recorded questions that were not asked.
    pub not_asked: usize,
    /// Questions that were answered though their bytes were others.
    pub other_bytes: usize,
}

/// Plays it to a driver of this kind.
///
/// # Errors
/// When the driver asks something that was never recorded.
pub async fn replay(capture: &Capture, kind: &'static Kind) -> Result<Replayed, CaptureError> {
    let header = &capture.header;
    let now_ms = Arc::new(AtomicU64::new(0));
    let mut link = ReplayLink::new(capture, Arc::clone(&now_ms));
    let setup = Setup {
        purpose: Purpose::Fetch,
        key: header.keyed.then_some(Key(MADE_UP_KEY)),
        offset_min: header.offset_min,
        zone: header.zone.clone(),
        live_ms: header.live_ms,
        heard: capture.advertisement(),
        peer: MADE_UP_ADDRESS.to_owned(),
    };
    let mut driver = (kind.driver)(setup);
    let now = || {
        let mono_ms = now_ms.load(Ordering::Relaxed);
        let us = i64::try_from(mono_ms).unwrap_or(i64::MAX).saturating_mul(1000);
        HostTime { mono_ms, utc_us: header.clock_trusted.then(|| header.begin_utc_us.saturating_add(us)) }
    };
    let mut prompt = |_: Prompt| ();
    // The driver is answered as it was then: past that nothing was recorded.
    let keep = if header.whole { Keep::Everything } else { Keep::UntilReadings };
    let (told, result) = dialogue::hold(&mut link, driver.as_mut(), &now, keep, &mut prompt).await;
    let lost = match (result, link.never_recorded.take()) {
        (_, Some(error)) => return Err(error),
        (Ok(()), None) => false,
        (Err(_), None) => true,
    };
    Ok(Replayed { told, lost, not_asked: link.not_asked(), other_bytes: link.other_bytes })
}

struct ReplayLink<'a> {
    capture: &'a Capture,
    heard: Heard,
    now_ms: Arc<AtomicU64>,
    used: Vec<bool>,
    /// Everything before this line has happened.
    at: usize,
    /// Arrived and not yet asked for.
    waiting: VecDeque<(Uuid, Vec<u8>)>,
    other_bytes: usize,
    never_recorded: Option<CaptureError>,
}

impl<'a> ReplayLink<'a> {
    fn new(capture: &'a Capture, now_ms: Arc<AtomicU64>) -> Self {
        let heard = Heard {
            address: String::new(),
            rssi_dbm: capture.header.heard.rssi_dbm,
            advertisement: capture.advertisement(),
            paired: true,
        };
        let used = vec![false; capture.lines.len()];
        Self { capture, heard, now_ms, used, at: 0, waiting: VecDeque::new(), other_bytes: 0, never_recorded: None }
    }

    fn not_asked(&self) -> usize {
        let lines = self.capture.lines.iter().zip(&self.used);
        lines.filter(|(line, used)| line.what.is_question() && !**used).count()
    }

    /// The recorded answer.
    fn ask(&mut self, question: &What) -> Result<Option<Vec<u8>>, RadioError> {
        let find = |like: &dyn Fn(&What) -> bool| {
            let mut lines = self.capture.lines.iter().zip(&self.used);
            lines.position(|(line, used)| !used && like(&line.what))
        };
        let same = find(&|what| what == question);
        // The recording ends in a broken connection: whatever is asked then meets it.
        let broken = |at: usize| self.capture.lines.get(at).is_some_and(|line| line.what == What::Lost);
        let Some(found) = same.or_else(|| find(&|what| what.resembles(question))) else {
            if broken(self.at) || (self.at >= self.capture.lines.len() && !self.capture.is_whole()) {
                return Err(RadioError::Lost);
            }
            // Lines are counted from 1, and the first is the header.
            let line = self.at.min(self.capture.lines.len()) + 1;
            let what = format!("after this line the driver wants to {question}, which was never recorded");
            self.never_recorded = Some(CaptureError::at(line, what));
            return Err(RadioError::Lost);
        };
        if same.is_none() {
            self.other_bytes += 1;
        }
        if let Some(used) = self.used.get_mut(found) {
            *used = true;
        }
        self.come_to(found);
        let answer = self.capture.lines.get(found + 1);
        self.come_to(found + 2);
        match answer.map(|line| &line.what) {
            Some(What::Value { bytes }) => Ok(Some(bytes.0.clone())),
            Some(What::Done) => Ok(None),
            Some(What::Refused { code }) => Err(RadioError::Refused { code: *code }),
            Some(What::Missing) => Err(RadioError::NoSuchCharacteristic(0)),
            Some(What::Silent) => Err(RadioError::TimedOut("answer")),
            _ => Err(RadioError::Lost),
        }
    }

    /// Everything up to this line happens.
    fn come_to(&mut self, line: usize) {
        while self.at < line {
            let Some(here) = self.capture.lines.get(self.at) else { return };
            if let What::Notified { of, bytes } = &here.what
                && let Some(uuid) = of.uuid()
            {
                self.waiting.push_back((uuid, bytes.0.clone()));
            }
            self.now_ms.fetch_max(here.ms, Ordering::Relaxed);
            self.at += 1;
        }
    }
}

impl Link for ReplayLink<'_> {
    fn mtu(&self) -> u16 {
        self.capture.header.mtu
    }

    fn heard(&self) -> &Heard {
        &self.heard
    }

    async fn subscribe(&mut self, to: Uuid, _within: Duration) -> Result<(), RadioError> {
        self.ask(&What::Subscribe { of: Hex::of(to) }).map(drop)
    }

    async fn unsubscribe(&mut self, to: Uuid, _within: Duration) -> Result<(), RadioError> {
        self.ask(&What::Unsubscribe { of: Hex::of(to) }).map(drop)
    }

    async fn read(&mut self, from: Uuid, _within: Duration) -> Result<Vec<u8>, RadioError> {
        // A value that was edited away reads as an empty one.
        self.ask(&What::Read { of: Hex::of(from) }).map(Option::unwrap_or_default)
    }

    async fn write(&mut self, to: Uuid, bytes: &[u8], _within: Duration) -> Result<(), RadioError> {
        self.ask(&What::Write { of: Hex::of(to), bytes: Hex(bytes.to_vec()) }).map(drop)
    }

    async fn send(&mut self, to: Uuid, bytes: &[u8], _within: Duration) -> Result<(), RadioError> {
        self.ask(&What::Send { of: Hex::of(to), bytes: Hex(bytes.to_vec()) }).map(drop)
    }

    async fn notified(&mut self, within: Duration) -> Result<Option<(Uuid, Vec<u8>)>, RadioError> {
        if self.waiting.is_empty() {
            match self.capture.lines.get(self.at).map(|line| &line.what) {
                Some(What::Notified { .. }) => self.come_to(self.at + 1),
                Some(What::Nothing) => {
                    self.come_to(self.at + 1);
                    return Ok(None);
                }
                Some(What::Lost) => return Err(RadioError::Lost),
                None if !self.capture.is_whole() => return Err(RadioError::Lost),
                _ => {
                    let ms = u64::try_from(within.as_millis()).unwrap_or(u64::MAX);
                    let now = self.now_ms.load(Ordering::Relaxed);
                    self.now_ms.store(now.saturating_add(ms), Ordering::Relaxed);
                }
            }
        }
        Ok(self.waiting.pop_front())
    }

    async fn disconnect(self, _within: Duration) {}
}
