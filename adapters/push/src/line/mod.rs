//! Influx line protocol, line by line: a wrong line is told by its number and the next one is read all the same.
//!
//! `measurement[,tag=value…] field=value[,field=value…] [timestamp]`, with every escape and type of it. Never allocates but
//! for names with escapes. Read next: `scan.rs` (one line), `cut.rs` (where a line ends).

mod cut;
mod scan;

use std::borrow::Cow;

use hub_model::{Reason, Sample, Timestamp};

use crate::mac;
use crate::time::believable;

pub use cut::Lines;
pub use scan::scan;

/// Longest text field, in bytes, as InfluxDB has it.
pub const MAX_TEXT_BYTES: usize = 64 * 1024;
/// Most tags of a line: each is held against all before it.
pub const MAX_TAGS: usize = 256;
/// Longest piece of a wrong line that is said back, in characters.
const MAX_SHOWN: usize = 80;

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line<'a> {
    /// What was measured.
    pub measurement: Cow<'a, str>,
    /// Names and values that say where, in the order of the line.
    pub tags: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// At least one.
    pub fields: Vec<(Cow<'a, str>, Field<'a>)>,
    /// As written: in which unit is the sender's and the receiver's agreement.
    pub time: Option<i64>,
}

/// A field's value.
#[derive(Debug, Clone, PartialEq)]
pub enum Field<'a> {
    /// `1.5`: always finite.
    Float(f64),
    /// `1i`
    Integer(i64),
    /// `1u`
    Unsigned(u64),
    /// `t`, `true`, `F` …
    Boolean(bool),
    /// `"text"`
    Text(Cow<'a, str>),
}

/// The unit of a line's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// Nanoseconds.
    #[default]
    Ns,
    /// Microseconds.
    Us,
    /// Milliseconds.
    Ms,
    /// Seconds.
    S,
}

/// What is wrong with a line. The words are those of InfluxDB where it has some.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// Nothing before the first comma or space.
    #[error("missing measurement")]
    MissingMeasurement,
    /// `,=value`
    #[error("missing tag key")]
    MissingTagKey,
    /// `,tag=` or `,tag`
    #[error("missing tag value")]
    MissingTagValue,
    /// The same tag twice.
    #[error("duplicate tags")]
    DuplicateTags,
    /// More than [`MAX_TAGS`].
    #[error("more than {MAX_TAGS} tags")]
    TooManyTags,
    /// No field at all.
    #[error("missing fields")]
    MissingFields,
    /// ` =1`
    #[error("missing field key")]
    MissingFieldKey,
    /// ` field=` or ` field`
    #[error("missing field value")]
    MissingFieldValue,
    /// A field that is no number, switch or text; NaN and infinities are none.
    #[error("invalid number")]
    InvalidNumber,
    /// `"text`
    #[error("unbalanced quotes")]
    UnbalancedQuotes,
    /// Something after a closing quote.
    #[error("invalid field format")]
    InvalidField,
    /// A text over [`MAX_TEXT_BYTES`].
    #[error("text field over 65536 bytes")]
    TextTooLong,
    /// Something that is no whole number after the fields.
    #[error("bad timestamp")]
    BadTimestamp,
    /// The line is no UTF-8.
    #[error("invalid UTF-8")]
    InvalidUtf8,
}

impl Line<'_> {
    /// The value of a tag.
    pub fn tag(&self, name: &str) -> Option<&str> {
        self.tags.iter().find(|(key, _)| key == name).map(|(_, value)| &**value)
    }

    /// A field; the last one where it stands twice.
    pub fn field(&self, name: &str) -> Option<&Field<'_>> {
        self.fields.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

impl Field<'_> {
    /// The number; a switch is 0 or 1. `None` for a text.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Float(number) => Some(*number),
            Self::Integer(number) => Some(*number as f64),
            Self::Unsigned(number) => Some(*number as f64),
            Self::Boolean(on) => Some(f64::from(u8::from(*on))),
            Self::Text(_) => None,
        }
    }

    /// As the device's own number.
    pub fn sample(&self) -> Sample {
        self.number().map_or(Sample::Missing(Reason::Undecodable), Sample::Raw)
    }

    /// What sort of value it is, in InfluxDB's words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Float(_) => "float",
            Self::Integer(_) => "integer",
            Self::Unsigned(_) => "unsigned",
            Self::Boolean(_) => "boolean",
            Self::Text(_) => "string",
        }
    }
}

impl Precision {
    /// All of them, by the words of the API.
    pub const WORDS: [(&'static str, Self); 4] =
        [("ns", Self::Ns), ("us", Self::Us), ("ms", Self::Ms), ("s", Self::S)];

    /// The moment that a line's number stands for; `None` when nothing can have been measured then.
    pub fn moment(self, number: i64) -> Option<Timestamp> {
        let ms = match self {
            Self::Ns => number.div_euclid(1_000_000),
            Self::Us => number.div_euclid(1_000),
            Self::Ms => number,
            Self::S => number.checked_mul(1_000)?,
        };
        believable(ms)
    }

    /// The moment that a line's number stands for when nobody has said in which unit it is: told by its size. Nothing that
    /// was measured since 1990 could be two of them.
    pub fn guessed(number: i64) -> Option<Timestamp> {
        [Self::S, Self::Ms, Self::Us, Self::Ns].into_iter().find_map(|unit| unit.moment(number))
    }
}

/// The beginning of a wrong line, for whoever sent it: short, one line, without anybody's MAC address.
pub fn shown(line: &[u8]) -> String {
    let start = &line[..line.len().min(MAX_SHOWN * 4)];
    let text = String::from_utf8_lossy(start);
    let short: String = text.chars().take(MAX_SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let is_cut = short.len() < line.len();
    // Masked after the cut would leave the half of an address, so what the cut may have halved is dropped.
    let whole =
        if is_cut { short.rsplit_once([',', ' ']).map_or(&*short, |(whole, _)| whole) } else { &short };
    format!("{}{}", mac::masked(whole), if is_cut { "…" } else { "" })
}
