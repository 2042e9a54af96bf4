//! Reading every point of a device once that nobody polls: what a poll would bring, or why it would not. Never writes.
//!
//! Read next: `poll.rs`, which does the same for devices that are polled.

use std::collections::VecDeque;

use hub_model::Sample;
use tokio::time::sleep;

use super::Asks;
use crate::ask::Ask;
use crate::batch::batches;
use crate::failure::Failure;
use crate::plan::ModbusDevice;

/// What a point would have read.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    /// The raw words, bits as 0 and 1; empty when nothing came.
    pub words: Vec<u16>,
    /// Its number, or why there is none.
    pub sample: Sample,
    /// The text of a STRING.
    pub text: Option<String>,
    /// What went wrong on the way.
    pub failure: Option<Failure>,
}

/// Reads every point of `device` once, in the order of its points. A device that does not answer costs one time-out.
pub async fn try_device(asks: &mut impl Asks, device: &ModbusDevice) -> Vec<Tried> {
    let settings = &device.settings;
    let points: Vec<_> = device.points.iter().map(|(_, point)| point.clone()).collect();
    let mut queue = VecDeque::from(batches(&points, settings.max_registers, settings.max_gap));
    let mut tried = vec![None; points.len()];
    let mut lost = None;
    if let Some(wake) = settings.before_read.as_ref().filter(|wake| matches!(wake.ask, Ask::Read { .. })) {
        // It need not be answered.
        let _ = asks.ask(settings.unit_id, wake.ask.clone()).await;
        sleep(wake.wait).await;
    }
    while let Some(batch) = queue.pop_front() {
        sleep(settings.pause_between).await;
        let answer = match &lost {
            Some(failure) => Err(Failure::clone(failure)),
            None => asks.ask(settings.unit_id, batch.ask()).await,
        };
        match answer {
            Ok(words) => {
                for (slot, found) in batch.slots.iter().zip(batch.samples(&device.points, &words)) {
                    let from = usize::from(slot.offset);
                    let own = words.get(from..from + usize::from(slot.count)).unwrap_or_default();
                    let (sample, text) = (found.sample, found.text);
                    tried[found.point] = Some(Tried { words: own.to_vec(), sample, text, failure: None });
                }
            }
            Err(failure) => {
                if let Some(parts) = failure.asks_for_a_split().then(|| batch.split()).flatten() {
                    parts.into_iter().rev().for_each(|part| queue.push_front(part));
                    continue;
                }
                for slot in &batch.slots {
                    let sample = Sample::Missing(failure.reason());
                    let failure = Some(failure.clone());
                    tried[slot.point] = Some(Tried { words: Vec::new(), sample, text: None, failure });
                }
                if failure.ends_the_poll() {
                    lost = Some(failure);
                }
            }
        }
    }
    // Every point is in one batch.
    tried.into_iter().flatten().collect()
}
