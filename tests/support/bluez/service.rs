//! Answers calls on the bus, and lets the air go on.

use super::{
    objects::{device_properties, introspect, is_known, objects, properties, property, variant},
    *,
};

/// A call that is answered later: pairing waits for its agent.
struct Pending {
    done: Message,
    refused: Message,
    device: String,
    serial: u32,
    right: Option<u32>,
}

pub(super) fn serve(address: &str, state: &Mutex<State>, stopped: &mpsc::Receiver<()>, ready: &mpsc::Sender<()>) {
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
