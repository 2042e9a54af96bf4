//! The outbox on disk: writes within the writer's transaction, and the questions. Sends nothing.
//!
//! Read next: `../outbox.rs` for what the port promises, `schema.rs` for the tables.

use hub_model::{AlarmId, LocalText, Notice, NoticeKind, Priority, Recipient, SiteId, Timestamp};
use rusqlite::{Row, Transaction, params};

use super::Store;
use super::readers::Fault;
use crate::error::StoreError;
use crate::outbox::{
    KeptSecret, Message, MessageFilter, MessageId, MessageState, Outbox, OutboxChange, Queue, rank,
};

/// Stands in a notice's column `message` when nobody needs to be told any more.
const DROPPED: i64 = 0;

const WAITING_DUE: &str = "message IS NULL AND channel = ?1 AND recipient = ?2 AND due <= ?3";

/// Adds notices; one whose key is known is left as it is.
pub(super) fn write_notices(transaction: &Transaction<'_>, notices: &[Notice]) -> rusqlite::Result<()> {
    for notice in notices {
        let mut insert = transaction.prepare_cached(
            "INSERT OR IGNORE INTO notice (key, alarm, kind, at, priority, site, channel, recipient, due)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?;
        insert.execute(params![
            notice.key,
            notice.alarm.0.cast_signed(),
            notice.kind.code(),
            notice.at.as_millis(),
            rank(notice.priority),
            notice.site.as_str(),
            notice.channel,
            notice.recipient.to_string(),
            notice.due.as_millis(),
        ])?;
    }
    Ok(())
}

pub(super) fn write_changes(transaction: &Transaction<'_>, changes: &[OutboxChange]) -> rusqlite::Result<()> {
    for change in changes {
        match change {
            OutboxChange::Bundle { message, due } => bundle(transaction, message, *due)?,
            OutboxChange::Message(message) => replace(transaction, message)?,
            OutboxChange::Keep { name, secret } => {
                let mut keep = transaction
                    .prepare_cached("INSERT OR REPLACE INTO kept_secret (name, body) VALUES (?, ?)")?;
                keep.execute([name, &secret.0])?;
            }
            OutboxChange::Forget { before } => forget(transaction, *before)?,
        }
    }
    Ok(())
}

fn bundle(transaction: &Transaction<'_>, message: &Message, due: Timestamp) -> rusqlite::Result<()> {
    let (channel, recipient, due) = (&message.channel, message.recipient.to_string(), due.as_millis());
    let drop = format!(
        "UPDATE notice SET message = {DROPPED} WHERE {WAITING_DUE} AND kind = '{}' AND NOT EXISTS (SELECT 1 FROM alarm
         WHERE alarm.id = notice.alarm AND alarm.state IN ('unacknowledged', 'rtn_unacknowledged'))",
        NoticeKind::Escalated.code()
    );
    transaction.prepare_cached(&drop)?.execute(params![channel, recipient, due])?;
    let unheard = format!(
        "UPDATE notice SET message = {DROPPED} WHERE {WAITING_DUE} AND kind = '{returned}' AND NOT EXISTS (
             SELECT 1 FROM notice AS told WHERE told.alarm = notice.alarm AND told.channel = notice.channel
             AND told.recipient = notice.recipient AND told.kind <> '{returned}'
             AND (told.message > {DROPPED} OR (told.message IS NULL AND told.due <= ?3)))",
        returned = NoticeKind::Returned.code()
    );
    transaction.prepare_cached(&unheard)?.execute(params![channel, recipient, due])?;
    let take = format!("UPDATE notice SET message = ?4 WHERE {WAITING_DUE}");
    let taken = transaction.prepare_cached(&take)?.execute(params![
        channel,
        recipient,
        due,
        message.id.0.cast_signed()
    ])?;
    if taken > 0 { insert(transaction, message, taken as i64) } else { Ok(()) }
}

fn replace(transaction: &Transaction<'_>, message: &Message) -> rusqlite::Result<()> {
    let notices = transaction
        .prepare_cached("SELECT ifnull((SELECT notices FROM message WHERE id = ?), 0)")?
        .query_row([message.id.0.cast_signed()], |row| row.get(0))?;
    insert(transaction, message, notices)
}

fn insert(transaction: &Transaction<'_>, message: &Message, notices: i64) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached(
        "INSERT OR REPLACE INTO message (id, channel, recipient, is_test, made_at, state, tries, next_try, finished_at,
         detail, detail_vi, notices) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    insert.execute(params![
        message.id.0.cast_signed(),
        message.channel,
        message.recipient.to_string(),
        message.is_test,
        message.made_at.as_millis(),
        message.state.code(),
        message.tries,
        message.next_try.as_millis(),
        message.finished_at.map(Timestamp::as_millis),
        message.detail.en,
        message.detail.vi,
        notices,
    ])?;
    Ok(())
}

fn forget(transaction: &Transaction<'_>, before: Timestamp) -> rusqlite::Result<()> {
    let before = [before.as_millis()];
    transaction.execute("DELETE FROM message WHERE state <> 'pending' AND made_at < ?", before)?;
    let gone = format!(
        "DELETE FROM notice WHERE (message = {DROPPED} AND due < ?) OR
         (message > {DROPPED} AND NOT EXISTS (SELECT 1 FROM message WHERE message.id = notice.message))"
    );
    transaction.execute(&gone, before)?;
    Ok(())
}

