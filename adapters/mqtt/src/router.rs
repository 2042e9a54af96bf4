//! From a topic to the points that it feeds. Built once from the configuration, then read by any number of threads; what must be
//! remembered of messages is in [`crate::uplinks`].

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use adapters_push::mac;
use hub_model::{DeviceId, Observation, PointId, Reason, Sample, Timestamp};
use serde_json::Value;

use crate::config::{DeviceSettings, Format, PointSettings};
use crate::payload::{Payload, PayloadError};
use crate::text::json_sample;
use crate::time;
use crate::topic::Filter;
use crate::trails::Trails;
use crate::uplinks::{Step, Uplink, Uplinks};

/// A device with its points, as configured.
#[derive(Debug, Clone, PartialEq)]
pub struct MqttDevice {
    /// Its full id.
    pub id: DeviceId,
    /// Its login.
    pub settings: DeviceSettings,
    /// Its points and where they are found.
    pub points: Vec<(PointId, PointSettings)>,
}

impl MqttDevice {
    /// The topic below which the device speaks the hub's own language: `commune/v1/{site}/{device}`.
    pub fn own_topic(&self) -> String {
        format!("commune/v1/{}", self.id)
    }

    /// Whether any of its points is a metric of its own telemetry.
    pub fn speaks_own(&self) -> bool {
        self.points.iter().any(|(_, point)| point.topic.is_none())
    }
}

/// What a message held.
#[derive(Debug, Default, PartialEq)]
pub struct Accepted {
    /// What it says, for the pipeline. Empty when it concerns no point.
    pub observations: Vec<Observation>,
    /// Metrics that are not configured: counted and shown, never an error.
    pub unknown_metrics: u64,
    /// Times that could not be read: the readings carry their time of receipt.
    pub bad_times: u64,
    /// Lines that could not be read beside others that could.
    pub bad_lines: u64,
    /// Messages that are dropped: a LoRaWAN server's uplink that came before, or what a bridge brings back to the hub that sent
    /// it. 0 or 1.
    pub copies: u64,
    /// Uplinks of the device that never came, by its frame counter.
    pub lost_uplinks: u64,
    /// Telemetry that never came, by its `seq`.
    pub lost_telemetry: u64,
    /// Telemetry that came before, or out of order, by its `seq`: 0 or 1. It is taken in all the same.
    pub repeated_telemetry: u64,
    /// Something is configured for the topic.
    pub is_known: bool,
    /// It says whether a device is there, and holds no reading.
    pub is_status: bool,
}

/// Why a message as a whole cannot be used. Nothing of it is kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("payload on {topic} {problem}")]
pub struct Refused {
    /// The topic it came on.
    pub topic: String,
    /// What is wrong with it.
    pub problem: PayloadError,
}

/// Which topic feeds which points.
#[derive(Debug, Default)]
pub struct Router {
    exact: HashMap<String, Vec<Route>>,
    wild: Vec<(Filter, Route)>,
    memory: Mutex<Uplinks>,
    trails: Trails,
}

#[derive(Debug, Clone)]
enum Route {
    /// The hub's own telemetry of a device: metric name → point.
    Telemetry(DeviceId, HashMap<String, PointId>),
    /// The hub's own status: all points of the device.
    Status(Vec<PointId>),
    /// One point in a foreign payload.
    Foreign(PointId, PointSettings),
}

