//! The way in for streams that others have accepted: a browser's WebSocket, for one.
//!
//! It only passes them to the event thread, where they are served like sockets. Next: `listener.rs`.

use std::net::SocketAddr;
use std::rc::Rc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;

use crate::core::Core;
use crate::listener::take;
use crate::serve::Origin;

/// Streams on their way to the event thread; it takes them at once, so one more is refused.
const WAITING: usize = 256;

/// A stream of bytes that may cross threads.
trait Carried: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Carried for S {}

/// A stream, and where it comes from.
type Arrival = (Box<dyn Carried>, SocketAddr);

/// Hands streams to the broker. Cheap to clone.
#[derive(Clone)]
pub struct Gate(mpsc::Sender<Arrival>);

/// The event thread's end.
pub(crate) struct Arrivals(mpsc::Receiver<Arrival>);

impl Gate {
    pub(crate) fn new() -> (Gate, Arrivals) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Gate(sender), Arrivals(receiver))
    }

    /// Serves a stream as if it were a socket from `address`; `false` when the broker has stopped, or too many wait.
    #[must_use]
    pub fn admit(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        address: SocketAddr,
    ) -> bool {
        self.0.try_send((Box::new(stream), address)).is_ok()
    }
}

/// Serves what comes; runs as long as the broker.
pub(crate) async fn take_all(core: Rc<Core>, mut arrivals: Arrivals) {
    while let Some((stream, address)) = arrivals.0.recv().await {
        take(&core, stream, Origin { address, certificate: None });
    }
}