impl Outbox for Store {
    fn queues(&self) -> Result<Vec<Queue>, StoreError> {
        self.ask("waiting notices", |connection| {
            let question = format!(
                "SELECT channel, recipient, count(*), min(due), min(CASE WHEN priority = {} THEN due END) FROM notice
                 WHERE message IS NULL GROUP BY channel, recipient ORDER BY channel, recipient",
                rank(Priority::Critical)
            );
            let mut query = connection.prepare_cached(&question)?;
            let rows = query.query_map([], |row| {
                Ok(Queue {
                    channel: row.get(0)?,
                    recipient: Recipient::parse(&row.get::<_, String>(1)?),
                    waiting: row.get::<_, i64>(2)?.cast_unsigned(),
                    due: Timestamp::from_millis(row.get(3)?),
                    critical_due: row.get::<_, Option<_>>(4)?.map(Timestamp::from_millis),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    fn pending(&self) -> Result<Vec<Message>, StoreError> {
        self.ask("pending messages", |connection| {
            let mut query =
                connection.prepare_cached("SELECT * FROM message WHERE state = 'pending' ORDER BY id")?;
            query.query_and_then([], message_of)?.collect()
        })
    }

    fn message(&self, id: MessageId, limit: usize) -> Result<Option<(Message, Vec<Notice>)>, StoreError> {
        self.ask("a message", |connection| {
            let moment = connection.unchecked_transaction()?;
            let mut query = moment.prepare_cached("SELECT * FROM message WHERE id = ?")?;
            let found = query.query_and_then([id.0.cast_signed()], message_of)?.next().transpose()?;
            let Some(message) = found else { return Ok(None) };
            let mut query = moment.prepare_cached(
                "SELECT * FROM notice WHERE message = ? ORDER BY priority DESC, id LIMIT ?",
            )?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let notices = query.query_and_then(params![id.0.cast_signed(), limit], notice_of)?;
            Ok(Some((message, notices.collect::<Result<_, _>>()?)))
        })
    }

    fn messages(&self, filter: &MessageFilter) -> Result<Vec<Message>, StoreError> {
        self.ask("messages", |connection| {
            let mut query = connection.prepare_cached(
                "SELECT * FROM message WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR channel = ?2)
                 AND (?3 IS NULL OR recipient = ?3) AND (?4 IS NULL OR id IN (SELECT message FROM notice WHERE alarm = ?4))
                 AND made_at >= ?5 AND made_at < ?6 AND id < ?7 ORDER BY id DESC LIMIT ?8",
            )?;
            let all = params![
                filter.state.map(MessageState::code),
                filter.channel,
                filter.recipient.as_ref().map(Recipient::to_string),
                filter.alarm.map(|alarm| alarm.0.cast_signed()),
                filter.from.map_or(i64::MIN, Timestamp::as_millis),
                filter.to.map_or(i64::MAX, Timestamp::as_millis),
                filter.before.map_or(i64::MAX, |before| before.0.cast_signed()),
                i64::try_from(filter.limit).unwrap_or(i64::MAX),
            ];
            query.query_and_then(all, message_of)?.collect()
        })
    }

    fn next_message_id(&self) -> Result<MessageId, StoreError> {
        self.ask("a message's number", |connection| {
            let last: i64 =
                connection.query_row("SELECT ifnull(max(id), 0) FROM message", [], |row| row.get(0))?;
            Ok(MessageId(last.cast_unsigned() + 1))
        })
    }

    fn kept(&self, name: &str) -> Result<Option<KeptSecret>, StoreError> {
        self.ask("what is kept for a channel", |connection| {
            let mut query = connection.prepare_cached("SELECT body FROM kept_secret WHERE name = ?")?;
            Ok(query.query_map([name], |row| row.get(0).map(KeptSecret))?.next().transpose()?)
        })
    }
}

fn message_of(row: &Row<'_>) -> Result<Message, Fault> {
    let state: String = row.get("state")?;
    Ok(Message {
        id: MessageId(row.get::<_, i64>("id")?.cast_unsigned()),
        channel: row.get("channel")?,
        recipient: Recipient::parse(&row.get::<_, String>("recipient")?),
        is_test: row.get("is_test")?,
        made_at: Timestamp::from_millis(row.get("made_at")?),
        state: MessageState::of_code(&state)
            .ok_or(Fault::Damaged { what: "state of a message", found: state })?,
        tries: row.get("tries")?,
        next_try: Timestamp::from_millis(row.get("next_try")?),
        finished_at: row.get::<_, Option<_>>("finished_at")?.map(Timestamp::from_millis),
        detail: LocalText::kept(row.get("detail")?, row.get("detail_vi")?),
        notices: row.get::<_, i64>("notices")?.cast_unsigned(),
    })
}

fn notice_of(row: &Row<'_>) -> Result<Notice, Fault> {
    let (kind, site): (String, String) = (row.get("kind")?, row.get("site")?);
    let priority: i64 = row.get("priority")?;
    let of_rank = Priority::ALL.iter().copied().find(|one| rank(*one) == priority);
    Ok(Notice {
        key: row.get("key")?,
        alarm: AlarmId(row.get::<_, i64>("alarm")?.cast_unsigned()),
        kind: kind.parse().map_err(|_| Fault::Damaged { what: "kind of a notice", found: kind })?,
        at: Timestamp::from_millis(row.get("at")?),
        priority: of_rank.ok_or(Fault::Damaged { what: "priority", found: priority.to_string() })?,
        site: SiteId::parse(&site).map_err(|_| Fault::Damaged { what: "site", found: site })?,
        channel: row.get("channel")?,
        recipient: Recipient::parse(&row.get::<_, String>("recipient")?),
        due: Timestamp::from_millis(row.get("due")?),
    })
}
