//! Readings and alarms to store: plain ones, which a check then changes where it matters. Decides nothing.

use std::ops::ControlFlow;
use std::time::Duration;

use hub_model::{
    Alarm, AlarmId, AlarmState, LocalText, PointId, Priority, Quality, Reading, Reason, Subject, Timestamp,
    Transition, Why,
};

use crate::port::History;

/// The moment `ms` after the epoch.
pub const fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

/// A point by its id.
///
/// # Panics
/// When it is no id.
pub fn point(id: &str) -> PointId {
    PointId::parse(id).expect("samples have well-formed ids")
}

/// A good reading of `value` at `ms`, received 7 ms later.
pub fn good(point: &PointId, ms: i64, value: f64) -> Reading {
    Reading {
        point: point.clone(),
        measured_at: at(ms),
        received_at: at(ms.saturating_add(7)),
        raw: Some(value),
        value: Some(value),
        quality: Quality::Good,
        reason: None,
    }
}

/// No reading at `ms`, and why.
pub fn missing(point: &PointId, ms: i64, reason: Reason) -> Reading {
    Reading {
        raw: None,
        value: None,
        quality: Quality::Missing,
        reason: Some(reason),
        ..good(point, ms, 0.0)
    }
}

/// An alarm of `subject`, raised at `ms` and unacknowledged, with every optional part filled.
///
/// # Panics
/// When `subject` is neither a point nor a device.
pub fn alarm(id: u64, subject: &str, ms: i64) -> Alarm {
    Alarm {
        id: AlarmId(id),
        rule: "chlorine-low".into(),
        rule_version: "5f2c".to_owned(),
        title: LocalText::new("Clo dư thấp", "Free chlorine low"),
        priority: Priority::High,
        subject: Subject::parse(subject).expect("samples have well-formed ids"),
        state: AlarmState::Unacknowledged,
        beneath: None,
        parent: Some(AlarmId(1)),
        out_of_service: true,
        latching: false,
        raised_at: at(ms),
        told_at: at(ms + 1),
        remind_after: Some(Duration::from_secs(7_200)),
        raises: 3,
        chattering: true,
        flood: false,
        cleared_at: None,
        acknowledged_at: None,
        acknowledged_by: None,
        shelved_until: None,
        value: Some(0.12),
        unit: "mg/L".to_owned(),
        message: LocalText::new("Clo dư 0.12 mg/L", "Free chlorine 0.12 mg/L"),
        clause: Some(LocalText::new("QCVN 01-1:2024, 5: ≥ 0,2 mg/L", "QCVN 01-1:2024, 5: ≥ 0.2 mg/L")),
        runbook: Some(LocalText::new("Kiểm tra bơm định lượng", "Check the dosing pump")),
        tags: vec!["clo".to_owned(), "water".to_owned()],
    }
}

/// A step of an alarm's life by the hub itself.
pub fn step(id: u64, ms: i64, from: Option<AlarmState>, to: AlarmState) -> Transition {
    Transition {
        alarm: AlarmId(id),
        at: at(ms),
        from,
        to,
        why: if from.is_none() { Why::Raised } else { Why::Returned },
        by: None,
        comment: None,
        remark: None,
        value: Some(0.12),
        rule_version: "5f2c".to_owned(),
    }
}

/// All readings of a point in `[from, to)`.
///
/// # Panics
/// When the store cannot be read.
pub fn readings_of<H: History + ?Sized>(history: &H, point: &PointId, from: i64, to: i64) -> Vec<Reading> {
    let mut seen = Vec::new();
    let mut visit = |reading| {
        seen.push(reading);
        ControlFlow::Continue(())
    };
    history.readings(point, at(from), at(to), &mut visit).expect("the store can be read");
    seen
}
