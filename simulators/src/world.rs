//! The values: what each point of each device measures at any time, and what the device sends of it. Pure but for a cache of
//! days already worked out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hub_model::{PointId, Timestamp};

use crate::clock::Timeline;
use crate::config::{DataType, Place, RegisterPlace, SimCommune, SimPoint, SimSite};
use crate::encode;
use crate::fault::{Board, FaultKind, Span};
use crate::models::counter::DAY_START_HOUR;
use crate::models::moment::Moment;
use crate::models::plant::{PlantDay, PlantSize};
use crate::models::{self, Curves, Pump, Scene, noise};
use crate::replay::Replay;
use crate::{Scenario, SimError};

/// Plant days that are kept; when full all are dropped, since they can be worked out again.
const KEPT_DAYS: usize = 64;

/// What a point's device measures and sends, at any time.
#[derive(Debug)]
pub struct World {
    commune: Arc<SimCommune>,
    offset_s: i32,
    timeline: Timeline,
    board: Arc<Board>,
    curves: Curves,
    known: HashMap<PointId, Known>,
    plants: Mutex<HashMap<(usize, i64), Arc<PlantDay>>>,
    replays: HashMap<PointId, Replay>,
}

/// What is worked out once of a point.
#[derive(Debug)]
struct Known {
    point: SimPoint,
    site: usize,
    site_seed: u64,
    seed: u64,
    pump: Pump,
    /// The bits of its word that are points, too: it is made of these.
    bits: Vec<(PointId, u8)>,
}

impl World {
    /// The world of `scenario`, started when the wall clock shows `wall_start`.
    ///
    /// # Errors
    /// When the commune's time zone is not known.
    pub fn new(scenario: &Scenario, wall_start: Timestamp) -> Result<Self, SimError> {
        let sim_start = scenario.start.unwrap_or(wall_start);
        let timeline = Timeline::new(wall_start, sim_start, scenario.speed);
        let board = Board::new(&scenario.faults, timeline);
        Self::with_board(scenario, timeline, board)
    }

    pub(crate) fn with_board(
        scenario: &Scenario,
        timeline: Timeline,
        board: Arc<Board>,
    ) -> Result<Self, SimError> {
        let commune = Arc::new(scenario.commune.clone());
        let offset_s = offset_at(&commune.timezone, timeline.start())?;
        let mut known = HashMap::new();
        for (index, site) in commune.sites.iter().enumerate() {
            for point in site.devices.iter().flat_map(|device| &device.points) {
                known.insert(point.id.clone(), Known::new(scenario.seed, index, site, point));
            }
        }
        let (curves, plants) = (Curves::new(), Mutex::default());
        let replays = scenario
            .replays
            .iter()
            .map(|replayed| (replayed.point.clone(), replayed.replay.clone()))
            .collect();
        Ok(Self { commune, offset_s, timeline, board, curves, known, plants, replays })
    }

    /// The devices.
    pub fn commune(&self) -> &Arc<SimCommune> {
        &self.commune
    }

    /// The value of a point when the wall clock shows `wall`, in the point's unit, process upsets included, before the
    /// device rounds it. `None` for a point that is not simulated.
    pub fn value_at(&self, point: &PointId, wall: Timestamp) -> Option<f64> {
        let known = self.known.get(point)?;
        let time = self.timeline.simulated(wall);
        Some(self.upset(known, time, &self.board.of_point(point, time)))
    }

    /// What the device sends for a point when the wall clock shows `wall`: the raw number, rounded to what it can send.
    /// `None` when it sends none then (silent, cut off, answering wrongly) or the point is not simulated.
    pub fn raw_at(&self, point: &PointId, wall: Timestamp) -> Option<f64> {
        let known = self.known.get(point)?;
        let time = self.timeline.simulated(wall);
        let faults = self.board.of_point(point, time);
        if faults.iter().any(|fault| fault.kind.hides_values()) {
            return None;
        }
        Some(self.sent(known, time, &faults))
    }

