//! Which registers are read in one request. Pure.
//!
//! Points that lie close together are read together: within [`MAX_REGISTERS`] or [`MAX_BITS`], the device's own limit, and
//! its `max_gap`. A value is never split over two requests. Read next: [`crate::plan`].

use hub_model::{PointId, Reason, Sample};

use crate::ask::Ask;
use crate::config::PointSettings;
use crate::decode::{DataType, decode, text};
use crate::register::Register;

/// The most registers that the protocol allows in one request.
pub const MAX_REGISTERS: u16 = 125;
/// The most coils or discrete inputs that the protocol allows in one request.
pub const MAX_BITS: u16 = 2_000;

/// One request: `count` entries of a table from `start`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The table.
    pub register: Register,
    /// The first address on the wire, from 0.
    pub start: u16,
    /// How many registers or bits.
    pub count: u16,
    /// The points that it serves, by address.
    pub slots: Vec<Slot>,
}

/// A point's place in a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// The point, as its number in the device's list.
    pub point: usize,
    /// The point's first entry, counted from the batch's start.
    pub offset: u16,
    /// How many entries it takes.
    pub count: u16,
}

/// What was found of a point.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The point, as its number in the device's list.
    pub point: usize,
    /// Its number, or why there is none.
    pub sample: Sample,
    /// The text of a STRING.
    pub text: Option<String>,
}

/// The fewest batches that read every point once. `max_registers` counts registers; of bits 16 times as many are read.
/// Every point must fit within `max_registers`.
pub fn batches(points: &[PointSettings], max_registers: u16, max_gap: u16) -> Vec<Batch> {
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by_key(|&index| {
        let point = &points[index];
        (point.register, point.address, point.words)
    });
    let mut batches: Vec<Batch> = Vec::new();
    for index in order {
        let point = &points[index];
        let single = Batch {
            register: point.register,
            start: point.address,
            count: point.words,
            slots: vec![Slot { point: index, offset: 0, count: point.words }],
        };
        match batches.last_mut() {
            Some(batch) if batch.may_join(&single, max_registers, max_gap) => batch.join(&single),
            _ => batches.push(single),
        }
    }
    batches
}

impl Batch {
    /// The parts to try when the device refuses an address of the batch: its stretches without gaps, or, where it has none,
    /// its single values. `None` when there is nothing left to split.
    pub fn split(&self) -> Option<Vec<Batch>> {
        let stretches = self.regrouped(|batch, next| u32::from(next.start) <= batch.end());
        if stretches.len() > 1 {
            return Some(stretches);
        }
        let values = self.regrouped(|batch, next| next.start == batch.start && next.count == batch.count);
        (values.len() > 1).then_some(values)
    }

    /// The request for it.
    pub fn ask(&self) -> Ask {
        Ask::Read { register: self.register, start: self.start, count: self.count }
    }

    /// What was found of each point, given the batch's entries; bits are words of 0 and 1.
    pub fn samples(&self, points: &[(PointId, PointSettings)], words: &[u16]) -> impl Iterator<Item = Found> {
        let found = move |slot: &Slot| {
            let from = usize::from(slot.offset);
            let own = words.get(from..from + usize::from(slot.count)).unwrap_or_default();
            let (sample, text) = match points.get(slot.point) {
                Some((_, point)) => sample(point, own),
                None => (Sample::Missing(Reason::BadAnswer), None),
            };
            Found { point: slot.point, sample, text }
        };
        self.slots.iter().map(found)
    }

    fn end(&self) -> u32 {
        u32::from(self.start) + u32::from(self.count)
    }

    fn may_join(&self, next: &Batch, max_registers: u16, max_gap: u16) -> bool {
        let limit = match self.register.is_bit() {
            true => (u32::from(max_registers) * 16).min(u32::from(MAX_BITS)),
            false => u32::from(max_registers),
        };
        let end = self.end().max(next.end());
        self.register == next.register
            && u32::from(next.start).saturating_sub(self.end()) <= u32::from(max_gap)
            && end - u32::from(self.start) <= limit
    }

    fn join(&mut self, next: &Batch) {
        let shift = next.start - self.start;
        let moved = next.slots.iter().map(|slot| Slot { offset: slot.offset + shift, ..*slot });
        self.slots.extend(moved);
        self.count = self.count.max(shift + next.count);
    }

    fn regrouped(&self, joins: impl Fn(&Batch, &Batch) -> bool) -> Vec<Batch> {
        let mut parts: Vec<Batch> = Vec::new();
        for slot in &self.slots {
            let single = Batch {
                register: self.register,
                start: self.start + slot.offset,
                count: slot.count,
                slots: vec![Slot { offset: 0, ..*slot }],
            };
            match parts.last_mut() {
                Some(part) if joins(part, &single) => part.join(&single),
                _ => parts.push(single),
            }
        }
        parts
    }
}

/// The sample of a point's own words, and its text where it is one.
fn sample(point: &PointSettings, words: &[u16]) -> (Sample, Option<String>) {
    if point.data_type == DataType::String {
        let text = text(words, point.byte_order);
        let number = text.as_deref().and_then(|text| number_of(text, &point.states));
        return (number.map_or(Sample::Missing(Reason::Undecodable), Sample::Raw), text);
    }
    let number = match point.register.is_bit() {
        true => words.first().map(|bit| f64::from(*bit)),
        false => decode(words, point.data_type, point.byte_order, point.bit.unwrap_or(0)),
    };
    let sample = match number {
        Some(number) if number.is_finite() => Sample::Raw(number),
        Some(_) => Sample::Missing(Reason::NotANumber),
        None => Sample::Missing(Reason::BadAnswer),
    };
    (sample, None)
}

/// A text's place among the states; without states, the number that it says.
fn number_of(text: &str, states: &[String]) -> Option<f64> {
    if states.is_empty() {
        return text.parse().ok().filter(|number: &f64| number.is_finite());
    }
    states.iter().position(|state| state == text).map(|place| place as f64)
}
