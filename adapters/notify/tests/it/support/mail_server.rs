//! A real mail server by other hands (aiosmtpd), as a process of its own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

/// A mail server in Python; ended when dropped.
pub struct MailServer {
    child: Child,
    _stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    pub port: u16,
}

impl MailServer {
    /// Starts one as `foreign_smtp.py` describes it.
    pub fn start(wanted: &Value) -> Self {
        let python = std::env::var("COMMUNE_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let mut child = Command::new(python)
            .args(["-c", include_str!("../foreign_smtp.py"), &wanted.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 with aiosmtpd is needed: run cargo xtask test, which installs it");
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let port = line.trim().parse().unwrap_or_else(|_| {
            panic!("the mail server said {line:?}: run cargo xtask test, which installs aiosmtpd")
        });
        Self { _stdin: child.stdin.take().unwrap(), stdout, child, port }
    }

    /// The next message that it took.
    pub fn taken(&mut self) -> Value {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
