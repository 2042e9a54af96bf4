//! Takes up a changed configuration while the hub runs: notices it, checks it whole, and says how it stands.
//!
//! A faulty one is refused whole and the running one stays. Never opens a device itself: `hub.rs` knows what is renewed.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use hub_api::Part;
use hub_model::{LocalText, local};
use tokio::signal::unix::Signal;
use tokio::sync::watch;

use crate::config::{Config, Faulty, StoreSettings};
use crate::hub::Hub;
use crate::own::NOTE_FILE;
use crate::site_files::VERSIONS;

/// Files are looked at so often, so that a change is taken up within two seconds.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Files that are watched. Beyond, a change of the rest is taken up with the next change of these, or on SIGHUP.
const MAX_FILES: usize = 4_096;
/// Folders within folders that are watched.
const MAX_DEPTH: usize = 3;

/// What of a configuration takes effect at the next start only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeedsRestart {
    http: SocketAddr,
    public_url: Option<String>,
    mqtt: Option<SocketAddr>,
    store: StoreSettings,
    timezone: String,
    /// The engine that a province's hub reads; `None` in a commune's.
    province: Option<Option<adapters_influxdb::Target>>,
}

impl NeedsRestart {
    /// These parts of `config`.
    pub fn of(config: &Config) -> Self {
        Self {
            http: config.http.listen,
            public_url: config.http.public_url.clone(),
            mqtt: config.mqtt.as_ref().map(|mqtt| mqtt.listen),
            store: config.store.clone(),
            timezone: config.commune.timezone.clone(),
            province: config.province.as_ref().map(|_| {
                let named = config.forwarding.remote.as_ref();
                config.forwarding.targets.iter().find(|target| Some(&target.id) == named).cloned()
            }),
        }
    }

    /// The sections that differ.
    fn differing(&self, other: &Self) -> Vec<&'static str> {
        let differences = [
            ("[commune] timezone", self.timezone != other.timezone),
            ("[hub] role or the engine of [history]", self.province != other.province),
            ("[http]", self.http != other.http || self.public_url != other.public_url),
            ("[mqtt]", self.mqtt != other.mqtt),
            ("[store]", self.store != other.store),
        ];
        differences.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
    }
}

/// Whether the files are what runs. Clones share it.
#[derive(Debug, Clone)]
pub struct Configuration {
    running: Arc<NeedsRestart>,
    state: Arc<Mutex<State>>,
    /// Times that the files were looked at, by those that began and those that ended.
    looks: watch::Sender<Looks>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Looks {
    begun: u64,
    ended: u64,
}

#[derive(Debug, Default)]
struct State {
    /// What is to be told of it; empty when the files are what runs.
    detail: LocalText,
    /// Whether changed files were refused.
    is_refused: bool,
}

impl Configuration {
    /// A configuration that the hub was started with.
    pub fn taken_up(running: NeedsRestart) -> Self {
        Self { running: Arc::new(running), state: Arc::default(), looks: watch::Sender::default() }
    }

    /// The hub has taken up another one, as far as it can without a start.
    pub fn renewed(&self, wanted: NeedsRestart) {
        let waiting = self.running.differing(&wanted);
        if waiting.is_empty() {
            self.set(LocalText::default(), false);
            tracing::info!("the changed configuration is taken up");
        } else {
            let sections = waiting.join(", ");
            let detail = local!(
                "thay đổi ở {sections} có hiệu lực từ lần khởi động sau",
                "changes of {sections} take effect at the next start"
            );
            self.set(detail, false);
            tracing::warn!(sections, "the changed configuration is taken up, but for what needs a start");
        }
    }

    /// The files are faulty; what runs stays.
    fn refused(&self, LocalText { vi, en }: &LocalText) {
        tracing::error!("the changed configuration is refused, the running one stays: {en}");
        let detail = local!(
            "các tệp đã đổi bị từ chối, cấu hình đang chạy vẫn giữ nguyên: {vi}",
            "the changed files are refused, the running configuration stays: {en}"
        );
        self.set(detail, true);
    }

