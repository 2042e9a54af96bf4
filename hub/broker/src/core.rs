//! The broker's heart, on the event thread: hands messages to the owner, settles its verdicts, routes, ends sessions.
//!
//! It speaks no MQTT packet (`v3.rs`, `v5.rs` do) and never blocks. Next: `admission.rs` for how a client gets in.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use ntex::channel::oneshot;
use ntex_mqtt::QoS;
use ntex_mqtt::v5::codec::DisconnectReasonCode;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

use crate::conn::Conn;
use crate::done::{Done, Inbox, Verdict};
use crate::door::{Door, Published, Refused, RefusedWhat};
use crate::filter::Filter;
use crate::message::{ConnId, Grant, Message};
use crate::outbox::{self, Item};
use crate::retained::Retained;
use crate::settings::Settings;
use crate::stats::Counters;
use crate::tree::{Options, Tree};
use crate::tries::Tries;

/// A client's identity: client identifiers belong to a login, so that no login can push out another's client.
type Identity = (Arc<str>, Arc<str>);

/// State shared by all connections.
pub(crate) struct Core {
    pub(crate) settings: Settings,
    pub(crate) door: Arc<dyn Door>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) tries: RefCell<Tries>,
    pub(crate) logins: Semaphore,
    pub(crate) stopping: Cell<bool>,
    next_id: Cell<u64>,
    connections: RefCell<HashMap<ConnId, Rc<Conn>>>,
    sessions: RefCell<HashMap<Identity, ConnId>>,
    tree: RefCell<Tree>,
    retained: RefCell<Retained>,
    /// Messages handed over and not answered; bounded by `max_connections * in_flight`, plus one will per connection.
    open: RefCell<HashMap<u64, Open>>,
    /// Publishes whose acknowledgement is not written yet.
    owed: Cell<usize>,
    settled: Notify,
}

/// A publish that is to be acknowledged; dropped once it is, or once nobody is there to hear it.
pub(crate) struct Owed(Rc<Core>);

impl Drop for Owed {
    fn drop(&mut self) {
        self.0.owed.set(self.0.owed.get() - 1);
        self.0.settled.notify_one();
    }
}

struct Open {
    message: Message,
    publisher: Rc<Conn>,
    /// Who waits to acknowledge; nobody for a will, or when the connection is gone.
    waiter: oneshot::Sender<Verdict>,
}

impl Core {
    pub(crate) fn new(
        settings: Settings,
        door: Arc<dyn Door>,
        counters: Arc<Counters>,
        inbox: Arc<Inbox>,
    ) -> Core {
        Core {
            tries: RefCell::new(Tries::new(&settings)),
            logins: Semaphore::new(settings.logins_at_once.max(1)),
            retained: RefCell::new(Retained::new(settings.max_retained, settings.max_retained_bytes)),
            settings,
            door,
            counters,
            inbox,
            stopping: Cell::new(false),
            next_id: Cell::new(1),
            connections: RefCell::default(),
            sessions: RefCell::default(),
            tree: RefCell::default(),
            open: RefCell::default(),
            owed: Cell::new(0),
            settled: Notify::new(),
        }
    }

    /// A number not given before.
    pub(crate) fn fresh_id(&self) -> u64 {
        let id = self.next_id.get();
        self.next_id.set(id + 1);
        id
    }

    /// Clients connected now.
    pub(crate) fn connected(&self) -> usize {
        self.connections.borrow().len()
    }

    /// Counts and reports something turned away.
    pub(crate) fn refused(&self, event: Refused) {
        match &event.what {
            RefusedWhat::Login(_) | RefusedWhat::Connection => self.counters.logins_refused.up(),
            RefusedWhat::Malformed { .. } | RefusedWhat::TooLarge { .. } => self.counters.malformed.up(),
            RefusedWhat::SlowSubscriber => {}
            _ => self.counters.refused.up(),
        }
        self.door.refused(event);
    }

    /// Seats a client; a session of the same client that still stands is taken over.
    ///
    /// The old session ends here and now: its socket may take seconds to close, and its will would then come after what its
    /// successor says.
    pub(crate) async fn enter(self: &Rc<Core>, conn: Rc<Conn>) {
        let identity = (conn.login.clone(), conn.client_id.clone());
        let old = self.sessions.borrow_mut().insert(identity, conn.id);
        let old = old.and_then(|id| self.connections.borrow().get(&id).cloned());
        self.connections.borrow_mut().insert(conn.id, conn);
        self.counters.connections.set(self.connected());
        if let Some(old) = old {
            self.counters.taken_over.up();
            old.link.close(DisconnectReasonCode::SessionTakenOver);
            self.leave(&old);
            // The will goes out in a task of its own: let it run before the newcomer is heard.
            tokio::task::yield_now().await;
        }
    }

    /// Ends a session: nothing is routed to it any more, and its will is published unless it said goodbye.
    pub(crate) fn leave(self: &Rc<Core>, conn: &Rc<Conn>) {
        if !conn.end() {
            return;
        }
        self.connections.borrow_mut().remove(&conn.id);
        self.counters.connections.set(self.connected());
        let identity = (conn.login.clone(), conn.client_id.clone());
        let mut sessions = self.sessions.borrow_mut();
        if sessions.get(&identity) == Some(&conn.id) {
            sessions.remove(&identity);
        }
        drop(sessions);
        for (_, filter) in conn.subscriptions.borrow_mut().drain() {
            self.tree.borrow_mut().remove(&filter, conn.id);
        }
        // A broker that stops is no fault of the devices: their wills would say "offline" where nobody knows.
        if self.stopping.get() {
            return;
        }
        let Some(will) = conn.take_will() else { return };
        let (core, conn) = (self.clone(), conn.clone());
        // In a task of its own, so that it comes after the connection's last publishes that were already read.
        ntex::rt::spawn(async move { core.publish_will(&conn, will) });
    }

