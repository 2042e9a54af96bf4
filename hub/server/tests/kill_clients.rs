//! SIGKILL under the load of fifty clients, half of them at QoS 1 and half at QoS 2: nothing that was acknowledged is missing
//! afterwards, and nothing of QoS 2 is there twice although the clients send again after every kill.
//!
//! The messages name no time, so that a second one would be stored beside the first. `cargo xtask bench kills` runs a hundred rounds.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use support::{Folder, Hub, wait_for};

const ROUNDS: u64 = 3;
const CLIENTS: usize = 50;
/// A round is killed once so many of its messages were acknowledged, and up to twice as many in later ones.
const ACKNOWLEDGED_AT_LEAST: u64 = 200;
const SOON: Duration = Duration::from_secs(120);

/// What the clients share with the test.
#[derive(Default)]
struct Shared {
    /// Where the hub listens now.
    address: Mutex<Option<SocketAddr>>,
    acknowledged: AtomicU64,
    /// Nothing new is to be sent.
    stop: AtomicBool,
}

/// A client and what it knows of its messages: the value of each is its number.
struct Client {
    number: usize,
    is_exact: bool,
    next: u64,
    /// Sent and not acknowledged.
    open: Option<u64>,
    /// Of QoS 2: the hub has said that it has it.
    received: bool,
    acknowledged: Vec<u64>,
}

fn point(number: usize) -> String {
    format!("station/d{number}/v")
}

fn folder() -> Folder {
    let mut site = "id = \"station\"\nkind = \"other\"\n".to_owned();
    for number in 0..CLIENTS {
        site += &format!(
            "[[device]]\nid = \"d{number}\"\nadapter = \"mqtt\"\nlogin = {{ username = \"d{number}\", password = \"pw-{number}\" }}\n\
             [[device.point]]\nid = \"v\"\nquantity = \"volume\"\n"
        );
    }
    let hub = "[commune]\nid = \"c\"\ntimezone = \"Asia/Ho_Chi_Minh\"\n[http]\nlisten = \"127.0.0.1:0\"\n[mqtt]\nlisten = \"127.0.0.1:0\"\n[store]\ndir = \"data\"\n";
    Folder::with(&[("hub.toml", hub), ("sites/a.toml", &site)])
}

#[test]
fn fifty_clients_lose_nothing_and_exactly_once_is_once() {
    let rounds = std::env::var("COMMUNE_CLIENT_KILL_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let folder = folder();
    let token = folder.token("viewer");
    let shared = Arc::new(Shared::default());
    let threads: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let shared = shared.clone();
            std::thread::spawn(move || run(number, &shared))
        })
        .collect();
    for round in 0..rounds {
        let hub = start(&folder, &token, &shared);
        let enough = ACKNOWLEDGED_AT_LEAST + round * 37 % ACKNOWLEDGED_AT_LEAST;
        acknowledged(&shared, enough);
        *shared.address.lock().unwrap() = None;
        hub.kill();
    }
    let hub = start(&folder, &token, &shared);
    acknowledged(&shared, ACKNOWLEDGED_AT_LEAST);
    shared.stop.store(true, Ordering::SeqCst);
    let clients: Vec<Client> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    let mut total = 0;
    for client in &clients {
        let stored = stored(&hub, client.number);
        let count = |wanted: u64| stored.iter().filter(|value| **value == wanted).count();
        for number in &client.acknowledged {
            assert!(count(*number) >= 1, "client {}: {number} was acknowledged and is lost", client.number);
        }
        if client.is_exact {
            let twice: Vec<_> = stored.iter().filter(|value| count(**value) > 1).collect();
            assert!(twice.is_empty(), "client {}: {twice:?} are there twice", client.number);
        }
        total += client.acknowledged.len() as u64;
    }
    assert!(total >= (rounds + 1) * ACKNOWLEDGED_AT_LEAST, "only {total}");
    hub.stop();
}

fn start(folder: &Folder, token: &str, shared: &Shared) -> Hub {
    let hub = folder.run(token);
    *shared.address.lock().unwrap() = Some(hub.mqtt);
    hub
}

