//! The hub's own binary as a process, its configuration folder, and waiting for conditions with a bound.

#![allow(dead_code, clippy::unwrap_used, reason = "each test uses its own part, and fails by panicking")]

pub mod engines;
pub mod faulty;
pub mod peers;
pub mod proxy;
pub mod waiting_device;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use adapters_sdk::clock::stopwatch;
use serde_json::Value;
use tempfile::TempDir;

const HUB: &str = env!("CARGO_BIN_EXE_commune-hub");
const READY_WITHIN: Duration = Duration::from_secs(30);
/// Conditions are looked at so often.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Waits until `look` finds something; panics with `what` when it does not within the bound.
pub fn wait_for<T>(what: &str, within: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let elapsed_ms = stopwatch();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(u128::from(elapsed_ms()) < within.as_millis(), "waited {within:?} in vain for: {what}");
        std::thread::park_timeout(LOOK_EVERY);
    }
}

/// Holds the files of a process to so many bytes, a number or `unlimited`, as a disk does that is full. The process has to ignore the
/// signal of that limit, so that its writes fail instead.
pub fn limit_files(process: u32, bytes: &str) {
    let limit = Command::new("prlimit")
        .args([format!("--pid={process}"), format!("--fsize={bytes}:unlimited")])
        .output()
        .unwrap();
    assert!(limit.status.success(), "{}", String::from_utf8_lossy(&limit.stderr));
}

/// A configuration folder of its own, gone when dropped.
pub struct Folder(TempDir);

impl Folder {
    /// The pilot commune, its Modbus devices at `modbus`.
    pub fn pilot(modbus: &str) -> Self {
        let folder = Self(TempDir::new().unwrap());
        let pilot = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pilot");
        for part in ["", "sites", "profiles", "rules"] {
            fs::create_dir_all(folder.path().join(part)).unwrap();
            for entry in fs::read_dir(pilot.join(part)).unwrap().map(Result::unwrap) {
                if entry.file_type().unwrap().is_file() {
                    let text = fs::read_to_string(entry.path()).unwrap().replace("@MODBUS@", modbus);
                    fs::write(folder.path().join(part).join(entry.file_name()), text).unwrap();
                }
            }
        }
        folder
    }

