//! Sections 2, 5, 6 and 8: what can be read, and whether it agrees with itself.

use firmware_protocol::{
    cursor::ReadCursor,
    reading::DeviceId,
    steplog::{
        self, MAJOR,
        feature::{self, Feature},
        state::{LIVE_LEN, Live, STATE_LEN},
        time::{BOOT_LINK_LEN, BootLinkEntry, KEPT},
        uuid,
    },
};

use super::bench::{Bench, Problem, Seen, fails, not_here};
use crate::{
    model::hex,
    radio::{Link as _, Radio, RadioError},
};

/// An attribute value is never longer (Bluetooth Core Specification, Vol 3, Part F, 3.2.9).
const MAX_VALUE: usize = 512;

/// 2.5
pub async fn advertisement<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    let heard = bench.link().await?.heard().advertisement.clone();
    if steplog::recognise(&heard.services) {
        Ok(format!("{} services advertised, the step log among them", heard.services.len()))
    } else {
        fails("the service is not in the advertisement")
    }
}

/// 2.1
pub async fn characteristics<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    for (name, uuid) in [("Feature", uuid::FEATURE), ("State", uuid::STATE), ("Time", uuid::TIME)] {
        match bench.read(uuid).await {
            Ok(_) => {}
            Err(Problem::Radio(RadioError::NoSuchCharacteristic(_))) => return fails(format!("{name} is missing")),
            Err(Problem::Radio(RadioError::Refused { code })) => {
                return fails(format!("{name} cannot be read: ATT error {code:#04x}"));
            }
            Err(other) => return Err(other),
        }
    }
    for (name, uuid) in [("Control point", uuid::CONTROL), ("Data", uuid::DATA), ("Time", uuid::TIME)] {
        match bench.subscribe(uuid).await {
            Ok(()) => {}
            Err(Problem::Radio(RadioError::NoSuchCharacteristic(_) | RadioError::Refused { .. })) => {
                return fails(format!("{name} cannot be subscribed to"));
            }
            Err(other) => return Err(other),
        }
    }
    for (name, uuid) in [("Control point", uuid::CONTROL), ("Data", uuid::DATA)] {
        match bench.read(uuid).await {
            Ok(value) => return fails(format!("{name} can be read: {}", hex(&value))),
            Err(Problem::Radio(RadioError::Refused { .. } | RadioError::Platform(_))) => {}
            Err(other) => return Err(other),
        }
    }
    Ok("Feature, State, Time, Control point, Data".to_owned())
}

/// 2.2
pub async fn encryption<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    if bench.link().await?.heard().paired {
        return not_here("the connection is paired; undo the pairing on this computer, then test again");
    }
    match bench.read(uuid::STATE).await {
        Ok(_) => fails("State was read over a connection that is not paired"),
        Err(Problem::Radio(RadioError::Refused { code })) => Ok(format!("refused with ATT error {code:#04x}")),
        Err(other) => Err(other),
    }
}

/// 2.3
pub async fn lengths<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    let one_packet = usize::from(bench.link().await?.mtu()) - 1;
    let mut longest = 0;
    for (name, uuid, unit) in
        [("Feature", uuid::FEATURE, 1), ("Time", uuid::TIME, 24), ("Boot links", uuid::BOOT_LINKS, 20)]
    {
        let value = match bench.read(uuid).await {
            Ok(value) => value,
            Err(Problem::Radio(RadioError::NoSuchCharacteristic(_))) => continue,
            Err(other) => return Err(other),
        };
        if value.len() > MAX_VALUE {
            return fails(format!("{name} has {} bytes", value.len()));
        }
        if value.len() == one_packet && !value.len().is_multiple_of(unit) {
            return fails(format!("{name} ends where one packet ends, in the middle of an entry"));
        }
        longest = longest.max(value.len());
    }
    if longest > one_packet {
        Ok(format!("a value of {longest} bytes, over packets of {one_packet}"))
    } else {
        not_here(format!("no value is longer than one packet: {longest} of {one_packet} bytes"))
    }
}

/// 5.1
pub async fn feature<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    let value = bench.read(uuid::FEATURE).await?;
    match Feature::parse(&value) {
        Ok(feature) if feature.device == DeviceId([0; 8]) => fails("the identity (tag 3) is eight zeros"),
        Ok(feature) => {
            let order = if value.first() == Some(&1) { "" } else { "; tag 1 should come first" };
            Ok(format!("counter {}, firmware {:?}{order}", feature.device, feature.firmware))
        }
        Err(error) => fails(format!("{error:?} in {}", hex(&value))),
    }
}

