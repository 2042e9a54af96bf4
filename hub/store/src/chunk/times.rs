//! When readings were measured and received. Pure. A regular beat costs nothing, a beat with a little jitter only the jitter.
//!
//! Read next: `ints.rs`.

use super::Damaged;
use super::bytes::{Reader, put_signed};
use super::ints;

/// The times as they come.
const PLAIN: u8 = 0;
/// The times on a grid, and how far from it they lie.
const GRID: u8 = 1;

/// Polls beat in whole seconds, or at least in tenths.
const BEATS_MS: [i64; 2] = [1_000, 100];

/// Adds the times when readings were measured, which ascend.
pub(super) fn write_measured(times: &[i64], out: &mut Vec<u8>) {
    let mut best = vec![PLAIN];
    ints::write(times, &mut best);
    // Three bytes a reading or less would be hard to beat with a header of twenty; a fraction of one certainly is.
    if best.len() > 16 + times.len() / 8 {
        for step in steps(times) {
            best = shorter(best, on_grid(times, step));
        }
    }
    out.extend_from_slice(&best);
}

/// Reads what [`write_measured`] wrote.
pub(super) fn read_measured(from: &mut Reader<'_>, count: usize) -> Result<Vec<i64>, Damaged> {
    match from.byte()? {
        PLAIN => ints::read(from, count),
        GRID => {
            let first = from.signed()?;
            let step = from.signed()?;
            let beats = ints::read(from, count)?;
            let jitter = ints::read(from, count)?;
            let time = |(beat, jitter): (&i64, i64)| {
                first.wrapping_add(beat.wrapping_mul(step)).wrapping_add(jitter)
            };
            Ok(beats.iter().zip(jitter).map(time).collect())
        }
        _ => Err(Damaged("an unknown kind of times")),
    }
}

/// Adds the times of receipt, as what they are beyond `measured`.
pub(super) fn write_received(measured: &[i64], received: &[i64], out: &mut Vec<u8>) {
    let after: Vec<i64> = received.iter().zip(measured).map(|(r, m)| r.wrapping_sub(*m)).collect();
    ints::write(&after, out);
}

/// Reads what [`write_received`] wrote.
pub(super) fn read_received(from: &mut Reader<'_>, measured: &[i64]) -> Result<Vec<i64>, Damaged> {
    let after = ints::read(from, measured.len())?;
    Ok(after.iter().zip(measured).map(|(after, m)| m.wrapping_add(*after)).collect())
}

/// The beats that the times may follow: the usual step between two, rounded.
fn steps(times: &[i64]) -> Vec<i64> {
    let mut between: Vec<i64> = times.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
    if between.is_empty() {
        return Vec::new();
    }
    // Not the middle: where every second poll fails, that would be two beats as often as one.
    let quarter = between.len() / 4;
    let usual = *between.select_nth_unstable(quarter).1;
    let rounded = |beat: i64| usual.checked_add(beat / 2).map(|sum| sum / beat * beat);
    let mut steps: Vec<i64> = BEATS_MS.into_iter().filter_map(rounded).filter(|step| *step > 0).collect();
    steps.dedup();
    steps
}

fn on_grid(times: &[i64], step: i64) -> Vec<u8> {
    let first = times.first().copied().unwrap_or(0);
    // Any beat will do, for the jitter makes up for it: at the ends of time it is the first.
    let beat = |time: &i64| {
        let since = time.checked_sub(first).and_then(|since| since.checked_add(step / 2));
        since.map_or(0, |since| since.div_euclid(step))
    };
    let beats: Vec<i64> = times.iter().map(beat).collect();
    let jitter: Vec<i64> = times
        .iter()
        .zip(&beats)
        .map(|(time, beat)| time.wrapping_sub(first).wrapping_sub(beat.wrapping_mul(step)))
        .collect();
    let mut out = vec![GRID];
    put_signed(&mut out, first);
    put_signed(&mut out, step);
    ints::write(&beats, &mut out);
    ints::write(&jitter, &mut out);
    out
}

fn shorter(a: Vec<u8>, b: Vec<u8>) -> Vec<u8> {
    if b.len() < a.len() { b } else { a }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn size_of_times(times: &[i64]) -> usize {
        let mut bytes = Vec::new();
        write_measured(times, &mut bytes);
        let mut reader = Reader::new(&bytes);
        assert_eq!(read_measured(&mut reader, times.len()).unwrap(), times);
        assert_eq!(reader.finish(), Ok(()));
        bytes.len()
    }

    proptest! {
        #[test]
        fn any_times_come_back(mut times in prop::collection::vec(any::<i64>(), 0..300)) {
            times.sort_unstable();
            size_of_times(&times);
        }

        #[test]
        fn jittered_times_come_back(gaps in prop::collection::vec((1i64..3, -40i64..40), 1..500)) {
            let mut beat = 0;
            let times: Vec<i64> = gaps.iter().map(|(more, jitter)| {
                beat += more;
                1_760_000_000_000 + beat * 10_000 + jitter
            }).collect();
            // 81 different jitters are 6.4 bits, a gap one more.
            assert!(size_of_times(&times) <= 40 + times.len() * 9 / 8);
        }
    }

    #[test]
    fn a_regular_beat_costs_nothing() {
        assert!(size_of_times(&(0..144).map(|i| 1_760_000_000_000 + 600_000 * i).collect::<Vec<_>>()) <= 12);
    }
}
