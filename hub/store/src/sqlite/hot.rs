//! One commit's readings as a blob, in the order in which they were judged, and back bit for bit. Pure.
//!
//! Made for speed: it is written while a device waits and lives only until its readings are sealed. Read next: `mirror.rs`.

use crate::chunk::Damaged;
use crate::chunk::bytes::{Reader, put_signed, put_varint};

/// The first byte after the checksum; another one is another form.
const FORM: u8 = 1;

/// The qualities that need no byte of their own.
pub(super) const GOOD: u8 = 1;

/// How a number is written: none, a decimal of 0 to 3 places, all its bits, or, for the raw one, as the value.
pub(super) const NONE: u8 = 0;
const DECIMAL: u8 = 1;
const POWERS: [f64; 4] = [1.0, 10.0, 100.0, 1_000.0];
const BITS: u8 = 5;
pub(super) const AS_VALUE: u8 = 6;

pub(super) const RAW_SHIFT: u32 = 3;
const IS_LATEST: u8 = 1 << 6;
const IS_PLAIN: u8 = 1 << 7;

/// A reading without its point, small: a commit may have tens of thousands. A number that is none is NaN.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub measured_at: i64,
    pub received_at: i64,
    pub raw: f64,
    pub value: f64,
    pub reason: u16,
    pub quality: u8,
    /// Whether meeting a sealed reading of the same moment is a repeat that nobody has counted yet.
    pub may_repeat: bool,
    /// Whether it took the place of another by somebody's will, which is no repeat.
    pub is_correction: bool,
}

/// A reading of a series in a commit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    pub series: i64,
    pub is_latest: bool,
    pub entry: Entry,
}

/// The records as a blob, their order kept.
pub(super) fn encode<'a>(records: impl ExactSizeIterator<Item = &'a Record>) -> Vec<u8> {
    let mut out = Vec::with_capacity(16 + records.len() * 16);
    out.extend_from_slice(&[0, 0, 0, 0, FORM]);
    put_varint(&mut out, records.len() as u64);
    let (mut series, mut measured_at, mut lag) = (0_i64, 0_i64, 0_i64);
    for Record { series: its_series, is_latest, entry } in records {
        let its_lag = entry.received_at.wrapping_sub(entry.measured_at);
        let (value, raw) = forms_of(entry);
        let is_plain = entry.quality == GOOD && entry.reason == 0;
        let flags = if *is_latest { IS_LATEST } else { 0 } | if is_plain { IS_PLAIN } else { 0 };
        out.push(value.0 | raw.0 << RAW_SHIFT | flags);
        if !is_plain {
            out.push(entry.quality);
            put_varint(&mut out, entry.reason.into());
        }
        put_signed(&mut out, its_series.wrapping_sub(series));
        put_signed(&mut out, entry.measured_at.wrapping_sub(measured_at));
        put_signed(&mut out, its_lag.wrapping_sub(lag));
        put_number(&mut out, value, entry.value);
        put_number(&mut out, raw, entry.raw);
        (series, measured_at, lag) = (*its_series, entry.measured_at, its_lag);
    }
    let checksum = crc32fast::hash(&out[4..]);
    out[..4].copy_from_slice(&checksum.to_le_bytes());
    out
}

/// Shows what [`encode`] was given, in its order; nothing of a damaged blob.
pub(super) fn decode(blob: &[u8]) -> Result<Vec<Record>, Damaged> {
    let mut from = Reader::new(blob);
    let checksum = u32::from_le_bytes(from.array()?);
    if crc32fast::hash(&blob[4..]) != checksum {
        return Err(Damaged("its checksum is another"));
    }
    if from.byte()? != FORM {
        return Err(Damaged("an unknown form"));
    }
    let count = from.varint()?;
    // Each takes four bytes at least, so that the memory is bounded by the blob.
    let mut records = Vec::with_capacity(usize::try_from(count).unwrap_or(usize::MAX).min(blob.len() / 4));
    let (mut series, mut measured_at, mut lag) = (0_i64, 0_i64, 0_i64);
    for _ in 0..count {
        let tag = from.byte()?;
        let (mut quality, mut reason) = (GOOD, 0);
        if tag & IS_PLAIN == 0 {
            quality = from.byte()?;
            reason = u16::try_from(from.varint()?).map_err(|_| Damaged("a reason of more than 16 bits"))?;
        }
        series = series.wrapping_add(from.signed()?);
        measured_at = measured_at.wrapping_add(from.signed()?);
        lag = lag.wrapping_add(from.signed()?);
        let value = number(&mut from, tag & 7, f64::NAN)?;
        let raw = number(&mut from, tag >> RAW_SHIFT & 7, value)?;
        let received_at = measured_at.wrapping_add(lag);
        let entry = Entry {
            measured_at,
            received_at,
            raw,
            value,
            reason,
            quality,
            may_repeat: false,
            is_correction: false,
        };
        records.push(Record { series, is_latest: tag & IS_LATEST != 0, entry });
    }
    from.finish()?;
    Ok(records)
}

/// How an entry's value and raw number are written, each with a decimal's digits.
pub(super) fn forms_of(entry: &Entry) -> ((u8, i64), (u8, i64)) {
    let value = form_of(entry.value);
    let is_as_value = entry.raw.to_bits() == entry.value.to_bits() && value.0 != NONE;
    (value, if is_as_value { (AS_VALUE, 0) } else { form_of(entry.raw) })
}

