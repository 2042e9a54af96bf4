//! From what was POSTed to the points that it feeds. Built once from the configuration, then only read.
//!
//! A line with the tag `point=site/device/point` is that point's, its number in the field `value`. Any other line is of each
//! device whose `match` it fulfils. Read next: [`crate::taken`].

use std::collections::HashMap;

use hub_model::{DeviceId, Observation, PointId, Sample, Timestamp, Unit};

use crate::config::{DeviceSettings, Match, PointSettings};
use crate::line::{Field, Line, Lines, Precision, shown};
use crate::netjson::{self, NetJsonError};
use crate::senml::{self, Record, SenmlError};
use crate::taken::{Kind, Taken, TooLarge};
use crate::{mac, units};

/// The tag that names a point.
const POINT_TAG: &str = "point";
/// The field of such a line.
const VALUE_FIELD: &str = "value";

/// A device whose readings are pushed, as configured.
#[derive(Debug, Clone, PartialEq)]
pub struct PushDevice {
    /// Its full id.
    pub id: DeviceId,
    /// Which lines are its own.
    pub settings: DeviceSettings,
    /// Its points and their fields.
    pub points: Vec<(PointId, PointSettings)>,
}

/// A point that may be named, of whatever adapter.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// Its full id.
    pub id: PointId,
    /// Its unit.
    pub unit: Unit,
    /// Whether its device is one that pushes.
    pub is_pushed: bool,
}

/// What a sender may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Points of devices that push.
    Pushed,
    /// Points of every adapter: old data.
    All,
}

/// Which lines feed which points.
#[derive(Debug, Default)]
pub struct Finder {
    known: HashMap<String, Known>,
    sources: Vec<Source>,
    /// Sources by their measurement, those of any measurement, and all by their device.
    named: HashMap<String, Vec<usize>>,
    any: Vec<usize>,
    by_device: HashMap<String, usize>,
}

#[derive(Debug)]
struct Source {
    tags: Vec<(String, String)>,
    fields: Fields,
}

/// Field → points.
type Fields = HashMap<String, Vec<(PointId, Unit)>>;

impl Finder {
    /// Builds it from all points of the commune and the devices that push.
    pub fn new(known: impl Iterator<Item = Known>, devices: &[PushDevice]) -> Self {
        let known: HashMap<_, _> = known.map(|known| (known.id.to_string(), known)).collect();
        let mut finder = Self { known, ..Self::default() };
        for device in devices {
            let mut fields = Fields::new();
            for (id, point) in &device.points {
                let Some(known) = finder.known.get(id.as_str()) else { continue };
                fields.entry(point.field.clone()).or_default().push((id.clone(), known.unit));
            }
            let index = finder.sources.len();
            finder.by_device.insert(device.id.to_string(), index);
            let tags = device.settings.matching.as_ref().map(|Match { measurement, tags }| {
                match measurement {
                    Some(name) => finder.named.entry(name.clone()).or_default().push(index),
                    None => finder.any.push(index),
                }
                tags.clone()
            });
            finder.sources.push(Source { tags: tags.unwrap_or_default(), fields });
        }
        finder
    }

    /// Reads line protocol.
    ///
    /// # Errors
    /// When it holds too many readings; nothing of it is to be kept then.
    pub fn lines(
        &self,
        body: &[u8],
        precision: Precision,
        scope: Scope,
        received_at: Timestamp,
    ) -> Result<Taken, TooLarge> {
        let mut taken = Taken::default();
        for (number, written, read) in Lines::new(body) {
            let told =
                |problem: &dyn std::fmt::Display| format!("unable to parse '{}': {problem}", shown(written));
            let line = match read {
                Ok(line) => line,
                Err(error) => {
                    taken.refuse(number, Kind::Malformed, told(&error));
                    continue;
                }
            };
            let measured_at = match line.time.map(|time| precision.moment(time)) {
                Some(None) => {
                    let hint = "time out of range: allowed are 1990 to 2099, is the precision right?";
                    taken.refuse(number, Kind::Conflict, told(&hint));
                    continue;
                }
                time => time.flatten(),
            };
            self.line(number, &line, Times { measured_at, received_at }, scope, &mut taken)?;
        }
        Ok(taken)
    }

