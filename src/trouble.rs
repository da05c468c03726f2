//! Everything that can be wrong between a counter and the disk, each with its sentences: what happened, what it
//! means for the data, what to do. The status, `brisk doctor` and the page all say it in the same words.

use std::io;

use firmware_protocol::{
    device::Kind,
    driver::{Fault, Resolution},
};
use serde::{Deserialize, Serialize};

use crate::{radio::RadioError, words::Phrase};

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The system's message bus is gone.
    NoBus,
    /// The system's Bluetooth service is not running.
    ServiceDown,
    /// It runs and does not answer.
    ServiceStuck,
    /// No Bluetooth adapter.
    NoAdapter,
    /// The adapter is blocked by a switch or the system.
    Blocked,
    /// The adapter is switched off.
    AdapterOff,
    /// The counter is not heard.
    NotHeard,
    /// The counter fell silent while it was near: another app probably holds it.
    HeldElsewhere,
    /// This computer lost the pairing.
    PairingLostHere,
    /// The counter lost the pairing.
    PairingLostThere,
    /// The key is not the counter's.
    WrongKey,
    /// There is no key.
    NoKey,
    /// Nobody confirmed on the counter.
    NotConfirmed,
    /// The counter is not set up.
    NotReady,
    /// Another counter answered.
    OtherCounter,
    /// The connection broke off.
    LinkBroke,
    /// Too much got lost on the way.
    LossyLink,
    /// The counter stopped answering.
    Silent,
    /// The counter refused.
    Refused,
    /// It answered in a way that makes no sense.
    BadAnswer,
    /// Its transfer never ended.
    NoEnd,
    /// It is busy.
    Busy,
    /// It speaks a newer protocol.
    Version,
    /// It holds other data than were stored.
    Differs,
    /// This computer could not store what came.
    NotStored,
    /// The disk is full.
    DiskFull,
    /// The disk can only be read.
    ReadOnly,
    /// This computer's clock is not set.
    ClockUnset,
    /// The time zone of the settings is not that of this computer.
    WrongZone,
    /// The counter's battery is flat, or soon will be.
    BatteryFlat,
    /// The counter's memory runs over soon.
    MemoryRunsOut,
    /// The counter's own clock is far off.
    CounterClockOff,
    /// The MQTT broker of this home does not answer.
    BrokerSilent,
    /// The MQTT broker of this home does not let this program in.
    BrokerRefuses,
    /// Something else.
    Failure,
}

impl Cause {
    /// What a failure of the radio comes from.
    pub fn of_radio(error: &RadioError) -> Self {
        match error {
            RadioError::NoBus(_) => Self::NoBus,
            RadioError::NoService => Self::ServiceDown,
            RadioError::Stuck(_) => Self::ServiceStuck,
            RadioError::NoAdapter => Self::NoAdapter,
            RadioError::Blocked => Self::Blocked,
            RadioError::PoweredOff => Self::AdapterOff,
            RadioError::NotHeard => Self::NotHeard,
            RadioError::PairingLostHere => Self::PairingLostHere,
            RadioError::PairingLostThere => Self::PairingLostThere,
            RadioError::Lost => Self::LinkBroke,
            RadioError::TimedOut(_) => Self::Silent,
            RadioError::Refused { .. } => Self::Refused,
            RadioError::NoSuchCharacteristic(_) => Self::BadAnswer,
            RadioError::Platform(_) => Self::Failure,
        }
    }

    /// What the early end of a dialogue comes from.
    pub fn of_fault(fault: Fault) -> Self {
        match fault {
            Fault::Silent => Self::Silent,
            Fault::LossyLink => Self::LossyLink,
            Fault::Refused => Self::Refused,
            Fault::BadAnswer => Self::BadAnswer,
            Fault::NotStored => Self::NotStored,
            Fault::Version => Self::Version,
            Fault::Differs => Self::Differs,
            Fault::WrongKey => Self::WrongKey,
            Fault::NoKey => Self::NoKey,
            Fault::NotConfirmed => Self::NotConfirmed,
            Fault::NotReady => Self::NotReady,
            Fault::NoEnd => Self::NoEnd,
            Fault::Busy => Self::Busy,
        }
    }

