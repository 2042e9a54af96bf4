//! The configuration of a hub: one folder of TOML files, read whole, checked whole, told whole.
//!
//! Never opens a device or a socket and never stops at the first fault: [`Config::load`] gives every one of them with file,
//! line and key. Read next: `hub.rs` (hub.toml), `site.rs`, `device.rs`, `point.rs`, and `../limits.rs`.

mod about;
mod adapter;
mod bridge;
mod calibration;
mod device;
mod files;
mod forward;
mod hub;
mod listen;
mod login;
mod map;
pub mod nearest;
mod notify;
pub mod organisations;
mod point;
mod profile;
mod ranges;
mod rule_override;
mod site;
pub mod size;
mod store;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use adapters_modbus::{ModbusDevice, Plan};
use adapters_mqtt::MqttDevice;
use adapters_push::PushDevice;
use adapters_sdk::config::{Problems, Table};
use hub_api::Surroundings;
use hub_model::text::Told;
use hub_model::{Commune, Device, LocalText, RuleOverride, local};

use crate::limits::LimitSets;
use crate::rules::RuleFiles;
use crate::tls::TlsFiles;
use files::{Files, about_file};

pub use bridge::Bridge;
pub use calibration::ahead as calibrations_ahead;
pub use device::{ForeignDevice, Taken};
pub use files::Tables;
pub use forward::Forwarding;
pub use hub::unknown_zone;
pub use organisations::Organisations;
pub use profile::Profile;
pub use ranges::above;

/// A whole configuration without a fault. Holds passwords, so it has no `Debug`.
pub struct Config {
    /// The folder that it was read from.
    pub dir: PathBuf,
    /// The commune with its sites, devices and points, limits bound.
    pub commune: Commune,
    /// Where people and programs reach the hub.
    pub http: HttpSettings,
    /// Where devices publish; `None` when there is neither a section nor a device for it.
    pub mqtt: Option<MqttSettings>,
    /// Where readings are kept, and for how long.
    pub store: StoreSettings,
    /// Where the rules' files are.
    pub rules: RuleFiles,
    /// What is wanted otherwise of rules that watch the hub itself.
    pub own_rules: BTreeMap<String, RuleOverride>,
    /// The map, and what there is to know of each site.
    pub surroundings: Surroundings,
    /// Where readings are forwarded to, and where older ones come from.
    pub forwarding: Forwarding,
    /// Brokers that readings are republished to.
    pub bridges: Vec<Bridge>,
    /// What communes belong to; only a province's hub has it.
    pub province: Option<Organisations>,
    /// Devices that are polled. `Plan::build` takes them: loading has tried it.
    pub modbus: Vec<ModbusDevice>,
    /// Devices that publish, each with its password.
    pub mqtt_devices: Vec<(MqttDevice, String)>,
    /// Devices behind somebody else's brokers.
    pub foreign_devices: Vec<ForeignDevice>,
    /// Devices whose readings are pushed.
    pub push_devices: Vec<PushDevice>,
    /// How people are told of alarms.
    pub notify: adapters_notify::Notify,
    /// What devices took from profiles, for whoever checks the configuration.
    pub taken: Vec<Taken>,
}

/// Section `[http]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpSettings {
    /// Address and port; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// The address that people type, for links and for the session's cookie.
    pub public_url: Option<String>,
    /// Files of TLS; `None`: plain.
    pub tls: Option<TlsFiles>,
}

/// Section `[mqtt]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MqttSettings {
    /// Address and port; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Anybody may do anything: for tests, on loopback only.
    pub open: bool,
    /// Files of TLS; `None`: plain.
    pub tls: Option<TlsFiles>,
}

/// Section `[store]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreSettings {
    /// The folder of the databases.
    pub dir: PathBuf,
    /// How long readings are gathered for one commit.
    pub commit_window: Duration,
    /// How long single readings are kept.
    pub keep_raw: Duration,
    /// How long the hours' figures are kept, from the moment they are of.
    pub keep_hourly: Duration,
    /// How large the store may grow, in bytes.
    pub max_bytes: Option<u64>,
}

/// A configuration that cannot be used. Its text has one line for each fault.
#[derive(Debug, thiserror::Error)]
#[error("{}", in_english(.lines).join("\n"))]
pub struct Faulty {
    /// `file:line: key: what was found and what is allowed`, in the order of files and lines.
    pub lines: Vec<LocalText>,
}

/// What is said to whoever reads a log or a terminal.
pub fn in_english(lines: &[LocalText]) -> Vec<&str> {
    lines.iter().map(|line| line.en.as_str()).collect()
}

impl Config {
    /// Reads the folder `dir`. The configuration is there exactly when the problems hold no error.
    pub fn load(dir: &Path) -> (Option<Self>, Problems) {
        Self::load_files(dir, |files| files)
    }

