//! Judged values of the last hours as one-minute aggregates, for `p.mean("1h")` and its kin.
//!
//! Keeps nothing longer than the span it was made for, and only for points that a rule can reach. Read next:
//! [`crate::rules`], which finds out the spans.

mod aggregate;
mod memo;

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use hub_model::Timestamp;

use self::aggregate::{MINUTE_MS, joined, minute_of};
use self::memo::{Memo, Minutes, Ranked};

pub(crate) use self::aggregate::Aggregate;

/// The longest window that a rule may ask for. At one aggregate a minute it holds at most 1,441 of them (about 100 KB).
pub const MAX_WINDOW: Duration = Duration::from_secs(24 * 3600);

/// Minutes of a block, which spares joining them one by one for a span of hours.
const BLOCK: i64 = 60;

/// The aggregates of one point, oldest first.
#[derive(Debug)]
pub(crate) struct Window {
    span: Duration,
    minutes: VecDeque<Aggregate>,
    /// The minutes of each hour that is over and wholly kept, put together; never the hour of the newest minute. Made of the
    /// minutes alone, so that a window that was filled anew gives the same figures to the last bit.
    hours: VecDeque<Aggregate>,
    /// Of the minutes before the newest. Follows from them, and so is no part of what a window is.
    memo: Mutex<Memo>,
}

impl Clone for Window {
    fn clone(&self) -> Self {
        let (minutes, hours) = (self.minutes.clone(), self.hours.clone());
        Self { span: self.span, minutes, hours, memo: Mutex::default() }
    }
}

impl PartialEq for Window {
    fn eq(&self, other: &Self) -> bool {
        self.span == other.span && self.minutes == other.minutes
    }
}

impl Window {
    /// A window that looks back `span`, at most [`MAX_WINDOW`].
    pub(crate) fn new(span: Duration) -> Self {
        Self {
            span: span.min(MAX_WINDOW),
            minutes: VecDeque::new(),
            hours: VecDeque::new(),
            memo: Mutex::default(),
        }
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
        if new.minute < before {
            self.memo = Mutex::default();
        }
        let place = self.minutes.partition_point(|old| old.minute < new.minute);
        match self.minutes.get_mut(place) {
            Some(same) if same.minute == new.minute => same.join(&new),
            _ => self.minutes.insert(place, new),
        }
        while self.minutes.pop_front_if(|oldest| oldest.minute < oldest_kept).is_some() {}
        while self.hours.pop_front_if(|first| hour_of(first) * BLOCK < oldest_kept).is_some() {}
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
        let (from, to) = (minute_of(now) - minutes_in(span), minute_of(now));
        // The newest minute is left for the end only where it is the last one asked for.
        let Some(newest) = self.minutes.back().filter(|newest| newest.minute <= to) else {
            return self.reckon((from, to + 1));
        };
        if newest.minute <= from {
            return None;
        }
        let before = match self.memo.try_lock() {
            Ok(mut memo) => memo.sum(self, to - from, (from, newest.minute)),
            // Somebody else asks just now: reckoning anew is better than waiting.
            Err(_) => self.reckon((from, newest.minute)),
        };
        let Some(mut all) = before else { return Some(*newest) };
        all.join(newest);
        Some(all)
    }

