//! The encoder against words worked out by hand and words that real devices' manuals print.

use super::*;
use crate::config::Register;

fn place(kind: DataType, order: ByteOrder) -> RegisterPlace {
    RegisterPlace { register: Register::Holding, address: 0, kind, order, bit: 0, words: kind.words() }
}

#[test]
fn a_flow_meters_words_are_those_of_its_manual() {
    // 0x4212806B is 36.62541 as a FLOAT32; the manual prints it as 36.625.
    let cdab = place(DataType::Float32, ByteOrder::Cdab);
    assert_eq!(words(36.62541, &cdab), [0x806B, 0x4212]);
    assert_eq!(words(36.625, &cdab), [0x8000, 0x4212]);
}

#[test]
fn thirty_two_bits_in_all_orders() {
    // 7.12 is 0x40E3D70A as a FLOAT32.
    for (order, expected) in [
        (ByteOrder::Abcd, [0x40E3, 0xD70A]),
        (ByteOrder::Dcba, [0x0AD7, 0xE340]),
        (ByteOrder::Badc, [0xE340, 0x0AD7]),
        (ByteOrder::Cdab, [0xD70A, 0x40E3]),
    ] {
        assert_eq!(words(7.12, &place(DataType::Float32, order)), expected);
        assert_eq!(words(f64::from(0x40E3_D70A_u32), &place(DataType::Uint32, order)), expected);
        assert_eq!(words(f64::from(0x40E3_D70A_i32), &place(DataType::Int32, order)), expected);
    }
    assert_eq!(words(-2.0, &place(DataType::Int32, ByteOrder::Cdab)), [0xFFFE, 0xFFFF]);
}

#[test]
fn sixty_four_bits_in_all_orders() {
    // A..H are 01..08.
    let float = f64::from_bits(0x0102_0304_0506_0708);
    for (order, expected) in [
        (ByteOrder::Abcd, [0x0102, 0x0304, 0x0506, 0x0708]),
        (ByteOrder::Dcba, [0x0807, 0x0605, 0x0403, 0x0201]),
        (ByteOrder::Badc, [0x0201, 0x0403, 0x0605, 0x0807]),
        (ByteOrder::Cdab, [0x0708, 0x0506, 0x0304, 0x0102]),
    ] {
        assert_eq!(words(float, &place(DataType::Float64, order)), expected);
    }
    // 2^40 + 5, exact in a double.
    assert_eq!(words(1_099_511_627_781.0, &place(DataType::Uint64, ByteOrder::Abcd)), [0, 0x0100, 0, 5]);
    assert_eq!(words(1_099_511_627_781.0, &place(DataType::Int64, ByteOrder::Cdab)), [5, 0, 0x0100, 0]);
    assert_eq!(words(-1.0, &place(DataType::Int64, ByteOrder::Badc)), [0xFFFF; 4]);
}

#[test]
fn one_word_and_less() {
    assert_eq!(words(42.0, &place(DataType::Uint16, ByteOrder::Abcd)), [42]);
    assert_eq!(words(-1500.0, &place(DataType::Int16, ByteOrder::Cdab)), [0xFA24]);
    assert_eq!(words(-1500.0, &place(DataType::Int16, ByteOrder::Dcba)), [0x24FA]);
    assert_eq!(words(42.0, &place(DataType::Uint16, ByteOrder::Badc)), [0x2A00]);
    assert_eq!(words(-2.0, &place(DataType::Int8L, ByteOrder::Abcd)), [0x00FE]);
    assert_eq!(words(-2.0, &place(DataType::Int8H, ByteOrder::Abcd)), [0xFE00]);
    assert_eq!(words(200.0, &place(DataType::Uint8L, ByteOrder::Dcba)), [0xC800]);
    assert_eq!(words(200.0, &place(DataType::Uint8H, ByteOrder::Abcd)), [0xC800]);
    assert_eq!(words(7.25, &place(DataType::Float16, ByteOrder::Abcd)), [0x4740]);
    assert_eq!(words(1.0, &RegisterPlace { bit: 9, ..place(DataType::Bit, ByteOrder::Abcd) }), [0x0200]);
    assert_eq!(words(0.0, &RegisterPlace { bit: 9, ..place(DataType::Bit, ByteOrder::Abcd) }), [0]);
}

#[test]
fn packed_decimals_show_their_digits() {
    assert_eq!(words(1234.0, &place(DataType::Bcd16, ByteOrder::Abcd)), [0x1234]);
    assert_eq!(words(12_345_678.0, &place(DataType::Bcd32, ByteOrder::Cdab)), [0x5678, 0x1234]);
    assert_eq!(words(1e9, &place(DataType::Bcd32, ByteOrder::Abcd)), [0x9999, 0x9999]);
}

#[test]
fn what_does_not_fit_saturates() {
    assert_eq!(words(70_000.0, &place(DataType::Uint16, ByteOrder::Abcd)), [0xFFFF]);
    assert_eq!(words(-1.0, &place(DataType::Uint32, ByteOrder::Abcd)), [0, 0]);
    assert_eq!(words(f64::NAN, &place(DataType::Int16, ByteOrder::Abcd)), [0]);
    assert_eq!(words(f64::NAN, &place(DataType::Float32, ByteOrder::Abcd)), [0x7FC0, 0]);
}

#[test]
fn representable_numbers_are_those_of_the_wire() {
    assert_eq!(representable(7.12, DataType::Float32), 7.12);
    assert_eq!(representable(7.123_456_789_012, DataType::Float32), 7.123_457);
    assert_eq!(representable(0.426, DataType::Uint16), 0.0);
    assert_eq!(representable(0.7, DataType::Bit), 1.0);
    assert_eq!(representable(7.251, DataType::Float16), 7.25);
}

#[test]
fn texts_are_two_letters_a_word_filled_up_and_cut() {
    let place = |order| RegisterPlace { words: 2, ..place(DataType::String, order) };
    assert_eq!(text_words("RUN", &place(ByteOrder::Abcd)), [0x5255, 0x4E00]);
    assert_eq!(text_words("RUN", &place(ByteOrder::Cdab)), [0x5255, 0x4E00]);
    assert_eq!(text_words("RUN", &place(ByteOrder::Badc)), [0x5552, 0x004E]);
    assert_eq!(text_words("RUNNING", &place(ByteOrder::Abcd)), [0x5255, 0x4E4E]);
}
