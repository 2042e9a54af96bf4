//! The hub's configuration folder as far as a device cares: which devices there are, how they are spoken with and what they
//! measure. Keys that only the hub needs are passed over; checking them is the hub's work.
//!
//! Read next: [`file`] (what stands in the files), [`register`] (Modbus places).

mod build;
mod file;
pub mod register;
mod source;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use hub_model::{Counter, DeviceId, PointId, Quantity, SiteId, SiteKind, Unit};

use crate::SimError;
pub use register::{ByteOrder, DataType, Register, RegisterPlace};

/// All that is simulated.
#[derive(Debug, Clone, PartialEq)]
pub struct SimCommune {
    /// IANA time zone of the commune.
    pub timezone: String,
    /// Its sites, in the order of their files' names.
    pub sites: Vec<SimSite>,
    /// Devices that are configured but speak something that is not simulated, and why.
    pub skipped: Vec<(DeviceId, String)>,
}

/// One site.
#[derive(Debug, Clone, PartialEq)]
pub struct SimSite {
    /// Its id.
    pub id: SiteId,
    /// What it is: it chooses the model of a day.
    pub kind: SiteKind,
    /// Its simulated devices.
    pub devices: Vec<SimDevice>,
}

/// One device.
#[derive(Debug, Clone, PartialEq)]
pub struct SimDevice {
    /// Its full id.
    pub id: DeviceId,
    /// How it is spoken with.
    pub link: Link,
    /// The hub calls its points missing after so long without a message.
    pub expire_after: Option<Duration>,
    /// What it measures.
    pub points: Vec<SimPoint>,
}

/// How a device is spoken with.
#[derive(Debug, Clone, PartialEq)]
pub enum Link {
    /// It answers Modbus TCP requests to `unit_id` at `endpoint` (`tcp://HOST:PORT`, as configured).
    Modbus {
        /// The endpoint as the hub's configuration writes it.
        endpoint: String,
        /// The unit on that line.
        unit_id: u8,
    },
    /// It publishes over MQTT.
    Mqtt {
        /// The name and password that it logs in with, where it has any.
        login: Option<Login>,
        /// Somebody else's broker, where it publishes there: a port on loopback.
        elsewhere: Option<u16>,
    },
}

/// A name and a password, which is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The name.
    pub username: String,
    /// The password.
    pub password: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").field("username", &self.username).field("password", &"…").finish()
    }
}

/// One point.
#[derive(Debug, Clone, PartialEq)]
pub struct SimPoint {
    /// Its full id.
    pub id: PointId,
    /// What it measures.
    pub quantity: Quantity,
    /// The unit of its values.
    pub unit: Unit,
    /// value = raw · scale + offset.
    pub scale: f64,
    /// Added after the factor.
    pub offset: f64,
    /// Raw numbers that mean "no reading".
    pub missing: Vec<f64>,
    /// Whether it only counts up, and what comes behind its end.
    pub counter: Option<Counter>,
    /// Whether it is an alarm of the device: 0 as long as nothing is wrong.
    pub alarm: bool,
    /// The texts that stand for 0, 1, 2 …, where it sends a text; without any, the number itself is written.
    pub states: Vec<String>,
    /// Decimals that the device measures to.
    pub decimals: u8,
    /// Where the device puts it.
    pub place: Place,
}

/// Where a device puts a point.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    /// In registers.
    Register(RegisterPlace),
    /// In the hub's own telemetry message, under the point's id.
    Telemetry,
    /// In a message of the device's own.
    Payload {
        /// The topic filter that the hub listens to.
        topic: String,
        /// Where in the payload.
        path: Option<String>,
        /// Where in the payload its time is.
        time_path: Option<String>,
        /// How the payload is written.
        format: Format,
        /// Which line of line protocol holds it.
        line: LineHead,
    },
}

/// What the hub asks of a line of line protocol before it takes a field of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineHead {
    /// Its measurement; any when there is none.
    pub measurement: Option<String>,
    /// Its tags, by name.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// How a payload is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// A JSON document.
    #[default]
    Json,
    /// A plain number.
    Number,
    /// `epoch:value[:value]`.
    Collectd,
    /// A SenML pack in JSON.
    Senml,
    /// Influx line protocol.
    Line,
}

impl SimCommune {
    /// Reads `DIR/hub.toml`, `DIR/sites/*.toml` and `DIR/profiles/*.toml`.
    ///
    /// # Errors
    /// When a file cannot be read, is no TOML, or says of a device what cannot be simulated because it makes no sense.
    pub fn load(dir: &Path) -> Result<Self, SimError> {
        build::load(dir)
    }

    /// All devices.
    pub fn devices(&self) -> impl Iterator<Item = &SimDevice> {
        self.sites.iter().flat_map(|site| &site.devices)
    }

    /// All points.
    pub fn points(&self) -> impl Iterator<Item = &SimPoint> {
        self.devices().flat_map(|device| &device.points)
    }

    /// The device with this full id.
    pub fn device(&self, id: &DeviceId) -> Option<&SimDevice> {
        self.devices().find(|device| device.id == *id)
    }

    /// The point with this full id.
    pub fn point(&self, id: &PointId) -> Option<&SimPoint> {
        self.points().find(|point| point.id == *id)
    }
}
