//! What only `BlueZ` can say or do on Linux, over a D-Bus connection of our own: how the adapter is, whether a
//! counter is paired, that a connection ended, pairing ([`agent`]). btleplug has none of this.
//!
//! Every call has a deadline: a kernel or a daemon that hangs must not hang this program.

pub mod agent;

use std::{
    collections::{BTreeMap, HashMap},
    path::Path as FilePath,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use dbus::{
    Message, Path,
    arg::{PropMap, RefArg, Variant, prop_cast},
    message::MatchRule,
    nonblock::{MsgMatch, Proxy, SyncConnection, stdintf::org_freedesktop_dbus::PropertiesPropertiesChanged},
};
use firmware_protocol::device::Advertisement;
use tokio::{sync::watch, task::AbortHandle};

use super::{Heard, RadioError};

/// The name of the Bluetooth service on the bus.
const SERVICE: &str = "org.bluez";
const DEVICE: &str = "org.bluez.Device1";
const ADAPTER: &str = "org.bluez.Adapter1";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
/// A call that takes longer than this will not come back.
const CALL_WITHIN: Duration = Duration::from_secs(5);

/// An adapter as `BlueZ` has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adapter {
    /// Its object, which ends in its name.
    pub path: Path<'static>,
    /// It is switched on.
    pub powered: bool,
    /// A switch or the system keeps it off.
    pub blocked: bool,
}

impl Adapter {
    /// `hci0` or the like.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

/// A counter, or anything else, as `BlueZ` has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its object.
    pub path: Path<'static>,
    /// Somebody on this computer is connected with it.
    pub connected: bool,
    /// What was heard of it; a strength only while it is being heard.
    pub heard: Heard,
}

/// Whether a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// Nothing was heard of it yet.
    Unknown,
    /// It stands.
    Up,
    /// It stood and ended, or everything that carried it is gone.
    Down,
}

type Links = Arc<Mutex<BTreeMap<String, watch::Sender<LinkState>>>>;

/// A connection to the bus, and through it to `BlueZ`. Dropping it ends the connection.
pub struct Bluez {
    bus: Arc<SyncConnection>,
    io: AbortHandle,
    links: Links,
    /// Kept so that the bus goes on sending them.
    signals: Vec<MsgMatch>,
}

impl Drop for Bluez {
    fn drop(&mut self) {
        self.io.abort();
    }
}

impl Bluez {
    /// Connects to the system's bus. Has to be called on the runtime that the connection is to live on.
    ///
    /// # Errors
    /// When there is no bus.
    pub async fn connect() -> Result<Self, RadioError> {
        let (resource, bus) = dbus_tokio::connection::new_system_sync().map_err(|error| no_bus(Box::new(error)))?;
        bus.set_signal_match_mode(true);
        let links = Links::default();
        let ended = Arc::clone(&links);
        let io = tokio::spawn(async move {
            let error = resource.await;
            tracing::debug!(%error, "the connection to the message bus ended");
            all_down(&ended);
        });
        let mut this = Self { bus, io: io.abort_handle(), links, signals: Vec::new() };
        this.watch_links().await.map_err(of_call)?;
        Ok(this)
    }

    /// Connections end in three ways, and each has to be seen: the property, the object, the whole daemon.
    async fn watch_links(&mut self) -> Result<(), dbus::Error> {
        // Without a sender: the library compares it with the unique name that a signal bears, which is another.
        let changed = MatchRule::new_signal(PROPERTIES, "PropertiesChanged").with_namespaced_path("/org/bluez");
        let removed = MatchRule::new_signal("org.freedesktop.DBus.ObjectManager", "InterfacesRemoved");
        let owner = MatchRule::new_signal("org.freedesktop.DBus", "NameOwnerChanged");

        let links = Arc::clone(&self.links);
        let on_change = move |message: Message| {
            if let (Some(path), Ok(signal)) = (message.path(), message.read_all::<PropertiesPropertiesChanged>())
                && signal.interface_name == DEVICE
                && let Some(connected) = prop_cast::<bool>(&signal.changed_properties, "Connected")
            {
                set(&links, &path, if *connected { LinkState::Up } else { LinkState::Down });
            }
            true
        };
        let links = Arc::clone(&self.links);
        let on_removal = move |message: Message| {
            if let Ok((path, interfaces)) = message.read2::<Path<'static>, Vec<String>>()
                && interfaces.iter().any(|interface| interface == DEVICE)
            {
                set(&links, &path, LinkState::Down);
            }
            true
        };
        let links = Arc::clone(&self.links);
        let on_owner = move |message: Message| {
            if let Ok((name, _, new)) = message.read3::<String, String, String>()
                && name == SERVICE
            {
                tracing::debug!(running = !new.is_empty(), "the Bluetooth service changed hands");
                all_down(&links);
            }
            true
        };
        self.signals = vec![
            self.bus.add_match(changed).await?.msg_cb(on_change),
            self.bus.add_match(removed).await?.msg_cb(on_removal),
            self.bus.add_match(owner).await?.msg_cb(on_owner),
        ];
        Ok(())
    }

