//! The tables of `brisk.toml`, each with its defaults and the text that explains it to people.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    time::Duration,
};

use chrono::{NaiveDate, NaiveTime};
use firmware_protocol::device::step_log;
use serde::{Deserialize, Serialize};

use super::{
    CONFIG_VERSION,
    text::{counter_id, length, time_of_day},
    values::{ClockZone, CounterKind, Display, Quiet, RadioKind, SimulatedPairing, TargetKind, TargetName},
};
use crate::{
    model::{DeviceId, ParticipantId},
    time::Zone,
    words::Language,
};

/// What the reader and the printer of the file know about a table.
pub(super) trait Section {
    /// What it is about.
    const ABOUT: &'static [&'static str];
    /// Its keys in the order of the file, each with its explanation, one line an item.
    const KEYS: &'static [(&'static str, &'static [&'static str])];
    /// Takes the value of one key over from another section.
    fn take_key(&mut self, key: &str, from: Self);
}

/// A table of the file: the struct, its defaults and its texts from one source.
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        $name:ident {
            $( $(#[doc = $doc:literal])+ $(#[serde($($serde:tt)+)])? $field:ident: $type:ty = $default:expr, )+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            $( $(#[doc = $doc])+ $(#[serde($($serde)+)])? pub $field: $type, )+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $field: $default, )+ }
            }
        }

        impl Section for $name {
            const ABOUT: &'static [&'static str] = &[$($about),+];
            const KEYS: &'static [(&'static str, &'static [&'static str])] =
                &[$( (stringify!($field), &[$($doc),+]) ),+];

            fn take_key(&mut self, key: &str, from: Self) {
                $( if key == stringify!($field) {
                    self.$field = from.$field;
                    return;
                } )+
            }
        }
    };
}

section! {
    /// What Brisk is told about this home. Lengths of time are written as "45s", "10m", "4h", "1h30m" or "2d".
    Config {
        /// Version of this file's format.
        config_version: u32 = CONFIG_VERSION,
        /// Time and days.
        clock: Clock = Clock::default(),
        /// The radio, and how often counters are asked.
        bluetooth: Bluetooth = Bluetooth::default(),
        /// From minutes to numbers.
        measure: Measure = Measure::default(),
        /// Where readings are kept.
        storage: Storage = Storage::default(),
        /// The pages.
        web: Web = Web::default(),
        /// Notices.
        notify: Notify = Notify::default(),
        /// What a study brings along.
        study: Study = Study::default(),
        /// Trial databases that days are sent to.
        target: Vec<Target> = Vec::new(),
        /// Today's minutes on a display of this home.
        home_assistant: HomeAssistant = HomeAssistant::default(),
        /// The people of this home.
        person: Vec<Person> = vec![Person::default()],
        /// Their counters.
        counter: Vec<Counter> = Vec::new(),
    }
}

section! {
    /// Time and days.
    Clock {
        /// Time zone of this home, such as "Europe/Oslo"; "auto" takes the one of this machine.
        zone: ClockZone = ClockZone::Auto,
        /// When a day begins, as "HH:MM". Who works at night may choose "04:00".
        #[serde(with = "time_of_day")]
        start_of_day: NaiveTime = NaiveTime::MIN,
        /// After a start, how long to wait for the network to set a clock that has no battery. Until
        /// then readings are kept, no counter's clock is set and no day is shown.
        #[serde(with = "length")]
        wait_for_sync: Duration = Duration::from_secs(10 * 60),
    }
}

