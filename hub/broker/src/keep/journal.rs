//! The queue of operations between the event thread and the disk, and the thread that empties it.
//!
//! It holds what the event thread noted since the last transaction: at most what is under way there, times its
//! subscribers. An operation that fails is tried again until it succeeds; what waits for it waits. Next: `disk.rs`.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::Op;
use super::disk::Disk;
use crate::done::Inbox;

/// Pause after a transaction that failed: a full disk does not empty itself within milliseconds.
const RETRY: Duration = Duration::from_secs(1);

/// Operations on their way to the disk.
#[derive(Default)]
pub(crate) struct Journal {
    noted: Mutex<Vec<Op>>,
    arrived: Condvar,
    durable: AtomicU64,
    stopping: AtomicBool,
}

impl Journal {
    pub(super) fn put(&self, ops: &mut Vec<Op>) {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        noted.append(ops);
        self.arrived.notify_one();
    }

    pub(super) fn durable(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    /// Asks the thread to end once all that is noted is written, or cannot be.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        // Taken, so that the thread is either waiting already or sees the wish before it waits.
        drop(self.noted.lock().unwrap_or_else(PoisonError::into_inner));
        self.arrived.notify_one();
    }

    /// Starts the thread that writes to `disk`; `inbox` is told of each transaction.
    pub(crate) fn start(
        self: &Arc<Journal>,
        disk: Disk,
        inbox: Arc<Inbox>,
    ) -> std::io::Result<JoinHandle<()>> {
        let journal = self.clone();
        std::thread::Builder::new().name("mqtt-keep".into()).spawn(move || journal.write(disk, &inbox))
    }

    fn write(&self, mut disk: Disk, inbox: &Inbox) {
        loop {
            let Some(ops) = self.take() else { return };
            while let Err(error) = disk.write(&ops) {
                tracing::error!(%error, "sessions cannot be kept; what depends on it waits");
                let noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
                if self.stopping.load(Ordering::Acquire) {
                    return;
                }
                drop(self.arrived.wait_timeout(noted, RETRY));
            }
            self.durable.fetch_add(ops.len() as u64, Ordering::Release);
            inbox.nudge();
        }
    }

    /// What was noted; `None` at the end.
    fn take(&self) -> Option<Vec<Op>> {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if !noted.is_empty() {
                return Some(std::mem::take(&mut *noted));
            }
            if self.stopping.load(Ordering::Acquire) {
                return None;
            }
            noted = self.arrived.wait(noted).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
