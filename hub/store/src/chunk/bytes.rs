//! Bytes, varints and bits of a blob: a writer, and a reader that refuses to go beyond the end. Pure; knows no column.
//!
//! Read next: `ints.rs`, which writes a column of integers with it.

use super::Damaged;

/// Adds `number` in groups of seven bits, the least first.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Adds a number of either sign: small ones of both signs are short.
pub(crate) fn put_signed(out: &mut Vec<u8>, number: i64) {
    put_varint(out, zigzag(number));
}

/// 0, -1, 1, -2 … as 0, 1, 2, 3 …
pub(super) const fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

/// What [`zigzag`] was given.
pub(super) const fn unzigzag(code: u64) -> i64 {
    (code >> 1) as i64 ^ -((code & 1) as i64)
}

/// Reads what the functions above wrote.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Damaged> {
        let (first, rest) = self.rest.split_first().ok_or(Damaged("too short"))?;
        self.rest = rest;
        Ok(*first)
    }

    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8], Damaged> {
        let (head, rest) = self.rest.split_at_checked(len).ok_or(Damaged("too short"))?;
        self.rest = rest;
        Ok(head)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Damaged> {
        self.take(N)?.try_into().map_err(|_| Damaged("too short"))
    }

    pub(crate) fn varint(&mut self) -> Result<u64, Damaged> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Damaged("a number of more than 64 bits"))
    }

    pub(crate) fn signed(&mut self) -> Result<i64, Damaged> {
        self.varint().map(unzigzag)
    }

    /// A count of things, at most `max`.
    pub(super) fn count(&mut self, max: usize) -> Result<usize, Damaged> {
        usize::try_from(self.varint()?).ok().filter(|count| *count <= max).ok_or(Damaged("too many things"))
    }

    pub(super) fn u32(&mut self) -> Result<u32, Damaged> {
        u32::try_from(self.varint()?).map_err(|_| Damaged("a count of more than 32 bits"))
    }

    /// The rest is to be empty.
    pub(crate) fn finish(self) -> Result<(), Damaged> {
        if self.rest.is_empty() { Ok(()) } else { Err(Damaged("more bytes than are needed")) }
    }

    pub(super) fn bits(&mut self, len: usize) -> Result<Bits<'a>, Damaged> {
        Ok(Bits { bytes: self.take(len)?, next: 0, held: 0, count: 0 })
    }
}

/// Adds bits, the most significant first.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    held: u64,
    count: u32,
}

impl BitWriter {
    /// The `width` (at most 56) lowest bits of `bits`; those above must be zero.
    pub(super) fn put(&mut self, bits: u64, width: u32) {
        self.held = self.held << width | bits;
        self.count += width;
        while self.count >= 8 {
            self.count -= 8;
            self.bytes.push((self.held >> self.count) as u8);
        }
        self.held &= (1 << self.count) - 1;
    }

    /// Any width up to 64.
    pub(super) fn put_wide(&mut self, bits: u64, width: u32) {
        if width > 32 {
            self.put(bits >> 32, width - 32);
            self.put(bits & 0xffff_ffff, 32);
        } else {
            self.put(bits, width);
        }
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        if self.count > 0 {
            self.bytes.push((self.held << (8 - self.count)) as u8);
        }
        self.bytes
    }
}

/// Reads bits, the most significant first.
#[derive(Debug)]
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    next: usize,
    held: u64,
    count: u32,
}

impl Bits<'_> {
    /// At most 56 bits.
    pub(super) fn get(&mut self, width: u32) -> Result<u64, Damaged> {
        while self.count < width {
            self.refill()?;
        }
        self.count -= width;
        let bits = self.held >> self.count & ((1 << width) - 1);
        self.held &= (1 << self.count) - 1;
        Ok(bits)
    }

    /// Any width up to 64.
    pub(super) fn get_wide(&mut self, width: u32) -> Result<u64, Damaged> {
        if width > 32 {
            let high = self.get(width - 32)?;
            return Ok(high << 32 | self.get(32)?);
        }
        self.get(width)
    }

    /// How many ones stand before the next zero, at most `max`; the zero is taken, too, unless `max` was reached.
    pub(super) fn ones(&mut self, max: u32) -> Result<u32, Damaged> {
        let mut ones = 0;
        loop {
            if self.count == 0 {
                self.refill()?;
            }
            let run = (!(self.held << (64 - self.count))).leading_zeros().min(self.count).min(max - ones);
            ones += run;
            self.count -= run;
            if ones == max {
                return Ok(ones);
            }
            if self.count > 0 {
                self.count -= 1;
                self.held &= (1 << self.count) - 1;
                return Ok(ones);
            }
        }
    }

    /// Holds more bits than before; at most 55 are held when it is called.
    fn refill(&mut self) -> Result<(), Damaged> {
        let rest = self.bytes.get(self.next..).unwrap_or_default();
        if let Some(ahead) = rest.first_chunk() {
            // As many whole bytes at once as there is room for.
            let taken = (63 - self.count) / 8;
            self.held = self.held << (8 * taken) | u64::from_be_bytes(*ahead) >> (64 - 8 * taken);
            self.next += taken as usize;
            self.count += 8 * taken;
            return Ok(());
        }
        let byte = rest.first().ok_or(Damaged("too few bits"))?;
        self.next += 1;
        self.held = self.held << 8 | u64::from(*byte);
        self.count += 8;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_come_back(numbers in prop::collection::vec(any::<i64>(), 0..50)) {
            let mut bytes = Vec::new();
            numbers.iter().for_each(|n| put_signed(&mut bytes, *n));
            let mut reader = Reader::new(&bytes);
            for n in numbers {
                prop_assert_eq!(reader.signed(), Ok(n));
            }
            prop_assert_eq!(reader.finish(), Ok(()));
        }

        #[test]
        fn bits_come_back(parts in prop::collection::vec((any::<u64>(), 1u32..=64, 0u32..70), 0..50)) {
            let mut writer = BitWriter::default();
            let cut = |bits: u64, width: u32| bits & (u64::MAX >> (64 - width));
            for (bits, width, ones) in &parts {
                writer.put_wide(cut(*bits, *width), *width);
                (0..*ones).for_each(|_| writer.put(1, 1));
                writer.put(0, 1);
            }
            let bytes = writer.finish();
            let mut reader = Reader::new(&bytes).bits(bytes.len()).unwrap();
            for (bits, width, ones) in &parts {
                prop_assert_eq!(reader.get_wide(*width), Ok(cut(*bits, *width)));
                prop_assert_eq!(reader.ones(100), Ok(*ones));
            }
        }
    }

    #[test]
    fn a_number_of_more_than_64_bits_is_refused() {
        assert!(Reader::new(&[0xff; 11]).varint().is_err());
        assert_eq!(
            Reader::new(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]).varint(),
            Ok(u64::MAX)
        );
    }

    #[test]
    fn counting_ones_stops_at_the_most_that_is_asked_for() {
        let mut bits = Reader::new(&[0xff, 0xfe]).bits(2).unwrap();
        assert_eq!((bits.ones(9), bits.ones(9)), (Ok(9), Ok(6)));
        assert!(bits.ones(1).is_err());
    }
}
