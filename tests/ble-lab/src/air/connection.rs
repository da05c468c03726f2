//! Connections: how they begin, change and end, and their encryption. Keys are compared; nothing is
//! ciphered, because nobody else listens.

use std::time::Duration;

use super::{
    commands::{Answer, LE_FEATURES, LONGEST_DATA, VERSION},
    core::{ControllerId, Core, Initiating, Later},
    hci::{Address, Parameters, Status, event},
    link::{End, Link, LinkId, Side, Timing},
};

/// A connection is established when the first data are exchanged within this many intervals.
const ESTABLISHED_WITHIN: u32 = 6;

impl Core {
    pub(super) fn create_connection(&mut self, id: ControllerId, parameters: &mut Parameters) -> Answer {
        let (_scan_interval, _scan_window) = (parameters.u16()?, parameters.u16()?);
        let (by_accept_list, peer, own) = (parameters.u8()? != 0, parameters.address()?, parameters.u8()?);
        let timing = timing(parameters)?;
        self.of(id, |controller| {
            if controller.initiating.is_some() {
                return Err(Status::DISALLOWED);
            }
            let peer = if by_accept_list { None } else { Some(peer) };
            controller.initiating = Some(Initiating { peer, own, timing });
            Ok(vec![])
        })?
    }

    pub(super) fn cancel_connection(&mut self, id: ControllerId, _: &mut Parameters) -> Answer {
        if self.of(id, |controller| controller.initiating.take())?.is_none() {
            return Err(Status::DISALLOWED);
        }
        self.say(id, event::LE, &[&[event::LE_CONNECTED, Status::UNKNOWN_CONNECTION.0], &[0; 17]]);
        Ok(vec![])
    }

    /// The initiator `central` has heard the advertiser `peripheral` under the address `heard`.
    pub(super) fn connect(&mut self, central: ControllerId, peripheral: ControllerId, heard: Address) {
        let Ok(Some(Initiating { own, timing, .. })) = self.of(central, |controller| controller.initiating.take())
        else {
            return;
        };
        let Ok(central_address) = self.of(central, |controller| controller.address(own)) else { return };
        let refused = self.of(peripheral, |controller| {
            controller.advertising.on = false;
            let refused = controller.refuse > 0;
            controller.refuse = controller.refuse.saturating_sub(1);
            refused
        });
        let (Ok(at_central), Ok(at_peripheral)) = (self.free_handle(central), self.free_handle(peripheral)) else {
            return;
        };
        let link = self.add_link(Link {
            central: End::new(central, at_central),
            peripheral: End::new(peripheral, at_peripheral),
            timing,
            encrypted: false,
            wanted_key: None,
        });
        for (id, handle, role, peer) in
            [(central, at_central, 0, heard), (peripheral, at_peripheral, 1, central_address)]
        {
            self.say(
                id,
                event::LE,
                &[&[event::LE_CONNECTED, Status::OK.0], &handle.to_le_bytes(), &[role], &peer.0, &timing.bytes(), &[0]],
            );
        }
        if refused == Ok(true) {
            self.later(timing.interval() * ESTABLISHED_WITHIN, Later::Drop(link, Status::NOT_ESTABLISHED));
        }
    }

    pub(super) fn disconnect(&mut self, id: ControllerId, parameters: &mut Parameters) -> Answer {
        let (link, side) = self.link_at(id, parameters.u16()?)?;
        let reason = Status(parameters.u8()?);
        let silent = self.is_silent(link);
        let timeout = self.links.get(&link).map_or(Duration::ZERO, |link| link.timing.timeout());
        self.close(link, side, Status::LOCAL_HOST);
        if silent {
            self.later(timeout, Later::Close(link, side.other(), Status::TIMEOUT));
        } else {
            self.close(link, side.other(), reason);
        }
        Ok(vec![])
    }

    pub(super) fn update_connection(&mut self, id: ControllerId, parameters: &mut Parameters) -> Answer {
        let (link, side) = self.link_at(id, parameters.u16()?)?;
        let timing = timing(parameters)?;
        if side == Side::Peripheral {
            // It would need the link layer's connection parameter request; hosts use L2CAP's instead.
            return Err(Status::UNSUPPORTED_BY_PEER);
        }
        if let Some(state) = self.links.get_mut(&link) {
            state.timing = timing;
        }
        self.say_both(link, event::LE, &[event::LE_UPDATED, 0], &timing.bytes());
        Ok(vec![])
    }

    pub(super) fn set_data_length(&mut self, id: ControllerId, parameters: &mut Parameters) -> Answer {
        let handle = parameters.u16()?;
        let (link, _) = self.link_at(id, handle)?;
        self.say_both(link, event::LE, &[event::LE_DATA_LENGTH], &LONGEST_DATA);
        Ok(handle.to_le_bytes().to_vec())
    }

    pub(super) fn read_remote_features(&mut self, id: ControllerId, parameters: &mut Parameters) -> Answer {
        let handle = parameters.u16()?;
        self.link_at(id, handle)?;
        self.say(id, event::LE, &[&[event::LE_REMOTE_FEATURES, 0], &handle.to_le_bytes(), &LE_FEATURES]);
        Ok(vec![])
    }

