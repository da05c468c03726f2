//! Resets, numbers and the ring.

use crate::common::*;
use crate::{COMPLETE, ask, pattern};
use firmware_protocol::{
    reading::{Stamp, Wear},
    steplog::{
        control::{Request, Status},
        device::{Device, DeviceConfig},
        frame::Frame,
        ram_flash::RamFlash,
    },
};

#[test]
fn an_announced_reset_leaves_no_gap() {
    let mut device = counter();
    walk(&mut device, 0..10, |_| 50);
    device.record(10 * MINUTE_MS + 20_000, 7, Wear::Worn, 0).unwrap();
    device.flush(10 * MINUTE_MS + 25_000).unwrap();
    let mut device = Device::boot(device.into_flash(), config(), None).unwrap();
    walk(&mut device, 0..5, |_| 60);
    let mut host = Host::new(1);

    assert_eq!(Air::new(5 * MINUTE_MS).sync(&mut device, &mut host), COMPLETE);

    let epochs = host.epochs();
    assert_eq!(epochs.keys().copied().collect::<Vec<_>>(), (0..16).collect::<Vec<_>>());
    assert_eq!((epochs[&10].steps, epochs[&10].seconds), (7, 25));
    assert_eq!(epochs[&11].stamp, Stamp::Uptime { boot: 2, seconds: 0 });
    assert!(host.gaps().is_empty());
}

#[test]
fn an_unannounced_reset_leaves_a_gap_that_is_told() {
    let mut device = counter();
    walk(&mut device, 0..20, |_| 50);
    let mut device = Device::boot(device.into_flash(), config(), None).unwrap();
    walk(&mut device, 0..5, |_| 60);
    let mut host = Host::new(1);

    assert_eq!(Air::new(5 * MINUTE_MS).sync(&mut device, &mut host), COMPLETE);

    // The first fifteen minutes were flushed by themselves; the next four were not.
    assert_eq!(host.gaps(), [(15, 60)]);
    assert_eq!(host.epochs().keys().copied().collect::<Vec<_>>(), (0..15).chain(75..80).collect::<Vec<_>>());
    assert_eq!(device.acked(host.id), Some(80));
}

#[test]
fn resets_that_record_nothing_cost_no_memory_and_no_numbers() {
    let mut device = counter();
    walk(&mut device, 0..20, |_| 50);
    for _ in 0..100 {
        device = Device::boot(device.into_flash(), config(), None).unwrap();
    }

    assert_eq!(device.boot_id(), 101);
    assert_eq!(device.next_seq(), 75);
}

#[test]
fn a_full_ring_overwrites_the_oldest_and_counts_what_nobody_had() {
    let mut device = Device::boot(RamFlash::new(6, 2048), config(), None).unwrap();
    let busy = |minute: u64| 1 + pattern(minute);
    walk(&mut device, 0..400, busy);
    let mut host = Host::new(1);
    assert_eq!(Air::new(400 * MINUTE_MS).sync(&mut device, &mut host), COMPLETE);
    assert_eq!(device.acked(host.id), Some(400));

    walk(&mut device, 400..800, busy);
    assert_eq!(device.lost(), 0, "what was acknowledged is overwritten first");
    walk(&mut device, 800..6000, busy);

    let oldest = device.oldest_seq();
    assert!(oldest > 400);
    assert_eq!(device.lost(), oldest - 400);
    assert_eq!(Air::new(6000 * MINUTE_MS).sync(&mut device, &mut host), COMPLETE);
    assert_eq!(host.gaps(), [(400, oldest - 400)]);
    let epochs = host.epochs();
    assert_eq!(epochs.len(), 6000 - usize::try_from(oldest - 400).unwrap());
    assert!(epochs.iter().all(|(seq, epoch)| epoch.steps == busy(u64::from(*seq))));
    assert_eq!(device.acked(host.id), Some(6000));
}

