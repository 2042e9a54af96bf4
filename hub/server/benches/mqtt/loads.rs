//! The loads: acknowledged publishes, fan-out, idle connections, the way to the live stream, and a soak.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

use adapters_sdk::Clock;
use adapters_sdk::clock::stopwatch;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::support::Hub;
use crate::wire::{Client, publish};

const CONNECTIONS: usize = 50;
const IN_FLIGHT: usize = 100;
const PUBLISHES_EACH: usize = 12_000;
/// Devices of the load's own site, and the points of each; rules watch all of them.
const DEVICES: usize = CONNECTIONS;
const POINTS: [&str; 4] = ["h2s", "nh3", "h2s-2", "nh3-2"];
/// The first time in a load lies so far back: whatever the pace, no reading is from the future or too old to be judged.
const BEGINS_BEFORE: Duration = Duration::from_secs(30);
const FAN_OUT_MESSAGES: usize = 100;
/// Publishes between two looks at the clock of a paced load.
const TICK: Duration = Duration::from_millis(10);
const STREAM_RATE: usize = 5_000;
const STREAM_FOR: Duration = Duration::from_secs(10);
const SOAK_RATE: usize = 2_000;
/// Memory is looked at so often in a soak, from the first look on.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// The site whose devices publish.
pub fn site() -> String {
    let point = |id: &str| {
        let quantity = id.trim_end_matches("-2");
        format!("[[device.point]]\nid = \"{id}\"\nquantity = \"{quantity}\"\nunit = \"ug/m3\"\n")
    };
    let points: String = POINTS.map(point).concat();
    let device = |number: usize| {
        let login = format!("{{ username = \"load-{number}\", password = \"x\" }}");
        format!("[[device]]\nid = \"d{number}\"\nadapter = \"mqtt\"\nlogin = {login}\n{points}")
    };
    let devices: String = (0..DEVICES).map(device).collect();
    format!("id = \"load\"\nkind = \"waste_site\"\nlimits = [\"qcvn-05-2023\"]\n{devices}")
}

fn topic(device: usize) -> String {
    format!("commune/v1/load/d{}/telemetry", device % DEVICES)
}

