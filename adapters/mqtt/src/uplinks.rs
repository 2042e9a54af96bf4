//! What must be remembered of messages: what came twice, what never came, and counters before they became rates.
//!
//! Bounded: the oldest is forgotten first. A restart forgets all of it: then a copy is stored once more, which replaces itself.

use std::collections::{HashMap, VecDeque};

use hub_model::{DeviceId, PointId, Timestamp};
use serde_json::Value;

/// Uplinks remembered for their copies: a commune's devices send less in the minutes within which copies come.
const MAX_UPLINKS: usize = 4_096;
/// Devices whose frame counters are remembered.
const MAX_DEVICES: usize = 4_096;

/// How a counter begins again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counter {
    /// At zero after 2³²-1.
    Wrap32,
    /// At zero after 2⁶⁴-1.
    Wrap64,
    /// Only when the device starts anew.
    Reset,
}

/// The memory of a router.
#[derive(Debug, Default)]
pub(crate) struct Uplinks {
    seen: HashMap<String, ()>,
    order: VecDeque<String>,
    frames: HashMap<String, u64>,
    counters: HashMap<PointId, (f64, Timestamp)>,
    numbers: HashMap<DeviceId, u64>,
}

/// A device's telemetry, counted by its own number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// So many before this one never came.
    Missing(u64),
    /// It came before, or others that follow it did.
    Repeated,
}

/// A number that is further back than this is a device that has begun anew.
const REPEATS_WITHIN: u64 = 1_000;

impl Uplinks {
    /// Whether an uplink with this deduplication id came before; notes it.
    pub(crate) fn is_copy(&mut self, id: &str) -> bool {
        if self.seen.contains_key(id) {
            return true;
        }
        if self.order.len() >= MAX_UPLINKS
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        self.seen.insert(id.to_owned(), ());
        self.order.push_back(id.to_owned());
        false
    }

    /// How many uplinks of a device are missing before the one with this frame counter. None after it joined anew.
    pub(crate) fn gap(&mut self, device: &str, frame: u64) -> u64 {
        if self.frames.len() >= MAX_DEVICES && !self.frames.contains_key(device) {
            self.frames.clear();
        }
        match self.frames.insert(device.to_owned(), frame) {
            Some(before) if frame > before => frame - before - 1,
            _ => 0,
        }
    }

    /// What the number of a device's telemetry says of those before it.
    pub(crate) fn step(&mut self, device: &DeviceId, number: u64) -> Step {
        let before = self.numbers.get(device).copied();
        match before {
            // A device that has begun anew counts from 0 or 1.
            Some(last) if number <= last && number > 1 && last - number < REPEATS_WITHIN => {
                return Step::Repeated;
            }
            Some(last) if number == last => return Step::Repeated,
            _ => {}
        }
        if self.numbers.len() >= MAX_DEVICES && before.is_none() {
            self.numbers.clear();
        }
        self.numbers.insert(device.clone(), number);
        Step::Missing(before.filter(|last| number > *last).map_or(0, |last| number - last - 1))
    }

    /// The rate per second that a counter has risen with since its last reading; `None` for the first one, for one out of
    /// order, and after the device began anew.
    pub(crate) fn rate(&mut self, point: &PointId, counter: Counter, now: f64, at: Timestamp) -> Option<f64> {
        let (before, since) = match self.counters.get(point) {
            Some((_, since)) if *since >= at => return None,
            Some(known) => *known,
            None => {
                self.counters.insert(point.clone(), (now, at));
                return None;
            }
        };
        self.counters.insert(point.clone(), (now, at));
        let seconds = at.since(since).as_secs_f64();
        let range = match counter {
            Counter::Wrap32 => 4_294_967_296.0,
            Counter::Wrap64 => 18_446_744_073_709_551_616.0,
            Counter::Reset => 0.0,
        };
        let risen = if now >= before { now - before } else { now - before + range };
        // A counter that seems to have run through more than half of its range has begun anew.
        let is_new = now < before && (risen < 0.0 || risen > range / 2.0);
        (!is_new).then_some(risen / seconds)
    }
}