section! {
    /// The radio, and how often counters are asked.
    Bluetooth {
        /// "bluetooth", or "simulated" to try everything without a radio.
        radio: RadioKind = RadioKind::Bluetooth,
        /// With the simulated radio: file that holds the memory of a counter that is in reach and belongs to nobody yet.
        /// Made, with four weeks of walks, when it is not there; a relative path begins in the data folder.
        #[serde(skip_serializing_if = "Option::is_none")]
        simulated_counter: Option<PathBuf> = None,
        /// How that counter is paired: "digits" shows six, in a file of the same name that ends in ".digits", "compare"
        /// shows them on both sides, "typed" wants them typed into it, "none" asks nothing.
        simulated_pairing: SimulatedPairing = SimulatedPairing::Digits,
        /// Bluetooth adapter, such as "hci0"; "auto" takes the first that works.
        adapter: String = "auto".to_owned(),
        /// Whether an adapter that keeps failing is switched off and on. Cuts every other Bluetooth connection too.
        power_cycle: bool = false,
        /// How often a counter in reach is asked for what is new. Asking costs its battery.
        #[serde(with = "length")]
        sync_every: Duration = Duration::from_secs(30 * 60),
        /// How long a connection may take to come about.
        #[serde(with = "length")]
        connect_within: Duration = Duration::from_secs(45),
        /// First pause after an attempt that did not work; each further one doubles it …
        #[serde(with = "length")]
        retry_after: Duration = Duration::from_secs(15),
        /// … up to this.
        #[serde(with = "length")]
        retry_at_most: Duration = Duration::from_secs(15 * 60),
    }
}

section! {
    /// From minutes to numbers.
    Measure {
        /// Name and version of the rules. Every day says which rules it was computed with.
        rules: String = "brisk/1".to_owned(),
    }
}

section! {
    /// Where readings are kept.
    Storage {
        /// Folder of the journal and its index. Not set: the system's folder for such data.
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<PathBuf> = None,
    }
}

section! {
    /// The pages.
    Web {
        /// Address and port of the pages; "off" shows none. Other computers are let in by `brisk web expose lan`
        /// alone.
        listen: String = "127.0.0.1:8791".to_owned(),
        /// Names under which a browser on this computer may ask for them.
        hosts: Vec<String> = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "[::1]".to_owned()],
        /// Address on which other computers are listened to while they are let in; the port is that of `listen`.
        lan_listen: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    }
}

section! {
    /// Notices: at most one a day, in own time, never during a pause.
    Notify {
        /// Whether notices are shown at all, on the page and on the desktop.
        patient: bool = false,
        /// When none is shown, as "HH:MM-HH:MM"; "none" for working and sleeping hours alone.
        quiet: Quiet = Quiet::default(),
        /// After so many that were put away by nobody, 1 to 30, none comes until the person is back.
        give_up_after: u32 = 3,
    }
}

section! {
    /// What a study brings along. A relative path begins where this file lies.
    Study {
        /// Files of instruments for check-ins, or folders of them.
        instruments: Vec<PathBuf> = Vec::new(),
        /// Files of programmes beside those that come with Brisk; `brisk programme list` names them all.
        programmes: Vec<PathBuf> = Vec::new(),
        /// The study's own pseudonym, 1 to 32 letters, digits, "_" or "-". Nothing is sent to a trial database without it.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<ParticipantId> = None,
        /// Day 1 of the study, "YYYY-MM-DD", the same in every home; once days were sent it never changes.
        #[serde(skip_serializing_if = "Option::is_none")]
        epoch: Option<NaiveDate> = None,
        /// So long after its end a day is final; a later change needs a person.
        #[serde(with = "length")]
        final_after: Duration = Duration::from_secs(14 * 86_400),
        /// Whether goals, programmes and what pages show stay at home: they would tell the arm of a blinded study.
        keep_arm_back: bool = false,
        /// Whether all dates that leave the house are moved by whole weeks, another number for each person, which stays
        /// in the journal.
        shift_dates: bool = false,
    }
}

section! {
    /// A trial database that days are sent to.
    Target {
        /// What it is called here: 1 to 16 small letters, digits or "-".
        name: TargetName = TargetName::try_from("study".to_owned()).expect("five letters are a name"),
        /// "redcap", "postgres" or "fhir".
        kind: TargetKind = TargetKind::Redcap,
        /// Where it is: REDCap's address that ends in "/api/", a PostgreSQL address with user, host and database, or the
        /// base address of a FHIR server. Never with a password.
        url: String = String::new(),
        /// File with the token or password, and nothing else in it, that only its owner can read; or the name of a
        /// service credential. Not set: the database asks for none.
        #[serde(skip_serializing_if = "Option::is_none")]
        secret: Option<PathBuf> = None,
        /// Certificate of the authority that vouches for the server (PEM). Not set: those that browsers know.
        #[serde(skip_serializing_if = "Option::is_none")]
        ca: Option<PathBuf> = None,
        /// REDCap: the unique event name, in a longitudinal project.
        #[serde(skip_serializing_if = "Option::is_none")]
        event: Option<String> = None,
        /// FHIR: beginning of the addresses that identify this study's resources.
        #[serde(skip_serializing_if = "Option::is_none")]
        system: Option<String> = None,
        /// The shortest time between two requests.
        #[serde(with = "length")]
        pace: Duration = Duration::from_secs(1),
        /// The most days in one request, 1 to 200.
        days_at_once: u16 = 200,
    }
}

