//! Recording a dialogue with a counter, and playing it back to a driver: a bug report becomes a test without
//! hardware.
//!
//! A recording holds no radio address, no pairing key of the system (those never pass here) and not the counter's own
//! key: both are replaced wherever their bytes appear. It does hold everything else that crossed the air: what the
//! counter says of itself, its serial number among it; the person's steps; and, of counters that ask for a key,
//! challenges and the answers to them, from which nobody has yet been able to find the key, but which are not nothing.
//! Whoever passes a recording on should know that.

pub mod dialogue;
pub mod format;
pub mod replay;

use std::{io::Write, time::Duration};

use firmware_protocol::{
    device::{Key, Kind, Setup},
    driver::{HostTime, Prompt, Uuid},
};

use self::{
    dialogue::{Keep, Told},
    format::{Header, HeardLine, Hex, Line, VERSION, What},
};
use crate::{
    radio::{Heard, Link, RadioError},
    time::Clock,
};

/// What stands in a recording in the place of a counter's key.
pub const MADE_UP_KEY: [u8; 16] = *b"not the real key";

/// The same for its radio address; a counter that tells no serial number is another one in a replay.
pub const MADE_UP_ADDRESS: &str = "00:00:00:00:00:00";

/// Bytes that must not leave this computer, and what stands in their place.
#[derive(Default)]
struct Secrets(Vec<(Vec<u8>, Vec<u8>)>);

impl Secrets {
    fn new(key: Option<Key>, address: &str) -> Self {
        let mut secrets = Vec::new();
        secrets.extend(key.map(|key| (key.0.to_vec(), MADE_UP_KEY.to_vec())));
        let parts: Option<Vec<u8>> = address.split(':').map(|part| u8::from_str_radix(part, 16).ok()).collect();
        if let Some(mut address) = parts.filter(|parts| parts.len() == 6) {
            secrets.push((address.clone(), vec![0; 6]));
            address.reverse();
            secrets.push((address, vec![0; 6]));
        }
        Self(secrets)
    }

    fn hide(&self, bytes: &[u8]) -> Hex {
        let mut bytes = bytes.to_vec();
        for (secret, instead) in &self.0 {
            let mut at = 0;
            while let Some(here) = bytes.get_mut(at..at + secret.len()) {
                if here == secret {
                    here.copy_from_slice(instead);
                }
                at += 1;
            }
        }
        Hex(bytes)
    }
}

/// A connection that writes down everything that crosses it.
pub struct Recorder<'a, L, W> {
    link: L,
    out: W,
    clock: &'a dyn Clock,
    began: Duration,
    secrets: Secrets,
    /// The first line that could not be written.
    failed: Option<std::io::Error>,
}

impl<L: Link, W: Write + Send> Recorder<'_, L, W> {
    fn put(&mut self, what: What) {
        let ms = millis(self.clock.monotonic().saturating_sub(self.began));
        self.put_line(&Line { ms, what });
    }

    fn put_line(&mut self, line: &impl serde::Serialize) {
        let written = serde_json::to_writer(&mut self.out, line).map_err(std::io::Error::from);
        let written = written.and_then(|()| self.out.write_all(b"\n"));
        if let Err(error) = written {
            self.failed.get_or_insert(error);
        }
    }

    fn answer<T>(&mut self, answer: &Result<T, RadioError>, value: impl Fn(&T) -> Option<Vec<u8>>) {
        let what = match answer {
            Ok(done) => match value(done) {
                Some(bytes) => What::Value { bytes: self.secrets.hide(&bytes) },
                None => What::Done,
            },
            Err(RadioError::Refused { code }) => What::Refused { code: *code },
            Err(RadioError::NoSuchCharacteristic(_)) => What::Missing,
            Err(RadioError::TimedOut(_)) => What::Silent,
            Err(_) => What::Lost,
        };
        self.put(what);
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl<L: Link, W: Write + Send> Link for Recorder<'_, L, W> {
    fn mtu(&self) -> u16 {
        self.link.mtu()
    }

    fn heard(&self) -> &Heard {
        self.link.heard()
    }

    async fn subscribe(&mut self, to: Uuid, within: Duration) -> Result<(), RadioError> {
        self.put(What::Subscribe { of: Hex::of(to) });
        let answer = self.link.subscribe(to, within).await;
        self.answer(&answer, |()| None);
        answer
    }

    async fn unsubscribe(&mut self, to: Uuid, within: Duration) -> Result<(), RadioError> {
        self.put(What::Unsubscribe { of: Hex::of(to) });
        let answer = self.link.unsubscribe(to, within).await;
        self.answer(&answer, |()| None);
        answer
    }

    async fn read(&mut self, from: Uuid, within: Duration) -> Result<Vec<u8>, RadioError> {
        self.put(What::Read { of: Hex::of(from) });
        let answer = self.link.read(from, within).await;
        self.answer(&answer, |value| Some(value.clone()));
        answer
    }

    async fn write(&mut self, to: Uuid, bytes: &[u8], within: Duration) -> Result<(), RadioError> {
        self.put(What::Write { of: Hex::of(to), bytes: self.secrets.hide(bytes) });
        let answer = self.link.write(to, bytes, within).await;
        self.answer(&answer, |()| None);
        answer
    }

    async fn send(&mut self, to: Uuid, bytes: &[u8], within: Duration) -> Result<(), RadioError> {
        self.put(What::Send { of: Hex::of(to), bytes: self.secrets.hide(bytes) });
        let answer = self.link.send(to, bytes, within).await;
        self.answer(&answer, |()| None);
        answer
    }

    async fn notified(&mut self, within: Duration) -> Result<Option<(Uuid, Vec<u8>)>, RadioError> {
        let answer = self.link.notified(within).await;
        let what = match &answer {
            Ok(Some((from, bytes))) => What::Notified { of: Hex::of(*from), bytes: self.secrets.hide(bytes) },
            Ok(None) => What::Nothing,
            Err(_) => What::Lost,
        };
        self.put(what);
        answer
    }

    async fn disconnect(self, within: Duration) {
        self.link.disconnect(within).await;
    }
}

