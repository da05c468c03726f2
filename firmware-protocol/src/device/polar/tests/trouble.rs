//! Bands that answer wrongly, lie about their clock, or hold damaged files.

use super::*;

/// Every answer of the counter is replaced by this from the n-th of its answers on.
fn answered_with(frame: &[u8], from_answer: u32) -> Played {
    let mut answers = 0;
    let mut between = true;
    Table::at(30).play(&mut PolarBand::new(&life(-600..0)), &mut |from, bytes| {
        answers += u32::from(between);
        between = Frame::parse(&bytes).is_ok_and(|frame| frame.status != Status::More);
        match (answers > from_answer, between) {
            (false, _) => vec![(from, bytes)],
            (true, true) => vec![(from, frame.to_vec())],
            (true, false) => vec![],
        }
    })
}

#[test]
fn an_error_is_missing_and_never_zero_steps() {
    // 1 clock, 2 synchronisation, 3 days, 4 files of the day, 5 the file.
    let outcome = |code, from| {
        let played = answered_with(&code_frame(code), from);
        assert_eq!(all(&[&played]).len(), 0);
        played.outcome
    };
    let interrupted = |fault| Some(Outcome::Interrupted(fault));

    assert_eq!(outcome(code::BUSY, 1), interrupted(Fault::Busy));
    assert_eq!(outcome(code::BUSY, 4), interrupted(Fault::Busy));
    assert_eq!(outcome(code::TRY_AGAIN, 4), interrupted(Fault::Busy));
    assert_eq!(outcome(code::REBOOTING, 2), interrupted(Fault::Busy));
    assert_eq!(outcome(code::NO_SUCH_FILE, 2), interrupted(Fault::NotReady));
    assert_eq!(outcome(code::NOT_PERMITTED, 1), interrupted(Fault::Refused));
    assert_eq!(outcome(code::NOT_PERMITTED, 4), interrupted(Fault::Refused));
    assert_eq!(outcome(204, 4), interrupted(Fault::Refused));
    assert_eq!(outcome(code::NO_SUCH_FILE, 4), Some(Outcome::Complete));
}

#[test]
fn a_file_that_cannot_be_read_today_stays_open_and_the_others_come() {
    let life = life(-3000..0);
    let mut answers = 0;
    let from = number(-3000);

    // The second day's only file.
    let played = Table { stored_to: from, ..Table::at(30) }.play(&mut PolarBand::new(&life), &mut |from, bytes| {
        let ends = Frame::parse(&bytes).is_ok_and(|frame| frame.status != Status::More);
        answers += u32::from(ends);
        let hit = answers == 6 && !ends || answers == 7 && ends;
        match (hit, ends) {
            (true, true) => vec![(from, code_frame(204))],
            (true, false) => vec![],
            _ => vec![(from, bytes)],
        }
    });
    let reached = stored_to(&[&played]);
    let again = Table { stored_to: reached, ..Table::at(90) }.well(&mut PolarBand::new(&life));

    assert_eq!(played.outcome, Some(Outcome::Interrupted(Fault::Refused)));
    assert!(all(&[&played]).len() < 2000 && epochs(&[&played]).contains_key(&number(-2)));
    assert!(reached < number(-700));
    assert_eq!(epochs(&[&played, &again]), truth(&life, -1));
}

#[test]
fn an_answer_that_never_ends_is_left_with_what_is_stored() {
    let life = life(-3000..0);
    let mut n = 0_u32;
    let mut endless = Vec::new();

    let played = Table::at(30).play(&mut PolarBand::new(&life), &mut |from, bytes| {
        n += 1;
        if n < 60 {
            return vec![(from, bytes)];
        }
        if endless.is_empty() {
            let first = Frame::parse(&bytes).unwrap().seq;
            endless = (0..40_000_u32)
                .map(|i| {
                    let seq = (first + u8::try_from(i % 16).unwrap()) % 16;
                    Frame { next: true, status: Status::More, seq, payload: &[0; 19] }.emit()
                })
                .collect();
        }
        core::mem::take(&mut endless).into_iter().map(|frame| (from, frame)).collect()
    });

    assert_eq!(played.outcome, Some(Outcome::Interrupted(Fault::NoEnd)));
    assert!(!all(&[&played]).is_empty());
}

#[test]
fn a_band_whose_clock_lies_by_years_is_set_right_and_does_not_poison_the_cursor() {
    for years in [-3_i64, 3] {
        let life = Life { clock_error_ms: years * 365 * 86_400_000, ..life(-600..600) };
        let mut band = PolarBand::new(&life);

        let first = Table::at(30).well(&mut band);
        let second = Table { stored_to: stored_to(&[&first]), ..Table::at(300 * 60 + 30) }.well(&mut band);

        let aside: Vec<_> = first.deliveries.iter().flat_map(|delivery| &delivery.quarantined).collect();
        assert_eq!(first.outcome, Some(Outcome::Complete));
        assert!(aside.iter().all(|one| one.reason == QuarantineReason::WrongTime && one.seq.is_none()));
        assert!(!aside.is_empty() && epochs(&[&first]).len() < 2);
        let off = |reading: &Reading| match reading {
            Reading::Clock { host_utc_ms, claimed_utc_ms, .. } => Some(claimed_utc_ms - host_utc_ms),
            _ => None,
        };
        let off_ms = first.readings().iter().find_map(off).unwrap();
        assert!((off_ms - life.clock_error_ms).abs() < 1_000);
        assert!((298..=300).contains(&epochs(&[&second]).len()), "{}", epochs(&[&second]).len());
    }
}

