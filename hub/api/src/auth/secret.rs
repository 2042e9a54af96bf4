//! Random secrets of 256 bits for sessions and tokens. Only their SHA-256 is kept, so that a stolen file opens nothing.

use std::fmt::Write as _;

use hub_store::Digest;
use sha2::{Digest as _, Sha256};

/// Bytes of randomness in a secret.
const SECRET_BYTES: usize = 32;
/// How API tokens begin, so that people and scanners recognise them.
pub const TOKEN_PREFIX: &str = "ch_";

/// The machine gave no randomness; nothing may be issued then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no randomness: {detail}")]
pub struct NoRandomness {
    /// What the system says.
    pub detail: String,
}

/// A new API token; shown once, kept only as its [`digest`].
pub fn new_token() -> Result<String, NoRandomness> {
    Ok(format!("{TOKEN_PREFIX}{}", new_secret()?))
}

/// A new session id: 64 hexadecimal digits.
pub fn new_secret() -> Result<String, NoRandomness> {
    let mut bytes = [0u8; SECRET_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| NoRandomness { detail: error.to_string() })?;
    Ok(hex(&bytes))
}

/// What is kept of a token or a session id: its SHA-256.
pub fn digest(secret: &str) -> Digest {
    Sha256::digest(secret.as_bytes()).into()
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_long_and_never_twice_the_same() {
        let (one, other) = (new_token().unwrap(), new_token().unwrap());
        assert_eq!(one.len(), TOKEN_PREFIX.len() + 64);
        assert_ne!(one, other);
    }

    #[test]
    fn the_digest_is_sha_256() {
        assert_eq!(hex(&digest("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
