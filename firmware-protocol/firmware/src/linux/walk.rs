//! Steps without a body: minutes read from a file and lived through at once, then a walk at a steady pace.

use alloc::{collections::VecDeque, rc::Rc, string::String};
use core::cell::Cell;
use std::vec::Vec;

use embassy_time::{Duration, Instant, Timer};
use firmware_protocol::{device::LifeMinute, reading::Wear};

use crate::parts::{Clock, Happening, Sensor};

/// Milliseconds in a minute.
const MINUTE_MS: u64 = 60_000;
/// When in its minute a lived minute is told: before its end.
const TOLD_AT_MS: u64 = 59_000;

/// A clock that runs through the past first.
#[derive(Clone, Debug)]
pub struct WalkClock {
    /// Uptime of the minute that is lived through; `None`: it is now.
    past_ms: Rc<Cell<Option<u64>>>,
    /// Uptime when the program started.
    at_start_ms: u64,
}

/// Steps of a life, then of a walk.
#[derive(Debug)]
pub struct Walk {
    past_ms: Rc<Cell<Option<u64>>>,
    first: i64,
    rest: VecDeque<LifeMinute>,
    steps_per_minute: u16,
    /// The walk so far.
    steps: u64,
    since: Option<Instant>,
    battery: Option<u8>,
}

/// A life starts with its first minute; its last ends before now. Both share one clock.
pub fn walk(life: Vec<LifeMinute>, now_ms: i64, steps_per_minute: u16, battery: u8) -> (WalkClock, Walk) {
    let first = life.first().map_or(0, |minute| minute.at);
    let at_start_ms = if life.is_empty() { 0 } else { u64::try_from(now_ms - first * 60_000).unwrap_or(0) };
    let past_ms = Rc::new(Cell::new((!life.is_empty()).then_some(0)));
    let rest: VecDeque<_> = life.into_iter().filter(|minute| (minute.at + 1) * 60_000 <= now_ms).collect();
    let clock = WalkClock { past_ms: past_ms.clone(), at_start_ms };
    let walk = Walk { past_ms, first, rest, steps_per_minute, steps: 0, since: None, battery: Some(battery) };
    (clock, walk)
}

impl Clock for WalkClock {
    fn uptime_ms(&self) -> u64 {
        self.past_ms.get().unwrap_or_else(|| self.at_start_ms + Instant::now().as_millis())
    }
}

impl Sensor for Walk {
    async fn next(&mut self) -> Happening {
        if let Some(percent) = self.battery.take() {
            return Happening::Power { percent: Some(percent), charging: false };
        }
        if let Some(minute) = self.rest.pop_front() {
            let minutes = u64::try_from(minute.at - self.first).unwrap_or(0);
            self.past_ms.set(Some(minutes * MINUTE_MS + TOLD_AT_MS));
            return Happening::Steps { count: minute.steps, wear: minute.wear, movement: 0 };
        }
        let start = *self.since.get_or_insert_with(Instant::now);
        if self.past_ms.take().is_some() {
            return Happening::Steps { count: 0, wear: Wear::Worn, movement: 0 };
        }
        if self.steps_per_minute == 0 {
            Timer::after_secs(30).await;
            return Happening::Steps { count: 0, wear: Wear::Worn, movement: 0 };
        }
        self.steps += 1;
        Timer::at(start + Duration::from_micros(self.steps * 60_000_000 / u64::from(self.steps_per_minute))).await;
        Happening::Steps { count: 1, wear: Wear::Worn, movement: 0 }
    }
}

/// Reads lines `unix minute,steps,worn`; worn is `worn`, `not-worn`, `charging` or `unknown`. Lines that begin with a
/// letter or `#` are passed over.
///
/// # Errors
/// Says which line cannot be read.
pub fn read_life(text: &str) -> Result<Vec<LifeMinute>, String> {
    let mut minutes: Vec<LifeMinute> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') || line.starts_with(char::is_alphabetic) {
            continue;
        }
        let minute = life_minute(line).ok_or_else(|| std::format!("line {number} is no minute: {line}"))?;
        if minutes.last().is_some_and(|last| last.at >= minute.at) {
            return Err(std::format!("line {number} is not later than the line before it"));
        }
        minutes.push(minute);
    }
    Ok(minutes)
}

fn life_minute(line: &str) -> Option<LifeMinute> {
    let mut fields = line.split(',').map(str::trim);
    let (at, steps, worn) = (fields.next()?, fields.next()?, fields.next().unwrap_or("worn"));
    let wear = match worn {
        "worn" | "1" | "true" => Wear::Worn,
        "not-worn" | "0" | "false" => Wear::NotWorn,
        "charging" => Wear::Charging,
        "unknown" => Wear::Unknown,
        _ => return None,
    };
    Some(LifeMinute { at: at.parse().ok()?, steps: steps.parse().ok()?, wear })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_read_line_by_line() {
        let life = read_life("minute,steps,worn\n29000000,110,worn\n29000002, 0, not-worn\n");

        let minute = |at, steps, wear| LifeMinute { at, steps, wear };
        assert_eq!(life, Ok([minute(29_000_000, 110, Wear::Worn), minute(29_000_002, 0, Wear::NotWorn)].into()));
    }

    #[test]
    fn a_line_that_is_no_minute_is_named() {
        assert_eq!(read_life("1,2,worn\n3,many"), Err("line 2 is no minute: 3,many".into()));
        assert_eq!(read_life("2,2,worn\n2,2,worn"), Err("line 2 is not later than the line before it".into()));
    }
}
