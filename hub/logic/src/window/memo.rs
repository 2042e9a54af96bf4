//! What was reckoned of the minutes before the newest one: it holds for every further value of that minute.
//!
//! A window forgets it when an older minute changes. What it gives is what reckoning anew gives, to the last bit. Read next:
//! [`super::Window`].

use super::{Aggregate, Window};

/// Spans that are remembered at once: more than the rules of a point ask for.
const MAX_SPANS: usize = 8;

/// Minutes of a window: those after the first, and before the second.
pub(super) type Minutes = (i64, i64);

/// What is remembered, each with its span in minutes.
#[derive(Debug, Default)]
pub(super) struct Memo {
    sums: Vec<(i64, Sum)>,
    ranks: Vec<(i64, Ranked)>,
}

#[derive(Debug, Default)]
struct Sum {
    of: Minutes,
    all: Option<Aggregate>,
}

impl Memo {
    /// The minutes as one.
    pub(super) fn sum(&mut self, window: &Window, span: i64, minutes: Minutes) -> Option<Aggregate> {
        let sum = of_span(&mut self.sums, span);
        if sum.of != minutes {
            *sum = Sum { of: minutes, all: window.reckon(minutes) };
        }
        sum.all
    }

    /// The minutes' means in order.
    pub(super) fn ranked(&mut self, window: &Window, span: i64, minutes: Minutes) -> &Ranked {
        let ranked = of_span(&mut self.ranks, span);
        ranked.move_to(window, minutes);
        ranked
    }
}

/// The place of a span; where all are taken, that which was taken first is given up.
fn of_span<T: Default>(all: &mut Vec<(i64, T)>, span: i64) -> &mut T {
    let known = all.iter().position(|(one, _)| *one == span).unwrap_or_else(|| {
        if all.len() == MAX_SPANS {
            all.remove(0);
        }
        all.push((span, T::default()));
        all.len() - 1
    });
    &mut all[known].1
}

/// The means of some minutes in ascending order.
#[derive(Debug, Default)]
pub(super) struct Ranked {
    of: Minutes,
    means: Vec<f64>,
}

impl Ranked {
    /// The means of these minutes, put in order.
    pub(super) fn new(window: &Window, minutes: Minutes) -> Self {
        let mut means: Vec<f64> = window.between(minutes).map(Aggregate::mean).collect();
        means.sort_unstable_by(f64::total_cmp);
        Self { of: minutes, means }
    }

    /// Drops the means of minutes that have gone by and takes in those that are over now.
    fn move_to(&mut self, window: &Window, minutes: Minutes) {
        let ((from, to), (new_from, new_to)) = (self.of, minutes);
        // Backwards, or past what it knows, or past what the window still knows.
        if new_from < from || new_to < to || new_from >= to || window.oldest_kept() > from + 1 {
            if self.of != minutes {
                *self = Self::new(window, minutes);
            }
            return;
        }
        for gone in window.between((from, new_from + 1)) {
            let place = self.place(gone.mean());
            self.means.remove(place);
        }
        for over in window.between((to - 1, new_to)) {
            let place = self.place(over.mean());
            self.means.insert(place, over.mean());
        }
        self.of = minutes;
    }

    /// Where a mean stands, or would stand.
    fn place(&self, mean: f64) -> usize {
        self.means.partition_point(|known| known.total_cmp(&mean).is_lt())
    }

    /// The one below or at which a share (0 to 100) of all lie, `last` among them.
    pub(super) fn at(&self, share: f64, last: Option<f64>) -> Option<f64> {
        let count = self.means.len() + usize::from(last.is_some());
        let rank = (share / 100.0 * count as f64).ceil() as usize;
        let wanted = rank.saturating_sub(1).min(count.checked_sub(1)?);
        let Some(last) = last else { return Some(self.means[wanted]) };
        let place = self.place(last);
        Some(match wanted.cmp(&place) {
            std::cmp::Ordering::Less => self.means[wanted],
            std::cmp::Ordering::Equal => last,
            std::cmp::Ordering::Greater => self.means[wanted - 1],
        })
    }
}