    fn publish_will(&self, conn: &Rc<Conn>, will: Message) {
        if !conn.may_publish(&will.topic) {
            self.refused(conn.about(RefusedWhat::Will { topic: will.topic.to_string() }));
            return;
        }
        let payload = bytes::Bytes::copy_from_slice(&will.payload);
        let (waiter, _nobody_waits) = oneshot::channel();
        self.hand_over(conn, will, payload, waiter);
    }

    /// Hands a message to the owner; the waiter is told how it ended, and need not be there any more by then.
    pub(crate) fn hand_over(
        &self,
        conn: &Rc<Conn>,
        message: Message,
        payload: bytes::Bytes,
        waiter: oneshot::Sender<Verdict>,
    ) {
        let published = Published {
            login: conn.login.clone(),
            client_id: conn.client_id.clone(),
            topic: message.topic.to_string(),
            payload,
            qos: message.qos.into(),
            retain: message.retain,
        };
        let ticket = self.fresh_id();
        self.open.borrow_mut().insert(ticket, Open { message, publisher: conn.clone(), waiter });
        self.counters.received.up();
        self.counters.in_flight.up();
        self.door.publish(published, Done::new(ticket, self.inbox.clone()));
    }

    /// Settles verdicts as they come; runs as long as the broker.
    pub(crate) async fn settle_all(self: Rc<Core>) {
        let mut verdicts = Vec::new();
        loop {
            self.inbox.take(&mut verdicts).await;
            for (ticket, verdict) in verdicts.drain(..) {
                self.settle(ticket, verdict);
            }
            if self.open.borrow().is_empty() {
                self.settled.notify_one();
            }
        }
    }

    /// Notes that an acknowledgement is owed until the value is dropped.
    pub(crate) fn owe(self: &Rc<Core>) -> Owed {
        self.owed.set(self.owed.get() + 1);
        Owed(self.clone())
    }

    /// Waits until nothing handed over is without an answer, and the answers are passed on.
    pub(crate) async fn all_settled(&self) {
        while !self.open.borrow().is_empty() || self.owed.get() > 0 {
            self.settled.notified().await;
        }
    }

    fn settle(self: &Rc<Core>, ticket: u64, verdict: Verdict) {
        let Some(open) = self.open.borrow_mut().remove(&ticket) else { return };
        self.counters.in_flight.down();
        // The waiter only wakes up later, so the acknowledgement does not overtake anything here.
        let _gone = open.waiter.send(verdict);
        match verdict {
            Verdict::Committed => {
                self.counters.committed.up();
                self.route(&Rc::new(open.message), &open.publisher);
            }
            Verdict::Rejected(reason) => {
                let topic = open.message.topic.to_string();
                self.refused(open.publisher.about(RefusedWhat::Message { topic, reason }));
            }
            Verdict::Abandoned => {}
        }
    }

    fn route(self: &Rc<Core>, message: &Rc<Message>, publisher: &Conn) {
        for grant in self.tree.borrow().matches(&message.topic, message.from) {
            let conn = self.connections.borrow().get(&grant.conn).cloned();
            let Some(conn) = conn else { continue };
            outbox::post(self, &conn, Item { message: message.clone(), grant, retained: false });
        }
        if !message.retain {
            return;
        }
        let kept = self.retained.borrow_mut().put(message);
        self.counters.retained.set(self.retained.borrow().len());
        if !kept {
            self.refused(publisher.about(RefusedWhat::Retained { topic: message.topic.to_string() }));
        }
    }

    /// Subscribes; tells whether the filter is new to this connection.
    pub(crate) fn subscribe(&self, conn: &Conn, filter: &Filter, options: Options) -> bool {
        // What a session says after its end must leave nothing behind: nobody would take it away.
        if conn.has_ended() {
            return false;
        }
        conn.subscriptions.borrow_mut().insert(filter.as_str().to_owned(), filter.clone());
        !self.tree.borrow_mut().insert(filter, conn.id, options)
    }

    /// Sends what is retained for a new subscription.
    pub(crate) fn send_retained(self: &Rc<Core>, conn: &Rc<Conn>, filter: &Filter, options: Options) {
        let messages = self.retained.borrow_mut().matching(filter, Instant::now());
        self.counters.retained.set(self.retained.borrow().len());
        let items = messages.into_iter().map(|message| Item {
            message,
            grant: Grant {
                conn: conn.id,
                qos: if options.qos == QoS::AtMostOnce { QoS::AtMostOnce } else { QoS::AtLeastOnce },
                retain_as_published: false,
                identifiers: options.identifier.into_iter().collect(),
            },
            retained: true,
        });
        outbox::post_retained(self, conn, items);
    }

    /// Unsubscribes; tells whether there was such a subscription.
    pub(crate) fn unsubscribe(&self, conn: &Conn, filter: &str) -> bool {
        let Some(filter) = conn.subscriptions.borrow_mut().remove(filter) else { return false };
        self.tree.borrow_mut().remove(&filter, conn.id)
    }

    /// Closes every connection, telling MQTT 5 clients that the server stops.
    pub(crate) fn close_all(&self) {
        let all: Vec<Rc<Conn>> = self.connections.borrow().values().cloned().collect();
        for conn in all {
            conn.link.close(DisconnectReasonCode::ServerShuttingDown);
        }
    }
}
