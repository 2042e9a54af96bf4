//! A client's session: who it is, what it may do, what it subscribed to, what waits for it, which packets are half done.
//!
//! It outlives connections for as long as the client asked for. It holds state only. Next: `life.rs`, which begins and
//! ends sessions, and `outbox.rs`.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::codec::Will;
use crate::conn::Conn;
use crate::door::Login;
use crate::filter::Filter;
use crate::message::SessionId;
use crate::outbox::Outbox;
use crate::shares::Shared;

/// A client's identity: client identifiers belong to a login, so that no login can push out another's client.
pub(crate) type Identity = (Arc<str>, Arc<str>);

/// A session.
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) login: Arc<str>,
    pub(crate) client_id: Arc<str>,
    /// Seconds for which it outlives its connection.
    pub(crate) expiry_s: Cell<u32>,
    pub(crate) conn: RefCell<Option<Rc<Conn>>>,
    pub(crate) subscriptions: RefCell<HashMap<String, Target>>,
    pub(crate) outbox: Outbox,
    /// QoS 2 messages of the client between PUBLISH and PUBREL, by packet identifier.
    pub(crate) received: RefCell<HashMap<u16, Received>>,
    /// A will that waits for its delay.
    pub(crate) will: RefCell<Option<Will>>,
    /// Grows with each coming and going, so that a timer of an earlier absence is known as such.
    pub(crate) comings: Cell<u64>,
    /// It waits until the disk has gone on.
    pub(crate) awaits_disk: Cell<bool>,
    /// It, or its will, is on disk.
    pub(crate) is_kept: Cell<bool>,
    pub(crate) is_will_kept: Cell<bool>,
    /// Its client did not leave: the broker did.
    pub(crate) was_cut_off: Cell<bool>,
    access: RefCell<Access>,
    ended: Cell<bool>,
}

#[derive(Default)]
struct Access {
    publish: Vec<Filter>,
    subscribe: Vec<Filter>,
    withheld: Vec<Filter>,
}

/// What a session subscribed to.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    Own(Filter),
    Shared(Shared),
}

/// How far a QoS 2 message of a client is.
pub(crate) enum Received {
    /// It came before the broker's last start, which does not know how that ended; or the owner gave no answer.
    Begun { at_ms: i64 },
    /// It is handed over. `again`: the client has sent it once more over another connection, where its place is.
    Handed { again: Option<(Rc<Conn>, u64)> },
    /// It is safe, and waits for its PUBREL.
    Done,
}

/// What the login says of a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permission {
    Granted,
    Denied,
    /// Denied without a reason.
    Withheld,
}

impl Session {
    pub(crate) fn new(id: SessionId, identity: Identity) -> Session {
        let (login, client_id) = identity;
        Session {
            id,
            login,
            client_id,
            expiry_s: Cell::new(0),
            conn: RefCell::default(),
            subscriptions: RefCell::default(),
            outbox: Outbox::default(),
            received: RefCell::default(),
            will: RefCell::default(),
            comings: Cell::new(0),
            awaits_disk: Cell::new(false),
            is_kept: Cell::new(false),
            is_will_kept: Cell::new(false),
            was_cut_off: Cell::new(false),
            access: RefCell::default(),
            ended: Cell::new(false),
        }
    }

    /// Takes over what the login may do now.
    pub(crate) fn allow(&self, login: Login) {
        *self.access.borrow_mut() =
            Access { publish: login.publish, subscribe: login.subscribe, withheld: login.withheld };
    }

    /// Whether its login may publish to this topic. Nobody may write the broker's own figures.
    pub(crate) fn may_publish(&self, topic: &str) -> bool {
        !topic.starts_with("$SYS/") && self.access.borrow().publish.iter().any(|filter| filter.matches(topic))
    }

    /// Whether a filter lies wholly inside one of those that its login may subscribe to.
    pub(crate) fn may_subscribe(&self, filter: &Filter) -> Permission {
        let access = self.access.borrow();
        if access.withheld.contains(filter) {
            Permission::Withheld
        } else if access.subscribe.iter().any(|allowed| allowed.covers(filter)) {
            Permission::Granted
        } else {
            Permission::Denied
        }
    }

    /// Whether it outlives its connection.
    pub(crate) fn persists(&self) -> bool {
        self.expiry_s.get() > 0
    }

    /// Its connection, if there is one.
    pub(crate) fn connected(&self) -> Option<Rc<Conn>> {
        self.conn.borrow().clone()
    }

    /// Marks its end; `false` when it was marked before.
    pub(crate) fn end(&self) -> bool {
        !self.ended.replace(true)
    }

    /// Whether it is over.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.get()
    }
}

impl Target {
    pub(crate) fn parse(text: &str) -> Option<Target> {
        if text.starts_with("$share/") {
            Shared::parse(text).map(Target::Shared)
        } else {
            Filter::parse(text).ok().map(Target::Own)
        }
    }

    /// The filter that topics are held against.
    pub(crate) fn filter(&self) -> &Filter {
        match self {
            Target::Own(filter) => filter,
            Target::Shared(shared) => &shared.filter,
        }
    }
}
