//! What the specification demands of counter and host: its conformance list, clause by clause.

mod common;

use common::*;
use firmware_protocol::{
    crc::Crc32,
    driver::{Fault, Outcome, QuarantineReason, UnitKind},
    reading::{Reading, Stamp, Wear},
    steplog::{
        control::{Reply, Request, Status},
        device::{Device, DeviceConfig},
        host::HostSettings,
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

#[test]
fn what_was_walked_arrives_on_any_mtu() {
    for mtu in [23, 64, 185, 247] {
        let mut device = counter();
        walk(&mut device, 0..300, pattern);
        let mut host = Host::new(1);
        let mut air = Air { mtu, ..Air::new(300 * MINUTE_MS) };

        assert_eq!(air.sync(&mut device, &mut host), COMPLETE, "{mtu}");

        let epochs = host.epochs();
        assert_eq!(epochs.len(), 300);
        for (seq, epoch) in epochs {
            assert_eq!(epoch.steps, pattern(seq.into()));
            assert_eq!(epoch.stamp, Stamp::Uptime { boot: 1, seconds: seq * 60 });
        }
        assert_eq!(device.acked(host.id), Some(300));
    }
}

#[test]
fn a_link_cut_after_any_frame_loses_nothing() {
    for mtu in [23, 247] {
        let mut whole = Air { mtu, ..Air::new(400 * MINUTE_MS) };
        let mut device = counter();
        walk(&mut device, 0..400, pattern);
        whole.sync(&mut device, &mut Host::new(1));

        for cut in 0..whole.frames {
            let mut device = counter();
            walk(&mut device, 0..400, pattern);
            let mut host = Host::new(1);
            let mut air = Air { mtu, ..Air::new(400 * MINUTE_MS) };
            // Small batches, so that the cut falls between all kinds of steps.
            air.settings.batch_epochs = 120;
            air.settings.max_epochs_per_read = 120;
            air.fate = Box::new(move |n, _| if n == cut { Fate::Cut } else { Fate::Pass });

            assert_eq!(air.sync(&mut device, &mut host), None);
            assert!(device.acked(host.id).unwrap_or(0) <= host.stored_to, "acknowledged before it was stored");
            air.fate = Box::new(|_, _| Fate::Pass);
            assert_eq!(air.sync(&mut device, &mut host), COMPLETE);

            assert_eq!(host.epochs().len(), 400, "cut at {cut}");
            assert_eq!(device.acked(host.id), Some(400));
        }
    }
}

#[test]
fn dropped_doubled_and_late_frames_do_no_harm() {
    for (seed, mtu) in (0..60).zip([23, 60, 247].into_iter().cycle()) {
        let mut device = counter();
        walk(&mut device, 0..600, pattern);
        let mut host = Host::new(1);
        let mut air = Air { mtu, ..Air::new(600 * MINUTE_MS) };
        let mut dice = Dice(seed);
        air.fate = Box::new(move |_, from| match dice.roll() % 40 {
            0 if from == uuid::DATA => Fate::Drop,
            1 if from == uuid::DATA => Fate::Flip,
            2..5 => Fate::Twice,
            5..9 => Fate::Late,
            _ => Fate::Pass,
        });

        let outcome = air.sync(&mut device, &mut host);

        assert_eq!(outcome, COMPLETE, "seed {seed}");
        let epochs = host.epochs();
        assert!(epochs.len() >= 600, "seed {seed}");
        assert!(epochs.iter().take(600).all(|(seq, epoch)| epoch.steps == pattern(u64::from(*seq))), "seed {seed}");
        assert!(host.quarantined.is_empty());
    }
}

#[test]
fn a_link_that_loses_everything_ends_the_dialogue() {
    let mut device = counter();
    walk(&mut device, 0..100, pattern);
    let mut host = Host::new(1);
    let mut air = Air::new(100 * MINUTE_MS);
    air.fate = Box::new(|_, from| if from == uuid::DATA { Fate::Drop } else { Fate::Pass });

    assert_eq!(air.sync(&mut device, &mut host), Some(Outcome::Interrupted(Fault::LossyLink)));

    assert_eq!(device.acked(host.id), Some(0));
}

#[test]
fn a_silent_counter_ends_the_dialogue() {
    let mut device = counter();
    let mut air = Air::new(1000);
    air.fate = Box::new(|_, _| Fate::Drop);

    assert_eq!(air.sync(&mut device, &mut Host::new(1)), Some(Outcome::Interrupted(Fault::Silent)));
}

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
fn a_clock_unset_for_three_days_is_set_without_touching_history() {
    let mut device = counter();
    let three_days = 3 * 1440;
    walk(&mut device, 0..three_days, pattern);
    let mut host = Host::new(1);
    let mut air = Air { utc_at_boot_ms: Some(NOON_MS + 20_000), ..Air::new(three_days * MINUTE_MS + 5_000) };

    assert_eq!(air.sync(&mut device, &mut host), COMPLETE);
    walk(&mut device, three_days + 1..three_days + 10, pattern);
    air.uptime_ms = (three_days + 10) * MINUTE_MS;
    assert_eq!(air.sync(&mut device, &mut host), COMPLETE);

    let epochs = host.epochs();
    assert!((0..4320).all(|seq| epochs[&seq].clock_unset && epochs[&seq].steps == pattern(seq.into())));
    assert!((4321..4330).all(|seq| !epochs[&seq].clock_unset));
    // One epoch is cut where the clock was set, the next one where the UTC minute ends.
    assert!(epochs[&4320].seconds < 10);
    let Stamp::Uptime { seconds, .. } = epochs[&4322].stamp else { panic!() };
    assert_eq!((NOON_MS / 1000 + 20 + i64::from(seconds)) % 60, 0);
    let anchor = host.anchors()[0];
    let truth = NOON_MS + 20_000 + i64::try_from(anchor.uptime_ms).unwrap();
    assert!((anchor.utc_ms - truth).abs() <= i64::from(anchor.accuracy_ms), "{anchor:?}");
}

#[test]
fn a_host_without_a_clock_sets_none_and_gets_everything() {
    let mut device = counter();
    walk(&mut device, 0..100, pattern);
    let mut host = Host::new(1);
    let mut air = Air { utc_at_boot_ms: None, ..Air::new(100 * MINUTE_MS) };

    assert_eq!(air.sync(&mut device, &mut host), COMPLETE);

    assert!(!device.clock_is_set());
    assert!(host.anchors().is_empty());
    assert_eq!((host.epochs().len(), device.acked(host.id)), (100, Some(100)));
}

#[test]
fn wrong_clocks_are_kept_beside_right_ones() {
    let mut device = counter();
    let mut hosts = [Host::new(1), Host::new(2)];
    let hour = 3_600_000;
    for (minute, shift, host) in [(10, 0, 0), (20, -hour, 1), (30, 24 * hour, 1)] {
        let host = &mut hosts[host];
        walk(&mut device, minute - 10..minute, pattern);
        let mut air = Air { utc_at_boot_ms: Some(NOON_MS + shift), ..Air::new(minute * MINUTE_MS) };
        assert_eq!(air.sync(&mut device, host), COMPLETE);
    }
    let [mut right, wrong] = hosts;
    walk(&mut device, 30..40, pattern);
    let mut air = Air::new(40 * MINUTE_MS);
    assert_eq!(air.sync(&mut device, &mut right), COMPLETE);

    let shifts: Vec<i64> =
        device.anchors().iter().map(|anchor| (anchor.utc_ms - NOON_MS - i64::try_from(anchor.uptime_ms).unwrap() + 30_000).div_euclid(60_000)).collect();
    assert_eq!(shifts, [0, -60, 1440, 0]);
    assert_eq!(device.anchors().iter().map(|anchor| anchor.host).collect::<Vec<_>>(), [right.id, wrong.id, wrong.id, right.id]);
    // Whole minutes of shift move no epoch.
    let epochs = right.epochs();
    assert!((0..40).all(|seq| epochs[&seq].stamp == Stamp::Uptime { boot: 1, seconds: seq * 60 } && epochs[&seq].steps == pattern(seq.into())));
}

#[test]
fn clock_changes_of_summer_and_winter_leave_stamps_alone() {
    // Vienna, 29 March and 25 October 2026: 01:00Z, when local time jumps.
    for jump in [1_774_746_000_000, 1_792_890_000_000] {
        let mut device = counter();
        let mut host = Host::new(1);
        for hour in 0..6 {
            walk(&mut device, hour * 60..hour * 60 + 60, pattern);
            let mut air = Air { utc_at_boot_ms: Some(jump - 3 * 3_600_000), ..Air::new((hour + 1) * 60 * MINUTE_MS) };
            air.settings = HostSettings { zone_min: Some(if hour < 3 { 60 } else { 120 }), ..HostSettings::default() };
            assert_eq!(air.sync(&mut device, &mut host), COMPLETE);
        }

        let epochs = host.epochs();

        assert_eq!(epochs.len(), 360);
        assert!(epochs.values().all(|epoch| epoch.stamp == Stamp::Uptime { boot: 1, seconds: epoch.seq * 60 } && epoch.seconds == 60));
    }
}

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
        assert_eq!(host.epochs().len() + usize::try_from(told).unwrap(), usize::try_from(host.stored_to).unwrap(), "seed {seed}");
    }
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
    assert_eq!(ask(&mut device, now, &right), Reply { operation: 3, status: Status::Ok, value: readable }, "repeatable");
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
    assert_eq!(ask(&mut device, now, &Request::Erase { to: 2000 }), Reply { operation: 4, status: Status::NotAllowed, value: 0 });

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
fn unknown_tags_are_skipped_and_another_major_version_is_refused() {
    let mut device = counter();
    let mut air = Air { feature_prefix: vec![0xEE, 3, 1, 2, 3], ..Air::new(1000) };
    assert_eq!(air.sync(&mut device, &mut Host::new(1)), COMPLETE);

    air.feature_prefix = vec![1, 2, 2, 0];
    assert_eq!(air.sync(&mut device, &mut Host::new(1)), Some(Outcome::Unsupported(Fault::Version)));

    air.feature_prefix = vec![0xEE, 0xFF];
    assert_eq!(air.sync(&mut device, &mut Host::new(1)), Some(Outcome::Interrupted(Fault::BadAnswer)));
}

#[test]
fn numbers_run_out_without_wrapping() {
    let mut device = counter();
    walk(&mut device, 0..100, pattern);
    device.flush(100 * MINUTE_MS).unwrap();
    let mut flash = device.into_flash();
    common::renumber(&mut flash, u32::MAX - 150);
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
fn a_block_that_rotted_is_put_aside_and_not_acknowledged() {
    let mut device = counter();
    walk(&mut device, 0..300, |minute| 1 + pattern(minute));
    device.flush(300 * MINUTE_MS).unwrap();
    let mut flash = device.into_flash();
    let sound = flash.clone();
    let at = common::block_address(&flash, 60);
    flash.bytes_mut()[at + 20] ^= 0x40;
    let mut device = Device::boot(flash, config(), None).unwrap();
    let mut host = Host::new(1);

    assert_eq!(Air::new(1000).sync(&mut device, &mut host), COMPLETE);

    assert_eq!(host.quarantined.len(), 1);
    assert_eq!((host.quarantined[0].seq, host.quarantined[0].reason), (Some(60), QuarantineReason::BadChecksum));
    assert_eq!(host.quarantined[0].bytes.len(), 136);
    assert_eq!(host.epochs().len(), 240);
    assert_eq!((device.acked(host.id), host.held_at), (Some(60), Some(60)));

    // Still bad: nothing comes twice, nothing more is acknowledged, new minutes do come.
    walk(&mut device, 1..20, |_| 9);
    assert_eq!(Air::new(20 * MINUTE_MS).sync(&mut device, &mut host), COMPLETE);
    assert_eq!(host.quarantined.len(), 1);
    assert_eq!(host.units.iter().filter(|unit| unit.kind == UnitKind::StepLogBlock).count(), 5, "each block once");
    assert_eq!(device.acked(host.id), Some(60));

    // Readable after all.
    let mut device = Device::boot(sound, config(), None).unwrap();
    assert_eq!(Air::new(1000).sync(&mut device, &mut host), COMPLETE);
    assert_eq!((host.held_at, device.acked(host.id)), (None, Some(300)));
    assert!((0..300).all(|seq| host.epochs()[&seq].steps == 1 + pattern(seq.into())));
}

#[test]
fn boots_joined_by_a_running_clock_are_told_once_and_keep_the_minute() {
    let mut device = counter();
    walk(&mut device, 0..10, pattern);
    let mut host = Host::new(1);
    assert_eq!(Air::new(10 * MINUTE_MS).sync(&mut device, &mut host), COMPLETE);
    device.flush(10 * MINUTE_MS + 12_500).unwrap();
    assert_eq!(device.last_flush_ms(), 10 * MINUTE_MS + 12_500);

    let mut device = Device::boot(device.into_flash(), config(), Some(4_000)).unwrap();
    assert!(device.clock_is_set());
    walk(&mut device, 0..10, pattern);
    for minute in [10, 11, 12] {
        let mut air = Air { utc_at_boot_ms: Some(NOON_MS + 616_500), ..Air::new(minute * MINUTE_MS) };
        assert_eq!(air.sync(&mut device, &mut host), COMPLETE);
    }

    let links: Vec<_> = host.readings().into_iter().filter_map(|reading| if let Reading::BootLink(link) = reading { Some(link) } else { None }).collect();
    assert_eq!(links.len(), 1);
    assert_eq!((links[0].boot, links[0].previous, links[0].previous_uptime_ms, links[0].off_ms), (2, 1, 612_500, 4_000));
    let second: Vec<_> = host.epochs().into_values().filter(|epoch| matches!(epoch.stamp, Stamp::Uptime { boot: 2, .. })).collect();
    assert_eq!((second[0].seconds, second[1].seconds), (44, 60));
    assert!(second.iter().all(|epoch| !epoch.clock_unset));
}

#[test]
fn an_unlinked_boot_does_not_know_the_time() {
    let mut device = counter();
    let mut host = Host::new(1);
    assert_eq!(Air::new(1000).sync(&mut device, &mut host), COMPLETE);
    device.flush(2000).unwrap();

    let device = Device::boot(device.into_flash(), config(), None).unwrap();

    assert!(!device.clock_is_set());
    assert_eq!(device.boot_links().count(), 0);
}

#[test]
fn a_host_that_cannot_store_acknowledges_nothing() {
    let mut device = counter();
    walk(&mut device, 0..50, pattern);
    let mut host = Host { refuse_store: true, ..Host::new(1) };

    assert_eq!(Air::new(50 * MINUTE_MS).sync(&mut device, &mut host), Some(Outcome::Interrupted(Fault::NotStored)));

    assert_eq!(device.acked(host.id), Some(0));
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

#[test]
fn a_slow_link_is_asked_for_the_time_three_times() {
    let mut device = counter();
    let mut host = Host::new(1);
    let mut air = Air { write_ms: 3_000, ..Air::new(1000) };

    assert_eq!(air.sync(&mut device, &mut host), COMPLETE);

    assert_eq!(air.writes.iter().filter(|(to, _)| *to == uuid::TIME).count(), 3);
    assert_eq!(device.anchors().len(), 1, "three tries at one setting");
    let anchor = host.anchors()[0];
    let truth = NOON_MS + i64::try_from(anchor.uptime_ms).unwrap();
    assert!((anchor.utc_ms - truth).abs() <= i64::from(anchor.accuracy_ms));
}

#[test]
fn thirty_days_are_stored_in_a_few_dozen_deliveries() {
    for mtu in [23, 247] {
        let mut device = counter();
        walk(&mut device, 0..30 * 1440, |minute| if minute % 60 < 10 { pattern(minute) } else { 0 });
        let mut host = Host::new(1);
        let mut air = Air { mtu, ..Air::new(30 * 1440 * MINUTE_MS) };

        assert_eq!(air.sync(&mut device, &mut host), COMPLETE);

        assert_eq!(host.epochs().len(), 30 * 1440);
        assert!((20..=60).contains(&host.deliveries.len()), "{}", host.deliveries.len());
        let remaining: Vec<_> = host.deliveries.iter().skip(1).map(|delivery| delivery.remaining.unwrap()).collect();
        assert!(remaining.is_sorted_by(|a, b| a > b) && remaining.last() == Some(&0));
    }
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
