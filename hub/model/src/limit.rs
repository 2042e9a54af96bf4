//! Limits that a regulation sets on a quantity, with the dates between which they apply.

use std::time::Duration;

use crate::Timestamp;

/// One limit, already expressed in the unit of the point that it is bound to.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// Least allowed value.
    pub min: Option<f64>,
    /// Greatest allowed value.
    pub max: Option<f64>,
    /// The set it comes from, such as `qcvn-01-1-2024`.
    pub set: String,
    /// The regulation's name, such as `QCVN 01-1:2024/BYT`.
    pub regulation: String,
    /// Where in the regulation it stands.
    pub clause: String,
    /// Whether the figure was read in a source that prints it.
    pub status: LimitStatus,
    /// The span over which values are averaged before they are held against the limit; `None` for single values.
    pub averaging: Option<Duration>,
    /// First moment at which it applies.
    pub valid_from: Option<Timestamp>,
    /// First moment at which it no longer applies.
    pub valid_to: Option<Timestamp>,
}

/// Whether a figure was read in a source that prints it. An unverified one is always shown as such.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitStatus {
    /// Read in a source that prints it.
    Verified,
    /// From general knowledge.
    Unverified,
}

impl Limit {
    /// Of several, the one that applies at `moment`: the one nearest to single values, which is that of the shortest
    /// averaging, and of those the one that came into force last.
    pub fn at(limits: &[Limit], moment: Timestamp) -> Option<&Limit> {
        let averaging = |limit: &&Limit| std::cmp::Reverse(limit.averaging.unwrap_or_default());
        let applying = limits.iter().filter(|limit| limit.applies_at(moment));
        applying.max_by_key(|limit| (averaging(limit), limit.valid_from))
    }

    /// Whether the limit applies at `moment`.
    pub fn applies_at(&self, moment: Timestamp) -> bool {
        self.valid_from.is_none_or(|from| from <= moment) && self.valid_to.is_none_or(|to| moment < to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_date_does_not_put_a_longer_averaging_before_a_shorter_one() {
        let limit = |hours: Option<u64>, from: Option<i64>, max: f64| Limit {
            min: None,
            max: Some(max),
            set: "set".into(),
            regulation: "regulation".into(),
            clause: "clause".into(),
            status: LimitStatus::Verified,
            averaging: hours.map(|hours| Duration::from_secs(hours * 3600)),
            valid_from: from.map(Timestamp::from_millis),
            valid_to: None,
        };
        let hourly = limit(Some(1), None, 200.0);
        let daily = [limit(Some(24), Some(5), 50.0), limit(Some(24), Some(20), 45.0)];
        let all = [hourly, daily[0].clone(), daily[1].clone()];
        let max_at =
            |limits: &[Limit], ms| Limit::at(limits, Timestamp::from_millis(ms)).and_then(|one| one.max);
        assert_eq!(max_at(&all, 30), Some(200.0));
        assert_eq!(
            (max_at(&daily, 10), max_at(&daily, 30), max_at(&daily, 1)),
            (Some(50.0), Some(45.0), None)
        );
        let single = limit(None, None, 350.0);
        assert_eq!(max_at(&[all[0].clone(), single], 30), Some(350.0));
    }
}
