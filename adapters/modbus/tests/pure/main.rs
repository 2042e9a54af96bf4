//! What the adapter decides without any I/O: configuration, batches, decoding.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

mod batching;
mod cases;
mod decoding;
mod frames;
