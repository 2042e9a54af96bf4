//! A column of integers in as few bytes as its shape allows: constant, regular, runs, even, Rice codes or `pco`, the shortest. Pure.
//!
//! A day of a point read every ten minutes is 144 numbers, which `pco`'s own header would make a quarter longer; a day of one
//! read every ten seconds is where `pco` wins. Read next: `numbers.rs` and `times.rs`, whose columns these are.

use super::Damaged;
use super::bytes::{Reader, put_signed, put_varint};
use super::{even, packed, rice, runs};

const CONSTANT: u8 = 0;
const REGULAR: u8 = 1;
const RUNS: u8 = 2;
/// Runs of equal steps.
const STEP_RUNS: u8 = 3;
/// And the order of differences, up to [`MAX_ORDER`].
const RICE: u8 = 4;
const PCO: u8 = 7;
/// Evenly in a small range.
const EVEN: u8 = 16;
/// Beside the kind: the multiples are the differences themselves.
const UNIT_STEP: u8 = 8;

/// Differences are taken at most so often.
const MAX_ORDER: usize = 2;
/// Below this many numbers `pco` has never been the shortest.
const PCO_FROM: usize = 192;
/// Integers without what they have in common: `first + step × multiple`.
///
/// Two columns of which one is `a × other + b` have the same multiples, which is how a raw column is found in its values'.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    first: i64,
    /// 0 when all are equal.
    step: i64,
    /// The first is 0 and the first that is not 0 is positive.
    multiples: Vec<i64>,
}

impl Column {
    /// Takes the common step out; wraps around where differences do not fit 64 bits.
    pub(super) fn of(numbers: &[i64]) -> Self {
        let first = numbers.first().copied().unwrap_or(0);
        let mut common: u64 = 0;
        let mut step_sign = 0;
        for number in numbers {
            let Some(difference) = number.checked_sub(first) else {
                let multiples = numbers.iter().map(|number| number.wrapping_sub(first)).collect();
                return Self { first, step: 1, multiples };
            };
            if step_sign == 0 {
                step_sign = difference.signum();
            }
            common = gcd(common, difference.unsigned_abs());
        }
        let Ok(size) = i64::try_from(common) else {
            let multiples = numbers.iter().map(|number| number.wrapping_sub(first)).collect();
            return Self { first, step: 1, multiples };
        };
        let step = size * step_sign;
        let multiple = |number: &i64| match step {
            0 => 0,
            // Most columns: nothing needs to be divided.
            1 => number - first,
            _ => (number - first).wrapping_div(step),
        };
        Self { first, step, multiples: numbers.iter().map(multiple).collect() }
    }

    /// The same multiples with another beginning and step: what [`Column::write_alike`] wrote.
    pub(super) fn read_alike(&self, from: &mut Reader<'_>) -> Result<Self, Damaged> {
        Ok(Self { first: from.signed()?, step: from.signed()?, multiples: self.multiples.clone() })
    }

    /// Writes what differs from a column with the same multiples.
    pub(super) fn write_alike(&self, out: &mut Vec<u8>) {
        put_signed(out, self.first);
        put_signed(out, self.step);
    }

    pub(super) fn has_multiples_of(&self, other: &Self) -> bool {
        self.multiples == other.multiples
    }

    pub(super) fn numbers(&self) -> impl Iterator<Item = i64> {
        let number = |multiple: &i64| self.first.wrapping_add(self.step.wrapping_mul(*multiple));
        self.multiples.iter().map(number)
    }

    /// Adds the column; the count is not written.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        if self.multiples.is_empty() {
            return;
        }
        let (kind, body) = self.body();
        out.push(kind | if self.step == 1 { UNIT_STEP } else { 0 });
        put_signed(out, self.first);
        if kind != CONSTANT && self.step != 1 {
            put_signed(out, self.step);
        }
        out.extend_from_slice(&body);
    }

    pub(super) fn read(from: &mut Reader<'_>, count: usize) -> Result<Self, Damaged> {
        if count == 0 {
            return Ok(Self { first: 0, step: 0, multiples: Vec::new() });
        }
        let tag = from.byte()?;
        let (kind, has_unit_step) = (tag & !UNIT_STEP, tag & UNIT_STEP != 0);
        let first = from.signed()?;
        let step = match (kind, has_unit_step) {
            (CONSTANT, false) => 0,
            (REGULAR..=PCO | EVEN, true) => 1,
            (REGULAR..=PCO | EVEN, false) => from.signed()?,
            _ => return Err(Damaged("an unknown kind of column")),
        };
        let multiples = match kind {
            CONSTANT => vec![0; count],
            REGULAR => (0..count as i64).collect(),
            RUNS => runs::read(from, count)?,
            STEP_RUNS => rice::summed(runs::read(from, count)?),
            PCO => packed::read(from, count)?,
            EVEN => even::read(from, count)?,
            order => rice::read(from, count, usize::from(order - RICE))?,
        };
        Ok(Self { first, step, multiples })
    }

    /// The shortest body, and its kind.
    fn body(&self) -> (u8, Vec<u8>) {
        let multiples = &self.multiples;
        if self.step == 0 {
            return (CONSTANT, Vec::new());
        }
        if multiples.iter().zip(0..).all(|(multiple, at)| *multiple == at) {
            return (REGULAR, Vec::new());
        }
        let steps: Vec<i64> =
            [0].into_iter().chain(multiples.windows(2).map(|pair| pair[1].wrapping_sub(pair[0]))).collect();
        let mut bodies: Vec<(u8, Vec<u8>)> = Vec::new();
        let longest_run = multiples.len() / 8;
        bodies.extend(runs::written(multiples, longest_run).map(|body| (RUNS, body)));
        bodies.extend(runs::written(&steps, longest_run).map(|body| (STEP_RUNS, body)));
        bodies.extend(even::written(multiples).map(|body| (EVEN, body)));
        let fitted = (0..=MAX_ORDER).map(|order| (order, rice::Code::fit(multiples, order)));
        if let Some((order, code)) = fitted.min_by_key(|(_, code)| code.bits) {
            bodies.push((RICE + order as u8, code.written()));
            if multiples.len() >= PCO_FROM {
                // Left to itself `pco` at times overlooks a walk under a noise: twice the bytes.
                bodies.extend(packed::written(multiples, packed::walking(order)).map(|body| (PCO, body)));
            }
        }
        bodies.into_iter().min_by_key(|(_, body)| body.len()).unwrap_or((CONSTANT, Vec::new()))
    }
}

