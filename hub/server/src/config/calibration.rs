//! `calibration = [{ from = DATE, gain = …, offset = …, by = "…" }]` of a point.
//!
//! Whether a date lies ahead is not asked here: a gateway whose clock starts in 1970 must not refuse its own
//! configuration. `commune-hub check` warns of it.

use adapters_sdk::config::{Problems, Table, needed};
use hub_model::{Calibration, Commune, Decimal, LocalText, Timestamp, local};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// Far beyond any instrument: a factor outside is a slip of the pen.
const GAINS: std::ops::RangeInclusive<f64> = 1e-6..=1e6;

/// Reads the list, in the order of its dates. Faulty entries are told and left out.
pub(super) fn read(table: &mut Table, zone: &TimeZone, problems: &mut Problems) -> Vec<Calibration> {
    let mut found: Vec<Calibration> = Vec::new();
    for mut entry in table.tables("calibration", problems) {
        let date = entry.at("from");
        let calibration = entry_of(&mut entry, zone, problems);
        entry.finish(problems);
        let Some(calibration) = calibration else { continue };
        if found.iter().any(|other| other.from == calibration.from) {
            problems.error(date.fault(local!(
                "trùng ngày với lần hiệu chuẩn khác của điểm đo này, được phép: mỗi ngày một lần",
                "found the date of another calibration of this point, allowed: one for each date"
            )));
            continue;
        }
        found.push(calibration);
    }
    found.sort_by_key(|calibration| calibration.from);
    found
}

fn entry_of(entry: &mut Table, zone: &TimeZone, problems: &mut Problems) -> Option<Calibration> {
    let from = from(entry, zone, problems);
    let gain_at = entry.at("gain");
    let gain = entry.decimal("gain", problems).unwrap_or(Decimal::ONE);
    let offset = entry.decimal("offset", problems).unwrap_or(Decimal::ZERO);
    let by = entry.needed_text("by", problems);
    if !GAINS.contains(&gain.to_f64().abs()) {
        let message = match gain == Decimal::ZERO {
            true => every_value_the_offset(),
            false => {
                let (least, most) = (GAINS.start(), GAINS.end());
                local!(
                    "có {gain}, được phép: từ {least} đến {most} hoặc số âm",
                    "found {gain}, allowed: {least} to {most} or below 0"
                )
            }
        };
        problems.error(gain_at.fault(message));
        return None;
    }
    Some(Calibration { from: from?, gain, offset, by: by? })
}

/// Of a scale or a gain that is 0.
pub(super) fn every_value_the_offset() -> LocalText {
    local!(
        "có 0, được phép: số khác; với 0 thì mọi giá trị đều bằng offset",
        "found 0, allowed: any other number; with 0 every value would be the offset"
    )
}

fn from(entry: &mut Table, zone: &TimeZone, problems: &mut Problems) -> Option<Timestamp> {
    if !entry.has("from") {
        problems.error(entry.fault("from", needed()));
        return None;
    }
    moment(entry, "from", zone, problems)
}

/// A day of the commune, which is its first moment, or a moment.
pub(super) fn moment(
    entry: &mut Table,
    key: &'static str,
    zone: &TimeZone,
    problems: &mut Problems,
) -> Option<Timestamp> {
    let at = entry.at(key);
    let text = entry.moment(key, problems)?;
    let moment = text.parse::<jiff::Timestamp>().or_else(|_| {
        let local = text.parse::<Date>().map(|day| day.at(0, 0, 0, 0)).or_else(|_| text.parse::<DateTime>());
        local.and_then(|local| local.to_zoned_datetime(zone.clone())).map(|local| local.timestamp())
    });
    match moment {
        Ok(moment) => Some(Timestamp::from_millis(moment.as_millisecond())),
        Err(_) => {
            problems.error(at.fault(local!(
                "có \"{text}\", được phép: ngày như 2026-03-01, hoặc RFC 3339",
                "found \"{text}\", allowed: a date such as 2026-03-01, or RFC 3339"
            )));
            None
        }
    }
}

/// What to warn of: calibrations whose date lies ahead at `now`.
pub fn ahead(commune: &Commune, now: Timestamp) -> Vec<String> {
    let all = commune.points().flat_map(|point| point.calibrations.iter().map(move |one| (&point.id, one)));
    let ahead = all.filter(|(_, calibration)| calibration.from > now);
    ahead
        .map(|(point, _)| format!("{point}: calibration: a date lies ahead; it counts from that day on"))
        .collect()
}