/// What a decimal's digits are to be divided by; none for what is no decimal.
pub(super) fn power(code: u8) -> Option<f64> {
    POWERS.get(usize::from(code.checked_sub(DECIMAL)?)).copied()
}

/// The shortest form that gives the same double back, and the decimal's digits.
fn form_of(number: f64) -> (u8, i64) {
    if number.is_nan() {
        return (NONE, 0);
    }
    for (code, power) in (DECIMAL..).zip(POWERS) {
        // Saturates at what is too great, which then is not the same.
        let digits = (number * power + if number < 0.0 { -0.5 } else { 0.5 }) as i64;
        if (digits as f64 / power).to_bits() == number.to_bits() && digits.unsigned_abs() < 1 << 53 {
            return (code, digits);
        }
    }
    (BITS, 0)
}

fn put_number(out: &mut Vec<u8>, (code, digits): (u8, i64), number: f64) {
    match code {
        NONE | AS_VALUE => {}
        BITS => out.extend_from_slice(&number.to_bits().to_le_bytes()),
        _ => put_signed(out, digits),
    }
}

fn number(from: &mut Reader<'_>, code: u8, value: f64) -> Result<f64, Damaged> {
    match code {
        NONE => Ok(f64::NAN),
        BITS => Ok(f64::from_bits(u64::from_le_bytes(from.array()?))),
        AS_VALUE => Ok(value),
        decimal => {
            let power = power(decimal).ok_or(Damaged("an unknown kind of number"))?;
            Ok(from.signed()? as f64 / power)
        }
    }
}

#[cfg(test)]
pub(super) mod samples {
    use super::*;
    use proptest::prelude::*;

    fn a_number() -> impl Strategy<Value = f64> {
        prop_oneof![
            Just(f64::NAN),
            Just(-0.0),
            Just(f64::INFINITY),
            any::<f64>().prop_map(|v| if v.is_nan() { f64::NAN } else { v }),
            (-100_000..100_000_i32, 0..4_usize)
                .prop_map(|(digits, places)| f64::from(digits) / POWERS[places]),
        ]
    }

    /// Any entry at all, and many as devices send them.
    pub(in super::super) fn an_entry() -> impl Strategy<Value = Entry> {
        let times = (any::<i64>(), prop_oneof![any::<i64>(), 0..1_000_i64]);
        let flags = (any::<bool>(), any::<bool>(), any::<bool>());
        (times, a_number(), a_number(), flags, any::<(u8, u16)>()).prop_map(
            |((measured_at, lag), value, other, (same, may_repeat, is_correction), (quality, reason))| {
                Entry {
                    measured_at,
                    received_at: measured_at.wrapping_add(lag),
                    raw: if same { value } else { other },
                    value,
                    reason: if quality % 2 == 0 { 0 } else { reason },
                    quality: quality % 10,
                    may_repeat,
                    is_correction,
                }
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::samples::an_entry;
    use super::*;
    use proptest::prelude::*;

    fn a_record() -> impl Strategy<Value = Record> {
        (0..1_i64 << 24, any::<bool>(), an_entry()).prop_map(|(series, is_latest, entry)| Record {
            series,
            is_latest,
            entry,
        })
    }

    fn bits(record: &Record) -> (i64, bool, i64, i64, u64, u64, u16, u8) {
        let Entry { measured_at, received_at, raw, value, reason, quality, .. } = record.entry;
        (
            record.series,
            record.is_latest,
            measured_at,
            received_at,
            raw.to_bits(),
            value.to_bits(),
            reason,
            quality,
        )
    }

    proptest! {
        #[test]
        fn records_come_back_bit_for_bit(records in prop::collection::vec(a_record(), 0..50)) {
            let back = decode(&encode(records.iter())).unwrap();
            prop_assert_eq!(back.iter().map(bits).collect::<Vec<_>>(), records.iter().map(bits).collect::<Vec<_>>());
        }

        #[test]
        fn fuzz_hot_never_panics(
            records in prop::collection::vec(a_record(), 0..20), at in any::<prop::sample::Index>(), byte in any::<u8>(),
            keep in any::<bool>(), noise in prop::collection::vec(any::<u8>(), 0..60),
        ) {
            let mut blob = if keep { encode(records.iter()) } else { noise };
            if !blob.is_empty() {
                let at = at.index(blob.len());
                let was = std::mem::replace(&mut blob[at], byte);
                prop_assert!(!keep || was == byte || decode(&blob).is_err(), "a changed byte is found");
                if blob.len() > 4 {
                    // Behind a right checksum, too.
                    let checksum = crc32fast::hash(&blob[4..]);
                    blob[..4].copy_from_slice(&checksum.to_le_bytes());
                }
            }
            let _ = decode(&blob);
        }
    }

    #[test]
    fn a_plain_reading_takes_few_bytes() {
        let record = |series| Record {
            series,
            is_latest: true,
            entry: Entry {
                measured_at: 1_790_000_000_000,
                received_at: 1_790_000_000_012,
                raw: 712.0,
                value: 7.12,
                reason: 0,
                quality: GOOD,
                may_repeat: false,
                is_correction: false,
            },
        };
        let records: Vec<_> = (1..=1_000).map(record).collect();
        assert!(encode(records.iter()).len() < 9 * 1_000);
    }
}
