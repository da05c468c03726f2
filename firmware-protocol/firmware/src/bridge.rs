//! Any emulated peripheral on a Bluetooth controller: what `firmware-protocol` plays back becomes something that a
//! host can find, pair with, read and write, with faults on demand.
//!
//! [`serve`] runs on the caller's task; [`start`] gives a peripheral a thread of its own, because the radio stack
//! stays on the thread that it was made on.

mod faults;
mod heap_pool;
mod on_air;
mod thread;

use alloc::{string::String, sync::Arc, vec::Vec};
use core::cell::RefCell;
use std::sync::Mutex;

use embassy_futures::select::{Either, Either3, select, select3};
use embassy_time::Duration;
use firmware_protocol::device::Peripheral;
use trouble_host::{
    Address, BleHostError, Controller, HostResources, Stack,
    advertise::{Advertisement as Advertise, AdvertisementParameters},
    attribute::PermissionLevel,
    prelude::IoCapabilities,
};

use crate::{
    advertising::Payload,
    bond::{Bond, Bonds, MAX_BONDS},
    counter::{keep, restore},
    gate::{Gate, Rule},
    link::{self, LinkEvent},
    table::DoesNotFit,
    tolerant::Tolerant,
};
pub use faults::Faults;
use heap_pool::HeapPool;
use on_air::{AnyTable, OnAir, lock, payload};
pub use thread::{Bridge, BridgeError, Where, start};

/// A peripheral that its driver, its test and the bridge share.
pub type SharedPeripheral = Arc<Mutex<dyn Peripheral + Send>>;

/// Time between two advertisements.
const ADVERTISE_EVERY: Duration = Duration::from_millis(100);

/// How a peripheral appears.
#[derive(Clone, Debug)]
pub struct Options {
    /// Its static random address, last printed byte first.
    pub address: [u8; 6],
    /// Name in its GAP service, at most 22 bytes; `None`: the advertised one, cut.
    pub name: Option<String>,
    /// How it pairs.
    pub pairing: Pairing,
    /// The largest ATT MTU that it agrees to.
    pub mtu: Mtu,
    /// Bonds that it has from the start.
    pub bonds: Vec<Bond>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            address: [1, 0, 0, 0, 0x5E, 0xF2],
            name: None,
            pairing: Pairing::JustWorks,
            mtu: Mtu::Att247,
            bonds: Vec::new(),
        }
    }
}

/// How a peripheral pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairing {
    /// Without any proof.
    JustWorks,
    /// It shows a passkey: this one, or a new one each time. Its guarded characteristics want it to have been typed.
    Passkey(Option<u32>),
}

/// The ATT MTUs that a test may want. They are types in the radio stack, therefore not any number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mtu {
    /// The least there is.
    Att23,
    /// As some bands offer.
    Att64,
    /// As phones of one maker ask for.
    Att185,
    /// One link-layer packet.
    Att247,
    /// The most there is.
    Att517,
}

/// What happens to a served peripheral.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// It can be found.
    Advertising,
    /// A host connected.
    Connected,
    /// It shows these digits.
    Passkey(u32),
    /// A host paired; these are its bonds now.
    Paired(Vec<Bond>),
    /// A pairing came to nothing, or was not to last.
    NotPaired,
    /// The link is encrypted with keys that were there before.
    Encrypted,
    /// The host is gone, with this HCI reason.
    Disconnected(u8),
}

/// Why serving ended.
#[derive(Debug)]
pub enum Stopped<E> {
    /// The controller or the stack failed.
    Radio(BleHostError<E>),
    /// It offers more than fits, or its name does not.
    DoesNotFit,
}

impl<E> From<DoesNotFit> for Stopped<E> {
    fn from(_: DoesNotFit) -> Self {
        Self::DoesNotFit
    }
}

impl<E> From<BleHostError<E>> for Stopped<E> {
    fn from(error: BleHostError<E>) -> Self {
        Self::Radio(error)
    }
}

/// Puts a peripheral on the air until the controller fails or the future is dropped.
///
/// `now` is true UTC in milliseconds, `events` is told what happens; it must not wait.
///
/// # Errors
/// When the controller fails, or the peripheral offers too much.
pub async fn serve<C: Controller>(
    controller: C,
    peripheral: SharedPeripheral,
    options: &Options,
    now: impl Fn() -> i64,
    faults: &Faults,
    events: impl FnMut(Event),
) -> Result<(), Stopped<C::Error>> {
    let parts = Parts { peripheral, options, now, faults, events: RefCell::new(events) };
    match options.mtu {
        Mtu::Att23 => parts.serve::<C, 23>(controller).await,
        Mtu::Att64 => parts.serve::<C, 64>(controller).await,
        Mtu::Att185 => parts.serve::<C, 185>(controller).await,
        Mtu::Att247 => parts.serve::<C, 247>(controller).await,
        Mtu::Att517 => parts.serve::<C, 517>(controller).await,
    }
}

struct Parts<'p, N, E> {
    peripheral: SharedPeripheral,
    options: &'p Options,
    now: N,
    faults: &'p Faults,
    events: RefCell<E>,
}