    /// As [`Config::load`], as if the file `file` below the folder held `text`: for looking before it is written.
    ///
    /// # Errors
    /// Every fault at once.
    pub fn require_with(dir: &Path, file: &str, text: &str) -> Result<Self, Faulty> {
        let (config, problems) = Self::load_files(dir, |files| files.with(file, text));
        config.ok_or_else(|| Faulty { lines: error_lines(&problems) })
    }

    fn load_files(dir: &Path, seen: impl FnOnce(Files) -> Files) -> (Option<Self>, Problems) {
        let mut problems = Problems::new();
        let files = Files::open(dir, &mut problems).map(seen);
        let config = files.and_then(|files| read(dir, &files, &mut problems));
        let config = config.filter(|_| problems.errors().is_empty());
        (config, problems)
    }

    /// As [`Config::load`], with the warnings for whoever shows them.
    ///
    /// # Errors
    /// Every fault at once.
    pub fn require(dir: &Path) -> Result<(Self, Vec<String>), Faulty> {
        let (config, problems) = Self::load(dir);
        config
            .map(|config| (config, warning_lines(&problems)))
            .ok_or_else(|| Faulty { lines: error_lines(&problems) })
    }

    /// Where the store of the configuration in `dir` is: all that accounts need, so a fault elsewhere does not lock
    /// people out.
    ///
    /// # Errors
    /// When hub.toml cannot be read or its `[store]` is faulty.
    pub fn store_dir(dir: &Path) -> Result<PathBuf, Faulty> {
        part(dir, |root, problems| store::read(root, dir, problems).map(|store| store.dir))
    }

    /// Where the rules of the configuration in `dir` are: all that testing rules needs.
    ///
    /// # Errors
    /// When hub.toml cannot be read or its `[rules]` is faulty.
    pub fn rules(dir: &Path) -> Result<RuleFiles, Faulty> {
        part(dir, |root, problems| Some(RuleFiles::of(dir, hub::rules(root, dir, problems).folder)))
    }
}

/// Reads one section of hub.toml and looks at no other.
fn part<T>(dir: &Path, read: impl FnOnce(&mut Table, &mut Problems) -> Option<T>) -> Result<T, Faulty> {
    let mut problems = Problems::new();
    let found = Files::open(dir, &mut problems).and_then(|files| {
        let mut root = files.table("hub.toml", &mut problems)?;
        read(&mut root, &mut problems)
    });
    let lines = error_lines(&problems);
    found.filter(|_| lines.is_empty()).ok_or(Faulty { lines })
}

/// The faults, one line each. A fault of a profile is told once, however many devices use it.
pub fn error_lines(problems: &Problems) -> Vec<LocalText> {
    let mut told = BTreeSet::new();
    let errors = problems.errors().into_iter().filter(|problem| {
        // Keys of a profile are reached through each of its devices, so their paths differ and their ends do not.
        let end = problem.key.rsplit('.').next().unwrap_or_default();
        let key = if problem.place.file.starts_with("profiles/") { end } else { &problem.key };
        told.insert((&problem.place, key, &problem.message))
    });
    errors.map(Told::told).collect()
}

/// What should be mended, one line each.
pub fn warning_lines(problems: &Problems) -> Vec<String> {
    let mut lines: Vec<_> = problems.warnings().iter().map(ToString::to_string).collect();
    lines.dedup();
    lines
}

/// The device profiles of the configuration in `dir`, for showing them.
pub fn profiles(dir: &Path, problems: &mut Problems) -> Vec<Profile> {
    Files::open(dir, problems).map_or_else(Vec::new, |files| profile::read_all(&files, problems).all)
}

/// The one `[[device]]` of `text`, laid over the profiles of the configuration in `dir` as if it stood in a site's file, with
/// how it is polled. It need not be, and is not, in any file. Limits and accounts are not looked at.
///
/// # Errors
/// Every fault of the text, with its line.
pub fn unsaved_device(dir: &Path, text: &str) -> Result<(Device, ModbusDevice), Faulty> {
    let mut problems = Problems::new();
    // What is wrong with other files is told elsewhere.
    let mut elsewhere = Problems::new();
    let files = Files::open(dir, &mut elsewhere);
    let profiles = files.as_ref().map(|files| profile::read_all(files, &mut elsewhere));
    let found = files.zip(profiles).and_then(|(files, profiles)| {
        let table = Table::parse("device", text, &mut problems)?;
        site::one_device(table, &files, &profiles, &mut problems)
    });
    let lines = error_lines(&problems);
    found.filter(|_| lines.is_empty()).ok_or(Faulty { lines })
}

