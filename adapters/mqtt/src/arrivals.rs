//! What arrives, for integrators: the last messages and what became of them, topics that nothing is configured for, and what
//! was refused. Bounded in every direction; nothing here is kept on disk. MAC addresses are dropped before a sample is kept.
//!
//! It decides nothing and reads no clock. Read next: `router.rs`, which says what a message fed.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use adapters_push::mac;
use hub_model::{PointId, Timestamp};

use crate::payload::PayloadError;
use crate::router::{Accepted, Refused};

/// Messages that are kept; the oldest leaves first.
const MAX_MESSAGES: usize = 500;
/// Messages noted within one second; further ones of that second are only counted. So a flood costs next to nothing.
const MAX_PER_SECOND: u32 = 100;
/// Bytes of a payload that are kept as its sample.
pub const SAMPLE_BYTES: usize = 2_048;
/// Bytes of a topic and of a login's name that are kept: strangers choose both.
const NAME_BYTES: usize = 512;
/// Topics without a point that are kept; the one that was silent longest leaves first.
const MAX_UNKNOWN: usize = 200;
/// Logins whose refusals are kept; the one that was refused nothing for longest leaves first.
const MAX_LOGINS: usize = 200;
/// Points that are named of a message that fed more.
const MAX_POINTS: usize = 20;

/// The last messages and what became of them. Shared by whoever receives messages.
#[derive(Debug, Default)]
pub struct Arrivals(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// The number of the newest message.
    last: u64,
    messages: VecDeque<Arrival>,
    /// The second that is being counted, and how many messages were noted in it.
    second: (i64, u32),
    left_out: u64,
    unknown: BTreeMap<String, Unknown>,
    refusals: BTreeMap<String, Refusals>,
}

/// A message that came.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrival {
    /// Its number, rising by one with each that is noted.
    pub number: u64,
    /// When it came.
    pub at: Timestamp,
    /// Its topic, MAC addresses masked.
    pub topic: String,
    /// The beginning of its payload, MAC addresses masked; bytes that are no text are shown as hexadecimal digits.
    pub sample: Sample,
    /// The login that sent it, or the broker that it came from.
    pub from: String,
    /// What became of it.
    pub fate: Fate,
}

/// The beginning of a payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The text.
    pub text: String,
    /// Whether it stands for bytes that are no text.
    pub is_hex: bool,
    /// How many bytes the payload had.
    pub bytes: usize,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// It fed these points (at most 20 are named), and held so many metrics without a point.
    Fed {
        /// The points.
        points: Vec<PointId>,
        /// Numbers in it without a point.
        unknown_metrics: u64,
    },
    /// A device says that it is there.
    Status,
    /// Its topic is known, and it told nothing of any point: another kind of message, only unknown metrics.
    Nothing {
        /// Numbers in it without a point.
        unknown_metrics: u64,
    },
    /// An uplink that came before.
    Copy,
    /// No point is configured for its topic.
    Unknown,
    /// It could not be read.
    Unreadable(PayloadError),
}

/// A topic that no point is configured for.
#[derive(Debug, Clone, PartialEq)]
pub struct Unknown {
    /// Who sent to it last.
    pub from: String,
    /// When the first and the last message came.
    pub first: Timestamp,
    /// When the last message came.
    pub last: Timestamp,
    /// How many came.
    pub count: u64,
    /// The last one's beginning.
    pub sample: Sample,
}

/// What a login was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusals {
    /// How many times, since the start.
    pub count: u64,
    /// When last.
    pub last: Timestamp,
    /// What was refused last, in a word.
    pub what: String,
    /// The topic or filter of the last refusal that had one.
    pub topic: Option<String>,
}

impl Arrivals {
    /// Notes a message and what the router made of it.
    pub fn note(
        &self,
        from: &str,
        topic: &str,
        payload: &[u8],
        result: &Result<Accepted, Refused>,
        at: Timestamp,
    ) {
        let is_unknown = matches!(result, Ok(accepted) if !accepted.is_known);
        let mut inner = self.lock();
        if !inner.has_room(at) {
            inner.left_out += 1;
            return;
        }
        let topic = shown(topic);
        let sample = Sample::of(payload);
        if is_unknown {
            inner.unknown(&topic, from, &sample, at);
        }
        inner.last += 1;
        let number = inner.last;
        if inner.messages.len() >= MAX_MESSAGES {
            inner.messages.pop_front();
        }
        let fate = Fate::of(result);
        inner.messages.push_back(Arrival { number, at, topic, sample, from: from.to_owned(), fate });
    }

