//! The tables of `hub.sqlite`. Nothing outside `sqlite/` knows them. Read next: `transaction.rs` (writes), `query.rs` (reads).

use super::database::{Schema, Step};
use super::upgrade;

/// The file's name in the store's folder.
pub(crate) const FILE: &str = "hub.sqlite";

pub(crate) const SCHEMA: Schema = Schema {
    application_id: 0x636d_6862,
    steps: &[
        Step { tables: STEP_1, then: None },
        Step { tables: STEP_2, then: Some(upgrade::rows_to_chunks) },
        Step { tables: STEP_3, then: None },
        // No table changes: from here on columns of chunks may be written in a way that an older hub would take for damage.
        Step { tables: "", then: None },
        Step { tables: STEP_5, then: None },
        Step { tables: STEP_6, then: None },
        // Whether somebody has heard of an alarm is asked of its notices.
        Step { tables: "CREATE INDEX notice_by_alarm ON notice (alarm);", then: None },
        // A limit is cited in both languages; alarms from before have it in Vietnamese only.
        Step { tables: "ALTER TABLE alarm ADD COLUMN clause_en TEXT;", then: None },
        Step { tables: STEP_9, then: None },
    ],
};

// What went wrong with a message is told in both languages; messages from before have it in English only. What the hub itself says of
// a step is a code: it was a comment in both languages.
const STEP_9: &str = "
    ALTER TABLE message ADD COLUMN detail_vi TEXT;
    ALTER TABLE transition ADD COLUMN remark TEXT;
    UPDATE transition SET comment = NULL, remark = CASE comment
            WHEN 'Không còn theo dõi / No longer watched' THEN 'not_watched'
            WHEN 'Quy tắc đã bị xóa / The rule was deleted' THEN 'rule_deleted'
            WHEN 'Quy tắc đã tắt / The rule was switched off' THEN 'rule_off'
            WHEN 'Hết điều kiện khi đang ẩn / Condition gone while hidden' THEN 'gone_while_hidden'
            WHEN 'Điều kiện trở lại khi đang ẩn / Condition back while hidden' THEN 'back_while_hidden'
            ELSE 'waits_for_reset'
        END
        WHERE by_user IS NULL AND comment IN (
            'Không còn theo dõi / No longer watched',
            'Quy tắc đã bị xóa / The rule was deleted',
            'Quy tắc đã tắt / The rule was switched off',
            'Hết điều kiện khi đang ẩn / Condition gone while hidden',
            'Điều kiện trở lại khi đang ẩn / Condition back while hidden',
            'Hết điều kiện, chờ đặt lại / Condition gone, waits for its reset'
        );
";

/// The table of chunks as it is today, for making it anew.
pub(super) const CHUNK: &str =
    "CREATE TABLE chunk (id INTEGER PRIMARY KEY, summary BLOB NOT NULL, hours BLOB, body BLOB)";

// Readings are only ever appended: commit by commit, within one by series, then in the order of their arrival.
// Of rows with the same series and time the highest rowid counts.
// Numbers have no declared type: a whole number takes 1 to 6 bytes as an integer, others 8 as a double.
// Nothing here can refuse a batch (no foreign key, no check): a refused one would be tried again for ever and hold up the rest.
const STEP_1: &str = "
    CREATE TABLE series (id INTEGER PRIMARY KEY, point TEXT NOT NULL UNIQUE);
    CREATE TABLE reading (
        series INTEGER NOT NULL,
        measured_at INTEGER NOT NULL,
        received_after_ms INTEGER NOT NULL,
        raw,
        value,
        quality INTEGER NOT NULL,
        reason INTEGER
    );
    CREATE INDEX reading_by_time ON reading (series, measured_at);
    CREATE TABLE latest (
        series INTEGER PRIMARY KEY,
        measured_at INTEGER NOT NULL,
        received_after_ms INTEGER NOT NULL,
        raw,
        value,
        quality INTEGER NOT NULL,
        reason INTEGER,
        good_value,
        good_at INTEGER
    );
    CREATE TABLE alarm (
        id INTEGER PRIMARY KEY,
        rule TEXT NOT NULL,
        rule_version TEXT NOT NULL,
        title_vi TEXT NOT NULL,
        title_en TEXT NOT NULL,
        priority TEXT NOT NULL,
        site TEXT NOT NULL,
        subject TEXT NOT NULL,
        state TEXT NOT NULL,
        beneath TEXT,
        raised_at INTEGER NOT NULL,
        cleared_at INTEGER,
        acknowledged_at INTEGER,
        acknowledged_by TEXT,
        shelved_until INTEGER,
        value REAL,
        unit TEXT NOT NULL,
        message_vi TEXT NOT NULL,
        message_en TEXT NOT NULL,
        clause TEXT,
        runbook_vi TEXT,
        runbook_en TEXT
    );
    CREATE INDEX alarm_by_time ON alarm (raised_at, id);
    CREATE INDEX alarm_open ON alarm (raised_at, id) WHERE state <> 'normal';
    CREATE TABLE transition (
        id INTEGER PRIMARY KEY,
        alarm INTEGER NOT NULL,
        at INTEGER NOT NULL,
        from_state TEXT,
        to_state TEXT NOT NULL,
        by_user TEXT,
        comment TEXT,
        value REAL
    );
    CREATE INDEX transition_by_alarm ON transition (alarm, id);
    CREATE TABLE tracking (
        rule TEXT NOT NULL,
        subject TEXT NOT NULL,
        raising_since INTEGER,
        clearing_since INTEGER,
        alarm INTEGER,
        PRIMARY KEY (rule, subject)
    ) WITHOUT ROWID;
    CREATE TABLE progress (one INTEGER PRIMARY KEY CHECK (one = 1), commits INTEGER NOT NULL);
    INSERT INTO progress VALUES (1, 0);
