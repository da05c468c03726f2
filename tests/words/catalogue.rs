//! A catalogue, read the way the program reads it, and taken apart.

use std::{collections::BTreeSet, fs, path::Path};

use brisk::words::Language;
use fluent_syntax::{
    ast::{Entry, Expression, InlineExpression, Pattern, PatternElement, VariantKey},
    parser,
};

/// Mark above a message that uses a refused word on purpose.
const REVIEWED: &str = "reviewed:";

/// One language's messages.
#[derive(Default)]
pub struct Catalogue {
    /// In the order of the file.
    pub messages: Vec<Message>,
    /// What could not be read, or is not used here.
    pub unreadable: Vec<String>,
}

/// One message.
#[derive(Default)]
pub struct Message {
    /// Its key.
    pub key: String,
    /// All that it may say, in pieces: its text with a 0 for each value, then each of its variants.
    pub texts: Vec<String>,
    /// Its choices.
    pub selects: Vec<Select>,
    /// Why a refused word may stand in it, where somebody said so.
    pub reviewed: Option<String>,
    values: BTreeSet<String>,
}

/// A choice by a value.
pub struct Select {
    /// The value.
    pub on: String,
    /// Names of its variants.
    pub variants: Vec<String>,
}

impl Select {
    /// Whether it is by number.
    pub fn is_plural(&self) -> bool {
        let known = ["zero", "one", "two", "few", "many", "other"];
        self.variants.iter().all(|name| known.contains(&name.as_str()) || name.parse::<u32>().is_ok())
    }

    /// Its plurals, without exact numbers.
    pub fn plurals(&self) -> impl Iterator<Item = &str> {
        self.variants.iter().map(String::as_str).filter(|name| name.parse::<u32>().is_err())
    }
}

impl Message {
    /// Values that it shows or chooses by.
    pub fn variables(&self) -> BTreeSet<String> {
        self.values.clone()
    }

    fn read(&mut self, pattern: &Pattern<&str>) {
        let mut text = String::new();
        for element in &pattern.elements {
            match element {
                PatternElement::TextElement { value } => text.push_str(value),
                PatternElement::Placeable { expression } => {
                    // Whatever the value is, "only" before it belittles it.
                    text.push('0');
                    self.read_expression(expression);
                }
            }
        }
        self.texts.push(text);
    }

    fn read_expression(&mut self, expression: &Expression<&str>) {
        match expression {
            Expression::Inline(inline) => self.read_inline(inline),
            Expression::Select { selector, variants } => {
                self.read_inline(selector);
                let on = match selector {
                    InlineExpression::VariableReference { id } => id.name.to_owned(),
                    _ => String::new(),
                };
                let names = variants.iter().map(|variant| match variant.key {
                    VariantKey::Identifier { name } => name.to_owned(),
                    VariantKey::NumberLiteral { value } => value.to_owned(),
                });
                self.selects.push(Select { on, variants: names.collect() });
                for variant in variants {
                    self.read(&variant.value);
                }
            }
        }
    }

    fn read_inline(&mut self, inline: &InlineExpression<&str>) {
        match inline {
            InlineExpression::VariableReference { id } => {
                self.values.insert(id.name.to_owned());
            }
            InlineExpression::StringLiteral { value } => self.texts.push((*value).to_owned()),
            InlineExpression::NumberLiteral { .. } => {}
            InlineExpression::Placeable { expression } => self.read_expression(expression),
            InlineExpression::FunctionReference { id, .. } => self.texts.push(format!("<function {}>", id.name)),
            InlineExpression::MessageReference { id, .. } | InlineExpression::TermReference { id, .. } => {
                self.texts.push(format!("<message {} in a message>", id.name));
            }
        }
    }
}

impl Catalogue {
    /// Of a language.
    pub fn of(language: Language) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/words/{}.ftl", language.tag()));
        Self::read(&fs::read_to_string(path).expect("a catalogue for every language"))
    }

    /// Of a text.
    pub fn read(text: &str) -> Self {
        let (resource, errors) = match parser::parse(text) {
            Ok(resource) => (resource, Vec::new()),
            Err((resource, errors)) => (resource, errors),
        };
        let mut catalogue = Self::default();
        catalogue.unreadable.extend(errors.iter().map(ToString::to_string));
        let mut seen = BTreeSet::new();
        for entry in &resource.body {
            let message = match entry {
                Entry::Message(message) => message,
                Entry::Comment(_) | Entry::GroupComment(_) | Entry::ResourceComment(_) => continue,
                Entry::Junk { content } => {
                    catalogue.unreadable.push((*content).to_owned());
                    continue;
                }
                Entry::Term(term) => {
                    catalogue.unreadable.push(format!("-{}: a term; messages alone are read", term.id.name));
                    continue;
                }
            };
            let key = message.id.name.to_owned();
            if !seen.insert(key.clone()) {
                catalogue.unreadable.push(format!("{key}: stands there twice"));
            }
            let Some(value) = message.value.as_ref().filter(|_| message.attributes.is_empty()) else {
                catalogue.unreadable.push(format!("{key}: has attributes; a message is one sentence"));
                continue;
            };
            let comment = message.comment.as_ref().and_then(|comment| comment.content.last());
            let reviewed = comment.and_then(|line| line.strip_prefix(REVIEWED)).map(|reason| reason.trim().to_owned());
            let mut own = Message { key, reviewed, ..Message::default() };
            own.read(value);
            catalogue.messages.push(own);
        }
        catalogue
    }
}

#[test]
fn a_catalogue_is_taken_apart() {
    let text = "# A group of them\n\n# reviewed: a name\nwalked = { $who } walked only { $count ->\n    [one] { $count } step\n   *[other] { $count } steps\n }.\n";

    let message = Catalogue::read(text).messages.remove(0);

    assert_eq!(message.variables(), BTreeSet::from(["who".to_owned(), "count".to_owned()]));
    assert_eq!(message.texts, ["0 step", "0 steps", "0 walked only 0."]);
    assert_eq!(message.selects[0].variants, ["one", "other"]);
    assert!(message.selects[0].is_plural());
    assert_eq!(message.reviewed.as_deref(), Some("a name"));
}

#[test]
fn what_the_program_would_pass_over_is_found() {
    for text in ["a = { $x\n", "a = 1\na = 2\n", "-term = 1\n", "a = 1\n    .title = 2\n", "just words\n"] {
        assert!(!Catalogue::read(text).unreadable.is_empty(), "{text}");
    }
    for text in ["a = { b }\n", "a = { NUMBER($x) }\n", "a = { \"<b>\" }\n"] {
        let message = Catalogue::read(text).messages.remove(0);
        assert!(message.texts.iter().any(|text| super::shouts_or_marks_up(text)), "{text}");
    }
}
