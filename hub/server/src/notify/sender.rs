//! Sends what waits: puts what is due for a recipient into one message, sends it, notes how it went, tries again later.
//!
//! A message is on disk before it is sent for the first time, and keeps its number and notices on every try. One recipient on one
//! channel has one message under way at most, so that they come in order; one that does not answer delays no other.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use adapters_notify::{Host, Outcome, retry, send};
use adapters_sdk::Clock;
use hub_model::{LocalText, Recipient, Timestamp, local};
use hub_store::{Message, MessageState, OutboxChange, Queue};
use tokio::task::JoinSet;

use super::letters::{Letters, Unreachable};
use super::{Stored, Told};

/// Messages under way at once; further ones wait.
const AT_ONCE: usize = 8;
/// The sender looks at the clock at least so often, so that a clock that was set is noticed.
const LOOK: Duration = Duration::from_secs(5);
/// After a fault of the store it is asked again.
const AFTER_A_FAULT: Duration = Duration::from_secs(10);
/// How long what became of messages is kept.
const KEEP: Duration = Duration::from_secs(400 * 24 * 3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// A critical alarm waits for a sixth of what others wait for.
const CRITICAL_SHARE: u32 = 6;
/// Nothing is ever put off for longer; what seems to be was put off by a clock that has been set back since.
const LONGEST_WAIT: Duration = Duration::from_secs(6 * 3600);

type Way = (String, Recipient);

/// See the module.
pub(super) struct Sender {
    told: Told,
    stored: Stored,
    host: Arc<dyn Host>,
    key: Arc<[u8]>,
    clock: Clock,
    /// When each recipient was last sent something on a channel.
    last_made: HashMap<Way, Timestamp>,
    under_way: HashSet<Way>,
    sending: JoinSet<(Message, Outcome)>,
    forgot_at: Option<Timestamp>,
}

/// The store takes nothing more, or cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error(transparent)]
    Closed(#[from] hub_store::Closed),
    #[error(transparent)]
    Store(#[from] hub_store::StoreError),
}

impl Sender {
    pub(super) fn new(
        told: Told,
        stored: Stored,
        host: Arc<dyn Host>,
        key: Arc<[u8]>,
        clock: Clock,
    ) -> Result<Self, hub_store::StoreError> {
        told.next_message.fetch_max(stored.outbox.next_message_id()?.0, Ordering::AcqRel);
        Ok(Self {
            told,
            stored,
            host,
            key,
            clock,
            last_made: HashMap::new(),
            under_way: HashSet::new(),
            sending: JoinSet::new(),
            forgot_at: None,
        })
    }

    /// Sends until it is dropped or the store is closed.
    pub(super) async fn run(&mut self) {
        loop {
            let wait = match self.begin() {
                Ok(next) => next.map_or(LOOK, |next| next.since(self.clock.now()).min(LOOK)),
                Err(Fault::Closed(_)) => return,
                Err(Fault::Store(error)) => {
                    tracing::error!(%error, "notices wait: the outbox cannot be read");
                    AFTER_A_FAULT
                }
            };
            let wake = self.told.wake.clone();
            let is_open = tokio::select! {
                Some(ended) = self.sending.join_next() => self.end(ended),
                () = wake.notified() => Ok(()),
                () = tokio::time::sleep(wait) => Ok(()),
            };
            if is_open.is_err() {
                return;
            }
        }
    }

    /// Notes what came of the messages that are under way.
    pub(super) async fn finish(&mut self) {
        while let Some(ended) = self.sending.join_next().await {
            if self.end(ended).is_err() {
                return;
            }
        }
    }

    /// Begins whatever is due now; tells when something more is.
    pub(super) fn begin(&mut self) -> Result<Option<Timestamp>, Fault> {
        let now = self.clock.now();
        self.forget(now)?;
        let mut pending = self.stored.outbox.pending()?;
        let busy: HashSet<Way> = pending.iter().map(way).collect();
        let mut next: Option<Timestamp> = None;
        let mut note = |due: Timestamp| next = Some(next.map_or(due, |next| next.min(due)));
        let queues = self.stored.outbox.queues()?;
        let waiting = queues.iter().map(|queue| queue.waiting).sum();
        self.told.standing().look(waiting, pending.len() as u64);
        for queue in queues {
            let way = (queue.channel.clone(), queue.recipient.clone());
            if busy.contains(&way) {
                continue;
            }
            let due = self.due(&queue, self.last_made.get(&way).copied(), now);
            if due > now {
                note(due);
            } else if let Some(message) = self.bundle(way, now)? {
                pending.push(message);
            }
        }
        for message in pending {
            let is_under_way = self.under_way.contains(&way(&message));
            let is_put_off = message.next_try > now && message.next_try.since(now) <= LONGEST_WAIT;
            if is_put_off && !is_under_way {
                note(message.next_try);
            } else if !is_under_way && self.sending.len() < AT_ONCE {
                self.start(message, now)?;
            }
        }
        Ok(next)
    }

    /// When what waits is told: when it is due, but not too soon after the last message.
    fn due(&self, queue: &Queue, last: Option<Timestamp>, now: Timestamp) -> Timestamp {
        let interval = self.told.telling().notify.group_interval;
        let after = |due: Timestamp, interval| {
            // A last message that lies ahead was made by a clock that has been set back.
            let earliest = last.filter(|last| *last <= now).map(|last| last.plus(interval));
            earliest.map_or(due, |earliest| earliest.max(due))
        };
        let due = after(queue.due, interval);
        queue.critical_due.map_or(due, |critical| after(critical, interval / CRITICAL_SHARE).min(due))
    }

    fn bundle(&mut self, way: Way, now: Timestamp) -> Result<Option<Message>, Fault> {
        let id = self.told.message_id();
        let message = Message {
            id,
            channel: way.0.clone(),
            recipient: way.1.clone(),
            is_test: false,
            made_at: now,
            state: MessageState::Pending,
            tries: 0,
            next_try: now,
            finished_at: None,
            detail: LocalText::default(),
            notices: 0,
        };
        self.stored.commit(OutboxChange::Bundle { message, due: now })?;
        let Some((message, _)) = self.stored.outbox.message(id, 0)? else { return Ok(None) };
        self.last_made.insert(way, now);
        Ok(Some(message))
    }

    /// Sends a message, or notes why it cannot be.
    fn start(&mut self, message: Message, now: Timestamp) -> Result<(), Fault> {
        let telling = self.told.telling();
        let letters = Letters { telling: &telling, stored: &self.stored, key: &self.key };
        match letters.write(&message, now) {
            Ok((channel, letter, to)) => {
                self.under_way.insert(way(&message));
                let host = self.host.clone();
                self.sending.spawn(async move {
                    let outcome = send(channel, Arc::new(letter), to, host).await;
                    (message, outcome)
                });
                Ok(())
            }
            Err(Unreachable::Store(error)) => Err(error.into()),
            Err(Unreachable::Nobody(why)) => self.note(message, Outcome::Never(why)),
        }
    }

    /// Notes what came of a message.
    pub(super) fn end(
        &mut self,
        ended: Result<(Message, Outcome), tokio::task::JoinError>,
    ) -> Result<(), Fault> {
        match ended {
            Ok((message, outcome)) => {
                self.under_way.remove(&way(&message));
                self.note(message, outcome)
            }
            Err(error) => {
                tracing::error!(%error, "sending a notice broke down");
                // Whose it was is not known any more: what is pending is begun anew.
                self.under_way.clear();
                self.sending.abort_all();
                Ok(())
            }
        }
    }

    fn note(&mut self, message: Message, outcome: Outcome) -> Result<(), Fault> {
        let now = self.clock.now();
        let tries = message.tries.saturating_add(1);
        let noted = match outcome {
            Outcome::Delivered(detail) => {
                tracing::info!(message = message.id.0, channel = message.channel, tries, "notice delivered");
                finished(MessageState::Delivered, LocalText::same(detail), now)
            }
            Outcome::Never(why) => finished(MessageState::Failed, why, now),
            Outcome::Later { why, after } => {
                let patience = self.told.telling().notify.give_up_after;
                match retry::next_try(message.made_at, now, tries, after, patience) {
                    Some(next) => (MessageState::Pending, why, next, None),
                    None => {
                        let LocalText { vi, en } = why;
                        let why =
                            local!("{vi}; đã thôi sau {tries} lần thử", "{en}; given up after {tries} tries");
                        finished(MessageState::Failed, why, now)
                    }
                }
            }
        };
        let (state, detail, next_try, finished_at) = noted;
        let standing = self.told.standing();
        match state {
            MessageState::Failed => {
                standing.failed(&message.channel, &detail.en);
                standing.given_up(now);
                let channel = &message.channel;
                tracing::error!(
                    message = message.id.0,
                    channel,
                    tries,
                    "a notice is given up: {}",
                    detail.en
                );
            }
            MessageState::Pending => {
                standing.failed(&message.channel, &detail.en);
                tracing::warn!(
                    message = message.id.0,
                    channel = message.channel,
                    tries,
                    "notice not sent: {}",
                    detail.en
                );
            }
            MessageState::Delivered => standing.delivered(&message.channel),
        }
        let noted = Message { state, tries, next_try, finished_at, detail, ..message };
        Ok(self.stored.commit(OutboxChange::Message(noted))?)
    }

    /// Once a day what is long over is forgotten.
    fn forget(&mut self, now: Timestamp) -> Result<(), Fault> {
        if self.forgot_at.is_none_or(|last| now.since(last) >= DAY) {
            self.forgot_at = Some(now);
            self.stored.commit(OutboxChange::Forget { before: now.minus(KEEP) })?;
        }
        Ok(())
    }
}

fn way(message: &Message) -> Way {
    (message.channel.clone(), message.recipient.clone())
}

fn finished(
    state: MessageState,
    detail: LocalText,
    now: Timestamp,
) -> (MessageState, LocalText, Timestamp, Option<Timestamp>) {
    (state, detail, now, Some(now))
}
