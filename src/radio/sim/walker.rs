//! A simulated walker: minutes as a person of about sixty might make them. Made up by a seeded
//! random source, for trying the program out; no real person's data.
//!
//! About 6,000 steps a day: errands all day long, a short walk on some mornings, on most days a brisk
//! walk at a quarter to five, nights without steps, the band on its charger on Sunday mornings and
//! now and then forgotten for a day.

use firmware_protocol::reading::Wear;

use crate::time::Calendar;

/// One minute of a script that a simulated counter lives through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScriptMinute {
    /// Minutes since 1970-01-01T00:00Z.
    pub at: i64,
    /// Steps taken in it.
    pub steps: u32,
    /// What a counter with a wear sensor would notice.
    pub wear: Wear,
}

/// The wall-clock minute of the day at which the brisk walk begins.
pub const WALK_BEGINS: i64 = 16 * 60 + 45;

/// Minutes `[from, to)` of the person with this seed. Each day depends on the seed and its date
/// alone, so that any stretch of it can be made at any time.
pub fn script(seed: u64, calendar: &Calendar, from: i64, to: i64) -> Vec<ScriptMinute> {
    let mut minutes = Vec::new();
    let mut day = calendar.day_at(from * 60);
    while day.first_minute() < to {
        let number = u64::try_from(day.first_minute().div_euclid(1440)).unwrap_or(0);
        let mut random = fastrand::Rng::with_seed(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let plan = Day::plan(&mut random, day.weekday());
        for at in day.first_minute().max(from)..day.end_minute().min(to) {
            let wall = day.zone.local_s(at * 60).div_euclid(60).rem_euclid(1440);
            // One draw a minute, used or not: what comes later does not depend on where we begin.
            let mut own = fastrand::Rng::with_seed(random.get_seed() ^ u64::try_from(at).unwrap_or(0));
            let (steps, wear) = plan.minute(wall, &mut own);
            minutes.push(ScriptMinute { at, steps, wear });
        }
        day = calendar.day(day.date + chrono::Days::new(1));
    }
    minutes
}

/// What one day holds, in wall-clock minutes of the day.
struct Day {
    worn: bool,
    up: i64,
    asleep: i64,
    charging: Option<(i64, i64)>,
    morning_walk: Option<(i64, i64)>,
    brisk_walk: Option<(i64, i64)>,
    pace_spm: u32,
}

impl Day {
    fn plan(random: &mut fastrand::Rng, weekday: u8) -> Self {
        let morning = random.i64(9 * 60..10 * 60);
        Self {
            worn: random.u8(0..100) >= 3,
            up: random.i64(6 * 60 + 30..7 * 60 + 30),
            asleep: random.i64(22 * 60 + 15..23 * 60 + 30),
            charging: (weekday == 7).then_some((8 * 60, 9 * 60 + 30)),
            morning_walk: (random.u8(0..100) < 40).then_some((morning, random.i64(8..14))),
            brisk_walk: (random.u8(0..100) < 75).then_some((WALK_BEGINS, random.i64(14..34))),
            pace_spm: random.u32(103..117),
        }
    }

    fn minute(&self, wall: i64, random: &mut fastrand::Rng) -> (u32, Wear) {
        let within =
            |stretch: Option<(i64, i64)>| stretch.is_some_and(|(from, len)| (from..from + len).contains(&wall));
        if !self.worn {
            return (0, Wear::NotWorn);
        }
        if self.charging.is_some_and(|(from, to)| (from..to).contains(&wall)) {
            return (0, Wear::Charging);
        }
        if wall < self.up || wall >= self.asleep {
            return (0, Wear::Worn);
        }
        if within(self.brisk_walk) {
            // One minute in twelve is spent at a crossing or a gate.
            let steps = if random.u8(0..12) == 0 { random.u32(40..90) } else { self.pace_spm + random.u32(0..8) };
            return (steps, Wear::Worn);
        }
        if within(self.morning_walk) {
            return (random.u32(78..99), Wear::Worn);
        }
        // Errands: one minute in five, of a few to many steps, and more before noon.
        let busy = if wall < 13 * 60 { 24 } else { 16 };
        let steps = if random.u8(0..100) < busy { random.u32(3..42) } else { 0 };
        (steps, Wear::Worn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar() -> Calendar {
        Calendar::midnight("Europe/Oslo".parse().unwrap())
    }

    #[test]
    fn a_month_looks_like_a_person_who_walks() {
        let day = calendar().day("2026-06-01".parse().unwrap());
        let from = day.first_minute();
        let minutes = script(1, &calendar(), from, from + 28 * 1440);
        let steps: u32 = minutes.iter().map(|m| m.steps).sum();
        let brisk = minutes.iter().filter(|m| m.steps >= 100).count();

        assert_eq!(minutes.len(), 28 * 1440);
        assert!((4_000..8_000).contains(&(steps / 28)), "{} steps a day", steps / 28);
        assert!((8..30).contains(&(brisk / 28)), "{} brisk minutes a day", brisk / 28);
        let zeros = minutes.iter().filter(|m| m.steps == 0).count();
        assert!(zeros * 100 / minutes.len() > 75, "most minutes of a life have no step");
    }

    #[test]
    fn any_stretch_of_it_is_the_same_wherever_one_begins() {
        let from = calendar().day("2026-03-28".parse().unwrap()).first_minute();
        let whole = script(9, &calendar(), from, from + 4 * 1440);
        let part = script(9, &calendar(), from + 2_000, from + 3_000);
        assert_eq!(part, whole[2_000..3_000]);
    }
}
