//! Transfers, and what the air does to them.

use crate::common::*;
use crate::{COMPLETE, pattern};
use firmware_protocol::{
    driver::{Fault, Outcome, QuarantineReason, UnitKind},
    reading::Stamp,
    steplog::{device::Device, uuid},
};

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
fn a_block_that_rotted_is_put_aside_and_not_acknowledged() {
    let mut device = counter();
    walk(&mut device, 0..300, |minute| 1 + pattern(minute));
    device.flush(300 * MINUTE_MS).unwrap();
    let mut flash = device.into_flash();
    let sound = flash.clone();
    let at = block_address(&flash, 60);
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
