//! Every type in every byte order, against an encoder that places bytes by the letters of the order's name.

use adapters_modbus::decode::{ByteOrder, DataType, decode, text};
use adapters_modbus::encode::{encode as hub_side_encode, encode_part};
use proptest::prelude::*;

/// The order's letters for a value of so many bytes: the contract's names, and AB or BA for a single register.
fn letters(order: ByteOrder, bytes: usize) -> &'static str {
    match (order, bytes) {
        (ByteOrder::Abcd | ByteOrder::Cdab, 2) => "AB",
        (ByteOrder::Dcba | ByteOrder::Badc, 2) => "BA",
        (ByteOrder::Abcd, 4) => "ABCD",
        (ByteOrder::Dcba, 4) => "DCBA",
        (ByteOrder::Badc, 4) => "BADC",
        (ByteOrder::Cdab, 4) => "CDAB",
        (ByteOrder::Abcd, _) => "ABCDEFGH",
        (ByteOrder::Dcba, _) => "HGFEDCBA",
        (ByteOrder::Badc, _) => "BADCFEHG",
        (ByteOrder::Cdab, _) => "GHEFCDAB",
    }
}

/// Registers as they stand on the wire for a value given by its bytes, the most significant first.
fn encode(bytes: &[u8], order: ByteOrder) -> Vec<u16> {
    let placed: Vec<u8> = letters(order, bytes.len()).bytes().map(|l| bytes[usize::from(l - b'A')]).collect();
    placed.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
}

fn any_order() -> impl Strategy<Value = ByteOrder> {
    prop::sample::select(ByteOrder::WORDS.map(|(_, order)| order).to_vec())
}

fn read(bytes: &[u8], data_type: DataType, order: ByteOrder) -> f64 {
    decode(&encode(bytes, order), data_type, order, 0).unwrap()
}