    /// Follows the connection with this object from now on.
    pub fn follow(&self, path: &Path<'static>) -> watch::Receiver<LinkState> {
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = links.entry(path.to_string()).or_insert_with(|| watch::Sender::new(LinkState::Unknown));
        sender.send_replace(LinkState::Unknown);
        sender.subscribe()
    }

    /// Every object that `BlueZ` has.
    async fn objects(&self) -> Result<HashMap<Path<'static>, HashMap<String, PropMap>>, RadioError> {
        let (running,): (bool,) = Proxy::new("org.freedesktop.DBus", "/", CALL_WITHIN, Arc::clone(&self.bus))
            .method_call("org.freedesktop.DBus", "NameHasOwner", (SERVICE,))
            .await
            .map_err(|error| no_bus(Box::new(error)))?;
        if !running {
            return Err(RadioError::NoService);
        }
        let (objects,) = self
            .proxy("/", CALL_WITHIN)
            .method_call("org.freedesktop.DBus.ObjectManager", "GetManagedObjects", ())
            .await
            .map_err(of_call)?;
        Ok(objects)
    }

    /// The adapter with this name, or with `auto` the first that is on, else the first.
    ///
    /// # Errors
    /// When it cannot be used, the cause as far as the system tells it.
    pub async fn adapter(&self, name: &str) -> Result<Adapter, RadioError> {
        match self.any_adapter(name).await {
            Ok(adapter) if adapter.powered => Ok(adapter),
            Ok(Adapter { blocked: true, .. }) => Err(RadioError::Blocked),
            Ok(_) | Err(RadioError::NoAdapter) if is_blocked(FilePath::new("/sys/class/rfkill")) => {
                Err(RadioError::Blocked)
            }
            Ok(_) => Err(RadioError::PoweredOff),
            Err(error) => Err(error),
        }
    }

    /// The same, also when it is off.
    ///
    /// # Errors
    /// When there is none.
    pub async fn any_adapter(&self, name: &str) -> Result<Adapter, RadioError> {
        let mut adapters: Vec<Adapter> = self
            .objects()
            .await?
            .into_iter()
            .filter_map(|(path, interfaces)| {
                let properties = interfaces.get(ADAPTER)?;
                let powered = prop_cast::<bool>(properties, "Powered").copied().unwrap_or(false);
                // BlueZ from 5.65 says so; older ones leave it to the kernel's list.
                let blocked = prop_cast::<String>(properties, "PowerState").is_some_and(|state| state == "off-blocked");
                Some(Adapter { path, powered, blocked })
            })
            .collect();
        adapters.sort_by_key(|adapter| (!adapter.powered, adapter.path.to_string()));
        adapters.into_iter().find(|adapter| name == "auto" || adapter.name() == name).ok_or(RadioError::NoAdapter)
    }

    /// Everything that the adapter knows.
    ///
    /// # Errors
    /// When `BlueZ` does not answer.
    pub async fn devices(&self, adapter: &Adapter) -> Result<Vec<Device>, RadioError> {
        let below = format!("{}/", adapter.path);
        let objects = self.objects().await?;
        let devices = objects.into_iter().filter(|(path, _)| path.starts_with(&below)).filter_map(device);
        Ok(devices.collect())
    }

    /// Switches the adapter.
    ///
    /// # Errors
    /// When `BlueZ` does not do it.
    pub async fn power(&self, adapter: &Adapter, on: bool) -> Result<(), RadioError> {
        self.set(&adapter.path, ADAPTER, "Powered", Variant(on)).await
    }

    /// Marks a paired counter as one that may come back by itself.
    ///
    /// # Errors
    /// When `BlueZ` does not do it.
    pub async fn trust(&self, path: &Path<'static>) -> Result<(), RadioError> {
        self.set(path, DEVICE, "Trusted", Variant(true)).await
    }

    /// Forgets the counter and its keys. It counts as done when there was nothing to forget.
    ///
    /// # Errors
    /// When `BlueZ` does not do it.
    pub async fn remove(&self, adapter: &Adapter, path: &Path<'static>) -> Result<(), RadioError> {
        let removed: Result<(), _> =
            self.proxy(&adapter.path, CALL_WITHIN).method_call(ADAPTER, "RemoveDevice", (path.clone(),)).await;
        match removed {
            Err(error) if error.name() == Some("org.bluez.Error.DoesNotExist") => Ok(()),
            other => other.map_err(of_call),
        }
    }

    async fn set<T>(&self, path: &Path<'_>, interface: &str, name: &str, value: Variant<T>) -> Result<(), RadioError>
    where
        Variant<T>: dbus::arg::Append,
    {
        self.proxy(path, CALL_WITHIN).method_call(PROPERTIES, "Set", (interface, name, value)).await.map_err(of_call)
    }

    fn proxy<'a>(&self, path: &'a str, within: Duration) -> Proxy<'a, Arc<SyncConnection>> {
        Proxy::new(SERVICE, path, within, Arc::clone(&self.bus))
    }
}

fn set(links: &Links, path: &str, state: LinkState) {
    if let Some(sender) = links.lock().unwrap_or_else(PoisonError::into_inner).get(path) {
        sender.send_replace(state);
    }
}

