//! A disk that hangs, and one that the system has made read-only: on the real process, on a small file system of its own.
//!
//! That needs to be root and a loop device; where either is missing the test says so and is over. A full disk needs neither, see
//! `full_disk.rs`. While the disk hangs, only what needs no disk may be asked of the hub.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use serde_json::{Value, json};
use support::{Folder, Hub, wait_for};
use tempfile::TempDir;

const BOUND: Duration = Duration::from_secs(30);
/// Long enough for an acknowledgement that should not come: the commit window is 10 ms here.
const SILENCE: Duration = Duration::from_millis(700);
/// After so many seconds the disk no longer hangs, whatever has become of the test.
const NO_LONGER_THAN_S: &str = "40";
const DISK_BYTES: u64 = 48 << 20;

/// A file system of its own in a file, mounted; gone when dropped.
struct Disk {
    place: TempDir,
}

impl Disk {
    /// `None`, after saying why, where the machine does not allow it.
    fn mounted() -> Option<Self> {
        let disk = Self { place: TempDir::new().unwrap() };
        fs::File::create(disk.image()).unwrap().set_len(DISK_BYTES).unwrap();
        fs::create_dir(disk.path()).unwrap();
        let (image, path) = (disk.image().display().to_string(), disk.path().display().to_string());
        for command in [
            vec!["mkfs.ext4", "-q", "-F", &image],
            vec!["mount", "-o", "loop,errors=remount-ro", &image, &path],
        ] {
            if let Err(why) = run(&command) {
                let told = format!(
                    "NOT TESTED, this machine gives no file system to spoil: {}: {why}\n",
                    command[0]
                );
                // Past the harness, which would keep it to itself.
                std::io::stderr().write_all(told.as_bytes()).unwrap();
                return None;
            }
        }
        Some(disk)
    }

    fn image(&self) -> PathBuf {
        self.place.path().join("image")
    }

    fn path(&self) -> PathBuf {
        self.place.path().join("disk")
    }

    /// Makes every write wait until what is given back is dropped.
    fn hang(&self) -> Hanging {
        let path = self.path();
        let thaw = format!("sleep {NO_LONGER_THAN_S}; fsfreeze -u '{}'", path.display());
        let limit = Command::new("sh").args(["-c", &thaw]).spawn().unwrap();
        run(&["fsfreeze", "-f", &path.display().to_string()]).unwrap();
        Hanging { path, limit }
    }

    /// Lets the system believe that the file system is damaged: it becomes read-only, as a card does that fails.
    fn make_read_only(&self) {
        let mounts = fs::read_to_string("/proc/mounts").unwrap();
        let path = self.path().display().to_string();
        let mount = mounts.lines().find(|line| line.split(' ').nth(1) == Some(&path)).unwrap();
        let device = Path::new(mount.split(' ').next().unwrap()).file_name().unwrap().to_owned();
        fs::write(Path::new("/sys/fs/ext4").join(device).join("trigger_fs_error"), "1").unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = run(&["umount", "-l", &self.path().display().to_string()]);
    }
}

struct Hanging {
    path: PathBuf,
    limit: Child,
}

impl Drop for Hanging {
    fn drop(&mut self) {
        let _ = self.limit.kill();
        let _ = self.limit.wait();
        let _ = run(&["fsfreeze", "-u", &self.path.display().to_string()]);
    }
}

fn run(command: &[&str]) -> Result<(), String> {
    let output = Command::new(command[0]).args(&command[1..]).output().map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}

fn commune(disk: &Disk) -> Folder {
    let hub = format!(
        "[commune]\nid = \"an-phu\"\n[http]\nlisten = \"127.0.0.1:0\"\n[mqtt]\nlisten = \"127.0.0.1:0\"\n\
         [store]\ndir = \"{}\"\ncommit_window = \"10ms\"\nkeep_raw = \"90y\"\nkeep_hourly = \"90y\"\n",
        disk.path().join("data").display()
    );
    let site = "id = \"station\"\nkind = \"water_station\"\nname = \"Trạm\"\n[[device]]\nid = \"lab\"\nadapter = \"mqtt\"\n\
        login = { username = \"lab\", password = \"a-secret-of-the-lab\" }\n\
        [[device.point]]\nid = \"level\"\nquantity = \"level\"\n";
    Folder::with(&[("hub.toml", &hub), ("sites/station.toml", site)])
}

fn text(value: &str) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap();
    [&length.to_be_bytes()[..], value.as_bytes()].concat()
}

fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind, u8::try_from(body.len()).unwrap()][..], body].concat()
}

