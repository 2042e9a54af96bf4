//! The door's limits, each with its default and what happens when it is reached.
//!
//! It holds figures only; it never reads a file or the environment. Next: `broker.rs`, which applies them.

use std::net::SocketAddr;
use std::time::Duration;

/// Everything that can be set on a [`Broker`](crate::Broker). [`Settings::new`] gives the defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Address to listen on; port 0 lets the system choose ([`Broker::local_addr`](crate::Broker::local_addr) tells).
    pub listen: SocketAddr,
    /// Largest packet taken, in bytes (default 256 KiB). A larger one closes its connection (MQTT 5: reason 0x95).
    pub max_packet_bytes: u32,
    /// Clients at once (default 1,024). One more is answered "server unavailable" (3) or "server busy" (0x89).
    pub max_connections: usize,
    /// Publishes of one connection that may wait for their commit (default 1,024); announced to MQTT 5 as Receive
    /// Maximum. When full, nothing more is read from that connection until one is settled (what is already in its
    /// 16 KiB read buffer is still taken).
    pub in_flight: u16,
    /// Bytes of one connection's publishes that may wait for their commit (default 1 MiB). When full: as `in_flight`.
    pub in_flight_bytes: usize,
    /// QoS 1 messages sent to one subscriber and not yet acknowledged (default 256). When full, messages wait in the queue.
    pub outbound_in_flight: u16,
    /// Messages that may wait for one slow subscriber (default 1,024). When full, QoS 0 is dropped and QoS 1
    /// disconnects that subscriber (MQTT 5: reason 0x97); both are counted.
    pub outbound_queue: usize,
    /// Bytes that may wait for one slow subscriber (default 4 MiB). When full: as `outbound_queue`.
    pub outbound_queue_bytes: usize,
    /// How long a subscriber with waiting messages may take none before it is disconnected (default 60 s).
    pub stall_timeout: Duration,
    /// Subscriptions of one connection (default 64). One more is refused (0x97 or 0x80).
    pub max_subscriptions: usize,
    /// Topics with a retained message (default 10,000). A message for one more topic is routed but not retained.
    pub max_retained: usize,
    /// Bytes of retained topics and payloads (default 16 MiB). When full: as `max_retained`.
    pub max_retained_bytes: usize,
    /// Whole seconds that a fresh socket has to send its CONNECT (default 10). Then it is closed.
    pub connect_timeout_s: u16,
    /// Longest keep-alive, in seconds, granted to MQTT 5 clients (default 1,200); a longer one, or none, is answered
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
    /// How long [`Broker::stop`](crate::Broker::stop) waits for publishes handed over but not committed (default 5 s).
    pub stop_timeout: Duration,
}

impl Settings {
    /// The defaults, listening on `listen`.
    #[must_use]
    pub fn new(listen: SocketAddr) -> Settings {
        Settings {
            listen,
            max_packet_bytes: 256 * 1024,
            max_connections: 1_024,
            in_flight: 1_024,
            in_flight_bytes: 1024 * 1024,
            outbound_in_flight: 256,
            outbound_queue: 1_024,
            outbound_queue_bytes: 4 * 1024 * 1024,
            stall_timeout: Duration::from_secs(60),
            max_subscriptions: 64,
            max_retained: 10_000,
            max_retained_bytes: 16 * 1024 * 1024,
            connect_timeout_s: 10,
            keep_alive_ceiling_s: 1_200,
            login_tries: 10,
            login_tries_per_address: 100,
            login_window: Duration::from_secs(60),
            login_table: 4_096,
            logins_at_once: 2,
            stop_timeout: Duration::from_secs(5),
        }
    }
}
