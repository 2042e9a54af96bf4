//! A start: the commune, the rules and what the store held become a [`Logic`] that goes on as if it had never stopped.
//!
//! Silence is counted from the start at the earliest, since a hub that was down has heard nobody. Read next:
//! [`crate::Logic::step`].

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use hub_model::{Alarm, Commune, PointId, Reading, Timestamp, Tracking};

use crate::alarms::OpenAlarms;
use crate::judge::is_silence;
use crate::logic::Due;
use crate::memory::PointMemory;
use crate::often::Floods;
use crate::places::Places;
use crate::rule_faults::RuleFaults;
use crate::upkeep::configured_upkeep;
use crate::watch::{WatchList, untracked};
use crate::world::World;
use crate::{Host, Logic, Recovered, RuleSet};

impl Logic {
    /// Takes up where the recovered memory left off. Alarms of rules or subjects that are gone are closed in the first step;
    /// those of a refused file stay as they are.
    pub fn new(commune: Arc<Commune>, rules: RuleSet, recovered: Recovered, host: Host) -> Self {
        let places = Arc::new(Places::new(commune));
        let watches = WatchList::new(&places, &rules);
        let points = places.point_count();
        let memories = (0..points)
            .map(|point| {
                PointMemory::new(
                    watches.window(point),
                    places.point(point).checks.stuck_after,
                    watches.wants_previous(point),
                )
            })
            .collect();
        let Recovered {
            latest,
            tracking,
            alarms,
            next_alarm,
            out_of_service,
            raised_lately,
            started_at,
            now,
        } = recovered;
        let upkeep = Arc::new(configured_upkeep(places.commune()));
        let faults = RuleFaults::new(&places, &rules);
        let mut logic = Self {
            world: Arc::new(World::new(places, memories, started_at, upkeep)),
            faults,
            rules,
            watches,
            alarms: OpenAlarms::new(alarms, next_alarm),
            host,
            timers: BTreeSet::new(),
            parked: HashMap::new(),
            orphans: vec![],
            out_of_service: out_of_service.into_iter().filter(|one| one.ended.is_none()).collect(),
            floods: Floods::new(raised_lately),
            heard_in: vec![0; points],
            round: 0,
            stepped_at: now,
            stepped: false,
        };
        logic.rules.watch_time(Arc::clone(&logic.host.elapsed));
        logic.recover_points(latest, now);
        logic.recover_faults();
        logic.recover_tracking(tracking);
        logic
    }

    /// Which points want [`Logic::warm`], and how far back.
    pub fn windows(&self) -> impl Iterator<Item = (PointId, Duration)> {
        self.world.memories.iter().enumerate().filter_map(|(point, memory)| {
            memory.looks_back().map(|span| (self.world.places.point(point).id.clone(), span))
        })
    }

    /// Feeds stored readings, each point's oldest first, that windows and checks look back on. Nothing is judged.
    pub fn warm(&mut self, readings: impl IntoIterator<Item = Reading>) {
        let world = Arc::make_mut(&mut self.world);
        for reading in readings {
            if let Some(point) = world.places.number(&reading.point) {
                world.memories[point].warm(&reading);
            }
        }
    }

    fn recover_points(&mut self, latest: Vec<(Reading, Option<(f64, Timestamp)>)>, now: Timestamp) {
        let world = Arc::make_mut(&mut self.world);
        for (reading, last_good) in latest {
            if let Some(point) = world.places.number(&reading.point) {
                world.memories[point].recover(reading, last_good);
                world.follow_silence(point);
            }
        }
        for (point, memory) in world.memories.iter_mut().enumerate() {
            let silent = memory.latest.as_ref().is_some_and(|latest| is_silence(latest.reason));
            let Some(after) = world.places.point(point).checks.expire_after.filter(|_| !silent) else {
                continue;
            };
            let heard_at = memory.latest.as_ref().map_or(now, |latest| latest.received_at);
            memory.expiry_set = true;
            self.timers.insert((heard_at.max(world.started_at).plus(after), Due::Expiry(point)));
        }
    }

    fn recover_tracking(&mut self, stored: Vec<Tracking>) {
        let known: BTreeSet<_> = stored.iter().filter_map(|tracking| tracking.alarm).collect();
        let alone: Vec<_> = self.alarms.iter().filter(|alarm| !known.contains(&alarm.id)).cloned().collect();
        let of_alone = alone
            .into_iter()
            .map(|Alarm { id, rule, subject, .. }| Tracking { alarm: Some(id), ..untracked(rule, subject) });
        for mut tracking in stored.into_iter().chain(of_alone) {
            tracking.alarm = tracking.alarm.filter(|id| self.alarms.get(*id).is_some());
            let is_off = self.rules.off.contains(&tracking.rule);
            let refused = !is_off && self.rules.refused.iter().any(|fault| fault.rule == tracking.rule);
            match self.watches.find(&tracking.rule, &tracking.subject) {
                Some(number) => self.resume(number, tracking),
                None if refused => {
                    tracking.alarm.map(|id| self.parked.insert(id, tracking));
                }
                None => self.orphans.push(tracking),
            }
        }
    }

    /// Goes on with delays that were running.
    fn resume(&mut self, number: usize, tracking: Tracking) {
        let settings = &self.watches.all[number].settings;
        let raising = tracking.raising_since.map(|since| since.plus(settings.on_delay));
        let clearing = tracking.clearing_since.map(|since| since.plus(settings.off_delay));
        self.watches.all[number].tracking = tracking;
        self.set_due(number, raising.or(clearing));
    }
}
