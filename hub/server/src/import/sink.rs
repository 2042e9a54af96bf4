//! Where imported readings go: nowhere (a dry run), into the store of a hub that does not run, or to one that runs.
//!
//! Either way they are judged as readings that come late: kept where they belong, raising nothing.

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use adapters_sdk::Clock;
use adapters_sdk::clock::stopwatch;
use anyhow::{Context, bail};
use hub_logic::{Effect, Event, Host, Logic, Recovered, RuleSet};
use hub_model::{Commune, Observation, PointId, Sample};
use hub_store::{Append, Batch, History, Settings, Store, StoreError, StoredReading};
use jiff::tz::TimeZone;

use crate::calendar::utc_offset_s;
use crate::config::Config;

/// Batches that may wait for their commit: what bounds the memory of an import.
const IN_FLIGHT: usize = 8;
/// How often a hub that is busy is asked again.
const TRIES: u32 = 20;
/// How long one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// Where readings go.
pub(super) enum Sink {
    /// Nowhere.
    Dry,
    /// Into the store, judged by the hub's own logic without its rules.
    Store(Box<OfStore>),
    /// To a running hub, as line protocol.
    Hub { agent: Box<ureq::Agent>, url: String, token: String },
}

/// The store of a hub that does not run.
pub(crate) struct OfStore {
    store: Store,
    logic: Logic,
    clock: Clock,
    committed: (SyncSender<()>, Receiver<()>),
    in_flight: usize,
}

impl Sink {
    /// The store of `config`, which no hub may be using.
    pub(super) fn store(config: &Config, clock: Clock) -> anyhow::Result<Self> {
        Ok(Self::Store(Box::new(OfStore::open(config, clock)?)))
    }

    /// The hub that answers at `url`.
    pub(super) fn hub(url: &str, token_file: &Path) -> anyhow::Result<Self> {
        let token = std::fs::read_to_string(token_file)
            .with_context(|| format!("--token-file {}: cannot be read", token_file.display()))?;
        let token = token.lines().next().unwrap_or_default().trim().to_owned();
        if !url.starts_with("http://") {
            bail!("--url: found \"{url}\", allowed: http://ADDRESS; run the import on the hub's own machine");
        }
        let config =
            ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(REQUEST_TIMEOUT));
        let agent = Box::new(config.build().into());
        Ok(Self::Hub {
            agent,
            url: format!("{}/api/v2/write?precision=ms", url.trim_end_matches('/')),
            token,
        })
    }

    /// Puts readings in; returns before they are on disk, and waits when too many are not.
    pub(super) fn put(&mut self, readings: Vec<Observation>) -> anyhow::Result<()> {
        match self {
            Self::Dry => Ok(()),
            Self::Store(of_store) => of_store.put(readings),
            Self::Hub { agent, url, token } => send(agent, url, token, &readings),
        }
    }

    /// Waits until all of it is on disk.
    pub(super) fn finish(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Store(of_store) => of_store.finish(),
            Self::Dry | Self::Hub { .. } => Ok(()),
        }
    }
}

impl OfStore {
    /// The store of `config`, which no hub may be using.
    pub(crate) fn open(config: &Config, clock: Clock) -> anyhow::Result<Self> {
        let zone = TimeZone::get(&config.commune.timezone)?;
        let settings = Settings {
            commit_window: config.store.commit_window,
            utc_offset_s: utc_offset_s(&zone, clock.now()),
            ..Settings::new(&config.store.dir)
        };
        let store = Store::open(settings).map_err(|error| match error {
            StoreError::InUse { .. } => anyhow::anyhow!(
                "a hub runs on this folder: send the file to it with --url http://ADDRESS --token-file FILE (role integrator)"
            ),
            other => other.into(),
        })?;
        let elapsed_ms = stopwatch();
        let host = Host {
            utc_offset_s: Box::new(move |moment| utc_offset_s(&zone, moment)),
            elapsed: Arc::new(move || Duration::from_millis(elapsed_ms())),
        };
        let now = clock.now();
        let latest = store.latest()?.into_iter().map(|latest| (latest.reading, latest.last_good)).collect();
        let recovered = Recovered { latest, ..Recovered::nothing(now) };
        let (rules, _) = RuleSet::compile(Vec::new());
        let logic = Logic::new(Arc::new(silent(&config.commune)), rules, recovered, host);
        let committed = sync_channel(IN_FLIGHT + 1);
        Ok(Self { store, logic, clock, committed, in_flight: 0 })
    }

