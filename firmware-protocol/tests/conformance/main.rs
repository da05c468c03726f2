//! What the specification demands of counter and host: its conformance list, clause by clause.

#[path = "../common/mod.rs"]
mod common;

mod clock;
mod hosts;
mod link;
mod memory;

use firmware_protocol::{
    driver::Outcome,
    steplog::{
        control::{Reply, Request},
        device::Device,
        ram_flash::RamFlash,
        uuid,
    },
};

const COMPLETE: Option<Outcome> = Some(Outcome::Complete);

fn pattern(minute: u64) -> u32 {
    u32::try_from(minute % 120).unwrap()
}

/// Asks the control point; no frames are taken.
fn ask(device: &mut Device<RamFlash>, uptime_ms: u64, request: &Request) -> Reply {
    let mut bytes = [0; 13];
    let length = request.emit(&mut bytes).unwrap();
    device.write(uuid::CONTROL, &bytes[..length], uptime_ms).unwrap();
    let mut room = [0; 244];
    let (from, length) = device.outgoing(uptime_ms, &mut room).unwrap().unwrap();
    assert_eq!(from, uuid::CONTROL);
    Reply::parse(&room[..length]).unwrap()
}
