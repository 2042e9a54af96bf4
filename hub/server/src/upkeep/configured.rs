//! Calibrations of the configuration, compared with what it said when the hub ran last: what was stored meanwhile with
//! others is gone through again.

use hub_model::{Calibration, Commune, Scope, Timestamp};
use hub_store::Records;
use hub_store::records::{JobKind, NewJob, RecordError};

/// Who asks for what follows from the configuration.
const CONFIGURATION: &str = "configuration";

/// Notes the calibrations of every point, and asks for a job where they are others than before.
///
/// # Errors
/// When the records cannot be written.
pub fn note_configured(records: &Records, commune: &Commune, now: Timestamp) -> Result<(), RecordError> {
    for point in commune.points() {
        let text = point.calibrations.iter().map(written).collect::<Vec<_>>().join("\n");
        records.note_configured(&point.id, &text, |before| NewJob {
            kind: JobKind::Rejudge,
            scope: Scope::Point(point.id.clone()),
            from: first_difference(before, &text),
            to: None,
            number: None,
            why: "configuration_changed".to_owned(),
            by: CONFIGURATION.to_owned(),
            asked_at: now,
        })?;
    }
    Ok(())
}

/// Date, gain and offset: who calibrated changes no value.
fn written(calibration: &Calibration) -> String {
    format!("{} {} {}", calibration.from.as_millis(), calibration.gain, calibration.offset)
}

/// The earliest date of a calibration that stands in only one of the two.
fn first_difference(before: &str, now: &str) -> Timestamp {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let (before, now) = (lines(before), lines(now));
    let only_before = before.iter().filter(|line| !now.contains(line));
    let only_now = now.iter().filter(|line| !before.contains(line));
    let dates = only_before.chain(only_now).filter_map(|line| line.split(' ').next()?.parse().ok());
    Timestamp::from_millis(dates.min().unwrap_or(i64::MIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_reaches_back_to_the_earliest_date_that_differs() {
        let ms = |before, now| first_difference(before, now).as_millis();
        assert_eq!(ms("", "100 1 0\n200 2 0"), 100);
        assert_eq!(ms("100 1 0\n200 2 0", "100 1 0\n200 2.5 0"), 200);
        assert_eq!(ms("100 1 0\n200 2 0", "100 1 0"), 200);
        assert_eq!(ms("100 1 0", "150 1 0"), 100);
    }
}
