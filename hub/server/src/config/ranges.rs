//! Small tables of numbers: `{ min, max }`, `{ per_minute }`, `{ lat, lon }`.

use adapters_sdk::config::{Problems, Table, needed};
use hub_model::{LocalText, Location, Range, local};

/// `key = { min = …, max = … }`; one of the two may be left out.
pub(super) fn range(table: &mut Table, key: &'static str, problems: &mut Problems) -> Option<Range> {
    let neither = table.fault(
        key,
        local!(
            "không có min lẫn max, được phép: {{ min = …, max = … }} hoặc một trong hai",
            "found neither min nor max, allowed: {{ min = …, max = … }} or one of the two"
        ),
    );
    let mut bounds = table.table(key, problems)?;
    let (has_min, has_max) = (bounds.has("min"), bounds.has("max"));
    let place = bounds.at("min");
    let range = Range { min: bounds.number("min", problems), max: bounds.number("max", problems) };
    bounds.finish(problems);
    if !has_min && !has_max {
        problems.error(neither);
        return None;
    }
    if let Some(message) = above(range) {
        problems.error(place.fault(message));
        return None;
    }
    Some(range)
}

/// What is wrong with bounds whose least is above their greatest.
pub fn above(range: Range) -> Option<LocalText> {
    let (min, max) = (range.min?, range.max?);
    (min > max).then(|| {
        local!(
            "có {min}, được phép: nhiều nhất bằng max, đang là {max}",
            "found {min}, allowed: at most max, which is {max}"
        )
    })
}

/// `max_rate = { per_minute = … }`, in the point's unit.
pub(super) fn max_rate(table: &mut Table, problems: &mut Problems) -> Option<f64> {
    let mut rate = table.table("max_rate", problems)?;
    let at = rate.at("per_minute");
    let given = rate.has("per_minute");
    let per_minute = rate.number("per_minute", problems);
    rate.finish(problems);
    if !given {
        problems.error(at.fault(needed()));
        return None;
    }
    match per_minute {
        Some(number) if number <= 0.0 => {
            problems.error(at.fault(local!(
                "có {number}, được phép: số lớn hơn 0",
                "found {number}, allowed: a number above 0"
            )));
            None
        }
        other => other,
    }
}

/// `location = { lat = …, lon = … }`.
pub(super) fn location(table: &mut Table, problems: &mut Problems) -> Option<Location> {
    let mut place = table.table("location", problems)?;
    let lat = degrees(&mut place, "lat", 90.0, problems);
    let lon = degrees(&mut place, "lon", 180.0, problems);
    place.finish(problems);
    Some(Location { lat: lat?, lon: lon? })
}

fn degrees(table: &mut Table, key: &'static str, most: f64, problems: &mut Problems) -> Option<f64> {
    let at = table.at(key);
    if !table.has(key) {
        problems.error(at.fault(needed()));
    }
    let number = table.number(key, problems)?;
    if number.abs() > most {
        let message = local!(
            "có {number}, được phép: độ từ -{most} đến {most}",
            "found {number}, allowed: degrees from -{most} to {most}"
        );
        problems.error(at.fault(message));
        return None;
    }
    Some(number)
}
