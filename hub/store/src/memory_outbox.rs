//! The outbox of the store's twin in RAM. Read next: `outbox.rs` for what the port promises, `memory.rs`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use hub_model::{Alarm, AlarmId, Notice, NoticeKind, Priority, Timestamp};

use crate::outbox::{KeptSecret, Message, MessageFilter, MessageId, MessageState, OutboxChange, Queue};

/// What is known of notices and messages.
#[derive(Default)]
pub(crate) struct KeptOutbox {
    keys: BTreeSet<String>,
    notices: Vec<(Notice, Fate)>,
    messages: BTreeMap<MessageId, Message>,
    pub secrets: BTreeMap<String, KeptSecret>,
}

/// What became of a notice.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Waits,
    Dropped,
    In(MessageId),
}

impl KeptOutbox {
    pub fn add(&mut self, notice: Notice) {
        if self.keys.insert(notice.key.clone()) {
            self.notices.push((notice, Fate::Waits));
        }
    }

    pub fn change(&mut self, change: OutboxChange, alarms: &BTreeMap<AlarmId, Alarm>) {
        match change {
            OutboxChange::Bundle { message, due } => self.bundle(message, due, alarms),
            OutboxChange::Message(message) => {
                let notices = self.messages.get(&message.id).map_or(0, |known| known.notices);
                self.messages.insert(message.id, Message { notices, ..message });
            }
            OutboxChange::Keep { name, secret } => drop(self.secrets.insert(name, secret)),
            OutboxChange::Forget { before } => self.forget(before),
        }
    }

    fn bundle(&mut self, message: Message, due: Timestamp, alarms: &BTreeMap<AlarmId, Alarm>) {
        let is_meant =
            |notice: &Notice| notice.channel == message.channel && notice.recipient == message.recipient;
        let is_due =
            |notice: &Notice, fate: Fate| fate == Fate::Waits && is_meant(notice) && notice.due <= due;
        for (notice, fate) in &mut self.notices {
            let awaited = alarms.get(&notice.alarm).is_some_and(|alarm| alarm.state.awaits());
            if notice.kind == NoticeKind::Escalated && !awaited && is_due(notice, *fate) {
                *fate = Fate::Dropped;
            }
        }
        let heard: BTreeSet<AlarmId> = self
            .notices
            .iter()
            .filter(|(notice, _)| notice.kind != NoticeKind::Returned && is_meant(notice))
            .filter(|(notice, fate)| matches!(fate, Fate::In(_)) || is_due(notice, *fate))
            .map(|(notice, _)| notice.alarm)
            .collect();
        let mut notices = 0;
        for (notice, fate) in self.notices.iter_mut().filter(|(notice, fate)| is_due(notice, *fate)) {
            if notice.kind == NoticeKind::Returned && !heard.contains(&notice.alarm) {
                *fate = Fate::Dropped;
            } else {
                *fate = Fate::In(message.id);
                notices += 1;
            }
        }
        if notices > 0 {
            self.messages.insert(message.id, Message { notices, ..message });
        }
    }

    fn forget(&mut self, before: Timestamp) {
        self.messages
            .retain(|_, message| message.state == MessageState::Pending || message.made_at >= before);
        let messages = &self.messages;
        self.notices.retain(|(notice, fate)| match fate {
            Fate::Waits => true,
            Fate::Dropped => notice.due >= before,
            Fate::In(id) => messages.contains_key(id),
        });
        self.keys = self.notices.iter().map(|(notice, _)| notice.key.clone()).collect();
    }

    pub fn queues(&self) -> Vec<Queue> {
        let mut queues: BTreeMap<(String, String), Queue> = BTreeMap::new();
        for (notice, _) in self.notices.iter().filter(|(_, fate)| *fate == Fate::Waits) {
            let key = (notice.channel.clone(), notice.recipient.to_string());
            let queue = queues.entry(key).or_insert_with(|| Queue {
                channel: notice.channel.clone(),
                recipient: notice.recipient.clone(),
                waiting: 0,
                due: notice.due,
                critical_due: None,
            });
            queue.waiting += 1;
            queue.due = queue.due.min(notice.due);
            if notice.priority == Priority::Critical {
                let first = queue.critical_due.map_or(notice.due, |due| due.min(notice.due));
                queue.critical_due = Some(first);
            }
        }
        queues.into_values().collect()
    }

    pub fn pending(&self) -> Vec<Message> {
        let pending = self.messages.values().filter(|message| message.state == MessageState::Pending);
        pending.cloned().collect()
    }

    pub fn message(&self, id: MessageId, limit: usize) -> Option<(Message, Vec<Notice>)> {
        let message = self.messages.get(&id)?.clone();
        let mut notices: Vec<_> = self.of(id).cloned().collect();
        notices.sort_by_key(|notice| Reverse(notice.priority));
        notices.truncate(limit);
        Some((message, notices))
    }

    fn of(&self, id: MessageId) -> impl Iterator<Item = &Notice> {
        self.notices.iter().filter(move |(_, fate)| *fate == Fate::In(id)).map(|(notice, _)| notice)
    }

    pub fn messages(&self, filter: &MessageFilter) -> Vec<Message> {
        let is_asked_for = |message: &&Message| {
            filter.state.is_none_or(|state| message.state == state)
                && filter.channel.as_ref().is_none_or(|channel| message.channel == *channel)
                && filter.recipient.as_ref().is_none_or(|recipient| message.recipient == *recipient)
                && filter.alarm.is_none_or(|alarm| self.of(message.id).any(|notice| notice.alarm == alarm))
                && filter.from.is_none_or(|from| message.made_at >= from)
                && filter.to.is_none_or(|to| message.made_at < to)
                && filter.before.is_none_or(|before| message.id < before)
        };
        self.messages.values().rev().filter(is_asked_for).take(filter.limit).cloned().collect()
    }

    pub fn next_message_id(&self) -> MessageId {
        MessageId(self.messages.last_key_value().map_or(0, |(id, _)| id.0) + 1)
    }
}
