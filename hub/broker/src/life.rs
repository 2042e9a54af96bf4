//! Sessions come and go: seating a client, take-over, leaving, wills and their delays, expiry.
//!
//! It runs on the event thread and never blocks. Next: `session.rs` for what a session is.

use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use crate::codec::{Will, reason};
use crate::conn::{Conn, Terms};
use crate::core::{Core, Planned, Timer};
use crate::door::{Login, RefusedWhat};
use crate::handing::Open;
use crate::keep::Op;
use crate::message::{Message, expiry};
use crate::session::{Identity, Permission, Session};

/// The Session Expiry Interval that MQTT reads as "never".
const NEVER_EXPIRES: u32 = u32::MAX;

/// What a client that is let in asked for.
pub(crate) struct Newcomer {
    pub(crate) identity: Identity,
    pub(crate) login: Login,
    pub(crate) clean_start: bool,
    pub(crate) expiry_s: u32,
    pub(crate) terms: Terms,
}

impl Core {
    /// Seats a client; a connection of the same client that still stands is taken over. Gives whether it found its
    /// session as it left it.
    ///
    /// The old connection ends here and now: its socket may take seconds to close, and its will would then come after
    /// what its successor says.
    pub(crate) fn enter(self: &Rc<Core>, newcomer: Newcomer) -> (Rc<Conn>, bool) {
        let known = self.sessions.borrow().get(&newcomer.identity).cloned();
        if let Some(old) = known.as_ref().and_then(|session| session.connected()) {
            self.counters.taken_over.up();
            old.close(Some(reason::SESSION_TAKEN_OVER));
            self.leave(&old);
        }
        let known = known.filter(|session| !session.has_ended());
        // It is back, however it comes: what the broker's own restart would have said of it is not true.
        for session in known.iter().filter(|session| session.was_cut_off.replace(false)) {
            session.will.take();
        }
        let resumed = match known {
            Some(session) if newcomer.clean_start => {
                self.end_session(&session);
                None
            }
            known => known,
        };
        let present = resumed.is_some();
        let session = resumed.unwrap_or_else(|| {
            let session = Rc::new(Session::new(self.fresh_id(), newcomer.identity.clone()));
            self.sessions.borrow_mut().insert(newcomer.identity, session.clone());
            self.by_id.borrow_mut().insert(session.id, session.clone());
            session
        });
        session.comings.set(session.comings.get() + 1);
        session.will.take();
        session.expiry_s.set(newcomer.expiry_s);
        session.allow(newcomer.login);
        if present {
            self.drop_what_is_not_allowed_any_more(&session);
        }
        self.keep_session(&session, None);
        self.keep_will(&session, newcomer.terms.will.as_ref());
        let conn = Rc::new(Conn::new(session.clone(), newcomer.terms));
        session.outbox.rewind();
        *session.conn.borrow_mut() = Some(conn.clone());
        self.counters.connections.up();
        (conn, present)
    }

    /// A login may have been changed while its client was away.
    fn drop_what_is_not_allowed_any_more(&self, session: &Session) {
        let gone: Vec<String> = session
            .subscriptions
            .borrow()
            .iter()
            .filter(|(_, target)| session.may_subscribe(target.filter()) != Permission::Granted)
            .map(|(text, _)| text.clone())
            .collect();
        for filter in gone {
            self.unsubscribe(session, &filter);
            self.keep.put(Op::Unsubscribe { session: session.id, filter });
        }
    }

    /// Keeps a session that persists, and forgets one that does not any more.
    fn keep_session(&self, session: &Session, left_at_ms: Option<i64>) {
        if session.persists() {
            session.is_kept.set(self.keep.is_on());
            self.keep.put(Op::Session {
                session: session.id,
                login: session.login.clone(),
                client_id: session.client_id.clone(),
                expiry_s: session.expiry_s.get(),
                left_at_ms,
            });
        } else if session.is_kept.replace(false) {
            self.keep.put(Op::End { session: session.id });
        }
    }

    fn keep_will(&self, session: &Session, will: Option<&Will>) {
        match will {
            Some(will) if session.may_publish(&will.topic) => {
                session.is_will_kept.set(self.keep.is_on());
                let (login, client_id) = (session.login.clone(), session.client_id.clone());
                let will = Box::new(will.clone());
                self.keep.put(Op::Will { session: session.id, login, client_id, will });
            }
            _ if session.is_will_kept.replace(false) => {
                self.keep.put(Op::NoWill { session: session.id });
            }
            _ => {}
        }
    }

    /// Ends a connection: nothing is routed to it any more, its will is published or planned, its session ends or waits.
    pub(crate) fn leave(self: &Rc<Core>, conn: &Rc<Conn>) {
        if !conn.end() {
            return;
        }
        let session = &conn.session;
        session.conn.take();
        session.comings.set(session.comings.get() + 1);
        self.counters.connections.down();
        let will = conn.will.take().filter(|_| !conn.goodbye.get());
        // A broker that stops is no fault of the devices: their wills would say "offline" where nobody knows. Those that
        // are kept are published after the next start unless the device comes back in time.
        if self.stopping.get() {
            self.keep_session(session, Some((self.settings.now_ms)()));
            return;
        }
        match will {
            Some(will) => self.plan_will(session, will),
            None => self.keep_will(session, None),
        }
        if session.persists() {
            self.await_return(session, (self.settings.now_ms)(), Duration::ZERO);
            self.pass_shared_on(session, false);
        } else {
            self.end_session(session);
        }
    }

