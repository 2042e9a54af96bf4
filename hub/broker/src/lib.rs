//! The MQTT door: sessions, routing, retained messages, wills and access control.
//!
//! It knows no sensor and no store: a [`Door`] decides who comes in and when a message is safe. Start reading at
//! `broker.rs` for the outside, `core.rs` for the inside.
#![doc = include_str!("../README.md")]

mod admission;
mod arrivals;
mod broker;
mod conn;
mod core;
mod done;
mod door;
mod exchange;
mod filter;
mod gate;
mod guard;
mod link;
mod listener;
mod message;
mod outbox;
mod retained;
mod settings;
mod stats;
mod tree;
mod tries;
mod v3;
mod v5;

pub use broker::{Broker, StartError};
pub use done::Done;
pub use door::{ConnectAttempt, Door, Login, Published, Refusal, Refused, RefusedWhat, Rejection};
pub use filter::{Filter, FilterError, MAX_BYTES, MAX_LEVELS};
pub use settings::Settings;
pub use stats::{Stats, StatsReader};
