//! What stands in `SCENARIO.toml`.

use std::path::PathBuf;
use std::time::Duration;

use hub_model::duration;
use serde::Deserialize;
use toml::{Spanned, Value};

use crate::fault::FaultKind;

/// Modbus' answer "slave device failure".
const DEFAULT_EXCEPTION: u8 = 4;
/// Longer than any sensible time-out, short enough to be seen.
const DEFAULT_DELAY: Duration = Duration::from_secs(3);

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
    pub fault: Vec<Spanned<FaultEntry>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MqttEntry {
    pub broker: Option<String>,
    pub every: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ModbusEntry {
    pub listen: Option<Spanned<Value>>,
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
    /// The kind with the keys that belong to it; the error says which key is wrong or missing.
    pub(super) fn kind(&self) -> Result<FaultKind, String> {
        let word = self.kind.get_ref().as_str();
        let value = || self.value.ok_or_else(|| format!("kind \"{word}\" needs a value"));
        let ramp = span(self.ramp.as_deref(), "ramp", Duration::ZERO)?;
        let kind = match word {
            "silence" => FaultKind::Silence,
            "timeout" => FaultKind::Timeout { delay: span(self.delay.as_deref(), "delay", DEFAULT_DELAY)? },
            "exception" => FaultKind::Exception { code: self.code.unwrap_or(DEFAULT_EXCEPTION) },
            "frozen" => FaultKind::Frozen,
            "byte_order" => FaultKind::ByteOrder,
            "offset" => FaultKind::Offset { value: value()?, ramp },
            "level" => FaultKind::Level { value: value()?, ramp },
            "no_reading" => FaultKind::NoReading,
            "disconnect" => FaultKind::Disconnect,
            "wrong_transaction" => FaultKind::WrongTransaction,
            "wrong_unit" => FaultKind::WrongUnit,
            "short_answer" => FaultKind::ShortAnswer,
            "split_answer" => FaultKind::SplitAnswer,
            "wrong_crc" => FaultKind::WrongCrc,
            "noise" => FaultKind::Noise,
            "reset" => FaultKind::Reset,
            other => {
                return Err(format!("kind: found \"{other}\", allowed: {}", FaultKind::WORDS.join(", ")));
            }
        };
        let is_upset = matches!(kind, FaultKind::Offset { .. } | FaultKind::Level { .. });
        for (key, is_given, belongs) in [
            ("code", self.code.is_some(), matches!(kind, FaultKind::Exception { .. })),
            ("delay", self.delay.is_some(), matches!(kind, FaultKind::Timeout { .. })),
            ("value", self.value.is_some(), is_upset),
            ("ramp", self.ramp.is_some(), is_upset),
        ] {
            if is_given && !belongs {
                return Err(format!("{key}: does not belong to kind \"{word}\""));
            }
        }
        Ok(kind)
    }
}

fn span(text: Option<&str>, key: &str, default: Duration) -> Result<Duration, String> {
    text.map_or(Ok(default), |text| duration::parse(text).map_err(|error| format!("{key}: {error}")))
}
