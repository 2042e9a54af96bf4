//! Every way to read some registers, the most plausible first, each with the reasons. Pure.
//!
//! A wrong byte order of a float hardly ever gives a number of everyday size; a whole number gives one under many scales. So
//! the physical range counts most, then what the type had to hit by chance, then steadiness, neighbours and habit.

use hub_model::{Decimal, LocalText, Quantity};

use super::ranges::usual;
use crate::decode::{ByteOrder, DataType, decode};
use crate::register::Register;

/// Scales that data sheets give whole numbers.
const SCALES: [&str; 4] = ["1", "0.1", "0.01", "0.001"];
/// Types that are tried; bits and halves of registers are looked at only by those who know them.
const TRIED: [DataType; 12] = [
    DataType::Uint16,
    DataType::Int16,
    DataType::Uint32,
    DataType::Int32,
    DataType::Float32,
    DataType::Uint64,
    DataType::Int64,
    DataType::Float64,
    DataType::Float16,
    DataType::Bcd16,
    DataType::Bcd32,
    DataType::Uint8Low,
];
/// Totals outgrow 16 bits.
const TOTALS: [&str; 5] = ["volume", "energy", "rx_bytes", "tx_bytes", "uptime"];
/// Numbers beyond these are hardly anybody's measurement.
const EVERYDAY: std::ops::RangeInclusive<f64> = 1e-3..=1e6;

/// One way to read a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Interpretation {
    /// Registers from the first that was read.
    pub offset: u16,
    /// What the words are taken for.
    pub data_type: DataType,
    /// How their bytes are taken to lie.
    pub byte_order: ByteOrder,
    /// What the number is multiplied with, as a decimal.
    pub scale: &'static str,
    /// The number of the last read, scaled.
    pub value: f64,
    /// How plausible it is; the greatest first. Has no unit.
    pub score: i32,
    /// Why.
    pub reasons: Vec<LocalText>,
}

/// Every way to read what stands in several reads of the same registers, at every offset, the most plausible first.
pub fn interpretations(
    rounds: &[Vec<u16>],
    register: Register,
    quantity: Option<&str>,
) -> Vec<Interpretation> {
    let Some(last) = rounds.last() else { return Vec::new() };
    if register.is_bit() {
        return last.iter().zip(0..).map(|(bit, offset)| plain_bit(*bit, offset)).collect();
    }
    let mut found = Vec::new();
    for offset in 0..u16::try_from(last.len()).unwrap_or(u16::MAX) {
        for data_type in TRIED {
            found.extend(
                orders(data_type).iter().flat_map(|order| one(rounds, offset, data_type, *order, quantity)),
            );
        }
    }
    add_neighbours(&mut found);
    found.sort_by(|a, b| b.score.cmp(&a.score).then(a.offset.cmp(&b.offset)));
    found
}

fn plain_bit(bit: u16, offset: u16) -> Interpretation {
    let (data_type, byte_order) = (DataType::Bit, ByteOrder::Abcd);
    Interpretation {
        offset,
        data_type,
        byte_order,
        scale: "1",
        value: f64::from(bit),
        score: 0,
        reasons: vec![LocalText::new("một bit", "a single bit")],
    }
}

fn orders(data_type: DataType) -> &'static [ByteOrder] {
    match data_type.words() {
        1 if data_type == DataType::Uint8Low => &[ByteOrder::Abcd],
        1 => &[ByteOrder::Abcd, ByteOrder::Badc],
        _ => &[ByteOrder::Abcd, ByteOrder::Cdab, ByteOrder::Badc, ByteOrder::Dcba],
    }
}

/// One type in one order at one place: the scale that suits it best.
fn one(
    rounds: &[Vec<u16>],
    offset: u16,
    data_type: DataType,
    order: ByteOrder,
    quantity: Option<&str>,
) -> Option<Interpretation> {
    let (from, count) = (usize::from(offset), usize::from(data_type.words()));
    let read = |words: &Vec<u16>| decode(words.get(from..from + count)?, data_type, order, 0);
    let numbers: Vec<f64> = rounds.iter().filter_map(read).collect();
    let raw = *numbers.last().filter(|_| numbers.len() == rounds.len())?;
    let scales = if is_float(data_type) { &SCALES[..1] } else { &SCALES[..] };
    let rated = scales.iter().map(|scale| {
        let (value, mut reasons) = (scaled(raw, scale), Vec::new());
        let score = habit(data_type, order)
            + size(value, data_type, quantity, &mut reasons)
            + of_scale(scale, quantity, &mut reasons)
            + of_total(data_type, quantity, &mut reasons)
            + steadiness(&numbers, &mut reasons)
            + shortness(value, data_type, &mut reasons);
        Interpretation { offset, data_type, byte_order: order, scale, value, score, reasons }
    });
    rated.max_by_key(|rated| (rated.score, std::cmp::Reverse(rated.scale.len())))
}

