//! Notices: who is told what and when, in which words, and the channels that carry it.
//!
//! [`plan`] and the words are pure; only `channel/` does I/O, and only for the message that it is handed. It never decides that an
//! alarm is one, keeps nothing of its own, and never puts a secret into a text. Read next: [`config`], [`plan`], [`letter`],
//! then `channel/mod.rs`.
//!
#![doc = include_str!("../README.md")]

pub mod channel;
pub mod config;
pub mod letter;
pub mod link;
pub mod plan;
pub mod quiet;
pub mod retry;
pub mod rota;
pub mod template;
mod words;

pub use channel::{Host, Outcome, send};
pub use config::{Channel, Notify, Person, Route, SecretFiles};
pub use letter::{Addressee, Letter, Told};
pub use words::Language;
