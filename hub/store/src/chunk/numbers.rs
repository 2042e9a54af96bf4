//! Values and raw numbers, bit for bit. Pure. Decimals are kept as whole numbers; a raw number that is its value scaled costs nothing.
//!
//! What is no decimal of at most fifteen places (a computed mean, -0.0, 1e300) is an exception beside them, and a column with
//! many such is kept as doubles. Read next: `ints.rs`.

use pco::ChunkConfig;

use super::Damaged;
use super::bytes::{Reader, put_varint};
use super::ints::{self, Column};
use super::packed;

/// These, times ten to the power of their place, are the powers of ten that a double holds exactly and that leave room for digits.
pub(super) const POWERS: [f64; 16] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
/// Integers up to here are doubles without loss.
pub(super) const EXACT: f64 = 9_007_199_254_740_992.0;
/// One exception is let through, and one in so many numbers: more are shorter as doubles.
const EXCEPTIONS: usize = 16;
/// The tags of a column; a decimal column's is this and its places.
const DOUBLES: u8 = 64;
pub(super) const BITS: u8 = 65;
const WITH_EXCEPTIONS: u8 = 128;
/// From here on a column of doubles is given to `pco` alone.
const PCO_ALONE_FROM: usize = 2_048;

/// What stands for raw numbers beside the values of the same rows.
const SAME: u8 = 0;
const SCALED: u8 = 1;
const OWN: u8 = 2;

/// A number for each row that has one.
type Sparse = Vec<Option<f64>>;

/// Adds the values and raw numbers of a chunk's rows; which of them are there is known from elsewhere.
pub(super) fn write(values: &[Option<f64>], raws: &[Option<f64>], out: &mut Vec<u8>) {
    let present: Vec<f64> = values.iter().flatten().copied().collect();
    let value_column = Numbers::of(&present);
    value_column.write(out);
    let pairs: Vec<(f64, f64)> = values.iter().zip(raws).filter_map(|(v, r)| Some(((*v)?, (*r)?))).collect();
    if !pairs.is_empty() {
        if pairs.iter().all(|(value, raw)| value.to_bits() == raw.to_bits()) {
            out.push(SAME);
        } else {
            let raw_column = Numbers::of(&pairs.iter().map(|(_, raw)| *raw).collect::<Vec<_>>());
            match (&value_column, &raw_column) {
                (Numbers::Decimals(values), Numbers::Decimals(raws)) if raws.is_scaled(values) => {
                    out.push(SCALED);
                    raws.write_scaled(out);
                }
                _ => {
                    out.push(OWN);
                    raw_column.write(out);
                }
            }
        }
    }
    let alone: Vec<f64> =
        values.iter().zip(raws).filter_map(|(value, raw)| raw.filter(|_| value.is_none())).collect();
    if !alone.is_empty() {
        Numbers::of(&alone).write(out);
    }
}

/// Reads values and raw numbers; `present` says of each row whether it has a value and whether it has a raw number.
pub(super) fn read(from: &mut Reader<'_>, present: &[(bool, bool)]) -> Result<(Sparse, Sparse), Damaged> {
    let value_column = Numbers::read(from, present.iter().filter(|(value, _)| *value).count())?;
    let numbers = value_column.numbers();
    let mut next = numbers.iter().copied();
    let values: Sparse = present.iter().map(|(value, _)| if *value { next.next() } else { None }).collect();
    let pairs = present.iter().filter(|(value, raw)| *value && *raw).count();
    let mut paired = Vec::new();
    if pairs > 0 {
        paired = match from.byte()? {
            SAME => {
                values.iter().zip(present).filter_map(|(value, (_, raw))| value.filter(|_| *raw)).collect()
            }
            SCALED => match &value_column {
                Numbers::Decimals(values) if pairs == numbers.len() => values.read_scaled(from)?.numbers(),
                _ => return Err(Damaged("raw numbers scaled from none")),
            },
            OWN => Numbers::read(from, pairs)?.numbers(),
            _ => return Err(Damaged("an unknown kind of raw numbers")),
        };
    }
    let alone = present.iter().filter(|(value, raw)| !*value && *raw).count();
    let alone = if alone > 0 { Numbers::read(from, alone)?.numbers() } else { Vec::new() };
    let (mut paired, mut alone) = (paired.into_iter(), alone.into_iter());
    let raw = |(value, raw): &(bool, bool)| match (raw, value) {
        (false, _) => None,
        (true, true) => paired.next(),
        (true, false) => alone.next(),
    };
    Ok((values, present.iter().map(raw).collect()))
}

