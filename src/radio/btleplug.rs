//! The machine's Bluetooth adapter, through btleplug.
//!
//! One thing at a time: whoever looks for a counter takes the air for a short window, scans for its
//! services, and connects when it is heard, with the scan stopped (while it runs, connecting takes
//! thirty times as long). Connections then go on side by side. Everything that hangs on the message
//! bus lives in a [`Session`] that is thrown away whole and built anew when it fails.

mod link;
mod session;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use firmware_protocol::device::Kind;
use tokio::{
    sync::Mutex as AsyncMutex,
    time::{Instant, timeout_at},
};

pub use self::link::BluetoothLink;
use self::session::Session;
use super::{
    Heard, Radio, RadioError, Wanted,
    bluez::{
        Device,
        agent::{PairError, PairedHow, Questions},
    },
};

/// How long the air is taken at a time. A counter advertises at least every two seconds or so.
const WINDOW: Duration = Duration::from_secs(6);
/// Between two windows of one search: others may want the air, and the adapter serves connections meanwhile.
const PAUSE: Duration = Duration::from_secs(2);
/// Building a session: two connections to the bus and a look at the adapter.
const BUILD_WITHIN: Duration = Duration::from_secs(15);
/// Connections that end at once this often, one after the other, mean that the counter lost its keys.
const DROPS_OF_A_LOST_BOND: u8 = 2;
/// Rebuilding the session this often without a success in between is when the adapter is switched off and on, if
/// the settings allow it.
const FAILURES_BEFORE_POWER_CYCLE: u32 = 5;

/// The adapter that was named, or the first.
pub struct BluetoothRadio {
    adapter: String,
    power_cycle: bool,
    air: AsyncMutex<Option<Arc<Session>>>,
    /// Connections of a counter that ended at once, since the last that did not.
    drops: Mutex<BTreeMap<String, u8>>,
    failures: AtomicU32,
}

impl BluetoothRadio {
    /// `adapter` is `auto`, or a name such as `hci1`. With `power_cycle` an adapter that keeps failing is switched
    /// off and on.
    pub fn new(adapter: &str, power_cycle: bool) -> Self {
        Self {
            adapter: adapter.to_owned(),
            power_cycle,
            air: AsyncMutex::new(None),
            drops: Mutex::default(),
            failures: AtomicU32::new(0),
        }
    }

