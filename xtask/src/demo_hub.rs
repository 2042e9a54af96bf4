//! A living demo commune as a process of its own, for the browser tests and the screenshots.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, bail};

use crate::process::command;

/// The demo writes a month of history before it is ready; an unoptimised build on a slow machine takes a while.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// A running demo; ended when dropped.
pub struct DemoHub {
    child: Child,
    /// The dashboard's address.
    pub url: String,
    /// The account of the duty staff.
    pub user: String,
    /// Its password.
    pub password: String,
    /// The account of the administrator.
    pub admin: String,
    /// Its password.
    pub admin_password: String,
}

impl DemoHub {
    /// Starts the demo of `binary` on ports that the system chooses and waits until it is ready.
    pub fn start(binary: &Path) -> anyhow::Result<Self> {
        let mut demo = command(binary, &["demo", "--http", "127.0.0.1:0", "--format", "json"]);
        let mut child =
            demo.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().context("the demo did not start")?;
        let stdout = child.stdout.take().context("the demo has no output")?;
        match first_line(stdout) {
            Ok(line) => {
                let ready: serde_json::Value =
                    serde_json::from_str(&line).context("the demo's first line is no JSON")?;
                let text = |key: &str| {
                    ready[key]
                        .as_str()
                        .map(str::to_owned)
                        .with_context(|| format!("the demo does not say its {key}"))
                };
                Ok(Self {
                    url: text("url")?,
                    user: text("user")?,
                    password: text("password")?,
                    admin: text("admin")?,
                    admin_password: text("admin_password")?,
                    child,
                })
            }
            Err(error) => {
                child.kill()?;
                child.wait()?;
                Err(error)
            }
        }
    }
}

impl Drop for DemoHub {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing left to do then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn first_line(stdout: ChildStdout) -> anyhow::Result<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = BufReader::new(stdout).read_line(&mut line);
        let _ = sender.send(read.map(|_| line));
    });
    let line = receiver.recv_timeout(READY_WITHIN).context("the demo was not ready in time")??;
    if line.is_empty() {
        bail!("the demo ended before it was ready");
    }
    Ok(line)
}