    pub(super) fn read_remote_version(&mut self, id: ControllerId, parameters: &mut Parameters) -> Answer {
        let handle = parameters.u16()?;
        self.link_at(id, handle)?;
        self.say(id, event::REMOTE_VERSION, &[&[0], &handle.to_le_bytes(), &[VERSION, 0xFF, 0xFF, 0, 0]]);
        Ok(vec![])
    }

    pub(super) fn read_rssi(&mut self, id: ControllerId, parameters: &mut Parameters) -> Answer {
        let [low, high] = parameters.array()?;
        let (link, side) = self.link_at(id, u16::from_le_bytes([low, high]))?;
        let peer = self.links.get(&link).ok_or(Status::UNKNOWN_CONNECTION)?.end(side.other()).controller;
        let [rssi] = self.of(peer, |controller| controller.rssi)?.to_le_bytes();
        Ok(vec![low, high, rssi])
    }

    pub(super) fn enable_encryption(&mut self, id: ControllerId, parameters: &mut Parameters) -> Answer {
        let (link, side) = self.link_at(id, parameters.u16()?)?;
        let random_and_diversifier: [u8; 10] = parameters.array()?;
        let key = parameters.array()?;
        let state = self.links.get_mut(&link).ok_or(Status::UNKNOWN_CONNECTION)?;
        if side == Side::Peripheral || state.wanted_key.is_some() {
            return Err(Status::DISALLOWED);
        }
        state.wanted_key = Some(key);
        let (peer, handle) = (state.peripheral.controller, state.peripheral.handle);
        if state.peripheral.open {
            self.say(peer, event::LE, &[&[event::LE_KEY_REQUEST], &handle.to_le_bytes(), &random_and_diversifier]);
        }
        Ok(vec![])
    }

    /// The peripheral's host has a key for the encryption that the central asked for, or none.
    pub(super) fn answer_key_request(&mut self, id: ControllerId, handle: u16, key: Option<[u8; 16]>) -> Answer {
        let (link, side) = self.link_at(id, handle)?;
        let state = self.links.get_mut(&link).ok_or(Status::UNKNOWN_CONNECTION)?;
        if side == Side::Central {
            return Err(Status::DISALLOWED);
        }
        let wanted = state.wanted_key.take().ok_or(Status::DISALLOWED)?;
        let was_encrypted = state.encrypted;
        let (central, at_central) = (state.central.controller, state.central.handle.to_le_bytes());
        match key {
            Some(key) if key == wanted => {
                state.encrypted = true;
                if was_encrypted {
                    self.say_both(link, event::KEY_REFRESH, &[0], &[]);
                } else {
                    self.say_both(link, event::ENCRYPTION_CHANGE, &[0], &[1]);
                }
            }
            Some(_) => self.drop_link(link, Status::MIC_FAILURE),
            // A link that was encrypted may not go on without (volume 6, part B, 5.1.3.1).
            None if was_encrypted => self.drop_link(link, Status::KEY_MISSING),
            None => self.say(central, event::ENCRYPTION_CHANGE, &[&[Status::KEY_MISSING.0], &at_central, &[0]]),
        }
        Ok(handle.to_le_bytes().to_vec())
    }

    fn link_at(&self, id: ControllerId, handle: u16) -> Result<(LinkId, Side), Status> {
        let controller = self.controllers.get(&id).ok_or(Status::UNKNOWN_CONNECTION)?;
        controller.handles.get(&(handle & 0x0FFF)).copied().ok_or(Status::UNKNOWN_CONNECTION)
    }

    /// The next handle that is not in use; one that was is not given again at once.
    fn free_handle(&mut self, id: ControllerId) -> Result<u16, Status> {
        self.of(id, |controller| {
            loop {
                let handle = controller.next_handle;
                controller.next_handle = if handle >= 0x0EFF { 0x40 } else { handle + 1 };
                if !controller.handles.contains_key(&handle) {
                    return handle;
                }
            }
        })
    }

    /// The same event at both ends: what stands before the handle, and what after it.
    fn say_both(&mut self, link: LinkId, code: u8, before: &[u8], after: &[u8]) {
        for side in Side::BOTH {
            let Some(state) = self.links.get(&link) else { return };
            let (id, handle, open) = (state.end(side).controller, state.end(side).handle, state.end(side).open);
            if open {
                self.say(id, code, &[before, &handle.to_le_bytes(), after]);
            }
        }
    }
}

/// Shortest and longest interval, latency, supervision timeout; the shortest interval is taken.
fn timing(parameters: &mut Parameters) -> Result<Timing, Status> {
    let (interval, longest) = (parameters.u16()?, parameters.u16()?);
    let timing = Timing { interval, latency: parameters.u16()?, timeout: parameters.u16()? };
    let valid = (6..=3200).contains(&interval)
        && (interval..=3200).contains(&longest)
        && timing.latency <= 499
        && (10..=3200).contains(&timing.timeout);
    if valid { Ok(timing) } else { Err(Status::INVALID_PARAMETERS) }
}
