//! Judged values of the last hours as one-minute aggregates, for `p.mean("1h")` and its kin.
//!
//! Keeps nothing longer than the span it was made for, and only for points that a rule can reach. Read next:
//! [`crate::rules`], which finds out the spans.

use std::collections::VecDeque;
use std::time::Duration;

use hub_model::Timestamp;

/// The longest window that a rule may ask for. At one aggregate a minute it holds at most 1,441 of them (about 100 KB).
pub const MAX_WINDOW: Duration = Duration::from_secs(24 * 3600);

const MINUTE_MS: i64 = 60_000;
/// Minutes of a block, which spares joining them one by one for a span of hours.
const BLOCK: i64 = 60;

/// What is known of one minute, or of several put together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Aggregate {
    minute: i64,
    pub(crate) count: u64,
    sum: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    first: (Timestamp, f64),
    last: (Timestamp, f64),
    /// How often a value was greater than the one before it, and how often less.
    pub(crate) rises: u64,
    pub(crate) falls: u64,
}

impl Aggregate {
    fn of(at: Timestamp, value: f64) -> Self {
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

    fn join(&mut self, other: &Self) {
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

/// The aggregates of one point, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Window {
    span: Duration,
    minutes: VecDeque<Aggregate>,
    /// The minutes of each hour that is over and wholly kept, put together; never the hour of the newest minute. Made of the
    /// minutes alone, so that a window that was filled anew gives the same figures to the last bit.
    hours: VecDeque<Aggregate>,
}

impl Window {
    /// A window that looks back `span`, at most [`MAX_WINDOW`].
    pub(crate) fn new(span: Duration) -> Self {
        Self { span: span.min(MAX_WINDOW), minutes: VecDeque::new(), hours: VecDeque::new() }
    }

    pub(crate) fn span(&self) -> Duration {
        self.span
    }

    /// Takes a value in, in any order of time; one older than the window is left out.
    pub(crate) fn push(&mut self, at: Timestamp, value: f64) {
        let new = Aggregate::of(at, value);
        let before = self.minutes.back().map_or(new.minute, |newest| newest.minute);
        let newest = before.max(new.minute);
        let oldest_kept = newest - minutes_in(self.span);
        if new.minute < oldest_kept {
            return;
        }
        let place = self.minutes.partition_point(|old| old.minute < new.minute);
        match self.minutes.get_mut(place) {
            Some(same) if same.minute == new.minute => same.join(&new),
            _ => self.minutes.insert(place, new),
        }
        while let Some(oldest) = self.minutes.pop_front_if(|oldest| oldest.minute < oldest_kept) {
            self.hours.pop_front_if(|first| hour_of(first) == hour_of(&oldest));
        }
        // An hour is put together when the next one begins, and again when something late falls into it.
        let changed = before.min(new.minute).div_euclid(BLOCK);
        if changed < newest.div_euclid(BLOCK) && changed * BLOCK >= oldest_kept {
            self.put_together(changed);
        }
    }

    fn put_together(&mut self, hour: i64) {
        let from = self.minutes.partition_point(|old| hour_of(old) < hour);
        let to = self.minutes.partition_point(|old| hour_of(old) <= hour);
        let Some(whole) = joined(self.minutes.range(from..to)) else { return };
        let place = self.hours.partition_point(|known| hour_of(known) < hour);
        match self.hours.get_mut(place) {
            Some(same) if hour_of(same) == hour => *same = whole,
            _ => self.hours.insert(place, whole),
        }
    }

    /// Everything measured in the last `span` before `now`, to the minute; `None` when there is nothing.
    pub(crate) fn over(&self, now: Timestamp, span: Duration) -> Option<Aggregate> {
        let newest = minute_of(now);
        let mut index = self.minutes.partition_point(|old| old.minute <= newest - minutes_in(span));
        let end = self.minutes.partition_point(|old| old.minute <= newest);
        // The first hour that begins within the span, and so may be taken whole.
        let mut block =
            self.hours.partition_point(|known| hour_of(known) * BLOCK < newest - minutes_in(span) + 1);
        let mut all: Option<Aggregate> = None;
        let mut add = |one: &Aggregate| match &mut all {
            None => all = Some(*one),
            Some(all) => all.join(one),
        };
        while index < end {
            let one = &self.minutes[index];
            let whole = self.hours.get(block).filter(|known| known.minute == one.minute);
            match whole.filter(|known| (hour_of(known) + 1) * BLOCK <= newest + 1) {
                Some(whole) => {
                    add(whole);
                    let hour = hour_of(whole);
                    index = self.minutes.partition_point(|old| hour_of(old) <= hour);
                    block += 1;
                }
                None => {
                    add(one);
                    index += 1;
                }
            }
        }
        all
    }

    /// The minutes with values in the last `span` before `now`, oldest first.
    pub(crate) fn minutes(
        &self,
        now: Timestamp,
        span: Duration,
    ) -> impl ExactSizeIterator<Item = &Aggregate> {
        let newest = minute_of(now);
        let from = self.minutes.partition_point(|old| old.minute <= newest - minutes_in(span));
        let to = self.minutes.partition_point(|old| old.minute <= newest);
        self.minutes.range(from.min(to)..to)
    }

    /// The share of the minutes of the last `span` in which the value was known, each value counting for `hold`.
    pub(crate) fn completeness(&self, now: Timestamp, span: Duration, hold: Duration) -> f64 {
        let (newest, all) = (minute_of(now), minutes_in(span));
        if self.minutes(now, span).len() as i64 == all {
            return 1.0;
        }
        let mut known_to = newest - all;
        let mut known = 0;
        // A value from just before the span still holds in it.
        for minute in self.minutes(now, span.saturating_add(hold)).map(|one| one.minute) {
            let to = (minute + minutes_in(hold) - 1).min(newest);
            known += (to - known_to.max(minute - 1)).max(0);
            known_to = known_to.max(to);
        }
        known as f64 / all as f64
    }
}

fn joined<'a>(mut all: impl Iterator<Item = &'a Aggregate>) -> Option<Aggregate> {
    let mut whole = *all.next()?;
    all.for_each(|one| whole.join(one));
    Some(whole)
}

fn hour_of(one: &Aggregate) -> i64 {
    one.minute.div_euclid(BLOCK)
}

fn minute_of(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(MINUTE_MS)
}

/// Whole minutes in a span, at least one.
fn minutes_in(span: Duration) -> i64 {
    i64::try_from(span.as_millis().div_ceil(MINUTE_MS as u128)).unwrap_or(i64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: f64) -> Timestamp {
        Timestamp::from_millis((minutes * 60_000.0) as i64)
    }

    fn filled() -> Window {
        let mut window = Window::new(Duration::from_secs(3600));
        for minute in 0..60 {
            window.push(at(f64::from(minute)), f64::from(minute));
        }
        window
    }

    #[test]
    fn figures_of_an_hour_are_right() {
        let hour = filled().over(at(59.9), Duration::from_secs(3600)).unwrap();
        assert_eq!((hour.count, hour.min, hour.max, hour.mean()), (60, 0.0, 59.0, 29.5));
        assert_eq!(hour.delta(), Some(59.0));
        assert!((hour.rate_per_hour().unwrap() - 60.0).abs() < 1e-9);
        assert_eq!(hour.first_at(), at(0.0));
    }

    #[test]
    fn a_shorter_span_and_a_later_now_leave_the_old_out() {
        let window = filled();
        assert_eq!(window.over(at(59.5), Duration::from_secs(600)).unwrap().min, 50.0);
        assert_eq!(window.over(at(100.0), Duration::from_secs(3600)).unwrap().count, 19);
        assert_eq!(window.over(at(200.0), Duration::from_secs(3600)), None);
        assert_eq!(window.over(at(-5.0), Duration::from_secs(3600)), None);
    }

    #[test]
    fn order_does_not_matter_and_the_size_is_bounded() {
        let mut window = filled();
        window.push(at(30.5), 1000.0);
        assert_eq!(window.over(at(59.9), Duration::from_secs(3600)).unwrap().max, 1000.0);
        for minute in 60..10_000 {
            window.push(at(f64::from(minute)), 1.0);
        }
        window.push(at(3.0), -1000.0);
        assert_eq!(window.minutes.len(), 61);
        assert_eq!(window.over(at(9_999.0), MAX_WINDOW).unwrap().min, 1.0);
    }

    #[test]
    fn rises_and_falls_are_counted_within_minutes_and_between_them() {
        let mut window = Window::new(Duration::from_secs(3600));
        for (minutes, value) in [(0.0, 0.0), (0.2, 1.0), (0.4, 0.0), (3.0, 1.0), (3.5, 1.0), (9.0, 0.0)] {
            window.push(at(minutes), value);
        }
        let all = window.over(at(9.5), Duration::from_secs(3600)).unwrap();
        assert_eq!((all.rises, all.falls), (2, 2));
        window.push(at(0.1), 5.0);
        let all = window.over(at(9.5), Duration::from_secs(3600)).unwrap();
        assert_eq!((all.rises, all.falls), (2, 2), "what came out of its turn is neither");
    }

    #[test]
    fn hours_put_together_give_what_their_minutes_give() {
        let mut window = Window::new(MAX_WINDOW);
        let mut state = 7_u64;
        for step in 0..9_000_u64 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Every twentieth comes late, and there is a gap of some hours.
            let late = if step % 20 == 0 { (state >> 40) % 300 } else { 0 };
            let minute = (step / 3 + if step > 4_000 { 250 } else { 0 }).saturating_sub(late);
            window.push(at(minute as f64 + (state >> 60) as f64 / 20.0), ((state >> 33) % 100) as f64);
            if step % 97 == 0 {
                for (ahead, hours) in [(0, 24), (0, 3), (45, 24), (200, 7)] {
                    let (now, span) = (at((step / 3 + ahead) as f64), Duration::from_secs(hours * 3600));
                    let (whole, plain) = (window.over(now, span), joined(window.minutes(now, span)));
                    let figures = |one: Aggregate| {
                        (one.count, one.min, one.max, one.first, one.last, one.rises, one.falls)
                    };
                    assert_eq!(whole.map(figures), plain.map(figures), "step {step}");
                    assert!(whole.is_none_or(|whole| (whole.mean() - plain.unwrap().mean()).abs() < 1e-9));
                }
            }
        }
    }

    #[test]
    fn one_moment_has_no_change() {
        let mut window = Window::new(Duration::from_secs(60));
        window.push(at(1.0), 5.0);
        let one = window.over(at(1.2), Duration::from_secs(60)).unwrap();
        assert_eq!((one.delta(), one.rate_per_hour()), (None, None));
    }
}
