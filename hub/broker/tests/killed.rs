//! SIGKILL under QoS 2 load: what was completed is there exactly once, for the owner and for a subscriber.
//!
//! The broker runs in a process of its own: this very test program, started again with one of its tests. Its owner writes
//! each message, with its time, to a file before it commits; the same message with the same time counts once, as in a store
//! that keeps one value per thing and time.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and the second process says where it is"
)]

mod support;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use hub_broker::{Broker, ConnectAttempt, Done, Door, Filter, Login, Published, Refusal, Refused};
use support::raw::{Raw, packet, text};

const ROUNDS: usize = 10;
const CLIENTS: usize = 3;
const COMPLETED_A_ROUND: usize = 150;
const WINDOW: usize = 20;
/// Says to the second process where its files are.
const FOLDER: &str = "HUB_BROKER_KILLED_FOLDER";

/// Writes messages to a file, durable before they are committed, many at once.
struct Writer(Mutex<Sender<(Published, Done)>>);

impl Door for Writer {
    fn login(&self, attempt: &ConnectAttempt) -> Result<Login, Refusal> {
        let all = || vec![Filter::parse("#").unwrap()];
        let name = attempt.client_id.clone();
        Ok(Login { name, publish: all(), subscribe: all(), withheld: Vec::new() })
    }

    fn publish(&self, message: Published, done: Done) {
        let _ = self.0.lock().unwrap().send((message, done));
    }

    fn refused(&self, event: Refused) {
        println!("refused {event:?}");
    }
}

fn write(mut file: File, messages: Receiver<(Published, Done)>) {
    while let Ok(first) = messages.recv() {
        let all: Vec<_> = std::iter::once(first).chain(messages.try_iter()).collect();
        let line = |(message, _): &(Published, Done)| {
            format!("{} {}\n", String::from_utf8_lossy(&message.payload), message.received_at_ms)
        };
        let lines: String = all.iter().map(line).collect();
        file.write_all(lines.as_bytes()).unwrap();
        file.sync_data().unwrap();
        all.into_iter().for_each(|(_, done)| done.committed());
    }
}

/// The second process: a broker until it is killed.
#[test]
fn broker_of_its_own() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let file = OpenOptions::new().append(true).create(true).open(folder.join("taken")).unwrap();
    let (sender, messages) = channel();
    let mut settings = support::settings();
    settings.keep = Some(folder.join("sessions"));
    let broker = Broker::start(settings, Arc::new(Writer(Mutex::new(sender)))).unwrap();
    println!("\nlistening {}", broker.local_addr());
    write(file, messages);
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn start(folder: &Path) -> (Killed, SocketAddr) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "broker_of_its_own", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = lines.map(Result::unwrap).find_map(|line| line.strip_prefix("listening ")?.parse().ok());
    (Killed(child), address.unwrap())
}

fn connect(address: SocketAddr, client_id: &str, is_first: bool) -> Raw {
    let mut raw = Raw::open(address);
    let mut body = text("MQTT");
    body.extend([4, 0, 0, 60]);
    body.extend(text(client_id));
    raw.send(&packet(0x10, &body));
    let (_, body) = raw.packet().unwrap();
    assert_eq!(body, [u8::from(!is_first), 0], "the session of {client_id} was lost");
    raw
}

fn ack(raw: &mut Raw, kind: u8, id: u16) {
    raw.send(&[kind, 2, (id >> 8) as u8, id as u8]);
}

/// A publisher's memory: what is under way, and whether it was released.
struct Publisher {
    name: String,
    under_way: BTreeMap<u16, (String, bool)>,
    completed: Vec<String>,
    next: usize,
}

impl Publisher {
    fn run(&mut self, address: SocketAddr, is_first: bool, until: impl Fn(usize) -> bool) {
        let mut raw = connect(address, &self.name, is_first);
        for (id, (payload, released)) in &self.under_way {
            if *released { ack(&mut raw, 0x62, *id) } else { publish(&mut raw, *id, payload, true) }
        }
        let mut completed = 0;
        loop {
            while self.under_way.len() < WINDOW && !until(completed) {
                self.next += 1;
                let id = (1..).find(|id| !self.under_way.contains_key(id)).unwrap();
                let payload = format!("{}-{}", self.name, self.next);
                publish(&mut raw, id, &payload, false);
                self.under_way.insert(id, (payload, false));
            }
            if self.under_way.is_empty() {
                return;
            }
            let Some((kind, body)) = raw.packet() else { return };
            let id = u16::from_be_bytes([body[0], body[1]]);
            match kind {
                0x50 => {
                    self.under_way.get_mut(&id).unwrap().1 = true;
                    ack(&mut raw, 0x62, id);
                }
                0x70 => {
                    self.completed.push(self.under_way.remove(&id).unwrap().0);
                    completed += 1;
                }
                other => panic!("{other:x}"),
            }
        }
    }
}

