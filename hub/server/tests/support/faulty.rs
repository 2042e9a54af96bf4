//! A server that answers as it is told: statuses, garbage, half an answer, none at all. Remembers the lines that it took with 204.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// One answer.
#[derive(Debug, Clone)]
pub enum Reply {
    /// A status, further headers, and a body.
    Status(u16, &'static str, &'static str),
    /// These bytes, whatever they are.
    Bytes(&'static str),
    /// Nothing, and the connection stays open.
    Hang,
    /// The connection is closed at once.
    Close,
}

#[derive(Default)]
struct State {
    script: VecDeque<Reply>,
    always: Option<Reply>,
    /// Lines that hold this are refused with 400.
    poison: Option<&'static str>,
    taken: Vec<String>,
    requests: Vec<String>,
}

/// The server.
pub struct Faulty {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Faulty {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state: Arc<Mutex<State>> = Arc::default();
        let shared = state.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let state = shared.clone();
                std::thread::spawn(move || serve(client, &state));
            }
        });
        Self { address, state }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next answers; after them it takes everything.
    pub fn answer(&self, replies: impl IntoIterator<Item = Reply>) {
        self.state.lock().unwrap().script.extend(replies);
    }

    /// Every answer from now on; `None` for taking everything again.
    pub fn always(&self, reply: Option<Reply>) {
        self.state.lock().unwrap().always = reply;
    }

    pub fn poison(&self, word: &'static str) {
        self.state.lock().unwrap().poison = Some(word);
    }

    /// Lines that were taken, in their order.
    pub fn taken(&self) -> Vec<String> {
        self.state.lock().unwrap().taken.clone()
    }

    /// Answers of the script that were not needed yet.
    pub fn left(&self) -> usize {
        self.state.lock().unwrap().script.len()
    }

    /// First lines and headers of all requests.
    pub fn requests(&self) -> Vec<String> {
        self.state.lock().unwrap().requests.clone()
    }
}

fn serve(client: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(client.try_clone().unwrap());
    let mut writer = client;
    while let Some((head, body)) = request(&mut reader) {
        let mut text = String::new();
        let plain = flate2::read::GzDecoder::new(&body[..]).read_to_string(&mut text).is_ok();
        assert!(plain || body.is_empty(), "a body that is not gzip");
        let reply = {
            let mut state = state.lock().unwrap();
            state.requests.push(head);
            let reply = state.script.pop_front().or_else(|| state.always.clone()).unwrap_or_else(|| {
                if state.poison.is_some_and(|word| text.contains(word)) {
                    Reply::Status(400, "", "{\"code\":\"invalid\",\"message\":\"unable to parse: poison\"}")
                } else {
                    Reply::Status(204, "", "")
                }
            });
            if matches!(reply, Reply::Status(204, ..)) {
                state.taken.extend(text.lines().map(str::to_owned));
            }
            reply
        };
        let answer = match reply {
            Reply::Status(status, headers, body) => {
                format!("HTTP/1.1 {status} Told\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
            }
            Reply::Bytes(bytes) => bytes.to_owned(),
            Reply::Hang => {
                // Until the other side gives up.
                let _ = reader.read(&mut [0]);
                return;
            }
            Reply::Close => return,
        };
        if writer.write_all(answer.as_bytes()).is_err() || is_raw(&answer) {
            return;
        }
    }
}

/// What is no whole HTTP answer ends the connection.
fn is_raw(answer: &str) -> bool {
    !answer.contains("\r\n\r\n") || !answer.contains("Told")
}

fn request(reader: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let (mut head, mut length, mut is_chunked) = (String::new(), 0, false);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        is_chunked |= lower.starts_with("transfer-encoding: chunked");
        if line == "\r\n" {
            break;
        }
        head.push_str(&line);
    }
    assert!(!is_chunked, "bodies come with their length");
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((head, body))
}
