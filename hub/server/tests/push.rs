//! What is POSTed to the real hub, from the bytes of real senders to what its API then says.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::{Folder, Hub, wait_for};

const HUB: &str =
    "[commune]\nid = \"yen-lac\"\n[http]\nlisten = \"127.0.0.1:0\"\n[mqtt]\nlisten = \"127.0.0.1:0\"\n";
const SITE: &str = r#"
id = "water"
kind = "water_station"
[[device]]
id = "edge"
adapter = "push"
match = { measurement = "modbus", tags = { name = "plc" } }
[[device.point]]
id = "ph"
quantity = "ph"
scale = 0.01
[[device.point]]
id = "chlorine"
quantity = "free_chlorine"
field = "clo_du"
[[device]]
id = "node"
adapter = "push"
match = { measurement = "senml", tags = { bn = "urn:dev:ow:10e2073a01080063:" } }
[[device.point]]
id = "level"
quantity = "level"
[[device]]
id = "ap"
adapter = "push"
match = { measurement = "netjson", tags = { hostname = "ap-01" } }
[[device.point]]
id = "clients"
quantity = "clients"
[[device]]
id = "gas"
adapter = "mqtt"
login = { username = "gas", password = "a password of its own" }
[[device.point]]
id = "h2s"
quantity = "h2s"
"#;

struct Sender {
    hub: Hub,
    agent: ureq::Agent,
}

impl Sender {
    /// POSTs `body` to the hub with a token: status and text.
    fn post(&self, token: &str, path: &str, kind: &str, body: &[u8]) -> (u16, String) {
        let request = self.agent.post(format!("http://{}{path}", self.hub.http));
        let request = request.header("Authorization", format!("Token {token}")).header("Content-Type", kind);
        let mut answer = request.send(body).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    }

    fn latest(&self, point: &str) -> Value {
        self.hub.point(point)["latest"].clone()
    }
}

fn start(folder: &Folder) -> (Sender, String, String) {
    let (staff, integrator) = (folder.token("staff"), folder.token("integrator"));
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    let config = config.timeout_global(Some(Duration::from_secs(30)));
    (Sender { hub: folder.run(&integrator), agent: config.build().into() }, staff, integrator)
}

#[test]
fn lines_of_a_gateway_become_readings_and_wrong_ones_are_told() {
    let folder = Folder::with(&[("hub.toml", HUB), ("sites/water.toml", SITE)]);
    let (sender, staff, integrator) = start(&folder);
    let write = |token: &str, precision: &str, body: &str| {
        let path = format!("/api/v2/write?org=x&bucket=y&precision={precision}");
        sender.post(token, &path, "text/plain; charset=utf-8", body.as_bytes())
    };
    let body = "modbus,name=plc,host=gw ph=712,clo_du=0.42,state=\"ok\" 1787185800\ncpu usage=1 1787185800\n";
    assert_eq!(write(&staff, "s", body), (204, String::new()));
    assert_eq!(sender.latest("water/edge/ph")["value"], 7.12);
    assert_eq!(sender.latest("water/edge/ph")["measured_at"], "2026-08-20T07:30:00+07:00");
    assert_eq!(sender.latest("water/edge/chlorine")["value"], 0.42);

    let body = "modbus,name=plc clo_du=0.43 1787185801\nmodbus,name=plc clo_du=x 1787185802\n\
                x,point=water/gas/h2s value=1 1787185803\nx,point=water/edge/ph value=7.2 1787185804\n";
    let (status, text) = write(&staff, "s", body);
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, &told["code"], &told["line"]), (400, &json!("invalid"), &json!(2)), "{text}");
    assert!(text.contains("line 3: point water/gas/h2s is not one that is pushed"), "{text}");
    assert_eq!(sender.latest("water/edge/chlorine")["value"], 0.43);
    assert_eq!(sender.latest("water/edge/ph")["value"], 7.2);
    assert_eq!(sender.latest("water/gas/h2s"), Value::Null);

    // Old data of another adapter's point, by an integrator.
    assert_eq!(write(&integrator, "ms", "x,point=water/gas/h2s value=0.01 1787185803000\n").0, 204);
    assert_eq!(sender.latest("water/gas/h2s")["value"], 0.01);
    sender.hub.stop();
}

