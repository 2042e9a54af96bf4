//! Limits of regulations: the sets that come with the hub, those of the configuration, and which apply to a point.
//!
//! Knows figures only from `limits/*.toml`, where each carries whether it was read in a source. A figure that is not known is
//! left out there, never guessed. Read next: `../limits/README.md`.

use std::time::Duration;

use adapters_sdk::config::{At, Problems, Table};
use hub_model::{Limit, LimitStatus, LocalText, Quantity, Range, Timestamp, Unit, id, local};
use jiff::tz::TimeZone;

use crate::config::{Tables, above, nearest};

/// Sets that come with the hub.
const SHIPPED: [(&str, &str); 3] = [
    ("qcvn-01-1-2018.toml", include_str!("../limits/qcvn-01-1-2018.toml")),
    ("qcvn-01-1-2024.toml", include_str!("../limits/qcvn-01-1-2024.toml")),
    ("qcvn-05-2023.toml", include_str!("../limits/qcvn-05-2023.toml")),
];
/// Spans over which regulations average; a year is the longest.
const AVERAGING: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(60)..=Duration::from_secs(366 * 24 * 3600);

/// All sets by their ids.
pub struct LimitSets {
    sets: Vec<LimitSet>,
    some_faulty: bool,
}

/// The limits of one regulation.
pub struct LimitSet {
    /// Its id, which a site's `limits` names.
    pub id: String,
    entries: Vec<Entry>,
}

struct Entry {
    quantity: Quantity,
    unit: Unit,
    /// In `unit`.
    limit: Limit,
}

impl LimitSets {
    /// The sets that come with the hub. Dates begin at midnight in `zone`.
    pub fn shipped(zone: &TimeZone) -> Self {
        let mut sets = Self { sets: Vec::new(), some_faulty: false };
        // A test holds that none of them has a fault.
        let mut problems = Problems::new();
        for (file, text) in SHIPPED {
            let table = Table::parse(file, text, &mut problems);
            sets.sets.extend(table.and_then(|table| read(table, zone, &mut problems)));
        }
        sets
    }

    /// Adds the sets of the configuration; one with the id of another takes its place whole.
    #[must_use]
    pub fn with_own(mut self, own: Tables, zone: &TimeZone, problems: &mut Problems) -> Self {
        self.some_faulty |= own.some_faulty;
        let mut places: Vec<(String, At)> = Vec::new();
        for table in own.read {
            let at = table.at("id");
            let Some(set) = read(table, zone, problems) else {
                self.some_faulty = true;
                continue;
            };
            if let Some((id, first)) = places.iter().find(|(id, _)| *id == set.id) {
                problems.error(at.fault(nearest::id_taken(id, &first.place)));
                continue;
            }
            places.push((set.id.clone(), at));
            self.sets.retain(|other| other.id != set.id);
            self.sets.push(set);
        }
        self
    }

    /// The set `id`.
    pub fn find(&self, id: &str) -> Option<&LimitSet> {
        self.sets.iter().find(|set| set.id == id)
    }

    /// Why `find` gave none; `None` when that may be the fault of a set's own file.
    pub fn why_missing(&self, id: &str) -> Option<LocalText> {
        let ids = self.sets.iter().map(|set| set.id.as_str());
        (!self.some_faulty).then(|| nearest::not_one_of(id, ids))
    }
}

/// The limits that `sets` put on a quantity, in `unit`; and what could not be converted to it, in words.
///
/// The one with the shortest averaging stands last, as `Point::limit_at` prefers it: it is the nearest to single values.
/// Among equals the last of the list counts.
pub fn bind(sets: &[&LimitSet], quantity: Quantity, unit: Unit) -> (Vec<Limit>, Vec<LocalText>) {
    let (mut limits, mut refused) = (Vec::new(), Vec::new());
    let entries = sets.iter().flat_map(|set| &set.entries).filter(|entry| entry.quantity == quantity);
    for entry in entries {
        let convert = |bound: Option<f64>| match bound {
            Some(value) => entry.unit.convert(value, unit).map(Some),
            None => Some(None),
        };
        match (convert(entry.limit.min), convert(entry.limit.max)) {
            (Some(min), Some(max)) => limits.push(Limit { min, max, ..entry.limit.clone() }),
            _ => {
                let (set, theirs) = (&entry.limit.set, entry.unit);
                refused.push(local!(
                    "có \"{unit}\", không đổi được giới hạn của {set} ({theirs}) sang đơn vị này; ở đây giới hạn ấy không áp dụng",
                    "found \"{unit}\", in which the limit of {set} ({theirs}) cannot be given; it does not apply here"
                ));
            }
        }
    }
    // A limit on single values counts as the shortest averaging of all.
    limits.sort_by_key(|limit| std::cmp::Reverse(limit.averaging.unwrap_or_default()));
    (limits, refused)
}

