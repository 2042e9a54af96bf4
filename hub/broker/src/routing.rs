//! From a committed message to its subscribers: plain and shared subscriptions, retained messages.
//!
//! It decides who gets what; `outbox.rs` sends it. Next: `outbox.rs`.

use std::rc::Rc;
use std::sync::Arc;

use tokio::time::Instant;

use crate::codec::Qos;
use crate::core::Core;
use crate::door::RefusedWhat;
use crate::keep::Op;
use crate::message::{Grant, Message, SessionId};
use crate::outbox::Item;
use crate::session::{Session, Target};
use crate::shares::is_group;
use crate::tree::Options;

impl Core {
    /// Gives a message to everybody who subscribed to it, and retains it; gives the number of the disk after which it is
    /// safe. `publisher` is told when it could not be retained.
    pub(crate) fn route(self: &Rc<Core>, message: &Arc<Message>, publisher: Option<&Session>) -> u64 {
        let mut after = 0;
        let grants = self.tree.borrow().matches(&message.topic, message.from);
        for grant in grants {
            let given = if is_group(grant.to) {
                self.route_shared(message, grant.to, None)
            } else {
                self.give(message, grant, None)
            };
            after = after.max(given);
        }
        if message.retain { after.max(self.retain(message, publisher)) } else { after }
    }

    pub(crate) fn give(
        self: &Rc<Core>,
        message: &Arc<Message>,
        grant: Grant,
        group: Option<SessionId>,
    ) -> u64 {
        let session = self.by_id.borrow().get(&grant.to).cloned();
        let Some(session) = session else { return 0 };
        let retain = grant.retain_as_published && message.retain;
        let qos = message.qos.min(grant.qos);
        self.post(&session, Item::new(message.clone(), qos, retain, grant.identifiers, group))
    }

    /// Gives a message to one member of a group: the next that is connected and keeps up, else the next that persists.
    pub(crate) fn route_shared(
        self: &Rc<Core>,
        message: &Arc<Message>,
        group: SessionId,
        but: Option<SessionId>,
    ) -> u64 {
        let members = self.shares.borrow_mut().in_turn(group);
        let sessions = self.by_id.borrow();
        let mut second = None;
        let mut chosen = None;
        for (member, options) in members.into_iter().filter(|(member, _)| Some(*member) != but) {
            let Some(session) = sessions.get(&member) else { continue };
            if session.connected().is_some() && self.keeps_up(session) {
                chosen = Some((member, options));
                break;
            }
            second = second.or(Some((member, options)));
        }
        drop(sessions);
        let Some((member, options)) = chosen.or(second) else { return 0 };
        let grant = Grant {
            to: member,
            qos: options.qos,
            retain_as_published: options.retain_as_published,
            identifiers: options.identifier.into_iter().collect(),
        };
        self.give(message, grant, Some(group))
    }

    /// Whether a group has a connected member other than this one.
    pub(crate) fn has_other_member(&self, group: SessionId, but: SessionId, also_away: bool) -> bool {
        let members = self.shares.borrow().members(group);
        let sessions = self.by_id.borrow();
        members.into_iter().filter(|member| *member != but).any(|member| {
            sessions.get(&member).is_some_and(|session| also_away || session.connected().is_some())
        })
    }

    fn retain(&self, message: &Arc<Message>, publisher: Option<&Session>) -> u64 {
        let kept = self.retained.borrow_mut().put(message);
        self.counters.retained.set(self.retained.borrow().len());
        if kept && !message.payload.is_empty() {
            let expires_at_ms = self.wall_ms(message.expires);
            return self.keep.put(Op::Retain { message: message.clone(), expires_at_ms });
        }
        if let (Some(publisher), false) = (publisher, kept) {
            self.counters.not_retained.up();
            let what = RefusedWhat::Retained { topic: message.topic.to_string() };
            let address = publisher.connected().map(|conn| conn.address);
            self.refused_of(address, &publisher.login, publisher.client_id.clone(), what);
        }
        self.keep.put(Op::Unretain { topic: message.topic.clone() })
    }

