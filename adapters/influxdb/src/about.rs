//! What there is to watch, as lines: sites, points and limits with their names, so that whoever reads the engine knows what it holds.
//!
//! Texts are tags, for VictoriaMetrics keeps numbers only. Read next: `README.md` for the tables, `rows.rs` for the way back.

use std::fmt::Write as _;

use hub_model::{Commune, Limit, LimitStatus, LocalText, Point};

use crate::line::{Encoder, head};

/// Measurement of a site: its commune, kind, names and place.
pub const SITES: &str = "about_site";
/// Measurement of a point: its names, unit, decimals and interval.
pub const POINTS: &str = "about_point";
/// Measurement of a limit of a point.
pub const LIMITS: &str = "about_limit";

/// Lines without their time, of the sites and points that `encoder` sends.
pub(crate) fn lines(commune: &Commune, encoder: &Encoder) -> Vec<String> {
    let mut lines = Vec::new();
    for site in commune.sites.iter().filter(|site| encoder.sends_site(&site.id)) {
        let of_site = [("commune", commune.id.as_str()), ("site", site.id.as_str())];
        let mut tags = of_site.to_vec();
        tags.push(("kind", site.kind.code()));
        tags.extend(named("commune_vi", "commune_en", &commune.name));
        tags.extend(named("site_vi", "site_en", &site.name));
        let place = site.location.map(|place| [("lat", Some(place.lat)), ("lon", Some(place.lon))]);
        lines.push(line(SITES, tags, &[("seen", Some(1.0))], place.as_ref().map_or(&[], |place| place)));
        for device in &site.devices {
            for point in device.points.iter().filter(|point| encoder.wants(&point.id)) {
                let mut tags = of_site.to_vec();
                tags.extend([("device", device.id.name()), ("point", point.id.name())]);
                let of_point = tags.clone();
                tags.extend([("quantity", point.quantity.code()), ("unit", point.unit.code())]);
                tags.extend(named("device_vi", "device_en", &device.name));
                tags.extend(named("point_vi", "point_en", &point.name));
                let seconds = |span: Option<std::time::Duration>| span.map(|span| span.as_secs_f64());
                let expire = seconds(point.checks.expire_after);
                let more = [("interval", seconds(device.interval)), ("expire", expire)];
                let always = [
                    ("decimals", Some(f64::from(point.decimals))),
                    ("reference", Some(f64::from(u8::from(point.reference)))),
                ];
                lines.push(line(POINTS, tags, &always, &more));
                lines.extend(limits(point, &of_point));
            }
        }
    }
    lines
}

fn limits(point: &Point, of_point: &[(&str, &str)]) -> Vec<String> {
    let each = |(number, limit): (usize, &Limit)| {
        let number = number.to_string();
        let mut tags = of_point.to_vec();
        let status = match limit.status {
            LimitStatus::Verified => "verified",
            LimitStatus::Unverified => "unverified",
        };
        tags.extend([("n", number.as_str()), ("set", &limit.set), ("regulation", &limit.regulation)]);
        tags.extend([("clause", limit.clause.as_str()), ("status", status)]);
        let averaging = limit.averaging.unwrap_or_default().as_secs_f64();
        let fields = [
            ("min", limit.min),
            ("max", limit.max),
            ("from", limit.valid_from.map(|at| at.as_millis() as f64)),
            ("to", limit.valid_to.map(|at| at.as_millis() as f64)),
        ];
        line(LIMITS, tags, &[("averaging", Some(averaging))], &fields)
    };
    point.limits.iter().enumerate().map(each).collect()
}

fn named<'a>(vi: &'a str, en: &'a str, name: &'a LocalText) -> [(&'a str, &'a str); 2] {
    [(vi, &name.vi), (en, &name.en)]
}

/// A line up to the space before its time.
fn line(
    measurement: &str,
    mut tags: Vec<(&str, &str)>,
    always: &[(&str, Option<f64>)],
    more: &[(&str, Option<f64>)],
) -> String {
    tags.sort_unstable();
    let mut line = head(measurement, &tags);
    for (place, (name, value)) in
        always.iter().chain(more).filter_map(|(name, value)| Some((name, (*value)?))).enumerate()
    {
        // Writing to a string cannot fail.
        let _ = write!(line, "{}{name}={value}", if place == 0 { "" } else { "," });
    }
    line
}
