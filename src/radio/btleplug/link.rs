//! A connection to one counter. It ends the moment that `BlueZ` says so, in whatever way; btleplug's
//! stream of notifications would just fall silent.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use ::btleplug::{
    Error,
    api::{Characteristic, Peripheral as _, WriteType},
    platform::Peripheral,
};
use firmware_protocol::driver::Uuid;
use futures_util::StreamExt as _;
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{Instant, timeout, timeout_at},
};

use super::Session;
use crate::radio::{
    Heard, Link, RadioError,
    bluez::{Device, LinkState},
};

/// Notifications that may wait to be read. When it is full the drain waits: the counter sends at
/// most a few frames for each request, so that a full queue means that nobody reads any more.
const QUEUE: usize = 256;
/// `BlueZ` itself gives up on a connection after 40 s.
const CONNECT_WITHIN: Duration = Duration::from_secs(30);
/// Reading the table of services, once connected.
const DISCOVER_WITHIN: Duration = Duration::from_secs(15);
/// Calling an attempt off; `BlueZ` waits two seconds by design.
const GIVE_UP_WITHIN: Duration = Duration::from_secs(5);

/// A connection through the operating system.
pub struct BluetoothLink {
    session: Arc<Session>,
    peripheral: Peripheral,
    heard: Heard,
    characteristics: BTreeMap<Uuid, Characteristic>,
    state: watch::Receiver<LinkState>,
    incoming: mpsc::Receiver<(Uuid, Vec<u8>)>,
    drain: JoinHandle<()>,
}

impl BluetoothLink {
    /// Connects and reads the table of services. After a failure the attempt is called off.
    pub async fn open(session: &Arc<Session>, device: Device) -> Result<Self, RadioError> {
        let peripheral = session.peripheral(&device).await?;
        let state = session.bluez.follow(&device.path);
        let opened = Self::open_peripheral(session, device.heard, peripheral.clone(), state).await;
        if opened.is_err() {
            give_up(&peripheral).await;
        }
        opened
    }

    async fn open_peripheral(
        session: &Arc<Session>,
        heard: Heard,
        peripheral: Peripheral,
        mut state: watch::Receiver<LinkState>,
    ) -> Result<Self, RadioError> {
        session.note_connection();
        let end = Instant::now() + CONNECT_WITHIN;
        tokio::select! {
            connected = timeout_at(end, peripheral.connect()) => {
                connected.map_err(|_| RadioError::TimedOut("connecting"))?.map_err(platform)?;
            }
            // A counter that lost its keys ends the connection at once, and `BlueZ` would tell only 30 s later.
            () = is_down(&mut state) => return Err(RadioError::Lost),
        }
        let discovered = timeout(DISCOVER_WITHIN, peripheral.discover_services()).await;
        discovered.map_err(|_| RadioError::TimedOut("reading the table of services"))?.map_err(platform)?;
        let characteristics = peripheral.characteristics().into_iter().map(|c| (c.uuid.as_u128(), c)).collect();
        let stream = timeout(GIVE_UP_WITHIN, peripheral.notifications()).await;
        let mut stream = stream.map_err(|_| RadioError::Stuck("listening"))?.map_err(platform)?;
        let (sender, incoming) = mpsc::channel(QUEUE);
        // On the session's runtime: it ends with the session, whatever becomes of the stream.
        let drain = session.handle().spawn(async move {
            while let Some(notification) = stream.next().await {
                if sender.send((notification.uuid.as_u128(), notification.value)).await.is_err() {
                    break;
                }
            }
        });
        let session = Arc::clone(session);
        Ok(Self { session, peripheral, heard, characteristics, state, incoming, drain })
    }

    fn characteristic(&self, uuid: Uuid) -> Result<Characteristic, RadioError> {
        self.characteristics.get(&uuid).cloned().ok_or(RadioError::NoSuchCharacteristic(uuid))
    }

    async fn bounded<T>(
        &mut self,
        what: &'static str,
        within: Duration,
        doing: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, RadioError> {
        tokio::select! {
            // A refusal and the end of the connection it causes arrive together: the refusal says more.
            biased;
            done = timeout(within, doing) => done.map_err(|_| RadioError::TimedOut(what))?.map_err(platform),
            () = is_down(&mut self.state) => Err(RadioError::Lost),
        }
    }
}

/// Waits until the connection ended.
async fn is_down(state: &mut watch::Receiver<LinkState>) {
    // An error means that nobody will ever say so: the session is gone, and the connection with it.
    drop(state.wait_for(|state| *state == LinkState::Down).await);
}

impl Link for BluetoothLink {
    fn mtu(&self) -> u16 {
        self.peripheral.mtu()
    }

    fn heard(&self) -> &Heard {
        &self.heard
    }

