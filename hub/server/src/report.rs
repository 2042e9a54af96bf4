//! How the running hub fares: for `/health/ready` and `/metrics`. Only looks; never blocks.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use adapters_mqtt::client::{LinkHealth, LinkState};
use adapters_sdk::Clock;
use hub_api::{Health, MetricsText, Part};
use hub_model::Timestamp;
use hub_store::{Disk, History, Store, StoreHealth, Unreadable};

use crate::adapters::Watch;
use crate::bridge;
use crate::calendar::utc;
use crate::forward;
use crate::notify::Told;
use crate::own::Stall;
use crate::province::Province;
use crate::push::PushCounters;
use crate::reload::Configuration;

/// The size of a page of memory on the machines that the hub is built for.
const PAGE_BYTES: f64 = 4096.0;

/// Looks at the running parts.
#[derive(Clone)]
pub struct Report {
    /// The store.
    pub store: Arc<Store>,
    /// Whether its writer gets on.
    pub stall: Stall,
    /// The adapters.
    pub adapters: Watch,
    /// The hub's time.
    pub clock: Clock,
    /// Whether the files are what runs.
    pub configuration: Configuration,
    /// What was pushed over HTTP.
    pub pushed: Arc<PushCounters>,
    /// How the notices stand.
    pub told: Told,
    /// The ways out.
    pub forwards: forward::Watch,
    /// Bridges to other brokers.
    pub bridges: bridge::Watch,
    /// A province's look at its communes.
    pub province: Option<Province>,
}

impl Report {
    /// Each part, and whether it works.
    pub fn health(&self) -> Health {
        let store = store_part(&self.store.health(), self.stall.since());
        let mut adapters = Vec::new();
        for bus in self.adapters.buses() {
            let name = format!("modbus {}", bus.endpoint);
            let silent: Vec<_> = bus.devices.iter().filter(|device| device.silent.is_some()).collect();
            adapters.push(if !bus.connected && !silent.is_empty() {
                let error = bus.last_error.map_or_else(|| "not connected".to_owned(), |error| error.text.en);
                Part::degraded(name, error)
            } else if silent.is_empty() {
                Part::ok(name)
            } else {
                let names: Vec<_> = silent.iter().map(|device| device.id.as_str()).collect();
                Part::degraded(name, format!("no answer from {}", names.join(", ")))
            });
        }
        if self.adapters.mqtt.is_some() {
            adapters.push(Part::ok("mqtt"));
        }
        let now = self.clock.now();
        for link in self.adapters.foreign.health() {
            let name = format!("mqtt {}", link.broker);
            adapters.push(match link.trouble(now) {
                None => Part::ok(name),
                Some(trouble) => Part::degraded(name, trouble),
            });
        }
        adapters.extend(self.bridges.parts(self.store.last_commit(), now));
        let notices = self.told.standing().part(now);
        let mut others = vec![self.configuration.part(), self.clock_part(), notices];
        others.extend(self.forwards.parts());
        others.extend(self.province.as_ref().map(Province::part));
        Health { store, adapters, others }
    }

    fn clock_part(&self) -> Part {
        match self.clock.is_trusted() {
            true => Part::ok("clock"),
            false => Part::degraded(
                "clock",
                "the machine's clock cannot be trusted; readings are kept in order and moved to their time once it is set",
            ),
        }
    }

    /// The hub's own figures.
    pub fn metrics(&self, metrics: &mut MetricsText) {
        metrics.counter("commune_commits", "Batches committed.", &[(&[], self.store.last_commit().0 as f64)]);
        store_metrics(&self.store.health(), metrics);
        let stalled = self.stall.since().map_or(0, |since| self.clock.now().since(since).as_secs());
        metrics.gauge(
            "commune_store_stalled_seconds",
            "How long the commit under way has taken, once that is over five seconds; otherwise 0.",
            &[(&[], stalled as f64)],
        );
        if let Some(bytes) = resident_bytes() {
            metrics.gauge("process_resident_memory_bytes", "Resident memory.", &[(&[], bytes)]);
        }
        self.pushed(metrics);
        self.told.standing().metrics(metrics);
        let now = self.clock.now();
        self.forwards.metrics(now, metrics);
        self.bridges.metrics(self.store.last_commit(), now, metrics);
        self.mqtt(metrics);
        self.modbus(metrics);
    }

    fn pushed(&self, metrics: &mut MetricsText) {
        for (name, help, counter) in [
            (
                "commune_pushed",
                "Readings taken over HTTP as line protocol, SenML or NetJSON.",
                &self.pushed.taken,
            ),
            (
                "commune_push_refused",
                "Lines, records and bodies of these that were refused.",
                &self.pushed.refused,
            ),
            ("commune_push_unknown", "Numbers in these without a point.", &self.pushed.unknown),
        ] {
            metrics.counter(name, help, &[(&[], counter.load(Ordering::Relaxed) as f64)]);
        }
    }