fn read(mut table: Table, zone: &TimeZone, problems: &mut Problems) -> Option<LimitSet> {
    let id = table.needed_parsed("id", problems, |text| id::check_part(text).map(|()| text.to_owned()));
    let regulation = table.needed_text("regulation", problems);
    let span = span(&mut table, zone, problems);
    let tables = table.tables("limit", problems);
    table.finish(problems);
    let set = Limit {
        min: None,
        max: None,
        set: id.clone().unwrap_or_default(),
        regulation: regulation.clone().unwrap_or_default(),
        clause: String::new(),
        status: LimitStatus::Unverified,
        averaging: None,
        valid_from: span.0,
        valid_to: span.1,
    };
    let count = tables.len();
    let entries: Vec<_> = tables.into_iter().filter_map(|table| entry(table, &set, zone, problems)).collect();
    regulation?;
    (entries.len() == count).then_some(LimitSet { id: id?, entries })
}

fn entry(mut table: Table, set: &Limit, zone: &TimeZone, problems: &mut Problems) -> Option<Entry> {
    let quantities: Vec<_> =
        Quantity::codes().filter_map(|code| Some((code, Quantity::parse(code)?))).collect();
    let quantity = table.needed_choice("quantity", &quantities, problems);
    let is_allowed = |unit: &Unit| quantity.is_none_or(|quantity| quantity.allows(*unit));
    let unit = table.needed_parsed("unit", problems, |text| {
        Unit::parse(text).filter(is_allowed).ok_or_else(|| {
            let units = Unit::codes().filter_map(Unit::parse).filter(is_allowed).map(Unit::code);
            let units = units.collect::<Vec<_>>().join(", ");
            local!("có \"{text}\", được phép: {units}", "found \"{text}\", allowed: {units}")
        })
    });
    let neither = table.fault(
        "max",
        local!(
            "không ghi min lẫn max; cần một trong hai",
            "neither min nor max is given; one of the two is needed"
        ),
    );
    let place = table.at("min");
    let range = Range { min: table.number("min", problems), max: table.number("max", problems) };
    let averaging = table.duration("averaging", AVERAGING, problems);
    let clause = table.needed_text("clause", problems);
    let words = [("verified", LimitStatus::Verified), ("unverified", LimitStatus::Unverified)];
    let status = table.needed_choice("status", &words, problems);
    let (from, to) = span(&mut table, zone, problems);
    table.finish(problems);
    if range == Range::default() {
        problems.error(neither);
        return None;
    }
    if let Some(message) = above(range) {
        problems.error(place.fault(message));
        return None;
    }
    let limit = Limit {
        min: range.min,
        max: range.max,
        clause: clause?,
        status: status?,
        averaging,
        valid_from: from.or(set.valid_from),
        valid_to: to.or(set.valid_to),
        ..set.clone()
    };
    Some(Entry { quantity: quantity?, unit: unit?, limit })
}

/// `valid_from` and `valid_to`: the first day on which it applies, and the first on which it no longer does.
fn span(
    table: &mut Table,
    zone: &TimeZone,
    problems: &mut Problems,
) -> (Option<Timestamp>, Option<Timestamp>) {
    let place =
        table.fault("valid_to", local!("được phép: ngày sau valid_from", "allowed: a day after valid_from"));
    let mut day = |key: &'static str| {
        let at = table.at(key);
        let text = table.moment(key, problems)?;
        let start = text.parse::<jiff::civil::Date>().and_then(|date| date.to_zoned_datetime(zone.clone()));
        match start {
            Ok(start) => Some(Timestamp::from_millis(start.timestamp().as_millisecond())),
            Err(_) => {
                problems.error(at.fault(local!(
                    "có \"{text}\", được phép: ngày như 2026-01-01",
                    "found \"{text}\", allowed: a date such as 2026-01-01"
                )));
                None
            }
        }
    };
    let (from, to) = (day("valid_from"), day("valid_to"));
    if from.zip(to).is_some_and(|(from, to)| to <= from) {
        problems.error(place);
    }
    (from, to)
}

#[cfg(test)]
mod tests;
