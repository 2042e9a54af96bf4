//! The simulated month: a commune of simulated devices with faults at known times, what the hub would have stored of it, and
//! the hub's own commune with the limits that come with it, itself among its sites.
//!
//! Uses the simulators' models and the hub's own logic, no adapter. Read next: `../month.rs`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hub_logic::{Effect, Elapsed, Event, Host, Logic, Recovered, RuleSet};
use hub_model::{
    Checks, Commune, Device, DeviceId, Limit, LimitStatus, LineId, LocalText, NamedAlarm, Observation,
    Parameter, Point, PointId, Priority, Quantity, Reading, Reason, RuleOverride, Sample, Scaling, Site,
    SiteId, SiteKind, Timestamp, Unit, own,
};
use simulators::config::{Link, SimCommune, SimDevice, SimPoint, SimSite};
use simulators::{FaultKind, PlannedFault, Scenario, Target, World};

/// How many days are simulated.
pub const DAYS: i64 = 30;
/// How far apart readings are.
pub const STEP: Duration = Duration::from_secs(300);
const HOUR_MS: i64 = 3_600_000;
const OFFSET_MS: i64 = 7 * HOUR_MS;
/// 2026-03-02 00:00 in Vietnam, a Monday.
const START_MS: i64 = 1_772_384_400_000;

/// A moment of it: day from 0, hours of the local day.
pub fn at(day: i64, hours: f64) -> Timestamp {
    Timestamp::from_millis(START_MS + day * 24 * HOUR_MS + (hours * HOUR_MS as f64) as i64)
}

/// A point that goes to a value for some hours.
pub fn level(point: &str, day: i64, hours: (f64, f64), value: f64) -> PlannedFault {
    ramp(point, day, hours, FaultKind::Level { value, ramp: Duration::ZERO })
}

/// Anything that happens to a point or device for some hours.
pub fn ramp(target: &str, day: i64, (from, to): (f64, f64), kind: FaultKind) -> PlannedFault {
    PlannedFault {
        at_ms: at(day, from).as_millis() - START_MS,
        lasts: Some(Duration::from_secs_f64((to - from) * 3600.0)),
        target: Target::parse(target).unwrap(),
        kind,
    }
}