    /// Plans the end of a session whose client has been away for `gone` already.
    pub(crate) fn await_return(self: &Rc<Core>, session: &Rc<Session>, left_at_ms: i64, gone: Duration) {
        self.keep_session(session, Some(left_at_ms));
        if session.expiry_s.get() != NEVER_EXPIRES {
            let whole = Duration::from_secs(session.expiry_s.get().into());
            self.plan(session, whole.saturating_sub(gone), Planned::Expiry);
        }
        self.away.borrow_mut().push_back((session.id, session.comings.get()));
        while self.away.borrow().len() > self.settings.max_sessions_away {
            let Some((id, coming)) = self.away.borrow_mut().pop_front() else { break };
            let first = self.by_id.borrow().get(&id).cloned();
            if let Some(first) = first.filter(|first| first.comings.get() == coming) {
                self.counters.sessions_forgotten.up();
                tracing::warn!(client_id = %first.client_id, "too many sessions away; the first is forgotten");
                self.end_session(&first);
            }
        }
    }

    fn plan_will(self: &Rc<Core>, session: &Rc<Session>, will: Will) {
        let delay_s = will.delay_s.min(session.expiry_s.get());
        if delay_s == 0 {
            self.publish_will(session, will);
        } else {
            session.will.replace(Some(will));
            self.plan(session, Duration::from_secs(delay_s.into()), Planned::Will);
        }
    }

    /// Plans something for a session unless it comes back before.
    pub(crate) fn plan(&self, session: &Session, delay: Duration, what: Planned) {
        let Some(at) = Instant::now().checked_add(delay) else { return };
        let timer = Timer { session: session.id, coming: session.comings.get(), what };
        self.timers.borrow_mut().insert((at, self.fresh_id()), timer);
    }

    /// Does what was planned for before `now`.
    pub(crate) fn on_time(self: &Rc<Core>, now: Instant) {
        loop {
            let mut timers = self.timers.borrow_mut();
            let Some(first) = timers.first_entry().filter(|first| first.key().0 <= now) else { return };
            let timer = first.remove();
            drop(timers);
            let session = self.by_id.borrow().get(&timer.session).cloned();
            let Some(session) = session.filter(|session| session.comings.get() == timer.coming) else {
                continue;
            };
            match timer.what {
                Planned::Will => {
                    if let Some(will) = session.will.take() {
                        self.publish_will(&session, will);
                    }
                    if !session.persists() {
                        self.end_session(&session);
                    }
                }
                Planned::Expiry => self.end_session(&session),
            }
        }
    }

    /// Ends a session for good. A will that waits is published: its delay is over with the session.
    pub(crate) fn end_session(self: &Rc<Core>, session: &Rc<Session>) {
        if !session.end() {
            return;
        }
        if let Some(will) = session.will.take() {
            self.publish_will(session, will);
        }
        self.pass_shared_on(session, true);
        for (_, gone) in session.subscriptions.borrow_mut().drain() {
            self.forget(session, &gone);
        }
        self.counters.queued.minus(session.outbox.clear());
        session.received.borrow_mut().clear();
        self.by_id.borrow_mut().remove(&session.id);
        let identity = (session.login.clone(), session.client_id.clone());
        let mut sessions = self.sessions.borrow_mut();
        if sessions.get(&identity).is_some_and(|other| other.id == session.id) {
            sessions.remove(&identity);
        }
        drop(sessions);
        if session.is_kept.get() || session.is_will_kept.get() {
            self.keep.put(Op::End { session: session.id });
        }
    }

    /// What a member of a shared subscription leaves undelivered goes to another: one that is connected, or anyone when
    /// the member does not come back.
    fn pass_shared_on(self: &Rc<Core>, session: &Rc<Session>, for_good: bool) {
        let items = session.outbox.take_shared(|group| self.has_other_member(group, session.id, for_good));
        for item in items {
            self.counters.queued.down();
            if let Some(group) = item.group {
                self.route_shared(&item.message, group, Some(session.id));
            }
            self.discard(session, &item);
        }
    }

    fn publish_will(self: &Rc<Core>, session: &Rc<Session>, will: Will) {
        self.keep_will(session, None);
        if !session.may_publish(&will.topic) {
            let what = RefusedWhat::Will { topic: will.topic.to_string() };
            self.refused_of(None, &session.login, session.client_id.clone(), what);
            return;
        }
        let message = Message {
            topic: will.topic,
            payload: will.payload,
            qos: will.qos,
            retain: will.retain,
            from: session.id,
            carried: will.carried,
            expires: expiry(will.expiry_s, Instant::now()),
        };
        let at_ms = (self.settings.now_ms)();
        self.hand_over(Open { message, session: session.clone(), at_ms, packet_id: 0, publisher: None });
    }

    /// Looks after what time brings: planned wills and ends, subscribers that take nothing, the figures under `$SYS`.
    pub(crate) async fn look_after(self: Rc<Core>) {
        /// Planned things happen at most so much late.
        const EVERY: Duration = Duration::from_millis(100);
        let mut figures_at = Instant::now() + self.settings.figures_every;
        loop {
            tokio::time::sleep(EVERY).await;
            let now = Instant::now();
            self.on_time(now);
            for conn in self.connections() {
                let is_stalled = conn.session.outbox.is_waiting()
                    && now.saturating_duration_since(conn.moved.get()) >= self.settings.stall_timeout;
                if is_stalled {
                    self.disconnect_slow(&conn);
                }
            }
            if now >= figures_at {
                figures_at = now + self.settings.figures_every;
                for figure in self.figures() {
                    self.route(&figure, None);
                }
            }
        }
    }
}
