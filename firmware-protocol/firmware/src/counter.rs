//! The firmware: counts, keeps, advertises, pairs and answers, for ever.

use core::{
    cell::{Cell, RefCell},
    convert::Infallible,
};

use embassy_futures::select::{Either, Either4, select, select4};
use embassy_time::{Duration, Instant, Timer};
use firmware_protocol::steplog::device::{Device, DeviceConfig, Flash, FlashError};
use heapless::Vec;
use trouble_host::{
    Address, BleHostError, Controller, HostResources, Stack, StackBuilder,
    advertise::{Advertisement, AdvertisementParameters},
    attribute::PermissionLevel,
    prelude::{DefaultPacketPool, IdentityResolvingKey, IoCapabilities, Peripheral},
};

use crate::{
    advertising::Notice,
    bond::{Bond, Bonds, MAX_BONDS},
    gate::{Gate, OPEN_FOR, Rule},
    link::{self, LinkEvent},
    on_air::{self, OnAir},
    parts::{Button, Clock, Face, Happening, Sensor},
    tolerant::Tolerant,
};

/// What the radio stack needs of RAM; lies in a `static` of the firmware (`static_cell`).
pub type Resources = HostResources<DefaultPacketPool, 1, 2, 1, { MAX_BONDS + 1 }>;

type Pool = DefaultPacketPool;

/// How often the advertisement is renewed, so that it tells the truth.
const ADVERTISEMENT_LASTS: Duration = Duration::from_secs(60);
/// Step-log protocol, 17: `record` at least once a minute.
const RECORD_EVERY: Duration = Duration::from_secs(60);
/// Percent below which the battery is said to be low.
const BATTERY_LOW: u8 = 15;

/// What this counter is.
#[derive(Clone, Debug)]
pub struct Config {
    /// Its name on the air, the same for all of its model: no serial number.
    pub name: &'static str,
    /// Who makes it.
    pub maker: &'static str,
    /// Its model.
    pub model: &'static str,
    /// What the step log tells of it.
    pub device: DeviceConfig,
    /// Its static random address, as six bytes from the last printed one: two highest bits of the last byte set.
    pub address: [u8; 6],
    /// The key that its private addresses are made from, random, the same after every reset; `None`: it shows its
    /// static address, as a controller without address resolution has to.
    pub private: Option<u128>,
    /// Time between two advertisements, milliseconds.
    pub advertise_ms: u16,
    /// The passkey, where it is printed on the case instead of being drawn for each pairing.
    pub passkey: Option<u32>,
}

/// What the maker's hardware does.
#[derive(Debug)]
pub struct Hardware<F, K, S, B, D, U> {
    /// The memory for steps.
    pub flash: F,
    /// The clock.
    pub clock: K,
    /// What counts steps.
    pub sensor: S,
    /// The memory for bonds.
    pub bonds: B,
    /// What the wearer sees.
    pub face: D,
    /// What the wearer presses.
    pub button: U,
    /// How long the reset lasted since the last flush, where a clock went on: see `Device::boot`.
    pub off_ms: Option<u32>,
}

/// Why the firmware ended. A product resets.
#[derive(Debug)]
pub enum Stopped<E> {
    /// The memory could not be taken into use.
    Flash(FlashError),
    /// The controller or the stack failed.
    Radio(BleHostError<E>),
    /// The name is too long.
    Name,
}

impl<E> From<BleHostError<E>> for Stopped<E> {
    fn from(error: BleHostError<E>) -> Self {
        Self::Radio(error)
    }
}

/// What the parts of the firmware share; none of it is borrowed while anything waits.
struct Shared<'c, F, K, B, D> {
    config: &'c Config,
    device: RefCell<Device<F>>,
    clock: K,
    battery: Cell<Option<u8>>,
    gate: Gate,
    bonds: RefCell<B>,
    face: RefCell<D>,
}