    fn mqtt(&self, metrics: &mut MetricsText) {
        self.links(metrics);
        let Some(reader) = &self.adapters.mqtt else { return };
        let stats = reader.read();
        let door = &self.adapters.door;
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        metrics.gauge("commune_mqtt_connections", "Clients connected.", &[(&[], stats.connections as f64)]);
        metrics.gauge(
            "commune_mqtt_in_flight",
            "Messages waiting for their commit.",
            &[(&[], stats.in_flight as f64)],
        );
        metrics.gauge(
            "commune_mqtt_queued",
            "Messages waiting for subscribers, connected or not.",
            &[(&[], stats.queued as f64)],
        );
        for (name, help, value) in [
            ("commune_mqtt_received", "Messages received.", stats.received),
            ("commune_mqtt_committed", "Messages committed and acknowledged.", stats.committed),
            ("commune_mqtt_refused", "Messages and subscriptions refused.", stats.refused),
            ("commune_mqtt_logins_refused", "Logins refused.", stats.logins_refused),
            ("commune_mqtt_malformed", "Connections closed for a malformed packet.", stats.malformed),
            ("commune_mqtt_sent", "Messages sent to subscribers.", stats.sent),
            (
                "commune_mqtt_dropped",
                "Messages dropped: a connected subscriber is too slow.",
                stats.dropped_slow,
            ),
            (
                "commune_mqtt_dropped_away",
                "Messages dropped: too many wait for a client.",
                stats.dropped_away,
            ),
            ("commune_mqtt_not_delivered", "Messages expired or too large to send.", stats.not_delivered),
            ("commune_mqtt_not_retained", "Messages without room to be retained.", stats.not_retained),
            ("commune_mqtt_sessions_forgotten", "Sessions forgotten: too many.", stats.sessions_forgotten),
            ("commune_mqtt_connects_paced", "Connections that waited their turn.", stats.paced),
            ("commune_mqtt_sockets_refused", "Sockets closed at once: too many.", stats.sockets_refused),
            ("commune_mqtt_disconnected_slow", "Slow subscribers disconnected.", stats.disconnected_slow),
            ("commune_mqtt_taken_over", "Connections replaced by a newer one.", stats.taken_over),
            ("commune_mqtt_undecodable", "Payloads that could not be read.", count(&door.undecodable)),
            ("commune_mqtt_unknown_metrics", "Metrics without a point.", count(&door.unknown_metrics)),
            ("commune_mqtt_bad_times", "Times that could not be read.", count(&door.bad_times)),
            ("commune_mqtt_bad_lines", "Lines that could not be read.", count(&door.bad_lines)),
            ("commune_mqtt_uplink_copies", "LoRaWAN uplinks that came twice.", count(&door.copies)),
            ("commune_mqtt_telemetry_lost", "Own telemetry that never came.", count(&door.lost_telemetry)),
            ("commune_mqtt_telemetry_repeated", "Own telemetry again.", count(&door.repeated_telemetry)),
            ("commune_mqtt_uplinks_lost", "LoRaWAN uplinks that never came.", count(&door.lost_uplinks)),
        ] {
            metrics.counter(name, help, &[(&[], value as f64)]);
        }
    }

    /// Connections to somebody else's brokers.
    fn links(&self, metrics: &mut MetricsText) {
        let links = self.adapters.foreign.health();
        if links.is_empty() {
            return;
        }
        let labels: Vec<_> = links
            .iter()
            .map(|link| [("broker", link.broker.as_str()), ("client", link.client_id.as_str())])
            .collect();
        let samples = |value: &dyn Fn(&LinkHealth) -> f64| -> Vec<_> {
            labels.iter().zip(&links).map(|(labels, link)| (labels.as_slice(), value(link))).collect()
        };
        let is_up = samples(&|link| f64::from(u8::from(matches!(link.state, LinkState::Connected { .. }))));
        metrics.gauge("commune_mqtt_link_up", "Whether a broker elsewhere is connected.", &is_up);
        let messages = samples(&|link| link.messages as f64);
        metrics.counter("commune_mqtt_link_messages", "Messages of a broker elsewhere.", &messages);
        let connects = samples(&|link| link.connects as f64);
        metrics.counter("commune_mqtt_link_connects", "Connections made to a broker elsewhere.", &connects);
        let lost = samples(&|link| link.sessions_lost as f64);
        metrics.counter("commune_mqtt_link_sessions_lost", "Sessions that it had forgotten.", &lost);
    }

    fn modbus(&self, metrics: &mut MetricsText) {
        let buses = self.adapters.buses();
        let devices: Vec<_> = buses.iter().flat_map(|bus| &bus.devices).collect();
        let labels: Vec<_> = devices.iter().map(|device| [("device", device.id.as_str())]).collect();
        let mut family = |name: &str, help: &str, value: &dyn Fn(&adapters_modbus::DeviceHealth) -> u64| {
            let samples: Vec<_> = labels
                .iter()
                .zip(&devices)
                .map(|(labels, device)| (labels.as_slice(), value(device) as f64))
                .collect();
            metrics.counter(name, help, &samples);
        };
        if labels.is_empty() {
            return;
        }
        family("commune_modbus_polls", "Times that a device was asked.", &|device| device.polls);
        family("commune_modbus_timeouts", "Requests not answered in time.", &|device| device.timeouts);
        family("commune_modbus_exceptions", "Requests answered with an exception.", &|device| {
            device.exceptions
        });
        family("commune_modbus_overruns", "Polls left out because the bus was busy.", &|device| {
            device.overruns
        });
    }
}

