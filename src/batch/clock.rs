//! From the clock of a file to instants.

use super::{BatchOptions, StampClock, person::Person, runs::Run};
use crate::time::Zone;

/// A part of a run whose stamps are all as far from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Instant of its first row, seconds since 1970; the wall clock's where stamps are taken as they stand.
    pub first_s: i64,
    /// Its rows.
    pub rows: u32,
    /// Rows of the run before it.
    pub skipped: u32,
}

impl Piece {
    /// Two days at a time, so that a year in one piece is not held at once.
    pub fn parts(self, epoch_s: i64) -> impl Iterator<Item = Self> {
        let most = u32::try_from(2 * 86_400 / epoch_s.max(1)).unwrap_or(u32::MAX).max(1);
        (0..self.rows.div_ceil(most)).map(move |part| {
            let before = part * most;
            Self {
                first_s: self.first_s + i64::from(before) * epoch_s,
                rows: (self.rows - before).min(most),
                skipped: self.skipped + before,
            }
        })
    }
}

/// How stamps become instants.
pub(super) struct Clock<'o> {
    options: &'o BatchOptions,
    pieces: Vec<Piece>,
    /// Rows of the last run at times that a clock change skipped.
    pub skipped: Vec<u32>,
}

impl<'o> Clock<'o> {
    pub fn new(options: &'o BatchOptions) -> Self {
        Self { options, pieces: Vec::new(), skipped: Vec::new() }
    }

    /// The run in instants. Rows at times that a clock change skipped are no part of it.
    pub fn pieces(&mut self, person: &mut Person<'_>, run: &Run, epoch_s: i64) -> Vec<Piece> {
        self.pieces.clear();
        self.skipped.clear();
        // What was sorted was brought to instants before.
        let as_written = Piece { first_s: run.first_s, rows: run.rows, skipped: 0 };
        let StampClock::Local = self.options.stamps else { return vec![as_written] };
        if person.is_sorted {
            return vec![as_written];
        }
        let mut done = 0;
        while done < run.rows {
            let wall_s = run.first_s + i64::from(done) * epoch_s;
            let zone = person.zone_at(wall_s, self.options);
            // A day at most, so that no two changes lie in it.
            let rows = (run.rows - done).min(u32::try_from(86_400 / epoch_s.max(1)).unwrap_or(1).max(1));
            let last_s = wall_s + i64::from(rows - 1) * epoch_s;
            match (instants(zone, wall_s), instants(zone, last_s)) {
                (Some((one, other)), Some((last, last_other)))
                    if one == other && last == last_other && last - one == last_s - wall_s =>
                {
                    self.pieces.push(Piece { first_s: one, rows, skipped: done });
                    person.last_instant_s = last;
                    done += rows;
                }
                _ => {
                    for row in 0..rows {
                        self.one(person, zone, wall_s + i64::from(row) * epoch_s, done + row, epoch_s);
                    }
                    done += rows;
                }
            }
        }
        std::mem::take(&mut self.pieces)
    }

    fn one(&mut self, person: &mut Person<'_>, zone: Zone, wall_s: i64, skipped: u32, epoch_s: i64) {
        let Some((earlier, later)) = instants(zone, wall_s) else {
            self.skipped.push(skipped);
            return;
        };
        // The hour that an autumn night has twice: the first time unless that has passed.
        let at = if earlier <= person.last_instant_s { later } else { earlier };
        person.last_instant_s = at;
        match self.pieces.last_mut() {
            Some(piece)
                if piece.skipped + piece.rows == skipped && piece.first_s + i64::from(piece.rows) * epoch_s == at =>
            {
                piece.rows += 1;
            }
            Some(_) | None => self.pieces.push(Piece { first_s: at, rows: 1, skipped }),
        }
    }
}

/// The instants at which the wall clock of a zone shows this; none in the hour that a change skips.
fn instants(zone: Zone, wall_s: i64) -> Option<(i64, i64)> {
    let shows = |at: i64| zone.local_s(at) == wall_s;
    let guesses = [wall_s - 86_400, wall_s + 86_400].map(|near| wall_s - i64::from(zone.offset_s(near)));
    let [a, b] = guesses;
    match (shows(a), shows(b)) {
        (true, true) => Some((a.min(b), a.max(b))),
        (true, false) => Some((a, a)),
        (false, true) => Some((b, b)),
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_that_comes_twice_has_two_instants_and_one_that_is_skipped_has_none() {
        let oslo: Zone = "Europe/Oslo".parse().unwrap();
        let wall = |text: &str| text.parse::<chrono::NaiveDateTime>().unwrap().and_utc().timestamp();

        let twice = instants(oslo, wall("2026-10-25T02:30:00")).unwrap();
        assert_eq!(twice.1 - twice.0, 3600);
        assert_eq!(instants(oslo, wall("2026-03-29T02:30:00")), None);
        let once = instants(oslo, wall("2026-03-29T03:30:00")).unwrap();
        assert_eq!(once.0, once.1);
        assert_eq!(oslo.local_s(once.0), wall("2026-03-29T03:30:00"));
    }
}
