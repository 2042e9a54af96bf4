//! Where a bus is reached: over TCP, over TCP to a gateway that passes serial frames on, or a serial device. Opens nothing.
//!
//! Read next: [`crate::config`].

use std::fmt;
use std::str::FromStr;

use crate::serial::{ALLOWED_SERIAL, SerialLine};

/// What an endpoint may look like, for error texts.
const ALLOWED: &str = "\"tcp://HOST:PORT\", \"rtu+tcp://HOST:PORT\" or \"serial:///dev/DEVICE?baud=9600&parity=none&stop=1&data=8\"";

/// Where a bus is reached: devices with the same endpoint share one connection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Endpoint {
    /// Modbus TCP.
    Tcp(Host),
    /// Serial frames over TCP, as transparent gateways speak.
    RtuOverTcp(Host),
    /// A serial device of this machine, RS-485 or RS-232.
    Serial(SerialLine),
}

/// A host and a port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Host {
    /// A host name, an IPv4 address, or an IPv6 address without its brackets; in lower case.
    pub name: String,
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
    /// A serial device with a setting that there is not.
    #[error("found \"{found}\": {fault}; allowed: {ALLOWED_SERIAL}")]
    Serial {
        /// What was found.
        found: String,
        /// What is wrong with it.
        fault: String,
    },
}

impl Endpoint {
    /// Whether it carries serial frames: one request at a time, checksums, no transaction numbers.
    pub fn is_rtu(&self) -> bool {
        !matches!(self, Self::Tcp(_))
    }

    /// A name for addresses: whatever is no letter, digit or dot is a hyphen, and the settings of a serial line are left out.
    pub fn slug(&self) -> String {
        let scheme = match self {
            Self::Tcp(_) => "tcp",
            Self::RtuOverTcp(_) => "rtu-tcp",
            Self::Serial(_) => "serial",
        };
        let wire = self.wire();
        let plain = |letter: char| if letter.is_ascii_alphanumeric() || letter == '.' { letter } else { '-' };
        let rest: String = wire.trim_start_matches('/').chars().map(plain).collect();
        format!("{scheme}-{rest}")
    }

    /// What two endpoints have in common that mean the same wire: the host and port, or the device's path.
    pub(crate) fn wire(&self) -> String {
        match self {
            Self::Tcp(host) | Self::RtuOverTcp(host) => host.to_string(),
            Self::Serial(line) => line.path.clone(),
        }
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let malformed = || EndpointError::Malformed { found: text.to_owned() };
        let (scheme, rest) = text.split_once("://").ok_or_else(malformed)?;
        match scheme {
            "tcp" => Host::parse(rest).map(Self::Tcp).ok_or_else(malformed),
            "rtu+tcp" => Host::parse(rest).map(Self::RtuOverTcp).ok_or_else(malformed),
            "serial" => SerialLine::parse(rest)
                .map(Self::Serial)
                .map_err(|fault| EndpointError::Serial { found: text.to_owned(), fault }),
            _ => Err(malformed()),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host) => write!(f, "tcp://{host}"),
            Self::RtuOverTcp(host) => write!(f, "rtu+tcp://{host}"),
            Self::Serial(line) => write!(f, "serial://{line}"),
        }
    }
}

impl Host {
    fn parse(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let port = port.parse().ok().filter(|port| *port != 0)?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let is_fine = match bare {
            Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
            None => is_host_name(host),
        };
        is_fine.then(|| Self { name: bare.unwrap_or(host).to_ascii_lowercase(), port })
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.contains(':') {
            return write!(f, "[{}]:{}", self.name, self.port);
        }
        write!(f, "{}:{}", self.name, self.port)
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
        for text in [
            "tcp://127.0.0.1:5020",
            "tcp://plc.local:502",
            "tcp://[::1]:502",
            "rtu+tcp://gateway:4001",
            "serial:///dev/ttyUSB0?baud=19200&parity=even&stop=2&data=7",
        ] {
            assert_eq!(text.parse::<Endpoint>().unwrap().to_string(), text);
        }
        assert_eq!("tcp://PLC:502".parse::<Endpoint>(), "tcp://plc:502".parse());
        let short = "serial:///dev/ttyS1".parse::<Endpoint>().unwrap();
        assert_eq!(short.to_string(), "serial:///dev/ttyS1?baud=9600&parity=none&stop=1&data=8");
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
            "rtu+tcp://a",
        ] {
            let error = text.parse::<Endpoint>().unwrap_err().to_string();
            assert_eq!(error, format!("found \"{text}\", allowed: {ALLOWED}"));
        }
    }

    #[test]
    fn one_wire_has_one_name_however_it_is_spoken() {
        let wire = |text: &str| text.parse::<Endpoint>().unwrap().wire();
        assert_eq!(wire("tcp://a:1"), wire("rtu+tcp://A:1"));
        assert_eq!(wire("serial:///dev/ttyS1?baud=1200"), wire("serial:///dev/ttyS1"));
    }

    #[test]
    fn a_slug_fits_into_an_address() {
        for (endpoint, slug) in [
            ("tcp://PLC-1.local:502", "tcp-plc-1.local-502"),
            ("rtu+tcp://[::1]:4001", "rtu-tcp----1--4001"),
            ("serial:///dev/ttyUSB0?baud=19200", "serial-dev-ttyUSB0"),
        ] {
            assert_eq!(endpoint.parse::<Endpoint>().unwrap().slug(), slug);
        }
    }
}