impl<N: Fn() -> i64, E: FnMut(Event)> Parts<'_, N, E> {
    async fn serve<C: Controller, const MTU: usize>(&self, controller: C) -> Result<(), Stopped<C::Error>> {
        let (advertisement, services) = {
            let peripheral = lock(&self.peripheral);
            (peripheral.advertisement(), peripheral.services())
        };
        let (io, passkey, guard) = match self.options.pairing {
            Pairing::JustWorks => (IoCapabilities::NoInputNoOutput, None, PermissionLevel::EncryptionRequired),
            Pairing::Passkey(digits) => (IoCapabilities::DisplayOnly, digits, PermissionLevel::AuthenticationRequired),
        };
        let name = self.options.name.as_deref().or(advertisement.name.as_deref()).unwrap_or("");
        let table = on_air::table::<HeapPool<MTU>>(name, &services, guard)?;
        let mut resources = HostResources::<HeapPool<MTU>, 1, 2, 1, { MAX_BONDS + 1 }>::new();
        let stack = trouble_host::new(Tolerant(controller), &mut resources)
            .set_random_address(Address::random(self.options.address))
            .set_io_capabilities(io)
            .set_passkey(passkey)
            .build();
        let bonds = RefCell::new(Remembered(self.options.bonds.clone()));
        restore(&stack, &mut *bonds.borrow_mut());
        let mut runner = stack.runner();

        let said = payload(&advertisement);
        let meeting = self.meet(&stack, &table, &said, &bonds);
        match select(runner.run(), meeting).await {
            Either::First(result) => Ok(result?),
            Either::Second(result) => result,
        }
    }

    /// Advertises, serves who comes, and again.
    async fn meet<C: Controller, const MTU: usize>(
        &self,
        stack: &Stack<'_, C, HeapPool<MTU>>,
        table: &AnyTable<'_, HeapPool<MTU>>,
        payload: &Payload,
        bonds: &RefCell<Remembered>,
    ) -> Result<(), Stopped<C::Error>> {
        let served = RefCell::new(OnAir { peripheral: &self.peripheral, now: &self.now, faults: self.faults, table });
        let parameters = AdvertisementParameters {
            interval_min: ADVERTISE_EVERY,
            interval_max: ADVERTISE_EVERY,
            ..AdvertisementParameters::default()
        };
        let gate = Gate::new(Rule::NoRule);
        let mut role = stack.peripheral();
        loop {
            if self.faults.take_forget() {
                forget(stack, bonds);
            }
            self.faults.audible().await;
            let said =
                Advertise::ConnectableScannableUndirected { adv_data: &payload.said, scan_data: &payload.answered };
            let advertiser = role.advertise(&parameters, said).await?;
            self.tell(Event::Advertising);
            let accepted = select3(advertiser.accept(), self.faults.silent(), self.faults.forgetting()).await;
            let Either3::First(Ok(connection)) = accepted else { continue };
            self.faults.forget_hang_up();
            let host = connection.with_attribute_server(&table.server).map_err(BleHostError::BleHost)?;
            self.tell(Event::Connected);
            link::serve(host, table, &served, &gate, self.faults.hang_up(), |event| self.note(stack, bonds, &event))
                .await;
        }
    }

    fn note<C: Controller, const MTU: usize>(
        &self,
        stack: &Stack<'_, C, HeapPool<MTU>>,
        bonds: &RefCell<Remembered>,
        event: &LinkEvent,
    ) {
        match event {
            LinkEvent::PassKey(digits) => self.tell(Event::Passkey(*digits)),
            LinkEvent::Paired(Some(_)) => {
                keep(stack, &mut *bonds.borrow_mut());
                let now = bonds.borrow().0.clone();
                self.tell(Event::Paired(now));
            }
            LinkEvent::Paired(None) | LinkEvent::NotPaired => self.tell(Event::NotPaired),
            LinkEvent::Encrypted(true) => self.tell(Event::Encrypted),
            // The pairing that it belongs to is told when it is complete.
            LinkEvent::Encrypted(false) => {}
            LinkEvent::Gone(reason) => self.tell(Event::Disconnected(*reason)),
        }
    }

    fn tell(&self, event: Event) {
        (self.events.borrow_mut())(event);
    }
}

/// Bonds of a peripheral that is a program.
struct Remembered(Vec<Bond>);

impl Bonds for Remembered {
    fn load(&mut self, place: usize) -> Option<Bond> {
        self.0.get(place).copied()
    }

    fn save(&mut self, bonds: &[Bond]) {
        self.0 = bonds.to_vec();
    }
}

fn forget<C: Controller, const MTU: usize>(stack: &Stack<'_, C, HeapPool<MTU>>, bonds: &RefCell<Remembered>) {
    let known = stack.with_bond_information(|all| all.iter().map(|bond| bond.identity).collect::<Vec<_>>());
    for identity in known {
        // It is there: it was found above.
        stack.remove_bond_information(identity).ok();
    }
    bonds.borrow_mut().save(&[]);
}