fn acknowledged(shared: &Shared, more: u64) {
    let before = shared.acknowledged.load(Ordering::SeqCst);
    wait_for("acknowledgements", SOON, || {
        (shared.acknowledged.load(Ordering::SeqCst) >= before + more).then_some(())
    });
}

fn stored(hub: &Hub, number: usize) -> Vec<u64> {
    let path = format!("/readings?point={}&from=2020-01-01T00:00:00Z&to=2099-01-01T00:00:00Z", point(number));
    let readings = hub.get(&path);
    readings["v"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap() as u64).collect()
}

/// A client's whole life: it connects again after each kill, and ends once nothing is open and it is told to stop.
fn run(number: usize, shared: &Shared) -> Client {
    let mut client = Client {
        number,
        is_exact: number % 2 == 1,
        next: 1,
        open: None,
        received: false,
        acknowledged: Vec::new(),
    };
    loop {
        let address = wait_for("a hub", SOON, || *shared.address.lock().unwrap());
        if let Ok(()) = client.talk(address, shared) {
            return client;
        }
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

impl Client {
    /// One connection. `Ok` when the client is done, an error when the connection broke.
    fn talk(&mut self, address: SocketAddr, shared: &Shared) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(SOON))?;
        let mut connect = text("MQTT");
        connect.extend([4, 0xC0, 0, 0]);
        for field in
            [format!("client-{}", self.number), format!("d{}", self.number), format!("pw-{}", self.number)]
        {
            connect.extend(text(&field));
        }
        stream.write_all(&packet(0x10, &connect))?;
        let (kind, body) = read(&mut stream)?;
        assert_eq!((kind, body[1]), (0x20, 0), "client {} is let in", self.number);
        // What is open is sent again: the message as a repeat, or its release.
        match self.open {
            Some(_) if self.received => self.release(&mut stream)?,
            Some(_) => self.publish(&mut stream, true)?,
            None => {}
        }
        loop {
            if self.open.is_none() {
                if shared.stop.load(Ordering::SeqCst) {
                    return Ok(());
                }
                self.open = Some(self.next);
                self.received = false;
                self.next += 1;
                self.publish(&mut stream, false)?;
            }
            match read(&mut stream)?.0 {
                0x50 => {
                    self.received = true;
                    self.release(&mut stream)?;
                }
                0x40 | 0x70 => {
                    self.acknowledged.extend(self.open.take());
                    shared.acknowledged.fetch_add(1, Ordering::SeqCst);
                }
                other => panic!("client {}: packet {other:#x}", self.number),
            }
        }
    }

    /// Identifiers go round, so that an answer to an earlier message is never taken for one to this.
    fn id(&self) -> [u8; 2] {
        ((self.open.unwrap() % 1_000 + 1) as u16).to_be_bytes()
    }

    fn publish(&self, stream: &mut TcpStream, again: bool) -> std::io::Result<()> {
        let mut body = text(&format!("commune/v1/station/d{}/telemetry", self.number));
        body.extend(self.id());
        body.extend(format!(r#"{{"m":{{"v":{}}}}}"#, self.open.unwrap()).as_bytes());
        let qos = if self.is_exact { 0x34 } else { 0x32 };
        stream.write_all(&packet(qos | u8::from(again) << 3, &body))
    }

    fn release(&self, stream: &mut TcpStream) -> std::io::Result<()> {
        stream.write_all(&packet(0x62, &self.id()))
    }
}

fn text(value: &str) -> Vec<u8> {
    let mut bytes = (value.len() as u16).to_be_bytes().to_vec();
    bytes.extend(value.as_bytes());
    bytes
}

/// A packet with a body of less than 128 bytes.
fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first, u8::try_from(body.len()).unwrap()];
    assert!(body.len() < 128);
    bytes.extend(body);
    bytes
}

fn read(stream: &mut TcpStream) -> std::io::Result<(u8, Vec<u8>)> {
    let mut head = [0; 2];
    stream.read_exact(&mut head)?;
    let mut body = vec![0; head[1].into()];
    stream.read_exact(&mut body)?;
    if head[0] == 0xE0 {
        return Err(ErrorKind::ConnectionAborted.into());
    }
    Ok((head[0], body))
}
