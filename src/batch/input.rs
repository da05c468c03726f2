//! Inputs as pieces of work: blocks of whole lines of a CSV file, row groups of a Parquet file. Either may be packed
//! by gzip or zstd, which is known by the first bytes, not by the name.

use std::{
    fs::File,
    io::{self, BufReader, Read, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use flate2::bufread::MultiGzDecoder;
use tempfile::NamedTempFile;

use super::{
    BatchError, BatchOptions, ColumnMap, Hash, InputRead, Kind, Shape,
    csv::{Csv, Layout, Reading, Steps, first_line},
    fingerprint::Hasher,
    lines::{BLOCK_BYTES, Block, Lines, Piece},
    parquet::{GroupRuns, ParquetFile},
    runs::Rows,
    stamp::Offsets,
};

/// Rows in so much text tell how long epochs are.
const LOOKED_AT_BYTES: usize = 64 << 10;
/// So many rows of a Parquet file.
const LOOKED_AT_ROWS: usize = 2000;
/// Fewer differences than this tell nothing.
const LEAST_DIFFERENCES: usize = 10;
const HOUR_S: i64 = 3600;

/// What a worker does next.
pub(super) enum Work {
    /// Whole lines; the last one has no line end where the input ends without one.
    Lines { reading: Arc<Reading>, text: Block },
    /// A line that is too long to be one.
    TooLong,
    /// A row group.
    Group { file: Arc<ParquetFile>, group: usize, epoch_s: i64 },
    /// The first row group, which was read to know the epochs.
    Runs { runs: Box<GroupRuns>, epoch_s: i64 },
    /// The rest of the input cannot be read.
    Broken(BatchError),
}

/// An open input.
pub(super) struct Input {
    what: What,
    /// What is known of it.
    pub read: InputRead,
    taken: Arc<Mutex<Taken>>,
}

enum What {
    Csv(Lines, Arc<Reading>),
    Parquet { file: Arc<ParquetFile>, next: usize, first: Option<Box<GroupRuns>> },
}

/// Bytes taken from the file, as they lie on disk.
#[derive(Default)]
struct Taken {
    bytes: u64,
    hash: Hasher,
}

fn held(taken: &Mutex<Taken>) -> std::sync::MutexGuard<'_, Taken> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Input {
    /// Opens the file that lies at `at` and looks at its beginning. `path` is what people call it; `with_hash` also takes
    /// its fingerprint.
    pub fn open(path: &Path, at: &Path, options: &BatchOptions, with_hash: bool) -> Result<Self, BatchError> {
        let failed = |source| BatchError::Open { path: path.to_owned(), source };
        let broken = |source| BatchError::Read { path: path.to_owned(), source };
        let taken = Arc::new(Mutex::new(Taken {
            bytes: 0,
            hash: Hasher::new(if with_hash { options.hash } else { Hash::None }),
        }));
        let file = File::open(at).map_err(failed)?;
        if file.metadata().map_err(failed)?.is_dir() {
            return Err(failed(io::Error::from(io::ErrorKind::IsADirectory)));
        }
        let (mut reader, packing) = unpacked(Counted { raw: file, taken: taken.clone() }).map_err(broken)?;
        let (beginning, reader) = match peek(&mut reader, 4) {
            Ok(beginning) => (beginning.clone(), io::Cursor::new(beginning).chain(reader)),
            Err(source) => return Err(broken(source)),
        };
        let mut read = InputRead::new(path, packing);
        if beginning == b"PAR1" {
            return Self::open_parquet(path, at, options, reader, read, taken);
        }
        let mut lines = Lines::new(Box::new(reader));
        let first = lines.next().map_err(broken)?;
        let text = match first {
            Piece::End => return Err(BatchError::Empty { path: path.to_owned() }),
            Piece::TooLong => return Err(BatchError::NotText { path: path.to_owned() }),
            Piece::Lines(text) => text,
        };
        let (header, rest) = first_line(text.text());
        let layout = Layout::find(header, &options.columns, path)?;
        let rest = rest.to_vec();
        if rest.is_empty() && lines.is_at_end() {
            return Err(BatchError::NoRows { path: path.to_owned() });
        }
        read.columns.clone_from(&layout.names);
        read.shape = if matches!(layout.steps, Steps::Wide(_)) { Shape::Wide } else { Shape::Long };
        let named = name_of(path).into_bytes().into_boxed_slice();
        let mut reading = Reading { layout, epoch_s: 1, offsets: options.offsets(), kind: options.kind, named };
        read.epoch_s = match (options.epoch_s, read.shape) {
            (_, Shape::Wide) => 60,
            (Some(epoch_s), _) => epoch_s,
            (None, _) => epoch_of_text(&reading, &rest),
        };
        reading.epoch_s = read.epoch_s;
        lines.give_back(rest);
        Ok(Self { what: What::Csv(lines, Arc::new(reading)), read, taken })
    }

    fn open_parquet(
        path: &Path,
        at: &Path,
        options: &BatchOptions,
        mut reader: impl Read,
        mut read: InputRead,
        taken: Arc<Mutex<Taken>>,
    ) -> Result<Self, BatchError> {
        let broken = |source| BatchError::Read { path: path.to_owned(), source };
        let aside = |source| BatchError::Aside { path: std::env::temp_dir(), source };
        let unpacked = if !read.packing.is_empty() {
            let mut file = NamedTempFile::new().map_err(aside)?;
            io::copy(&mut reader, &mut file).map_err(broken)?;
            file.flush().map_err(aside)?;
            Some(file)
        } else if held(&taken).hash.is_asked_for() {
            // Columns are read apart; the whole is read for its fingerprint alone.
            let mut buffer = vec![0; BLOCK_BYTES];
            while reader.read(&mut buffer).map_err(broken)? > 0 {}
            None
        } else {
            held(&taken).bytes = std::fs::metadata(at).map_err(broken)?.len();
            None
        };
        let file = ParquetFile::open(path, at, unpacked, options)?;
        if file.row_groups() == 0 {
            return Err(BatchError::NoRows { path: path.to_owned() });
        }
        read.shape = Shape::Parquet;
        let first = Box::new(file.read_group(0)?);
        read.epoch_s = options.epoch_s.unwrap_or_else(|| epoch_of_runs(&first));
        Ok(Self { what: What::Parquet { file: Arc::new(file), next: 0, first: Some(first) }, read, taken })
    }

    /// Bytes taken from the file so far.
    pub fn taken(&self) -> u64 {
        held(&self.taken).bytes
    }

    /// The whole file's fingerprint, once all of it was read.
    pub fn hash(&self) -> Option<String> {
        held(&self.taken).hash.finish()
    }

    /// The next piece; none at the end.
    pub fn next(&mut self) -> Option<Work> {
        match &mut self.what {
            What::Csv(lines, reading) => match lines.next() {
                Ok(Piece::Lines(text)) => Some(Work::Lines { reading: reading.clone(), text }),
                Ok(Piece::TooLong) => Some(Work::TooLong),
                Ok(Piece::End) => None,
                Err(source) => {
                    lines.stop();
                    Some(Work::Broken(BatchError::Read { path: self.read.path.clone(), source }))
                }
            },
            What::Parquet { file, next, first } => {
                let group = *next;
                *next += 1;
                match first.take() {
                    Some(runs) => Some(Work::Runs { runs, epoch_s: self.read.epoch_s }),
                    None => (group < file.row_groups()).then(|| Work::Group {
                        file: file.clone(),
                        group,
                        epoch_s: self.read.epoch_s,
                    }),
                }
            }
        }
    }

    /// The rows of the last row group, where there are row groups.
    pub fn last_group(&self, options: &BatchOptions) -> Result<Option<Rows>, BatchError> {
        let What::Parquet { file, .. } = &self.what else { return Ok(None) };
        let runs = file.read_group(file.row_groups().saturating_sub(1))?;
        Ok(Some(runs.into_rows(self.read.epoch_s, options.kind)))
    }

    /// Takes back a block that is not needed any more.
    pub fn recycle(&mut self, text: Block) {
        if let What::Csv(lines, _) = &mut self.what {
            lines.recycle(text);
        }
    }
}

/// A file's name without its ends, as the participant it is of.
pub(super) fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.split('.').next().unwrap_or_default().to_owned()
}

