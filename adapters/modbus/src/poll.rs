//! One poll of one device: which request is next, and what they brought. Pure: the owner sends and waits.
//!
//! Never asks a silent device for a second time-out in one poll. Read next: [`crate::owner`].

use std::collections::VecDeque;

use hub_model::{Observation, Reason, Sample, Timestamp};
use tokio::time::Instant;
use tracing::{info, warn};

use crate::ask::Ask;
use crate::batch::Batch;
use crate::failure::Failure;
use crate::unit::Unit;

/// A poll under way.
#[derive(Debug)]
pub(crate) struct Poll {
    /// The wake-up request, while it was not sent.
    wake: Option<Ask>,
    /// What is still to be asked, and how often each was tried.
    queue: VecDeque<(Batch, u8)>,
    under_way: usize,
    /// Nothing is asked before this: the device is waking up.
    not_before: Option<Instant>,
    /// Whether the rest is given up.
    ended: bool,
    /// Asked again in this order at the next poll.
    asked: Vec<Batch>,
    /// The one that ended a poll goes last, so that next time those behind it are read before it takes its time-out again.
    unanswered: Vec<Batch>,
    polled: Polled,
}

/// A request of a poll.
#[derive(Debug)]
pub(crate) enum Step {
    /// The wake-up request.
    Wake(Ask),
    /// A batch, and how often it was tried before.
    Read(Batch, u8),
}

/// What one poll of a device brought.
#[derive(Debug, Default)]
pub(crate) struct Polled {
    /// Of every point, in the order in which the batches ended.
    pub(crate) observations: Vec<Observation>,
    /// Texts that were read, by the point's number.
    pub(crate) texts: Vec<(usize, String)>,
    /// Whether the unit itself answered anything.
    pub(crate) answered: bool,
    /// The first one, or the one that ended the poll.
    pub(crate) failure: Option<Failure>,
    /// What was asked when it failed, in words.
    pub(crate) asked_for: String,
    pub(crate) requests: u64,
    pub(crate) timeouts: u64,
    pub(crate) exceptions: u64,
    pub(crate) bad_answers: u64,
}

impl Poll {
    /// Takes over the unit's batches until [`Poll::finish`].
    pub(crate) fn begin(unit: &mut Unit) -> Self {
        Self {
            wake: unit.device.settings.before_read.as_ref().map(|wake| wake.ask.clone()),
            queue: std::mem::take(&mut unit.batches).into_iter().map(|batch| (batch, 0)).collect(),
            under_way: 0,
            not_before: None,
            ended: false,
            asked: Vec::new(),
            unanswered: Vec::new(),
            polled: Polled::default(),
        }
    }

    /// When the next request may be sent; `None` when there is none to send now.
    pub(crate) fn ready_at(&self, now: Instant) -> Option<Instant> {
        let waits_for_wake = self.under_way > 0 && self.not_before.is_some_and(|at| at > now);
        let has_next = self.wake.is_some() || !self.queue.is_empty();
        (has_next && !self.ended && !waits_for_wake).then(|| self.not_before.unwrap_or(now))
    }

    /// The next request, which is then under way.
    pub(crate) fn next(&mut self, unit: &Unit, now: Instant) -> Option<Step> {
        let step = match self.wake.take() {
            Some(ask) => {
                let wait = unit.device.settings.before_read.as_ref().map(|wake| wake.wait);
                self.not_before = wait.map(|wait| now + wait);
                Step::Wake(ask)
            }
            None => self.queue.pop_front().map(|(batch, tries)| Step::Read(batch, tries))?,
        };
        self.under_way += 1;
        self.polled.requests += 1;
        Some(step)
    }

    /// The wake-up request ended, well or not: a device that sleeps need not answer it.
    pub(crate) fn woke(&mut self) {
        self.under_way -= 1;
    }

    /// A batch is to be tried once more.
    pub(crate) fn put_back(&mut self, batch: Batch, tries: u8) {
        self.under_way -= 1;
        self.queue.push_front((batch, tries));
    }

