//! What is known of a chunk's rows without opening it: counts by quality, the judged values' least, greatest, sum and last. Pure.
//!
//! Read next: `hours.rs`, many of them together.

use super::bytes::{Reader, put_signed, put_varint, unzigzag, zigzag};
use super::{Damaged, Row, figures, numbers};
use crate::figures::QualityCounts;

/// What is known of some rows. Without a judged value, `n` and the numbers are 0.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Summary {
    /// Rows of each quality.
    pub counts: QualityCounts,
    /// How many judged values there are: finite ones that are good, not evaluated or suspect.
    pub n: u32,
    /// The least of them.
    pub min: f64,
    /// The greatest.
    pub max: f64,
    /// Their sum; exact where all are decimals.
    pub sum: f64,
    /// The one measured last.
    pub last: f64,
    /// When the first row, of whatever quality, was measured (ms since 1970).
    pub first_at: i64,
    /// When the last one was.
    pub last_at: i64,
    /// How many rows there should have been, where that was known.
    pub expected: Option<u32>,
}

impl Summary {
    /// What is known of these rows and others, which are none of these.
    pub fn joined(&self, other: &Self) -> Self {
        let (early, late) = if self.last_at <= other.last_at { (self, other) } else { (other, self) };
        let mut joined = Self {
            counts: early.counts,
            n: early.n.saturating_add(late.n),
            sum: early.sum + late.sum,
            first_at: early.first_at.min(late.first_at),
            last_at: late.last_at,
            expected: early.expected.max(late.expected),
            ..if late.n > 0 { *late } else { *early }
        };
        joined.counts += late.counts;
        if early.n > 0 && late.n > 0 {
            (joined.min, joined.max) = (early.min.min(late.min), early.max.max(late.max));
        }
        joined
    }
}

/// Sums up rows that ascend by `measured_at`. Their qualities are QARTOD's flags (1 good, 2 not evaluated, 3 suspect, 4 fail,
/// 9 missing) and 5, calibrating.
pub fn summarise(rows: &[Row], expected: Option<u32>) -> Summary {
    let mut counts = QualityCounts::default();
    let mut judged = Vec::with_capacity(rows.len());
    for row in rows {
        let (count, is_judged) = match row.quality {
            1 => (&mut counts.good, true),
            2 => (&mut counts.not_evaluated, true),
            3 => (&mut counts.suspect, true),
            4 => (&mut counts.fail, false),
            5 => (&mut counts.calibrating, false),
            _ => (&mut counts.missing, false),
        };
        *count += 1;
        judged.extend(row.value.filter(|value| is_judged && value.is_finite()));
    }
    let least = judged.iter().copied().reduce(f64::min);
    let greatest = judged.iter().copied().reduce(f64::max);
    Summary {
        counts,
        n: judged.len() as u32,
        min: least.unwrap_or(0.0),
        max: greatest.unwrap_or(0.0),
        sum: numbers::sum(&judged),
        last: judged.last().copied().unwrap_or(0.0),
        first_at: rows.first().map_or(0, |row| row.measured_at),
        last_at: rows.last().map_or(0, |row| row.measured_at),
        expected,
    }
}

/// All counts are judged values' and the others none.
const N_IS_JUDGED: u8 = 1 << 6;
const HAS_EXPECTED: u8 = 1 << 7;

/// The summary in about twenty bytes.
pub fn encode_summary(summary: &Summary) -> Vec<u8> {
    let counts = summary.counts.in_order();
    let mut out = vec![0];
    for (at, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        out[0] |= 1 << at;
        put_varint(&mut out, (*count).into());
    }
    if summary.n == summary.counts.judged() {
        out[0] |= N_IS_JUDGED;
    } else {
        put_varint(&mut out, summary.n.into());
    }
    if let Some(expected) = summary.expected {
        out[0] |= HAS_EXPECTED;
        // Usually as many as there are.
        put_signed(&mut out, i64::from(expected) - summary.counts.total() as i64);
    }
    let span = summary.last_at.wrapping_sub(summary.first_at);
    let is_whole_seconds = summary.first_at % 1_000 == 0 && span % 1_000 == 0;
    let unit = if is_whole_seconds { 1_000 } else { 1 };
    put_signed(&mut out, summary.first_at / unit);
    // Its lowest bit is the unit; a span from one end of time to the other has no room for it and is cut in two.
    put_varint(&mut out, zigzag(span / unit) >> 32 << 1 | u64::from(is_whole_seconds));
    put_varint(&mut out, zigzag(span / unit) & 0xffff_ffff);
    if summary.n > 0 {
        figures::write(&[summary.min, summary.last, summary.max, summary.sum], &mut out);
    }
    out
}

/// What [`encode_summary`] was given.
///
/// # Errors
/// When the bytes are not what it wrote.
pub fn decode_summary(bytes: &[u8]) -> Result<Summary, Damaged> {
    let mut from = Reader::new(bytes);
    let tag = from.byte()?;
    let mut counts = [0; 6];
    for (at, count) in counts.iter_mut().enumerate() {
        if tag & 1 << at != 0 {
            *count = from.u32()?;
        }
    }
    let counts = QualityCounts::from_order(counts);
    let n = if tag & N_IS_JUDGED != 0 { counts.judged() } else { from.u32()? };
    let mut expected = None;
    if tag & HAS_EXPECTED != 0 {
        let count = from.signed()?.wrapping_add(counts.total() as i64);
        expected = Some(u32::try_from(count).map_err(|_| Damaged("a count of more than 32 bits"))?);
    }
    let first = from.signed()?;
    let (high, low) = (from.varint()?, from.varint()?);
    let unit = if high & 1 == 1 { 1_000 } else { 1 };
    let span = unzigzag(high >> 1 << 32 | low & 0xffff_ffff);
    let first_at = first.wrapping_mul(unit);
    let last_at = first_at.wrapping_add(span.wrapping_mul(unit));
    let [min, last, max, sum] = if n > 0 { figures::read(&mut from)? } else { [0.0; 4] };
    from.finish()?;
    Ok(Summary { counts, n, min, max, sum, last, first_at, last_at, expected })
}
