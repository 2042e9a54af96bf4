//! The client for somebody else's broker: MQTT 3.1.1 over TCP or TLS, with a session that the broker keeps while we are away.
//!
//! It never acknowledges a message before its readings are on disk, and never gives up. It knows no payload: [`Router`]
//! reads them. Read next: `listener.rs` (messages in), `sender.rs` (messages out), `link.rs` (one connection).
//!
//! [`Router`]: crate::Router

mod address;
mod attempts;
mod health;
mod link;
mod listener;
mod packet;
mod sender;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls::ClientConfig;

pub use address::{AddressError, BrokerAddress};
pub use health::{LinkHealth, LinkState};
pub use listener::{Listener, Listening};
pub use packet::fuzz;
pub use sender::{Outgoing, Sender, SenderEnd};
pub use tls::{TrustError, trust};

/// How often the broker hears from us at least.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// How long a connection may take to be made: the network, TLS, and the broker's answer each.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// The largest packet taken from a broker. A larger one ends the connection.
const MAX_PACKET_BYTES: usize = 1024 * 1024;

/// How a broker is reached. Two of them that are equal share one connection.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// Where it is, and as whom we log in.
    pub address: BrokerAddress,
    /// The password; never printed.
    pub password: Option<String>,
    /// The certificates (PEM) that the broker's must be signed by; the system's own without.
    pub ca: Option<Arc<str>>,
    /// The name under which the broker keeps our session.
    pub client_id: String,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint")
            .field("address", &self.address)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

impl Endpoint {
    /// What TLS trusts, where the address asks for TLS.
    fn tls(&self) -> Result<Option<Arc<ClientConfig>>, TrustError> {
        if self.address.is_encrypted { trust(self.ca.as_deref()).map(Some) } else { Ok(None) }
    }
}
