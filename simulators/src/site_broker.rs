//! A broker by other hands on the simulated site: `mosquitto`, as a process of its own, which ends with its value.
//!
//! It decides nothing about devices. Read next: `fleet.rs`, which starts it.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::SimError;

/// Where Debian and builds of one's own put it; not everybody's search path leads there.
const PROGRAMS: [&str; 2] = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"];

/// A running broker, on loopback only and open to everybody there.
#[derive(Debug)]
pub(crate) struct SiteBroker {
    child: Child,
}

impl SiteBroker {
    /// Starts it on a port. It listens a moment later; devices try until it does.
    ///
    /// # Errors
    /// When it is not installed.
    pub(crate) fn start(port: u16) -> Result<Self, SimError> {
        let program = PROGRAMS.into_iter().find(|path| Path::new(path).exists());
        // Without a file of settings it listens on loopback alone.
        let child = Command::new(program.unwrap_or("mosquitto"))
            .args(["-p", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|source| SimError::SiteBroker { source })?;
        Ok(Self { child })
    }
}

impl Drop for SiteBroker {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
