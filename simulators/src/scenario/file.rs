//! What stands in `SCENARIO.toml`.

use std::path::PathBuf;

use serde::Deserialize;
use toml::{Spanned, Value};

use crate::fault::FaultKeys;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScenarioFile {
    /// A hub's configuration folder, relative to the scenario.
    pub config: PathBuf,
    #[serde(default)]
    pub seed: u64,
    pub speed: Option<Spanned<f64>>,
    pub start: Option<Spanned<String>>,
    #[serde(default)]
    pub mqtt: MqttEntry,
    #[serde(default)]
    pub modbus: ModbusEntry,
    #[serde(default)]
    pub control: ControlEntry,
    #[serde(default)]
    pub fault: Vec<Spanned<FaultEntry>>,
    #[serde(default)]
    pub replay: Vec<ReplayEntry>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MqttEntry {
    pub broker: Option<String>,
    pub site_broker: Option<Spanned<String>>,
    pub every: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ModbusEntry {
    pub listen: Option<Spanned<Value>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ControlEntry {
    pub listen: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReplayEntry {
    pub point: Spanned<String>,
    /// A CSV file, relative to the scenario.
    pub file: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FaultEntry {
    pub at: Spanned<String>,
    #[serde(rename = "for")]
    pub lasts: Option<Spanned<String>>,
    pub site: Option<Spanned<String>>,
    pub device: Option<Spanned<String>>,
    pub point: Option<Spanned<String>>,
    pub kind: Spanned<String>,
    pub code: Option<u8>,
    pub value: Option<f64>,
    pub ramp: Option<String>,
    pub delay: Option<String>,
}

impl FaultEntry {
    /// What is said of the fault itself.
    pub(super) fn keys(&self) -> FaultKeys {
        FaultKeys {
            kind: self.kind.get_ref().clone(),
            code: self.code,
            value: self.value,
            ramp: self.ramp.clone(),
            delay: self.delay.clone(),
        }
    }
}
