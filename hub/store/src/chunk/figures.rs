//! The figures of summaries: few doubles that are likely decimals of common places, in few bytes, bit for bit. Pure.
//!
//! Read next: `summary.rs` and `hours.rs`, whose figures these are.

use super::bytes::{Reader, put_signed};
use super::numbers::{BITS, POWERS, mantissa};
use super::{Damaged, Summary, ints};

/// Doubles that are likely decimals of common places, in few bytes: their places, or [`BITS`], and the numbers.
pub(super) fn write(numbers: &[f64], out: &mut Vec<u8>) {
    let all = |places: &usize| numbers.iter().all(|number| mantissa(*number, *places).is_some());
    let Some(places) = (0..POWERS.len()).find(all) else {
        out.push(BITS);
        numbers.iter().for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
        return;
    };
    out.push(places as u8);
    let mut before = 0;
    for mantissa in numbers.iter().filter_map(|number| mantissa(*number, places)) {
        put_signed(out, mantissa - before);
        before = mantissa;
    }
}

/// Reads what [`write`] wrote.
pub(super) fn read<const N: usize>(from: &mut Reader<'_>) -> Result<[f64; N], Damaged> {
    let mut numbers = [0.0; N];
    let tag = from.byte()?;
    let power = POWERS.get(usize::from(tag)).filter(|_| tag != BITS);
    let mut before = 0_i64;
    for number in &mut numbers {
        *number = match power {
            Some(power) => {
                before = before.wrapping_add(from.signed()?);
                before as f64 / power
            }
            None if tag == BITS => f64::from_le_bytes(from.array()?),
            None => return Err(Damaged("an unknown kind of numbers")),
        };
    }
    Ok(numbers)
}

/// Adds least, greatest, last and sum of hours that have values.
pub(super) fn write_hours(hours: &[&Summary], out: &mut Vec<u8>) {
    let with_values: Vec<&Summary> = hours.iter().copied().filter(|hour| hour.n > 0).collect();
    if with_values.is_empty() {
        return;
    }
    let exact = |hour: &&Summary, places: usize| {
        let [min, max, last, sum] =
            [hour.min, hour.max, hour.last, hour.sum].map(|number| mantissa(number, places));
        let (min, sum) = (min?, sum?);
        let above_least = sum.checked_sub(min.checked_mul(hour.n.into())?)?;
        Some([min, max? - min, last? - min, above_least])
    };
    let rows = |places: usize| with_values.iter().map(|hour| exact(hour, places)).collect::<Option<Vec<_>>>();
    let Some((places, rows)) = (0..POWERS.len()).find_map(|places| Some((places, rows(places)?))) else {
        out.push(BITS);
        for hour in with_values {
            for number in [hour.min, hour.max, hour.last, hour.sum] {
                out.extend_from_slice(&number.to_le_bytes());
            }
        }
        return;
    };
    out.push(places as u8);
    for column in 0..4 {
        ints::write(&rows.iter().map(|row| row[column]).collect::<Vec<_>>(), out);
    }
}

/// Reads least, greatest, last and sum of hours of which the counts of values are known; zeros where there are none.
pub(super) fn read_hours(from: &mut Reader<'_>, counts: &[i64]) -> Result<Vec<[f64; 4]>, Damaged> {
    let mut hours = vec![[0.0; 4]; counts.len()];
    let mut with_values: Vec<(&mut [f64; 4], i64)> =
        hours.iter_mut().zip(counts.iter().copied()).filter(|(_, n)| *n > 0).collect();
    if with_values.is_empty() {
        return Ok(hours);
    }
    let tag = from.byte()?;
    if tag == BITS {
        for (hour, _) in &mut with_values {
            for number in hour.iter_mut() {
                *number = f64::from_le_bytes(from.array()?);
            }
        }
        return Ok(hours);
    }
    let power = POWERS.get(usize::from(tag)).ok_or(Damaged("an unknown kind of numbers"))?;
    let mut columns = [(); 4].map(|()| Vec::new());
    for column in &mut columns {
        *column = ints::read(from, with_values.len())?;
    }
    for (at, (hour, n)) in with_values.iter_mut().enumerate() {
        let [min, max, last, sum] = [columns[0][at], columns[1][at], columns[2][at], columns[3][at]];
        let mantissas =
            [min, min.wrapping_add(max), min.wrapping_add(last), sum.wrapping_add(min.wrapping_mul(*n))];
        **hour = mantissas.map(|mantissa| mantissa as f64 / power);
    }
    Ok(hours)
}
