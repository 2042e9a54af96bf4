//! Telegraf as a process: the same lines through a broker, a thousand in a message so that the broker is not what is measured.

use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use adapters_sdk::Clock;
use adapters_sdk::clock::stopwatch;
use rumqttc::{Client, Event, Incoming, MqttOptions, QoS};

use crate::support::engines::{BUCKET, Engine, ORG, TOKEN};
use crate::support::wait_for;
use crate::{BOUND, POINTS, STEP_MS, Took, cpu_ms, line};

const MESSAGE_LINES: usize = 1_000;
const STARTS_WITHIN: Duration = Duration::from_secs(30);

/// A process that ends with its owner.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Sends `lines` lines through Telegraf into the engine and waits until all of them can be counted there.
pub fn measure(engine: &Engine, lines: usize) -> Took {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let quiet =
        |command: &mut Command| Ended(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let _broker = quiet(Command::new("mosquitto").args(["-p", &port.to_string()]));
    wait_for("mosquitto", STARTS_WITHIN, || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("telegraf.conf");
    fs::write(&config, configuration(engine, port)).unwrap();
    let binary = std::env::var_os("COMMUNE_PEER_TELEGRAF").unwrap();
    let telegraf = quiet(Command::new(binary).arg("--config").arg(&config));
    let (client, mut events) = {
        let mut options = MqttOptions::new("bench", "127.0.0.1", port);
        options.set_inflight(100);
        options.set_max_packet_size(1 << 20, 1 << 20);
        Client::new(options, 100)
    };
    let acknowledged = std::thread::spawn(move || {
        let mut seen = 0;
        let wanted = lines / MESSAGE_LINES + 1;
        for event in events.iter() {
            if let Event::Incoming(Incoming::PubAck(_)) = event.unwrap() {
                seen += 1;
                if seen == wanted {
                    return;
                }
            }
        }
    });
    // Retained: Telegraf finds it whenever it has subscribed, and then it is known to listen.
    client.publish("bench", QoS::AtLeastOnce, true, "ready,host=x value=1 1").unwrap();
    wait_for("Telegraf's first line", BOUND, || (count(engine, "ready", "time(v: 0)") == 1).then_some(()));
    let (cpu_before, elapsed_ms) = (cpu_ms(telegraf.0.id()), stopwatch());
    let start = Clock::system().now().as_millis() - (lines / POINTS) as i64 * STEP_MS;
    for first in (0..lines).step_by(MESSAGE_LINES) {
        let mut message = String::new();
        for n in first..(first + MESSAGE_LINES).min(lines) {
            let (point, step) = (n % POINTS, n / POINTS);
            let at = start + step as i64 * STEP_MS;
            writeln!(message, "{}{at}000000", line("beside", point, step)).unwrap();
        }
        client.publish("bench", QoS::AtLeastOnce, false, message).unwrap();
    }
    wait_for("all lines to be counted", BOUND, || {
        (count(engine, "beside", "-30d") >= lines as u64).then_some(())
    });
    let seconds = elapsed_ms() as f64 / 1_000.0;
    acknowledged.join().unwrap();
    Took {
        rate: lines as f64 / seconds,
        cpu_us: (cpu_ms(telegraf.0.id()) - cpu_before) as f64 * 1_000.0 / lines as f64,
        resident_kib: resident_kib(telegraf.0.id()),
    }
}

fn configuration(engine: &Engine, port: u16) -> String {
    format!(
        "[agent]\nflush_interval = \"1s\"\nmetric_batch_size = 5000\nmetric_buffer_limit = 2000000\nomit_hostname = true\n\
         [[inputs.mqtt_consumer]]\nservers = [\"tcp://127.0.0.1:{port}\"]\ntopics = [\"bench\"]\ntopic_tag = \"\"\nqos = 1\n\
         max_undelivered_messages = 1000\ndata_format = \"influx\"\n\
         [[outputs.influxdb_v2]]\nurls = [\"{}\"]\ntoken = \"{TOKEN}\"\norganization = \"{ORG}\"\nbucket = \"{BUCKET}\"\n",
        engine.url("")
    )
}

fn count(engine: &Engine, measurement: &str, since: &str) -> u64 {
    let script = format!(
        "from(bucket: \"{BUCKET}\") |> range(start: {since}) |> filter(fn: (r) => r._measurement == \"{measurement}\" and r._field == \"value\")
         |> group() |> count() |> keep(columns: [\"_value\"])"
    );
    engine.flux(&script).first().map_or(0, |row| row["_value"].parse().unwrap())
}

fn resident_kib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}
