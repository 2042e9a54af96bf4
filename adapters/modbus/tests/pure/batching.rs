//! Batches read every point once, keep every limit, and still do so when they are split.

use adapters_modbus::config::PointSettings;
use adapters_modbus::decode::{ByteOrder, DataType};
use adapters_modbus::register::Register;
use adapters_modbus::{Batch, batches};
use proptest::prelude::*;

fn point(register: Register, address: u16, data_type: DataType) -> PointSettings {
    let bit = (data_type == DataType::Bit && !register.is_bit()).then_some(0);
    PointSettings { bit, ..PointSettings::new(register, address, data_type, ByteOrder::Abcd) }
}

fn any_point() -> impl Strategy<Value = PointSettings> {
    let near = prop_oneof![0u16..400, 0u16..=u16::MAX, 65_500u16..=u16::MAX];
    let register = prop::sample::select(Register::WORDS.map(|(_, register)| register).to_vec());
    let data_type = prop::sample::select(DataType::WORDS.map(|(_, data_type)| data_type).to_vec());
    (register, near, data_type).prop_map(|(register, address, data_type)| {
        let data_type = if register.is_bit() { DataType::Bit } else { data_type };
        point(register, address.min(u16::MAX - (data_type.words() - 1)), data_type)
    })
}

/// Every point stands in exactly one slot, whose place and length are its own, within its batch.
fn check_cover(points: &[PointSettings], batches: &[Batch]) -> Result<(), TestCaseError> {
    let mut seen = vec![0; points.len()];
    for batch in batches {
        prop_assert!(u32::from(batch.start) + u32::from(batch.count) <= 65_536);
        for slot in &batch.slots {
            let point = &points[slot.point];
            seen[slot.point] += 1;
            prop_assert_eq!(batch.register, point.register);
            prop_assert_eq!(batch.start + slot.offset, point.address);
            prop_assert_eq!(slot.count, point.data_type.words());
            prop_assert!(slot.offset + slot.count <= batch.count);
        }
    }
    prop_assert!(seen.iter().all(|times| *times == 1), "{:?}", seen);
    Ok(())
}

/// The longest stretch of a batch that no point wants.
fn longest_gap(batch: &Batch) -> u16 {
    let wanted =
        |entry: &u16| batch.slots.iter().any(|slot| (slot.offset..slot.offset + slot.count).contains(entry));
    let (mut longest, mut current) = (0, 0);
    for entry in 0..batch.count {
        current = if wanted(&entry) { 0 } else { current + 1 };
        longest = longest.max(current);
    }
    longest
}

proptest! {
    #[test]
    fn every_point_is_read_once_and_no_limit_is_crossed(
        points in prop::collection::vec(any_point(), 0..60),
        max_registers in 4u16..=125,
        max_gap in 0u16..=20,
    ) {
        let batches = batches(&points, max_registers, max_gap);
        check_cover(&points, &batches)?;
        for batch in &batches {
            let limit = if batch.register.is_bit() { max_registers * 16 } else { max_registers };
            prop_assert!(batch.count >= 1 && batch.count <= limit);
            prop_assert!(longest_gap(batch) <= max_gap);
        }
    }

    #[test]
    fn split_batches_still_read_every_point_once(points in prop::collection::vec(any_point(), 1..40)) {
        let mut whole = batches(&points, 125, 20);
        let mut single = Vec::new();
        while let Some(batch) = whole.pop() {
            match batch.split() {
                Some(parts) => {
                    prop_assert!(parts.len() > 1);
                    prop_assert!(parts.iter().all(|part| part.slots.len() < batch.slots.len()));
                    whole.extend(parts);
                }
                None => single.push(batch),
            }
        }
        check_cover(&points, &single)?;
    }
}

fn stretches(points: &[PointSettings], max_registers: u16, max_gap: u16) -> Vec<(u16, u16)> {
    batches(points, max_registers, max_gap).iter().map(|batch| (batch.start, batch.count)).collect()
}

#[test]
fn a_value_is_never_split_over_two_requests() {
    let points: Vec<_> = (0..64).map(|n| point(Register::Holding, n * 2, DataType::Float32)).collect();
    assert_eq!(stretches(&points, 125, 0), [(0, 124), (124, 4)]);
    assert_eq!(stretches(&points[..2], 3, 0), [(0, 2), (2, 2)]);
}

#[test]
fn gaps_are_read_up_to_the_device_s_own_limit() {
    let points = [0, 4, 24, 91].map(|address| point(Register::Holding, address, DataType::Uint16));
    assert_eq!(stretches(&points, 125, 8), [(0, 5), (24, 1), (91, 1)]);
    assert_eq!(stretches(&points, 125, 2), [(0, 1), (4, 1), (24, 1), (91, 1)]);
}

#[test]
fn coils_are_read_two_thousand_at_a_time() {
    let points: Vec<_> = (0..2_001).map(|address| point(Register::Coil, address, DataType::Bit)).collect();
    assert_eq!(stretches(&points, 125, 8), [(0, 2_000), (2_000, 1)]);
}

#[test]
fn bits_of_one_register_share_its_request_and_cannot_be_split() {
    let points = [point(Register::Holding, 7, DataType::Bit), point(Register::Holding, 7, DataType::Bit)];
    let batches = batches(&points, 125, 8);
    assert_eq!((batches.len(), batches[0].count, batches[0].slots.len()), (1, 1, 2));
    assert_eq!(batches[0].split(), None);
}