/// 5.2
pub async fn version<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    let value = bench.read(uuid::FEATURE).await?;
    match feature::version(&value) {
        Ok((MAJOR, minor)) => Ok(format!("version {MAJOR}.{minor}")),
        Ok((major, minor)) => fails(format!("version {major}.{minor}; this page is about version {MAJOR}")),
        Err(_) => not_here("no version can be found in the Feature value"),
    }
}

/// A State value, field by field: nothing in it is believed.
pub struct RawState {
    pub boot: u16,
    pub uptime_s: u32,
    pub oldest: u32,
    pub next: u32,
    pub acked: u32,
    pub lost: u32,
    pub battery: u8,
    pub flags: u8,
}

/// Reads it.
pub async fn raw_state<R: Radio>(bench: &mut Bench<'_, R>) -> Result<RawState, Problem> {
    let value = bench.read(uuid::STATE).await?;
    let mut cursor = ReadCursor::new(&value);
    let fields = (|| {
        let state = RawState {
            boot: cursor.u16()?,
            uptime_s: cursor.u32()?,
            oldest: cursor.u32()?,
            next: cursor.u32()?,
            acked: cursor.u32()?,
            lost: cursor.u32()?,
            battery: cursor.u8()?,
            flags: cursor.u8()?,
        };
        cursor.end().map(|()| state)
    })();
    fields.or_else(|_| fails(format!("State has {} bytes, not {STATE_LEN}", value.len())))
}

/// 6.1
pub async fn state<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    bench.reconnect().await?;
    let before = raw_state(bench).await?;
    if before.acked != 0 {
        return fails(format!("before HELLO it says that {} is acknowledged", before.acked));
    }
    let hello = bench.hello().await?;
    let state = raw_state(bench).await?;
    let RawState { boot, uptime_s, oldest, next, acked, battery, .. } = state;
    if oldest > next {
        return fails(format!("the oldest number {oldest} is above the next one {next}"));
    }
    if acked > next {
        return fails(format!("acknowledged is {acked}, and the next number {next}"));
    }
    if acked != hello.value {
        return fails(format!("acknowledged is {acked}, and HELLO was answered with {}", hello.value));
    }
    if battery > 100 && battery != 255 {
        return fails(format!("the battery is at {battery} percent"));
    }
    if boot == 0 {
        return fails("boots are counted from 1 (3.3)");
    }
    if uptime_s < before.uptime_s && boot == before.boot {
        return fails(format!("uptime went from {} to {uptime_s} s", before.uptime_s));
    }
    Ok(format!("boot {boot}, numbers {oldest} to {next}, acknowledged {acked}"))
}

/// 6.2
pub async fn flags<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    let state = raw_state(bench).await?;
    let (flags, lost) = (state.flags, state.lost);
    if flags & !0x1F != 0 {
        return fails(format!("reserved flags are set: {flags:#04x}"));
    }
    if (flags & 0x04 != 0) != (lost > 0) {
        return fails(format!("{lost} epochs are lost, and the flag overrun says otherwise"));
    }
    Ok(format!("{flags:#04x}, {lost} lost"))
}

/// 6.4
pub async fn live<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    if !bench.has(feature::LIVE).await? {
        return not_here("the counter does not offer Live");
    }
    let value = match bench.read(uuid::LIVE).await {
        Err(Problem::Radio(RadioError::NoSuchCharacteristic(_))) => {
            return fails("the feature bit is set, and there is no such characteristic");
        }
        value => value?,
    };
    match Live::parse(&value) {
        Ok(live) => Ok(format!("{} steps since the boot {} s ago", live.steps, live.uptime_s)),
        Err(_) => fails(format!("{} is not a Live value of {LIVE_LEN} bytes", hex(&value))),
    }
}

/// 8.2
pub async fn boot_links<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    if !bench.has(feature::BOOT_LINKS).await? {
        return not_here("the counter does not offer boot links");
    }
    let value = bench.read(uuid::BOOT_LINKS).await?;
    let entries: Vec<_> = value.chunks(BOOT_LINK_LEN).collect();
    if entries.len() > KEPT {
        return fails(format!("{} links; the last {KEPT} are kept", entries.len()));
    }
    let mut last = 0;
    for entry in &entries {
        match BootLinkEntry::parse(entry) {
            Ok(link) if link.link.boot > last => last = link.link.boot,
            Ok(link) => return fails(format!("the link of boot {} stands after that of boot {last}", link.link.boot)),
            Err(error) => return fails(format!("{error:?} in {}", hex(entry))),
        }
    }
    if entries.is_empty() {
        not_here("no link is kept yet: let the counter restart")
    } else {
        Ok(format!("{} links", entries.len()))
    }
}
