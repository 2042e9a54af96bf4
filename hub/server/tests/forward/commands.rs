//! `commune-hub influxdb push|verify` on a real engine.

use std::process::Command;

use adapters_sdk::Clock;

use super::support::engines::{BUCKET, Engine, Kind};
use super::support::{Folder, wait_for};
use super::{BOUND, folder, line, push};

const HUB: &str = env!("CARGO_BIN_EXE_commune-hub");

/// Runs a command: exit code, stdout, stderr.
fn influxdb(folder: &Folder, arguments: &[&str]) -> (i32, String, String) {
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

#[test]
fn stored_readings_are_pushed_to_victoria_metrics_and_verified() {
    let mut engine = Engine::start(Kind::Victoria);
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
    let extra = format!(
        "ph,commune=yen-lac,device=edge,point=ph,site=water,unit=[pH] value=3.5,quality=1i,reason=0i {}
",
        from + 1
    );
    let path = format!("/api/v2/write?org=phu-tho&bucket={BUCKET}&precision=ms");
    assert_eq!(engine.post(&path, extra.as_bytes()).0, 204);
    let out = wait_for("the difference to be seen", BOUND, || {
        let (code, out, _) = run("verify");
        (code == 1).then_some(out)
    });
    assert!(out.contains("water/edge/ph 20") && out.contains("there 3.5 good"), "{out}");
}