/// Reads the values alone, of which there are `count`.
pub(super) fn read_values(from: &mut Reader<'_>, count: usize) -> Result<Vec<f64>, Damaged> {
    Ok(match Numbers::read(from, count)? {
        Numbers::Doubles(doubles) => doubles,
        Numbers::Decimals(decimals) => decimals.numbers(),
    })
}

/// A column of doubles.
enum Numbers {
    Decimals(Decimals),
    Doubles(Vec<f64>),
}

impl Numbers {
    fn of(numbers: &[f64]) -> Self {
        Decimals::of(numbers).map_or_else(|| Self::Doubles(numbers.to_vec()), Self::Decimals)
    }

    fn numbers(&self) -> Vec<f64> {
        match self {
            Self::Decimals(decimals) => decimals.numbers(),
            Self::Doubles(doubles) => doubles.clone(),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Decimals(decimals) => {
                decimals.write_scale(out);
                decimals.mantissas.write(out);
            }
            Self::Doubles(doubles) => write_doubles(doubles, out),
        }
    }

    fn read(from: &mut Reader<'_>, count: usize) -> Result<Self, Damaged> {
        Ok(match from.byte()? {
            DOUBLES => Self::Doubles(packed::read(from, count)?),
            BITS => Self::Doubles(
                ints::read(from, count)?.into_iter().map(|bits| f64::from_bits(bits as u64)).collect(),
            ),
            tag => {
                let (places, exceptions) = read_scale(tag, from, count)?;
                Self::Decimals(Decimals { places, exceptions, mantissas: Column::read(from, count)? })
            }
        })
    }
}

fn write_doubles(doubles: &[f64], out: &mut Vec<u8>) {
    let as_doubles = packed::written(doubles, ChunkConfig::default());
    let as_bits = || {
        let mut body = Vec::new();
        ints::write(&doubles.iter().map(|double| double.to_bits() as i64).collect::<Vec<_>>(), &mut body);
        body
    };
    let (tag, body) = match as_doubles {
        Some(body) if doubles.len() >= PCO_ALONE_FROM => (DOUBLES, body),
        Some(body) => [(BITS, as_bits()), (DOUBLES, body)]
            .into_iter()
            .min_by_key(|(_, body)| body.len())
            .unwrap_or_default(),
        None => (BITS, as_bits()),
    };
    out.push(tag);
    out.extend_from_slice(&body);
}

/// Numbers that are `mantissa / 10^places`, but for a few.
struct Decimals {
    places: usize,
    /// Where the numbers are that are none, and their bits. Their mantissas are those of the number before.
    exceptions: Vec<(usize, u64)>,
    mantissas: Column,
}

impl Decimals {
    /// `None` when too many of the numbers are no decimals.
    fn of(numbers: &[f64]) -> Option<Self> {
        let most = numbers.len() / EXCEPTIONS + 1;
        let places_of: Vec<usize> = numbers.iter().map(|number| places(*number)).collect();
        let is_enough = |places: &usize| places_of.iter().filter(|own| *own > places).count() <= most;
        // A short column is worth its exceptions only when they are what cannot be a decimal at all.
        let all = places_of.iter().copied().filter(|own| *own < POWERS.len()).max().unwrap_or(0);
        let places = if numbers.len() < EXCEPTIONS {
            is_enough(&all).then_some(all)?
        } else {
            (0..POWERS.len()).find(is_enough)?
        };
        let mut exceptions = Vec::new();
        let mut before = 0;
        let mut mantissa = |(at, number): (usize, &f64)| {
            match mantissa(*number, places) {
                Some(mantissa) => before = mantissa,
                None => exceptions.push((at, number.to_bits())),
            }
            before
        };
        let mantissas: Vec<i64> = numbers.iter().enumerate().map(&mut mantissa).collect();
        let mantissas = Column::of(&mantissas);
        (exceptions.len() <= most).then_some(Self { places, exceptions, mantissas })
    }

