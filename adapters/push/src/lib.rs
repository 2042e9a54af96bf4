//! What is POSTed, into observations. Pure: no socket, no clock, no state. Read next: [`finder`], then the format.
//!
//! The parsers know no point: `adapters/mqtt` reads the same formats with them.
#![doc = include_str!("../README.md")]

pub mod config;
pub mod finder;
pub mod line;
pub mod mac;
pub mod netjson;
pub mod senml;
pub mod taken;
pub mod time;
pub mod units;

pub use finder::{Finder, Known, PushDevice, Scope};
pub use taken::{Kind, MAX_READINGS, Refusal, Taken, TooLarge};
