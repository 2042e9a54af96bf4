//! What stands in the hub's files, as far as a device cares. Unknown keys are passed over here on purpose.

use serde::Deserialize;
use toml::{Spanned, Value};

use super::{ByteOrder, DataType, Format, LineHead, Register};

/// `hub.toml`.
#[derive(Debug, Deserialize)]
pub(super) struct HubFile {
    pub commune: HubCommune,
}

#[derive(Debug, Deserialize)]
pub(super) struct HubCommune {
    pub timezone: Option<String>,
}

/// `sites/*.toml`.
#[derive(Debug, Deserialize)]
pub(super) struct SiteFile {
    pub id: Spanned<String>,
    pub kind: Spanned<String>,
    #[serde(default)]
    pub device: Vec<Spanned<DeviceEntry>>,
}

/// One `[[device]]`.
#[derive(Debug, Deserialize)]
pub(super) struct DeviceEntry {
    pub id: Spanned<String>,
    pub profile: Option<Spanned<String>>,
    pub endpoint: Option<Spanned<String>>,
    pub unit_id: Option<Spanned<i64>>,
    pub login: Option<LoginEntry>,
    pub broker: Option<String>,
    /// The number that stands for `{dev_eui}` in the topics of its points.
    pub dev_eui: Option<String>,
    pub adapter: Option<String>,
    pub byte_order: Option<ByteOrder>,
    pub address_base: Option<i64>,
    pub expire_after: Option<Spanned<String>>,
    #[serde(default)]
    pub point: Vec<PointEntry>,
}

/// `login = { … }`.
#[derive(Deserialize)]
pub(super) struct LoginEntry {
    pub username: String,
    pub password: Option<String>,
    pub password_file: Option<Spanned<String>>,
}

impl std::fmt::Debug for LoginEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoginEntry").field("username", &self.username).finish_non_exhaustive()
    }
}

/// `profiles/*.toml`. Keys that a device has too are its defaults; a device's point of the same id changes single keys.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct ProfileFile {
    pub id: String,
    pub adapter: Option<String>,
    pub byte_order: Option<ByteOrder>,
    pub address_base: Option<i64>,
    pub expire_after: Option<Spanned<String>>,
    #[serde(default)]
    pub point: Vec<PointEntry>,
}

/// One `[[point]]` or `[[device.point]]`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct PointEntry {
    pub id: Spanned<String>,
    pub quantity: Option<Spanned<String>>,
    pub unit: Option<Spanned<String>>,
    pub register: Option<Register>,
    pub address: Option<Spanned<Value>>,
    #[serde(rename = "type")]
    pub kind: Option<DataType>,
    pub byte_order: Option<ByteOrder>,
    pub bit: Option<Spanned<i64>>,
    pub length: Option<Spanned<i64>>,
    pub states: Option<Vec<String>>,
    pub scale: Option<f64>,
    pub offset: Option<f64>,
    pub missing: Option<Vec<f64>>,
    pub counter: Option<Spanned<String>>,
    /// Of what it says, only that it is there matters to a device.
    pub alarm: Option<Value>,
    pub decimals: Option<u8>,
    pub topic: Option<String>,
    pub path: Option<String>,
    pub time_path: Option<String>,
    pub format: Option<Format>,
    #[serde(rename = "match")]
    pub line: Option<LineHead>,
}

impl PointEntry {
    /// This entry's keys, and `base`'s where it has none.
    pub fn over(self, base: Self) -> Self {
        Self {
            id: self.id,
            quantity: self.quantity.or(base.quantity),
            unit: self.unit.or(base.unit),
            register: self.register.or(base.register),
            address: self.address.or(base.address),
            kind: self.kind.or(base.kind),
            byte_order: self.byte_order.or(base.byte_order),
            bit: self.bit.or(base.bit),
            length: self.length.or(base.length),
            states: self.states.or(base.states),
            scale: self.scale.or(base.scale),
            offset: self.offset.or(base.offset),
            missing: self.missing.or(base.missing),
            counter: self.counter.or(base.counter),
            alarm: self.alarm.or(base.alarm),
            decimals: self.decimals.or(base.decimals),
            topic: self.topic.or(base.topic),
            path: self.path.or(base.path),
            time_path: self.time_path.or(base.time_path),
            format: self.format.or(base.format),
            line: self.line.or(base.line),
        }
    }
}