fn is_float(data_type: DataType) -> bool {
    matches!(data_type, DataType::Float16 | DataType::Float32 | DataType::Float64)
}

fn scaled(raw: f64, scale: &str) -> f64 {
    let exact =
        Decimal::from_f64(raw).zip(scale.parse::<Decimal>().ok()).and_then(|(raw, scale)| raw.times(scale));
    exact.map_or(raw, Decimal::to_f64)
}

/// What most devices do.
fn habit(data_type: DataType, order: ByteOrder) -> i32 {
    let of_type = match data_type {
        DataType::Uint16 | DataType::Float32 => 4,
        DataType::Int16 | DataType::Uint32 => 3,
        DataType::Int32 => 2,
        DataType::Uint64 | DataType::Float64 | DataType::Int64 => 0,
        DataType::Float16 | DataType::Bcd16 | DataType::Bcd32 => -8,
        _ => -20,
    };
    let of_order = match (order, data_type.words()) {
        (ByteOrder::Abcd, _) => 3,
        (ByteOrder::Cdab, _) => 2,
        (_, 1) => -8,
        _ => 0,
    };
    of_type + of_order
}

fn size(value: f64, data_type: DataType, quantity: Option<&str>, reasons: &mut Vec<LocalText>) -> i32 {
    if !value.is_finite() {
        reasons.push(LocalText::new("không phải là số", "it is no number"));
        return -80;
    }
    if value == 0.0 {
        reasons.push(LocalText::new("số 0 không cho biết nhiều", "0 tells little"));
        return -10;
    }
    // A float of an everyday size is hardly ever chance: its exponent had to hit. A half's is too short for that.
    let by_chance = if matches!(data_type, DataType::Float32 | DataType::Float64) { 15 } else { 0 };
    if let Some((least, most)) = quantity.and_then(usual) {
        let fits = (least..=most).contains(&value) && value.abs() >= most.abs() * 1e-5;
        let (place, is) = if fits { ("trong", "within") } else { ("ngoài", "not within") };
        let of = quantity.unwrap_or_default();
        reasons.push(LocalText::new(
            format!("nằm {place} khoảng thường gặp của {of}, {least} đến {most}"),
            format!("{is} {least} to {most}, the usual values of {of}"),
        ));
        return if fits { 40 + by_chance } else { -40 };
    }
    if EVERYDAY.contains(&value.abs()) {
        reasons.push(LocalText::new("độ lớn thường gặp", "of an everyday size"));
        return 15 + by_chance;
    }
    reasons.push(LocalText::new("độ lớn khó có", "of an unlikely size"));
    -30
}

fn of_scale(scale: &str, quantity: Option<&str>, reasons: &mut Vec<LocalText>) -> i32 {
    if scale == "1" {
        return 0;
    }
    let places = scale.len() - "0.".len();
    let usual = quantity.and_then(Quantity::parse).map(|quantity| usize::from(quantity.decimals()));
    if usual == Some(places) {
        reasons.push(LocalText::new(
            format!("với hệ số {scale}, đúng số chữ số thập phân thường dùng"),
            format!("with the scale {scale}, which gives the usual decimals"),
        ));
        return 2;
    }
    reasons.push(LocalText::new(format!("chỉ với hệ số {scale}"), format!("only with the scale {scale}")));
    -6 - 2 * i32::try_from(places).unwrap_or(0)
}

fn of_total(data_type: DataType, quantity: Option<&str>, reasons: &mut Vec<LocalText>) -> i32 {
    let is_total = quantity.is_some_and(|code| TOTALS.contains(&code));
    if !is_total || is_float(data_type) || data_type.words() != 2 {
        return 0;
    }
    reasons
        .push(LocalText::new("số cộng dồn thường chiếm hai thanh ghi", "totals mostly take two registers"));
    8
}

fn steadiness(numbers: &[f64], reasons: &mut Vec<LocalText>) -> i32 {
    if numbers.len() < 2 || numbers.iter().any(|number| !number.is_finite()) {
        return 0;
    }
    let most = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let least = numbers.iter().copied().fold(f64::INFINITY, f64::min);
    let spread = (most - least) / most.abs().max(least.abs()).max(f64::MIN_POSITIVE);
    let (score, vi, en) = match spread {
        0.0 => (4, "lần đọc nào cũng như nhau", "the same at every read"),
        spread if spread <= 0.02 => (
            12,
            "đổi chút ít giữa các lần đọc, như một phép đo",
            "moves a little from read to read, as a measurement does",
        ),
        spread if spread <= 0.3 => (2, "đổi giữa các lần đọc", "moves from read to read"),
        _ => (-15, "nhảy lung tung giữa các lần đọc", "jumps from read to read"),
    };
    reasons.push(LocalText::new(vi, en));
    score
}

