//! The broker as its owner sees it: start, counters, stop. Behind it, the event thread and its listening socket.
//!
//! It is the only file that makes threads. Next: `core.rs` for what happens on the event thread.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::task::LocalSet;

use crate::core::Core;
use crate::done::Inbox;
use crate::door::Door;
use crate::gate::{Arrivals, Gate, take_all};
use crate::keep::{Disk, Journal, Keep, KeepError, Kept};
use crate::listener;
use crate::settings::Settings;
use crate::stats::{Counters, Stats, StatsReader};
use crate::telling::Teller;

/// How long closed connections are given, at the stop, to write out what they were sent.
const FLUSH: Duration = Duration::from_secs(2);

/// Why the broker did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on; most often another program has it.
    #[error("cannot listen for MQTT on {address}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file of kept sessions cannot be used.
    #[error("cannot use {}", path.display())]
    Keep {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: KeepError,
    },
    /// The event thread could not be made.
    #[error("cannot start the MQTT thread")]
    Thread {
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// A running broker. Dropping it stops it, as [`Broker::stop`] does.
pub struct Broker {
    address: SocketAddr,
    inbox: Arc<Inbox>,
    counters: Arc<Counters>,
    thread: Option<JoinHandle<()>>,
    keeping: Option<Keeping>,
    gate: Gate,
}

/// The thread that writes what is to outlive the broker.
struct Keeping {
    journal: Arc<Journal>,
    thread: Option<JoinHandle<()>>,
}

impl Keeping {
    fn start(settings: &Settings, inbox: &Arc<Inbox>) -> Result<(Option<Keeping>, Kept), StartError> {
        let Some(path) = &settings.keep else { return Ok((None, Kept::default())) };
        let fault = |source| StartError::Keep { path: path.clone(), source };
        let disk = Disk::open(path).map_err(fault)?;
        let kept = disk.read().map_err(fault)?;
        let journal = Arc::new(Journal::default());
        let thread = journal.start(disk, inbox.clone()).map_err(|source| StartError::Thread { source })?;
        Ok((Some(Keeping { journal, thread: Some(thread) }), kept))
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        self.journal.stop();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that keeps MQTT sessions had panicked");
        }
    }
}

impl Broker {
    /// Binds the address and starts serving, on a thread of its own.
    ///
    /// # Errors
    /// When the address cannot be bound, or the thread cannot be made.
    pub fn start(settings: Settings, door: Arc<dyn Door>) -> Result<Broker, StartError> {
        let asked = settings.listen;
        let listen = |source| StartError::Listen { address: asked, source };
        let socket = TcpListener::bind(asked).map_err(listen)?;
        socket.set_nonblocking(true).map_err(listen)?;
        let address = socket.local_addr().map_err(listen)?;

        let inbox = Arc::new(Inbox::default());
        let counters = Arc::new(Counters::default());
        let (keeping, kept) = Keeping::start(&settings, &inbox)?;
        let (gate, arrivals) = Gate::new();
        let (ready, started) = sync_channel(1);
        let thread = {
            let (inbox, counters) = (inbox.clone(), counters.clone());
            let keep = keeping.as_ref().map(|keeping| keeping.journal.clone());
            std::thread::Builder::new().name("mqtt".into()).spawn(move || {
                let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                    Ok(runtime) => runtime,
                    Err(error) => {
                        // Whoever starts the broker waits for this.
                        let _ = ready.send(Err(error));
                        return;
                    }
                };
                let next_id = kept.next_id.max(1);
                let core = Rc::new(Core::new(settings, door, counters, inbox, Keep::new(keep), next_id));
                core.resume(kept);
                LocalSet::new().block_on(&runtime, serve(core, socket, arrivals, ready));
            })
        }
        .map_err(|source| StartError::Thread { source })?;
        let broker = Broker { address, inbox, counters, thread: Some(thread), keeping, gate };
        match started.recv() {
            Ok(Ok(())) => Ok(broker),
            Ok(Err(source)) => Err(listen(source)),
            Err(_) => Err(StartError::Thread { source: io::Error::other("it ended at once") }),
        }
    }

    /// The address actually bound.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The counters now.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.counters.read()
    }

    /// For those who look at the counters elsewhere.
    #[must_use]
    pub fn reader(&self) -> StatsReader {
        StatsReader(self.counters.clone())
    }

    /// The way in for streams that others have accepted.
    #[must_use]
    pub fn gate(&self) -> Gate {
        self.gate.clone()
    }

    /// The way for messages of the owner itself.
    #[must_use]
    pub fn teller(&self) -> Teller {
        Teller(self.inbox.clone())
    }

    /// Closes the connections of these logins, within a second: they were removed or changed. Who connects again is
    /// judged by [`Door::login`] anew.
    pub fn end_logins(&self, names: Vec<String>) {
        self.inbox.end_logins(names);
    }

    /// Stops: takes no more connections or publishes, waits up to [`Settings::stop_timeout`] for the verdicts on what was
    /// handed over, sends their acknowledgements, closes. Wills are not published: the devices are not at fault.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.inbox.ask_to_stop();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the MQTT thread had panicked");
        }
        // After the event thread, whose last operations it has to write.
        self.keeping = None;
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.end();
    }
}

impl std::fmt::Debug for Broker {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Broker").field("address", &self.address).finish_non_exhaustive()
    }
}

async fn serve(
    core: Rc<Core>,
    socket: TcpListener,
    arrivals: Arrivals,
    ready: std::sync::mpsc::SyncSender<io::Result<()>>,
) {
    let listener = match tokio::net::TcpListener::from_std(socket) {
        Ok(listener) => listener,
        Err(error) => {
            let _ = ready.send(Err(error));
            return;
        }
    };
    tokio::task::spawn_local(core.clone().settle_all());
    tokio::task::spawn_local(core.clone().look_after());
    let carrying = tokio::task::spawn_local(take_all(core.clone(), arrivals));
    let keeping = core.clone();
    tokio::task::spawn_local(async move { keeping.keep.pass_on().await });
    let accepting = tokio::task::spawn_local(listener::accept(core.clone(), listener));
    if ready.send(Ok(())).is_err() {
        return;
    }
    core.inbox.stop_asked().await;
    accepting.abort();
    carrying.abort();
    // The listening socket is closed before the broker says that it stops.
    let _ended = accepting.await;
    core.stopping.set(true);
    if tokio::time::timeout(core.settings.stop_timeout, core.all_settled()).await.is_err() {
        tracing::warn!("stopping with messages that were not committed; they are not acknowledged");
    }
    core.close_all();
    let emptied = async {
        while core.sockets.get() > 0 {
            core.settled.notified().await;
        }
    };
    let _in_time = tokio::time::timeout(FLUSH, emptied).await;
    core.keep.pass_on_now();
}
