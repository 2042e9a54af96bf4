//! `sites/*.toml`: a place, the limits that apply there, its devices.

use std::collections::{BTreeMap, HashMap};

use adapters_modbus::ModbusDevice;
use adapters_mqtt::MqttDevice;
use adapters_push::PushDevice;
use adapters_sdk::config::{Place, Problems, Table};
use hub_api::About;
use hub_model::{DeviceId, Limit, LocalText, Quantity, Site, SiteId, SiteKind, Unit, local, own};

use jiff::tz::TimeZone;

use super::device::{self, ForeignDevice, Served, Taken};
use super::files::Files;
use super::login::Logins;
use super::profile::Profiles;
use super::{about, ranges, rule_override};
use crate::limits::{LimitSet, LimitSets};

/// All sites, and their devices by adapter.
#[derive(Default)]
pub(super) struct Sites {
    /// Whether there is not even a file of one.
    pub(super) are_none: bool,
    /// In the order of their ids.
    pub(super) sites: Vec<Site>,
    pub(super) modbus: Vec<ModbusDevice>,
    pub(super) mqtt: Vec<(MqttDevice, String)>,
    pub(super) foreign: Vec<ForeignDevice>,
    pub(super) push: Vec<PushDevice>,
    /// What there is to know of each.
    pub(super) about: BTreeMap<SiteId, About>,
    /// What devices took from profiles.
    pub(super) taken: Vec<Taken>,
}

/// The limit sets that apply at a site.
pub(super) struct BoundSets<'a>(Vec<&'a LimitSet>);

impl BoundSets<'_> {
    /// The limits of a quantity in `unit`, and what could not be converted.
    pub(super) fn of(&self, quantity: Quantity, unit: Unit) -> (Vec<Limit>, Vec<LocalText>) {
        crate::limits::bind(&self.0, quantity, unit)
    }
}

/// Reads all sites.
pub(super) fn read_all(
    files: &Files,
    profiles: &Profiles,
    limits: &LimitSets,
    zone: &TimeZone,
    problems: &mut Problems,
) -> Sites {
    let tables = files.tables("sites", problems);
    let are_none = tables.read.is_empty() && !tables.some_faulty;
    let mut reader = Reader {
        files,
        profiles,
        limits,
        zone,
        logins: Logins::new(files),
        found: Sites { are_none, ..Sites::default() },
    };
    let mut places: HashMap<SiteId, Place> = HashMap::new();
    for table in tables.read {
        reader.site(table, &mut places, problems);
    }
    check_alone(files, profiles, problems);
    reader.found.sites.sort_by(|a, b| a.id.cmp(&b.id));
    reader.found
}

struct Reader<'a> {
    files: &'a Files,
    profiles: &'a Profiles,
    limits: &'a LimitSets,
    zone: &'a TimeZone,
    logins: Logins<'a>,
    found: Sites,
}

impl<'a> Reader<'a> {
    fn site(&mut self, mut table: Table, places: &mut HashMap<SiteId, Place>, problems: &mut Problems) {
        let id_at = table.at("id");
        let id = table.needed_parsed("id", problems, SiteId::parse);
        if id.as_ref().is_some_and(own::is_own) {
            let id = own::SITE;
            problems.error(id_at.fault(local!(
                "có \"{id}\", tên này dành cho chính máy chủ của xã",
                "found \"{id}\", which is kept for the hub itself"
            )));
        }
        let first = id.as_ref().and_then(|id| places.insert(id.clone(), id_at.place.clone()));
        let is_twice = first.is_some();
        if let (Some(id), Some(first)) = (&id, first) {
            problems.error(id_at.fault(local!(
                "có \"{id}\", đã là id của địa điểm ở {first}",
                "found \"{id}\", which is already the id of the site at {first}"
            )));
        }
        let kinds = SiteKind::CONFIGURED.map(|kind| (kind.code(), kind));
        let kind = table.needed_choice("kind", &kinds, problems);
        let name = table.local_text("name", problems);
        let location = ranges::location(&mut table, problems);
        let bound = self.bound_sets(&mut table, problems);
        let rules = rule_override::read(&mut table, problems);
        let about = about::read(&mut table, self.files, problems);
        let device_tables = table.tables("device", problems);
        table.finish(problems);
        // A site without a usable id is read all the same, for the faults of its devices.
        let Some(assumed) = id.clone().or_else(|| SiteId::parse("site").ok()) else { return };
        let kept =
            [self.found.modbus.len(), self.found.mqtt.len(), self.found.foreign.len(), self.found.push.len()];
        let devices = self.devices(device_tables, &assumed, &bound, problems);
        if is_twice {
            // Its devices would clash with those of the first, which says nothing new.
            let [modbus, mqtt, foreign, push] = kept;
            self.found.modbus.truncate(modbus);
            self.found.mqtt.truncate(mqtt);
            self.found.foreign.truncate(foreign);
            self.found.push.truncate(push);
            return;
        }
        if let (Some(id), Some(kind)) = (id, kind) {
            let name = name.unwrap_or_else(|| LocalText::same(id.as_str()));
            self.found.about.insert(id.clone(), about);
            self.found.sites.push(Site { id, kind, name, location, devices, rules });
        }
    }

