//! The simulated air of a daemon without a radio: the counters of the settings, and one that is in reach and belongs
//! to nobody yet, to be paired.

use std::{
    collections::BTreeMap,
    io,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, Utc};

use super::DaemonError;
use crate::{
    config::Config,
    demo,
    model::DeviceId,
    radio::sim::{
        SharedFarEnd, SimRadio, Weather, clock::SimClock, counter::SimCounter, flash::SimFlash, pairing::Bonding,
        walker,
    },
    time::{Calendar, Clock as _, SystemClock, Zone},
};

/// The simulated counter that belongs to nobody yet.
const NOBODYS: DeviceId = DeviceId(*b"sim-0002");
const NOBODYS_SEED: u64 = 7;
const NOBODYS_DAYS: i64 = 28;
const MINUTES_PER_DAY: i64 = 1440;

/// Air with the simulated counters of the settings: each a flash file that `brisk demo` or a test
/// has filled, and that outlives this process as a real counter does.
///
/// # Errors
/// When a flash file cannot be used.
pub fn simulated_air(config: &Config, data_dir: &Path) -> Result<SimRadio, DaemonError> {
    let now = SystemClock::new(Duration::ZERO, DateTime::UNIX_EPOCH).utc();
    let mut counters: BTreeMap<String, SharedFarEnd> = BTreeMap::new();
    for counter in &config.counter {
        let Some(file) = &counter.simulated_flash else { continue };
        let path = data_dir.join(file);
        let bad = |_| DaemonError::Simulated { path: path.clone() };
        // The file was last written when the counter last gave a sign of life.
        let written: DateTime<Utc> = std::fs::metadata(&path).and_then(|meta| meta.modified()).map_err(bad)?.into();
        let off_ms = u32::try_from((now - written).num_milliseconds()).ok();
        let flash = SimFlash::in_file(&path).map_err(bad)?;
        let sim = SimCounter::new(counter.id, flash, Vec::new(), now.timestamp_micros(), off_ms, 0)
            .map_err(|_| DaemonError::Simulated { path: path.clone() })?;
        counters.insert(air_address(counter.id), Arc::new(Mutex::new(sim)));
    }
    let nobodys = match &config.bluetooth.simulated_counter {
        None => None,
        Some(file) => {
            let path = data_dir.join(file);
            let counter = nobodys_counter(&path, now).map_err(|_| DaemonError::Simulated { path: path.clone() })?;
            counters.insert(air_address(NOBODYS), Arc::new(Mutex::new(counter)));
            Some(Bonding::beside(&path, config.bluetooth.simulated_pairing))
        }
    };
    let air = SimRadio::new(Arc::new(SimClock::paced(now, 1.0)), counters, Weather::calm());
    Ok(match nobodys {
        Some(bonding) => air.with_bonding(air_address(NOBODYS), bonding),
        None => air,
    })
}

/// A counter that somebody has worn for four weeks until now, and goes on wearing today.
fn nobodys_counter(path: &Path, now: DateTime<Utc>) -> io::Result<SimCounter> {
    let calendar = Calendar::midnight(Zone::of_this_machine());
    let minute = now.timestamp().div_euclid(60);
    let script = |from| walker::script(NOBODYS_SEED, &calendar, from, minute + MINUTES_PER_DAY);
    let worn_out = |_| io::Error::other("the simulated memory refuses to be written");
    if path.exists() {
        let written: DateTime<Utc> = std::fs::metadata(path)?.modified()?.into();
        let off_ms = u32::try_from((now - written).num_milliseconds()).ok();
        let flash = SimFlash::in_file(path)?;
        return SimCounter::new(NOBODYS, flash, script(minute), now.timestamp_micros(), off_ms, 0).map_err(worn_out);
    }
    let began = minute - NOBODYS_DAYS * MINUTES_PER_DAY;
    let flash = SimFlash::new_file(path, demo::SECTORS)?;
    let mut counter = SimCounter::new(NOBODYS, flash, script(began), began * 60_000_000, None, 0).map_err(worn_out)?;
    counter.live_to(now.timestamp_micros()).map_err(worn_out)?;
    Ok(counter)
}

/// What the simulated air knows a counter by.
pub(super) fn air_address(id: DeviceId) -> String {
    id.to_string()
}
