//! People who log in. Never sees a password, only its PHC string.

use rusqlite::{OptionalExtension, Row};

use super::error::{met, taken};
use super::{AccountError, Accounts};

/// Somebody who may log in.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// Login name.
    pub name: String,
    /// Role code, such as `staff`; what it allows is the caller's matter.
    pub role: String,
    /// PHC string of the password, opaque here.
    pub password_hash: String,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("name", &self.name).field("role", &self.role).finish_non_exhaustive()
    }
}

impl Accounts {
    /// Adds a user.
    ///
    /// # Errors
    /// When the name is taken or the file cannot be written.
    pub fn add_user(&self, name: &str, role: &str, password_hash: &str) -> Result<(), AccountError> {
        self.lock()
            .execute(
                "INSERT INTO user (name, role, password_hash) VALUES (?, ?, ?)",
                [name, role, password_hash],
            )
            .map(drop)
            .map_err(|error| taken(error, "user", name))
    }

    /// Gives a user another password and ends their sessions: whoever knew the old one is out.
    ///
    /// # Errors
    /// When there is no such user or the file cannot be written.
    pub fn set_password(&self, name: &str, password_hash: &str) -> Result<(), AccountError> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        let changed = transaction
            .execute("UPDATE user SET password_hash = ?2 WHERE name = ?1", [name, password_hash])?;
        met(changed, "user", name)?;
        transaction.execute("DELETE FROM session WHERE user = ?", [name])?;
        Ok(transaction.commit()?)
    }

    /// Gives a user another role; their sessions have it at once.
    ///
    /// # Errors
    /// When there is no such user or the file cannot be written.
    pub fn set_role(&self, name: &str, role: &str) -> Result<(), AccountError> {
        met(self.lock().execute("UPDATE user SET role = ?2 WHERE name = ?1", [name, role])?, "user", name)
    }

    /// Removes a user and ends their sessions.
    ///
    /// # Errors
    /// When there is no such user or the file cannot be written.
    pub fn remove_user(&self, name: &str) -> Result<(), AccountError> {
        met(self.lock().execute("DELETE FROM user WHERE name = ?", [name])?, "user", name)
    }

    /// All users, in the order of their names.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn list_users(&self) -> Result<Vec<User>, AccountError> {
        let connection = self.lock();
        let mut query =
            connection.prepare_cached("SELECT name, role, password_hash FROM user ORDER BY name")?;
        let users = query.query_map([], user_of)?.collect::<Result<_, _>>()?;
        Ok(users)
    }

    /// The user with this name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn user(&self, name: &str) -> Result<Option<User>, AccountError> {
        let connection = self.lock();
        let mut query =
            connection.prepare_cached("SELECT name, role, password_hash FROM user WHERE name = ?")?;
        Ok(query.query_row([name], user_of).optional()?)
    }
}

fn user_of(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User { name: row.get(0)?, role: row.get(1)?, password_hash: row.get(2)? })
}
