//! The pipeline: deliveries and people's commands in, one judged batch at a time into the store, callbacks after the commit.
//!
//! It runs on a thread of its own, because appending blocks while the store's queue is full; that is how a slow disk makes
//! devices wait. It never tells anybody anything before the commit. Read next: `hub_logic::Logic`, `hub_store::Append`.

use std::sync::Arc;
use std::time::Duration;

use adapters_sdk::{Clock, Committed, Delivery};
use hub_api::{Live, Request};
use hub_logic::{Action, Command, CommandError, Effect, Event, Logic, RuleStatus, comment_on_closed};
use hub_model::{Alarm, AlarmId, AlarmState};
use hub_store::{Append, Batch, History, Latest, StoredReading};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

/// Deliveries judged together before they are appended. More would make a person's command wait longer.
const DELIVERIES_AT_ONCE: usize = 512;
/// The pipeline looks at the clock at least so often, so that a clock that was set is noticed.
const LOOK_AT_CLOCK: Duration = Duration::from_secs(1);

/// What the pipeline is made of.
pub struct Pipeline {
    /// Decides.
    pub logic: Logic,
    /// Remembers.
    pub store: Arc<dyn Append>,
    /// What it remembers, for alarms that are over.
    pub history: Arc<dyn History>,
    /// Is told after each commit.
    pub live: Live,
    /// Tells the time.
    pub clock: Clock,
    /// Shows how the rules stand.
    pub rules: watch::Sender<Vec<RuleStatus>>,
}

/// Where the pipeline's work comes from.
pub struct Inputs {
    /// From adapters.
    pub deliveries: mpsc::Receiver<Delivery>,
    /// From the API.
    pub requests: mpsc::Receiver<Request>,
    /// Ends the pipeline once what is queued has been appended.
    pub stop: CancellationToken,
}

impl Pipeline {
    /// Works until it is stopped and the queues are empty, or until the store is closed.
    pub async fn run(mut self, mut inputs: Inputs) {
        let mut deliveries = Vec::with_capacity(DELIVERIES_AT_ONCE);
        loop {
            let now = self.clock.now();
            let wait = self.logic.next_due().map_or(LOOK_AT_CLOCK, |due| due.since(now).min(LOOK_AT_CLOCK));
            let open = tokio::select! {
                biased;
                Some(request) = inputs.requests.recv() => self.request(request),
                _ = inputs.deliveries.recv_many(&mut deliveries, DELIVERIES_AT_ONCE) => {
                    self.deliveries(deliveries.drain(..))
                }
                () = inputs.stop.cancelled() => {
                    self.drain(&mut inputs);
                    return;
                }
                () = tokio::time::sleep(wait) => self.tick(),
            };
            if !open {
                tracing::error!("the store is closed; the pipeline ends");
                return;
            }
        }
    }

    /// Appends what was queued when the stop came: it was accepted, so it is kept.
    fn drain(&mut self, inputs: &mut Inputs) {
        inputs.deliveries.close();
        inputs.requests.close();
        while let Ok(delivery) = inputs.deliveries.try_recv() {
            self.deliveries(std::iter::once(delivery));
        }
        while let Ok(request) = inputs.requests.try_recv() {
            self.request(request);
        }
    }

    fn tick(&mut self) -> bool {
        let effects = self.logic.step(self.clock.now(), Event::Tick);
        self.append(effects, || ())
    }

    fn deliveries(&mut self, deliveries: impl Iterator<Item = Delivery>) -> bool {
        let now = self.clock.now();
        let mut effects = Vec::new();
        let mut callbacks: Vec<Committed> = Vec::new();
        for delivery in deliveries {
            effects.extend(self.logic.step(now, Event::Observed(delivery.observations)));
            callbacks.push(delivery.committed);
        }
        self.append(effects, move || callbacks.into_iter().for_each(Committed::run))
    }

    fn request(&mut self, request: Request) -> bool {
        match request {
            Request::Deliver { observations, committed } => {
                let effects = self.logic.step(self.clock.now(), Event::Observed(observations));
                // Whoever asked may have gone; what they sent is kept all the same.
                self.append(effects, move || committed.send(()).unwrap_or(()))
            }
            Request::Command { command, reply } => self.command(command, reply),
        }
    }

    fn command(&mut self, command: Command, reply: oneshot::Sender<Result<Alarm, CommandError>>) -> bool {
        let alarm_id = command.alarm;
        let now = self.clock.now();
        if let Action::Comment { text } = &command.action
            && let Some(closed) = self.closed(alarm_id)
        {
            let (by, text) = (command.by.clone(), text.clone());
            return match comment_on_closed(&closed, now, by, text) {
                Err(error) => {
                    drop(reply.send(Err(error)));
                    true
                }
                Ok(transition) => {
                    self.append(vec![Effect::Alarm { alarm: closed.clone(), transition }], move || {
                        drop(reply.send(Ok(closed)));
                    })
                }
            };
        }
        match self.logic.command(now, command) {
            Err(error) => {
                drop(reply.send(Err(error)));
                true
            }
            Ok(effects) => {
                let changed = effects.iter().rev().find_map(|effect| match effect {
                    Effect::Alarm { alarm, .. } if alarm.id == alarm_id => Some(alarm.clone()),
                    _ => None,
                });
                let answer = changed.ok_or(CommandError::UnknownAlarm { alarm: alarm_id });
                self.append(effects, move || drop(reply.send(answer)))
            }
        }
    }

    /// The alarm, when it is over. A store that cannot be read just now has none.
    fn closed(&self, id: AlarmId) -> Option<Alarm> {
        let (alarm, _) = self.history.alarm(id).ok()??;
        (alarm.state == AlarmState::Normal).then_some(alarm)
    }

    /// Appends the effects as one batch; `told` runs after the commit, before the live stream. False when the store is closed.
    fn append(&mut self, effects: Vec<Effect>, told: impl FnOnce() + Send + 'static) -> bool {
        let mut batch = Batch::default();
        let mut news: Vec<Latest> = Vec::new();
        let mut rules_changed = false;
        for effect in effects {
            match effect {
                Effect::Store { reading, latest, last_good } => {
                    if latest {
                        news.push(Latest { reading: reading.clone(), last_good });
                    }
                    batch.readings.push(StoredReading { reading, latest });
                }
                Effect::Alarm { alarm, transition } => {
                    rules_changed = true;
                    batch.transitions.push(transition);
                    batch.alarms.push(alarm);
                }
                Effect::Track(tracking) => batch.tracking.push(tracking),
                Effect::Fault(fault) => {
                    rules_changed = true;
                    tracing::warn!(
                        rule = &*fault.rule,
                        file = fault.file,
                        line = fault.line,
                        "rule failed: {}",
                        fault.message
                    );
                }
            }
        }
        if rules_changed {
            self.rules.send_replace(self.logic.rules());
        }
        if batch.is_empty() {
            told();
            return true;
        }
        let (live, alarms) = (self.live.clone(), batch.alarms.clone());
        let on_commit = Box::new(move |seq| {
            told();
            live.publish(hub_api::Committed { seq, readings: news, alarms });
        });
        self.store.append(batch, on_commit).is_ok()
    }
}
