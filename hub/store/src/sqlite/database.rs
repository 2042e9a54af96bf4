//! Opens an SQLite file the way that both our databases need it: durable, private, ours, and of a schema that we know.
//!
//! Knows no table. Read next: `sqlite/schema.rs` (the time series' tables), `accounts/mod.rs` (the accounts' tables).

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::folder;
use crate::error::{Cause, StoreError, cause};

/// How long a connection waits for another one's lock on the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// What makes a file one of ours, and its schema's steps: step `n` leads from version `n` to `n + 1`.
pub(crate) struct Schema {
    /// Kept in the file's header, so that no foreign file is taken for ours.
    pub application_id: i64,
    /// Statements of each step. A step that has been released is never edited: the next one is added.
    pub steps: &'static [Step],
}

/// One step of a schema.
pub(crate) struct Step {
    /// Statements that make and change tables.
    pub tables: &'static str,
    /// What is done with their rows afterwards, in the same transaction.
    pub then: Option<Conversion>,
}

/// Brings rows into their new form. The number is how many seconds east of UTC the days are cut.
pub(crate) type Conversion = fn(&rusqlite::Transaction<'_>, i32) -> Result<(), Cause>;

/// Opens `file` of `dir` for writing, makes it where it is missing, and brings its schema up to date in one transaction.
pub(crate) fn open(
    dir: &Path,
    file: &Path,
    schema: &Schema,
    utc_offset_s: i32,
) -> Result<Connection, StoreError> {
    folder::make_private_file(dir, file)?;
    let cannot = |source: rusqlite::Error| StoreError::Open { file: file.to_owned(), source: cause(&source) };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(file, flags).map_err(cannot)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(cannot)?;
    refuse_unknown(&connection, file, schema)?;
    // Pages that are free can be given back to the disk; this counts before the first table only.
    // FULL: the write-ahead log is synced at each commit, so an acknowledged reading survives the loss of power.
    connection
        .execute_batch(
            "PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;",
        )
        .map_err(cannot)?;
    let failed = |source| StoreError::Open { file: file.to_owned(), source };
    if upgrade(&mut connection, schema, utc_offset_s).map_err(failed)? {
        give_back(&connection, file);
    }
    Ok(connection)
}

/// Opens `file` for reading only; it must have been opened for writing before.
pub(crate) fn open_reader(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

/// Opens `file` once more for writing, beside the connection that [`open`] gave.
pub(crate) fn open_writer(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}

/// Opens a file of ours for reading only, whoever else has it open, and refuses any other.
pub(crate) fn open_ours(file: &Path, schema: &Schema) -> Result<Connection, StoreError> {
    let cannot = |source: rusqlite::Error| StoreError::Open { file: file.to_owned(), source: cause(&source) };
    let connection = open_reader(file).map_err(cannot)?;
    refuse_unknown(&connection, file, schema)?;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(cannot)?;
    if version == 0 { Err(StoreError::Foreign { file: file.to_owned() }) } else { Ok(connection) }
}

/// Whether the file itself is at fault, and not the disk or whoever else uses it.
pub(crate) fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase)
    )
}

/// Whether the disk did not give back a part of the file. It may do so the next time, or never again.
pub(crate) fn is_read_error(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{
        SQLITE_IOERR_CORRUPTFS, SQLITE_IOERR_DATA, SQLITE_IOERR_READ, SQLITE_IOERR_SHORT_READ,
    };
    error.sqlite_error().is_some_and(|error| {
        matches!(
            error.extended_code,
            SQLITE_IOERR_READ | SQLITE_IOERR_SHORT_READ | SQLITE_IOERR_DATA | SQLITE_IOERR_CORRUPTFS
        )
    })
}

