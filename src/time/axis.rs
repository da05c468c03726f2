//! A counter's clock brought to UTC, late and repeatably.
//!
//! A counter stamps with boot number and uptime. Boots that are joined by a [`BootLink`] share one
//! axis of milliseconds; an [`Anchor`] is a point on it whose UTC is known. Between two anchors time
//! is interpolated, which takes the drift of the counter's crystal out; before the first and after
//! the last one the drift is taken from the nearest two anchors that are hours apart, where there are
//! two. Boots without any anchor on their axis have no UTC.
//!
//! Anchors that contradict each other (a host whose clock was wrong for a while) are sorted into
//! groups that agree; the largest group counts, the later one on a tie. So one bad hour never moves
//! a month, and a clock that is put right repairs what was read before.

use std::collections::BTreeMap;

use firmware_protocol::reading::{Anchor, BootLink};

/// Two anchors agree when they differ by at most this much, plus their own inaccuracy, …
const STEP_MS: i64 = 2_000;
/// … plus this much drift between them, in parts per million: five times what a bad crystal does.
const DRIFT_PPM: i64 = 500;

/// Anchors closer together than this say nothing about drift: half a second of inaccuracy at both
/// ends is 46 ppm of six hours.
const DRIFT_NEEDS_MS: i64 = 6 * 3_600_000;

/// Where each boot of one counter lies in UTC, as far as it is known.
#[derive(Clone, Debug, Default)]
pub struct Axis {
    boots: BTreeMap<u16, Place>,
    chains: Vec<Vec<Point>>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    chain: usize,
    base_ms: i64,
}

/// All in milliseconds; `at` is the position on the chain's own axis.
#[derive(Clone, Copy, Debug)]
struct Point {
    at: i64,
    utc: i64,
    accuracy: i64,
}

/// Through two points of an axis, or through one at the counter's own pace.
struct Line {
    from: Point,
    to: Point,
}

impl Line {
    fn utc_ms(&self, axis_ms: i64) -> Option<i64> {
        let gone = i128::from(axis_ms) - i128::from(self.from.at);
        let run = i128::from(self.to.at) - i128::from(self.from.at);
        let utc_run = i128::from(self.to.utc) - i128::from(self.from.utc);
        let utc_gone = if run == 0 { gone } else { gone.checked_mul(utc_run)? / run };
        i64::try_from(i128::from(self.from.utc) + utc_gone).ok()
    }
}

impl Axis {
    /// The axis that follows from these anchors and links, in whatever order and however often they
    /// are given.
    pub fn new(anchors: &[Anchor], links: &[BootLink]) -> Self {
        let mut axis = Self::default();
        let mut links: Vec<_> = links.to_vec();
        links.sort_by_key(|link| (link.boot, link.previous_uptime_ms, link.off_ms));
        for link in links {
            // A link backwards or to itself would make a circle.
            if link.previous >= link.boot || axis.boots.contains_key(&link.boot) {
                continue;
            }
            let before = axis.place(link.previous);
            let shift = i64::try_from(link.previous_uptime_ms).unwrap_or(i64::MAX).saturating_add(link.off_ms.into());
            axis.boots.insert(link.boot, Place { chain: before.chain, base_ms: before.base_ms.saturating_add(shift) });
        }

        let mut points: BTreeMap<usize, Vec<Point>> = BTreeMap::new();
        for anchor in anchors {
            let place = axis.place(anchor.boot);
            let uptime_ms = i64::try_from(anchor.uptime_ms).unwrap_or(i64::MAX);
            points.entry(place.chain).or_default().push(Point {
                at: place.base_ms.saturating_add(uptime_ms),
                utc: anchor.utc_ms,
                accuracy: anchor.accuracy_ms.into(),
            });
        }
        for (chain, points) in points {
            axis.chains[chain] = largest_agreeing_group(points);
        }
        axis
    }

