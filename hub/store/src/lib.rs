//! What the hub remembers: readings, alarms, timers and accounts, on disk. Never judges; no caller sees its tables.
//!
//! Read next: [`port`] (what callers see), `sqlite/writer.rs` (how a batch gets to disk), [`conformance`] (what a store must do).
//!
#![doc = include_str!("../README.md")]

pub mod accounts;
pub mod archive;
mod bucket;
pub mod chunk;
pub mod conformance;
mod disk;
pub mod error;
pub mod feed;
pub mod figures;
mod head;
pub mod memory;
mod memory_outbox;
pub mod outbox;
pub mod port;
pub mod records;
pub mod relay;
mod sqlite;

pub use accounts::{AccountError, Accounts, DeviceWrite, Digest, Session, Token, User};
pub use bucket::buckets_of;
pub use disk::Disk;
pub use error::{Closed, NotCommitted, StoreError};
pub use feed::{AlarmNews, FeedState, News, Owed, Refused};
pub use figures::{Bucket, DaySummary, LocalDay, MAX_BUCKETS, QualityCounts, Spans};
pub use memory::MemoryStore;
pub use outbox::{KeptSecret, Message, MessageFilter, MessageId, MessageState, Outbox, OutboxChange, Queue};
pub use port::{AlarmFilter, Append, Batch, CommitSeq, Correction, History, Latest, OnCommit, StoredReading};
pub use records::Records;
pub use relay::{Relay, RelayError, Relayed, Waiting};
pub use sqlite::inspect;
pub use sqlite::{Failing, Forced, Keeping, Settings, Space, Store, StoreHealth, StoreStats, Unreadable};

/// Seconds that all of Viet Nam is east of UTC; it keeps no summer time.
pub const VIETNAM_OFFSET_S: i32 = 7 * 3_600;