    fn numbers(&self) -> Vec<f64> {
        let mut numbers: Vec<f64> =
            self.mantissas.numbers().map(|mantissa| mantissa as f64 / POWERS[self.places]).collect();
        for (at, bits) in &self.exceptions {
            if let Some(number) = numbers.get_mut(*at) {
                *number = f64::from_bits(*bits);
            }
        }
        numbers
    }

    fn is_scaled(&self, values: &Self) -> bool {
        self.mantissas.has_multiples_of(&values.mantissas)
    }

    fn write_scaled(&self, out: &mut Vec<u8>) {
        self.write_scale(out);
        self.mantissas.write_alike(out);
    }

    fn read_scaled(&self, from: &mut Reader<'_>) -> Result<Self, Damaged> {
        let count = self.mantissas.numbers().count();
        let (places, exceptions) = read_scale(from.byte()?, from, count)?;
        Ok(Self { places, exceptions, mantissas: self.mantissas.read_alike(from)? })
    }

    fn write_scale(&self, out: &mut Vec<u8>) {
        let flag = if self.exceptions.is_empty() { 0 } else { WITH_EXCEPTIONS };
        out.push(self.places as u8 | flag);
        if self.exceptions.is_empty() {
            return;
        }
        put_varint(out, self.exceptions.len() as u64);
        for (at, bits) in &self.exceptions {
            put_varint(out, *at as u64);
            out.extend_from_slice(&bits.to_le_bytes());
        }
    }
}

fn read_scale(tag: u8, from: &mut Reader<'_>, count: usize) -> Result<(usize, Vec<(usize, u64)>), Damaged> {
    let places = usize::from(tag & !WITH_EXCEPTIONS);
    if places >= POWERS.len() {
        return Err(Damaged("an unknown kind of numbers"));
    }
    let mut exceptions = Vec::new();
    if tag & WITH_EXCEPTIONS != 0 {
        for _ in 0..from.count(count)? {
            let at = from.count(count)?;
            exceptions.push((at, u64::from_le_bytes(from.array()?)));
        }
    }
    Ok((places, exceptions))
}

/// How many decimal places the number has; as many as there are powers when it is no decimal.
fn places(number: f64) -> usize {
    (0..POWERS.len()).find(|places| mantissa(number, *places).is_some()).unwrap_or(POWERS.len())
}

/// The whole number that, divided by ten to the power of `places`, is the same double.
pub(super) fn mantissa(number: f64, places: usize) -> Option<i64> {
    let scaled = (number * POWERS[places]).round();
    // A NaN is refused here, too.
    if scaled.abs() <= EXACT {
        let mantissa = scaled as i64;
        // Both are exact, so that the one division rounds correctly, on every machine alike.
        return (((mantissa as f64) / POWERS[places]).to_bits() == number.to_bits()).then_some(mantissa);
    }
    None
}

/// The sum, exact where all are decimals: `0.1 × 144` is 14.4.
pub(super) fn sum(numbers: &[f64]) -> f64 {
    if let Some(decimals) = Decimals::of(numbers).filter(|decimals| decimals.exceptions.is_empty()) {
        let sum: i128 = decimals.mantissas.numbers().map(i128::from).sum();
        if sum.unsigned_abs() <= EXACT as u128 {
            return sum as f64 / POWERS[decimals.places];
        }
    }
    let (mut sum, mut lost) = (0.0_f64, 0.0_f64);
    for number in numbers {
        // Neumaier's sum.
        let next = sum + number;
        lost += if sum.abs() >= number.abs() { (sum - next) + number } else { (number - next) + sum };
        sum = next;
    }
    if (sum + lost).is_finite() { sum + lost } else { sum }
}
