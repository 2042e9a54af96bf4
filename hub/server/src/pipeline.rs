//! The pipeline: deliveries and people's commands in, one judged batch at a time into the store, callbacks after the commit.
//!
//! It runs on a thread of its own, because appending blocks while the store's queue is full; that is how a slow disk makes
//! devices wait. It never tells anybody anything before the commit. Read next: `hub_logic::Logic`, `hub_store::Append`.

use std::sync::Arc;
use std::time::Duration;

use adapters_sdk::{Clock, Committed, Delivery};
use hub_api::{Live, Request, ServiceChange};
use hub_logic::{Action, Command, CommandError, Effect, Event, Logic, RuleStatus, note_on_closed};
use hub_model::{Alarm, AlarmId, AlarmState, Timestamp};
use hub_store::{Append, Batch, History, Latest, StoredReading};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::notify::Told;
use crate::upkeep::{Retime, Work};

/// Deliveries judged together before they are appended. More would make a person's command wait longer.
const DELIVERIES_AT_ONCE: usize = 512;
/// How long the first delivery waits for others, which are then judged and appended with it. Polls of many devices fall on common
/// moments: to wake up for each of them would cost more than judging them.
const GATHER: Duration = Duration::from_millis(2);
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
    /// Asks for what was kept by a clock that could not be trusted to be moved to its time.
    pub retime: Retime,
    /// Knows whom to tell of an alarm's steps.
    pub told: Told,
}

/// Where the pipeline's work comes from.
pub struct Inputs {
    /// From adapters.
    pub deliveries: mpsc::Receiver<Delivery>,
    /// From the API.
    pub requests: mpsc::Receiver<Request>,
    /// Changed configurations.
    pub renewals: mpsc::Receiver<Renewal>,
    /// From the upkeep of stored readings.
    pub work: mpsc::Receiver<Work>,
    /// Ends the pipeline once what is queued has been appended.
    pub stop: CancellationToken,
}

/// A changed configuration: another logic takes up where the one before left off.
pub struct Renewal {
    /// Builds the new logic from the store, which by then holds all that the old one decided.
    pub build: Box<dyn FnOnce(Timestamp) -> anyhow::Result<Logic> + Send>,
    /// Told how it went. After an error the old logic goes on.
    pub done: oneshot::Sender<anyhow::Result<()>>,
}

