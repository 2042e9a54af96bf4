//! How the notices stand, for `/health/ready` and `/metrics`: counted by whoever sends, looked at without asking the store.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hub_api::{MetricsText, Part};
use hub_model::Timestamp;

/// A message that was given up is told of for so long.
const TOLD_FOR: Duration = Duration::from_secs(24 * 3600);

/// How the notices stand.
#[derive(Debug, Default)]
pub struct Standing {
    waiting: AtomicU64,
    pending: AtomicU64,
    delivered: AtomicU64,
    given_up: AtomicU64,
    tries_failed: AtomicU64,
    troubles: Mutex<Troubles>,
}

#[derive(Debug, Default)]
struct Troubles {
    /// Why each channel's last try failed, as long as none has succeeded since.
    failing: BTreeMap<String, String>,
    given_up_at: Option<Timestamp>,
}

impl Standing {
    /// What waits now, and what is pending.
    pub(super) fn look(&self, waiting: u64, pending: u64) {
        self.waiting.store(waiting, Ordering::Relaxed);
        self.pending.store(pending, Ordering::Relaxed);
    }

    pub(super) fn delivered(&self, channel: &str) {
        self.delivered.fetch_add(1, Ordering::Relaxed);
        self.troubles(|troubles| drop(troubles.failing.remove(channel)));
    }

    pub(super) fn failed(&self, channel: &str, why: &str) {
        self.tries_failed.fetch_add(1, Ordering::Relaxed);
        self.troubles(|troubles| drop(troubles.failing.insert(channel.to_owned(), why.to_owned())));
    }

    pub(super) fn given_up(&self, now: Timestamp) {
        self.given_up.fetch_add(1, Ordering::Relaxed);
        self.troubles(|troubles| troubles.given_up_at = Some(now));
    }

    /// Forgets the troubles of channels that are no longer there.
    pub(super) fn keep_only(&self, is_there: impl Fn(&str) -> bool) {
        self.troubles(|troubles| troubles.failing.retain(|channel, _| is_there(channel)));
    }

    fn troubles<T>(&self, look: impl FnOnce(&mut Troubles) -> T) -> T {
        // A panic elsewhere leaves at worst an old reason.
        look(&mut self.troubles.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// For `/health/ready`. Why a try failed is for those who may see the log; here is only which channel.
    pub fn part(&self, now: Timestamp) -> Part {
        let (failing, given_up) = self.troubles(|troubles| {
            let lately = troubles.given_up_at.is_some_and(|at| now.since(at) < TOLD_FOR);
            (troubles.failing.keys().cloned().collect::<Vec<_>>(), lately)
        });
        match (failing.is_empty(), given_up) {
            (true, false) => Part::ok("notices"),
            (false, _) => Part::degraded("notices", format!("not delivered on: {}", failing.join(", "))),
            (true, true) => Part::degraded("notices", "a message was given up within the last day"),
        }
    }

    /// For `/metrics`.
    pub fn metrics(&self, metrics: &mut MetricsText) {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed) as f64;
        for (name, help, counter) in [
            ("commune_notices_waiting", "Notices that wait to be put into a message.", &self.waiting),
            ("commune_messages_pending", "Messages that are not delivered yet.", &self.pending),
        ] {
            metrics.gauge(name, help, &[(&[], count(counter))]);
        }
        for (name, help, counter) in [
            ("commune_messages_delivered", "Messages delivered.", &self.delivered),
            ("commune_messages_given_up", "Messages given up.", &self.given_up),
            ("commune_message_tries_failed", "Tries to deliver a message that failed.", &self.tries_failed),
        ] {
            metrics.counter(name, help, &[(&[], count(counter))]);
        }
    }
}