    /// Resolves when the files were looked at once more from their beginning, whatever came of it.
    pub fn next_look(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut looks = self.looks.subscribe();
        let next = looks.borrow().begun + 1;
        async move {
            // The sender lives as long as whoever could wait.
            let _ = looks.wait_for(|looks| looks.ended >= next).await;
        }
    }

    /// Why the files are not what runs; nothing when they are.
    pub fn waits_for(&self) -> Option<LocalText> {
        let detail = self.state.lock().unwrap_or_else(PoisonError::into_inner).detail.clone();
        Some(detail).filter(|detail| !detail.en.is_empty())
    }

    /// Whether changed files were refused, and not mended since.
    pub fn is_refused(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).is_refused
    }

    fn set(&self, detail: LocalText, is_refused: bool) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State { detail, is_refused };
    }

    /// How it stands, for `/health/ready`.
    pub fn part(&self) -> Part {
        self.waits_for()
            .map_or_else(|| Part::ok("configuration"), |why| Part::degraded("configuration", why.en))
    }
}

/// Renews the hub whenever its files differ from what was `seen` before they were read, and at once when `asked`, which is
/// SIGHUP, or a rule or a site was changed by the API. What is `fixed` is put into each configuration that is read. Never returns.
pub async fn watch(
    hub: &mut Hub,
    dir: &Path,
    mut seen: Seen,
    mut asked: Signal,
    fixed: impl Fn(&mut Config),
) {
    let rules_changed = hub.rules_changed();
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let at_once = tokio::select! {
            _ = ticks.tick() => false,
            Some(()) = asked.recv() => true,
            () = rules_changed.notified() => true,
        };
        let folder = dir.to_owned();
        let now = tokio::task::spawn_blocking(move || look(&folder)).await.unwrap_or_default();
        if now == seen && !at_once {
            continue;
        }
        seen = now;
        take_up(hub, dir, &fixed).await;
    }
}

async fn take_up(hub: &mut Hub, dir: &Path, fixed: impl Fn(&mut Config)) {
    let configuration = hub.configuration();
    configuration.looks.send_modify(|looks| looks.begun += 1);
    let folder = dir.to_owned();
    let loaded = tokio::task::spawn_blocking(move || Config::require(&folder)).await;
    let taken = match loaded {
        Ok(Ok((mut config, warnings))) => {
            fixed(&mut config);
            warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
            hub.renew(config).await
        }
        Ok(Err(faulty)) => Err(faulty.into()),
        Err(panicked) => Err(panicked.into()),
    };
    if let Err(error) = taken {
        let en = format!("{error:#}");
        let vi = error.downcast_ref::<Faulty>().map_or_else(
            || format!("không dùng được ({en})"),
            |Faulty { lines }| lines.iter().map(|line| line.vi.as_str()).collect::<Vec<_>>().join("\n"),
        );
        configuration.refused(&LocalText { vi, en });
    }
    configuration.looks.send_modify(|looks| looks.ended = looks.begun);
}

/// What tells that a file has changed: its size and its time.
pub type Seen = BTreeMap<PathBuf, (u64, Option<SystemTime>)>;

/// Whether a file belongs to a store: a database, what SQLite keeps beside it, the lock, or the note of the last backup.
fn is_of_a_store(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.contains(".sqlite") || name.ends_with(".lock") || name.starts_with(NOTE_FILE)
}

/// Looks at the files of a configuration. To be done before they are read, so that no change falls in between.
pub fn look(dir: &Path) -> Seen {
    let mut seen = Seen::new();
    collect(dir, MAX_DEPTH, &mut seen);
    seen
}

/// Notes every file below `dir` but the databases, which change all the time. What cannot be read is left out: loading
/// the configuration says why.
fn collect(dir: &Path, depth: usize, seen: &mut Seen) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| !is_of_a_store(path)) {
        let Ok(metadata) = fs::metadata(&path) else { continue };
        // What files held once is no part of the configuration.
        if metadata.is_dir() && depth > 0 && !path.ends_with(VERSIONS) {
            collect(&path, depth - 1, seen);
        } else if metadata.is_file() && seen.len() < MAX_FILES {
            seen.insert(path, (metadata.len(), metadata.modified().ok()));
        }
    }
}
