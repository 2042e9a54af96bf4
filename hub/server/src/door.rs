//! Behind the MQTT door: who the devices are, what they may say, and where their messages go.
//!
//! The broker calls it on its event thread, so nothing here blocks. Read next: `adapters_mqtt::Router`, `pipeline.rs`.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use adapters_mqtt::{Answers, Arrivals, MqttDevice, Router, Trails};
use adapters_sdk::{Clock, Committed, Delivery};
use hub_broker::{
    ConnectAttempt, Done, Door, Filter, Login, Published, Refusal, Refused, RefusedWhat, Rejection,
};
use hub_model::{DeviceId, Timestamp};
use subtle::ConstantTimeEq;

use crate::bridge::Relaying;
use crate::tls::is_made_out_to;

/// What came through the door, for metrics. Each counts since the start.
#[derive(Debug, Default)]
pub struct DoorCounters {
    /// Messages whose payload could not be read.
    pub undecodable: AtomicU64,
    /// Metrics that no point is configured for.
    pub unknown_metrics: AtomicU64,
    /// Lines in payloads that could not be read beside others that could.
    pub bad_lines: AtomicU64,
    /// Uplinks of LoRaWAN servers that came before and were dropped.
    pub copies: AtomicU64,
    /// Uplinks of LoRaWAN devices that never came, by their frame counters.
    pub lost_uplinks: AtomicU64,
    /// Telemetry of the hub's own devices that never came, by its `seq`.
    pub lost_telemetry: AtomicU64,
    /// Telemetry of the hub's own devices that came again or out of order, by its `seq`.
    pub repeated_telemetry: AtomicU64,
    /// Times in payloads that could not be read.
    pub bad_times: AtomicU64,
    /// Whatever the broker turned away: publishes, subscriptions, logins, malformed packets.
    pub refused: AtomicU64,
}

/// The hub's side of the broker.
pub struct DeviceDoor {
    devices: RwLock<Arc<Devices>>,
    open: bool,
    seen: Seen,
}

/// Where what comes through the door goes, and where it is seen.
#[derive(Clone)]
pub struct Seen {
    /// The way to the pipeline, past the bridges.
    pub relaying: Relaying,
    /// Counts.
    pub counters: Arc<DoorCounters>,
    /// The last messages and refusals.
    pub arrivals: Arc<Arrivals>,
    /// Answers to commands.
    pub answers: Answers,
    /// Through which hubs readings came.
    pub trails: Trails,
    /// Tells the time.
    pub clock: Clock,
}

/// Who may come in, and which points their messages feed.
struct Devices {
    logins: HashMap<String, Credentials>,
    /// Devices that speak the hub's own topics.
    own: HashSet<DeviceId>,
    router: Router,
}

struct Credentials {
    password: String,
    login: Login,
}

impl DeviceDoor {
    /// A door for `devices`, with the password of each. `open` lets anybody do anything (tests only).
    pub fn new(devices: &[(MqttDevice, String)], open: bool, seen: Seen) -> Self {
        let devices = Devices::new(devices, seen.trails.clone());
        Self { devices: RwLock::new(Arc::new(devices)), open, seen }
    }

    /// Takes up other devices; gives the logins that were removed or changed. What connections send is judged by the new
    /// ones at once.
    pub fn renew(&self, devices: &[(MqttDevice, String)]) -> Vec<String> {
        let newer = Arc::new(Devices::new(devices, self.seen.trails.clone()));
        let ended = self.devices().ended_by(&newer);
        self.seen.arrivals.forget_unknown();
        *self.devices.write().unwrap_or_else(PoisonError::into_inner) = newer;
        ended
    }

    /// Whether a device of the hub's own topics logs in here.
    pub fn speaks_own(&self, device: &DeviceId) -> bool {
        self.devices().own.contains(device)
    }

