//! Logins that are still good. Never sees a session id, only its SHA-256.

use hub_model::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use super::error::taken;
use super::{AccountError, Accounts, Digest};

/// A login that is still good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Who logged in.
    pub user: String,
    /// The user's role now, which may be another than at the login.
    pub role: String,
    /// When they logged in.
    pub created_at: Timestamp,
    /// When it was last used, as far as [`Accounts::touch_session`] was told.
    pub last_used_at: Timestamp,
    /// From when on it is no good.
    pub expires_at: Timestamp,
}

impl Accounts {
    /// Begins a session of `user`.
    ///
    /// # Errors
    /// When there is no such user, the digest is in use, or the file cannot be written.
    pub fn add_session(
        &self,
        digest: &Digest,
        user: &str,
        created_at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), AccountError> {
        let connection = self.lock();
        let added = connection.execute(
            "INSERT INTO session (digest, user, created_at, last_used_at, expires_at) VALUES (?1, ?2, ?3, ?3, ?4)",
            params![digest, user, created_at.as_millis(), expires_at.as_millis()],
        );
        match added {
            Ok(_) => Ok(()),
            Err(error) if is_foreign_key(&error) => {
                Err(AccountError::Unknown { kind: "user", name: user.to_owned() })
            }
            Err(error) => Err(taken(error, "session", "")),
        }
    }

    /// The session whose id has this SHA-256, unless it has expired at `now`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn session_by_digest(
        &self,
        digest: &Digest,
        now: Timestamp,
    ) -> Result<Option<Session>, AccountError> {
        let connection = self.lock();
        let mut query = connection.prepare_cached(
            "SELECT session.user, user.role, created_at, last_used_at, expires_at
             FROM session JOIN user ON user.name = session.user WHERE digest = ? AND expires_at > ?",
        )?;
        Ok(query.query_row(params![digest, now.as_millis()], session_of).optional()?)
    }

    /// All sessions that are good at `now`, each with its digest, the one used last first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn list_sessions(&self, now: Timestamp) -> Result<Vec<(Digest, Session)>, AccountError> {
        let connection = self.lock();
        let mut query = connection.prepare_cached(
            "SELECT session.user, user.role, created_at, last_used_at, expires_at, digest
             FROM session JOIN user ON user.name = session.user WHERE expires_at > ? ORDER BY last_used_at DESC",
        )?;
        let sessions = query
            .query_map([now.as_millis()], |row| Ok((row.get(5)?, session_of(row)?)))?
            .collect::<Result<_, _>>()?;
        Ok(sessions)
    }

    /// Notes that a session was used and until when it is good now; false when there is none.
    ///
    /// Each call is a commit: a caller does it once in some minutes, not at every request.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn touch_session(
        &self,
        digest: &Digest,
        last_used_at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<bool, AccountError> {
        let changed = self.lock().execute(
            "UPDATE session SET last_used_at = ?2, expires_at = ?3 WHERE digest = ?1",
            params![digest, last_used_at.as_millis(), expires_at.as_millis()],
        )?;
        Ok(changed > 0)
    }

    /// Ends a session; false when there was none.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn remove_session(&self, digest: &Digest) -> Result<bool, AccountError> {
        Ok(self.lock().execute("DELETE FROM session WHERE digest = ?", [digest])? > 0)
    }

    /// Forgets the sessions that have expired at `now`; says how many.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn purge_expired(&self, now: Timestamp) -> Result<usize, AccountError> {
        Ok(self.lock().execute("DELETE FROM session WHERE expires_at <= ?", [now.as_millis()])?)
    }
}

fn session_of(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        user: row.get(0)?,
        role: row.get(1)?,
        created_at: Timestamp::from_millis(row.get(2)?),
        last_used_at: Timestamp::from_millis(row.get(3)?),
        expires_at: Timestamp::from_millis(row.get(4)?),
    })
}

fn is_foreign_key(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|e| e.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY)
}
