//! How a series' rows of one day lie in parts: which parts new rows change, and what is written instead. Pure.
//!
//! The parts of a day follow each other in time and never overlap. While the day goes on small ones are brought together when there
//! are several of a size, so that a row is written a few times only; when it is over they become one, or few large ones. Read next:
//! `sealer.rs`.

use std::ops::Range;

use hub_model::Timestamp;

use super::key::LAST_PART;
use crate::chunk::{Row, Summary, encode, encode_hours, encode_summary, summarise};
use crate::figures::LocalDay;

/// A part has at most so many rows: a reader holds one part at a time.
pub(super) const MAX_PART_ROWS: usize = 32_768;

/// A part that is not brought together with its neighbours any more.
const LARGE_PART_ROWS: usize = MAX_PART_ROWS / 2;

/// So many parts of a size become one, with what comes.
const PARTS_OF_A_SIZE: usize = 7;

/// A part of so many rows has its hours' figures beside the day's.
const DENSE_ROWS: usize = 720;

const HOUR_MS: i64 = 3_600_000;

/// A part that there is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub number: i64,
    pub rows: usize,
    pub first_at: i64,
    pub last_at: i64,
    pub expected: Option<u32>,
}

/// What is written of a part.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Written {
    pub summary: Vec<u8>,
    pub hours: Option<Vec<u8>>,
    pub body: Vec<u8>,
}

/// Which of a day's parts are to be written anew together with `rows` new rows measured from `first` to `last`.
pub(super) fn affected(
    parts: &[Part],
    first: i64,
    last: i64,
    rows: usize,
    day_is_over: bool,
) -> Range<usize> {
    let mut start = parts.partition_point(|part| part.last_at < first);
    let mut end = parts.partition_point(|part| part.first_at <= last).max(start);
    if start == end && end < parts.len() {
        // Between two parts there is no number left for a third one.
        end += 1;
    }
    if end < parts.len() {
        return start..end;
    }
    let of = |range: Range<usize>| {
        parts.get(range).unwrap_or_default().iter().map(|part| part.rows).sum::<usize>()
    };
    loop {
        let together = rows + of(start..end);
        let limit = if day_is_over { LARGE_PART_ROWS } else { (2 * together).min(LARGE_PART_ROWS) };
        let before = parts.get(..start).unwrap_or_default();
        let similar = before.iter().rev().take_while(|part| part.rows <= limit).count();
        if similar == 0 || (!day_is_over && similar < PARTS_OF_A_SIZE) {
            return start..end;
        }
        start -= similar;
    }
}

/// The parts at the end of a day that is over which should become one.
pub(super) fn small_at_the_end(parts: &[Part]) -> Range<usize> {
    let small = parts.iter().rev().take_while(|part| part.rows <= LARGE_PART_ROWS).count();
    parts.len() - small..parts.len()
}

/// The numbers that the affected parts leave free, and those between their neighbours.
pub(super) fn numbers(parts: &[Part], affected: &Range<usize>, first_free: i64) -> Range<i64> {
    let before = affected.start.checked_sub(1).and_then(|at| parts.get(at));
    let after = parts.get(affected.end);
    let first = before.map_or(first_free, |part| part.number + 1);
    first..after.map_or(LAST_PART + 1, |part| part.number)
}

/// How many parts so many rows become.
pub(super) const fn parts_of(rows: usize) -> usize {
    rows.div_ceil(MAX_PART_ROWS)
}

/// The rows as parts of equal length.
pub(super) fn write(rows: &[Row], expected: Option<u32>, utc_offset_s: i32) -> Vec<Written> {
    if rows.is_empty() {
        return Vec::new();
    }
    let length = rows.len().div_ceil(parts_of(rows.len()));
    let part = |rows: &[Row]| Written {
        summary: encode_summary(&summarise(rows, expected)),
        hours: if rows.len() < DENSE_ROWS {
            None
        } else {
            hours(rows, utc_offset_s).map(|h| encode_hours(&h))
        },
        body: encode(rows),
    };
    rows.chunks(length).map(part).collect()
}