fn connect(broker: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(broker).unwrap();
    stream.set_read_timeout(Some(BOUND)).unwrap();
    let mut body = text("MQTT");
    body.extend([4, 0xC2, 0, 60]);
    for value in ["lab", "lab", "a-secret-of-the-lab"] {
        body.extend(text(value));
    }
    stream.write_all(&packet(0x10, &body)).unwrap();
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer, [0x20, 2, 0, 0]);
    stream
}

fn publish(stream: &mut TcpStream, id: u8, value: f64) {
    let payload = format!(r#"{{"m":{{"level":{value}}}}}"#);
    let topic = text("commune/v1/station/lab/telemetry");
    stream.write_all(&packet(0x32, &[&topic[..], &[0, id], payload.as_bytes()].concat())).unwrap();
}

fn acknowledged(stream: &mut TcpStream) -> u8 {
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer[..3], [0x40, 2, 0]);
    answer[3]
}

/// Nothing is acknowledged for a while.
fn is_silent(stream: &mut TcpStream) {
    stream.set_read_timeout(Some(SILENCE)).unwrap();
    let silence = stream.read(&mut [0]).unwrap_err().kind();
    assert!(matches!(silence, ErrorKind::WouldBlock | ErrorKind::TimedOut), "{silence}");
    stream.set_read_timeout(Some(BOUND)).unwrap();
}

fn values(hub: &Hub) -> Vec<Value> {
    let all = hub.get("/readings?point=station/lab/level&from=2025-10-01T00:00:00Z&to=2100-01-01T00:00:00Z");
    all["v"].as_array().unwrap().clone()
}

#[test]
fn a_disk_that_hangs_makes_devices_wait_and_loses_nothing() {
    let Some(disk) = Disk::mounted() else { return };
    let folder = commune(&disk);
    let hub = folder.run(&folder.token("integrator"));
    let mut device = connect(hub.mqtt);
    publish(&mut device, 1, 1.25);
    assert_eq!(acknowledged(&mut device), 1);

    let hanging = disk.hang();
    publish(&mut device, 2, 2.25);
    is_silent(&mut device);
    let health = hub.ready();
    assert!(health["store"].is_object(), "the hub answers meanwhile: {health}");
    drop(hanging);

    assert_eq!(acknowledged(&mut device), 2, "acknowledged once it is on disk");
    publish(&mut device, 3, 3.25);
    assert_eq!(acknowledged(&mut device), 3);
    assert_eq!(values(&hub), [1.25, 2.25, 3.25]);
    hub.kill();
    let hub = folder.run(&folder.token("viewer"));
    assert_eq!(values(&hub), [1.25, 2.25, 3.25], "and on disk it was");
    hub.stop();
}

#[test]
fn a_disk_that_becomes_read_only_is_told_and_what_was_acknowledged_stays() {
    let Some(disk) = Disk::mounted() else { return };
    let folder = commune(&disk);
    let token = folder.token("integrator");
    let hub = folder.run(&token);
    let mut device = connect(hub.mqtt);
    publish(&mut device, 1, 1.25);
    assert_eq!(acknowledged(&mut device), 1);

    disk.make_read_only();
    publish(&mut device, 2, 2.25);
    is_silent(&mut device);
    let told = wait_for("the store's failure in /health/ready", BOUND, || {
        let health = hub.ready();
        health["store"]["detail"]
            .as_str()
            .filter(|detail| detail.contains("commits have failed"))
            .map(str::to_owned)
    });
    assert!(told.contains("disk I/O error") || told.contains("readonly"), "{told}");
    let reading = json!({"readings": [{"point": "station/lab/level", "t": 1_760_000_000_000_i64, "v": 1.5}]});
    assert_eq!(hub.post("/readings", &reading).0, 503);
    assert_eq!(hub.point("station/lab/level")["latest"]["value"], 1.25, "what is kept can be read");
    hub.kill();

    // The start says what is wrong rather than taking readings that it could not keep.
    let started = Command::new(env!("CARGO_BIN_EXE_commune-hub"))
        .arg("run")
        .arg("--config")
        .arg(folder.path())
        .output();
    let started = started.unwrap();
    let error = String::from_utf8_lossy(&started.stderr);
    assert_eq!(started.status.code(), Some(1), "{error}");
    assert!(error.contains("cannot be written") && error.contains("Read-only file system"), "{error}");
    // Elsewhere, as on a new card, all that was acknowledged is there.
    let copy = TempDir::new().unwrap();
    for entry in fs::read_dir(disk.path().join("data")).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    let config = fs::read_to_string(folder.path().join("hub.toml")).unwrap();
    let moved =
        config.replace(&disk.path().join("data").display().to_string(), &copy.path().display().to_string());
    fs::write(folder.path().join("hub.toml"), moved).unwrap();
    let hub = folder.run(&token);
    let found = values(&hub);
    assert_eq!(found.first(), Some(&json!(1.25)), "{found:?}");
    hub.stop();
}