    /// The past, for filling a store: (wall time in ms, raw number as the device would have sent it) every `step` from
    /// `from_ms` until before `to_ms`. Moments at which the device sent nothing are left out.
    pub fn history<'a>(
        &'a self,
        point: &'a PointId,
        from_ms: i64,
        to_ms: i64,
        step: Duration,
    ) -> impl Iterator<Item = (i64, f64)> + 'a {
        let step_ms = i64::try_from(step.as_millis()).unwrap_or(i64::MAX).max(1);
        let moments = std::iter::successors(Some(from_ms), move |ms| ms.checked_add(step_ms))
            .take_while(move |ms| *ms < to_ms);
        moments.filter_map(move |ms| Some((ms, self.raw_at(point, Timestamp::from_millis(ms))?)))
    }

    /// Seconds that the commune's local time was ahead of UTC at the start.
    pub(crate) fn offset_s(&self) -> i32 {
        self.offset_s
    }

    /// What goes over the wire at simulated `time`, whatever the device's answers suffer on their way.
    pub(crate) fn raw_simulated(&self, point: &SimPoint, time: Timestamp) -> f64 {
        match self.known.get(&point.id) {
            Some(known) => self.sent(known, time, &self.board.of_point(&point.id, time)),
            None => f64::NAN,
        }
    }

    fn sent(&self, known: &Known, time: Timestamp, faults: &[Span]) -> f64 {
        if faults.iter().any(|fault| fault.kind == FaultKind::NoReading) {
            return known.point.missing.first().copied().unwrap_or(f64::NAN);
        }
        let own = raw_of(&known.point, self.upset(known, time, faults));
        if known.bits.is_empty() {
            return own;
        }
        let is_set = |bit: &PointId| {
            let bit = self.known.get(bit);
            bit.is_some_and(|bit| self.sent(bit, time, &self.board.of_point(&bit.point.id, time)) >= 0.5)
        };
        let set = known.bits.iter().filter(|(bit, _)| is_set(bit));
        f64::from(set.fold(own as u16, |word, (_, place)| word | 1 << place))
    }

    /// The model's value with what befalls the process: frozen first, then each upset on top.
    fn upset(&self, known: &Known, time: Timestamp, faults: &[Span]) -> f64 {
        let frozen =
            faults.iter().filter(|fault| fault.kind == FaultKind::Frozen).map(|fault| fault.from).min();
        let mut value = self.healthy(known, frozen.unwrap_or(time));
        for fault in faults {
            let share = |ramp: Duration| match ramp.as_secs_f64() {
                0.0 => 1.0,
                seconds => (time.since(fault.from).as_secs_f64() / seconds).min(1.0),
            };
            match fault.kind {
                FaultKind::Offset { value: more, ramp } => value += more * share(ramp),
                FaultKind::Level { value: level, ramp } => value += (level - value) * share(ramp),
                FaultKind::CounterReset if is_counter(&known.point) => {
                    value -= self.healthy(known, fault.from)
                }
                _ => {}
            }
        }
        value
    }

    fn healthy(&self, known: &Known, time: Timestamp) -> f64 {
        if let Some(replay) = self.replays.get(&known.point.id) {
            return replay.value(self.timeline.start(), time);
        }
        if !known.bits.is_empty() {
            return 0.0;
        }
        let moment = Moment::new(time, self.offset_s);
        let plant = self.plant(known, moment.day_from(DAY_START_HOUR).0);
        models::value(&Scene {
            site_seed: known.site_seed,
            seed: known.seed,
            moment,
            curves: &self.curves,
            plant: &plant,
            pump: known.pump,
            point: &known.point,
        })
    }

    fn plant(&self, known: &Known, day: i64) -> Arc<PlantDay> {
        // Each entry is whole once it is there, so a panic elsewhere cannot spoil the cache.
        let mut plants = self.plants.lock().unwrap_or_else(PoisonError::into_inner);
        if plants.len() >= KEPT_DAYS && !plants.contains_key(&(known.site, day)) {
            plants.clear();
        }
        let size = PlantSize::new(known.site_seed);
        let day_of = || Arc::new(PlantDay::new(size, day, &self.curves.water));
        plants.entry((known.site, day)).or_insert_with(day_of).clone()
    }
}

impl Known {
    fn new(seed: u64, index: usize, site: &SimSite, point: &SimPoint) -> Self {
        Self {
            point: point.clone(),
            site: index,
            site_seed: noise::named(seed, site.id.as_str()),
            seed: noise::named(seed, point.id.as_str()),
            pump: Pump::of(site, point),
            bits: bits(site, point),
        }
    }
}

/// The points of the same device that are single bits of a point's word.
fn bits(site: &SimSite, point: &SimPoint) -> Vec<(PointId, u8)> {
    let Place::Register(word) = &point.place else { return Vec::new() };
    let beside = site.devices.iter().filter(|device| device.id == point.id.device());
    let points = beside.flat_map(|device| &device.points);
    let places = points.filter_map(|other| match &other.place {
        Place::Register(place) => Some((other.id.clone(), place)),
        _ => None,
    });
    let same = |place: &RegisterPlace| {
        (place.register, place.address, place.order) == (word.register, word.address, word.order)
    };
    let is_word = word.kind == DataType::Uint16;
    let of_word = places.filter(|(_, place)| is_word && place.kind == DataType::Bit && same(place));
    of_word.map(|(id, place)| (id, place.bit)).collect()
}

/// The raw number that a device sends for a value: taken back through scale and offset, rounded as the device measures, and
/// never by chance one that means "no reading".
fn raw_of(point: &SimPoint, value: f64) -> f64 {
    // A scale below one stands beside whole numbers: that is what it is for. One above needs the more decimals.
    let size = point.scale.abs();
    let decimals = if size < 1.0 { 0 } else { i32::from(point.decimals) + size.log10().ceil() as i32 };
    let power = 10f64.powi(decimals);
    let rounded = ((value - point.offset) / point.scale * power).round() / power;
    let rounded = match point.states.len() {
        0 => wrapped(point, rounded),
        states => rounded.clamp(0.0, (states - 1) as f64),
    };
    let raw = match &point.place {
        Place::Register(place) => encode::representable(rounded, place.kind),
        // Minus zero is nothing that a sensor says.
        Place::Telemetry | Place::Payload { .. } => rounded + 0.0,
    };
    if point.missing.contains(&raw) { raw - 1.0 } else { raw }
}

/// A number that only counts up begins at 0 again behind its end.
fn wrapped(point: &SimPoint, raw: f64) -> f64 {
    let Some(counter) = point.counter else { return raw };
    counter.span().map_or_else(|| raw.max(0.0), |span| raw.rem_euclid(span))
}

/// Whether a point counts up.
fn is_counter(point: &SimPoint) -> bool {
    point.counter.is_some()
        || ["volume", "energy", "rx_bytes", "tx_bytes", "uptime"].contains(&point.quantity.code())
}

/// Seconds that local time is ahead of UTC at `moment`.
fn offset_at(timezone: &str, moment: Timestamp) -> Result<i32, SimError> {
    let unknown = || SimError::Timezone { timezone: timezone.to_owned() };
    let zone = jiff::tz::TimeZone::get(timezone).map_err(|_| unknown())?;
    let moment = jiff::Timestamp::from_millisecond(moment.as_millis()).map_err(|_| unknown())?;
    Ok(zone.to_offset(moment).seconds())
}
