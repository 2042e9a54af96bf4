//! Retained messages: the last one of each topic that was published with the retain flag.
//!
//! Bounded in number and bytes; when full, a new topic is not retained, known topics still are if they fit.
//! It never writes to disk: `core.rs` does, through `keep`. Next: `core.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::time::Instant;

use crate::filter::Filter;
use crate::message::Message;

/// The retained messages of a broker.
pub(crate) struct Retained {
    messages: BTreeMap<Arc<str>, Arc<Message>>,
    bytes: usize,
    max_messages: usize,
    max_bytes: usize,
}

impl Retained {
    pub(crate) fn new(max_messages: usize, max_bytes: usize) -> Retained {
        Retained { messages: BTreeMap::new(), bytes: 0, max_messages, max_bytes }
    }

    /// Keeps a message in place of the last one of its topic; one with an empty payload only deletes. `false`: no room.
    pub(crate) fn put(&mut self, message: &Arc<Message>) -> bool {
        if let Some(old) = self.messages.remove(&message.topic) {
            self.bytes -= old.size_bytes();
        }
        if message.payload.is_empty() {
            return true;
        }
        if self.messages.len() >= self.max_messages || self.bytes + message.size_bytes() > self.max_bytes {
            return false;
        }
        self.bytes += message.size_bytes();
        self.messages.insert(message.topic.clone(), message.clone());
        true
    }

    /// What a new subscription is to be sent; what has expired is forgotten on the way.
    pub(crate) fn matching(&mut self, filter: &Filter, now: Instant) -> Vec<Arc<Message>> {
        let bytes = &mut self.bytes;
        self.messages.retain(|_, message| {
            let keep = !message.expired(now);
            if !keep {
                *bytes -= message.size_bytes();
            }
            keep
        });
        self.messages.values().filter(|message| filter.matches(&message.topic)).cloned().collect()
    }

    /// Topics with a retained message.
    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;

    use super::*;
    use crate::codec::Qos;

    fn message(topic: &str, payload: &str, expires: Option<Instant>) -> Arc<Message> {
        Arc::new(Message {
            topic: topic.into(),
            payload: Bytes::copy_from_slice(payload.as_bytes()),
            qos: Qos::AtMostOnce,
            retain: true,
            from: 1,
            carried: None,
            expires,
        })
    }

    #[test]
    fn the_last_message_of_a_topic_stays_and_an_empty_one_deletes_it() {
        let now = Instant::now();
        let mut retained = Retained::new(10, 10_000);
        assert!(retained.put(&message("a/đèn", "1", None)));
        assert!(retained.put(&message("a/đèn", "2", None)));
        let all = Filter::parse("#").unwrap();
        let found = retained.matching(&all, now);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].payload, Bytes::from_static(b"2"));
        assert!(retained.put(&message("a/đèn", "", None)));
        assert_eq!((retained.len(), retained.bytes), (0, 0));
    }

    #[test]
    fn a_new_topic_beyond_the_bounds_is_not_kept() {
        let mut retained = Retained::new(1, 80);
        assert!(retained.put(&message("a", "1", None)));
        assert!(!retained.put(&message("b", "1", None)));
        assert!(!retained.put(&message("a", "far more than what is left for it", None)));
        assert_eq!((retained.len(), retained.bytes), (0, 0));
    }

    #[test]
    fn an_expired_message_is_neither_given_nor_kept() {
        let now = Instant::now();
        let mut retained = Retained::new(10, 10_000);
        retained.put(&message("a", "1", Some(now + Duration::from_secs(5))));
        let filter = Filter::parse("a").unwrap();
        assert_eq!(retained.matching(&filter, now).len(), 1);
        assert_eq!(retained.matching(&filter, now + Duration::from_secs(5)).len(), 0);
        assert_eq!((retained.len(), retained.bytes), (0, 0));
    }
}
