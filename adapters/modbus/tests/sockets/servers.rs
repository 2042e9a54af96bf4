//! Servers for the tests, on loopback and a port of the system's choice: one of the library's, one of raw bytes.

use std::collections::BTreeMap;
use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_modbus::server::{Service, tcp::Server};
use tokio_modbus::{ExceptionCode, Request, Response, SlaveRequest};

/// What the units of a server hold and how they behave.
#[derive(Default)]
pub struct Units {
    /// Holding registers by unit and address.
    pub holding: BTreeMap<(u8, u16), u16>,
    /// Units that never answer.
    pub silent: Vec<u8>,
    /// Every request: its unit, first address and count, and when it came.
    pub requests: Vec<(u8, u16, u16, Instant)>,
}

impl Units {
    pub fn requests_to(&self, unit: u8) -> usize {
        self.requests.iter().filter(|request| request.0 == unit).count()
    }
}

#[derive(Clone)]
struct Served(Arc<Mutex<Units>>);

impl Service for Served {
    type Request = SlaveRequest<'static>;
    type Response = Option<Response>;
    type Exception = ExceptionCode;
    type Future = Ready<Result<Option<Response>, ExceptionCode>>;

    fn call(&self, request: Self::Request) -> Self::Future {
        let mut units = self.0.lock().unwrap();
        let Request::ReadHoldingRegisters(start, count) = request.request else {
            return ready(Err(ExceptionCode::IllegalFunction));
        };
        units.requests.push((request.slave, start, count, Instant::now()));
        if units.silent.contains(&request.slave) {
            return ready(Ok(None));
        }
        let register = |offset| units.holding.get(&(request.slave, start + offset)).copied();
        let words: Option<Vec<_>> = (0..count).map(register).collect();
        let answer = words.map(|words| Some(Response::ReadHoldingRegisters(words)));
        ready(answer.ok_or(ExceptionCode::IllegalDataAddress))
    }
}

/// The library's server. Dropping it closes its port and its connections.
pub struct LibraryServer {
    pub port: u16,
    task: JoinHandle<()>,
}

impl LibraryServer {
    /// On the given port, or one of the system's choice for 0.
    pub async fn start(port: u16, units: &Arc<Mutex<Units>>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = Served(Arc::clone(units));
        let task = tokio::spawn(async move {
            let accept = |stream: TcpStream, _: SocketAddr| ready(Ok(Some((served.clone(), stream))));
            Server::new(listener).serve(&accept, drop).await.unwrap();
        });
        Self { port, task }
    }
}

impl Drop for LibraryServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What a raw server does next with a connection.
pub enum Act {
    Send(Vec<u8>),
    Close,
}

/// A request as it came: the whole frame.
pub type Frame = [u8; 12];
/// The same in a serial frame.
pub type SerialFrame = [u8; 8];

/// A server that answers every request with what `respond` makes of it; the number counts requests from 1, over all
/// connections. Requests have as many bytes as the frames that `respond` takes.
pub async fn raw_server<const N: usize>(
    respond: impl Fn(usize, &[u8; N]) -> Vec<Act> + Send + Sync + 'static,
) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (respond, requests) = (Arc::new(respond), Arc::new(Mutex::new(0)));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (respond, requests) = (Arc::clone(&respond), Arc::clone(&requests));
            tokio::spawn(async move { serve(stream, respond.as_ref(), &requests).await });
        }
    });
    port
}

async fn serve<const N: usize>(
    mut stream: TcpStream,
    respond: &(dyn Fn(usize, &[u8; N]) -> Vec<Act> + Send + Sync),
    requests: &Mutex<usize>,
) {
    stream.set_nodelay(true).unwrap();
    let mut frame = [0; N];
    while stream.read_exact(&mut frame).await.is_ok() {
        let number = {
            let mut number = requests.lock().unwrap();
            *number += 1;
            *number
        };
        for act in respond(number, &frame) {
            match act {
                Act::Send(bytes) if stream.write_all(&bytes).await.is_ok() => {}
                Act::Send(_) | Act::Close => return,
            }
            // So that parts are sent one by one.
            tokio::task::yield_now().await;
        }
    }
}

/// A whole right answer to a request for registers, in a serial frame.
pub fn serial_answer(frame: &SerialFrame, words: &[u16]) -> Vec<u8> {
    let mut content = vec![frame[1], u8::try_from(words.len() * 2).unwrap()];
    content.extend(words.iter().flat_map(|word| word.to_be_bytes()));
    adapters_modbus::frame::rtu::encode(frame[0], &content)
}

/// A whole right answer to a request for registers.
pub fn answer(frame: &Frame, words: &[u16]) -> Vec<u8> {
    let bytes = u8::try_from(words.len() * 2).unwrap();
    let mut answer = vec![frame[0], frame[1], 0, 0, 0, 3 + bytes, frame[6], frame[7], bytes];
    answer.extend(words.iter().flat_map(|word| word.to_be_bytes()));
    answer
}