    fn line(
        &self,
        number: usize,
        line: &Line<'_>,
        times: Times,
        scope: Scope,
        taken: &mut Taken,
    ) -> Result<(), TooLarge> {
        if let Some(id) = line.tag(POINT_TAG) {
            return match self.named_point(id, line.field(VALUE_FIELD), scope) {
                Ok((point, value)) => taken.take(times.observation(point, Sample::Value(value))),
                Err((kind, problem)) => {
                    taken.refuse(number, kind, problem);
                    Ok(())
                }
            };
        }
        let mut texts = Vec::new();
        for (name, field) in &line.fields {
            let mut is_known = false;
            for (point, _) in self.wanted(&line.measurement, |tag| line.tag(tag), name) {
                is_known = true;
                match field.number() {
                    Some(raw) => taken.take(times.observation(point, Sample::Raw(raw)))?,
                    None => texts.push((name, field.kind(), point)),
                }
            }
            taken.unknown += u64::from(!is_known);
        }
        if let Some((name, kind, point)) = texts.first() {
            let problem = format!(
                "field type conflict: input field \"{}\" on measurement \"{}\" is type {kind}, {point} needs a number",
                mac::masked(name),
                mac::masked(&line.measurement)
            );
            taken.refuse(number, Kind::Conflict, problem);
        }
        Ok(())
    }

    fn named_point(
        &self,
        id: &str,
        field: Option<&Field<'_>>,
        scope: Scope,
    ) -> Result<(&PointId, f64), (Kind, String)> {
        let known = self.known(id, scope)?;
        let Some(field) = field else {
            return Err((Kind::Conflict, format!("point {id}: missing the field \"{VALUE_FIELD}\"")));
        };
        let Some(value) = field.number() else {
            let problem = format!(
                "field type conflict: \"{VALUE_FIELD}\" of point {id} is type {}, needs a number",
                field.kind()
            );
            return Err((Kind::Conflict, problem));
        };
        Ok((&known.id, value))
    }

    fn known(&self, id: &str, scope: Scope) -> Result<&Known, (Kind, String)> {
        let Some(known) = self.known.get(id) else {
            return Err((Kind::Conflict, format!("no point \"{}\"", shown(id.as_bytes()))));
        };
        if scope == Scope::Pushed && !known.is_pushed {
            let problem =
                format!("point {id} is not one that is pushed; writing it needs the role integrator");
            return Err((Kind::Forbidden, problem));
        }
        Ok(known)
    }