fn all_down(links: &Links) {
    let links = links.lock().unwrap_or_else(PoisonError::into_inner);
    for sender in links.values() {
        sender.send_replace(LinkState::Down);
    }
}

/// A `Device1` object; none for the adapter's other objects.
fn device((path, interfaces): (Path<'static>, HashMap<String, PropMap>)) -> Option<Device> {
    let properties = interfaces.get(DEVICE)?;
    let is = |name| prop_cast::<bool>(properties, name).copied().unwrap_or(false);
    let services = prop_cast::<Vec<String>>(properties, "UUIDs").into_iter().flatten();
    let manufacturer = properties.get("ManufacturerData").into_iter().flat_map(|data| company_data(&data.0));
    Some(Device {
        connected: is("Connected"),
        heard: Heard {
            address: prop_cast::<String>(properties, "Address")?.clone(),
            rssi_dbm: prop_cast::<i16>(properties, "RSSI").copied(),
            advertisement: Advertisement {
                name: prop_cast::<String>(properties, "Name").cloned(),
                services: services.filter_map(|text| uuid::Uuid::parse_str(text).ok()).map(|u| u.as_u128()).collect(),
                manufacturer: manufacturer.collect(),
            },
            paired: is("Paired"),
        },
        path,
    })
}

/// `a{qv}`: company numbers with their bytes.
fn company_data(data: &dyn RefArg) -> impl Iterator<Item = (u16, Vec<u8>)> + use<> {
    let mut found = Vec::new();
    let mut items = data.as_iter().into_iter().flatten();
    while let (Some(company), Some(value)) = (items.next(), items.next()) {
        let Some(company) = company.as_u64().and_then(|number| u16::try_from(number).ok()) else { continue };
        let bytes = value.as_iter().and_then(|mut variant| variant.next().map(bytes_of)).unwrap_or_default();
        found.push((company, bytes));
    }
    found.into_iter()
}

fn bytes_of(array: &dyn RefArg) -> Vec<u8> {
    let bytes = array.as_iter().into_iter().flatten();
    bytes.filter_map(|byte| byte.as_u64().and_then(|byte| u8::try_from(byte).ok())).collect()
}

/// Whether a switch or the system keeps Bluetooth from transmitting (rfkill, `Documentation/driver-api/rfkill.rst`).
fn is_blocked(rfkill: &FilePath) -> bool {
    let text = |path: &FilePath, name: &str| std::fs::read_to_string(path.join(name)).unwrap_or_default();
    let Ok(switches) = std::fs::read_dir(rfkill) else { return false };
    switches.filter_map(Result::ok).map(|entry| entry.path()).any(|switch| {
        text(&switch, "type").trim() == "bluetooth"
            && (text(&switch, "soft").trim() == "1" || text(&switch, "hard").trim() == "1")
    })
}

fn no_bus(error: Box<dyn std::error::Error + Send + Sync>) -> RadioError {
    RadioError::NoBus(error)
}

/// What a failed call says about the radio.
fn of_call(error: dbus::Error) -> RadioError {
    match error.name() {
        Some("org.freedesktop.DBus.Error.NoReply" | "org.freedesktop.DBus.Error.Timeout") => {
            RadioError::Stuck("a question to it")
        }
        Some(
            "org.freedesktop.DBus.Error.ServiceUnknown"
            | "org.freedesktop.DBus.Error.NameHasNoOwner"
            | "org.freedesktop.DBus.Error.Spawn.ChildExited",
        ) => RadioError::NoService,
        Some("org.freedesktop.DBus.Error.Disconnected") => no_bus(Box::new(error)),
        _ => RadioError::Platform(Box::new(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::radio::ErrorClass::{RebuildRadio, Reconnect};

    #[test]
    fn a_switch_that_blocks_bluetooth_is_seen_and_one_that_blocks_wifi_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let switch = |name: &str, kind: &str, soft: &str, hard: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir(&path).unwrap();
            for (file, text) in [("type", kind), ("soft", soft), ("hard", hard)] {
                std::io::Write::write_all(&mut std::fs::File::create(path.join(file)).unwrap(), text.as_bytes())
                    .unwrap();
            }
        };
        assert!(!is_blocked(&folder.path().join("nowhere")));
        switch("rfkill0", "wlan\n", "1\n", "1\n");
        assert!(!is_blocked(folder.path()));
        switch("rfkill1", "bluetooth\n", "0\n", "0\n");
        assert!(!is_blocked(folder.path()));
        switch("rfkill2", "bluetooth\n", "1\n", "0\n");
        assert!(is_blocked(folder.path()));
    }

    #[test]
    fn a_call_that_fails_says_what_is_wrong_with_the_radio() {
        let of = |name: &str| of_call(dbus::Error::new_custom(name, "x")).class();
        assert_eq!(of("org.freedesktop.DBus.Error.NoReply"), RebuildRadio);
        assert_eq!(of("org.freedesktop.DBus.Error.ServiceUnknown"), RebuildRadio);
        assert_eq!(of("org.bluez.Error.Failed"), Reconnect);
    }
}
