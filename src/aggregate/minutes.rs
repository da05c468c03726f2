//! Several counters of one person as one series.

use crate::model::{Minute, MinuteWear};

/// The counters of one person as one series, best counter first; every source is sorted.
///
/// Minute by minute the first counter that has the minute wins, and nothing is ever summed. One
/// exception: a minute in which a counter says that it was off the body gives way to the next counter
/// that does not say so, since a counter in a drawer cannot know what its owner did.
pub fn merge_sources(sources: &[&[Minute]]) -> Vec<Minute> {
    let mut rest = sources.to_vec();
    let mut merged = Vec::with_capacity(sources.iter().map(|source| source.len()).max().unwrap_or(0));
    while let Some(at) = rest.iter().filter_map(|source| source.first()).map(|minute| minute.at).min() {
        let mut best: Option<Minute> = None;
        for source in &mut rest {
            let Some((minute, later)) = source.split_first() else { continue };
            if minute.at == at {
                *source = later;
                if best.is_none_or(|kept| kept.wear == MinuteWear::NotWorn && minute.wear != MinuteWear::NotWorn) {
                    best = Some(*minute);
                }
            }
        }
        merged.extend(best);
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(at: i64, steps: u32, wear: MinuteWear) -> Minute {
        Minute { at, steps, wear, saturated: false, overlap: false }
    }

    fn worn(at: i64, steps: u32) -> Minute {
        minute(at, steps, MinuteWear::Worn)
    }

    #[test]
    fn the_better_counter_wins_each_minute_and_nothing_is_summed() {
        let better = [worn(1, 10), worn(3, 30)];
        let other = [worn(1, 11), worn(2, 21), worn(3, 31)];

        let merged = merge_sources(&[&better, &other]);

        assert_eq!(merged, [worn(1, 10), worn(2, 21), worn(3, 30)]);
    }

    #[test]
    fn a_counter_off_the_body_gives_way_to_one_that_does_not_say_so() {
        let off = |at| minute(at, 0, MinuteWear::NotWorn);
        let unknown = minute(1, 80, MinuteWear::Unknown);

        assert_eq!(merge_sources(&[&[off(1)], &[unknown]]), [unknown]);
        assert_eq!(merge_sources(&[&[unknown], &[worn(1, 5)]]), [unknown]);
        assert_eq!(merge_sources(&[&[off(1)], &[minute(1, 7, MinuteWear::NotWorn)]]), [off(1)]);
    }
}