    fn bound_sets(&self, table: &mut Table, problems: &mut Problems) -> BoundSets<'a> {
        let at = table.at("limits");
        let mut bound = Vec::new();
        for id in table.texts("limits", problems).unwrap_or_default() {
            match self.limits.find(&id) {
                Some(set) => bound.push(set),
                None => {
                    let why = self.limits.why_missing(&id);
                    why.into_iter().for_each(|message| problems.error(at.fault(message)));
                }
            }
        }
        BoundSets(bound)
    }

    fn devices(
        &mut self,
        tables: Vec<Table>,
        site: &SiteId,
        limits: &BoundSets<'_>,
        problems: &mut Problems,
    ) -> Vec<hub_model::Device> {
        let mut places: HashMap<DeviceId, Place> = HashMap::new();
        let mut devices = Vec::new();
        for table in tables {
            let at = table.at("id");
            // Looked at before the rest of it: a device that is faulty otherwise is a second one all the same.
            let own = table.peek_text("id").and_then(|text| DeviceId::new(site, text).ok());
            let first = own.as_ref().and_then(|id| places.insert(id.clone(), at.place.clone()));
            let is_twice = first.is_some();
            if let (Some(id), Some(first)) = (&own, first) {
                let id = id.name();
                problems.error(at.fault(local!(
                    "có \"{id}\", đã là id của một thiết bị ở {first}",
                    "found \"{id}\", which is already the id of a device at {first}"
                )));
            }
            let read =
                device::read(table, site, self.profiles, limits, &mut self.logins, self.zone, problems);
            let Some(device::Read { device, served, taken }) = read.filter(|_| !is_twice) else { continue };
            self.found.taken.extend(taken);
            match served {
                Served::Modbus(served) => self.found.modbus.push(served),
                Served::Mqtt(served, password) => self.found.mqtt.push((served, password)),
                Served::Foreign(served) => self.found.foreign.push(served),
                Served::Push(served) => self.found.push.push(served),
            }
            devices.push(device);
        }
        devices
    }
}

/// The one device that stands in `table`, which is a site's file with nothing else in it. Only what is polled can be tried.
pub(super) fn one_device(
    mut table: Table,
    files: &Files,
    profiles: &Profiles,
    problems: &mut Problems,
) -> Option<(hub_model::Device, ModbusDevice)> {
    let (nowhere, no_limits) = (SiteId::parse("unsaved").ok()?, BoundSets(Vec::new()));
    let at = table.at("device");
    let mut devices = table.tables("device", problems);
    table.finish(problems);
    let count = devices.len();
    let Some(device) = devices.pop().filter(|_| count == 1) else {
        problems.error(at.fault(local!(
            "có {count} thiết bị, được phép: một [[device]] với các [[device.point]] của nó",
            "found {count} devices, allowed: one [[device]] with its [[device.point]]"
        )));
        return None;
    };
    let mut logins = Logins::new(files);
    let adapter = device.fault(
        "adapter",
        local!("chỉ đọc thử ngay được thiết bị Modbus", "only a device on Modbus can be read at once"),
    );
    let read = device::read(device, &nowhere, profiles, &no_limits, &mut logins, &TimeZone::UTC, problems)?;
    let Served::Modbus(served) = read.served else {
        problems.error(adapter);
        return None;
    };
    Some((read.device, served))
}

/// Checks each profile by itself, so that the faults of one that no device uses are told too. What a device must add is not
/// its fault.
fn check_alone(files: &Files, profiles: &Profiles, problems: &mut Problems) {
    let (Ok(nowhere), no_limits) = (SiteId::parse("profile"), BoundSets(Vec::new())) else { return };
    for profile in profiles.all.iter().filter(|profile| profile.shipped.is_none()) {
        let mut found = Problems::new();
        let mut logins = Logins::new(files);
        device::read(
            profile.alone(),
            &nowhere,
            profiles,
            &no_limits,
            &mut logins,
            &TimeZone::UTC,
            &mut found,
        );
        let faults = found.errors().into_iter().filter(|fault| !fault.message.en.starts_with("is needed"));
        faults.for_each(|fault| problems.error(fault.clone()));
    }
}
