//! What people decide and write down, in the form in which it is stored: one record of the journal each.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{
    check_in::{CheckInAnswer, CheckInsSet},
    choice::{ChoiceAnswer, ChoicePlan},
    diary::DiaryEntry,
    own_time::OwnTimeSet,
    settings::SettingsChange,
};
use crate::{goal, model::ParticipantId};

/// Any decision of a person. Both kinds are told apart by the name in `decision`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Decision {
    /// About the goal.
    Goal(goal::Decision),
    /// About everything else.
    Own(OwnDecision),
}

/// A decision that is not about the goal itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum OwnDecision {
    /// What the pages call the person, their language, their zone.
    SettingsChanged(SettingsChange),
    /// When they work and sleep, and when their day begins, from a date on.
    OwnTimeSet(Box<OwnTimeSet>),
    /// An activity written into the diary; one with a known id takes the place of the earlier one.
    DiaryNoted(DiaryEntry),
    /// An entry taken out of the diary.
    DiaryUndone {
        /// Whose diary.
        participant: ParticipantId,
        /// Which entry.
        id: String,
    },
    /// One small choice planned for a day; it takes the place of an earlier one for that day.
    ChoicePlanned(ChoicePlan),
    /// What became of it.
    ChoiceAnswered(ChoiceAnswer),
    /// Which check-ins are asked, from a date on.
    CheckInsSet(CheckInsSet),
    /// An answered check-in.
    CheckInAnswered(CheckInAnswer),
    /// A programme of `config/programmes/` in use from a date on; none to use none.
    ProgrammeChosen {
        /// Who uses it.
        participant: ParticipantId,
        /// Its name.
        programme: Option<String>,
        /// First day.
        from: NaiveDate,
    },
    /// What the person said to a proposal; accepting one also sets a goal, in a decision of its own.
    ProposalAnswered {
        /// Who was asked.
        participant: ParticipantId,
        /// Which proposal, such as `2026-W21-less`.
        proposal: String,
        /// Whether they took it.
        accepted: bool,
        /// The day.
        date: NaiveDate,
    },
    /// A notice was shown.
    NoticeShown {
        /// To whom.
        participant: ParticipantId,
        /// Which: the key of its message.
        notice: String,
        /// The day.
        date: NaiveDate,
    },
    /// By how many weeks the dates of their days are moved before they leave the house, where a study asks for that.
    DatesShifted {
        /// Whose.
        participant: ParticipantId,
        /// Whole weeks, so that weekdays stay; less than nothing for back.
        weeks: i32,
    },
    /// The person left the study: nothing of later days leaves the house any more.
    StudyLeft {
        /// Who.
        participant: ParticipantId,
        /// Their last day in it.
        date: NaiveDate,
        /// Days until then that had not been sent stay at home too.
        #[serde(default)]
        unsent_stays: bool,
    },
    /// The person took all of their data away as files.
    DataTaken {
        /// Whose.
        participant: ParticipantId,
        /// The day.
        date: NaiveDate,
    },
    /// The person put a notice away, so they have seen it.
    NoticeSeen {
        /// Who.
        participant: ParticipantId,
        /// The day.
        date: NaiveDate,
    },
}

impl Decision {
    /// Whose decision it is.
    pub fn participant(&self) -> &ParticipantId {
        match self {
            Self::Goal(decision) => decision.participant(),
            Self::Own(decision) => decision.participant(),
        }
    }

    /// Whether the person's days may begin at other moments after it.
    pub fn cuts_days_anew(&self) -> bool {
        match self {
            Self::Own(OwnDecision::OwnTimeSet(_)) => true,
            Self::Own(OwnDecision::SettingsChanged(change)) => change.zone.is_some(),
            Self::Goal(_) | Self::Own(_) => false,
        }
    }
}

impl OwnDecision {
    /// Whose decision it is.
    pub fn participant(&self) -> &ParticipantId {
        match self {
            Self::SettingsChanged(change) => &change.participant,
            Self::OwnTimeSet(set) => &set.participant,
            Self::DiaryNoted(entry) => &entry.participant,
            Self::ChoicePlanned(plan) => &plan.participant,
            Self::ChoiceAnswered(answer) => &answer.participant,
            Self::CheckInsSet(set) => &set.participant,
            Self::CheckInAnswered(answer) => &answer.participant,
            Self::DiaryUndone { participant, .. }
            | Self::ProgrammeChosen { participant, .. }
            | Self::ProposalAnswered { participant, .. }
            | Self::NoticeShown { participant, .. }
            | Self::DataTaken { participant, .. }
            | Self::DatesShifted { participant, .. }
            | Self::StudyLeft { participant, .. }
            | Self::NoticeSeen { participant, .. } => participant,
        }
    }
}

impl From<goal::Decision> for Decision {
    fn from(decision: goal::Decision) -> Self {
        Self::Goal(decision)
    }
}

impl From<OwnDecision> for Decision {
    fn from(decision: OwnDecision) -> Self {
        Self::Own(decision)
    }
}
