//! What people keep up about instruments: which calibrations are in force and when somebody works on a place.
//!
//! Judges nothing itself; the logic asks it for each reading. Who may change it, and where it is kept, others say.

use std::collections::BTreeMap;
use std::fmt;

use crate::calibration::{Calibration, in_force};
use crate::{DeviceId, PointId, SiteId, Subject, Timestamp};

/// A site, a device or a point: what a piece of work or a note is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// All of a site.
    Site(SiteId),
    /// All of a device.
    Device(DeviceId),
    /// One point.
    Point(PointId),
}

impl Scope {
    /// Reads `site`, `site/device` or `site/device/point`; `None` when it is none of them.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split('/').count() {
            1 => SiteId::parse(text).ok().map(Self::Site),
            2 => DeviceId::parse(text).ok().map(Self::Device),
            _ => PointId::parse(text).ok().map(Self::Point),
        }
    }

    /// The full id; [`Scope::parse`] reads it back.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Site(site) => site.as_str(),
            Self::Device(device) => device.as_str(),
            Self::Point(point) => point.as_str(),
        }
    }

    /// Whether `id`, a full id of any kind, is this or lies within it.
    pub fn covers(&self, id: &str) -> bool {
        let rest = id.strip_prefix(self.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A span in which somebody works on a place: what it measures then is kept but never judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// What is worked on.
    pub scope: Scope,
    /// First moment.
    pub from: Timestamp,
    /// First moment after it.
    pub to: Timestamp,
}

/// Calibrations and windows as they stand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Upkeep {
    /// In the order of their dates.
    calibrations: BTreeMap<PointId, Vec<Calibration>>,
    /// In the order of their ends, so that those that are over are passed over at once.
    windows: Vec<Window>,
}

impl Upkeep {
    /// Of two calibrations of one point with the same date, the one given later counts.
    pub fn new(all: impl IntoIterator<Item = (PointId, Calibration)>, mut windows: Vec<Window>) -> Self {
        let mut calibrations: BTreeMap<PointId, Vec<Calibration>> = BTreeMap::new();
        for (point, calibration) in all {
            let of_point = calibrations.entry(point).or_default();
            let place = of_point.partition_point(|other| other.from < calibration.from);
            match of_point.get_mut(place) {
                Some(same) if same.from == calibration.from => *same = calibration,
                _ => of_point.insert(place, calibration),
            }
        }
        windows.sort_by_key(|window| window.to);
        Self { calibrations, windows }
    }

    /// The calibration of `point` that is in force at `moment`.
    pub fn calibration(&self, point: &PointId, moment: Timestamp) -> Option<&Calibration> {
        in_force(self.calibrations.get(point)?, moment)
    }

    /// Whether somebody works on `point` at `moment`.
    pub fn is_maintained(&self, point: &PointId, moment: Timestamp) -> bool {
        self.covers(point.as_str(), moment)
    }

    /// Whether somebody works on all of a rule's subject at `moment`.
    pub fn is_subject_maintained(&self, subject: &Subject, moment: Timestamp) -> bool {
        self.covers(subject.as_str(), moment)
    }

    /// When the next piece of work ends that has not ended at `moment`.
    pub fn next_end(&self, moment: Timestamp) -> Option<Timestamp> {
        let over = self.windows.partition_point(|window| window.to <= moment);
        self.windows.get(over).map(|window| window.to)
    }

    fn covers(&self, id: &str, moment: Timestamp) -> bool {
        let over = self.windows.partition_point(|window| window.to <= moment);
        self.windows[over..].iter().any(|window| window.from <= moment && window.scope.covers(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    fn window(scope: &str, from: i64, to: i64) -> Window {
        Window { scope: Scope::parse(scope).unwrap(), from: at(from), to: at(to) }
    }

    #[test]
    fn a_scope_covers_what_lies_within_it_and_nothing_that_only_looks_like_it() {
        for text in ["a", "a/b", "a/b/c"] {
            assert_eq!(Scope::parse(text).unwrap().to_string(), text);
        }
        assert!(Scope::parse("a/b/c/d").is_none() && Scope::parse("").is_none());
        let device = Scope::parse("a/b").unwrap();
        assert!(device.covers("a/b") && device.covers("a/b/c"));
        assert!(!device.covers("a") && !device.covers("a/bc/d") && !device.covers("x/a/b"));
    }

    #[test]
    fn windows_begin_with_their_first_moment_and_end_before_their_last() {
        let upkeep =
            Upkeep::new([], vec![window("a", 100, 200), window("a/b/c", 10, 20), window("a/b", 15, 30)]);
        let point = PointId::parse("a/b/c").unwrap();
        let found: Vec<_> =
            [9, 10, 29, 30, 100, 199, 200].map(|ms| upkeep.is_maintained(&point, at(ms))).into();
        assert_eq!(found, [false, true, true, false, true, true, false]);
        assert_eq!(
            [at(9), at(20), at(200)].map(|now| upkeep.next_end(now)),
            [Some(at(20)), Some(at(30)), None]
        );
        let device = Subject::parse("a/b").unwrap();
        assert!(
            !upkeep.is_subject_maintained(&device, at(12)),
            "work on one point is not work on its device"
        );
        assert!(upkeep.is_subject_maintained(&device, at(15)));
    }

    #[test]
    fn of_two_calibrations_on_one_date_the_later_given_counts() {
        let point = PointId::parse("a/b/c").unwrap();
        let found = |from, gain: &str| Calibration {
            from: at(from),
            gain: gain.parse().unwrap(),
            offset: "0".parse().unwrap(),
            by: String::new(),
        };
        let all = [found(20, "2"), found(10, "3"), found(20, "4")].map(|one| (point.clone(), one));
        let upkeep = Upkeep::new(all, vec![]);
        let gain_at = |ms| upkeep.calibration(&point, at(ms)).map(|one| one.gain.to_f64());
        assert_eq!([5, 15, 25].map(gain_at), [None, Some(3.0), Some(4.0)]);
        assert_eq!(upkeep.calibration(&PointId::parse("a/b/d").unwrap(), at(15)), None);
    }
}
