//! From the files to the devices: what a profile gives, what a device changes, what each point needs.

use std::collections::HashMap;
use std::path::Path;

use hub_model::{Counter, DeviceId, PointId, Quantity, SiteId, SiteKind, Unit, duration};
use rust_embed::RustEmbed;
use toml::{Spanned, Value};

use super::file::{DeviceEntry, HubFile, LoginEntry, PointEntry, ProfileFile, SiteFile};
use super::register::modicon;
use super::source::{Source, toml_files};
use super::{
    ByteOrder, DataType, Format, Link, Login, Place, RegisterPlace, SimCommune, SimDevice, SimPoint, SimSite,
};
use crate::SimError;

const DEFAULT_TIMEZONE: &str = "Asia/Ho_Chi_Minh";

pub(super) fn load(dir: &Path) -> Result<SimCommune, SimError> {
    let hub: HubFile = Source::read(dir.join("hub.toml"))?.parse()?;
    let mut profiles = HashMap::new();
    for name in Shipped::iter().filter(|name| name.ends_with(".toml")) {
        let Some(file) = Shipped::get(&name) else { continue };
        let source = Source::shipped(&name, &file.data);
        let profile: ProfileFile = source.parse()?;
        profiles.insert(profile.id.clone(), Profile { source, file: profile });
    }
    for path in toml_files(&dir.join("profiles"))? {
        let source = Source::read(path)?;
        let profile: ProfileFile = source.parse()?;
        profiles.insert(profile.id.clone(), Profile { source, file: profile });
    }
    let mut commune = SimCommune {
        timezone: hub.commune.timezone.unwrap_or_else(|| DEFAULT_TIMEZONE.to_owned()),
        sites: Vec::new(),
        skipped: Vec::new(),
    };
    for path in toml_files(&dir.join("sites"))? {
        let source = Source::read(path)?;
        let builder = Builder { dir, source: &source, profiles: &profiles };
        let site = builder.site(&mut commune.skipped)?;
        commune.sites.push(site);
    }
    Ok(commune)
}

/// The profiles that come with the hub. Data alone: nothing of the hub's code reads them here.
#[derive(RustEmbed)]
#[folder = "../hub/server/profiles"]
struct Shipped;

/// A profile and where it stands.
struct Profile {
    source: Source,
    file: ProfileFile,
}

/// What a device's points inherit.
struct Defaults {
    is_modbus: bool,
    order: ByteOrder,
    base: i64,
}

struct Builder<'a> {
    dir: &'a Path,
    source: &'a Source,
    profiles: &'a HashMap<String, Profile>,
}

