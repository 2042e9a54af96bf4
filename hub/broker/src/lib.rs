//! The MQTT door: sessions, routing, retained messages, wills and access control.
//!
//! It knows no sensor and no store: a [`Door`] decides who comes in and when a message is safe. Start reading at
//! `broker.rs` for the outside, `core.rs` for the inside.
#![doc = include_str!("../README.md")]

mod admission;
mod broker;
mod codec;
mod conn;
mod core;
mod done;
mod door;
mod filter;
mod gate;
mod handing;
mod keep;
mod life;
mod listener;
mod message;
mod outbox;
mod pace;
mod packets;
mod retained;
mod routing;
mod serve;
mod session;
mod settings;
mod shares;
mod slab;
mod stats;
mod telling;
mod tree;
mod tries;

pub use broker::{Broker, StartError};
pub use done::Done;
pub use door::{ConnectAttempt, Door, Login, Published, Refusal, Refused, RefusedWhat, Rejection};
pub use filter::{Filter, FilterError, MAX_BYTES, MAX_LEVELS};
pub use gate::Gate;
pub use keep::{FORGET_SESSIONS, KeepError, LAYOUT};
pub use settings::{Settings, TlsSource, WallClock};
pub use stats::{Stats, StatsReader};
pub use telling::{Teller, Telling};
