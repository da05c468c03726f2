//! The air for commands that speak with a counter themselves, past the daemon and the store.

use std::{io::Write as _, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{anyhow, bail};
use chrono::DateTime;
use firmware_protocol::device::{self, KINDS, Key, Kind, Setup};

use super::{Context, Exit};
use crate::{
    config::{Config, Paths, RadioKind},
    daemon,
    days::{DayBook, Person},
    devices::{self, Counter, keys},
    radio::{Heard, Radio as _, RadioError, any::AnyRadio, btleplug::BluetoothRadio},
    store::{self, BondLevel, Store},
    time::{Clock as _, SystemClock, Zone},
    trouble::Cause,
};

/// How long counters are listened for.
const LISTEN_FOR: Duration = Duration::from_secs(8);

/// A counter that tells only what is now is listened to for this long.
const LIVE_MS: u32 = 60_000;

/// The radio of the settings, and what is known of the counters around it.
pub struct Air {
    pub radio: AnyRadio,
    pub clock: SystemClock,
    pub runtime: tokio::runtime::Runtime,
    config: Config,
    counters: Vec<Counter>,
    /// Whoever wears them.
    people: Vec<Arc<Person>>,
    data: PathBuf,
    /// Held so that no daemon starts meanwhile and takes the counter.
    _store: Option<Arc<Store>>,
}

/// The counter that is meant.
pub struct Meant {
    pub address: String,
    pub kind: &'static Kind,
    /// How its connection is protected, as far as it was written down.
    pub bond: Option<BondLevel>,
    pub key: Option<Key>,
    /// Of whoever wears it.
    zone: Zone,
    /// Local time minus UTC, minutes.
    offset_min: i16,
}

impl Air {
    /// Opens it, unless a daemon has it.
    pub fn open(context: &Context) -> anyhow::Result<Result<Self, Exit>> {
        let config = match context.config() {
            Ok(config) => config,
            Err(problems) => return super::wrong_settings(&problems).map(Err),
        };
        let data = context.places(&config).data;
        let own_place = context.global.data.is_some() || config.storage.data.is_some();
        let system = !own_place && !data.join("journal").exists() && Paths::system_socket().exists();
        if system || store::lock::holder(&data).is_some() {
            writeln!(
                std::io::stderr(),
                "brisk: the daemon looks after the counters, and two cannot speak with one at a time. Nothing was \
                 changed. Stop the daemon first (`systemctl stop brisk`, or Ctrl-C where it runs), then try again"
            )?;
            return Ok(Err(Exit::NotAllowed));
        }
        let store = if data.join("journal").exists() { Some(Arc::new(Store::open(&data)?.0)) } else { None };
        let decisions = store.as_ref().map(|store| store.decisions()).transpose()?.unwrap_or_default();
        let newest = match (config.bluetooth.radio, &store) {
            (RadioKind::Bluetooth, Some(store)) => store.newest_arrival().unwrap_or_default(),
            // When a simulated counter's readings arrived says nothing of the real time.
            _ => DateTime::UNIX_EPOCH,
        };
        let runtime = daemon::runtime()?;
        let radio = {
            let _inside = runtime.enter();
            match config.bluetooth.radio {
                RadioKind::Bluetooth => {
                    AnyRadio::Bluetooth(BluetoothRadio::new(&config.bluetooth.adapter, config.bluetooth.power_cycle))
                }
                RadioKind::Simulated => AnyRadio::Simulated(daemon::simulated_air(&config, &data)?),
            }
        };
        let counters = devices::counters(&config, &decisions);
        let people = devices::people(&config, &counters);
        let people = match &store {
            Some(store) => DayBook::new(Arc::clone(store), people, config.rules())?.people(),
            None => people.into_iter().map(Arc::new).collect(),
        };
        let clock = SystemClock::new(config.clock.wait_for_sync, newest);
        Ok(Ok(Self { radio, clock, runtime, config, counters, people, data, _store: store }))
    }

    /// The counter at this address, or the only one in reach.
    pub async fn find(&self, address: Option<&str>, kind: Option<&str>) -> anyhow::Result<Meant> {
        let named = kind.map(kind_named).transpose()?;
        let known = address.and_then(|address| self.known(address));
        if let (Some(address), Some(kind)) = (address, named.or(known.map(|known| known.kind))) {
            return self.meant(address.to_owned(), kind);
        }
        let kinds = named.map_or_else(|| KINDS.to_vec(), |kind| vec![kind]);
        let mut heard =
            self.radio.listen(&kinds, LISTEN_FOR, None).await.map_err(|error| radio_trouble(&error, None))?;
        heard.retain(|one| address.is_none_or(|address| one.address.eq_ignore_ascii_case(address)));
        match heard.as_slice() {
            [] => bail!(
                "no such counter was heard; nothing was changed. Wake it, bring it near, and close other apps that use it"
            ),
            [only] => {
                let kind = kinds.iter().copied().find(|kind| (kind.recognise)(&only.advertisement));
                match kind {
                    Some(kind) => self.meant(only.address.clone(), kind),
                    None => bail!("it does not say what kind of counter it is; say so, with `--kind`"),
                }
            }
            several => {
                let addresses: Vec<_> = several.iter().map(|one: &Heard| one.address.as_str()).collect();
                bail!("several counters are in reach; say which one, by its address: {}", addresses.join(", "))
            }
        }
    }

    fn known(&self, address: &str) -> Option<&Counter> {
        let is_it = |counter: &&Counter| {
            let at = counter.address.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(address));
            at || counter.id.to_string().eq_ignore_ascii_case(address)
        };
        self.counters.iter().find(is_it)
    }

    fn meant(&self, address: String, kind: &'static Kind) -> anyhow::Result<Meant> {
        let known = self.known(&address);
        let key = known.map(|known| keys::load(&self.data, known.id)).transpose()?.flatten();
        let owner = known.and_then(Counter::owner);
        let owner = owner.and_then(|id| self.people.iter().find(|person| person.id == *id));
        let now_s = self.clock.utc().timestamp();
        let zone = owner.map_or_else(|| self.config.clock.zone.zone(), |owner| owner.calendar.day_at(now_s).zone);
        let offset_s = zone.offset_s(now_s);
        let simulated = matches!(self.radio, AnyRadio::Simulated(_));
        let bond = if simulated { Some(BondLevel::Simulated) } else { known.map(|known| known.bond) };
        // A counter of this home may be named by its id, too.
        let address = known.filter(|_| !simulated).and_then(|known| known.address.clone()).unwrap_or(address);
        Ok(Meant { address, kind, bond, key, zone, offset_min: i16::try_from(offset_s / 60).unwrap_or(0) })
    }
}

impl Meant {
    /// What its driver is told.
    pub fn setup(&self, heard: &Heard) -> Setup {
        Setup {
            key: self.key,
            offset_min: self.offset_min,
            zone: self.zone.name().unwrap_or("UTC").to_owned(),
            live_ms: LIVE_MS,
            heard: heard.advertisement.clone(),
            peer: heard.address.clone(),
            ..Setup::default()
        }
    }
}

/// What the radio's failure means, and what to do about it.
pub fn radio_trouble(error: &RadioError, kind: Option<&Kind>) -> anyhow::Error {
    let cause = Cause::of_radio(error);
    match kind {
        Some(kind) => anyhow!("{}", cause.sentence(kind)),
        None => anyhow!("{} {}", cause.what(), cause.next_step()),
    }
}

/// The kind with this name.
pub fn kind_named(name: &str) -> anyhow::Result<&'static Kind> {
    device::kind(name).ok_or_else(|| {
        let names: Vec<_> = KINDS.iter().map(|kind| kind.name).collect();
        anyhow!("{name:?} is no kind of counter; known are {}", names.join(", "))
    })
}
