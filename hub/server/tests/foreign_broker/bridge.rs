//! Bridges out: two real hubs joined by one end with the same readings, whatever happens between them; and other brokers.

use adapters_sdk::clock::stopwatch;
use serde_json::{Value, json};

use super::support::peers::{MosquittoSub, mosquitto_pub};
use super::support::proxy::Proxy;
use super::support::{Folder, Hub, wait_for};
use super::{HUB, Mosquitto};
use std::time::Duration;

/// Conditions are waited for so long on a machine that has other things to do.
const BOUND: Duration = Duration::from_secs(180);
/// News that are older than this become debts. The outage lasts at least so long; `COMMUNE_OUTAGE_S` makes it longer.
const DEBT_AFTER_MS: u64 = 5_000;
const POINTS: [&str; 3] = ["ph", "level", "flow"];
/// When the first reading was measured: 20/11/2026, epoch ms.
const START_MS: i64 = 1_795_132_800_000;

fn hub_toml(commune: &str, bridges: &str) -> String {
    HUB.replace("id = \"c\"", &format!("id = \"{commune}\"")) + "commit_window = \"10ms\"\n" + bridges
}

/// A site with one device.
fn site(device: &str) -> String {
    let points: String =
        POINTS.iter().map(|id| format!("[[device.point]]\nid = \"{id}\"\nquantity = \"{id}\"\n")).collect();
    format!("id = \"water\"\nkind = \"water_station\"\n[[device]]\nid = \"edge\"\n{device}\n{points}")
}

const FROM_BRIDGE: &str =
    "adapter = \"mqtt\"\nlogin = { username = \"tam-hop\", password = \"bridge-password\" }";

fn bridge(to: &str, more: &str) -> String {
    format!(
        "[[bridge]]\nid = \"district\"\nbroker = \"mqtt://tam-hop@{to}\"\npassword = \"bridge-password\"\n{more}"
    )
}

/// Writes `count` moments of all points to the hub, from the `first`-th second on; answered after the commit.
fn push(hub: &Hub, token: &str, first: i64, count: i64) {
    let line = |second: i64, point: &str| {
        let at = START_MS + second * 1_000;
        format!("x,point=water/edge/{point} value={} {at}\n", second.rem_euclid(14_000) as f64 / 1_000.0)
    };
    let lines: String =
        (first..first + count).flat_map(|second| POINTS.map(|point| line(second, point))).collect();
    wait_for("the hub to take lines", BOUND, || {
        let url = format!("http://{}/api/v2/write?precision=ms", hub.http);
        let request = ureq::post(&url).header("Authorization", format!("Token {token}"));
        request.send(&*lines).ok().filter(|answer| answer.status() == 204)
    });
}

fn readings(hub: &Hub, point: &str) -> Value {
    let range = "from=2026-11-19T00:00:00Z&to=2026-11-23T00:00:00Z";
    let all = hub.get(&format!("/readings?point=water/edge/{point}&{range}"));
    json!([all["t"], all["v"]])
}

fn link(hub: &Hub) -> Value {
    let links = hub.get("/mqtt")["links"].clone();
    links.as_array().unwrap().iter().find(|link| link["bridge"] == "district").unwrap().clone()
}

/// How long readings wait for the broker, as the metrics have it.
fn lag_s(hub: &Hub) -> Option<f64> {
    let metrics = hub.metrics();
    let mut lines = metrics.lines();
    lines
        .find_map(|line| line.strip_prefix("commune_mqtt_bridge_lag_seconds{bridge=\"district\"} "))?
        .parse()
        .ok()
}

/// Waits until all has arrived at the other side.
fn settled(hub: &Hub) -> Value {
    wait_for("everything to arrive", BOUND, || {
        let link = link(hub);
        let is_settled = link["waiting"] == 0 && link["owed"] == 0 && link["messages"] != 0;
        is_settled.then_some(link)
    })
}

