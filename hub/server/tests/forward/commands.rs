//! `commune-hub influxdb push|pull|verify` on real engines.

use std::process::Command;

use adapters_sdk::Clock;

use super::influx1::Influx1;
use super::support::engines::{BUCKET, Engine, Kind};
use super::support::{Folder, wait_for};
use super::{BOUND, folder, line, push};

const HUB: &str = env!("CARGO_BIN_EXE_commune-hub");
const MAP: &str = "[line]\nprecision = \"ns\"\n[[series]]\nmatch = { measurement = \"modbus\", tags = { name = \"plc\" } }\n\
                   field = \"acid\"\npoint = \"water/edge/ph\"\n";

/// Runs a command: exit code, stdout, stderr.
pub(super) fn influxdb(folder: &Folder, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(HUB)
        .arg("influxdb")
        .args(arguments)
        .arg("--config")
        .arg(folder.path())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn push_and_verify(kind: Kind) {
    let mut engine = Engine::start(kind);
    let folder = folder(&engine.forward("province", &engine.url("")));
    let token = folder.token("integrator");
    // Somebody else's hub fills the store: nothing of it has been forwarded.
    engine.kill();
    let hub = folder.run(&token);
    let from = Clock::system().now().as_millis() - 3 * 86_400_000;
    let rows = (0..600).flat_map(|n| {
        ["water/edge/ph", "north/edge/level"]
            .map(|point| line(point, (n % 97) as f64 / 8.0, from + n * 400_000))
    });
    push(&hub, &token, &rows.collect::<String>());
    hub.stop();
    let moment = |ms: i64| jiff::Timestamp::from_millisecond(ms).unwrap().to_string();
    let span = [moment(from), moment(from + 600 * 400_000)];
    let with = |command: &'static str| {
        [command, "--target", "province", "--from", &span[0], "--to", &span[1]].map(str::to_owned)
    };
    let run = |command: &'static str| {
        let arguments = with(command);
        influxdb(&folder, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    engine.resume();
    let (code, out, _) = run("verify");
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("there 0"), "{out}");
    let (code, out, told) = run("push");
    assert_eq!(code, 0, "{out}{told}");
    assert!(out.contains("1200 sent in ") && out.contains("water/edge/ph: 600 here, 600 there"), "{out}");
    let out = wait_for("both sides to be the same", BOUND, || {
        let (code, out, _) = run("verify");
        (code == 0).then_some(out)
    });
    assert!(out.contains("with 1200 readings; 0 differ"), "{out}");
    assert!(
        !folder.path().join("data/push-province.json").exists(),
        "a push that is whole leaves nothing behind"
    );
    // What differs is told.
    let extra = match kind {
        Kind::Influx => format!(
            "ph,commune=yen-lac,device=edge,point=ph,site=water,unit=[pH] value=3.5,quality=\"good\",reason=\"\" {}\n",
            from + 400_000
        ),
        Kind::Victoria => format!(
            "ph,commune=yen-lac,device=edge,point=ph,site=water,unit=[pH] value=3.5,quality=1i,reason=0i {}\n",
            from + 1
        ),
    };
    let path = format!("/api/v2/write?org=phu-tho&bucket={BUCKET}&precision=ms");
    assert_eq!(engine.post(&path, extra.as_bytes()).0, 204);
    let out = wait_for("the difference to be seen", BOUND, || {
        let (code, out, _) = run("verify");
        (code == 1).then_some(out)
    });
    assert!(out.contains("water/edge/ph 20") && out.contains("there 3.5 good"), "{out}");
}

#[test]
fn stored_readings_are_pushed_to_influxdb_and_verified() {
    push_and_verify(Kind::Influx);
}

#[test]
fn stored_readings_are_pushed_to_victoria_metrics_and_verified() {
    push_and_verify(Kind::Victoria);
}

#[test]
fn readings_of_an_influxdb_are_pulled_as_a_mapping_says() {
    let engine = Engine::start(Kind::Influx);
    let path = format!("/api/v2/write?org=phu-tho&bucket={BUCKET}&precision=s");
    assert_eq!(engine.post(&path, theirs().as_bytes()).0, 204);
    are_pulled(&engine.forward("province", &engine.url("")));
}

#[test]
fn readings_of_an_influxdb_1_8_are_pulled_as_a_mapping_says() {
    let engine = Influx1::start();
    engine.write(&theirs());
    are_pulled(&engine.forward("province"));
}

/// Somebody else's lines, their times in seconds.
fn theirs() -> String {
    (0..500)
        .map(|n| {
            format!(
                "modbus,name=plc acid={},state=\"on\" {}\n",
                6.0 + n as f64 / 1_000.0,
                1_772_330_400 + n * 600
            )
        })
        .collect()
}

fn are_pulled(forward: &str) {
    let folder = folder(forward);
    let map = folder.path().join("map.toml");
    std::fs::write(&map, MAP).unwrap();
    let map = map.to_string_lossy().into_owned();
    let span = ["--from", "2026-03-01", "--to", "2026-03-06"];
    let pull = |more: &[&str]| {
        let mut arguments = vec!["pull", "--target", "province", "--map", &map];
        arguments.extend(span);
        arguments.extend(more);
        influxdb(&folder, &arguments)
    };
    let (code, out, told) = pull(&["--dry-run"]);
    assert_eq!(code, 0, "{out}{told}");
    assert!(out.contains("500 readings would be taken"), "{out}");
    let (code, out, told) = pull(&[]);
    assert_eq!(code, 0, "{out}{told}");
    assert!(out.contains("500 readings taken") && out.contains("fields that no point is mapped to"), "{out}");
    let token = folder.token("viewer");
    let hub = folder.run(&token);
    let found = hub.get("/readings?point=water/edge/ph&from=1772330400000&to=1772730400000");
    assert_eq!((found["v"].as_array().unwrap().len(), &found["v"][499]), (500, &6.499.into()));
    hub.stop();
}
