//! What was read from the file of kept sessions, and how the broker takes it up again.
//!
//! It runs once, at the start, on the event thread. Next: `life.rs`.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::disk::qos;
use super::{KeptItem, KeptOptions};
use crate::codec::Will;
use crate::core::{Core, Planned};
use crate::door::Login;
use crate::filter::Filter;
use crate::message::{Message, SessionId};
use crate::outbox::Item;
use crate::session::{Received, Session, Target};
use crate::tree::Options;

/// All that was kept.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) sessions: Vec<KeptSession>,
    pub(crate) wills: Vec<KeptWill>,
    pub(crate) retained: Vec<(Message, Option<i64>)>,
    /// A number above all that are used.
    pub(crate) next_id: u64,
}

/// A session with all that belongs to it.
pub(crate) struct KeptSession {
    pub(crate) id: SessionId,
    pub(crate) login: String,
    pub(crate) client_id: String,
    pub(crate) expiry_s: u32,
    /// `None`: its client was connected when the broker ended.
    pub(crate) left_at_ms: Option<i64>,
    pub(crate) subscriptions: Vec<(String, KeptOptions)>,
    pub(crate) queue: Vec<(u64, KeptItem)>,
    pub(crate) received: Vec<(u16, i64, bool)>,
}

/// The will of a client that was connected, or whose will waited.
pub(crate) struct KeptWill {
    pub(crate) session: SessionId,
    pub(crate) login: String,
    pub(crate) client_id: String,
    pub(crate) will: Will,
}

impl Core {
    /// Takes up what was kept.
    pub(crate) fn resume(self: &Rc<Core>, kept: Kept) {
        let now_ms = (self.settings.now_ms)();
        for (message, expires_at_ms) in kept.retained {
            let message = Message { expires: moment(expires_at_ms, now_ms), ..message };
            self.retained.borrow_mut().put(&Arc::new(message));
        }
        self.counters.retained.set(self.retained.borrow().len());
        for session in kept.sessions {
            self.resume_session(session, now_ms);
        }
        for will in kept.wills {
            self.resume_will(will);
        }
    }

    fn resume_session(self: &Rc<Core>, kept: KeptSession, now_ms: i64) {
        let identity: (Arc<str>, Arc<str>) = (kept.login.into(), kept.client_id.into());
        let session = Rc::new(Session::new(kept.id, identity.clone()));
        session.expiry_s.set(kept.expiry_s);
        session.is_kept.set(true);
        self.sessions.borrow_mut().insert(identity, session.clone());
        self.by_id.borrow_mut().insert(session.id, session.clone());
        for (text, options) in kept.subscriptions {
            let Some(target) = Target::parse(&text) else { continue };
            let options = Options {
                qos: qos(options.qos),
                no_local: options.no_local,
                retain_as_published: options.retain_as_published,
                identifier: options.identifier,
            };
            self.subscribe(&session, &text, target, options);
        }
        for (number, item) in kept.queue {
            let expires = moment(item.expires_at_ms, now_ms);
            let message = Message { expires, ..Message::clone(&item.message) };
            let waits = item.packet_id == 0;
            let restored = Item {
                number,
                packet_id: item.packet_id,
                ..Item::new(message.into(), qos(item.qos), item.retain, item.identifiers, None)
            };
            session.outbox.restore(restored, item.released);
            if waits {
                self.counters.queued.up();
            }
        }
        for (packet_id, at_ms, done) in kept.received {
            let state = if done { Received::Done } else { Received::Begun { at_ms } };
            session.received.borrow_mut().insert(packet_id, state);
        }
        let left_at_ms = kept.left_at_ms.unwrap_or(now_ms);
        let gone = Duration::from_millis(u64::try_from(now_ms - left_at_ms).unwrap_or(0));
        self.await_return(&session, left_at_ms, gone);
    }

    /// A will whose client does not come back in time is published.
    fn resume_will(self: &Rc<Core>, kept: KeptWill) {
        let known = self.by_id.borrow().get(&kept.session).cloned();
        let session = known.unwrap_or_else(|| {
            let identity: (Arc<str>, Arc<str>) = (kept.login.into(), kept.client_id.into());
            let session = Rc::new(Session::new(kept.session, identity.clone()));
            self.sessions.borrow_mut().insert(identity, session.clone());
            self.by_id.borrow_mut().insert(session.id, session.clone());
            session
        });
        // Only a will that its login allowed was kept.
        let topic = Filter::parse(&kept.will.topic).into_iter().collect();
        session.allow(Login { publish: topic, ..Login::default() });
        session.is_will_kept.set(true);
        session.was_cut_off.set(true);
        let delay = Duration::from_secs(kept.will.delay_s.into()).max(self.settings.will_grace);
        session.will.replace(Some(kept.will));
        self.plan(&session, delay, Planned::Will);
    }
}

fn moment(at_ms: Option<i64>, now_ms: i64) -> Option<Instant> {
    let left_ms = u64::try_from(at_ms?.saturating_sub(now_ms)).unwrap_or(0);
    Instant::now().checked_add(Duration::from_millis(left_ms))
}
