//! Accepts sockets and gives each to `serve.rs`; bounds how many there are, in all and of each address.
//!
//! It reads no packet. Next: `serve.rs`.

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use crate::core::Core;
use crate::door::{Refused, RefusedWhat};
use crate::pace::neighbourhood;
use crate::serve::{Origin, Stream, serve};

/// Sockets beyond `max_connections` that may be open at once, so that clients beyond it can be told that there is no room.
const SPARE_SOCKETS: usize = 256;

/// Pause after a failed accept: most often the process has no file descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Accepts until cancelled.
pub(crate) async fn accept(core: Rc<Core>, listener: tokio::net::TcpListener) {
    loop {
        let (stream, address) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "cannot accept an MQTT connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // Acknowledgements are small, and devices wait for them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, %address, "an MQTT connection was gone before it was served");
            continue;
        }
        match &core.settings.tls {
            None => take(&core, stream, Origin { address, certificate: None }),
            Some(tls) => take_encrypted(&core, stream, address, tls()),
        }
    }
}

/// Serves a socket over TLS, if there is room for it.
fn take_encrypted(core: &Rc<Core>, stream: TcpStream, address: SocketAddr, tls: Arc<ServerConfig>) {
    let Some((open, stranger, wait)) = places(core, address) else { return refuse(core, address) };
    let core = core.clone();
    tokio::task::spawn_local(async move {
        let _open = open;
        its_turn(wait).await;
        let within = Duration::from_secs(core.settings.connect_timeout_s.into());
        let stream = match tokio::time::timeout(within, TlsAcceptor::from(tls).accept(stream)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return tracing::debug!(%error, %address, "TLS was not agreed on"),
            Err(_) => return tracing::debug!(%address, "TLS handshake not finished"),
        };
        let first = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let certificate = first.map(|certificate| Bytes::copy_from_slice(certificate));
        serve(core, stream, Origin { address, certificate }, stranger).await;
    });
}

/// Serves a stream, if there is room for it.
pub(crate) fn take<S: Stream>(core: &Rc<Core>, stream: S, origin: Origin) {
    let Some((open, stranger, wait)) = places(core, origin.address) else {
        return refuse(core, origin.address);
    };
    let core = core.clone();
    tokio::task::spawn_local(async move {
        let _open = open;
        its_turn(wait).await;
        serve(core, stream, origin, stranger).await;
    });
}

async fn its_turn(wait: Duration) {
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
}

fn refuse(core: &Core, address: SocketAddr) {
    core.counters.sockets_refused.up();
    core.refused(Refused { address, client_id: None, login: None, what: RefusedWhat::Connection });
}

/// A place for a socket, and how long it has to wait for its turn.
fn places(core: &Rc<Core>, address: SocketAddr) -> Option<(Open, Stranger, Duration)> {
    if core.sockets.get() >= core.settings.max_connections + SPARE_SOCKETS {
        return None;
    }
    let address = neighbourhood(address.ip());
    let mut strangers = core.strangers.borrow_mut();
    let count = strangers.entry(address).or_default();
    if *count >= core.settings.max_strangers_per_address.max(1) {
        return None;
    }
    *count += 1;
    core.sockets.set(core.sockets.get() + 1);
    let wait = core.pace.borrow_mut().wait(address, Instant::now());
    if !wait.is_zero() {
        core.counters.paced.up();
    }
    Some((Open(core.clone()), Stranger { core: core.clone(), address }, wait))
}

/// One open socket; dropping it, even by a panic, frees its place.
struct Open(Rc<Core>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.sockets.set(self.0.sockets.get() - 1);
        self.0.settled.notify_one();
    }
}

/// A socket that is not let in yet; dropping it frees its address's place.
pub(crate) struct Stranger {
    core: Rc<Core>,
    address: IpAddr,
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let mut strangers = self.core.strangers.borrow_mut();
        if let Some(count) = strangers.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                strangers.remove(&self.address);
            }
        }
    }
}
