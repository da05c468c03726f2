//! The objects of the fake and their properties, as `BlueZ` shows them.

use super::*;

pub(super) fn variant<T: RefArg + 'static>(value: T) -> Variant<Box<dyn RefArg>> {
    Variant(Box::new(value))
}

pub(super) fn properties<const N: usize>(list: [(&str, Variant<Box<dyn RefArg>>); N]) -> PropMap {
    list.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

pub(super) fn long(uuid: Uuid) -> String {
    uuid::Uuid::from_u128(uuid).to_string()
}

pub(super) fn device_properties(device: &FakeDevice) -> PropMap {
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

pub(super) fn is_known(device: &FakeDevice) -> bool {
    device.heard || device.paired || device.connected
}

pub(super) fn objects(state: &State) -> Objects {
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

pub(super) fn introspect(state: &State, path: &str) -> String {
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

pub(super) fn property(state: &State, message: &Message, path: &str) -> Message {
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
