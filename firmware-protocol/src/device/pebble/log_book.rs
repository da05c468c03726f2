//! What the watch's logs bring in: which of them are ours, what may be stored of a message, what may be said to it, and
//! which minutes are lost for good.
//!
//! An acknowledgement deletes, and the watch cannot tell one for an opening from one for data. So:
//! a log is acknowledged once when it opens and once for each message, after that message is stored;
//! a log of another tag or app is not acknowledged at all, not even its opening: then the watch holds its data back, loses
//! none of it, and whoever reads sleep, activities or heart rate finds it untouched. Nothing of ours waits behind it, for
//! each log has its own queue;
//! a second opening within one stream is not acknowledged either, since the watch may have sent data meanwhile.

use alloc::vec::Vec;

use super::{
    logging::{Message, Session, checksum},
    minutes::{HEADER_LEN, MinuteItem},
};
use crate::{
    driver::{Delivery, Fault, Known, QuarantineReason, Quarantined, Unit, UnitKind},
    steplog::block::{FLAG_FOUND_BY_HOST, MAX_LEN, emit_gap},
};

/// Logs that a watch can have; more openings than that are not remembered.
const MAX_SESSIONS: usize = 32;
const DAY_S: i64 = 86_400;
/// What a watch can hold, computed from 640 KB: about three weeks. Its logs come in no particular order, so that minutes
/// may be older by so much than some that are stored.
const MEMORY_S: i64 = 22 * DAY_S;
/// The oldest minute that is believed of a watch never seen before.
const FIRST_CONTACT_S: i64 = 400 * DAY_S;
/// How far ahead of the host a minute may be.
const AHEAD_S: i64 = 300;
/// How much later than what is stored a minute may be for a host that does not believe its own clock.
const UNTRUSTED_S: i64 = 30 * DAY_S;

/// What a message calls for.
#[derive(Debug)]
pub enum Taken {
    /// Nothing.
    Nothing,
    /// This answer.
    Say(Vec<u8>),
    /// Storing, and then this.
    Store(Delivery, After),
}

/// What follows when a message is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// The watch may delete it.
    Acknowledge {
        /// Which log.
        session: u8,
    },
    /// It stays where it is.
    Hold,
    /// The dialogue ends: nothing else that came over this link is to be believed.
    End(Fault),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    /// It has items that this program cannot read; a later one may.
    Unreadable,
    /// It has stamps that only a host with a believed clock can judge.
    Unsure,
}

#[derive(Debug)]
struct Entry {
    session: Session,
    held: Option<Held>,
    /// It was opened again and has not sent anything since.
    reopened: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Judgement {
    Believed,
    Wrong,
    Unsure,
}

/// See the module.
#[derive(Debug, Default)]
pub struct LogBook {
    sessions: Vec<Entry>,
    any: bool,
    /// Numbers of the minutes that were stored: first, and after the last.
    spans: Vec<(u32, u32)>,
}

impl LogBook {
    /// Tells the watch that nothing is open here, whereupon it opens all of its logs.
    pub fn report() -> Vec<u8> {
        Message::Report { open: &[] }.emit()
    }

    /// Tells the watch that an opening was heard, or that data may be deleted.
    pub fn acknowledgement(session: u8) -> Vec<u8> {
        Message::Ack { session }.emit()
    }

    /// The stream broke off: the watch opens its logs anew.
    pub fn forget_sessions(&mut self) {
        self.sessions.clear();
    }

    /// There was a log of minutes, be it empty.
    pub fn has_minutes(&self) -> bool {
        self.any
    }

    /// What has to be said of what stayed on the watch.
    pub fn left_behind(&self) -> Option<Fault> {
        if self.sessions.iter().any(|entry| entry.held == Some(Held::Unreadable)) {
            return Some(Fault::BadAnswer);
        }
        self.sessions.iter().any(|entry| entry.reopened).then_some(Fault::Busy)
    }

    /// Nothing stayed on the watch.
    pub fn is_drained(&self) -> bool {
        self.sessions.iter().all(|entry| entry.held.is_none() && !entry.reopened)
    }

    /// A payload of the data logging endpoint.
    pub fn take(&mut self, payload: &[u8], known: &Known, utc_us: Option<i64>) -> Taken {
        match Message::parse(payload) {
            Ok(Message::Open(session)) if session.holds_minutes() => self.opened(session),
            Ok(Message::Data { session, checksum: stated, items, .. }) => {
                let Some(entry) = self.sessions.iter_mut().find(|entry| entry.session.id == session) else {
                    return Taken::Nothing;
                };
                if entry.held.is_some() || items.is_empty() {
                    return Taken::Nothing;
                }
                entry.reopened = false;
                if checksum(items) != stated {
                    let bad = quarantine(items, QuarantineReason::BadChecksum);
                    return Taken::Store(bad, After::End(Fault::BadAnswer));
                }
                let (delivery, spans, held) = sort(items, entry.session.item_len, known, utc_us);
                entry.held = held;
                self.spans.extend(spans);
                match held {
                    _ if delivery.units.is_empty() && delivery.quarantined.is_empty() => Taken::Nothing,
                    Some(_) => Taken::Store(delivery, After::Hold),
                    None => Taken::Store(delivery, After::Acknowledge { session }),
                }
            }
            Ok(Message::Close { session }) => {
                // Only an empty log is closed; its number may be another's next.
                self.sessions.retain(|entry| entry.session.id != session);
                Taken::Nothing
            }
            // It would send again at its next turn, in five minutes or more.
            Ok(Message::TimedOut { session })
                if self.sessions.iter().any(|entry| entry.session.id == session && entry.held.is_none()) =>
            {
                Taken::Say(Message::Empty { session }.emit())
            }
            _ => Taken::Nothing,
        }
    }