";

// Readings wait in `hot`, one row a commit, until they are sealed into chunks; see key.rs for a chunk's number.
// What was corrected is in `audit`; `was_…` is null throughout when nothing stood there.
const STEP_2: &str = "
    CREATE TABLE hot (seq INTEGER PRIMARY KEY, body BLOB NOT NULL);
    CREATE TABLE chunk (id INTEGER PRIMARY KEY, summary BLOB NOT NULL, hours BLOB, body BLOB);
    CREATE TABLE damaged (
        id INTEGER PRIMARY KEY,
        was_in TEXT NOT NULL,
        was_id INTEGER NOT NULL,
        why TEXT NOT NULL,
        at INTEGER NOT NULL DEFAULT (unixepoch() * 1000),
        summary BLOB,
        hours BLOB,
        body BLOB
    );
    ALTER TABLE series ADD COLUMN sealed_seq INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE progress ADD COLUMN utc_offset_s INTEGER;
    CREATE TABLE audit (
        id INTEGER PRIMARY KEY,
        series INTEGER NOT NULL,
        measured_at INTEGER NOT NULL,
        received_after_ms INTEGER NOT NULL,
        raw,
        value,
        quality INTEGER NOT NULL,
        reason INTEGER,
        latest INTEGER NOT NULL,
        was_measured_at INTEGER,
        was_received_after_ms INTEGER,
        was_raw,
        was_value,
        was_quality INTEGER,
        was_reason INTEGER,
        at INTEGER NOT NULL,
        by_user TEXT NOT NULL,
        why TEXT NOT NULL
    );
    CREATE INDEX audit_by_time ON audit (series, measured_at);
";

// Alarms explained by others, reminders, chattering; why each step came; what is out of service. `flags`: see `rows.rs`.
const STEP_3: &str = "
    ALTER TABLE alarm ADD COLUMN parent INTEGER;
    ALTER TABLE alarm ADD COLUMN flags INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE alarm ADD COLUMN told_at INTEGER;
    ALTER TABLE alarm ADD COLUMN remind_after INTEGER;
    ALTER TABLE alarm ADD COLUMN raises INTEGER NOT NULL DEFAULT 1;
    ALTER TABLE alarm ADD COLUMN tags TEXT NOT NULL DEFAULT '';
    ALTER TABLE transition ADD COLUMN why TEXT;
    ALTER TABLE transition ADD COLUMN rule_version TEXT NOT NULL DEFAULT '';
    ALTER TABLE tracking ADD COLUMN raises TEXT NOT NULL DEFAULT '';
    CREATE TABLE out_of_service (
        scope TEXT NOT NULL,
        since INTEGER NOT NULL,
        until INTEGER,
        by_user TEXT NOT NULL,
        reason TEXT NOT NULL,
        ended_at INTEGER,
        ended_by TEXT,
        PRIMARY KEY (since, scope)
    ) WITHOUT ROWID;
";

// The outbox. A notice's `message` is null while it waits and 0 when nobody needed to be told any more; its priority is 1 for low
// to 4 for critical. What channels must keep over a restart, such as tokens, is in `kept_secret`.
const STEP_5: &str = "
    CREATE TABLE notice (
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        alarm INTEGER NOT NULL,
        kind TEXT NOT NULL,
        at INTEGER NOT NULL,
        priority INTEGER NOT NULL,
        site TEXT NOT NULL,
        channel TEXT NOT NULL,
        recipient TEXT NOT NULL,
        due INTEGER NOT NULL,
        message INTEGER
    );
    CREATE INDEX notice_waiting ON notice (channel, recipient, due) WHERE message IS NULL;
    CREATE INDEX notice_by_message ON notice (message);
    CREATE TABLE message (
        id INTEGER PRIMARY KEY,
        channel TEXT NOT NULL,
        recipient TEXT NOT NULL,
        is_test INTEGER NOT NULL,
        made_at INTEGER NOT NULL,
        state TEXT NOT NULL,
        tries INTEGER NOT NULL,
        next_try INTEGER NOT NULL,
        finished_at INTEGER,
        detail TEXT NOT NULL,
        notices INTEGER NOT NULL
    );
    CREATE INDEX message_pending ON message (id) WHERE state = 'pending';
    CREATE TABLE kept_secret (name TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
";

// How far each way out is, and what it owes; see feed/. `noted` is the commit at which a debt was last noted.
const STEP_6: &str = "
    CREATE TABLE feed (
        name TEXT PRIMARY KEY,
        seq INTEGER NOT NULL,
        step INTEGER NOT NULL,
        refused INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID;
    CREATE TABLE owed (
        feed TEXT NOT NULL,
        day INTEGER NOT NULL,
        series INTEGER NOT NULL,
        from_ms INTEGER NOT NULL,
        to_ms INTEGER NOT NULL,
        noted INTEGER NOT NULL,
        PRIMARY KEY (feed, day, series)
    ) WITHOUT ROWID;
    CREATE TABLE refused (
        id INTEGER PRIMARY KEY,
        feed TEXT NOT NULL,
        at INTEGER NOT NULL,
        line TEXT NOT NULL,
        why TEXT NOT NULL
    );
";
