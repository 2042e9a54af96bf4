//! A store's file that is damaged or emptied, under the real process: it is noticed, told, costs as little as possible, and is never
//! taken for something else.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use support::{Folder, Hub, wait_for};

const BOUND: Duration = Duration::from_secs(60);
const PAGE: usize = 4_096;
const READINGS: i64 = 4_000;
const QUESTION: &str = "/readings?point=station/lab/level&from=2023-11-01T00:00:00Z&to=2024-12-01T00:00:00Z";

const HUB_TOML: &str = "[commune]\nid = \"an-phu\"\n[http]\nlisten = \"127.0.0.1:0\"\n[mqtt]\nlisten = \"127.0.0.1:0\"\n\
    [store]\ndir = \"data\"\nkeep_raw = \"90y\"\nkeep_hourly = \"90y\"\n";
const SITE: &str = "id = \"station\"\nkind = \"water_station\"\nname = \"Trạm\"\n[[device]]\nid = \"lab\"\nadapter = \"mqtt\"\n\
    login = { username = \"lab\", password = \"a-secret-of-the-lab\" }\n[[device.point]]\nid = \"level\"\nquantity = \"level\"\n";

/// A commune whose hub has kept a reading each hour for half a year, and is stopped.
fn filled() -> (Folder, String) {
    let folder = Folder::with(&[("hub.toml", HUB_TOML), ("sites/station.toml", SITE)]);
    let token = folder.token("integrator");
    let hub = folder.run(&token);
    for first in (0..READINGS).step_by(500) {
        post(&hub, first, 500);
    }
    hub.stop();
    (folder, token)
}

fn post(hub: &Hub, first: i64, count: i64) {
    let reading = |n: i64| {
        let t = 1_700_000_000_000_i64 + n * 3_600_000;
        json!({"point": "station/lab/level", "t": t, "v": (n * n % 977) as f64 / 100.0})
    };
    let readings: Vec<_> = (first..first + count).map(reading).collect();
    assert_eq!(hub.post("/readings", &json!({ "readings": readings })).0, 204);
}

/// A number of SQLite's, and how many bytes it takes.
fn varint(bytes: &[u8]) -> (u64, usize) {
    let mut number = 0;
    for (at, byte) in bytes.iter().enumerate().take(8) {
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return (number, at + 1);
        }
    }
    (number << 8 | u64::from(bytes[8]), 9)
}

/// Whether a page is a leaf of the table of chunks: no other table's rows have numbers as great as theirs.
fn holds_chunks(page: &[u8]) -> bool {
    const LEAF_OF_A_TABLE: u8 = 13;
    let cells = usize::from(u16::from_be_bytes([page[3], page[4]]));
    if page[0] != LEAF_OF_A_TABLE || cells == 0 {
        return false;
    }
    let first = usize::from(u16::from_be_bytes([page[8], page[9]]));
    let (_, size) = varint(&page[first..]);
    varint(&page[first + size..]).0 > 1 << 60
}

/// Spoils the page in the middle of those with chunks; gives how many there are.
fn spoil_a_page(file: &Path) -> usize {
    let mut bytes = fs::read(file).unwrap();
    let leaves: Vec<usize> =
        (1..bytes.len() / PAGE).filter(|page| holds_chunks(&bytes[page * PAGE..][..PAGE])).collect();
    let spoilt = leaves[leaves.len() / 2];
    bytes[spoilt * PAGE..][..PAGE].fill(0xa5);
    fs::write(file, bytes).unwrap();
    leaves.len()
}

