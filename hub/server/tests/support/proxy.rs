//! A TCP proxy that cuts, holds up and resets what goes through it, as a mobile link does.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How a proxy is to behave; may be changed while it runs.
#[derive(Default)]
struct Link {
    server: Mutex<Option<SocketAddr>>,
    is_cut: AtomicBool,
    /// Each piece of an answer is held up for so long.
    delay_ms: AtomicU64,
    /// Connections are reset once so many bytes went to the server; 0: never.
    reset_after: AtomicU64,
    /// The answer is thrown away and the connection closed after the server has the request.
    loses_answers: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
    is_over: AtomicBool,
}

/// A proxy before one server.
pub struct Proxy {
    pub address: SocketAddr,
    link: Arc<Link>,
}

impl Proxy {
    pub fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let link = Arc::new(Link { server: Mutex::new(Some(server)), ..Link::default() });
        let shared = link.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if shared.is_over.load(Ordering::SeqCst) {
                    return;
                }
                // A cut link takes nothing and closes nothing that was open: that was done when it was cut.
                if shared.is_cut.load(Ordering::SeqCst) {
                    continue;
                }
                let Some(server) = *shared.server.lock().unwrap() else { continue };
                let Ok(upstream) = TcpStream::connect(server) else { continue };
                shared
                    .open
                    .lock()
                    .unwrap()
                    .extend([client.try_clone().unwrap(), upstream.try_clone().unwrap()]);
                let (from, to) = (client.try_clone().unwrap(), upstream.try_clone().unwrap());
                let (there, back) = (shared.clone(), shared.clone());
                std::thread::spawn(move || pump(from, to, &there, true));
                std::thread::spawn(move || pump(upstream, client, &back, false));
            }
        });
        Self { address, link }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Leads to another server from the next connection on; to none without one.
    pub fn lead_to(&self, server: Option<SocketAddr>) {
        *self.link.server.lock().unwrap() = server;
    }

    /// Cuts the link or mends it.
    pub fn cut(&self, is_cut: bool) {
        self.link.is_cut.store(is_cut, Ordering::SeqCst);
        if is_cut {
            self.reset();
        }
    }

    /// Closes every connection.
    pub fn reset(&self) {
        for stream in self.link.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    pub fn delay(&self, delay: Duration) {
        self.link.delay_ms.store(delay.as_millis() as u64, Ordering::SeqCst);
    }

    pub fn reset_after(&self, bytes: u64) {
        self.link.reset_after.store(bytes, Ordering::SeqCst);
    }

    pub fn lose_answers(&self, loses: bool) {
        self.link.loses_answers.store(loses, Ordering::SeqCst);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.link.is_over.store(true, Ordering::SeqCst);
        self.reset();
        // Wakes the listener.
        let _ = TcpStream::connect(self.address);
    }
}

fn pump(mut from: TcpStream, mut to: TcpStream, link: &Link, is_to_server: bool) {
    let mut piece = [0; 16 * 1024];
    let mut sent = 0;
    while let Ok(count) = from.read(&mut piece) {
        if count == 0 {
            break;
        }
        if !is_to_server {
            if link.loses_answers.load(Ordering::SeqCst) {
                break;
            }
            std::thread::park_timeout(Duration::from_millis(link.delay_ms.load(Ordering::SeqCst)));
        }
        sent += count as u64;
        let most = link.reset_after.load(Ordering::SeqCst);
        if is_to_server && most > 0 && sent > most || to.write_all(&piece[..count]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
