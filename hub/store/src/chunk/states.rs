//! How each row stands: quality, reason, whether it has a value and a raw number. Pure. A day is usually of one state throughout.
//!
//! Read next: `mod.rs`.

use super::bytes::{Reader, put_varint};
use super::{Damaged, Row, ints};

/// A chunk has at most so many different states: more than there are.
const MOST: usize = 4_096;
const HAS_RAW: u8 = 1 << 4;
const HAS_VALUE: u8 = 1 << 5;
const HAS_REASON: u8 = 1 << 6;
/// The quality is in the next byte.
const OTHER_QUALITY: u8 = 1 << 7;

/// What a row is but for its times and numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    pub(super) quality: u8,
    pub(super) reason: u16,
    pub(super) has_value: bool,
    pub(super) has_raw: bool,
}

impl State {
    fn of(row: &Row) -> Self {
        Self {
            quality: row.quality,
            reason: row.reason,
            has_value: row.value.is_some(),
            has_raw: row.raw.is_some(),
        }
    }
}

/// Adds the states of the rows: the different ones, then which row has which.
pub(super) fn write(rows: &[Row], out: &mut Vec<u8>) {
    let mut states: Vec<State> = Vec::new();
    let mut which = Vec::with_capacity(rows.len());
    for state in rows.iter().map(State::of) {
        let at = states.iter().position(|known| *known == state).unwrap_or(states.len());
        if at == states.len() {
            states.push(state);
        }
        which.push(at as i64);
    }
    put_varint(out, states.len() as u64);
    states.iter().for_each(|state| write_state(*state, out));
    if states.len() > 1 {
        ints::write(&which, out);
    }
}

/// Reads the states of `count` rows.
pub(super) fn read(from: &mut Reader<'_>, count: usize) -> Result<Vec<State>, Damaged> {
    let states = (0..from.count(MOST)?).map(|_| read_state(from)).collect::<Result<Vec<_>, _>>()?;
    match states.as_slice() {
        [] if count == 0 => Ok(Vec::new()),
        [] => Err(Damaged("rows without a state")),
        [only] => Ok(vec![*only; count]),
        several => {
            let state = |at: i64| usize::try_from(at).ok().and_then(|at| several.get(at)).copied();
            let which = ints::read(from, count)?;
            which.into_iter().map(|at| state(at).ok_or(Damaged("an unknown state"))).collect()
        }
    }
}

fn write_state(state: State, out: &mut Vec<u8>) {
    let flag = |is: bool, flag: u8| if is { flag } else { 0 };
    let is_other = state.quality >= HAS_RAW;
    out.push(
        flag(state.has_raw, HAS_RAW)
            | flag(state.has_value, HAS_VALUE)
            | flag(state.reason != 0, HAS_REASON)
            | if is_other { OTHER_QUALITY } else { state.quality },
    );
    if is_other {
        out.push(state.quality);
    }
    if state.reason != 0 {
        put_varint(out, state.reason.into());
    }
}

fn read_state(from: &mut Reader<'_>) -> Result<State, Damaged> {
    let tag = from.byte()?;
    let quality = if tag & OTHER_QUALITY == 0 { tag & (HAS_RAW - 1) } else { from.byte()? };
    let reason = if tag & HAS_REASON == 0 { 0 } else { from.varint()? };
    let reason = u16::try_from(reason).map_err(|_| Damaged("an unknown reason"))?;
    Ok(State { quality, reason, has_value: tag & HAS_VALUE != 0, has_raw: tag & HAS_RAW != 0 })
}
