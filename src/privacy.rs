//! A person's say over what is kept of them: whose readings are whose, taking everything away as files, erasing it,
//! and the receipt by which anybody can check later that it was erased.

pub mod audit;
pub mod erase;
pub mod receipt;
pub mod takeout;

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use crate::{
    days::Person,
    devices::Counter,
    model::{DeviceId, ParticipantId},
    store::Portion,
};

/// Which readings of which counters are this person's. Of a counter that others wore too, those of their days; what
/// somebody else's day rests on as well stays that one's. Of somebody who is not among the people the days are not known:
/// none of such a counter is theirs then.
pub fn portions(people: &[Arc<Person>], counters: &[Counter], of: &ParticipantId) -> BTreeMap<DeviceId, Portion> {
    let mut portions = BTreeMap::new();
    for counter in counters {
        let mut owners = counter.owners.iter().filter_map(|owner| owner.person.as_ref()).peekable();
        if !counter.owners.iter().any(|owner| owner.person.as_ref() == Some(of)) {
            continue;
        }
        let portion = if owners.all(|owner| owner == of) {
            Portion::All
        } else {
            let (own, others): (Vec<_>, Vec<_>) = people
                .iter()
                .flat_map(|person| person.counters.iter().map(move |wearing| (person, wearing)))
                .filter(|(_, wearing)| wearing.device == counter.id)
                .partition(|(person, _)| person.id == *of);
            let seconds = |(person, wearing): (&Arc<Person>, _)| {
                let minutes = person.minutes_of(wearing);
                minutes.start.saturating_mul(60)..minutes.end.saturating_mul(60)
            };
            let mut spans: Vec<Range<i64>> = own.into_iter().map(seconds).collect();
            for other in others.into_iter().map(seconds) {
                spans = spans.into_iter().flat_map(|span| without(&span, &other)).collect();
            }
            Portion::Days { spans, undated: counter.owner() == Some(of) }
        };
        portions.insert(counter.id, portion);
    }
    portions
}

/// What is left of a span.
fn without(span: &Range<i64>, other: &Range<i64>) -> impl Iterator<Item = Range<i64>> + use<> {
    let before = span.start..span.end.min(other.start);
    let after = span.start.max(other.end)..span.end;
    [before, after].into_iter().filter(|left| left.start < left.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_span_is_what_only_one_has() {
        let left =
            |from: i64, to: i64| without(&(10..20), &(from..to)).map(|span| (span.start, span.end)).collect::<Vec<_>>();

        assert_eq!(left(0, 5), [(10, 20)]);
        assert_eq!(left(12, 15), [(10, 12), (15, 20)]);
        assert_eq!(left(5, 12), [(12, 20)]);
        assert_eq!(left(18, i64::MAX), [(10, 18)]);
        assert_eq!(left(0, 30), []);
    }
}
