//! Modbus servers: one listener or serial line for each endpoint, with all of its units behind it.
//!
//! The frames are written here and not by a protocol library, because a device that fails answers in ways that a library never
//! would. Read next: [`unit`] (what a unit answers), [`connection`] (one client), [`frame`] (bytes).

mod connection;
mod frame;
pub(crate) mod serial;
mod unit;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hub_model::{DeviceId, Timestamp};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use crate::clock::Clock;
use crate::config::{Link, SimCommune};
use crate::fault::Board;
use crate::sent::Sent;
use crate::world::World;
use frame::Framing;
use unit::Unit;

/// Clients on one endpoint at a time; further ones are closed at once.
const MAX_CLIENTS: usize = 64;
/// How long after a port could not be taken again it is tried once more.
const REBIND_PAUSE: Duration = Duration::from_millis(200);

/// One endpoint and the units on its line.
#[derive(Debug)]
pub(crate) struct Line {
    pub endpoint: String,
    framing: Framing,
    units: Vec<Unit>,
}

/// What every connection needs.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub clock: Clock,
    pub board: Arc<Board>,
    pub world: Arc<World>,
    pub sent: Sent,
}

impl Line {
    /// The lines of a commune, in the order in which their endpoints first appear.
    pub fn all(commune: &SimCommune) -> Vec<Self> {
        let mut lines: Vec<Self> = Vec::new();
        for device in commune.devices() {
            let Link::Modbus { endpoint, unit_id } = &device.link else { continue };
            let line = match lines.iter_mut().position(|line| line.endpoint == *endpoint) {
                Some(index) => &mut lines[index],
                None => {
                    let framing = if endpoint.starts_with("tcp://") { Framing::Tcp } else { Framing::Rtu };
                    lines.push(Self { endpoint: endpoint.clone(), framing, units: Vec::new() });
                    lines.last_mut().expect("one was just pushed")
                }
            };
            match line.units.iter_mut().find(|unit| unit.id == *unit_id) {
                Some(unit) => unit.add(device),
                None => line.units.push(Unit::new(*unit_id, device)),
            }
        }
        lines
    }

    /// The device file of a serial line; `None` for one that is reached over the network.
    pub fn device_file(&self) -> Option<&str> {
        let rest = self.endpoint.strip_prefix("serial://")?;
        Some(rest.split_once('?').map_or(rest, |(path, _)| path))
    }

    fn unit(&self, id: u8) -> Option<&Unit> {
        self.units.iter().find(|unit| unit.id == id)
    }

    fn is_cut(&self, board: &Board, now: Timestamp) -> bool {
        self.devices().any(|device| board.is_disconnected(device, now))
    }

    fn devices(&self) -> impl Iterator<Item = &DeviceId> {
        self.units.iter().flat_map(|unit| &unit.devices)
    }
}

/// Serves a line until `stop`. While one of its devices is cut off, nothing listens and connections are refused.
pub(crate) async fn serve(
    line: Arc<Line>,
    listener: TcpListener,
    address: SocketAddr,
    context: Context,
    stop: CancellationToken,
) {
    let mut listener = Some(listener);
    let is_cut = |now| line.is_cut(&context.board, now);
    loop {
        if is_cut(context.clock.simulated()) {
            listener = None;
            tokio::select! {
                () = stop.cancelled() => return,
                () = context.board.until(&context.clock, |now| !is_cut(now)) => {}
            }
        }
        let Some(open) = bound(listener.take(), &line.endpoint, address, &stop).await else { return };
        let connections = stop.child_token();
        tokio::select! {
            () = stop.cancelled() => return,
            () = accept(&line, &open, &context, &connections) => {}
            () = context.board.until(&context.clock, is_cut) => connections.cancel(),
        }
    }
}

/// The listener, taken anew if it was given up; `None` when it is time to stop.
async fn bound(
    listener: Option<TcpListener>,
    endpoint: &str,
    address: SocketAddr,
    stop: &CancellationToken,
) -> Option<TcpListener> {
    if listener.is_some() {
        return listener;
    }
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return Some(listener),
            Err(error) => warn!(endpoint, %address, %error, "cannot listen again yet"),
        }
        tokio::select! {
            () = stop.cancelled() => return None,
            () = tokio::time::sleep(REBIND_PAUSE) => {}
        }
    }
}

async fn accept(line: &Arc<Line>, listener: &TcpListener, context: &Context, stop: &CancellationToken) {
    let clients = TaskTracker::new();
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => {
                // Small answers are sent at once; without it they only come later.
                let _ = stream.set_nodelay(true);
                stream
            }
            Err(error) => {
                warn!(endpoint = line.endpoint, %error, "cannot accept a connection");
                tokio::time::sleep(REBIND_PAUSE).await;
                continue;
            }
        };
        if clients.len() >= MAX_CLIENTS {
            warn!(endpoint = line.endpoint, "too many connections, the newest is closed");
            continue;
        }
        let (line, context, stop) = (line.clone(), context.clone(), stop.clone());
        clients.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                ended = connection::serve(stream, &line, &context) => {
                    if let Err(error) = ended {
                        debug!(endpoint = line.endpoint, %error, "connection ended");
                    }
                }
            }
        });
    }
}
