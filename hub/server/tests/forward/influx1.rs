//! A real InfluxDB 1.8 whose users have passwords, as one finds it where a commune measured before: only to be read from.

use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::support::wait_for;

/// What 1.8 takes for a token and for a bucket.
const CREDENTIALS: &str = "old:old-password";
const BUCKET: &str = "station/autogen";
const STARTS_WITHIN: Duration = Duration::from_secs(60);

/// Ends with its owner.
pub struct Influx1 {
    child: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Influx1 {
    /// With a user and an empty database.
    pub fn start() -> Self {
        let variable = "COMMUNE_PEER_INFLUXD1";
        let binary = std::env::var_os(variable).unwrap_or_else(|| {
            panic!("{variable} is not set: cargo xtask test sets it, cargo xtask peer prints it")
        });
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let folder = TempDir::new().unwrap();
        let within = |name: &str| folder.path().join(name);
        let child = Command::new(binary)
            .args(["run", "-config", "/dev/null"])
            .env("INFLUXDB_REPORTING_DISABLED", "true")
            .env("INFLUXDB_BIND_ADDRESS", "127.0.0.1:0")
            .env("INFLUXDB_META_DIR", within("meta"))
            .env("INFLUXDB_DATA_DIR", within("data"))
            .env("INFLUXDB_DATA_WAL_DIR", within("wal"))
            .env("INFLUXDB_HTTP_BIND_ADDRESS", address.to_string())
            .env("INFLUXDB_HTTP_AUTH_ENABLED", "true")
            .env("INFLUXDB_HTTP_FLUX_ENABLED", "true")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let engine = Self { child, address, _folder: folder };
        wait_for("the engine's health", STARTS_WITHIN, || ureq::get(engine.url("/health")).call().ok());
        // The first user needs nobody's leave.
        for statement in
            ["CREATE USER old WITH PASSWORD 'old-password' WITH ALL PRIVILEGES", "CREATE DATABASE station"]
        {
            let asked = ureq::post(engine.url("/query")).header("Authorization", token());
            assert_eq!(asked.send_form([("q", statement)]).unwrap().status(), 200);
        }
        engine
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Lines whose times are in seconds.
    pub fn write(&self, lines: &str) {
        let url = self.url("/write?db=station&precision=s");
        assert_eq!(ureq::post(url).header("Authorization", token()).send(lines).unwrap().status(), 204);
    }

    /// The `[[forward]]` that names it.
    pub fn forward(&self, id: &str) -> String {
        format!(
            "[[forward]]\nid = \"{id}\"\nkind = \"influxdb2\"\nurl = \"{}\"\norg = \"any\"\nbucket = \"{BUCKET}\"\ntoken = \"{CREDENTIALS}\"\n",
            self.url("")
        )
    }
}

fn token() -> String {
    format!("Token {CREDENTIALS}")
}

impl Drop for Influx1 {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
