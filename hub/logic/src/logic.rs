//! The one step: observations and time in, effects out.
//!
//! Never does I/O and never reads a clock: live running, back-test and recovery are this one path. Read next:
//! [`crate::judge`] (readings), [`crate::evaluate`] (rules), [`crate::start`] (recovery).

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use hub_model::{
    Alarm, AlarmId, AlarmState, LocalText, Observation, OutOfService, PointId, Priority, Reading, Reason,
    Remark, RuleId, Sample, Timestamp, Tracking, Why,
};

use crate::alarms::{OpenAlarms, Step, settle};
use crate::judge::{Judged, is_silence, judge};
use crate::often::Floods;
use crate::places::PointNo;
use crate::rule_faults::RuleFaults;
use crate::watch::WatchList;
use crate::world::World;
use crate::{Effect, Event, Host, OnMissing, RuleSet, RuleStatus, Watches};

/// Rules whose answer changes with time alone are asked this often.
const ASK_EVERY: Duration = Duration::from_secs(60);

/// The hub's judgement, from one moment to the next.
pub struct Logic {
    pub(crate) world: Arc<World>,
    pub(crate) rules: RuleSet,
    pub(crate) faults: RuleFaults,
    pub(crate) watches: WatchList,
    pub(crate) alarms: OpenAlarms,
    pub(crate) host: Host,
    /// What is to happen at a time. Never more than one entry for each point and each watch.
    pub(crate) timers: BTreeSet<(Timestamp, Due)>,
    /// Alarms whose rule is refused: they stay as they are until its file is mended.
    pub(crate) parked: HashMap<AlarmId, Tracking>,
    /// What is remembered of rules and subjects that are gone, to be closed in the first step.
    pub(crate) orphans: Vec<Tracking>,
    pub(crate) out_of_service: Vec<OutOfService>,
    pub(crate) floods: Floods,
    /// For each point, the round in which it was heard last; between two rounds rules are asked.
    pub(crate) heard_in: Vec<u64>,
    pub(crate) round: u64,
    pub(crate) stepped_at: Timestamp,
    /// Whether there was a step since the start.
    pub(crate) stepped: bool,
}

/// What a timer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    /// The point may have been silent for too long.
    Expiry(PointNo),
    /// The delay of a watch ends.
    Delay(usize),
}

impl Logic {
    /// Judges what happened by `now`. Observations of points that are not configured are passed over.
    ///
    /// What comes out belongs in one transaction, in this order, and the next step may follow at once.
    pub fn step(&mut self, now: Timestamp, event: Event) -> Vec<Effect> {
        let mut out = match &event {
            Event::Observed(observations) => Vec::with_capacity(observations.len()),
            _ => vec![],
        };
        // Once work on an instrument is over, rules are asked about what it left behind.
        let work_is_over = self.world.upkeep.next_end(self.stepped_at).is_some_and(|end| end <= now);
        // At a start, too: the clock may have been set back while the hub was down.
        if !std::mem::replace(&mut self.stepped, true) || now < self.stepped_at {
            self.alarms.clock_set_back(now);
        }
        self.stepped_at = now;
        if now < self.world.started_at {
            // The clock was set back behind the start: what is heard from now on is of this run all the same.
            Arc::make_mut(&mut self.world).started_at = now;
        }
        self.close_orphans(now, &mut out);
        let mut to_ask = BTreeSet::new();
        match event {
            Event::Observed(observations) => self.observe(now, observations, &mut out),
            Event::Replayed(readings) => self.replay(now, readings, &mut out),
            Event::Tick => to_ask.extend(self.watches.timed.iter().copied()),
        }
        if work_is_over {
            to_ask.extend(0..self.watches.all.len());
        }
        self.take_due(now, &mut to_ask, &mut out);
        self.ask(&mut to_ask, now, &mut out);
        self.settle_faults(now, &mut out);
        self.end_overlays(now, &mut out);
        out
    }

    /// When a [`Event::Tick`] is wanted next; an earlier one does no harm.
    pub fn next_due(&self) -> Option<Timestamp> {
        let timer = self.timers.first().map(|(at, _)| *at);
        let overlay = self.alarms.next_due().into_iter().chain(self.next_service()).min();
        let minute = (!self.watches.timed.is_empty()).then(|| {
            let every = ASK_EVERY.as_millis() as i64;
            Timestamp::from_millis((self.stepped_at.as_millis().div_euclid(every) + 1) * every)
        });
        let orphans = (!self.orphans.is_empty()).then_some(self.stepped_at);
        let work = self.world.upkeep.next_end(self.stepped_at);
        [timer, overlay, minute, orphans, work].into_iter().flatten().min()
    }

