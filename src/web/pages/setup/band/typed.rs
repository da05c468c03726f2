//! What was typed about a band, as far as it can be read.

use std::sync::Arc;

use chrono::NaiveDate;

use crate::{
    api::devices::AssignRequest,
    days::Person,
    goal::decision::{Found, Problem},
    model::ParticipantId,
    pairing::PairRequest,
    radio::bluez::agent::Answer,
    web::form::Fields,
    words::Phrase,
};

/// Digits that a band shows.
const DIGITS: usize = 6;

/// What is to be paired, as far as it can be read, and what cannot.
pub fn pair_request(fields: &Fields, people: &[Arc<Person>], own: &ParticipantId) -> (PairRequest, Found) {
    let mut found = Found::default();
    // One value for each kind that a counter may be: its kind and its address.
    let chosen = fields.text("counter").and_then(|chosen| chosen.split_once(' '));
    found.when(chosen.is_none(), "counter", || Phrase::new("problem-band-none"));
    let person = person(fields, people, &mut found).unwrap_or_else(|| own.clone());
    let request = PairRequest {
        kind: chosen.map(|(kind, _)| kind.to_owned()),
        address: chosen.map(|(_, address)| address.to_owned()),
        person: Some(person),
        from: from(fields, &mut found),
        label: fields.text("label").map(str::to_owned),
        key: fields.text("key").map(str::to_owned),
    };
    (request, found)
}

/// Whose a band is from when, as far as it can be read, and what cannot.
pub fn assignment(fields: &Fields, people: &[Arc<Person>]) -> (AssignRequest, Found) {
    let mut found = Found::default();
    let person = person(fields, people, &mut found);
    let from = from(fields, &mut found);
    (AssignRequest { device: fields.text("device").unwrap_or_default().to_owned(), person, from }, found)
}

fn person(fields: &Fields, people: &[Arc<Person>], found: &mut Found) -> Option<ParticipantId> {
    let typed = fields.text("person")?;
    let known = people.iter().find(|person| person.id.as_str() == typed);
    found.when(known.is_none(), "person", || Phrase::new("problem-band-person"));
    known.map(|person| person.id.clone())
}

fn from(fields: &Fields, found: &mut Found) -> Option<NaiveDate> {
    let typed = fields.text("from")?;
    let date = typed.parse::<NaiveDate>().ok();
    found.when(date.is_none(), "from", || Phrase::new("problem-band-date"));
    date
}

/// The answer to what the desk asks.
pub fn answer(fields: &Fields) -> Result<Answer, Problem> {
    match fields.text("answer") {
        Some("yes") => Ok(Answer::Yes),
        Some("no") => Ok(Answer::No),
        _ => digits(fields.text("digits").unwrap_or_default())
            .map(Answer::Digits)
            .map_err(|phrase| Problem { field: "digits", phrase }),
    }
}

/// Six digits, however they are parted: `012345`, `12 34 56`, `012-345`.
fn digits(typed: &str) -> Result<u32, Phrase> {
    let kept: String = typed.chars().filter(|c| !c.is_whitespace() && !"-.".contains(*c)).collect();
    if kept.is_empty() {
        return Err(Phrase::new("problem-digits-none"));
    }
    if !kept.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Phrase::new("problem-digits-letters"));
    }
    let count = kept.len();
    match kept.parse() {
        Ok(digits) if count == DIGITS => Ok(digits),
        _ => Err(Phrase::new("problem-digits-count").with("count", u32::try_from(count).unwrap_or(u32::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        api::devices::check_pairing,
        time::{Calendar, Zone},
    };

    fn fields(typed: &[(&str, &str)]) -> Fields {
        Fields(typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn digits_are_read_however_they_are_parted_and_anything_else_gets_a_sentence() {
        for (typed, expected) in [
            ("123456", Ok(123_456)),
            (" 12 34 56 ", Ok(123_456)),
            ("012-345", Ok(12_345)),
            ("000000", Ok(0)),
            ("", Err("problem-digits-none")),
            ("  ", Err("problem-digits-none")),
            ("12345", Err("problem-digits-count")),
            ("1234567", Err("problem-digits-count")),
            ("99999999999999999999", Err("problem-digits-count")),
            ("12345O", Err("problem-digits-letters")),
            ("+12345", Err("problem-digits-letters")),
            ("١٢٣٤٥٦", Err("problem-digits-letters")),
        ] {
            assert_eq!(digits(typed).map_err(|phrase| phrase.key), expected, "{typed:?}");
        }
    }

    #[test]
    fn everything_that_does_not_fit_about_a_band_is_said_at_once() {
        let today = "2026-05-14".parse().unwrap();
        let own: ParticipantId = "me".parse().unwrap();
        let people = [Arc::new(Person::new(own.clone(), Calendar::midnight(Zone::AS_IT_STANDS), Vec::new()))];
        let wrong =
            fields(&[("person", "stranger"), ("from", "2026-05-15"), ("label", &"x".repeat(41)), ("key", "not a key")]);
        let right = fields(&[("counter", "step-log AA:BB"), ("label", "ריצה 🏃"), ("from", "2026-05-14")]);

        let (unfit, mut found) = pair_request(&wrong, &people, &own);
        found.add(check_pairing(&unfit, Some(today)).unwrap_err());
        let (request, none) = pair_request(&right, &people, &own);

        assert!(none.done().is_ok() && check_pairing(&request, Some(today)).is_ok());
        let places: Vec<_> = found.0.iter().map(|problem| problem.field).collect();
        assert_eq!(places, ["counter", "person", "from", "label", "key"]);
        assert_eq!((request.kind.as_deref(), request.address.as_deref()), (Some("step-log"), Some("AA:BB")));
        assert_eq!((request.person, request.label.as_deref()), (Some(own), Some("ריצה 🏃")));
    }
}
