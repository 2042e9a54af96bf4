//! Calibrations that officers enter, and what the configuration said last of its own.

use hub_model::{Calibration, Decimal, PointId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::jobs::{self, Job, NewJob};
use super::{Deed, RecordError, RecordKind, Records};

/// A calibration as an officer enters it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCalibration {
    /// The point.
    pub point: PointId,
    /// What was found, from when on, by whom.
    pub calibration: Calibration,
    /// Number of the certificate.
    pub certificate: Option<String>,
    /// What there is to say of it.
    pub note: Option<String>,
    /// When the instrument is to be calibrated again.
    pub next_due: Option<Timestamp>,
}

/// A calibration that was entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalibrationRecord {
    /// Its number.
    pub id: u64,
    /// Counted up by each change: whoever changes it must know the last one.
    pub version: u64,
    /// What was entered.
    pub entered: NewCalibration,
    /// Who entered or last changed it.
    pub entered_by: String,
    /// When.
    pub entered_at: Timestamp,
}

impl Records {
    /// All that were entered, or those of one point, in the order of points and dates.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn calibrations(&self, point: Option<&PointId>) -> Result<Vec<CalibrationRecord>, RecordError> {
        let connection = self.lock();
        let mut query = connection.prepare_cached(
            "SELECT id, version, point, from_ms, gain, offset, by, certificate, note, entered_by, entered_at, next_due_ms
             FROM calibration WHERE ?1 IS NULL OR point = ?1 ORDER BY point, from_ms",
        )?;
        let found = query.query_map([point.map(PointId::as_str)], record_of)?.collect::<Result<_, _>>()?;
        Ok(found)
    }

    /// The calibration with this number.
    ///
    /// # Errors
    /// When there is none or the file cannot be read.
    pub fn calibration(&self, id: u64) -> Result<CalibrationRecord, RecordError> {
        found(&self.lock(), id)
    }

    /// Enters a calibration; readings from its date on are to be judged once more.
    ///
    /// # Errors
    /// When the point has another one of this date, or the file cannot be written.
    pub fn add_calibration(
        &self,
        new: &NewCalibration,
        deed: &Deed,
    ) -> Result<(CalibrationRecord, Job), RecordError> {
        self.change(deed, |transaction| {
            refuse_same_date(transaction, new, None)?;
            let mut insert = transaction.prepare_cached(
                "INSERT INTO calibration (version, point, from_ms, gain, offset, by, certificate, note, entered_by, entered_at, next_due_ms)
                 VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?;
            let id = insert.insert(params![
                new.point.as_str(),
                new.calibration.from.as_millis(),
                new.calibration.gain.to_string(),
                new.calibration.offset.to_string(),
                new.calibration.by,
                new.certificate,
                new.note,
                deed.by,
                deed.at.as_millis(),
                new.next_due.map(Timestamp::as_millis),
            ])?;
            let job = jobs::insert(transaction, &rejudge(new, new.calibration.from, deed))?;
            Ok((found(transaction, id.cast_unsigned())?, job))
        })
    }

    /// Changes a calibration of which `version` was read last; its point stays.
    ///
    /// # Errors
    /// When it is gone or was changed since, its new date is taken, or the file cannot be written.
    pub fn change_calibration(
        &self,
        id: u64,
        version: u64,
        new: &NewCalibration,
        deed: &Deed,
    ) -> Result<(CalibrationRecord, Job), RecordError> {
        self.change(deed, |transaction| {
            let before = current(transaction, id, version)?;
            refuse_same_date(transaction, new, Some(id))?;
            let mut update = transaction.prepare_cached(
                "UPDATE calibration SET version = version + 1, from_ms = ?2, gain = ?3, offset = ?4, by = ?5,
                    certificate = ?6, note = ?7, entered_by = ?8, entered_at = ?9, next_due_ms = ?10 WHERE id = ?1",
            )?;
            update.execute(params![
                id.cast_signed(),
                new.calibration.from.as_millis(),
                new.calibration.gain.to_string(),
                new.calibration.offset.to_string(),
                new.calibration.by,
                new.certificate,
                new.note,
                deed.by,
                deed.at.as_millis(),
                new.next_due.map(Timestamp::as_millis),
            ])?;
            let from = new.calibration.from.min(before.entered.calibration.from);
            let job = jobs::insert(transaction, &rejudge(new, from, deed))?;
            Ok((found(transaction, id)?, job))
        })
    }

    /// Removes a calibration of which `version` was read last.
    ///
    /// # Errors
    /// When it is gone or was changed since, or the file cannot be written.
    pub fn remove_calibration(&self, id: u64, version: u64, deed: &Deed) -> Result<Job, RecordError> {
        self.change(deed, |transaction| {
            let before = current(transaction, id, version)?.entered;
            transaction.execute("DELETE FROM calibration WHERE id = ?", [id.cast_signed()])?;
            jobs::insert(transaction, &rejudge(&before, before.calibration.from, deed))
        })
    }

    /// Notes what the configuration says of a point's calibrations, as an opaque text. When it said something else before,
    /// `job` is given that text and what it asks for is to be done.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn note_configured(
        &self,
        point: &PointId,
        now: &str,
        job: impl FnOnce(&str) -> NewJob,
    ) -> Result<Option<Job>, RecordError> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        let before: Option<String> = transaction
            .query_row("SELECT calibrations FROM configured WHERE point = ?", [point.as_str()], |row| {
                row.get(0)
            })
            .optional()?;
        let before = before.unwrap_or_default();
        if before == now {
            return Ok(None);
        }
        transaction.execute("INSERT OR REPLACE INTO configured VALUES (?, ?)", [point.as_str(), now])?;
        let job = jobs::insert(&transaction, &job(&before))?;
        transaction.commit()?;
        Ok(Some(job))
    }
}

