//! What the owner itself says to clients: a command for a device, given only to those who are connected.
//!
//! It is never retained and never waits for a client that is away: a command that comes an hour later does harm. It does not
//! go through [`Door`](crate::Door). Next: `routing.rs`.

use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use tokio::time::Instant;

use crate::codec::{Carried, Qos};
use crate::core::Core;
use crate::done::Inbox;
use crate::message::{Message, expiry};
use crate::shares::is_group;

/// Messages of the owner that may wait for the event thread. Further ones are refused.
pub(crate) const WAITING: usize = 256;

/// A message of the owner, sent at QoS 1 or what the subscription allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telling {
    /// Its topic.
    pub topic: String,
    /// Its payload.
    pub payload: Bytes,
    /// Where MQTT 5 clients are to answer, if an answer is wanted.
    pub response_topic: Option<String>,
    /// What MQTT 5 clients are to send back with their answer.
    pub correlation: Option<Bytes>,
    /// For how many seconds it is of any use.
    pub expiry_s: u32,
}

/// Called on the event thread with the number of clients that the message was given to; it must not block.
pub(crate) type Reached = Box<dyn FnOnce(usize) + Send>;

/// The way for messages of the owner. Cheap to clone.
#[derive(Clone)]
pub struct Teller(pub(crate) Arc<Inbox>);

impl Teller {
    /// Says something to whoever is connected and subscribed for itself (a shared subscription might give it to somebody
    /// else). `reached` is called soon, with how many these are; it is dropped uncalled when the broker stops. `false` when too
    /// much waits already.
    #[must_use]
    pub fn tell(&self, telling: Telling, reached: impl FnOnce(usize) + Send + 'static) -> bool {
        self.0.put_telling(telling, Box::new(reached))
    }
}

impl Core {
    /// Says what the owner has left to say.
    pub(crate) fn tell_all(self: &Rc<Core>) {
        for (telling, reached) in self.inbox.take_tellings() {
            reached(self.tell(telling));
        }
    }

    fn tell(self: &Rc<Core>, telling: Telling) -> usize {
        let carried = Carried {
            response_topic: telling.response_topic.map(Into::into),
            correlation: telling.correlation,
            ..Carried::default()
        };
        let message = Arc::new(Message {
            topic: telling.topic.into(),
            payload: telling.payload,
            qos: Qos::AtLeastOnce,
            retain: false,
            from: 0,
            carried: Some(Box::new(carried)),
            expires: expiry(Some(telling.expiry_s), Instant::now()),
        });
        let grants = self.tree.borrow().matches(&message.topic, message.from);
        let mut reached = 0;
        for grant in grants.into_iter().filter(|grant| !is_group(grant.to)) {
            let session = self.by_id.borrow().get(&grant.to).cloned();
            if session.is_some_and(|session| session.connected().is_some()) {
                self.give(&message, grant, None);
                reached += 1;
            }
        }
        reached
    }
}