    /// A batch ended.
    pub(crate) fn took(
        &mut self,
        unit: &mut Unit,
        batch: Batch,
        result: Result<Vec<u16>, Failure>,
        received_at: Timestamp,
    ) {
        self.under_way -= 1;
        let failure = match result {
            Ok(words) => {
                self.polled.answered = true;
                self.found(unit, &batch, &words, received_at);
                unit.accepted(&batch);
                self.asked.push(batch);
                return;
            }
            Err(failure) => failure,
        };
        self.count(&failure);
        if failure.asks_for_a_split() {
            if let Some(parts) = batch.split() {
                info!(device = %unit.device.id, register = batch.register.word(), address = batch.start,
                    count = batch.count, parts = parts.len(), "an address is refused: its request is split");
                parts.into_iter().rev().for_each(|part| self.queue.push_front((part, 0)));
                return;
            }
            if unit.refused(&batch) {
                warn!(device = %unit.device.id, register = batch.register.word(), address = batch.start,
                    points = unit.names_of(&batch), "the device has no such address");
            }
        }
        self.polled.observations.extend(missing(unit, &batch, failure.reason(), received_at));
        let asked_for = format!("{} {} ({})", batch.register.word(), batch.start, unit.names_of(&batch));
        if failure.ends_the_poll() {
            self.unanswered.push(batch);
            self.end(unit, &failure, received_at);
            (self.polled.failure, self.polled.asked_for) = (Some(failure), asked_for);
        } else {
            self.asked.push(batch);
            if self.polled.failure.is_none() {
                (self.polled.failure, self.polled.asked_for) = (Some(failure), asked_for);
            }
        }
    }

    /// Gives up what was not sent yet.
    pub(crate) fn end(&mut self, unit: &Unit, failure: &Failure, received_at: Timestamp) {
        self.ended = true;
        for (batch, _) in self.queue.drain(..) {
            self.polled.observations.extend(missing(unit, &batch, failure.reason(), received_at));
            self.asked.push(batch);
        }
        self.polled.failure.get_or_insert_with(|| failure.clone());
    }

    /// Whether nothing is under way and nothing is left to ask.
    pub(crate) fn is_over(&self) -> bool {
        self.under_way == 0 && (self.ended || (self.wake.is_none() && self.queue.is_empty()))
    }

    /// Gives the batches back, in the order for the next poll.
    pub(crate) fn finish(mut self, unit: &mut Unit) -> Polled {
        self.asked.append(&mut self.unanswered);
        unit.batches = self.asked;
        self.polled
    }

    fn count(&mut self, failure: &Failure) {
        self.polled.answered |= failure.is_from_the_unit();
        match failure {
            Failure::Timeout(_) => self.polled.timeouts += 1,
            Failure::Exception { .. } => self.polled.exceptions += 1,
            Failure::BadAnswer(_) | Failure::BadChecksum | Failure::WrongLength { .. } => {
                self.polled.bad_answers += 1
            }
            Failure::Disconnected(_) | Failure::Unreachable { .. } => {}
        }
    }

    fn found(&mut self, unit: &Unit, batch: &Batch, words: &[u16], received_at: Timestamp) {
        self.polled.observations.reserve(batch.slots.len());
        for found in batch.samples(&unit.device.points, words) {
            self.polled.observations.push(observation(unit, found.point, found.sample, received_at));
            self.polled.texts.extend(found.text.map(|text| (found.point, text)));
        }
    }
}

/// The points of a batch, missing for one cause.
pub(crate) fn missing(unit: &Unit, batch: &Batch, cause: Reason, received_at: Timestamp) -> Vec<Observation> {
    let slots = batch.slots.iter();
    slots.map(|slot| observation(unit, slot.point, Sample::Missing(cause), received_at)).collect()
}

fn observation(unit: &Unit, point: usize, sample: Sample, received_at: Timestamp) -> Observation {
    Observation { point: unit.device.points[point].0.clone(), sample, measured_at: None, received_at }
}
