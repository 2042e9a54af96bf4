//! Writing a point, because a person asks for it: the write, and a read that proves it. Never writes by itself, and never a
//! point that is not configured with `write = true`.
//!
//! Read next: [`crate::encode`].

use hub_model::text::Told;
use hub_model::{LocalText, PointId};

use crate::ask::Ask;
use crate::config::PointSettings;
use crate::encode::{encode, encode_part};
use crate::failure::Failure;
use crate::register::Register;
use crate::running::{Buses, Target};

/// Why nothing was written, or it is not known that it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// No bus has such a point.
    #[error("{point} is not a point of a Modbus device")]
    UnknownPoint {
        /// The point.
        point: PointId,
    },
    /// Its configuration does not allow it.
    #[error("{point} is not configured with write = true")]
    NotWritable {
        /// The point.
        point: PointId,
    },
    /// The point's type cannot hold the number.
    #[error("the raw number {raw} does not fit into {point}, which is {data_type}")]
    DoesNotFit {
        /// The point.
        point: PointId,
        /// The number, before scale and offset, as text.
        raw: String,
        /// What the point is made of.
        data_type: &'static str,
    },
    /// The device did not do it.
    #[error("{point} was not written: {failure}")]
    Failed {
        /// The point.
        point: PointId,
        /// Why.
        #[source]
        failure: Failure,
    },
    /// The device confirmed the write, but it could not be read back.
    #[error("{point} was written, but could not be read back: {failure}")]
    NotProved {
        /// The point.
        point: PointId,
        /// Why.
        #[source]
        failure: Failure,
    },
    /// The device confirmed the write and holds something else.
    #[error("{point} holds {found:04X?} after {written:04X?} was written and confirmed")]
    NotTaken {
        /// The point.
        point: PointId,
        /// The words that were written.
        written: Vec<u16>,
        /// The words that were read back.
        found: Vec<u16>,
    },
}

impl Told for WriteError {
    fn told(&self) -> LocalText {
        let vi = match self {
            Self::UnknownPoint { point } => format!("{point} không phải điểm đo của thiết bị Modbus"),
            Self::NotWritable { point } => format!("{point} không được cấu hình write = true"),
            Self::DoesNotFit { point, raw, data_type } => {
                format!("số thô {raw} không vừa với {point}, kiểu {data_type}")
            }
            Self::Failed { point, failure } => format!("chưa ghi được {point}: {}", failure.words().vi),
            Self::NotProved { point, failure } => {
                format!("đã ghi {point}, nhưng không đọc lại được: {}", failure.words().vi)
            }
            Self::NotTaken { point, written, found } => format!(
                "{point} vẫn giữ {found:04X?} sau khi thiết bị đã nhận và xác nhận ghi {written:04X?}"
            ),
        };
        LocalText { vi, en: self.to_string() }
    }
}

impl Buses {
    /// Writes the raw number (before scale and offset) of a point, and reads it back.
    ///
    /// # Errors
    /// When the point may not be written, the number does not fit, the device does not do it, or holds something else then.
    pub async fn write(&self, point: &PointId, raw: f64) -> Result<(), WriteError> {
        let unknown = || WriteError::UnknownPoint { point: point.clone() };
        let target = self.target(point).ok_or_else(unknown)?;
        if !target.settings.write {
            return Err(WriteError::NotWritable { point: point.clone() });
        }
        let failed = |failure| WriteError::Failed { point: point.clone(), failure };
        let written = self.words(target, point, raw).await?;
        self.send_words(target, &written).await.map_err(failed)?;
        let proved = self.ask_target(target, read_back(&target.settings)).await;
        let found = proved.map_err(|failure| WriteError::NotProved { point: point.clone(), failure })?;
        if found != written {
            return Err(WriteError::NotTaken { point: point.clone(), written, found });
        }
        Ok(())
    }

    /// The words that the point's registers are to hold; a value that is a part of a register keeps the rest of it.
    async fn words(&self, target: &Target, point: &PointId, raw: f64) -> Result<Vec<u16>, WriteError> {
        let settings = &target.settings;
        let does_not_fit = || WriteError::DoesNotFit {
            point: point.clone(),
            raw: raw.to_string(),
            data_type: settings.data_type.word(),
        };
        if settings.register == Register::Coil {
            let is_switch = raw == 0.0 || raw == 1.0;
            return if is_switch { Ok(vec![raw as u16]) } else { Err(does_not_fit()) };
        }
        if let Some(words) = encode(raw, settings.data_type, settings.byte_order) {
            return Ok(words);
        }
        let bit = settings.bit.unwrap_or(0);
        let part = encode_part(raw, settings.data_type, settings.byte_order, bit);
        let (mask, bits) = part.ok_or_else(does_not_fit)?;
        let held = self.ask_target(target, read_back(settings)).await;
        let held = held.map_err(|failure| WriteError::Failed { point: point.clone(), failure })?;
        Ok(held.into_iter().map(|word| (word & !mask) | bits).collect())
    }

    async fn send_words(&self, target: &Target, words: &[u16]) -> Result<(), Failure> {
        let PointSettings { register, address, .. } = target.settings;
        let many = || Ask::WriteRegisters { start: address, words: words.to_vec() };
        let ask = match words {
            [word] if register == Register::Coil => Ask::WriteCoil { address, on: *word != 0 },
            [word] => Ask::WriteRegister { address, word: *word },
            _ => many(),
        };
        let is_single = matches!(ask, Ask::WriteRegister { .. });
        match self.ask_target(target, ask).await {
            // Some devices know function 16 alone.
            Err(failure) if is_single && failure.is_illegal_function() => {
                self.ask_target(target, many()).await.map(drop)
            }
            other => other.map(drop),
        }
    }
}

fn read_back(settings: &PointSettings) -> Ask {
    Ask::Read { register: settings.register, start: settings.address, count: settings.words }
}
