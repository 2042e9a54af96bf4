//! When a message is tried again, and when it is given up. Pure: what is known stands in the store, so that a restart changes nothing.

use std::time::Duration;

use hub_model::Timestamp;

/// The wait after the first failure; it doubles with each further one.
const FIRST: Duration = Duration::from_secs(10);
/// The longest wait: a server that is back is noticed within it.
const MOST: Duration = Duration::from_secs(15 * 60);
/// A receiver may ask for more patience, but not for more than this.
const MOST_ASKED: Duration = Duration::from_secs(6 * 3600);

/// When a message is tried after so many tries that failed; `asked` is what the receiver wants to be left alone for.
/// `None` when that is over `give_up_after` after it was made: then it is given up.
pub fn next_try(
    made_at: Timestamp,
    now: Timestamp,
    tries: u32,
    asked: Option<Duration>,
    give_up_after: Duration,
) -> Option<Timestamp> {
    let doubled = FIRST.saturating_mul(2u32.saturating_pow(tries.saturating_sub(1))).min(MOST);
    let next = now.plus(asked.map_or(doubled, |asked| asked.min(MOST_ASKED).max(doubled)));
    (next.since(made_at) <= give_up_after).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_most_and_end_with_the_patience() {
        let made = Timestamp::from_millis(0);
        let days = |n: u64| Duration::from_secs(n * 24 * 3600);
        let wait =
            |tries, asked| next_try(made, made, tries, asked, days(3)).map(|next| next.since(made).as_secs());
        assert_eq!([1, 2, 3, 4].map(|tries| wait(tries, None)), [10, 20, 40, 80].map(Some));
        assert_eq!(wait(4_000_000_000, None), Some(900));
        assert_eq!(wait(1, Some(Duration::from_secs(120))), Some(120));
        assert_eq!(wait(1, Some(Duration::from_secs(1))), Some(10), "never sooner than we would");
        assert_eq!(wait(1, Some(days(30))), Some(6 * 3600));
        let late = made.plus(days(3)).minus(Duration::from_secs(60));
        assert_eq!(next_try(made, late, 300, None, days(3)), None);
    }
}
