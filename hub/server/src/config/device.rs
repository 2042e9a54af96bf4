//! A device: its profile laid beneath it, its adapter's keys, its points.

use std::collections::HashMap;
use std::time::Duration;

use adapters_modbus::ModbusDevice;
use adapters_mqtt::MqttDevice;
use adapters_mqtt::client::Endpoint;
use adapters_mqtt::config::Way;
use adapters_push::PushDevice;
use adapters_sdk::config::{Place, Problems, Table};
use hub_model::{Device, DeviceId, LineId, LocalText, Point, PointId, SiteId, local};

use jiff::tz::TimeZone;

use super::adapter::{Adapter, DeviceSettings, PointSettings};
use super::login::Logins;
use super::point::{self, Around, SPANS};
use super::profile::{Profile, Profiles};
use super::site::BoundSets;

/// A device with what its adapter needs.
pub(super) struct Read {
    pub(super) device: Device,
    pub(super) served: Served,
    pub(super) taken: Option<Taken>,
}

/// What a device took from a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The device.
    pub device: DeviceId,
    /// The profile's id, with its version where it has one.
    pub profile: String,
    /// The profile's file; `None` when it comes with the hub.
    pub file: Option<String>,
    /// The points that are the profile's alone.
    pub points: Vec<String>,
}

/// What an adapter is given of a device.
pub(super) enum Served {
    /// Polled.
    Modbus(ModbusDevice),
    /// Publishes; with its password.
    Mqtt(MqttDevice, String),
    /// Publishes to somebody else's broker.
    Foreign(ForeignDevice),
    /// Comes through the API.
    Push(PushDevice),
}

/// A device behind somebody else's broker.
#[derive(Debug, Clone)]
pub struct ForeignDevice {
    /// The device.
    pub device: MqttDevice,
    /// How its broker is reached. Without a name of the session: it is made of the commune's id.
    pub endpoint: Endpoint,
    /// The shortest time after which one of its points counts as missing.
    pub expire_after: Option<Duration>,
}

/// What an adapter needs to log in, beside the device's settings.
enum Secret {
    /// Nothing.
    None,
    /// The password of a login at the hub's own broker.
    Password(String),
    /// How somebody else's broker is reached.
    Broker(Endpoint),
}

/// Reads a device. `None` when it cannot be used; every fault is in `problems`.
pub(super) fn read(
    mut table: Table,
    site: &SiteId,
    profiles: &Profiles,
    limits: &BoundSets<'_>,
    logins: &mut Logins<'_>,
    zone: &TimeZone,
    problems: &mut Problems,
) -> Option<Read> {
    let place = table.place().clone();
    let named = table.peek_text("profile").map(str::to_owned);
    let own_points = table.clone().tables("point", &mut Problems::new());
    // Which keys are known depends on the adapter: without it, nothing more can be said of this device.
    let (mut table, adapter) = with_profile(&mut table, profiles, problems)?;
    let id = table.needed_parsed("id", problems, |text| DeviceId::new(site, text));
    // A device without a usable id is read all the same, for the faults of its points.
    let assumed = id.clone().or_else(|| DeviceId::new(site, "device").ok())?;
    let name = table.local_text("name", problems);
    let expire_after = table.duration("expire_after", SPANS, problems);
    // A device that the hub asks has its `poll`.
    let stated = match adapter {
        Adapter::Modbus => None,
        Adapter::Mqtt | Adapter::Push => table.duration("interval", SPANS, problems),
    };
    let mut point_tables = table.tables("point", problems);
    if adapter == Adapter::Mqtt {
        fill_dev_eui(&mut table, &mut point_tables, problems);
    }
    let before = table.clone();
    let settings = adapter.device(&mut table, problems);
    let secret = match &settings {
        Some(DeviceSettings::Mqtt(settings)) => match &settings.way {
            Way::Login(login) => logins.password(login, &before, problems).map(Secret::Password),
            Way::Broker(broker) => logins.broker(broker, &before, problems).map(|credentials| {
                Secret::Broker(Endpoint {
                    address: broker.address.clone(),
                    password: credentials.password,
                    ca: credentials.ca,
                    client_id: broker.client_id.clone().unwrap_or_default(),
                })
            }),
        },
        _ => Some(Secret::None),
    };
    table.finish(problems);
    let around =
        Around { device: &assumed, adapter, settings: settings.as_ref(), expire_after, limits, zone };
    let points = points(point_tables, &around, problems);
    let interval = match &settings {
        Some(DeviceSettings::Modbus(settings)) => Some(settings.poll),
        _ => stated,
    };
    let id = id?;
    let line = match &settings {
        Some(DeviceSettings::Modbus(settings)) => Some(LineId::new(site, &settings.endpoint.to_string())),
        _ => None,
    };
    let taken =
        named.and_then(|name| profiles.find(&name).ok()).map(|profile| taken(&id, profile, &own_points));
    let (points, settings_of_points): (Vec<Point>, Vec<_>) = points.into_iter().unzip();
    let expire_after = points.iter().filter_map(|point| point.checks.expire_after).min();
    let served = serve(&id, settings?, (secret?, expire_after), settings_of_points, place)?;
    let name = name.unwrap_or_else(|| LocalText::same(id.name()));
    Some(Read { device: device(id, name, adapter, interval, line, points), served, taken })
}

