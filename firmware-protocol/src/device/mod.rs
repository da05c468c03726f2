//! The counters that people own: one file each, and one line in [`KINDS`].
//!
//! A file holds everything about its counter: how it is recognised, the dialogue as a [`Driver`], every
//! byte layout in both directions, and the counter's side as a [`Peripheral`] that can be played back.
//! What nobody knows about a counter stands in its `not_known` list.

pub mod bangle;
pub mod clock_reading;
pub mod colmi;
pub mod gap;
pub mod huami;
pub mod infinitime;
pub mod left_epochs;
pub mod pebble;
pub mod peripheral;
pub mod play;
pub mod polar;
pub mod rsc;
pub mod step_log;

use alloc::{boxed::Box, string::String, vec::Vec};

pub use crate::civil;
use crate::{
    Uuid,
    driver::{Driver, Resolution},
};
pub use peripheral::{Characteristic, Life, LifeMinute, Peripheral, Service};

/// Every kind of counter that this crate speaks with.
pub const KINDS: &[&Kind] = &[
    &step_log::KIND,
    &huami::BAND_3,
    &huami::BAND_6,
    &pebble::KIND,
    &polar::KIND,
    &colmi::KIND,
    &bangle::KIND,
    &infinitime::KIND,
    &rsc::KIND,
];

/// The kind with this name.
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().copied().find(|kind| kind.name == name)
}

/// The kinds that what a counter advertises may belong to. Advertisements are claims: whose counter it is says only
/// the dialogue.
pub fn recognise(heard: &Advertisement) -> impl Iterator<Item = &'static Kind> + '_ {
    KINDS.iter().copied().filter(|kind| (kind.recognise)(heard))
}

/// One kind of counter.
pub struct Kind {
    /// Its name in settings and records, never changed: `step-log`, `mi-band-3`.
    pub name: &'static str,
    /// What a person calls it.
    pub label: &'static str,
    /// How finely it can tell when steps were taken.
    pub resolution: Resolution,
    /// Whether the link has to be paired by the operating system.
    pub bond: BondNeed,
    /// Whether a key of its own is needed.
    pub key: KeyNeed,
    /// Where its epoch numbers come from.
    pub numbers: Numbers,
    /// Services of which at least one is in its advertisement, to filter a scan by; empty when it may advertise none.
    pub scan: &'static [Uuid],
    /// How many days it keeps before it overwrites, as far as anybody knows.
    pub memory_days: Option<u16>,
    /// It stops advertising while anybody is connected: another app that holds it hides it.
    pub hides_while_connected: bool,
    /// What the person does so that it can be heard.
    pub wake: &'static str,
    /// What it can and what of that is implemented here.
    pub can: &'static [Ability],
    /// What is not known about it, one sentence each.
    pub not_known: &'static [&'static str],
    /// Whether an advertisement looks like one of these.
    pub recognise: fn(&Advertisement) -> bool,
    /// A dialogue that has not begun.
    pub driver: fn(Setup) -> Box<dyn Driver + Send>,
    /// A counter of this kind that lived through these minutes.
    pub emulator: fn(Life) -> Box<dyn Peripheral + Send>,
}

impl core::fmt::Debug for Kind {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Kind({})", self.name)
    }
}

/// One thing that a kind of counter can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ability {
    /// In a few words: `one-minute history`.
    pub what: &'static str,
    /// Whether this crate uses it.
    pub implemented: bool,
}

/// Whether the operating system has to pair with the counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BondNeed {
    /// It answers only over an encrypted, paired link.
    Required,
    /// It works either way; paired is safer.
    Optional,
    /// Pairing by the system breaks it.
    Harmful,
}

/// Whether a counter asks for a key of its own, apart from the link's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyNeed {
    /// None.
    None,
    /// This program makes one when the counter is paired.
    MadeHere,
    /// The owner has to get it from the maker.
    FromOwner,
}

/// Where a counter's epoch numbers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// The counter gives them, without holes but for those it reports.
    Own,
    /// They are made of the stamps: a number that is missing was not recorded.
    FromStamps,
}

/// Sixteen secret bytes. Its `Debug` shows none of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key(pub [u8; 16]);

impl core::fmt::Debug for Key {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Key(secret)")
    }
}

/// What a counter says to everybody in reach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advertisement {
    /// Its name, as it claims.
    pub name: Option<String>,
    /// The services it lists.
    pub services: Vec<Uuid>,
    /// Company numbers with their data.
    pub manufacturer: Vec<(u16, Vec<u8>)>,
}

/// What a driver is told before the dialogue begins.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Whether the counter is being made this host's own, or is.
    pub purpose: Purpose,
    /// The counter's own key, where its kind needs one.
    pub key: Option<Key>,
    /// Local time minus UTC at this moment, minutes: for counters that show or stamp with a wall clock.
    pub offset_min: i16,
    /// The name of the local zone, for counters that want it.
    pub zone: String,
    /// What it advertised.
    pub heard: Advertisement,
    /// What the operating system knows it by (its address where there is one): the identity of last resort, for
    /// counters that tell no serial number.
    pub peer: String,
    /// How long a dialogue with a counter that tells only what is now may last, milliseconds.
    pub live_ms: u32,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            purpose: Purpose::Fetch,
            key: None,
            offset_min: 0,
            zone: String::from("UTC"),
            heard: Advertisement::default(),
            peer: String::new(),
            live_ms: 30 * 60_000,
        }
    }
}

/// What a dialogue is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Make the counter this host's own, then fetch. Only a person asks for this.
    Pair,
    /// Fetch what is new.
    Fetch,
}
