//! Serial frames: over TCP from a foreign server and from hostile ones, and over pseudo-terminals that vanish and return.
//!
//! The pseudo-terminals are `socat`'s, the server at their other end is pymodbus.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use adapters_modbus::decode::{ByteOrder, DataType};
use adapters_modbus::register::Register;
use hub_model::{Reason, Sample};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::foreign::{Foreign, packed};
use crate::rig::{Rig, causes, device, holding, latest, moved, point};
use crate::servers::{Act, SerialFrame, raw_server, serial_answer};

fn units() -> Value {
    json!({
        "7": { "holding": { "0": packed("f", "ABCD", 7.12), "50": [42] }, "coil": { "3": [true, false, false, false] } },
        "9": { "input": { "1": packed("q", "CDAB", -1_234_567_890_123_i64) } },
    })
}

fn line(endpoint: &str) -> Rig {
    let first = [
        point(Register::Holding, 0, DataType::Float32, ByteOrder::Abcd),
        holding(50),
        point(Register::Coil, 3, DataType::Bit, ByteOrder::Abcd),
    ];
    let second = [point(Register::Input, 1, DataType::Int64, ByteOrder::Cdab)];
    let mut devices = vec![device("pump", 1, 7, &first), device("meter", 1, 9, &second)];
    for device in &mut devices {
        device.settings.poll = Duration::from_millis(200);
        device.settings.timeout = Duration::from_millis(500);
    }
    Rig::start(devices.into_iter().map(|device| moved(device, endpoint)).collect())
}

async fn until_read(rig: &mut Rig) {
    rig.until("the whole line is read", |seen| {
        let is = |point: &str, number| latest(seen, &format!("station/{point}")) == Some(Sample::Raw(number));
        is("pump/p0", 7.12)
            && is("pump/p1", 42.0)
            && is("pump/p2", 1.0)
            && is("meter/p0", -1_234_567_890_123.0)
    })
    .await;
}

#[tokio::test]
async fn serial_frames_over_tcp_are_read_from_a_foreign_server() {
    let server = Foreign::serve(&json!({ "port": 0, "framer": "rtu", "units": units() }));
    let mut rig = line(&format!("rtu+tcp://127.0.0.1:{}", server.port));
    until_read(&mut rig).await;
    assert_eq!(causes(&rig.seen, "station/pump/p0"), []);
}

/// Two pseudo-terminals joined to each other; gone when dropped.
struct Cable(Child);

