//! Everything that can be wrong between a counter and the disk, each with its sentences: what happened, what it
//! means for the data, what to do. The status, `brisk doctor` and the page all say it in these words.

use std::io;

use firmware_protocol::{device::Kind, driver::Fault};
use serde::{Deserialize, Serialize};

use crate::radio::RadioError;

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
    pub fn what(self) -> &'static str {
        match self {
            Self::NoBus => "This computer's message bus (D-Bus) does not answer, and Bluetooth is reached through it.",
            Self::ServiceDown => "This computer's Bluetooth service is not running.",
            Self::ServiceStuck => "This computer's Bluetooth service runs, but does not answer.",
            Self::NoAdapter => "This computer has no Bluetooth adapter that can be used.",
            Self::Blocked => "Bluetooth is blocked on this computer, by a switch or by a setting (rfkill).",
            Self::AdapterOff => "The Bluetooth adapter of this computer is switched off.",
            Self::NotHeard => "The counter was not heard: it is out of reach, asleep, or held by another app.",
            Self::HeldElsewhere => {
                "The counter was near a moment ago and then fell silent: most likely another app or phone holds it."
            }
            Self::PairingLostHere => "This computer has lost its pairing with the counter.",
            Self::PairingLostThere => {
                "The counter has forgotten its pairing with this computer, as after a reset of the counter."
            }
            Self::WrongKey => {
                "The counter does not accept the key: it was paired elsewhere meanwhile, or the key is not its own."
            }
            Self::NoKey => "The counter needs a key of its own, and there is none here.",
            Self::NotConfirmed => "Nobody confirmed on the counter in time.",
            Self::NotReady => "The counter is not set up to record, or its own app for this is missing.",
            Self::OtherCounter => "Another counter of the same kind answered. Nothing of it was taken.",
            Self::LinkBroke => "The connection broke off. What had arrived is stored.",
            Self::LossyLink => "Too much was lost on the way. What arrived whole is stored.",
            Self::Silent => "The counter stopped answering. What it had sent is stored.",
            Self::Refused => "The counter refused to answer.",
            Self::BadAnswer => {
                "The counter answered in a way that its protocol does not allow. What was good is stored, the rest is put aside."
            }
            Self::NoEnd => {
                "The counter never came to the end of its transfer and was cut off. What was good is stored."
            }
            Self::Busy => "The counter is busy with something else.",
            Self::Version => "The counter speaks a newer protocol than this program. Nothing was changed on it.",
            Self::Differs => {
                "The counter holds other data than were stored. Both are kept, and it was told to forget nothing."
            }
            Self::NotStored => "This computer could not store what the counter sent.",
            Self::DiskFull => "The disk of this computer is full, so nothing new can be stored.",
            Self::ReadOnly => "The disk of this computer can only be read: often a memory card that wears out.",
            Self::ClockUnset => {
                "This computer's clock has not been set yet, so no day is shown. Readings are kept and dated later."
            }
            Self::WrongZone => {
                "The time zone of the settings is another than that of this computer, so days may begin at the wrong hour."
            }
            Self::BatteryFlat => "The counter's battery is flat or nearly so.",
            Self::MemoryRunsOut => "The counter has not been heard for long, and its memory will soon run over.",
            Self::CounterClockOff => {
                "The counter's own clock was far off. Readings with impossible stamps were put aside."
            }
            Self::Failure => "The Bluetooth system reported a failure.",
        }
    }

    /// The next step.
    pub fn next_step(self) -> &'static str {
        match self {
            Self::NoBus => "Restart the computer; unplug it for ten seconds if that does not help.",
            Self::ServiceDown => "Start it: `sudo systemctl enable --now bluetooth`.",
            Self::ServiceStuck => {
                "Restart it: `sudo systemctl restart bluetooth`. If that does not help, unplug the computer for ten seconds."
            }
            Self::NoAdapter => "Plug a Bluetooth adapter in, or enable the one inside.",
            Self::Blocked => "Unblock it: `sudo rfkill unblock bluetooth`, or use the switch on the computer.",
            Self::AdapterOff => "Switch it on: `bluetoothctl power on`.",
            Self::NotHeard => "Bring it near this computer, wake its screen, and close other apps that use it.",
            Self::HeldElsewhere => "Close that app, or switch Bluetooth off on that phone, once.",
            Self::PairingLostHere | Self::PairingLostThere => {
                "Pair again: `brisk device pair`. All data are kept, and the person stays the same."
            }
            Self::WrongKey | Self::NoKey => "Pair again with the right key: `brisk device pair`. All data are kept.",
            Self::NotConfirmed => "Try again, and touch the counter when it vibrates or asks.",
            Self::NotReady => "Set it up once as `docs/devices.md` says for its kind.",
            Self::OtherCounter => "Bring the right counter near; if this one is new, pair it: `brisk device pair`.",
            Self::LinkBroke | Self::LossyLink | Self::Silent | Self::Busy => {
                "It is tried again by itself. Bringing the counter closer helps."
            }
            Self::Refused => "If it happens again, pair again: `brisk device pair`.",
            Self::BadAnswer | Self::NoEnd => {
                "`brisk data verify` shows what was put aside. Please report it, with `brisk device capture`."
            }
            Self::Version => "Update this program.",
            Self::Differs => "Please report it. `brisk data verify` shows both.",
            Self::NotStored => "Is the disk full, or can it only be read? `brisk doctor` looks.",
            Self::DiskFull => "Free some space. The counter keeps what was not stored.",
            Self::ReadOnly => {
                "Restart the computer; if it comes back, replace the memory card. The counter keeps what was not stored."
            }
            Self::ClockUnset => "Connect the computer to the network, or wait.",
            Self::WrongZone => {
                "Set `[clock] zone` in brisk.toml, or the zone of this computer, to where the person lives."
            }
            Self::BatteryFlat => "Charge the counter, best beside this computer.",
            Self::MemoryRunsOut => "Bring it near this computer soon, or its oldest days are lost.",
            Self::CounterClockOff => {
                "Nothing: its clock has been set. If it happens again, its battery may be worn out."
            }
            Self::Failure => "It is tried again by itself. If it stays, restart the computer.",
        }
    }

    /// Both, for the status of a counter of this kind: with what this kind needs to be heard.
    pub fn sentence(self, kind: &Kind) -> String {
        match self {
            Self::NotHeard => {
                format!("{} Its steps stay on it. {}", self.what(), kind.wake)
            }
            _ => format!("{} {}", self.what(), self.next_step()),
        }
    }
}
