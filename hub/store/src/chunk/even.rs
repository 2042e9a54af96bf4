//! Numbers that lie evenly in a small range, as the jitter of a poll does: several as the digits of one number. Pure.
//!
//! Twenty different numbers take 4.36 bits each, where whole bits would be five and Rice codes take 5.2. Read next: `ints.rs`, which
//! chooses among codes.

use super::Damaged;
use super::bytes::{BitWriter, Reader, put_signed, put_varint};

/// The widest range: beyond it whole bits are as good.
const WIDEST: u64 = 1 << 12;

/// So many digits of this range make a word, and so many bits hold it.
#[derive(Clone, Copy)]
struct Word {
    digits: usize,
    bits: u32,
}

impl Word {
    /// A word of `digits` digits; `None` where it would be over 64 bits.
    fn of(range: u64, digits: usize) -> Option<Self> {
        let greatest = u128::from(range).checked_pow(u32::try_from(digits).ok()?)? - 1;
        let bits = u128::BITS - greatest.leading_zeros();
        (bits <= u64::BITS).then_some(Self { digits, bits })
    }

    /// The word that wastes least.
    fn best(range: u64) -> Self {
        let words = (1..=64).map_while(|digits| Self::of(range, digits));
        // Fewest bits a digit: compared crosswise, without fractions.
        let best = words.reduce(|best, next| {
            let is_better = next.bits as usize * best.digits <= best.bits as usize * next.digits;
            if is_better { next } else { best }
        });
        best.unwrap_or(Self { digits: 1, bits: u64::BITS })
    }
}

/// The words of `count` digits: whole ones, and what is left over.
fn words(range: u64, count: usize) -> impl Iterator<Item = Word> {
    let best = Word::best(range);
    let left = Word::of(range, count % best.digits).filter(|left| left.digits > 0);
    std::iter::repeat_n(best, count / best.digits).chain(left)
}

/// The body, unless the range is so wide, or so narrow, that others are shorter.
pub(super) fn written(numbers: &[i64]) -> Option<Vec<u8>> {
    let (least, greatest) = (*numbers.iter().min()?, *numbers.iter().max()?);
    let range = u64::try_from(greatest.checked_sub(least)?).ok()? + 1;
    if !(2..=WIDEST).contains(&range) {
        return None;
    }
    let mut body = Vec::new();
    put_signed(&mut body, least);
    put_varint(&mut body, range);
    let mut bits = BitWriter::default();
    let mut rest = numbers;
    for Word { digits, bits: width } in words(range, numbers.len()) {
        let (these, others) = rest.split_at(digits);
        let word = these.iter().rev().fold(0, |word: u64, number| word * range + number.abs_diff(least));
        bits.put_wide(word, width);
        rest = others;
    }
    body.extend(bits.finish());
    Some(body)
}

/// Reads `count` numbers.
pub(super) fn read(from: &mut Reader<'_>, count: usize) -> Result<Vec<i64>, Damaged> {
    let (least, range) = head(from)?;
    let mut bits = from.bits(length(range, count))?;
    let mut numbers = Vec::with_capacity(count);
    for Word { digits, bits: width } in words(range, count) {
        let mut word = bits.get_wide(width)?;
        for _ in 0..digits {
            numbers.push(least.wrapping_add((word % range) as i64));
            word /= range;
        }
        if word > 0 {
            return Err(Damaged("a digit beyond its range"));
        }
    }
    Ok(numbers)
}

/// Goes on behind `count` numbers.
pub(super) fn skip(from: &mut Reader<'_>, count: usize) -> Result<(), Damaged> {
    let (_, range) = head(from)?;
    from.take(length(range, count)).map(drop)
}

fn head(from: &mut Reader<'_>) -> Result<(i64, u64), Damaged> {
    let (least, range) = (from.signed()?, from.varint()?);
    if !(2..=WIDEST).contains(&range) {
        return Err(Damaged("a range that is none"));
    }
    Ok((least, range))
}

/// How many bytes so many digits take.
fn length(range: u64, count: usize) -> usize {
    words(range, count).map(|word| word.bits as usize).sum::<usize>().div_ceil(8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_come_back(
            least in any::<i64>(), range in 2..=WIDEST, numbers in prop::collection::vec(any::<u64>(), 1..500),
        ) {
            let least = least.min(i64::MAX - range as i64);
            let numbers: Vec<i64> = numbers.iter().map(|number| least + (number % range) as i64).collect();
            if let Some(body) = written(&numbers) {
                let mut from = Reader::new(&body);
                prop_assert_eq!(read(&mut from, numbers.len()), Ok(numbers.clone()));
                prop_assert_eq!(from.finish(), Ok(()));
                let mut from = Reader::new(&body);
                prop_assert_eq!(skip(&mut from, numbers.len()), Ok(()));
                prop_assert_eq!(from.finish(), Ok(()));
            }
        }
    }

    #[test]
    fn twenty_different_numbers_take_little_more_than_their_logarithm() {
        let numbers: Vec<i64> = (0..1_400).map(|n| n * 7 % 20).collect();
        let bits = written(&numbers).unwrap().len() * 8;
        assert!(bits <= 1_400 * 437 / 100 + 24, "{bits} bits");
    }

    #[test]
    fn a_word_beyond_its_range_is_refused() {
        let mut body = written(&[0, 19, 7]).unwrap();
        let last = body.len() - 2;
        body[last..].fill(0xff);
        assert!(read(&mut Reader::new(&body), 3).is_err());
    }
}
