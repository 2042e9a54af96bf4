//! A series' readings as they wait in RAM: in the order of `measured_at`, each moment once, each as what it differs from the one before.
//!
//! One of a steady device takes five bytes or six instead of forty, so that far more can wait before they must be sealed. Written and read
//! by this process alone: it lies on no disk. Read next: `mirror.rs`, which has one for each series.

use super::hot::{self, AS_VALUE, Entry, GOOD, NONE, RAW_SHIFT};
use crate::chunk::Damaged;
use crate::chunk::bytes::{Reader, put_signed, put_varint};

const MAY_REPEAT: u8 = 1 << 6;
const IS_PLAIN: u8 = 1 << 7;
/// In the byte of the quality.
const IS_CORRECTION: u8 = 1 << 7;

/// The most that a reading takes: tag, quality, reason, and four numbers of ten bytes.
const MOST_BYTES: usize = 45;

/// Readings in a row.
#[derive(Debug, Clone, Default)]
pub(super) struct Packed {
    bytes: Vec<u8>,
    count: usize,
    last: Last,
}

/// What the next reading is told apart from.
#[derive(Debug, Clone, Copy, Default)]
struct Last {
    measured_at: i64,
    step: i64,
    lag: i64,
    value: i64,
    raw: i64,
}

impl Packed {
    /// These entries, which ascend.
    pub(super) fn of(entries: &[Entry]) -> Self {
        let mut packed = Self::default();
        entries.iter().for_each(|entry| packed.push(entry));
        packed
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The bytes of RAM that they take.
    pub(super) fn size(&self) -> usize {
        self.bytes.capacity()
    }

    /// When the last one was measured.
    pub(super) fn last_at(&self) -> Option<i64> {
        (self.count > 0).then_some(self.last.measured_at)
    }

    /// Adds one that was measured after all others.
    pub(super) fn push(&mut self, entry: &Entry) {
        let step = entry.measured_at.wrapping_sub(self.last.measured_at);
        let lag = entry.received_at.wrapping_sub(entry.measured_at);
        let (value, raw) = hot::forms_of(entry);
        let is_plain = entry.quality == GOOD && entry.reason == 0 && !entry.is_correction;
        if self.bytes.capacity() - self.bytes.len() < MOST_BYTES {
            // By half: doubling would leave more unused.
            self.bytes.reserve_exact(MOST_BYTES + self.bytes.len() / 2);
        }
        let (out, last) = (&mut self.bytes, &mut self.last);
        let flags = if is_plain { IS_PLAIN } else { 0 } | if entry.may_repeat { MAY_REPEAT } else { 0 };
        out.push(value.0 | raw.0 << RAW_SHIFT | flags);
        if !is_plain {
            out.push(entry.quality | if entry.is_correction { IS_CORRECTION } else { 0 });
            put_varint(out, entry.reason.into());
        }
        put_signed(out, step.wrapping_sub(last.step));
        put_signed(out, lag.wrapping_sub(last.lag));
        put_number(out, value, entry.value, &mut last.value);
        put_number(out, raw, entry.raw, &mut last.raw);
        // The first one follows on nothing.
        last.step = if self.count == 0 { 0 } else { step };
        (last.measured_at, last.lag) = (entry.measured_at, lag);
        self.count += 1;
    }

    /// Nothing yet, with room for half of what these take: as many are to be expected, and each growth costs.
    pub(super) fn half_as_large(&self) -> Self {
        Self { bytes: Vec::with_capacity(MOST_BYTES + self.bytes.len() / 2), ..Self::default() }
    }

    /// Looks at where the next one goes.
    pub(super) fn look(&self) -> usize {
        self.count ^ self.last.raw as usize ^ self.bytes.last().map_or(0, |byte| usize::from(*byte))
    }

    /// All of them, in their order.
    pub(super) fn iter(&self) -> Iter<'_> {
        Iter { from: Reader::new(&self.bytes), is_first: true, last: Last::default() }
    }
}

/// What [`Packed::iter`] gives.
pub(super) struct Iter<'a> {
    from: Reader<'a>,
    is_first: bool,
    last: Last,
}

