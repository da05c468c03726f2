//! The column of participants as runs of the same one.

use std::collections::HashMap;

use super::{
    PersonRun, Reason,
    column::{MOST_KEPT, Sink},
};

/// Makes runs of participants.
pub(super) struct People {
    unsigned: bool,
    numbers: HashMap<Box<str>, u32>,
    ids: Vec<Box<str>>,
    runs: Vec<PersonRun>,
    /// The text last met, and what it means.
    last: Option<(Vec<u8>, Entry)>,
    last_int: Option<(i64, Entry)>,
}

type Entry = Result<u32, Reason>;

impl People {
    pub fn new(unsigned: bool) -> Self {
        Self { unsigned, numbers: HashMap::new(), ids: Vec::new(), runs: Vec::new(), last: None, last_int: None }
    }

    /// The ids, and the runs.
    pub fn finish(self) -> (Vec<Box<str>>, Vec<PersonRun>) {
        (self.ids, self.runs)
    }

    fn number(&mut self, id: &str) -> Entry {
        if id.is_empty() {
            return Err(Reason::NoParticipant);
        }
        if let Some(&number) = self.numbers.get(id) {
            return Ok(number);
        }
        let number = u32::try_from(self.ids.len()).map_err(|_| Reason::BadParticipant)?;
        self.numbers.insert(id.into(), number);
        self.ids.push(id.into());
        Ok(number)
    }
}

impl Sink for People {
    type Entry = Entry;

    fn of_int(&mut self, value: i64) -> Entry {
        match self.last_int {
            Some((last, entry)) if last == value => entry,
            _ => {
                let id = if self.unsigned { value.cast_unsigned().to_string() } else { value.to_string() };
                let entry = self.number(&id);
                self.last_int = Some((value, entry));
                entry
            }
        }
    }

    fn of_float(&mut self, _: f64) -> Entry {
        Err(Reason::BadParticipant)
    }

    fn of_text(&mut self, text: &[u8]) -> Entry {
        match &self.last {
            Some((last, entry)) if last == text => *entry,
            _ => {
                let id = std::str::from_utf8(text.trim_ascii());
                let entry = id.map_err(|_| Reason::NotUtf8).and_then(|id| self.number(id));
                self.last = Some((text.to_vec(), entry));
                entry
            }
        }
    }

    fn full(&self) -> bool {
        self.runs.len() > MOST_KEPT
    }

    fn missing(&mut self, rows: u32) {
        self.same(Err(Reason::NoParticipant), rows);
    }

    fn same(&mut self, entry: Entry, rows: u32) {
        match self.runs.last_mut() {
            Some(last) if last.id == entry => last.rows += rows,
            _ => self.runs.push(PersonRun { id: entry, rows }),
        }
    }
}