    /// All rules with what they watch and how they fare, the refused ones at the end.
    pub fn rules(&self) -> Vec<RuleStatus> {
        let mut standing: HashMap<&RuleId, usize> = HashMap::new();
        for alarm in self.alarms.iter().filter(|alarm| alarm.is_standing()) {
            *standing.entry(&alarm.rule).or_default() += 1;
        }
        let standing_of = |rule: &RuleId| standing.get(rule).copied().unwrap_or_default();
        let taken = self.rules.rules.iter().enumerate().map(|(index, rule)| {
            let facts = rule.facts.clone();
            RuleStatus {
                id: Arc::clone(&rule.id),
                version: rule.version.clone(),
                title: facts.title,
                priority: facts.priority,
                watches: facts.watches,
                on_delay: facts.on_delay,
                off_delay: facts.off_delay,
                on_missing: facts.on_missing,
                runbook: facts.runbook,
                tags: facts.tags,
                latching: facts.latching,
                remind_after: facts.remind_after,
                explains: facts.explains,
                announce: facts.announce,
                limit_over: rule.uses.limit_over,
                on: !self.rules.off.contains(&rule.id),
                subjects: self.watches.of_rule(index).count(),
                active: standing_of(&rule.id),
                fault: self.watches.of_rule(index).find_map(|watch| watch.faults().next().cloned()),
            }
        });
        let refused = self.rules.refused.iter().map(|fault| RuleStatus {
            id: Arc::clone(&fault.rule),
            version: String::new(),
            title: LocalText::same(&*fault.rule),
            priority: Priority::Medium,
            watches: Watches::default(),
            on_delay: Duration::ZERO,
            off_delay: Duration::ZERO,
            on_missing: OnMissing::Hold,
            runbook: None,
            tags: vec![],
            latching: false,
            remind_after: None,
            explains: vec![],
            announce: None,
            limit_over: None,
            on: !self.rules.off.contains(&fault.rule),
            subjects: 0,
            active: standing_of(&fault.rule),
            fault: Some(fault.clone()),
        });
        taken.chain(refused).collect()
    }

    /// Judges observations in order. Each reading of a point is judged by itself; readings of several points that came
    /// together are judged together, so that a rule sees its siblings as they are now.
    fn observe(&mut self, now: Timestamp, observations: Vec<Observation>, out: &mut Vec<Effect>) {
        let mut to_ask = BTreeSet::new();
        let (mut next, mut asked) = (0, std::ptr::null());
        self.round += 1;
        for observation in observations {
            let Some(point) = self.world.places.number_near(&observation.point, next) else { continue };
            next = point + 1;
            if self.heard_in[point] == self.round {
                self.ask(&mut to_ask, now, out);
                asked = std::ptr::null();
                self.round += 1;
            }
            self.heard_in[point] = self.round;
            if self.take(point, observation, out) {
                let watches = &self.watches.by_point[point];
                // The list of the point before, mostly.
                if !std::ptr::eq(watches.as_ptr(), asked) {
                    asked = watches.as_ptr();
                    to_ask.extend(watches.iter().copied());
                }
            }
        }
        self.ask(&mut to_ask, now, out);
    }

    /// Takes readings as they were judged. What the stream of them says of lateness then is said of it again.
    fn replay(&mut self, now: Timestamp, readings: Vec<Reading>, out: &mut Vec<Effect>) {
        let mut to_ask = BTreeSet::new();
        for reading in readings {
            let Some(point) = self.world.places.number(&reading.point) else { continue };
            let world = Arc::make_mut(&mut self.world);
            let memory = &mut world.memories[point];
            let latest = memory.is_latest(&reading);
            memory.keep(&Judged { reading, latest });
            if latest {
                world.follow_silence(point);
                to_ask.extend(self.watches.by_point[point].iter().copied());
            }
        }
        self.ask(&mut to_ask, now, out);
    }

    /// The points whose readings concern any rule.
    pub(crate) fn asked_points(&self) -> Vec<PointId> {
        let by_point = self.watches.by_point.iter().enumerate();
        let asked = by_point.filter(|(_, watches)| !watches.is_empty());
        asked.map(|(point, _)| self.world.places.point(point).id.clone()).collect()
    }

    /// Judges and keeps one observation; whether it is the point's latest.
    pub(crate) fn take(&mut self, point: PointNo, observation: Observation, out: &mut Vec<Effect>) -> bool {
        let world = Arc::make_mut(&mut self.world);
        let (place, memory) = (world.places.point(point), &mut world.memories[point]);
        let judged = judge(place, memory, &world.upkeep, world.is_clock_trusted, observation);
        memory.keep(&judged);
        let (latest, last_good) = (judged.latest, memory.last_good);
        if latest && let Some(after) = place.checks.expire_after {
            // A later reading moves the end on; the timer that stands finds out when it fires.
            if !std::mem::replace(&mut memory.expiry_set, true) {
                let at = judged.reading.received_at.max(world.started_at).plus(after);
                self.timers.insert((at, Due::Expiry(point)));
            }
        }
        if latest {
            world.follow_silence(point);
        }
        out.push(Effect::Store { reading: judged.reading, latest, last_good });
        latest
    }

