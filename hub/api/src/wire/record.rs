//! What people write down, in the public JSON: calibrations, corrections, maintenance, notes, jobs, deeds.

use hub_store::records;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Moment, Quality};
use crate::local::Zone;

/// A calibration of a point: from its date on, `value = gain · (raw · scale + offset of the point) + offset`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Calibration {
    /// Its number; null when the configuration says it.
    #[schema(required)]
    pub id: Option<u64>,
    /// What a change must name: it is counted up by each. Null when the configuration says it.
    #[schema(required)]
    pub version: Option<u64>,
    /// The point's full id.
    pub point: String,
    /// First moment that it applies to.
    #[schema(format = DateTime)]
    pub from: String,
    /// Factor.
    pub gain: f64,
    /// Added after the factor, in the point's unit.
    pub offset: f64,
    /// Who calibrated.
    pub by: String,
    /// Number of the certificate.
    #[schema(required)]
    pub certificate: Option<String>,
    /// What there is to say of it.
    #[schema(required)]
    pub note: Option<String>,
    /// When the instrument is to be calibrated again.
    #[schema(required, format = DateTime)]
    pub next_due: Option<String>,
    /// Who entered or last changed it; null when the configuration says it.
    #[schema(required)]
    pub entered_by: Option<String>,
    /// When.
    #[schema(required, format = DateTime)]
    pub entered_at: Option<String>,
}

impl Calibration {
    /// One that an officer has entered.
    pub fn of(record: &records::CalibrationRecord, zone: &Zone) -> Self {
        let entered = &record.entered;
        Self {
            id: Some(record.id),
            version: Some(record.version),
            certificate: entered.certificate.clone(),
            note: entered.note.clone(),
            next_due: entered.next_due.map(|due| zone.print(due)),
            entered_by: Some(record.entered_by.clone()),
            entered_at: Some(zone.print(record.entered_at)),
            ..Self::configured(entered.point.as_str(), &entered.calibration, zone)
        }
    }

    /// One that the configuration says.
    pub fn configured(point: &str, calibration: &hub_model::Calibration, zone: &Zone) -> Self {
        Self {
            id: None,
            version: None,
            point: point.to_owned(),
            from: zone.print(calibration.from),
            gain: calibration.gain.to_f64(),
            offset: calibration.offset.to_f64(),
            by: calibration.by.clone(),
            certificate: None,
            note: None,
            next_due: None,
            entered_by: None,
            entered_at: None,
        }
    }
}

/// A calibration that is entered or changed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CalibrationRequest {
    /// From when on: a day such as 2026-03-01 (the commune's), RFC 3339 or epoch ms; not ahead.
    pub from: Moment,
    /// Factor; not 0.
    pub gain: f64,
    /// Added after the factor, in the point's unit.
    #[serde(default)]
    pub offset: f64,
    /// Who calibrated; the caller when it is not said.
    #[schema(max_length = 200)]
    pub by: Option<String>,
    /// Number of the certificate.
    #[schema(max_length = 200)]
    pub certificate: Option<String>,
    /// What there is to say of it.
    #[schema(max_length = 2000)]
    pub note: Option<String>,
    /// When the instrument is to be calibrated again: as `from`, and later than that.
    pub next_due: Option<Moment>,
    /// For a change: the version that was read.
    pub version: Option<u64>,
}

/// A calibration that was entered, changed or removed, and what follows from it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CalibrationChange {
    /// As it is now; null when it was removed.
    #[schema(required)]
    pub calibration: Option<Calibration>,
    /// The work on stored readings.
    pub job: Job,
}

/// What a calibration would change, before it is entered.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CalibrationPreview {
    /// Readings with a value that were looked at.
    pub readings: u64,
    /// How many of them would have another value or quality.
    pub changed: u64,
    /// Whether there are more readings than were looked at, which are the oldest.
    pub is_partial: bool,
    /// Mean of the values now; null without values.
    #[schema(required)]
    pub mean_before: Option<f64>,
    /// Mean of the values afterwards.
    #[schema(required)]
    pub mean_after: Option<f64>,
    /// When some of them, spread over the period, were measured (epoch ms).
    pub t: Vec<i64>,
    /// Their values now.
    pub before: Vec<f64>,
    /// Their values afterwards.
    pub after: Vec<f64>,
}

/// What an officer does with readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CorrectionAction {
    /// Takes them out of account: they keep their value, with quality `fail` and reason `excluded`.
    Exclude,
    /// Puts a value in their place: quality `good`, reason `corrected`.
    Set,
    /// Takes officers' changes back.
    Restore,
}

/// A correction of the readings of a point measured in `[from, to)`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectionRequest {
    /// RFC 3339 or epoch ms.
    pub from: Moment,
    /// RFC 3339 or epoch ms; not included. Without it, the one reading measured at `from`.
    pub to: Option<Moment>,
    /// What to do.
    pub action: CorrectionAction,
    /// For `set`: the value, in the point's unit.
    pub value: Option<f64>,
    /// Why.
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
}

/// A reading that an officer has changed, before and after.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AuditedReading {
    /// When it was measured.
    #[schema(format = DateTime)]
    pub measured_at: String,
    /// When it was changed.
    #[schema(format = DateTime)]
    pub at: String,
    /// Who did it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// As it was; null when there was none.
    #[schema(required)]
    pub before: Option<AuditedValue>,
    /// As it became.
    pub after: AuditedValue,
}

