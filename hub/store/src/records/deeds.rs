//! Who did what when, on what. Only ever added to.

use hub_model::Timestamp;
use rusqlite::{Connection, Row, params};

use super::{RecordError, Records};

/// Something that somebody did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// When.
    pub at: Timestamp,
    /// Who: a user's or a token's name.
    pub by: String,
    /// What, as a stable word such as `calibration_added`.
    pub action: String,
    /// On what: a full id, an alarm's number, a name.
    pub object: String,
    /// How, as a JSON object; opaque here.
    pub detail: String,
}

/// A deed with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotedDeed {
    /// Its number, counted up.
    pub id: u64,
    /// What was done.
    pub deed: Deed,
}

/// Which deeds are asked for, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeedFilter {
    /// Done at or after this moment.
    pub from: Option<Timestamp>,
    /// Done before this moment.
    pub to: Option<Timestamp>,
    /// Done by this account.
    pub by: Option<String>,
    /// Of this action.
    pub action: Option<String>,
    /// On this, or on something within it (`site` finds `site/device`).
    pub object: Option<String>,
    /// Before the deed of this number, for the next page.
    pub before: Option<u64>,
    /// At most so many.
    pub limit: usize,
}

impl Records {
    /// Notes a deed.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn note(&self, deed: &Deed) -> Result<(), RecordError> {
        Ok(insert(&self.lock(), deed)?)
    }

    /// The deeds that `filter` lets through, the newest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn deeds(&self, filter: &DeedFilter) -> Result<Vec<NotedDeed>, RecordError> {
        let connection = self.lock();
        let mut query = connection.prepare_cached(
            "SELECT id, at, by, action, object, detail FROM deed
             WHERE at >= ?1 AND at < ?2 AND id < ?3 AND (?4 IS NULL OR by = ?4) AND (?5 IS NULL OR action = ?5)
                AND (?6 IS NULL OR object = ?6 OR substr(object, 1, length(?6) + 1) = ?6 || '/')
             ORDER BY id DESC LIMIT ?7",
        )?;
        let all = params![
            filter.from.map_or(i64::MIN, Timestamp::as_millis),
            filter.to.map_or(i64::MAX, Timestamp::as_millis),
            filter.before.map_or(i64::MAX, u64::cast_signed),
            filter.by,
            filter.action,
            filter.object,
            i64::try_from(filter.limit).unwrap_or(i64::MAX),
        ];
        let deeds = query.query_map(all, deed_of)?.collect::<Result<_, _>>()?;
        Ok(deeds)
    }
}

pub(super) fn insert(connection: &Connection, deed: &Deed) -> rusqlite::Result<()> {
    let mut insert = connection
        .prepare_cached("INSERT INTO deed (at, by, action, object, detail) VALUES (?, ?, ?, ?, ?)")?;
    insert.execute(params![deed.at.as_millis(), deed.by, deed.action, deed.object, deed.detail]).map(drop)
}

fn deed_of(row: &Row<'_>) -> rusqlite::Result<NotedDeed> {
    Ok(NotedDeed {
        id: row.get::<_, i64>(0)?.cast_unsigned(),
        deed: Deed {
            at: Timestamp::from_millis(row.get(1)?),
            by: row.get(2)?,
            action: row.get(3)?,
            object: row.get(4)?,
            detail: row.get(5)?,
        },
    })
}