impl Builder<'_> {
    fn site(&self, skipped: &mut Vec<(DeviceId, String)>) -> Result<SimSite, SimError> {
        let file: SiteFile = self.source.parse()?;
        let id = SiteId::parse(file.id.get_ref())
            .map_err(|error| self.source.fault(&file.id, format!("id: {error}")))?;
        let kind = SiteKind::CONFIGURED
            .into_iter()
            .find(|kind| kind.code() == file.kind.get_ref())
            .ok_or_else(|| {
                let allowed = SiteKind::CONFIGURED.map(SiteKind::code).join(", ");
                self.source
                    .fault(&file.kind, format!("kind: found \"{}\", allowed: {allowed}", file.kind.get_ref()))
            })?;
        let mut devices = Vec::new();
        for entry in file.device {
            if let Some(device) = self.device(&id, entry, skipped)? {
                devices.push(device);
            }
        }
        Ok(SimSite { id, kind, devices })
    }

    fn device(
        &self,
        site: &SiteId,
        entry: Spanned<DeviceEntry>,
        skipped: &mut Vec<(DeviceId, String)>,
    ) -> Result<Option<SimDevice>, SimError> {
        let place = Spanned::new(entry.span(), ());
        let entry = entry.into_inner();
        let id = DeviceId::new(site, entry.id.get_ref())
            .map_err(|error| self.source.fault(&entry.id, format!("id: {error}")))?;
        let profile = match &entry.profile {
            Some(name) => Some(self.profiles.get(name.get_ref()).ok_or_else(|| {
                self.source.fault(
                    name,
                    format!(
                        "profile: \"{}\" is in no file of profiles/ and does not come with the hub",
                        name.get_ref()
                    ),
                )
            })?),
            None => None,
        };
        let adapter = entry.adapter.clone().or_else(|| profile.and_then(|p| p.file.adapter.clone()));
        let link = match adapter.as_deref() {
            Some("modbus") => self.modbus(&entry, &place)?,
            Some("mqtt") => self.mqtt(&entry)?,
            other => Err(format!("adapter \"{}\" is not simulated", other.unwrap_or(""))),
        };
        let link = match link {
            Ok(link) => link,
            Err(reason) => {
                skipped.push((id, reason));
                return Ok(None);
            }
        };
        let expire =
            entry.expire_after.as_ref().or_else(|| profile.and_then(|p| p.file.expire_after.as_ref()));
        let expire_after = match expire {
            Some(text) => Some(
                duration::parse(text.get_ref())
                    .map_err(|error| self.source.fault(text, format!("expire_after: {error}")))?,
            ),
            None => None,
        };
        let defaults = Defaults {
            is_modbus: matches!(link, Link::Modbus { .. }),
            order: entry.byte_order.or_else(|| profile.and_then(|p| p.file.byte_order)).unwrap_or_default(),
            base: entry.address_base.or_else(|| profile.and_then(|p| p.file.address_base)).unwrap_or(0),
        };
        let mut points = Vec::new();
        let dev_eui = entry.dev_eui.as_deref().unwrap_or_default().to_ascii_lowercase();
        for (mut point, is_own) in
            merged(profile.map(|p| p.file.point.as_slice()).unwrap_or_default(), entry.point)
        {
            point.topic = point.topic.map(|topic| topic.replace("{dev_eui}", &dev_eui));
            let source = profile.filter(|_| !is_own).map_or(self.source, |profile| &profile.source);
            points.push(Builder { source, ..*self }.point(&id, point, &defaults)?);
        }
        Ok(Some(SimDevice { id, link, expire_after, points }))
    }

    /// The inner error is why the device is passed over.
    fn modbus(&self, entry: &DeviceEntry, place: &Spanned<()>) -> Result<Result<Link, String>, SimError> {
        let endpoint =
            entry.endpoint.as_ref().ok_or_else(|| self.source.fault(place, "endpoint: is needed"))?;
        if !["tcp://", "rtu+tcp://", "serial://"].iter().any(|kind| endpoint.get_ref().starts_with(kind)) {
            return Ok(Err(format!("endpoint \"{}\" is not simulated", endpoint.get_ref())));
        }
        let unit = entry.unit_id.as_ref().ok_or_else(|| self.source.fault(place, "unit_id: is needed"))?;
        let unit_id = u8::try_from(*unit.get_ref()).map_err(|_| {
            self.source.fault(unit, format!("unit_id: found {}, allowed: 0 to 255", unit.get_ref()))
        })?;
        Ok(Ok(Link::Modbus { endpoint: endpoint.get_ref().clone(), unit_id }))
    }

    fn mqtt(&self, entry: &DeviceEntry) -> Result<Result<Link, String>, SimError> {
        if let Some(broker) = &entry.broker {
            let elsewhere = port_on_loopback(broker);
            let why = "its broker is not simulated: only mqtt:// on 127.0.0.1 or localhost is".to_owned();
            return Ok(elsewhere.map(|port| Link::Mqtt { login: None, elsewhere: Some(port) }).ok_or(why));
        }
        let login = match &entry.login {
            Some(login) => Some(self.login(login)?),
            None => None,
        };
        Ok(Ok(Link::Mqtt { login, elsewhere: None }))
    }

    fn login(&self, entry: &LoginEntry) -> Result<Login, SimError> {
        let password = match (&entry.password, &entry.password_file) {
            (Some(password), _) => password.clone(),
            (None, Some(file)) => {
                let text = Source::read(self.dir.join(file.get_ref()))?.text;
                text.lines().next().unwrap_or_default().to_owned()
            }
            (None, None) => String::new(),
        };
        Ok(Login { username: entry.username.clone(), password })
    }

    fn point(&self, device: &DeviceId, entry: PointEntry, defaults: &Defaults) -> Result<SimPoint, SimError> {
        let id = PointId::new(device, entry.id.get_ref())
            .map_err(|error| self.source.fault(&entry.id, format!("id: {error}")))?;
        let code = entry
            .quantity
            .as_ref()
            .ok_or_else(|| self.source.fault(&entry.id, format!("{id}: quantity is needed")))?;
        let quantity = Quantity::parse(code.get_ref()).ok_or_else(|| {
            self.source.fault(code, format!("quantity: \"{}\" is not known", code.get_ref()))
        })?;
        let unit = match &entry.unit {
            Some(code) => {
                Unit::parse(code.get_ref()).filter(|unit| quantity.allows(*unit)).ok_or_else(|| {
                    let message = format!("unit: \"{}\" is no unit of {}", code.get_ref(), quantity.code());
                    self.source.fault(code, message)
                })?
            }
            None => quantity
                .default_unit()
                .ok_or_else(|| self.source.fault(code, format!("{} has no unit", quantity.code())))?,
        };
        let place = if defaults.is_modbus { self.register(&entry, defaults)? } else { payload_place(&entry) };
        let counter = match &entry.counter {
            Some(word) => {
                let known = Counter::WORDS.iter().find(|(known, _)| known == word.get_ref());
                let wrong = || {
                    let allowed = Counter::WORDS.map(|(known, _)| known).join(", ");
                    self.source
                        .fault(word, format!("counter: found \"{}\", allowed: {allowed}", word.get_ref()))
                };
                Some(known.ok_or_else(wrong)?.1)
            }
            None => None,
        };
        let scale = entry.scale.filter(|scale| *scale != 0.0).unwrap_or(1.0);
        Ok(SimPoint {
            decimals: entry.decimals.unwrap_or_else(|| measured_decimals(quantity, unit)),
            id,
            quantity,
            unit,
            scale,
            offset: entry.offset.unwrap_or(0.0),
            missing: entry.missing.unwrap_or_default(),
            counter,
            alarm: entry.alarm.is_some(),
            states: entry.states.unwrap_or_default(),
            place,
        })
    }

    fn register(&self, entry: &PointEntry, defaults: &Defaults) -> Result<Place, SimError> {
        let address =
            entry.address.as_ref().ok_or_else(|| self.source.fault(&entry.id, "address: is needed"))?;
        let wrong = || {
            let message =
                format!("address: found {}, allowed: 0 to 65535 or such as \"40001\"", address.get_ref());
            self.source.fault(address, message)
        };
        let (named, number) = match address.get_ref() {
            Value::Integer(number) => (None, u16::try_from(number - defaults.base).map_err(|_| wrong())?),
            Value::String(text) => modicon(text).map(|(r, a)| (Some(r), a)).ok_or_else(wrong)?,
            _ => return Err(wrong()),
        };
        let register =
            entry.register.or(named).ok_or_else(|| self.source.fault(&entry.id, "register: is needed"))?;
        let kind = match entry.kind {
            Some(kind) => kind,
            None if register.is_bits() => DataType::Bit,
            None => return Err(self.source.fault(&entry.id, "type: is needed")),
        };
        let bit = match &entry.bit {
            Some(bit) => u8::try_from(*bit.get_ref()).ok().filter(|bit| *bit < 16).ok_or_else(|| {
                self.source.fault(bit, format!("bit: found {}, allowed: 0 to 15", bit.get_ref()))
            })?,
            None => 0,
        };
        let order = entry.byte_order.unwrap_or(defaults.order);
        let words = match (&entry.length, kind) {
            (Some(length), DataType::String) => u16::try_from(*length.get_ref())
                .ok()
                .filter(|words| (1..=125).contains(words))
                .ok_or_else(|| {
                    let message = format!("length: found {}, allowed: 1 to 125", length.get_ref());
                    self.source.fault(length, message)
                })?,
            (None, DataType::String) => return Err(self.source.fault(&entry.id, "length: is needed")),
            _ => kind.words(),
        };
        let place = RegisterPlace { register, address: number, kind, order, bit, words };
        if place.end() > 0x1_0000 || (named.is_some_and(|named| named != register)) {
            return Err(wrong());
        }
        Ok(Place::Register(place))
    }
}

