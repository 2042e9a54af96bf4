//! What people wrote to devices: noted before it is done, ended afterwards, never changed then and never deleted.

use hub_model::{LocalText, Timestamp};
use rusqlite::{Row, params};

use super::{AccountError, Accounts};

/// Somebody wrote to a device, or tried to.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceWrite {
    /// Its number, given by [`Accounts::add_write`].
    pub id: i64,
    /// When it was asked for.
    pub at: Timestamp,
    /// The account.
    pub by: String,
    /// The point's full id.
    pub point: String,
    /// The value, in the point's unit.
    pub value: f64,
    /// How it ended, in words; `None` while that is not known.
    pub outcome: Option<LocalText>,
}

impl Accounts {
    /// Notes a write that is about to be done. It comes back with its number.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn add_write(&self, write: DeviceWrite) -> Result<DeviceWrite, AccountError> {
        let connection = self.lock();
        connection.execute(
            "INSERT INTO device_write (at, by, point, value) VALUES (?, ?, ?, ?)",
            params![write.at.as_millis(), write.by, write.point, write.value],
        )?;
        Ok(DeviceWrite { id: connection.last_insert_rowid(), ..write })
    }

    /// Notes how a write ended; only the first end counts.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn end_write(&self, id: i64, outcome: &LocalText) -> Result<(), AccountError> {
        let change = "UPDATE device_write SET outcome = ?, outcome_vi = ? WHERE id = ? AND outcome IS NULL";
        self.lock().execute(change, params![outcome.en, outcome.vi, id])?;
        Ok(())
    }

    /// The writes of a point, the newest first, at most `most`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn writes(&self, point: &str, most: usize) -> Result<Vec<DeviceWrite>, AccountError> {
        let connection = self.lock();
        let mut query = connection.prepare_cached(
            "SELECT id, at, by, point, value, outcome, outcome_vi FROM device_write WHERE point = ? ORDER BY id DESC LIMIT ?",
        )?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let writes = query.query_map(params![point, most], write_of)?.collect::<Result<_, _>>()?;
        Ok(writes)
    }
}

fn write_of(row: &Row<'_>) -> rusqlite::Result<DeviceWrite> {
    let (outcome, outcome_vi): (Option<String>, Option<String>) = (row.get(5)?, row.get(6)?);
    Ok(DeviceWrite {
        id: row.get(0)?,
        at: Timestamp::from_millis(row.get(1)?),
        by: row.get(2)?,
        point: row.get(3)?,
        value: row.get(4)?,
        outcome: outcome.map(|en| LocalText::kept(en, outcome_vi)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_is_noted_before_and_ended_once() {
        let dir = tempfile::tempdir().unwrap();
        let accounts = Accounts::open(dir.path()).unwrap();
        let at = Timestamp::from_millis(5);
        let asked = |value| DeviceWrite {
            id: 0,
            at,
            by: "lan".to_owned(),
            point: "s/d/p".to_owned(),
            value,
            outcome: None,
        };
        let first = accounts.add_write(asked(1.5)).unwrap();
        let second = accounts.add_write(asked(2.5)).unwrap();
        accounts.end_write(first.id, &LocalText::new("đã ghi", "done")).unwrap();
        accounts.end_write(first.id, &LocalText::same("changed later")).unwrap();
        let done = DeviceWrite { outcome: Some(LocalText::new("đã ghi", "done")), ..first };
        assert_eq!(accounts.writes("s/d/p", 9).unwrap(), [second.clone(), done]);
        assert_eq!(accounts.writes("s/d/p", 1).unwrap(), [second]);
        assert_eq!(accounts.writes("s/d/other", 9).unwrap(), []);
    }
}