#[test]
fn two_hubs_end_with_the_same_readings_over_an_outage_and_kills_of_either() {
    let district =
        Folder::with(&[("hub.toml", &hub_toml("phu-tho", "")), ("sites/water.toml", &site(FROM_BRIDGE))]);
    let there_token = district.token("integrator");
    let there = district.run(&there_token);
    let proxy = Proxy::before(there.mqtt);
    let commune = Folder::with(&[
        ("hub.toml", &hub_toml("tam-hop", &bridge(&proxy.address.to_string(), ""))),
        ("sites/water.toml", &site("adapter = \"push\"")),
    ]);
    let token = commune.token("integrator");
    let here = commune.run(&token);
    push(&here, &token, 0, 300);
    wait_for("the first ones there", BOUND, || {
        (readings(&there, "flow")[0].as_array().unwrap().len() == 300).then_some(())
    });

    // The link breaks with messages on it. Far more is measured than one batch holds.
    push(&here, &token, 300, 200);
    proxy.cut(true);
    push(&here, &token, 500, 500);
    let outage_ms = stopwatch();
    for batch in 1..12 {
        push(&here, &token, 500 + batch * 500, 500);
    }
    wait_for("the outage to be told", BOUND, || link(&here)["down_since"].is_string().then_some(()));
    let ready = here.ready();
    let part = ready["adapters"].as_array().unwrap().iter().find(|part| part["name"] == "bridge district");
    assert_eq!(part.unwrap()["state"], "degraded", "{ready}");
    assert!(here.metrics().contains("commune_mqtt_bridge_up{bridge=\"district\"} 0"));
    wait_for("the lag to be told", BOUND, || (lag_s(&here)? > 0.0).then_some(()));

    // A power cut here, while nothing can go out. What waits longer than some seconds and is more than a batch is owed then.
    wait_for("an outage that lasts", BOUND, || (outage_ms() > DEBT_AFTER_MS).then_some(()));
    here.kill();
    let here = commune.run(&token);
    push(&here, &token, 6_500, 100);
    wait_for("debts", BOUND, || (link(&here)["owed"].as_u64()? > 0).then_some(()));
    // Measuring goes on while it lasts.
    let lasts_s = std::env::var("COMMUNE_OUTAGE_S").map_or(0, |seconds| seconds.parse().unwrap());
    let mut moments = 0;
    wait_for("the end of the outage", BOUND + Duration::from_secs(lasts_s), || {
        push(&here, &token, 10_000 + moments, 1);
        moments += 1;
        (outage_ms() >= lasts_s * 1_000).then_some(())
    });
    proxy.cut(false);
    wait_for("the connection", BOUND, || link(&here)["connected_since"].is_string().then_some(()));

    // And one there, while it catches up; the way to it is another one then.
    push(&here, &token, 6_600, 300);
    there.kill();
    proxy.lead_to(None);
    push(&here, &token, 6_900, 100);
    let there = district.run(&there_token);
    proxy.lead_to(Some(there.mqtt));
    push(&here, &token, 7_000, 100);
    // One that comes late, of the day before.
    push(&here, &token, -86_400, 1);

    settled(&here);
    wait_for("the lag to be over", BOUND, || (lag_s(&here)? == 0.0).then_some(()));
    for point in POINTS {
        let (sent, arrived) = (readings(&here, point), readings(&there, point));
        assert_eq!(sent[0].as_array().unwrap().len() as i64, 7_101 + moments);
        assert!(sent == arrived, "{point}: {} there", arrived[0].as_array().unwrap().len());
    }
    here.stop();
    there.stop();
}

#[test]
fn what_two_hubs_send_each_other_does_not_go_round() {
    // The one hub's address is known before the other starts; the other's way back is led there afterwards.
    let back = Proxy::before("127.0.0.1:1".parse().unwrap());
    let meter = "adapter = \"mqtt\"\nlogin = { username = \"tam-hop\", password = \"bridge-password\" }";
    let there_folder = Folder::with(&[
        ("hub.toml", &hub_toml("phu-tho", &bridge(&back.address.to_string(), ""))),
        ("sites/water.toml", &site(FROM_BRIDGE)),
    ]);
    let there = there_folder.run(&there_folder.token("integrator"));
    let here_folder = Folder::with(&[
        ("hub.toml", &hub_toml("tam-hop", &bridge(&there.mqtt.to_string(), ""))),
        ("sites/water.toml", &site(meter)),
    ]);
    let here = here_folder.run(&here_folder.token("integrator"));
    back.lead_to(Some(here.mqtt));
    let copies = |count: u64| {
        wait_for("what came back to be dropped", BOUND, || {
            (here.get("/mqtt")["figures"]["copies"] == count).then_some(())
        });
    };
    let login = ("tam-hop", "bridge-password");
    for (count, level) in [(1, 1.25), (2, 1.5)] {
        let payload = json!({"m": {"level": level}}).to_string();
        mosquitto_pub(here.mqtt, login, "commune/v1/water/edge/telemetry", &payload, &[]);
        copies(count);
        assert_eq!(there.point("water/edge/level")["latest"]["value"], json!(level));
    }
    settled(&here);
    settled(&there);
    // Had one of them gone round, more would have.
    assert_eq!((link(&here)["messages"].clone(), link(&there)["messages"].clone()), (json!(2), json!(2)));
    copies(2);
    here.stop();
    there.stop();
}

