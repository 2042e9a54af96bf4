//! Both sides compared: how many readings each has of a point and day, and whether they are the same.
//!
//! A digest is of moments, values, qualities and reasons. VictoriaMetrics keeps 12 digits of a value surely, so no more are
//! compared there.

use std::io::Write;
use std::ops::ControlFlow;

use adapters_influxdb::history::Series;
use adapters_influxdb::{Client, Encoder, Kind, Target, remote};
use adapters_sdk::Clock;
use anyhow::ensure;
use hub_model::{Reading, Timestamp};
use hub_store::History;

use super::Span;
use crate::calendar::utc;
use crate::config::Config;

/// Moments that are told of a day that differs.
const MAX_EXAMPLES: usize = 3;

/// One side's readings of a point and day.
#[derive(Default)]
struct Side {
    rows: Vec<(i64, String)>,
}

impl Side {
    fn take(&mut self, reading: &Reading, kind: Kind) {
        let value = reading.value.map_or_else(String::new, |value| match kind {
            Kind::InfluxDb2 => value.to_string(),
            Kind::VictoriaMetrics => format!("{value:.11e}").parse::<f64>().unwrap_or(value).to_string(),
        });
        let reason = reading.reason.map(|reason| reason.to_string()).unwrap_or_default();
        let told = format!("{value} {} {reason}", reading.quality.code());
        self.rows.push((reading.measured_at.as_millis(), told));
    }

    fn digest(&self) -> u32 {
        let mut digest = crc32fast::Hasher::new();
        for (at, told) in &self.rows {
            digest.update(&at.to_le_bytes());
            digest.update(told.as_bytes());
            digest.update(b"\n");
        }
        digest.finalize()
    }
}

/// Compares the readings of `span`, and tells each point's days that differ.
///
/// # Errors
/// When the target is not to be had, keeps means, or differs.
pub fn verify(
    config: &Config,
    target: &Target,
    span: &Span,
    history: &dyn History,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    ensure!(target.what.width_ms().is_none(), "{} keeps means, which cannot be compared", target.id);
    let client = Client::new(target).map_err(|why| anyhow::anyhow!("ca {why}"))?;
    let points = Encoder::new(&config.commune, target).points();
    let remote = remote(client);
    let kept_since = Clock::system().now().minus(config.store.keep_raw);
    let (mut same, mut different, mut readings, mut left) = (0_u64, 0_u64, 0_u64, 0_u64);
    for point in &points {
        let known = config.commune.points().find(|known| known.id == *point);
        let quantity = known.map_or("", |known| known.quantity.code());
        let series = Series { commune: &config.commune.id, quantity, point };
        for day in span.days()? {
            let (mut here, mut there) = (Side::default(), Side::default());
            history.readings(point, day.from, day.to, &mut |reading| {
                here.take(&reading, target.kind);
                ControlFlow::Continue(())
            })?;
            remote.readings(&series, day.from, day.to, &mut |reading| {
                there.take(&reading, target.kind);
                ControlFlow::Continue(())
            })?;
            if here.rows.is_empty() && !there.rows.is_empty() && day.to <= kept_since {
                left += 1;
                continue;
            }
            if here.rows.is_empty() && there.rows.is_empty() {
                continue;
            }
            readings += here.rows.len() as u64;
            if here.rows == there.rows {
                same += 1;
                continue;
            }
            different += 1;
            writeln!(
                out,
                "{point} {}: here {} readings, digest {:08x}; there {}, digest {:08x}",
                day.name,
                here.rows.len(),
                here.digest(),
                there.rows.len(),
                there.digest()
            )?;
            differences(&here, &there).iter().try_for_each(|line| writeln!(out, "  {line}"))?;
        }
    }
    writeln!(
        out,
        "{same} days of points are the same on both sides, with {readings} readings; {different} differ"
    )?;
    if left > 0 {
        writeln!(out, "{left} days are there only: they have left this store for their age")?;
    }
    ensure!(different == 0, "both sides differ");
    Ok(())
}

/// The first moments at which the sides differ.
fn differences(here: &Side, there: &Side) -> Vec<String> {
    let find = |side: &Side, ms: i64| {
        let place = side.rows.binary_search_by_key(&ms, |(moment, _)| *moment).ok();
        place.map_or_else(|| "nothing".to_owned(), |place| side.rows[place].1.trim_end().to_owned())
    };
    let mut moments: Vec<i64> = here.rows.iter().chain(&there.rows).map(|(ms, _)| *ms).collect();
    moments.sort_unstable();
    moments.dedup();
    let told = moments.into_iter().filter_map(|ms| {
        let (ours, theirs) = (find(here, ms), find(there, ms));
        (ours != theirs).then(|| format!("{}: here {ours}, there {theirs}", utc(Timestamp::from_millis(ms))))
    });
    told.take(MAX_EXAMPLES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hub_model::{PointId, Quality, Timestamp};

    fn reading(ms: i64, value: f64) -> Reading {
        let at = Timestamp::from_millis(ms);
        Reading {
            point: PointId::parse("a/b/c").unwrap(),
            measured_at: at,
            received_at: at,
            raw: None,
            value: Some(value),
            quality: Quality::Good,
            reason: None,
        }
    }

    #[test]
    fn what_differs_is_told_by_its_moment() {
        let (mut here, mut there) = (Side::default(), Side::default());
        for ms in [1_000, 2_000, 3_000] {
            here.take(&reading(ms, 7.5), Kind::InfluxDb2);
        }
        there.take(&reading(1_000, 7.5), Kind::InfluxDb2);
        there.take(&reading(3_000, 7.25), Kind::InfluxDb2);
        assert_ne!(here.digest(), there.digest());
        assert_eq!(
            differences(&here, &there),
            [
                "1970-01-01T00:00:02Z: here 7.5 good, there nothing",
                "1970-01-01T00:00:03Z: here 7.5 good, there 7.25 good"
            ]
        );
    }

    #[test]
    fn victoria_metrics_is_held_to_the_digits_that_it_keeps() {
        let (mut here, mut there) = (Side::default(), Side::default());
        here.take(&reading(1, 0.1 + 0.2), Kind::VictoriaMetrics);
        there.take(&reading(1, 0.3), Kind::VictoriaMetrics);
        assert_eq!(here.digest(), there.digest());
    }
}