proptest! {
    #[test]
    fn whole_numbers_are_read_back(bits: u64, order in any_order()) {
        let (b64, b32, b16) = (bits.to_be_bytes(), (bits as u32).to_be_bytes(), (bits as u16).to_be_bytes());
        prop_assert_eq!(read(&b64, DataType::Uint64, order), bits as f64);
        prop_assert_eq!(read(&b64, DataType::Int64, order), bits as i64 as f64);
        prop_assert_eq!(read(&b32, DataType::Uint32, order), f64::from(bits as u32));
        prop_assert_eq!(read(&b32, DataType::Int32, order), f64::from(bits as i32));
        prop_assert_eq!(read(&b16, DataType::Uint16, order), f64::from(bits as u16));
        prop_assert_eq!(read(&b16, DataType::Int16, order), f64::from(bits as i16));
        let [high, low] = b16;
        prop_assert_eq!(read(&b16, DataType::Uint8High, order), f64::from(high));
        prop_assert_eq!(read(&b16, DataType::Uint8Low, order), f64::from(low));
        prop_assert_eq!(read(&b16, DataType::Int8High, order), f64::from(high as i8));
        prop_assert_eq!(read(&b16, DataType::Int8Low, order), f64::from(low as i8));
    }

    #[test]
    fn digits_of_four_bits_are_read_back(number in 0u32..100_000_000, order in any_order()) {
        let bcd = |number: u32| u32::from_str_radix(&number.to_string(), 16).unwrap();
        prop_assert_eq!(read(&bcd(number).to_be_bytes(), DataType::Bcd32, order), f64::from(number));
        let short = (bcd(number) as u16, f64::from(number % 10_000));
        prop_assert_eq!(read(&short.0.to_be_bytes(), DataType::Bcd16, order), short.1);
    }

    #[test]
    fn texts_are_read_back(word in "[ -~]{0,10}", order in any_order()) {
        let mut bytes = word.clone().into_bytes();
        bytes.resize(10, 0);
        let words: Vec<u16> = bytes.chunks(2).flat_map(|pair| encode(pair, order)).collect();
        prop_assert_eq!(text(&words, order), Some(word.trim().to_owned()));
    }

    #[test]
    fn every_bit_of_a_register_is_read(word: u16, bit in 0u8..16, order in any_order()) {
        let words = encode(&word.to_be_bytes(), order);
        let expected = f64::from((word >> bit) & 1);
        prop_assert_eq!(decode(&words, DataType::Bit, order, bit), Some(expected));
    }

    #[test]
    fn doubles_are_read_back_to_the_last_bit(bits: u64, order in any_order()) {
        let number = f64::from_bits(bits);
        let found = read(&number.to_be_bytes(), DataType::Float64, order);
        prop_assert!(found.to_bits() == bits || (found.is_nan() && number.is_nan()));
    }

    #[test]
    fn single_floats_keep_the_decimal_that_people_wrote(thousandths in -10_000_000i32..10_000_000, order in any_order()) {
        // Four digits before the point and three after are within what a single float can tell apart up to 8192.
        let text = format!("{}", f64::from(thousandths % 8_000_000) / 1000.0);
        let single: f32 = text.parse().unwrap();
        prop_assert_eq!(read(&single.to_be_bytes(), DataType::Float32, order), text.parse::<f64>().unwrap());
    }

    #[test]
    fn single_floats_convert_back_to_themselves(bits: u32, order in any_order()) {
        let single = f32::from_bits(bits);
        let found = read(&single.to_be_bytes(), DataType::Float32, order) as f32;
        prop_assert!(found.to_bits() == bits || (found.is_nan() && single.is_nan()));
    }

    #[test]
    fn halves_are_monotone_and_signed(half in 0u16..0x7BFF, order in any_order()) {
        let value = |half: u16| read(&half.to_be_bytes(), DataType::Float16, order);
        prop_assert!(value(half) < value(half + 1));
        prop_assert_eq!(value(half | 0x8000), -value(half));
    }

    #[test]
    fn what_is_written_is_what_is_read(bits: u64, order in any_order()) {
        for (_, data_type) in DataType::WORDS {
            let words: Vec<u16> = (0..data_type.words()).map(|n| (bits >> (16 * n)) as u16).collect();
            let Some(number) = decode(&words, data_type, order, 0) else { continue };
            let Some(written) = hub_side_encode(number, data_type, order) else { continue };
            let again = decode(&written, data_type, order, 0).unwrap();
            prop_assert_eq!(again, number, "{:?}", data_type);
        }
    }

    #[test]
    fn parts_of_a_register_are_written_into_it(word: u16, number in 0u8..=255, bit in 0u8..16, order in any_order()) {
        for (data_type, number) in [
            (DataType::Bit, f64::from(number & 1)),
            (DataType::Uint8Low, f64::from(number)),
            (DataType::Uint8High, f64::from(number)),
            (DataType::Int8Low, f64::from(number as i8)),
            (DataType::Int8High, f64::from(number as i8)),
        ] {
            let (mask, bits) = encode_part(number, data_type, order, bit).unwrap();
            let written = (word & !mask) | bits;
            prop_assert_eq!(written & !mask, word & !mask);
            prop_assert_eq!(decode(&[written], data_type, order, bit), Some(number));
        }
    }

    #[test]
    fn no_words_make_it_panic(words in prop::collection::vec(any::<u16>(), 0..6), bit: u8, order in any_order()) {
        for (_, data_type) in DataType::WORDS {
            let enough = words.len() == usize::from(data_type.words()) && data_type != DataType::String;
            prop_assert_eq!(decode(&words, data_type, order, bit).is_some(), enough);
        }
    }
}

#[test]
fn a_flow_meters_words_are_its_flow() {
    assert_eq!(decode(&[0x806B, 0x4212], DataType::Float32, ByteOrder::Cdab, 0), Some(36.625_41));
    assert_eq!(decode(&[0x0000, 0x4212], DataType::Float32, ByteOrder::Cdab, 0), Some(36.5));
}

#[test]
fn digits_beyond_nine_and_bytes_that_are_no_text_are_nothing() {
    assert!(decode(&[0x12A4], DataType::Bcd16, ByteOrder::Abcd, 0).unwrap().is_nan());
    assert_eq!(text(&[0xFFFE, 0x4142], ByteOrder::Abcd), None);
    assert_eq!(text(&[0x4101], ByteOrder::Abcd), None);
    assert_eq!(text(&[0x2041, 0x4200, 0x4343], ByteOrder::Abcd), Some("AB".to_owned()));
}
