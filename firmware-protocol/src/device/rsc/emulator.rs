//! The pod's side.

use alloc::{collections::VecDeque, string::String, vec, vec::Vec};

use crate::{
    Uuid,
    device::{Advertisement, Characteristic, Life, LifeMinute, Peripheral, Service},
    sig::{
        battery, device_information,
        running::{self, Measurement},
    },
    steplog::device::AttError,
};

/// A foot pod: it notifies once a second in every minute that it lived.
#[derive(Debug)]
pub struct FootPod {
    minutes: VecDeque<LifeMinute>,
    serial: String,
    battery: u8,
    subscribed: bool,
    told_s: i64,
}

impl FootPod {
    /// Nobody is connected.
    pub fn new(life: Life) -> Self {
        Self {
            minutes: life.minutes.into(),
            serial: life.serial,
            battery: life.battery,
            subscribed: false,
            told_s: i64::MIN,
        }
    }
}

impl Peripheral for FootPod {
    fn advertisement(&self) -> Advertisement {
        Advertisement { services: vec![running::SERVICE], ..Advertisement::default() }
    }

    fn services(&self) -> Vec<Service> {
        let read = |uuid| Characteristic { uuid, read: true, ..Characteristic::default() };
        let notify = |uuid| Characteristic { uuid, notify: true, ..Characteristic::default() };
        vec![
            Service {
                uuid: running::SERVICE,
                characteristics: vec![notify(running::MEASUREMENT), read(running::FEATURE)],
            },
            Service { uuid: battery::SERVICE, characteristics: vec![read(battery::LEVEL)] },
            Service {
                uuid: device_information::SERVICE,
                characteristics: vec![read(device_information::SERIAL), read(device_information::FIRMWARE)],
            },
        ]
    }

    fn connect(&mut self, _mtu: u16, _now_ms: i64) {}

    fn disconnect(&mut self) {
        self.subscribed = false;
    }

    fn subscribe(&mut self, to: Uuid, on: bool, _now_ms: i64) {
        if to == running::MEASUREMENT {
            self.subscribed = on;
        }
    }

    fn read(&mut self, from: Uuid, _now_ms: i64) -> Result<Vec<u8>, AttError> {
        match from {
            running::FEATURE => Ok(running::Feature(running::Feature::WALK_OR_RUN).emit().to_vec()),
            battery::LEVEL => Ok(battery::emit_level(self.battery).to_vec()),
            device_information::SERIAL => Ok(self.serial.as_bytes().to_vec()),
            device_information::FIRMWARE => Ok(b"1.0".to_vec()),
            _ => Err(AttError::InvalidHandle),
        }
    }

    fn write(&mut self, _to: Uuid, _bytes: &[u8], _now_ms: i64) -> Result<(), AttError> {
        Err(AttError::WriteNotPermitted)
    }

    fn outgoing(&mut self, now_ms: i64) -> Option<(Uuid, Vec<u8>)> {
        let (second, minute) = (now_ms.div_euclid(1000), now_ms.div_euclid(60_000));
        if !self.subscribed || second <= self.told_s {
            return None;
        }
        self.told_s = second;
        while self.minutes.front().is_some_and(|lived| lived.at < minute) {
            self.minutes.pop_front();
        }
        let steps = self.minutes.front().filter(|lived| lived.at == minute)?.steps;
        let cadence = u8::try_from(steps).unwrap_or(u8::MAX);
        let measurement = Measurement { speed: 256, cadence, stride_cm: None, distance_dm: None, running: false };
        let mut bytes = [0; Measurement::MAX_LEN];
        let length = measurement.emit(&mut bytes).ok()?;
        Some((running::MEASUREMENT, bytes.get(..length)?.to_vec()))
    }
}