impl Cable {
    async fn plug_in(hub_end: &Path, device_end: &Path) -> Self {
        let end = |path: &Path| format!("pty,raw,echo=0,link={}", path.display());
        let process = Command::new("socat")
            .args([end(hub_end), end(device_end)])
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("socat does not start: {error}; these tests need it (apt install socat)")
            });
        let cable = Self(process);
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        for _ in 0..500 {
            ticks.tick().await;
            if hub_end.exists() && device_end.exists() {
                return cable;
            }
        }
        panic!("socat made no pseudo-terminals within 10 s");
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        // Told to end and not killed, so that it takes its links along.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_serial_device_that_is_pulled_out_and_returns_under_the_same_name_is_read_again() {
    let folder = std::env::temp_dir().join(format!("commune-modbus-line-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (hub_end, device_end) = (folder.join("hub"), folder.join("device"));
    let cable = Cable::plug_in(&hub_end, &device_end).await;
    let wanted = json!({ "serial": device_end.display().to_string(), "units": units() });
    let server = Foreign::serve(&wanted);
    let mut rig = line(&format!("serial://{}?baud=9600", hub_end.display()));
    until_read(&mut rig).await;

    drop((server, cable));
    rig.until("every point is missing", |seen| {
        let gone = |point: &str| {
            let latest = latest(seen, &format!("station/{point}"));
            matches!(latest, Some(Sample::Missing(Reason::Refused | Reason::Disconnected)))
        };
        ["pump/p0", "pump/p1", "pump/p2", "meter/p0"].into_iter().all(gone)
    })
    .await;
    assert!(rig.running.health()[0].down_since.is_some(), "{:?}", rig.running);

    let _cable = Cable::plug_in(&hub_end, &device_end).await;
    let _server = Foreign::serve(&wanted);
    until_read(&mut rig).await;
    assert_eq!(rig.running.health()[0].down_since, None);
}

const VALUE: u16 = 4_242;

/// The first request is answered by `first`, every other one rightly. Returns the causes that the point was missing with.
async fn after(first: impl Fn(&SerialFrame) -> Vec<Act> + Send + Sync + 'static) -> Vec<Reason> {
    let port = raw_server(move |number, frame: &SerialFrame| match number {
        1 => first(frame),
        _ => vec![Act::Send(serial_answer(frame, &[VALUE]))],
    })
    .await;
    let endpoint = format!("rtu+tcp://127.0.0.1:{port}");
    let mut rig = Rig::start(vec![moved(device("line", 1, 7, &[holding(0)]), &endpoint)]);
    rig.until_latest("station/line/p0", Sample::Raw(f64::from(VALUE))).await;
    rig.until_more("station/line/p0", 3).await;
    let only =
        |sample: &Sample| matches!(sample, Sample::Missing(_)) || *sample == Sample::Raw(f64::from(VALUE));
    assert!(rig.seen["station/line/p0"].iter().all(only), "{:?}", rig.seen);
    causes(&rig.seen, "station/line/p0")
}

#[tokio::test]
async fn noise_echoes_and_parts_of_frames_do_not_hide_an_answer() {
    let right = |frame: &SerialFrame| serial_answer(frame, &[VALUE]);
    let noise = after(move |frame| vec![Act::Send([&[0x00, 0xFF, 7, 3][..], &right(frame)].concat())]);
    assert_eq!(noise.await, []);
    let echo = after(move |frame| vec![Act::Send([&frame[..], &right(frame)].concat())]);
    assert_eq!(echo.await, []);
    let bytes = after(move |frame| right(frame).into_iter().map(|byte| Act::Send(vec![byte])).collect());
    assert_eq!(bytes.await, []);
    let others = after(move |frame| {
        let mut others = *frame;
        others[0] = 8;
        vec![Act::Send(serial_answer(&others, &[1])), Act::Send(right(frame))]
    });
    assert_eq!(others.await, []);
    let longer = after(move |frame| vec![Act::Send(serial_answer(frame, &[1, 2])), Act::Send(right(frame))]);
    assert_eq!(longer.await, [], "an answer of another length is a late one");
}

#[tokio::test]
async fn spoilt_frames_and_exceptions_are_told_apart() {
    let spoilt = after(|frame| {
        let mut bytes = serial_answer(frame, &[1]);
        bytes[4] ^= 1;
        vec![Act::Send(bytes)]
    });
    assert_eq!(spoilt.await, [Reason::BadChecksum]);
    let noise = after(|_| vec![Act::Send(vec![0x55; 40])]);
    assert_eq!(noise.await, [Reason::BadAnswer]);
    let exception = after(|frame| vec![Act::Send(adapters_modbus::frame::rtu::encode(frame[0], &[0x83, 4]))]);
    assert_eq!(exception.await, [Reason::Exception(4)]);
    let silence = after(|_| Vec::new());
    assert_eq!(silence.await, [Reason::Timeout]);
}

/// Serial frames have no numbers: what a gateway still held for the last connection must not be taken for the next answer.
#[tokio::test]
async fn what_a_gateway_kept_from_before_a_time_out_is_never_taken_for_an_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.write_all(&kept).await.unwrap();
            let mut frame: SerialFrame = [0; 8];
            while stream.read_exact(&mut frame).await.is_ok() {
                let answer = serial_answer(&frame, &[u16::from(frame[3])]);
                if kept.is_empty() {
                    kept = answer;
                } else if stream.write_all(&answer).await.is_err() {
                    break;
                }
            }
        }
    });
    let endpoint = format!("rtu+tcp://127.0.0.1:{port}");
    let mut rig = Rig::start(vec![moved(device("line", 1, 7, &[holding(1), holding(200)]), &endpoint)]);
    rig.until_latest("station/line/p0", Sample::Missing(Reason::Timeout)).await;
    rig.until_latest("station/line/p0", Sample::Raw(1.0)).await;
    rig.until_more("station/line/p1", 3).await;
    let right = |sample: &Sample| matches!(sample, Sample::Missing(_)) || *sample == Sample::Raw(200.0);
    assert!(rig.seen["station/line/p1"].iter().all(right), "{:?}", rig.seen);
}
