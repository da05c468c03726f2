//! PPoGATT: an ordered, acknowledged byte stream over notifications and writes without response. The same rules hold on
//! both sides, so the host and the emulated watch run the same [`Transport`].
//!
//! Layout and rules: PebbleOS `src/fw/comm/ble/kernel_le_client/ppogatt` at eb194795 (Apache-2.0), its numbers also in the
//! firmware's own BLE harness.

use alloc::{collections::VecDeque, vec::Vec};

use super::packet::{Packet, SERIAL_LEN, SN_MASK, Windows};
use crate::Uuid;

/// Reversed PPoGATT: the watch serves, the host writes and is notified. In firmware since v4.24.0.
pub const SERVICE: Uuid = 0x4000_0000_328e_0fbb_c642_1aa6_699b_dada;
/// Packets of the watch, notified.
pub const NOTIFY: Uuid = 0x4000_0001_328e_0fbb_c642_1aa6_699b_dada;
/// Packets of the host, written without response.
pub const WRITE: Uuid = 0x4000_0003_328e_0fbb_c642_1aa6_699b_dada;

/// Payload of a host's packet: with its header it fits the smallest ATT MTU, 23.
pub const HOST_PAYLOAD: usize = 19;
/// The version with windows. PebbleOS `PPOGATT_MAX_VERSION`.
const VERSION: u8 = 1;

/// What is offered; three bytes `03 19 19`, as the vendor's app and Gadgetbridge write them.
const OFFERED: Windows = Windows { receive: 25, send: 25 };
/// Packets in flight when the other side names none (version 0).
const DEFAULT_WINDOW: u8 = 4;
/// A packet that was not acknowledged for so long is sent again. The watch waits 5 to 6 s itself and acknowledges
/// within 200 ms.
const RETRANSMIT_MS: u64 = 4_000;
/// So long a reset may take.
const RESET_MS: u64 = 5_000;
/// Unanswered tries before a reset, and unanswered resets before the link is given up. Three times
/// [`RETRANSMIT_MS`] stay well below the 30 s after which the watch sends a data message anew.
const MAX_TRIES: u8 = 3;
/// Resets within one connection; the watch gives up after five without progress.
const MAX_RESETS: u8 = 6;

/// What a packet or the passing of time brought about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Nothing beyond bytes of the stream.
    Nothing,
    /// The stream begins, at its start.
    Opened,
    /// The stream broke off; what was on its way is lost.
    Closed,
    /// There is no getting through.
    Dead,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing was said. Waits for a reset request, or for [`Transport::begin`].
    Idle,
    /// Wants a reset and waits for it to be agreed to.
    Asked,
    /// Agreed to the other side's reset and waits for its agreement.
    Answered,
    /// Bytes flow.
    Open,
    /// Given up.
    Dead,
}

/// One side of the stream.
#[derive(Debug)]
pub struct Transport {
    serial: [u8; SERIAL_LEN],
    max_payload: usize,
    state: State,
    /// A reset packet; goes before everything else.
    control: Option<Vec<u8>>,
    /// The number of the next piece to come.
    expected: u8,
    /// A piece has come since the reset.
    received_any: bool,
    ack: Option<u8>,
    window: u8,
    unsent: VecDeque<u8>,
    /// Sent at least once and not acknowledged, with their numbers.
    flight: VecDeque<(u8, Vec<u8>)>,
    /// How many of them need not be sent again at this moment.
    on_the_air: usize,
    next_sn: u8,
    until_ms: Option<u64>,
    tries: u8,
    resets: u8,
    received: Vec<u8>,
}

impl Transport {
    /// Of who names itself so, with at most so many bytes of payload in a packet.
    pub const fn new(serial: [u8; SERIAL_LEN], max_payload: usize) -> Self {
        Self {
            serial,
            max_payload,
            state: State::Idle,
            control: None,
            expected: 0,
            received_any: false,
            ack: None,
            window: DEFAULT_WINDOW,
            unsent: VecDeque::new(),
            flight: VecDeque::new(),
            on_the_air: 0,
            next_sn: 0,
            until_ms: None,
            tries: 0,
            resets: 0,
            received: Vec::new(),
        }
    }

    /// Asks for a reset, with which a connection begins.
    pub fn begin(&mut self) {
        self.clear();
        self.state = State::Asked;
        self.control = Some(Packet::ResetRequest { who: Some((VERSION, self.serial)) }.emit());
    }

    /// Bytes flow.
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Everything that was given to [`Transport::send`] is acknowledged.
    pub fn is_idle(&self) -> bool {
        self.unsent.is_empty() && self.flight.is_empty()
    }

