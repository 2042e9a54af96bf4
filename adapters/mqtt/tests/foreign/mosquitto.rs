//! A real mosquitto as somebody else's broker: its configuration, its process, and publishing to it.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use adapters_sdk::clock::stopwatch;
use tempfile::TempDir;

/// Longest that any test waits for one thing.
pub const BOUND: Duration = Duration::from_secs(60);

/// A broker that can be stopped and started again on its port.
pub struct Mosquitto {
    folder: TempDir,
    pub port: u16,
    child: Option<Child>,
}

impl Mosquitto {
    /// One that lets everybody in and keeps nothing over a restart; `more` is added to its configuration, in which `@DIR@`
    /// stands for its folder.
    pub fn start(more: &str, files: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let dir = folder.path().display().to_string();
        let anonymous = if more.contains("allow_anonymous") { "" } else { "allow_anonymous true\n" };
        // Started by root it would give up its rights, and could not read its folder.
        let text =
            format!("user root\nlistener {port} 127.0.0.1\n{anonymous}{}\n", more.replace("@DIR@", &dir));
        fs::write(folder.path().join("mosquitto.conf"), text).unwrap();
        let mut broker = Self { folder, port, child: None };
        broker.run();
        broker
    }

    /// Starts it (again), and waits until it listens.
    pub fn run(&mut self) {
        let conf = self.folder.path().join("mosquitto.conf");
        let log = fs::File::create(self.folder.path().join("log")).unwrap();
        let child = Command::new("mosquitto")
            .args(["-v", "-c"])
            .arg(conf)
            .stdout(Stdio::from(log.try_clone().unwrap()))
            .stderr(Stdio::from(log))
            .spawn()
            .expect("mosquitto is needed: run cargo xtask test, which installs it");
        self.child = Some(child);
        let elapsed_ms = stopwatch();
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(
                u128::from(elapsed_ms()) < BOUND.as_millis(),
                "mosquitto does not listen: {}",
                self.log()
            );
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }

    /// Ends it: cleanly, so that it writes what it keeps.
    pub fn end(&mut self) {
        let mut child = self.child.take().unwrap();
        assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
        child.wait().unwrap();
    }

    /// Where it keeps its files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it has said.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Publishes at QoS 1.
    pub fn publish(&self, topic: &str, payload: &str) {
        let port = self.port.to_string();
        let output = Command::new("mosquitto_pub")
            .args(["-h", "127.0.0.1", "-p", &port, "-q", "1", "-t", topic, "-m", payload])
            .output()
            .expect("mosquitto_pub is needed: run cargo xtask test, which installs it");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // Already gone where a test ended it.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
