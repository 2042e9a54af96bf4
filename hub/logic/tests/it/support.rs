//! A small commune, a clock that is counted by hand, and short words for events and effects.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hub_logic::{
    Action, Command, CommandError, Effect, Elapsed, Event, Host, Logic, Recovered, RuleFault, RuleSet,
};
use hub_model::{
    Alarm, AlarmId, AlarmState, Commune, Device, DeviceId, Limit, LimitStatus, LocalText, Observation, Point,
    PointId, Quantity, Range, Reading, Reason, Sample, Scaling, Site, SiteId, SiteKind, Timestamp, Tracking,
    Why,
};

pub const CHLORINE: &str = "water/plc/free-chlorine";
pub const TURBIDITY: &str = "water/plc/turbidity";
pub const LEVEL: &str = "water/tank/level";
pub const CLIENTS: &str = "wifi/ap/clients";

/// A rule on free chlorine with the given delays and nothing else.
pub fn chlorine_rule(more: &str) -> String {
    format!(
        "fn rule() {{ #{{ title: \"low\", priority: \"high\", watches: #{{ quantity: \"free_chlorine\" }}, {more} }} }}\n\
         fn active(p) {{ p.value < p.limit.min }}\n\
         fn cleared(p) {{ p.value >= p.limit.min + 0.05 }}\n"
    )
}

pub fn commune() -> Commune {
    let site = |id: &str, kind, devices| Site {
        id: SiteId::parse(id).unwrap(),
        kind,
        name: LocalText::same(id),
        location: None,
        devices,
        rules: std::collections::BTreeMap::new(),
    };
    let device = |id: &str, points: Vec<Point>| Device {
        id: DeviceId::parse(id).unwrap(),
        name: LocalText::same(id),
        adapter: "test".into(),
        interval: None,
        line: None,
        points,
    };
    let mut chlorine = point(CHLORINE, "free_chlorine");
    chlorine.scaling = Scaling { scale: "0.01".parse().unwrap(), ..Scaling::NONE };
    chlorine.missing = vec![65_535.0];
    chlorine.checks.range = Some(Range { min: Some(0.0), max: Some(5.0) });
    chlorine.limits = vec![limit(Some(0.2), Some(1.0))];
    let mut clients = point(CLIENTS, "clients");
    clients.checks.expire_after = Some(minutes(5));
    Commune {
        id: "test".into(),
        name: LocalText::same("test"),
        timezone: "Asia/Ho_Chi_Minh".into(),
        location: None,
        languages: vec!["vi".into()],
        sites: vec![
            site(
                "water",
                SiteKind::WaterStation,
                vec![
                    device("water/plc", vec![chlorine, point(TURBIDITY, "turbidity")]),
                    device("water/tank", vec![point(LEVEL, "level")]),
                ],
            ),
            site("wifi", SiteKind::WifiAccessPoint, vec![device("wifi/ap", vec![clients])]),
        ],
    }
}

pub fn limit(min: Option<f64>, max: Option<f64>) -> Limit {
    Limit {
        min,
        max,
        set: "qcvn".into(),
        regulation: "QCVN 01-1:2024/BYT".into(),
        clause: "Bảng 1".into(),
        status: LimitStatus::Unverified,
        averaging: None,
        valid_from: None,
        valid_to: None,
    }
}

pub fn point(id: &str, quantity: &str) -> Point {
    let quantity = Quantity::parse(quantity).unwrap();
    Point {
        name: LocalText::same(id),
        ..Point::plain(PointId::parse(id).unwrap(), quantity, quantity.default_unit().unwrap())
    }
}

/// The commune with one point changed.
pub fn commune_with(id: &str, change: impl FnOnce(&mut Point)) -> Commune {
    let mut commune = commune();
    let points = commune.sites.iter_mut().flat_map(|s| &mut s.devices).flat_map(|d| &mut d.points);
    change(points.into_iter().find(|point| point.id.as_str() == id).unwrap());
    commune
}

pub fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

/// So many seconds after the hub's start.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000 + seconds * 1_000)
}

/// A stopwatch that shows a microsecond more at each look: a script that runs for ever runs out of it.
pub fn stopwatch() -> Elapsed {
    let looks = AtomicU64::new(0);
    Arc::new(move || Duration::from_micros(looks.fetch_add(1, Ordering::Relaxed)))
}

pub fn host(elapsed: Elapsed) -> Host {
    Host { utc_offset_s: Box::new(|_| 7 * 3600), elapsed }
}

pub fn raw(point: &str, value: f64, seconds: i64) -> Observation {
    Observation {
        point: PointId::parse(point).unwrap(),
        sample: Sample::Raw(value),
        measured_at: None,
        received_at: at(seconds),
    }
}

pub fn missing(point: &str, reason: Reason, seconds: i64) -> Observation {
    Observation { sample: Sample::Missing(reason), ..raw(point, 0.0, seconds) }
}

/// Measured and received at times of their own.
pub fn sent(point: &str, value: f64, measured: i64, received: i64) -> Observation {
    Observation { measured_at: Some(at(measured)), ..raw(point, value, received) }
}

/// The logic with the memory that a store would keep of it.
pub struct Hub {
    pub logic: Logic,
    pub stored: Vec<Reading>,
    pub faults: Vec<RuleFault>,
    pub recovered: Recovered,
    commune: Arc<Commune>,
    rules: Vec<(String, String)>,
}

