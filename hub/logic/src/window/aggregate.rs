//! What is known of one minute, or of several put together.
//!
//! Adding up is never undone: a figure depends on the minutes alone, to the last bit. Read next: [`super::Window`].

use hub_model::Timestamp;

pub(super) const MINUTE_MS: i64 = 60_000;

/// What is known of one minute, or of several put together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Aggregate {
    pub(super) minute: i64,
    pub(crate) count: u64,
    sum: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(super) first: (Timestamp, f64),
    pub(super) last: (Timestamp, f64),
    /// How often a value was greater than the one before it, and how often less.
    pub(crate) rises: u64,
    pub(crate) falls: u64,
}

impl Aggregate {
    pub(super) fn of(at: Timestamp, value: f64) -> Self {
        Self {
            minute: minute_of(at),
            count: 1,
            sum: value,
            min: value,
            max: value,
            first: (at, value),
            last: (at, value),
            rises: 0,
            falls: 0,
        }
    }

    pub(super) fn join(&mut self, other: &Self) {
        // What came out of its turn within its minute is not placed between its neighbours: only what follows is compared.
        let follows = other.first.0 > self.last.0;
        self.rises += other.rises + u64::from(follows && other.first.1 > self.last.1);
        self.falls += other.falls + u64::from(follows && other.first.1 < self.last.1);
        self.count += other.count;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        if other.first.0 < self.first.0 {
            self.first = other.first;
        }
        if other.last.0 >= self.last.0 {
            self.last = other.last;
        }
    }

    pub(crate) fn mean(&self) -> f64 {
        self.sum / self.count as f64
    }

    /// Last value less the first one; `None` while there is only one moment.
    pub(crate) fn delta(&self) -> Option<f64> {
        (self.last.0 > self.first.0).then_some(self.last.1 - self.first.1)
    }

    /// Change per hour between the first and the last value.
    pub(crate) fn rate_per_hour(&self) -> Option<f64> {
        let hours = self.last.0.since(self.first.0).as_secs_f64() / 3600.0;
        self.delta().map(|delta| delta / hours)
    }

    /// When the first value was measured.
    pub(crate) fn first_at(&self) -> Timestamp {
        self.first.0
    }
}

/// All of them as one, in their order; `None` when there is none.
pub(super) fn joined<'a>(mut all: impl Iterator<Item = &'a Aggregate>) -> Option<Aggregate> {
    let mut whole = *all.next()?;
    all.for_each(|one| whole.join(one));
    Some(whole)
}

/// The minute in which a moment lies, counted from 1970.
pub(super) fn minute_of(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(MINUTE_MS)
}
