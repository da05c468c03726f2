//! Who may speak with a band.

use super::*;

#[test]
fn a_wrong_key_ends_the_dialogue_without_a_second_try() {
    for model in MODELS {
        let life = Life { key: Some(Key([8; 16])), ..life(60) };

        let played = sync(model, &mut Band::new(&life, model), NOW, 0);

        assert_eq!(played.outcome, Some(Outcome::Unsupported(Fault::WrongKey)), "{model:?}");
        assert!(played.deliveries.is_empty() && played.identity.is_none() && played.prompts.is_empty());
    }
}

#[test]
fn without_a_key_the_band_is_not_asked() {
    for (model, purpose) in
        [(Model::Band3, Purpose::Pair), (Model::Band6, Purpose::Pair), (Model::Band6, Purpose::Fetch)]
    {
        let mut driver = (kind(model).driver)(Setup { key: None, purpose, ..setup(model) });
        let now = HostTime { mono_ms: 0, utc_us: None };

        assert_eq!(driver.next(now), Step::Finish(Outcome::Unsupported(Fault::NoKey)));
    }
}

#[test]
fn a_band_is_paired_by_a_tap_and_never_by_itself() {
    for model in [Model::Band2, Model::Band3] {
        let pair = |tap, purpose| {
            let fresh = Life { key: None, ..life(60) };
            let mut band = Band::new(&fresh, model).tapped(tap);
            let room = Room::default();
            meet(Setup { purpose, ..setup(model) }, model, &mut band, room)
        };

        let tapped = pair(Tap::After(20_000), Purpose::Pair);
        assert_eq!((tapped.outcome, &tapped.prompts[..]), (Some(Outcome::Complete), &[Prompt::Tap][..]));
        Kept::of(&tapped).is(&life(60));
        for tap in [Tap::Refused(5_000), Tap::Never, Tap::After(31_000)] {
            let played = pair(tap, Purpose::Pair);
            assert_eq!(played.outcome, Some(Outcome::Interrupted(Fault::NotConfirmed)), "{tap:?}");
            assert!(played.deliveries.is_empty() && played.ended_ms - NOW * 60_000 < 40_000);
        }
        let fetched = pair(Tap::After(0), Purpose::Fetch);
        assert_eq!(fetched.outcome, Some(Outcome::Unsupported(Fault::WrongKey)));
    }
}

#[test]
fn a_maker_s_key_is_never_written() {
    let mut band = Band::new(&life(60), Model::Band6);
    let room = Room::default();

    let played = meet(Setup { purpose: Purpose::Pair, ..setup(Model::Band6) }, Model::Band6, &mut band, room);

    assert_eq!((played.outcome, played.prompts.len()), (Some(Outcome::Complete), 0));
}
