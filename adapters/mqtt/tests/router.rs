//! Messages as devices send them, through the configuration of this crate's README.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use adapters_mqtt::config::{self, PasswordSource};
use adapters_mqtt::{Accepted, MqttDevice, Router};
use adapters_sdk::config::{Problems, Table};
use hub_model::{DeviceId, PointId, Reason, Sample, Timestamp};

const NOW: Timestamp = Timestamp::from_millis(1_787_185_860_000);

/// A device from a TOML text; panics with every fault.
fn device(id: &str, text: &str) -> MqttDevice {
    let mut problems = Problems::new();
    let device = read(id, text, &mut problems);
    assert!(problems.errors().is_empty(), "{:?}", problems.errors());
    device.unwrap()
}

fn read(id: &str, text: &str, problems: &mut Problems) -> Option<MqttDevice> {
    let mut table = Table::parse("device.toml", text, problems)?;
    let id = DeviceId::parse(id).unwrap();
    for common in ["adapter", "expire_after"] {
        table.text(common, problems);
    }
    let settings = config::device(&mut table, problems);
    let mut points = Vec::new();
    for mut point in table.tables("point", problems) {
        let name = point.needed_text("id", problems).unwrap();
        points.push((PointId::new(&id, &name).unwrap(), config::point(&mut point, None, problems)));
        point.finish(problems);
    }
    table.finish(problems);
    let points = points
        .into_iter()
        .map(|(id, settings)| settings.map(|settings| (id, settings)))
        .collect::<Option<_>>();
    Some(MqttDevice { id, settings: settings?, points: points? })
}

/// A sample configuration of the README, by its number from 1: what it shows must work.
fn sample_of_readme(number: usize) -> MqttDevice {
    let readme = include_str!("../README.md");
    let sample = readme.split("```toml\n").nth(number).and_then(|rest| rest.split("```").next()).unwrap();
    device("dong-bai-waste/bin-07", sample)
}

fn sample() -> MqttDevice {
    sample_of_readme(1)
}

#[test]
fn the_sample_of_somebody_elses_broker_is_a_configuration() {
    let device = sample_of_readme(2);
    let broker = device.settings.broker().unwrap();
    assert_eq!(broker.address.to_string(), "mqtts://hub@mqtt.example.vn:8883");
    assert_eq!(broker.password, Some(PasswordSource::File("mqtt.secret".to_owned())));
}

fn gas() -> MqttDevice {
    device(
        "dong-bai-waste/gas",
        "login = { username = \"gas\", password = \"secret\" }\n[[point]]\nid = \"h2s\"\n[[point]]\nid = \"nh3\"\n",
    )
}

fn message(topic: &str, payload: &[u8]) -> Accepted {
    Router::new([sample(), gas()].iter()).message(topic, payload, NOW).unwrap()
}

fn seen(accepted: &Accepted) -> Vec<(&str, Sample, Option<i64>)> {
    let observations = accepted.observations.iter();
    observations.map(|o| (o.point.name(), o.sample, o.measured_at.map(Timestamp::as_millis))).collect()
}

#[test]
fn own_telemetry_is_read_and_unknown_metrics_are_counted() {
    let accepted = message(
        "commune/v1/dong-bai-waste/gas/telemetry",
        br#"{"ts":"2026-08-20T07:30:00+07:00","seq":4,"m":{"h2s":12.25,"nh3":null,"mac":"aa:bb"}}"#,
    );
    let ts = Some(1_787_185_800_000);
    assert_eq!(
        seen(&accepted),
        [("h2s", Sample::Raw(12.25), ts), ("nh3", Sample::Missing(Reason::Sentinel), ts)]
    );
    assert_eq!((accepted.unknown_metrics, accepted.bad_times), (1, 0));
    assert_eq!(accepted.observations[0].received_at, NOW);
}