impl Hub {
    pub fn new(rules: &[(&str, &str)]) -> Self {
        Self::of(commune(), rules)
    }

    pub fn of(commune: Commune, rules: &[(&str, &str)]) -> Self {
        let commune = Arc::new(commune);
        let rules = named(rules);
        let recovered = Recovered::nothing(at(0));
        let logic = build(&commune, &rules, &recovered);
        Self { logic, stored: vec![], faults: vec![], recovered, commune, rules }
    }

    pub fn observe(&mut self, observation: Observation) -> Vec<Effect> {
        let now = observation.received_at;
        self.step(now, Event::Observed(vec![observation]))
    }

    pub fn tick(&mut self, seconds: i64) -> Vec<Effect> {
        self.step(at(seconds), Event::Tick)
    }

    pub fn step(&mut self, now: Timestamp, event: Event) -> Vec<Effect> {
        let effects = self.logic.step(now, event);
        self.keep(&effects);
        effects
    }

    pub fn act(&mut self, seconds: i64, alarm: u64, action: Action) -> Result<Vec<Effect>, CommandError> {
        let command = Command { alarm: AlarmId(alarm), by: "lan".into(), action };
        let effects = self.logic.command(at(seconds), command)?;
        self.keep(&effects);
        Ok(effects)
    }

    /// Takes something out of service for 70 s, or puts it in again.
    pub fn service(&mut self, seconds: i64, scope: &str, out: bool) -> Vec<Effect> {
        let (now, scope) = (at(seconds), hub_model::Scope::parse(scope).unwrap());
        let effects = match out {
            true => {
                let until = Some(at(seconds + 70));
                self.logic.take_out_of_service(now, scope, until, "hoa".into(), "thay đầu đo".into()).unwrap()
            }
            false => self.logic.put_in_service(now, &scope, "hoa".into()).unwrap_or_default(),
        };
        self.keep(&effects);
        effects
    }

    /// Stops and starts again from what was stored, with the rules as they are or with others.
    pub fn restart(&mut self) {
        self.logic = build(&self.commune, &self.rules, &self.recovered);
        let spans: Vec<_> = self.logic.windows().collect();
        let wanted = self.stored.iter().filter(|r| spans.iter().any(|(point, _)| *point == r.point));
        self.logic.warm(wanted.cloned().collect::<Vec<_>>());
    }

    pub fn restart_with(&mut self, commune: Commune, rules: &[(&str, &str)]) {
        (self.commune, self.rules) = (Arc::new(commune), named(rules));
        self.restart();
    }

    /// The one alarm that is open.
    pub fn alarm(&self) -> &Alarm {
        assert_eq!(self.recovered.alarms.len(), 1, "one alarm is open");
        &self.recovered.alarms[0]
    }

    pub fn latest(&self, point: &str) -> &Reading {
        let mut all = self.recovered.latest.iter();
        &all.find(|(reading, _)| reading.point.as_str() == point).unwrap().0
    }

    fn keep(&mut self, effects: &[Effect]) {
        let kept = &mut self.recovered;
        for effect in effects.iter().cloned() {
            match effect {
                Effect::Store { reading, latest, last_good } => {
                    self.stored.push(reading.clone());
                    if latest {
                        kept.latest.retain(|(known, _)| known.point != reading.point);
                        kept.latest.push((reading, last_good));
                    }
                }
                Effect::Alarm { alarm, transition } => {
                    assert_eq!(transition.to, alarm.state);
                    kept.next_alarm = kept.next_alarm.max(AlarmId(alarm.id.0 + 1));
                    if transition.why == Why::Raised {
                        kept.raised_lately.push((alarm.subject.site(), alarm.raised_at));
                    }
                    kept.alarms.retain(|known| known.id != alarm.id);
                    if alarm.state != AlarmState::Normal {
                        kept.alarms.push(*alarm);
                    }
                }
                Effect::Track(tracking) => {
                    let same = |known: &Tracking| {
                        (&known.rule, &known.subject) == (&tracking.rule, &tracking.subject)
                    };
                    kept.tracking.retain(|known| !same(known));
                    kept.tracking.push(tracking);
                }
                Effect::Service(one) => {
                    kept.out_of_service.retain(|known| known.scope != one.scope);
                    kept.out_of_service.push(one);
                }
                Effect::Fault(fault) => self.faults.push(fault),
            }
        }
    }
}

fn named(rules: &[(&str, &str)]) -> Vec<(String, String)> {
    rules.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect()
}

fn build(commune: &Arc<Commune>, rules: &[(String, String)], recovered: &Recovered) -> Logic {
    let (rules, _) = RuleSet::compile(rules.iter().cloned());
    Logic::new(Arc::clone(commune), rules, recovered.clone(), host(stopwatch()))
}

/// Where alarms went, in order: `none>unacknowledged`.
pub fn path(effects: &[Effect]) -> Vec<String> {
    let steps = effects.iter().filter_map(|effect| match effect {
        Effect::Alarm { transition, .. } => Some(transition),
        _ => None,
    });
    steps.map(|step| format!("{}>{}", step.from.map_or("none", AlarmState::code), step.to.code())).collect()
}
