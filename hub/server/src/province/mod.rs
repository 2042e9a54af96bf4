//! A province's hub: reads its communes from the engine that they forward to, and shows them with the same dashboard.
//!
//! A thread asks the engine and keeps what is of now at hand; whatever lies further back is asked for when somebody wants it. It
//! writes nothing there and has no device. Read next: `assemble.rs` (from rows to sites), `view.rs` (what the API reads),
//! decision 58.

mod assemble;
mod view;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use adapters_influxdb::{Asked, Client, Remote, RemoteError, Target, about, remote};
use adapters_sdk::Clock;
use adapters_sdk::clock::stopwatch;
use anyhow::Context;
use hub_api::{CommuneFigures, Communes, Live, Organisation, Overview, Part};
use hub_model::{Alarm, AlarmState, Commune, PointId, Site, Timestamp};
use hub_store::{History, Latest, Store};
use tokio::sync::Notify;

use crate::config::{Forwarding, Organisations};
use assemble::{Found, Source};
use view::View;

/// The measurement of alarms' steps.
const ALARMS: &str = "alarm";
/// What is of now is asked for so often.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// Of the short looks between two whole ones, each is for readings measured in this time.
const RECENT: Duration = Duration::from_secs(900);
/// A whole look: what there is, how many readings arrived, and readings that came late.
const WHOLE_EVERY: Duration = Duration::from_secs(300);
/// A whole look is for readings measured in this time.
const WHOLE: Duration = Duration::from_secs(30 * 86_400);
/// What there is, and alarms, are looked for so far back: a hub that is gone for months is still to be seen as silent.
const LONG: Duration = Duration::from_secs(400 * 86_400);
const DAY: Duration = Duration::from_secs(86_400);
/// The engine's clock, and those of the communes' hubs, may be ahead by so much.
const AHEAD: Duration = Duration::from_secs(300);
/// The reader of the thread has time; that of a person has less.
const PATIENCE: Duration = Duration::from_secs(30);

/// What was seen last.
#[derive(Clone, Default)]
pub(crate) struct Seen {
    communes: BTreeMap<String, Found>,
    sources: HashMap<PointId, Source>,
    latest: HashMap<PointId, Latest>,
    /// Those that are open.
    alarms: Vec<Alarm>,
    /// Readings of the last 24 hours, by commune.
    counts: BTreeMap<String, u64>,
    read_at: Option<Timestamp>,
    failing: Option<String>,
}

impl Seen {
    fn sites(&self) -> impl Iterator<Item = &Site> {
        self.communes.values().flat_map(|found| found.sites.iter().map(|(site, _)| site))
    }
}

/// The communes at hand. Clones share them.
#[derive(Clone)]
pub struct Province {
    seen: Arc<RwLock<Arc<Seen>>>,
    organisations: Arc<RwLock<Arc<Organisations>>>,
    remote: Arc<dyn Remote>,
    clock: Clock,
    _thread: Arc<Gatherer>,
}

