//! Rice codes of a column's differences: a quotient in ones, a remainder in bits. No header but two numbers. Pure.
//!
//! Read next: `ints.rs`, which chooses among codes.

use super::Damaged;
use super::bytes::{BitWriter, Reader, put_signed, unzigzag, zigzag};
use super::ints::put_block;

/// A quotient of so many ones stands for a number written out in 64 bits: an outlier costs 13 bytes and no more.
const ESCAPE: u32 = 40;
const WIDEST: u32 = 63;

/// A column's code, before it is written.
#[derive(Debug)]
pub(super) struct Code {
    residuals: Vec<u64>,
    centre: i64,
    width: u32,
    /// How long the body will be.
    pub(super) bits: u64,
}

impl Code {
    /// The best code of the differences of order `order`.
    pub(super) fn fit(numbers: &[i64], order: usize) -> Self {
        let mut differences = numbers.to_vec();
        for _ in 0..order {
            for at in (1..differences.len()).rev() {
                differences[at] = differences[at].wrapping_sub(differences[at - 1]);
            }
        }
        let centre = median(&differences);
        let residuals: Vec<u64> =
            differences.iter().map(|difference| zigzag(difference.wrapping_sub(centre))).collect();
        let mean = residuals.iter().map(|residual| u128::from(*residual)).sum::<u128>()
            / residuals.len().max(1) as u128;
        let guess = (u128::BITS - mean.leading_zeros()).min(WIDEST);
        let cost = |width: u32| residuals.iter().map(|residual| length(*residual, width)).sum::<u64>();
        let widths = guess.saturating_sub(2)..=(guess + 1).min(WIDEST);
        let (bits, width) = widths.map(|width| (cost(width), width)).min().unwrap_or((0, 0));
        Self { residuals, centre, width, bits }
    }

    /// The body, its length first.
    pub(super) fn written(&self) -> Vec<u8> {
        let mut bits = BitWriter::default();
        for residual in &self.residuals {
            let quotient = residual >> self.width;
            if quotient >= u64::from(ESCAPE) {
                bits.put((1 << ESCAPE) - 1, ESCAPE);
                bits.put_wide(*residual, 64);
                continue;
            }
            let ones = quotient as u32;
            bits.put((1 << (ones + 1)) - 2, ones + 1);
            if self.width > 0 {
                bits.put_wide(residual & ((1 << self.width) - 1), self.width);
            }
        }
        let mut body = vec![self.width as u8];
        put_signed(&mut body, self.centre);
        put_block(&mut body, &bits.finish());
        body
    }
}

/// Reads `count` numbers whose differences of order `order` were written.
pub(super) fn read(from: &mut Reader<'_>, count: usize, order: usize) -> Result<Vec<i64>, Damaged> {
    let width = u32::from(from.byte()?);
    if width > WIDEST {
        return Err(Damaged("a code wider than 63 bits"));
    }
    let centre = from.signed()?;
    let len = from.count(usize::MAX)?;
    // Every number takes a bit at least.
    if len.saturating_mul(8) < count {
        return Err(Damaged("too few bits"));
    }
    let mut bits = from.bits(len)?;
    let mut numbers = Vec::with_capacity(count);
    for _ in 0..count {
        let ones = bits.ones(ESCAPE)?;
        let residual = if ones == ESCAPE {
            bits.get_wide(64)?
        } else {
            u64::from(ones).wrapping_shl(width) | if width == 0 { 0 } else { bits.get_wide(width)? }
        };
        numbers.push(unzigzag(residual).wrapping_add(centre));
    }
    for _ in 0..order {
        numbers = summed(numbers);
    }
    Ok(numbers)
}

/// Undoes differences of order one.
pub(super) fn summed(mut numbers: Vec<i64>) -> Vec<i64> {
    let mut sum = 0_i64;
    for number in &mut numbers {
        sum = sum.wrapping_add(*number);
        *number = sum;
    }
    numbers
}

fn length(residual: u64, width: u32) -> u64 {
    let quotient = residual >> width;
    if quotient >= u64::from(ESCAPE) { u64::from(ESCAPE) + 64 } else { quotient + 1 + u64::from(width) }
}

fn median(numbers: &[i64]) -> i64 {
    let mut sorted = numbers.to_vec();
    let middle = sorted.len() / 2;
    if sorted.is_empty() { 0 } else { *sorted.select_nth_unstable(middle).1 }
}