    pub(crate) fn ask(&mut self, watches: &mut BTreeSet<usize>, now: Timestamp, out: &mut Vec<Effect>) {
        for number in std::mem::take(watches) {
            self.evaluate(number, now, out);
        }
    }

    fn take_due(&mut self, now: Timestamp, to_ask: &mut BTreeSet<usize>, out: &mut Vec<Effect>) {
        let mut silent = BTreeSet::new();
        while let Some((_, due)) = self.next_timer(now) {
            match due {
                Due::Delay(number) => {
                    self.watches.all[number].due = None;
                    to_ask.insert(number);
                }
                Due::Expiry(point) => {
                    silent.insert(point);
                }
            }
        }
        // In the order of the points: when a timer was set depends on when the hub was started, effects must not.
        for point in silent {
            self.expire(point, now, to_ask, out);
        }
    }

    fn next_timer(&mut self, now: Timestamp) -> Option<(Timestamp, Due)> {
        let is_due = self.timers.first().is_some_and(|(at, _)| *at <= now);
        if is_due { self.timers.pop_first() } else { None }
    }

    /// Notes that a point has fallen silent, once; or puts the question off when it has spoken since.
    fn expire(
        &mut self,
        point: PointNo,
        now: Timestamp,
        to_ask: &mut BTreeSet<usize>,
        out: &mut Vec<Effect>,
    ) {
        let world = Arc::make_mut(&mut self.world);
        let place = world.places.point(point);
        let Some(after) = place.checks.expire_after else { return };
        let memory = &mut world.memories[point];
        memory.expiry_set = false;
        let latest = memory.latest.as_ref();
        if latest.is_some_and(|latest| is_silence(latest.reason)) {
            return;
        }
        let heard_at = latest.map_or(world.started_at, |latest: &Reading| latest.received_at);
        let ends = heard_at.max(world.started_at).plus(after);
        if ends > now {
            memory.expiry_set = true;
            self.timers.insert((ends, Due::Expiry(point)));
            return;
        }
        let silence = Observation {
            point: PointId::clone(&place.id),
            sample: Sample::Missing(Reason::Expired),
            measured_at: None,
            received_at: now,
        };
        // `take` must not set the timer of a silent point again.
        memory.expiry_set = true;
        self.take(point, silence, out);
        Arc::make_mut(&mut self.world).memories[point].expiry_set = false;
        to_ask.extend(self.watches.by_point[point].iter().copied());
    }

    /// Closes alarms that nothing watches any more.
    fn close_orphans(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        for mut tracking in std::mem::take(&mut self.orphans) {
            if let Some(id) = tracking.alarm.take() {
                let remark = Some(self.why_orphaned(&tracking.rule));
                let step = Step { remark, ..Step::new(now, Why::NoLongerWatched) };
                self.alarms.change(id, step, out, |alarm: &mut Alarm| {
                    settle(alarm, AlarmState::Normal);
                    alarm.cleared_at.get_or_insert(now);
                });
            }
            (tracking.raising_since, tracking.clearing_since) = (None, None);
            tracking.raises.clear();
            out.push(Effect::Track(tracking));
        }
    }

    fn why_orphaned(&self, rule: &RuleId) -> Remark {
        if self.rules.off.contains(rule) {
            Remark::RuleOff
        } else if self.rules.ids().any(|known| known == rule) {
            Remark::NotWatched
        } else {
            Remark::RuleDeleted
        }
    }

    /// An alarm is over by other means than its rule's: its watch starts afresh.
    pub(crate) fn forget_alarm(&mut self, id: AlarmId, out: &mut Vec<Effect>) {
        let parked = self.parked.remove(&id);
        let closed = out.iter().rev().find_map(|effect| match effect {
            Effect::Alarm { alarm, .. } if alarm.id == id => self.watches.find(&alarm.rule, &alarm.subject),
            _ => None,
        });
        let tracking = match (closed, parked) {
            (Some(number), _) => {
                let tracking = &mut self.watches.all[number].tracking;
                tracking.alarm = None;
                tracking.clone()
            }
            (None, Some(parked)) => Tracking { alarm: None, ..parked },
            (None, None) => return,
        };
        out.push(Effect::Track(tracking));
    }
}