/// The thread that asks; ends with the last who holds it.
struct Gatherer {
    stop: Mutex<Option<SyncSender<()>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Drop for Gatherer {
    fn drop(&mut self) {
        drop(self.stop.lock().unwrap_or_else(PoisonError::into_inner).take());
        // A question under way ends by itself, at the latest after its patience.
        drop(self.thread.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

impl Province {
    /// Begins to look. `changed` is rung when there are other communes, sites or points than before, `live` told when figures are new.
    ///
    /// # Errors
    /// When the issuer's certificate cannot be read, or the system gives no thread.
    pub fn start(
        organisations: Organisations,
        target: &Target,
        own: &Commune,
        clock: &Clock,
        changed: Arc<Notify>,
        live: Live,
    ) -> anyhow::Result<Self> {
        let client = Client::new(target).map_err(|why| anyhow::anyhow!("forward {}: ca {why}", target.id))?;
        let asked: Arc<dyn Remote> = Arc::from(remote(client.within(PATIENCE)));
        let seen: Arc<RwLock<Arc<Seen>>> = Arc::default();
        let (stop, stopped) = sync_channel(0);
        let look = Look {
            remote: asked.clone(),
            own: own.id.clone(),
            clock: clock.clone(),
            seen: seen.clone(),
            changed,
            live,
        };
        let work = move || {
            let elapsed_ms = stopwatch();
            let mut whole_at = None;
            loop {
                let running = Duration::from_millis(elapsed_ms());
                let is_whole = whole_at.is_none_or(|at| running.saturating_sub(at) >= WHOLE_EVERY);
                if look.once(is_whole) && is_whole {
                    whole_at = Some(running);
                }
                // Nothing is ever sent: it ends when the sender is dropped.
                if stopped.recv_timeout(LOOK_EVERY) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("province".to_owned()).spawn(work);
        let thread = thread.context("the province's look at its communes cannot be started")?;
        let gatherer = Gatherer { stop: Mutex::new(Some(stop)), thread: Mutex::new(Some(thread)) };
        Ok(Self {
            seen,
            organisations: Arc::new(RwLock::new(Arc::new(organisations))),
            remote: asked,
            clock: clock.clone(),
            _thread: Arc::new(gatherer),
        })
    }

    /// The engine that `[history] remote` names, taken from those that are forwarded to: a province only reads there.
    pub fn engine(forwarding: &mut Forwarding) -> Option<Target> {
        let place =
            forwarding.targets.iter().position(|target| Some(&target.id) == forwarding.remote.as_ref())?;
        forwarding.remote = None;
        Some(forwarding.targets.remove(place))
    }

    /// Takes other organisations.
    pub fn renew(&self, organisations: Organisations) {
        *self.organisations.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(organisations);
    }

    /// The province's own hub together with all communes' sites.
    pub fn with_communes(&self, own: &Commune) -> Arc<Commune> {
        let mut all = own.clone();
        all.sites.extend(self.seen().sites().cloned());
        all.sites.sort_by(|one, other| one.id.as_str().cmp(other.id.as_str()));
        Arc::new(all)
    }

    /// What the API reads.
    pub fn history(&self, own: Arc<Store>, utc_offset_s: i32) -> Arc<dyn History> {
        Arc::new(View { own, province: self.clone(), clock: self.clock.clone(), utc_offset_s })
    }

    /// How the engine fares, for `/health/ready`.
    pub fn part(&self) -> Part {
        match &self.seen().failing {
            Some(why) => Part::degraded("communes", why.clone()),
            None => Part::ok("communes"),
        }
    }

    fn seen(&self) -> Arc<Seen> {
        self.seen.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remote(&self) -> &dyn Remote {
        self.remote.as_ref()
    }
}

/// What the thread needs.
struct Look {
    remote: Arc<dyn Remote>,
    own: String,
    clock: Clock,
    seen: Arc<RwLock<Arc<Seen>>>,
    changed: Arc<Notify>,
    live: Live,
}

impl Look {
    /// Asks once, and puts what was found in the place of what was. Gives whether the engine answered.
    fn once(&self, is_whole: bool) -> bool {
        let before = self.seen.read().unwrap_or_else(PoisonError::into_inner).clone();
        let found = self.ask(&before, is_whole);
        let is_answered = found.is_ok();
        let next = found.unwrap_or_else(|error| {
            let why = error.to_string();
            if before.failing.as_ref() != Some(&why) {
                tracing::warn!(why, "communes cannot be read; what was seen last is shown with its age");
            }
            Seen { failing: Some(why), ..Seen::clone(&before) }
        });
        let has_others = next.communes != before.communes;
        let has_news = next.latest != before.latest || next.alarms != before.alarms;
        *self.seen.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
        if has_others {
            self.changed.notify_one();
        } else if has_news {
            self.live.renew();
        }
        is_answered
    }

    fn ask(&self, before: &Seen, is_whole: bool) -> Result<Seen, RemoteError> {
        let now = self.clock.now();
        let to = now.plus(AHEAD);
        let (communes, counts) = if is_whole {
            let of = |name| self.remote.newest(Asked::Measurement(name), now.minus(LONG), to);
            let mut communes =
                assemble::communes(&of(about::SITES)?, &of(about::POINTS)?, &of(about::LIMITS)?);
            communes.remove(&self.own);
            (communes, self.remote.counts(now.minus(DAY), now)?)
        } else {
            (before.communes.clone(), before.counts.clone())
        };
        let sources: HashMap<_, _> = communes
            .values()
            .flat_map(|found| found.sites.iter().flat_map(|(_, sources)| sources.clone()))
            .collect();
        let span = if is_whole { WHOLE } else { RECENT };
        let mut latest = before.latest.clone();
        for row in self.remote.newest(Asked::Readings, now.minus(span), to)? {
            let Some(mut newest) = assemble::latest(&row) else { continue };
            let known = latest.get(&newest.reading.point);
            newest.last_good = newest.last_good.or(known.and_then(|known| known.last_good));
            latest.insert(newest.reading.point.clone(), newest);
        }
        latest.retain(|point, _| sources.contains_key(point));
        let alarms = self.remote.newest(Asked::Measurement(ALARMS), now.minus(LONG), to)?;
        let sites: HashSet<_> =
            communes.values().flat_map(|found| found.sites.iter().map(|(site, _)| &site.id)).collect();
        let is_of_a_commune =
            |alarm: &Alarm| alarm.state != AlarmState::Normal && sites.contains(&alarm.subject.site());
        let alarm = |row| assemble::alarm(row, &communes);
        let alarms = alarms.iter().filter_map(alarm).filter(is_of_a_commune).collect();
        Ok(Seen { communes, sources, latest, alarms, counts, read_at: Some(now), failing: None })
    }
}

impl Communes for Province {
    fn overview(&self, moment: Timestamp) -> Overview {
        let (seen, now) = (self.seen(), self.clock.now());
        let organisations = self.organisations.read().unwrap_or_else(PoisonError::into_inner).clone();
        // One that is expected and was never heard of is shown as well.
        let expected = organisations.all().filter(|(_, one)| one.is_commune).map(|(id, _)| id);
        let mut ids: Vec<&String> = expected.chain(seen.communes.keys()).collect();
        ids.sort_unstable();
        ids.dedup();
        let figures = ids.into_iter().map(|id| {
            let found = seen.communes.get(id);
            let named = organisations.get(id).and_then(|one| one.name.clone());
            let name = named.or_else(|| found.map(|found| found.name.clone()));
            CommuneFigures {
                name: name.unwrap_or_else(|| hub_model::LocalText::same(id.clone())),
                within: organisations.within(id, moment),
                ..seen.figures(id, now)
            }
        });
        let mut communes: Vec<_> = figures.collect();
        communes.sort_by(|one, other| (&one.name.vi, &one.id).cmp(&(&other.name.vi, &other.id)));
        let above = organisations.all().filter(|(_, one)| !one.is_commune).map(|(id, one)| Organisation {
            id: id.clone(),
            name: one.name.clone().unwrap_or_else(|| hub_model::LocalText::same(id.clone())),
            within: organisations.within(id, moment).into_iter().next(),
        });
        Overview {
            organisations: above.collect(),
            communes,
            read_at: seen.read_at,
            failing: seen.failing.clone(),
        }
    }
}

impl Seen {
    /// A commune's figures, but for its name and what it belongs to.
    fn figures(&self, id: &str, now: Timestamp) -> CommuneFigures {
        let sites = self.communes.get(id).map_or(&[][..], |found| &found.sites);
        let all = || sites.iter().map(|(site, _)| site);
        let shown = || all().filter(|site| !assemble::is_hub(site));
        let points = || shown().flat_map(|site| site.devices.iter()).flat_map(|device| &device.points);
        let limited = points()
            .filter_map(|point| Some((point.limit_at(now)?, self.latest.get(&point.id)?.reading.value?)));
        let limited: Vec<_> = limited.collect();
        let is_outside = |(limit, value): &&(&hub_model::Limit, f64)| {
            limit.min.is_some_and(|min| *value < min) || limit.max.is_some_and(|max| *value > max)
        };
        let ids: HashSet<_> = all().map(|site| &site.id).collect();
        let alarms: Vec<_> = self.alarms.iter().filter(|alarm| ids.contains(&alarm.subject.site())).collect();
        let heard = points().filter_map(|point| self.latest.get(&point.id));
        let heard = heard.filter_map(|latest| latest.last_good.map(|(_, at)| at)).max();
        let expected: f64 = all()
            .flat_map(|site| site.devices.iter())
            .filter_map(|device| {
                Some(
                    DAY.as_secs_f64() / device.interval?.as_secs_f64().max(0.001)
                        * device.points.len() as f64,
                )
            })
            .sum();
        let arrived = self.counts.get(id).copied().unwrap_or(0) as f64;
        CommuneFigures {
            id: id.to_owned(),
            name: hub_model::LocalText::default(),
            within: Vec::new(),
            sites: shown().map(|site| site.id.clone()).collect(),
            points: points().count(),
            limited: limited.len(),
            outside: limited.iter().filter(is_outside).count(),
            open: alarms.len(),
            awaiting: alarms.iter().filter(|alarm| alarm.state.awaits()).count(),
            worst: alarms.iter().map(|alarm| alarm.priority).max(),
            heard_at: heard,
            arrived: (expected > 0.0).then(|| (arrived / expected).min(1.0)),
        }
    }
}
