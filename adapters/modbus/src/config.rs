//! The adapter's own keys of a device and of a point. Never opens anything; faults go into [`Problems`], all at once.
//!
//! Read next: [`crate::plan`].

use std::time::Duration;

use adapters_sdk::config::{Problems, Table};

use crate::batch::MAX_REGISTERS;
use crate::decode::{ByteOrder, DataType};
use crate::endpoint::Endpoint;
use crate::register::{Register, parse_modicon};

/// Types that have a name already but are not read yet.
const LATER_TYPES: [&str; 3] = ["STRING", "BCD16", "BCD32"];
/// Polling faster than this is refused: no device of this kind answers that fast for long.
const SHORTEST_POLL: Duration = Duration::from_millis(20);
const LONGEST_POLL: Duration = Duration::from_secs(24 * 3_600);
const SHORTEST_TIMEOUT: Duration = Duration::from_millis(10);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How a device is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceSettings {
    /// Where its bus is reached.
    pub endpoint: Endpoint,
    /// The device's number on the bus: 1 to 247, or 255 for one that is reached directly.
    pub unit_id: u8,
    /// How often it is read.
    pub poll: Duration,
    /// How long an answer, or a connection, may take.
    pub timeout: Duration,
    /// What the first register of the data sheet is called: 0 or 1.
    pub address_base: u16,
    /// The order of bytes for points that do not say their own.
    pub byte_order: ByteOrder,
    /// The most registers of one request (16 times as many bits), 1 to 125.
    pub max_registers: u16,
    /// The most unwanted addresses between two points that are read in one request all the same.
    pub max_gap: u16,
    /// Quiet time between two requests on the bus; the same for all devices of an endpoint.
    pub pause_between: Duration,
}

/// Where a point's number is found and what it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointSettings {
    /// The table.
    pub register: Register,
    /// The first address on the wire, from 0.
    pub address: u16,
    /// What the words stand for.
    pub data_type: DataType,
    /// How the bytes lie.
    pub byte_order: ByteOrder,
    /// Which bit of the register, from 0, for a BIT of a holding or input register.
    pub bit: Option<u8>,
}

impl DeviceSettings {
    /// Settings to check a device's points with when the device's own are faulty, so that all faults are told at once.
    /// They name no real device.
    pub fn for_checking_only() -> Self {
        Self {
            endpoint: Endpoint { host: String::new(), port: 0 },
            unit_id: 1,
            poll: Duration::from_secs(10),
            timeout: Duration::from_secs(1),
            address_base: 0,
            byte_order: ByteOrder::Abcd,
            max_registers: MAX_REGISTERS,
            max_gap: 8,
            pause_between: Duration::ZERO,
        }
    }
}

/// Takes the adapter's own keys out of a device's table, already merged with its profile's. `None` when the device cannot
/// be read with what was found; then there is at least one error more in `problems`.
pub fn device(table: &mut Table, problems: &mut Problems) -> Option<DeviceSettings> {
    let defaults = DeviceSettings::for_checking_only();
    refuse_more_in_flight(table, problems);
    let endpoint = table.needed_parsed("endpoint", problems, str::parse::<Endpoint>);
    let unit_id = unit_id(table, problems);
    let poll = table.duration("poll", SHORTEST_POLL..=LONGEST_POLL, problems);
    let timeout = table.duration("timeout", SHORTEST_TIMEOUT..=LONGEST_TIMEOUT, problems);
    let address_base = narrow(table.integer("address_base", 0..=1, problems));
    let byte_order = table.choice("byte_order", &ByteOrder::WORDS, problems);
    let max_registers = narrow(table.integer("max_registers", 1..=i64::from(MAX_REGISTERS), problems));
    let max_gap = narrow(table.integer("max_gap", 0..=i64::from(MAX_REGISTERS), problems));
    let pause_between = table.duration("pause_between", Duration::ZERO..=LONGEST_PAUSE, problems);
    Some(DeviceSettings {
        endpoint: endpoint?,
        unit_id: unit_id?,
        poll: poll.unwrap_or(defaults.poll),
        timeout: timeout.unwrap_or(defaults.timeout),
        address_base: address_base.unwrap_or(defaults.address_base),
        byte_order: byte_order.unwrap_or(defaults.byte_order),
        max_registers: max_registers.unwrap_or(defaults.max_registers),
        max_gap: max_gap.unwrap_or(defaults.max_gap),
        pause_between: pause_between.unwrap_or(defaults.pause_between),
    })
}

/// Takes the adapter's own keys out of a point's table. `None` when the point cannot be read with what was found; then
/// there is at least one error more in `problems`.
pub fn point(table: &mut Table, device: &DeviceSettings, problems: &mut Problems) -> Option<PointSettings> {
    refuse_later_keys(table, problems);
    let before = table.clone();
    let (implied, address) = address(table, device.address_base, problems);
    let register = register(table, implied, problems);
    let data_type = data_type(table, register, problems);
    let byte_order = table.choice("byte_order", &ByteOrder::WORDS, problems).unwrap_or(device.byte_order);
    let bit = bit(table, register, data_type, problems);
    let (register, address, data_type) = (register?, address?, data_type?);
    if usize::from(address) + usize::from(data_type.words()) > 65_536 {
        let message = format!("the value takes {} registers and would end beyond 65535", data_type.words());
        problems.error(before.fault("address", message));
        return None;
    }
    if data_type.words() > device.max_registers {
        let message = format!(
            "the value takes {} registers, but the device's max_registers is {}",
            data_type.words(),
            device.max_registers
        );
        problems.error(before.fault("type", message));
        return None;
    }
    Some(PointSettings { register, address, data_type, byte_order, bit: bit? })
}

