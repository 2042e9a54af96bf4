//! Bridges to somebody else's brokers: each has a connection, a thread that carries its feed, and its figures.
//!
//! A broker that cannot be reached costs nothing but the bridge's own debts, which the store keeps. Read next: `carrier.rs`,
//! `adapters_mqtt::bridge` (what is said), `adapters_mqtt::client::Sender` (how).

mod carrier;
mod relaying;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use adapters_mqtt::Trails;
use adapters_mqtt::bridge::Speech;
use adapters_mqtt::client::{LinkHealth, LinkState, Sender};
use adapters_sdk::Clock;
use anyhow::Context;
use hub_api::{MetricsText, Part};
use hub_model::{Commune, Timestamp};
use hub_store::{CommitSeq, FeedState, Relay, Store, Waiting};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::config::Bridge;
use crate::feed::{Feed, lag_s};
use carrier::Carrier;
pub use relaying::Relaying;

/// What all bridges share.
pub struct Shared {
    /// Where readings are.
    pub store: Arc<Store>,
    /// The store's folder.
    pub dir: PathBuf,
    /// Tells the time.
    pub clock: Clock,
    /// Through which hubs readings came.
    pub trails: Trails,
    /// Where messages come from that go out as they are.
    pub relaying: Relaying,
}

/// All bridges.
pub struct Bridges {
    around: Shared,
    /// Open once a bridge sends messages on as they are.
    relay: Option<Arc<Relay>>,
    running: Vec<Running>,
    shown: Watch,
}

/// One bridge at work.
struct Running {
    bridge: Bridge,
    speech: Speech,
    sender: Sender,
    figures: Arc<Mutex<Figures>>,
    stop: CancellationToken,
    thread: std::thread::JoinHandle<()>,
}

/// How far a bridge is.
#[derive(Debug, Clone, Default)]
struct Figures {
    state: FeedState,
    /// Why the store cannot be read or written.
    failing: Option<String>,
    /// Since when what is on its way waits for the broker; `None` when nothing is.
    behind_since: Option<Timestamp>,
}

/// Looks at all bridges. Clones share what they see.
#[derive(Clone, Default)]
pub struct Watch(Arc<RwLock<Vec<Seen>>>);

struct Seen {
    id: String,
    link: Box<dyn Fn() -> LinkHealth + Send + Sync>,
    figures: Arc<Mutex<Figures>>,
    relay: Option<Arc<Relay>>,
}

/// A bridge as it is now.
#[derive(Debug, Clone)]
pub struct BridgeHealth {
    /// Its id.
    pub id: String,
    /// Its connection.
    pub link: LinkHealth,
    /// Commits that have not arrived and are not owed.
    pub waiting: u64,
    /// Days of points that are still to be caught up with.
    pub owed: u64,
    /// Since when the oldest of what is on its way, or waits to go out as it is, waits; debts aside.
    pub waiting_since: Option<Timestamp>,
    /// Messages that wait to go out as they are; `None` where there are no such.
    pub messages: Option<Waiting>,
    failing: Option<String>,
}

impl BridgeHealth {
    /// What is wrong, in one sentence.
    pub fn trouble(&self, now: Timestamp) -> Option<String> {
        self.failing.clone().or_else(|| self.link.trouble(now))
    }

    /// What waits, for a sentence; empty when nothing does.
    fn held_up(&self, now: Timestamp) -> String {
        let messages = self.messages.map_or(0, |waiting| waiting.messages);
        let each = [(self.waiting, "commits"), (messages, "messages"), (self.owed, "days of points")];
        let each = each.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
        let what = each.collect::<Vec<_>>().join(", ");
        match self.waiting_since {
            _ if what.is_empty() => String::new(),
            Some(since) => format!("; waiting: {what}, for {} s", now.since(since).as_secs()),
            None => format!("; waiting: {what}"),
        }
    }
}

impl Bridges {
    /// Begins to carry. Needs a tokio runtime. The store must keep their feeds.
    ///
    /// # Errors
    /// When the system gives no thread, or messages that wait for a bridge cannot be read.
    pub async fn start(bridges: Vec<Bridge>, commune: &Commune, around: Shared) -> anyhow::Result<Self> {
        let mut all = Self { around, relay: None, running: Vec::new(), shown: Watch::default() };
        all.renew(bridges, commune).await?;
        Ok(all)
    }

