//! MQTT topics and payloads into observations: no socket, no clock. Read next: `router`.

#![doc = include_str!("../README.md")]

pub mod codec;
pub mod config;
mod named;
mod path;
mod payload;
mod router;
mod text;
mod time;
mod topic;
mod uplinks;

pub use path::{Found, Path, PathError};
pub use router::{Accepted, MqttDevice, Refused, Router};
pub use uplinks::Counter;
