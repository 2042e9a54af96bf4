//! The logic alone, on one core: rules asked again and again, and a month at ten seconds gone through with each.
//! `cargo xtask bench rules` runs it; `cargo bench -p hub-logic --bench speed -- pressure-drop` measures one rule.
//!
//! Readings are made beforehand and are not measured; reading them from a store is not part of it. Prints figures beside their
//! goals, never fails on one. Read next: `src/backtest.rs`; `hub/server/benches/rules`, the hub as a process.

use std::error::Error;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use hub_logic::{Backtest, Event, Host, Logic, Recovered, RuleSet, embedded_rules};
use hub_model::{
    Commune, Device, DeviceId, Limit, LimitStatus, LocalText, Observation, Point, PointId, Quality, Quantity,
    Reading, Sample, Site, SiteId, SiteKind, Timestamp,
};

/// 2026-03-02 in Vietnam.
const START_MS: i64 = 1_772_384_400_000;
const EVERY_MS: i64 = 10_000;
const MONTH: i64 = 260_000;
const EVALUATIONS: i64 = 500_000;
/// Rules that stand for the others: a plain comparison, a window of an hour, of six, of a day, a count of starts.
const TYPICAL: [(&str, &str, SiteKind); 5] = [
    ("chlorine-low", "free_chlorine", SiteKind::WaterStation),
    ("h2s-high", "h2s", SiteKind::WasteSite),
    ("pressure-drop", "pressure", SiteKind::WaterStation),
    ("pm2-5-high", "pm2_5", SiteKind::WasteSite),
    ("pump-short-cycling", "pump_state", SiteKind::WaterStation),
];

fn main() -> Result<(), Box<dyn Error>> {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|one| !one.starts_with("--")).collect();
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:<68} {:>14} {:>14}", "", "measured", "goal")?;
    for (rule, quantity, kind) in TYPICAL {
        if !wanted.is_empty() && !wanted.iter().any(|one| one == rule) {
            continue;
        }
        let rate = evaluations_a_second(rule, quantity, kind)?;
        writeln!(
            out,
            "{:<68} {rate:>11.0} /s {:>14}",
            format!("{rule}: evaluations, one core"),
            "≥ 300000 /s"
        )?;
        let (took, raised) = month(rule, quantity, kind)?;
        let what = format!("{rule}: {MONTH} readings gone through again, {raised} raised");
        writeln!(out, "{what:<68} {:>11} ms {:>14}", took.as_millis(), "≤ 1000 ms")?;
    }
    Ok(())
}

/// How often a second the rule is asked, each time about a reading that has just come and raises nothing.
fn evaluations_a_second(rule: &str, quantity: &str, kind: SiteKind) -> Result<f64, Box<dyn Error>> {
    let (commune, point) = commune(quantity, kind)?;
    let mut logic = Logic::new(Arc::new(commune), rules(rule)?, Recovered::nothing(moment(0)), host());
    let observations: Vec<Observation> = (1..=EVALUATIONS)
        .map(|number| {
            let sample = Sample::Value(1.0 + (number % 7) as f64 / 100.0);
            Observation { point: point.clone(), sample, measured_at: None, received_at: moment(number) }
        })
        .collect();
    let began = stopwatch();
    for observation in observations {
        let effects = logic.step(observation.received_at, Event::Observed(vec![observation]));
        std::hint::black_box(effects);
    }
    Ok(EVALUATIONS as f64 / began().as_secs_f64())
}

/// How long a month of readings takes, and how many alarms it raises.
fn month(rule: &str, quantity: &str, kind: SiteKind) -> Result<(Duration, u64), Box<dyn Error>> {
    let (commune, point) = commune(quantity, kind)?;
    let readings: Vec<Reading> = (0..MONTH).map(|number| reading(&point, number)).collect();
    let mut run = Backtest::new(&commune, rules(rule)?, moment(0), moment(MONTH), host())?;
    let began = stopwatch();
    for reading in readings {
        run.take(reading.received_at, vec![reading]);
    }
    let report = run.finish();
    Ok((began(), report.raised))
}

fn rules(rule: &str) -> Result<RuleSet, Box<dyn Error>> {
    let found = embedded_rules().into_iter().find(|one| one.rule.0.strip_suffix(".rhai") == Some(rule));
    let (file, text) = found.ok_or("there is no such rule")?.rule;
    let (rules, faults) = RuleSet::compile([(file.to_owned(), text.to_owned())]);
    faults.into_iter().next().map_or(Ok(rules), |fault| Err(fault.into()))
}

#[expect(clippy::disallowed_methods, reason = "a measurement needs a clock")]
fn stopwatch() -> impl Fn() -> Duration {
    let began = std::time::Instant::now();
    move || began.elapsed()
}

fn host() -> Host {
    Host { utc_offset_s: Box::new(|_| 7 * 3600), elapsed: Arc::new(stopwatch()) }
}

fn moment(number: i64) -> Timestamp {
    Timestamp::from_millis(START_MS + number * EVERY_MS)
}

/// A value that wanders between 0 and 2 in a few hours, so that alarms come and go.
fn reading(point: &PointId, number: i64) -> Reading {
    let at = moment(number);
    let value = ((1.0 + (number as f64 / 1_500.0).sin()) * 100.0).round() / 100.0;
    Reading {
        point: point.clone(),
        measured_at: at,
        received_at: at,
        raw: None,
        value: Some(value),
        quality: Quality::NotEvaluated,
        reason: None,
    }
}

fn commune(quantity: &str, kind: SiteKind) -> Result<(Commune, PointId), Box<dyn Error>> {
    let quantity = Quantity::parse(quantity).ok_or("there is no such quantity")?;
    let site = SiteId::parse("site")?;
    let device = DeviceId::new(&site, "device")?;
    let id = PointId::new(&device, "point")?;
    let limit = |averaging_h: u64| Limit {
        min: Some(0.2),
        max: Some(1.9),
        set: "set".into(),
        regulation: "regulation".into(),
        clause: "clause".into(),
        status: LimitStatus::Verified,
        averaging: (averaging_h > 0).then(|| Duration::from_secs(averaging_h * 3600)),
        valid_from: None,
        valid_to: None,
    };
    let point = Point {
        limits: vec![limit(0), limit(1), limit(24)],
        ..Point::plain(id.clone(), quantity, quantity.default_unit().ok_or("the quantity has no unit")?)
    };
    let name = LocalText::same;
    let commune = Commune {
        id: "commune".into(),
        name: name("commune"),
        timezone: "Asia/Ho_Chi_Minh".into(),
        location: None,
        languages: vec!["vi".into()],
        sites: vec![Site {
            id: site,
            kind,
            name: name("site"),
            location: None,
            rules: std::collections::BTreeMap::new(),
            devices: vec![Device {
                id: device,
                name: name("device"),
                adapter: "none".into(),
                interval: None,
                line: None,
                points: vec![point],
            }],
        }],
    };
    Ok((commune, id))
}