#[test]
fn another_broker_is_told_what_is_asked_for_and_a_changed_bridge_is_taken_up() {
    let broker = Mosquitto::on(0);
    let to = broker.address.to_string();
    let selected = "quantities = [\"level\"]\ntopic = \"xã/{site}/{device}/{point}\"\n";
    let folder = Folder::with(&[
        ("hub.toml", &hub_toml("tam-hop", &bridge(&to, selected))),
        ("sites/water.toml", &site("adapter = \"push\"")),
    ]);
    let token = folder.token("integrator");
    let hub = folder.run(&token);
    let mut reader = MosquittoSub::start(broker.address, ("any", "one"), "#", &["-F", "%t %p"]);
    let mut next = || {
        let line = reader.next();
        let (topic, payload) = line.split_once(' ').unwrap();
        (topic.to_owned(), serde_json::from_str::<Value>(payload).unwrap())
    };
    push(&hub, &token, 250, 1);
    let expected = json!({"ts": START_MS + 250_000, "value": 0.25, "unit": "m", "quality": "not_evaluated", "via": ["tam-hop"]});
    assert_eq!(next(), ("xã/water/edge/level".to_owned(), expected));

    settled(&hub);
    let other = bridge(&to, "points = [\"water/edge/ph\", \"water/edge/flow\"]\n");
    std::fs::write(folder.path().join("hub.toml"), hub_toml("tam-hop", &other)).unwrap();
    // The place stays with the id, so that nothing is left out or said twice: the first message is of what comes now.
    wait_for("the other bridge", BOUND, || {
        let links = hub.get("/mqtt")["links"].clone();
        (links[0]["messages"] == 0 && links[0]["connected_since"].is_string()).then_some(())
    });
    push(&hub, &token, 500, 1);
    let m = json!({"ph": 0.5, "flow": 0.5});
    let expected = json!({"ts": START_MS + 500_000, "m": m, "via": ["tam-hop"]});
    assert_eq!(next(), ("commune/v1/water/edge/telemetry".to_owned(), expected));
    hub.stop();
}

#[test]
fn messages_on_bridged_topics_go_out_as_they_are_over_an_outage_and_a_kill() {
    let broker = Mosquitto::on(0);
    let proxy = Proxy::before(broker.address);
    let gateway = "adapter = \"mqtt\"\nlogin = { username = \"gateway\", password = \"g\", publish = [\"zigbee2mqtt/#\", \"other/#\"] }";
    let topics = "topics = [\"zigbee2mqtt/#\"]\n";
    let folder = Folder::with(&[
        ("hub.toml", &hub_toml("tam-hop", &bridge(&proxy.address.to_string(), topics))),
        ("sites/water.toml", &site(gateway)),
    ]);
    let token = folder.token("integrator");
    let mut hub = folder.run(&token);
    let mut reader = MosquittoSub::start(broker.address, ("any", "one"), "#", &["-q", "1", "-F", "%t %p"]);
    let say = |hub: &Hub, topic: &str, payload: &str| {
        mosquitto_pub(hub.mqtt, ("gateway", "g"), topic, payload, &["-q", "1"]);
    };
    say(&hub, "zigbee2mqtt/cửa", "{\"contact\":true}");
    assert_eq!(reader.next(), "tam-hop/zigbee2mqtt/cửa {\"contact\":true}");
    // Neither readings nor other topics, nor what has been here before.
    say(&hub, "commune/v1/water/edge/telemetry", "{\"m\":{\"level\":1.25}}");
    say(&hub, "other/1", "no");
    say(&hub, "zigbee2mqtt/phu-tho/tam-hop/1", "round");
    proxy.cut(true);
    for n in 0..20 {
        say(&hub, "zigbee2mqtt/1", &n.to_string());
    }
    hub.kill();
    hub = folder.run(&token);
    for n in 20..25 {
        say(&hub, "zigbee2mqtt/1", &n.to_string());
    }
    assert!(hub.metrics().contains("commune_mqtt_bridge_waiting_messages{bridge=\"district\"} 25\n"));
    let held = link(&hub);
    assert_eq!((&held["waiting_messages"], &held["dropped_messages"]), (&json!(25), &json!(0)));
    assert!(held["waiting_since"].is_string() && held["last_error"]["at"].is_string(), "{held}");
    assert!(lag_s(&hub).unwrap() > 0.0, "messages that wait are behind as readings are");
    let ready = hub.ready();
    let part = ready["adapters"].as_array().unwrap().iter().find(|part| part["name"] == "bridge district");
    let detail = part.unwrap()["detail"].as_str().unwrap();
    assert!(detail.contains(", 25 messages, for ") || detail.contains(": 25 messages, for "), "{detail}");
    proxy.cut(false);
    let mut seen: Vec<String> = Vec::new();
    while seen.len() < 25 {
        let line = reader.next();
        // What was under way when the link broke may come twice.
        if !seen.contains(&line) {
            seen.push(line);
        }
    }
    let expected: Vec<_> = (0..25).map(|n| format!("tam-hop/zigbee2mqtt/1 {n}")).collect();
    assert_eq!(seen, expected);
    wait_for("nothing to wait any more", BOUND, || {
        hub.metrics().contains("commune_mqtt_bridge_waiting_messages{bridge=\"district\"} 0\n").then_some(())
    });
    let after = wait_for("nothing to be held up any more", BOUND, || {
        Some(link(&hub)).filter(|after| after["waiting_since"].is_null() && after["trouble"].is_null())
    });
    assert!(after["last_error"]["why"].is_string(), "what went wrong last can still be read: {after}");
    assert_eq!(hub.point("water/edge/level")["latest"]["value"], json!(1.25), "readings are taken as ever");
    hub.stop();
}