    /// Notes that something was refused to a login.
    pub fn refused(&self, login: &str, what: &str, topic: Option<&str>, at: Timestamp) {
        let login = &*shown(login);
        let mut inner = self.lock();
        let is_new = !inner.refusals.contains_key(login);
        if is_new && inner.refusals.len() >= MAX_LOGINS {
            let oldest = inner.refusals.iter().min_by_key(|(_, one)| one.last).map(|(name, _)| name.clone());
            oldest.map(|name| inner.refusals.remove(&name));
        }
        let fresh = Refusals { count: 0, last: at, what: String::new(), topic: None };
        let one = inner.refusals.entry(login.to_owned()).or_insert(fresh);
        one.count += 1;
        one.last = at;
        what.clone_into(&mut one.what);
        if let Some(topic) = topic {
            one.topic = Some(shown(topic));
        }
    }

    /// The messages after the one with this number, the oldest first.
    pub fn after(&self, number: u64) -> Vec<Arrival> {
        let inner = self.lock();
        inner.messages.iter().filter(|message| message.number > number).cloned().collect()
    }

    /// Messages that came too fast to be noted, since the start.
    pub fn left_out(&self) -> u64 {
        self.lock().left_out
    }

    /// Topics that no point is configured for.
    pub fn unknown(&self) -> Vec<(String, Unknown)> {
        self.lock().unknown.iter().map(|(topic, one)| (topic.clone(), one.clone())).collect()
    }

    /// What logins were refused, by login.
    pub fn refusals(&self) -> Vec<(String, Refusals)> {
        self.lock().refusals.iter().map(|(login, one)| (login.clone(), one.clone())).collect()
    }

    /// Forgets the topics without a point: the configuration has changed, and they may have one now.
    pub fn forget_unknown(&self) {
        self.lock().unknown.clear();
    }

    // A panic while it is held leaves at worst a count that is off.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn has_room(&mut self, at: Timestamp) -> bool {
        let second = at.as_millis().div_euclid(1_000);
        if self.second.0 != second {
            self.second = (second, 0);
        }
        self.second.1 += 1;
        self.second.1 <= MAX_PER_SECOND
    }

    fn unknown(&mut self, topic: &str, from: &str, sample: &Sample, at: Timestamp) {
        if !self.unknown.contains_key(topic) && self.unknown.len() >= MAX_UNKNOWN {
            let oldest = self.unknown.iter().min_by_key(|(_, one)| one.last).map(|(topic, _)| topic.clone());
            oldest.map(|topic| self.unknown.remove(&topic));
        }
        let fresh = || Unknown { from: String::new(), first: at, last: at, count: 0, sample: sample.clone() };
        let one = self.unknown.entry(topic.to_owned()).or_insert_with(fresh);
        one.count += 1;
        one.last = at;
        from.clone_into(&mut one.from);
        one.sample = sample.clone();
    }
}

/// A topic or a name: MAC addresses masked, and cut when it is long.
fn shown(text: &str) -> String {
    let mut shown = mac::masked(text).into_owned();
    if shown.len() > NAME_BYTES {
        let cut = (0..=NAME_BYTES).rev().find(|at| shown.is_char_boundary(*at)).unwrap_or(0);
        shown.truncate(cut);
        shown.push('…');
    }
    shown
}

impl Sample {
    /// The beginning of a payload.
    pub fn of(payload: &[u8]) -> Self {
        let bytes = payload.len();
        let front = &payload[..bytes.min(SAMPLE_BYTES)];
        let text = match std::str::from_utf8(front) {
            Ok(text) => Some(text),
            // Cut within a character.
            Err(error) if error.error_len().is_none() && bytes > SAMPLE_BYTES => {
                std::str::from_utf8(&front[..error.valid_up_to()]).ok()
            }
            Err(_) => None,
        };
        match text.filter(|text| !text.contains(|c: char| c.is_control() && !"\n\r\t\0".contains(c))) {
            Some(text) => Self { text: mac::masked(text).replace('\0', ""), is_hex: false, bytes },
            None => {
                // Two digits a byte: half as many bytes, so that a sample is never larger.
                let front = &front[..front.len().min(SAMPLE_BYTES / 2)];
                let text = front.iter().map(|byte| format!("{byte:02x}")).collect();
                Self { text, is_hex: true, bytes }
            }
        }
    }
}