    /// A commune with these files: (path, text).
    pub fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self(TempDir::new().unwrap());
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Runs a command of the hub on it and gives back what it prints; panics when it fails.
    pub fn hub(&self, arguments: &[&str], input: &str) -> String {
        let mut child = Command::new(HUB)
            .args(arguments)
            .arg("--config")
            .arg(self.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// A new API token of this role.
    pub fn token(&self, role: &str) -> String {
        self.hub(&["token", "add", &format!("test-{role}"), "--role", role], "").trim().to_owned()
    }

    /// Runs the hub on it.
    pub fn run(&self, token: &str) -> Hub {
        Hub::start(Command::new(HUB).arg("run").arg("--config").arg(self.path()), token)
    }

    /// Runs the hub on it, started by the shell after `preparation`.
    pub fn run_by_shell(&self, preparation: &str, token: &str) -> Hub {
        let script = format!("{preparation}; exec \"$0\" run --config \"$1\"");
        Hub::start(Command::new("sh").args(["-c", &script, HUB]).arg(self.path()), token)
    }
}

/// A running hub; killed when dropped.
pub struct Hub {
    child: Child,
    /// Where the API listens.
    pub http: SocketAddr,
    /// Where the broker listens.
    pub mqtt: SocketAddr,
    token: String,
    agent: ureq::Agent,
}

impl Hub {
    fn start(command: &mut Command, token: &str) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = mpsc::channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                // The test may be over; the hub's output is read on all the same, so that it never waits for us.
                let _ = sender.send(line);
            }
        });
        let elapsed_ms = stopwatch();
        let mut seen = Vec::new();
        let ready = loop {
            let left = READY_WITHIN.saturating_sub(Duration::from_millis(elapsed_ms()));
            match lines.recv_timeout(left) {
                Ok(line) if line.contains("hub ready") => break line,
                Ok(line) => seen.push(line),
                Err(_) => panic!("the hub is not ready: {seen:#?}"),
            }
        };
        let ready: Value = serde_json::from_str(&ready).unwrap();
        let address = |key: &str| {
            let told = ready["fields"][key].as_str().or(ready[key].as_str()).unwrap();
            // A hub without a broker has no address for it.
            if told == "off" { SocketAddr::from(([0; 4], 0)) } else { told.parse().unwrap() }
        };
        // A connection for each request: an idle one ends with the API when a reload takes its place, which is no answer.
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(READY_WITHIN))
            .max_idle_connections(0);
        Self {
            http: address("http"),
            mqtt: address("mqtt"),
            child,
            token: token.to_owned(),
            agent: config.build().into(),
        }
    }

    /// GET below `/api/v1`: status and body.
    pub fn try_get(&self, path: &str) -> (u16, Value) {
        let request = self.agent.get(format!("http://{}/api/v1{path}", self.http));
        let mut answer = request.header("Authorization", format!("Bearer {}", self.token)).call().unwrap();
        (answer.status().as_u16(), answer.body_mut().read_json().unwrap())
    }

    /// GET below `/api/v1`; panics unless it is answered with 200.
    pub fn get(&self, path: &str) -> Value {
        let (status, body) = self.try_get(path);
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// GET below `/api/v1`: the body as it comes; panics unless it is answered with success.
    pub fn bytes(&self, path: &str) -> Vec<u8> {
        let request = self.agent.get(format!("http://{}/api/v1{path}", self.http));
        let mut answer = request.header("Authorization", format!("Bearer {}", self.token)).call().unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.body_mut().with_config().limit(1 << 30).read_to_vec().unwrap()
    }

    /// POST below `/api/v1`: status and body (null when there is none).
    pub fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = self.agent.post(format!("http://{}/api/v1{path}", self.http));
        let mut answer =
            request.header("Authorization", format!("Bearer {}", self.token)).send_json(body).unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        (answer.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// PUT below `/api/v1`: status and body.
    pub fn put(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = self.agent.put(format!("http://{}/api/v1{path}", self.http));
        let mut answer =
            request.header("Authorization", format!("Bearer {}", self.token)).send_json(body).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_json().unwrap())
    }

    /// The live stream with this query, from now on.
    pub fn stream(&self, query: &str) -> Stream {
        let config = ureq::Agent::config_builder().timeout_connect(Some(READY_WITHIN));
        let request = config.build().new_agent().get(format!("http://{}/api/v1/stream{query}", self.http));
        let answer = request.header("Authorization", format!("Bearer {}", self.token)).call().unwrap();
        let (sender, events) = mpsc::channel();
        std::thread::spawn(move || {
            let mut kind = String::new();
            for line in BufReader::new(answer.into_body().into_reader()).lines().map_while(Result::ok) {
                if let Some(word) = line.strip_prefix("event: ") {
                    word.clone_into(&mut kind);
                } else if let Some(data) = line.strip_prefix("data: ") {
                    let event = (kind.clone(), serde_json::from_str(data).unwrap_or(Value::Null));
                    // The test may be over.
                    let _ = sender.send(event);
                }
            }
        });
        Stream(events)
    }

    /// DELETE below `/api/v1`: status and body.
    pub fn delete(&self, path: &str) -> (u16, Value) {
        let request = self.agent.delete(format!("http://{}/api/v1{path}", self.http));
        let mut answer = request.header("Authorization", format!("Bearer {}", self.token)).call().unwrap();
        (answer.status().as_u16(), answer.body_mut().read_json().unwrap())
    }

    /// The same hub, asked with another token.
    pub fn by(mut self, token: &str) -> Self {
        token.clone_into(&mut self.token);
        self
    }

    /// The token that it is asked with.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// What the API says of a point now.
    pub fn point(&self, id: &str) -> Value {
        let all = self.get("/points");
        all.as_array()
            .unwrap()
            .iter()
            .find(|point| point["id"] == id)
            .unwrap_or_else(|| panic!("no point {id}"))
            .clone()
    }

    /// Resident memory, in KiB.
    pub fn resident_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// What `/health/ready` says, ready or not.
    pub fn ready(&self) -> Value {
        self.agent
            .get(format!("http://{}/health/ready", self.http))
            .call()
            .unwrap()
            .body_mut()
            .read_json()
            .unwrap()
    }

    /// What `/metrics` says.
    pub fn metrics(&self) -> String {
        self.agent
            .get(format!("http://{}/metrics", self.http))
            .call()
            .unwrap()
            .body_mut()
            .read_to_string()
            .unwrap()
    }

    /// Bytes that the process has had written to the disk so far.
    pub fn written_bytes(&self) -> u64 {
        let io = fs::read_to_string(format!("/proc/{}/io", self.child.id())).unwrap();
        io.lines().find_map(|line| line.strip_prefix("write_bytes: ")).unwrap().parse().unwrap()
    }

    /// The process's id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends SIGKILL and leaves the rest to the end of the value.
    pub fn signal_kill(&self) {
        assert!(Command::new("kill").args(["-9", &self.child.id().to_string()]).status().unwrap().success());
    }

    /// SIGKILL, as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and waits for the clean end.
    pub fn stop(mut self) {
        assert!(Command::new("kill").arg(self.child.id().to_string()).status().unwrap().success());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
    }
}

/// A live stream that is read.
pub struct Stream(mpsc::Receiver<(String, Value)>);

impl Stream {
    /// The data of the next event of this kind; others are passed over.
    pub fn next_of(&mut self, kind: &str) -> Value {
        let elapsed_ms = stopwatch();
        loop {
            let left = READY_WITHIN.saturating_sub(Duration::from_millis(elapsed_ms()));
            let (found, data) = self.0.recv_timeout(left).unwrap_or_else(|_| panic!("no event {kind}"));
            if found == kind {
                return data;
            }
        }
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        // Already gone after `kill` and `stop`.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
