//! The air without a guest: two hosts that speak raw HCI, on paused time.

use std::{num::NonZeroU8, time::Duration};

use ble_lab::air::{Air, Attached, Controller, Pace};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream},
    time::{Instant, timeout},
};

const PERIPHERAL: [u8; 6] = [1, 0, 0, 0, 0, 0xC0];
/// 30 ms, no latency, supervision timeout 420 ms: what the kernel asks for.
const TIMING: [u8; 8] = [24, 0, 24, 0, 0, 0, 42, 0];
const KEY: [u8; 16] = [7; 16];

const DISCONNECTED: u8 = 0x05;
const ENCRYPTION_CHANGE: u8 = 0x08;
const COMPLETED: u8 = 0x13;
const KEY_REFRESH: u8 = 0x30;
const LE: u8 = 0x3E;

const NOTHING: &[u8] = &[];

/// A host of a controller: what it reads is an event code with parameters, or `DATA` with a packet.
struct Host {
    stream: DuplexStream,
    radio: Controller,
}

const DATA: u8 = 0xFF;

impl Host {
    async fn new(air: &Air) -> Self {
        let Attached { stream, controller: radio } = air.attach().await;
        let mut host = Self { stream, radio };
        host.command(0x0C03, NOTHING).await;
        host
    }

    /// Says a command and returns the status that answers it at once.
    async fn try_command(&mut self, opcode: u16, parameters: &[u8]) -> u8 {
        let [low, high] = opcode.to_le_bytes();
        let length = u8::try_from(parameters.len()).unwrap();
        self.stream.write_all(&[&[1, low, high, length], parameters].concat()).await.unwrap();
        match self.next().await {
            (0x0E, answer) => {
                assert_eq!(answer[..3], [1, low, high]);
                answer[3]
            }
            (0x0F, answer) => {
                assert_eq!(answer[1..4], [1, low, high]);
                answer[0]
            }
            other => panic!("{other:?} came before the answer to {opcode:#06x}"),
        }
    }

    async fn command(&mut self, opcode: u16, parameters: &[u8]) {
        assert_eq!(self.try_command(opcode, parameters).await, 0, "command {opcode:#06x}");
    }

    async fn next(&mut self) -> (u8, Vec<u8>) {
        timeout(Duration::from_secs(60), async {
            let kind = self.stream.read_u8().await.unwrap();
            let (code, length) = if kind == 4 {
                (self.stream.read_u8().await.unwrap(), usize::from(self.stream.read_u8().await.unwrap()))
            } else {
                self.stream.read_u16_le().await.unwrap();
                (DATA, usize::from(self.stream.read_u16_le().await.unwrap()))
            };
            let mut parameters = vec![0; length];
            self.stream.read_exact(&mut parameters).await.unwrap();
            (code, parameters)
        })
        .await
        .expect("an event within a minute")
    }

    async fn is_silent_for(&mut self, time: Duration) -> bool {
        timeout(time, self.stream.read_u8()).await.is_err()
    }

    async fn send(&mut self, handle: u16, data: &[u8]) {
        let [low, high] = handle.to_le_bytes();
        let length = u8::try_from(data.len()).unwrap();
        self.stream.write_all(&[&[2, low, high, length, 0], data].concat()).await.unwrap();
    }

    async fn advertise(&mut self) {
        self.command(0x2005, &PERIPHERAL).await;
        self.command(0x2006, &[160, 0, 160, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0]).await;
        self.command(0x2008, &[&[3, 2, 1, 6][..], &[0; 28]].concat()).await;
        self.command(0x200A, &[1]).await;
    }

    async fn connect(&mut self) {
        self.command(0x200D, &[&[96, 0, 48, 0, 0, 1][..], &PERIPHERAL, &[0], &TIMING, &[0; 4]].concat()).await;
    }

    /// The handle of the connection that has come up.
    async fn connected(&mut self) -> u16 {
        let (code, event) = self.next().await;
        assert_eq!((code, &event[..2]), (LE, &[1, 0][..]));
        u16::from_le_bytes([event[2], event[3]])
    }

    async fn encrypt(&mut self, handle: u16) {
        self.command(0x2019, &[&handle.to_le_bytes()[..], &[0; 10], &KEY].concat()).await;
    }

    async fn key_requested(&mut self, handle: u16) {
        let wanted = [&[5][..], &handle.to_le_bytes(), &[0; 10]].concat();
        assert_eq!(self.next().await, (LE, wanted));
    }