    /// Whether the radio can be used now; a session that does not answer is thrown away.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub async fn check(&self) -> Result<(), RadioError> {
        let mut air = self.air.lock().await;
        self.session(&mut air).await.map(drop)
    }

    /// Addresses that this computer has keys for.
    ///
    /// # Errors
    /// When the radio cannot be used.
    pub async fn paired(&self) -> Result<Vec<String>, RadioError> {
        let mut air = self.air.lock().await;
        let devices = self.session(&mut air).await?.devices().await?;
        Ok(devices.into_iter().filter(|device| device.heard.paired).map(|device| device.heard.address).collect())
    }

    /// Forgets a counter's keys, as far as this computer has any.
    ///
    /// # Errors
    /// When the radio cannot be used.
    pub async fn forget(&self, address: &str) -> Result<(), RadioError> {
        let mut air = self.air.lock().await;
        let session = self.session(&mut air).await?;
        let found =
            session.devices().await?.into_iter().find(|device| device.heard.address.eq_ignore_ascii_case(address));
        self.drops.lock().unwrap_or_else(PoisonError::into_inner).remove(&address.to_ascii_uppercase());
        match found {
            Some(device) => session.bluez.remove(&session.adapter, &device.path).await,
            None => Ok(()),
        }
    }

    /// Pairs with the counter at this address, once it is heard.
    ///
    /// # Errors
    /// When it is not heard, or pairing came to nothing.
    pub async fn pair(&self, address: &str, within: Duration, questions: Questions) -> Result<PairedHow, PairError> {
        let end = Instant::now() + within;
        let mut air = self.air.lock().await;
        let session = self.session(&mut air).await?;
        let by_address = |device: &Device| device.heard.address.eq_ignore_ascii_case(address);
        let device = session.hear(&[], end, by_address).await?.ok_or(RadioError::NotHeard)?;
        let how = session.bluez.pair(&device.path, questions).await?;
        session.bluez.trust(&device.path).await?;
        self.drops.lock().unwrap_or_else(PoisonError::into_inner).remove(&address.to_ascii_uppercase());
        Ok(how)
    }

    /// The session, built or checked.
    async fn session(&self, air: &mut Option<Arc<Session>>) -> Result<Arc<Session>, RadioError> {
        if let Some(session) = air.as_ref() {
            match session.check().await {
                Ok(()) if session.is_fresh() || Arc::strong_count(session) > 1 => return Ok(Arc::clone(session)),
                // Old ones hold match rules that btleplug left behind on the bus.
                Ok(()) => tracing::debug!("the radio is built anew, to be fresh"),
                Err(error) => tracing::debug!(%error, "the radio is built anew"),
            }
            *air = None;
        }
        let built = tokio::time::timeout(BUILD_WITHIN, Session::build(&self.adapter)).await;
        match built.unwrap_or(Err(RadioError::Stuck("being connected to"))) {
            Ok(session) => {
                self.failures.store(0, Ordering::Relaxed);
                Ok(Arc::clone(air.insert(Arc::new(session))))
            }
            Err(error) => {
                let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
                if self.power_cycle && failures.is_multiple_of(FAILURES_BEFORE_POWER_CYCLE) {
                    session::power_cycle(&self.adapter).await;
                }
                Err(error)
            }
        }
    }

    async fn open(&self, session: &Arc<Session>, device: Device, wanted: &Wanted) -> Result<BluetoothLink, RadioError> {
        let address = device.heard.address.to_ascii_uppercase();
        if wanted.paired && !device.heard.paired {
            return Err(RadioError::PairingLostHere);
        }
        let opened = BluetoothLink::open(session, device).await;
        let mut drops = self.drops.lock().unwrap_or_else(PoisonError::into_inner);
        match opened {
            Ok(link) => {
                drops.remove(&address);
                Ok(link)
            }
            // It was there and ended at once: out of reach looks different.
            Err(RadioError::Lost) if wanted.paired => {
                let count = drops.entry(address).or_default();
                *count = count.saturating_add(1);
                if *count >= DROPS_OF_A_LOST_BOND { Err(RadioError::PairingLostThere) } else { Err(RadioError::Lost) }
            }
            Err(error) => Err(error),
        }
    }
}

/// Whether this is the counter that is looked for.
fn fits(wanted: &Wanted, device: &Device) -> bool {
    let at = |address: &String| device.heard.address.eq_ignore_ascii_case(address);
    match &wanted.address {
        Some(address) => at(address),
        None => (wanted.kind.recognise)(&device.heard.advertisement) && !wanted.not.iter().any(at),
    }
}

impl Radio for BluetoothRadio {
    type Link = BluetoothLink;

    async fn connect(&self, wanted: &Wanted, within: Duration) -> Result<BluetoothLink, RadioError> {
        let end = Instant::now() + within;
        loop {
            {
                let mut air = timeout_at(end, self.air.lock()).await.map_err(|_| RadioError::NotHeard)?;
                let session = self.session(&mut air).await?;
                let window = end.min(Instant::now() + WINDOW);
                if let Some(device) = session.hear(wanted.kind.scan, window, |device| fits(wanted, device)).await? {
                    return self.open(&session, device, wanted).await;
                }
            }
            if Instant::now() + PAUSE >= end {
                return Err(RadioError::NotHeard);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn listen(
        &self,
        kinds: &[&'static Kind],
        during: Duration,
        until: Option<&str>,
    ) -> Result<Vec<Heard>, RadioError> {
        let mut air = self.air.lock().await;
        let session = self.session(&mut air).await?;
        let end = Instant::now() + during;
        let services: Vec<_> = if kinds.iter().any(|kind| kind.scan.is_empty()) {
            Vec::new()
        } else {
            kinds.iter().flat_map(|kind| kind.scan).copied().collect()
        };
        let mut heard = BTreeMap::new();
        session
            .hear(&services, end, |device| {
                if kinds.iter().any(|kind| (kind.recognise)(&device.heard.advertisement)) {
                    heard.insert(device.heard.address.clone(), device.heard.clone());
                }
                until.is_some_and(|address| {
                    heard.contains_key(&device.heard.address) && device.heard.address.eq_ignore_ascii_case(address)
                })
            })
            .await?;
        let mut heard: Vec<_> = heard.into_values().collect();
        heard.sort_by_key(|one| (std::cmp::Reverse(one.rssi_dbm), one.address.clone()));
        Ok(heard)
    }
}