    async fn subscribe(&mut self, to: Uuid, within: Duration) -> Result<(), RadioError> {
        let (characteristic, peripheral) = (self.characteristic(to)?, self.peripheral.clone());
        self.bounded("subscribing", within, peripheral.subscribe(&characteristic)).await
    }

    async fn unsubscribe(&mut self, to: Uuid, within: Duration) -> Result<(), RadioError> {
        let (characteristic, peripheral) = (self.characteristic(to)?, self.peripheral.clone());
        self.bounded("unsubscribing", within, peripheral.unsubscribe(&characteristic)).await
    }

    async fn read(&mut self, from: Uuid, within: Duration) -> Result<Vec<u8>, RadioError> {
        let (characteristic, peripheral) = (self.characteristic(from)?, self.peripheral.clone());
        self.bounded("a read", within, peripheral.read(&characteristic)).await
    }

    async fn write(&mut self, to: Uuid, bytes: &[u8], within: Duration) -> Result<(), RadioError> {
        let (characteristic, peripheral) = (self.characteristic(to)?, self.peripheral.clone());
        self.bounded("a write", within, peripheral.write(&characteristic, bytes, WriteType::WithResponse)).await
    }

    async fn send(&mut self, to: Uuid, bytes: &[u8], within: Duration) -> Result<(), RadioError> {
        let (characteristic, peripheral) = (self.characteristic(to)?, self.peripheral.clone());
        self.bounded("a command", within, peripheral.write(&characteristic, bytes, WriteType::WithoutResponse)).await
    }

    async fn notified(&mut self, within: Duration) -> Result<Option<(Uuid, Vec<u8>)>, RadioError> {
        tokio::select! {
            // What arrived before the end still counts.
            biased;
            received = timeout(within, self.incoming.recv()) => match received {
                Ok(Some(notification)) => Ok(Some(notification)),
                Ok(None) => Err(RadioError::Lost),
                Err(_) => Ok(None),
            },
            () = is_down(&mut self.state) => Err(RadioError::Lost),
        }
    }

    async fn disconnect(self, within: Duration) {
        if !matches!(timeout(within, self.peripheral.disconnect()).await, Ok(Ok(()))) {
            tracing::debug!("the connection could not be closed in order");
        }
        // Only now: btleplug panics in a task, harmlessly, when its stream goes while notifications arrive.
        self.drain.abort();
        drop(self.session);
    }
}

/// An attempt that is dropped goes on inside `BlueZ`: it must be told.
async fn give_up(peripheral: &Peripheral) {
    if !matches!(timeout(GIVE_UP_WITHIN, peripheral.disconnect()).await, Ok(Ok(()))) {
        tracing::debug!("the attempt could not be called off");
    }
}

/// What a failure of btleplug says about the radio.
pub fn platform(error: Error) -> RadioError {
    match error {
        Error::NotConnected => RadioError::Lost,
        Error::DeviceNotFound => RadioError::NotHeard,
        Error::PermissionDenied => RadioError::Refused { code: 0 },
        Error::NoAdapterAvailable => RadioError::NoAdapter,
        other => {
            let text = full_text(&other);
            if let Some(code) = att_code(&text) {
                RadioError::Refused { code }
            } else if text.contains("Not connected") || text.contains("UnknownObject") {
                RadioError::Lost
            } else {
                RadioError::Platform(Box::new(other))
            }
        }
    }
}

fn full_text(error: &dyn std::error::Error) -> String {
    let mut text = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text} {cause} {cause:?}");
        source = cause.source();
    }
    text
}

/// The ATT error that `BlueZ` wraps: "Operation failed with ATT error: 0x0e", or a name of its own.
fn att_code(text: &str) -> Option<u8> {
    if let Some((_, rest)) = text.split_once("ATT error: 0x") {
        return rest.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
    }
    // What BlueZ writes in place of the codes that it has words for (`create_gatt_dbus_error`, version 5.66).
    let words = [
        ("Read not permitted", 0x02),
        ("Write not permitted", 0x03),
        ("Not paired", 0x05),
        ("org.bluez.Error.NotSupported", 0x06),
        ("Invalid offset", 0x07),
        ("org.bluez.Error.NotAuthorized", 0x08),
        ("Invalid Length", 0x0D),
    ];
    words.iter().find(|(word, _)| text.contains(word)).map(|(_, code)| *code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_from_a_failure_of_the_system() {
        assert_eq!(att_code("x Operation failed with ATT error: 0x0e y"), Some(0x0E));
        assert_eq!(att_code("D-Bus error: Write not permitted (org.bluez.Error.NotPermitted)"), Some(0x03));
        assert_eq!(att_code("D-Bus error: Not paired (org.bluez.Error.NotPermitted)"), Some(0x05));
        assert_eq!(att_code("D-Bus error: Invalid Length (org.bluez.Error.InvalidArguments)"), Some(0x0D));
        assert_eq!(att_code("org.bluez.Error.Failed: Not connected"), None);
    }
}
