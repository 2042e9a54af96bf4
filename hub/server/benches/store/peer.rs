//! VictoriaMetrics and InfluxDB 2 as processes, fed the same year over HTTP.

use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::wait_for;
use crate::year::{self, BEGIN_MS, SERIES, STEP_MS, STEPS, Series};

/// A peer that runs; ends with its owner.
pub struct Peer {
    child: Child,
    address: SocketAddr,
    agent: ureq::Agent,
    token: &'static str,
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const STARTS_WITHIN: Duration = Duration::from_secs(60);
const TOKEN: &str = "bench-token";
const HOST: &str = "127.0.0.1";

impl Peer {
    /// VictoriaMetrics on `folder`; `None` where the command that builds it did not say where it is.
    pub fn victoria(folder: &Path) -> Option<Self> {
        let binary = std::env::var_os("COMMUNE_PEER_VICTORIA_METRICS")?;
        let address = free_address();
        let mut command = Command::new(binary);
        command
            .arg(format!("-storageDataPath={}", folder.display()))
            .arg(format!("-httpListenAddr={address}"));
        command.args(["-retentionPeriod=10y", "-search.latencyOffset=0s"]);
        Some(Self::start(command, address, "/health"))
    }

    /// InfluxDB 2 on `folder`, set up with one bucket.
    pub fn influx(folder: &Path) -> Option<Self> {
        let binary = std::env::var_os("COMMUNE_PEER_INFLUXD")?;
        let address = free_address();
        let mut command = Command::new(binary);
        for (flag, name) in
            [("--bolt-path", "i.bolt"), ("--engine-path", "engine"), ("--sqlite-path", "i.sqlite")]
        {
            command.arg(flag).arg(folder.join(name));
        }
        command.args(["--reporting-disabled", "--http-bind-address", &address.to_string()]);
        // Snapshots the cache soon after the last write, so that its size on disk can be taken.
        command.args(["--storage-cache-snapshot-write-cold-duration", "2s"]);
        let peer = Self::start(command, address, "/health");
        let setup = serde_json::json!({
            "username": "bench", "password": "bench-password", "org": "bench", "bucket": "bench", "token": TOKEN
        });
        peer.post("/api/v2/setup", setup.to_string().as_bytes());
        Some(peer)
    }

    fn start(mut command: Command, address: SocketAddr, health: &str) -> Self {
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let config = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(120)));
        let peer = Self { child, address, agent: config.build().into(), token: TOKEN };
        wait_for("the peer's health", STARTS_WITHIN, || peer.agent.get(peer.url(health)).call().ok());
        peer
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn post(&self, path: &str, body: &[u8]) {
        let request =
            self.agent.post(self.url(path)).header("Authorization", format!("Token {}", self.token));
        request.send(body).unwrap();
    }

    /// The whole answer to a question.
    pub fn get(&self, path: &str) -> Vec<u8> {
        let mut answer = self.agent.get(self.url(path)).call().unwrap();
        answer.body_mut().with_config().limit(1 << 30).read_to_vec().unwrap()
    }

    /// Feeds VictoriaMetrics the whole year, series by series, and has it write its parts to disk.
    pub fn import_year(&self) {
        for series in 0..SERIES {
            let values: Vec<f64> = Series::new(series, STEP_MS).take(STEPS).collect();
            let times: Vec<i64> = (0..STEPS as i64).map(|step| BEGIN_MS + step * STEP_MS).collect();
            let metric = serde_json::json!({"__name__": "reading", "point": year::point(series)});
            let line = serde_json::json!({"metric": metric, "values": values, "timestamps": times});
            self.post("/api/v1/import", line.to_string().as_bytes());
        }
        self.get("/internal/force_flush");
        self.get("/internal/force_merge");
    }

    /// Writes steps `from..to` of the year to InfluxDB in requests of `batch` lines, one after the other.
    pub fn write_lines(&self, series: &mut [Series], from: usize, to: usize, batch: usize) {
        let mut body = String::new();
        let mut lines = 0;
        for step in from..to {
            let at = BEGIN_MS + step as i64 * STEP_MS;
            for (number, values) in series.iter_mut().enumerate() {
                let value = values.next().unwrap();
                writeln!(body, "reading,point={} value={value} {at}", year::point(number)).unwrap();
                lines += 1;
                if lines == batch {
                    self.post("/api/v2/write?org=bench&bucket=bench&precision=ms", body.as_bytes());
                    body.clear();
                    lines = 0;
                }
            }
        }
        if lines > 0 {
            self.post("/api/v2/write?org=bench&bucket=bench&precision=ms", body.as_bytes());
        }
    }
}

fn free_address() -> SocketAddr {
    TcpListener::bind((HOST, 0)).unwrap().local_addr().unwrap()
}
