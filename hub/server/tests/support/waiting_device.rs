//! A device that publishes one level at a time and waits for its acknowledgement: what stands still when the disk does.
//!
//! MQTT 3.1.1 by hand, so that nothing between the test and the socket sends again or waits on its own.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// The device `lab` of the site `station`, for a configuration's `sites/station.toml`.
pub const SITE: &str = r#"
id = "station"
kind = "water_station"
name = "Trạm"
[[device]]
id = "lab"
adapter = "mqtt"
login = { username = "lab", password = "a-secret-of-the-lab" }
[[device.point]]
id = "level"
quantity = "level"
"#;

/// How long an acknowledgement may take that should come.
const BOUND: Duration = Duration::from_secs(30);
/// Long enough for one that should not come: the commit window of these tests is 10 ms.
const SILENCE: Duration = Duration::from_millis(700);

/// Its connection.
pub struct WaitingDevice(TcpStream);

impl WaitingDevice {
    /// Connects and logs in.
    pub fn connect(broker: SocketAddr) -> Self {
        let mut stream = TcpStream::connect(broker).unwrap();
        stream.set_read_timeout(Some(BOUND)).unwrap();
        let mut body = text("MQTT");
        body.extend([4, 0xC2, 0, 60]);
        for value in ["lab", "lab", "a-secret-of-the-lab"] {
            body.extend(text(value));
        }
        stream.write_all(&packet(0x10, &body)).unwrap();
        let mut answer = [0; 4];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(answer, [0x20, 2, 0, 0]);
        Self(stream)
    }

    /// Sends a level with QoS 1.
    pub fn publish(&mut self, id: u8, value: f64) {
        let payload = format!(r#"{{"m":{{"level":{value}}}}}"#);
        let topic = text("commune/v1/station/lab/telemetry");
        self.0.write_all(&packet(0x32, &[&topic[..], &[0, id], payload.as_bytes()].concat())).unwrap();
    }

    /// Waits for the next acknowledgement and gives its number.
    pub fn acknowledged(&mut self) -> u8 {
        let mut answer = [0; 4];
        self.0.read_exact(&mut answer).unwrap();
        assert_eq!(answer[..3], [0x40, 2, 0]);
        answer[3]
    }

    /// Nothing is acknowledged for a while.
    pub fn is_silent(&mut self) {
        self.0.set_read_timeout(Some(SILENCE)).unwrap();
        let silence = self.0.read(&mut [0]).unwrap_err().kind();
        assert!(matches!(silence, ErrorKind::WouldBlock | ErrorKind::TimedOut), "{silence}");
        self.0.set_read_timeout(Some(BOUND)).unwrap();
    }
}

fn text(value: &str) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap();
    [&length.to_be_bytes()[..], value.as_bytes()].concat()
}

fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind, u8::try_from(body.len()).unwrap()][..], body].concat()
}