impl Pipeline {
    /// Works until it is stopped and the queues are empty, or until the store is closed.
    pub async fn run(mut self, mut inputs: Inputs) {
        let mut deliveries = Vec::with_capacity(DELIVERIES_AT_ONCE);
        self.logic.set_clock_trusted(self.clock.is_trusted());
        loop {
            if !self.watch_clock() {
                return;
            }
            let now = self.clock.now();
            let wait = self.logic.next_due().map_or(LOOK_AT_CLOCK, |due| due.since(now).min(LOOK_AT_CLOCK));
            let open = tokio::select! {
                biased;
                Some(request) = inputs.requests.recv() => self.request(request),
                Some(renewal) = inputs.renewals.recv() => self.renew(renewal),
                Some(work) = inputs.work.recv() => self.work(work),
                _ = inputs.deliveries.recv_many(&mut deliveries, DELIVERIES_AT_ONCE) => {
                    if deliveries.len() < DELIVERIES_AT_ONCE {
                        tokio::time::sleep(GATHER).await;
                    }
                    while deliveries.len() < DELIVERIES_AT_ONCE && let Ok(next) = inputs.deliveries.try_recv() {
                        deliveries.push(next);
                    }
                    self.deliveries(deliveries.drain(..))
                }
                () = inputs.stop.cancelled() => {
                    self.drain(&mut inputs);
                    return;
                }
                () = tokio::time::sleep(wait) => self.tick_if_due(),
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
        // What is left of it is done after the next start.
        inputs.work.close();
        while let Ok(delivery) = inputs.deliveries.try_recv() {
            self.deliveries(std::iter::once(delivery));
        }
        while let Ok(request) = inputs.requests.try_recv() {
            self.request(request);
        }
    }

    /// Waits until the store holds everything, then goes on with another logic: exactly what a restart does, but with the
    /// connections kept. False when the store is closed.
    fn renew(&mut self, renewal: Renewal) -> bool {
        let (told, committed) = std::sync::mpsc::sync_channel(1);
        let is_open = self.append(Vec::new(), move || told.send(()).unwrap_or(()));
        if !is_open || committed.recv().is_err() {
            return false;
        }
        let built = (renewal.build)(self.clock.now()).map(|logic| {
            self.rules.send_replace(logic.rules());
            self.logic = logic;
            self.logic.set_clock_trusted(self.clock.is_trusted());
        });
        // Whoever asked may have gone; the configuration has changed all the same.
        renewal.done.send(built).unwrap_or(());
        self.tick()
    }

    /// Between ticks the clock alone is looked at, which costs nothing.
    fn tick_if_due(&mut self) -> bool {
        let effects = self.overdue(self.clock.now());
        effects.is_empty() || self.append(effects, || ())
    }

    fn tick(&mut self) -> bool {
        let effects = self.logic.step(self.clock.now(), Event::Tick);
        effects.is_empty() || self.append(effects, || ())
    }

    /// What a tick that is due brings, to be done before anything else: under load there is always something else, and
    /// rules that look at the time would never be asked.
    fn overdue(&mut self, now: Timestamp) -> Vec<Effect> {
        match self.logic.next_due() {
            Some(due) if due <= now => self.logic.step(now, Event::Tick),
            _ => Vec::new(),
        }
    }

    /// Judges what came together as one: a rule about a site is asked once of all its devices that spoke.
    fn deliveries(&mut self, deliveries: impl Iterator<Item = Delivery>) -> bool {
        let now = self.clock.now();
        let mut effects = self.overdue(now);
        let (mut observations, mut callbacks): (Vec<_>, Vec<Committed>) = (Vec::new(), Vec::new());
        for delivery in deliveries {
            observations.extend(delivery.observations);
            callbacks.push(delivery.committed);
        }
        effects.append(&mut self.logic.step(now, Event::Observed(observations)));
        self.append(effects, move || callbacks.into_iter().for_each(Committed::run))
    }

    fn request(&mut self, request: Request) -> bool {
        match request {
            Request::Deliver { observations, committed } => {
                let now = self.clock.now();
                let mut effects = self.overdue(now);
                effects.extend(self.logic.step(now, Event::Observed(observations)));
                // Whoever asked may have gone; what they sent is kept all the same.
                self.append(effects, move || committed.send(()).unwrap_or(()))
            }
            Request::Command { command, reply } => self.command(command, reply),
            Request::Service { change, by, reply } => self.service(change, by, reply),
        }
    }

    fn service(
        &mut self,
        change: ServiceChange,
        by: String,
        reply: oneshot::Sender<Result<(), CommandError>>,
    ) -> bool {
        let now = self.clock.now();
        let done = match change {
            ServiceChange::Out { scope, until, reason } => {
                self.logic.take_out_of_service(now, scope, until, by, reason)
            }
            ServiceChange::In(scope) => self.logic.put_in_service(now, &scope, by),
        };
        match done {
            Err(error) => {
                drop(reply.send(Err(error)));
                true
            }
            Ok(effects) => self.append(effects, move || drop(reply.send(Ok(())))),
        }
    }

    fn command(&mut self, command: Command, reply: oneshot::Sender<Result<Alarm, CommandError>>) -> bool {
        match self.carry_out(command) {
            Err(error) => {
                drop(reply.send(Err(error)));
                true
            }
            Ok((effects, alarm)) => self.append(effects, move || drop(reply.send(Ok(alarm)))),
        }
    }

    /// What a command brings, and its alarm afterwards.
    fn carry_out(&mut self, command: Command) -> Result<(Vec<Effect>, Alarm), CommandError> {
        let (id, now) = (command.alarm, self.clock.now());
        if matches!(command.action, Action::Comment { .. } | Action::ReviewText { .. })
            && let Some(alarm) = self.closed(id)
            && let Some(transition) = note_on_closed(&alarm, now, &command.by, &command.action)?
        {
            let noted = Effect::Alarm { alarm: Box::new(alarm.clone()), transition: Box::new(transition) };
            return Ok((vec![noted], alarm));
        }
        let effects = self.logic.command(now, command)?;
        let changed = effects.iter().rev().find_map(|effect| match effect {
            Effect::Alarm { alarm, .. } if alarm.id == id => Some(Alarm::clone(alarm)),
            _ => None,
        });
        let alarm = changed.ok_or(CommandError::UnknownAlarm { alarm: id })?;
        Ok((effects, alarm))
    }

    /// The alarm, when it is over. A store that cannot be read just now has none.
    fn closed(&self, id: AlarmId) -> Option<Alarm> {
        let (alarm, _) = self.history.alarm(id).ok()??;
        (alarm.state == AlarmState::Normal).then_some(alarm)
    }

    /// Appends the effects as one batch; `told` runs after the commit, before the live stream. False when the store is closed.
    /// Without effects, too, `told` waits its turn: else a message that brings no reading (a status "online") would overtake
    /// one that does (the "offline" before it).
    pub(crate) fn append(&mut self, effects: Vec<Effect>, told: impl FnOnce() + Send + 'static) -> bool {
        let mut batch = Batch { readings: Vec::with_capacity(effects.len()), ..Batch::default() };
        let mut news: Vec<Latest> = Vec::with_capacity(effects.len());
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
                    batch.notices.extend(self.told.notices(&alarm, &transition));
                    batch.transitions.push(*transition);
                    batch.alarms.push(*alarm);
                }
                Effect::Track(tracking) => batch.tracking.push(tracking),
                Effect::Service(one) => batch.out_of_service.push(one),
                Effect::Fault(fault) => {
                    rules_changed = true;
                    tracing::warn!(
                        rule = &*fault.rule,
                        file = fault.file,
                        line = fault.line,
                        "rule failed: {}",
                        fault.message.en
                    );
                }
            }
        }
        if rules_changed {
            self.rules.send_replace(self.logic.rules());
        }
        let (live, alarms) = (self.live.clone(), batch.alarms.clone());
        let waiting = (!batch.notices.is_empty()).then(|| self.told.clone());
        let on_commit = Box::new(move |seq| {
            told();
            live.publish(hub_api::Committed { seq, readings: news, alarms });
            if let Some(told) = waiting {
                told.wake();
            }
        });
        self.store.append(batch, on_commit).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use hub_logic::{Host, Recovered, RuleSet};
    use hub_model::{
        Commune, Device, DeviceId, LocalText, Observation, Point, PointId, Quantity, Sample, Site, SiteId,
        SiteKind,
    };
    use hub_store::{Closed, CommitSeq, MemoryStore, OnCommit};

