//! Runs of equal integers: a value and how often it follows itself. Pure. Read next: `ints.rs`.

use super::Damaged;
use super::bytes::{Reader, put_signed, put_varint};

/// The body, unless there are more than `most` runs: something else is shorter then.
pub(super) fn written(numbers: &[i64], most: usize) -> Option<Vec<u8>> {
    let mut runs: Vec<(i64, u64)> = Vec::new();
    for number in numbers {
        if let Some((_, times)) = runs.last_mut().filter(|(last, _)| last == number) {
            *times += 1;
            continue;
        }
        if runs.len() >= most.max(4) {
            return None;
        }
        runs.push((*number, 1));
    }
    let mut body = Vec::new();
    for (number, times) in runs {
        put_signed(&mut body, number);
        put_varint(&mut body, times - 1);
    }
    Some(body)
}

/// Reads runs until there are `count` numbers.
pub(super) fn read(from: &mut Reader<'_>, count: usize) -> Result<Vec<i64>, Damaged> {
    let mut numbers = Vec::with_capacity(count);
    while numbers.len() < count {
        let number = from.signed()?;
        let more = from.count(count - numbers.len() - 1)?;
        numbers.resize(numbers.len() + more + 1, number);
    }
    Ok(numbers)
}