#[test]
fn packs_and_documents_become_readings() {
    let folder = Folder::with(&[("hub.toml", HUB), ("sites/water.toml", SITE)]);
    let (sender, staff, _) = start(&folder);
    let pack = r#"[{"bn":"urn:dev:ow:10e2073a01080063:","bt":1787185800,"n":"level","u":"cm","v":152}]"#;
    let answer = sender.post(&staff, "/api/v1/push/senml", "application/senml+json", pack.as_bytes());
    assert_eq!(answer, (204, String::new()));
    assert_eq!(sender.latest("water/node/level")["value"], 1.52);
    let document = r#"{"type":"DeviceMonitoring","general":{"hostname":"ap-01"},
        "interfaces":[{"name":"wlan0","wireless":{"clients":[{"mac":"00:ee:ad:34:f5:3b"},{}]}}]}"#;
    for path in ["/api/v1/push/netjson", "/api/v1/push/netjson?device=water/ap"] {
        let answer = sender.post(&staff, path, "application/json", document.as_bytes());
        assert_eq!(answer, (204, String::new()));
    }
    assert_eq!(sender.latest("water/ap/clients")["value"], 2.0);
    let (status, text) = sender.post(
        &staff,
        "/api/v1/push/netjson?device=water/none",
        "application/json",
        document.as_bytes(),
    );
    assert_eq!(status, 400, "{text}");
    assert!(text.contains("no device"), "{text}");
    sender.hub.stop();
}

#[test]
fn a_changed_field_feeds_its_point_without_a_start() {
    let folder = Folder::with(&[("hub.toml", HUB), ("sites/water.toml", SITE)]);
    let (sender, staff, _) = start(&folder);
    std::fs::write(folder.path().join("sites/water.toml"), SITE.replace("clo_du", "cl2")).unwrap();
    wait_for("the changed configuration", Duration::from_secs(20), || {
        let line = b"modbus,name=plc cl2=0.6";
        assert_eq!(sender.post(&staff, "/api/v2/write", "text/plain", line).0, 204);
        (sender.latest("water/edge/chlorine")["value"] == 0.6).then_some(())
    });
    sender.hub.stop();
}

#[test]
fn ten_million_readings_in_one_request_are_refused_in_words_and_nothing_is_lost() {
    let folder = Folder::with(&[("hub.toml", HUB), ("sites/water.toml", SITE)]);
    let (sender, staff, _) = start(&folder);
    let path = "/api/v2/write?precision=s";
    assert_eq!(sender.post(&staff, path, "text/plain", b"modbus,name=plc ph=700 1787185800").0, 204);
    let body = "modbus,name=plc ph=1\n".repeat(10_000_000);
    let (status, text) = sender.post(&staff, path, "text/plain", body.as_bytes());
    assert_eq!(status, 413, "{text}");
    assert!(text.contains("nothing was kept, send it in smaller pieces"), "{text}");
    assert_eq!(sender.latest("water/edge/ph")["value"], 7.0);
    let short = "modbus,name=plc ph=1\n".repeat(100_001);
    let (status, text) = sender.post(&staff, path, "text/plain", short.as_bytes());
    assert_eq!(status, 413, "{text}");
    assert!(text.contains("more than 100000 readings"), "{text}");
    assert_eq!(sender.latest("water/edge/ph")["value"], 7.0);
    sender.hub.stop();
}

/// A line goes from the hub's own broker to a real Telegraf, and from there over HTTP to the hub: both its ways.
#[test]
fn telegraf_writes_to_the_hub_as_it_does_to_influxdb() {
    let telegraf = std::env::var_os("COMMUNE_PEER_TELEGRAF").expect(
        "COMMUNE_PEER_TELEGRAF names no Telegraf; run cargo xtask test, which builds one and sets it",
    );
    let hub = HUB.replace("[mqtt]", "[mqtt]\nopen = true");
    let folder = Folder::with(&[("hub.toml", &hub), ("sites/water.toml", SITE)]);
    let (sender, staff, _) = start(&folder);
    let config = format!(
        "[agent]\ninterval = \"1s\"\nflush_interval = \"1s\"\n\
         [[outputs.influxdb_v2]]\nurls = [\"http://{}\"]\ntoken = \"{staff}\"\norganization = \"o\"\nbucket = \"b\"\n\
         [[inputs.mqtt_consumer]]\nservers = [\"tcp://{}\"]\ntopics = [\"lines\"]\ndata_format = \"influx\"\n",
        sender.hub.http, sender.hub.mqtt
    );
    let file = folder.path().join("telegraf.conf");
    std::fs::write(&file, config).unwrap();
    let options =
        rumqttc::MqttOptions::new("sender", sender.hub.mqtt.ip().to_string(), sender.hub.mqtt.port());
    let (client, mut connection) = rumqttc::Client::new(options, 10);
    let line = "modbus,name=plc ph=713,clo_du=0.5";
    client.publish("lines", rumqttc::QoS::AtLeastOnce, true, line).unwrap();
    let acknowledged = |event| matches!(event, Ok(rumqttc::Event::Incoming(rumqttc::Packet::PubAck(_))));
    assert!(connection.iter().take(20).any(acknowledged));
    let mut telegraf = std::process::Command::new(telegraf).arg("--config").arg(&file).spawn().unwrap();
    wait_for("Telegraf's reading", Duration::from_secs(60), || {
        (sender.latest("water/edge/ph")["value"] == 7.13).then_some(())
    });
    telegraf.kill().unwrap();
    telegraf.wait().unwrap();
    sender.hub.stop();
}