/// Adds a column of as many numbers as the reader will know of.
pub(super) fn write(numbers: &[i64], out: &mut Vec<u8>) {
    Column::of(numbers).write(out);
}

/// Goes on behind a column of `count` numbers.
pub(super) fn skip(from: &mut Reader<'_>, count: usize) -> Result<(), Damaged> {
    let mut ahead = *from;
    let Some(tag) = ahead.byte().ok().filter(|_| count > 0) else {
        return Column::read(from, count).map(drop);
    };
    let kind = tag & !UNIT_STEP;
    if !matches!(kind, CONSTANT | REGULAR | EVEN) {
        return Column::read(from, count).map(drop);
    }
    from.byte()?;
    from.signed()?;
    if kind != CONSTANT && tag & UNIT_STEP == 0 {
        from.signed()?;
    }
    if kind == EVEN { even::skip(from, count) } else { Ok(()) }
}

/// Reads a column of `count` numbers.
pub(super) fn read(from: &mut Reader<'_>, count: usize) -> Result<Vec<i64>, Damaged> {
    Ok(Column::read(from, count)?.numbers().collect())
}

/// A length, then the bytes.
pub(super) fn put_block(out: &mut Vec<u8>, block: &[u8]) {
    put_varint(out, block.len() as u64);
    out.extend_from_slice(block);
}

fn gcd(mut a: u64, mut b: u64) -> u64 {
    if a == 1 {
        return 1;
    }
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn size_of_column(numbers: &[i64]) -> usize {
        let mut bytes = Vec::new();
        write(numbers, &mut bytes);
        let mut reader = Reader::new(&bytes);
        assert_eq!(read(&mut reader, numbers.len()).unwrap(), numbers);
        assert_eq!(reader.finish(), Ok(()));
        bytes.len()
    }

    proptest! {
        #[test]
        fn any_numbers_come_back(numbers in prop::collection::vec(any::<i64>(), 0..400)) {
            size_of_column(&numbers);
        }

        #[test]
        fn walks_come_back(start in any::<i64>(), steps in prop::collection::vec(-9i64..9, 0..900), times in 1i64..1000) {
            let walk: Vec<i64> = steps.iter().scan(start, |at, step| {
                *at = at.wrapping_add(step * times);
                Some(*at)
            }).collect();
            size_of_column(&walk);
        }

        #[test]
        fn fuzz_a_column_of_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200), count in 0usize..5000) {
            if let Ok(numbers) = read(&mut Reader::new(&bytes), count) {
                prop_assert_eq!(numbers.len(), count);
            }
        }
    }

    #[test]
    fn what_is_regular_costs_nothing() {
        assert_eq!(size_of_column(&[7; 100_000]), 2);
        assert!(size_of_column(&(0..100_000).map(|i| 1_000_000 - 600 * i).collect::<Vec<_>>()) <= 6);
        // A gap of an hour in ten-minute readings.
        assert!(
            size_of_column(&(0..144).map(|i| 600 * i + if i > 70 { 3600 } else { 0 }).collect::<Vec<_>>())
                <= 12
        );
        // Two readings of another kind.
        assert!(size_of_column(&(0..1440).map(|i| i64::from(i == 7 || i == 900)).collect::<Vec<_>>()) <= 16);
    }

    #[test]
    fn the_ends_of_the_range_do_not_overflow() {
        for numbers in
            [vec![i64::MIN, i64::MAX], vec![i64::MAX, i64::MIN, 0], vec![0, i64::MIN], vec![i64::MIN; 3]]
        {
            size_of_column(&numbers);
        }
    }

    #[test]
    fn a_scaled_column_has_the_same_multiples() {
        let raw = Column::of(&[712, 715, 709]);
        assert!(raw.has_multiples_of(&Column::of(&[-7120 + 5, -7150 + 5, -7090 + 5])));
        assert!(!raw.has_multiples_of(&Column::of(&[712, 715, 708])));
    }
}
