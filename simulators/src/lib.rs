//! Simulated devices that speak real Modbus TCP and real MQTT, built from the files that the hub itself is configured with.
//!
//! Nothing here uses adapter code: values are encoded by this crate's own rules, so that a fault of the hub's decoder cannot
//! cancel itself out. Values are pure functions of seed, point and time; only [`clock::Clock`] asks what time it is, through
//! the function that the caller hands in.
//!
//! Read next: [`scenario`] (what is simulated), [`world`] (the values), [`fleet`] (the sockets).

pub mod clock;
pub mod config;
mod control;
pub mod encode;
pub mod error;
pub mod fault;
pub mod fleet;
mod modbus;
pub mod models;
mod mqtt;
pub mod replay;
pub mod scenario;
mod sent;
mod site_broker;
pub mod world;

pub use error::SimError;
pub use fault::{FaultControl, FaultId, FaultKind, Target};
pub use fleet::Fleet;
pub use scenario::{Listen, PlannedFault, Scenario};
pub use world::World;