    /// Gaps for the minutes between those that are stored. Only after everything was fetched: then they will never come.
    pub fn gaps(&mut self, stored_to: u32) -> Vec<Unit> {
        self.spans.sort_unstable();
        let Some((first, _)) = self.spans.first().copied() else { return Vec::new() };
        let mut at = if stored_to == 0 { first } else { stored_to };
        let mut gaps = Vec::new();
        for (from, to) in &self.spans {
            let mut block = [0; MAX_LEN];
            if *from > at
                && let Ok(length) = emit_gap(0, at, *from - at, FLAG_FOUND_BY_HOST, &mut block)
                && let Some(bytes) = block.get(..length)
            {
                gaps.push(Unit { kind: UnitKind::StepLogBlock, bytes: bytes.to_vec() });
            }
            at = at.max(*to);
        }
        gaps
    }

    fn opened(&mut self, session: Session) -> Taken {
        if let Some(entry) = self.sessions.iter_mut().find(|entry| entry.session.id == session.id) {
            entry.reopened = true;
            return Taken::Nothing;
        }
        if self.sessions.len() >= MAX_SESSIONS {
            return Taken::Nothing;
        }
        self.any = true;
        self.sessions.push(Entry { session, held: None, reopened: false });
        Taken::Say(Self::acknowledgement(session.id))
    }
}

/// What can be stored of these items, which minutes that brings, and whether they have to stay on the watch.
fn sort(items: &[u8], item_len: u16, known: &Known, utc_us: Option<i64>) -> (Delivery, Vec<(u32, u32)>, Option<Held>) {
    let item_len = usize::from(item_len).max(HEADER_LEN);
    let (mut delivery, mut spans, mut held) = (Delivery::default(), Vec::new(), None);
    let mut chunks = items.chunks_exact(item_len);
    let mut aside = |bytes: &[u8], reason| quarantine_into(&mut delivery.quarantined, bytes, reason);
    let mut units = Vec::new();
    for bytes in &mut chunks {
        match MinuteItem::parse(bytes) {
            Err(error) => {
                aside(bytes, error.into());
                held = Some(Held::Unreadable);
            }
            Ok(item) => match judge(&item, known, utc_us) {
                Judgement::Believed => {
                    units.push(Unit { kind: UnitKind::PebbleMinutes, bytes: bytes.to_vec() });
                    spans.extend(item.span());
                }
                Judgement::Wrong => aside(bytes, QuarantineReason::WrongTime),
                Judgement::Unsure => held = held.or(Some(Held::Unsure)),
            },
        }
    }
    if !chunks.remainder().is_empty() {
        aside(chunks.remainder(), QuarantineReason::Truncated);
        held = Some(Held::Unreadable);
    }
    delivery.units = units;
    (delivery, spans, held)
}

/// Whether an item's stamps can be.
fn judge(item: &MinuteItem<'_>, known: &Known, utc_us: Option<i64>) -> Judgement {
    let first_s = i64::from(item.utc);
    let last_s = first_s + 60 * i64::from(item.count.saturating_sub(1));
    let stored_s = (known.stored_to > 0).then(|| i64::from(known.stored_to) * 60);
    let (from_s, to_s, otherwise) = match (utc_us.map(|us| us.div_euclid(1_000_000)), stored_s) {
        (Some(now_s), None) => (now_s - FIRST_CONTACT_S, now_s + AHEAD_S, Judgement::Wrong),
        (Some(now_s), Some(stored_s)) => (stored_s.min(now_s) - MEMORY_S, now_s + AHEAD_S, Judgement::Wrong),
        (None, Some(stored_s)) => (stored_s - MEMORY_S, stored_s + UNTRUSTED_S, Judgement::Unsure),
        (None, None) => return Judgement::Unsure,
    };
    if from_s <= first_s && last_s <= to_s { Judgement::Believed } else { otherwise }
}

fn quarantine(bytes: &[u8], reason: QuarantineReason) -> Delivery {
    let mut delivery = Delivery::default();
    quarantine_into(&mut delivery.quarantined, bytes, reason);
    delivery
}

/// No number is named: it would come from the bytes that are not believed.
fn quarantine_into(to: &mut Vec<Quarantined>, bytes: &[u8], reason: QuarantineReason) {
    to.push(Quarantined { bytes: bytes.to_vec(), seq: None, reason });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        device::pebble::{
            logging::{MINUTES_TAG, SYSTEM_APP},
            minutes::Minute,
        },
        reading::HostId,
    };
    use alloc::vec;

