//! The door's limits, each with its default and what happens when it is reached.
//!
//! It holds figures and what the owner lends the broker; it never reads a file or the environment. Next: `broker.rs`.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls::ServerConfig;

/// Tells the milliseconds since 1970, for what has to outlive a restart.
pub type WallClock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Gives what the next connection is served with over TLS; asked for each one, so that a renewed certificate is taken up.
pub type TlsSource = Arc<dyn Fn() -> Arc<ServerConfig> + Send + Sync>;

/// Everything that can be set on a [`Broker`](crate::Broker). [`Settings::new`] gives the defaults.
#[derive(Clone)]
pub struct Settings {
    /// Address to listen on; port 0 lets the system choose ([`Broker::local_addr`](crate::Broker::local_addr) tells).
    pub listen: SocketAddr,
    /// TLS on the listening socket; `None` (the default): plain.
    pub tls: Option<TlsSource>,
    /// The file in which persistent sessions, their queues, retained messages and wills are kept. `None` (the default):
    /// in memory, gone with the broker.
    pub keep: Option<PathBuf>,
    /// The time of day.
    pub now_ms: WallClock,
    /// Largest packet taken, in bytes (default 256 KiB). A larger one closes its connection (MQTT 5: reason 0x95).
    pub max_packet_bytes: u32,
    /// Clients at once (default 1,024). One more is answered "server unavailable" (3) or "server busy" (0x89).
    pub max_connections: usize,
    /// Sockets of one address that have not been let in yet (default 256). One more is closed at once, so that an
    /// address that opens sockets and says nothing takes no place from the others.
    pub max_strangers_per_address: usize,
    /// Connections that one address (a /64 of IPv6) may make at once before `connects_per_second` counts (default 1,000).
    pub connects_at_once: u32,
    /// Connections that one address may then make in a second (default 500). Further ones wait their turn before a byte of
    /// them is read, holding one of the places of `max_strangers_per_address`.
    pub connects_per_second: u32,
    /// Publishes of one connection that may wait for their commit (default 1,024); announced to MQTT 5 as Receive
    /// Maximum. When full, nothing more is read from that connection until one is settled. A client with more QoS 2
    /// messages than this that it does not release is closed with 0x93.
    pub in_flight: u16,
    /// Bytes of one connection's publishes that may wait for their commit (default 1 MiB). When full: as `in_flight`.
    pub in_flight_bytes: usize,
    /// Publishes of all connections that may wait for their commit (default 131,072). From half of it on, each
    /// connection may have its share only; it is read no further until one of its own is settled.
    pub in_flight_total: usize,
    /// QoS 1 and 2 messages sent to one subscriber and not yet acknowledged (default 256; the client's own Receive
    /// Maximum may be lower). When full, messages wait in the queue.
    pub outbound_in_flight: u16,
    /// Messages that may wait for one subscriber, connected or not (default 1,024). When full, QoS 0 is dropped; QoS 1
    /// and 2 are dropped too and disconnect a subscriber that is connected (MQTT 5: reason 0x97). All are counted.
    pub outbound_queue: usize,
    /// Bytes that may wait for one subscriber (default 4 MiB). When full: as `outbound_queue`.
    pub outbound_queue_bytes: usize,
    /// How long a connected subscriber with waiting messages may take none before it is disconnected (default 60 s).
    pub stall_timeout: Duration,
    /// Subscriptions of one session (default 64). One more is refused (0x97 or 0x80).
    pub max_subscriptions: usize,
    /// Sessions of clients that are away (default 1,024). When full, the one that left first is forgotten.
    pub max_sessions_away: usize,
    /// Longest Session Expiry Interval granted, in seconds (default 7 days). It is also what MQTT 3.1.1 clients without
    /// "clean session" get.
    pub session_expiry_ceiling_s: u32,
    /// How long a client may stay away after the broker's own restart before its will is published (default 30 s; its
    /// Will Delay Interval when that is longer).
    pub will_grace: Duration,
    /// Topic aliases that an MQTT 5 client may use, and that are used towards one that allows as many (default 32).
    pub topic_aliases: u16,
    /// Topics with a retained message (default 10,000). A message for one more topic is routed but not retained.
    pub max_retained: usize,
    /// Bytes of retained messages (default 16 MiB). When full: as `max_retained`.
    pub max_retained_bytes: usize,
    /// Whole seconds that a fresh socket has to send its CONNECT (default 10). Then it is closed.
    pub connect_timeout_s: u16,
    /// Longest keep-alive, in seconds, granted to MQTT 5 clients (default 60); a longer one, or none, is answered
    /// with Server Keep Alive. MQTT 3.1.1 cannot be told, so there the client's own figure holds.
    pub keep_alive_ceiling_s: u16,
    /// Failed logins within `login_window` for one user name from one address (default 10). Then that name is refused
    /// from there, without asking [`Door::login`](crate::Door::login), until the window is over.
    pub login_tries: u32,
    /// Failed logins within `login_window` from one address, whatever the name (default 100). It is larger because
    /// many devices share one address behind a router, and one with a wrong password must not lock out the others.
    pub login_tries_per_address: u32,
    /// The span over which failed logins are counted (default 60 s).
    pub login_window: Duration,
    /// Entries of the table of failed logins (default 4,096). When full, the oldest entry is forgotten.
    pub login_table: usize,
    /// Calls of [`Door::login`](crate::Door::login) at once (default 2: password hashing is heavy). Others wait.
    pub logins_at_once: usize,
    /// How often the figures under `$SYS/broker/` are published to those who subscribed to them (default 10 s).
    pub figures_every: Duration,
    /// How long [`Broker::stop`](crate::Broker::stop) waits for publishes handed over but not committed (default 5 s).
    pub stop_timeout: Duration,
}

impl Settings {
    /// The defaults, listening on `listen`; `now_ms` tells the time of day.
    #[must_use]
    pub fn new(listen: SocketAddr, now_ms: WallClock) -> Settings {
        Settings {
            listen,
            tls: None,
            keep: None,
            now_ms,
            max_packet_bytes: 256 * 1024,
            max_connections: 1_024,
            max_strangers_per_address: 256,
            connects_at_once: 1_000,
            connects_per_second: 500,
            in_flight: 1_024,
            in_flight_bytes: 1024 * 1024,
            in_flight_total: 131_072,
            outbound_in_flight: 256,
            outbound_queue: 1_024,
            outbound_queue_bytes: 4 * 1024 * 1024,
            stall_timeout: Duration::from_secs(60),
            max_subscriptions: 64,
            max_sessions_away: 1_024,
            session_expiry_ceiling_s: 7 * 24 * 3_600,
            will_grace: Duration::from_secs(30),
            topic_aliases: 32,
            max_retained: 10_000,
            max_retained_bytes: 16 * 1024 * 1024,
            connect_timeout_s: 10,
            keep_alive_ceiling_s: 60,
            login_tries: 10,
            login_tries_per_address: 100,
            login_window: Duration::from_secs(60),
            login_table: 4_096,
            logins_at_once: 2,
            figures_every: Duration::from_secs(10),
            stop_timeout: Duration::from_secs(5),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Settings").field("listen", &self.listen).finish_non_exhaustive()
    }
}
