//! The `mosquitto_pub` and `mosquitto_sub` programs against our broker, in both protocol versions.
//!
//! They are installed by the project's test set-up; without them these tests fail.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use support::{Hub, PASSWORD, wait_for};

/// A command against the hub, logged in as `name`.
fn mosquitto(program: &str, hub: &Hub, version: &str, name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    let address = hub.address();
    command
        .args(["-h", &address.ip().to_string(), "-p", &address.port().to_string(), "-V", version])
        .args(["-u", name, "-P", PASSWORD])
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs to the end: whether it succeeded, and what it said.
fn run(command: &mut Command) -> (bool, String) {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// Ends a program that a test left running.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn publishing_subscribing_retaining() {
    for version in ["mqttv311", "mqttv5"] {
        let hub = Hub::start();
        let topic = "đèn/1";
        for (qos, text) in [("0", "không"), ("1", "một")] {
            let (good, said) = run(&mut mosquitto(
                "mosquitto_pub",
                &hub,
                version,
                "device",
                &["-q", qos, "-r", "-t", topic, "-m", text],
            ));
            assert!(good, "{said}");
        }
        wait_for("both", || hub.broker.stats().committed == 2, || format!("{:?}", hub.broker.stats())).await;
        let arguments = ["-q", "1", "-t", "đèn/#", "-C", "2", "-W", "20", "-F", "%r %q %t %p"];
        let mut child =
            Running(mosquitto("mosquitto_sub", &hub, version, "staff", &arguments).spawn().unwrap());
        let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), format!("1 1 {topic} một"));
        let (good, said) = run(&mut mosquitto(
            "mosquitto_pub",
            &hub,
            version,
            "device",
            &["-q", "1", "-t", topic, "-m", "hai"],
        ));
        assert!(good, "{said}");
        assert_eq!(lines.next().unwrap().unwrap(), format!("0 1 {topic} hai"));
        assert!(child.0.wait().unwrap().success());
    }
}

#[test]
fn many_lines_over_one_connection() {
    use std::io::Write;

    for version in ["mqttv311", "mqttv5"] {
        let hub = Hub::start();
        let arguments = ["-q", "1", "-t", "site/tank/telemetry", "-l"];
        let mut child = mosquitto("mosquitto_pub", &hub, version, "device", &arguments)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        for number in 0..500 {
            writeln!(input, "{number}").unwrap();
        }
        drop(input);
        assert!(Running(child).0.wait().unwrap().success());
        let seen: Vec<_> = hub.door.seen().into_iter().map(|message| message.payload).collect();
        let expected: Vec<_> = (0..500).map(|number| number.to_string().into_bytes()).collect();
        assert_eq!(seen, expected);
    }
}

#[test]
fn refusals_are_understood() {
    let hub = Hub::start();
    for version in ["mqttv311", "mqttv5"] {
        let (good, said) = run(mosquitto("mosquitto_pub", &hub, version, "device", &["-t", "a", "-m", "x"])
            .args(["-P", "wrong"]));
        assert!(!good, "{said}");
        let arguments = ["-q", "1", "-t", "site/other/x", "-m", "x"];
        let (_, said) = run(&mut mosquitto("mosquitto_pub", &hub, version, "device", &arguments));
        assert_eq!(said.to_lowercase().contains("not authori"), version == "mqttv5", "{said}");
        let arguments = ["-t", "site/other/#", "-W", "20", "-C", "1"];
        let (_, said) = run(&mut mosquitto("mosquitto_sub", &hub, version, "device", &arguments));
        assert!(said.contains("denied"), "{said}");
    }
    assert_eq!(hub.door.seen(), []);
}

#[test]
fn qos_2_is_taken_exactly_once() {
    for version in ["mqttv311", "mqttv5"] {
        let hub = Hub::start();
        let arguments = ["-q", "2", "-t", "site/tank/telemetry", "-m", "2"];
        let (good, said) = run(&mut mosquitto("mosquitto_pub", &hub, version, "device", &arguments));
        assert!(good, "{said}");
        assert_eq!(hub.door.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_killed_subscriber_leaves_its_will() {
    for version in ["mqttv311", "mqttv5"] {
        let hub = Hub::start();
        let arguments = [
            "-t",
            "site/tank/#",
            "--will-topic",
            "site/tank/status",
            "--will-payload",
            "offline",
            "--will-qos",
            "1",
            "--will-retain",
        ];
        let child = Running(mosquitto("mosquitto_sub", &hub, version, "device", &arguments).spawn().unwrap());
        wait_for("it", || hub.broker.stats().connections == 1, || format!("{:?}", hub.broker.stats())).await;
        drop(child);
        wait_for("the will", || hub.broker.stats().retained == 1, || format!("{:?}", hub.broker.stats()))
            .await;
        assert_eq!(&*hub.door.seen()[0].payload, b"offline");
    }
}
