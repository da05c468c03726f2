//! What the band says by itself: answers about the key, about a round, and packets.

use super::{
    auth::{Answer, encrypt},
    dialogue::{HuamiDriver, Phase},
    history::{Next, put_aside},
    layout::{AUTH, CONTROL, Control, DATA, OK, REFUSED},
    round::{End, Round, Took},
};
use crate::{
    Uuid,
    driver::{Fault, HostTime, Outcome},
};

/// No notification for this long ends a round: fetches of other clients hung for hours without it. Milliseconds.
pub const QUIET_MS: u32 = 10_000;
/// Another code for a key that was taken, which one other client knows.
const KEY_OK_TOO: u8 = 0x06;
/// A round that is longer is stored in pieces of this many bytes or steps.
const PIECE_BYTES: usize = 64 * 1024;
const PIECE_STEPS: u32 = 8_000;
/// More is not gathered of a round that cannot be stored in pieces.
const MAX_BYTES: usize = 1024 * 1024;

impl HuamiDriver {
    /// A notification, in a phase that waits. What belongs to another phase is stale.
    pub(super) fn heard(&mut self, from: Uuid, bytes: &[u8], now: HostTime) {
        match (from, &self.phase) {
            (AUTH, Phase::AwaitTap | Phase::AwaitChallenge | Phase::AwaitVerdict) => match Answer::parse(bytes) {
                Ok(answer) => self.heard_auth(answer),
                Err(_) => self.fail(Fault::BadAnswer),
            },
            (CONTROL, Phase::AwaitStart) => match Control::parse(bytes) {
                Ok(Control::Start { count, from }) => {
                    let Some(history) = &mut self.history else { return };
                    match history.announced(count, from, self.now) {
                        Next::Receive => {
                            self.round = Some(Round::new(from, count, self.expected));
                            self.go(Phase::SubscribeData);
                        }
                        next => self.follow(next),
                    }
                }
                Ok(Control::NoStart(_)) => self.fail(Fault::Refused),
                Ok(_) => {}
                Err(error) => {
                    put_aside(bytes.to_vec(), error.into(), &mut self.delivery);
                    self.fail(Fault::BadAnswer);
                }
            },
            (CONTROL, Phase::Receive) => match Control::parse(bytes) {
                Ok(Control::Sent) => self.end_round(End::Sent),
                Ok(Control::NotSent(_)) => {
                    if self.round.as_ref().is_some_and(|round| round.minutes() == 0 && !round.is_broken()) {
                        self.fail(Fault::Refused);
                    } else {
                        self.end_round(End::Open);
                    }
                }
                // The answer that was taken for this one belonged to an earlier question: the packets are of other minutes.
                Ok(Control::Start { count, from })
                    if self.round.as_ref().is_some_and(|round| !round.is(from, count)) =>
                {
                    self.round = None;
                    self.fail(Fault::BadAnswer);
                }
                // The same once more, or bytes that are no answer: the packets tell.
                _ => {}
            },
            (DATA, Phase::Receive) => self.take_packet(bytes, now),
            _ => {}
        }
    }

    fn heard_auth(&mut self, answer: Answer) {
        match (&self.phase, answer) {
            (Phase::AwaitTap, Answer::Key(OK | KEY_OK_TOO)) => self.go(Phase::AskChallenge),
            (Phase::AwaitTap, Answer::Key(REFUSED)) => self.fail(Fault::NotConfirmed),
            (Phase::AwaitTap, Answer::Key(_)) => self.fail(Fault::Refused),
            (Phase::AwaitChallenge, Answer::Challenge(challenge)) => match self.key {
                Some(key) => self.go(Phase::AnswerChallenge(encrypt(key, challenge))),
                None => self.end(Outcome::Unsupported(Fault::NoKey)),
            },
            (Phase::AwaitVerdict, Answer::Verdict(OK)) => self.go(Phase::Serial),
            // The band knows one key, and it is another one: only pairing again helps.
            (Phase::AwaitChallenge, Answer::NoChallenge(REFUSED)) | (Phase::AwaitVerdict, Answer::Verdict(REFUSED)) => {
                self.end(Outcome::Unsupported(Fault::WrongKey));
            }
            (Phase::AwaitChallenge, Answer::NoChallenge(_)) | (Phase::AwaitVerdict, Answer::Verdict(_)) => {
                self.fail(Fault::Refused);
            }
            // The answer to an earlier try.
            _ => {}
        }
    }

    fn take_packet(&mut self, bytes: &[u8], now: HostTime) {
        let (Some(round), Some(history)) = (&mut self.round, &mut self.history) else { return };
        self.until_ms = Some(now.mono_ms.saturating_add(QUIET_MS.into()));
        if let Took::Malformed(reason) = round.take(bytes) {
            put_aside(bytes.to_vec(), reason, &mut self.delivery);
        }
        if history.is_endless(round.minutes()) {
            return self.fail(Fault::NoEnd);
        }
        if round.waiting() < PIECE_BYTES && self.steps < PIECE_STEPS {
            return;
        }
        if let Some(minutes) = round.hand_on() {
            history.keep(minutes, self.now, &mut self.delivery);
            self.go(Phase::StorePiece);
        } else if round.waiting() > MAX_BYTES {
            self.fail(Fault::NoEnd);
        }
    }

    fn end_round(&mut self, end: End) {
        if let (Some(round), Some(history)) = (self.round.take(), &mut self.history) {
            history.end_round(round.end(end), self.now, &mut self.delivery);
        }
        self.go(Phase::StoreRound);
    }
}