    /// The time of day of a moment to come.
    pub(crate) fn wall_ms(&self, moment: Option<Instant>) -> Option<i64> {
        let left = moment?.saturating_duration_since(Instant::now());
        Some((self.settings.now_ms)().saturating_add(i64::try_from(left.as_millis()).unwrap_or(i64::MAX)))
    }

    /// Subscribes; tells whether the filter is new to this session.
    pub(crate) fn subscribe(&self, session: &Session, text: &str, target: Target, options: Options) -> bool {
        // What a session says after its end must leave nothing behind: nobody would take it away.
        if session.has_ended() {
            return false;
        }
        match &target {
            Target::Own(filter) => {
                self.tree.borrow_mut().insert(filter, session.id, options);
            }
            Target::Shared(shared) => {
                let (group, is_new) = self.shares.borrow_mut().join(shared, session.id, options);
                if is_new {
                    let options = Options { no_local: false, identifier: None, ..options };
                    self.tree.borrow_mut().insert(&shared.filter, group, options);
                }
            }
        }
        session.subscriptions.borrow_mut().insert(text.to_owned(), target).is_none()
    }

    /// Unsubscribes; tells whether there was such a subscription.
    pub(crate) fn unsubscribe(&self, session: &Session, text: &str) -> bool {
        let Some(gone) = session.subscriptions.borrow_mut().remove(text) else { return false };
        self.forget(session, &gone);
        true
    }

    /// Takes a subscription out of the tree or its group.
    pub(crate) fn forget(&self, session: &Session, gone: &Target) {
        match gone {
            Target::Own(filter) => {
                self.tree.borrow_mut().remove(filter, session.id);
            }
            Target::Shared(shared) => {
                let left = self.shares.borrow_mut().leave(shared, session.id);
                if let Some((group, true)) = left {
                    self.tree.borrow_mut().remove(&shared.filter, group);
                }
            }
        }
    }

    /// Sends what is retained for a new subscription.
    pub(crate) fn greet(self: &Rc<Core>, session: &Rc<Session>, target: &Target, options: Options) {
        let Target::Own(filter) = target else { return };
        let mut messages = self.retained.borrow_mut().matching(filter, Instant::now());
        self.counters.retained.set(self.retained.borrow().len());
        if filter.as_str().starts_with("$SYS") {
            messages.extend(self.figures().into_iter().filter(|figure| filter.matches(&figure.topic)));
        }
        let identifiers: Vec<u32> = options.identifier.into_iter().collect();
        for message in messages {
            let qos = message.qos.min(options.qos);
            self.post_greeting(session, Item::new(message, qos, true, identifiers.clone(), None));
        }
        self.pump(session);
    }

    /// The broker's own figures, as messages.
    pub(crate) fn figures(&self) -> Vec<Arc<Message>> {
        let stats = self.counters.read();
        let uptime_s = self.started.elapsed().as_secs();
        let sessions = self.by_id.borrow().len() as u64;
        let figures = [
            ("clients/connected", stats.connections),
            ("clients/sessions", sessions),
            ("clients/refused", stats.logins_refused),
            ("clients/taken_over", stats.taken_over),
            ("clients/malformed", stats.malformed),
            ("clients/slow", stats.disconnected_slow),
            ("messages/received", stats.received),
            ("messages/committed", stats.committed),
            ("messages/in_flight", stats.in_flight),
            ("messages/sent", stats.sent),
            ("messages/refused", stats.refused),
            ("messages/dropped", stats.dropped_slow),
            ("messages/dropped_away", stats.dropped_away),
            ("messages/not_delivered", stats.not_delivered),
            ("messages/not_retained", stats.not_retained),
            ("clients/forgotten", stats.sessions_forgotten),
            ("clients/paced", stats.paced),
            ("clients/sockets_refused", stats.sockets_refused),
            ("messages/queued", stats.queued),
            ("retained", stats.retained),
            ("uptime", uptime_s),
        ];
        let message = |(name, value): (&str, u64)| {
            Arc::new(Message {
                topic: format!("$SYS/broker/{name}").into(),
                payload: value.to_string().into(),
                qos: Qos::AtMostOnce,
                retain: false,
                from: 0,
                carried: None,
                expires: None,
            })
        };
        figures.into_iter().map(message).collect()
    }
}