/// Copies standard input to a file, so that it can be read like one, and again.
pub(super) fn keep_stdin(stdin: &mut dyn Read) -> io::Result<NamedTempFile> {
    let mut file = NamedTempFile::new()?;
    io::copy(stdin, &mut file)?;
    file.flush()?;
    Ok(file)
}

/// The longest distance between two rows of one participant, up to an hour, that fits into nearly all of the others; a
/// minute where too few rows tell. Rows may come in any order.
fn epoch_of(mut stamps: Vec<(u32, i64)>) -> i64 {
    stamps.sort_unstable();
    stamps.dedup();
    let of_one = stamps.windows(2).filter(|two| two[0].0 == two[1].0);
    let differences: Vec<i64> = of_one.map(|two| two[1].1 - two[0].1).collect();
    if differences.len() < LEAST_DIFFERENCES {
        return 60;
    }
    let fits = |epoch_s: i64| differences.iter().filter(|&seconds| seconds % epoch_s == 0).count();
    // A stamp that is wrong spoils two differences.
    let enough = differences.len() - differences.len() / 20;
    let mut distances: Vec<i64> = differences.iter().copied().filter(|seconds| *seconds <= HOUR_S).collect();
    distances.sort_unstable();
    distances.dedup();
    let most = distances.into_iter().rev().find(|&seconds| fits(seconds) >= enough).unwrap_or(60);
    // Epochs fill a minute, or are minutes.
    if most < 60 && 60 % most != 0 { 60 } else { most }
}