    /// UTC of this uptime, milliseconds since the Unix epoch; none when nothing ties the boot to UTC.
    pub fn utc_ms(&self, boot: u16, uptime_ms: u64) -> Option<i64> {
        let place = self.boots.get(&boot)?;
        let points = self.chains.get(place.chain)?;
        let at = place.base_ms.saturating_add(i64::try_from(uptime_ms).ok()?);
        let next = points.partition_point(|point| point.at <= at);
        let (before, after) = (next.checked_sub(1).map(|i| points[i]), points.get(next).copied());
        match (before, after) {
            (Some(before), Some(after)) => Line { from: before, to: after }.utc_ms(at),
            (None, Some(first)) => {
                let far = points.iter().find(|point| point.at - first.at >= DRIFT_NEEDS_MS);
                Line { from: first, to: far.copied().unwrap_or(first) }.utc_ms(at)
            }
            (Some(last), None) => {
                let far = points.iter().rev().find(|point| last.at - point.at >= DRIFT_NEEDS_MS);
                Line { from: last, to: far.copied().unwrap_or(last) }.utc_ms(at)
            }
            (None, None) => None,
        }
    }

    fn place(&mut self, boot: u16) -> Place {
        let chain = self.chains.len();
        *self.boots.entry(boot).or_insert_with(|| {
            self.chains.push(Vec::new());
            Place { chain, base_ms: 0 }
        })
    }
}

/// The UTC minute (since 1970) that an epoch belongs to: the one that its middle lies in.
pub fn minute_of(start_utc_ms: i64, seconds: u32) -> i64 {
    start_utc_ms.saturating_add(i64::from(seconds) * 500).div_euclid(60_000)
}

fn largest_agreeing_group(mut points: Vec<Point>) -> Vec<Point> {
    points.sort_by_key(|p| (p.at, p.accuracy, p.utc));
    // Two anchors at one uptime: the more accurate one, so that no interval is empty.
    let mut groups: Vec<Vec<Point>> = Vec::new();
    for point in points {
        let fits = groups.iter_mut().find(|group| group.last().is_some_and(|last| agree(*last, point)));
        match fits {
            Some(group) if group.last().is_some_and(|last| last.at == point.at) => {}
            Some(group) => group.push(point),
            None => groups.push(vec![point]),
        }
    }
    groups.into_iter().max_by_key(|group| (group.len(), group.last().map(|p| p.at))).unwrap_or_default()
}

fn agree(a: Point, b: Point) -> bool {
    let run = b.at.saturating_sub(a.at);
    let off = b.utc.saturating_sub(a.utc).saturating_sub(run).abs();
    let drift = run.abs() / 1_000_000 * DRIFT_PPM + run.abs() % 1_000_000 * DRIFT_PPM / 1_000_000;
    off <= STEP_MS.saturating_add(a.accuracy).saturating_add(b.accuracy).saturating_add(drift)
}

#[cfg(test)]
mod tests {
    use firmware_protocol::reading::HostId;
    use proptest::prelude::*;

    use super::*;

    const NOON: i64 = 1_770_000_000_000;

    fn anchor(boot: u16, uptime_ms: u64, utc_ms: i64) -> Anchor {
        Anchor { boot, uptime_ms, utc_ms, accuracy_ms: 40, host: HostId([1; 8]) }
    }

    #[test]
    fn a_boot_without_an_anchor_has_no_utc() {
        let axis = Axis::new(&[anchor(2, 1_000, NOON)], &[]);
        assert_eq!(axis.utc_ms(1, 5_000), None);
        assert_eq!(axis.utc_ms(2, 5_000), Some(NOON + 4_000));
        assert_eq!(axis.utc_ms(2, 0), Some(NOON - 1_000));
    }

    #[test]
    fn drift_is_taken_out_between_two_anchors() {
        let day_ms = 86_400_000;
        // The counter runs 50 ppm slow: it counted 4.32 s less than a day.
        let counted = day_ms - 4_320;
        let axis = Axis::new(&[anchor(1, 0, NOON), anchor(1, counted, NOON + 86_400_000)], &[]);
        assert_eq!(axis.utc_ms(1, counted / 2), Some(NOON + 43_200_000));
    }

    #[test]
    fn drift_is_taken_out_before_the_first_anchor_and_after_the_last() {
        let day_ms = 86_400_000;
        // 50 ppm slow, first set after three days.
        let at = |day: i64| anchor(1, u64::try_from(day * (day_ms - 4_320)).unwrap(), NOON + day * day_ms);
        let axis = Axis::new(&[at(3), at(4), at(5)], &[]);
        assert_eq!(axis.utc_ms(1, 0), Some(NOON));
        assert_eq!(axis.utc_ms(1, at(9).uptime_ms), Some(NOON + 9 * day_ms));
    }

