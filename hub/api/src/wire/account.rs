//! Accounts in the public JSON: users, tokens, sessions, and who changed them. Never a password, a token or a session id
//! but the new token that is shown once.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Role;

/// Somebody who may log in.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct User {
    /// The login name.
    pub name: String,
    /// What the account may do; null where the file holds a word that is no role: that account can do nothing.
    #[schema(required)]
    pub role: Option<Role>,
}

/// A new user.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// The login name: 1 to 64 characters without spaces.
    pub name: String,
    /// What the account may do.
    pub role: Role,
    /// At least 8 characters.
    #[schema(format = Password)]
    pub password: String,
}

/// What is to be changed of a user; what is not given stays.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChange {
    /// Another role.
    #[serde(default)]
    pub role: Option<Role>,
    /// Another password; it ends the user's sessions.
    #[serde(default)]
    #[schema(format = Password)]
    pub password: Option<String>,
}

/// A program that may call the API.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Token {
    /// What it is called.
    pub name: String,
    /// What it may do.
    #[schema(required)]
    pub role: Option<Role>,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
}

/// A new token to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What it is called: 1 to 64 characters without spaces.
    pub name: String,
    /// What it may do.
    pub role: Role,
}

/// A token that was made. It is shown this once.
#[derive(Clone, Serialize, ToSchema)]
pub struct MadeToken {
    /// What it is called.
    pub name: String,
    /// To be sent as `Authorization: Bearer`.
    pub token: String,
}

/// A login that is still good.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct OpenSession {
    /// Names the session here; nobody can log in with it.
    pub id: String,
    /// Who logged in.
    pub user: String,
    /// When they logged in.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it was used last, to some minutes.
    #[schema(format = DateTime)]
    pub last_used_at: String,
    /// Whether this call was made with it.
    pub is_own: bool,
}

/// Another password for oneself.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The present one.
    #[schema(format = Password)]
    pub current: String,
    /// The new one, at least 8 characters.
    #[schema(format = Password)]
    pub password: String,
}

/// A screen on the wall.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DisplayRequest {
    /// A token of role viewer.
    #[schema(format = Password)]
    pub token: String,
}

/// The first administrator.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetupRequest {
    /// The code that the hub printed when it started.
    pub code: String,
    /// The login name.
    pub username: String,
    /// At least 8 characters.
    #[schema(format = Password)]
    pub password: String,
}