fn epoch_of_text(reading: &Reading, text: &[u8]) -> i64 {
    let part = &text[..text.len().min(LOOKED_AT_BYTES)];
    let whole = part.iter().rposition(|&byte| byte == b'\n').map_or(part, |end| &part[..=end]);
    let rows = Csv::new(reading).lines(whole);
    // Rows a second after one another are one run.
    let stamps = rows.runs.iter().flat_map(|run| (0..run.rows).map(|row| (run.person, run.first_s + i64::from(row))));
    epoch_of(stamps.collect())
}

fn epoch_of_runs(runs: &GroupRuns) -> i64 {
    epoch_of(runs.first_stamps(LOOKED_AT_ROWS))
}

/// Counts and hashes what is read.
struct Counted {
    raw: File,
    taken: Arc<Mutex<Taken>>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.raw.read(buffer)?;
        let mut taken = held(&self.taken);
        taken.bytes += u64::try_from(count).unwrap_or(0);
        taken.hash.update(&buffer[..count]);
        Ok(count)
    }
}

fn peek(reader: &mut impl Read, bytes: u64) -> io::Result<Vec<u8>> {
    // A pipe may give one byte at a time.
    let mut first = Vec::new();
    reader.by_ref().take(bytes).read_to_end(&mut first)?;
    Ok(first)
}

/// The plain bytes, and the name of the packing.
fn unpacked(mut raw: Counted) -> io::Result<(Box<dyn Read + Send>, &'static str)> {
    let first = peek(&mut raw, 4)?;
    let kind = match first.as_slice() {
        [0x1f, 0x8b, ..] => "gzip",
        [0x28, 0xb5, 0x2f, 0xfd] => "zstd",
        _ => "",
    };
    let whole = io::Cursor::new(first).chain(raw);
    Ok(match kind {
        "gzip" => (Box::new(MultiGzDecoder::new(BufReader::with_capacity(64 << 10, whole))), kind),
        "zstd" => (Box::new(zstd::Decoder::new(whole)?), kind),
        _ => (Box::new(whole), kind),
    })
}

impl BatchOptions {
    /// What the offset in a stamp does.
    pub(super) fn offsets(&self) -> Offsets {
        match self.stamps {
            super::StampClock::Utc => Offsets::Count,
            super::StampClock::AsTheyStand | super::StampClock::Local => Offsets::Ignore,
        }
    }
}

impl ColumnMap {
    /// Stands for the participant where a file's name tells it.
    pub const FILE_NAME: &'static str = "@file";
}

impl Kind {
    /// The largest value that is believed.
    pub(super) fn most(self) -> u32 {
        match self {
            Self::Steps => super::MOST_STEPS.into(),
            Self::Counter => u32::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packed_file_can_be_read_by_whoever_still_has_work_from_it_when_the_input_is_done() {
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/parquet/polars.parquet");
        let mut packed = NamedTempFile::new().unwrap();
        packed.write_all(&zstd::encode_all(File::open(fixture).unwrap(), 1).unwrap()).unwrap();
        let options = BatchOptions::of(Vec::new());
        let input = Input::open(Path::new("minutes.parquet.zst"), packed.path(), &options, true).unwrap();
        let What::Parquet { file, .. } = &input.what else { panic!("it is Parquet") };
        let file = file.clone();
        drop(input);

        assert_eq!(file.read_group(0).unwrap().rows, 5700);
    }
}