/// The figures of each hour of a day that has rows; none where the rows are of several days, as at the ends of time.
pub(super) fn hours(rows: &[Row], utc_offset_s: i32) -> Option<Vec<(u8, Summary)>> {
    let day = |row: &Row| LocalDay::of(Timestamp::from_millis(row.measured_at), utc_offset_s);
    let first = day(rows.first()?);
    if first != day(rows.last()?) {
        return None;
    }
    let start = first.start(utc_offset_s).as_millis();
    // Within a day there are 24.
    let hour = |row: &Row| (row.measured_at.wrapping_sub(start) / HOUR_MS) as u8;
    let of_an_hour = rows.chunk_by(|one, other| hour(one) == hour(other));
    Some(of_an_hour.filter_map(|rows| Some((hour(rows.first()?), summarise(rows, None)))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::{decode, decode_hours, decode_summary};
    use proptest::prelude::*;

    fn row(at: i64) -> Row {
        Row { measured_at: at, received_at: at + 5, raw: None, value: Some(at as f64), quality: 1, reason: 0 }
    }

    /// A day that gets `n` rows a second apart, `batch` at a time: its parts, and how many rows were written in all.
    fn a_day(n: i64, batch: i64) -> (Vec<Part>, usize) {
        let (mut parts, mut written) = (Vec::<Part>::new(), 0);
        for first in (0..n).step_by(usize::try_from(batch).unwrap()) {
            let last = (first + batch).min(n) - 1;
            let rows = usize::try_from(last - first + 1).unwrap();
            let range = affected(&parts, first, last, rows, false);
            let free = numbers(&parts, &range, 0);
            let old: Vec<Part> = parts.drain(range).collect();
            let rows = rows + old.iter().map(|part| part.rows).sum::<usize>();
            written += rows;
            let first_at = old.first().map_or(first, |part| part.first_at);
            parts.push(Part { number: free.start, rows, first_at, last_at: last, expected: None });
        }
        (parts, written)
    }

    #[test]
    fn a_row_is_written_a_few_times_only_while_its_day_goes_on() {
        let (parts, written) = a_day(86_400, 240);
        assert!(parts.len() < 30, "{} parts", parts.len());
        assert!(written < 4 * 86_400, "{written} rows written");
        assert!(parts.iter().all(|part| part.rows <= MAX_PART_ROWS));
        assert!(parts.is_sorted_by(|a, b| a.last_at < b.first_at && a.number < b.number));
    }

    #[test]
    fn a_day_that_is_over_becomes_one_part_and_large_ones_stay() {
        let (parts, _) = a_day(2_000, 240);
        assert_eq!(affected(&parts, 2_000, 2_010, 11, true), 0..parts.len());
        let large = |number| Part {
            number,
            rows: 28_800,
            first_at: number * 28_800,
            last_at: number * 28_800 + 28_799,
            expected: None,
        };
        let parts = [large(0), large(1), large(2)];
        assert_eq!(affected(&parts, 90_000, 90_001, 2, true), 3..3, "what comes late after them is its own");
        assert_eq!(affected(&parts, 30_000, 30_001, 2, true), 1..2, "and within one changes that one");
    }

    #[test]
    fn what_lies_between_two_parts_joins_one_of_them() {
        let part =
            |number, first_at| Part { number, rows: 20_000, first_at, last_at: first_at + 5, expected: None };
        let parts = [part(0, 0), part(1, 100), part(2, 200)];
        assert_eq!(affected(&parts, 50, 60, 2, true), 1..2);
        assert_eq!(affected(&parts, -9, -8, 2, true), 0..1);
        assert_eq!(affected(&parts, 3, 150, 2, true), 0..2);
        assert_eq!(numbers(&parts, &(1..2), 0), 1..2);
        assert_eq!(numbers(&parts, &(0..2), 0), 0..2);
        assert_eq!(numbers(&parts, &(2..3), 0), 2..LAST_PART + 1);
        assert_eq!(numbers(&[], &(0..0), 4), 4..LAST_PART + 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 30, ..ProptestConfig::default() })]

        #[test]
        fn what_is_written_is_read_back(n in 1..80_000_i64, step in 1..1_000_i64) {
            let n = n.min(86_000_000 / step);
            let rows: Vec<Row> = (0..n).map(|at| row(at * step)).collect();
            let written = write(&rows, Some(9), 0);
            let back: Vec<Row> = written.iter().flat_map(|part| decode(&part.body).unwrap()).collect();
            prop_assert_eq!(&back, &rows);
            for part in &written {
                let summary = decode_summary(&part.summary).unwrap();
                prop_assert!(summary.counts.total() <= MAX_PART_ROWS as u64 && summary.expected == Some(9));
                if let Some(hours) = &part.hours {
                    let counts = decode_hours(hours).unwrap().iter().map(|(_, hour)| u64::from(hour.n)).sum::<u64>();
                    prop_assert_eq!(counts, summary.counts.total());
                }
            }
        }
    }
}