    /// Goes on with other bridges, or with another commune. One that says the same to the same broker is left alone; the place
    /// and the debts stay while the id does.
    ///
    /// # Errors
    /// As for [`Bridges::start`].
    pub async fn renew(&mut self, bridges: Vec<Bridge>, commune: &Commune) -> anyhow::Result<()> {
        let relaying = bridges.iter().map(|bridge| &bridge.settings).filter(|settings| settings.relays());
        let relaying: Vec<_> = relaying.cloned().collect();
        if self.relay.is_none() && !relaying.is_empty() {
            self.relay = Some(Arc::new(Relay::open(&self.around.dir)?));
        }
        if let Some(relay) = &self.relay {
            relay.keep(&relaying.iter().map(|settings| settings.id.as_str()).collect::<Vec<_>>())?;
        }
        let relay = self.relay.clone().filter(|_| !relaying.is_empty());
        self.around.relaying.renew(&commune.id, relaying, relay);
        let mut before = std::mem::take(&mut self.running);
        let mut wanted = Vec::new();
        for bridge in bridges {
            let speech = Speech::new(&bridge.settings, commune, self.around.trails.clone());
            let same = before.iter().position(|one| one.bridge == bridge && one.speech.is_same(&speech));
            match same {
                Some(place) => self.running.push(before.remove(place)),
                None => wanted.push((bridge, speech)),
            }
        }
        // Two connections of one name would push each other out, and two carriers of one feed confuse its place.
        for gone in before {
            gone.stop().await;
        }
        for (bridge, speech) in wanted {
            self.running.push(self.run(bridge, speech)?);
        }
        let seen = self.running.iter().map(|running| Seen {
            id: running.bridge.settings.id.clone(),
            link: running.sender.watch(),
            figures: running.figures.clone(),
            relay: self.relay.clone().filter(|_| running.bridge.settings.relays()),
        });
        *self.shown.0.write().unwrap_or_else(PoisonError::into_inner) = seen.collect();
        Ok(())
    }

    fn run(&self, bridge: Bridge, speech: Speech) -> anyhow::Result<Running> {
        let id = &bridge.settings.id;
        let Shared { store, clock, .. } = &self.around;
        let (sender, end) = Sender::start(bridge.endpoint.clone(), clock.clone());
        let (figures, stop) = (Arc::<Mutex<Figures>>::default(), CancellationToken::new());
        let carrier = Carrier {
            id: id.clone(),
            speech: speech.clone(),
            relay: self.relay.clone().filter(|_| bridge.settings.relays()),
            end,
            last_ticket: 0,
            feed: Feed::new(bridge.feed(), store.clone()),
            store: store.clone(),
            clock: clock.clone(),
            figures: figures.clone(),
            stop: stop.clone(),
            runtime: Handle::current(),
        };
        let thread = std::thread::Builder::new().name(format!("bridge-{id}")).spawn(move || carrier.run());
        let thread = thread.with_context(|| format!("bridge {id}: no thread"))?;
        Ok(Running { bridge, speech, sender, figures, stop, thread })
    }

    /// How the bridges fare.
    pub fn watch(&self) -> Watch {
        self.shown.clone()
    }

    /// Ends the work. What was sent and not taken is sent again after the next start.
    pub async fn stop(self) {
        for running in self.running {
            running.stop().await;
        }
    }
}

impl Running {
    async fn stop(self) {
        self.stop.cancel();
        let thread = self.thread;
        let ended = tokio::task::spawn_blocking(move || thread.join().is_ok()).await;
        if !matches!(ended, Ok(true)) {
            tracing::error!(bridge = self.bridge.settings.id, "a bridge had failed within the hub");
        }
        self.sender.stop().await;
    }
}

impl Seen {
    fn health(&self, last: CommitSeq) -> BridgeHealth {
        let (figures, messages) = (self.figures(), self.messages());
        BridgeHealth {
            id: self.id.clone(),
            link: (self.link)(),
            waiting: last.0.saturating_sub(figures.state.upto.0),
            owed: figures.state.owed,
            waiting_since: oldest(&figures, messages),
            messages,
            failing: figures.failing,
        }
    }