/// The file of the site `id` in the configuration in `dir`, as (name below it, text); a file that is no TOML is nobody's.
///
/// # Errors
/// When the folder of the sites, or a file in it, cannot be read.
pub fn site_file(dir: &Path, id: &str) -> io::Result<Option<(String, String)>> {
    let Some(files) = Files::open(dir, &mut Problems::new()) else { return Ok(None) };
    for file in files.list("sites")? {
        let text = files.text(&file)?;
        let table = Table::parse(&file, &text, &mut Problems::new());
        if table.is_some_and(|table| table.peek_text("id") == Some(id)) {
            return Ok(Some((file, text)));
        }
    }
    Ok(None)
}

fn read(dir: &Path, files: &Files, problems: &mut Problems) -> Option<Config> {
    let hub = files.table("hub.toml", problems).and_then(|root| hub::read(root, dir, files, problems));
    let zone = hub.as_ref().map_or(jiff::tz::TimeZone::UTC, |hub| hub.zone.clone());
    let limits = LimitSets::shipped(&zone).with_own(files.tables("limits", problems), &zone, problems);
    let profiles = profile::read_all(files, problems);
    let sites = site::read_all(files, &profiles, &limits, &zone, problems);
    if let Err(clashes) = Plan::build(sites.modbus.clone()) {
        clashes.iter().for_each(|clash| problems.error(clash.problem()));
    }
    if sites.are_none && hub.as_ref().is_none_or(|hub| hub.province.is_none()) {
        let message = local!(
            "trong đó không có tệp *.toml nào, nên máy chủ của xã không theo dõi gì",
            "there is no *.toml in it, so the hub watches nothing"
        );
        problems.warning(about_file("sites", message));
    }
    let mut hub = hub?;
    if hub.province.is_some() {
        refuse_devices(&hub, &sites.sites, problems);
    }
    for named in std::mem::take(&mut hub.forwarded_sites) {
        named.check(sites.sites.iter().map(|site| site.id.as_str()), problems);
    }
    let default_door = || MqttSettings { listen: listen::DEFAULT_MQTT, open: false, tls: None };
    let mqtt = hub.mqtt.or_else(|| (!sites.mqtt.is_empty()).then(default_door));
    let notify = notify::read(hub.notify, files, &sites.sites, (&hub.zone, mqtt.is_some()), problems);
    let foreign_devices = named(sites.foreign, &hub.commune.id);
    let bridges = bridge::checked(hub.bridges, &hub.commune.id, &sites.sites, &foreign_devices, problems);
    Some(Config {
        dir: dir.to_owned(),
        commune: Commune { sites: sites.sites, ..hub.commune },
        http: hub.http,
        mqtt,
        store: hub.store,
        rules: RuleFiles::of(dir, hub.rules.folder),
        own_rules: hub.rules.of_the_hub,
        notify,
        surroundings: Surroundings { sites: sites.about, ..hub.surroundings },
        forwarding: hub.forwarding,
        bridges,
        province: hub.province,
        modbus: sites.modbus,
        mqtt_devices: sites.mqtt,
        foreign_devices,
        push_devices: sites.push,
        taken: sites.taken,
    })
}

/// A province's hub reads communes from an engine and has no device of its own.
fn refuse_devices(hub: &hub::Hub, sites: &[hub_model::Site], problems: &mut Problems) {
    let mut refuse = |file: String, key: &str, message: LocalText| {
        let place = adapters_sdk::config::Place { file: file.into(), line: 0 };
        problems.error(adapters_sdk::config::Problem { place, key: key.to_owned(), message });
    };
    for site in sites {
        let message = local!(
            "có địa điểm, không được phép khi role = \"province\"; địa điểm thuộc máy chủ của xã",
            "found a site, allowed: none where role = \"province\"; sites belong to communes' hubs"
        );
        refuse(format!("sites/{}.toml", site.id), "id", message);
    }
    if hub.mqtt.is_some() {
        let message = local!(
            "có ghi, chỉ được phép khi role = \"commune\"",
            "is given, allowed: only where role = \"commune\""
        );
        refuse("hub.toml".to_owned(), "mqtt", message);
    }
    if hub.forwarding.remote.is_none() {
        let message = local!(
            "cần có khi role = \"province\": [history] remote ghi tên kho dữ liệu mà các xã chuyển số đo tới",
            "is needed where role = \"province\": [history] remote names the engine that communes forward to"
        );
        refuse("hub.toml".to_owned(), "history.remote", message);
    }
}

/// Gives the sessions at others' brokers their names where the configuration gives none. The user's name is a part of it: one
/// broker may know the hub as several users, and two sessions of one name would push each other out.
fn named(mut devices: Vec<ForeignDevice>, commune: &str) -> Vec<ForeignDevice> {
    for ForeignDevice { endpoint, .. } in &mut devices {
        if endpoint.client_id.is_empty() {
            let user = endpoint.address.user.as_deref().map_or_else(String::new, |user| format!("-{user}"));
            endpoint.client_id = format!("commune-hub-{commune}{user}");
        }
    }
    devices
}
