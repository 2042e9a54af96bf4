//! The way back: both readers pass one suite on their real engines, and a hub shows what has left it as one history with the rest.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use adapters_influxdb::history::Series;
use adapters_influxdb::{Client, Encoder, Precision, deliver, remote};
use adapters_sdk::Clock;
use hub_model::{
    Commune, Device, DeviceId, LocalText, Point, PointId, Quality, Quantity, Reading, Reason, Site, SiteId,
    SiteKind, Timestamp,
};

use super::support::engines::{Engine, Kind};
use super::support::wait_for;
use super::{BOUND, folder, line, push, settled};

const POINT: &str = "water/edge/ph";
const START_MS: i64 = 1_772_330_400_000;
const DAY_MS: i64 = 86_400_000;

fn commune() -> Commune {
    let quantity = Quantity::parse("ph").unwrap();
    let name = LocalText::same("x");
    let point = Point::plain(PointId::parse(POINT).unwrap(), quantity, quantity.default_unit().unwrap());
    let device = Device {
        id: DeviceId::parse("water/edge").unwrap(),
        name: name.clone(),
        adapter: "push".to_owned(),
        interval: None,
        line: None,
        points: vec![point],
    };
    let site = Site {
        id: SiteId::parse("water").unwrap(),
        kind: SiteKind::Other,
        name: name.clone(),
        location: None,
        devices: vec![device],
        rules: BTreeMap::new(),
    };
    Commune {
        id: "yen-lac".to_owned(),
        name,
        timezone: "Asia/Ho_Chi_Minh".to_owned(),
        location: None,
        languages: vec!["vi".to_owned()],
        sites: vec![site],
    }
}

/// Readings of every quality and reason, over some weeks, with numbers of every size.
fn samples() -> Vec<Reading> {
    let reasons = Reason::PLAIN.into_iter().chain([Reason::Exception(2)]).map(Some).chain([None]);
    let numbers = [0.0, 7.12, -0.5, 1e-6, 123_456.789, 1e12];
    let samples = reasons.enumerate().map(|(n, reason)| {
        let quality = Quality::ALL[n % Quality::ALL.len()];
        let at = Timestamp::from_millis(START_MS + n as i64 * DAY_MS + n as i64);
        let value = (quality != Quality::Missing).then(|| numbers[n % numbers.len()]);
        Reading {
            point: PointId::parse(POINT).unwrap(),
            measured_at: at,
            received_at: at,
            raw: (n % 3 != 0).then_some(n as f64),
            value,
            quality,
            reason,
        }
    });
    samples.collect()
}

fn gives_back_what_it_was_given(kind: Kind) {
    let engine = Engine::start(kind);
    let target = engine.target();
    let client = Client::new(&target).unwrap();
    let encoder = Encoder::new(&commune(), &target);
    let written = samples();
    let mut lines = String::new();
    written.iter().for_each(|reading| assert!(encoder.reading(reading, &mut lines)));
    let sent = deliver(&client, &lines, Precision::Milliseconds, Clock::system().now()).unwrap();
    assert_eq!((sent.lines, sent.refused.len()), (written.len() as u64, 0));
    let remote = remote(client);
    let point = PointId::parse(POINT).unwrap();
    let series = Series { commune: "yen-lac", quantity: "ph", point: &point };
    let read = |from: i64, to: i64, most: usize| {
        let mut found = Vec::new();
        let (from, to) = (Timestamp::from_millis(from), Timestamp::from_millis(to));
        remote
            .readings(&series, from, to, &mut |reading| {
                found.push(reading);
                if found.len() == most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
            .unwrap();
        found
    };
    let end = START_MS + 60 * DAY_MS;
    wait_for("the engine to show what it has", BOUND, || {
        (read(START_MS, end, usize::MAX).len() == written.len()).then_some(())
    });
    assert_eq!(read(START_MS, end, usize::MAX), written, "everything comes back, in the order of time");
    let second = written[1].measured_at.as_millis();
    assert_eq!(read(START_MS, second, usize::MAX), written[..1], "the end is not part of a span");
    assert_eq!(read(second, second + 1, usize::MAX), written[1..2], "its beginning is");
    assert_eq!(read(START_MS, end, 3), written[..3], "it stops when it is told to");
    let other = PointId::parse("water/edge/other").unwrap();
    let none = Series { point: &other, ..series };
    let (first, end) = (Timestamp::from_millis(START_MS), Timestamp::from_millis(end));
    let mut count = 0;
    remote
        .readings(&none, first, end, &mut |_| {
            count += 1;
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(count, 0, "a point that has none has none");
}

#[test]
fn influxdb_gives_back_what_it_was_given() {
    gives_back_what_it_was_given(Kind::Influx);
}

#[test]
fn victoria_metrics_gives_back_what_it_was_given() {
    gives_back_what_it_was_given(Kind::Victoria);
}

/// What has left the hub is read from the engine, equal to what it was; and said to be unreachable when it is.
fn a_history_with_a_seam(kind: Kind) {
    let mut engine = Engine::start(kind);
    let folder = folder(&engine.forward("province", &engine.url("")));
    let token = folder.token("integrator");
    let hub = folder.run(&token);
    let now = Clock::system().now().as_millis();
    let from = now - 4 * DAY_MS;
    let lines: String =
        (0..4 * 144).map(|n| line(POINT, (n % 700) as f64 / 100.0, from + n * 600_000)).collect();
    push(&hub, &token, &lines);
    settled(&hub, "province");
    let period = format!("point={POINT}&from={from}&to={now}");
    let raw = |hub: &super::Hub| hub.get(&format!("/readings?{period}"));
    let buckets = |hub: &super::Hub| hub.get(&format!("/readings?{period}&buckets=333"));
    let (raw_before, buckets_before) = (raw(&hub), buckets(&hub));
    assert_eq!(raw_before["v"].as_array().unwrap().len(), 4 * 144);
    hub.stop();
    // From now on this hub keeps a day.
    let file = folder.path().join("hub.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let kept = "[store]\nkeep_raw = \"1d\"\nkeep_hourly = \"1d\"\n";
    std::fs::write(&file, text.replace("[store]\n", kept) + "[history]\nremote = \"province\"\n").unwrap();
    let hub = folder.run(&token);
    let seam = wait_for("older readings to be read from the engine", BOUND, || {
        let found = raw(&hub);
        (found["v"] == raw_before["v"]).then_some(found)
    });
    assert_eq!(
        (&seam["t"], &seam["q"], &seam["older"]["state"]),
        (&raw_before["t"], &raw_before["q"], &"read".into())
    );
    let charted = buckets(&hub);
    for column in ["t", "n", "min", "max"] {
        assert_eq!(charted[column], buckets_before[column], "{column}");
    }
    engine.kill();
    let cut = raw(&hub);
    assert_eq!(cut["older"]["state"], "unreachable", "never a gap that looks like one");
    assert!(cut["older"]["detail"].as_str().unwrap().contains("is not reached"), "{cut}");
    assert!(cut["older"]["until"].as_i64().unwrap() > from);
    assert!(!cut["v"].as_array().unwrap().is_empty(), "what is here is shown");
    hub.stop();
}

#[test]
fn what_has_left_the_hub_is_read_from_influxdb() {
    a_history_with_a_seam(Kind::Influx);
}

#[test]
fn what_has_left_the_hub_is_read_from_victoria_metrics() {
    a_history_with_a_seam(Kind::Victoria);
}
