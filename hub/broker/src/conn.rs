//! One connected client: who it is, what it may do, what it subscribed to, and its last will.
//!
//! It holds state only; `core.rs` decides. Next: `v3.rs` and `v5.rs`, which make one at the handshake.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use crate::arrivals::Arrivals;
use crate::core::Core;
use crate::door::{Login, Refused, RefusedWhat};
use crate::filter::Filter;
use crate::link::Link;
use crate::message::{ConnId, Message};
use crate::outbox::Outbox;

/// A client between its CONNACK and its end.
pub(crate) struct Conn {
    pub(crate) id: ConnId,
    pub(crate) client_id: Arc<str>,
    pub(crate) login: Arc<str>,
    pub(crate) address: SocketAddr,
    pub(crate) link: Link,
    pub(crate) outbox: Outbox,
    /// Its publishes on their way from the socket.
    pub(crate) arrivals: Arrivals,
    /// Its filters as written, for taking them away again.
    pub(crate) subscriptions: RefCell<HashMap<String, Filter>>,
    /// It was disconnected for being slow; reported once.
    pub(crate) slow: Cell<bool>,
    may_publish: Vec<Filter>,
    may_subscribe: Vec<Filter>,
    will: RefCell<Option<Message>>,
    ended: Cell<bool>,
}

impl Conn {
    pub(crate) fn new(id: ConnId, who: Newcomer, login: Login, link: Link) -> Conn {
        Conn {
            id,
            client_id: who.client_id.into(),
            login: login.name.into(),
            address: who.address,
            link,
            outbox: Outbox::default(),
            arrivals: who.arrivals,
            subscriptions: RefCell::default(),
            slow: Cell::new(false),
            may_publish: login.publish,
            may_subscribe: login.subscribe,
            will: RefCell::new(who.will.map(|will| Message { from: id, ..will })),
            ended: Cell::new(false),
        }
    }

    /// Whether its login may publish to this topic.
    pub(crate) fn may_publish(&self, topic: &str) -> bool {
        self.may_publish.iter().any(|filter| filter.matches(topic))
    }

    /// Whether a filter lies wholly inside one of those that its login may subscribe to.
    pub(crate) fn may_subscribe(&self, filter: &Filter) -> bool {
        self.may_subscribe.iter().any(|allowed| allowed.covers(filter))
    }

    /// An event about this client.
    pub(crate) fn about(&self, what: RefusedWhat) -> Refused {
        Refused {
            address: self.address,
            client_id: Some(self.client_id.clone()),
            login: Some(self.login.clone()),
            what,
        }
    }

    /// Marks the end; `false` when it was marked before.
    pub(crate) fn end(&self) -> bool {
        !self.ended.replace(true)
    }

    /// Whether its session is over, though its socket may still be open.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.get()
    }

    /// The will, unless the client said goodbye; given once.
    pub(crate) fn take_will(&self) -> Option<Message> {
        let will = self.will.borrow_mut().take();
        if self.arrivals.said_goodbye() { None } else { will }
    }
}

/// What is known of a client before it is let in.
pub(crate) struct Newcomer {
    pub(crate) client_id: String,
    pub(crate) address: SocketAddr,
    pub(crate) will: Option<Message>,
    pub(crate) arrivals: Arrivals,
}

/// The connection's place in the broker, held by ntex-mqtt's session: when that is dropped, whatever the way, the
/// client's subscriptions end and its will is published.
pub(crate) struct Seat {
    pub(crate) core: Rc<Core>,
    pub(crate) conn: Rc<Conn>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.core.leave(&self.conn);
        self.conn.arrivals.forget();
    }
}
