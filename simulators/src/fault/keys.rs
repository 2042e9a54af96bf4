//! The keys of a fault, as a scenario and the control page write them.

use std::time::Duration;

use hub_model::duration;

use super::FaultKind;

/// Modbus' answer "slave device failure".
const DEFAULT_EXCEPTION: u8 = 4;
/// Longer than any sensible time-out, short enough to be seen.
const DEFAULT_DELAY: Duration = Duration::from_secs(3);

/// What is said of a fault.
#[derive(Debug, Clone)]
pub(crate) struct FaultKeys {
    pub kind: String,
    pub code: Option<u8>,
    pub value: Option<f64>,
    pub ramp: Option<String>,
    pub delay: Option<String>,
}

impl FaultKeys {
    /// The kind with the keys that belong to it; the error says which key is wrong or missing.
    pub(crate) fn kind(&self) -> Result<FaultKind, String> {
        let word = self.kind.as_str();
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
            "counter_reset" => FaultKind::CounterReset,
            "duplicate" => FaultKind::Duplicate,
            "out_of_order" => FaultKind::OutOfOrder,
            "clock_wrong" => FaultKind::ClockWrong { seconds: value()? },
            other => {
                return Err(format!("kind: found \"{other}\", allowed: {}", FaultKind::WORDS.join(", ")));
            }
        };
        let is_upset = matches!(kind, FaultKind::Offset { .. } | FaultKind::Level { .. });
        let has_value = is_upset || matches!(kind, FaultKind::ClockWrong { .. });
        for (key, is_given, belongs) in [
            ("code", self.code.is_some(), matches!(kind, FaultKind::Exception { .. })),
            ("delay", self.delay.is_some(), matches!(kind, FaultKind::Timeout { .. })),
            ("value", self.value.is_some(), has_value),
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