#[test]
fn a_host_that_does_not_believe_its_clock_sets_none_and_stores_nothing() {
    let life = Life { clock_error_ms: 86_400_000, ..life(-600..0) };
    let mut band = PolarBand::new(&life);

    let played = Table { clock_trusted: false, ..Table::at(30) }.well(&mut band);
    let reading = Table::at(90).well(&mut band).readings()[0];

    assert_eq!((played.outcome, played.deliveries.len()), (Some(Outcome::Complete), 0));
    assert!(matches!(reading, Reading::Clock { host_utc_ms, claimed_utc_ms, .. }
        if claimed_utc_ms - host_utc_ms > 86_000_000));
}

#[test]
fn a_clock_that_is_right_is_not_set_and_another_zone_is() {
    let mut band = PolarBand::new(&life(-600..600));
    let written = |played: &Played| played.readings().iter().filter(|r| matches!(r, Reading::Clock { .. })).count();

    let first = Table::at(30).well(&mut band);
    let winter = Setup { offset_min: 0, ..setup() };
    let at = stored_to(&[&first]);
    let second = Table { setup: winter, stored_to: at, ..Table::at(120) }.well(&mut band);
    let third = Table { stored_to: stored_to(&[&first, &second]), ..Table::at(240 * 60 + 30) }.well(&mut band);

    assert_eq!((written(&first), written(&second)), (1, 1));
    let after: Vec<_> = all(&[&third]).iter().map(|epoch| epoch.stamp).collect();
    assert!(after.iter().any(|stamp| matches!(stamp, Stamp::Local { offset_min: Some(0), .. })));
    // The wall clock showed an hour twice; numbers are UTC, and each minute is there once.
    let whole = epochs(&[&first, &second, &third]);
    assert!(whole.len() >= 600 + 238 && whole.keys().all(|seq| *seq < number(240)));
}

#[test]
fn a_damaged_file_is_put_aside_with_its_bytes_and_the_rest_comes() {
    let life = life(-3000..0);
    let mut hit = false;

    let played = Table { mtu: 512, ..Table::at(30) }.play(&mut PolarBand::new(&life), &mut |from, mut bytes| {
        let frame = Frame::parse(&bytes).unwrap();
        if !hit && frame.seq == 0 && frame.status == Status::More {
            hit = true;
            // The length of the start.
            bytes[2] = 0x7F;
        }
        vec![(from, bytes)]
    });

    let aside: Vec<_> = played.deliveries.iter().flat_map(|delivery| &delivery.quarantined).collect();
    assert_eq!((aside.len(), played.outcome), (1, Some(Outcome::Complete)));
    assert!(aside[0].bytes.len() > 1000 && epochs(&[&played]).len() > 2000);
}

#[test]
fn two_files_with_the_same_minutes_do_not_count_twice() {
    let mut book = book::Book::new(0, NOON * 60);
    let file = |from: i64, count: usize| {
        let wall = crate::device::civil::Wall::from_seconds((NOON + from) * 60);
        let start = samples::LocalTime {
            date: wall.date,
            time: messages::Time::of(wall, None),
            trusted: true,
            offset_min: Some(0),
        };
        let step_interval = samples::Duration { parts: [None, None, Some(60), None] };
        let steps = vec![5; count];
        Samples { start, met_interval: None, step_interval, mets: vec![], steps, infos: vec![] }.emit()
    };

    book.day(vec![file(-50, 30), file(-100, 60)], 0, NOON * 60);

    let mut seqs = Vec::new();
    for unit in &book.delivery.units {
        decode(&unit.bytes, &mut |reading| {
            if let Reading::Epoch(epoch) = reading {
                seqs.push(epoch.seq);
            }
        })
        .unwrap();
    }
    assert_eq!(seqs, (number(-100)..number(-21)).collect::<Vec<_>>());
    assert_eq!(book.delivery.quarantined[0].reason, QuarantineReason::Conflict);
}

#[test]
fn an_interval_of_five_minutes_makes_coarse_epochs_and_half_a_minute_none() {
    let file = |seconds| {
        let wall = crate::device::civil::Wall::from_seconds((NOON - 100) * 60);
        Samples {
            start: samples::LocalTime {
                date: wall.date,
                time: messages::Time::of(wall, None),
                trusted: true,
                offset_min: None,
            },
            met_interval: None,
            step_interval: samples::Duration { parts: [None, None, Some(seconds), None] },
            mets: vec![],
            steps: vec![40; 6],
            infos: vec![],
        }
        .emit()
    };
    let mut coarse = book::Book::new(0, NOON * 60);
    let mut half_minute = book::Book::new(0, NOON * 60);

    coarse.day(vec![file(300)], 60, NOON * 60);
    half_minute.day(vec![file(30)], 60, NOON * 60);

    let epochs: Vec<&Unit> = coarse.delivery.units.iter().filter(|u| u.kind == UnitKind::PolarSamples).collect();
    let mut first = None;
    decode(&epochs[0].bytes, &mut |reading| first = Some(reading)).unwrap();
    let Some(Reading::Epoch(epoch)) = first else { panic!("an epoch") };
    assert_eq!((epochs.len(), epoch.seconds, epoch.seq), (5, 300, number(-160)));
    assert_eq!(coarse.delivery.units.len(), 5 + 4);
    assert_eq!(half_minute.delivery.quarantined[0].reason, QuarantineReason::BadField);
}
