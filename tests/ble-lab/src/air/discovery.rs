//! Advertising, scanning, and the moment when an initiator hears the advertiser it looks for.

use std::time::Duration;

use super::{
    commands::Answer,
    core::{Advertising, Controller, ControllerId, Core, Later, Whom},
    hci::{Address, Parameters, Status, event},
};

/// Advertising types that differ from "connectable and scannable, to everybody" (0).
const DIRECTED_FAST: u8 = 1;
const SCANNABLE: u8 = 2;
const DIRECTED: u8 = 4;
/// As the type of a report: an answer to a scan request.
const SCAN_RESPONSE: u8 = 4;

/// 20 ms, the shortest interval of connectable advertising.
const SHORTEST_INTERVAL: u16 = 0x20;

/// The kernel drops reports until it has understood that its scan is on; a duplicate filter then makes
/// that last for seconds. A real scanner needs a moment, too.
const SCAN_BEGINS_AFTER: Duration = Duration::from_millis(30);

impl Controller {
    /// The address under which it appears when the host asks for its own address of this type.
    pub(super) fn address(&self, own: u8) -> Address {
        if own & 1 == 0 { Address::new(0, self.public) } else { Address::new(1, self.random) }
    }
}

impl Core {
    /// What `read` tells of a controller.
    pub(super) fn of<T>(&mut self, id: ControllerId, read: impl FnOnce(&mut Controller) -> T) -> Result<T, Status> {
        self.controllers.get_mut(&id).map(read).ok_or(Status::DISALLOWED)
    }

    pub(super) fn set_random_address(&mut self, id: ControllerId, parameters: &mut Parameters) -> Answer {
        let address = parameters.array()?;
        self.of(id, |controller| controller.random = address)?;
        Ok(vec![])
    }

    pub(super) fn set_advertising_parameters(&mut self, id: ControllerId, parameters: &mut Parameters) -> Answer {
        let (interval, _longest) = (parameters.u16()?, parameters.u16()?);
        let (kind, own, target) = (parameters.u8()?, parameters.u8()?, parameters.address()?);
        self.of(id, |controller| {
            if controller.advertising.on {
                return Err(Status::DISALLOWED);
            }
            controller.advertising = Advertising {
                interval: interval.max(SHORTEST_INTERVAL),
                kind,
                own,
                target: matches!(kind, DIRECTED_FAST | DIRECTED).then_some(target),
                ..std::mem::take(&mut controller.advertising)
            };
            Ok(vec![])
        })?
    }

    pub(super) fn set_advertising_data(&mut self, id: ControllerId, parameters: &mut Parameters) -> Answer {
        let data = parameters.advertising_data()?;
        self.of(id, |controller| controller.advertising.data = data)?;
        Ok(vec![])
    }

    pub(super) fn set_scan_response(&mut self, id: ControllerId, parameters: &mut Parameters) -> Answer {
        let data = parameters.advertising_data()?;
        self.of(id, |controller| controller.advertising.response = data)?;
        Ok(vec![])
    }

    pub(super) fn enable_advertising(&mut self, id: ControllerId, parameters: &mut Parameters) -> Answer {
        let on = parameters.u8()? != 0;
        let generation = self.of(id, |controller| {
            controller.advertising.on = on;
            controller.advertising.generation += 1;
            controller.advertising.generation
        })?;
        if on {
            self.later(Duration::from_millis(1), Later::Advertise(id, generation));
        }
        Ok(vec![])
    }

    pub(super) fn set_scan_parameters(&mut self, id: ControllerId, parameters: &mut Parameters) -> Answer {
        let (active, _interval, _window) = (parameters.u8()? != 0, parameters.u16()?, parameters.u16()?);
        let (_own, filter) = (parameters.u8()?, parameters.u8()?);
        self.of(id, |controller| {
            if controller.scanning.since.is_some() {
                return Err(Status::DISALLOWED);
            }
            controller.scanning.active = active;
            controller.scanning.whom = if filter & 1 == 0 { Whom::Everybody } else { Whom::Accepted };
            Ok(vec![])
        })?
    }

    pub(super) fn enable_scan(&mut self, id: ControllerId, parameters: &mut Parameters) -> Answer {
        let (on, no_duplicates) = (parameters.u8()? != 0, parameters.u8()? != 0);
        let since = on.then_some(self.now + SCAN_BEGINS_AFTER);
        self.of(id, |controller| {
            controller.scanning.since = since;
            controller.scanning.no_duplicates = no_duplicates;
            controller.scanning.heard.clear();
        })?;
        Ok(vec![])
    }

    /// One advertisement, on all channels at once, to everybody within range; then the next is due.
    pub(super) fn advertising_event(&mut self, id: ControllerId, generation: u64) {
        let Some(controller) = self.controllers.get(&id) else { return };
        let advertising = &controller.advertising;
        if !advertising.on || advertising.generation != generation {
            return;
        }
        let (kind, target, rssi) = (advertising.kind, advertising.target, controller.rssi);
        let me = controller.address(advertising.own);
        let (data, response) = (advertising.data.clone(), advertising.response.clone());
        let interval = Duration::from_micros(625) * u32::from(advertising.interval);
        let listeners: Vec<ControllerId> = match controller.away {
            0 => self
                .controllers
                .iter()
                .filter(|(other, state)| **other != id && state.away == 0)
                .map(|(other, _)| *other)
                .collect(),
            _ => vec![],
        };
        // The standard adds up to 10 ms, so that two advertisers do not collide for ever.
        let jitter = Duration::from_micros(self.random.u64(..10_000));
        self.later(interval + jitter, Later::Advertise(id, generation));

        for other in listeners {
            let Some(listener) = self.controllers.get(&other) else { continue };
            if target.is_some_and(|target| target != listener.address(0) && target != listener.address(1)) {
                continue;
            }
            let connectable = matches!(kind, 0 | DIRECTED_FAST | DIRECTED);
            if connectable
                && listener.initiating.is_some_and(|wanted| match wanted.peer {
                    Some(peer) => peer == me,
                    None => listener.accept.contains(&me),
                })
            {
                self.connect(other, id, me);
                return;
            }
            let active = listener.scanning.active;
            self.hear(other, me, kind, &data, rssi);
            if active && matches!(kind, 0 | SCANNABLE) {
                self.hear(other, me, SCAN_RESPONSE, &response, rssi);
            }
        }
    }

    fn hear(&mut self, id: ControllerId, from: Address, kind: u8, data: &[u8], rssi: i8) {
        let Some(controller) = self.controllers.get_mut(&id) else { return };
        let scanning = &mut controller.scanning;
        let hears = scanning.since.is_some_and(|since| since <= self.now);
        if !hears || scanning.whom == Whom::Accepted && !controller.accept.contains(&from) {
            return;
        }
        let before = scanning.heard.insert((from, kind), data.to_vec());
        if scanning.no_duplicates && before.is_some_and(|before| before == data) {
            return;
        }
        let length = u8::try_from(data.len()).expect("31 at most, checked when it was set");
        let report: &[&[u8]] = &[&[event::LE_REPORT, 1, kind], &from.0, &[length], data, &rssi.to_le_bytes()];
        self.say(id, event::LE, report);
    }
}