impl Iter<'_> {
    fn read(&mut self) -> Result<Entry, Damaged> {
        let (from, last) = (&mut self.from, &mut self.last);
        let tag = from.byte()?;
        let (mut quality, mut reason, mut is_correction) = (GOOD, 0, false);
        if tag & IS_PLAIN == 0 {
            let byte = from.byte()?;
            (quality, is_correction) = (byte & !IS_CORRECTION, byte & IS_CORRECTION != 0);
            // Sixteen bits went in.
            reason = from.varint()? as u16;
        }
        let step = last.step.wrapping_add(from.signed()?);
        last.measured_at = last.measured_at.wrapping_add(step);
        last.lag = last.lag.wrapping_add(from.signed()?);
        let value = number(from, tag & 7, f64::NAN, &mut last.value)?;
        let raw = number(from, tag >> RAW_SHIFT & 7, value, &mut last.raw)?;
        last.step = if std::mem::take(&mut self.is_first) { 0 } else { step };
        Ok(Entry {
            measured_at: last.measured_at,
            received_at: last.measured_at.wrapping_add(last.lag),
            raw,
            value,
            reason,
            quality,
            may_repeat: tag & MAY_REPEAT != 0,
            is_correction,
        })
    }
}

impl Iterator for Iter<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        // There is nothing but what `push` wrote: the only thing to be met is the end.
        self.read().ok()
    }
}

fn put_number(out: &mut Vec<u8>, (code, digits): (u8, i64), number: f64, last: &mut i64) {
    match hot::power(code) {
        Some(_) => {
            put_signed(out, digits.wrapping_sub(*last));
            *last = digits;
        }
        None if code == NONE || code == AS_VALUE => {}
        None => out.extend_from_slice(&number.to_bits().to_le_bytes()),
    }
}

fn number(from: &mut Reader<'_>, code: u8, value: f64, last: &mut i64) -> Result<f64, Damaged> {
    match hot::power(code) {
        Some(power) => {
            *last = last.wrapping_add(from.signed()?);
            Ok(*last as f64 / power)
        }
        None if code == NONE => Ok(f64::NAN),
        None if code == AS_VALUE => Ok(value),
        None => Ok(f64::from_bits(u64::from_le_bytes(from.array()?))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::hot::samples::an_entry;
    use proptest::prelude::*;

    fn bits(entry: &Entry) -> (i64, i64, u64, u64, u16, u8, bool, bool) {
        let Entry { measured_at, received_at, raw, value, reason, quality, may_repeat, is_correction } =
            *entry;
        (measured_at, received_at, raw.to_bits(), value.to_bits(), reason, quality, may_repeat, is_correction)
    }

    proptest! {
        #[test]
        fn what_waits_comes_back_bit_for_bit(entries in prop::collection::vec(an_entry(), 0..50)) {
            let packed = Packed::of(&entries);
            prop_assert_eq!(packed.len(), entries.len());
            prop_assert_eq!(packed.last_at(), entries.last().map(|entry| entry.measured_at));
            prop_assert_eq!(packed.iter().map(|entry| bits(&entry)).collect::<Vec<_>>(), entries.iter().map(bits).collect::<Vec<_>>());
            prop_assert!(packed.bytes.len() <= MOST_BYTES * entries.len());
        }
    }

    #[test]
    fn a_steady_device_takes_few_bytes() {
        let entry = |n: i32| Entry {
            measured_at: 1_790_000_000_000 + i64::from(n) * 1_000 + i64::from(n % 7),
            received_at: 1_790_000_000_000 + i64::from(n) * 1_000 + i64::from(n % 7),
            raw: f64::from(700 + n % 50),
            value: f64::from(700 + n % 50) / 100.0,
            reason: 0,
            quality: GOOD,
            may_repeat: true,
            is_correction: false,
        };
        let entries: Vec<_> = (0..240).map(entry).collect();
        let packed = Packed::of(&entries);
        assert!(packed.bytes.len() < 6 * entries.len(), "{} bytes", packed.bytes.len());
    }
}
