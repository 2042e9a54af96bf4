//! `[[bridge]]`: brokers that readings are republished to. Reads the files that they name.
//!
//! Read next: `adapters_mqtt::bridge` for a bridge's own keys, `login.rs` for its password.

use adapters_mqtt::bridge::{self, BridgeSettings};
use adapters_mqtt::client::Endpoint;
use adapters_sdk::config::{At, Problems, Table};
use hub_model::{Site, local};

use super::ForeignDevice;
use super::files::Files;
use super::login::Logins;
use super::nearest::{id_twice, not_one_of};

/// A bridge, ready to run.
#[derive(Debug, Clone, PartialEq)]
pub struct Bridge {
    /// What it sends, and where.
    pub settings: BridgeSettings,
    /// How its broker is reached.
    pub endpoint: Endpoint,
}

impl Bridge {
    /// The name of its feed in the store. No `[[forward]]` has a name of two words.
    pub fn feed(&self) -> String {
        format!("bridge {}", self.settings.id)
    }
}

/// A bridge, and where its keys stand: whether what they name is there is known once all files are read.
pub(super) struct Read {
    bridge: Bridge,
    of_sites: At,
    of_points: At,
    of_client_id: At,
    of_topics: At,
}

/// Reads all of them; those that are faulty are told and left out.
pub(super) fn read(root: &mut Table, files: &Files, problems: &mut Problems) -> Vec<Read> {
    let mut logins = Logins::new(files);
    let mut all: Vec<Read> = Vec::new();
    for mut table in root.tables("bridge", problems) {
        let [twice, of_sites, of_points, of_client_id, of_topics] =
            ["id", "sites", "points", "client_id", "topics"].map(|key| table.at(key));
        let keys = table.clone();
        let settings = bridge::settings(&mut table, problems);
        table.finish(problems);
        let Some(settings) = settings else { continue };
        let Some(credentials) = logins.broker(&settings.broker, &keys, problems) else { continue };
        if all.iter().any(|other| other.bridge.settings.id == settings.id) {
            problems.error(twice.fault(id_twice(&settings.id)));
        }
        let endpoint = Endpoint {
            address: settings.broker.address.clone(),
            password: credentials.password,
            ca: credentials.ca,
            client_id: settings.broker.client_id.clone().unwrap_or_default(),
        };
        all.push(Read {
            bridge: Bridge { settings, endpoint },
            of_sites,
            of_points,
            of_client_id,
            of_topics,
        });
    }
    all
}

/// Holds the bridges against the rest of the configuration, and gives their sessions names where it gives none.
pub(super) fn checked(
    all: Vec<Read>,
    commune: &str,
    sites: &[Site],
    foreign: &[ForeignDevice],
    problems: &mut Problems,
) -> Vec<Bridge> {
    let of_devices = foreign.iter().map(|device| (String::new(), device.endpoint.clone()));
    let mut taken: Vec<(String, Endpoint)> = of_devices.collect();
    let mut bridges = Vec::new();
    for Read { mut bridge, of_sites, of_points, of_client_id, of_topics } in all {
        let BridgeSettings { id, sites: named, points, .. } = &bridge.settings;
        if bridge.endpoint.client_id.is_empty() {
            bridge.endpoint.client_id = format!("commune-hub-{commune}-bridge-{id}");
        }
        let known = sites.iter().map(|site| site.id.as_str());
        for name in named.iter().flatten().filter(|name| known.clone().all(|id| id != **name)) {
            problems.error(of_sites.fault(not_one_of(name, known.clone())));
        }
        let devices = sites.iter().flat_map(|site| &site.devices);
        let known = devices.flat_map(|device| &device.points).map(|point| point.id.as_str());
        for name in points.iter().flatten().filter(|name| known.clone().all(|id| id != **name)) {
            problems.error(of_points.fault(not_one_of(name, known.clone())));
        }
        if bridge.settings.asks_for_returned(commune) {
            let message = local!(
                "có bộ lọc với cấp \"{commune}\", là dấu của tin đã qua máy chủ này và không được gửi lại, được phép: chủ đề khác",
                "found a filter with the level \"{commune}\", which marks what has been at this hub and is not sent again, allowed: other topics"
            );
            problems.error(of_topics.fault(message));
        }
        let own = &bridge.endpoint;
        let is_pushed_out = |(other_id, other): &&(String, Endpoint)| {
            // Two bridges of one id have been told.
            let (a, b) = (&other.address, &own.address);
            other_id != id && (&a.host, a.port, &other.client_id) == (&b.host, b.port, &own.client_id)
        };
        if let Some((_, other)) = taken.iter().find(is_pushed_out) {
            let (name, address) = (&other.client_id, &other.address);
            let message = local!(
                "có \"{name}\", là tên của một phiên khác ở {address}; hai phiên sẽ đẩy nhau ra, được phép: tên riêng",
                "found \"{name}\", the name of another session at {address}; the two would push each other out, allowed: a name of its own"
            );
            problems.error(of_client_id.fault(message));
        }
        taken.push((id.clone(), bridge.endpoint.clone()));
        bridges.push(bridge);
    }
    bridges
}
