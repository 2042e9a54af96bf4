//! Who is calling and what they may do: passwords, tokens, sessions, roles and the gate before every call.
//!
//! No password, token or session id is ever logged or kept; the store has digests only. The command line uses
//! [`hash_password`], [`new_token`], [`digest`] and [`Role`] for `commune-hub user` and `token`.

mod caller;
mod gate;
mod name;
mod origin;
mod password;
mod role;
mod secret;
mod tries;

pub(crate) use caller::{
    Admin, Caller, Integrator, Officer, Staff, Viewer, accounts, begin_session, end_session,
};
pub(crate) use gate::{COOKIE, caller_of, cookie, display_cookie, expired_cookie, gate, session_cookie};
pub(crate) use name::composed;
pub use name::{BadName, account_name};
pub(crate) use origin::is_cross_site;
pub(crate) use password::Verifier;
pub use password::{MAX_PASSWORD_BYTES, MIN_PASSWORD_CHARS, PasswordError, hash_password, verify};
pub use role::{Role, UnknownRole};
pub use secret::{NoRandomness, TOKEN_PREFIX, digest, new_secret, new_token};
pub(crate) use tries::Tries;
