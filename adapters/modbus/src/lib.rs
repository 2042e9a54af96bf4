//! Modbus devices over TCP and serial lines: planning, reading, decoding, and writing where a person asks for it. Never
//! judges a value, and never writes by itself.
//!
//! Read next: [`config`], then [`plan`]; `bus/` is the only I/O.
//!
#![doc = include_str!("../README.md")]

mod ask;
mod batch;
mod bus;
mod calls;
pub mod config;
pub mod decode;
pub mod encode;
pub mod endpoint;
mod failure;
pub mod frame;
mod health;
mod owner;
pub mod plan;
mod poll;
pub mod probe;
pub mod register;
mod running;
pub mod serial;
mod tell;
mod trace;
mod unit;
mod window;
mod words;
mod write;

pub use ask::Ask;
pub use batch::{Batch, Found, MAX_BITS, MAX_REGISTERS, Slot, batches};
pub use endpoint::{Endpoint, Host};
pub use failure::Failure;
pub use health::{BusHealth, DeviceHealth, Fault, Meter};
pub use plan::{BusSummary, DeviceSummary, ModbusDevice, Plan, PlanError};
pub use running::{Buses, Running};
pub use trace::{KEPT_FRAMES, Outcome, TracedFrame, WireCounts};
pub use write::WriteError;
