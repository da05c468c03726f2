//! The power may go at any byte written to flash. Whatever was flushed before is there afterwards,
//! no number is used twice, and the counter starts.

mod common;

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use common::*;
use firmware_protocol::{
    reading::{Epoch, Wear},
    steplog::{
        device::{Device, Flash, FlashError},
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

/// Epochs, gaps, boot and oldest number of what is left.
type Left = (BTreeMap<u32, Epoch>, Vec<(u32, u32)>, u16, u32);

fn all_epochs(flash: RamFlash) -> Left {
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
    // Small sectors, and a start from which both logs go round within the session.
    let spent = |flash: &RamFlash| flash.written() + 4 * flash.erases();
    let (flash, bytes) = (900..20_000)
        .step_by(50)
        .find_map(|minutes| {
            let mut flash = RamFlash::new(6, 2048);
            session(&mut flash, minutes).unwrap();
            let mut device = Device::boot(flash, config(), None).unwrap();
            Air::new(1_000).sync(&mut device, &mut Host::new(5)).unwrap();
            let flash = device.into_flash();
            let mut after = flash.clone();
            session(&mut after, 200).unwrap();
            (after.erases() >= flash.erases() + 2).then(|| (flash.clone(), spent(&after) - spent(&flash)))
        })
        .expect("both logs go round now and then");
    let before = all_epochs(flash.clone()).0;
    let cursor = |flash: &RamFlash| {
        let device = Device::boot(flash.clone(), config(), None).unwrap();
        (device.acked(Host::new(5).id), device.anchors().to_vec())
    };
    let acked = cursor(&flash);
    assert!(acked.0.is_some_and(|acked| acked > 0));

    for cut in 0..bytes {
        let mut dead = flash.clone();
        dead.cut_power_after(Some(cut));
        let (flushed, error) = session(&mut dead, 200).unwrap_err();
        assert_eq!(error, FlashError::Failed, "cut after {cut}");
        dead.cut_power_after(None);
        assert_eq!(cursor(&dead), acked, "cut after {cut}");

        let (epochs, gaps, boot, oldest) = all_epochs(dead);

        assert!(boot >= 2, "cut after {cut}");
        for seq in oldest..flushed {
            let told =
                epochs.contains_key(&seq) || gaps.iter().any(|(from, count)| (*from..from + count).contains(&seq));
            assert!(told, "number {seq} lost by a cut after {cut}");
        }
        for (seq, epoch) in &epochs {
            assert!(
                before.get(seq).is_none_or(|before| before == epoch),
                "number {seq} used twice by a cut after {cut}"
            );
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
                assert!(
                    before.is_none_or(|before| before == epoch),
                    "seed {seed}, number {seq}: {before:?} and {epoch:?}"
                );
            }
        }
    }
}

/// A memory that the test can break while the counter runs.
struct Shared(Rc<RefCell<RamFlash>>);

impl Flash for Shared {
    fn sector_len(&self) -> u32 {
        self.0.borrow().sector_len()
    }

    fn sectors(&self) -> u16 {
        self.0.borrow().sectors()
    }

    fn read(&mut self, at: u32, into: &mut [u8]) -> Result<(), FlashError> {
        self.0.borrow_mut().read(at, into)
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), FlashError> {
        self.0.borrow_mut().write(at, bytes)
    }

    fn erase(&mut self, sector: u16) -> Result<(), FlashError> {
        self.0.borrow_mut().erase(sector)
    }
}

#[test]
fn a_memory_that_fails_for_a_while_costs_only_what_was_not_written() {
    for fault in 0..200 {
        let flash = Rc::new(RefCell::new(RamFlash::new(6, 2048)));
        let mut device = Device::boot(Shared(flash.clone()), config(), None).unwrap();
        let mut faults = 0;
        for minute in 0..600 {
            match minute {
                100 => flash.borrow_mut().cut_power_after(Some(fault)),
                200 => flash.borrow_mut().cut_power_after(None),
                _ => {}
            }
            let recorded = device.record(minute * MINUTE_MS + 30_000, steps(minute), Wear::Worn, 0);
            assert!(recorded != Err(FlashError::NotErased), "fault after {fault}");
            faults += u32::from(recorded.is_err());
        }
        assert!(faults > 0, "fault after {fault}");
        device.flush(600 * MINUTE_MS).unwrap();
        drop(device);

        let (epochs, gaps, ..) = all_epochs(flash.borrow().clone());

        let told =
            |seq| epochs.contains_key(&seq) || gaps.iter().any(|(from, count)| (*from..from + count).contains(&seq));
        assert!((0..600).all(told), "fault after {fault}");
        assert!((0..85).chain(260..600).all(|seq| epochs.contains_key(&seq)), "fault after {fault}: {gaps:?}");
    }
}
