//! A recorded dialogue as a file of JSON Lines: a header, then what was asked and what was answered, in order.

use std::{fmt, io};

use firmware_protocol::{
    device::{self, Advertisement, Kind},
    driver::Uuid,
};
use serde::{Deserialize, Serialize};

/// The version of the format; a file of another one is not read.
pub const VERSION: u8 = 1;
/// No line is longer: the longest attribute value in hex, and room to spare.
const MAX_LINE: usize = 16 * 1024;

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Version of the format.
    pub brisk_capture: u8,
    /// Version of the program that recorded it.
    pub software: String,
    /// Name of the kind of counter.
    pub kind: String,
    /// The largest attribute value that one packet carried, plus three.
    pub mtu: u16,
    /// UTC of the host at millisecond 0, microseconds since 1970.
    pub begin_utc_us: i64,
    /// The host believed its own clock.
    pub clock_trusted: bool,
    /// Local time minus UTC, minutes.
    pub offset_min: i16,
    /// Name of the local zone.
    pub zone: String,
    /// How long a dialogue with a counter that tells only what is now could last, milliseconds.
    pub live_ms: u32,
    /// A key was used; a made-up one stands in its place.
    pub keyed: bool,
    /// Everything was brought in and acknowledged; else the dialogue was ended at the first reading.
    pub whole: bool,
    /// What the counter advertised.
    pub heard: HeardLine,
}

/// What a counter said to everybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeardLine {
    /// Its name.
    pub name: Option<String>,
    /// Services, in hex.
    pub services: Vec<Hex>,
    /// Company numbers with their data.
    pub manufacturer: Vec<(u16, Hex)>,
    /// How strongly it was heard, dBm.
    pub rssi_dbm: Option<i16>,
}

/// One further line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Milliseconds since the dialogue began.
    pub ms: u64,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
pub enum What {
    /// The host asked; an answer follows.
    Subscribe {
        /// The characteristic.
        of: Hex,
    },
    /// The same.
    Unsubscribe {
        /// The characteristic.
        of: Hex,
    },
    /// The same.
    Read {
        /// The characteristic.
        of: Hex,
    },
    /// The same.
    Write {
        /// The characteristic.
        of: Hex,
        /// What was written.
        bytes: Hex,
    },
    /// The same, without response.
    Send {
        /// The characteristic.
        of: Hex,
        /// What was written.
        bytes: Hex,
    },
    /// The answer: done.
    Done,
    /// The answer: a value.
    Value {
        /// Its bytes.
        bytes: Hex,
    },
    /// The answer: no.
    Refused {
        /// The ATT error code.
        code: u8,
    },
    /// The answer: there is no such characteristic.
    Missing,
    /// No answer in time.
    Silent,
    /// A notification or indication.
    Notified {
        /// The characteristic.
        of: Hex,
        /// Its bytes.
        bytes: Hex,
    },
    /// The host waited, and nothing came.
    Nothing,
    /// The connection broke.
    Lost,
    /// The dialogue is over; in words, how.
    End {
        /// How.
        how: String,
    },
}

impl What {
    /// Whether the host asks something that is answered in the next line but for notifications.
    pub const fn is_question(&self) -> bool {
        matches!(
            self,
            Self::Subscribe { .. }
                | Self::Unsubscribe { .. }
                | Self::Read { .. }
                | Self::Write { .. }
                | Self::Send { .. }
        )
    }

    /// Whether it answers one.
    pub const fn is_answer(&self) -> bool {
        matches!(
            self,
            Self::Done | Self::Value { .. } | Self::Refused { .. } | Self::Missing | Self::Silent | Self::Lost
        )
    }

    /// The same question of the same characteristic, whatever its bytes; of the same length.
    pub fn resembles(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Subscribe { of: a }, Self::Subscribe { of: b })
            | (Self::Unsubscribe { of: a }, Self::Unsubscribe { of: b })
            | (Self::Read { of: a }, Self::Read { of: b }) => a == b,
            (Self::Write { of: a, bytes: x }, Self::Write { of: b, bytes: y })
            | (Self::Send { of: a, bytes: x }, Self::Send { of: b, bytes: y }) => a == b && x.0.len() == y.0.len(),
            _ => false,
        }
    }
}

impl fmt::Display for What {
    /// A question, for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subscribe { of } => write!(f, "subscribe to {of}"),
            Self::Unsubscribe { of } => write!(f, "unsubscribe from {of}"),
            Self::Read { of } => write!(f, "read {of}"),
            Self::Write { of, bytes } => write!(f, "write {bytes} to {of}"),
            Self::Send { of, bytes } => write!(f, "send {bytes} to {of}"),
            other => write!(f, "{other:?}"),
        }
    }
}

/// Bytes as hexadecimal text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hex(pub Vec<u8>);

impl Hex {
    /// The bytes of a characteristic's name, as it is printed.
    pub fn of(uuid: Uuid) -> Self {
        Self(uuid.to_be_bytes().to_vec())
    }