/// A profile's points with a device's on top: the same id changes single keys, a new id adds a point. Beside each, whether
/// it stands in the device's own file.
fn merged(base: &[PointEntry], own: Vec<PointEntry>) -> Vec<(PointEntry, bool)> {
    let mut points: Vec<_> = base.iter().map(|point| (point.clone(), false)).collect();
    for entry in own {
        match points.iter_mut().find(|(point, _)| point.id.get_ref() == entry.id.get_ref()) {
            Some(beneath) => *beneath = (entry.over(beneath.0.clone()), true),
            None => points.push((entry, true)),
        }
    }
    points
}

fn payload_place(entry: &PointEntry) -> Place {
    match &entry.topic {
        None => Place::Telemetry,
        Some(topic) => Place::Payload {
            topic: topic.clone(),
            path: entry.path.clone(),
            time_path: entry.time_path.clone(),
            format: entry.format.unwrap_or(Format::Json),
            line: entry.line.clone().unwrap_or_default(),
        },
    }
}

/// As many decimals as people are shown, and more where the unit is coarser than the quantity's own.
fn measured_decimals(quantity: Quantity, unit: Unit) -> u8 {
    let finer = quantity.default_unit().and_then(|own| own.convert(1.0, unit)).unwrap_or(1.0);
    let more = if finer > 0.0 && finer < 1.0 { (-finer.log10()).ceil() as u8 } else { 0 };
    quantity.decimals() + more
}

/// The port of a broker's address, `mqtt://[user@]HOST[:PORT]`, where the host is this machine.
fn port_on_loopback(broker: &str) -> Option<u16> {
    let place = broker.strip_prefix("mqtt://")?;
    let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (place, 1883),
    };
    matches!(host, "127.0.0.1" | "localhost").then_some(port)
}
