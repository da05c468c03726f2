//! Gathers the facts that [`doctor`] judges.

use std::{
    io::{self, Write as _},
    path::Path,
    sync::{Arc, PoisonError},
};

use axum::{Json, extract::State};
use firmware_protocol::device;
use serde::{Deserialize, Serialize};

use super::{App, ErrorReply, Problem, blocking, horizon};
use crate::{
    config::ClockZone,
    doctor::{self, CounterFacts, Facts, Finding, Look},
    store::{BondLevel, StoreError},
    time::Zone,
    trouble::Cause,
};

/// What `doctor` says.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DoctorReply {
    /// What was looked at, and is in order or not: one line each.
    pub looked_at: Vec<String>,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

/// Enough for the journal of a day.
const PROBE_BYTES: usize = 256 * 1024;

/// What is wrong in this home, and what to do about it.
#[utoipa::path(get, path = "/api/v1/doctor", responses((status = 200, description = "What was looked at and found", body = DoctorReply), ErrorReply))]
pub(super) async fn doctor(State(app): State<Arc<App>>) -> Result<Json<DoctorReply>, Problem> {
    let (looks, findings) = examine(app).await?;
    let line = |look: &Look| format!("{} {}", if look.fine { "ok " } else { "NOT" }, look.what);
    Ok(Json(DoctorReply { looked_at: looks.iter().map(line).collect(), findings }))
}

/// Looks at everything; what was looked at, and what is wrong.
///
/// # Errors
/// When the store fails.
pub async fn examine(app: Arc<App>) -> Result<(Vec<Look>, Vec<Finding>), Problem> {
    let (mut radio, mut known) = (None, None);
    if let Some(desk) = &app.desk {
        match desk.radio().check().await {
            Ok(()) => known = desk.radio().paired().await.ok(),
            Err(error) => radio = Some(Cause::of_radio(&error)),
        }
    }
    let Json(examined) = blocking(app, move |app| {
        let facts = facts(app, radio, known.as_deref())?;
        Ok((doctor::looked_at(&facts, app.desk.is_some()), doctor::diagnose(&facts)))
    })
    .await?;
    Ok(examined)
}

fn facts(app: &App, radio: Option<Cause>, paired: Option<&[String]>) -> Result<Facts, StoreError> {
    let mut counters = Vec::new();
    for entry in app.board.iter().filter(|entry| entry.wanted) {
        let state = app.store.counter(entry.device)?;
        let status = entry.status.as_ref().map(|s| s.lock().unwrap_or_else(PoisonError::into_inner).clone());
        let mut cause = status.as_ref().and_then(|status| status.cause);
        // What this computer knows of its own pairings needs no attempt.
        let needs_pairing = matches!(entry.bond, BondLevel::JustWorks | BondLevel::Passkey);
        if let (true, Some(paired), Some(address)) = (needs_pairing, paired, &entry.address)
            && !paired.iter().any(|known| known.eq_ignore_ascii_case(address))
        {
            cause = Some(Cause::PairingLostHere);
        }
        let kind = device::kind(entry.kind);
        counters.push(CounterFacts {
            device: entry.device,
            label: entry.label.clone(),
            kind: kind.unwrap_or(&device::step_log::KIND),
            horizon: horizon(kind, state.as_ref()),
            cause,
            heard: status.and_then(|status| status.last_heard),
            arrived: state.as_ref().and_then(|state| state.last_arrival),
            battery_percent: state.as_ref().and_then(|state| state.battery),
            clock_ahead_ms: state.and_then(|state| state.clock_ahead_ms),
        });
    }
    let (machine, now) = (Zone::of_this_machine(), app.clock.utc());
    let zones = app.zone.and_then(|zone| match zone {
        ClockZone::Named(zone) if !zone.shows_the_same_as(machine, now.timestamp()) => {
            zone.name().map(str::to_owned).zip(machine.name().map(str::to_owned))
        }
        ClockZone::Named(_) | ClockZone::Auto => None,
    });
    Ok(Facts {
        now,
        clock_set: app.clock.synchronised(),
        radio,
        disk: probe(&app.data_dir).err().map(|error| Cause::of_disk(&error)),
        zones,
        broker: *app.broker_tried.lock().unwrap_or_else(PoisonError::into_inner),
        counters,
    })
}

/// Writes and removes as much as a day's journal takes.
fn probe(data_dir: &Path) -> io::Result<()> {
    let path = data_dir.join("doctor.probe");
    let written = std::fs::File::create(&path).and_then(|mut file| {
        file.write_all(&vec![0x55; PROBE_BYTES])?;
        file.sync_all()
    });
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound && written.is_ok() => Err(error),
        _ => written,
    }
}
