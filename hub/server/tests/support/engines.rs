//! Real engines as processes: InfluxDB 2 and VictoriaMetrics, on a folder that outlives a kill, at a port that stays.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use adapters_influxdb::{Target, Token, What};
use serde_json::json;
use tempfile::TempDir;

use super::wait_for;

/// What proves that somebody may write.
pub const TOKEN: &str = "a-token-for-tests";
pub const ORG: &str = "phu-tho";
pub const BUCKET: &str = "communes";
const HOST: &str = "127.0.0.1";
const STARTS_WITHIN: Duration = Duration::from_secs(120);

/// Which one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Influx,
    Victoria,
}

/// An engine; ends with its owner.
pub struct Engine {
    kind: Kind,
    folder: TempDir,
    flags: Vec<String>,
    child: Option<Child>,
    pub address: SocketAddr,
    agent: ureq::Agent,
}

impl Engine {
    /// Starts one with an organisation and a bucket.
    pub fn start(kind: Kind) -> Self {
        Self::with(kind, &[], Duration::ZERO)
    }

    /// InfluxDB whose bucket keeps so much.
    pub fn influx_keeping(keeps: Duration) -> Self {
        Self::with(Kind::Influx, &[], keeps)
    }

    /// VictoriaMetrics with further flags.
    pub fn victoria_with(flags: &[&str]) -> Self {
        Self::with(Kind::Victoria, flags, Duration::ZERO)
    }

    /// A bucket that `keeps` nothing for a while keeps everything for ever.
    fn with(kind: Kind, flags: &[&str], keeps: Duration) -> Self {
        let address = TcpListener::bind((HOST, 0)).unwrap().local_addr().unwrap();
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)));
        let folder = TempDir::new().unwrap();
        let flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let mut engine = Self { kind, folder, flags, child: None, address, agent: config.build().into() };
        engine.resume();
        if kind == Kind::Influx {
            let setup = json!({
                "username": "test", "password": "test-password", "org": ORG, "bucket": BUCKET, "token": TOKEN,
                "retentionPeriodSeconds": keeps.as_secs()
            });
            assert_eq!(engine.post("/api/v2/setup", setup.to_string().as_bytes()).0, 201);
        }
        engine
    }

    /// Starts it again where it was.
    pub fn resume(&mut self) {
        let variable = match self.kind {
            Kind::Influx => "COMMUNE_PEER_INFLUXD",
            Kind::Victoria => "COMMUNE_PEER_VICTORIA_METRICS",
        };
        let binary = std::env::var_os(variable).unwrap_or_else(|| {
            panic!("{variable} is not set: cargo xtask test sets it, cargo xtask peer prints it")
        });
        // A write beyond what `limit_files` allows fails, as on a full disk; without this the process would end.
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(binary);
        let folder = self.folder.path();
        match self.kind {
            Kind::Influx => {
                for (flag, name) in
                    [("--bolt-path", "i.bolt"), ("--engine-path", "engine"), ("--sqlite-path", "i.sqlite")]
                {
                    command.arg(flag).arg(folder.join(name));
                }
                command.args(["--reporting-disabled", "--http-bind-address", &self.address.to_string()]);
            }
            Kind::Victoria => {
                command.arg(format!("-storageDataPath={}", folder.display()));
                command.arg(format!("-httpListenAddr={}", self.address));
                command.args([
                    "-retentionPeriod=100y",
                    "-search.latencyOffset=0s",
                    "-dedup.minScrapeInterval=1ms",
                    "-inmemoryDataFlushInterval=1s",
                ]);
            }
        }
        command.args(&self.flags);
        self.child = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        wait_for("the engine's health", STARTS_WITHIN, || {
            self.agent.get(self.url("/health")).call().ok().filter(|answer| answer.status() == 200)
        });
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// The process's id.
    pub fn id(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// POST: status and body.
    pub fn post(&self, path: &str, body: &[u8]) -> (u16, String) {
        let mut request = self.agent.post(self.url(path)).header("Authorization", format!("Token {TOKEN}"));
        if self.kind == Kind::Victoria && path == "/api/v1/query" {
            request = request.content_type("application/x-www-form-urlencoded");
        }
        let mut answer = request.send(body).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    }

    /// The rows of a Flux answer, each cell by its column's name.
    pub fn flux(&self, script: &str) -> Vec<BTreeMap<String, String>> {
        let request = self
            .agent
            .post(self.url(&format!("/api/v2/query?org={ORG}")))
            .header("Authorization", format!("Token {TOKEN}"))
            .header("Accept", "application/csv")
            .content_type("application/vnd.flux");
        let mut answer = request.send(script).unwrap();
        let text = answer.body_mut().with_config().limit(1 << 30).read_to_string().unwrap();
        assert_eq!(answer.status(), 200, "{script}: {text}");
        let (mut rows, mut header) = (Vec::new(), None::<Vec<String>>);
        for line in text.lines().map(str::trim_end) {
            let cells: Vec<String> = line.split(',').map(str::to_owned).collect();
            match &header {
                // A table ends with an empty line.
                _ if line.is_empty() => header = None,
                None => header = Some(cells),
                Some(names) => rows.push(names.iter().cloned().zip(cells).collect()),
            }
        }
        rows
    }

    /// What a path answers.
    pub fn get(&self, path: &str) -> String {
        let mut answer = self.agent.get(self.url(path)).call().unwrap();
        answer.body_mut().with_config().limit(1 << 30).read_to_string().unwrap()
    }

    /// Itself as what is forwarded to, for clients without a hub.
    pub fn target(&self) -> Target {
        Target {
            id: "province".to_owned(),
            kind: match self.kind {
                Kind::Influx => adapters_influxdb::Kind::InfluxDb2,
                Kind::Victoria => adapters_influxdb::Kind::VictoriaMetrics,
            },
            url: self.url(""),
            org: Some(ORG.to_owned()),
            bucket: Some(BUCKET.to_owned()),
            token: Some(Token(TOKEN.to_owned())),
            ca: None,
            sites: None,
            quantities: None,
            what: What::Raw,
            max_bytes_per_hour: None,
        }
    }

    /// The `[[forward]]` that names it at `url`.
    pub fn forward(&self, id: &str, url: &str) -> String {
        match self.kind {
            Kind::Influx => format!(
                "[[forward]]\nid = \"{id}\"\nkind = \"influxdb2\"\nurl = \"{url}\"\norg = \"{ORG}\"\nbucket = \"{BUCKET}\"\ntoken = \"{TOKEN}\"\n"
            ),
            Kind::Victoria => {
                format!("[[forward]]\nid = \"{id}\"\nkind = \"victoriametrics\"\nurl = \"{url}\"\n")
            }
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