fn unit_id(table: &mut Table, problems: &mut Problems) -> Option<u8> {
    if !table.has("unit_id") {
        problems.error(table.fault("unit_id", "is needed and not given"));
    }
    let fault = |found: i64| {
        format!("found {found}, allowed: 1 to 247, or 255 for a device that is reached without a gateway")
    };
    let before = table.clone();
    let number = table.integer("unit_id", 0..=255, problems)?;
    if number == 0 || (248..=254).contains(&number) {
        problems.error(before.fault("unit_id", fault(number)));
        return None;
    }
    narrow(Some(number))
}

/// What an address says about its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Implied {
    Nothing,
    Table(Register),
    /// It was to say something, but could not be read.
    Unreadable,
}

fn address(table: &mut Table, base: u16, problems: &mut Problems) -> (Implied, Option<u16>) {
    if table.peek_text("address").is_some() {
        return match table.parsed("address", problems, parse_modicon) {
            Some((register, address)) => (Implied::Table(register), Some(address)),
            None => (Implied::Unreadable, None),
        };
    }
    if !table.has("address") {
        problems.error(table.fault("address", "is needed and not given"));
    }
    let range = i64::from(base)..=65_535 + i64::from(base);
    let number = table.integer("address", range, problems);
    (Implied::Nothing, number.and_then(|number| u16::try_from(number - i64::from(base)).ok()))
}

fn register(table: &mut Table, implied: Implied, problems: &mut Problems) -> Option<Register> {
    if implied == Implied::Nothing {
        return table.needed_choice("register", &Register::WORDS, problems);
    }
    let before = table.clone();
    let given = table.choice("register", &Register::WORDS, problems);
    let Implied::Table(implied) = implied else { return given };
    if let Some(given) = given.filter(|given| *given != implied) {
        let message = format!("found \"{}\", but the address is one of \"{}\"", given.word(), implied.word());
        problems.error(before.fault("register", message));
        return None;
    }
    Some(implied)
}

fn data_type(table: &mut Table, register: Option<Register>, problems: &mut Problems) -> Option<DataType> {
    if let Some(later) = table.peek_text("type").filter(|text| LATER_TYPES.contains(text)) {
        problems.error(table.fault("type", format!("found \"{later}\": this version does not read it yet")));
        // Taken and dropped: the key is known, its value is not.
        table.text("type", problems);
        return None;
    }
    if !register.is_some_and(Register::is_bit) {
        return table.needed_choice("type", &DataType::WORDS, problems);
    }
    let before = table.clone();
    match table.choice("type", &DataType::WORDS, problems) {
        Some(DataType::Bit) => Some(DataType::Bit),
        None if !before.has("type") => Some(DataType::Bit),
        None => None,
        Some(_) => {
            problems
                .error(before.fault("type", "allowed: BIT, for coils and discrete inputs are single bits"));
            None
        }
    }
}

fn bit(
    table: &mut Table,
    register: Option<Register>,
    data_type: Option<DataType>,
    problems: &mut Problems,
) -> Option<Option<u8>> {
    let before = table.clone();
    let number = narrow(table.integer("bit", 0..=15, problems));
    let (register, data_type) = (register?, data_type?);
    let of_register = data_type == DataType::Bit && !register.is_bit();
    if of_register && !before.has("bit") {
        problems.error(before.fault("bit", "is needed for a BIT of a register: 0 (least significant) to 15"));
        return None;
    }
    if !of_register && before.has("bit") {
        problems.error(before.fault("bit", "is for type BIT of a holding or input register alone"));
        return None;
    }
    if of_register { number.map(Some) } else { Some(None) }
}

fn refuse_more_in_flight(table: &mut Table, problems: &mut Problems) {
    let before = table.clone();
    if let Some(count) = table.integer("max_in_flight", 1..=16, problems).filter(|count| *count > 1) {
        let message =
            format!("found {count}, allowed: 1; this version does not send several requests at once yet");
        problems.error(before.fault("max_in_flight", message));
    }
}

fn refuse_later_keys(table: &mut Table, problems: &mut Problems) {
    let before = table.clone();
    if table.boolean("write", problems) == Some(true) {
        problems.error(before.fault("write", "found true, allowed: false; this version does not write yet"));
    }
    if let Some(kind) = table.text("counter", problems) {
        let message = format!("found \"{kind}\": this version does not know counters yet");
        problems.error(before.fault("counter", message));
    }
    if table.integer("length", 1..=250, problems).is_some() {
        problems.error(before.fault("length", "is for type STRING, which this version does not read yet"));
    }
}

fn narrow<T: TryFrom<i64>>(number: Option<i64>) -> Option<T> {
    number.and_then(|number| T::try_from(number).ok())
}