#[test]
fn a_ring_that_moves_on_during_the_dialogue_does_no_harm() {
    for seed in 0..20 {
        let mut device = Device::boot(RamFlash::new(6, 2048), config(), None).unwrap();
        walk(&mut device, 0..3000, |minute| 1 + pattern(minute));
        let mut host = Host::new(1);
        let mut air = Air { mtu: 23, utc_at_boot_ms: None, ..Air::new(3000 * MINUTE_MS) };
        air.settings.batch_epochs = 240;
        // Few at a time, so that the ring moves on between the frames of one transfer, too.
        air.burst = 2;
        let (mut dice, mut minute) = (Dice(seed), 3000);
        air.meanwhile = Box::new(move |device, _| {
            if minute < 4000 && dice.one_in(2) {
                walk(device, minute..minute + 40, |minute| 1 + pattern(minute));
                minute += 40;
            }
        });

        let outcome = air.sync(&mut device, &mut host);

        assert_eq!(outcome, COMPLETE, "seed {seed}");
        assert!(host.epochs().iter().all(|(seq, epoch)| epoch.steps == 1 + pattern(u64::from(*seq))));
        let told: u32 = host.gaps().iter().map(|(_, count)| count).sum();
        assert_eq!(
            host.epochs().len() + usize::try_from(told).unwrap(),
            usize::try_from(host.stored_to).unwrap(),
            "seed {seed}"
        );
    }
}

#[test]
fn numbers_run_out_without_wrapping() {
    let mut device = counter();
    walk(&mut device, 0..100, pattern);
    device.flush(100 * MINUTE_MS).unwrap();
    let mut flash = device.into_flash();
    renumber(&mut flash, u32::MAX - 150);
    let mut device = Device::boot(flash, config(), None).unwrap();
    assert_eq!(device.next_seq(), u32::MAX - 50);
    walk(&mut device, 0..80, pattern);

    assert!(device.is_exhausted());
    assert_eq!((device.next_seq(), device.lost()), (u32::MAX, 29));
    let mut host = Host::new(1);
    host.stored_to = u32::MAX - 150;
    assert_eq!(Air::new(80 * MINUTE_MS).sync(&mut device, &mut host), COMPLETE);
    let epochs = host.epochs();
    assert_eq!(epochs.len(), 150);
    assert_eq!(*epochs.keys().last().unwrap(), u32::MAX - 1);

    let device = Device::boot(device.into_flash(), config(), None).unwrap();
    assert_eq!((device.next_seq(), device.is_exhausted()), (u32::MAX, true));
}

#[test]
fn a_minute_too_full_for_its_field_is_a_lower_bound() {
    let mut device = counter();
    walk(&mut device, 0..3, |minute| [254, 255, 70_000][usize::try_from(minute).unwrap()]);
    let mut host = Host::new(1);

    assert_eq!(Air::new(3 * MINUTE_MS).sync(&mut device, &mut host), COMPLETE);

    let said: Vec<_> = host.epochs().values().map(|epoch| (epoch.steps, epoch.saturated)).collect();
    assert_eq!(said, [(254, false), (255, true), (255, true)]);
}

#[test]
fn short_epochs_follow_a_change_of_epoch_length() {
    let mut device = Device::boot(RamFlash::new(34, 4096), DeviceConfig { epoch_s: 60, ..config() }, None).unwrap();
    walk(&mut device, 0..2, |_| 30);
    device.connect(247);
    ask(&mut device, 2 * MINUTE_MS + 20_000, &Request::Hello { host: Host::new(1).id });
    assert_eq!(ask(&mut device, 2 * MINUTE_MS + 20_000, &Request::SetEpoch { seconds: 15 }).status, Status::Ok);
    device.record(3 * MINUTE_MS + 21_000, 4, Wear::Worn, 3).unwrap();
    let mut host = Host::new(1);

    let mut air = Air { utc_at_boot_ms: None, ..Air::new(3 * MINUTE_MS + 40_000) };
    assert_eq!(air.sync(&mut device, &mut host), COMPLETE);

    let lengths: Vec<_> = host.epochs().values().map(|epoch| epoch.seconds).collect();
    assert_eq!(lengths, [60, 60, 20, 15, 15, 15, 15, 15]);
}

