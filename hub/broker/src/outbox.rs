//! What waits for one subscriber: a bounded queue, and the task that empties it as the subscriber takes more.
//!
//! When the queue is full a QoS 0 message is dropped, and a QoS 1 message disconnects the subscriber: a connection that
//! stands never silently lacks a message of QoS 1. The task lives only while something waits. Next: `link.rs`.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use ntex_mqtt::QoS;
use ntex_mqtt::v5::codec::{DisconnectReasonCode, PublishProperties};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::conn::Conn;
use crate::core::Core;
use crate::door::RefusedWhat;
use crate::link::Parcel;
use crate::message::{Grant, Message, lower};

/// Pause when the socket's buffer is full but the protocol layer was not told yet; it is told within one turn.
const SETTLE: Duration = Duration::from_millis(2);

/// One message for one subscriber.
pub(crate) struct Item {
    pub(crate) message: Rc<Message>,
    pub(crate) grant: Grant,
    /// Sent because it was retained when the subscription was made.
    pub(crate) retained: bool,
}

/// The waiting messages of one connection.
#[derive(Default)]
pub(crate) struct Outbox {
    queue: RefCell<VecDeque<Item>>,
    queue_bytes: Cell<usize>,
    /// Retained messages of new subscriptions. Only references, and at most one subscription's worth: the next
    /// SUBSCRIBE is not handled before these are sent.
    backlog: RefCell<VecDeque<Item>>,
    backlog_sent: Notify,
    pumping: Cell<bool>,
}

impl Item {
    fn qos(&self) -> QoS {
        lower(self.message.qos, self.grant.qos)
    }

    fn parcel(&self, speaks_v5: bool, now: Instant) -> Parcel {
        Parcel {
            topic: self.message.topic.clone(),
            payload: self.message.payload.clone(),
            qos: self.qos(),
            retain: self.retained || (self.grant.retain_as_published && self.message.retain),
            properties: if speaks_v5 {
                self.message.properties_for(&self.grant.identifiers, now)
            } else {
                PublishProperties::default()
            },
        }
    }
}

/// Sends a routed message, or lets it wait its turn.
pub(crate) fn post(core: &Rc<Core>, conn: &Rc<Conn>, item: Item) {
    if !conn.link.is_open() {
        return;
    }
    let outbox = &conn.outbox;
    if !outbox.pumping.get() && conn.link.is_ready() {
        send(core, conn, &item);
        return;
    }
    let size = item.message.size_bytes();
    let full = outbox.queue.borrow().len() >= core.settings.outbound_queue
        || outbox.queue_bytes.get() + size > core.settings.outbound_queue_bytes;
    if !full {
        outbox.queue_bytes.set(outbox.queue_bytes.get() + size);
        outbox.queue.borrow_mut().push_back(item);
        start(core, conn);
        return;
    }
    core.counters.dropped_slow.up();
    if item.qos() != QoS::AtMostOnce {
        disconnect_slow(core, conn);
    }
}

/// Sends the retained messages of a new subscription, before anything that is routed later.
pub(crate) fn post_retained(core: &Rc<Core>, conn: &Rc<Conn>, items: impl Iterator<Item = Item>) {
    conn.outbox.backlog.borrow_mut().extend(items);
    if !conn.outbox.backlog.borrow().is_empty() {
        start(core, conn);
    }
}

/// Waits until the retained messages of earlier subscriptions are sent, or the connection is gone.
pub(crate) async fn backlog_sent(conn: &Conn) {
    while !conn.outbox.backlog.borrow().is_empty() && conn.link.is_open() {
        conn.outbox.backlog_sent.notified().await;
    }
}

fn start(core: &Rc<Core>, conn: &Rc<Conn>) {
    if conn.outbox.pumping.replace(true) {
        return;
    }
    let (core, conn) = (core.clone(), conn.clone());
    ntex::rt::spawn(async move {
        pump(&core, &conn).await;
        let outbox = &conn.outbox;
        outbox.queue.borrow_mut().clear();
        outbox.backlog.borrow_mut().clear();
        outbox.queue_bytes.set(0);
        outbox.pumping.set(false);
        outbox.backlog_sent.notify_one();
    });
}

/// Sends until nothing waits or the connection is gone.
async fn pump(core: &Rc<Core>, conn: &Rc<Conn>) {
    loop {
        match tokio::time::timeout(core.settings.stall_timeout, until_ready(conn)).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(_) => {
                disconnect_slow(core, conn);
                return;
            }
        }
        let Some(item) = next(conn) else { return };
        send(core, conn, &item);
    }
}

async fn until_ready(conn: &Conn) -> bool {
    while !conn.link.is_ready() {
        if !conn.link.ready().await || !conn.link.is_open() {
            return false;
        }
        if !conn.link.is_ready() {
            tokio::time::sleep(SETTLE).await;
        }
    }
    true
}

fn next(conn: &Conn) -> Option<Item> {
    let outbox = &conn.outbox;
    let from_backlog = outbox.backlog.borrow_mut().pop_front();
    if from_backlog.is_some() {
        if outbox.backlog.borrow().is_empty() {
            outbox.backlog_sent.notify_one();
        }
        return from_backlog;
    }
    let item = outbox.queue.borrow_mut().pop_front()?;
    outbox.queue_bytes.set(outbox.queue_bytes.get() - item.message.size_bytes());
    Some(item)
}

fn send(core: &Core, conn: &Conn, item: &Item) {
    let now = Instant::now();
    if item.message.expired(now) {
        return;
    }
    match conn.link.send(item.parcel(conn.link.speaks_v5(), now)) {
        Ok(()) => core.counters.sent.up(),
        // The client's own Maximum Packet Size is too small, or it just left: MQTT wants the message forgotten.
        Err(error) => tracing::debug!(client_id = %conn.client_id, %error, "message not sent to subscriber"),
    }
}

fn disconnect_slow(core: &Core, conn: &Conn) {
    if conn.slow.replace(true) {
        return;
    }
    core.counters.disconnected_slow.up();
    core.refused(conn.about(RefusedWhat::SlowSubscriber));
    conn.link.close(DisconnectReasonCode::QuotaExceeded);
}
