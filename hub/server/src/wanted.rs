//! What the hub takes from one configuration, made the same way at the start and whenever the files change.
//!
//! Decides nothing, starts nothing and writes nothing. Read next: `hub.rs`, which starts and renews the running parts.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use adapters_push::PushDevice;
use adapters_sdk::clock::stopwatch;
use hub_api::{BacktestRunner, Surroundings};
use hub_logic::{Host, Logic, Recovered, RuleSet};
use hub_model::text::Told;
use hub_model::{Commune, Device, LocalText, PointId, SiteId, Timestamp};
use hub_store::{AlarmFilter, History, Records, Store};
use jiff::tz::TimeZone;

use crate::adapters::Configured;
use crate::backtest::Backtests;
use crate::calendar::utc_offset_s;
use crate::config::{Config, HttpSettings, Organisations, StoreSettings};
use crate::notify::Telling;
use crate::outward::WantedOutward;
use crate::own::with_own;
use crate::push::{PushCounters, Reader};
use crate::reload::NeedsRestart;
use crate::rules::RuleFiles;
use crate::upkeep::in_force;

/// The broker's file, beside the store's.
pub(crate) const MQTT_FILE: &str = "mqtt.sqlite";

/// A configuration, ready for the parts that run.
pub struct Wanted {
    /// The commune.
    pub commune: Arc<Commune>,
    /// The map, and what there is to know of each site.
    pub surroundings: Arc<Surroundings>,
    /// What every adapter is given.
    pub configured: Configured,
    /// What of it only a start can take up.
    pub needs_restart: NeedsRestart,
    /// What is wrong with the rules, one text each. The faulty ones are left out of what runs.
    pub rule_faults: Vec<LocalText>,
    /// Builds the logic that judges by it.
    pub logic: LogicBuilder,
    /// Where the rules' files are.
    pub rules: RuleFiles,
    /// Where readings are carried to.
    pub outward: WantedOutward,
    /// What a province's hub knows of its communes.
    pub organisations: Option<Organisations>,
    /// Where the API listens. Only a start takes it up.
    pub http: HttpSettings,
    /// Where and how readings are kept. Only a start takes it up.
    pub stored: StoreSettings,
    /// The listeners' certificates.
    pub certificates: Vec<PathBuf>,
    /// How people are told.
    pub telling: Telling,
    push_devices: Vec<PushDevice>,
}

impl Wanted {
    /// Takes what the running parts need out of `config`.
    ///
    /// # Errors
    /// When the folder of rules cannot be read.
    pub fn of(config: Config) -> anyhow::Result<Self> {
        let needs_restart = NeedsRestart::of(&config);
        let (rules, faults) = config.rules.compile()?;
        let commune = Arc::new(with_own(config.commune, &rules, config.own_rules));
        let mut rule_faults: Vec<_> = faults.iter().map(Told::told).collect();
        rule_faults.extend(rules.override_faults(&commune));
        let zone = TimeZone::get(&commune.timezone)?;
        let mqtt_tls = config.mqtt.as_ref().and_then(|mqtt| mqtt.tls.as_ref());
        let listeners = [config.http.tls.as_ref(), mqtt_tls];
        let certificates = listeners.into_iter().flatten().map(|tls| tls.cert.clone()).collect();
        Ok(Self {
            logic: LogicBuilder { commune: commune.clone(), zone, rules },
            telling: Telling {
                notify: config.notify,
                commune: commune.clone(),
                hub_url: config.http.public_url.clone(),
            },
            configured: Configured {
                dir: config.dir,
                modbus: config.modbus,
                mqtt: config.mqtt,
                mqtt_keep: config.store.dir.join(MQTT_FILE),
                mqtt_devices: config.mqtt_devices,
                foreign_devices: config.foreign_devices,
            },
            outward: WantedOutward {
                forwarding: config.forwarding,
                bridges: config.bridges,
                kept: config.store.clone(),
            },
            organisations: config.province,
            http: config.http,
            stored: config.store,
            certificates,
            commune,
            surroundings: Arc::new(config.surroundings),
            needs_restart,
            rule_faults,
            rules: config.rules,
            push_devices: config.push_devices,
        })
    }

    /// The commune's distance from UTC at `moment`, in seconds.
    pub fn utc_offset_s(&self, moment: Timestamp) -> i32 {
        utc_offset_s(&self.logic.zone, moment)
    }

    /// Takes rules through what is stored.
    pub fn backtest(&self, history: Arc<dyn History>) -> BacktestRunner {
        let commune = self.commune.clone();
        let (zone, rules) = (self.logic.zone.clone(), self.rules.clone());
        Backtests { commune, zone, rules, history }.runner()
    }

    /// Reads what is pushed.
    pub fn push(&self, counters: Arc<PushCounters>) -> Arc<Reader> {
        Arc::new(Reader::new(&self.commune, &self.push_devices, counters))
    }

    /// How often each point is read, where the configuration says so.
    pub fn intervals(&self) -> Vec<(PointId, Duration)> {
        let of_device = |device: &Device| {
            let interval = device.interval;
            device.points.iter().filter_map(|point| Some((point.id.clone(), interval?))).collect::<Vec<_>>()
        };
        self.commune.devices().flat_map(of_device).collect()
    }
}

/// Builds the logic of one configuration from what the store remembers.
pub struct LogicBuilder {
    commune: Arc<Commune>,
    zone: TimeZone,
    rules: RuleSet,
}

impl LogicBuilder {
    /// The logic as of `now`, in a hub that runs since `started_at`.
    ///
    /// # Errors
    /// When the store or the records cannot be read.
    pub fn build(
        self,
        (store, records): (&Store, &Records),
        started_at: Timestamp,
        now: Timestamp,
    ) -> anyhow::Result<Logic> {
        let Self { commune, zone, rules } = self;
        let open_alarms = AlarmFilter { active_only: true, limit: usize::MAX, ..AlarmFilter::default() };
        let recovered = Recovered {
            latest: store.latest()?.into_iter().map(|latest| (latest.reading, latest.last_good)).collect(),
            tracking: store.tracking()?,
            alarms: store.alarms(&open_alarms)?,
            next_alarm: store.next_alarm_id()?,
            out_of_service: store.out_of_service(false)?,
            raised_lately: raised_lately(store, now)?,
            started_at,
            now,
        };
        let elapsed_ms = stopwatch();
        let host = Host {
            utc_offset_s: Box::new(move |moment| utc_offset_s(&zone, moment)),
            elapsed: Arc::new(move || Duration::from_millis(elapsed_ms())),
        };
        let mut logic = Logic::new(commune.clone(), rules, recovered, host);
        logic.set_upkeep(Arc::new(in_force(records, &commune)?));
        let windows: Vec<_> = logic.windows().collect();
        for (point, span) in windows {
            let mut readings = Vec::new();
            store.readings(&point, now.minus(span), now, &mut |reading| {
                readings.push(reading);
                std::ops::ControlFlow::Continue(())
            })?;
            logic.warm(readings);
        }
        Ok(logic)
    }
}

/// New alarms of late, be they open or over: so that a restart forgets no flood.
fn raised_lately(store: &Store, now: Timestamp) -> anyhow::Result<Vec<(SiteId, Timestamp)>> {
    let from = now.minus(hub_logic::FLOOD_WINDOW);
    let filter = AlarmFilter { from: Some(from), limit: usize::MAX, ..AlarmFilter::default() };
    let mut alarms = store.alarms(&filter)?;
    alarms.retain(|alarm| alarm.raised_at >= from);
    Ok(alarms.into_iter().map(|alarm| (alarm.subject.site(), alarm.raised_at)).collect())
}