fn store_metrics(health: &StoreHealth, metrics: &mut MetricsText) {
    let mut gauge = |name, help, value: u64| metrics.gauge(name, help, &[(&[], value as f64)]);
    gauge("commune_store_used_bytes", "Bytes of the store in use.", health.space.used_bytes);
    gauge(
        "commune_store_damaged",
        "Pieces of history that could not be read and were set aside.",
        health.damaged,
    );
    if let Some(disk) = &health.disk {
        gauge("commune_store_disk_free_bytes", "Bytes free on the store's disk.", disk.free_bytes);
        gauge("commune_store_disk_size_bytes", "Bytes of the store's disk.", disk.total_bytes);
        let is_nearly_full = u64::from(disk.is_nearly_full());
        gauge(
            "commune_store_disk_nearly_full",
            "1 when so little is free that readings may soon not be taken.",
            is_nearly_full,
        );
    }
}

/// How the store fares: what it suffers from, all of it.
fn store_part(health: &StoreHealth, stalled_since: Option<Timestamp>) -> Part {
    if let Some(since) = stalled_since {
        let detail = format!(
            "a commit has been under way since {}: the disk hangs or is very slow, and devices wait",
            utc(since)
        );
        return Part::failed("store", detail);
    }
    if let Some(failing) = &health.failing {
        let detail = format!("{} commits have failed in a row: {}", failing.attempts, failing.last_error);
        return Part::failed("store", detail);
    }
    let mut details = Vec::new();
    let space = &health.space;
    if let Some(disk) = health.disk.filter(Disk::is_nearly_full) {
        details.push(format!(
            "the disk is nearly full: {} of {} MB are free; when none are, readings are no longer taken",
            disk.free_bytes / 1_000_000,
            disk.total_bytes / 1_000_000
        ));
    }
    if let Some(forced) = &space.forced {
        details.push(format!("full: readings left that were still needed by {}", forced.holders.join(", ")));
    }
    if space.is_over {
        details.push("larger than max_size, and nothing old is left that may leave".to_owned());
    } else if space.is_near {
        details.push("near its max_size; the oldest leave soon".to_owned());
    }
    if let Some(found) = &health.unsound {
        details.push(format!("pages of its file cannot be read, some questions are not answered: {found}"));
    }
    if let Some(Unreadable { times, last_error }) = &health.unreadable {
        details.push(format!(
            "{times} times the disk did not give back a part of its file ({last_error}); make a backup and look at the disk"
        ));
    }
    if health.damaged > 0 {
        details.push(format!(
            "{} pieces of history could not be read and are set aside; see store check",
            health.damaged
        ));
    }
    if details.is_empty() { Part::ok("store") } else { Part::degraded("store", details.join("; ")) }
}

/// Resident memory of this process; `None` where the kernel does not tell.
pub fn resident_bytes() -> Option<f64> {
    let statm = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: f64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * PAGE_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hub_api::PartState;
    use hub_store::{CommitSeq, Failing, Space};

    #[test]
    fn the_store_s_part_tells_everything_that_it_suffers_from() {
        let well = StoreHealth {
            last_commit: CommitSeq(7),
            queued: 0,
            failing: None,
            busy: None,
            damaged: 0,
            unsound: None,
            unreadable: None,
            space: Space::default(),
            disk: Some(Disk { free_bytes: 20_000_000_000, total_bytes: 64_000_000_000 }),
        };
        assert_eq!(store_part(&well, None), Part::ok("store"));
        let tight = Disk { free_bytes: 100_000_000, ..well.disk.unwrap() };
        let part = store_part(&StoreHealth { disk: Some(tight), damaged: 2, ..well.clone() }, None);
        assert_eq!(part.state, PartState::Degraded);
        let told = "the disk is nearly full: 100 of 64000 MB are free; when none are, readings are no longer taken; \
            2 pieces of history could not be read and are set aside; see store check";
        assert_eq!(part.detail, told);
        let unreadable = Some(Unreadable { times: 2, last_error: "disk I/O error".to_owned() });
        let part = store_part(&StoreHealth { unreadable, ..well.clone() }, None);
        assert_eq!(part.state, PartState::Degraded);
        assert!(
            part.detail.starts_with("2 times the disk did not give back a part of its file (disk I/O error)")
        );
        let failing = Some(Failing { attempts: 3, last_error: "disk I/O error".to_owned() });
        assert_eq!(store_part(&StoreHealth { failing, ..well.clone() }, None).state, PartState::Failed);
        let part = store_part(&well, Some(Timestamp::from_millis(1_760_000_000_000)));
        assert_eq!(part.state, PartState::Failed);
        assert_eq!(
            part.detail,
            "a commit has been under way since 2025-10-09T08:53:20Z: the disk hangs or is very slow, and devices wait"
        );
    }
}
