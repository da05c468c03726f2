//! Clocks: unset, wrong, set again, running on over a reset.

use crate::common::*;
use crate::{COMPLETE, pattern};
use firmware_protocol::{
    reading::{Reading, Stamp},
    steplog::{device::Device, host::HostSettings, uuid},
};

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

    let shifts: Vec<i64> = device
        .anchors()
        .iter()
        .map(|anchor| (anchor.utc_ms - NOON_MS - i64::try_from(anchor.uptime_ms).unwrap() + 30_000).div_euclid(60_000))
        .collect();
    assert_eq!(shifts, [0, -60, 1440, 0]);
    assert_eq!(
        device.anchors().iter().map(|anchor| anchor.host).collect::<Vec<_>>(),
        [right.id, wrong.id, wrong.id, right.id]
    );
    // Whole minutes of shift move no epoch.
    let epochs = right.epochs();
    assert!((0..40).all(|seq| epochs[&seq].stamp == Stamp::Uptime { boot: 1, seconds: seq * 60 }
        && epochs[&seq].steps == pattern(seq.into())));
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
        assert!(
            epochs
                .values()
                .all(|epoch| epoch.stamp == Stamp::Uptime { boot: 1, seconds: epoch.seq * 60 } && epoch.seconds == 60)
        );
    }
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

    let links: Vec<_> = host
        .readings()
        .into_iter()
        .filter_map(|reading| if let Reading::BootLink(link) = reading { Some(link) } else { None })
        .collect();
    assert_eq!(links.len(), 1);
    assert_eq!(
        (links[0].boot, links[0].previous, links[0].previous_uptime_ms, links[0].off_ms),
        (2, 1, 612_500, 4_000)
    );
    let second: Vec<_> =
        host.epochs().into_values().filter(|epoch| matches!(epoch.stamp, Stamp::Uptime { boot: 2, .. })).collect();
    assert_eq!((second[0].seconds, second[1].seconds), (44, 60));
    assert!(second.iter().all(|epoch| !epoch.clock_unset));
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
    assert!(anchor.accuracy_ms >= 3_000);
    assert!((anchor.utc_ms - truth).abs() <= 1, "both ways took the same time, so the middle is right");

    let device = Device::boot(device.into_flash(), config(), None).unwrap();
    assert_eq!(device.anchors().len(), 1, "also after a reset");
}
