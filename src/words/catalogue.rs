//! The catalogues: one Fluent file a language, read once, at the first sentence.

use std::{borrow::Cow, sync::OnceLock};

use chrono::{Datelike as _, NaiveDate, Timelike as _};
use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};

use super::{Arg, Language, Phrase};

const EN: &str = include_str!("en.ftl");
const HE: &str = include_str!("he.ftl");

/// Names of the days of the week in the catalogues, Monday first.
const WEEKDAYS: [&str; 7] = ["weekday-1", "weekday-2", "weekday-3", "weekday-4", "weekday-5", "weekday-6", "weekday-7"];
/// Names of the months in the catalogues.
const MONTHS: [&str; 12] = [
    "month-1", "month-2", "month-3", "month-4", "month-5", "month-6", "month-7", "month-8", "month-9", "month-10",
    "month-11", "month-12",
];

type Bundle = FluentBundle<FluentResource>;

fn source(language: Language) -> &'static str {
    match language {
        Language::En => EN,
        Language::He => HE,
    }
}

fn bundle(language: Language) -> &'static Bundle {
    static BUNDLES: [OnceLock<Bundle>; 2] = [OnceLock::new(), OnceLock::new()];
    let place = Language::ALL.iter().position(|one| *one == language).unwrap_or_default();
    BUNDLES[place].get_or_init(|| {
        // What cannot be read of a catalogue is left out here and found by its tests.
        let resource = FluentResource::try_new(source(language).to_owned()).unwrap_or_else(|(partly, _)| partly);
        let mut bundle = FluentBundle::new_concurrent(language.tag().parse().into_iter().collect());
        // Latin names and numbers within Hebrew keep their own direction.
        bundle.set_use_isolating(language.direction() == "rtl");
        bundle.set_formatter(Some(format_number));
        bundle.add_resource_overriding(resource);
        bundle
    })
}

/// The sentence for a phrase. A message that a language lacks is said in English, and one that English lacks
/// is its key: a test keeps both from happening.
pub fn say(language: Language, phrase: &Phrase) -> String {
    let found = [language, Language::En].into_iter().find_map(|language| {
        let bundle = bundle(language);
        let pattern = bundle.get_message(phrase.key)?.value()?;
        let mut args = FluentArgs::new();
        for (name, arg) in &phrase.args {
            args.set(*name, value(language, arg));
        }
        Some(bundle.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned())
    });
    found.unwrap_or_else(|| phrase.key.to_owned())
}

fn value(language: Language, arg: &Arg) -> FluentValue<'static> {
    match arg {
        Arg::Number(number) => FluentValue::from(*number),
        Arg::Text(text) => FluentValue::from(text.clone()),
        Arg::Date(date) => FluentValue::from(say(language, &in_words("date-in-words", *date))),
        Arg::DateYear(date) => {
            let phrase = in_words("date-with-year", *date).with("year", date.year().to_string());
            FluentValue::from(say(language, &phrase))
        }
        Arg::Weekday(day) => FluentValue::from(say(language, &weekday(*day))),
        Arg::Time(time) => FluentValue::from(format!("{:02}:{:02}", time.hour(), time.minute())),
        Arg::Phrase(phrase) => FluentValue::from(say(language, phrase)),
    }
}

fn in_words(key: &'static str, date: NaiveDate) -> Phrase {
    let month = MONTHS.get(usize::try_from(date.month0()).unwrap_or_default()).copied().unwrap_or(MONTHS[0]);
    Phrase::new(key)
        .with("weekday", Arg::weekday_of(date))
        .with("day", date.day().to_string())
        .with("month", Phrase::new(month))
}

fn weekday(day: u8) -> Phrase {
    let place = usize::from(day).saturating_sub(1);
    Phrase::new(WEEKDAYS.get(place).copied().unwrap_or(WEEKDAYS[0]))
}

/// Whole numbers with a comma before each three digits: so do both languages write them.
fn format_number(value: &FluentValue<'_>, _: &intl_memoizer::concurrent::IntlLangMemoizer) -> Option<String> {
    let FluentValue::Number(number) = value else { return None };
    let digits: Cow<'_, str> = number.as_string();
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| grouped(&digits))
}

fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
