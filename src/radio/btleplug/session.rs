//! Everything of one connection to the message bus: btleplug's, and our own beside it.
//!
//! It lives on a runtime of its own. btleplug has no way to close its connection; shutting that runtime
//! down ends the task that holds it, and with it every match rule that was left behind on the bus.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use ::btleplug::{
    api::{Central as _, Manager as _, ScanFilter},
    platform::{Adapter as Central, Manager, Peripheral},
};
use firmware_protocol::driver::Uuid;
use tokio::{
    runtime::{Builder, Handle, Runtime},
    time::{Instant, MissedTickBehavior, timeout},
};

use crate::radio::{
    RadioError,
    bluez::{Adapter, Bluez, Device},
};

use super::link::platform;

/// How often the list of heard counters is looked at during a scan.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Starting or stopping a scan.
const SCAN_CALL_WITHIN: Duration = Duration::from_secs(5);
/// Each connection leaves about a quarter of a match rule behind on the bus, which allows 512.
const FRESH_CONNECTIONS: u32 = 200;
/// How long an adapter stays off when it is switched off and on.
const OFF_FOR: Duration = Duration::from_secs(2);

/// See the module.
pub struct Session {
    pub bluez: Bluez,
    pub adapter: Adapter,
    central: Central,
    connections: AtomicU32,
    runtime: Option<Runtime>,
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Not waited for: a connection to a bus that is gone may hang.
            runtime.shutdown_background();
        }
    }
}

/// Connects to the bus on this runtime. The connection itself blocks, therefore not on the caller's.
async fn on<T: Send + 'static>(
    handle: &Handle,
    work: impl Future<Output = Result<T, RadioError>> + Send + 'static,
) -> Result<T, RadioError> {
    handle.spawn(work).await.map_err(|error| RadioError::NoBus(Box::new(error)))?
}

impl Session {
    /// Connects to the bus and finds the adapter.
    pub async fn build(adapter: &str) -> Result<Self, RadioError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("bluetooth")
            .enable_all()
            .build()
            .map_err(|error| RadioError::Platform(Box::new(error)))?;
        // From here on the runtime is shut down whatever happens.
        let mut guard = Guard(Some(runtime));
        let handle = guard.0.as_ref().map_or_else(Handle::current, |runtime| runtime.handle().clone());
        let bluez = on(&handle, Bluez::connect()).await?;
        let found = bluez.adapter(adapter).await?;
        let name = found.name().to_owned();
        let central = on(&handle, async move {
            let manager = Manager::new().await.map_err(|error| RadioError::NoBus(Box::new(error)))?;
            for central in manager.adapters().await.map_err(platform)? {
                // "hci0 (usb:v1D6Bp0246d0540)"
                let info = central.adapter_info().await.map_err(platform)?;
                if info.split(' ').next() == Some(&name) {
                    return Ok(central);
                }
            }
            Err(RadioError::NoAdapter)
        })
        .await?;
        Ok(Self { bluez, adapter: found, central, connections: AtomicU32::new(0), runtime: guard.0.take() })
    }

    /// Whether it can still be used.
    pub async fn check(&self) -> Result<(), RadioError> {
        self.bluez.adapter(self.adapter.name()).await.map(drop)
    }

    /// Whether few enough connections were made through it.
    pub fn is_fresh(&self) -> bool {
        self.connections.load(Ordering::Relaxed) < FRESH_CONNECTIONS
    }

    /// Counts one more connection.
    pub fn note_connection(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    /// The runtime that tasks of a connection belong on.
    pub fn handle(&self) -> Handle {
        self.runtime.as_ref().map_or_else(Handle::current, |runtime| runtime.handle().clone())
    }

    /// Everything that the adapter knows.
    pub async fn devices(&self) -> Result<Vec<Device>, RadioError> {
        self.bluez.devices(&self.adapter).await
    }

    /// btleplug's view of a device.
    pub async fn peripheral(&self, device: &Device) -> Result<Peripheral, RadioError> {
        use ::btleplug::api::Peripheral as _;
        let known = timeout(SCAN_CALL_WITHIN, self.central.peripherals()).await;
        let known = known.map_err(|_| RadioError::Stuck("a list of devices"))?.map_err(platform)?;
        let address = &device.heard.address;
        known
            .into_iter()
            .find(|one| one.address().to_string().eq_ignore_ascii_case(address))
            .ok_or(RadioError::NotHeard)
    }

    /// Scans until a device that is being heard now, or is connected already, is taken, or the time is over.
    pub async fn hear(
        &self,
        services: &[Uuid],
        until: Instant,
        mut take: impl FnMut(&Device) -> bool,
    ) -> Result<Option<Device>, RadioError> {
        let filter = ScanFilter { services: services.iter().map(|uuid| uuid::Uuid::from_u128(*uuid)).collect() };
        self.start_scan(filter).await?;
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let found = loop {
            look.tick().await;
            let devices = match self.devices().await {
                Ok(devices) => devices,
                Err(error) => break Err(error),
            };
            let found = devices
                .into_iter()
                .filter(|device| device.heard.rssi_dbm.is_some() || device.connected)
                .find(|device| take(device));
            if found.is_some() || Instant::now() >= until {
                break Ok(found);
            }
        };
        if !matches!(timeout(SCAN_CALL_WITHIN, self.central.stop_scan()).await, Ok(Ok(()))) {
            tracing::debug!("the scan had stopped by itself");
        }
        found
    }

    /// A scan that somebody forgot to stop is stopped first.
    async fn start_scan(&self, filter: ScanFilter) -> Result<(), RadioError> {
        let hung = |_| RadioError::Stuck("starting a scan");
        let first = timeout(SCAN_CALL_WITHIN, self.central.start_scan(filter.clone())).await.map_err(hung)?;
        if first.is_ok() {
            return Ok(());
        }
        let stopped = timeout(SCAN_CALL_WITHIN, self.central.stop_scan()).await.map_err(hung)?;
        tracing::debug!(stopped = stopped.is_ok(), "a scan was under way");
        timeout(SCAN_CALL_WITHIN, self.central.start_scan(filter)).await.map_err(hung)?.map_err(platform)
    }
}

/// A runtime that is shut down without waiting unless it is taken out.
struct Guard(Option<Runtime>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Switches the adapter off and on, as the last thing to try.
pub async fn power_cycle(adapter: &str) {
    let cycled = async {
        let bluez = Bluez::connect().await?;
        let adapter = bluez.any_adapter(adapter).await?;
        tracing::warn!(adapter = adapter.name(), "the adapter keeps failing; it is switched off and on");
        bluez.power(&adapter, false).await?;
        tokio::time::sleep(OFF_FOR).await;
        bluez.power(&adapter, true).await
    };
    if let Err(error) = cycled.await {
        tracing::warn!(%error, "the adapter could not be switched off and on");
    }
}
