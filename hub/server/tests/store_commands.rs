//! `store check` and `store stats` beside a running hub, and what a hub says of a store that is damaged, foreign or cut short.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use support::{Folder, Hub};

const SITE: &str = r#"
id = "station"
kind = "water_station"
name = "Trạm"
[[device]]
id = "lab"
adapter = "push"
[[device.point]]
id = "ph"
quantity = "ph"
[[device.point]]
id = "level"
quantity = "level"
"#;

/// Midnight in Vietnam, 1 November 2025.
const START_MS: i64 = 1_761_930_000_000;

fn folder() -> Folder {
    let hub = "[commune]\nid = \"an-phu\"\n[http]\nlisten = \"127.0.0.1:0\"\n[mqtt]\nlisten = \"127.0.0.1:0\"\n\
        [store]\nkeep_raw = \"90y\"\nkeep_hourly = \"90y\"\n";
    Folder::with(&[("hub.toml", hub), ("sites/station.toml", SITE)])
}

/// A running hub with `days` of readings every ten minutes of two points.
fn filled(folder: &Folder, token: &str, days: i64) -> Hub {
    let hub = folder.run(token);
    for day in 0..days {
        let reading = |n: i64| {
            let point = ["station/lab/ph", "station/lab/level"][usize::from(n >= 144)];
            let at = START_MS + (day * 144 + n % 144) * 600_000;
            json!({"point": point, "t": at, "v": 6.5 + (n % 97) as f64 / 100.0})
        };
        let (status, answer) =
            hub.post("/readings", &json!({"readings": (0..288).map(reading).collect::<Vec<_>>()}));
        assert_eq!(status, 204, "{answer}");
    }
    hub
}

/// Exit code, stdout, stderr.
fn run(folder: &Folder, arguments: &[&str]) -> (i32, String, String) {
    // A hub that starts all the same is ended, and not waited for.
    let mut command = Command::new("timeout");
    command.arg("20").arg(env!("CARGO_BIN_EXE_commune-hub"));
    let output = command.args(arguments).arg("--config").arg(folder.path()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn database(folder: &Folder) -> PathBuf {
    folder.path().join("data/hub.sqlite")
}

fn sqlite3(file: &Path, statement: &str) {
    let output = Command::new("sqlite3").arg(file).arg(statement).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_running_store_is_checked_and_counted() {
    let folder = folder();
    let hub = filled(&folder, &folder.token("integrator"), 6);
    let (code, out, err) = run(&folder, &["store", "check"]);
    assert_eq!((code, err.as_str(), out.lines().last()), (0, "", Some("ok")), "{out}");
    let (code, out, _) = run(&folder, &["store", "stats", "--json"]);
    assert_eq!(code, 0);
    let stats: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&stats["readings"], &stats["series"]), (&json!(2 * 6 * 144), &json!(2)));
    assert_eq!(stats["points"][1]["point"], "station/lab/ph");
    assert_eq!(stats["points"][1]["readings"], 6 * 144);
    assert_eq!(stats["oldest"], "2025-10-31T17:00:00Z");
    assert_eq!(stats["newest"], "2025-11-06T16:50:00Z");
    let (_, text, _) = run(&folder, &["store", "stats"]);
    assert!(text.lines().last().unwrap().starts_with("2 points, 1728 readings, "), "{text}");
    hub.stop();
    assert_eq!(run(&folder, &["store", "check"]).0, 0, "nor is anything amiss when the hub is off");
}

#[test]
fn a_damaged_day_is_told_and_costs_that_day_only() {
    let folder = folder();
    let token = folder.token("integrator");
    filled(&folder, &token, 6).stop();
    // Of a chunk in the middle, of the first point, the last byte is another.
    sqlite3(
        &database(&folder),
        "UPDATE chunk SET body = CAST(substr(body, 1, length(body) - 1) || x'a7' AS BLOB)
         WHERE id = (SELECT id FROM chunk WHERE body IS NOT NULL ORDER BY id LIMIT 1 OFFSET 4)",
    );
    let (code, out, err) = run(&folder, &["store", "check"]);
    assert_eq!(code, 1);
    assert!(err.starts_with("error: 1 faults; what is damaged costs its own day only"), "{err}");
    let told: Vec<_> = out.lines().filter(|line| line.starts_with("damaged: station/lab/")).collect();
    assert_eq!(told.len(), 1, "{out}");
    assert!(told[0].contains(", the day from 2025-1") && told[0].contains("checksum"), "{out}");
    let hub = folder.run(&token);
    let count = |point: &str| {
        let path =
            format!("/readings?point=station/lab/{point}&from=2025-10-30T00:00:00Z&to=2025-12-01T00:00:00Z");
        hub.get(&path)["v"].as_array().unwrap().len()
    };
    let (ph, level) = (count("ph"), count("level"));
    assert!(ph.max(level) == 864 && (720..864).contains(&ph.min(level)), "{ph} {level}");
    // It is set aside, told, and the hub goes on; a backup is still made, and says so.
    support::wait_for("the chunk to be set aside", std::time::Duration::from_secs(10), || {
        run(&folder, &["store", "check"]).1.starts_with("set aside: station/lab/").then_some(())
    });
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("x.backup");
    let (code, _, err) = run(&folder, &["backup", file.to_str().unwrap()]);
    assert_eq!((code, err.as_str()), (0, ""), "what is set aside is no fault of the copy");
    hub.stop();
}

#[test]
fn a_store_that_is_no_store_is_left_as_it_is() {
    let foreign = folder();
    fs::create_dir(foreign.path().join("data")).unwrap();
    sqlite3(&database(&foreign), "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)");
    let cut = folder();
    filled(&cut, &cut.token("integrator"), 3).stop();
    sqlite3(&database(&cut), "PRAGMA wal_checkpoint(TRUNCATE)");
    let whole = fs::read(database(&cut)).unwrap();
    fs::write(database(&cut), &whole[..whole.len() / 3]).unwrap();
    let newer = folder();
    filled(&newer, &newer.token("integrator"), 1).stop();
    sqlite3(&database(&newer), "PRAGMA user_version = 99");
    for (folder, says) in [
        (&foreign, ["is a database, but not one of this hub; move it away"].as_slice()),
        (&cut, &["is damaged", "malformed", "database disk image"]),
        (&newer, &["was written by a newer hub (schema 99"]),
    ] {
        let before = fs::read(database(folder)).unwrap();
        for command in
            [["run"].as_slice(), &["store", "check"], &["store", "stats"], &["backup", "/nowhere/x"]]
        {
            let (code, out, err) = run(folder, command);
            assert_eq!(code, 1, "{command:?}: {out} {err}");
            let all = format!("{out}{err}");
            let is_told =
                says.iter().any(|says| all.contains(says)) || all.contains("/nowhere/x cannot be written");
            assert!(is_told, "{command:?}: {all}");
        }
        assert!(fs::read(database(folder)).unwrap() == before, "the file is as it was");
    }
    let (code, _, err) = run(&folder(), &["store", "stats"]);
    assert_eq!(code, 1);
    assert!(err.contains("holds no store; has the hub run yet?"), "{err}");
}
