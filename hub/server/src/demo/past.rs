//! What the demo's commune has lived through before it starts: weeks of readings, written where the hub will find them.
//!
//! In the past its devices were read each few minutes, today as often as they are now, so that no day looks as if readings were
//! missing that nobody had asked for. Read next: `import/sink.rs`, `simulators::World`.

use std::time::Duration;

use adapters_sdk::Clock;
use hub_model::{Observation, PointId, Sample, Timestamp};
use jiff::tz::TimeZone;
use simulators::{Scenario, World};

use crate::config::Config;
use crate::import::OfStore;

/// How often the devices were read on the days before today.
const STEP: Duration = Duration::from_secs(300);
/// Readings that are handed on at once.
const BATCH: usize = 5_000;

/// Writes `days` of readings up to now, today's among them, into a store that is still empty; returns once they are on disk.
/// A store with readings keeps what it has.
///
/// # Errors
/// When the store cannot be opened or written.
pub fn fill(config: &Config, scenario: &Scenario, clock: Clock, days: u16) -> anyhow::Result<()> {
    let now = clock.now();
    let mut store = OfStore::open(config, clock)?;
    if days == 0 || !store.is_empty()? {
        return store.finish();
    }
    let world = World::new(scenario, now)?;
    let today = midnight(now, &config.commune.timezone)?;
    let begin = today.minus(Duration::from_secs(u64::from(days - 1) * 24 * 3600));
    let devices = || config.commune.sites.iter().flat_map(|site| &site.devices);
    let points = || devices().flat_map(|device| device.points.iter().map(|point| (device.interval, point)));
    store.expect(points().map(|(_, point)| (point.id.clone(), STEP)).collect());
    for (_, point) in points() {
        put(&mut store, &world, &point.id, (begin, today), STEP)?;
    }
    store.seal()?;
    store.expect(Vec::new());
    for (interval, point) in points() {
        put(&mut store, &world, &point.id, (today, now), interval.unwrap_or(STEP))?;
    }
    store.finish()
}

/// A point's readings of a span, as the device would have sent them.
fn put(
    store: &mut OfStore,
    world: &World,
    point: &PointId,
    (from, to): (Timestamp, Timestamp),
    step: Duration,
) -> anyhow::Result<()> {
    let mut readings =
        world.history(point, from.as_millis(), to.as_millis(), step).map(|(ms, raw)| Observation {
            point: point.clone(),
            sample: Sample::Raw(raw),
            measured_at: Some(Timestamp::from_millis(ms)),
            received_at: Timestamp::from_millis(ms),
        });
    loop {
        let batch: Vec<_> = readings.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            return Ok(());
        }
        store.put(batch)?;
    }
}

/// The last midnight before `now` in the commune's zone.
fn midnight(now: Timestamp, zone: &str) -> anyhow::Result<Timestamp> {
    let at = jiff::Timestamp::from_millisecond(now.as_millis())?.to_zoned_datetime(TimeZone::get(zone)?);
    Ok(Timestamp::from_millis(at.start_of_day()?.timestamp().as_millisecond()))
}
