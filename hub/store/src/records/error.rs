//! What can go wrong with records, in words for the person who changes them.

use std::fmt;

use hub_model::text::Told;
use hub_model::{LocalText, Timestamp};
use thiserror::Error;

use super::EntryKind;
use crate::error::{Cause, cause};

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    /// A calibration.
    Calibration,
    /// A maintenance window.
    Maintenance,
    /// A note.
    Note,
    /// Work that goes through stored readings.
    Job,
    /// A text of a rule as it once was.
    Version,
}

impl RecordKind {
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Calibration => ("lần hiệu chuẩn", "calibration"),
            Self::Maintenance => ("đợt bảo trì", "maintenance"),
            Self::Note => ("ghi chú", "note"),
            Self::Job => ("lượt tính lại", "job"),
            Self::Version => ("phiên bản", "version"),
        }
    }
}

impl fmt::Display for RecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words().1)
    }
}

impl From<EntryKind> for RecordKind {
    fn from(kind: EntryKind) -> Self {
        match kind {
            EntryKind::Maintenance => Self::Maintenance,
            EntryKind::Note => Self::Note,
        }
    }
}

/// A record could not be read or changed. Nothing has changed then.
#[derive(Debug, Error)]
pub enum RecordError {
    /// Nothing has this number, or somebody has removed it.
    #[error("there is no {kind} {id}; somebody may have removed it")]
    Unknown {
        /// What was looked for.
        kind: RecordKind,
        /// Its number.
        id: u64,
    },
    /// Somebody has changed it since it was read.
    #[error("{by} has changed this {kind} in the meantime; look at it again before you change it")]
    Stale {
        /// What it is.
        kind: RecordKind,
        /// Who changed it last.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// The point has another calibration from that moment on.
    #[error("this point has another calibration with this date, entered by {by}; change that one")]
    SameDate {
        /// Who entered it.
        by: String,
    },
    /// The file could not be read or written.
    #[error("the records cannot be read or written")]
    Storage(#[source] Cause),
}

impl Told for RecordError {
    fn told(&self) -> LocalText {
        let vi = match self {
            Self::Unknown { kind, id } => format!("không có {} {id}; có thể ai đó đã xóa", kind.words().0),
            Self::Stale { kind, by, .. } => {
                format!("{by} vừa sửa {} này; hãy xem lại trước khi sửa", kind.words().0)
            }
            Self::SameDate { by } => {
                format!("điểm đo này đã có hiệu chuẩn vào ngày này, do {by} nhập; hãy sửa lần hiệu chuẩn đó")
            }
            Self::Storage(_) => "không đọc hoặc ghi được sổ ghi chép".to_owned(),
        };
        LocalText { vi, en: self.to_string() }
    }
}

impl From<rusqlite::Error> for RecordError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Storage(cause(&error))
    }
}