fn refuse_unknown(connection: &Connection, file: &Path, schema: &Schema) -> Result<(), StoreError> {
    let cannot = |source: rusqlite::Error| StoreError::Open { file: file.to_owned(), source: cause(&source) };
    let ask = |question: &str| connection.query_row(question, [], |row| row.get::<_, i64>(0)).map_err(cannot);
    let known = i64::try_from(schema.steps.len()).unwrap_or(i64::MAX);
    let application_id = ask("PRAGMA application_id")?;
    let untouched = application_id == 0 && ask("SELECT count(*) FROM sqlite_schema")? == 0;
    if application_id != schema.application_id && !untouched {
        return Err(StoreError::Foreign { file: file.to_owned() });
    }
    let found = ask("PRAGMA user_version")?;
    if found > known {
        return Err(StoreError::NewerSchema { file: file.to_owned(), found, known });
    }
    Ok(())
}

/// Takes the steps that the file lacks, all or none. Gives whether rows were brought into another form.
fn upgrade(connection: &mut Connection, schema: &Schema, utc_offset_s: i32) -> Result<bool, Cause> {
    // Immediate: two processes that open the file at once do not both take the same step.
    let behavior = rusqlite::TransactionBehavior::Immediate;
    let transaction = connection.transaction_with_behavior(behavior).map_err(|error| cause(&error))?;
    let found: i64 =
        transaction.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(|error| cause(&error))?;
    let mut is_converted = false;
    for step in schema.steps.iter().skip(usize::try_from(found).unwrap_or(0)) {
        transaction.execute_batch(step.tables).map_err(|error| cause(&error))?;
        if let Some(then) = step.then {
            then(&transaction, utc_offset_s)?;
            is_converted = found > 0;
        }
    }
    let known = i64::try_from(schema.steps.len()).unwrap_or(i64::MAX);
    transaction
        .pragma_update(None, "application_id", schema.application_id)
        .and_then(|()| transaction.pragma_update(None, "user_version", known))
        .and_then(|()| transaction.commit())
        .map_err(|error| cause(&error))?;
    Ok(is_converted)
}

/// Makes the file as small as what is in it, after its rows have got a shorter form. Without it the space is used again, later.
fn give_back(connection: &Connection, file: &Path) {
    if let Err(error) = connection.execute_batch("VACUUM") {
        tracing::warn!(file = %file.display(), %error, "the upgraded store keeps its old size");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Step = Step { tables: "CREATE TABLE a (x)", then: None };
    const SECOND: Step = Step { tables: "ALTER TABLE a ADD COLUMN y DEFAULT 5", then: None };
    const ONE: Schema = Schema { application_id: 7, steps: &[FIRST] };
    const TWO: Schema = Schema { application_id: 7, steps: &[FIRST, SECOND] };

    #[test]
    fn an_older_schema_is_upgraded_and_a_newer_one_refused() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("x.sqlite");
        open(place.path(), &file, &ONE, 0).unwrap().execute("INSERT INTO a VALUES (1)", []).unwrap();
        let upgraded = open(place.path(), &file, &TWO, 0).unwrap();
        let row: (i64, i64) =
            upgraded.query_row("SELECT x, y FROM a", [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        assert_eq!(row, (1, 5));
        drop(upgraded);
        let error = open(place.path(), &file, &ONE, 0).unwrap_err();
        assert!(matches!(error, StoreError::NewerSchema { found: 2, known: 1, .. }));
        assert!(error.to_string().contains("x.sqlite was written by a newer hub (schema 2"), "{error}");
    }

    #[test]
    fn foreign_files_are_refused_untouched() {
        let place = tempfile::tempdir().unwrap();
        let foreign = place.path().join("foreign.sqlite");
        Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
        let before = std::fs::read(&foreign).unwrap();
        assert!(matches!(open(place.path(), &foreign, &ONE, 0), Err(StoreError::Foreign { .. })));
        assert_eq!(std::fs::read(&foreign).unwrap(), before);
        let text = place.path().join("text.sqlite");
        std::fs::write(&text, "time;value\n".repeat(100)).unwrap();
        let error = open(place.path(), &text, &ONE, 0).unwrap_err();
        assert!(
            crate::error::in_one_line(&error).ends_with("cannot be opened: file is not a database"),
            "{error:?}"
        );
    }
}
