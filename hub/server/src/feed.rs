//! A feed's place as whoever carries it away keeps it: moved with every arrival, written down now and then only, to spare the flash.
//!
//! What was sent since it was written down is sent again after a restart. Read next: `hub_store::feed`, then `forward` and
//! `bridge`, which carry.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use adapters_influxdb::Target;
use adapters_sdk::clock::stopwatch;
use hub_model::{Reading, Timestamp};
use hub_store::{CommitSeq, FeedState, History, News, Owed, Store, StoreError};

use crate::config::Bridge;

/// The place is written down so often.
const NOTED_EVERY: Duration = Duration::from_secs(10);
/// News that are older than this and more than a batch become debts, so that what comes now is not kept behind them.
const LIVE_LAG: Duration = Duration::from_secs(4);
/// Readings that are carried at once; a commit is not cut.
pub const BATCH_READINGS: usize = 5_000;
/// Debts that are looked at at once.
const DEBTS_AT_ONCE: usize = 256;

/// Keeps the feeds of all that carry readings away, and forgets all others.
///
/// # Errors
/// When the store cannot be written.
pub fn keep(store: &Store, forwards: &[Target], bridges: &[Bridge]) -> Result<(), StoreError> {
    let bridges: Vec<String> = bridges.iter().map(Bridge::feed).collect();
    let forwards = forwards.iter().map(|target| target.id.as_str());
    store.keep_feeds(&forwards.chain(bridges.iter().map(String::as_str)).collect::<Vec<_>>())
}

/// How long something has waited by now, in seconds; 0 when nothing does.
pub fn lag_s(since: Option<Timestamp>, now: Timestamp) -> f64 {
    since.map_or(0.0, |since| now.since(since).as_secs_f64())
}

/// One feed's place.
pub struct Feed {
    name: String,
    store: Arc<Store>,
    /// All commits up to this one have arrived or are owed, written down or not.
    place: CommitSeq,
    /// By the stopwatch: when the place is to be written down again.
    noted_at_ms: u64,
    elapsed_ms: Box<dyn Fn() -> u64 + Send>,
}

impl Feed {
    /// The feed of this name, which the store keeps.
    pub fn new(name: String, store: Arc<Store>) -> Self {
        Self { name, store, place: CommitSeq(0), noted_at_ms: 0, elapsed_ms: Box::new(stopwatch()) }
    }

    /// Its name in the store.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All commits up to this one have arrived or are owed.
    pub fn place(&self) -> CommitSeq {
        self.place
    }

    /// How far it is.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn look(&mut self) -> Result<FeedState, StoreError> {
        let state = self.store.feed_state(&self.name)?;
        self.place = self.place.max(state.upto);
        Ok(FeedState { upto: self.place, ..state })
    }

    /// What was committed after its place, until there is a batch or more.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn news(&self) -> Result<News, StoreError> {
        self.store.news(&self.name, self.place, BATCH_READINGS)
    }

    /// What is owed of spans before `end`: a few debts, the oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn owed(&self, end: Timestamp) -> Result<Vec<Owed>, StoreError> {
        self.store.owed(&self.name, end, DEBTS_AT_ONCE)
    }

    /// Shows `take` the readings of a debt while there is `room` for them, and gives up to when it is paid by them.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn readings_owed(
        &self,
        debt: &Owed,
        room: usize,
        mut take: impl FnMut(Reading),
    ) -> Result<Timestamp, StoreError> {
        let (mut upto, mut taken) = (debt.to, 0);
        let end = Timestamp::from_millis(debt.to.as_millis().saturating_add(1));
        self.store.readings(&debt.point, debt.from, end, &mut |reading| {
            let at = reading.measured_at;
            take(reading);
            taken += 1;
            if taken >= room {
                upto = at;
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })?;
        Ok(upto)
    }

    /// Notes debts as paid up to a moment each.
    ///
    /// # Errors
    /// When the store cannot be written; then they are owed still.
    pub fn paid(&self, debts: &[(Owed, Timestamp)]) -> Result<(), StoreError> {
        self.store.paid(&self.name, debts)
    }

    /// When the oldest of the news was received; `None` when there are no readings among them.
    pub fn oldest(news: &News) -> Option<Timestamp> {
        news.readings.iter().map(|reading| reading.received_at).min()
    }

    /// Whether news are to become debts: they are old, and more than one batch.
    pub fn lags(news: &News, now: Timestamp) -> bool {
        news.more && Self::oldest(news).is_some_and(|at| now.since(at) > LIVE_LAG)
    }

    /// Notes that all up to a commit has arrived.
    ///
    /// # Errors
    /// When the store cannot be written; then it is sent again after a restart.
    pub fn arrived(&mut self, upto: CommitSeq) -> Result<(), StoreError> {
        // It may have become a debt meanwhile, and the place be further on.
        self.place = self.place.max(upto);
        if (self.elapsed_ms)() < self.noted_at_ms {
            return Ok(());
        }
        self.write_down()
    }

    /// Writes the place down.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn write_down(&mut self) -> Result<(), StoreError> {
        self.store.sent(&self.name, self.place)?;
        self.noted_at_ms = (self.elapsed_ms)() + u64::try_from(NOTED_EVERY.as_millis()).unwrap_or(u64::MAX);
        Ok(())
    }

    /// Makes debts of all news up to a commit.
    ///
    /// # Errors
    /// When the store cannot be read or written; then they are news still.
    pub fn owe(&mut self, upto: CommitSeq) -> Result<(), StoreError> {
        // What has arrived is not owed.
        self.write_down()?;
        self.store.owe_news(&self.name, upto)?;
        self.place = self.place.max(upto);
        Ok(())
    }
}
