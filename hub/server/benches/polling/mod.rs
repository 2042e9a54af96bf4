//! Five hundred Modbus points polled every second, judged, stored and streamed to an open dashboard.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use adapters_sdk::clock::stopwatch;
use tokio_modbus::prelude::{Request, Response};
use tokio_modbus::server::tcp::{Server, accept_tcp_connection};

use crate::print;
use crate::support::{Folder, Hub, wait_for};

const DEVICES: u8 = 10;
const POINTS_EACH: u16 = 50;
const MEASURED_MS: u64 = 30_000;

/// Prints the share of a core and the memory.
pub fn measure() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = runtime.block_on(serve());
    let folder = Folder::with(&[("hub.toml", HUB), ("sites/bench.toml", &site(server))]);
    let token = folder.token("viewer");
    let hub = folder.run(&token);
    let last = format!("bench/unit-{}/p{}", DEVICES, POINTS_EACH - 1);
    wait_for("the last point's first value", Duration::from_secs(20), || {
        hub.point(&last)["latest"]["value"].is_number().then_some(())
    });
    let stream = open_stream(&hub, &token);
    let (cpu_before, elapsed_ms) = (cpu_ms(hub.id()), stopwatch());
    while elapsed_ms() < MEASURED_MS {
        std::thread::park_timeout(Duration::from_millis(MEASURED_MS - elapsed_ms()));
    }
    let share = 100.0 * (cpu_ms(hub.id()) - cpu_before) as f64 / elapsed_ms() as f64;
    print("500 Modbus points a second, streamed: share of one core", format!("{share:.1} %"));
    print("resident memory, dashboard's stream open", format!("{} MiB", hub.resident_kib() / 1024));
    drop(stream);
    hub.stop();
}

const HUB: &str = r#"
[commune]
id = "bench"
name = "Bench"
timezone = "Asia/Ho_Chi_Minh"
languages = ["vi"]
[http]
listen = "127.0.0.1:0"
[mqtt]
listen = "127.0.0.1:0"
[store]
dir = "data"
"#;

fn site(server: SocketAddr) -> String {
    let mut text = "id = \"bench\"\nkind = \"other\"\nname = \"Bench\"\n".to_owned();
    for unit in 1..=DEVICES {
        write!(
            text,
            "[[device]]\nid = \"unit-{unit}\"\nname = \"Unit\"\nadapter = \"modbus\"\nendpoint = \"tcp://{server}\"\nunit_id = {unit}\npoll = \"1s\"\n"
        )
        .unwrap();
        for point in 0..POINTS_EACH {
            write!(
                text,
                "[[device.point]]\nid = \"p{point}\"\nquantity = \"state\"\nregister = \"holding\"\naddress = {}\ntype = \"FLOAT32\"\nrange = {{ min = 0, max = 1e9 }}\n",
                point * 2
            )
            .unwrap();
        }
    }
    text
}

/// A Modbus server in this process whose registers change with every request.
async fn serve() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::new(listener);
    tokio::spawn(async move {
        let on_connected = |stream, address| async move {
            accept_tcp_connection(stream, address, |_| Ok(Some(Registers::default())))
        };
        server.serve(&on_connected, |error| panic!("{error}")).await.unwrap();
    });
    address
}

#[derive(Default)]
struct Registers(std::sync::atomic::AtomicU16);

impl tokio_modbus::server::Service for Registers {
    type Request = Request<'static>;
    type Response = Response;
    type Exception = tokio_modbus::ExceptionCode;
    type Future = std::future::Ready<Result<Response, Self::Exception>>;

    fn call(&self, request: Self::Request) -> Self::Future {
        let changed = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        std::future::ready(match request {
            Request::ReadHoldingRegisters(_, count) => {
                let words =
                    (0..count).map(|word| if word % 2 == 0 { 0x42C8 } else { changed.wrapping_add(word) });
                Ok(Response::ReadHoldingRegisters(words.collect()))
            }
            _ => Err(tokio_modbus::ExceptionCode::IllegalFunction),
        })
    }
}

/// Opens the live stream as a dashboard does, and reads it on a thread.
fn open_stream(hub: &Hub, token: &str) -> TcpStream {
    let mut stream = TcpStream::connect(hub.http).unwrap();
    write!(
        stream,
        "GET /api/v1/stream HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\n\r\n",
        hub.http
    )
    .unwrap();
    let mut reader = stream.try_clone().unwrap();
    std::thread::spawn(move || {
        let mut buffer = [0; 65_536];
        while reader.read(&mut buffer).is_ok_and(|read| read > 0) {}
    });
    stream
}

/// Processor time that a process has used so far, from the kernel's clock ticks of 10 ms.
fn cpu_ms(process: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let after_name = stat.rsplit_once(')').unwrap().1;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks = |index: usize| fields[index].parse::<u64>().unwrap();
    (ticks(11) + ticks(12)) * 10
}
