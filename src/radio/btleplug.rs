//! The machine's Bluetooth adapter, through btleplug.
//!
//! A scan lasts only as long as one connection attempt and asks for one service, so that strangers'
//! advertisements cost nothing. Notifications are drained into a queue by a task that does nothing
//! else: on some platforms a slow reader loses them.

use std::{collections::BTreeMap, time::Duration};

use ::btleplug::{
    Error,
    api::{Central as _, Characteristic, Manager as _, Peripheral as _, ScanFilter, WriteType},
    platform::{Adapter, Manager, Peripheral},
};
use firmware_protocol::driver::Uuid;
use futures_util::StreamExt as _;
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, timeout, timeout_at},
};

use super::{Link, Radio, RadioError, Wanted};

/// How often the list of heard counters is looked at during a scan.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Notifications that may wait to be read. When it is full the drain waits: the counter sends at
/// most a few frames for each request, so that a full queue means that nobody reads any more.
const QUEUE: usize = 256;

/// The first adapter of this machine, or the one that was named.
pub struct BluetoothRadio {
    adapter: String,
}

impl BluetoothRadio {
    /// `adapter` is `auto` for the first one, or part of its name such as `hci1`.
    pub fn new(adapter: &str) -> Self {
        Self { adapter: adapter.to_owned() }
    }

    async fn adapter(&self) -> Result<Adapter, RadioError> {
        let manager = Manager::new().await.map_err(no_service)?;
        for adapter in manager.adapters().await.map_err(no_service)? {
            let name = adapter.adapter_info().await.map_err(platform)?;
            if self.adapter == "auto" || name.contains(&self.adapter) {
                return Ok(adapter);
            }
        }
        Err(RadioError::NoAdapter)
    }

    async fn find(&self, adapter: &Adapter, wanted: &Wanted) -> Result<Peripheral, RadioError> {
        let service = uuid::Uuid::from_u128(wanted.service);
        adapter.start_scan(ScanFilter { services: vec![service] }).await.map_err(platform)?;
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            look.tick().await;
            for peripheral in adapter.peripherals().await.map_err(platform)? {
                let fits = match &wanted.address {
                    Some(address) => {
                        peripheral.address().to_string().eq_ignore_ascii_case(address)
                            || peripheral.id().to_string() == *address
                    }
                    None => peripheral
                        .properties()
                        .await
                        .map_err(platform)?
                        .is_some_and(|properties| properties.services.contains(&service)),
                };
                if fits {
                    return Ok(peripheral);
                }
            }
        }
    }
}

impl Radio for BluetoothRadio {
    type Link = BluetoothLink;

    async fn connect(&self, wanted: &Wanted, within: Duration) -> Result<BluetoothLink, RadioError> {
        let end = Instant::now() + within;
        let adapter =
            timeout_at(end, self.adapter()).await.map_err(|_| RadioError::TimedOut("look for the adapter"))??;
        let found = timeout_at(end, self.find(&adapter, wanted)).await;
        let stopped = timeout(Duration::from_secs(5), adapter.stop_scan()).await;
        if !matches!(stopped, Ok(Ok(()))) {
            tracing::debug!("the scan could not be stopped");
        }
        let peripheral = found.map_err(|_| RadioError::NotHeard)??;

        let opened = timeout_at(end, open(&peripheral)).await;
        match opened {
            Ok(Ok(link)) => Ok(link),
            Ok(Err(error)) => {
                give_up(&peripheral).await;
                Err(error)
            }
            Err(_) => {
                give_up(&peripheral).await;
                Err(RadioError::TimedOut("connect"))
            }
        }
    }
}

/// A connection through the operating system.
pub struct BluetoothLink {
    peripheral: Peripheral,
    characteristics: BTreeMap<Uuid, Characteristic>,
    incoming: mpsc::Receiver<(Uuid, Vec<u8>)>,
    drain: JoinHandle<()>,
}

async fn open(peripheral: &Peripheral) -> Result<BluetoothLink, RadioError> {
    peripheral.connect().await.map_err(platform)?;
    peripheral.discover_services().await.map_err(platform)?;
    let characteristics = peripheral.characteristics().into_iter().map(|c| (c.uuid.as_u128(), c)).collect();
    let mut stream = peripheral.notifications().await.map_err(platform)?;
    let (sender, incoming) = mpsc::channel(QUEUE);
    let drain = tokio::spawn(async move {
        while let Some(notification) = stream.next().await {
            if sender.send((notification.uuid.as_u128(), notification.value)).await.is_err() {
                break;
            }
        }
    });
    Ok(BluetoothLink { peripheral: peripheral.clone(), characteristics, incoming, drain })
}

impl BluetoothLink {
    fn characteristic(&self, uuid: Uuid) -> Result<Characteristic, RadioError> {
        self.characteristics.get(&uuid).cloned().ok_or(RadioError::NoSuchCharacteristic(uuid))
    }
}

impl Link for BluetoothLink {
    fn mtu(&self) -> u16 {
        self.peripheral.mtu()
    }

    async fn subscribe(&mut self, to: Uuid, within: Duration) -> Result<(), RadioError> {
        let characteristic = self.characteristic(to)?;
        bounded("subscribe", within, self.peripheral.subscribe(&characteristic)).await
    }

    async fn read(&mut self, from: Uuid, within: Duration) -> Result<Vec<u8>, RadioError> {
        let characteristic = self.characteristic(from)?;
        bounded("read", within, self.peripheral.read(&characteristic)).await
    }

    async fn write(&mut self, to: Uuid, bytes: &[u8], within: Duration) -> Result<(), RadioError> {
        let characteristic = self.characteristic(to)?;
        bounded("write", within, self.peripheral.write(&characteristic, bytes, WriteType::WithResponse)).await
    }

    async fn notified(&mut self, within: Duration) -> Result<Option<(Uuid, Vec<u8>)>, RadioError> {
        match timeout(within, self.incoming.recv()).await {
            Ok(Some(notification)) => Ok(Some(notification)),
            Ok(None) => Err(RadioError::Lost),
            Err(_) => Ok(None),
        }
    }

    async fn disconnect(self, within: Duration) {
        self.drain.abort();
        if !matches!(timeout(within, self.peripheral.disconnect()).await, Ok(Ok(()))) {
            tracing::debug!("the connection could not be closed in order");
        }
    }
}

async fn bounded<T>(
    what: &'static str,
    within: Duration,
    doing: impl Future<Output = Result<T, Error>>,
) -> Result<T, RadioError> {
    timeout(within, doing).await.map_err(|_| RadioError::TimedOut(what))?.map_err(platform)
}

/// An attempt that is dropped goes on inside BlueZ: it must be told.
async fn give_up(peripheral: &Peripheral) {
    if !matches!(timeout(Duration::from_secs(5), peripheral.disconnect()).await, Ok(Ok(()))) {
        tracing::debug!("the attempt could not be called off");
    }
}

fn no_service(error: Error) -> RadioError {
    RadioError::NoService(Box::new(error))
}

fn platform(error: Error) -> RadioError {
    match error {
        Error::NotConnected => RadioError::Lost,
        Error::DeviceNotFound => RadioError::NotHeard,
        Error::PermissionDenied => RadioError::Refused { code: 0 },
        Error::NoAdapterAvailable => RadioError::NoAdapter,
        other => RadioError::Platform(Box::new(other)),
    }
}
