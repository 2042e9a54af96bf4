//! Alarms, their steps, timers and readings as rows, there and back. Asks nothing of the database itself.
//!
//! Read next: `schema.rs` for the tables, `codes.rs` for the small numbers.

use std::str::FromStr;
use std::time::Duration;

use hub_model::{
    Alarm, AlarmId, AlarmState, LocalText, OutOfService, PointId, Reading, Scope, Subject, Timestamp,
    Tracking, Transition, Why,
};
use rusqlite::types::Value;
use rusqlite::{Params, Row, params_from_iter};

use super::codes::{number_of, quality_of, reason_of};
use super::readers::Fault;
use crate::port::{Correction, StoredReading};

pub(super) const INSERT_ALARM: &str = "INSERT OR REPLACE INTO alarm (id, rule, rule_version, title_vi, title_en, priority,
    site, subject, state, beneath, raised_at, cleared_at, acknowledged_at, acknowledged_by, shelved_until, value, unit,
    message_vi, message_en, clause, clause_en, runbook_vi, runbook_en, parent, flags, told_at, remind_after, raises, tags)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

pub(super) const INSERT_TRANSITION: &str =
    "INSERT INTO transition (alarm, at, from_state, to_state, why, by_user, comment, remark, value, rule_version)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

const OUT_OF_SERVICE: i64 = 1;
const LATCHING: i64 = 2;
const CHATTERING: i64 = 4;
const FLOOD: i64 = 8;

pub(super) fn alarm_row(alarm: &Alarm) -> impl Params {
    let (clause, runbook) = (alarm.clause.as_ref(), alarm.runbook.as_ref());
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
        clause.map(|clause| clause.vi.clone()).into(),
        clause.map(|clause| clause.en.clone()).into(),
        runbook.map(|runbook| runbook.vi.clone()).into(),
        runbook.map(|runbook| runbook.en.clone()).into(),
        alarm.parent.map(|id| id.0.cast_signed()).into(),
        flags(alarm).into(),
        alarm.told_at.as_millis().into(),
        alarm.remind_after.map(|after| i64::try_from(after.as_millis()).unwrap_or(i64::MAX)).into(),
        i64::from(alarm.raises).into(),
        text(&alarm.tags.join(" ")),
    ])
}

fn flags(alarm: &Alarm) -> i64 {
    let flag = |set: bool, flag: i64| if set { flag } else { 0 };
    flag(alarm.out_of_service, OUT_OF_SERVICE)
        + flag(alarm.latching, LATCHING)
        + flag(alarm.chattering, CHATTERING)
        + flag(alarm.flood, FLOOD)
}

pub(super) fn alarm_of(row: &Row<'_>) -> Result<Alarm, Fault> {
    let clause: (Option<String>, Option<String>) = (row.get("clause")?, row.get("clause_en")?);
    let runbook: (Option<String>, Option<String>) = (row.get("runbook_vi")?, row.get("runbook_en")?);
    let flags: i64 = row.get("flags")?;
    let raised_at: i64 = row.get("raised_at")?;
    let remind_after: Option<i64> = row.get("remind_after")?;
    Ok(Alarm {
        id: AlarmId(row.get::<_, i64>("id")?.cast_unsigned()),
        rule: row.get::<_, String>("rule")?.into(),
        rule_version: row.get("rule_version")?,
        title: LocalText { vi: row.get("title_vi")?, en: row.get("title_en")? },
        priority: word(row.get("priority")?, "priority")?,
        subject: subject_of(row.get("subject")?)?,
        state: word(row.get("state")?, "alarm state")?,
        beneath: row.get::<_, Option<_>>("beneath")?.map(|state| word(state, "alarm state")).transpose()?,
        parent: row.get::<_, Option<i64>>("parent")?.map(|id| AlarmId(id.cast_unsigned())),
        out_of_service: flags & OUT_OF_SERVICE != 0,
        latching: flags & LATCHING != 0,
        raised_at: Timestamp::from_millis(raised_at),
        // Alarms of the first version were told once.
        told_at: Timestamp::from_millis(row.get::<_, Option<i64>>("told_at")?.unwrap_or(raised_at)),
        remind_after: remind_after.and_then(|ms| u64::try_from(ms).ok()).map(Duration::from_millis),
        raises: row.get("raises")?,
        chattering: flags & CHATTERING != 0,
        flood: flags & FLOOD != 0,
        cleared_at: row.get::<_, Option<_>>("cleared_at")?.map(Timestamp::from_millis),
        acknowledged_at: row.get::<_, Option<_>>("acknowledged_at")?.map(Timestamp::from_millis),
        acknowledged_by: row.get("acknowledged_by")?,
        shelved_until: row.get::<_, Option<_>>("shelved_until")?.map(Timestamp::from_millis),
        value: row.get("value")?,
        unit: row.get("unit")?,
        message: LocalText { vi: row.get("message_vi")?, en: row.get("message_en")? },
        clause: clause.0.map(|vi| LocalText { en: clause.1.unwrap_or_else(|| vi.clone()), vi }),
        runbook: match runbook {
            (Some(vi), Some(en)) => Some(LocalText { vi, en }),
            _ => None,
        },
        tags: row.get::<_, String>("tags")?.split_whitespace().map(str::to_owned).collect(),
    })
}

