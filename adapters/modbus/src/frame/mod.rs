//! The two ways to frame a request: Modbus TCP with its transaction numbers, and serial frames with their checksum. Pure.
//!
//! Both take bytes as they come, in parts or with noise between them, and never keep more than a documented bound. Read next:
//! `bus/mod.rs`.

pub mod rtu;
pub mod tcp;

/// What a frame carries: an answer, or what claims to be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Framed {
    /// The unit that it names.
    pub unit_id: u8,
    /// Its content from the function code on.
    pub content: Vec<u8>,
}
