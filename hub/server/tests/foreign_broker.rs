//! Somebody else's broker at the whole hub: readings in, silence and outage told, commands out, a changed configuration; and bridges to it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "foreign_broker/bridge.rs"]
mod bridge;
mod support;

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};
use support::peers::{MosquittoSub, mosquitto_pub};
use support::{Folder, Hub, wait_for};

const LOOK_EVERY: Duration = Duration::from_millis(50);
const SOON: Duration = Duration::from_secs(60);
const HUB: &str = "[commune]\nid = \"c\"\nname = \"C\"\ntimezone = \"Asia/Ho_Chi_Minh\"\n[http]\nlisten = \"127.0.0.1:0\"\n[mqtt]\nlisten = \"127.0.0.1:0\"\n[store]\ndir = \"data\"\n";

/// A mosquitto that lets everybody in; ended when dropped.
struct Mosquitto {
    child: Child,
    address: SocketAddr,
}

impl Mosquitto {
    fn on(port: u16) -> Self {
        let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let port = if port == 0 { free() } else { port };
        let child =
            Command::new("mosquitto").args(["-p", &port.to_string()]).stderr(Stdio::null()).spawn().unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        wait_for("mosquitto to listen", SOON, || TcpStream::connect(address).ok());
        Self { child, address }
    }

    fn publish(&self, topic: &str, payload: &str) {
        mosquitto_pub(self.address, ("any", "one"), topic, payload, &[]);
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn site(broker: SocketAddr, topic: &str) -> String {
    format!(
        r#"
id = "station"
kind = "other"
[[device]]
id = "well"
adapter = "mqtt"
broker = "mqtt://hub@{broker}"
password = "any"
expire_after = "10m"
[[device.point]]
id = "level"
quantity = "level"
topic = "{topic}"
path = "object.distance"
scale = 0.001
[[device]]
id = "pump"
adapter = "mqtt"
broker = "mqtt://hub@{broker}"
password = "any"
[[device.point]]
id = "power"
quantity = "power"
unit = "kW"
[[device]]
id = "valve"
adapter = "mqtt"
login = {{ username = "valve", password = "valve-password" }}
[[device.point]]
id = "open"
quantity = "state"
"#
    )
}

fn link(hub: &Hub) -> Value {
    hub.get("/mqtt")["links"][0].clone()
}

fn connected(hub: &Hub) {
    wait_for("the connection", SOON, || link(hub)["connected_since"].is_string().then_some(()));
}

fn value(hub: &Hub, point: &str, expected: f64) {
    wait_for(&format!("{point} to be {expected}"), SOON, || {
        (hub.point(point)["latest"]["value"] == json!(expected)).then_some(())
    });
}

/// A client that answers the commands on `topic` with `answer` where each asks for it, until it is stopped.
struct Answering {
    stop: mpsc::Sender<()>,
    thread: JoinHandle<()>,
}

impl Answering {
    fn start(broker: SocketAddr, login: (&str, &str), topic: &str, answer: &'static str) -> Self {
        let mut commands = MosquittoSub::start(broker, login, topic, &["-V", "mqttv5"]);
        let (name, password) = (login.0.to_owned(), login.1.to_owned());
        let (stop, stopped) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            while stopped.try_recv().is_err() {
                let Some(line) = commands.try_next(LOOK_EVERY) else { continue };
                let command: Value = serde_json::from_str(&line).unwrap();
                mosquitto_pub(broker, (&name, &password), command["response"].as_str().unwrap(), answer, &[]);
            }
        });
        Self { stop, thread }
    }

    fn stop(self) {
        self.stop.send(()).unwrap();
        self.thread.join().unwrap();
    }
}