/// A float that people set, or that a device rounds, has few digits.
fn shortness(value: f64, data_type: DataType, reasons: &mut Vec<LocalText>) -> i32 {
    let digits =
        format!("{:e}", value.abs()).bytes().take_while(|b| *b != b'e').filter(u8::is_ascii_digit).count();
    if is_float(data_type) && value != 0.0 && digits <= 4 {
        reasons.push(LocalText::new("số có ít chữ số", "a number of few digits"));
        return 6;
    }
    0
}

/// Values of one device mostly lie side by side in the same type and order.
fn add_neighbours(found: &mut [Interpretation]) {
    const PLAUSIBLE: i32 = 20;
    let places: std::collections::HashSet<_> = found
        .iter()
        .filter(|one| one.score >= PLAUSIBLE && one.data_type.words() > 1)
        .map(|one| (one.offset, one.data_type, one.byte_order))
        .collect();
    for one in found.iter_mut().filter(|one| one.data_type.words() > 1) {
        let words = one.data_type.words();
        let sides = [one.offset.checked_sub(words), one.offset.checked_add(words)];
        let alike =
            sides.into_iter().flatten().filter(|at| places.contains(&(*at, one.data_type, one.byte_order)));
        let count = alike.count();
        if count > 0 && one.score >= PLAUSIBLE {
            one.score += 5 * i32::try_from(count).unwrap_or(0);
            let vi = "các giá trị bên cạnh cũng hợp lý theo cùng cách đọc";
            one.reasons.push(LocalText::new(vi, "its neighbours make sense in the same way"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(rounds: &[Vec<u16>], quantity: &str) -> (DataType, ByteOrder, &'static str, f64) {
        let found = &interpretations(rounds, Register::Holding, Some(quantity))[0];
        (found.data_type, found.byte_order, found.scale, found.value)
    }

    #[test]
    fn the_usual_values_of_a_quantity_find_type_order_and_scale() {
        let single = |value: f32| [(value.to_bits() >> 16) as u16, value.to_bits() as u16];
        let [high, low] = single(7.12);
        assert_eq!(best(&[vec![high, low]], "ph"), (DataType::Float32, ByteOrder::Abcd, "1", 7.12));
        assert_eq!(best(&[vec![low, high]], "ph"), (DataType::Float32, ByteOrder::Cdab, "1", 7.12));
        let swapped = vec![high.swap_bytes(), low.swap_bytes()];
        assert_eq!(best(&[swapped], "ph"), (DataType::Float32, ByteOrder::Badc, "1", 7.12));
        let reversed = vec![low.swap_bytes(), high.swap_bytes()];
        assert_eq!(best(&[reversed], "ph"), (DataType::Float32, ByteOrder::Dcba, "1", 7.12));
        assert_eq!(best(&[vec![42]], "free_chlorine"), (DataType::Uint16, ByteOrder::Abcd, "0.01", 0.42));
        assert_eq!(best(&[vec![2_853]], "temperature"), (DataType::Uint16, ByteOrder::Abcd, "0.01", 28.53));
        assert_eq!(best(&[vec![0xFFCE]], "temperature").3, -5.0);
        let total = vec![0x0001, 0xE240];
        assert_eq!(best(&[total], "volume"), (DataType::Uint32, ByteOrder::Abcd, "1", 123_456.0));
    }

    #[test]
    fn what_moves_a_little_is_preferred_to_what_jumps() {
        let rounds = [vec![0x0000, 0x1000], vec![0x0001, 0x1000], vec![0x0002, 0x1000]];
        let found = interpretations(&rounds, Register::Input, None);
        let score = |order| {
            let is_it = |one: &&Interpretation| {
                (one.offset, one.data_type, one.byte_order) == (0, DataType::Uint32, order)
            };
            found.iter().find(is_it).unwrap().score
        };
        assert!(score(ByteOrder::Cdab) > score(ByteOrder::Abcd), "{found:#?}");
    }

    #[test]
    fn every_type_and_order_is_there_and_nothing_fails_on_any_words() {
        let found = interpretations(&[vec![0xFFFF; 4]], Register::Holding, None);
        assert_eq!(
            found.iter().filter(|one| one.offset == 0 && one.data_type == DataType::Float64).count(),
            4
        );
        assert!(interpretations(&[], Register::Holding, None).is_empty());
        assert_eq!(interpretations(&[vec![1, 0]], Register::Coil, None).len(), 2);
    }
}
