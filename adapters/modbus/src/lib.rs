//! Modbus TCP devices: planning, reading and decoding registers. Never judges a value and never writes to a device.
//!
//! Read next: [`config`], then [`plan`]; `bus.rs` is the only I/O.
//!
#![doc = include_str!("../README.md")]

mod batch;
mod bus;
pub mod config;
pub mod decode;
pub mod endpoint;
mod health;
mod owner;
pub mod plan;
mod poll;
pub mod register;
mod unit;
mod wire;

pub use batch::{Batch, MAX_BITS, MAX_REGISTERS, Slot, batches};
pub use endpoint::Endpoint;
pub use health::{BusHealth, DeviceHealth, Fault, Health, Running};
pub use plan::{BusSummary, DeviceSummary, ModbusDevice, Plan, PlanError};