    async fn give_key(&mut self, handle: u16, key: [u8; 16]) {
        self.command(0x201A, &[&handle.to_le_bytes()[..], &key].concat()).await;
    }

    async fn ends_with(&mut self, handle: u16, reason: u8) {
        let [low, high] = handle.to_le_bytes();
        assert_eq!(self.next().await, (DISCONNECTED, vec![0, low, high, reason]));
    }
}

/// Central and peripheral with their handles.
async fn linked(air: &Air) -> (Host, u16, Host, u16) {
    let (mut central, mut peripheral) = (Host::new(air).await, Host::new(air).await);
    peripheral.advertise().await;
    central.connect().await;
    let (at_central, at_peripheral) = (central.connected().await, peripheral.connected().await);
    (central, at_central, peripheral, at_peripheral)
}

fn about(handle: u16, before: &[u8], after: &[u8]) -> Vec<u8> {
    [before, &handle.to_le_bytes(), after].concat()
}

#[tokio::test(start_paused = true)]
async fn a_scanner_hears_an_advertisement_once_until_its_data_change() {
    let air = Air::new(Pace::default());
    let (mut scanner, mut peripheral) = (Host::new(&air).await, Host::new(&air).await);
    peripheral.radio.rssi(-80).await;
    peripheral.advertise().await;

    scanner.command(0x200B, &[0, 16, 0, 16, 0, 0, 0]).await;
    scanner.command(0x200C, &[1, 1]).await;

    let report = [&[2, 1, 0, 1][..], &PERIPHERAL, &[3, 2, 1, 6, 0xB0]].concat();
    assert_eq!(scanner.next().await, (LE, report));
    assert!(scanner.is_silent_for(Duration::from_secs(10)).await);

    peripheral.command(0x2008, &[&[3, 2, 1, 4][..], &[0; 28]].concat()).await;

    let report = [&[2, 1, 0, 1][..], &PERIPHERAL, &[3, 2, 1, 4, 0xB0]].concat();
    assert_eq!(scanner.next().await, (LE, report));
}

#[tokio::test(start_paused = true)]
async fn data_cross_in_order_and_no_faster_than_the_pace() {
    let air = Air::new(Pace::PerInterval(NonZeroU8::MIN));
    let (mut central, at_central, mut peripheral, at_peripheral) = linked(&air).await;
    let begin = Instant::now();

    for number in 0..5 {
        peripheral.send(at_peripheral, &[number]).await;
    }

    for number in 0..5 {
        assert_eq!(central.next().await, (DATA, vec![number]));
        assert_eq!(peripheral.next().await, (COMPLETED, about(at_peripheral, &[1], &[1, 0])));
    }
    assert!((120..125).contains(&begin.elapsed().as_millis()), "{:?}", begin.elapsed());
    assert_ne!(at_central, 0);
}

#[tokio::test(start_paused = true)]
async fn a_disconnection_gives_each_host_its_reason() {
    let air = Air::new(Pace::default());
    let (mut central, at_central, mut peripheral, at_peripheral) = linked(&air).await;

    central.command(0x0406, &about(at_central, NOTHING, &[0x13])).await;

    central.ends_with(at_central, 0x16).await;
    peripheral.ends_with(at_peripheral, 0x13).await;
    assert_eq!(peripheral.try_command(0x0406, &about(at_peripheral, NOTHING, &[0x13])).await, 0x02);
}

#[tokio::test(start_paused = true)]
async fn equal_keys_encrypt_and_encrypt_anew() {
    let air = Air::new(Pace::default());
    let (mut central, at_central, mut peripheral, at_peripheral) = linked(&air).await;

    central.encrypt(at_central).await;
    peripheral.key_requested(at_peripheral).await;
    peripheral.give_key(at_peripheral, KEY).await;

    assert_eq!(central.next().await, (ENCRYPTION_CHANGE, about(at_central, &[0], &[1])));
    assert_eq!(peripheral.next().await, (ENCRYPTION_CHANGE, about(at_peripheral, &[0], &[1])));

    central.encrypt(at_central).await;
    peripheral.key_requested(at_peripheral).await;
    peripheral.give_key(at_peripheral, KEY).await;

    assert_eq!(central.next().await, (KEY_REFRESH, about(at_central, &[0], NOTHING)));
    assert_eq!(peripheral.next().await, (KEY_REFRESH, about(at_peripheral, &[0], NOTHING)));
}

