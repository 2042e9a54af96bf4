//! Where a bus is reached. Never opens anything. Read next: [`crate::config`].

use std::fmt;
use std::str::FromStr;

/// What an endpoint may look like, for error texts.
const ALLOWED: &str = "\"tcp://HOST:PORT\"";
/// Kinds of endpoint that have a name already but are not spoken yet.
const LATER: [&str; 2] = ["rtu+tcp", "serial"];

/// Where a bus is reached: devices with the same endpoint share one connection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// A host name, an IPv4 address, or an IPv6 address without its brackets; in lower case.
    pub host: String,
    /// The TCP port.
    pub port: u16,
}

/// A text that is no endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Not of the form that is allowed.
    #[error("found \"{found}\", allowed: {ALLOWED}")]
    Malformed {
        /// What was found.
        found: String,
    },
    /// A kind of line that this version does not speak.
    #[error("found \"{found}\": this version does not speak {scheme}:// yet, allowed: {ALLOWED}")]
    NotYet {
        /// What was found.
        found: String,
        /// The kind of line.
        scheme: String,
    },
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let malformed = || EndpointError::Malformed { found: text.to_owned() };
        let (scheme, rest) = text.split_once("://").ok_or_else(malformed)?;
        if LATER.contains(&scheme) {
            return Err(EndpointError::NotYet { found: text.to_owned(), scheme: scheme.to_owned() });
        }
        let (host, port) = rest.rsplit_once(':').ok_or_else(malformed)?;
        let port = port.parse().ok().filter(|port| *port != 0).ok_or_else(malformed)?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host_is_fine = match bare {
            Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
            None => is_host_name(host),
        };
        if scheme != "tcp" || !host_is_fine {
            return Err(malformed());
        }
        Ok(Self { host: bare.unwrap_or(host).to_ascii_lowercase(), port })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            return write!(f, "tcp://[{}]:{}", self.host, self.port);
        }
        write!(f, "tcp://{}:{}", self.host, self.port)
    }
}

fn is_host_name(host: &str) -> bool {
    !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_read_and_written_back() {
        for text in ["tcp://127.0.0.1:5020", "tcp://plc.local:502", "tcp://[::1]:502"] {
            assert_eq!(text.parse::<Endpoint>().unwrap().to_string(), text);
        }
        assert_eq!("tcp://PLC:502".parse::<Endpoint>(), "tcp://plc:502".parse());
    }

    #[test]
    fn what_is_no_endpoint_is_refused_with_what_is_allowed() {
        for text in [
            "",
            "127.0.0.1:502",
            "tcp://plc",
            "tcp://:502",
            "tcp://plc:0",
            "tcp://plc:70000",
            "udp://a:1",
            "tcp://a b:1",
            "tcp://::1:5",
            "tcp://a:1/x",
        ] {
            let error = text.parse::<Endpoint>().unwrap_err().to_string();
            assert_eq!(error, format!("found \"{text}\", allowed: \"tcp://HOST:PORT\""));
        }
    }

    #[test]
    fn lines_of_a_later_version_are_named() {
        let error = "serial:///dev/ttyUSB0?baud=9600".parse::<Endpoint>().unwrap_err().to_string();
        assert!(error.contains("this version does not speak serial:// yet"), "{error}");
        assert!("rtu+tcp://gw:502".parse::<Endpoint>().unwrap_err().to_string().contains("rtu+tcp:// yet"));
    }
}