    fn devices(&self) -> Arc<Devices> {
        self.devices.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Devices {
    fn new(devices: &[(MqttDevice, String)], trails: Trails) -> Self {
        let mut logins: HashMap<String, Credentials> = HashMap::new();
        for (device, password) in devices {
            let Some(settings) = device.settings.login() else { continue };
            let entry = logins.entry(settings.username.clone()).or_insert_with(|| Credentials {
                password: password.clone(),
                login: Login { name: settings.username.clone(), ..Login::default() },
            });
            let own = format!("{}/#", device.own_topic());
            let feeds = device.points.iter().filter_map(|(_, point)| point.topic.as_ref());
            entry.login.publish.extend(filters(std::iter::once(&own).chain(feeds).chain(&settings.publish)));
            entry.login.subscribe.extend(filters(std::iter::once(&own).chain(&settings.subscribe)));
        }
        let router = Router::new(devices.iter().map(|(device, _)| device)).with_trails(trails);
        let own = devices.iter().filter(|(device, _)| device.speaks_own());
        Self { logins, own: own.map(|(device, _)| device.id.clone()).collect(), router }
    }

    /// The login that a certificate of the configured issuer is made out to. Of several the first by name.
    fn made_out_to(&self, certificate: &[u8]) -> Option<&Login> {
        let named = self.logins.iter().filter(|(name, _)| is_made_out_to(certificate, name));
        named.min_by_key(|(name, _)| *name).map(|(_, credentials)| &credentials.login)
    }

    /// The logins that are not among `newer`, or not the same there.
    fn ended_by(&self, newer: &Devices) -> Vec<String> {
        let is_same = |(name, old): &(&String, &Credentials)| {
            newer.logins.get(*name).is_some_and(|new| new.password == old.password && new.login == old.login)
        };
        self.logins.iter().filter(|login| !is_same(login)).map(|(name, _)| name.clone()).collect()
    }
}

/// A filter that nobody may subscribe to even where anybody may do anything: the public interoperability suite asks a
/// server under test to refuse it.
const NEVER_GRANTED: &str = "test/nosubscribe";

/// What an open door grants: all topics, and the broker's figures.
fn anything(name: String) -> Login {
    let parse = |texts: &[&str]| texts.iter().filter_map(|text| Filter::parse(text).ok()).collect();
    Login {
        name,
        publish: parse(&["#"]),
        subscribe: parse(&["#", "$SYS/#"]),
        withheld: parse(&[NEVER_GRANTED]),
    }
}

/// The configuration has checked the filters; one that the broker does not take opens nothing.
fn filters<'a>(texts: impl Iterator<Item = &'a String>) -> impl Iterator<Item = Filter> {
    texts.filter_map(|text| Filter::parse(text).ok())
}

impl Door for DeviceDoor {
    fn login(&self, attempt: &ConnectAttempt) -> Result<Login, Refusal> {
        if self.open {
            let name = attempt.username.clone().unwrap_or_else(|| attempt.client_id.clone());
            return Ok(anything(name));
        }
        let devices = self.devices();
        if let (Some(certificate), None) = (&attempt.certificate, &attempt.username) {
            return devices.made_out_to(certificate).cloned().ok_or(Refusal::BadCredentials);
        }
        let credentials = attempt.username.as_ref().and_then(|name| devices.logins.get(name));
        let given = attempt.password.as_deref().unwrap_or_default();
        // An unknown name is compared too, so that its refusal takes no less time.
        let expected = credentials.map_or(&b"\0"[..], |credentials| credentials.password.as_bytes());
        let is_right: bool = expected.ct_eq(given).into();
        // A certificate of the configured issuer, made out to the login's name, stands for the password.
        let is_proven = match (&attempt.certificate, &attempt.username, &attempt.password) {
            (Some(certificate), Some(name), None) => is_made_out_to(certificate, name),
            _ => false,
        };
        match credentials {
            Some(credentials) if is_right || is_proven => Ok(credentials.login.clone()),
            _ => Err(Refusal::BadCredentials),
        }
    }

    fn publish(&self, message: Published, done: Done) {
        let received_at = Timestamp::from_millis(message.received_at_ms);
        let Seen { counters, arrivals, answers, relaying, .. } = &self.seen;
        let is_answer = answers.take(&message.topic, &message.payload);
        let result = self.devices().router.message(&message.topic, &message.payload, received_at);
        if !is_answer {
            arrivals.note(&message.login, &message.topic, &message.payload, &result, received_at);
        }
        match result {
            Err(refused) => {
                let count = 1 + counters.undecodable.fetch_add(1, Ordering::Relaxed);
                if count.is_power_of_two() {
                    tracing::warn!(login = &*message.login, count, "message refused: {refused}");
                }
                done.refused(Rejection::PayloadInvalid);
            }
            Ok(accepted) => {
                counters.unknown_metrics.fetch_add(accepted.unknown_metrics, Ordering::Relaxed);
                counters.bad_times.fetch_add(accepted.bad_times, Ordering::Relaxed);
                counters.bad_lines.fetch_add(accepted.bad_lines, Ordering::Relaxed);
                counters.copies.fetch_add(accepted.copies, Ordering::Relaxed);
                counters.lost_uplinks.fetch_add(accepted.lost_uplinks, Ordering::Relaxed);
                counters.lost_telemetry.fetch_add(accepted.lost_telemetry, Ordering::Relaxed);
                counters.repeated_telemetry.fetch_add(accepted.repeated_telemetry, Ordering::Relaxed);
                // What brings no reading goes the same way: it must not overtake what was said before it and is not yet
                // on disk. A will's "offline" would else be retained after the "online" of the device that is back.
                let committed = Committed::then(move || done.committed());
                // The channel holds as many as the broker lets in, so it is never full. Were it, or closed at a stop,
                // dropping the delivery closes the connection without an acknowledgement, and the device sends again.
                let delivery = Delivery { observations: accepted.observations, committed };
                relaying.pass(&message.topic, &message.payload, received_at, delivery);
            }
        }
    }

    fn refused(&self, event: Refused) {
        let login = event.login.as_deref().unwrap_or("-");
        let (what, topic) = in_words(&event.what);
        self.seen.arrivals.refused(login, what, topic, self.seen.clock.now());
        let count = 1 + self.seen.counters.refused.fetch_add(1, Ordering::Relaxed);
        // A flood of refusals must not become a flood of log lines.
        if count.is_power_of_two() {
            tracing::warn!(login, address = %event.address, count, "turned away at the MQTT door: {:?}", event.what);
        }
    }
}

/// What was turned away, as the API's word for it, and its topic or filter.
fn in_words(what: &RefusedWhat) -> (&'static str, Option<&str>) {
    match what {
        RefusedWhat::Login(Refusal::BadCredentials) => ("login", None),
        RefusedWhat::Login(Refusal::NotAuthorized) => ("login_not_allowed", None),
        RefusedWhat::Login(Refusal::TooManyTries) => ("login_too_often", None),
        RefusedWhat::Connection => ("no_room", None),
        RefusedWhat::Publish { topic } => ("publish", Some(topic)),
        RefusedWhat::Will { topic } => ("will", Some(topic)),
        RefusedWhat::Subscribe { filter } => ("subscribe", Some(filter)),
        RefusedWhat::Message { topic, .. } => ("payload", Some(topic)),
        RefusedWhat::Retained { topic } => ("not_retained", Some(topic)),
        RefusedWhat::Malformed { .. } => ("malformed", None),
        RefusedWhat::TooLarge { .. } => ("too_large", None),
        RefusedWhat::SlowSubscriber => ("slow", None),
        RefusedWhat::QueueFull { topic } => ("queue_full", Some(topic)),
    }
}
