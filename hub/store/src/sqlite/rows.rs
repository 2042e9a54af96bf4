//! Alarms, their steps, timers and readings as rows, there and back. Asks nothing of the database itself.
//!
//! Read next: `schema.rs` for the tables, `codes.rs` for the small numbers.

use std::str::FromStr;

use hub_model::{Alarm, AlarmId, LocalText, PointId, Reading, Subject, Timestamp, Tracking, Transition};
use rusqlite::types::Value;
use rusqlite::{Params, Row, params_from_iter};

use super::codes::{number_of, quality_of, reason_of};
use super::readers::Fault;
use crate::port::{Correction, StoredReading};

pub(super) const INSERT_ALARM: &str = "INSERT OR REPLACE INTO alarm (id, rule, rule_version, title_vi, title_en, priority,
    site, subject, state, beneath, raised_at, cleared_at, acknowledged_at, acknowledged_by, shelved_until, value, unit,
    message_vi, message_en, clause, runbook_vi, runbook_en)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

pub(super) const INSERT_TRANSITION: &str = "INSERT INTO transition (alarm, at, from_state, to_state, by_user, comment, value) VALUES (?, ?, ?, ?, ?, ?, ?)";

pub(super) fn alarm_row(alarm: &Alarm) -> impl Params {
    let runbook = alarm.runbook.as_ref();
    params_from_iter([
        alarm.id.0.cast_signed().into(),
        text(&alarm.rule),
        text(&alarm.rule_version),
        text(&alarm.title.vi),
        text(&alarm.title.en),
        text(alarm.priority.code()),
        text(alarm.subject.site().as_str()),
        text(alarm.subject.as_str()),
        text(alarm.state.code()),
        alarm.beneath.map(|state| state.code().to_owned()).into(),
        alarm.raised_at.as_millis().into(),
        time(alarm.cleared_at),
        time(alarm.acknowledged_at),
        alarm.acknowledged_by.clone().into(),
        time(alarm.shelved_until),
        alarm.value.into(),
        text(&alarm.unit),
        text(&alarm.message.vi),
        text(&alarm.message.en),
        alarm.clause.clone().into(),
        runbook.map(|runbook| runbook.vi.clone()).into(),
        runbook.map(|runbook| runbook.en.clone()).into(),
    ])
}

pub(super) fn alarm_of(row: &Row<'_>) -> Result<Alarm, Fault> {
    let runbook: (Option<String>, Option<String>) = (row.get("runbook_vi")?, row.get("runbook_en")?);
    Ok(Alarm {
        id: AlarmId(row.get::<_, i64>("id")?.cast_unsigned()),
        rule: row.get::<_, String>("rule")?.into(),
        rule_version: row.get("rule_version")?,
        title: LocalText { vi: row.get("title_vi")?, en: row.get("title_en")? },
        priority: word(row.get("priority")?, "priority")?,
        subject: subject_of(row.get("subject")?)?,
        state: word(row.get("state")?, "alarm state")?,
        beneath: row.get::<_, Option<_>>("beneath")?.map(|state| word(state, "alarm state")).transpose()?,
        raised_at: Timestamp::from_millis(row.get("raised_at")?),
        cleared_at: row.get::<_, Option<_>>("cleared_at")?.map(Timestamp::from_millis),
        acknowledged_at: row.get::<_, Option<_>>("acknowledged_at")?.map(Timestamp::from_millis),
        acknowledged_by: row.get("acknowledged_by")?,
        shelved_until: row.get::<_, Option<_>>("shelved_until")?.map(Timestamp::from_millis),
        value: row.get("value")?,
        unit: row.get("unit")?,
        message: LocalText { vi: row.get("message_vi")?, en: row.get("message_en")? },
        clause: row.get("clause")?,
        runbook: match runbook {
            (Some(vi), Some(en)) => Some(LocalText { vi, en }),
            _ => None,
        },
    })
}

pub(super) fn transition_row(transition: &Transition) -> impl Params {
    params_from_iter([
        transition.alarm.0.cast_signed().into(),
        transition.at.as_millis().into(),
        transition.from.map(|state| state.code().to_owned()).into(),
        text(transition.to.code()),
        transition.by.clone().into(),
        transition.comment.clone().into(),
        transition.value.into(),
    ])
}

pub(super) fn transition_of(row: &Row<'_>) -> Result<Transition, Fault> {
    Ok(Transition {
        alarm: AlarmId(row.get::<_, i64>("alarm")?.cast_unsigned()),
        at: Timestamp::from_millis(row.get("at")?),
        from: row.get::<_, Option<_>>("from_state")?.map(|state| word(state, "alarm state")).transpose()?,
        to: word(row.get("to_state")?, "alarm state")?,
        by: row.get("by_user")?,
        comment: row.get("comment")?,
        value: row.get("value")?,
    })
}

pub(super) fn tracking_of(row: &Row<'_>) -> Result<Tracking, Fault> {
    Ok(Tracking {
        rule: row.get::<_, String>("rule")?.into(),
        subject: subject_of(row.get("subject")?)?,
        raising_since: row.get::<_, Option<_>>("raising_since")?.map(Timestamp::from_millis),
        clearing_since: row.get::<_, Option<_>>("clearing_since")?.map(Timestamp::from_millis),
        alarm: row.get::<_, Option<i64>>("alarm")?.map(|id| AlarmId(id.cast_unsigned())),
    })
}

/// The reading of `point` whose six columns begin at column `first`: measured_at, received_after_ms, raw, value, quality, reason.
pub(super) fn reading_of(row: &Row<'_>, first: usize, point: PointId) -> Result<Reading, Fault> {
    let measured_at: i64 = row.get(first)?;
    let received_after: i64 = row.get(first + 1)?;
    Ok(Reading {
        point,
        measured_at: Timestamp::from_millis(measured_at),
        received_at: Timestamp::from_millis(measured_at.wrapping_add(received_after)),
        raw: number_of(row.get_ref(first + 2)?)?,
        value: number_of(row.get_ref(first + 3)?)?,
        quality: quality_of(row.get(first + 4)?)?,
        reason: row.get::<_, Option<i64>>(first + 5)?.map(reason_of).transpose()?,
    })
}

pub(super) fn correction_of(row: &Row<'_>, point: &PointId) -> Result<Correction, Fault> {
    let replaced = match row.get::<_, Option<i64>>("was_measured_at")? {
        None => None,
        Some(_) => Some(reading_of(row, 7, point.clone())?),
    };
    Ok(Correction {
        reading: StoredReading { reading: reading_of(row, 0, point.clone())?, latest: row.get("latest")? },
        replaced,
        at: Timestamp::from_millis(row.get("at")?),
        by: row.get("by_user")?,
        why: row.get("why")?,
    })
}

pub(super) fn point_of(id: String) -> Result<PointId, Fault> {
    PointId::parse(&id).map_err(|_| Fault::Damaged { what: "point", found: id })
}

fn subject_of(id: String) -> Result<Subject, Fault> {
    Subject::parse(&id).ok_or(Fault::Damaged { what: "subject", found: id })
}

fn word<T: FromStr>(code: String, what: &'static str) -> Result<T, Fault> {
    code.parse().map_err(|_| Fault::Damaged { what, found: code })
}

fn text(words: &str) -> Value {
    Value::Text(words.to_owned())
}

fn time(at: Option<Timestamp>) -> Value {
    at.map(Timestamp::as_millis).into()
}