fn publish(raw: &mut Raw, id: u16, payload: &str, dup: bool) {
    let mut body = text("load");
    body.extend(id.to_be_bytes());
    body.extend(payload.as_bytes());
    raw.send(&packet(if dup { 0x3C } else { 0x34 }, &body));
}

/// A subscriber's memory: packet identifiers that are not released, and what it was given.
#[derive(Default)]
struct Subscriber {
    unreleased: HashSet<u16>,
    heard: HashMap<String, usize>,
}

impl Subscriber {
    fn run(&mut self, raw: &mut Raw, is_over: impl Fn(&Self) -> bool) {
        while !is_over(self) {
            let Some((kind, body)) = raw.packet() else { return };
            if kind >> 4 == 3 {
                let id = u16::from_be_bytes([body[6], body[7]]);
                if self.unreleased.insert(id) {
                    *self.heard.entry(String::from_utf8(body[8..].to_vec()).unwrap()).or_default() += 1;
                }
                ack(raw, 0x50, id);
            } else if kind == 0x62 {
                let id = u16::from_be_bytes([body[0], body[1]]);
                self.unreleased.remove(&id);
                ack(raw, 0x70, id);
            }
        }
    }
}

#[test]
fn a_completed_qos_2_message_is_there_exactly_once_after_kills() {
    let folder = tempfile::tempdir().unwrap();
    let publisher = |number| Publisher {
        name: format!("client{number}"),
        under_way: BTreeMap::new(),
        completed: Vec::new(),
        next: 0,
    };
    let mut publishers: Vec<Publisher> = (0..CLIENTS).map(publisher).collect();
    let mut subscriber = Subscriber::default();
    for round in 0..=ROUNDS {
        let is_last = round == ROUNDS;
        let (broker, address) = start(folder.path());
        let mut raw = connect(address, "watch", round == 0);
        if round == 0 {
            raw.send(&packet(0x82, &[&[0, 1], &text("load")[..], &[2]].concat()));
            assert_eq!(raw.packet().unwrap().0, 0x90);
        }
        let broker = Mutex::new(Some(broker));
        std::thread::scope(|scope| {
            let listening = scope.spawn(|| {
                if !is_last {
                    subscriber.run(&mut raw, |_| false);
                }
            });
            let publishing: Vec<_> = publishers
                .iter_mut()
                .map(|publisher| {
                    let broker = &broker;
                    scope.spawn(move || {
                        publisher.run(address, round == 0, |completed| {
                            // The first that is so far ends it for all, in the middle of what they do.
                            if !is_last && completed >= COMPLETED_A_ROUND {
                                broker.lock().unwrap().take();
                            }
                            is_last
                        });
                    })
                })
                .collect();
            publishing.into_iter().for_each(|thread| thread.join().unwrap());
            listening.join().unwrap();
        });
        if is_last {
            let wanted: usize = publishers.iter().map(|publisher| publisher.completed.len()).sum();
            subscriber.run(&mut raw, |subscriber| subscriber.heard.len() == wanted);
        }
    }
    let completed: Vec<&String> = publishers.iter().flat_map(|publisher| &publisher.completed).collect();
    assert!(completed.len() >= ROUNDS * COMPLETED_A_ROUND);
    let taken = std::fs::read_to_string(folder.path().join("taken")).unwrap();
    let mut times: HashMap<&str, HashSet<&str>> = HashMap::new();
    for (payload, at) in taken.lines().filter_map(|line| line.split_once(' ')) {
        times.entry(payload).or_default().insert(at);
    }
    for payload in &completed {
        assert_eq!(times.get(payload.as_str()).map(HashSet::len), Some(1), "{payload} was not taken once");
        assert_eq!(subscriber.heard.get(*payload), Some(&1), "{payload} was not heard once");
    }
}