    /// What a failure to write comes from.
    pub fn of_disk(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => Self::DiskFull,
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => Self::ReadOnly,
            _ => Self::NotStored,
        }
    }

    /// What happened and what it means, in one sentence or two.
    pub fn what(self) -> Phrase {
        Phrase::new(match self {
            Self::NoBus => "trouble-no-bus",
            Self::ServiceDown => "trouble-service-down",
            Self::ServiceStuck => "trouble-service-stuck",
            Self::NoAdapter => "trouble-no-adapter",
            Self::Blocked => "trouble-blocked",
            Self::AdapterOff => "trouble-adapter-off",
            Self::NotHeard => "trouble-not-heard",
            Self::HeldElsewhere => "trouble-held-elsewhere",
            Self::PairingLostHere => "trouble-pairing-lost-here",
            Self::PairingLostThere => "trouble-pairing-lost-there",
            Self::WrongKey => "trouble-wrong-key",
            Self::NoKey => "trouble-no-key",
            Self::NotConfirmed => "trouble-not-confirmed",
            Self::NotReady => "trouble-not-ready",
            Self::OtherCounter => "trouble-other-counter",
            Self::LinkBroke => "trouble-link-broke",
            Self::LossyLink => "trouble-lossy-link",
            Self::Silent => "trouble-silent",
            Self::Refused => "trouble-refused",
            Self::BadAnswer => "trouble-bad-answer",
            Self::NoEnd => "trouble-no-end",
            Self::Busy => "trouble-busy",
            Self::Version => "trouble-version",
            Self::Differs => "trouble-differs",
            Self::NotStored => "trouble-not-stored",
            Self::DiskFull => "trouble-disk-full",
            Self::ReadOnly => "trouble-read-only",
            Self::ClockUnset => "trouble-clock-unset",
            Self::WrongZone => "trouble-wrong-zone",
            Self::BatteryFlat => "trouble-battery-flat",
            Self::MemoryRunsOut => "trouble-memory-runs-out",
            Self::CounterClockOff => "trouble-counter-clock-off",
            Self::BrokerSilent => "trouble-broker-silent",
            Self::BrokerRefuses => "trouble-broker-refuses",
            Self::Failure => "trouble-failure",
        })
    }

    /// The next step.
    pub fn next_step(self) -> Phrase {
        Phrase::new(match self {
            Self::NoBus => "next-no-bus",
            Self::ServiceDown => "next-service-down",
            Self::ServiceStuck => "next-service-stuck",
            Self::NoAdapter => "next-no-adapter",
            Self::Blocked => "next-blocked",
            Self::AdapterOff => "next-adapter-off",
            Self::NotHeard => "next-not-heard",
            Self::HeldElsewhere => "next-held-elsewhere",
            Self::PairingLostHere | Self::PairingLostThere => "next-pairing-lost-here",
            Self::WrongKey | Self::NoKey => "next-wrong-key",
            Self::NotConfirmed => "next-not-confirmed",
            Self::NotReady => "next-not-ready",
            Self::OtherCounter => "next-other-counter",
            Self::LinkBroke | Self::LossyLink | Self::Silent | Self::Busy => "next-link-broke",
            Self::Refused => "next-refused",
            Self::BadAnswer | Self::NoEnd => "next-bad-answer",
            Self::Version => "next-version",
            Self::Differs => "next-differs",
            Self::NotStored => "next-not-stored",
            Self::DiskFull => "next-disk-full",
            Self::ReadOnly => "next-read-only",
            Self::ClockUnset => "next-clock-unset",
            Self::WrongZone => "next-wrong-zone",
            Self::BatteryFlat => "next-battery-flat",
            Self::MemoryRunsOut => "next-memory-runs-out",
            Self::CounterClockOff => "next-counter-clock-off",
            Self::BrokerSilent => "next-broker-silent",
            Self::BrokerRefuses => "next-broker-refuses",
            Self::Failure => "next-failure",
        })
    }

    /// Both, for the status of a counter of this kind: with what this kind needs to be heard.
    pub fn sentence(self, kind: &Kind) -> String {
        match self {
            // A running total alone says nothing of when, and what is added up too late belongs to no day.
            Self::NotHeard if kind.resolution == Resolution::Counter => format!("{} {}", self.what(), kind.wake),
            Self::NotHeard => format!("{} {} {}", self.what(), Phrase::new("trouble-steps-stay"), kind.wake),
            _ => format!("{} {}", self.what(), self.next_step()),
        }
    }
}

#[cfg(test)]
mod tests {
    use firmware_protocol::device::step_log;

    use super::*;

    #[test]
    fn steps_are_said_to_stay_only_on_a_counter_that_keeps_them_and_only_while_its_memory_lasts() {
        let total = Kind { resolution: Resolution::Counter, ..step_log::KIND };

        let kept = Cause::NotHeard.sentence(&step_log::KIND);
        let forgotten = Cause::NotHeard.sentence(&total);

        assert!(kept.contains("as long as its memory lasts"), "{kept}");
        assert!(!forgotten.contains("memory") && !forgotten.contains("stay on it"), "{forgotten}");
    }
}