impl Router {
    /// Builds the routes of all devices. Filters were checked with the configuration; one that is none feeds nothing.
    pub fn new<'a>(devices: impl Iterator<Item = &'a MqttDevice> + Clone) -> Self {
        let mut router = Self::default();
        for device in devices.clone() {
            let own = device.own_topic();
            let metrics = device.points.iter().filter(|(_, settings)| settings.topic.is_none());
            let metrics = metrics.map(|(id, _)| (id.name().to_owned(), id.clone())).collect();
            let all = device.points.iter().map(|(id, _)| id.clone()).collect();
            router
                .exact
                .insert(format!("{own}/telemetry"), vec![Route::Telemetry(device.id.clone(), metrics)]);
            router.exact.insert(format!("{own}/status"), vec![Route::Status(all)]);
        }
        for (id, settings) in devices.flat_map(|device| &device.points) {
            let Some(topic) = &settings.topic else { continue };
            let Ok(filter) = Filter::parse(topic) else { continue };
            let route = Route::Foreign(id.clone(), settings.clone());
            if filter.is_plain() {
                router.exact.entry(topic.clone()).or_default().push(route);
            } else {
                router.wild.push((filter, route));
            }
        }
        router
    }

    /// Knows the hubs that messages come through.
    pub fn with_trails(self, trails: Trails) -> Self {
        Self { trails, ..self }
    }

    /// Reads a message.
    ///
    /// # Errors
    /// When the payload as a whole cannot be read in the format that its topic calls for.
    pub fn message(&self, topic: &str, payload: &[u8], received_at: Timestamp) -> Result<Accepted, Refused> {
        let exact = self.exact.get(topic).into_iter().flatten();
        let wild = self.wild.iter().filter(|(filter, _)| filter.matches(topic)).map(|(_, route)| route);
        let mut payload = Payload::new(payload);
        let mut accepted = Accepted::default();
        let routes: Vec<&Route> = exact.chain(wild).collect();
        accepted.is_known = !routes.is_empty();
        if routes.iter().any(|route| route.is_json()) && self.is_copy(&mut payload, &mut accepted) {
            return Ok(accepted);
        }
        for route in routes {
            self.follow(route, &mut payload, received_at, &mut accepted)
                .map_err(|problem| Refused { topic: mac::masked(topic).into_owned(), problem })?;
        }
        accepted.bad_lines = payload.bad_lines();
        Ok(accepted)
    }

    /// Whether it is an uplink that came before. A gateway's server sends one again when it has missed our answer.
    fn is_copy(&self, payload: &mut Payload<'_>, accepted: &mut Accepted) -> bool {
        let Some(uplink) = payload.json().ok().and_then(Uplink::of) else { return false };
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if uplink.id.is_some_and(|id| memory.is_copy(id)) {
            accepted.copies = 1;
            return true;
        }
        accepted.lost_uplinks = memory.gap(uplink.device, uplink.frame);
        false
    }

    /// Counts what is missing or repeated, by the telemetry's own number.
    fn count(&self, device: &DeviceId, document: &Value, accepted: &mut Accepted) {
        let Some(number) = document.get("seq").and_then(Value::as_u64) else { return };
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        match memory.step(device, number) {
            Step::Missing(count) => accepted.lost_telemetry = count,
            Step::Repeated => accepted.repeated_telemetry = 1,
        }
    }

    /// The rate of a counter, where the point wants one; `None` when there is none yet.
    fn rate(
        &self,
        point: &PointId,
        settings: &PointSettings,
        sample: Sample,
        at: Timestamp,
    ) -> Option<Sample> {
        let (Some(counter), Sample::Raw(number)) = (settings.rate, sample) else { return Some(sample) };
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.rate(point, counter, number, at).map(Sample::Raw)
    }

    fn follow(
        &self,
        route: &Route,
        payload: &mut Payload<'_>,
        received_at: Timestamp,
        accepted: &mut Accepted,
    ) -> Result<(), PayloadError> {
        match route {
            Route::Telemetry(device, metrics) => {
                let document = payload.json()?;
                if !self.trails.note(device, document)? {
                    accepted.copies = 1;
                    return Ok(());
                }
                telemetry(metrics, document, received_at, accepted)?;
                self.count(device, document, accepted);
                Ok(())
            }
            Route::Status(points) => match payload.text()? {
                "online" => {
                    accepted.is_status = true;
                    Ok(())
                }
                "offline" => {
                    let offline = points.iter().map(|point| Observation {
                        point: point.clone(),
                        sample: Sample::Missing(Reason::Offline),
                        measured_at: None,
                        received_at,
                    });
                    accepted.observations.extend(offline);
                    Ok(())
                }
                _ => Err(PayloadError::Status),
            },
            Route::Foreign(point, settings) => {
                for decoded in payload.decode(settings, received_at)? {
                    accepted.bad_times += u64::from(decoded.bad_time);
                    let at = decoded.measured_at.unwrap_or(received_at);
                    let Some(sample) = self.rate(point, settings, decoded.sample, at) else { continue };
                    let measured_at = decoded.measured_at;
                    accepted.observations.push(Observation {
                        point: point.clone(),
                        sample,
                        measured_at,
                        received_at,
                    });
                }
                Ok(())
            }
        }
    }
}

impl Route {
    fn is_json(&self) -> bool {
        matches!(self, Self::Foreign(_, settings) if settings.format == Format::Json)
    }
}

fn telemetry(
    metrics: &HashMap<String, PointId>,
    document: &Value,
    received_at: Timestamp,
    accepted: &mut Accepted,
) -> Result<(), PayloadError> {
    let Some(Value::Object(measured)) = document.get("m") else {
        return Err(PayloadError::Metrics);
    };
    let named_time = document.get("ts").filter(|ts| !ts.is_null());
    let measured_at = named_time.and_then(time::from_json);
    accepted.bad_times += u64::from(named_time.is_some() && measured_at.is_none());
    for (name, value) in measured {
        match metrics.get(name) {
            Some(point) => accepted.observations.push(Observation {
                point: point.clone(),
                sample: json_sample(value),
                measured_at,
                received_at,
            }),
            None => accepted.unknown_metrics += 1,
        }
    }
    Ok(())
}