    /// The points that a field of a line feeds.
    fn wanted<'a, 't>(
        &'a self,
        measurement: &str,
        tag: impl Fn(&str) -> Option<&'t str>,
        field: &str,
    ) -> Vec<&'a (PointId, Unit)> {
        let sources = self.named.get(measurement).into_iter().flatten().chain(&self.any);
        let fulfilled = sources.map(|index| &self.sources[*index]).filter(|source| source.fulfils(&tag));
        fulfilled.filter_map(|source| source.fields.get(field)).flatten().collect()
    }

    /// Reads a SenML pack: as line protocol with the measurement `senml`, the tag `bn` (the base name) and one field for each
    /// record, named after its `n`, or after the whole name. A whole name that is a point's id names that point.
    ///
    /// # Errors
    /// When the pack as a whole cannot be read, or holds too much; nothing of it is to be kept then.
    pub fn senml(
        &self,
        records: Result<Vec<Record>, SenmlError>,
        scope: Scope,
        received_at: Timestamp,
    ) -> Result<Taken, PackError> {
        let mut taken = Taken::default();
        for (index, record) in records?.iter().enumerate() {
            self.record(index + 1, record, scope, received_at, &mut taken)?;
        }
        Ok(taken)
    }

    fn record(
        &self,
        number: usize,
        record: &Record,
        scope: Scope,
        received_at: Timestamp,
        taken: &mut Taken,
    ) -> Result<(), PackError> {
        let Ok(measured_at) = record.measured_at(received_at) else {
            taken.refuse(number, Kind::Conflict, "time out of range: allowed are 1990 to 2099");
            return Ok(());
        };
        let times = Times { measured_at, received_at };
        let name = record.name();
        let tag = |tag: &str| (tag == "bn").then_some(&*record.base_name);
        let mut wanted = self.wanted(senml::MEASUREMENT, tag, &record.local_name);
        if wanted.is_empty() {
            wanted = self.wanted(senml::MEASUREMENT, tag, &name);
        }
        let named = if wanted.is_empty() && self.known.contains_key(&name) {
            match self.known(&name, scope) {
                Ok(known) => Some((known.id.clone(), known.unit)),
                Err((kind, problem)) => {
                    taken.refuse(number, kind, problem);
                    return Ok(());
                }
            }
        } else {
            None
        };
        let all: Vec<_> = wanted.into_iter().chain(&named).collect();
        taken.unknown += u64::from(all.is_empty());
        for (point, unit) in all {
            match sample(record, *unit) {
                Ok(sample) => taken.take(times.observation(point, sample))?,
                Err(problem) => taken.refuse(number, Kind::Conflict, format!("{point}: {problem}")),
            }
        }
        Ok(())
    }

    /// Reads a NetJSON DeviceMonitoring document: of `device` where it is named, else as line protocol with the measurement
    /// `netjson` and the tag `hostname`. Its fields are told by [`crate::netjson`].
    ///
    /// # Errors
    /// When the document cannot be read, or there is no such device; nothing of it is to be kept then.
    pub fn netjson(
        &self,
        body: &[u8],
        device: Option<&str>,
        received_at: Timestamp,
    ) -> Result<Taken, PackError> {
        let named = match device {
            Some(id) => Some(
                self.by_device.get(id).ok_or_else(|| PackError::NoDevice { device: shown(id.as_bytes()) })?,
            ),
            None => None,
        };
        let document = netjson::read(body)?;
        let tag = |tag: &str| (tag == "hostname").then_some(document.hostname.as_deref()).flatten();
        let times = Times { measured_at: document.measured_at, received_at };
        let mut taken = Taken::default();
        for (name, number) in &document.figures {
            let wanted: Vec<_> = match named {
                Some(index) => self.sources[*index].fields.get(name).into_iter().flatten().collect(),
                None => self.wanted(netjson::MEASUREMENT, tag, name),
            };
            taken.unknown += u64::from(wanted.is_empty());
            for (point, _) in wanted {
                taken.take(times.observation(point, Sample::Raw(*number)))?;
            }
        }
        Ok(taken)
    }
}

/// Why a pack or document as a whole was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// No SenML.
    #[error(transparent)]
    Senml(#[from] SenmlError),
    /// No NetJSON.
    #[error(transparent)]
    NetJson(#[from] NetJsonError),
    /// The device that was named does not push, or does not exist.
    #[error("no device \"{device}\" whose readings are pushed")]
    NoDevice {
        /// What was named.
        device: String,
    },
    /// Too much of it.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
}

impl Source {
    fn fulfils<'t>(&self, tag: impl Fn(&str) -> Option<&'t str>) -> bool {
        self.tags.iter().all(|(name, value)| tag(name) == Some(value))
    }
}

/// A record's value in the point's unit where it names one, else the device's own number.
fn sample(record: &Record, unit: Unit) -> Result<Sample, String> {
    let Some(number) = record.number else {
        return Err("holds a text or data, needs a number or a switch".to_owned());
    };
    match &record.unit {
        None => Ok(Sample::Raw(number)),
        Some(written) => {
            units::convert(number, written, unit).map(Sample::Value).map_err(|error| error.to_string())
        }
    }
}

#[derive(Clone, Copy)]
struct Times {
    measured_at: Option<Timestamp>,
    received_at: Timestamp,
}

impl Times {
    fn observation(self, point: &PointId, sample: Sample) -> Observation {
        Observation {
            point: point.clone(),
            sample,
            measured_at: self.measured_at,
            received_at: self.received_at,
        }
    }
}
