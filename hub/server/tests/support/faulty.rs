//! A server that answers as it is told: statuses, garbage, half an answer, none at all. Remembers the lines that it took with 204.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

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
    /// Batches of more lines are refused with 413.
    most_lines: Option<usize>,
    /// What the server shows over TLS; plain without it.
    tls: Option<Arc<ServerConfig>>,
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
                let tls = state.lock().unwrap().tls.clone();
                std::thread::spawn(move || match tls {
                    None => serve(client, &state),
                    Some(tls) => serve(StreamOwned::new(ServerConnection::new(tls).unwrap(), client), &state),
                });
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

    pub fn most_lines(&self, most: usize) {
        self.state.lock().unwrap().most_lines = Some(most);
    }

    /// From the next connection on it speaks TLS, and shows a certificate for `name`.
    pub fn certify(&self, authority: &Authority, name: &str) {
        self.state.lock().unwrap().tls = Some(authority.server(name));
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

/// Who issues certificates in a test.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate.
    pub pem: String,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    fn server(&self, name: &str) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key);
        Arc::new(config.unwrap())
    }
}

fn serve(client: impl Read + Write, state: &Mutex<State>) {
    let mut reader = BufReader::new(client);
    while let Some((head, body)) = request(&mut reader) {
        let mut text = String::new();
        let plain = flate2::read::GzDecoder::new(&body[..]).read_to_string(&mut text).is_ok();
        assert!(plain || body.is_empty(), "a body that is not gzip");
        let reply = {
            let mut state = state.lock().unwrap();
            state.requests.push(head);
            let reply = state.script.pop_front().or_else(|| state.always.clone()).unwrap_or_else(|| {
                if state.most_lines.is_some_and(|most| text.lines().count() > most) {
                    Reply::Status(
                        413,
                        "",
                        "{\"code\":\"request too large\",\"message\":\"unable to read data\"}",
                    )
                } else if state.poison.is_some_and(|word| text.contains(word)) {
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
        let writer = reader.get_mut();
        if writer.write_all(answer.as_bytes()).and_then(|()| writer.flush()).is_err() || is_raw(&answer) {
            return;
        }
    }
}

/// What is no whole HTTP answer ends the connection.
fn is_raw(answer: &str) -> bool {
    !answer.contains("\r\n\r\n") || !answer.contains("Told")
}

fn request(reader: &mut BufReader<impl Read>) -> Option<(String, Vec<u8>)> {
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
