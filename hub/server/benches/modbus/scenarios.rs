//! A hub that is killed and a station without power: twenty simulated devices of one line, read, judged and stored by the hub as
//! a process. Prints how long each takes and what is told; the units of `units.rs` have no part in it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use adapters_sdk::Clock;
use adapters_sdk::clock::stopwatch;
use serde_json::Value;
use simulators::config::SimCommune;
use simulators::{FaultKind, Fleet, Listen, Scenario};

use crate::support::{Folder, Hub, wait_for};
use crate::{HUB, line, pass};

const DEVICES: u8 = 20;
const POINTS: u8 = 10;
const NAMED: &str = "tcp://station:502";
const WITHIN: Duration = Duration::from_secs(120);
/// The shipped delays of minutes say nothing of the hub's own speed: here they are seconds.
const DELAYS: &str = "[rules.device-offline]\non_delay = \"5s\"\noff_delay = \"1s\"\n[rules.line-down]\non_delay = \"3s\"\noff_delay = \"1s\"\n[rules.site-down]\non_delay = \"3s\"\noff_delay = \"1s\"\n";

/// The station's file, its line at `endpoint`.
fn site(endpoint: &str) -> String {
    let mut text = format!("id = \"station\"\nkind = \"water_station\"\n{DELAYS}");
    for unit in 1..=DEVICES {
        let keys = format!(
            "adapter = \"modbus\"\nendpoint = \"{endpoint}\"\nunit_id = {unit}\npoll = \"1s\"\ntimeout = \"300ms\"\n"
        );
        write!(text, "[[device]]\nid = \"u{unit}\"\n{keys}").unwrap();
        for point in 0..POINTS {
            let keys = format!("register = \"holding\"\naddress = {}\ntype = \"FLOAT32\"\n", point * 2);
            write!(text, "[[device.point]]\nid = \"p{point}\"\nquantity = \"flow\"\n{keys}").unwrap();
        }
    }
    text
}

/// Both scenarios, one after the other, on one store.
pub fn measure() {
    let named = Folder::with(&[("hub.toml", HUB), ("sites/station.toml", &site(NAMED))]);
    let mut scenario = Scenario::new(SimCommune::load(named.path()).unwrap(), 8);
    scenario.listen = Listen::AnyPort;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let fleet = runtime.block_on(Fleet::start(scenario, || Clock::system().now())).unwrap();
    let endpoint = format!("tcp://{}", fleet.modbus_addresses()[NAMED]);
    let folder = Folder::with(&[("hub.toml", HUB), ("sites/station.toml", &site(&endpoint))]);
    let token = folder.token("viewer");
    let hub = restarted(&folder, &token);
    without_power(&hub, &fleet);
    hub.stop();
    runtime.block_on(fleet.stop());
}

/// The points' last readings: id, moment of measuring and value.
type Latest = BTreeMap<String, (i64, Option<f64>)>;

fn latest(hub: &Hub) -> Latest {
    let points = hub.get("/points?site=station");
    let one = |point: &Value| {
        let at = point["latest"]["measured_at"].as_str()?.parse::<jiff::Timestamp>().ok()?;
        Some((point["id"].as_str()?.to_owned(), (at.as_millisecond(), point["latest"]["value"].as_f64())))
    };
    points.as_array().unwrap().iter().filter_map(one).collect()
}

/// Waits until every point has a value that was measured after `moment`.
fn all_since(hub: &Hub, moment: i64) {
    wait_for("a value of every point", WITHIN, || {
        let all = latest(hub);
        let is_newer = |(at, value): &(i64, Option<f64>)| *at > moment && value.is_some();
        (all.len() == usize::from(DEVICES * POINTS) && all.values().all(is_newer)).then_some(())
    });
}

fn now() -> i64 {
    Clock::system().now().as_millis()
}

/// SIGKILL in the middle of polling, and a start on what is on the disk.
fn restarted(folder: &Folder, token: &str) -> Hub {
    let hub = folder.run(token);
    all_since(&hub, 0);
    pass(Duration::from_secs(5));
    let (told, killed) = (latest(&hub), now());
    hub.kill();
    let elapsed_ms = stopwatch();
    let hub = folder.run(token);
    let ready = elapsed_ms();
    all_since(&hub, killed);
    let again = elapsed_ms();
    let (mut lost, mut longest) = (0, 0);
    for (id, (at, value)) in &told {
        let from = jiff::Timestamp::from_millisecond(*at).unwrap();
        let kept = hub.get(&format!("/readings?point={id}&from={from}&to={}", jiff::Timestamp::now()));
        let times: Vec<i64> = kept["t"].as_array().unwrap().iter().filter_map(Value::as_i64).collect();
        let is_there = times.first() == Some(at) && kept["v"][0].as_f64() == *value;
        lost += usize::from(!is_there);
        longest = longest.max(times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default());
    }
    line("SIGKILL while 20 devices of a line are polled: ready again after", "", &format!("{ready} ms"));
    line("  every one of the 200 points has a new value after", "", &format!("{again} ms"));
    line("  readings that were told before and are gone", "0", &lost.to_string());
    line("  longest gap in any point (poll 1 s)", "", &format!("{longest} ms"));
    hub
}

/// All devices of the station fall silent at once, their gateway with them, and come back.
fn without_power(hub: &Hub, fleet: &Fleet) {
    let alarms = |state: &str| hub.get(&format!("/alarms?state={state}")).as_array().unwrap().clone();
    let of = |all: &[Value], state: &str| all.iter().filter(|alarm| alarm["state"] == state).count();
    let devices: Vec<_> = fleet.control().devices().map(|device| device.id.to_string()).collect();
    let elapsed_ms = stopwatch();
    for device in &devices {
        fleet.control().inject(device, FaultKind::Disconnect, None).unwrap();
    }
    let told = wait_for("the station's own alarm", WITHIN, || {
        alarms("active").iter().any(|alarm| alarm["rule"] == "site-down").then(&elapsed_ms)
    });
    let all = wait_for("an alarm of every device", WITHIN, || {
        Some(alarms("active")).filter(|all| of(all, "suppressed_by_design") > usize::from(DEVICES))
    });
    line("power cut of the station, delays of 3 to 5 s: told after", "3 s and a poll", &format!("{told} ms"));
    let unsuppressed = all.len() - of(&all, "suppressed_by_design");
    line("  alarms that people are told of", "1", &unsuppressed.to_string());
    line(
        "  shown beneath it: the line, and each device",
        "21",
        &of(&all, "suppressed_by_design").to_string(),
    );
    pass(Duration::from_secs(20));
    let (mended, elapsed_ms) = (now(), stopwatch());
    fleet.control().mend_all();
    all_since(hub, mended);
    line("  power is back: every point has a value after", "<= 10 s", &format!("{} ms", elapsed_ms()));
    wait_for("the end of all that was explained", WITHIN, || {
        let all = alarms("active");
        (of(&all, "suppressed_by_design") == 0 && all.iter().all(|alarm| !alarm["cleared_at"].is_null()))
            .then_some(())
    });
    line("  all its alarms are over after", "", &format!("{} ms", elapsed_ms()));
}