/// What the hub finds of itself: (point, day, hours, value).
pub type Found = (&'static str, i64, (f64, f64), f64);

/// What it finds on every other day: (point, unit, value).
const OWN: [(&str, &str, f64); 10] = [
    ("_hub/machine/backup_age", "d", 1.0),
    ("_hub/machine/bridge_lag", "s", 0.0),
    ("_hub/machine/certificate_left", "d", 60.0),
    ("_hub/machine/clock_trusted", "1", 1.0),
    ("_hub/machine/configuration_refused", "1", 0.0),
    ("_hub/machine/disk_free", "%", 50.0),
    ("_hub/machine/disk_left", "By", 5e10),
    ("_hub/machine/forward_lag", "s", 0.0),
    ("_hub/machine/store_failing", "1", 0.0),
    ("_hub/rules/ph-out-of-range", "1", 0.0),
];

/// The commune as the hub knows it, and all that it would have stored of the month, in the order of receipt.
pub fn month(faults: Vec<PlannedFault>, found: &[Found]) -> (Arc<Commune>, Vec<Reading>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/month");
    let simulated = SimCommune::load(&folder).unwrap();
    let commune = Arc::new(commune(&simulated));
    let start = at(0, 0.0);
    let mut scenario = Scenario::new(simulated.clone(), 20_260_302);
    scenario.start = Some(start);
    scenario.faults = faults;
    let world = World::new(&scenario, start).unwrap();
    // What the hub keeps of it, with its own notices of silence: a logic without rules.
    let mut logic =
        Logic::new(Arc::clone(&commune), RuleSet::compile([]).0, Recovered::nothing(start), host());
    let mut stored = vec![];
    let mut keep = |effects: Vec<Effect>| {
        stored.extend(effects.into_iter().filter_map(|effect| match effect {
            Effect::Store { reading, .. } => Some(reading),
            _ => None,
        }));
    };
    let mut now = start;
    while now < at(DAYS, 0.0) {
        let seen =
            simulated.devices().flat_map(|device| device.points.iter().map(move |point| (device, point)));
        let seen = seen.filter_map(|(device, point)| observed(&world, device, point, now));
        let own = OWN.iter().map(|(point, _, usual)| own(point, *usual, found, now));
        keep(logic.step(now, Event::Observed(seen.chain(own).collect())));
        now = now.plus(STEP);
        while let Some(due) = logic.next_due().filter(|due| *due < now) {
            keep(logic.step(due, Event::Tick));
        }
    }
    (commune, stored)
}

/// The host of a run: Vietnam's clock, and a stopwatch that stands still, for a loaded machine is no fault of a rule.
pub fn host() -> Host {
    let looks = AtomicU64::new(0);
    let elapsed: Elapsed = Arc::new(move || Duration::from_nanos(looks.fetch_add(1, Ordering::Relaxed)));
    Host { utc_offset_s: Box::new(|_| (OFFSET_MS / 1000) as i32), elapsed }
}

/// What a device says: a polled one that does not answer is a time-out, a publishing one is just silent.
fn observed(world: &World, device: &SimDevice, point: &SimPoint, now: Timestamp) -> Option<Observation> {
    let sample = match (world.raw_at(&point.id, now), &device.link) {
        (Some(raw), _) => Sample::Raw(raw),
        (None, Link::Modbus { .. }) => Sample::Missing(Reason::Timeout),
        (None, Link::Mqtt { .. }) => return None,
    };
    Some(Observation { point: point.id.clone(), sample, measured_at: None, received_at: now })
}

fn own(point: &str, usual: f64, found: &[Found], now: Timestamp) -> Observation {
    let is_now = |(name, day, (from, to), _): &&Found| {
        *name == point && (at(*day, *from)..at(*day, *to)).contains(&now)
    };
    let value = found.iter().find(is_now).map_or(usual, |one| one.3);
    let point = PointId::parse(point).unwrap();
    Observation { point, sample: Sample::Value(value), measured_at: None, received_at: now }
}

fn commune(simulated: &SimCommune) -> Commune {
    let limits = shipped_limits();
    Commune {
        id: "month".into(),
        name: LocalText::same("month"),
        timezone: simulated.timezone.clone(),
        location: None,
        languages: vec!["vi".into()],
        sites: simulated.sites.iter().map(|site| site_of(site, &limits)).chain([own_site()]).collect(),
    }
}

fn site_of(site: &SimSite, limits: &[(Quantity, Unit, Limit)]) -> Site {
    let device = |device: &SimDevice| Device {
        id: device.id.clone(),
        name: LocalText::same(device.id.name()),
        adapter: "simulated".into(),
        interval: Some(STEP),
        line: match &device.link {
            Link::Modbus { endpoint, .. } => Some(LineId::new(&site.id, endpoint)),
            Link::Mqtt { .. } => None,
        },
        points: device.points.iter().map(|point| point_of(point, device, limits)).collect(),
    };
    Site {
        id: site.id.clone(),
        kind: site.kind,
        name: LocalText::same(site.id.as_str()),
        location: None,
        devices: site.devices.iter().map(device).collect(),
        rules: site_rules(),
    }
}

/// The hub itself, with the points that its rules look at.
fn own_site() -> Site {
    let points = |device: &str| {
        let of_device = OWN.iter().filter(|(point, ..)| point.starts_with(&format!("{device}/")));
        let point = |(id, unit, _): &(&str, &str, f64)| {
            let quantity = Quantity::parse("state").unwrap();
            Point::plain(PointId::parse(id).unwrap(), quantity, Unit::parse(unit).unwrap())
        };
        of_device.map(point).collect()
    };
    let device = |id: &str| Device {
        id: DeviceId::parse(id).unwrap(),
        name: LocalText::same(id),
        adapter: "hub".into(),
        interval: Some(STEP),
        line: None,
        points: points(id),
    };
    Site {
        id: SiteId::parse(own::SITE).unwrap(),
        kind: SiteKind::Hub,
        name: LocalText::same(own::SITE),
        location: None,
        devices: vec![device(own::MACHINE), device(own::RULES)],
        rules: BTreeMap::new(),
    }
}

/// What the sites' files would say of rules that need to be told.
fn site_rules() -> BTreeMap<String, RuleOverride> {
    let number = Parameter::Number;
    let told = [
        ("tank-low", "low", number(1.0)),
        ("tank-overflow", "high", number(3.8)),
        ("leachate-high", "high", number(4.0)),
        ("flow-without-pump", "meter", Parameter::Text("inlet/flow".into())),
        // Readings five minutes apart show six starts an hour at most.
        ("pump-short-cycling", "starts", number(4.0)),
    ];
    let one = |(rule, name, value): (&str, &str, Parameter)| {
        let parameters = [(name.to_owned(), value)].into();
        (rule.to_owned(), RuleOverride { parameters, ..RuleOverride::default() })
    };
    told.into_iter().map(one).collect()
}

fn point_of(point: &SimPoint, device: &SimDevice, limits: &[(Quantity, Unit, Limit)]) -> Point {
    let number = |value: f64| value.to_string().parse().unwrap();
    let of_quantity = limits.iter().filter(|(quantity, ..)| *quantity == point.quantity);
    let bound = of_quantity.map(|(_, unit, limit)| {
        let convert = |value: Option<f64>| value.map(|value| unit.convert(value, point.unit).unwrap());
        Limit { min: convert(limit.min), max: convert(limit.max), ..limit.clone() }
    });
    Point {
        decimals: point.decimals,
        alarm: point
            .alarm
            .then(|| NamedAlarm { title: LocalText::same(point.id.name()), priority: Priority::High }),
        scaling: Scaling { scale: number(point.scale), offset: number(point.offset) },
        missing: point.missing.clone(),
        checks: Checks { expire_after: device.expire_after, ..Checks::default() },
        limits: bound.collect(),
        ..Point::plain(point.id.clone(), point.quantity, point.unit)
    }
}

/// The limits that come with the hub and applied in it.
fn shipped_limits() -> Vec<(Quantity, Unit, Limit)> {
    let mut limits = vec![];
    for text in
        [include_str!("../../limits/qcvn-01-1-2024.toml"), include_str!("../../limits/qcvn-05-2023.toml")]
    {
        let file: toml::Table = text.parse().unwrap();
        for row in file["limit"].as_array().unwrap() {
            let word = |key: &str| row.get(key).and_then(toml::Value::as_str);
            let number = |key: &str| {
                row.get(key).map(|n| n.as_float().unwrap_or_else(|| n.as_integer().unwrap() as f64))
            };
            let limit = Limit {
                min: number("min"),
                max: number("max"),
                set: file["id"].as_str().unwrap().into(),
                regulation: file["regulation"].as_str().unwrap().into(),
                clause: word("clause").unwrap().into(),
                status: match word("status") {
                    Some("verified") => LimitStatus::Verified,
                    _ => LimitStatus::Unverified,
                },
                averaging: word("averaging").map(|span| hub_model::duration::parse(span).unwrap()),
                valid_from: row.get("valid_from").map(midnight),
                valid_to: row.get("valid_to").map(midnight),
            };
            let quantity = Quantity::parse(word("quantity").unwrap()).unwrap();
            limits.push((quantity, Unit::parse(word("unit").unwrap()).unwrap(), limit));
        }
    }
    limits
}

fn midnight(date: &toml::Value) -> Timestamp {
    let date: jiff::civil::Date = date.as_datetime().unwrap().to_string().parse().unwrap();
    let zoned = date.to_zoned_datetime(jiff::tz::TimeZone::fixed(jiff::tz::offset(7))).unwrap();
    Timestamp::from_millis(zoned.timestamp().as_millisecond())
}
