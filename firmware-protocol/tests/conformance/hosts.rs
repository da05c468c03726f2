//! Hosts: several, forgetful, mistaken.

use crate::common::*;
use crate::{COMPLETE, ask, pattern};
use firmware_protocol::{
    crc::Crc32,
    driver::{Fault, Outcome},
    steplog::{
        control::{Reply, Request, Status},
        device::Device,
        ram_flash::RamFlash,
    },
};

#[test]
fn two_hosts_each_get_everything_in_their_own_time() {
    let mut device = counter();
    let (mut first, mut second) = (Host::new(1), Host::new(2));
    walk(&mut device, 0..100, pattern);
    assert_eq!(Air::new(100 * MINUTE_MS).sync(&mut device, &mut first), COMPLETE);
    walk(&mut device, 100..200, pattern);
    assert_eq!(Air::new(200 * MINUTE_MS).sync(&mut device, &mut second), COMPLETE);

    assert_eq!((device.acked(first.id), device.acked(second.id)), (Some(100), Some(200)));
    assert_eq!(Air::new(200 * MINUTE_MS).sync(&mut device, &mut first), COMPLETE);

    assert_eq!(first.epochs(), second.epochs());
    assert_eq!(device.acked(first.id), Some(200));
}

#[test]
fn a_fifth_host_takes_the_place_of_the_one_not_seen_for_longest() {
    let mut device = counter();
    walk(&mut device, 0..50, pattern);
    let mut hosts: Vec<Host> = (1..=5).map(Host::new).collect();
    for index in [0, 1, 2, 3, 0, 4] {
        assert_eq!(Air::new(50 * MINUTE_MS).sync(&mut device, &mut hosts[index]), COMPLETE);
    }

    let known: Vec<bool> = hosts.iter().map(|host| device.acked(host.id).is_some()).collect();
    assert_eq!(known, [true, false, true, true, true]);
}

#[test]
fn an_ack_with_a_wrong_checksum_changes_nothing() {
    let mut device = counter();
    walk(&mut device, 0..100, pattern);
    let mut host = Host::new(1);
    let mut air = Air::new(100 * MINUTE_MS);
    air.settings.batch_epochs = u32::MAX;
    host.refuse_store = true;
    assert_eq!(air.sync(&mut device, &mut host), Some(Outcome::Interrupted(Fault::NotStored)));
    device.connect(247);
    let now = 101 * MINUTE_MS;
    ask(&mut device, now, &Request::Hello { host: host.id });
    let readable = ask(&mut device, now, &Request::Read { from: 0, max_epochs: 1, max_frames: 99, transfer: 1 }).value;

    let wrong = ask(&mut device, now, &Request::Ack { from: 0, to: readable, crc: 0 });
    assert_eq!((wrong.status, device.acked(host.id)), (Status::Differs, Some(0)));

    let right = Request::Ack { from: 0, to: readable, crc: wrong.value };
    assert_eq!(ask(&mut device, now, &right).status, Status::Ok);
    assert_eq!(
        ask(&mut device, now, &right),
        Reply { operation: 3, status: Status::Ok, value: readable },
        "repeatable"
    );
    assert_eq!(device.acked(host.id), Some(readable));
    let empty = Crc32::new().value();
    let beyond = ask(&mut device, now, &Request::Ack { from: readable, to: readable + 1, crc: empty });
    assert_eq!(beyond.status, Status::BadParameter);
}

#[test]
fn erasing_waits_for_every_host() {
    let mut device = Device::boot(RamFlash::new(8, 2048), config(), None).unwrap();
    walk(&mut device, 0..2000, |minute| 1 + pattern(minute));
    let (mut first, second) = (Host::new(1), Host::new(2));
    assert_eq!(Air::new(2000 * MINUTE_MS).sync(&mut device, &mut first), COMPLETE);
    device.connect(247);
    let now = 2000 * MINUTE_MS;

    assert_eq!(ask(&mut device, now, &Request::Erase { to: 100 }).status, Status::NotAllowed, "no HELLO yet");
    ask(&mut device, now, &Request::Hello { host: second.id });
    assert_eq!(
        ask(&mut device, now, &Request::Erase { to: 2000 }),
        Reply { operation: 4, status: Status::NotAllowed, value: 0 }
    );

    let mut device = Device::boot(RamFlash::new(8, 2048), config(), None).unwrap();
    walk(&mut device, 0..2000, |minute| 1 + pattern(minute));
    assert_eq!(Air::new(2000 * MINUTE_MS).sync(&mut device, &mut first), COMPLETE);
    let mut second = Host::new(3);
    assert_eq!(Air::new(2000 * MINUTE_MS).sync(&mut device, &mut second), COMPLETE);
    device.connect(247);
    ask(&mut device, now, &Request::Hello { host: second.id });
    let reply = ask(&mut device, now, &Request::Erase { to: 2000 });
    assert_eq!((reply.status, reply.value), (Status::Ok, device.oldest_seq()));
    assert!(device.oldest_seq() > 1000);
    assert_eq!(device.next_seq(), 2000);
}

#[test]
fn a_host_that_lost_its_store_reads_again_what_is_still_there() {
    let mut device = counter();
    walk(&mut device, 0..50, pattern);
    assert_eq!(Air::new(50 * MINUTE_MS).sync(&mut device, &mut Host::new(1)), COMPLETE);
    let mut host = Host::new(1);

    assert_eq!(Air::new(51 * MINUTE_MS).sync(&mut device, &mut host), COMPLETE);

    assert_eq!(host.epochs().len(), 51);
}

#[test]
fn goal_and_cursor_outlive_a_reset() {
    let mut device = counter();
    walk(&mut device, 0..50, pattern);
    let mut host = Host { goal: Some(7_500), ..Host::new(1) };
    assert_eq!(Air::new(50 * MINUTE_MS).sync(&mut device, &mut host), COMPLETE);

    let device = Device::boot(device.into_flash(), config(), None).unwrap();

    assert_eq!((device.goal_steps(), device.acked(host.id)), (Some(7_500), Some(50)));
}
