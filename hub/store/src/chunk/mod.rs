//! One point's readings of one day as a blob of bytes, and back, bit for bit; and what is known of them without opening it.
//!
//! Pure: no file, no SQLite, no clock. What a column has in common with another, or with a beat, is not written: a day of
//! ten-minute readings takes little more than the changes of its values. Blobs may be damaged: reading one never panics, never
//! takes more memory than its rows, and gives either what was written or [`Damaged`]. Read next: `ints.rs`, `numbers.rs`.

pub(crate) mod bytes;
mod even;
mod figures;
mod hours;
mod ints;
mod numbers;
mod packed;
mod rice;
mod runs;
mod states;
mod summary;
#[cfg(test)]
mod tests;
mod times;

use thiserror::Error;

use bytes::{Reader, put_varint};
pub use hours::{decode_hours, encode_hours};
pub use summary::{Summary, decode_summary, encode_summary, summarise};

/// A blob holds at most so many rows: twelve a second for a day. Whoever has more, cuts.
pub const MAX_ROWS: usize = 1 << 20;

/// The first byte after the checksum; another one is another form.
const FORM: u8 = 1;

/// One reading, without its point. Times are milliseconds since 1970 (UTC).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// When it was measured.
    pub measured_at: i64,
    /// When it reached the hub.
    pub received_at: i64,
    /// The device's own number.
    pub raw: Option<f64>,
    /// The value in the point's unit.
    pub value: Option<f64>,
    /// The quality's code on disk.
    pub quality: u8,
    /// The reason's code on disk, 0 for none.
    pub reason: u16,
}

/// A blob that is not what was written: what was found wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a damaged blob: {0}")]
pub struct Damaged(pub &'static str);

/// The rows as a blob. They ascend by `measured_at`, each moment once.
///
/// # Panics
/// When there are more than [`MAX_ROWS`]: the blob could not be read again.
pub fn encode(rows: &[Row]) -> Vec<u8> {
    assert!(rows.len() <= MAX_ROWS, "{} rows in a blob", rows.len());
    let mut body = vec![FORM];
    put_varint(&mut body, rows.len() as u64);
    let measured: Vec<i64> = rows.iter().map(|row| row.measured_at).collect();
    let received: Vec<i64> = rows.iter().map(|row| row.received_at).collect();
    let values: Vec<Option<f64>> = rows.iter().map(|row| row.value).collect();
    let raws: Vec<Option<f64>> = rows.iter().map(|row| row.raw).collect();
    times::write_measured(&measured, &mut body);
    times::write_received(&measured, &received, &mut body);
    states::write(rows, &mut body);
    numbers::write(&values, &raws, &mut body);
    with_checksum(&body)
}

/// The rows that a blob was made of.
///
/// # Errors
/// When it is not what [`encode`] made.
pub fn decode(blob: &[u8]) -> Result<Vec<Row>, Damaged> {
    let mut from = checked(blob)?;
    if from.byte()? != FORM {
        return Err(Damaged("an unknown form"));
    }
    let count = from.count(MAX_ROWS)?;
    let measured = times::read_measured(&mut from, count)?;
    let received = times::read_received(&mut from, &measured)?;
    let states = states::read(&mut from, count)?;
    let present: Vec<(bool, bool)> = states.iter().map(|state| (state.has_value, state.has_raw)).collect();
    let (values, raws) = numbers::read(&mut from, &present)?;
    from.finish()?;
    if !measured.is_sorted_by(|a, b| a < b) {
        return Err(Damaged("rows out of order"));
    }
    let mut rows = Vec::with_capacity(count);
    for (at, state) in states.into_iter().enumerate() {
        rows.push(Row {
            measured_at: measured[at],
            received_at: received[at],
            raw: raws[at],
            value: values[at],
            quality: state.quality,
            reason: state.reason,
        });
    }
    Ok(rows)
}

/// The rows that a blob was made of, as far as figures are made of them: `received_at` is `measured_at`, `raw` is none.
///
/// # Errors
/// When it is not what [`encode`] made.
pub fn decode_values(blob: &[u8]) -> Result<Vec<Row>, Damaged> {
    let mut from = checked(blob)?;
    if from.byte()? != FORM {
        return Err(Damaged("an unknown form"));
    }
    let count = from.count(MAX_ROWS)?;
    let measured = times::read_measured(&mut from, count)?;
    ints::skip(&mut from, count)?;
    let states = states::read(&mut from, count)?;
    let values = numbers::read_values(&mut from, states.iter().filter(|state| state.has_value).count())?;
    if !measured.is_sorted_by(|a, b| a < b) {
        return Err(Damaged("rows out of order"));
    }
    let mut values = values.into_iter();
    let row = |(measured_at, state): (i64, states::State)| Row {
        measured_at,
        received_at: measured_at,
        raw: None,
        value: if state.has_value { values.next() } else { None },
        quality: state.quality,
        reason: state.reason,
    };
    Ok(measured.into_iter().zip(states).map(row).collect())
}

/// The bytes behind their checksum.
fn with_checksum(body: &[u8]) -> Vec<u8> {
    let mut blob = Vec::with_capacity(body.len() + 4);
    blob.extend_from_slice(&crc32fast::hash(body).to_le_bytes());
    blob.extend_from_slice(body);
    blob
}

fn checked(blob: &[u8]) -> Result<Reader<'_>, Damaged> {
    let mut from = Reader::new(blob);
    let checksum = u32::from_le_bytes(from.array()?);
    if crc32fast::hash(&blob[4..]) != checksum {
        return Err(Damaged("its checksum is another"));
    }
    Ok(from)
}
