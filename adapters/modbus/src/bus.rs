//! The connection of one bus: requests one after the other, and the only I/O of this crate.
//!
//! Never sends a request before the last one was answered or given up, and never reads on after a time-out. Read next:
//! [`crate::owner`].

use std::time::Duration;

use hub_model::Reason;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_modbus::Slave;
use tokio_modbus::client::{Client, Context, tcp};
use tokio_modbus::slave::SlaveContext;

use crate::batch::Batch;
use crate::endpoint::Endpoint;
use crate::wire::{self, Failure};

/// The bus's connection.
pub(crate) struct Link {
    pub(crate) endpoint: Endpoint,
    pause: Duration,
    quiet_until: Instant,
    connection: Option<Connection>,
}

struct Connection {
    context: Context,
    /// Whether it has brought an answer.
    served: bool,
}

impl Link {
    /// Not connected yet. `pause` is kept between the end of a request and the next.
    pub(crate) fn new(endpoint: Endpoint, pause: Duration) -> Self {
        Self { endpoint, pause, quiet_until: Instant::now(), connection: None }
    }

    /// Whether there is a connection, as far as is known before the next request.
    pub(crate) fn is_connected(&self) -> bool {
        self.connection.is_some()
    }

    /// One request and its answer, over a new connection where there is none.
    pub(crate) async fn request(
        &mut self,
        unit_id: u8,
        batch: &Batch,
        patience: Duration,
    ) -> Result<Vec<u16>, Failure> {
        let has_served = self.connection.as_ref().is_some_and(|connection| connection.served);
        let mut answer = self.exchange(unit_id, batch, patience).await;
        if has_served && matches!(answer, Err(Failure::Disconnected(_))) {
            // Devices close a connection that was idle for a while. That is no failure if a new one serves.
            answer = self.exchange(unit_id, batch, patience).await;
        }
        answer
    }

    async fn exchange(
        &mut self,
        unit_id: u8,
        batch: &Batch,
        patience: Duration,
    ) -> Result<Vec<u16>, Failure> {
        sleep_until(self.quiet_until).await;
        if self.connection.is_none() {
            self.connect(patience).await?;
        }
        let Some(mut connection) = self.connection.take() else {
            return Err(Failure::Disconnected("not connected".to_owned()));
        };
        connection.context.set_slave(Slave(unit_id));
        let answer = match timeout(patience, connection.context.call(wire::request(batch))).await {
            Ok(answer) => wire::words(answer, batch),
            Err(_) => Err(Failure::Timeout(patience)),
        };
        self.quiet_until = Instant::now() + self.pause;
        if answer.as_ref().err().is_none_or(Failure::spares_the_connection) {
            connection.served = true;
            self.connection = Some(connection);
        }
        answer
    }

    /// A new connection in place of the old one.
    pub(crate) async fn connect(&mut self, patience: Duration) -> Result<(), Failure> {
        let unreachable = |cause, text| Failure::Unreachable { cause, text };
        let address = (self.endpoint.host.as_str(), self.endpoint.port);
        let stream = match timeout(patience, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(unreachable(Reason::Refused, error.to_string())),
            Err(_) => return Err(unreachable(Reason::Timeout, format!("not made within {patience:?}"))),
        };
        // Requests are small and each waits for its answer: holding them back would only cost time.
        if let Err(error) = stream.set_nodelay(true) {
            return Err(unreachable(Reason::Refused, error.to_string()));
        }
        self.connection = Some(Connection { context: tcp::attach(stream), served: false });
        Ok(())
    }
}