section! {
    /// Today's minutes on a display of this home, by MQTT as Home Assistant understands it. Nothing of a study is told.
    HomeAssistant {
        /// Address and port of this home's MQTT broker, such as "homeassistant.local:1883"; "off" tells nobody.
        broker: String = "off".to_owned(),
        /// Name at the broker, when it asks for one.
        #[serde(skip_serializing_if = "Option::is_none")]
        user: Option<String> = None,
        /// File with the password, as for a trial database.
        #[serde(skip_serializing_if = "Option::is_none")]
        secret: Option<PathBuf> = None,
        /// Whose minutes are told. Not set: the only person of this home.
        #[serde(skip_serializing_if = "Option::is_none")]
        person: Option<ParticipantId> = None,
    }
}

section! {
    /// One person of this home.
    Person {
        /// Pseudonym: 1 to 32 letters, digits, "_" or "-". It stands in every export; no name, please.
        id: ParticipantId = ParticipantId::try_from("me".to_owned()).expect("two letters are a pseudonym"),
        /// What the pages call this person. Stays in this house.
        #[serde(skip_serializing_if = "Option::is_none")]
        label: Option<String> = None,
        /// Language of this person's pages: "en" or "he".
        language: Language = Language::En,
        /// What their pages show: "full", "steps-only", or "blinded", where a study measures and shows nothing.
        display: Display = Display::Full,
        /// Time zone, when it is another than that of the home.
        #[serde(skip_serializing_if = "Option::is_none")]
        zone: Option<Zone> = None,
        /// The day on which this person joined the study, "YYYY-MM-DD". Days before it never leave the house, and
        /// without it none does.
        #[serde(skip_serializing_if = "Option::is_none")]
        enrolled: Option<NaiveDate> = None,
        /// Steps in a minute from which walking counts as brisk for this person, 60 to 130.
        brisk_steps_per_minute: u16 = 100,
    }
}

section! {
    /// One counter and whose it is. Counters that were paired with `brisk device pair` need not stand here.
    Counter {
        /// The counter's own identity: 16 hexadecimal digits, as its maker prints them.
        #[serde(with = "counter_id")]
        id: DeviceId = DeviceId([0; 8]),
        /// What kind it is; `brisk device kinds` lists them.
        kind: CounterKind = CounterKind(&step_log::KIND),
        /// Whose it is. Not set: the only person of this home.
        #[serde(skip_serializing_if = "Option::is_none")]
        person: Option<ParticipantId> = None,
        /// First day, as "YYYY-MM-DD", on which it was this person's. Not set: always.
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<NaiveDate> = None,
        /// What the pages call the counter.
        #[serde(skip_serializing_if = "Option::is_none")]
        label: Option<String> = None,
        /// What the study calls the counter, such as "SC-4F2A": 1 to 32 letters, digits, "_" or "-". Not set: made from
        /// chance. Neither its address nor its own identity leaves the house.
        #[serde(skip_serializing_if = "Option::is_none")]
        asset: Option<ParticipantId> = None,
        /// Radio address, where the system needs one to find it. The counter is known by its id.
        #[serde(skip_serializing_if = "Option::is_none")]
        address: Option<String> = None,
        /// With the simulated radio: file that holds the counter's memory; a relative path begins in the data folder.
        #[serde(skip_serializing_if = "Option::is_none")]
        simulated_flash: Option<PathBuf> = None,
    }
}
