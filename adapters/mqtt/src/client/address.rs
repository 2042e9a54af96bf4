//! The address of a broker, as people write it: `mqtts://user@host:8883`. Pure.

use std::fmt;

use hub_model::LocalText;
use hub_model::text::Told;

/// Ports of MQTT where none is written.
const PLAIN_PORT: u16 = 1883;
const TLS_PORT: u16 = 8883;

/// Where a broker is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BrokerAddress {
    /// Whether it is reached over TLS.
    pub is_encrypted: bool,
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// As whom we log in.
    pub user: Option<String>,
}

/// A text that is no address of a broker. It never holds a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// A password stands in it.
    #[error(
        "found a password in it, allowed: mqtts://user@host:8883 with password or password_file beside it"
    )]
    Password,
    /// It is something else.
    #[error(
        "found \"{found}\", allowed: mqtt:// or mqtts://, then user@ if needed, a host and a port, such as \"mqtts://hub@mqtt.example.vn:8883\""
    )]
    Malformed {
        /// What was found.
        found: String,
    },
}

impl Told for AddressError {
    fn told(&self) -> LocalText {
        let vi = match self {
            Self::Password => {
                "có mật khẩu trong địa chỉ, được phép: mqtts://user@host:8883, mật khẩu ghi ở password hoặc password_file"
                    .to_owned()
            }
            Self::Malformed { found } => format!(
                "có \"{found}\", được phép: mqtt:// hoặc mqtts://, rồi user@ nếu cần, tên máy và cổng, ví dụ \"mqtts://hub@mqtt.example.vn:8883\""
            ),
        };
        LocalText { vi, en: self.to_string() }
    }
}

impl BrokerAddress {
    /// Reads an address.
    ///
    /// # Errors
    /// When it is none, or holds a password.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let malformed = || AddressError::Malformed { found: text.to_owned() };
        let (is_encrypted, rest) = match (text.strip_prefix("mqtts://"), text.strip_prefix("mqtt://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            // What stands before an @ may be a password, whatever the rest is.
            (None, None) if text.contains('@') => return Err(AddressError::Password),
            (None, None) => return Err(malformed()),
        };
        let (user, place) = match rest.rsplit_once('@') {
            Some((user, _)) if user.contains(':') => return Err(AddressError::Password),
            Some((user, place)) => (Some(user), place),
            None => (None, rest),
        };
        let default = if is_encrypted { TLS_PORT } else { PLAIN_PORT };
        let (host, port) = match place.strip_prefix('[') {
            Some(rest) => {
                let (host, after) = rest.split_once(']').ok_or_else(malformed)?;
                match after.strip_prefix(':') {
                    Some(port) => (host, port.parse().map_err(|_| malformed())?),
                    None if after.is_empty() => (host, default),
                    None => return Err(malformed()),
                }
            }
            None => match place.split_once(':') {
                Some((host, port)) => (host, port.parse().map_err(|_| malformed())?),
                None => (place, default),
            },
        };
        let is_host =
            !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:".contains(&b));
        let is_user =
            user.is_none_or(|user| !user.is_empty() && user.len() <= crate::config::MAX_CREDENTIAL_BYTES);
        if !is_host || !is_user || port == 0 {
            return Err(malformed());
        }
        Ok(Self { is_encrypted, host: host.to_owned(), port, user: user.map(str::to_owned) })
    }
}

impl fmt::Display for BrokerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_encrypted { "mqtts" } else { "mqtt" };
        let user = self.user.as_ref().map_or_else(String::new, |user| format!("{user}@"));
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "{scheme}://{user}{open}{}{close}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written() {
        for (text, written) in [
            ("mqtts://hub@eu1.example.org:8883", "mqtts://hub@eu1.example.org:8883"),
            ("mqtts://eu1.example.org", "mqtts://eu1.example.org:8883"),
            ("mqtt://10.0.0.5", "mqtt://10.0.0.5:1883"),
            ("mqtt://[::1]:1884", "mqtt://[::1]:1884"),
            ("mqtt://người@site@broker:1", "mqtt://người@site@broker:1"),
        ] {
            assert_eq!(BrokerAddress::parse(text).unwrap().to_string(), written);
        }
    }

    #[test]
    fn what_is_no_address_is_refused_and_no_password_is_said_back() {
        for text in [
            "",
            "broker",
            "http://a",
            "mqtt://",
            "mqtt://a:b",
            "mqtt://a:0",
            "mqtt://@a",
            "mqtt://a/b",
            "mqtt://[::1",
            "mqtt://[::1]x",
        ] {
            assert!(matches!(BrokerAddress::parse(text), Err(AddressError::Malformed { .. })), "{text}");
        }
        for text in ["mqtts://hub:geheim@a:1", "hub:geheim@a"] {
            let error = BrokerAddress::parse(text).unwrap_err();
            assert!(!error.to_string().contains("geheim"), "{error}");
        }
    }
}
