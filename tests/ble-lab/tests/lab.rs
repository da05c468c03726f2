//! The lab itself: the guest boots, its BlueZ hears the air, and faults can be made.

use std::time::Duration;

use ble_lab::{Lab, LabOptions, Part, air::Attached};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, timeout},
};

/// HCI: Reset; random address C0:00:00:00:00:01; advertise every 100 ms, connectable, under that address.
const ADVERTISER: [&[u8]; 6] = [
    &[1, 0x03, 0x0C, 0],
    &[1, 0x05, 0x20, 6, 0x01, 0, 0, 0, 0, 0xC0],
    &[1, 0x06, 0x20, 15, 0xA0, 0, 0xA0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0],
    // Flags: general discoverable. BlueZ hides devices that are not.
    &[
        1, 0x08, 0x20, 32, 3, 2, 0x01, 0x06, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0,
    ],
    // Scan response: the complete name.
    &[
        1, 0x09, 0x20, 32, 8, 7, 0x09, b'c', b'o', b'u', b'n', b't', b'e', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0,
    ],
    &[1, 0x0A, 0x20, 1, 1],
];

/// Says these commands and waits for the success of each.
async fn say(host: &mut Attached, commands: &[&[u8]]) {
    for command in commands {
        host.stream.write_all(command).await.unwrap();
        let mut answer = [0; 7];
        timeout(Duration::from_secs(5), host.stream.read_exact(&mut answer)).await.unwrap().unwrap();
        assert_eq!(answer, [4, 0x0E, 4, 1, command[1], command[2], 0]);
    }
}

/// Whether a bus at this address lets a stranger in.
async fn bus_answers(address: &str) -> bool {
    let port = address.strip_prefix("tcp:host=127.0.0.1,port=").unwrap();
    let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).await.unwrap();
    stream.write_all(b"\0AUTH ANONYMOUS\r\n").await.unwrap();
    let mut answer = [0; 3];
    timeout(Duration::from_secs(5), stream.read_exact(&mut answer)).await.unwrap().unwrap();
    answer == *b"OK "
}

async fn until(lab: &Lab, condition: &str) {
    let output = lab.vm(&format!("until {condition}; do usleep 50000; done")).await.unwrap();
    assert_eq!(output.code, 0, "{}", output.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bluez_hears_the_air_and_comes_back_after_every_fault() {
    if let Some(obstacle) = Lab::obstacle() {
        eprintln!("note: passed without a lab: {obstacle}");
        return;
    }
    let begin = Instant::now();
    let step = |what: &str| eprintln!("{:>6} ms  {what}", begin.elapsed().as_millis());
    let lab = Lab::start(LabOptions::default()).await.unwrap();
    step("adapter on");

    let answer = lab.vm("echo 'a\\b'\necho c >&2; exit 3").await.unwrap();
    assert_eq!((answer.code, answer.stdout.as_slice(), answer.stderr.as_slice()), (3, &b"a\\b\n"[..], &b"c\n"[..]));

    assert!(bus_answers(&lab.dbus_address()).await);

    let mut host = lab.air().attach().await;
    say(&mut host, &ADVERTISER).await;
    lab.vm("(echo 'scan on'; sleep 60) | bluetoothctl > /tmp/scan 2>&1 &").await.unwrap();
    until(&lab, "bluetoothctl devices | grep 'C0:00:00:00:00:01 counte'").await;
    step("advertiser seen");

    lab.vm("kill -9 $(pidof bluetoothd)").await.unwrap();
    until(&lab, "! bluetoothctl devices | grep C0:00:00:00:00:01").await;
    lab.adapter_is_on().await.unwrap();
    step("bluetoothd killed and back");

    lab.adapter_off().await.unwrap();
    until(&lab, "bluetoothctl show | grep 'Powered: no'").await;
    lab.adapter_on().await.unwrap();
    step("adapter off and on");

    for part in [Part::Bluetoothd, Part::Adapter, Part::Bus] {
        lab.stop(part).await.unwrap();
        lab.start_again(part).await.unwrap();
        step(&format!("{part:?} stopped and back"));
    }

    lab.vm("(echo 'scan on'; sleep 60) | bluetoothctl > /tmp/scan 2>&1 &").await.unwrap();
    until(&lab, "bluetoothctl devices | grep 'C0:00:00:00:00:01 counte'").await;
    step("advertiser seen again");

    let logs = tempfile::tempdir().unwrap();
    let saved = lab.save_logs(logs.path()).unwrap();
    assert!(saved.iter().all(|log| log.exists()), "{saved:?}");
    let log = std::fs::read_to_string(logs.path().join("bluetoothd.log")).unwrap();
    assert!(log.contains("Bluetooth daemon"), "{log}");
    assert!(std::fs::read(logs.path().join("btmon.snoop")).unwrap().starts_with(b"btsnoop"));
    drop(lab);
    step("lab ended");
}
