use super::*;
use crate::{
    time::{Calendar, Zone},
    words::Language,
};

fn visit(display: Display) -> Visit {
    let mut person = crate::demo::person("p1".parse().unwrap(), Calendar::midnight(Zone::AS_IT_STANDS));
    person.display = display;
    Visit::of(person, Language::En)
}

fn band() -> Band {
    let today: NaiveDate = "2026-05-11".parse().unwrap();
    Band {
        today,
        wanted: true,
        heard: today.and_hms_opt(16, 40, 0),
        battery: Some(60),
        resolution: Some(Resolution::Counter),
        bond: Some(BondLevel::Passkey),
        status: Some(CounterStatus::default()),
        own_total: today.and_hms_opt(16, 40, 0).map(|at| (at, 6204)),
        ..Band::default()
    }
}

fn troubled(cause: Cause) -> Band {
    Band { status: Some(CounterStatus { cause: Some(cause), ..CounterStatus::default() }), ..band() }
}

#[test]
fn what_the_band_says_stands_beside_what_was_counted_with_the_reasons_why_they_differ() {
    let band = Band { lost: 7, undated: 1, put_aside: 2, conflicts: 3, ..band() };

    let page = band.draw(&visit(Display::Full), 2, Some(5100)).into_string();

    for text in [
        "6,204 at 16:40",
        ">5,100</td>",
        "You wear two bands.",
        "7 minutes of the band are not kept here: they were overwritten before they could be fetched, or erased.",
        "1 minute is kept and cannot be dated yet.",
        "2 pieces could not be read.",
        "3 minutes came twice",
        "It was paired with digits",
        "Nothing. Wear it and charge it as you like.",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
}

#[test]
fn help_begins_with_what_is_likeliest_to_help() {
    assert_eq!(troubled(Cause::NotHeard).next_steps()[..2], ["band-next-near", "band-next-charge"]);
    let flat = Band { battery: Some(9), ..troubled(Cause::HeldElsewhere) };
    assert_eq!(flat.next_steps()[..2], ["band-next-charge", "band-next-other-app"]);
    assert_eq!(Band { heard: None, status: None, ..band() }.next_steps()[0], "band-next-near");

    let page = troubled(Cause::PairingLostThere).draw(&visit(Display::Full), 1, None).into_string();
    assert!(page.contains("Pair it again. Everything that has arrived is kept.") && page.contains("href=\"/setup\""));
    let person = crate::demo::person("p1".parse().unwrap(), Calendar::midnight(Zone::AS_IT_STANDS));
    let hebrew = Visit::of(person, Language::He);
    let page = troubled(Cause::PairingLostThere).draw(&hebrew, 1, None).into_string();
    assert!(page.contains(&hebrew.t("trouble-pairing-lost-there")), "technical words have a language, too: {page}");
}

#[test]
fn to_somebody_whom_a_study_shows_no_number_the_band_is_shown_without_steps() {
    let page = band().draw(&visit(Display::Blinded), 1, Some(5100)).into_string();

    assert!(page.contains("Battery: 60 percent."), "{page}");
    assert!(!page.contains("6,204") && !page.contains("5,100"), "{page}");
}
