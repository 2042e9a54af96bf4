//! The logic from outside: what goes in, what comes out. One binary, so that it is linked once.
//!
//! Nothing here looks inside of the crate. Read next: [`support`], which every test uses.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

mod alarms;
mod backtest;
mod clock;
mod life;
mod own;
mod readings;
mod recovery;
mod rules;
mod sandbox;
mod scripts;
mod shipped;
mod support;
mod times;
mod upkeep;