    /// The name, if these are sixteen bytes.
    pub fn uuid(&self) -> Option<Uuid> {
        self.0.as_slice().try_into().ok().map(Uuid::from_be_bytes)
    }
}

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Hex> for String {
    fn from(hex: Hex) -> Self {
        hex.to_string()
    }
}

impl TryFrom<String> for Hex {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if !text.is_ascii() || !text.len().is_multiple_of(2) {
            return Err("bytes are written as an even number of hexadecimal digits");
        }
        let pairs = (0..text.len()).step_by(2).map(|at| text.get(at..at + 2).unwrap_or(""));
        let one = |pair: &str| {
            // `from_str_radix` alone would let "+1" through.
            let digits = pair.bytes().all(|byte| byte.is_ascii_hexdigit());
            u8::from_str_radix(pair, 16).ok().filter(|_| digits)
        };
        pairs.map(one).collect::<Option<_>>().map(Self).ok_or("bytes are written in hexadecimal digits")
    }
}

/// A recorded dialogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// The first line.
    pub header: Header,
    /// The others; the first of them is line 2.
    pub lines: Vec<Line>,
}

/// Why a file is not a recorded dialogue.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// There is no first line.
    #[error("the file is empty")]
    Empty,
    /// A line is not what it should be.
    #[error("line {line}: {what}")]
    Line {
        /// Which, counted from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// The file cannot be read.
    #[error("the file cannot be read")]
    Io(#[from] io::Error),
}

impl CaptureError {
    pub(super) fn at(line: usize, what: impl fmt::Display) -> Self {
        Self::Line { line, what: what.to_string() }
    }
}

impl Capture {
    /// From the text of a file.
    ///
    /// # Errors
    /// The first line that is wrong, and what is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, CaptureError> {
        let mut lines = bytes.strip_suffix(b"\n").unwrap_or(bytes).split(|byte| *byte == b'\n').zip(1..);
        let (first, _) = lines.next().filter(|(first, _)| !first.is_empty()).ok_or(CaptureError::Empty)?;
        let header: Header = line(first, 1)?;
        if header.brisk_capture != VERSION {
            return Err(CaptureError::at(1, format_args!("version {} is not known", header.brisk_capture)));
        }
        let mut capture = Self { header, lines: Vec::new() };
        let mut before = 0;
        for (text, number) in lines {
            let one: Line = line(text, number)?;
            if one.ms < before {
                return Err(CaptureError::at(number, "time goes back"));
            }
            before = one.ms;
            if capture.lines.last().is_some_and(|last| matches!(last.what, What::End { .. })) {
                return Err(CaptureError::at(number, "the dialogue had ended before this line"));
            }
            let asks = one.what.is_question();
            let open = capture.lines.last().is_some_and(|last| last.what.is_question());
            if open && !one.what.is_answer() {
                return Err(CaptureError::at(number, "the question of the line before is not answered"));
            }
            if !open && one.what.is_answer() && one.what != What::Lost {
                return Err(CaptureError::at(number, "an answer without a question"));
            }
            if asks && question_of(&one.what).and_then(Hex::uuid).is_none() {
                return Err(CaptureError::at(number, "a characteristic is named by 32 hexadecimal digits"));
            }
            capture.lines.push(one);
        }
        Ok(capture)
    }

    /// The kind of counter that it was recorded with.
    ///
    /// # Errors
    /// When this version does not know it.
    pub fn kind(&self) -> Result<&'static Kind, CaptureError> {
        let name = &self.header.kind;
        device::kind(name).ok_or_else(|| CaptureError::at(1, format_args!("{name:?} is no kind of counter known here")))
    }

    /// What the counter advertised.
    pub fn advertisement(&self) -> Advertisement {
        let heard = &self.header.heard;
        Advertisement {
            name: heard.name.clone(),
            services: heard.services.iter().filter_map(Hex::uuid).collect(),
            manufacturer: heard.manufacturer.iter().map(|(company, data)| (*company, data.0.clone())).collect(),
        }
    }

    /// Whether it was recorded to the end.
    pub fn is_whole(&self) -> bool {
        self.lines.last().is_some_and(|last| matches!(last.what, What::End { .. }))
    }
}

fn question_of(what: &What) -> Option<&Hex> {
    match what {
        What::Subscribe { of }
        | What::Unsubscribe { of }
        | What::Read { of }
        | What::Write { of, .. }
        | What::Send { of, .. } => Some(of),
        _ => None,
    }
}

fn line<T: for<'de> Deserialize<'de>>(text: &[u8], number: usize) -> Result<T, CaptureError> {
    if text.len() > MAX_LINE {
        return Err(CaptureError::at(number, "longer than any line of a recording"));
    }
    serde_json::from_slice(text).map_err(|error| {
        let cut = if error.is_eof() { "it is cut off" } else { "not a line of a recording" };
        CaptureError::at(number, format_args!("{cut} ({error})"))
    })
}