#[tokio::test(start_paused = true)]
async fn different_keys_end_the_link() {
    let air = Air::new(Pace::default());
    let (mut central, at_central, mut peripheral, at_peripheral) = linked(&air).await;

    central.encrypt(at_central).await;
    peripheral.key_requested(at_peripheral).await;
    peripheral.give_key(at_peripheral, [8; 16]).await;

    central.ends_with(at_central, 0x3D).await;
    peripheral.ends_with(at_peripheral, 0x3D).await;
}

#[tokio::test(start_paused = true)]
async fn a_missing_key_is_told_to_the_central_and_the_link_goes_on() {
    let air = Air::new(Pace::default());
    let (mut central, at_central, mut peripheral, at_peripheral) = linked(&air).await;

    central.encrypt(at_central).await;
    peripheral.key_requested(at_peripheral).await;
    peripheral.command(0x201B, &at_peripheral.to_le_bytes()).await;

    assert_eq!(central.next().await, (ENCRYPTION_CHANGE, about(at_central, &[0x06], &[0])));
    central.send(at_central, &[1]).await;
    assert_eq!(peripheral.next().await, (DATA, vec![1]));
}

#[tokio::test(start_paused = true)]
async fn only_a_central_encrypts_and_only_a_request_is_answered() {
    let air = Air::new(Pace::default());
    let (mut central, at_central, mut peripheral, at_peripheral) = linked(&air).await;
    let key = |handle| about(handle, NOTHING, &KEY);

    assert_eq!(
        peripheral.try_command(0x2019, &[&at_peripheral.to_le_bytes()[..], &[0; 10], &KEY].concat()).await,
        0x0C
    );
    assert_eq!(peripheral.try_command(0x201A, &key(at_peripheral)).await, 0x0C);
    assert_eq!(central.try_command(0x201A, &key(at_central)).await, 0x0C);
}

#[tokio::test(start_paused = true)]
async fn out_of_range_for_a_moment_delays_data_and_for_longer_ends_the_link() {
    let air = Air::new(Pace::default());
    let (mut central, at_central, mut peripheral, at_peripheral) = linked(&air).await;

    peripheral.radio.out_of_range(Duration::from_millis(400)).await;
    let begin = Instant::now();
    peripheral.send(at_peripheral, &[1]).await;

    assert_eq!(central.next().await, (DATA, vec![1]));
    assert_eq!(begin.elapsed().as_millis(), 400);
    assert_eq!(peripheral.next().await, (COMPLETED, about(at_peripheral, &[1], &[1, 0])));

    peripheral.radio.out_of_range(Duration::from_secs(5)).await;
    let begin = Instant::now();

    central.ends_with(at_central, 0x08).await;
    peripheral.ends_with(at_peripheral, 0x08).await;
    assert_eq!(begin.elapsed().as_millis(), 420);
    peripheral.advertise().await;
    central.connect().await;
    central.connected().await;
    assert!(begin.elapsed() > Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_refused_connection_begins_and_fails_and_the_next_one_holds() {
    let air = Air::new(Pace::default());
    let (mut central, mut peripheral) = (Host::new(&air).await, Host::new(&air).await);
    peripheral.radio.refuse(1).await;

    for reason in [Some(0x3E), None] {
        peripheral.advertise().await;
        central.connect().await;
        let (at_central, at_peripheral) = (central.connected().await, peripheral.connected().await);
        if let Some(reason) = reason {
            central.ends_with(at_central, reason).await;
            peripheral.ends_with(at_peripheral, reason).await;
        }
    }

    assert!(central.is_silent_for(Duration::from_secs(10)).await);
}

#[tokio::test(start_paused = true)]
async fn a_peripheral_that_is_gone_times_out_and_links_drop_on_demand() {
    let air = Air::new(Pace::default());
    let (mut central, at_central, peripheral, _) = linked(&air).await;

    drop(peripheral);
    central.ends_with(at_central, 0x08).await;

    let (mut central, at_central, mut peripheral, at_peripheral) = linked(&air).await;
    let begin = Instant::now();
    peripheral.radio.drop_links().await;
    central.ends_with(at_central, 0x08).await;
    peripheral.ends_with(at_peripheral, 0x08).await;
    assert!(begin.elapsed().is_zero());
}

#[tokio::test(start_paused = true)]
async fn a_host_hears_that_its_command_is_unknown_too_short_or_comes_too_late() {
    let air = Air::new(Pace::default());
    let mut host = Host::new(&air).await;

    assert_eq!(host.try_command(0xFC01, NOTHING).await, 0x01);
    assert_eq!(host.try_command(0x2005, &[1, 2]).await, 0x12);
    assert_eq!(host.try_command(0x200E, NOTHING).await, 0x0C);
}
