//! One target's work: what comes now first, then what is owed, one request at a time. The place moves only after an answer of 204.
//!
//! One request at a time is what keeps order: of the same point and moment the last state arrives last. Read next:
//! `hub_store::feed`, and `adapters_influxdb::write`.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use adapters_influxdb::{Budget, Client, Encoder, Means, NotNow, Precision, Sent, deliver};
use adapters_sdk::clock::stopwatch;
use adapters_sdk::{Backoff, Clock};
use hub_model::{Timestamp, local};
use hub_store::{Bucket, CommitSeq, History, News, Owed, Refused, Spans, Store, StoreError};

use super::Status;
use crate::feed::{BATCH_READINGS, Feed};

/// How often what was committed is sent: fewer requests carry the same in fewer bytes.
const LIVE_EVERY: Duration = Duration::from_secs(1);
/// Means are asked for so often.
const MEANS_EVERY: Duration = Duration::from_secs(10);
/// A span's mean is sent so long after its end, for readings that take their time.
const MEANS_AFTER: Duration = Duration::from_secs(10);
/// What there is to watch is said again so often, for those who clean up old data there.
const ABOUT_EVERY: Duration = Duration::from_secs(6 * 3_600);
/// Steps of alarms in one request.
const BATCH_STEPS: usize = 500;
/// The pause after a failure doubles from the first to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// A span's figures as they are sent.
pub fn means(bucket: &Bucket) -> Means {
    Means { start: bucket.start, mean: bucket.mean, min: bucket.min, max: bucket.max, n: bucket.n }
}

/// Carries one feed to one target.
pub(super) struct Carrier {
    client: Client,
    encoder: Encoder,
    store: Arc<Store>,
    feed: Feed,
    clock: Clock,
    status: Status,
    budget: Budget,
    backoff: Backoff,
    elapsed_ms: Box<dyn Fn() -> u64 + Send>,
    /// By the stopwatch: when what comes now is due again.
    live_at_ms: u64,
    /// By the stopwatch: when it is to be said again what there is.
    about_at_ms: u64,
    lines: String,
}

/// Why a turn was not finished.
enum Fault {
    Remote(NotNow),
    Store(StoreError),
}

