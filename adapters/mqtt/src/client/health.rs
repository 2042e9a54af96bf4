//! How a connection to somebody else's broker fares, for whoever looks. Changes nothing; time is an argument.

use std::collections::BTreeMap;
use std::time::Duration;

use hub_model::{DeviceId, LocalText, Timestamp};

/// How a connection stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkState {
    /// The first attempt is under way.
    Connecting,
    /// Connected.
    Connected {
        /// Since when.
        since: Timestamp,
    },
    /// Not connected; attempts go on.
    Down {
        /// Since when.
        since: Timestamp,
        /// What the last attempt ran into.
        why: String,
    },
}

/// A connection as it is now. Counts are since the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkHealth {
    /// The broker's address; no password.
    pub broker: String,
    /// The name of our session there.
    pub client_id: String,
    /// How it stands.
    pub state: LinkState,
    /// What it ran into last and when; stays once it is over.
    pub last_error: Option<(Timestamp, LocalText)>,
    /// Attempts and connections that failed.
    pub errors: u64,
    /// When a message came or was taken last.
    pub last_message: Option<Timestamp>,
    /// Filters that the broker refuses to subscribe us to.
    pub refused: Vec<String>,
    /// Connections made.
    pub connects: u64,
    /// Times that the broker had forgotten our session: what came meanwhile is lost, for it was not kept.
    pub sessions_lost: u64,
    /// Messages that came, or were sent and taken.
    pub messages: u64,
    /// Messages whose payload could not be read.
    pub undecodable: u64,
    /// When each device was heard of last.
    pub devices: BTreeMap<DeviceId, Option<Timestamp>>,
    /// How long nothing may come before that is worth telling.
    pub quiet_after: Duration,
}

impl LinkHealth {
    pub(super) fn new(broker: String, client_id: String, quiet_after: Duration) -> Self {
        Self {
            broker,
            client_id,
            state: LinkState::Connecting,
            last_error: None,
            errors: 0,
            last_message: None,
            refused: Vec::new(),
            connects: 0,
            sessions_lost: 0,
            messages: 0,
            undecodable: 0,
            devices: BTreeMap::new(),
            quiet_after,
        }
    }

    /// For how long nothing has come over a connection that stands, where that is longer than usual.
    pub fn silent_for(&self, now: Timestamp) -> Option<Duration> {
        let LinkState::Connected { since } = self.state else { return None };
        let heard = self.last_message.map_or(since, |last| last.max(since));
        let silent = now.since(heard);
        (silent >= self.quiet_after).then_some(silent)
    }

    /// What is wrong, in one sentence; `None` when all is well.
    pub fn trouble(&self, now: Timestamp) -> Option<String> {
        match &self.state {
            LinkState::Connecting => None,
            LinkState::Down { why, .. } => Some(format!("not connected: {why}")),
            LinkState::Connected { .. } if !self.refused.is_empty() => {
                Some(format!("the broker refuses the subscription to {}", self.refused.join(", ")))
            }
            LinkState::Connected { .. } => {
                let minutes = self.silent_for(now)?.as_secs() / 60;
                Some(format!("connected, nothing received for {minutes} min"))
            }
        }
    }

    pub(super) fn connected(&mut self, now: Timestamp, was_lost: bool) {
        self.state = LinkState::Connected { since: now };
        self.connects += 1;
        self.sessions_lost += u64::from(was_lost);
    }

    /// Notes a failure; true when it is the first one of an outage.
    pub(super) fn failed(&mut self, now: Timestamp, why: LocalText) -> bool {
        let since = match &self.state {
            LinkState::Down { since, .. } => Some(*since),
            _ => None,
        };
        self.last_error = Some((now, why.clone()));
        self.errors += 1;
        self.state = LinkState::Down { since: since.unwrap_or(now), why: why.en };
        since.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hub_model::local;

    fn at(s: i64) -> Timestamp {
        Timestamp::from_millis(s * 1_000)
    }

    #[test]
    fn silence_is_counted_from_the_last_message_or_the_connection() {
        let late = local!("quá giờ", "timed out");
        let mut health = LinkHealth::new("mqtt://a:1883".into(), "hub".into(), Duration::from_secs(600));
        assert_eq!((health.silent_for(at(9_999)), health.trouble(at(9_999))), (None, None));
        health.connected(at(0), false);
        assert_eq!(health.trouble(at(599)), None);
        assert_eq!(health.trouble(at(720)).as_deref(), Some("connected, nothing received for 12 min"));
        health.last_message = Some(at(700));
        assert_eq!(health.silent_for(at(720)), None);
        assert!(
            health.failed(at(800), local!("bị từ chối", "refused")) && !health.failed(at(900), late.clone())
        );
        assert_eq!(health.state, LinkState::Down { since: at(800), why: "timed out".into() });
        assert_eq!(health.trouble(at(900)).as_deref(), Some("not connected: timed out"));
        // What came before the outage says nothing of the time after it.
        health.connected(at(2_000), true);
        assert_eq!((health.silent_for(at(2_100)), health.sessions_lost), (None, 1));
        assert_eq!((health.last_error, health.errors), (Some((at(900), late)), 2));
    }
}
