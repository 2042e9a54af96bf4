//! A disk that hangs, and one that the system has made read-only: on the real process, on a small file system of its own.
//!
//! That needs to be root and a loop device; where either is missing the test says so and is over. A full disk needs neither, see
//! `full_disk.rs`. While the disk hangs, only what needs no disk may be asked of the hub.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use serde_json::{Value, json};
use support::waiting_device::{SITE, WaitingDevice};
use support::{Folder, Hub, wait_for};
use tempfile::TempDir;

const BOUND: Duration = Duration::from_secs(30);
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
    Folder::with(&[("hub.toml", &hub), ("sites/station.toml", SITE)])
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
    let mut device = WaitingDevice::connect(hub.mqtt);
    device.publish(1, 1.25);
    assert_eq!(device.acknowledged(), 1);

    let mut stream = hub.stream("");
    let hanging = disk.hang();
    device.publish(2, 2.25);
    device.is_silent();
    let told = wait_for("the commit that does not end in /health/ready", BOUND, || {
        let health = hub.ready();
        health["store"]["detail"].as_str().filter(|detail| detail.contains("under way")).map(str::to_owned)
    });
    assert!(told.starts_with("a commit has been under way since 20"), "{told}");
    assert_eq!(stream.next_of("health")["store"], "failed", "who looks on is told without having asked");
    drop(hanging);

    assert_eq!(device.acknowledged(), 2, "acknowledged once it is on disk");
    let alarm = stream.next_of("alarm");
    assert_eq!((&alarm["rule"], &alarm["priority"]), (&json!("hub-store-failing"), &json!("critical")));
    let since = told.split_once("since ").unwrap().1.split_once(": ").unwrap().0;
    let [since, raised]: [jiff::Timestamp; 2] =
        [since, alarm["raised_at"].as_str().unwrap()].map(|moment| moment.parse().unwrap());
    assert_eq!(raised, since, "as old as the commit that did not end");
    assert_eq!(stream.next_of("health"), json!({"store": "ok", "since": null}));
    // So small a disk counts as nearly full.
    assert_eq!(hub.ready()["store"]["state"], "degraded");
    device.publish(3, 3.25);
    assert_eq!(device.acknowledged(), 3);
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
    let mut device = WaitingDevice::connect(hub.mqtt);
    device.publish(1, 1.25);
    assert_eq!(device.acknowledged(), 1);

    disk.make_read_only();
    device.publish(2, 2.25);
    device.is_silent();
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