    use super::*;
    use crate::notify::Telling;

    /// A store that commits nothing until it is told to.
    #[derive(Default)]
    struct Held(Mutex<Vec<(Batch, OnCommit)>>);

    impl Append for Held {
        fn append(&self, batch: Batch, on_commit: OnCommit) -> Result<(), Closed> {
            self.0.lock().unwrap().push((batch, on_commit));
            Ok(())
        }
    }

    const TIMED: &str =
        "fn rule() { #{ title: \"t\", priority: \"low\", watches: #{ quantity: \"level\" } } }
fn active(p) { p.age_s >= 1 }";
    const POINT: &str = "site/device/level";

    fn pipeline(store: Arc<dyn Append>, clock: Clock, commune: Commune, rules: &[(&str, &str)]) -> Pipeline {
        let (rules, faults) =
            RuleSet::compile(rules.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())));
        assert!(faults.is_empty());
        let host = Host { utc_offset_s: Box::new(|_| 0), elapsed: Arc::new(|| Duration::ZERO) };
        let logic = Logic::new(Arc::new(commune), rules, Recovered::nothing(clock.now()), host);
        let live = Live::starting_after(CommitSeq(0));
        let rules = watch::channel(logic.rules()).0;
        let told = Told::new(Telling {
            notify: adapters_notify::Notify::none(jiff::tz::TimeZone::UTC),
            commune: Arc::new(self::commune()),
            hub_url: None,
        });
        Pipeline {
            logic,
            store,
            history: Arc::new(MemoryStore::new()),
            live,
            clock,
            rules,
            retime: Arc::new(|_| ()),
            told,
        }
    }

    fn commune() -> Commune {
        let quantity = Quantity::parse("level").unwrap();
        let point = Point {
            name: LocalText::same("level"),
            ..Point::plain(PointId::parse(POINT).unwrap(), quantity, quantity.default_unit().unwrap())
        };
        let device = Device {
            id: DeviceId::parse("site/device").unwrap(),
            name: LocalText::same("device"),
            adapter: "test".into(),
            interval: None,
            line: None,
            points: vec![point],
        };
        let site = Site {
            id: SiteId::parse("site").unwrap(),
            kind: SiteKind::Other,
            name: LocalText::same("site"),
            location: None,
            devices: vec![device],
            rules: std::collections::BTreeMap::new(),
        };
        Commune {
            id: "c".into(),
            name: LocalText::same("c"),
            timezone: "UTC".into(),
            location: None,
            languages: vec![],
            sites: vec![site],
        }
    }

    fn delivery(pipeline: &mut Pipeline, observations: Vec<Observation>) {
        assert!(
            pipeline.deliveries(std::iter::once(Delivery { observations, committed: Committed::unheard() }))
        );
    }

    #[test]
    fn a_rule_that_looks_at_the_time_is_asked_under_load_too() {
        let store = Arc::new(Held::default());
        let clock = Clock::manual(Timestamp::from_millis(59_000));
        let mut pipeline = pipeline(store.clone(), clock.clone(), commune(), &[("timed.rhai", TIMED)]);
        let reading = Observation {
            point: PointId::parse(POINT).unwrap(),
            sample: Sample::Raw(1.0),
            measured_at: None,
            received_at: clock.now(),
        };
        delivery(&mut pipeline, vec![reading]);
        // There is always another delivery waiting, so that the pipeline never comes to rest.
        clock.set(Timestamp::from_millis(60_000));
        delivery(&mut pipeline, vec![]);
        let alarms: Vec<_> = store.0.lock().unwrap().iter().map(|(batch, _)| batch.alarms.len()).collect();
        assert_eq!(alarms, [0, 1], "asked at the full minute");
    }

    #[test]
    fn a_message_without_readings_overtakes_none_that_waits_for_its_commit() {
        let store = Arc::new(Held::default());
        let clock = Clock::manual(Timestamp::from_millis(0));
        let mut pipeline = pipeline(store.clone(), clock, commune(), &[]);
        let (told, heard) = std::sync::mpsc::channel();
        for number in 0..2 {
            let told = told.clone();
            let committed = Committed::then(move || told.send(number).unwrap());
            assert!(pipeline.deliveries(std::iter::once(Delivery { observations: vec![], committed })));
        }
        assert!(heard.try_recv().is_err(), "nothing is told before its commit");
        for (seq, (_, on_commit)) in (1..).zip(store.0.lock().unwrap().drain(..)) {
            on_commit(CommitSeq(seq));
        }
        assert_eq!(heard.try_iter().collect::<Vec<_>>(), [0, 1]);
    }

    #[test]
    fn a_clock_that_starts_in_1970_is_found_and_what_was_kept_meanwhile_is_to_be_moved() {
        let machine = Clock::manual(Timestamp::from_millis(5_000));
        let kept = Timestamp::from_millis(2_000_000_000);
        let clock = machine.guarded(Timestamp::from_millis(1_000_000_000), kept);
        let store = Arc::new(MemoryStore::new());
        let mut pipeline = pipeline(store.clone(), clock.clone(), commune(), &[]);
        let (asked, retimings) = std::sync::mpsc::channel();
        pipeline.retime = Arc::new(move |retiming| asked.send(retiming).unwrap());
        pipeline.logic.set_clock_trusted(clock.is_trusted());
        let point = PointId::parse(POINT).unwrap();
        let reading = |at| Observation {
            point: point.clone(),
            sample: Sample::Raw(1.0),
            measured_at: None,
            received_at: at,
        };
        delivery(&mut pipeline, vec![reading(clock.now())]);
        let first = store.latest_of(&point).unwrap().unwrap().reading;
        assert_eq!((first.measured_at, first.reason), (kept, Some(hub_model::Reason::Untimed)));
        machine.set(Timestamp::from_millis(65_000));
        assert!(pipeline.watch_clock() && retimings.try_recv().is_err());
        machine.jump(Timestamp::from_millis(3_000_000_000));
        assert!(pipeline.watch_clock());
        let retiming = retimings.try_recv().unwrap();
        assert_eq!((retiming.since, retiming.until.since(kept)), (kept, Duration::from_secs(60)));
        assert_eq!(retiming.by_ms, 3_000_000_000 - 2_000_060_000);
        delivery(&mut pipeline, vec![reading(clock.now())]);
        let after = store.latest_of(&point).unwrap().unwrap().reading;
        assert_eq!((after.measured_at.as_millis(), after.reason), (3_000_000_000, None));
    }
}
