//! Finding out what a device holds: live reads, every way to read them, the most plausible first. Never writes.
//!
//! Read next: `rank.rs` for what makes a reading plausible, `scan.rs` for looking for units and registers.

mod ranges;
mod rank;
mod scan;
mod trial;

use std::time::Duration;

use adapters_sdk::Clock;
use tokio::time::{Instant, sleep_until};

use crate::ask::Ask;
use crate::bus::Link;
use crate::decode::{ByteOrder, DataType};
use crate::endpoint::Endpoint;
use crate::failure::Failure;
use crate::register::Register;
use crate::trace::Trace;

pub use rank::{Interpretation, interpretations};
pub use scan::{ScanFound, Scanned, scan_registers, scan_unit};
pub use trial::{Tried, try_device};

/// What is read, and how often.
#[derive(Debug, Clone)]
pub struct Look {
    /// The device's number on the bus.
    pub unit_id: u8,
    /// The table.
    pub register: Register,
    /// The first address on the wire, from 0.
    pub start: u16,
    /// How many registers or bits.
    pub count: u16,
    /// How many times, for what is steady and what moves.
    pub times: u32,
    /// Time between two reads.
    pub every: Duration,
}

/// Somebody who asks a device: over a connection of one's own, or a bus that runs.
pub trait Asks {
    /// One request and its answer.
    fn ask(&mut self, unit_id: u8, ask: Ask) -> impl Future<Output = Result<Vec<u16>, Failure>> + Send;
}

/// A connection of one's own.
pub struct Prober {
    link: Link,
    timeout: Duration,
}

impl Prober {
    /// Connects with the first request.
    pub fn new(endpoint: Endpoint, timeout: Duration, clock: Clock) -> Self {
        Self { link: Link::new(endpoint, Duration::ZERO, Trace::new(clock)), timeout }
    }
}

impl Asks for Prober {
    async fn ask(&mut self, unit_id: u8, ask: Ask) -> Result<Vec<u16>, Failure> {
        self.link.send(0, unit_id, ask, self.timeout).await?;
        self.link.next().await.result
    }
}

/// Reads what is looked at, as often as was asked for.
///
/// # Errors
/// As soon as one read fails.
pub async fn look(asks: &mut impl Asks, look: &Look) -> Result<Vec<Vec<u16>>, Failure> {
    let ask = Ask::Read { register: look.register, start: look.start, count: look.count };
    let mut rounds = Vec::new();
    let mut next = Instant::now();
    for _ in 0..look.times.max(1) {
        sleep_until(next).await;
        rounds.push(asks.ask(look.unit_id, ask.clone()).await?);
        next += look.every;
    }
    Ok(rounds)
}

/// The configuration of a point that is read so.
pub fn point_toml(look: &Look, found: &Interpretation, quantity: Option<&str>) -> String {
    let address = look.start + found.offset;
    let id =
        quantity.map_or_else(|| format!("{}-{address}", look.register.word()), |code| code.replace('_', "-"));
    let mut text = String::from("[[device.point]]\n");
    let mut line = |key: &str, value: String| {
        text.push_str(&format!("{key} = {value}\n"));
    };
    line("id", format!("\"{id}\""));
    line("quantity", format!("\"{}\"", quantity.unwrap_or("state")));
    line("register", format!("\"{}\"", look.register.word()));
    line("address", address.to_string());
    if found.data_type != DataType::Bit {
        line("type", format!("\"{}\"", found.data_type.word()));
    }
    if found.byte_order != ByteOrder::Abcd {
        line("byte_order", format!("\"{}\"", found.byte_order.word()));
    }
    if found.scale != "1" {
        line("scale", found.scale.to_owned());
    }
    text
}

/// The configuration of a device that was scanned: the most plausible value at each place, one behind the other. What it
/// measures nobody but a person knows, so every point is a `state`.
pub fn device_toml(endpoint: &Endpoint, unit_id: u8, register: Register, found: &[Scanned]) -> String {
    let mut text = format!(
        "[[device]]\nid = \"unit-{unit_id}\"\nadapter = \"modbus\"\nendpoint = \"{endpoint}\"\nunit_id = {unit_id}\n"
    );
    for stretch in found {
        let rounds = [stretch.words.clone()];
        let every = interpretations(&rounds, register, None);
        let count = u16::try_from(stretch.words.len()).unwrap_or(u16::MAX);
        let look = Look { unit_id, register, start: stretch.start, count, times: 1, every: Duration::ZERO };
        let mut at = 0;
        while let Some(best) = every.iter().find(|one| one.offset == at) {
            text.push('\n');
            text.push_str(&point_toml(&look, best, None));
            at += best.data_type.words();
        }
    }
    text
}

/// The Modicon number of an address, for comparing with data sheets.
pub fn modicon(register: Register, address: u16) -> u32 {
    let table = match register {
        Register::Coil => 0,
        Register::Discrete => 100_000,
        Register::Input => 300_000,
        Register::Holding => 400_000,
    };
    table + u32::from(address) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looking_at(register: Register) -> Look {
        Look { unit_id: 1, register, start: 10, count: 2, times: 1, every: Duration::ZERO }
    }

    #[test]
    fn a_points_configuration_says_what_is_not_the_default() {
        let rounds = [vec![0xD70A, 0x40E3]];
        let look = looking_at(Register::Holding);
        let best = &interpretations(&rounds, look.register, Some("ph"))[0];
        assert_eq!(
            point_toml(&look, best, Some("ph")),
            "[[device.point]]\nid = \"ph\"\nquantity = \"ph\"\nregister = \"holding\"\naddress = 10\ntype = \"FLOAT32\"\nbyte_order = \"CDAB\"\n"
        );
        let look = looking_at(Register::Coil);
        let best = &interpretations(&[vec![1]], look.register, None)[0];
        assert_eq!(
            point_toml(&look, best, None),
            "[[device.point]]\nid = \"coil-10\"\nquantity = \"state\"\nregister = \"coil\"\naddress = 10\n"
        );
    }

    #[test]
    fn what_a_scan_found_becomes_a_device_with_its_points_side_by_side() {
        let found =
            [Scanned { start: 4, words: vec![0x40E3, 0xD70A, 42] }, Scanned { start: 90, words: vec![7] }];
        let endpoint = "tcp://plc:502".parse().unwrap();
        let text = device_toml(&endpoint, 3, Register::Holding, &found);
        assert!(text.starts_with("[[device]]\nid = \"unit-3\"\nadapter = \"modbus\"\nendpoint = \"tcp://plc:502\"\nunit_id = 3\n"), "{text}");
        let addresses: Vec<_> = text.lines().filter(|line| line.starts_with("address")).collect();
        assert_eq!(addresses, ["address = 4", "address = 6", "address = 90"], "{text}");
        assert_eq!(text.matches("type = \"FLOAT32\"").count(), 1, "{text}");
    }

    #[test]
    fn addresses_have_the_numbers_of_data_sheets() {
        assert_eq!(modicon(Register::Holding, 0), 400_001);
        assert_eq!(modicon(Register::Coil, 65_535), 65_536);
    }
}
