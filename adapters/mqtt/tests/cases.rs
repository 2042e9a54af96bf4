//! Every folder of `cases/<format>/<name>`: messages as senders document them, a configuration, and what comes of them.
//!
//! `message` is a topic and a payload, line about, one message after the other; a payload of bytes is `hex:` and their digits. In `config.toml` the topic above the points is
//! that of each of them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write;
use std::fs;
use std::path::Path;

use adapters_mqtt::config::{self, DeviceSettings, LoginSettings, PasswordSource, Way};
use adapters_mqtt::{MqttDevice, Router};
use adapters_sdk::config::{Problems, Table};
use hub_model::{DeviceId, PointId, Timestamp, Unit};
use proptest::prelude::*;
use proptest::sample::Index;

const NOW: Timestamp = Timestamp::from_millis(1_787_185_860_000);

fn router(text: &str) -> Router {
    let mut problems = Problems::new();
    let mut table = Table::parse("config.toml", text, &mut problems).unwrap();
    let topic = table.needed_text("topic", &mut problems).unwrap();
    let id = DeviceId::parse("yen-lac/edge").unwrap();
    let mut points = Vec::new();
    for mut point in table.tables("point", &mut problems) {
        let name = point.needed_text("id", &mut problems).unwrap();
        let unit = point.text("unit", &mut problems).map(|code| Unit::parse(&code).unwrap());
        let topic = Table::parse("topic.toml", &format!("topic = {topic:?}"), &mut problems).unwrap();
        let mut point = point.over(topic, "");
        points.push((
            PointId::new(&id, &name).unwrap(),
            config::point(&mut point, unit, &mut problems).unwrap(),
        ));
        point.finish(&mut problems);
    }
    assert!(problems.errors().is_empty(), "{:?}", problems.errors());
    let password = PasswordSource::Given(String::new());
    let login = LoginSettings { username: "edge".to_owned(), password, publish: vec![], subscribe: vec![] };
    Router::new([MqttDevice { id, settings: DeviceSettings { way: Way::Login(login) }, points }].iter())
}

fn told(router: &Router, topic: &str, payload: &[u8]) -> String {
    let accepted = match router.message(topic, payload, NOW) {
        Ok(accepted) => accepted,
        Err(refused) => return format!("refused: {refused}\n"),
    };
    let mut text = String::new();
    for observation in &accepted.observations {
        let at = observation.measured_at.map_or("now".to_owned(), |at| at.as_millis().to_string());
        writeln!(text, "{} {:?} at {at}", observation.point.name(), observation.sample).unwrap();
    }
    for (name, count) in [
        ("bad times", accepted.bad_times),
        ("bad lines", accepted.bad_lines),
        ("copies", accepted.copies),
        ("lost uplinks", accepted.lost_uplinks),
    ] {
        if count > 0 {
            writeln!(text, "{name}: {count}").unwrap();
        }
    }
    if text.is_empty() { "nothing\n".to_owned() } else { text }
}

/// A case's folder, its router and its messages.
type Case = (std::path::PathBuf, Router, Vec<(String, Vec<u8>)>);

fn payload(line: &str) -> Vec<u8> {
    let Some(digits) = line.strip_prefix("hex:") else { return line.as_bytes().to_vec() };
    (0..digits.len() / 2).map(|n| u8::from_str_radix(&digits[2 * n..2 * n + 2], 16).unwrap()).collect()
}

fn cases() -> Vec<Case> {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let mut found = Vec::new();
    for format in fs::read_dir(cases).unwrap().map(Result::unwrap) {
        for case in fs::read_dir(format.path()).unwrap().map(Result::unwrap) {
            let read = |file: &str| fs::read_to_string(case.path().join(file)).unwrap();
            let lines: Vec<String> = read("message").lines().map(str::to_owned).collect();
            let messages = lines.chunks(2).map(|pair| (pair[0].clone(), payload(&pair[1]))).collect();
            found.push((case.path(), router(&read("config.toml")), messages));
        }
    }
    found
}

#[test]
fn every_case_gives_what_it_expects() {
    let mut wrong = String::new();
    let cases = cases();
    for (folder, router, messages) in &cases {
        let said: String = messages.iter().map(|(topic, payload)| told(router, topic, payload)).collect();
        let expected = fs::read_to_string(folder.join("expected")).unwrap_or_default();
        if said != expected {
            writeln!(wrong, "--- {}: expected\n{expected}--- said\n{said}", folder.display()).unwrap();
        }
    }
    assert!(cases.len() >= 13, "only {} cases were found", cases.len());
    assert!(wrong.is_empty(), "{wrong}");
}

