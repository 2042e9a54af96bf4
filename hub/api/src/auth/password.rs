//! Passwords as Argon2id digests (9 MiB, four passes, one lane), and a bound on how many are computed at once.
//!
//! A password or a digest is never logged. Every verification costs the same time, whether the user exists or not.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use hub_model::LocalText;
use hub_model::text::Told;
use tokio::sync::Semaphore;

/// Memory of one digest, in KiB: of the costs that OWASP holds equal, the one that suits a gateway with 64 MiB for the hub.
const MEMORY_KIB: u32 = 9 * 1024;
/// Passes over that memory.
const PASSES: u32 = 4;
/// Digests computed at once: they must leave room for the rest of the hub.
const RUNNING: usize = 2;
/// Logins that wait for their turn; the next one is refused with 503.
const WAITING: usize = 16;
/// Longest password that is taken, in bytes.
pub const MAX_PASSWORD_BYTES: usize = 1024;
/// Shortest password that `user add` and `user passwd` take, in characters.
pub const MIN_PASSWORD_CHARS: usize = 8;

/// A digest that no password has, of the same cost as all others: verified when the user is unknown.
const NOBODY: &str =
    "$argon2id$v=19$m=9216,t=4,p=1$bm9ib2R5LW5vYm9keS0tLQ$bm9ib2R5IGhhcyB0aGlzIGRpZ2VzdCwgbm90IGV2ZXI";

/// Why a password could not be digested.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too short or too long.
    #[error("a password has at least {MIN_PASSWORD_CHARS} characters and at most {MAX_PASSWORD_BYTES} bytes")]
    Length,
    /// The digest could not be computed: no memory or no randomness.
    #[error("the password's digest could not be computed: {detail}")]
    Digest {
        /// What the library says.
        detail: String,
    },
}

impl Told for PasswordError {
    fn told(&self) -> LocalText {
        let vi = match self {
            Self::Length => format!(
                "mật khẩu cần ít nhất {MIN_PASSWORD_CHARS} ký tự và dài tối đa {MAX_PASSWORD_BYTES} byte"
            ),
            Self::Digest { detail } => format!("không tính được mã băm của mật khẩu ({detail})"),
        };
        LocalText { vi, en: self.to_string() }
    }
}

/// The digest of a new password, as a PHC string with a random salt. Takes some 50 ms and 9 MiB: never on an async task.
pub fn hash_password(password: &str) -> Result<String, PasswordError> {
    if password.chars().count() < MIN_PASSWORD_CHARS || password.len() > MAX_PASSWORD_BYTES {
        return Err(PasswordError::Length);
    }
    let failed = |detail: String| PasswordError::Digest { detail };
    let hash = argon2()
        .and_then(|argon2| argon2.hash_password(password.as_bytes()).map_err(|e| e.to_string()))
        .map_err(failed)?;
    Ok(hash.to_string())
}

/// Whether the password belongs to the digest. Takes as long as [`hash_password`].
pub fn verify(password: &str, digest: &str) -> bool {
    if password.len() > MAX_PASSWORD_BYTES {
        return false;
    }
    let Ok(parsed) = PasswordHash::new(digest) else { return false };
    argon2().is_ok_and(|argon2| argon2.verify_password(password.as_bytes(), &parsed).is_ok())
}

fn argon2() -> Result<Argon2<'static>, String> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(|e| e.to_string())?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Verifies passwords, a few at a time.
#[derive(Debug, Clone)]
pub struct Verifier {
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
}

/// Too many logins wait already.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("too many logins at once")]
pub struct Busy;

impl Verifier {
    /// A verifier with its own bounds.
    pub fn new() -> Self {
        Self {
            running: Arc::new(Semaphore::new(RUNNING)),
            admitted: Arc::new(Semaphore::new(RUNNING + WAITING)),
        }
    }

    /// Whether the password belongs to the digest; `None` is an unknown user, takes as long and is always false.
    pub async fn verify(&self, password: String, digest: Option<String>) -> Result<bool, Busy> {
        let _admitted = self.admitted.clone().try_acquire_owned().map_err(|_| Busy)?;
        let turn = self.running.clone().acquire_owned().await.map_err(|_| Busy)?;
        let work = move || {
            // The turn goes into the thread: a client that hangs up does not let a third digest start.
            let _turn = turn;
            verify(&password, digest.as_deref().unwrap_or(NOBODY))
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| Busy)
    }
}

impl Default for Verifier {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_verified_against_its_digest_only() {
        let digest = hash_password("nước sạch 2026").unwrap();
        assert!(digest.starts_with("$argon2id$v=19$m=9216,t=4,p=1$"), "{digest}");
        assert!(verify("nước sạch 2026", &digest));
        assert!(!verify("nước sạch 2025", &digest));
        assert!(!verify("nước sạch 2026", "no digest"));
    }

    #[test]
    fn passwords_of_the_wrong_length_are_refused() {
        assert_eq!(hash_password("seven77"), Err(PasswordError::Length));
        assert_eq!(hash_password(&"x".repeat(MAX_PASSWORD_BYTES + 1)), Err(PasswordError::Length));
    }

    #[tokio::test]
    async fn an_unknown_user_costs_the_same_and_is_never_right() {
        let own = hash_password("whatever it is").unwrap();
        let cost = |digest: &str| digest.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(cost(NOBODY), cost(&own));
        assert!(PasswordHash::new(NOBODY).is_ok_and(|hash| hash.hash.is_some_and(|hash| hash.len() == 32)));
        assert_eq!(Verifier::new().verify("whatever it is".into(), None).await, Ok(false));
    }

    #[tokio::test]
    async fn more_logins_than_may_wait_are_turned_away() {
        let verifier = Verifier::new();
        let all = verifier.admitted.clone().try_acquire_many_owned((RUNNING + WAITING) as u32).unwrap();
        assert_eq!(verifier.verify("whatever".into(), None).await, Err(Busy));
        drop(all);
        assert_eq!(verifier.verify("whatever".into(), None).await, Ok(false));
    }
}
