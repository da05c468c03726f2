//! All inputs as one queue of work.

use std::path::PathBuf;

use super::{
    BatchOptions, InputRead,
    input::{Input, Work},
    lines::Block,
};

/// All inputs, one after another.
pub(super) struct Source<'o> {
    options: &'o BatchOptions,
    /// Where [`BatchOptions::inputs`] lie.
    inputs: &'o [PathBuf],
    next: usize,
    open: Option<Input>,
    with_hash: bool,
    sequence: u64,
    bytes_before: u64,
    /// What was read of each.
    pub reads: Vec<InputRead>,
}

/// A piece of work in its place.
pub(super) struct Unit {
    /// Counts all pieces from 0.
    pub sequence: u64,
    pub input: usize,
    /// Whether it is the first of its input, and the input's epochs.
    pub begins: Option<i64>,
    pub work: Work,
    /// Bytes of all inputs taken so far.
    pub bytes: u64,
}

impl<'o> Source<'o> {
    pub fn new(options: &'o BatchOptions, inputs: &'o [PathBuf], with_hash: bool) -> Self {
        let (next, sequence, bytes_before) = (0, 0, 0);
        Self { options, inputs, next, open: None, with_hash, sequence, bytes_before, reads: Vec::new() }
    }

    pub fn next(&mut self) -> Option<Unit> {
        loop {
            let mut begins = None;
            if self.open.is_none() {
                let at = self.inputs.get(self.next)?;
                let path = self.options.inputs.get(self.next)?;
                self.next += 1;
                match Input::open(path, at, self.options, self.with_hash) {
                    Ok(input) => {
                        begins = Some(input.read.epoch_s);
                        self.open = Some(input);
                    }
                    Err(error) => {
                        self.reads.push(InputRead::new(path, ""));
                        return Some(self.unit(Some(60), Work::Broken(error)));
                    }
                }
            }
            let Some(input) = &mut self.open else { continue };
            if let Some(work) = input.next() {
                return Some(self.unit(begins, work));
            }
            self.close();
        }
    }

    fn unit(&mut self, begins: Option<i64>, work: Work) -> Unit {
        let sequence = self.sequence;
        self.sequence += 1;
        let bytes = self.bytes_before + self.open.as_ref().map_or(0, Input::taken);
        Unit { sequence, input: self.next - 1, begins, work, bytes }
    }

    fn close(&mut self) {
        let Some(input) = self.open.take() else { return };
        self.bytes_before += input.taken();
        let (bytes, hash) = (input.taken(), input.hash());
        self.reads.push(InputRead { bytes, hash, ..input.read });
    }

    /// No further piece is given out.
    pub fn stop(&mut self) {
        self.close();
        self.next = self.inputs.len();
    }

    pub fn recycle(&mut self, text: Block) {
        if let Some(input) = &mut self.open {
            input.recycle(text);
        }
    }
}
