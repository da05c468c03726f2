//! Counters without clauses: one dialogue with their driver, and what it shows. No reading is acknowledged.

use std::time::Duration;

use firmware_protocol::{
    device::{Kind, Setup},
    driver::{HostTime, Outcome, Prompt, Resolution},
    reading::Reading,
};
use serde::Serialize;

use crate::{
    capture::dialogue::{self, Keep},
    radio::{Link, Radio, RadioError, Wanted},
    time::Clock,
};

/// Finding the counter and connecting together.
const CONNECT_WITHIN: Duration = Duration::from_secs(45);

/// What one dialogue shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plain {
    /// What it is.
    pub kind: &'static str,
    /// Its identity, when it came as far as saying so.
    pub device: Option<String>,
    /// As it states it.
    pub firmware: Option<String>,
    /// M, H or C.
    pub resolution_class: char,
    /// How far the counter's clock is ahead, milliseconds.
    pub clock_error_ms: Option<i64>,
    /// The error is known to ± this.
    pub clock_known_to_ms: Option<u16>,
    /// Epochs in the first delivery.
    pub epochs_seen: usize,
    /// Epochs that it still had after that, when it says so.
    pub backlog_epochs: Option<u32>,
    /// Minutes that it says it can hold.
    pub memory_minutes: Option<u32>,
    /// Percent of charge.
    pub battery_percent: Option<u8>,
    /// The system is paired with it.
    pub paired: bool,
    /// The largest attribute value that one packet carries, plus three.
    pub mtu: u16,
    /// Deliveries with bytes that could not be read.
    pub unreadable: usize,
    /// How it ended; none when all went well, as far as it was let go.
    pub trouble: Option<String>,
}

/// Holds one dialogue and ends it before a reading is acknowledged.
///
/// # Errors
/// When the counter cannot be reached.
pub async fn plain<R: Radio>(
    radio: &R,
    clock: &dyn Clock,
    kind: &'static Kind,
    wanted: &Wanted,
    setup: impl FnOnce(&crate::radio::Heard) -> Setup,
    prompt: &mut (dyn FnMut(Prompt) + Send),
) -> Result<Plain, RadioError> {
    let mut link = radio.connect(wanted, CONNECT_WITHIN).await?;
    let mut driver = (kind.driver)(setup(link.heard()));
    let now = || HostTime {
        mono_ms: u64::try_from(clock.monotonic().as_millis()).unwrap_or(u64::MAX),
        utc_us: clock.synchronised().then(|| clock.utc().timestamp_micros()),
    };
    let (told, result) = dialogue::hold(&mut link, driver.as_mut(), &now, Keep::UntilReadings, prompt).await;
    let (mtu, paired) = (link.mtu(), link.heard().paired);
    link.disconnect(Duration::from_secs(5)).await;
    let readings = told.readings();
    let clock_of = |reading: &Reading| match reading {
        Reading::Clock { host_utc_ms, claimed_utc_ms, accuracy_ms } => {
            Some((claimed_utc_ms.saturating_sub(*host_utc_ms), *accuracy_ms))
        }
        _ => None,
    };
    let error = readings.iter().find_map(clock_of);
    let trouble = match (result, told.outcome) {
        (Err(error), _) => Some(error.to_string()),
        (Ok(()), Some(Outcome::Interrupted(fault) | Outcome::Unsupported(fault))) if !told.stopped => {
            Some(format!("{fault:?}"))
        }
        _ => None,
    };
    Ok(Plain {
        kind: kind.name,
        device: told.identity.as_ref().map(|identity| identity.device.to_string()),
        firmware: told.identity.as_ref().map(|identity| identity.firmware.clone()),
        resolution_class: class(told.identity.as_ref().map_or(kind.resolution, |identity| identity.resolution)),
        clock_error_ms: error.map(|(error, _)| error),
        clock_known_to_ms: error.map(|(_, known)| known),
        epochs_seen: readings.iter().filter(|reading| matches!(reading, Reading::Epoch(_))).count(),
        backlog_epochs: told.deliveries.iter().rev().find_map(|delivery| delivery.remaining),
        memory_minutes: told.identity.as_ref().and_then(|identity| identity.memory_minutes),
        battery_percent: readings.iter().find_map(|reading| match reading {
            Reading::Battery { percent } => Some(*percent),
            _ => None,
        }),
        paired,
        mtu,
        unreadable: told.deliveries.iter().filter(|delivery| !delivery.quarantined.is_empty()).count(),
        trouble,
    })
}

/// M, H or C.
pub const fn class(resolution: Resolution) -> char {
    match resolution {
        Resolution::Minute => 'M',
        Resolution::Coarse => 'H',
        Resolution::Counter => 'C',
    }
}