/// Every proposal for a documented message is a configuration, and reads the value that it names.
#[test]
fn what_is_proposed_for_a_payload_reads_it() {
    let mut proposed = 0;
    for (folder, _, messages) in cases() {
        for (topic, payload) in messages {
            for proposal in adapters_mqtt::propose(&topic, &payload) {
                let toml = proposal.toml.replace("[[device.point]]", "").replace("quantity = ", "#");
                let mut problems = Problems::new();
                let mut table = Table::parse("proposal.toml", &toml, &mut problems).unwrap();
                let id = table.needed_text("id", &mut problems).unwrap();
                let settings = config::point(&mut table, None, &mut problems).unwrap();
                table.finish(&mut problems);
                assert!(problems.errors().is_empty(), "{}: {toml}{:?}", folder.display(), problems.errors());
                let point = PointId::parse(&format!("a/b/{id}")).unwrap();
                let device = DeviceId::parse("a/b").unwrap();
                let login = LoginSettings {
                    username: String::new(),
                    password: PasswordSource::Given(String::new()),
                    publish: vec![],
                    subscribe: vec![],
                };
                let settings = vec![(point, settings)];
                let device = MqttDevice {
                    id: device,
                    settings: DeviceSettings { way: Way::Login(login) },
                    points: settings,
                };
                let accepted = Router::new([device].iter()).message(&topic, &payload, NOW).unwrap();
                let read =
                    accepted.observations.last().unwrap_or_else(|| panic!("{}: {toml}", folder.display()));
                assert_eq!(
                    read.sample,
                    hub_model::Sample::Raw(proposal.value),
                    "{}: {toml}",
                    folder.display()
                );
                proposed += 1;
            }
        }
    }
    assert!(proposed > 40, "only {proposed}");
}

#[test]
fn a_lorawan_uplink_is_proposed_with_what_its_device_measures() {
    let (topic, payload) =
        &cases().into_iter().find(|case| case.0.ends_with("object-and-signal")).unwrap().2[0];
    let proposals = adapters_mqtt::propose(topic, payload);
    let found: Vec<_> = proposals.iter().map(|one| (one.path.as_str(), one.quantity, one.value)).collect();
    assert_eq!(
        found,
        [
            ("object.battery", Some("battery"), 92.0),
            ("object.distance", Some("level"), 1310.0),
            ("rxInfo[0].rssi", Some("signal"), -87.0),
            ("rxInfo[0].snr", None, 9.5),
        ]
    );
    let expected = "[[device.point]]\nid = \"distance\"\nquantity = \"level\"\n\
        topic = \"application/7/device/24e124713c140001/event/up\"\npath = \"object.distance\"\ntime_path = \"time\"\n";
    assert_eq!(proposals[1].toml, expected);
    let own = adapters_mqtt::propose(
        "commune/v1/a/b/telemetry",
        br#"{"seq":1,"m":{"ph":7.1,"on":true,"UPPER":1}}"#,
    );
    assert_eq!(
        own.iter().map(|one| one.toml.as_str()).collect::<Vec<_>>(),
        [
            "[[device.point]]\nid = \"on\"\nquantity = \"\" # what it measures, such as \"level\"\n",
            "[[device.point]]\nid = \"ph\"\nquantity = \"ph\"\n",
        ]
    );
}

/// Whatever bytes come on whatever topic: an answer or a refusal, bounded, at times that can be true, without an address.
#[test]
fn fuzz_payloads() {
    let cases = cases();
    let change = (any::<Index>(), any::<u8>(), 0..4u8);
    let random = prop::option::weighted(0.2, prop::collection::vec(any::<u8>(), 0..200));
    proptest!(|(
        which in any::<Index>(), message in any::<Index>(),
        changes in prop::collection::vec(change, 0..10), random in random
    )| {
        let (_, router, messages) = &cases[which.index(cases.len())];
        let (topic, payload) = &messages[message.index(messages.len())];
        let mut bytes = random.unwrap_or_else(|| payload.clone());
        for (at, byte, how) in changes {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, byte),
                _ => bytes.truncate(at),
            }
        }
        for proposal in adapters_mqtt::propose(topic, &bytes) {
            assert!(proposal.value.is_finite() && proposal.toml.len() < 4 * (bytes.len() + topic.len() + 100));
        }
        adapters_mqtt::client::fuzz(&bytes);
        // Twice: what is remembered of the first must not disturb the second.
        for _ in 0..2 {
            match router.message(topic, &bytes, NOW) {
                Ok(accepted) => {
                    assert!(accepted.observations.len() <= 8 * (bytes.len() + 1));
                    let mut times = accepted.observations.iter().filter_map(|observation| observation.measured_at);
                    assert!(times.all(|at| adapters_push::time::believable(at.as_millis()).is_some()));
                }
                Err(refused) => assert!(!refused.to_string().contains("00:ee:ad")),
            }
        }
    });
}