fn store_detail(hub: &Hub) -> String {
    hub.ready()["store"]["detail"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_damaged_page_is_told_mended_and_costs_what_lay_on_it() {
    let (folder, token) = filled();
    let leaves = spoil_a_page(&folder.path().join("data/hub.sqlite"));
    assert!(leaves >= 4, "{leaves} pages");
    let hub = folder.run(&token);
    let answer = wait_for("an answer without what cannot be read", BOUND, || {
        let (status, answer) = hub.try_get(QUESTION);
        if status != 200 {
            let detail = store_detail(&hub);
            assert!(
                detail.contains("cannot be read") || detail.contains("could not be read"),
                "{status}: {detail}"
            );
        }
        (status == 200).then_some(answer)
    });
    let left = answer["v"].as_array().unwrap().iter().filter(|value| !value.is_null()).count() as i64;
    assert!(left < READINGS && left > READINGS / 2, "{left} of {READINGS} readings are left");
    let detail = store_detail(&hub);
    assert!(detail.contains("could not be read and are set aside; see store check"), "{detail}");
    // Everything goes on, also on the days that are gone.
    post(&hub, 0, READINGS);
    let answer = hub.get(QUESTION);
    assert_eq!(answer["v"].as_array().unwrap().len() as i64, READINGS);
    assert!(hub.metrics().contains("commune_store_damaged 1"), "{}", hub.metrics());
    hub.stop();
    let check = Command::new(env!("CARGO_BIN_EXE_commune-hub"))
        .args(["store", "check", "--config"])
        .arg(folder.path())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&check.stdout).into_owned() + &String::from_utf8_lossy(&check.stderr);
    assert!(told.contains("lay on pages that cannot be read"), "{told}");
}

#[test]
fn an_emptied_store_is_not_taken_for_a_new_one() {
    let (folder, _) = filled();
    let file = folder.path().join("data/hub.sqlite");
    for empty in [true, false] {
        if empty {
            fs::write(&file, "").unwrap()
        } else {
            fs::remove_file(&file).unwrap()
        }
        let started = Command::new(env!("CARGO_BIN_EXE_commune-hub"))
            .arg("run")
            .arg("--config")
            .arg(folder.path())
            .output();
        let started = started.unwrap();
        let error = String::from_utf8_lossy(&started.stderr);
        assert_eq!(started.status.code(), Some(1), "{error}");
        let found = if empty { "hub.sqlite is empty, but " } else { "hub.sqlite is missing, but " };
        assert!(error.contains(found) && error.contains("mqtt.sqlite beside it"), "{error}");
        assert!(error.contains("restore a backup into a new folder"), "{error}");
        assert_eq!(fs::metadata(&file).map_or(0, |file| file.len()), 0);
    }
}

#[test]
fn ten_million_readings_in_one_request_are_refused_and_nothing_else_is_disturbed() {
    use std::io::{Read, Write};
    let folder = Folder::with(&[("hub.toml", HUB_TOML), ("sites/station.toml", SITE)]);
    let token = folder.token("integrator");
    let hub = folder.run(&token);
    let before_kib = hub.resident_kib();
    let reading = br#"{"point":"station/lab/level","t":1700000000000,"v":1.25},"#;
    let mut stream = std::net::TcpStream::connect(hub.http).unwrap();
    stream.set_read_timeout(Some(BOUND)).unwrap();
    let length = 13 + reading.len() * 10_000_000;
    let head = format!(
        "POST /api/v1/readings HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{{\"readings\":["
    );
    stream.write_all(head.as_bytes()).unwrap();
    let lot = reading.repeat(1_000);
    // It may stop listening before all is said: then the rest cannot be sent.
    for _ in 0..10_000 {
        if stream.write_all(&lot).is_err() {
            break;
        }
    }
    let mut answer = [0; 12];
    if stream.read_exact(&mut answer).is_ok() {
        assert_eq!(&answer, b"HTTP/1.1 413", "{}", String::from_utf8_lossy(&answer));
    }
    let grown_kib = hub.resident_kib().saturating_sub(before_kib);
    assert!(grown_kib < 64 << 10, "{grown_kib} KiB more");
    assert_eq!(hub.point("station/lab/level")["latest"], Value::Null, "nothing of it was kept");
    post(&hub, 0, 1);
    assert_eq!(hub.point("station/lab/level")["latest"]["value"], 0.0);
    hub.stop();
}

#[test]
fn a_value_that_is_no_number_and_a_time_out_of_range_are_refused_by_name() {
    let folder = Folder::with(&[("hub.toml", HUB_TOML), ("sites/station.toml", SITE)]);
    let token = folder.token("integrator");
    let hub = folder.run(&token);
    let send = |t: &str, v: &str| {
        let body = format!(r#"{{"readings":[{{"point":"station/lab/level","t":{t},"v":{v}}}]}}"#);
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
        let request = agent.post(format!("http://{}/api/v1/readings", hub.http));
        let request = request.header("Authorization", format!("Bearer {token}"));
        let mut answer = request.header("Content-Type", "application/json").send(body).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    };
    for value in ["1e999", "-1e999", "NaN", "Infinity", "\"NaN\"", "null"] {
        let (status, told) = send("1700000000000", value);
        assert_eq!(status, 400, "{value}: {told}");
    }
    for time in [
        "9223372036854775807",
        "-9223372036854775808",
        "1e300",
        "\"99999-01-01T00:00:00Z\"",
        "253402300800000",
    ] {
        let (status, told) = send(time, "1.5");
        assert!(status == 400 && told.contains("readings[0].t"), "{time}: {status} {told}");
    }
    assert_eq!(hub.point("station/lab/level")["latest"], Value::Null);
    assert_eq!(send("1700000000000", "1.5").0, 204);
    hub.stop();
}
