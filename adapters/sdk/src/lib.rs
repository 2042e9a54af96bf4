//! The contract of an adapter: what it is given, what it hands over, and what it must never do.
//!
//! An adapter turns what devices say into [`hub_model::Observation`]s and hands them over as [`Delivery`]s on the
//! bounded [`Intake`]. It never judges a value, never stores, and never acknowledges a device before the delivery's
//! callback has run. Its configuration is read through [`config`], so that every error names file, line and key.
//!
//! Read next: [`delivery`], then [`config`].

pub mod backoff;
pub mod clock;
pub mod config;
pub mod delivery;
mod guard;

pub use backoff::Backoff;
pub use clock::Clock;
pub use delivery::{Committed, Delivery, INTAKE_CAPACITY, Intake};
pub use guard::{BELIEVED_AFTER, ClockChange, JUMP};
