//! The section `[store]`: where readings are kept, how often they are committed, for how long and on how much of the disk they stay.

use std::path::Path;
use std::time::Duration;

use adapters_sdk::config::{Problems, Table};
use hub_model::{LocalText, duration, local};

use super::{StoreSettings, size};

const DAY: Duration = Duration::from_secs(24 * 3600);
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
/// Shorter windows wear the flash out, longer ones keep devices waiting for their acknowledgement.
const COMMIT_WINDOWS: std::ops::RangeInclusive<Duration> = Duration::from_millis(10)..=Duration::from_secs(1);
const SPANS: std::ops::RangeInclusive<Duration> = DAY..=Duration::from_secs(100 * YEAR.as_secs());

/// Reads the section; without it, the defaults. `None` when it is faulty.
pub(super) fn read(root: &mut Table, dir: &Path, problems: &mut Problems) -> Option<StoreSettings> {
    let mut settings = StoreSettings {
        dir: dir.join("data"),
        commit_window: Duration::from_millis(100),
        keep_raw: 400 * DAY,
        keep_hourly: 10 * YEAR,
        max_bytes: None,
    };
    if !root.has("store") {
        // Asked for all the same, so that a misspelt section is told with the right name.
        root.table("store", problems);
        return Some(settings);
    }
    let mut table = root.table("store", problems)?;
    let before = problems.errors().len();
    // Its place is forgotten once it is read.
    let hourly_at = table.at("keep_hourly");
    if let Some(path) = table.parsed("dir", problems, not_empty) {
        settings.dir = dir.join(path);
    }
    let mut span = |key, range, setting: &mut Duration| {
        if let Some(span) = table.duration(key, range, problems) {
            *setting = span;
        }
    };
    span("commit_window", COMMIT_WINDOWS, &mut settings.commit_window);
    span("keep_raw", SPANS, &mut settings.keep_raw);
    span("keep_hourly", SPANS, &mut settings.keep_hourly);
    settings.max_bytes = table.parsed("max_size", problems, size::parse);
    if settings.keep_hourly < settings.keep_raw {
        let (raw, hourly) = (duration::format(settings.keep_raw), duration::format(settings.keep_hourly));
        problems.error(hourly_at.fault(local!(
            "có \"{hourly}\", được phép: ít nhất bằng keep_raw, đang là \"{raw}\"",
            "found \"{hourly}\", allowed: at least keep_raw, which is \"{raw}\""
        )));
    }
    table.finish(problems);
    (problems.errors().len() == before).then_some(settings)
}

fn not_empty(text: &str) -> Result<String, LocalText> {
    if text.is_empty() {
        Err(local!(
            "có \"\", được phép: thư mục, tính từ chỗ của hub.toml",
            "found \"\", allowed: a folder, relative to hub.toml's"
        ))
    } else {
        Ok(text.to_owned())
    }
}
