//! Telling people: the notices that go into the store with an alarm's step, and the task that sends what waits there.
//!
//! Nothing is sent that is not committed, and nothing that is committed is forgotten: what waits stands in the store. Words and
//! channels are `adapters/notify`'s. Read next: `sender.rs`, then `letters.rs`.

mod api;
mod host;
mod letters;
mod sender;
mod standing;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use adapters_notify::{Notify, plan};
use adapters_sdk::Clock;
use anyhow::Context;
use hub_broker::Teller;
use hub_model::{Alarm, Commune, Notice, Transition};
use hub_store::{Append, Batch, History, KeptSecret, MessageId, Outbox, OutboxChange, Store};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use api::NoticesOfHub;
use host::HubHost;
pub use standing::Standing;

use sender::Sender;

/// The name under which the key of the links in messages is kept.
const LINK_KEY: &str = "link-key";

/// How people are told, as configured now.
#[derive(Clone)]
pub struct Telling {
    /// Channels, routes, people.
    pub notify: Notify,
    /// The commune, for names.
    pub commune: Arc<Commune>,
    /// Where people reach the hub.
    pub hub_url: Option<String>,
}

/// What the notices are planned and sent by; clones share it.
#[derive(Clone)]
pub struct Told {
    telling: watch::Sender<Arc<Telling>>,
    wake: Arc<tokio::sync::Notify>,
    standing: Arc<Standing>,
    /// The number of the next message.
    next_message: Arc<AtomicU64>,
}

impl Told {
    /// By this configuration.
    pub fn new(telling: Telling) -> Self {
        Self {
            telling: watch::Sender::new(Arc::new(telling)),
            wake: Arc::default(),
            standing: Arc::default(),
            next_message: Arc::default(),
        }
    }

    /// By another one from now on. What waits keeps its recipients; their addresses are looked up anew.
    pub fn renew(&self, telling: Telling) {
        self.standing.keep_only(|channel| telling.notify.channel(channel).is_some());
        self.telling.send_replace(Arc::new(telling));
        self.wake.notify_one();
    }

    /// Whom to tell of a step.
    pub fn notices(&self, alarm: &Alarm, step: &Transition) -> Vec<Notice> {
        plan::notices(&self.telling.borrow().notify, alarm, step)
    }

    /// Rings whoever sends: something that waits has been committed.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// A number for another message, above all that are kept.
    fn message_id(&self) -> MessageId {
        MessageId(self.next_message.fetch_add(1, Ordering::AcqRel))
    }

    /// How the notices stand.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// As configured now.
    pub fn telling(&self) -> Arc<Telling> {
        self.telling.borrow().clone()
    }
}

/// What of the store is needed.
#[derive(Clone)]
pub struct Stored {
    /// Takes changes.
    pub append: Arc<dyn Append>,
    /// What waits.
    pub outbox: Arc<dyn Outbox>,
    /// The alarms.
    pub history: Arc<dyn History>,
}

impl Stored {
    /// All of it is in one store.
    pub fn of(store: &Arc<Store>) -> Self {
        Self { append: store.clone(), outbox: store.clone(), history: store.clone() }
    }

    /// Commits a change of the outbox; returns when it is on disk. Blocks.
    ///
    /// # Errors
    /// When the store is closed.
    pub fn commit(&self, change: OutboxChange) -> Result<(), hub_store::Closed> {
        let (told, committed) = std::sync::mpsc::sync_channel(1);
        let batch = Batch { outbox: vec![change], ..Batch::default() };
        // Whoever waits for it is there until it comes.
        self.append.append(batch, Box::new(move |_| told.send(()).unwrap_or(())))?;
        committed.recv().map_err(|_| hub_store::Closed)
    }

    /// The key of the links in messages; made when it is first needed.
    ///
    /// # Errors
    /// When the store cannot be asked, or the system gives no randomness.
    pub fn link_key(&self) -> anyhow::Result<Arc<[u8]>> {
        if let Some(kept) = self.outbox.kept(LINK_KEY)? {
            return Ok(kept.0.into_bytes().into());
        }
        let key = hub_api::auth::new_secret()?;
        self.commit(OutboxChange::Keep { name: LINK_KEY.to_owned(), secret: KeptSecret(key.clone()) })?;
        Ok(key.into_bytes().into())
    }
}

/// The hub's notices at work: the thread that sends, and what the API sees of it.
pub struct Notices {
    of_api: Arc<NoticesOfHub>,
    stop: CancellationToken,
    ended: CancellationToken,
    thread: JoinHandle<()>,
}

/// How long a stop waits for messages that are under way. What is not done by then is sent again after the next start, with the
/// same key.
const LAST_MESSAGES: Duration = Duration::from_secs(2);

impl Notices {
    /// Begins to send what waits; the pipeline puts it there by the same `told`. Without a `teller` the hub has no broker.
    ///
    /// # Errors
    /// When the system gives no thread, or the store cannot be asked.
    pub fn start(
        told: Told,
        store: &Arc<Store>,
        teller: Option<Teller>,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let stored = Stored::of(store);
        let host = Arc::new(HubHost { stored: stored.clone(), teller });
        let key = stored.link_key()?;
        let of_api = NoticesOfHub { told, stored, host, key, clock };
        let (stop, ended) = (CancellationToken::new(), CancellationToken::new());
        let (stopped, guard) = (stop.clone(), ended.clone().drop_guard());
        let NoticesOfHub { told, stored, host, key, clock } = of_api.clone();
        let mut sender = Sender::new(told, stored, host, key, clock)?;
        // A thread and a pool of its own: a server that hangs keeps no question of the API waiting.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let work = move || {
            let _ended = guard;
            runtime.block_on(async {
                stopped.run_until_cancelled(sender.run()).await;
                // Both ends are fine: they are noted, or sent again after the next start.
                let _ = tokio::time::timeout(LAST_MESSAGES, sender.finish()).await;
            });
            runtime.shutdown_background();
        };
        let thread = std::thread::Builder::new().name("notices".to_owned()).spawn(work);
        let thread = thread.context("the notices' thread cannot be started")?;
        Ok(Self { of_api: Arc::new(of_api), stop, ended, thread })
    }

    /// As the API sees them.
    pub fn of_api(&self) -> Arc<dyn hub_api::Notices> {
        self.of_api.clone()
    }

    /// By another configuration from now on.
    pub fn renew(&self, telling: Telling) {
        self.of_api.told.renew(telling);
    }

    /// Begins nothing more, and waits a little for what is under way. The thread itself may still wait for the store.
    pub async fn ask_to_stop(&self) {
        self.stop.cancel();
        // What waits for a store that takes nothing ends when that is closed.
        let _ = tokio::time::timeout(LAST_MESSAGES * 2, self.ended.cancelled()).await;
    }

    /// Waits for the end of the thread; to be called once the store is closed. Blocks.
    pub fn join(self) {
        if self.thread.join().is_err() {
            tracing::error!("the thread that sends notices broke down");
        }
    }
}