    fn figures(&self) -> Figures {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn messages(&self) -> Option<Waiting> {
        self.relay.as_ref().map(|relay| relay.waiting(&self.id))
    }
}

/// Since when the oldest of what waits does.
fn oldest(figures: &Figures, messages: Option<Waiting>) -> Option<Timestamp> {
    let kept_since = messages.and_then(|waiting| waiting.since);
    [figures.behind_since, kept_since].into_iter().flatten().min()
}

impl Watch {
    /// Each bridge, by its id, in a store whose last commit is `last`.
    pub fn health(&self, last: CommitSeq) -> Vec<BridgeHealth> {
        let seen = self.0.read().unwrap_or_else(PoisonError::into_inner);
        seen.iter().map(|one| one.health(last)).collect()
    }

    /// The lag of the bridge that is furthest behind, in seconds; `None` where there is no bridge.
    pub fn longest_lag_s(&self, now: Timestamp) -> Option<f64> {
        let seen = self.0.read().unwrap_or_else(PoisonError::into_inner);
        seen.iter().map(|one| lag_s(oldest(&one.figures(), one.messages()), now)).reduce(f64::max)
    }

    /// Each bridge's part of `/health/ready`. One without a connection leaves the hub ready: nothing is lost.
    pub fn parts(&self, last: CommitSeq, now: Timestamp) -> Vec<Part> {
        let each = |health: BridgeHealth| {
            let name = format!("bridge {}", health.id);
            match health.trouble(now) {
                None => Part::ok(name),
                Some(why) => Part::degraded(name, format!("{why}{}", health.held_up(now))),
            }
        };
        self.health(last).into_iter().map(each).collect()
    }

    /// The figures of all, for `/metrics`.
    pub fn metrics(&self, last: CommitSeq, now: Timestamp, metrics: &mut MetricsText) {
        let all = self.health(last);
        if all.is_empty() {
            return;
        }
        let labels: Vec<_> = all.iter().map(|health| [("bridge", health.id.as_str())]).collect();
        let samples = |value: &dyn Fn(&BridgeHealth) -> f64| -> Vec<(&[(&str, &str)], f64)> {
            labels.iter().map(|labels| labels.as_slice()).zip(all.iter().map(value)).collect()
        };
        let is_up =
            samples(&|one| f64::from(u8::from(matches!(one.link.state, LinkState::Connected { .. }))));
        metrics.gauge("commune_mqtt_bridge_up", "Whether the bridge's broker is connected.", &is_up);
        let waiting = samples(&|one| one.waiting as f64);
        metrics.gauge(
            "commune_mqtt_bridge_waiting_commits",
            "Commits that have not arrived there.",
            &waiting,
        );
        let lag = samples(&|one| lag_s(one.waiting_since, now));
        metrics.gauge(
            "commune_mqtt_bridge_lag_seconds",
            "How long the oldest of what waits has waited.",
            &lag,
        );
        let owed = samples(&|one| one.owed as f64);
        let help = "Days of points that are still to be caught up with.";
        metrics.gauge("commune_mqtt_bridge_owed_spans", help, &owed);
        let waiting = samples(&|one| one.messages.map_or(0.0, |waiting| waiting.messages as f64));
        let help = "Messages that wait to go out as they are.";
        metrics.gauge("commune_mqtt_bridge_waiting_messages", help, &waiting);
        let dropped = samples(&|one| one.messages.map_or(0.0, |waiting| waiting.dropped as f64));
        let help = "Messages that had to make room for later ones before they could go out.";
        metrics.counter("commune_mqtt_bridge_dropped_messages", help, &dropped);
        let messages = samples(&|one| one.link.messages as f64);
        metrics.counter("commune_mqtt_bridge_messages", "Messages that its broker has taken.", &messages);
        let errors = samples(&|one| one.link.errors as f64);
        let help = "Attempts and connections to its broker that failed.";
        metrics.counter("commune_mqtt_bridge_errors", help, &errors);
        let connects = samples(&|one| one.link.connects as f64);
        metrics.counter("commune_mqtt_bridge_connects", "Connections made to its broker.", &connects);
    }
}
