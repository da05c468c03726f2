//! A `BlueZ` that is not one: a private message bus and, on it, the part of org.bluez that this program uses, with a
//! simulated counter behind it. It does what the real one was seen to do in the lab, and fails where a test says so.

#![expect(clippy::disallowed_methods, reason = "the program under test is another process: its time is real time")]

use std::{
    collections::{BTreeMap, HashMap},
    path::Path as FilePath,
    process::Child,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread::JoinHandle,
    time::{Duration, SystemTime},
};

use brisk::radio::sim::{SharedFarEnd, lock};
use dbus::{
    Message, MessageType, Path,
    arg::{PropMap, RefArg, Variant},
    channel::Channel,
    message::SignalArgs as _,
};
use firmware_protocol::{
    device::{Characteristic, Service},
    driver::Uuid,
    steplog::device::AttError,
};

#[path = "bus.rs"]
mod bus;
#[path = "bluez/objects.rs"]
mod objects;
#[path = "bluez/service.rs"]
mod service;

use service::serve;

type Objects = HashMap<Path<'static>, HashMap<String, PropMap>>;

const ADAPTER: &str = "/org/bluez/hci0";

/// How a counter pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairing {
    JustWorks,
    /// It shows these digits, to be typed.
    Passkey(u32),
    /// Both sides show these digits.
    Compare(u32),
}

/// One device in the fake air.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct FakeDevice {
    pub address: String,
    pub name: String,
    pub services: Vec<Service>,
    pub far_end: SharedFarEnd,
    pub mtu: u16,
    pub in_reach: bool,
    pub pairing: Pairing,
    /// What this computer believes.
    pub paired: bool,
    /// What the counter believes.
    pub knows_us: bool,
    /// Breaks the connection after so many more notifications.
    pub break_after: Option<u32>,
    /// Swallows all notifications.
    pub mute: bool,
    connected: bool,
    heard: bool,
    notifying: Vec<Uuid>,
}

impl FakeDevice {
    pub fn new(address: &str, name: &str, services: Vec<Service>, far_end: SharedFarEnd) -> Self {
        Self {
            address: address.to_owned(),
            name: name.to_owned(),
            services,
            far_end,
            mtu: 247,
            in_reach: true,
            pairing: Pairing::JustWorks,
            paired: false,
            knows_us: false,
            break_after: None,
            mute: false,
            connected: false,
            heard: false,
            notifying: Vec::new(),
        }
    }

    fn path(&self) -> String {
        format!("{ADAPTER}/dev_{}", self.address.replace(':', "_"))
    }

    fn characteristics(&self) -> impl Iterator<Item = (String, Uuid, Characteristic)> + '_ {
        self.services.iter().enumerate().flat_map(move |(s, service)| {
            let path = self.path();
            service
                .characteristics
                .iter()
                .enumerate()
                .map(move |(c, one)| (format!("{path}/service{s:04x}/char{c:04x}"), service.uuid, *one))
        })
    }
}

/// Everything that a test may change while the program runs.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct State {
    pub devices: BTreeMap<String, FakeDevice>,
    pub adapter: bool,
    pub powered: bool,
    /// By rfkill.
    pub blocked: bool,
    /// Answers nothing any more.
    pub hangs: bool,
    pub discovering: bool,
    /// How often a scan was begun, a connection asked for.
    pub scans: u32,
    pub connects: u32,
    agent: Option<String>,
}

/// The bus and the fake on it.
pub struct FakeBluez {
    address: String,
    bus: Child,
    state: Arc<Mutex<State>>,
    service: Option<(mpsc::Sender<()>, JoinHandle<()>)>,
}

impl FakeBluez {
    /// With these devices; the service runs.
    pub fn start(folder: &FilePath, devices: Vec<FakeDevice>) -> Self {
        let config = bus::configure(folder);
        let (bus, address) = bus::start(&config);
        let state = State {
            devices: devices.into_iter().map(|device| (device.address.clone(), device)).collect(),
            adapter: true,
            powered: true,
            blocked: false,
            hangs: false,
            discovering: false,
            scans: 0,
            connects: 0,
            agent: None,
        };
        let mut this = Self { address, bus, state: Arc::new(Mutex::new(state)), service: None };
        this.start_service();
        this
    }

    /// For `DBUS_SYSTEM_BUS_ADDRESS`.
    pub fn address(&self) -> &str {
        &self.address
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn change(&self, address: &str, change: impl FnOnce(&mut FakeDevice)) {
        change(self.state().devices.get_mut(address).expect("the test put it there"));
    }

    /// As `systemctl stop bluetooth`.
    pub fn stop_service(&mut self) {
        if let Some((stop, thread)) = self.service.take() {
            drop(stop);
            thread.join().unwrap();
        }
        let mut state = self.state();
        state.discovering = false;
        state.agent = None;
        for device in state.devices.values_mut() {
            if device.connected {
                lock(&device.far_end).disconnect();
            }
            (device.connected, device.heard) = (false, false);
            device.notifying.clear();
        }
    }

    pub fn start_service(&mut self) {
        let (stop, stopped) = mpsc::channel();
        let (address, state) = (self.address.clone(), Arc::clone(&self.state));
        let (ready, is_ready) = mpsc::channel();
        let thread = std::thread::spawn(move || serve(&address, &state, &stopped, &ready));
        is_ready.recv().unwrap();
        self.service = Some((stop, thread));
    }

    /// The bus is gone, and with it everything.
    pub fn kill_bus(&mut self) {
        self.stop_service();
        self.bus.kill().unwrap();
        self.bus.wait().unwrap();
    }

    /// It is back at the same place.
    pub fn restart_bus(&mut self, folder: &FilePath) {
        std::fs::remove_file(folder.join("bus")).ok();
        let (bus, address) = bus::start(&folder.join("bus.conf"));
        (self.bus, self.address) = (bus, address);
        self.start_service();
    }
}

impl Drop for FakeBluez {
    fn drop(&mut self) {
        self.stop_service();
        self.bus.kill().ok();
        self.bus.wait().ok();
    }
}

fn now_us() -> i64 {
    i64::try_from(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_micros()).unwrap()
}