    /// Some minutes as one, whole hours at once.
    fn reckon(&self, (from, end): Minutes) -> Option<Aggregate> {
        let mut index = self.minutes.partition_point(|old| old.minute <= from);
        let behind = self.minutes.partition_point(|old| old.minute < end);
        // The first hour that begins within the span, and so may be taken whole.
        let mut block = self.hours.partition_point(|known| hour_of(known) * BLOCK <= from);
        let mut all: Option<Aggregate> = None;
        let mut add = |one: &Aggregate| match &mut all {
            None => all = Some(*one),
            Some(all) => all.join(one),
        };
        while index < behind {
            let one = &self.minutes[index];
            let whole = self.hours.get(block).filter(|known| known.minute == one.minute);
            match whole.filter(|known| (hour_of(known) + 1) * BLOCK <= end) {
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

    /// The mean of that minute of the last `span` before `now` below or at which a share (0 to 100) of the minutes' means lie;
    /// `None` when there is nothing.
    pub(crate) fn percentile(&self, now: Timestamp, span: Duration, share: f64) -> Option<f64> {
        let (from, to) = (minute_of(now) - minutes_in(span), minute_of(now));
        let Some(newest) = self.minutes.back().filter(|newest| newest.minute <= to) else {
            return Ranked::new(self, (from, to + 1)).at(share, None);
        };
        if newest.minute <= from {
            return None;
        }
        let (before, last) = ((from, newest.minute), Some(newest.mean()));
        match self.memo.try_lock() {
            Ok(mut memo) => memo.ranked(self, to - from, before).at(share, last),
            Err(_) => Ranked::new(self, before).at(share, last),
        }
    }

    /// The oldest minute that may be there.
    fn oldest_kept(&self) -> i64 {
        self.minutes.back().map_or(i64::MIN, |newest| newest.minute - minutes_in(self.span))
    }

    /// The minutes with values in the last `span` before `now`, oldest first.
    pub(crate) fn minutes(
        &self,
        now: Timestamp,
        span: Duration,
    ) -> impl ExactSizeIterator<Item = &Aggregate> {
        self.between((minute_of(now) - minutes_in(span), minute_of(now) + 1))
    }

    fn between(&self, (from, end): Minutes) -> impl ExactSizeIterator<Item = &Aggregate> {
        let first = self.minutes.partition_point(|old| old.minute <= from);
        let behind = self.minutes.partition_point(|old| old.minute < end);
        self.minutes.range(first.min(behind)..behind)
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

fn hour_of(one: &Aggregate) -> i64 {
    one.minute.div_euclid(BLOCK)
}

/// Whole minutes in a span, at least one.
fn minutes_in(span: Duration) -> i64 {
    i64::try_from(span.as_millis().div_ceil(MINUTE_MS as u128)).unwrap_or(i64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    /// What is put into a window: minutes since the last one, minutes by which it comes late, a value.
    fn values() -> impl Strategy<Value = Vec<(f64, f64, f64)>> {
        let ahead = prop_oneof![8 => 0.05..0.5_f64, 3 => 0.5..7.0_f64, 1 => 60.0..1_600.0_f64];
        let late = prop_oneof![15 => Just(0.0), 2 => 0.0..3.0_f64, 1 => 0.0..400.0_f64];
        let value =
            prop_oneof![4 => (0..40_i32).prop_map(|tenths| f64::from(tenths) / 10.0), 1 => -1e6..1e6_f64];
        proptest::collection::vec((ahead, late, value), 1..700)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn a_window_tells_what_its_minutes_tell(
            values in values(),
            longest in prop_oneof![Just(61_u64), Just(360), Just(1_440)],
            asks in proptest::collection::vec((0..30_u64, -200.0..90.0_f64, 0.0..100.0_f64), 1..6),
        ) {
            let mut window = Window::new(Duration::from_secs(longest * 60));
            let mut now = 30_000_000.0;
            for (step, (ahead, late, value)) in values.into_iter().enumerate() {
                now += ahead;
                window.push(at(now - late), value);
                for (number, (nth, beside, share)) in asks.iter().enumerate() {
                    // Mostly about the moment at which the value came, as rules ask.
                    let moment = if step % 7 == number { at(now + beside) } else { at(now) };
                    let span = Duration::from_secs(60 * [1, 10, 60, 61, 359, 1_440][*nth as usize % 6]);
                    let (told, forgetful) = (window.over(moment, span), window.clone());
                    prop_assert_eq!(told, forgetful.over(moment, span), "to the last bit");
                    let plain = joined(window.minutes(moment, span));
                    let figures = |one: Aggregate| (one.count, one.min, one.max, one.first, one.last, one.rises, one.falls);
                    prop_assert_eq!(told.map(figures), plain.map(figures));
                    let apart = told.zip(plain).map_or(0.0, |(told, plain)| (told.mean() - plain.mean()).abs());
                    prop_assert!(apart <= 1e-6, "means {} apart", apart);
                    let mut means: Vec<f64> = window.minutes(moment, span).map(Aggregate::mean).collect();
                    means.sort_by(f64::total_cmp);
                    let rank = (share / 100.0 * means.len() as f64).ceil() as usize;
                    let ranked = means.get(rank.saturating_sub(1)).copied();
                    prop_assert_eq!(window.percentile(moment, span, *share), ranked);
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