#[test]
fn a_transfer_whose_blocks_are_overwritten_is_given_up() {
    let mut device = Device::boot(RamFlash::new(4, 2048), config(), None).unwrap();
    let busy = |minute: u64| 1 + pattern(minute);
    walk(&mut device, 0..1500, busy);
    device.connect(23);
    let now = 1500 * MINUTE_MS;
    ask(&mut device, now, &Request::Hello { host: Host::new(1).id });
    ask(&mut device, now, &Request::Read { from: 0, max_epochs: 600, max_frames: 100, transfer: 9 });
    let mut room = [0; 244];
    let first = device.outgoing(now, &mut room).unwrap().unwrap();
    assert!(!Frame::parse(&room[..first.1]).unwrap().aborted);

    walk(&mut device, 1500..4000, busy);

    let (_, length) = device.outgoing(4000 * MINUTE_MS, &mut room).unwrap().unwrap();
    let frame = Frame::parse(&room[..length]).unwrap();
    assert!(frame.aborted && frame.payload.is_empty());
    assert_eq!(device.outgoing(4000 * MINUTE_MS, &mut room), Ok(None));
}

/// A counter of 2000 flushed minutes with the header of the slot that begins with `seq` damaged, and
/// its log of small facts so full of other things that no epoch is in it any more.
fn damaged_at(seq: u32) -> Device<RamFlash> {
    let mut device = counter();
    walk(&mut device, 0..2000, |minute| 1 + pattern(minute));
    device.flush(2000 * MINUTE_MS).unwrap();
    for name in 0..200 {
        device.connect(247);
        ask(&mut device, 2000 * MINUTE_MS, &Request::Hello { host: Host::new(name % 2 + 1).id });
    }
    let mut flash = device.into_flash();
    let at = block_address(&flash, seq) - 8;
    flash.bytes_mut()[at + 1] ^= 0x01;
    Device::boot(flash, config(), None).unwrap()
}

#[test]
fn numbers_whose_blocks_cannot_be_found_are_told_and_not_used_again() {
    // In the middle, where the sector after it tells where it ends, and at the very end.
    for (seq, end) in [(600, None), (1980, Some(2000))] {
        let mut device = damaged_at(seq);
        assert_eq!(device.next_seq(), 2000);
        let mut host = Host::new(1);

        assert_eq!(Air::new(1000).sync(&mut device, &mut host), COMPLETE);

        let [(from, count)] = host.gaps()[..] else { panic!("{:?}", host.gaps()) };
        assert_eq!(from, seq);
        assert!(end.is_none_or(|end| from + count == end));
        assert_eq!(host.epochs().len(), 2000 - usize::try_from(count).unwrap());
        walk(&mut device, 1..3, |_| 5);
        assert_eq!(Air::new(3 * MINUTE_MS).sync(&mut device, &mut host), COMPLETE);
        assert!(host.epochs().range(2000..).count() > 0);
        assert_eq!(device.acked(host.id), Some(device.next_seq()));
    }
}

#[test]
fn a_gap_that_was_not_told_yet_outlives_an_announced_reset() {
    let mut device = counter();
    walk(&mut device, 0..20, |_| 50);
    let mut device = Device::boot(device.into_flash(), config(), None).unwrap();
    device.flush(10_000).unwrap();
    let mut device = Device::boot(device.into_flash(), config(), None).unwrap();
    walk(&mut device, 0..3, |_| 60);
    let mut host = Host::new(1);

    assert_eq!(Air::new(3 * MINUTE_MS).sync(&mut device, &mut host), COMPLETE);

    let told: u32 = host.gaps().iter().map(|(_, count)| count).sum();
    assert_eq!((host.gaps()[0].0, told), (15, 60));
}