    /// Whether nothing has ever been stored.
    pub(crate) fn is_empty(&self) -> anyhow::Result<bool> {
        Ok(self.store.latest()?.is_empty())
    }

    /// Says how often each point is read in what follows: completeness of the days that are sealed follows from it.
    pub(crate) fn expect(&self, intervals: Vec<(PointId, Duration)>) {
        self.store.expect(intervals);
    }

    /// Waits until all of it is on disk, and seals it.
    pub(crate) fn seal(&mut self) -> anyhow::Result<()> {
        self.settle()?;
        self.store.seal_everything().map_err(|_| anyhow::anyhow!("the store is closed"))
    }

    /// Waits until all of it is on disk, and closes the store.
    pub(crate) fn finish(&mut self) -> anyhow::Result<()> {
        self.settle()?;
        Ok(self.store.close()?)
    }

    fn settle(&mut self) -> anyhow::Result<()> {
        while self.in_flight > 0 {
            self.wait()?;
        }
        Ok(())
    }

    /// Puts readings in; returns before they are on disk, and waits when too many are not.
    pub(crate) fn put(&mut self, readings: Vec<Observation>) -> anyhow::Result<()> {
        if self.in_flight >= IN_FLIGHT {
            self.wait()?;
        }
        let effects = self.logic.step(self.clock.now(), Event::Observed(readings));
        let readings = effects.into_iter().filter_map(|effect| match effect {
            Effect::Store { reading, latest, .. } => Some(StoredReading { reading, latest }),
            _ => None,
        });
        let batch = Batch { readings: readings.collect(), ..Batch::default() };
        let told = self.committed.0.clone();
        // The channel holds as many as are in flight, so this never waits on the store's thread.
        let on_commit = Box::new(move |_| told.try_send(()).unwrap_or(()));
        self.store.append(batch, on_commit).map_err(|_| anyhow::anyhow!("the store is closed"))?;
        self.in_flight += 1;
        Ok(())
    }

    fn wait(&mut self) -> anyhow::Result<()> {
        loop {
            match self.committed.1.recv_timeout(Duration::from_secs(5)) {
                Ok(()) => {
                    self.in_flight -= 1;
                    return Ok(());
                }
                // A disk that is full now may have room later: the store tries on, and so do we, unless it says why not.
                Err(_) => {
                    if let Some(failing) = self.store.health().failing {
                        bail!("the store cannot commit: {}; run the import again later", failing.last_error);
                    }
                }
            }
        }
    }
}

/// The commune without its expectations: an import must not note that devices are silent.
fn silent(commune: &Commune) -> Commune {
    let mut commune = commune.clone();
    let devices = commune.sites.iter_mut().flat_map(|site| &mut site.devices);
    devices.flat_map(|device| &mut device.points).for_each(|point| point.checks.expire_after = None);
    commune
}

fn send(agent: &ureq::Agent, url: &str, token: &str, readings: &[Observation]) -> anyhow::Result<()> {
    let mut body = String::new();
    for reading in readings {
        let (Sample::Value(value), Some(at)) = (reading.sample, reading.measured_at) else { continue };
        writeln!(body, "import,point={} value={value} {}", reading.point, at.as_millis())?;
    }
    for attempt in 1..=TRIES {
        let request = agent.post(url).header("Authorization", format!("Bearer {token}"));
        let mut answer = match request.header("Content-Type", "text/plain").send(body.as_bytes()) {
            Ok(answer) => answer,
            Err(error) => bail!(
                "the hub cannot be reached: {error}; what was sent before is kept, run the import again"
            ),
        };
        match answer.status().as_u16() {
            204 => return Ok(()),
            429 | 503 if attempt < TRIES => {
                let after =
                    answer.headers().get("retry-after").and_then(|text| text.to_str().ok()?.parse().ok());
                std::thread::sleep(Duration::from_secs(after.unwrap_or(5).min(60)));
            }
            status => {
                let told = answer.body_mut().read_to_string().unwrap_or_default();
                bail!(
                    "the hub refused it with {status}: {told}; what was sent before is kept, run the import again"
                );
            }
        }
    }
    bail!("the hub stayed busy; what was sent before is kept, run the import again")
}