/// Runs the counter; ends only with a failure.
pub async fn run<C, F, K, S, B, D, U>(
    controller: C,
    resources: &mut Resources,
    config: &Config,
    hardware: Hardware<F, K, S, B, D, U>,
) -> Result<Infallible, Stopped<C::Error>>
where
    C: Controller,
    F: Flash,
    K: Clock,
    S: Sensor,
    B: Bonds,
    D: Face,
    U: Button,
{
    let Hardware { flash, clock, sensor, bonds, face, button, off_ms } = hardware;
    let device = Device::boot(flash, config.device, off_ms).map_err(Stopped::Flash)?;
    let display = face.has_display();
    let shared = Shared {
        config,
        device: RefCell::new(device),
        clock,
        battery: Cell::new(None),
        gate: Gate::new(if display { Rule::Always } else { Rule::AfterButton }),
        bonds: RefCell::new(bonds),
        face: RefCell::new(face),
    };
    let stack = secured(trouble_host::new(Tolerant(controller), resources), config, display).build();
    restore(&stack, &mut *shared.bonds.borrow_mut());
    let table = on_air::table(config.name, guard(display)).map_err(|_| Stopped::Name)?;
    let mut runner = stack.runner();

    // None of the others ends; the stack does when the controller fails.
    let ended = select4(
        runner.run(),
        shared.meet(&stack, &table),
        select(shared.count(sensor), shared.tick()),
        shared.watch(button),
    )
    .await;
    match ended {
        Either4::First(Err(error)) | Either4::Second(Err(error)) => Err(Stopped::Radio(error)),
        _ => Err(Stopped::Radio(BleHostError::BleHost(trouble_host::Error::InvalidState))),
    }
}

fn secured<'r, C: Controller>(
    builder: StackBuilder<'r, C, Pool>,
    config: &Config,
    display: bool,
) -> StackBuilder<'r, C, Pool> {
    let io = if display { IoCapabilities::DisplayOnly } else { IoCapabilities::NoInputNoOutput };
    let builder =
        builder.set_random_address(Address::random(config.address)).set_io_capabilities(io).set_passkey(config.passkey);
    match config.private.and_then(IdentityResolvingKey::new) {
        Some(key) => builder.enable_privacy(key),
        None => builder,
    }
}

/// With a display the passkey proves who pairs; without, that is as good as it gets.
const fn guard(display: bool) -> PermissionLevel {
    if display { PermissionLevel::AuthenticationRequired } else { PermissionLevel::EncryptionRequired }
}

/// Tells the stack the bonds that were kept; damaged ones are passed over.
pub(crate) fn restore<C: Controller, P: trouble_host::PacketPool>(stack: &Stack<'_, C, P>, bonds: &mut impl Bonds) {
    for bond in (0..MAX_BONDS).map_while(|place| bonds.load(place)).filter_map(|bond| bond.known()) {
        // There is room for more of them than are kept.
        stack.add_bond_information(bond).ok();
    }
}

/// Keeps the bonds that the stack has, at most [`MAX_BONDS`]: the host that was bonded first gives way.
pub(crate) fn keep<C: Controller, P: trouble_host::PacketPool>(stack: &Stack<'_, C, P>, bonds: &mut impl Bonds) {
    let oldest = stack
        .with_bond_information(|all| if all.len() > MAX_BONDS { all.first().map(|bond| bond.identity) } else { None });
    if let Some(identity) = oldest {
        // It is there: it was found above.
        stack.remove_bond_information(identity).ok();
    }
    let kept: Vec<Bond, MAX_BONDS> = stack
        .with_bond_information(|all| all.iter().filter(|bond| bond.is_bonded).map(Bond::of).take(MAX_BONDS).collect());
    bonds.save(&kept);
}

