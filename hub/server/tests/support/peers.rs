//! Foreign peers as processes: a Modbus server in Python and mosquitto's clients.

#![allow(dead_code, clippy::unwrap_used, reason = "each test uses its own part, and fails by panicking")]

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};

/// A message is waited for so long.
const MESSAGE_WITHIN: Duration = Duration::from_secs(60);

/// The Python that has the foreign peers, as `cargo xtask test` installs it.
pub fn python() -> String {
    std::env::var("COMMUNE_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

/// A Modbus server by other hands; ended when dropped.
pub struct ModbusServer {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    /// Its port on loopback.
    pub port: u16,
}

impl ModbusServer {
    /// Starts it on `port` (0: the system chooses) with these units' tables.
    pub fn start(port: u16, units: &Value) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../adapters/modbus/tests/foreign_server.py");
        let wanted = json!({"port": port, "units": units}).to_string();
        let mut child = Command::new(python())
            .args([script, &wanted])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 with pymodbus is needed: run cargo xtask test, which installs it");
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let port = line.trim().parse().unwrap_or_else(|_| {
            panic!("the foreign Modbus server said {line:?}: run cargo xtask test, which installs pymodbus")
        });
        Self { stdin: child.stdin.take().unwrap(), stdout, child, port }
    }

    /// Changes registers.
    pub fn set(&mut self, unit: u8, table: &str, address: u16, values: &Value) {
        writeln!(
            self.stdin,
            "{}",
            json!({"unit": unit, "table": table, "address": address, "values": values})
        )
        .unwrap();
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "done");
    }

    /// Ends it at once, as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for ModbusServer {
    fn drop(&mut self) {
        // Already gone after `kill`.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What mosquitto's clients are told alike: a broker here, a login, QoS 1, a topic.
fn of_mosquitto<'a>(port: &'a str, login: (&'a str, &'a str), topic: &'a str) -> [&'a str; 12] {
    ["-h", "127.0.0.1", "-p", port, "-u", login.0, "-P", login.1, "-q", "1", "-t", topic]
}

/// Publishes with `mosquitto_pub` at QoS 1; panics unless it was acknowledged.
pub fn mosquitto_pub(broker: SocketAddr, login: (&str, &str), topic: &str, payload: &str, more: &[&str]) {
    let port = broker.port().to_string();
    let output = Command::new("mosquitto_pub")
        .args(of_mosquitto(&port, login, topic))
        .args(["-m", payload])
        .args(more)
        .output()
        .expect("mosquitto_pub is needed: run cargo xtask test, which installs it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// `mosquitto_sub` at QoS 1, a line for each message; killed when dropped.
pub struct MosquittoSub {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl MosquittoSub {
    /// Subscribes to a topic or filter; returns once the broker has granted it.
    pub fn start(broker: SocketAddr, login: (&str, &str), filter: &str, more: &[&str]) -> Self {
        let port = broker.port().to_string();
        // Into a pipe it would gather its own lines; those of messages it hands on at once.
        let mut child = Command::new("stdbuf")
            .args(["-oL", "mosquitto_sub"])
            .args(of_mosquitto(&port, login, filter))
            .arg("-d")
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .expect("mosquitto_sub is needed: run cargo xtask test, which installs it");
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                // The test may be over.
                let _ = sender.send(line);
            }
        });
        let mut sub = Self { child, lines };
        while !sub.line().starts_with("Subscribed") {}
        sub
    }

    /// The next message.
    pub fn next(&mut self) -> String {
        self.try_next(MESSAGE_WITHIN).expect("a message")
    }

    /// The next message, if one comes within this time.
    pub fn try_next(&mut self, within: Duration) -> Option<String> {
        loop {
            let line = self.lines.recv_timeout(within).ok()?;
            let is_of_the_client = ["Client ", "Subscribed "].iter().any(|start| line.starts_with(start));
            if !is_of_the_client {
                return Some(line);
            }
        }
    }

    fn line(&mut self) -> String {
        self.lines.recv_timeout(MESSAGE_WITHIN).expect("a line of mosquitto_sub")
    }
}

impl Drop for MosquittoSub {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