/// What is kept of a reading beside its times.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AuditedValue {
    /// The device's own number.
    #[schema(required)]
    pub raw: Option<f64>,
    /// The value.
    #[schema(required)]
    pub value: Option<f64>,
    /// How far it can be trusted.
    pub quality: Quality,
    /// Why not.
    #[schema(required)]
    pub reason: Option<String>,
}

impl From<&hub_model::Reading> for AuditedValue {
    fn from(reading: &hub_model::Reading) -> Self {
        Self {
            raw: reading.raw,
            value: reading.value,
            quality: reading.quality.into(),
            reason: reading.reason.map(|reason| reason.to_string()),
        }
    }
}

impl AuditedReading {
    /// The correction with its times in the commune's zone.
    pub fn of(correction: &hub_store::Correction, zone: &Zone) -> Self {
        let reading = &correction.reading.reading;
        Self {
            measured_at: zone.print(reading.measured_at),
            at: zone.print(correction.at),
            by: correction.by.clone(),
            reason: correction.why.clone(),
            before: correction.replaced.as_ref().map(AuditedValue::from),
            after: reading.into(),
        }
    }
}

/// A maintenance window or a note: a text on a moment or a span of a site, a device or a point.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Entry {
    /// Its number.
    pub id: u64,
    /// What a change must name: it is counted up by each.
    pub version: u64,
    /// What it is about: the full id of a site, a device or a point.
    pub about: String,
    /// When it begins.
    #[schema(format = DateTime)]
    pub from: String,
    /// When it ends; equal to `from` for a moment.
    #[schema(format = DateTime)]
    pub to: String,
    /// What it says.
    pub text: String,
    /// Who made or last changed it.
    pub entered_by: String,
    /// When.
    #[schema(format = DateTime)]
    pub entered_at: String,
}

impl Entry {
    /// The entry with its times in the commune's zone.
    pub fn of(entry: &records::Entry, zone: &Zone) -> Self {
        Self {
            id: entry.id,
            version: entry.version,
            about: entry.entered.scope.to_string(),
            from: zone.print(entry.entered.from),
            to: zone.print(entry.entered.to),
            text: entry.entered.text.clone(),
            entered_by: entry.entered_by.clone(),
            entered_at: zone.print(entry.entered_at),
        }
    }
}

/// A maintenance window or a note that is made or changed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryRequest {
    /// What it is about: the full id of a site, a device or a point. It cannot be changed afterwards.
    pub about: Option<String>,
    /// When it begins: RFC 3339 or epoch ms.
    pub from: Moment,
    /// When it ends. A note without it is on a moment; maintenance needs it.
    pub to: Option<Moment>,
    /// What it says.
    #[schema(min_length = 1, max_length = 2000)]
    pub text: String,
    /// For a change: the version that was read.
    pub version: Option<u64>,
}

/// A maintenance window that was made, changed or removed, and what follows from it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct EntryChange {
    /// As it is now; null when it was removed.
    #[schema(required)]
    pub entry: Option<Entry>,
    /// The work on stored readings; null for a note.
    #[schema(required)]
    pub job: Option<Job>,
}

/// Work on stored readings that is done bit by bit.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Job {
    /// Its number.
    pub id: u64,
    /// What is done with each reading: `rejudge`, `exclude`, `set`, `restore`, `retime`.
    pub kind: String,
    /// Whose readings: the full id of a site, a device or a point.
    pub about: String,
    /// From when on they were measured.
    #[schema(format = DateTime)]
    pub from: String,
    /// Before when; null for all that there are.
    #[schema(required, format = DateTime)]
    pub to: Option<String>,
    /// Why.
    pub why: String,
    /// Who asked for it.
    pub by: String,
    /// When.
    #[schema(format = DateTime)]
    pub asked_at: String,
    /// Readings that were looked at so far.
    pub seen: u64,
    /// Readings that were changed so far.
    pub changed: u64,
    /// The share that is done, 0 to 1.
    pub share: f64,
    /// When it was done; null until then.
    #[schema(required, format = DateTime)]
    pub finished_at: Option<String>,
}

impl Job {
    /// The job with its times in the commune's zone.
    pub fn of(job: &records::Job, zone: &Zone) -> Self {
        Self {
            id: job.id,
            kind: job.asked.kind.code().to_owned(),
            about: job.asked.scope.to_string(),
            from: zone.print(job.asked.from),
            to: job.asked.to.map(|to| zone.print(to)),
            why: job.asked.why.clone(),
            by: job.asked.by.clone(),
            asked_at: zone.print(job.asked.asked_at),
            seen: job.progress.seen,
            changed: job.progress.changed,
            share: job.progress.share,
            finished_at: job.finished_at.map(|at| zone.print(at)),
        }
    }
}

/// Something that somebody did.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Deed {
    /// Its number, counted up.
    pub id: u64,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// Who: a user's or a token's name.
    pub by: String,
    /// What: a word such as `login`, `acknowledge`, `calibration_added`.
    pub action: String,
    /// On what: a full id, an alarm's number, a name.
    pub object: String,
    /// How; what stands here depends on the action.
    #[schema(value_type = Object)]
    pub detail: Value,
}

impl Deed {
    /// The deed with its time in the commune's zone.
    pub fn of(noted: records::NotedDeed, zone: &Zone) -> Self {
        let deed = noted.deed;
        Self {
            id: noted.id,
            at: zone.print(deed.at),
            by: deed.by,
            action: deed.action,
            object: deed.object,
            // Written by the hub itself; what cannot be read is shown as it is.
            detail: serde_json::from_str(&deed.detail).unwrap_or(Value::String(deed.detail)),
        }
    }
}
