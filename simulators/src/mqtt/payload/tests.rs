//! Payloads as the parties outside write them, byte for byte.

use hub_model::{DeviceId, PointId, Quantity};

use super::*;
use crate::config::{Link, SimPoint};

fn point(id: &str, quantity: &str, place: Place) -> SimPoint {
    let quantity = Quantity::parse(quantity).unwrap();
    SimPoint {
        id: PointId::parse(id).unwrap(),
        quantity,
        unit: quantity.default_unit().unwrap(),
        scale: 1.0,
        offset: 0.0,
        missing: Vec::new(),
        counter: None,
        alarm: false,
        states: Vec::new(),
        decimals: 1,
        place,
    }
}

fn foreign(topic: &str, path: Option<&str>, time_path: Option<&str>, format: Format) -> Place {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let line = LineHead::default();
    Place::Payload { topic: topic.to_owned(), path: owned(path), time_path: owned(time_path), format, line }
}

fn said(points: Vec<SimPoint>, raw: &dyn Fn(&SimPoint) -> f64) -> Vec<Message> {
    let device = SimDevice {
        id: DeviceId::parse("s/d").unwrap(),
        link: Link::Mqtt { login: None, elsewhere: None },
        expire_after: None,
        points,
    };
    let wall = Timestamp::from_millis(1_787_185_800_250);
    Speech { device: &device, wall, offset_s: 25_200, sequence: 412, raw }.messages()
}

#[test]
fn own_telemetry_carries_time_number_and_metrics() {
    let points = vec![
        point("s/d/h2s", "h2s", Place::Telemetry),
        point("s/d/clients", "clients", Place::Telemetry),
        point("s/d/pump", "pump_state", Place::Telemetry),
        point("s/d/ph", "ph", Place::Telemetry),
    ];
    let messages = said(points, &|point| match point.id.name() {
        "h2s" => 12.5,
        "ph" => f64::NAN,
        "pump" => 1.0,
        _ => 12.0,
    });
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].topic, "commune/v1/s/d/telemetry");
    let document: Value = serde_json::from_slice(&messages[0].payload).unwrap();
    let expected = json!({"ts": "2026-08-20T07:30:00.25+07:00", "seq": 412,
        "m": {"h2s": 12.5, "clients": 12, "pump": true, "ph": null}});
    assert_eq!(document, expected);
}

#[test]
fn a_lorawan_uplink_is_found_by_the_hubs_filter_and_paths() {
    let topic = "application/+/device/24e124713c140001/event/up";
    let points = vec![
        point("s/d/fill", "fill_level", foreign(topic, Some("object.distance"), Some("time"), Format::Json)),
        point("s/d/battery", "battery", foreign(topic, Some("object.list[1]"), None, Format::Json)),
    ];
    let messages = said(points, &|point| if point.id.name() == "fill" { 734.0 } else { 98.5 });
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].topic, "application/1/device/24e124713c140001/event/up");
    let document: Value = serde_json::from_slice(&messages[0].payload).unwrap();
    assert_eq!(document["object"]["distance"], json!(734));
    assert_eq!(document["time"], json!("2026-08-20T07:30:00.25+07:00"));
    assert_eq!(document["deviceInfo"]["devEui"], json!("24e124713c140001"));
    assert_eq!(document["fCnt"], json!(412));
    assert_eq!(document["deduplicationId"].as_str().map(str::len), Some(36));
}

#[test]
fn collectd_lines_and_plain_numbers() {
    let points = vec![
        point("s/d/rx", "rx_bytes", foreign("collectd/ap/octets", None, None, Format::Collectd)),
        point("s/d/tx", "tx_bytes", foreign("collectd/ap/octets", Some("[1]"), None, Format::Collectd)),
        point("s/d/level", "level", foreign("tank/#", None, None, Format::Number)),
    ];
    let messages = said(points, &|point| match point.id.name() {
        "rx" => 1_421_451.0,
        "tx" => 9_681_874.0,
        _ => 2.75,
    });
    assert_eq!(messages[0].payload, b"1787185800.250:1421451:9681874\0");
    assert_eq!((messages[1].topic.as_str(), messages[1].payload.as_slice()), ("tank/1", &b"2.75"[..]));
}

#[test]
fn a_senml_pack_has_a_record_of_each_number() {
    let pack = |name| foreign("tank/senml", Some(name), None, Format::Senml);
    let points =
        vec![point("s/d/level", "level", pack("level")), point("s/d/ph", "ph", pack("urn:dev:7:ph"))];
    let messages = said(points.clone(), &|point| if point.id.name() == "ph" { 7.25 } else { 2.0 });
    let document: Value = serde_json::from_slice(&messages[0].payload).unwrap();
    let at = 1_787_185_800.25;
    assert_eq!(document, json!([{"n": "level", "t": at, "v": 2}, {"n": "urn:dev:7:ph", "t": at, "v": 7.25}]));
    let messages = said(points, &|point| if point.id.name() == "ph" { f64::NAN } else { 2.0 });
    assert_eq!(messages[0].payload, br#"[{"n":"level","t":1787185800.25,"v":2}]"#);
}

#[test]
fn fields_under_the_same_head_share_a_line() {
    let place = |field: &str, measurement: Option<&str>, tags: &[(&str, &str)]| {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let line =
            LineHead { measurement: measurement.map(str::to_owned), tags: tags.iter().map(owned).collect() };
        let (topic, path) = ("tank/line".to_owned(), Some(field.to_owned()));
        Place::Payload { topic, path, time_path: None, format: Format::Line, line }
    };
    let points = vec![
        point("s/d/level", "level", place("level", Some("tank"), &[("no", "a 1")])),
        point("s/d/ph", "ph", place("ph value", Some("tank"), &[("no", "a 1")])),
        point("s/d/flow", "flow", place("flow", None, &[])),
    ];
    let messages = said(points, &|point| if point.id.name() == "flow" { 41.5 } else { 7.0 });
    assert_eq!(
        String::from_utf8(messages[0].payload.clone()).unwrap(),
        "tank,no=a\\ 1 level=7,ph\\ value=7 1787185800250\nd flow=41.5 1787185800250\n"
    );
}

#[test]
fn arrays_are_made_where_a_path_asks_for_them() {
    let mut document = json!({});
    put(&mut document, "a.b[0].c", json!(5));
    assert_eq!(document, json!({"a": {"b": [{"c": 5}]}}));
}