/// The uplink that a document of a LoRaWAN server is: its own id, its device and its frame counter.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Uplink<'a> {
    pub(crate) id: Option<&'a str>,
    pub(crate) device: &'a str,
    pub(crate) frame: u64,
}

impl<'a> Uplink<'a> {
    /// As ChirpStack v4 and The Things Stack v3 write it; `None` for other documents.
    pub(crate) fn of(document: &'a Value) -> Option<Self> {
        if let Some(device) = document.pointer("/deviceInfo/devEui").and_then(Value::as_str) {
            let id = document.get("deduplicationId").and_then(Value::as_str);
            return Some(Self { id, device, frame: document.get("fCnt")?.as_u64()? });
        }
        let device = document
            .pointer("/end_device_ids/dev_eui")
            .or_else(|| document.pointer("/end_device_ids/device_id"));
        // It leaves a counter of zero out.
        let frame = document.get("uplink_message")?.get("f_cnt").map_or(Some(0), Value::as_u64)?;
        Some(Self { id: None, device: device?.as_str()?, frame })
    }

    /// The bytes of the device, as text in base64.
    pub(crate) fn bytes(document: &Value) -> Option<&str> {
        document.get("data").or_else(|| document.pointer("/uplink_message/frm_payload"))?.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_known_for_a_while() {
        let mut uplinks = Uplinks::default();
        assert!(!uplinks.is_copy("a") && uplinks.is_copy("a"));
        for number in 0..MAX_UPLINKS {
            assert!(!uplinks.is_copy(&number.to_string()));
        }
        assert!(!uplinks.is_copy("a"), "the oldest is forgotten");
        assert_eq!((uplinks.seen.len(), uplinks.order.len()), (MAX_UPLINKS, MAX_UPLINKS));
    }

    #[test]
    fn gaps_are_counted_and_a_new_join_is_none() {
        let mut uplinks = Uplinks::default();
        let gaps: Vec<u64> = [5, 6, 9, 0, 1, 1].map(|frame| uplinks.gap("a", frame)).to_vec();
        assert_eq!(gaps, [0, 0, 2, 0, 0, 0]);
    }

    #[test]
    fn telemetry_that_is_missing_or_comes_again_is_counted() {
        let mut uplinks = Uplinks::default();
        let device = DeviceId::parse("a/b").unwrap();
        let steps: Vec<_> =
            [5, 6, 9, 9, 8, 10, 1, 2, 2, 5_000, 3_999].map(|number| uplinks.step(&device, number)).to_vec();
        let (none, again) = (Step::Missing(0), Step::Repeated);
        let expected =
            [none, none, Step::Missing(2), again, again, none, none, none, again, Step::Missing(4_997), none];
        assert_eq!(steps, expected);
        assert_eq!(uplinks.step(&DeviceId::parse("a/c").unwrap(), 1), none);
    }

    #[test]
    fn rates_survive_wraps_and_resets() {
        let point = PointId::parse("a/b/c").unwrap();
        let at = |s: i64| Timestamp::from_millis(s * 1_000);
        let rates = |counter, values: &[(f64, i64)]| {
            let mut uplinks = Uplinks::default();
            values.iter().map(|(value, s)| uplinks.rate(&point, counter, *value, at(*s))).collect::<Vec<_>>()
        };
        let top = 4_294_967_295.0;
        assert_eq!(rates(Counter::Wrap32, &[(top - 9.0, 0), (10.0, 10)]), [None, Some(2.0)]);
        assert_eq!(rates(Counter::Wrap32, &[(1000.0, 0), (10.0, 10), (30.0, 20)]), [None, None, Some(2.0)]);
        assert_eq!(rates(Counter::Reset, &[(5.0, 0), (3.0, 10), (13.0, 20)]), [None, None, Some(1.0)]);
        assert_eq!(rates(Counter::Wrap64, &[(0.0, 0), (5.0, 0), (10.0, 10)]), [None, None, Some(1.0)]);
    }
}
