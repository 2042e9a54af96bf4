//! The broker as its owner sees it: start, counters, stop. Behind it, the event thread and its listening socket.
//!
//! It is the only file that makes threads. Next: `core.rs` for what happens on the event thread.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;
use std::time::Duration;

use ntex::rt::{DefaultRuntime, System};

use crate::core::Core;
use crate::done::Inbox;
use crate::door::Door;
use crate::listener;
use crate::settings::Settings;
use crate::stats::{Counters, Stats, StatsReader};

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
        let (ready, started) = sync_channel(1);
        let thread = {
            let (inbox, counters) = (inbox.clone(), counters.clone());
            std::thread::Builder::new().name("mqtt".into()).spawn(move || {
                let core = move || Rc::new(Core::new(settings, door, counters, inbox));
                System::build()
                    .name("mqtt")
                    .ping_interval(0)
                    .build(DefaultRuntime)
                    .block_on(async move { serve(core(), socket, ready).await });
            })
        }
        .map_err(|source| StartError::Thread { source })?;
        let broker = Broker { address, inbox, counters, thread: Some(thread) };
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

async fn serve(core: Rc<Core>, socket: TcpListener, ready: std::sync::mpsc::SyncSender<io::Result<()>>) {
    let listener = match tokio::net::TcpListener::from_std(socket) {
        Ok(listener) => listener,
        Err(error) => {
            let _ = ready.send(Err(error));
            return;
        }
    };
    ntex::rt::spawn(core.clone().settle_all());
    let accepting = ntex::rt::spawn(listener::accept(core.clone(), listener));
    if ready.send(Ok(())).is_err() {
        return;
    }
    core.inbox.stop_asked().await;
    accepting.cancel();
    core.stopping.set(true);
    if tokio::time::timeout(core.settings.stop_timeout, core.all_settled()).await.is_err() {
        tracing::warn!("stopping with messages that were not committed; they are not acknowledged");
    }
    core.close_all();
    let emptied = async {
        while core.connected() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let _ = tokio::time::timeout(FLUSH, emptied).await;
}
