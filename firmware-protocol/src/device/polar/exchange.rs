//! One request and its answer: sent in frames, waited for, tried again after the air has become quiet.

use alloc::{collections::VecDeque, vec::Vec};

use super::{
    frames::{MTU, Progress, Reassembly, SMALLEST, cut},
    messages::code,
};
use crate::driver::{Fault, HostTime, Step};

/// The counter may have to write its samples to files first.
const ANSWER_MS: u64 = 20_000;
/// Between two frames of an answer.
const FRAME_MS: u64 = 5_000;
/// Nothing arrives for so long: whatever was on its way has come. Before it, an old answer would be taken for a new one.
const QUIET_MS: u64 = 1_000;
const TRIES: u8 = 3;

/// What came of an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A message, which may be empty.
    Message(Vec<u8>),
    /// An error: [`code`].
    Error(u16),
    /// Nothing that could be understood.
    Failed(Fault),
}

/// See the module.
#[derive(Debug)]
pub struct Exchange {
    request: Vec<u8>,
    frames: VecDeque<Vec<u8>>,
    reassembly: Reassembly,
    until_ms: Option<u64>,
    /// Waiting for quiet before the next try, or before the next request.
    draining: bool,
    /// What came, when another answer may still be on its way.
    answer: Option<Answer>,
    /// The last frame of the answer before this one, which may come once more.
    stale: Option<Vec<u8>>,
    /// The frame that came last.
    pub last: Vec<u8>,
    tries: u8,
    /// When the last try began.
    pub begun: Option<HostTime>,
}

impl Exchange {
    /// Of this message.
    pub fn new(request: Vec<u8>) -> Self {
        Self {
            frames: cut(&request, SMALLEST).into(),
            request,
            reassembly: Reassembly::default(),
            until_ms: None,
            draining: false,
            answer: None,
            stale: None,
            last: Vec::new(),
            tries: 0,
            begun: None,
        }
    }

    /// The same, after an answer that ended with this frame. A notification may come twice, and nothing says what it
    /// answers; should the same frame be the answer here too, it comes with the next try.
    pub fn after(self, last: &[u8]) -> Self {
        Self { stale: Some(last.to_vec()), ..self }
    }

    /// Goes on: a step, or what came of it.
    pub fn go_on(&mut self, waiting: &mut VecDeque<Vec<u8>>, now: HostTime) -> Result<Step, Answer> {
        loop {
            if self.draining {
                if !waiting.is_empty() {
                    waiting.clear();
                    self.until_ms = None;
                }
                if let Some(step) = self.wait(QUIET_MS, now) {
                    return Ok(step);
                }
                if let Some(answer) = self.answer.take() {
                    return Err(answer);
                }
                *self = Self { tries: self.tries, ..Self::new(core::mem::take(&mut self.request)) };
            }
            if self.begun.is_none() {
                self.begun = Some(now);
                // Answers to something given up on.
                waiting.clear();
            }
            if let Some(bytes) = self.frames.pop_front() {
                return Ok(Step::Write { to: MTU, bytes });
            }
            let Some(bytes) = waiting.pop_front() else {
                if let Some(step) = self.wait(ANSWER_MS, now) {
                    return Ok(step);
                }
                self.again(Fault::Silent)?;
                continue;
            };
            if self.stale.take_if(|stale| *stale == bytes).is_some() {
                continue;
            }
            self.last.clone_from(&bytes);
            match self.reassembly.take(&bytes) {
                Progress::Going => self.until_ms = Some(now.mono_ms.saturating_add(FRAME_MS)),
                Progress::Whole(message) => self.answered(Answer::Message(message))?,
                Progress::Code(code::OK) => self.answered(Answer::Message(Vec::new()))?,
                Progress::Code(code::TRY_AGAIN) => self.again(Fault::Busy)?,
                Progress::Code(code::BUSY | code::WAIT_FOR_IDLING | code::REBOOTING) => {
                    return Err(Answer::Failed(Fault::Busy));
                }
                Progress::Code(code) => self.answered(Answer::Error(code))?,
                Progress::Broken => self.again(Fault::LossyLink)?,
                Progress::TooLong => return Err(Answer::Failed(Fault::NoEnd)),
            }
        }
    }

    /// This is the answer. Answers do not say what they answer: when it was asked for more than once, the others have to
    /// be out of the air first.
    fn answered(&mut self, answer: Answer) -> Result<(), Answer> {
        if self.tries == 0 {
            return Err(answer);
        }
        (self.draining, self.until_ms, self.answer) = (true, None, Some(answer));
        Ok(())
    }

    /// The same once more, unless it was tried often enough.
    ///
    /// # Errors
    /// It was.
    pub fn again(&mut self, fault: Fault) -> Result<(), Answer> {
        self.tries += 1;
        if self.tries >= TRIES {
            return Err(Answer::Failed(fault));
        }
        (self.draining, self.until_ms) = (true, None);
        Ok(())
    }

    fn wait(&mut self, length_ms: u64, now: HostTime) -> Option<Step> {
        let until_ms = *self.until_ms.get_or_insert(now.mono_ms.saturating_add(length_ms));
        let left = until_ms.saturating_sub(now.mono_ms);
        (left > 0).then(|| Step::Await { at_most_ms: u32::try_from(left).unwrap_or(u32::MAX) })
    }
}
