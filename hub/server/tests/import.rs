//! Old data into the real binary's store: the worked example of the guide, both ways in, and large files in little memory.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use support::{Folder, wait_for};

const HUB: &str = "[commune]\nid = \"yen-lac\"\n[http]\nlisten = \"127.0.0.1:0\"\n[mqtt]\nlisten = \"127.0.0.1:0\"\n[rules]\ndir = \"rules\"\n";
const SITE: &str = r#"
id = "yen-lac-water"
kind = "water_station"
limits = ["qcvn-01-1-2024"]
[[device]]
id = "plc"
adapter = "push"
match = { measurement = "modbus" }
expire_after = "10m"
[[device.point]]
id = "ph"
quantity = "ph"
range = { min = 0, max = 14 }
[[device.point]]
id = "free-chlorine"
quantity = "free_chlorine"
[[device.point]]
id = "flow"
quantity = "flow"
scale = 0.01
[[device]]
id = "gas"
adapter = "mqtt"
login = { username = "gas", password = "a password of its own" }
"#;
/// Raises at once, on anything that it is asked of.
const RULE: &str = "// Always.\nfn rule() { #{ title: #{ vi: \"Luôn\", en: \"Always\" }, priority: \"high\",\n\
    watches: #{ quantity: \"ph\" }, on_delay: \"0s\", off_delay: \"0s\", on_missing: \"hold\" } }\nfn active(p) { true }\n";
const GUIDE: &str = include_str!("../../../docs/import.md");

fn block(language: &str, number: usize) -> &'static str {
    let fence = format!("```{language}\n");
    GUIDE.split(&fence).skip(1).nth(number).and_then(|rest| rest.split("```").next()).unwrap()
}

fn folder() -> Folder {
    Folder::with(&[
        ("hub.toml", HUB),
        ("sites/water.toml", SITE),
        ("rules/always.rhai", RULE),
        ("log.csv", block("csv", 0)),
        ("map.toml", block("toml", 0)),
        ("lines.toml", block("toml", 1)),
    ])
}

fn import(folder: &Folder, file: &str, more: &[&str]) -> Output {
    let at = |name: &str| folder.path().join(name);
    Command::new(env!("CARGO_BIN_EXE_commune-hub"))
        .arg("import")
        .arg(at(file))
        .arg("--config")
        .arg(folder.path())
        .args(more)
        .current_dir(folder.path())
        .output()
        .unwrap()
}

/// What a successful import says.
fn account(output: &Output) -> &str {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::str::from_utf8(&output.stdout).unwrap()
}

