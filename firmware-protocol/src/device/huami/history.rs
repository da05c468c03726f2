//! Which minutes are asked for, which are believed, and when there are no more: the rules that keep a wrong clock, a
//! journey or a lost packet from losing or inventing minutes.

use alloc::vec::Vec;

use super::{
    layout::{BandTime, emit_start},
    round::{Minutes, Verdict},
};
use crate::{
    driver::{Delivery, Fault, QuarantineReason, Quarantined, Unit, UnitKind},
    steplog::block::{FLAG_FOUND_BY_HOST, emit_gap},
};

const DAY: i64 = 1_440;
/// How far back a band is asked of which nothing is known: what other clients ask, far more than it keeps.
const FIRST_ASK: i64 = 100 * DAY;
/// Older minutes than this are not believed.
const OLDEST: i64 = 400 * DAY;
/// A band's clock may be this far ahead, minutes.
const AHEAD: i64 = 5;
/// Rounds in one dialogue.
const MAX_ROUNDS: u8 = 20;
/// Rounds, one after the other, that lost packets and brought nothing.
const MAX_LOSSES: u8 = 3;

/// The way through a band's history. All minutes count from 1970 in UTC, as the numbers of epochs do.
#[derive(Debug)]
pub struct History {
    /// Everything below this is stored or known to be nowhere; none while nothing is.
    cursor: Option<i64>,
    /// What is asked for next.
    ask: i64,
    /// A round that begins before this is not believed.
    floor: i64,
    /// The zone the band is spoken to in: this host's at first, then the one that the band's own answer has.
    zone: i8,
    rounds: u8,
    losses: u8,
    doubt: Doubt,
    round: InRound,
}

/// Whether minutes that seem to be overwritten were asked for in another way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doubt {
    /// No reason yet.
    None,
    /// They are being asked for again, from a day before.
    Asking,
    /// They are not there.
    Cleared,
}

/// What the present round did so far.
#[derive(Clone, Copy, Debug)]
struct InRound {
    /// It begins where no minute of this band can be.
    outside: bool,
    /// Where it ended.
    end: i64,
    /// Minutes that are new.
    new: usize,
    /// Minutes it may bring before it is cut off.
    most: usize,
    whole: bool,
    unreadable: bool,
}

/// What follows from the band's answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// There is nothing more.
    Over,
    /// Ask again.
    Ask,
    /// Let it send.
    Receive,
    /// Give up.
    Fail(Fault),
}

impl History {
    /// None when everything is stored up to this minute.
    pub fn begin(stored_to: u32, now: i64, zone: i8) -> Option<Self> {
        let stored = i64::from(stored_to);
        let floor = (now - OLDEST).max(0);
        let (cursor, ask, floor) = match stored {
            0 => (None, now - FIRST_ASK, floor),
            // Written while this host's clock was wrong: go back, what is stored already does no harm.
            _ if stored > now + AHEAD => (None, now - DAY, floor),
            _ if stored >= now => return None,
            _ => (Some(stored), stored, floor.max(stored - DAY)),
        };
        Some(Self {
            cursor,
            ask: ask.max(now - OLDEST),
            floor,
            zone,
            rounds: 0,
            losses: 0,
            doubt: Doubt::None,
            round: InRound { outside: false, end: 0, new: 0, most: 0, whole: false, unreadable: false },
        })
    }

    /// What to write to the band.
    pub fn request(&self) -> [u8; 10] {
        emit_start(BandTime::at(self.ask.saturating_mul(60), self.zone))
    }

    /// The band would send so many minutes from this one on.
    pub fn announced(&mut self, count: u32, from: BandTime, now: i64) -> Next {
        let (start, end) = (from.utc_minute(), from.utc_minute().saturating_add(count.into()));
        if let Some(cursor) = self.cursor
            && self.rounds == 0
        {
            // A band that read the question in another zone would answer with a later minute, and hours would be taken
            // for overwritten. So a hole before the first answer is believed only after asking from a day before.
            if self.doubt == Doubt::None && count > 0 && start > cursor && start <= now + AHEAD {
                self.doubt = Doubt::Asking;
                self.ask = cursor - DAY;
                return Next::Ask;
            }
            if self.doubt == Doubt::Asking {
                self.doubt = Doubt::Cleared;
                if count == 0 || end <= cursor {
                    self.ask = cursor;
                    return Next::Ask;
                }
            }
        }
        if count == 0 {
            return Next::Over;
        }
        if self.rounds >= MAX_ROUNDS {
            return Next::Fail(Fault::NoEnd);
        }
        self.rounds += 1;
        self.zone = from.zone;
        let outside = start < self.floor || start > now + AHEAD;
        // A day more than can be believed shows what the band means; more is a transfer without end.
        let most = if outside { FIRST_ASK } else { now + AHEAD - start + DAY };
        self.round = InRound {
            outside,
            end: start,
            new: 0,
            most: usize::try_from(most).unwrap_or(0),
            whole: false,
            unreadable: false,
        };
        Next::Receive
    }

    /// More minutes came than there can be.
    pub const fn is_endless(&self, minutes: usize) -> bool {
        minutes > self.round.most
    }