impl<F: Flash, K: Clock, B: Bonds, D: Face> Shared<'_, F, K, B, D> {
    /// Records what the sensor tells, also while a host is connected.
    async fn count(&self, mut sensor: impl Sensor) {
        loop {
            let happening = sensor.next().await;
            let now = self.clock.uptime_ms();
            let mut device = self.device.borrow_mut();
            // The device counts the steps also when its memory fails, and tells the host what could not be kept.
            match happening {
                Happening::Steps { count, wear, movement } => device.record(now, count, wear, movement).ok(),
                Happening::Power { percent, charging } => {
                    self.battery.set(percent.map(|percent| percent.min(100)));
                    device.set_power(percent, charging);
                    None
                }
                Happening::PowerFails => device.flush(now).ok(),
            };
        }
    }

    /// Closes epochs while the sensor has nothing to tell.
    async fn tick(&self) {
        loop {
            Timer::after(RECORD_EVERY).await;
            let now = self.clock.uptime_ms();
            self.device.borrow_mut().pass(now).ok();
        }
    }

    /// Lets others pair when the button was pressed, and shows the wearer that and when it is over.
    async fn watch(&self, mut button: impl Button) {
        loop {
            let minute_over = async {
                if self.gate.is_open(Instant::now()) {
                    Timer::after(OPEN_FOR).await;
                }
                self.face.borrow_mut().show_pairing(false);
                core::future::pending::<Infallible>().await
            };
            let Either::First(press) = select(button.pressed(), minute_over).await;
            self.gate.press(press);
            self.face.borrow_mut().show_pairing(true);
        }
    }

    /// Advertises, serves the host that comes, and again.
    async fn meet<C: Controller>(
        &self,
        stack: &Stack<'_, C, Pool>,
        table: &crate::table::Table<'_, Pool, { on_air::ATTRIBUTES }, { on_air::OFFERS }>,
    ) -> Result<(), BleHostError<C::Error>> {
        let served = RefCell::new(OnAir {
            device: &self.device,
            clock: &self.clock,
            config: self.config,
            battery: &self.battery,
        });
        let mut peripheral = stack.peripheral();
        loop {
            let Some(connection) = self.advertise(&mut peripheral).await? else { continue };
            let gatt = connection.with_attribute_server(&table.server)?;
            let stop = core::future::pending();
            link::serve(gatt, table, &served, &self.gate, stop, |event| self.note(stack, &event)).await;
            self.face.borrow_mut().show_passkey(None);
        }
    }

    /// Advertises until a host connects, or for a minute.
    async fn advertise<'s, C: Controller>(
        &self,
        peripheral: &mut Peripheral<'s, C, Pool>,
    ) -> Result<Option<trouble_host::prelude::Connection<'s, Pool>>, BleHostError<C::Error>> {
        let payload = self.notice().payload(self.config.name);
        let interval = Duration::from_millis(self.config.advertise_ms.clamp(20, 10_240).into());
        let parameters =
            AdvertisementParameters { interval_min: interval, interval_max: interval, ..Default::default() };
        let advertisement =
            Advertisement::ConnectableScannableUndirected { adv_data: &payload.said, scan_data: &payload.answered };
        let advertiser = peripheral.advertise(&parameters, advertisement).await?;
        match select(advertiser.accept(), Timer::after(ADVERTISEMENT_LASTS)).await {
            Either::First(connection) => Ok(connection.ok()),
            Either::Second(()) => Ok(None),
        }
    }

    fn notice(&self) -> Notice {
        let device = self.device.borrow();
        Notice {
            unsynced: device.next_seq() > device.acked_by_any(),
            clock_unset: !device.clock_is_set(),
            battery_low: self.battery.get().is_some_and(|percent| percent < BATTERY_LOW),
        }
    }

    fn note<C: Controller>(&self, stack: &Stack<'_, C, Pool>, event: &LinkEvent) {
        match event {
            LinkEvent::PassKey(digits) => self.face.borrow_mut().show_passkey(Some(*digits)),
            LinkEvent::Paired(bond) => {
                self.face.borrow_mut().show_passkey(None);
                if bond.is_some() {
                    keep(stack, &mut *self.bonds.borrow_mut());
                    self.gate.close();
                    self.face.borrow_mut().show_pairing(false);
                }
            }
            LinkEvent::NotPaired => self.face.borrow_mut().show_passkey(None),
            LinkEvent::Encrypted(_) | LinkEvent::Gone(_) => {}
        }
    }
}