impl Fate {
    fn of(result: &Result<Accepted, Refused>) -> Self {
        let accepted = match result {
            Err(refused) => return Self::Unreadable(refused.problem),
            Ok(accepted) => accepted,
        };
        let unknown_metrics = accepted.unknown_metrics;
        if !accepted.is_known {
            return Self::Unknown;
        }
        if accepted.copies > 0 {
            return Self::Copy;
        }
        let mut points: Vec<PointId> = Vec::new();
        for observation in &accepted.observations {
            if points.len() < MAX_POINTS && !points.contains(&observation.point) {
                points.push(observation.point.clone());
            }
        }
        match points.is_empty() {
            true if accepted.is_status => Self::Status,
            true => Self::Nothing { unknown_metrics },
            false => Self::Fed { points, unknown_metrics },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    fn accepted(is_known: bool) -> Result<Accepted, Refused> {
        Ok(Accepted { is_known, ..Accepted::default() })
    }

    #[test]
    fn messages_are_kept_up_to_their_bound_and_mac_addresses_never() {
        let arrivals = Arrivals::default();
        for number in 0..600 {
            arrivals.note("ap", &format!("ap/{number}"), b"{}", &accepted(true), at(number * 50));
        }
        let all = arrivals.after(0);
        assert_eq!((all.len(), all[0].number, all[499].number), (500, 101, 600));
        assert_eq!(arrivals.after(599).len(), 1);
        let payload = br#"{"client":"aa:bb:cc:dd:ee:ff","n":3}"#;
        arrivals.note("ap", "ap/AABBCCDDEEFF/clients", payload, &accepted(false), at(60_000));
        let last = arrivals.after(600).remove(0);
        assert_eq!((last.topic.as_str(), last.fate), ("ap/(mac)/clients", Fate::Unknown));
        assert_eq!(last.sample.text, r#"{"client":"(mac)","n":3}"#);
        assert_eq!(arrivals.unknown()[0].0, "ap/(mac)/clients");
        let online = Accepted { is_known: true, is_status: true, ..Accepted::default() };
        arrivals.note("ap", "commune/v1/a/ap/status", b"online", &Ok(online), at(61_000));
        assert_eq!(arrivals.after(601).remove(0).fate, Fate::Status);
    }

    #[test]
    fn a_flood_is_counted_and_costs_no_samples() {
        let arrivals = Arrivals::default();
        for _ in 0..1_000 {
            arrivals.note("x", "t", b"1", &accepted(true), at(5_000));
        }
        assert_eq!((arrivals.after(0).len(), arrivals.left_out()), (100, 900));
        arrivals.note("x", "t", b"1", &accepted(true), at(6_000));
        assert_eq!(arrivals.after(100).len(), 1);
    }

    #[test]
    fn unknown_topics_and_refused_logins_are_bounded_by_who_was_silent_longest() {
        let arrivals = Arrivals::default();
        for number in 0..300 {
            arrivals.note("x", &format!("t/{number}"), b"1", &accepted(false), at(number * 100));
            arrivals.refused(&format!("login-{number}"), "publish", Some("a/b"), at(number * 100));
        }
        let (unknown, refusals) = (arrivals.unknown(), arrivals.refusals());
        assert_eq!((unknown.len(), refusals.len()), (MAX_UNKNOWN, MAX_LOGINS));
        assert!(unknown.iter().all(|(_, one)| one.last >= at(10_000)));
        assert!(
            refusals.iter().all(|(_, one)| one.last >= at(10_000) && one.topic.as_deref() == Some("a/b"))
        );
        arrivals.forget_unknown();
        assert!(arrivals.unknown().is_empty());
        arrivals.refused(&"đ".repeat(30_000), "login", None, at(60_000));
        let longest = arrivals.refusals().into_iter().map(|(login, _)| login.len()).max();
        assert_eq!(longest, Some(512 + '…'.len_utf8()), "a name is cut");
    }

    #[test]
    fn samples_are_cut_at_a_character_and_bytes_are_shown_as_digits() {
        let long = "đ".repeat(2_000);
        let sample = Sample::of(long.as_bytes());
        assert_eq!((sample.text.len(), sample.is_hex, sample.bytes), (2_048, false, 4_000));
        let sample = Sample::of(format!("x{long}").as_bytes());
        assert_eq!((sample.text.len(), sample.is_hex), (2_047, false));
        assert_eq!(Sample::of(&[0xFF, 0x00, 0x0A]).text, "ff000a");
        assert_eq!(Sample::of(&[0xFE; 9_000]).text.len(), 2_048);
        assert_eq!(Sample::of(b"1:2\0").text, "1:2");
    }
}
