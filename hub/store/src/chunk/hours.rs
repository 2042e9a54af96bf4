//! The hours of a day, each summed up, in columns: what stays when the readings themselves have left. Pure.
//!
//! Read next: `summary.rs`.

use super::bytes::put_varint;
use super::{Damaged, Summary, checked, figures, ints, with_checksum};
use crate::figures::QualityCounts;

/// The first byte after the checksum.
const FORM: u8 = 1;
/// An hour is numbered by a byte.
const MOST: usize = 256;

/// The hours' summaries as a blob, in the order of `hours`. At most 256: one for each number an hour can have.
pub fn encode_hours(hours: &[(u8, Summary)]) -> Vec<u8> {
    let mut body = vec![FORM];
    put_varint(&mut body, hours.len() as u64);
    let mut column = |number: &dyn Fn(&Summary) -> i64| {
        ints::write(&hours.iter().map(|(_, hour)| number(hour)).collect::<Vec<_>>(), &mut body);
    };
    column(&|hour| hour.first_at);
    column(&|hour| hour.last_at.wrapping_sub(hour.first_at));
    column(&|hour| hour.n.into());
    column(&|hour| hour.expected.map_or(-1, i64::from));
    for quality in 0..6 {
        column(&|hour| hour.counts.in_order()[quality].into());
    }
    ints::write(&hours.iter().map(|(index, _)| i64::from(*index)).collect::<Vec<_>>(), &mut body);
    let summaries: Vec<&Summary> = hours.iter().map(|(_, hour)| hour).collect();
    figures::write_hours(&summaries, &mut body);
    with_checksum(&body)
}

/// What [`encode_hours`] was given.
///
/// # Errors
/// When it is not what that made.
pub fn decode_hours(blob: &[u8]) -> Result<Vec<(u8, Summary)>, Damaged> {
    let mut from = checked(blob)?;
    if from.byte()? != FORM {
        return Err(Damaged("an unknown form"));
    }
    let count = from.count(MOST)?;
    let first = ints::read(&mut from, count)?;
    let span = ints::read(&mut from, count)?;
    let n = ints::read(&mut from, count)?;
    let expected = ints::read(&mut from, count)?;
    let counts: Vec<Vec<i64>> = (0..6).map(|_| ints::read(&mut from, count)).collect::<Result<_, _>>()?;
    let index = ints::read(&mut from, count)?;
    let numbers = figures::read_hours(&mut from, &n)?;
    from.finish()?;
    let small = |number: i64| u32::try_from(number).map_err(|_| Damaged("a count of more than 32 bits"));
    let mut hours = Vec::with_capacity(count);
    for (at, [min, max, last, sum]) in numbers.into_iter().enumerate() {
        let mut quality = [0; 6];
        for (count, column) in quality.iter_mut().zip(&counts) {
            *count = small(column[at])?;
        }
        let hour = Summary {
            counts: QualityCounts::from_order(quality),
            n: small(n[at])?,
            min,
            max,
            sum,
            last,
            first_at: first[at],
            last_at: first[at].wrapping_add(span[at]),
            expected: if expected[at] == -1 { None } else { Some(small(expected[at])?) },
        };
        hours.push((u8::try_from(index[at]).map_err(|_| Damaged("an hour beyond 255"))?, hour));
    }
    Ok(hours)
}