/// A device's message: each of its points in turn, none twice at the same millisecond.
fn payload(from_ms: i64, number: usize) -> Vec<u8> {
    let (turn, value) = (number / POINTS.len(), number % 1_000);
    let at = from_ms + turn as i64;
    format!(r#"{{"ts":{at},"m":{{"{}":{value}}}}}"#, POINTS[number % POINTS.len()]).into_bytes()
}

/// Acknowledged publishes a second over all connections, each with a full window.
pub async fn acknowledged_a_second(broker: SocketAddr) -> f64 {
    let mut clients = Vec::new();
    for number in 0..CONNECTIONS {
        clients.push(Client::connect(broker, &format!("load-{number}"), None).await);
    }
    let from_ms = Clock::system().now().as_millis() - BEGINS_BEFORE.as_millis() as i64;
    let elapsed_ms = stopwatch();
    let mut loads = JoinSet::new();
    for (device, client) in clients.into_iter().enumerate() {
        loads.spawn(window(client, topic(device), from_ms));
    }
    while let Some(done) = loads.join_next().await {
        done.unwrap();
    }
    (CONNECTIONS * PUBLISHES_EACH) as f64 / (elapsed_ms() as f64 / 1e3)
}

/// Every message of [`acknowledged_a_second`] must be a reading that can be asked for; panics otherwise.
pub fn all_are_kept(hub: &Hub) {
    for device in 0..DEVICES {
        let count = |id: &str| {
            let path = format!(
                "/readings?point=load/d{device}/{id}&from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z"
            );
            hub.get(&path)["t"].as_array().unwrap().len()
        };
        assert_eq!(POINTS.map(count).iter().sum::<usize>(), PUBLISHES_EACH, "of device {device}");
    }
}

async fn window(mut client: Client, topic: String, from_ms: i64) {
    let (mut sent, mut acknowledged) = (0, 0);
    let mut bytes = Vec::new();
    while acknowledged < PUBLISHES_EACH {
        bytes.clear();
        while sent < PUBLISHES_EACH && sent - acknowledged < IN_FLIGHT {
            let id = (sent % 65_535 + 1) as u16;
            bytes.extend(publish(&topic, Some(id), &payload(from_ms, sent)));
            sent += 1;
        }
        client.send(&bytes).await;
        acknowledged += client.packets().await;
    }
}

/// How long it takes until every subscriber has every message of one publisher, in milliseconds.
pub async fn fan_out_ms(broker: SocketAddr, subscribers: usize) -> f64 {
    let mut listening = JoinSet::new();
    for number in 0..subscribers {
        let mut client = Client::connect(broker, &format!("listener-{number}"), None).await;
        client.subscribe("fan/out").await;
        listening.spawn(async move {
            let mut received = 0;
            while received < FAN_OUT_MESSAGES {
                received += client.packets().await;
            }
        });
    }
    let mut publisher = Client::connect(broker, "publisher", None).await;
    let elapsed_ms = stopwatch();
    for number in 0..FAN_OUT_MESSAGES {
        publisher.send(&publish("fan/out", None, &payload(0, number))).await;
    }
    while let Some(done) = listening.join_next().await {
        done.unwrap();
    }
    elapsed_ms() as f64
}

/// Connections that only are there; they end when dropped.
pub async fn idle(broker: SocketAddr, count: usize) -> Vec<Client> {
    let mut clients = Vec::with_capacity(count);
    for number in 0..count {
        clients.push(Client::connect(broker, &format!("idle-{number}"), None).await);
    }
    clients
}

/// How long readings took from the publish to the live stream.
pub struct Spans {
    /// Half of them took no longer.
    pub median_ms: i64,
    /// 99 of 100 took no longer.
    pub p99_ms: i64,
}

/// Publishes at a steady pace, each message with its time in it, and reads them from the stream.
pub fn publish_to_stream(hub: &Hub, token: &str) -> Spans {
    let mut stream = TcpStream::connect(hub.http).unwrap();
    let host = hub.http;
    write!(stream, "GET /api/v1/stream HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n")
        .unwrap();
    let (seen, spans) = mpsc::channel();
    let clock = Clock::system();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let Some(data) = line.strip_prefix("data: ") else { continue };
            let Some(at) = data.split("\"value\":").nth(1) else { continue };
            let number: String = at.chars().take_while(|sign| sign.is_ascii_digit()).collect();
            // The value is the time of its publish, in ms of the day's last ten million.
            if let Ok(sent) = number.parse::<i64>()
                && seen.send(clock.now().as_millis() % 10_000_000 - sent).is_err()
            {
                return;
            }
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let clock = Clock::system();
    runtime.block_on(async {
        let mut client = Client::connect(hub.mqtt, "paced", None).await;
        paced(&mut client, STREAM_RATE, STREAM_FOR, |number| {
            let (point, now_ms) = (POINTS[number / DEVICES % POINTS.len()], clock.now().as_millis());
            format!(r#"{{"m":{{"{point}":{}}}}}"#, now_ms % 10_000_000).into_bytes()
        })
        .await;
    });
    let mut spans: Vec<i64> = spans.try_iter().filter(|span| (0..60_000).contains(span)).collect();
    spans.sort_unstable();
    assert!(!spans.is_empty(), "the stream said nothing");
    Spans { median_ms: spans[spans.len() / 2], p99_ms: spans[spans.len() * 99 / 100] }
}

/// How resident memory went under a steady load.
pub struct Soak {
    /// At the first look.
    pub first_kib: u64,
    /// At the end.
    pub last_kib: u64,
    /// Slope of the straight line through all looks.
    pub kib_a_minute: f64,
    /// The same through the second half of them.
    pub kib_a_minute_late: f64,
}

/// Publishes at a steady pace for `span`, at least twice [`LOOK_EVERY`], and looks at the hub's memory.
pub async fn soak(hub: &Hub, span: Duration) -> Soak {
    let mut client = Client::connect(hub.mqtt, "soak", None).await;
    let clock = Clock::system();
    let now = |number: usize| {
        let point = POINTS[number / DEVICES % POINTS.len()];
        format!(r#"{{"ts":{},"m":{{"{point}":{}}}}}"#, clock.now().as_millis(), number % 1_000).into_bytes()
    };
    let looks = (span.as_secs() / LOOK_EVERY.as_secs()).max(2);
    let mut seen = Vec::new();
    for _ in 0..looks {
        paced(&mut client, SOAK_RATE, LOOK_EVERY, &now).await;
        seen.push(hub.resident_kib());
    }
    let per_minute = 60.0 / LOOK_EVERY.as_secs_f64();
    Soak {
        first_kib: seen[0],
        last_kib: seen[seen.len() - 1],
        kib_a_minute: slope(&seen) * per_minute,
        kib_a_minute_late: slope(&seen[seen.len() / 2..]) * per_minute,
    }
}

/// The slope of the straight line nearest to the values, by least squares, per step.
fn slope(values: &[u64]) -> f64 {
    let count = values.len() as f64;
    let (mean_x, mean_y) = ((count - 1.0) / 2.0, values.iter().sum::<u64>() as f64 / count);
    let (mut above, mut below) = (0.0, 0.0);
    for (x, y) in values.iter().enumerate() {
        let dx = x as f64 - mean_x;
        above += dx * (*y as f64 - mean_y);
        below += dx * dx;
    }
    if below > 0.0 { above / below } else { 0.0 }
}

/// Publishes `rate` messages a second at QoS 1 for `span`, of the devices in turn; answers are read and forgotten.
async fn paced(client: &mut Client, rate: usize, span: Duration, payload: impl Fn(usize) -> Vec<u8>) {
    let per_tick = rate * TICK.as_millis() as usize / 1_000;
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (mut sent, mut acknowledged) = (0_usize, 0);
    for _ in 0..span.as_millis() / TICK.as_millis() {
        ticks.tick().await;
        let mut bytes = Vec::new();
        for _ in 0..per_tick {
            bytes.extend(publish(&topic(sent), Some((sent % 65_535 + 1) as u16), &payload(sent)));
            sent += 1;
        }
        client.send(&bytes).await;
        // Answers come after the commit: those of earlier ticks are there by now.
        while sent - acknowledged > rate {
            acknowledged += client.packets().await;
        }
    }
    while acknowledged < sent {
        acknowledged += client.packets().await;
    }
}