fn rejudge(of: &NewCalibration, from: Timestamp, deed: &Deed) -> NewJob {
    NewJob {
        kind: jobs::JobKind::Rejudge,
        scope: hub_model::Scope::Point(of.point.clone()),
        from,
        to: None,
        number: None,
        why: deed.action.clone(),
        by: deed.by.clone(),
        asked_at: deed.at,
    }
}

fn found(connection: &Connection, id: u64) -> Result<CalibrationRecord, RecordError> {
    let mut query = connection.prepare_cached(
        "SELECT id, version, point, from_ms, gain, offset, by, certificate, note, entered_by, entered_at, next_due_ms
         FROM calibration WHERE id = ?",
    )?;
    let record = query.query_row([id.cast_signed()], record_of).optional()?;
    record.ok_or(RecordError::Unknown { kind: RecordKind::Calibration, id })
}

fn current(connection: &Connection, id: u64, version: u64) -> Result<CalibrationRecord, RecordError> {
    let record = found(connection, id)?;
    if record.version == version {
        return Ok(record);
    }
    Err(RecordError::Stale { kind: RecordKind::Calibration, by: record.entered_by, at: record.entered_at })
}

fn refuse_same_date(
    connection: &Connection,
    new: &NewCalibration,
    own: Option<u64>,
) -> Result<(), RecordError> {
    let by: Option<String> = connection
        .query_row(
            "SELECT entered_by FROM calibration WHERE point = ?1 AND from_ms = ?2 AND id IS NOT ?3",
            params![new.point.as_str(), new.calibration.from.as_millis(), own.map(u64::cast_signed)],
            |row| row.get(0),
        )
        .optional()?;
    by.map_or(Ok(()), |by| Err(RecordError::SameDate { by }))
}

fn record_of(row: &Row<'_>) -> rusqlite::Result<CalibrationRecord> {
    let decimal = |column| -> rusqlite::Result<Decimal> {
        row.get::<_, String>(column)?.parse().map_err(|error| unreadable(column, error))
    };
    let point: String = row.get(2)?;
    Ok(CalibrationRecord {
        id: row.get::<_, i64>(0)?.cast_unsigned(),
        version: row.get::<_, i64>(1)?.cast_unsigned(),
        entered: NewCalibration {
            point: PointId::parse(&point).map_err(|error| unreadable(2, error))?,
            calibration: Calibration {
                from: Timestamp::from_millis(row.get(3)?),
                gain: decimal(4)?,
                offset: decimal(5)?,
                by: row.get(6)?,
            },
            certificate: row.get(7)?,
            note: row.get(8)?,
            next_due: row.get::<_, Option<i64>>(11)?.map(Timestamp::from_millis),
        },
        entered_by: row.get(9)?,
        entered_at: Timestamp::from_millis(row.get(10)?),
    })
}

/// What stands in a column is not what this version writes there.
pub(super) fn unreadable(
    column: usize,
    error: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
}
