//! One bridge's work: what comes now first, then what is owed. The place moves only when the broker has taken everything before it.
//!
//! One batch at a time is what keeps order: of the same point and moment the last state arrives last. Read next: `crate::feed`.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use adapters_mqtt::bridge::{Message, Speech};
use adapters_mqtt::client::{Outgoing, SenderEnd};
use adapters_sdk::{Backoff, Clock};
use hub_model::{Reading, Timestamp};
use hub_store::{History, Owed, Relay, RelayError, Store, StoreError};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::Figures;
use crate::feed::{BATCH_READINGS, Feed};

/// How often what was committed is sent.
const LIVE_EVERY: Duration = Duration::from_millis(500);
/// How often it is looked how far the feed is while a batch is on its way.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// First and longest pause while the store cannot be read.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Messages that are sent on as they are, at once.
const BATCH_MESSAGES: usize = 500;

/// Carries one feed to one broker.
pub(super) struct Carrier {
    pub(super) id: String,
    pub(super) speech: Speech,
    /// Where messages wait that go out as they are.
    pub(super) relay: Option<Arc<Relay>>,
    pub(super) end: SenderEnd,
    pub(super) last_ticket: u64,
    pub(super) feed: Feed,
    pub(super) store: Arc<Store>,
    pub(super) clock: Clock,
    pub(super) figures: Arc<Mutex<Figures>>,
    pub(super) stop: CancellationToken,
    pub(super) runtime: Handle,
}

/// Why a turn was not finished.
enum Fault {
    /// The hub stops; what was sent and not taken is sent again.
    Stopped,
    /// What waits cannot be read or written just now.
    Failing(anyhow::Error),
}

impl From<RelayError> for Fault {
    fn from(error: RelayError) -> Self {
        Self::Failing(error.into())
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Failing(error.into())
    }
}

impl Carrier {
    /// Works until it is stopped.
    pub(super) fn run(mut self) {
        let mut backoff = Backoff::new(PAUSE.0, PAUSE.1);
        let mut wait = Duration::ZERO;
        while self.rests(wait) {
            wait = match self.turn() {
                Ok(has_more) => {
                    backoff.succeeded();
                    self.note(|figures| figures.failing = None);
                    if has_more { Duration::ZERO } else { LIVE_EVERY }
                }
                Err(Fault::Stopped) => break,
                Err(Fault::Failing(error)) => {
                    let why = format!("{error:#}");
                    if backoff.failures() == 0 {
                        tracing::warn!(feed = self.feed.name(), why, "the bridge waits for the store");
                    }
                    self.note(|figures| figures.failing = Some(why));
                    backoff.failed()
                }
            };
        }
        // Should it fail, the last seconds are sent again.
        drop(self.feed.write_down());
    }

    /// Waits; false when it is time to end.
    fn rests(&self, span: Duration) -> bool {
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => false,
                () = tokio::time::sleep(span) => true,
            }
        })
    }

    /// A batch of each. Gives whether there is more.
    fn turn(&mut self) -> Result<bool, Fault> {
        let has_news = self.news()?;
        let has_messages = self.messages()?;
        let has_debts = self.debts()?;
        Ok(has_news || has_messages || has_debts)
    }

    /// A batch of messages that go out as they are. Gives whether there may be more.
    fn messages(&mut self) -> Result<bool, Fault> {
        let Some(relay) = self.relay.clone() else { return Ok(false) };
        let (waiting, upto) = relay.first(&self.id, BATCH_MESSAGES)?;
        let Some(since) = waiting.first().map(|message| message.at) else { return Ok(false) };
        let has_more = waiting.len() == BATCH_MESSAGES;
        let messages = waiting.into_iter().map(|one| Message { topic: one.topic, payload: one.payload });
        self.carry(messages.collect(), since)?;
        relay.taken(&self.id, upto)?;
        Ok(has_more)
    }

    /// What was committed since. Gives whether there is more.
    fn news(&mut self) -> Result<bool, Fault> {
        self.look()?;
        let news = self.feed.news()?;
        if news.upto <= self.feed.place() {
            return Ok(false);
        }
        if Feed::lags(&news, self.clock.now()) {
            self.feed.owe(self.store.last_commit())?;
            self.look()?;
            return Ok(true);
        }
        self.send(&news.readings, Feed::oldest(&news).unwrap_or_else(|| self.clock.now()))?;
        self.feed.arrived(news.upto)?;
        self.note(|figures| figures.state.upto = news.upto);
        Ok(news.more)
    }

    /// A batch of what is owed. Gives whether there may be more.
    fn debts(&mut self) -> Result<bool, Fault> {
        let owed = self.feed.owed(Timestamp::from_millis(i64::MAX))?;
        if owed.is_empty() {
            return Ok(false);
        }
        let mut readings = Vec::new();
        let mut paid: Vec<(Owed, Timestamp)> = Vec::new();
        for debt in owed {
            if readings.len() >= BATCH_READINGS {
                break;
            }
            // Of points that are not sent, or are no more, nothing is owed.
            let room = BATCH_READINGS - readings.len();
            let upto = match self.speech.wants(&debt.point) {
                true => self.feed.readings_owed(&debt, room, |reading| readings.push(reading))?,
                false => debt.to,
            };
            paid.push((debt, upto));
        }
        // How old a debt is tells of the past: it is behind only from when it does not arrive.
        self.send(&readings, self.clock.now())?;
        self.feed.paid(&paid)?;
        self.look()?;
        Ok(true)
    }

    /// Sends readings, which wait since a moment, and waits until the broker has taken all of them, however long that takes.
    fn send(&mut self, readings: &[Reading], since: Timestamp) -> Result<(), Fault> {
        self.carry(self.speech.messages(readings), since)
    }

    fn carry(&mut self, messages: Vec<Message>, since: Timestamp) -> Result<(), Fault> {
        if messages.is_empty() {
            return Ok(());
        }
        self.note(|figures| figures.behind_since = Some(since));
        let (SenderEnd { queue, taken }, ticket) = (&mut self.end, &mut self.last_ticket);
        let carrying = async {
            for message in messages {
                *ticket += 1;
                let outgoing = Outgoing { ticket: *ticket, topic: message.topic, payload: message.payload };
                queue.send(outgoing).await.map_err(|_| Fault::Stopped)?;
            }
            let last = *ticket;
            taken.wait_for(|taken| *taken >= last).await.map(drop).map_err(|_| Fault::Stopped)
        };
        let mut carrying = pin!(carrying);
        loop {
            let arrived = self.runtime.block_on(async {
                tokio::select! {
                    biased;
                    () = self.stop.cancelled() => Some(Err(Fault::Stopped)),
                    arrived = &mut carrying => Some(arrived),
                    () = tokio::time::sleep(LOOK_EVERY) => None,
                }
            });
            if let Some(arrived) = arrived {
                if arrived.is_ok() {
                    note(&self.figures, |figures| figures.behind_since = None);
                }
                return arrived;
            }
            // What leaves the log in an outage becomes a debt: told while it lasts.
            let state = self.feed.look()?;
            note(&self.figures, |figures| figures.state = state);
        }
    }

    /// Looks how far the feed is, for whoever asks.
    fn look(&mut self) -> Result<(), StoreError> {
        let state = self.feed.look()?;
        self.note(|figures| figures.state = state);
        Ok(())
    }

    fn note(&self, change: impl FnOnce(&mut Figures)) {
        note(&self.figures, change);
    }
}

fn note(figures: &Mutex<Figures>, change: impl FnOnce(&mut Figures)) {
    change(&mut figures.lock().unwrap_or_else(PoisonError::into_inner));
}
