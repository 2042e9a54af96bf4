//! MQTT topics and payloads into observations: pure, no socket, no state. Read next: `router`.

#![doc = include_str!("../README.md")]

pub mod config;
mod path;
mod payload;
mod router;
mod time;
mod topic;

pub use path::{Path, PathError};
pub use router::{Accepted, MqttDevice, Refused, Router};
