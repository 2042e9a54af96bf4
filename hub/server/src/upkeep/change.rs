//! What a job makes of a reading. Pure, but for what officers' changes have replaced, which the store knows.

use std::time::Duration;

use hub_logic::{corrected, excluded, is_officers, rejudge};
use hub_model::{Point, Reading, Reason, Upkeep};
use hub_store::records::{JobKind, NewJob};
use hub_store::{History, StoreError};

/// Whether each reading that was replaced is kept beside the job: what a person decides on readings is. A calibration is
/// kept whole instead: raw numbers stay, so any earlier value can be computed from it again.
pub(super) fn is_audited(kind: JobKind) -> bool {
    matches!(kind, JobKind::Exclude | JobKind::Set | JobKind::Restore)
}

/// The readings that become others, as they become.
pub(super) fn changed(
    job: &NewJob,
    point: &Point,
    upkeep: &Upkeep,
    history: &dyn History,
    readings: &[Reading],
) -> Result<Vec<Reading>, StoreError> {
    let mut changed = Vec::new();
    for reading in readings {
        let becomes = match job.kind {
            JobKind::Rejudge => Some(rejudge(point, upkeep, reading)),
            // What has no value cannot be taken out of account, and what is out stays out.
            JobKind::Exclude => {
                let is_in = reading.value.is_some() && reading.reason != Some(Reason::Excluded);
                is_in.then(|| excluded(point, reading))
            }
            JobKind::Set => job.number.map(|value| corrected(point, reading, value)),
            JobKind::Restore if is_officers(reading) => before(point, upkeep, history, reading)?,
            JobKind::Restore | JobKind::Retime => None,
        };
        changed.extend(becomes.filter(|becomes| becomes != reading));
    }
    Ok(changed)
}

/// The reading as it was before officers changed it, judged with what is in force now.
fn before(
    point: &Point,
    upkeep: &Upkeep,
    history: &dyn History,
    reading: &Reading,
) -> Result<Option<Reading>, StoreError> {
    let after = reading.measured_at.plus(Duration::from_millis(1));
    let audit = history.audit(&reading.point, reading.measured_at, after)?;
    let replaced = audit.into_iter().rev().filter_map(|correction| correction.replaced);
    Ok(replaced.into_iter().find(|replaced| !is_officers(replaced)).map(|own| rejudge(point, upkeep, &own)))
}
