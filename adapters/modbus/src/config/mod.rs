//! The adapter's own keys of a device and of a point. Never opens anything; faults go into [`Problems`], all at once.
//!
//! Read next: `config/device.rs`, `config/point.rs`, then [`crate::plan`].
//!
//! [`Problems`]: adapters_sdk::config::Problems

mod device;
mod point;

use std::time::Duration;

use crate::ask::Ask;
use crate::batch::MAX_REGISTERS;
use crate::decode::{ByteOrder, DataType};
use crate::endpoint::{Endpoint, Host};
use crate::register::Register;

pub use device::device;
pub use point::point;

/// How a device is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceSettings {
    /// Where its bus is reached.
    pub endpoint: Endpoint,
    /// The device's number on the bus: 1 to 247, or 255 for one that is reached directly.
    pub unit_id: u8,
    /// How often it is read.
    pub poll: Duration,
    /// How long an answer, or a connection, may take. On a serial line the time that the bytes take comes on top.
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
    /// The most requests under way at once on the bus, 1 to 16; the same for all devices of an endpoint.
    pub max_in_flight: u8,
    /// Who is asked first when several are due.
    pub priority: Priority,
    /// What is sent before each poll.
    pub before_read: Option<WakeUp>,
}

/// Who is asked first when several are due on one bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Before the others.
    High,
    /// As most.
    Normal,
    /// After the others.
    Low,
}

impl Priority {
    /// All of them, with the words of the configuration.
    pub const WORDS: [(&'static str, Self); 3] =
        [("high", Self::High), ("normal", Self::Normal), ("low", Self::Low)];
}

/// A request that a device needs before it can be read. It need not be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WakeUp {
    /// The request.
    pub ask: Ask,
    /// How long after it the device is read.
    pub wait: Duration,
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
    /// Registers that it takes: as its type, or a text's length.
    pub words: u16,
    /// The texts that stand for 0, 1, 2 …, for a STRING; without any, the text itself is a number.
    pub states: Vec<String>,
    /// Whether people may write it.
    pub write: bool,
}

impl PointSettings {
    /// A point that is only read.
    pub fn new(register: Register, address: u16, data_type: DataType, byte_order: ByteOrder) -> Self {
        let words = data_type.words();
        Self { register, address, data_type, byte_order, bit: None, words, states: Vec::new(), write: false }
    }
}

impl DeviceSettings {
    /// Settings to check a device's points with when the device's own are faulty, so that all faults are told at once.
    /// They name no real device.
    pub fn for_checking_only() -> Self {
        Self {
            endpoint: Endpoint::Tcp(Host { name: String::new(), port: 0 }),
            unit_id: 1,
            poll: Duration::from_secs(10),
            timeout: Duration::from_secs(1),
            address_base: 0,
            byte_order: ByteOrder::Abcd,
            max_registers: MAX_REGISTERS,
            max_gap: 8,
            pause_between: Duration::ZERO,
            max_in_flight: 1,
            priority: Priority::Normal,
            before_read: None,
        }
    }
}

fn narrow<T: TryFrom<i64>>(number: Option<i64>) -> Option<T> {
    number.and_then(|number| T::try_from(number).ok())
}