impl From<NotNow> for Fault {
    fn from(error: NotNow) -> Self {
        Self::Remote(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Carrier {
    pub(super) fn new(
        client: Client,
        encoder: Encoder,
        store: Arc<Store>,
        clock: Clock,
        status: Status,
    ) -> Self {
        let feed = Feed::new(client.target().id.clone(), store.clone());
        let elapsed_ms = Box::new(stopwatch());
        let budget = Budget::new(client.target().max_bytes_per_hour, elapsed_ms());
        Self {
            client,
            encoder,
            store,
            feed,
            clock,
            status,
            budget,
            backoff: Backoff::new(FIRST_PAUSE, LONGEST_PAUSE),
            elapsed_ms,
            live_at_ms: 0,
            about_at_ms: 0,
            lines: String::new(),
        }
    }

    /// Works until `stopped` is hung up.
    pub(super) fn run(mut self, stopped: &Receiver<()>) {
        let mut wait = Duration::ZERO;
        // Nothing is ever sent: it ends when the sender is dropped.
        while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
            wait = match self.turn() {
                Ok(wait) => wait,
                Err(fault) => self.pause(fault),
            };
        }
        // Should it fail, the last seconds are sent again.
        drop(self.feed.write_down());
    }

    /// One or two requests. Gives how long there is nothing to do.
    fn turn(&mut self) -> Result<Duration, Fault> {
        if (self.elapsed_ms)() >= self.live_at_ms {
            let wait = self.allowance(false);
            if !wait.is_zero() {
                return Ok(wait);
            }
            // What has become old is owed before anything is sent: it leaves the log also while nothing arrives.
            let news = if self.encoder.sends_means() { self.gather()? } else { self.news()? };
            self.about()?;
            self.steps()?;
            let has_more = news.map_or(Ok(false), |news| self.tell(&news))?;
            let every = if self.encoder.sends_means() { MEANS_EVERY } else { LIVE_EVERY };
            if has_more {
                return Ok(Duration::ZERO);
            }
            self.live_at_ms = (self.elapsed_ms)() + u64::try_from(every.as_millis()).unwrap_or(u64::MAX);
        }
        let until_live = Duration::from_millis(self.live_at_ms.saturating_sub((self.elapsed_ms)()));
        let wait = self.allowance(true);
        if !wait.is_zero() {
            return Ok(wait.min(until_live));
        }
        Ok(if self.debts()? { Duration::ZERO } else { until_live })
    }

    fn allowance(&mut self, is_catching_up: bool) -> Duration {
        self.budget.wait((self.elapsed_ms)(), is_catching_up)
    }

    /// What there is to watch.
    fn about(&mut self) -> Result<(), Fault> {
        if (self.elapsed_ms)() < self.about_at_ms {
            return Ok(());
        }
        self.lines.clear();
        self.encoder.about(self.clock.now(), &mut self.lines);
        self.send(Precision::Milliseconds)?;
        self.about_at_ms = (self.elapsed_ms)() + u64::try_from(ABOUT_EVERY.as_millis()).unwrap_or(u64::MAX);
        Ok(())
    }

    /// Steps of alarms.
    fn steps(&mut self) -> Result<(), Fault> {
        loop {
            let steps = self.store.steps(self.feed.name(), BATCH_STEPS)?;
            let Some(last) = steps.last().map(|step| step.number) else { return Ok(()) };
            self.lines.clear();
            for step in &steps {
                self.encoder.step(step.number, &step.step, &step.alarm, &mut self.lines);
            }
            self.send(Precision::Microseconds)?;
            self.store.sent_steps(self.feed.name(), last)?;
        }
    }

    /// Looks how far the feed is, for whoever asks.
    fn look(&mut self) -> Result<(), Fault> {
        let state = self.feed.look()?;
        self.status.note(|figures| figures.state = state);
        Ok(())
    }

    /// Notes that all up to a commit has arrived.
    fn arrived(&mut self, upto: CommitSeq) -> Result<(), Fault> {
        self.status.note(|figures| figures.state.upto = upto);
        Ok(self.feed.arrived(upto)?)
    }

    /// Makes debts of all news.
    fn owe(&mut self, upto: CommitSeq) -> Result<(), Fault> {
        self.feed.owe(upto)?;
        self.look()
    }

    /// What was committed since and is to be sent now, if anything: old news become debts.
    fn news(&mut self) -> Result<Option<News>, Fault> {
        self.look()?;
        let news = self.feed.news()?;
        let has_news = news.upto > self.feed.place();
        if has_news && Feed::lags(&news, self.clock.now()) {
            self.owe(self.store.last_commit())?;
        } else if has_news {
            self.is_behind_since(Feed::oldest(&news));
            return Ok(Some(news));
        }
        self.is_behind_since(None);
        Ok(None)
    }

    /// Notes since when news wait. While nothing arrives it goes on from the first of them, whatever became a debt meanwhile.
    fn is_behind_since(&self, received: Option<Timestamp>) {
        self.status.note(|figures| match figures.failing {
            Some(_) => figures.behind_since = figures.behind_since.or(received),
            None => figures.behind_since = received,
        });
    }

    /// Sends news. Gives whether there are more.
    fn tell(&mut self, news: &News) -> Result<bool, Fault> {
        self.lines.clear();
        for reading in &news.readings {
            self.encoder.reading(reading, &mut self.lines);
        }
        self.send(Precision::Milliseconds)?;
        self.arrived(news.upto)?;
        if !news.more {
            self.is_behind_since(None);
        }
        Ok(news.more)
    }

    /// Where means are sent, all news are debts: they are paid when their span is over.
    fn gather(&mut self) -> Result<Option<News>, Fault> {
        let last: CommitSeq = self.store.last_commit();
        self.look()?;
        if self.feed.place() < last {
            self.owe(last)?;
        }
        Ok(None)
    }

    /// One request of what is owed. Gives whether there may be more.
    fn debts(&mut self) -> Result<bool, Fault> {
        let width_ms = self.client.target().what.width_ms();
        // Of means only whole spans.
        let end = width_ms.map_or(Timestamp::from_millis(i64::MAX), |width| {
            let over = self.clock.now().minus(MEANS_AFTER).as_millis();
            Timestamp::from_millis(over.div_euclid(width) * width)
        });
        let owed = self.feed.owed(end)?;
        if owed.is_empty() {
            return Ok(false);
        }
        self.lines.clear();
        let mut paid: Vec<(Owed, Timestamp)> = Vec::new();
        let mut rows = 0;
        for debt in owed {
            if rows >= BATCH_READINGS {
                break;
            }
            // Of points that are not sent, or are no more, nothing is owed.
            let upto = if !self.encoder.wants(&debt.point) {
                debt.to
            } else if let Some(width) = width_ms {
                self.add_means(&debt, width, end, &mut rows)?
            } else {
                let (encoder, lines) = (&self.encoder, &mut self.lines);
                self.feed.readings_owed(&debt, BATCH_READINGS - rows, |reading| {
                    encoder.reading(&reading, lines);
                    rows += 1;
                })?
            };
            paid.push((debt, upto));
        }
        self.send(Precision::Milliseconds)?;
        self.feed.paid(&paid)?;
        Ok(true)
    }

    /// Adds the means of a debt's spans that are over. Gives up to when.
    fn add_means(
        &mut self,
        debt: &Owed,
        width_ms: i64,
        end: Timestamp,
        rows: &mut usize,
    ) -> Result<Timestamp, Fault> {
        let first = debt.from.as_millis().div_euclid(width_ms) * width_ms;
        let after =
            (debt.to.as_millis().div_euclid(width_ms) + 1).saturating_mul(width_ms).min(end.as_millis());
        let origin = Timestamp::from_millis(first);
        let spans = Spans::Every { width: Duration::from_millis(width_ms.cast_unsigned()), origin };
        let after = Timestamp::from_millis(after);
        for bucket in self.store.buckets(&debt.point, origin, after, &spans)? {
            self.encoder.means(&debt.point, &means(&bucket), &mut self.lines);
            *rows += 1;
        }
        Ok(Timestamp::from_millis(after.as_millis() - 1))
    }

    /// Sends the lines that are ready, sets those aside that are refused, and notes how it went.
    fn send(&mut self, precision: Precision) -> Result<(), Fault> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        let Sent { lines, bytes, requests, refused } = deliver(&self.client, &self.lines, precision, now)?;
        self.budget.spent(bytes);
        let now = self.clock.now();
        let set_aside = refused.len() as u64;
        if !refused.is_empty() {
            let (line, why) = &refused[0];
            tracing::warn!(
                forward = self.feed.name(),
                count = refused.len(),
                line,
                why,
                "lines are refused and set aside; the rest goes on"
            );
            let aside: Vec<_> =
                refused.into_iter().map(|(line, why)| Refused { at: now, line, why }).collect();
            self.store.set_lines_aside(self.feed.name(), &aside)?;
        }
        if self.backoff.failures() > 0 {
            tracing::info!(forward = self.feed.name(), "readings arrive again");
            self.backoff.succeeded();
        }
        self.status.note(|figures| {
            figures.lines += lines;
            figures.bytes += bytes;
            figures.requests += requests;
            // Told together with the place that moves past them, not only at the next look.
            figures.state.refused += set_aside;
            figures.failing = None;
            figures.arrived_at = Some(now);
        });
        Ok(())
    }

    /// Notes a failure, said once, and gives how long to wait.
    fn pause(&mut self, fault: Fault) -> Duration {
        let (why, after) = match fault {
            Fault::Remote(NotNow { why, after }) => (why, after),
            Fault::Store(error) => {
                let error = format!("{:#}", anyhow::Error::new(error));
                (local!("không đọc được kho số liệu ({error})", "{error}"), None)
            }
        };
        let pause = self.backoff.failed();
        let is_known = self.status.figures().failing.as_ref() == Some(&why);
        if !is_known {
            tracing::warn!(
                forward = self.feed.name(),
                why = why.en,
                "readings do not arrive; they are kept and sent later"
            );
        }
        let now = self.clock.now();
        self.status.note(|figures| {
            figures.errors += 1;
            figures.failing = Some(why);
            figures.behind_since = figures.behind_since.or(Some(now));
        });
        // Jitter as well for those that were told to wait.
        after.map_or(pause, |after| after + pause.min(FIRST_PAUSE))
    }
}