pub(super) fn transition_row(transition: &Transition) -> impl Params {
    params_from_iter([
        transition.alarm.0.cast_signed().into(),
        transition.at.as_millis().into(),
        transition.from.map(|state| state.code().to_owned()).into(),
        text(transition.to.code()),
        text(transition.why.code()),
        transition.by.clone().into(),
        transition.comment.clone().into(),
        transition.remark.map(|remark| remark.code().to_owned()).into(),
        transition.value.into(),
        text(&transition.rule_version),
    ])
}

pub(super) fn transition_of(row: &Row<'_>) -> Result<Transition, Fault> {
    let from: Option<String> = row.get("from_state")?;
    let from = from.map(|state| word(state, "alarm state")).transpose()?;
    let to = word(row.get("to_state")?, "alarm state")?;
    let why: Option<String> = row.get("why")?;
    Ok(Transition {
        alarm: AlarmId(row.get::<_, i64>("alarm")?.cast_unsigned()),
        at: Timestamp::from_millis(row.get("at")?),
        from,
        to,
        why: why.map_or_else(|| Ok(why_of_first_version(from, to)), |why| word(why, "cause"))?,
        by: row.get("by_user")?,
        comment: row.get("comment")?,
        remark: row.get::<_, Option<_>>("remark")?.map(|remark| word(remark, "remark")).transpose()?,
        value: row.get("value")?,
        rule_version: row.get("rule_version")?,
    })
}

/// The first version kept states only; what led from one to the other follows from them.
fn why_of_first_version(from: Option<AlarmState>, to: AlarmState) -> Why {
    use AlarmState::{Acknowledged, Normal, RtnUnacknowledged, Shelved, Unacknowledged};
    match (from, to) {
        (None, _) => Why::Raised,
        (Some(same), to) if same == to => Why::Commented,
        (_, Shelved) => Why::Shelved,
        (Some(Shelved), _) => Why::ShelvingEnded,
        (_, Unacknowledged) => Why::RaisedAgain,
        (Some(Unacknowledged), Acknowledged) | (Some(RtnUnacknowledged), Normal) => Why::Acknowledged,
        _ => Why::Returned,
    }
}

pub(super) fn out_of_service_of(row: &Row<'_>) -> Result<OutOfService, Fault> {
    let scope: String = row.get("scope")?;
    let ended_at: Option<i64> = row.get("ended_at")?;
    let ended_by: Option<String> = row.get("ended_by")?;
    Ok(OutOfService {
        scope: Scope::parse(&scope).ok_or(Fault::Damaged { what: "scope", found: scope })?,
        since: Timestamp::from_millis(row.get("since")?),
        until: row.get::<_, Option<_>>("until")?.map(Timestamp::from_millis),
        by: row.get("by_user")?,
        reason: row.get("reason")?,
        ended: ended_at.map(|at| (Timestamp::from_millis(at), ended_by)),
    })
}

/// Times of raisings as they stand in one column.
pub(super) fn raises_text(raises: &[Timestamp]) -> String {
    raises.iter().map(|at| at.as_millis().to_string()).collect::<Vec<_>>().join(" ")
}

pub(super) fn tracking_of(row: &Row<'_>) -> Result<Tracking, Fault> {
    Ok(Tracking {
        rule: row.get::<_, String>("rule")?.into(),
        subject: subject_of(row.get("subject")?)?,
        raising_since: row.get::<_, Option<_>>("raising_since")?.map(Timestamp::from_millis),
        clearing_since: row.get::<_, Option<_>>("clearing_since")?.map(Timestamp::from_millis),
        alarm: row.get::<_, Option<i64>>("alarm")?.map(|id| AlarmId(id.cast_unsigned())),
        raises: row
            .get::<_, String>("raises")?
            .split_whitespace()
            .filter_map(|ms| ms.parse().ok().map(Timestamp::from_millis))
            .collect(),
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