fn fault(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn the_guides_example_is_taken_and_told_as_it_says() {
    let folder = folder();
    let expected = block("text", 0);
    let dry = import(&folder, "log.csv", &["--map", "map.toml", "--dry-run"]);
    assert_eq!(account(&dry), expected.replace("readings taken", "readings would be taken"));
    assert!(!folder.path().join("data").exists(), "a dry run keeps nothing");
    assert_eq!(account(&import(&folder, "log.csv", &["--map", "map.toml"])), expected);
    // Again, with one value corrected: nothing is doubled, the later value holds.
    let corrected = block("csv", 0).replace("7,12", "7,13");
    fs::write(folder.path().join("log.csv"), corrected).unwrap();
    account(&import(&folder, "log.csv", &["--map", "map.toml"]));
    let token = folder.token("viewer");
    let hub = folder.run(&token);
    let path = "/readings?from=2024-01-01T00:00:00Z&to=2025-01-01T00:00:00Z&point=yen-lac-water/plc/";
    assert_eq!(hub.get(&format!("{path}ph"))["v"], serde_json::json!([7.13, 7.15, 7.1]));
    assert_eq!(hub.get(&format!("{path}ph"))["t"][0], 1_709_251_200_000_i64);
    // Values come in the point's unit: the device's scale is not applied to them.
    assert_eq!(hub.get(&format!("{path}flow"))["v"], serde_json::json!([1234.5, 1240.0]));
    assert_eq!(hub.get("/alarms?state=all"), serde_json::json!([]));
    hub.stop();
}

#[test]
fn a_running_hub_is_told_of_and_takes_the_file_itself() {
    let folder = folder();
    let token = folder.token("integrator");
    fs::write(folder.path().join("token"), format!("{token}\n")).unwrap();
    let hub = folder.run(&token);
    let told = fault(&import(&folder, "log.csv", &["--map", "map.toml"]));
    assert!(told.contains("a hub runs on this folder") && told.contains("--url"), "{told}");
    let url = format!("http://{}", hub.http);
    let sent = import(&folder, "log.csv", &["--map", "map.toml", "--url", &url, "--token-file", "token"]);
    assert_eq!(account(&sent), block("text", 0));
    let path = "/readings?from=2024-01-01T00:00:00Z&to=2025-01-01T00:00:00Z&point=yen-lac-water/plc/ph";
    assert_eq!(hub.get(path)["v"], serde_json::json!([7.12, 7.15, 7.1]));
    assert_eq!(hub.get("/alarms?state=all"), serde_json::json!([]));
    fs::write(folder.path().join("token"), "ch_guessed").unwrap();
    let told =
        fault(&import(&folder, "log.csv", &["--map", "map.toml", "--url", &url, "--token-file", "token"]));
    assert!(told.contains("401") && !told.contains("ch_guessed"), "{told}");
    hub.stop();
}

#[test]
fn line_protocol_goes_in_by_mapping_by_match_and_by_tag() {
    let folder = folder();
    let lines = "# old\nmodbus,name=plc ph=7.1,other=1 1709251200\nx,point=yen-lac-water/plc/flow value=12 1709251200\n\
                 modbus,name=plc ph=x 1709251260\nmodbus,name=plc ph=7 0\nmodbus,name=plc ph=7.3\n";
    fs::write(folder.path().join("old.lp"), lines).unwrap();
    let told = import(&folder, "old.lp", &["--map", "lines.toml"]);
    let told = account(&told);
    assert!(told.starts_with("6 rows: 2 readings taken, 0 missing, 4 dropped\n"), "{told}");
    for text in [
        "line 4: unable to parse",
        "line 5: unable to parse",
        "a line without a time",
        "no point is mapped to",
    ] {
        assert!(told.contains(text), "{text} in {told}");
    }
    let nanoseconds = "modbus ph=7.4 1709251200000000000\n";
    fs::write(folder.path().join("old.lp"), nanoseconds).unwrap();
    assert!(account(&import(&folder, "old.lp", &[])).contains("plc/ph: 1 from 2024-03-01T00:00:00Z"));
}

#[test]
fn what_is_wrong_with_a_mapping_is_told_at_once() {
    let folder = folder();
    let map = "[csv]\nseparator = \":\"\nthousands = \".\"\n[time]\ncolumn = \"Ngày\"\nformat = \"dd/mm\"\nzone = \"Hanoi\"\n\
               [[column]]\nname = \"pH\"\npoint = \"yen-lac-water/plc/pH\"\n[[column]]\nname = \"x\"\npoint = \"yen-lac-water/plc/flow\"\nunit = \"mg/L\"\nscal = 2\n";
    fs::write(folder.path().join("map.toml"), map).unwrap();
    let told = fault(&import(&folder, "log.csv", &["--map", "map.toml"]));
    for text in [
        "map.toml:2: csv.separator: found \":\"",
        "map.toml:3: csv.thousands: is the same sign as decimal",
        "map.toml:6: time.format: found \"dd/mm\"",
        "map.toml:7: time.zone: found \"Hanoi\"",
        "did you mean \"yen-lac-water/plc/ph\"?",
        "expected m3/h or one that converts to it",
        "unknown key; did you mean \"scale\"?",
    ] {
        assert!(told.contains(text), "{text} in {told}");
    }
    fs::write(folder.path().join("map.toml"), block("toml", 0).replace("\"Giờ\"", "\"Gio\"")).unwrap();
    let told = fault(&import(&folder, "log.csv", &["--map", "map.toml"]));
    assert!(told.contains("found \"Gio\"") && told.contains("did you mean \"Giờ\"?"), "{told}");
    assert!(fault(&import(&folder, "log.csv", &[])).contains("--map is needed"));
    assert!(fault(&import(&folder, "none.csv", &["--map", "map.toml"])).contains("none.csv cannot be read"));
}

/// Resident memory at its highest, in KiB, of an import of `rows` rows.
fn peak_kib(folder: &Folder, rows: usize) -> u64 {
    let map = "[time]\ncolumn = \"t\"\nformat = \"epoch_s\"\n[[column]]\nname = \"ph\"\npoint = \"yen-lac-water/plc/ph\"\n";
    fs::write(folder.path().join("map.toml"), map).unwrap();
    let mut file = std::io::BufWriter::new(fs::File::create(folder.path().join("large.csv")).unwrap());
    file.write_all(b"t,ph\n").unwrap();
    let mut row = String::new();
    for number in 0..rows {
        row.clear();
        writeln!(row, "{},{}.{:02}", 1_700_000_000 + number * 10, 6 + number % 3, number % 97).unwrap();
        file.write_all(row.as_bytes()).unwrap();
    }
    file.flush().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_commune-hub"))
        .args(["import", "large.csv", "--map", "map.toml", "--config", "."])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut peak = 0;
    let status = wait_for("the import to end", Duration::from_secs(120), || {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(peak);
        child.try_wait().unwrap()
    });
    let told = std::io::read_to_string(child.stdout.take().unwrap()).unwrap();
    assert!(status.success() && told.starts_with(&format!("{rows} rows: {rows} readings taken")), "{told}");
    peak
}

#[test]
fn a_longer_file_takes_no_more_memory() {
    let folder = folder();
    let (short, long) = (peak_kib(&folder, 50_000), peak_kib(&folder, 300_000));
    assert!(long < short + 16 * 1024, "{short} KiB for 50,000 rows, {long} KiB for 300,000");
}
