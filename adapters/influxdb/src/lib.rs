//! The way out to InfluxDB 2 and to what speaks like it, and history from it. Blocking, for a thread of its own.
//!
//! Knows lines, requests and answers; never what has been sent already and what is owed: that is the store's, and the hub ties the
//! two together. Read next: [`line`] (what is written), [`write`] (how a batch gets there), [`history`] (the way back).
//!
#![doc = include_str!("../README.md")]

pub mod about;
pub mod budget;
pub mod client;
pub mod config;
pub mod flux;
pub mod history;
pub mod line;
pub mod metricsql;
pub mod rows;
pub mod write;

pub use budget::Budget;
pub use client::{Client, NoCertificate, NotNow, Precision};
pub use config::{Kind, Target, Token, What};
pub use history::{Remote, RemoteError, remote};
pub use line::{Encoder, Means};
pub use rows::{Asked, Row};
pub use write::{Sent, deliver};