    #[test]
    fn a_linked_boot_is_dated_through_the_one_before_it() {
        let link = BootLink { boot: 8, previous: 7, previous_uptime_ms: 90_000, off_ms: 2_000 };
        let axis = Axis::new(&[anchor(7, 60_000, NOON)], &[link]);
        assert_eq!(axis.utc_ms(8, 1_000), Some(NOON + 33_000));
    }

    #[test]
    fn one_hour_of_a_wrong_host_clock_moves_nothing() {
        let minutes = |m: u64| m * 60_000;
        let at = |m: i64| NOON + m * 60_000;
        let good = [anchor(1, 0, at(0)), anchor(1, minutes(60), at(60)), anchor(1, minutes(180), at(180))];
        let mut with_bad = good.to_vec();
        with_bad.push(anchor(1, minutes(120), at(60)));

        let (clean, mixed) = (Axis::new(&good, &[]), Axis::new(&with_bad, &[]));

        for m in 0..240 {
            assert_eq!(clean.utc_ms(1, minutes(m)), mixed.utc_ms(1, minutes(m)));
        }
    }

    #[test]
    fn a_clock_that_is_put_right_repairs_what_was_read_before() {
        let axis = Axis::new(&[anchor(1, 0, 0), anchor(1, 600_000, NOON)], &[]);
        assert_eq!(axis.utc_ms(1, 0), Some(NOON - 600_000));
    }

    #[test]
    fn an_epoch_belongs_to_the_minute_of_its_middle() {
        assert_eq!(minute_of(0, 60), 0);
        assert_eq!(minute_of(-120, 60), 0);
        assert_eq!(minute_of(29_999, 60), 0);
        assert_eq!(minute_of(30_000, 60), 1);
        assert_eq!(minute_of(45_000, 15), 0);
        assert_eq!(minute_of(-60_000, 60), -1);
    }

    proptest! {
        #[test]
        fn order_and_repetition_of_anchors_do_not_matter(
            raw in prop::collection::vec((1_u16..4, 0_u64..10_000_000, -5_000_i64..5_000), 1..12),
            rotate in 0_usize..12,
        ) {
            let anchors: Vec<_> = raw.iter().map(|(b, up, off)| anchor(*b, *up, NOON + i64::try_from(*up).unwrap() + off)).collect();
            let mut other = anchors.clone();
            other.rotate_left(rotate % anchors.len());
            other.extend(anchors.iter().rev());
            let links = [BootLink { boot: 2, previous: 1, previous_uptime_ms: 10_000_000, off_ms: 7 }];
            let twice = [links[0], links[0]];

            let (a, b) = (Axis::new(&anchors, &links), Axis::new(&other, &twice));

            for boot in 1..4 {
                for up in [0, 1_000_000, 9_999_999] {
                    prop_assert_eq!(a.utc_ms(boot, up), b.utc_ms(boot, up));
                }
            }
        }

        #[test]
        fn any_anchors_and_links_are_taken_without_a_panic(
            raw in prop::collection::vec((any::<u16>(), any::<u64>(), any::<i64>(), any::<u32>()), 0..6),
            links in prop::collection::vec((any::<u16>(), any::<u16>(), any::<u64>(), any::<u32>()), 0..6),
        ) {
            let anchors: Vec<_> = raw
                .into_iter()
                .map(|(boot, uptime_ms, utc_ms, accuracy_ms)| Anchor { boot, uptime_ms, utc_ms, accuracy_ms, host: HostId([0; 8]) })
                .collect();
            let links: Vec<_> = links
                .into_iter()
                .map(|(boot, previous, previous_uptime_ms, off_ms)| BootLink { boot, previous, previous_uptime_ms, off_ms })
                .collect();
            let axis = Axis::new(&anchors, &links);
            for anchor in &anchors {
                axis.utc_ms(anchor.boot, anchor.uptime_ms);
            }
        }
    }
}