    /// Puts minutes, and what is known by them to be nowhere, into a delivery.
    pub fn keep(&mut self, mut minutes: Minutes, now: i64, delivery: &mut Delivery) {
        let length = |minutes: &Minutes| i64::try_from(minutes.count()).unwrap_or(i64::MAX);
        let start = minutes.start.utc_minute();
        self.round.end = start.saturating_add(length(&minutes));
        let believed =
            if self.round.outside { 0 } else { usize::try_from(now.saturating_add(AHEAD + 1) - start).unwrap_or(0) };
        let good = minutes.split_off_first(believed);
        if minutes.count() > 0 {
            put_aside(minutes.unit(), QuarantineReason::WrongTime, delivery);
        }
        let Some(mut good) = good else { return };
        let stored = self.cursor.map_or(0, |cursor| usize::try_from(cursor - start).unwrap_or(0));
        let _stored_before = good.split_off_first(stored);
        if good.count() == 0 {
            return;
        }
        let first = good.start.utc_minute();
        if let Some(cursor) = self.cursor.filter(|cursor| *cursor < first) {
            delivery.units.extend(gap(cursor, first));
        }
        self.round.new = self.round.new.saturating_add(good.count());
        self.cursor = Some(first.saturating_add(length(&good)));
        delivery.units.push(Unit { kind: UnitKind::HuamiMinutes, bytes: good.unit() });
    }

    /// The round is over.
    pub fn end_round(&mut self, verdict: Verdict, now: i64, delivery: &mut Delivery) {
        self.round.whole = verdict.whole;
        if let Some((bytes, reason)) = verdict.aside {
            self.round.unreadable = true;
            put_aside(bytes, reason, delivery);
        }
        if let Some(minutes) = verdict.minutes {
            self.keep(minutes, now, delivery);
        }
    }

    /// What it brought is stored.
    pub fn go_on(&mut self, now: i64) -> Next {
        let InRound { end, new, whole, unreadable, .. } = self.round;
        if unreadable {
            return Next::Fail(Fault::BadAnswer);
        }
        let before = self.ask;
        if new > 0 {
            self.ask = self.cursor.unwrap_or(self.ask);
            self.losses = 0;
        }
        if !whole {
            if new == 0 {
                self.losses += 1;
            }
            return if self.losses > MAX_LOSSES { Next::Fail(Fault::LossyLink) } else { Next::Ask };
        }
        // Past minutes that cannot be believed there may be some that can.
        if end <= now {
            self.ask = self.ask.max(end);
        }
        if self.ask <= before || self.ask >= now { Next::Over } else { Next::Ask }
    }
}

/// Bytes that cannot be used, without a number: one from a wrong clock would hold the counter's whole record back.
pub fn put_aside(bytes: Vec<u8>, reason: QuarantineReason, delivery: &mut Delivery) {
    delivery.quarantined.push(Quarantined { bytes, seq: None, reason });
}

/// Minutes that the band does not have.
fn gap(from: i64, to: i64) -> Option<Unit> {
    let mut block = [0; 20];
    let (first, count) = (u32::try_from(from).ok()?, u32::try_from(to - from).ok()?);
    let length = emit_gap(0, first, count, FLAG_FOUND_BY_HOST, &mut block).ok()?;
    Some(Unit { kind: UnitKind::StepLogBlock, bytes: block.get(..length)?.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::huami::{layout::parse_start, sample::SampleSize};
    use alloc::vec;

    const NOW: i64 = 29_539_440;

    fn minutes(start: i64, count: usize) -> Minutes {
        Minutes { start: BandTime::at(start * 60, 4), size: SampleSize::Four, samples: vec![1; count * 4] }
    }

    fn stored(cursor: i64) -> u32 {
        u32::try_from(cursor).unwrap()
    }

    #[test]
    fn a_request_names_the_minute_in_the_local_time_of_its_zone() {
        let history = History::begin(stored(NOW - 60), NOW, -14).unwrap();

        let asked = parse_start(&history.request()).unwrap();

        assert_eq!((asked.utc_minute(), asked.zone), (NOW - 60, -14));
    }

    #[test]
    fn a_cursor_in_the_future_is_taken_back() {
        let history = History::begin(stored(NOW + 600_000), NOW, 0).unwrap();

        assert_eq!((history.ask, history.cursor), (NOW - DAY, None));
    }

    #[test]
    fn a_hole_is_believed_only_after_asking_from_a_day_before() {
        let mut history = History::begin(stored(NOW - 500), NOW, 0).unwrap();

        assert_eq!(history.announced(100, BandTime::at((NOW - 440) * 60, 0), NOW), Next::Ask);
        assert_eq!(history.ask, NOW - 500 - DAY);
        assert_eq!(history.announced(700, BandTime::at((NOW - 900) * 60, 0), NOW), Next::Receive);

        let mut delivery = Delivery::default();
        history.keep(minutes(NOW - 900, 700), NOW, &mut delivery);
        assert_eq!(delivery.units.len(), 1, "there was no hole");
    }

    #[test]
    fn minutes_from_after_now_are_put_aside_and_move_no_cursor() {
        let mut history = History::begin(stored(NOW - 60), NOW, 0).unwrap();
        let mut delivery = Delivery::default();

        assert_eq!(history.announced(120, BandTime::at((NOW - 60) * 60, 0), NOW), Next::Receive);
        history.keep(minutes(NOW - 60, 120), NOW, &mut delivery);

        assert_eq!(history.cursor, Some(NOW + AHEAD + 1));
        assert_eq!(delivery.quarantined.first().unwrap().reason, QuarantineReason::WrongTime);
        assert_eq!(delivery.quarantined.first().unwrap().seq, None);
    }

    #[test]
    fn the_same_start_for_ever_is_no_progress() {
        let mut history = History::begin(stored(NOW - 60), NOW, 0).unwrap();
        let mut delivery = Delivery::default();

        assert_eq!(history.announced(10, BandTime::at((NOW - 80) * 60, 0), NOW), Next::Receive);
        history.end_round(
            Verdict { minutes: Some(minutes(NOW - 80, 10)), aside: None, whole: true },
            NOW,
            &mut delivery,
        );

        assert_eq!(history.go_on(NOW), Next::Over);
        assert!(delivery.units.is_empty());
    }
}
