//! Looking for units and for registers that can be read: slow and careful, one request after the other with a pause between.
//!
//! A device's exception proves that it is there. Never writes.

use std::time::Duration;

use tokio::time::sleep;

use super::Asks;
use crate::ask::Ask;
use crate::failure::Failure;
use crate::register::Register;

/// Registers that are tried in one request; a block with an address that there is not is tried in halves.
const BLOCK: u16 = 16;

/// What a unit said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScanFound {
    /// It gave a value.
    Answers,
    /// It refused, so it is there.
    Refuses(u8),
    /// Nothing came, or a gateway said that nothing did.
    Silent(String),
}

/// A stretch of addresses that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanned {
    /// The first address on the wire.
    pub start: u16,
    /// What stands there.
    pub words: Vec<u16>,
}

/// Whether a unit is there.
///
/// # Errors
/// When there is no connection.
pub async fn scan_unit(
    asks: &mut impl Asks,
    unit_id: u8,
    register: Register,
    address: u16,
) -> Result<ScanFound, Failure> {
    let ask = Ask::Read { register, start: address, count: 1 };
    match asks.ask(unit_id, ask).await {
        Ok(_) => Ok(ScanFound::Answers),
        Err(failure @ Failure::Unreachable { .. }) => Err(failure),
        Err(Failure::Exception { code }) if (Failure::Exception { code }).is_from_the_unit() => {
            Ok(ScanFound::Refuses(code))
        }
        Err(failure) => Ok(ScanFound::Silent(failure.to_string())),
    }
}

/// The stretches of a unit's registers between two addresses, the last one included, that can be read.
///
/// # Errors
/// When the unit does not answer any more.
pub async fn scan_registers(
    asks: &mut impl Asks,
    unit_id: u8,
    register: Register,
    (first, last): (u16, u16),
    pause: Duration,
) -> Result<Vec<Scanned>, Failure> {
    let mut found: Vec<Scanned> = Vec::new();
    let starts = (u32::from(first)..=u32::from(last)).step_by(usize::from(BLOCK));
    let block = |start: u32| (start, (start + u32::from(BLOCK)).min(u32::from(last) + 1));
    let mut blocks: Vec<(u32, u32)> = starts.map(block).collect();
    blocks.reverse();
    while let Some((start, end)) = blocks.pop() {
        let (Ok(address), Ok(count)) = (u16::try_from(start), u16::try_from(end - start)) else { continue };
        match asks.ask(unit_id, Ask::Read { register, start: address, count }).await {
            Ok(words) => join(&mut found, address, words),
            Err(failure) if !failure.is_from_the_unit() => return Err(failure),
            Err(Failure::Exception { code: 2 | 3 }) if count > 1 => {
                let middle = start + (end - start) / 2;
                blocks.extend([(middle, end), (start, middle)]);
            }
            Err(_) => {}
        }
        sleep(pause).await;
    }
    Ok(found)
}

fn join(found: &mut Vec<Scanned>, start: u16, words: Vec<u16>) {
    match found.last_mut() {
        Some(last) if usize::from(last.start) + last.words.len() == usize::from(start) => {
            last.words.extend(words)
        }
        _ => found.push(Scanned { start, words }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A device that has the registers of its ranges and refuses others.
    struct Pretended(Vec<std::ops::Range<u16>>, usize);

    impl Asks for Pretended {
        async fn ask(&mut self, _: u8, ask: Ask) -> Result<Vec<u16>, Failure> {
            self.1 += 1;
            let Ask::Read { start, count, .. } = ask else { return Err(Failure::Exception { code: 1 }) };
            let end = start.saturating_add(count);
            let has = |range: &std::ops::Range<u16>| range.start <= start && end <= range.end;
            let words = self.0.iter().any(has).then(|| (start..end).collect());
            words.ok_or(Failure::Exception { code: 2 })
        }
    }

    #[tokio::test]
    async fn stretches_are_found_to_the_register() {
        let mut device = Pretended(vec![3..9, 20..21, 64..100], 0);
        let found =
            scan_registers(&mut device, 1, Register::Holding, (0, 120), Duration::ZERO).await.unwrap();
        let stretches: Vec<_> = found.iter().map(|found| (found.start, found.words.len())).collect();
        assert_eq!(stretches, [(3, 6), (20, 1), (64, 36)]);
        assert!(device.1 < 2 * 121, "{} requests", device.1);
        let all = scan_registers(&mut device, 1, Register::Holding, (65_530, 65_535), Duration::ZERO).await;
        assert_eq!(all, Ok(vec![]));
    }

    #[tokio::test]
    async fn a_unit_that_refuses_is_there() {
        let mut device = Pretended(vec![3..9, 20..21], 0);
        assert_eq!(scan_unit(&mut device, 1, Register::Input, 3).await, Ok(ScanFound::Answers));
        assert_eq!(scan_unit(&mut device, 1, Register::Input, 0).await, Ok(ScanFound::Refuses(2)));
    }
}