    /// Appends to the stream.
    pub fn send(&mut self, bytes: &[u8]) {
        self.unsent.extend(bytes);
    }

    /// Takes what has arrived of the other side's stream.
    pub fn take_received(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.received)
    }

    /// When [`Transport::pass`] has something to do.
    pub const fn until_ms(&self) -> Option<u64> {
        self.until_ms
    }

    /// The next packet to be written.
    pub fn packet(&mut self, now_ms: u64) -> Option<Vec<u8>> {
        if let Some(control) = self.control.take() {
            if matches!(self.state, State::Asked | State::Answered) {
                self.until_ms = Some(now_ms.saturating_add(RESET_MS));
            }
            return Some(control);
        }
        if self.state != State::Open {
            return None;
        }
        if let Some(sn) = self.ack.take() {
            return Some(Packet::Ack { sn }.emit());
        }
        if self.on_the_air == self.flight.len()
            && !self.unsent.is_empty()
            && self.flight.len() < usize::from(self.window)
        {
            let length = self.unsent.len().min(self.max_payload);
            self.flight.push_back((self.next_sn, self.unsent.drain(..length).collect()));
            self.next_sn = (self.next_sn + 1) & SN_MASK;
        }
        let (sn, payload) = self.flight.get(self.on_the_air)?;
        self.on_the_air += 1;
        self.until_ms.get_or_insert(now_ms.saturating_add(RETRANSMIT_MS));
        Some(Packet::Data { sn: *sn, payload }.emit())
    }

    /// A packet of the other side. What cannot be read is as good as lost.
    pub fn hear(&mut self, bytes: &[u8], now_ms: u64) -> Heard {
        match Packet::parse(bytes) {
            Ok(_) if self.state == State::Dead => Heard::Dead,
            Ok(Packet::ResetRequest { .. }) => {
                self.clear();
                self.state = State::Answered;
                self.control = Some(Packet::ResetComplete { windows: Some(OFFERED) }.emit());
                self.count_reset()
            }
            Ok(Packet::ResetComplete { windows }) if matches!(self.state, State::Asked | State::Answered) => {
                let answer = self.state == State::Asked;
                self.clear();
                self.state = State::Open;
                self.window = windows.map_or(DEFAULT_WINDOW, |w| w.receive.min(OFFERED.send)).max(1);
                self.control = answer.then(|| Packet::ResetComplete { windows: Some(OFFERED) }.emit());
                Heard::Opened
            }
            Ok(Packet::Data { sn, payload }) if self.state == State::Open => {
                if sn == self.expected {
                    self.expected = (sn + 1) & SN_MASK;
                    self.received_any = true;
                    self.received.extend_from_slice(payload);
                }
                // A piece out of turn: its sender may have missed the acknowledgement of the last one.
                if self.received_any {
                    self.ack = Some(self.expected.wrapping_sub(1) & SN_MASK);
                }
                Heard::Nothing
            }
            Ok(Packet::Ack { sn }) if self.state == State::Open => {
                // One of a number that is not in flight repeats an earlier one.
                if let Some(at) = self.flight.iter().position(|(flying, _)| *flying == sn) {
                    self.flight.drain(..=at);
                    self.on_the_air = self.on_the_air.saturating_sub(at + 1);
                    self.tries = 0;
                    self.until_ms = (!self.flight.is_empty()).then(|| now_ms.saturating_add(RETRANSMIT_MS));
                }
                Heard::Nothing
            }
            Ok(_) | Err(_) => Heard::Nothing,
        }
    }

    /// Time has passed: sends again, asks for a reset, gives up.
    pub fn pass(&mut self, now_ms: u64) -> Heard {
        if self.until_ms.is_none_or(|until_ms| now_ms < until_ms) {
            return Heard::Nothing;
        }
        self.until_ms = None;
        self.tries += 1;
        match self.state {
            State::Open if self.tries < MAX_TRIES => {
                self.on_the_air = 0;
                Heard::Nothing
            }
            State::Open => {
                self.begin();
                self.count_reset()
            }
            State::Asked | State::Answered if self.tries < MAX_TRIES => {
                let tries = self.tries;
                self.begin();
                self.tries = tries;
                Heard::Nothing
            }
            State::Asked | State::Answered => self.give_up(),
            State::Idle => Heard::Nothing,
            State::Dead => Heard::Dead,
        }
    }

    fn count_reset(&mut self) -> Heard {
        self.resets += 1;
        if self.resets > MAX_RESETS { self.give_up() } else { Heard::Closed }
    }

    fn give_up(&mut self) -> Heard {
        self.clear();
        self.state = State::Dead;
        Heard::Dead
    }

    fn clear(&mut self) {
        *self = Self { resets: self.resets, ..Self::new(self.serial, self.max_payload) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: [u8; 12] = *b"HOST00000000";
    const WATCH: [u8; 12] = *b"WATCH0000000";

    /// Carries packets to and fro until neither side has any; the air decides on each.
    fn carry(a: &mut Transport, b: &mut Transport, now_ms: u64, mut passes: impl FnMut(&[u8]) -> bool) {
        for _ in 0..10_000 {
            let (to_b, to_a) = (a.packet(now_ms), b.packet(now_ms));
            if to_a.is_none() && to_b.is_none() {
                return;
            }
            if let Some(bytes) = to_b.filter(|bytes| passes(bytes)) {
                b.hear(&bytes, now_ms);
            }
            if let Some(bytes) = to_a.filter(|bytes| passes(bytes)) {
                a.hear(&bytes, now_ms);
            }
        }
        panic!("packets without end");
    }

    fn opened() -> (Transport, Transport) {
        let (mut host, mut watch) = (Transport::new(HOST, HOST_PAYLOAD), Transport::new(WATCH, 100));
        host.begin();
        carry(&mut host, &mut watch, 0, |_| true);
        assert!(host.is_open() && watch.is_open());
        (host, watch)
    }

    #[test]
    fn a_long_stream_arrives_whole_though_numbers_start_over() {
        let (mut host, mut watch) = opened();
        let long: Vec<u8> = (0..=255).cycle().take(5_000).collect();

        host.send(&long);
        watch.send(&long);
        carry(&mut host, &mut watch, 0, |_| true);

        assert_eq!(watch.take_received(), long);
        assert_eq!(host.take_received(), long);
        assert!(host.is_idle() && watch.is_idle());
    }

    #[test]
    fn no_packet_of_the_host_is_longer_than_the_smallest_mtu_allows() {
        let (mut host, _) = opened();
        host.send(&[7; 600]);

        while let Some(packet) = host.packet(0) {
            assert!(packet.len() <= 20);
        }
    }

    #[test]
    fn lost_packets_are_sent_again_and_arrive_once_and_in_order() {
        let (mut host, mut watch) = opened();
        let long: Vec<u8> = (0..=255).cycle().take(3_000).collect();
        host.send(&long);
        watch.send(&long);
        let (mut got_host, mut got_watch) = (Vec::new(), Vec::new());

        let mut count = 0;
        for round in 0..200 {
            carry(&mut host, &mut watch, round * 2_000, |_| {
                count += 1;
                count % 7 != 0
            });
            got_host.extend(host.take_received());
            got_watch.extend(watch.take_received());
            assert_ne!(host.pass(round * 2_000), Heard::Dead);
            assert_ne!(watch.pass(round * 2_000), Heard::Dead);
        }

        assert_eq!(got_watch, long);
        assert_eq!(got_host, long);
    }

    #[test]
    fn the_narrower_window_holds() {
        let mut host = Transport::new(HOST, HOST_PAYLOAD);
        host.begin();
        host.packet(0);
        host.hear(&[3, 2, 30], 0);
        host.send(&[7; 600]);

        let packets: Vec<Vec<u8>> = core::iter::from_fn(|| host.packet(0)).collect();
        let data = packets.iter().filter(|packet| matches!(Packet::parse(packet), Ok(Packet::Data { .. })));

        assert_eq!(data.count(), 2);
    }

    #[test]
    fn a_reset_by_the_watch_starts_everything_anew() {
        let (mut host, mut watch) = opened();
        host.send(b"never arrives");
        watch.begin();

        assert_eq!(host.hear(&watch.packet(0).unwrap(), 0), Heard::Closed);
        carry(&mut host, &mut watch, 0, |_| true);
        host.send(b"hello");
        carry(&mut host, &mut watch, 0, |_| true);

        assert_eq!(watch.take_received(), b"hello");
    }

    #[test]
    fn silence_ends_in_giving_up() {
        let mut host = Transport::new(HOST, HOST_PAYLOAD);
        host.begin();
        let mut now_ms = 0;

        let dead = (0..1_000).find(|_| {
            now_ms += 1_000;
            host.packet(now_ms);
            host.pass(now_ms) == Heard::Dead
        });

        assert!(dead.is_some());
        assert!(now_ms < 30_000);
        assert_eq!(host.packet(now_ms), None);
    }
}