/// What stands for the device's own number in the topics of a LoRaWAN profile.
const DEV_EUI: &str = "{dev_eui}";

/// Puts `dev_eui` into the topics of the device's points: the network server names the device by it.
fn fill_dev_eui(table: &mut Table, points: &mut [Table], problems: &mut Problems) {
    let needed = table.fault(
        "dev_eui",
        local!(
            "cần có, để thay {DEV_EUI} trong chủ đề của các điểm đo",
            "is needed for the {DEV_EUI} in the topics of its points"
        ),
    );
    let is_given = table.has("dev_eui");
    let dev_eui = table.parsed("dev_eui", problems, |text| {
        let is_fine = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match is_fine {
            true => Ok(text.to_ascii_lowercase()),
            false => Err(local!(
                "có \"{text}\", được phép: 16 chữ số thập lục phân của thiết bị",
                "found \"{text}\", allowed: the 16 hexadecimal digits of the device"
            )),
        }
    });
    let has_place = |point: &Table| point.peek_text("topic").is_some_and(|topic| topic.contains(DEV_EUI));
    if !is_given && points.iter().any(has_place) {
        problems.error(needed);
    }
    // A faulty or missing one has been told: the rest of the points is checked all the same.
    let dev_eui = dev_eui.unwrap_or_else(|| "0".repeat(16));
    points.iter_mut().for_each(|point| point.fill("topic", DEV_EUI, &dev_eui));
}

fn device(
    id: DeviceId,
    name: LocalText,
    adapter: Adapter,
    interval: Option<Duration>,
    line: Option<LineId>,
    points: Vec<Point>,
) -> Device {
    Device { id, name, adapter: adapter.code().to_owned(), interval, line, points }
}

fn taken(device: &DeviceId, profile: &Profile, own_points: &[Table]) -> Taken {
    let is_own = |id: &String| own_points.iter().any(|point| point.peek_text("id") == Some(id));
    Taken {
        device: device.clone(),
        profile: match &*profile.version {
            "" => profile.id.clone(),
            version => format!("{} version {version}", profile.id),
        },
        file: profile.shipped.is_none().then(|| profile.file.clone()),
        points: profile.points().into_iter().filter(|id| !is_own(id)).collect(),
    }
}

