//! Links by which an alarm is acknowledged from a message: signed, for one alarm and one person, until a moment. Pure.
//!
//! A link says who it was sent to, so that nobody else's name stands beside the acknowledgement. It can do nothing but that.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use hub_model::{AlarmId, Recipient, Timestamp};
use sha2::{Digest as _, Sha256};

/// Set before what is signed, so that a signature serves for nothing else.
const PURPOSE: &str = "acknowledge\n";
/// Bytes of the key.
pub const KEY_BYTES: usize = 32;

/// What a link permits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    /// The alarm.
    pub alarm: AlarmId,
    /// To whom it was sent.
    pub recipient: Recipient,
    /// Until when.
    pub until: Timestamp,
}

/// Why a link does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadLink {
    /// It is not as it was sent.
    #[error("the link is damaged or was not made by this hub")]
    Forged,
    /// Its time is over.
    #[error("the time in which the link could be used is over")]
    Expired,
}

/// The text of a permit, signed with `key`.
pub fn sign(key: &[u8], permit: &Permit) -> String {
    let body = format!("{}\n{}\n{}", permit.alarm, permit.until.as_millis(), permit.recipient);
    let signature = mac(key, &body).finalize().into_bytes();
    format!("{}.{}", BASE64_URL_SAFE_NO_PAD.encode(&body), BASE64_URL_SAFE_NO_PAD.encode(signature))
}

/// Reads a text that [`sign`] made.
///
/// # Errors
/// When it was made with another key or changed, or its time is over at `now`.
pub fn read(key: &[u8], text: &str, now: Timestamp) -> Result<Permit, BadLink> {
    let (body, signature) = text.split_once('.').ok_or(BadLink::Forged)?;
    let decoded = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| BadLink::Forged);
    let (body, signature) = (decoded(body)?, decoded(signature)?);
    let body = String::from_utf8(body).map_err(|_| BadLink::Forged)?;
    // In constant time.
    mac(key, &body).verify_slice(&signature).map_err(|_| BadLink::Forged)?;
    let mut parts = body.splitn(3, '\n');
    let mut number = || parts.next().and_then(|part| part.parse::<i64>().ok()).ok_or(BadLink::Forged);
    let (alarm, until) = (number()?, number()?);
    let recipient = Recipient::parse(parts.next().ok_or(BadLink::Forged)?);
    let permit =
        Permit { alarm: AlarmId(alarm.cast_unsigned()), recipient, until: Timestamp::from_millis(until) };
    if now >= permit.until { Err(BadLink::Expired) } else { Ok(permit) }
}

/// A digest by which a secret is recognised and not read.
pub(crate) fn fingerprint(secret: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(secret.as_bytes()))
}

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
fn mac(key: &[u8], body: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes any key");
    mac.update(PURPOSE.as_bytes());
    mac.update(body.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_permits_what_it_was_signed_for_until_its_time() {
        let permit = Permit {
            alarm: AlarmId(7),
            recipient: Recipient::Person("hoa".to_owned()),
            until: Timestamp::from_millis(1_000),
        };
        let text = sign(b"key", &permit);
        let at = Timestamp::from_millis;
        assert_eq!(read(b"key", &text, at(999)), Ok(permit.clone()));
        assert_eq!(read(b"key", &text, at(1_000)), Err(BadLink::Expired));
        assert_eq!(read(b"other", &text, at(0)), Err(BadLink::Forged));
        let other = sign(b"key", &Permit { alarm: AlarmId(8), ..permit });
        let (body, _) = other.split_once('.').unwrap();
        let (_, signature) = text.split_once('.').unwrap();
        assert_eq!(read(b"key", &format!("{body}.{signature}"), at(0)), Err(BadLink::Forged));
        for damaged in ["", ".", "a.b", &text[1..], &text[..text.len() - 1]] {
            assert_eq!(read(b"key", damaged, at(0)), Err(BadLink::Forged), "{damaged}");
        }
    }
}
