//! Modbus units to be polled: their answers change with every request, and any of them can fall silent.
//!
//! Frames are made here, byte by byte: what is measured is the one who asks. Knows neither hub nor Telegraf.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

/// Bytes of a read request: transaction, protocol, length, unit, function, address, count.
const REQUEST: usize = 12;

/// Units behind addresses of their own, or several behind one.
pub struct Units {
    /// Where they listen.
    pub addresses: Vec<SocketAddr>,
    answered: Arc<AtomicU64>,
    dead: Arc<AtomicU16>,
    // Ends the units when it is dropped.
    _runtime: Runtime,
}

impl Units {
    /// Starts `count` servers. Each answers for every unit id but the dead one.
    pub fn start(count: usize) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (answered, dead) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU16::new(0)));
        let mut addresses = Vec::new();
        for _ in 0..count {
            let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
            addresses.push(listener.local_addr().unwrap());
            let (answered, dead) = (answered.clone(), dead.clone());
            runtime.spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(serve(stream, answered.clone(), dead.clone()));
                }
            });
        }
        Self { addresses, answered, dead, _runtime: runtime }
    }

    /// Requests answered so far.
    pub fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// From now on this unit id is silent; 0 for none.
    pub fn fall_silent(&self, unit: u16) {
        self.dead.store(unit, Ordering::Relaxed);
    }
}

async fn serve(mut stream: TcpStream, answered: Arc<AtomicU64>, dead: Arc<AtomicU16>) {
    let mut request = [0; REQUEST];
    let mut changed: u16 = 0;
    while stream.read_exact(&mut request).await.is_ok() {
        if u16::from(request[6]) == dead.load(Ordering::Relaxed) {
            continue;
        }
        changed = changed.wrapping_add(1);
        let count = u16::from_be_bytes([request[10], request[11]]);
        let data = count * 2;
        let mut answer = request[..4].to_vec();
        answer.extend((data + 3).to_be_bytes());
        answer.extend([request[6], request[7], data.to_be_bytes()[1]]);
        for word in 0..count {
            answer.extend(changed.wrapping_add(word).to_be_bytes());
        }
        if stream.write_all(&answer).await.is_err() {
            return;
        }
        answered.fetch_add(1, Ordering::Relaxed);
    }
}
