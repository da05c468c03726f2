//! A `BlueZ` that is not one: a private message bus and, on it, the part of org.bluez that this program uses, with a
//! simulated counter behind it. It does what the real one was seen to do in the lab, and fails where a test says so.

#![expect(clippy::disallowed_methods, reason = "the program under test is another process: its time is real time")]

use std::{
    collections::{BTreeMap, HashMap},
    io::{BufRead as _, BufReader, Write as _},
    path::Path as FilePath,
    process::{Child, Command, Stdio},
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
        let config = folder.join("bus.conf");
        let socket = folder.join("bus");
        let text = format!(
            "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\" \
             \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n<busconfig><type>system</type>\
             <listen>unix:path={}</listen><auth>EXTERNAL</auth><policy context=\"default\"><allow user=\"*\"/>\
             <allow own=\"*\"/><allow send_type=\"method_call\"/><allow send_type=\"signal\"/>\
             <allow send_requested_reply=\"true\" send_type=\"method_return\"/>\
             <allow send_requested_reply=\"true\" send_type=\"error\"/><allow receive_type=\"method_call\"/>\
             <allow receive_type=\"method_return\"/><allow receive_type=\"error\"/><allow receive_type=\"signal\"/>\
             </policy></busconfig>",
            socket.display()
        );
        std::fs::File::create(&config).unwrap().write_all(text.as_bytes()).unwrap();
        let (bus, address) = start_bus(&config);
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
        let (bus, address) = start_bus(&folder.join("bus.conf"));
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

fn start_bus(config: &FilePath) -> (Child, String) {
    let mut bus = Command::new("dbus-daemon")
        .arg(format!("--config-file={}", config.display()))
        .args(["--nofork", "--nopidfile", "--print-address"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("dbus-daemon (Debian: dbus-daemon)");
    let mut address = String::new();
    BufReader::new(bus.stdout.take().unwrap()).read_line(&mut address).unwrap();
    // Without the bus's own number: it has another after a restart.
    let address = address.trim().split(',').next().unwrap_or_default().to_owned();
    (bus, address)
}

fn now_us() -> i64 {
    i64::try_from(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_micros()).unwrap()
}

/// A call that is answered later: pairing waits for its agent.
struct Pending {
    done: Message,
    refused: Message,
    device: String,
    serial: u32,
    right: Option<u32>,
}

fn serve(address: &str, state: &Mutex<State>, stopped: &mpsc::Receiver<()>, ready: &mpsc::Sender<()>) {
    let mut channel = Channel::open_private(address).unwrap();
    channel.register().unwrap();
    let request = Message::new_method_call("org.freedesktop.DBus", "/", "org.freedesktop.DBus", "RequestName")
        .unwrap()
        .append2("org.bluez", 4_u32);
    channel.send_with_reply_and_block(request, Duration::from_secs(5)).unwrap();
    ready.send(()).unwrap();
    let mut pending: Vec<Pending> = Vec::new();
    loop {
        if matches!(stopped.try_recv(), Err(mpsc::TryRecvError::Disconnected)) {
            return;
        }
        let Ok(message) = channel.blocking_pop_message(Duration::from_millis(5)) else { return };
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(message) = message
            && !state.hangs
        {
            match message.msg_type() {
                MessageType::MethodCall => call(&channel, &mut state, &message, &mut pending),
                MessageType::MethodReturn | MessageType::Error => {
                    agent_answered(&channel, &mut state, &message, &mut pending);
                }
                MessageType::Signal => {}
            }
        }
        air(&channel, &mut state);
    }
}

fn send(channel: &Channel, message: Message) {
    channel.send(message).expect("the bus takes it");
}

fn variant<T: RefArg + 'static>(value: T) -> Variant<Box<dyn RefArg>> {
    Variant(Box::new(value))
}

fn properties<const N: usize>(list: [(&str, Variant<Box<dyn RefArg>>); N]) -> PropMap {
    list.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn long(uuid: Uuid) -> String {
    uuid::Uuid::from_u128(uuid).to_string()
}

fn device_properties(device: &FakeDevice) -> PropMap {
    let mut map = properties([
        ("Address", variant(device.address.clone())),
        ("AddressType", variant("random".to_owned())),
        ("Name", variant(device.name.clone())),
        ("Alias", variant(device.name.clone())),
        ("Paired", variant(device.paired)),
        ("Trusted", variant(device.paired)),
        ("Blocked", variant(false)),
        ("LegacyPairing", variant(false)),
        ("Connected", variant(device.connected)),
        ("ServicesResolved", variant(device.connected)),
        ("Adapter", variant(Path::from(ADAPTER))),
        ("UUIDs", variant(device.services.iter().map(|service| long(service.uuid)).collect::<Vec<_>>())),
    ]);
    if device.heard && device.in_reach {
        map.insert("RSSI".to_owned(), variant(-57_i16));
    }
    map
}

fn characteristic_properties(device: &FakeDevice, service: &str, one: &Characteristic) -> PropMap {
    let flags = [
        (one.read, "read"),
        (one.write, "write"),
        (one.write_command, "write-without-response"),
        (one.notify, "notify"),
        (one.indicate, "indicate"),
    ];
    properties([
        ("UUID", variant(long(one.uuid))),
        ("Service", variant(Path::from(service.to_owned()))),
        ("Notifying", variant(device.notifying.contains(&one.uuid))),
        ("MTU", variant(device.mtu)),
        (
            "Flags",
            variant(flags.iter().filter(|(set, _)| *set).map(|(_, name)| (*name).to_owned()).collect::<Vec<_>>()),
        ),
    ])
}

fn adapter_properties(state: &State) -> PropMap {
    properties([
        ("Address", variant("00:1B:DC:00:00:00".to_owned())),
        ("AddressType", variant("public".to_owned())),
        ("Name", variant("fake".to_owned())),
        ("Alias", variant("fake".to_owned())),
        ("Powered", variant(state.powered)),
        ("PowerState", variant(if state.blocked { "off-blocked" } else { "on" }.to_owned())),
        ("Discovering", variant(state.discovering)),
        ("Modalias", variant("usb:v1D6Bp0246d0542".to_owned())),
    ])
}

fn is_known(device: &FakeDevice) -> bool {
    device.heard || device.paired || device.connected
}

fn objects(state: &State) -> Objects {
    let mut objects = Objects::new();
    let mut put = |path: &str, interface: &str, map: PropMap| {
        objects.entry(Path::from(path.to_owned())).or_default().insert(interface.to_owned(), map);
    };
    put("/org/bluez", "org.bluez.AgentManager1", PropMap::new());
    if !state.adapter {
        return objects;
    }
    put(ADAPTER, "org.bluez.Adapter1", adapter_properties(state));
    for device in state.devices.values().filter(|device| is_known(device)) {
        put(&device.path(), "org.bluez.Device1", device_properties(device));
        if !device.connected {
            continue;
        }
        for (s, service) in device.services.iter().enumerate() {
            let path = format!("{}/service{s:04x}", device.path());
            put(&path, "org.bluez.GattService1", service_properties(device, service));
        }
        for (path, _, one) in device.characteristics() {
            let service = path.rsplit_once('/').unwrap().0.to_owned();
            put(&path, "org.bluez.GattCharacteristic1", characteristic_properties(device, &service, &one));
        }
    }
    objects
}

fn service_properties(device: &FakeDevice, service: &Service) -> PropMap {
    properties([
        ("UUID", variant(long(service.uuid))),
        ("Primary", variant(true)),
        ("Device", variant(Path::from(device.path()))),
    ])
}

fn changed(channel: &Channel, path: &str, interface: &str, map: PropMap) {
    let signal = dbus::nonblock::stdintf::org_freedesktop_dbus::PropertiesPropertiesChanged {
        interface_name: interface.to_owned(),
        changed_properties: map,
        invalidated_properties: Vec::new(),
    };
    send(channel, signal.to_emit_message(&Path::from(path.to_owned())));
}

fn failed(message: &Message, name: &str, text: &str) -> Message {
    message.error(&format!("org.bluez.Error.{name}").into(), &std::ffi::CString::new(text).unwrap())
}

fn att_error(message: &Message, error: AttError) -> Message {
    failed(message, "Failed", &format!("Operation failed with ATT error: 0x{:02x}", error as u8))
}

/// Answers a call on the service.
fn call(channel: &Channel, state: &mut State, message: &Message, pending: &mut Vec<Pending>) {
    let (path, member) = (message.path().unwrap().to_string(), message.member().unwrap().to_string());
    let reply = match member.as_str() {
        "GetManagedObjects" => message.method_return().append1(objects(state)),
        "Introspect" => message.method_return().append1(introspect(state, &path)),
        "GetAll" | "Get" => property(state, message, &path),
        "Set" => {
            let (_, name, value): (String, String, Variant<Box<dyn RefArg>>) = message.read3().unwrap();
            if name == "Powered" {
                state.powered = value.0.as_u64() == Some(1);
                if !state.powered {
                    all_gone(channel, state);
                }
                changed(channel, ADAPTER, "org.bluez.Adapter1", properties([("Powered", variant(state.powered))]));
            }
            message.method_return()
        }
        "RegisterAgent" => {
            state.agent = message.sender().map(|sender| sender.to_string());
            message.method_return()
        }
        "UnregisterAgent" => {
            state.agent = None;
            message.method_return()
        }
        _ if !state.adapter => message.error(&"org.freedesktop.DBus.Error.UnknownObject".into(), c"no such object"),
        "SetDiscoveryFilter" => message.method_return(),
        "StartDiscovery" if !state.powered => failed(message, "NotReady", "Resource Not Ready"),
        "StartDiscovery" if state.discovering => failed(message, "InProgress", "Operation already in progress"),
        "StartDiscovery" => {
            state.discovering = true;
            state.scans += 1;
            message.method_return()
        }
        "StopDiscovery" if !state.discovering => failed(message, "Failed", "No discovery started"),
        "StopDiscovery" => {
            state.discovering = false;
            state.devices.values_mut().for_each(|device| device.heard = false);
            message.method_return()
        }
        "RemoveDevice" => {
            let gone: Path<'static> = message.read1().unwrap();
            if let Some(device) = state.devices.values_mut().find(|device| device.path() == *gone) {
                device.paired = false;
                drop_link(channel, device);
            }
            message.method_return()
        }
        _ => return of_device(channel, state, message, &path, &member, pending),
    };
    send(channel, reply);
}

fn introspect(state: &State, path: &str) -> String {
    let below = format!("{}/", path.trim_end_matches('/'));
    let mut children: Vec<String> = objects(state)
        .keys()
        .filter_map(|object| object.strip_prefix(&below).map(|rest| rest.split('/').next().unwrap_or(rest).to_owned()))
        .collect();
    children.sort();
    children.dedup();
    let nodes = children.iter().fold(String::new(), |xml, child| xml + &format!("<node name=\"{child}\"/>"));
    format!(
        "<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\" \
         \"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\"><node>{nodes}</node>"
    )
}

fn property(state: &State, message: &Message, path: &str) -> Message {
    let (interface, name) = message.get2::<String, String>();
    let found = objects(state).remove(&Path::from(path.to_owned()));
    let map = found.and_then(|mut interfaces| interfaces.remove(&interface.unwrap_or_default()));
    match (map, name) {
        (Some(map), None) => message.method_return().append1(map),
        (Some(mut map), Some(name)) => match map.remove(&name) {
            Some(value) => message.method_return().append1(value),
            None => message.error(&"org.freedesktop.DBus.Error.InvalidArgs".into(), c"no such property"),
        },
        (None, _) => message.error(&"org.freedesktop.DBus.Error.UnknownObject".into(), c"no such object"),
    }
}

fn all_gone(channel: &Channel, state: &mut State) {
    state.discovering = false;
    for device in state.devices.values_mut() {
        device.heard = false;
        drop_link(channel, device);
    }
}

fn drop_link(channel: &Channel, device: &mut FakeDevice) {
    if device.connected {
        device.connected = false;
        device.notifying.clear();
        lock(&device.far_end).disconnect();
        let gone = properties([("Connected", variant(false)), ("ServicesResolved", variant(false))]);
        changed(channel, &device.path(), "org.bluez.Device1", gone);
    }
}

fn of_device(
    channel: &Channel,
    state: &mut State,
    message: &Message,
    path: &str,
    member: &str,
    pending: &mut Vec<Pending>,
) {
    let (powered, agent) = (state.powered, state.agent.clone());
    state.connects += u32::from(member == "Connect");
    let Some(device) = state.devices.values_mut().find(|device| path.starts_with(&device.path())) else {
        let unknown = message.error(&"org.freedesktop.DBus.Error.UnknownObject".into(), c"no such object");
        return send(channel, unknown);
    };
    let characteristic = device.characteristics().find(|(at, ..)| at == path).map(|(.., one)| one);
    let reply = match (member, characteristic) {
        ("Connect", _) if !powered || !device.in_reach => failed(message, "Failed", "le-connection-abort-by-local"),
        ("Connect", _) => {
            let broken = device.paired && !device.knows_us;
            changed(channel, &device.path(), "org.bluez.Device1", properties([("Connected", variant(true))]));
            if broken {
                // The counter has no such key: the link ends at once, and Connect is not answered for long.
                changed(channel, &device.path(), "org.bluez.Device1", properties([("Connected", variant(false))]));
                return;
            }
            device.connected = true;
            lock(&device.far_end).connect(device.mtu, now_us());
            changed(channel, &device.path(), "org.bluez.Device1", properties([("ServicesResolved", variant(true))]));
            message.method_return()
        }
        ("Disconnect", _) => {
            drop_link(channel, device);
            message.method_return()
        }
        ("Pair", _) => return pair(channel, device, agent, message, pending),
        ("ReadValue", Some(one)) if !may(device, &one) => att_error(message, AttError::Unlikely),
        ("ReadValue", Some(one)) => {
            let mut far_end = lock(&device.far_end);
            far_end.live_to(now_us());
            match far_end.read(one.uuid, now_us()) {
                Ok(value) => message.method_return().append1(value),
                Err(error) => att_error(message, error),
            }
        }
        ("WriteValue", Some(one)) => {
            let bytes: Vec<u8> = message.read1().unwrap();
            let mut far_end = lock(&device.far_end);
            far_end.live_to(now_us());
            match far_end.write(one.uuid, &bytes, now_us()) {
                Ok(()) => message.method_return(),
                Err(error) => att_error(message, error),
            }
        }
        ("StartNotify", Some(one)) => {
            device.notifying.push(one.uuid);
            match lock(&device.far_end).subscribe(one.uuid, true, now_us()) {
                Ok(()) => message.method_return(),
                Err(error) => att_error(message, error),
            }
        }
        ("StopNotify", Some(one)) => {
            device.notifying.retain(|uuid| *uuid != one.uuid);
            message.method_return()
        }
        _ => message.error(&"org.freedesktop.DBus.Error.UnknownMethod".into(), c"no such method"),
    };
    send(channel, reply);
}

/// Encrypted characteristics answer only over a link that both sides have keys for.
fn may(device: &FakeDevice, one: &Characteristic) -> bool {
    !one.encrypted || device.paired && device.knows_us
}

fn pair(
    channel: &Channel,
    device: &mut FakeDevice,
    agent: Option<String>,
    message: &Message,
    pending: &mut Vec<Pending>,
) {
    let Some(agent) = agent else { return send(channel, failed(message, "AuthenticationFailed", "no agent")) };
    if device.paired {
        return send(channel, failed(message, "AlreadyExists", "Already Exists"));
    }
    let (method, right) = match device.pairing {
        Pairing::JustWorks => ("RequestAuthorization", None),
        Pairing::Passkey(digits) => ("RequestPasskey", Some(digits)),
        Pairing::Compare(_) => ("RequestConfirmation", None),
    };
    let path = Path::from(device.path());
    let mut ask =
        Message::new_method_call(agent, "/org/brisk/agent", "org.bluez.Agent1", method).unwrap().append1(path);
    if let Pairing::Compare(digits) = device.pairing {
        ask = ask.append1(digits);
    }
    let serial = channel.send(ask).unwrap();
    let refused = failed(message, "AuthenticationFailed", "Authentication Failed");
    pending.push(Pending { done: message.method_return(), refused, device: device.address.clone(), serial, right });
}

fn agent_answered(channel: &Channel, state: &mut State, message: &Message, pending: &mut Vec<Pending>) {
    let Some(at) = pending.iter().position(|one| Some(one.serial) == message.get_reply_serial()) else { return };
    let Pending { done, refused, device, right, .. } = pending.remove(at);
    let Some(device) = state.devices.get_mut(&device) else { return };
    let agreed =
        message.msg_type() == MessageType::MethodReturn && right.is_none_or(|right| message.get1() == Some(right));
    if agreed {
        (device.paired, device.knows_us) = (true, true);
        changed(channel, &device.path(), "org.bluez.Device1", properties([("Paired", variant(true))]));
        send(channel, done);
    } else {
        send(channel, refused);
    }
}

/// What the air does by itself: devices are heard, notifications arrive, links break.
fn air(channel: &Channel, state: &mut State) {
    if state.hangs || !state.adapter {
        return;
    }
    let discovering = state.discovering && state.powered;
    for device in state.devices.values_mut() {
        if discovering && device.in_reach && !device.heard && !device.connected {
            let known = is_known(device);
            device.heard = true;
            if known {
                changed(channel, &device.path(), "org.bluez.Device1", properties([("RSSI", variant(-57_i16))]));
            } else {
                let interfaces: HashMap<String, PropMap> =
                    [("org.bluez.Device1".to_owned(), device_properties(device))].into();
                let added = Message::new_signal("/", "org.freedesktop.DBus.ObjectManager", "InterfacesAdded").unwrap();
                send(channel, added.append2(Path::from(device.path()), interfaces));
            }
        }
        if device.connected && !device.in_reach {
            drop_link(channel, device);
        }
        while device.connected {
            let sent = {
                let mut far_end = lock(&device.far_end);
                far_end.live_to(now_us());
                far_end.outgoing(now_us()).ok().flatten()
            };
            let Some((from, bytes)) = sent else { break };
            if let Some(left) = &mut device.break_after {
                if *left == 0 {
                    device.break_after = None;
                    drop_link(channel, device);
                    break;
                }
                *left -= 1;
            }
            let at = device.characteristics().find(|(.., one)| one.uuid == from).map(|(path, ..)| path);
            if let Some(path) = at.filter(|_| !device.mute && device.notifying.contains(&from)) {
                changed(channel, &path, "org.bluez.GattCharacteristic1", properties([("Value", variant(bytes))]));
            }
        }
    }
}