/// The device's table over its profile's, and the adapter that one of the two names.
fn with_profile(table: &mut Table, profiles: &Profiles, problems: &mut Problems) -> Option<(Table, Adapter)> {
    let profile_at = table.at("profile");
    let adapter_at = table.at("adapter");
    let (has_profile, has_adapter) = (table.has("profile"), table.has("adapter"));
    let profile = table.text("profile", problems).map(|id| profiles.find(&id));
    let own = table.choice("adapter", &Adapter::WORDS, problems);
    let table = table.clone();
    match profile {
        None if has_profile => None,
        None => {
            if !has_adapter {
                problems.error(adapter_at.fault(local!(
                    "cần có mà chưa ghi, được phép: modbus, mqtt, push, hoặc một hồ sơ (profile) đã ghi sẵn",
                    "is needed and not given, allowed: modbus, mqtt, push, or a profile that names it"
                )));
                report_misspelt(table, problems);
                return None;
            }
            own.map(|adapter| (table, adapter))
        }
        Some(Err(message)) => {
            if !message.en.is_empty() {
                problems.error(profile_at.fault(message));
            }
            None
        }
        Some(Ok(profile)) => {
            if let Some(own) = own.filter(|own| *own != profile.adapter) {
                let (own, id) = (own.code(), &profile.id);
                let (place, theirs) = (profile.place(), profile.adapter.code());
                problems.error(adapter_at.fault(local!(
                    "có \"{own}\", nhưng hồ sơ \"{id}\" ({place}) dùng {theirs}",
                    "found \"{own}\", but the profile \"{id}\" ({place}) is for {theirs}"
                )));
                return None;
            }
            let mut merged = profile.beneath(table);
            // The profile's own word for it, which has been read.
            merged.text("adapter", problems);
            Some((merged, profile.adapter))
        }
    }
}

/// Reports keys that look like `adapter` or `profile`. Nothing is known of the other keys without the two.
fn report_misspelt(table: Table, problems: &mut Problems) {
    let mut unknown = Problems::new();
    table.finish(&mut unknown);
    let misspelt = unknown.errors().into_iter().filter(|problem| problem.message.en.contains("did you mean"));
    misspelt.for_each(|problem| problems.error(problem.clone()));
}

fn points(
    tables: Vec<Table>,
    around: &Around<'_>,
    problems: &mut Problems,
) -> Vec<(Point, (PointId, PointSettings))> {
    let mut places: HashMap<PointId, Place> = HashMap::new();
    let mut points = Vec::new();
    for table in tables {
        let at = table.at("id");
        // Looked at before the rest of it: a point that is faulty otherwise is a second one all the same.
        let own = table.peek_text("id").and_then(|text| PointId::new(around.device, text).ok());
        let first = own.as_ref().and_then(|id| places.insert(id.clone(), at.place.clone()));
        let is_twice = first.is_some();
        if let (Some(id), Some(first)) = (&own, first) {
            let id = id.name();
            problems.error(at.fault(local!(
                "có \"{id}\", đã là id của một điểm đo ở {first}",
                "found \"{id}\", which is already the id of a point at {first}"
            )));
        }
        let Some((point, settings)) = point::read(table, around, problems) else { continue };
        if !is_twice {
            let id = point.id.clone();
            points.push((point, (id, settings)));
        }
    }
    let together = PointId::together(points.iter().map(|(point, _)| &point.id));
    for ((point, (id, _)), shared) in points.iter_mut().zip(together) {
        (point.id, *id) = (shared.clone(), shared);
    }
    points
}

fn serve(
    id: &DeviceId,
    settings: DeviceSettings,
    (secret, expire_after): (Secret, Option<Duration>),
    points: Vec<(PointId, PointSettings)>,
    place: Place,
) -> Option<Served> {
    let id = id.clone();
    Some(match settings {
        DeviceSettings::Modbus(settings) => {
            let points = points.into_iter().filter_map(|(id, point)| match point {
                PointSettings::Modbus(point) => Some((id, point)),
                _ => None,
            });
            Served::Modbus(ModbusDevice { id, settings, points: points.collect(), place })
        }
        DeviceSettings::Mqtt(settings) => {
            let points = points.into_iter().filter_map(|(id, point)| match point {
                PointSettings::Mqtt(point) => Some((id, point)),
                _ => None,
            });
            let device = MqttDevice { id, settings, points: points.collect() };
            match secret {
                Secret::Password(password) => Served::Mqtt(device, password),
                Secret::Broker(endpoint) => Served::Foreign(ForeignDevice { device, endpoint, expire_after }),
                Secret::None => return None,
            }
        }
        DeviceSettings::Push(settings) => {
            let points = points.into_iter().filter_map(|(id, point)| match point {
                PointSettings::Push(point) => Some((id, point)),
                _ => None,
            });
            Served::Push(PushDevice { id, settings, points: points.collect() })
        }
    })
}
