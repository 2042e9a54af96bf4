//! API tokens. Never sees a token, only its SHA-256, and never gives that back.

use hub_model::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use super::error::{met, taken};
use super::{AccountError, Accounts, Digest};

/// A program that may call the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What it is called.
    pub name: String,
    /// Role code, such as `integrator`.
    pub role: String,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Accounts {
    /// Adds a token.
    ///
    /// # Errors
    /// When the name is taken or the file cannot be written.
    pub fn add_token(
        &self,
        name: &str,
        role: &str,
        digest: &Digest,
        created_at: Timestamp,
    ) -> Result<(), AccountError> {
        self.lock()
            .execute(
                "INSERT INTO token (name, role, digest, created_at) VALUES (?, ?, ?, ?)",
                params![name, role, digest, created_at.as_millis()],
            )
            .map(drop)
            .map_err(|error| taken(error, "token", name))
    }

    /// All tokens, in the order of their names.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn list_tokens(&self) -> Result<Vec<Token>, AccountError> {
        let connection = self.lock();
        let mut query =
            connection.prepare_cached("SELECT name, role, created_at FROM token ORDER BY name")?;
        let tokens = query.query_map([], token_of)?.collect::<Result<_, _>>()?;
        Ok(tokens)
    }

    /// Ends a token.
    ///
    /// # Errors
    /// When there is no such token or the file cannot be written.
    pub fn revoke_token(&self, name: &str) -> Result<(), AccountError> {
        met(self.lock().execute("DELETE FROM token WHERE name = ?", [name])?, "token", name)
    }

    /// The token whose SHA-256 this is.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn token_by_digest(&self, digest: &Digest) -> Result<Option<Token>, AccountError> {
        let connection = self.lock();
        let mut query =
            connection.prepare_cached("SELECT name, role, created_at FROM token WHERE digest = ?")?;
        Ok(query.query_row([digest], token_of).optional()?)
    }
}

fn token_of(row: &Row<'_>) -> rusqlite::Result<Token> {
    Ok(Token { name: row.get(0)?, role: row.get(1)?, created_at: Timestamp::from_millis(row.get(2)?) })
}
