//! The broker's heart, on the event thread: the state that all connections share.
//!
//! It speaks no packet (`packets.rs` does) and never blocks. Next: `life.rs` (sessions come and go), `handing.rs`
//! (messages to the owner and back), `routing.rs` (messages to subscribers).

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;

use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

use crate::codec::reason;
use crate::conn::Conn;
use crate::done::Inbox;
use crate::door::{Door, Refused, RefusedWhat};
use crate::handing::Open;
use crate::keep::Keep;
use crate::message::SessionId;
use crate::pace::Pace;
use crate::retained::Retained;
use crate::session::{Identity, Session};
use crate::settings::Settings;
use crate::shares::Shares;
use crate::slab::Slab;
use crate::stats::Counters;
use crate::tree::Tree;
use crate::tries::Tries;

/// State shared by all connections.
pub(crate) struct Core {
    pub(crate) settings: Settings,
    pub(crate) door: Arc<dyn Door>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) keep: Keep,
    pub(crate) started: Instant,
    pub(crate) tries: RefCell<Tries>,
    pub(crate) logins: Semaphore,
    pub(crate) stopping: Cell<bool>,
    /// Sockets that are open, whether let in or not.
    pub(crate) sockets: Cell<usize>,
    /// How fast each address may connect.
    pub(crate) pace: RefCell<Pace>,
    /// Sockets that are not let in yet, by address.
    pub(crate) strangers: RefCell<HashMap<IpAddr, usize>>,
    pub(crate) sessions: RefCell<HashMap<Identity, Rc<Session>>>,
    pub(crate) by_id: RefCell<HashMap<SessionId, Rc<Session>>>,
    pub(crate) tree: RefCell<Tree>,
    pub(crate) shares: RefCell<Shares>,
    pub(crate) retained: RefCell<Retained>,
    /// What is to happen when, with the number of the coming during which it was planned.
    pub(crate) timers: RefCell<BTreeMap<(Instant, u64), Timer>>,
    /// Sessions in the order in which their clients left.
    pub(crate) away: RefCell<VecDeque<(SessionId, u64)>>,
    /// Messages handed over and not answered; bounded by `in_flight_total` and one will per session.
    pub(crate) open: RefCell<Slab<Open>>,
    /// Publishes under way, and connections that have some.
    pub(crate) under_way: Cell<usize>,
    pub(crate) publishers: Cell<usize>,
    /// Connections that wait for room.
    pub(crate) crowded: RefCell<Vec<Rc<Conn>>>,
    pub(crate) settled: Notify,
    awaiting_conns: RefCell<Vec<Rc<Conn>>>,
    awaiting_sessions: RefCell<Vec<Rc<Session>>>,
    next_id: Cell<u64>,
}

/// Something planned for a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timer {
    pub(crate) session: SessionId,
    pub(crate) coming: u64,
    pub(crate) what: Planned,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Planned {
    Will,
    Expiry,
}

impl Core {
    pub(crate) fn new(
        settings: Settings,
        door: Arc<dyn Door>,
        counters: Arc<Counters>,
        inbox: Arc<Inbox>,
        keep: Keep,
        next_id: u64,
    ) -> Core {
        Core {
            tries: RefCell::new(Tries::new(&settings)),
            pace: RefCell::new(Pace::new(settings.connects_per_second, settings.connects_at_once)),
            logins: Semaphore::new(settings.logins_at_once.max(1)),
            retained: RefCell::new(Retained::new(settings.max_retained, settings.max_retained_bytes)),
            settings,
            door,
            counters,
            inbox,
            keep,
            started: Instant::now(),
            stopping: Cell::new(false),
            sockets: Cell::new(0),
            strangers: RefCell::default(),
            sessions: RefCell::default(),
            by_id: RefCell::default(),
            tree: RefCell::default(),
            shares: RefCell::default(),
            timers: RefCell::default(),
            away: RefCell::default(),
            open: RefCell::default(),
            under_way: Cell::new(0),
            publishers: Cell::new(0),
            crowded: RefCell::default(),
            settled: Notify::new(),
            awaiting_conns: RefCell::default(),
            awaiting_sessions: RefCell::default(),
            next_id: Cell::new(next_id),
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
        self.counters.connections.get() as usize
    }

    /// Everybody who is connected.
    pub(crate) fn connections(&self) -> Vec<Rc<Conn>> {
        self.by_id.borrow().values().filter_map(|session| session.connected()).collect()
    }

    /// Counts and reports something turned away.
    pub(crate) fn refused(&self, event: Refused) {
        match &event.what {
            RefusedWhat::Login(_) | RefusedWhat::Connection => self.counters.logins_refused.up(),
            RefusedWhat::Malformed { .. } | RefusedWhat::TooLarge { .. } => self.counters.malformed.up(),
            RefusedWhat::SlowSubscriber | RefusedWhat::QueueFull { .. } => {}
            _ => self.counters.refused.up(),
        }
        self.door.refused(event);
    }

    /// As [`Core::refused`], for what no living connection stands behind.
    pub(crate) fn refused_of(
        &self,
        address: Option<SocketAddr>,
        login: &Arc<str>,
        client_id: Arc<str>,
        what: RefusedWhat,
    ) {
        let address = address.unwrap_or_else(|| SocketAddr::from(([0, 0, 0, 0], 0)));
        self.refused(Refused { address, client_id: Some(client_id), login: Some(login.clone()), what });
    }

    /// Looks after a connection again when the disk has gone on.
    pub(crate) fn await_disk(&self, conn: &Rc<Conn>) {
        if !conn.awaits_disk.replace(true) {
            self.awaiting_conns.borrow_mut().push(conn.clone());
        }
    }

    /// Looks after a session's queue again when the disk has gone on.
    pub(crate) fn queue_awaits_disk(&self, session: &Rc<Session>) {
        if !session.awaits_disk.replace(true) {
            self.awaiting_sessions.borrow_mut().push(session.clone());
        }
    }

    /// Does what waited for the disk.
    pub(crate) fn disk_went_on(self: &Rc<Core>) {
        for conn in self.awaiting_conns.take() {
            conn.awaits_disk.set(false);
            self.hand_over_held(&conn);
            conn.advance(self);
        }
        for session in self.awaiting_sessions.take() {
            session.awaits_disk.set(false);
            self.pump(&session);
        }
    }

    /// Waits until nothing handed over is without an answer, all is on disk, and the answers are written.
    pub(crate) async fn all_settled(&self) {
        loop {
            let is_settled = self.open.borrow().is_empty()
                && self.keep.is_settled()
                && self.connections().iter().all(|conn| conn.is_settled());
            if is_settled {
                return;
            }
            self.settled.notified().await;
        }
    }

    /// Closes the connections of logins that the owner has ended.
    pub(crate) fn close_ended_logins(self: &Rc<Core>) {
        let ended = self.inbox.take_ended_logins();
        if ended.is_empty() {
            return;
        }
        for conn in self.connections() {
            if ended.iter().any(|login| **login == *conn.session.login) {
                tracing::info!(login = %conn.session.login, "a login has changed; its connection is closed");
                conn.close(Some(reason::ADMINISTRATIVE_ACTION));
            }
        }
    }

    /// Closes every connection, telling MQTT 5 clients that the server stops.
    pub(crate) fn close_all(&self) {
        for conn in self.connections() {
            conn.close(Some(reason::SERVER_SHUTTING_DOWN));
        }
    }
}
