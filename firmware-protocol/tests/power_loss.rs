//! The power may go at any byte written to flash. Whatever was flushed before is there afterwards,
//! no number is used twice, and the counter starts.

mod common;

use std::collections::BTreeMap;

use common::*;
use firmware_protocol::{
    reading::{Epoch, Wear},
    steplog::{
        device::{Device, FlashError},
        ram_flash::RamFlash,
    },
};

fn steps(minute: u64) -> u32 {
    // Walks of varying length between idle stretches of varying length.
    if minute * 7 % 97 < 40 { u32::try_from(20 + minute % 90).unwrap() } else { 0 }
}

/// Records until the power goes; the first minute that may be lost.
fn session(flash: &mut RamFlash, minutes: u64) -> Result<u32, (u32, FlashError)> {
    let mut flushed = 0;
    let mut device = Device::boot(flash, config(), Some(1_000)).map_err(|error| (0, error))?;
    let first = device.next_seq();
    for minute in 0..minutes {
        let at = minute * MINUTE_MS + 30_000;
        device.record(at, steps(minute), Wear::Worn, 0).map_err(|error| (flushed, error))?;
        // The specification: whole epochs are in flash fifteen minutes after they ended.
        flushed = first + u32::try_from(minute.saturating_sub(15)).unwrap();
        if minute % 50 == 49 {
            device.flush(at + 1_000).map_err(|error| (flushed, error))?;
            flushed = device.next_seq();
        }
    }
    Ok(flushed)
}

fn all_epochs(flash: RamFlash) -> (BTreeMap<u32, Epoch>, Vec<(u32, u32)>, u16, u32) {
    let mut device = Device::boot(flash, config(), None).expect("it always starts");
    let next = device.next_seq();
    let oldest = device.oldest_seq();
    // Something to be told after a gap.
    walk(&mut device, 0..2, |_| 77);
    let boot = device.boot_id();
    let mut host = Host::new(9);
    host.stored_to = oldest;
    let mut air = Air { utc_at_boot_ms: None, ..Air::new(2 * MINUTE_MS) };
    air.sync(&mut device, &mut host).expect("no cut here");
    assert!(host.quarantined.is_empty(), "a block cut short is not a block");
    let mut epochs = host.epochs();
    epochs.retain(|seq, _| *seq < next);
    (epochs, host.gaps(), boot, oldest)
}

#[test]
fn the_power_may_go_at_any_byte() {
    // Small sectors, so that both logs go round.
    let mut flash = RamFlash::new(6, 2048);
    session(&mut flash, 900).unwrap();
    let before = all_epochs(flash.clone()).0;
    let mut longest = flash.clone();
    let start = longest.written() + 4 * longest.erases();
    session(&mut longest, 700).unwrap();
    let bytes = longest.written() + 4 * longest.erases() - start;
    assert!(bytes > 4_000, "{bytes}");

    for cut in 0..bytes {
        let mut dead = flash.clone();
        dead.cut_power_after(Some(cut));
        let (flushed, error) = session(&mut dead, 700).unwrap_err();
        assert_eq!(error, FlashError::Failed, "cut after {cut}");
        dead.cut_power_after(None);

        let (epochs, gaps, boot, oldest) = all_epochs(dead);

        assert!(boot >= 2, "cut after {cut}");
        for seq in oldest..flushed {
            let told = epochs.contains_key(&seq) || gaps.iter().any(|(from, count)| (*from..from + count).contains(&seq));
            assert!(told, "number {seq} lost by a cut after {cut}");
        }
        for (seq, epoch) in &epochs {
            assert!(before.get(seq).is_none_or(|before| before == epoch), "number {seq} used twice by a cut after {cut}");
        }
        // What was flushed in the session that was cut is epochs, not gaps.
        let first = before.keys().last().unwrap() + 1;
        let lost = (first.max(oldest) + 60..flushed).filter(|seq| !epochs.contains_key(seq)).count();
        assert_eq!(lost, 0, "cut after {cut}");
    }
}

#[test]
fn numbers_are_not_reused_however_often_the_power_goes() {
    for seed in 0..30 {
        let mut dice = Dice(seed);
        let mut flash = RamFlash::new(10, 2048);
        let mut seen: BTreeMap<u32, Epoch> = BTreeMap::new();
        let mut boots = 0;
        for _ in 0..30 {
            flash.cut_power_after(Some(dice.roll() % 3_000));
            let minutes = dice.roll() % 300;
            assert!(session(&mut flash, minutes).is_err() || !flash.is_dead());
            flash.cut_power_after(None);
            let (epochs, _, boot, _) = all_epochs(flash.clone());
            assert!(boot > boots, "seed {seed}");
            // The look itself was on a copy.
            boots = boot - 1;
            for (seq, epoch) in epochs {
                let before = seen.insert(seq, epoch);
                assert!(before.is_none_or(|before| before == epoch), "seed {seed}, number {seq}: {before:?} and {epoch:?}");
            }
        }
    }
}
