//! `backup` beside a hub that runs, `restore` into a new folder: both hubs answer every question alike.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::json;
use support::Folder;

const HUB: &str = env!("CARGO_BIN_EXE_commune-hub");

const SITE: &str = r#"
id = "station"
kind = "water_station"
name = "Trạm"
[[device]]
id = "lab"
adapter = "mqtt"
login = { username = "lab", password = "a-secret-of-the-lab" }
[[device.point]]
id = "ph"
quantity = "ph"
[[device.point]]
id = "level"
quantity = "level"
range = { min = 0, max = 5 }
"#;

fn folder() -> Folder {
    let hub = "[commune]\nid = \"an-phu\"\n[http]\nlisten = \"127.0.0.1:0\"\n[mqtt]\nlisten = \"127.0.0.1:0\"\n\
        [store]\nkeep_raw = \"90y\"\nkeep_hourly = \"90y\"\n";
    Folder::with(&[("hub.toml", hub), ("sites/station.toml", SITE)])
}

/// Exit code, stdout, stderr of a command run by the shell with `file` and the folder's path as its arguments.
fn shell(script: &str, file: &Path, folder: &Folder) -> (i32, String, String) {
    let mut command = Command::new("sh");
    command.args(["-c", script, HUB]).arg(file).arg(folder.path());
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

const BACKUP: &str = r#""$0" backup "$1" --config "$2""#;
const RESTORE: &str = r#""$0" restore "$1" --config "$2""#;

fn post(hub: &support::Hub, from: i64, count: i64) {
    let reading = |n: i64| {
        let point = ["station/lab/ph", "station/lab/level"][usize::from(n % 2 == 1)];
        json!({"point": point, "t": 1_760_000_000_000_i64 + n * 30_000, "v": 6.5 + (n % 97) as f64 / 100.0})
    };
    let readings: Vec<_> = (from..from + count).map(reading).collect();
    let (status, answer) = hub.post("/readings", &json!({ "readings": readings }));
    assert_eq!(status, 204, "{answer}");
}

const QUESTIONS: [&str; 10] = [
    "/points/station/lab/ph/calibrations",
    "/notes",
    "/maintenance",
    "/jobs",
    "/audit",
    "/points",
    "/sites",
    "/alarms?state=all",
    "/readings?point=station/lab/ph&from=2025-10-01T00:00:00Z&to=2025-12-01T00:00:00Z",
    "/readings?point=station/lab/level&from=2025-10-01T00:00:00Z&to=2025-12-01T00:00:00Z&buckets=50",
];

/// What people write down, and the job that follows from it, finished.
fn write_down(hub: &support::Hub) {
    let calibration =
        json!({"from": 1_760_000_060_000_i64, "gain": 1.07, "by": "Lan", "certificate": "KĐ 17"});
    let (status, answer) = hub.post("/points/station/lab/ph/calibrations", &calibration);
    assert_eq!(status, 200, "{answer}");
    let span = json!({"about": "station/lab/ph", "from": 1_760_000_000_000_i64, "to": 1_760_000_600_000_i64,
        "text": "Thay đầu dò"});
    for path in ["/notes", "/maintenance"] {
        let (status, answer) = hub.post(path, &span);
        assert_eq!(status, 200, "{path}: {answer}");
    }
    support::wait_for("the end of the jobs", Duration::from_secs(60), || {
        let jobs = hub.get("/jobs");
        let jobs = jobs.as_array().unwrap();
        jobs.iter().all(|job| job["finished_at"].is_string()).then_some(())
    });
}

#[test]
fn a_restored_hub_answers_as_the_one_that_was_backed_up() {
    let folder = folder();
    let token = folder.token("admin");
    let hub = folder.run(&token);
    for round in 0..4 {
        post(&hub, round * 1_000, 1_000);
    }
    write_down(&hub);
    assert!(folder.path().join("data/mqtt.sqlite").exists());
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("hub.backup");
    let (code, out, err) = shell(BACKUP, &file, &folder);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let digest = Command::new("sha256sum").arg(&file).output().unwrap();
    assert_eq!(out.as_bytes(), digest.stdout);
    let answers = QUESTIONS.map(|question| hub.get(question));
    assert_eq!(answers[8]["v"].as_array().unwrap().len(), 2_000);
    // What comes after the backup is not in it.
    post(&hub, 10_000, 10);
    let (code, _, err) = shell(RESTORE, &file, &folder);
    assert_eq!(code, 1, "a running hub's store is not overwritten");
    assert!(err.starts_with("error: store ") && err.contains("is in use by another hub"), "{err}");

    let other = self::folder();
    let (code, out, err) = shell(RESTORE, &file, &other);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.lines().nth(1).unwrap().starts_with("restored "), "{out}");
    // The token came along with the accounts.
    let restored = other.run(&token);
    assert_eq!(QUESTIONS.map(|question| restored.get(question)), answers);
    assert_eq!(answers[0][0]["certificate"], "KĐ 17");
    assert_eq!(answers[1][0]["text"], "Thay đầu dò");
    post(&restored, 10_000, 10);
    restored.stop();
    hub.stop();
    let (code, _, err) = shell(RESTORE, &file, &other);
    assert_eq!(code, 1);
    assert!(err.contains("hub.sqlite is there already; restore into a new folder"), "{err}");
}

#[test]
fn a_backup_to_a_full_disk_leaves_nothing_behind() {
    let folder = folder();
    let token = folder.token("integrator");
    let hub = folder.run(&token);
    post(&hub, 0, 4_000);
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("hub.backup");
    // Files may not grow beyond 40 KiB, and the signal that says so is ignored, as a full disk sends none.
    let (code, out, err) = shell(&format!("trap '' XFSZ; ulimit -f 80; exec {BACKUP}"), &file, &folder);
    assert_eq!((code, out.as_str()), (1, ""));
    let begin = format!("error: {} cannot be written; nothing is left of it: ", file.display());
    assert!(err.starts_with(&begin), "{err}");
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
    // The hub has noticed nothing of it.
    post(&hub, 5_000, 10);
    hub.stop();
    // A restore to a full disk leaves the folder as it was.
    assert_eq!(shell(BACKUP, &file, &folder).0, 0);
    let other = self::folder();
    let (code, _, err) = shell(&format!("trap '' XFSZ; ulimit -f 80; exec {RESTORE}"), &file, &other);
    assert_eq!(code, 1);
    assert!(err.contains("hub.sqlite cannot be written; nothing is left of it: "), "{err}");
    let names: Vec<_> =
        fs::read_dir(other.path().join("data")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["hub.lock"]);
}

#[test]
fn two_hubs_on_one_folder_are_refused() {
    let folder = folder();
    let token = folder.token("integrator");
    let hub = folder.run(&token);
    let (code, _, err) = shell(r#""$0" run --config "$2""#, Path::new("-"), &folder);
    assert_eq!(code, 1);
    assert!(err.contains("is in use by another hub"), "{err}");
    post(&hub, 0, 2);
    hub.stop();
}