#[test]
fn a_time_that_cannot_be_read_is_counted_and_the_reading_kept() {
    let accepted = message("commune/v1/dong-bai-waste/gas/telemetry", br#"{"ts":"noon","m":{"h2s":1}}"#);
    assert_eq!(seen(&accepted), [("h2s", Sample::Raw(1.0), None)]);
    assert_eq!(accepted.bad_times, 1);
}

#[test]
fn offline_makes_every_point_of_the_device_missing() {
    let offline = Sample::Missing(Reason::Offline);
    let accepted = message("commune/v1/dong-bai-waste/gas/status", b"offline");
    assert_eq!(seen(&accepted), [("h2s", offline, None), ("nh3", offline, None)]);
    let online = Accepted { is_known: true, is_status: true, ..Accepted::default() };
    assert_eq!(message("commune/v1/dong-bai-waste/gas/status", b"online"), online);
}

#[test]
fn foreign_payloads_reach_their_points() {
    let uplink = br#"{"deduplicationId":"x","time":"2026-08-20T00:30:00Z","object":{"distance":1234.5}}"#;
    let accepted = message("application/9/device/24e124713c140001/event/up", uplink);
    assert_eq!(seen(&accepted), [("fill", Sample::Raw(1234.5), Some(1_787_185_800_000))]);
    let accepted = message("collectd/ap-01/iwinfo-phy0-ap0/stations", b"1760000000:12\0");
    assert_eq!(seen(&accepted), [("stations", Sample::Raw(12.0), Some(1_760_000_000_000))]);
    assert_eq!(message("application/9/device/other/event/up", uplink), Accepted::default());
}

#[test]
fn what_cannot_be_read_is_refused_with_its_topic() {
    let router = Router::new([sample(), gas()].iter());
    for (topic, payload, expected) in [
        ("commune/v1/dong-bai-waste/gas/telemetry", &b"{\"m\":{\"h2s\":NaN}}"[..], "is no JSON document"),
        ("commune/v1/dong-bai-waste/gas/telemetry", b"{}", "has no object \"m\" of metrics"),
        ("commune/v1/dong-bai-waste/gas/status", b"maybe", "is neither \"online\" nor \"offline\""),
        ("collectd/ap-01/iwinfo-phy0-ap0/stations", b"twelve", "is no line of collectd: epoch:value[:value]"),
    ] {
        let refused = router.message(topic, payload, NOW).unwrap_err();
        assert_eq!(refused.to_string(), format!("payload on {topic} {expected}"));
    }
}

#[test]
fn faulty_settings_are_told_with_their_places() {
    let mut problems = Problems::new();
    let text = "login = { username = \"\", password_file = \"x\", publish = [\"a#\"] }\n[[point]]\nid = \"a\"\npath = \"x\"\n\
                [[point]]\nid = \"b\"\ntopic = \"t\"\nformat = \"csv\"\n[[point]]\nid = \"c\"\ntopic = \"t\"\nformat = \"number\"\npath = \"x\"\n";
    read("site/device", text, &mut problems);
    let errors: Vec<_> = problems.errors().iter().map(ToString::to_string).collect();
    assert_eq!(
        errors,
        [
            "device.toml:1: login.publish: found \"a#\", allowed: levels joined by /, where + stands for one whole level and # for the rest",
            "device.toml:1: login.username: found 0 bytes, allowed: 1 to 256",
            "device.toml:4: point[a].path: is only allowed beside a topic",
            "device.toml:8: point[b].format: found \"csv\", allowed: json, number, collectd, senml, line, netjson",
            "device.toml:13: point[c].path: found beside format \"number\", which has no path",
        ]
    );
    let mut problems = Problems::new();
    assert!(read("site/device", "broker = \"http://x\"\n", &mut problems).is_none());
    assert!(read("site/device", "adapter = \"mqtt\"\n", &mut problems).is_none());
    assert!(read("site/device", "login = { username = \"a\" }\n", &mut problems).is_none());
    assert_eq!(problems.errors().len(), 3, "{:?}", problems.errors());
}

#[test]
fn faults_of_somebody_elses_broker_are_told_with_their_places() {
    let told = |text: &str| {
        let mut problems = Problems::new();
        read("site/device", text, &mut problems);
        problems.errors().iter().map(|error| error.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(
        told("broker = \"mqtts://hub@x\"\npassword = \"p\"\nca = \"ca.pem\"\nclient_id = \"hub-1\"\n"),
        [""; 0]
    );
    assert_eq!(
        told("broker = \"mqtt://x\"\nlogin = { username = \"a\", password = \"b\" }\n"),
        ["device.toml:2: login: found broker too, allowed: only one of them"]
    );
    assert_eq!(
        told("broker = \"mqtt://x\"\npassword = \"p\"\nca = \"ca.pem\"\nclient_id = \"a b\"\n"),
        [
            "device.toml:1: broker: a password needs a user name, such as mqtts://hub@host:8883",
            "device.toml:3: ca: is only allowed beside mqtts://",
            "device.toml:4: client_id: found \"a b\", allowed: 1 to 128 letters, digits and signs without a space",
        ]
    );
    assert_eq!(
        told("login = { username = \"a\", password = \"b\" }\nca = \"ca.pem\"\n"),
        ["device.toml:2: ca: is only allowed beside a broker"]
    );
    let password = told("broker = \"mqtts://hub:geheim@x\"\n");
    assert!(password.len() == 1 && !password[0].contains("geheim"), "{password:?}");
}

#[test]
fn telemetry_that_never_came_or_came_again_is_counted() {
    let router = Router::new([gas()].iter());
    let counts = [1, 2, 5, 5].map(|seq| {
        let payload = format!(r#"{{"seq":{seq},"m":{{"h2s":1}}}}"#);
        let accepted =
            router.message("commune/v1/dong-bai-waste/gas/telemetry", payload.as_bytes(), NOW).unwrap();
        (accepted.lost_telemetry, accepted.repeated_telemetry, accepted.observations.len())
    });
    assert_eq!(counts, [(0, 0, 1), (0, 0, 1), (2, 0, 1), (0, 1, 1)]);
}

#[test]
fn a_secret_in_the_wrong_place_is_not_told() {
    for text in ["login = \"hunter22\"\n", "login = { username = \"a\", password = 22222222 }\n"] {
        let mut problems = Problems::new();
        assert!(read("site/device", text, &mut problems).is_none());
        let errors: Vec<_> = problems.errors().iter().map(ToString::to_string).collect();
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors[0].contains("found a ") && !errors[0].contains("22"), "{errors:?}");
    }
}

#[test]
fn a_password_is_never_printed() {
    let printed = format!("{:?}", gas());
    assert!(!printed.contains("secret"), "{printed}");
    assert!(matches!(gas().settings.login().unwrap().password, PasswordSource::Given(_)));
}
