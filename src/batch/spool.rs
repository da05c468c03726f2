//! Finished rows, set aside until the whole input has been read: in memory, and beyond some megabytes in a
//! temporary file.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
};

/// Rows beyond this go to the disk.
const MEMORY_BYTES: usize = 8 << 20;

struct Entry {
    person: u32,
    len: u32,
    at: u64,
}

/// Rows by person, in the order in which each person's rows came.
pub(super) struct Spool {
    memory: Vec<u8>,
    file: Option<Aside>,
    entries: Vec<Entry>,
}

impl Spool {
    pub fn new() -> Self {
        Self { memory: Vec::new(), file: None, entries: Vec::new() }
    }

    /// Sets the rows aside that `write` adds.
    pub fn push(&mut self, person: u32, write: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        let at = self.file.as_ref().map_or(0, |aside| aside.len) + bytes(self.memory.len());
        let before = self.memory.len();
        write(&mut self.memory);
        let len = u32::try_from(self.memory.len() - before).map_err(io::Error::other)?;
        match self.entries.last_mut() {
            Some(last)
                if last.person == person
                    && last.at + u64::from(last.len) == at
                    && last.len.checked_add(len).is_some() =>
            {
                last.len += len;
            }
            _ => self.entries.push(Entry { person, len, at }),
        }
        if self.memory.len() >= MEMORY_BYTES {
            let aside = match &mut self.file {
                Some(aside) => aside,
                none @ None => none.insert(Aside::new()?),
            };
            aside.file.write_all(&self.memory)?;
            aside.len += bytes(self.memory.len());
            self.memory.clear();
        }
        Ok(())
    }

    /// Forgets the rows of these persons.
    pub fn forget(&mut self, person: impl Fn(u32) -> bool) {
        self.entries.retain(|entry| !person(entry.person));
    }

    /// Writes the header and all rows, person by person.
    pub fn write_to(self, header: &[u8], out: &mut dyn Write) -> io::Result<()> {
        out.write_all(header)?;
        self.for_each_part(&mut |part| out.write_all(part))?;
        out.flush()
    }

    /// Hands on line after line, person by person, each without its end.
    pub fn for_each_line(self, found: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        // A line may go on from one part to the next.
        let mut begun: Vec<u8> = Vec::new();
        self.for_each_part(&mut |part| {
            for piece in part.split_inclusive(|&byte| byte == b'\n') {
                match (piece.strip_suffix(b"\n"), begun.is_empty()) {
                    (Some(line), true) => found(line)?,
                    (Some(rest), false) => {
                        begun.extend_from_slice(rest);
                        found(&begun)?;
                        begun.clear();
                    }
                    (None, _) => begun.extend_from_slice(piece),
                }
            }
            Ok(())
        })
    }

    /// Hands on everything in order, in pieces of no particular size.
    fn for_each_part(mut self, found: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        self.entries.sort_by_key(|entry| entry.person);
        let in_file = self.file.as_ref().map_or(0, |aside| aside.len);
        let mut buffer = vec![0; 64 << 10];
        for entry in &self.entries {
            let in_memory = entry.at.checked_sub(in_file);
            match (in_memory, &mut self.file) {
                (Some(at), _) => {
                    let at = usize::try_from(at).map_err(io::Error::other)?;
                    let end = at + usize::try_from(entry.len).map_err(io::Error::other)?;
                    found(&self.memory[at..end])?;
                }
                (None, Some(aside)) => {
                    let mut left = u64::from(entry.len).min(in_file - entry.at);
                    // An entry that goes on over the moment of writing out continues in memory.
                    let rest = usize::try_from(u64::from(entry.len) - left).map_err(io::Error::other)?;
                    aside.file.seek(SeekFrom::Start(entry.at))?;
                    while left > 0 {
                        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
                        aside.file.read_exact(&mut buffer[..most])?;
                        left -= bytes(most);
                        found(&buffer[..most])?;
                    }
                    found(&self.memory[..rest])?;
                }
                (None, None) => return Err(io::Error::other("rows set aside are gone")),
            }
        }
        Ok(())
    }
}

fn bytes(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// A file without a name, which only this process can reach.
struct Aside {
    file: File,
    len: u64,
}

impl Aside {
    fn new() -> io::Result<Self> {
        Ok(Self { file: tempfile::tempfile()?, len: 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_by_person_from_memory_and_from_disk() {
        let mut spool = Spool::new();
        let row = |person: u32, number: usize| format!("{person}:{number:08}\n");
        let rounds = MEMORY_BYTES * 5 / 2 / row(0, 0).len() / 3;
        for number in 0..rounds {
            for person in [0, 1, 2, 2] {
                spool.push(person, |out| out.extend_from_slice(row(person, number).as_bytes())).unwrap();
            }
        }
        spool.forget(|person| person == 1);

        let mut out = Vec::new();
        spool.write_to(b"header\n", &mut out).unwrap();

        let expected: String = std::iter::once("header\n".to_owned())
            .chain((0..rounds).map(|number| row(0, number)))
            .chain((0..rounds).flat_map(|number| [row(2, number), row(2, number)]))
            .collect();
        assert!(out == expected.as_bytes(), "{} and {} bytes", out.len(), expected.len());
    }
}