    /// 2026-03-01T12:00:00Z.
    const NOON_S: u32 = 1_772_366_400;
    const KNOWN: Known =
        Known { host: HostId([1; 8]), stored_to: 0, held_at: None, goal_steps: None, last_total: None };

    fn session(id: u8, tag: u32, app: u8) -> Session {
        Session { id, app: [app; 16], created: 0, tag, item_type: 0, item_len: 249 }
    }

    fn open(book: &mut LogBook, session: Session) -> Option<Vec<u8>> {
        match book.take(&Message::Open(session).emit(), &KNOWN, None) {
            Taken::Say(answer) => Some(answer),
            Taken::Nothing => None,
            Taken::Store(..) => panic!("nothing to store"),
        }
    }

    fn item(utc: u32) -> Vec<u8> {
        MinuteItem::emit(13, utc, 0, 16, 15, &[Minute::default(); 15]).unwrap()
    }

    fn data(book: &mut LogBook, items: &[u8], known: &Known) -> Option<(Delivery, After)> {
        let message = Message::Data { session: 7, items_left: 0, checksum: checksum(items), items };
        match book.take(&message.emit(), known, Some(i64::from(NOON_S) * 1_000_000)) {
            Taken::Store(delivery, after) => Some((delivery, after)),
            Taken::Nothing => None,
            Taken::Say(_) => panic!("nothing to say before it is stored"),
        }
    }

    fn opened() -> LogBook {
        let mut book = LogBook::default();
        open(&mut book, session(7, MINUTES_TAG, 0)).unwrap();
        book
    }

    #[test]
    fn an_opening_is_acknowledged_once_and_only_of_the_firmwares_own_minutes() {
        let mut book = LogBook::default();

        assert_eq!(open(&mut book, session(1, 84, 0)), None);
        assert_eq!(open(&mut book, session(2, MINUTES_TAG, 9)), None);
        assert!(!book.has_minutes());
        assert_eq!(open(&mut book, session(7, MINUTES_TAG, SYSTEM_APP[0])), Some(vec![0x85, 7]));
        assert_eq!(open(&mut book, session(7, MINUTES_TAG, 0)), None);
        assert_eq!(book.left_behind(), Some(Fault::Busy));
    }

    #[test]
    fn data_of_a_log_that_was_not_opened_is_nobodys() {
        assert!(data(&mut LogBook::default(), &item(NOON_S - 3600), &KNOWN).is_none());
    }

    #[test]
    fn a_log_that_waited_in_vain_is_asked_for_again() {
        let timed_out = Message::TimedOut { session: 7 }.emit();

        assert!(matches!(opened().take(&timed_out, &KNOWN, None), Taken::Say(say) if say == [0x88, 7]));
        assert!(matches!(LogBook::default().take(&timed_out, &KNOWN, None), Taken::Nothing));
    }

    #[test]
    fn a_wrong_time_beside_a_right_one_is_put_aside_alone() {
        let items = [item(NOON_S - 3600), item(NOON_S + 86_400), item(NOON_S - 900)].concat();

        let (delivery, after) = data(&mut opened(), &items, &KNOWN).unwrap();

        assert_eq!(after, After::Acknowledge { session: 7 });
        assert_eq!(delivery.units.len(), 2);
        let aside: Vec<_> = delivery.quarantined.iter().map(|aside| (aside.reason, aside.seq)).collect();
        assert_eq!(aside, [(QuarantineReason::WrongTime, None)]);
    }

    #[test]
    fn items_that_are_cut_off_stay_on_the_watch() {
        let mut items = [item(NOON_S - 3600), item(NOON_S - 2700)].concat();
        items.truncate(300);
        let mut book = opened();

        let (delivery, after) = data(&mut book, &items, &KNOWN).unwrap();

        assert_eq!((delivery.units.len(), after), (1, After::Hold));
        assert_eq!(delivery.quarantined.iter().map(|q| q.reason).collect::<Vec<_>>(), [QuarantineReason::Truncated]);
        assert_eq!((book.left_behind(), book.is_drained()), (Some(Fault::BadAnswer), false));
    }

    #[test]
    fn minutes_as_old_as_the_memory_are_believed_and_older_ones_are_not() {
        let known = Known { stored_to: NOON_S / 60, ..KNOWN };
        let put_aside = |age_days: u32| {
            let (delivery, _) = data(&mut opened(), &item(NOON_S - age_days * 86_400), &known).unwrap();
            delivery.quarantined.len()
        };

        assert_eq!((put_aside(21), put_aside(23)), (0, 1));
    }
}