#[test]
fn readings_come_from_somebody_elses_broker_and_an_outage_is_told() {
    let broker = Mosquitto::on(0);
    let folder =
        Folder::with(&[("hub.toml", HUB), ("sites/a.toml", &site(broker.address, "application/+/level"))]);
    let hub = folder.run(&folder.token("integrator"));
    connected(&hub);
    broker.publish("application/1/level", r#"{"object":{"distance":1310}}"#);
    value(&hub, "station/well/level", 1.31);
    broker.publish("commune/v1/station/pump/telemetry", r#"{"seq":1,"m":{"power":2.5,"new":1}}"#);
    value(&hub, "station/pump/power", 2.5);
    broker.publish("application/1/level", "broken");
    let one = wait_for("what could not be read", SOON, || {
        let arrivals = hub.get("/mqtt/arrivals");
        let all = arrivals["messages"].as_array().unwrap().clone();
        all.into_iter().find(|message| message["fate"] == "unreadable")
    });
    assert_eq!(one["from"], format!("mqtt://hub@{}", broker.address));
    let seen = link(&hub);
    assert_eq!((&seen["messages"], &seen["trouble"]), (&json!(3), &Value::Null), "{seen}");
    assert!(
        seen["devices"].as_array().unwrap().iter().all(|device| device["last_message"].is_string()),
        "{seen}"
    );
    assert!(hub.metrics().contains("commune_mqtt_link_up{"));

    // Another filter: the broker is told to forget the old one.
    let before = broker.address;
    std::fs::write(folder.path().join("sites/a.toml"), site(before, "other/+/level")).unwrap();
    wait_for("the changed filter", SOON, || {
        broker.publish("other/1/level", r#"{"object":{"distance":1500}}"#);
        (hub.point("station/well/level")["latest"]["value"] == json!(1.5)).then_some(())
    });
    broker.publish("application/1/level", r#"{"object":{"distance":9}}"#);
    broker.publish("other/1/level", r#"{"object":{"distance":1600}}"#);
    value(&hub, "station/well/level", 1.6);
    assert!(!hub.get("/mqtt/unknown").to_string().contains("application/1/level"), "it was forgotten");

    drop(broker);
    wait_for("the outage", SOON, || link(&hub)["down_since"].is_string().then_some(()));
    let name = format!("mqtt mqtt://hub@{before}");
    let ready = hub.ready();
    let part =
        ready["adapters"].as_array().unwrap().iter().find(|part| part["name"] == name.as_str()).unwrap();
    assert_eq!(part["state"], "degraded", "{ready}");
    let broker = Mosquitto::on(before.port());
    connected(&hub);
    wait_for("readings again", SOON, || {
        broker.publish("other/1/level", r#"{"object":{"distance":1700}}"#);
        (hub.point("station/well/level")["latest"]["value"] == json!(1.7)).then_some(())
    });
    assert_eq!(link(&hub)["sessions_lost"], 1);
    hub.stop();
}

#[test]
fn commands_go_out_and_answers_come_back_over_either_broker() {
    let broker = Mosquitto::on(0);
    let folder =
        Folder::with(&[("hub.toml", HUB), ("sites/a.toml", &site(broker.address, "application/+/level"))]);
    let hub = folder.run(&folder.token("integrator"));
    connected(&hub);
    let send = |device: &str, timeout_s: u64| {
        hub.post(
            &format!("/devices/station/{device}/command"),
            &json!({"command": {"open": true}, "timeout_s": timeout_s}),
        )
    };
    let (status, said) = send("valve", 5);
    assert_eq!(status, 409, "{said}");
    assert!(said["detail"].as_str().unwrap().contains("commune/v1/station/valve/command"), "{said}");
    let (status, said) = send("well", 5);
    assert_eq!(status, 409, "not its own topics: {said}");

    let login = ("valve", "valve-password");
    let valve = Answering::start(hub.mqtt, login, "commune/v1/station/valve/command", r#"{"open":true}"#);
    let answer = wait_for("the valve's answer", SOON, || {
        let (status, said) = send("valve", 10);
        (status == 200).then_some(said)
    });
    assert_eq!(answer["answer"], json!({"open": true}), "{answer}");
    valve.stop();

    let pump = Answering::start(broker.address, ("any", "one"), "commune/v1/station/pump/command", "on");
    let answer = wait_for("the pump's answer", SOON, || {
        let (status, said) = send("pump", 2);
        (status == 200).then_some(said)
    });
    assert_eq!(answer["text"], "on", "{answer}");
    pump.stop();
    let (status, said) = send("pump", 1);
    assert_eq!(status, 503, "told, and no answer: {said}");
    hub.stop();
}

#[test]
fn the_demo_reads_from_somebody_elses_broker_where_it_is_asked_to() {
    let folder = Folder::with(&[]);
    let mut demo = Command::new(env!("CARGO_BIN_EXE_commune-hub"))
        .args(["demo", "--site-broker", "--history-days", "0", "--http", "127.0.0.1:0", "--format", "json"])
        .arg("--dir")
        .arg(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(demo.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let told: Value = serde_json::from_str(&line).unwrap();
    let (url, token) = (told["url"].as_str().unwrap(), folder.token("viewer"));
    let measured = wait_for("a reading of the school", SOON, || {
        let request = ureq::get(format!("{url}/api/v1/points?site=truong-hoc"));
        let mut answer = request.header("Authorization", format!("Bearer {token}")).call().ok()?;
        let points: Value = answer.body_mut().read_json().ok()?;
        points.as_array()?.iter().map(|point| point["latest"]["value"].as_f64()).collect::<Option<Vec<_>>>()
    });
    assert_eq!(measured.len(), 2);
    // Asked to end, it takes its mosquitto with it.
    assert!(Command::new("kill").arg(demo.id().to_string()).status().unwrap().success());
    assert!(demo.wait().unwrap().success());
}
