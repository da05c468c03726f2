//! The catalogues of what is said to people: whole, the same in every language, used, and kind. `docs/words.md` tells
//! what is asked of a message, and what to do when one of these tests finds something.

mod catalogue;
mod sources;

use std::collections::{BTreeMap, BTreeSet};

use brisk::words::{Language, lint::refused_in};
use catalogue::{Catalogue, Message, Select};
use sources::{Said, Source, given};

fn every_message() -> Vec<(Language, Message)> {
    let of = |language: Language| Catalogue::of(language).messages.into_iter().map(move |message| (language, message));
    Language::ALL.into_iter().flat_map(of).collect()
}

/// Kinds of plural of whole numbers (CLDR 48).
fn plurals(language: Language) -> BTreeSet<&'static str> {
    match language {
        Language::En => BTreeSet::from(["one", "other"]),
        Language::He => BTreeSet::from(["one", "two", "other"]),
    }
}

fn none_of(found: &[String], what: &str) {
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

#[test]
fn every_catalogue_can_be_read_whole() {
    for language in Language::ALL {
        none_of(&Catalogue::of(language).unreadable, &format!("{}.ftl cannot be read", language.tag()));
    }
}

#[test]
fn every_language_says_every_message_with_the_same_values() {
    let english: BTreeMap<String, Message> = by_key(Language::En);
    for language in Language::ALL {
        let own = by_key(language);
        let missing: Vec<String> = english.keys().filter(|key| !own.contains_key(*key)).cloned().collect();
        none_of(&missing, &format!("{}.ftl lacks these messages", language.tag()));
        let foreign: Vec<String> = own.keys().filter(|key| !english.contains_key(*key)).cloned().collect();
        none_of(&foreign, &format!("{}.ftl has messages that English lacks", language.tag()));
        let differing: Vec<String> = own
            .values()
            .filter(|message| message.variables() != english[&message.key].variables())
            .map(|message| {
                format!("{}: {:?}, English {:?}", message.key, message.variables(), english[&message.key].variables())
            })
            .collect();
        none_of(&differing, &format!("{}.ftl uses other values than English", language.tag()));
    }
}

fn by_key(language: Language) -> BTreeMap<String, Message> {
    Catalogue::of(language).messages.into_iter().map(|message| (message.key.clone(), message)).collect()
}

#[test]
fn what_english_counts_every_language_counts_in_all_its_plurals() {
    let english = by_key(Language::En);
    let mut found = Vec::new();
    for (language, message) in every_message() {
        let counted = |message: &Message| -> BTreeSet<String> {
            message.selects.iter().filter(|select| select.is_plural()).map(|select| select.on.clone()).collect()
        };
        let place = format!("{}.ftl, {}", language.tag(), message.key);
        if let Some(original) = english.get(&message.key)
            && counted(&message) != counted(original)
        {
            found.push(format!("{place}: counts {:?}, English {:?}", counted(&message), counted(original)));
        }
        found.extend(
            message
                .selects
                .iter()
                .filter_map(|select| missing_plural(language, select))
                .map(|why| format!("{place}: {why}")),
        );
    }
    none_of(&found, "plurals differ");
}

/// Which plural a choice by number lacks.
fn missing_plural(language: Language, select: &Select) -> Option<String> {
    let has: BTreeSet<&str> = select.plurals().collect();
    let wanted = plurals(language);
    (select.is_plural() && has != wanted).then(|| format!("has plurals {has:?}, the language {wanted:?}"))
}

#[test]
fn no_message_shouts_or_carries_markup() {
    let found: Vec<String> = every_message()
        .into_iter()
        .flat_map(|(language, message)| {
            let texts = message.texts.clone();
            texts
                .into_iter()
                .filter(|text| shouts_or_marks_up(text))
                .map(move |text| format!("{}.ftl, {}: {text}", language.tag(), message.key))
        })
        .collect();
    none_of(&found, "an exclamation mark, or markup");
}

fn shouts_or_marks_up(text: &str) -> bool {
    text.contains(['!', '<', '>', '\u{200e}', '\u{200f}']) || (text.contains('&') && text.contains(';'))
}

#[test]
fn no_message_frightens_orders_or_scolds_unless_it_was_reviewed() {
    let mut found = Vec::new();
    for (language, message) in every_message() {
        match judged(&message) {
            Judged::Kind => {}
            Judged::Reviewed(note) => println!("reviewed: {}.ftl, {}: {note}", language.tag(), message.key),
            Judged::Refused(why) => found.push(format!("{}.ftl, {}: {why}", language.tag(), message.key)),
        }
    }
    none_of(&found, "refused words (src/words/lint.rs)");
}

/// What the linter says of a message.
#[derive(Debug, PartialEq, Eq)]
enum Judged {
    Kind,
    Reviewed(String),
    Refused(String),
}

fn judged(message: &Message) -> Judged {
    let words = refused_in(&message.key, &message.texts.join(" ")).join(", ");
    match &message.reviewed {
        None if words.is_empty() => Judged::Kind,
        None => Judged::Refused(words),
        Some(reason) if reason.is_empty() => Judged::Refused("marked as reviewed, and does not say why".to_owned()),
        Some(_) if words.is_empty() => Judged::Refused("marked as reviewed, and has nothing to review".to_owned()),
        Some(reason) => Judged::Reviewed(format!("{words}, because {reason}")),
    }
}

#[test]
fn a_planted_word_is_refused_and_a_reviewed_one_is_named() {
    let refused = |why: &str| Judged::Refused(why.to_owned());
    for (text, want) in [
        ("a = You did { $done }.", Judged::Kind),
        ("a = You took only { $done } so far.", refused("only")),
        ("a = { $count ->\n    [one] A step\n   *[other] Steps that you should take\n }", refused("should")),
        ("a = עשיתם רק { $done }.", refused("רק")),
        ("a = Where is your pain?", refused("pain")),
        ("check-in-a = Where is your pain?", Judged::Kind),
        (
            "# reviewed: a title as published\na = A weak word",
            Judged::Reviewed("weak, because a title as published".to_owned()),
        ),
        ("# reviewed:\na = A weak word", refused("marked as reviewed, and does not say why")),
        ("# reviewed: once\na = A word", refused("marked as reviewed, and has nothing to review")),
    ] {
        let message = Catalogue::read(&format!("{text}\n")).messages.remove(0);
        assert_eq!(judged(&message), want, "{text}");
    }
}

#[test]
fn every_message_is_used_and_every_message_asked_for_is_there() {
    let keys: BTreeSet<String> = by_key(Language::En).into_keys().collect();
    let sources = Source::all();
    let literals: BTreeSet<&str> = sources.iter().flat_map(Source::literals).collect();

    let unused: Vec<String> = keys.iter().filter(|key| !literals.contains(key.as_str())).cloned().collect();
    none_of(&unused, "messages that nothing says");
    let absent: Vec<String> = sources
        .iter()
        .flat_map(|source| source.asked(&keys).into_iter().map(|key| format!("{}: {key}", source.path)))
        .filter(|found| !keys.contains(found.rsplit(' ').next().unwrap_or_default()))
        .collect();
    none_of(&absent, "messages that the catalogue lacks");
}

#[test]
fn every_phrase_is_given_the_values_that_its_message_has() {
    let english = by_key(Language::En);
    let mut found = Vec::new();
    for source in Source::all() {
        for Said { key, values } in given(&source.code) {
            let Some(message) = english.get(&key) else { continue };
            if values != message.variables() {
                found.push(format!("{}: {key} is given {values:?} and has {:?}", source.path, message.variables()));
            }
        }
    }
    none_of(&found, "values differ");
}
