//! The adapter's own keys: which lines are a device's, and which field of them is a point's.

use adapters_sdk::config::{Problems, Table};
use hub_model::{LocalText, local};

/// Longest measurement, tag or field name, in bytes.
const MAX_NAME_BYTES: usize = 256;

/// A device's settings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeviceSettings {
    /// Which lines are its own; without, only those that name a point.
    pub matching: Option<Match>,
}

/// Which lines, packs and documents are a device's: those that have all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// The measurement; any when it is not given.
    pub measurement: Option<String>,
    /// Tags and their values.
    pub tags: Vec<(String, String)>,
}

/// A point's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointSettings {
    /// The field that it is read from.
    pub field: String,
}

/// Takes the adapter's keys out of a device's table.
pub fn device(table: &mut Table, problems: &mut Problems) -> Option<DeviceSettings> {
    let was_given = table.has("match");
    let empty = table.fault(
        "match",
        local!(
            "không có measurement lẫn tags, cần một trong hai, hoặc bỏ hẳn match",
            "found neither measurement nor tags, needed: one of them, or no match at all"
        ),
    );
    let Some(mut matching) = table.table("match", problems) else {
        return (!was_given).then(DeviceSettings::default);
    };
    let before = problems.errors().len();
    let measurement = matching.parsed("measurement", problems, name);
    let tags = matching.table("tags", problems).map(|tags| tags.into_texts(problems)).unwrap_or_default();
    matching.finish(problems);
    if problems.errors().len() > before {
        return None;
    }
    if measurement.is_none() && tags.is_empty() {
        problems.error(empty);
        return None;
    }
    Some(DeviceSettings { matching: Some(Match { measurement, tags }) })
}

/// Takes the adapter's keys out of a point's table; `id` is the point's own part of its id.
pub fn point(table: &mut Table, id: &str, problems: &mut Problems) -> Option<PointSettings> {
    let was_given = table.has("field");
    match table.parsed("field", problems, name) {
        Some(field) => Some(PointSettings { field }),
        None if was_given => None,
        None => Some(PointSettings { field: id.to_owned() }),
    }
}

fn name(text: &str) -> Result<String, LocalText> {
    if text.is_empty() || text.len() > MAX_NAME_BYTES {
        let bytes = text.len();
        return Err(local!(
            "có {bytes} byte, được phép: 1 đến {MAX_NAME_BYTES}",
            "found {bytes} bytes, allowed: 1 to {MAX_NAME_BYTES}"
        ));
    }
    Ok(text.to_owned())
}
