//! Single requests of people to a running bus: what the owner takes between its polls. Read next: `running.rs`.

use std::time::Duration;

use tokio::sync::oneshot;

use crate::ask::Ask;
use crate::failure::Failure;

/// Requests of people that may wait at one bus; then the next waits until there is room, within its own patience.
pub(crate) const WAITING_CALLS: usize = 8;

/// One request, and where its end is told.
pub(crate) struct Call {
    pub(crate) unit_id: u8,
    pub(crate) ask: Ask,
    pub(crate) patience: Duration,
    pub(crate) reply: oneshot::Sender<Result<Vec<u16>, Failure>>,
}

impl Call {
    /// Tells how it ended; whoever asked may have gone.
    pub(crate) fn answer(self, result: Result<Vec<u16>, Failure>) {
        drop(self.reply.send(result));
    }
}