/// Which counter, and how it is spoken to.
pub struct Subject {
    /// Its kind.
    pub kind: &'static Kind,
    /// What the driver is told.
    pub setup: Setup,
    /// What the driver is answered when it wants something kept.
    pub keep: Keep,
}

/// Holds one dialogue over this connection and writes it down.
///
/// # Errors
/// When the recording cannot be written. A dialogue that breaks off is recorded as one that broke off.
pub async fn record<L: Link, W: Write + Send>(
    link: L,
    out: W,
    clock: &dyn Clock,
    subject: Subject,
    prompt: &mut (dyn FnMut(Prompt) + Send),
) -> std::io::Result<Told> {
    let (began, utc, clock_trusted) = (clock.monotonic(), clock.utc(), clock.synchronised());
    let begin_utc_us = utc.timestamp_micros();
    let secrets = Secrets::new(subject.setup.key, &link.heard().address);
    let heard = link.heard();
    let said = &heard.advertisement;
    let header = Header {
        brisk_capture: VERSION,
        software: env!("CARGO_PKG_VERSION").to_owned(),
        kind: subject.kind.name.to_owned(),
        mtu: link.mtu(),
        begin_utc_us,
        clock_trusted,
        offset_min: subject.setup.offset_min,
        zone: subject.setup.zone.clone(),
        live_ms: subject.setup.live_ms,
        keyed: subject.setup.key.is_some(),
        whole: subject.keep == Keep::Everything,
        heard: HeardLine {
            name: said.name.clone(),
            services: said.services.iter().copied().map(Hex::of).collect(),
            manufacturer: said.manufacturer.iter().map(|(company, data)| (*company, secrets.hide(data))).collect(),
            rssi_dbm: heard.rssi_dbm,
        },
    };
    let mut recorder = Recorder { link, out, clock, began, secrets, failed: None };
    recorder.put_line(&header);
    let mut driver = (subject.kind.driver)(subject.setup);
    // Whole milliseconds, as the lines have them: a replay gives the driver the same moments.
    let now = || {
        let mono_ms = millis(clock.monotonic().saturating_sub(began));
        let us = i64::try_from(mono_ms).unwrap_or(i64::MAX).saturating_mul(1000);
        HostTime { mono_ms, utc_us: clock_trusted.then(|| begin_utc_us.saturating_add(us)) }
    };
    let (told, result) = dialogue::hold(&mut recorder, driver.as_mut(), &now, subject.keep, prompt).await;
    let how = match (&result, told.stopped, told.outcome) {
        (Err(error), ..) => error.to_string(),
        (Ok(()), true, _) => "stopped before the first reading was acknowledged".to_owned(),
        (Ok(()), false, outcome) => outcome.map_or_else(String::new, |outcome| format!("{outcome:?}")),
    };
    recorder.put(What::End { how });
    recorder.out.flush()?;
    let failed = recorder.failed.take();
    recorder.disconnect(Duration::from_secs(5)).await;
    match failed {
        Some(error) => Err(error),
        None => Ok(told),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_and_the_address_are_replaced_wherever_they_stand() {
        let secrets = Secrets::new(Some(Key([7; 16])), "01:02:03:04:0a:0b");

        let hidden = secrets.hide(&[&[9, 7][..], &[7; 15], &[6, 5, 4, 3, 2, 1, 11, 10, 4, 3, 2, 1]].concat());

        let instead = [&[9][..], &MADE_UP_KEY, &[6, 5, 4, 3, 2, 1], &[0; 6]].concat();
        assert_eq!(hidden, Hex(instead));
    }
}
