//! One poll of one device: all of its batches, and what they brought.
//!
//! Never waits for a second time-out in one poll. Read next: [`crate::owner`].

use std::collections::VecDeque;

use adapters_sdk::Clock;
use hub_model::{Observation, Reason, Sample, Timestamp};
use tracing::info;

use crate::batch::Batch;
use crate::bus::Link;
use crate::unit::Unit;
use crate::wire::Failure;

/// What one poll of a device brought.
#[derive(Default)]
pub(crate) struct Polled {
    /// Of every point, in the order of the batches.
    pub(crate) observations: Vec<Observation>,
    /// Whether the unit itself answered anything.
    pub(crate) answered: bool,
    /// The first one, or the one that ended the poll.
    pub(crate) failure: Option<Failure>,
    pub(crate) timeouts: u64,
    pub(crate) exceptions: u64,
}

/// Asks a device for all of its batches.
pub(crate) async fn poll(link: &mut Link, unit: &mut Unit, clock: &Clock) -> Polled {
    let (unit_id, patience) = (unit.device.settings.unit_id, unit.device.settings.timeout);
    let mut queue = VecDeque::from(std::mem::take(&mut unit.batches));
    let mut unanswered: Option<Batch> = None;
    let mut polled = Polled::default();
    while let Some(batch) = queue.pop_front() {
        if unanswered.is_some() {
            let cause = polled.failure.as_ref().map_or(Reason::Timeout, Failure::reason);
            polled.observations.extend(missing(unit, &batch, cause, clock.now()));
            unit.batches.push(batch);
            continue;
        }
        let failure = match link.request(unit_id, &batch, patience).await {
            Ok(words) => {
                polled.answered = true;
                polled.observations.extend(found(unit, &batch, &words, clock.now()));
                unit.batches.push(batch);
                continue;
            }
            Err(failure) => failure,
        };
        polled.answered |= failure.is_from_the_unit();
        polled.timeouts += u64::from(matches!(failure, Failure::Timeout(_)));
        polled.exceptions += u64::from(matches!(failure, Failure::Exception { .. }));
        if let Some(parts) = batch.split().filter(|_| failure.asks_for_a_split()) {
            info!(device = %unit.device.id, register = batch.register.word(), address = batch.start,
                count = batch.count, parts = parts.len(), "an address is refused: its request is split");
            parts.into_iter().rev().for_each(|part| queue.push_front(part));
            continue;
        }
        polled.observations.extend(missing(unit, &batch, failure.reason(), clock.now()));
        if failure.ends_the_poll() {
            // Kept for the end, so that next time the batches behind it are read before it takes its time-out again.
            unanswered = Some(batch);
            polled.failure = Some(failure);
        } else {
            unit.batches.push(batch);
            polled.failure.get_or_insert(failure);
        }
    }
    unit.batches.extend(unanswered);
    polled
}

fn found(unit: &Unit, batch: &Batch, words: &[u16], received_at: Timestamp) -> Vec<Observation> {
    let points = &unit.device.points;
    let samples = batch.samples(points, words).into_iter();
    samples.map(|(point, sample)| observation(unit, point, sample, received_at)).collect()
}

/// The points of a batch, missing for one cause.
pub(crate) fn missing(unit: &Unit, batch: &Batch, cause: Reason, received_at: Timestamp) -> Vec<Observation> {
    let slots = batch.slots.iter();
    slots.map(|slot| observation(unit, slot.point, Sample::Missing(cause), received_at)).collect()
}

fn observation(unit: &Unit, point: usize, sample: Sample, received_at: Timestamp) -> Observation {
    Observation { point: unit.device.points[point].0.clone(), sample, measured_at: None, received_at }
}
