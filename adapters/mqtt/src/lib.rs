//! MQTT topics and payloads into observations, pure; and in `client` alone the connection to somebody else's broker.
//!
//! Outside of `client` there is no socket and no clock. Read next: `router`, then `client`.

#![doc = include_str!("../README.md")]

mod answers;
pub mod arrivals;
pub mod bridge;
pub mod client;
pub mod codec;
pub mod config;
mod guess;
mod named;
mod path;
mod payload;
mod propose;
mod router;
mod text;
mod time;
mod topic;
mod trails;
mod uplinks;

pub use answers::{Answers, Question, answer_filter, command_topic};
pub use arrivals::Arrivals;
pub use path::{Found, Path, PathError};
pub use payload::PayloadError;
pub use propose::{Proposal, propose};
pub use router::{Accepted, MqttDevice, Refused, Router};
pub use trails::Trails;
pub use uplinks::Counter;
