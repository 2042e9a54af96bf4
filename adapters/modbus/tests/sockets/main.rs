//! The adapter over real sockets on loopback: our own server, a foreign one, and servers that misbehave.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

mod foreign;
mod gateways;
mod hostile;
mod lines;
mod many;
mod outages;
mod rig;
mod servers;
