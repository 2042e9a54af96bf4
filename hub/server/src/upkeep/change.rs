//! What a job makes of a reading. Pure, but for what officers' changes have replaced, which the store knows.

use std::time::Duration;

use hub_logic::{corrected, excluded, is_officers, rejudge};
use hub_model::{Point, Quality, Reading, Reason, Timestamp, Upkeep};
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
            JobKind::Restore => None,
            JobKind::Retime => {
                changed.extend(retimed(job, reading).into_iter().flatten());
                None
            }
        };
        changed.extend(becomes.filter(|becomes| becomes != reading));
    }
    Ok(changed)
}

/// A reading that was kept by a clock that could not be trusted: nothing at that time, and the reading at its own.
///
/// What brought a time of its own stays, and so does what has no value: that nothing was heard is still true.
fn retimed(job: &NewJob, reading: &Reading) -> Option<[Reading; 2]> {
    let is_by_the_hubs_time = reading.measured_at == reading.received_at;
    if !is_by_the_hubs_time || reading.value.is_none() || reading.reason == Some(Reason::Retimed) {
        return None;
    }
    let at = Timestamp::from_millis(reading.measured_at.as_millis().saturating_add(job.number? as i64));
    let reason = Some(Reason::Retimed);
    let nothing = Reading { raw: None, value: None, quality: Quality::Missing, reason, ..reading.clone() };
    Some([nothing, Reading { measured_at: at, received_at: at, reason, ..reading.clone() }])
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

#[cfg(test)]
mod tests {
    use hub_model::{PointId, Scope};

    use super::*;

    #[test]
    fn only_what_was_kept_by_the_hubs_own_time_is_moved_and_only_once() {
        let at = Timestamp::from_millis;
        let scope = Scope::parse("a").unwrap();
        let (why, by) = ("clock".to_owned(), "hub".to_owned());
        let job = NewJob {
            kind: JobKind::Retime,
            scope,
            from: at(0),
            to: None,
            number: Some(500.0),
            why,
            by,
            asked_at: at(9),
        };
        let reading = Reading {
            point: PointId::parse("a/b/c").unwrap(),
            measured_at: at(100),
            received_at: at(100),
            raw: Some(7.0),
            value: Some(0.7),
            quality: Quality::Good,
            reason: Some(Reason::Untimed),
        };
        let [nothing, moved] = retimed(&job, &reading).unwrap();
        assert_eq!((nothing.measured_at, nothing.value, nothing.quality), (at(100), None, Quality::Missing));
        assert_eq!((moved.measured_at, moved.received_at, moved.value), (at(600), at(600), Some(0.7)));
        assert_eq!(
            (moved.raw, moved.quality, moved.reason),
            (Some(7.0), Quality::Good, Some(Reason::Retimed))
        );
        assert_eq!(retimed(&job, &moved), None);
        assert_eq!(retimed(&job, &nothing), None);
        assert_eq!(
            retimed(&job, &Reading { measured_at: at(90), ..reading.clone() }),
            None,
            "the device's own time"
        );
        assert_eq!(retimed(&job, &Reading { value: None, ..reading }), None);
    }
}
