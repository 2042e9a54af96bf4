//! Hostile bytes: whatever comes, frames are taken or not, nothing panics, and what is kept stays bounded.

use adapters_modbus::frame::{rtu, tcp};
use proptest::prelude::*;

/// Right frames, spoilt ones and noise, in any order.
fn traffic() -> impl Strategy<Value = Vec<u8>> {
    let content = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..260),
        (1u8..=4, prop::collection::vec(any::<u8>(), 0..=250)).prop_map(|(function, data)| {
            let mut content = vec![function, data.len() as u8];
            content.extend(data);
            content
        }),
        (0x81u8..0x90, any::<u8>()).prop_map(|(function, code)| vec![function, code]),
    ];
    let part = prop_oneof![
        (any::<u8>(), content.clone()).prop_map(|(unit, content)| rtu::encode(unit, &content)),
        (any::<u16>(), any::<u8>(), content)
            .prop_map(|(number, unit, content)| tcp::encode(number, unit, &content)),
        prop::collection::vec(any::<u8>(), 0..600),
    ];
    let spoilt = (part, any::<prop::sample::Index>(), 0u8..4).prop_map(|(mut bytes, at, change)| {
        if change == 1 && !bytes.is_empty() {
            let at = at.index(bytes.len());
            bytes[at] ^= 0x10;
        }
        if change == 2 {
            bytes.truncate(at.index(bytes.len() + 1));
        }
        bytes
    });
    prop::collection::vec(spoilt, 0..6).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn fuzz_serial_frames(bytes in traffic(), chunk in 1usize..300) {
        let mut buffer = Vec::new();
        for part in bytes.chunks(chunk) {
            buffer.extend(part);
            while let Some(framed) = rtu::take(&mut buffer) {
                prop_assert!(framed.content.len() < rtu::LONGEST);
            }
            prop_assert!(buffer.len() <= rtu::BUFFER_BYTES);
        }
    }

    #[test]
    fn fuzz_tcp_frames(bytes in traffic(), chunk in 1usize..300) {
        let mut buffer = Vec::new();
        'connection: for part in bytes.chunks(chunk) {
            buffer.extend(part);
            loop {
                match tcp::take(&mut buffer) {
                    Ok(Some((_, framed))) => prop_assert!(framed.content.len() < 254),
                    Ok(None) => break,
                    Err(_) => break 'connection,
                }
            }
            prop_assert!(buffer.len() < 260 + chunk);
        }
    }

    #[test]
    fn a_right_frame_is_found_behind_any_noise(
        noise in prop::collection::vec(any::<u8>(), 0..200),
        unit: u8,
        data in prop::collection::vec(any::<u8>(), 2..250),
    ) {
        let mut content = vec![3, data.len() as u8];
        content.extend(data);
        let mut buffer = noise;
        buffer.extend(rtu::encode(unit, &content));
        let mut found = Vec::new();
        while let Some(framed) = rtu::take(&mut buffer) {
            found.push((framed.unit_id, framed.content));
        }
        // Noise with a right checksum of its own may swallow the beginning: one case in 65,536 for each of its bytes.
        prop_assert!(!found.is_empty());
    }

    #[test]
    fn frames_come_out_as_they_went_in(unit: u8, number: u16, data in prop::collection::vec(any::<u8>(), 0..=250)) {
        let mut content = vec![4, data.len() as u8];
        content.extend(data);
        let framed = rtu::take(&mut rtu::encode(unit, &content)).unwrap();
        prop_assert_eq!((framed.unit_id, &framed.content), (unit, &content));
        let (found, framed) = tcp::take(&mut tcp::encode(number, unit, &content)).unwrap().unwrap();
        prop_assert_eq!((found, framed.unit_id, framed.content), (number, unit, content));
    }
}
