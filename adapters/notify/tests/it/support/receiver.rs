//! An HTTP server of the tests' own: answers as it is told, remembers what came. Plays gateways, bots and webhooks.

#![allow(dead_code, clippy::unwrap_used, reason = "each test uses its own part, and fails by panicking")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A request that came.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// What is answered.
#[derive(Debug, Clone)]
pub enum Answer {
    /// Status, further headers, body.
    Says(u16, Vec<(&'static str, String)>, String),
    /// Nothing: the connection stays open until the client leaves.
    Hangs,
    /// The connection is closed without a word.
    Closes,
}

impl Answer {
    pub fn ok(body: impl Into<String>) -> Self {
        Self::Says(200, vec![], body.into())
    }

    pub fn status(status: u16) -> Self {
        Self::Says(status, vec![], String::new())
    }
}

type Respond = dyn Fn(&Seen, usize) -> Answer + Send + Sync;

/// The server; its thread ends with the test's process.
#[derive(Clone)]
pub struct Receiver {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Receiver {
    /// Answers each request by `respond`, which is told how many came before.
    pub fn start(respond: impl Fn(&Seen, usize) -> Answer + Send + Sync + 'static) -> Self {
        Self::at("127.0.0.1:0".parse().unwrap(), respond)
    }

    /// As [`Receiver::start`], at an address.
    pub fn at(address: SocketAddr, respond: impl Fn(&Seen, usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let receiver = Self { address: listener.local_addr().unwrap(), seen: Arc::default() };
        let (seen, respond): (_, Arc<Respond>) = (receiver.seen.clone(), Arc::new(respond));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (seen, respond) = (seen.clone(), respond.clone());
                std::thread::spawn(move || serve(stream, &seen, respond.as_ref()));
            }
        });
        receiver
    }

    /// An address where nobody listens.
    pub fn nobody() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What came until now.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, all: &Mutex<Vec<Seen>>, respond: &Respond) {
    // A client that leaves ends the connection, nothing else.
    let Some(seen) = read(&stream) else { return };
    let before = {
        let mut all = all.lock().unwrap();
        all.push(seen.clone());
        all.len() - 1
    };
    match respond(&seen, before) {
        Answer::Closes => {}
        Answer::Hangs => {
            let _ = stream.read(&mut [0; 1]);
        }
        Answer::Says(status, headers, body) => {
            let mut text =
                format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
            headers.iter().for_each(|(name, value)| text.push_str(&format!("{name}: {value}\r\n")));
            let _ = stream.write_all(format!("{text}\r\n{body}").as_bytes());
        }
    }
}

fn read(stream: &TcpStream) -> Option<Seen> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let mut body = vec![0; length.map_or(0, |(_, length)| length.parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    Some(Seen { method, path, headers, body: String::from_utf8(body).ok()? })
}
