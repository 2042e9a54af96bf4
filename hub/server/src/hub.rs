//! The whole hub, wired: store, logic, pipeline, adapters, broker and API, started in order and stopped in the opposite one.
//!
//! It decides nothing of its own. Read next: `pipeline.rs` (the way of a reading), `adapters.rs` (the one list of adapters).

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use adapters_mqtt::Trails;
use adapters_sdk::{Clock, INTAKE_CAPACITY};
use anyhow::Context;
use hub_api::{Live, RuleDesk};
use hub_model::{Commune, Timestamp};
use hub_store::{Accounts, History, Keeping, Records, Store};
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::adapters::Adapters;
use crate::bridge::{self, Relaying};
use crate::config::{Config, in_english};
use crate::field::WatchedField;
use crate::first_start;
use crate::keeper::Keeper;
use crate::mqtt_field::WatchedMqtt;
use crate::notify::{Notices, Told};
use crate::outward::Outward;
use crate::own::{Looks, Stall, Watcher};
use crate::pipeline::{Inputs, Pipeline, Renewal};
use crate::province::Province;
use crate::push::PushCounters;
use crate::reload::Configuration;
use crate::report::Report;
use crate::rules::Folder;
use crate::site_files::SiteFolder;
use crate::tls::Tls;
use crate::upkeep::{Retime, WORK, Worker, ask_for, note_configured};
use crate::wanted::{LogicBuilder, Wanted};
use crate::websocket::with_mqtt;

/// Commands and pushed readings that may wait for the pipeline; the API answers 503 when it stays full.
const REQUESTS: usize = 256;

/// Changed configurations that may wait for the pipeline: each is waited for before the next is read.
const RENEWALS: usize = 1;

/// How long a stop waits until the store has taken what was accepted.
const DRAIN: Duration = Duration::from_secs(5);

/// A hub that runs.
pub struct Hub {
    /// Where the API and the dashboard listen.
    pub http: SocketAddr,
    /// Where the broker listens, if there is one.
    pub mqtt: Option<SocketAddr>,
    adapters: Adapters,
    live: Live,
    started_at: Timestamp,
    /// What the API is made of; with another commune it is made anew.
    api: hub_api::Hub,
    router: watch::Sender<hub_api::Router>,
    renewals: mpsc::Sender<Renewal>,
    configuration: Configuration,
    rules_changed: Arc<Notify>,
    pushed: Arc<PushCounters>,
    outward: Outward,
    province: Option<Province>,
    /// What the upkeep goes by.
    watched: watch::Sender<Arc<Commune>>,
    records: Arc<Records>,
    stop_http: CancellationToken,
    http_task: tokio::task::JoinHandle<()>,
    stop_pipeline: CancellationToken,
    pipeline: JoinHandle<()>,
    pipeline_ended: CancellationToken,
    keeper: Keeper,
    notices: Notices,
    watcher: Watcher,
    store: Arc<Store>,
}

impl Hub {
    /// Starts everything. What cannot be had (a port, the store) is told in one sentence, and nothing is left running.
    pub async fn start(config: Config, clock: Clock) -> anyhow::Result<Self> {
        let wanted = Wanted::of(config)?;
        for fault in &wanted.rule_faults {
            tracing::error!("rule refused: {}", fault.en);
        }
        let (http, stored) = (wanted.http.clone(), wanted.stored.clone());
        let config_dir = wanted.configured.dir.clone();
        let listener = TcpListener::bind(http.listen).await;
        let listener =
            listener.with_context(|| format!("[http] listen: cannot listen on {}", http.listen))?;
        let tls = http.tls.clone().map(Tls::open).transpose().context("[http] tls")?;
        let tls: Option<hub_api::TlsSource> =
            tls.map(|tls| Arc::new(move || tls.config()) as hub_api::TlsSource);
        let store = Arc::new(Store::open(hub_store::Settings {
            commit_window: stored.commit_window,
            utc_offset_s: wanted.utc_offset_s(clock.now()),
            ..hub_store::Settings::new(&stored.dir)
        })?);
        store.expect(wanted.intervals());
        let clock = clock.guarded(built(), last_kept(&store)?);
        let accounts = Arc::new(Accounts::open(&stored.dir)?);
        let records = Arc::new(Records::open(&stored.dir)?);
        note_configured(&records, &wanted.commune, clock.now())?;
        let pushed = Arc::new(PushCounters::default());
        let (push, backtest) = (wanted.push(pushed.clone()), wanted.backtest(store.clone()));
        let utc_offset_s = wanted.utc_offset_s(clock.now());
        let Wanted { commune, rules, configured, needs_restart, logic, mut outward, .. } = wanted;
        let engine =
            wanted.organisations.is_some().then(|| Province::engine(&mut outward.forwarding)).flatten();
        let started_at = clock.now();
        let logic = logic.build((&store, &records), started_at, started_at)?;

        let trails = Trails::of_hub(&commune.id);
        let (intake, deliveries) = mpsc::channel(INTAKE_CAPACITY);
        let relaying = Relaying::start(intake.clone())?;
        let around = bridge::Shared {
            store: store.clone(),
            dir: stored.dir.clone(),
            clock: clock.clone(),
            trails: trails.clone(),
            relaying: relaying.clone(),
        };
        let outward = Outward::start(outward, &commune, around).await?;
        let (requests, asked) = mpsc::channel(REQUESTS);
        let (rules_sender, rules_view) = watch::channel(logic.rules());
        let live = Live::starting_after(store.last_commit());
        let told = Told::new(wanted.telling);
        let rules_changed = Arc::new(Notify::new());
        let province = wanted.organisations.zip(engine).map(|(organisations, engine)| {
            Province::start(organisations, &engine, &commune, &clock, rules_changed.clone(), live.clone())
        });
        let province = province.transpose()?;
        let stop_pipeline = CancellationToken::new();
        let (watched, its_commune) = watch::channel(commune.clone());
        let records_changed = Arc::new(Notify::new());
        let pipeline = Pipeline {
            logic,
            store: store.clone(),
            history: store.clone(),
            live: live.clone(),
            clock: clock.clone(),
            rules: rules_sender,
            retime: retime(records.clone(), watched.subscribe(), records_changed.clone()),
            told: told.clone(),
        };
        let (renewals, renewed) = mpsc::channel(RENEWALS);
        let stop = stop_pipeline.clone();
        let (work, asked_work) = mpsc::channel(WORK);
        let inputs = Inputs { deliveries, requests: asked, renewals: renewed, work: asked_work, stop };
        let pipeline_ended = CancellationToken::new();
        let guard = pipeline_ended.clone().drop_guard();
        let pipeline = on_thread("pipeline", async move {
            // Dropped whatever the way it ends, a panic included.
            let _ended = guard;
            pipeline.run(inputs).await;
        })?;

        // Whatever cannot be had from here on ends the pipeline, too.
        let starting = stop_pipeline.clone().drop_guard();
        let adapters = Adapters::start(configured, &intake, &clock, trails, relaying)?;
        let notices = Notices::start(told.clone(), &store, adapters.watch().teller, clock.clone())?;
        let (done, jobs_done) = watch::channel(0);
        let worker = Worker {
            records: records.clone(),
            history: store.clone(),
            commune: its_commune,
            work,
            changed: records_changed.clone(),
            done,
            clock: clock.clone(),
        };
        tokio::spawn(worker.run());
        let configuration = Configuration::taken_up(needs_restart);
        let stall = Stall::default();
        let report = Report {
            stall: stall.clone(),
            clock: clock.clone(),
            store: store.clone(),
            adapters: adapters.watch(),
            configuration: configuration.clone(),
            pushed: pushed.clone(),
            told,
            forwards: outward.forwards(),
            bridges: outward.bridges(),
            province: province.clone(),
        };
        let rule_desk = RuleDesk::new(Arc::new(Folder { files: rules, changed: rules_changed.clone() }));
        let looks = Looks {
            store: store.clone(),
            stall: stall.clone(),
            clock: clock.clone(),
            configuration: configuration.clone(),
            forwards: outward.forwards(),
            bridges: outward.bridges(),
            certificates: wanted.certificates,
            dir: stored.dir,
        };
        let setup_code = first_start::setup_code(&accounts, listener.local_addr()?)?;
        let api = hub_api::Hub {
            setup_code,
            forwards: Arc::new(outward.shown()),
            communes: province.clone().map(|province| Arc::new(province) as Arc<dyn hub_api::Communes>),
            commune: shown(province.as_ref(), &commune),
            surroundings: wanted.surroundings,
            rules: rules_view,
            backtest,
            rule_desk,
            site_files: Arc::new(SiteFolder::new(&config_dir, configuration.clone(), rules_changed.clone())),
            history: province.as_ref().map_or_else(
                || store.clone() as Arc<dyn History>,
                |province| province.history(store.clone(), utc_offset_s),
            ),
            outbox: store.clone(),
            notices: notices.of_api(),
            older: outward.older(),
            accounts,
            push,
            records: records.clone(),
            records_changed,
            jobs_done,
            requests,
            takes_nothing: Arc::new({
                let store = store.clone();
                move || stall.since().is_some() || store.health().failing.is_some()
            }),
            field: Arc::new(WatchedField { adapters: adapters.watch(), clock: clock.clone() }),
            mqtt: Arc::new(WatchedMqtt {
                adapters: adapters.watch(),
                bridges: outward.bridges(),
                store: store.clone(),
                clock: clock.clone(),
            }),
            live: live.clone(),
            now: Arc::new({
                let clock = clock.clone();
                move || clock.now()
            }),
            health: Arc::new({
                let report = report.clone();
                move || report.health()
            }),
            metrics: Arc::new(move |metrics| report.metrics(metrics)),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            public_url: http.public_url,
        };
        let http = listener.local_addr()?;
        let stop_http = CancellationToken::new();
        let stopped = stop_http.clone().cancelled_owned();
        let (router, served) = watch::channel(with_mqtt(hub_api::router(api.clone()), adapters.gate()));
        let http_task = tokio::spawn(hub_api::serve(listener, tls, served, stopped));
        let mqtt = adapters.mqtt();
        let keeping =
            Keeping { raw: stored.keep_raw, hourly: stored.keep_hourly, max_bytes: stored.max_bytes };
        let keeper = Keeper::start(store.clone(), keeping, clock)?;
        let watcher = Watcher::start(looks, intake, live.clone())?;
        starting.disarm();
        Ok(Self {
            http,
            mqtt,
            adapters,
            live,
            started_at,
            api,
            router,
            renewals,
            configuration,
            rules_changed,
            pushed,
            outward,
            province,
            watched,
            records,
            stop_http,
            http_task,
            stop_pipeline,
            pipeline,
            pipeline_ended,
            keeper,
            notices,
            watcher,
            store,
        })
    }

    /// Takes up a changed configuration by difference: devices that did not change keep their connection, state and schedule.
    /// What only a start can change is left as it is, and said so.
    ///
    /// # Errors
    /// When a rule is faulty or the store cannot be read; then nothing has changed.
    pub async fn renew(&mut self, config: Config) -> anyhow::Result<()> {
        let wanted = Wanted::of(config)?;
        anyhow::ensure!(wanted.rule_faults.is_empty(), "{}", in_english(&wanted.rule_faults).join("\n"));
        let push = wanted.push(self.pushed.clone());
        let (intervals, backtest) = (wanted.intervals(), wanted.backtest(self.store.clone()));
        let Wanted {
            commune,
            surroundings,
            rules,
            configured,
            needs_restart,
            logic,
            telling,
            mut outward,
            organisations,
            ..
        } = wanted;
        let now = (self.api.now)();
        note_configured(&self.records, &commune, now)?;
        if let Err(error) = self.renew_logic(logic).await {
            note_configured(&self.records, &self.watched.borrow().clone(), now)?;
            return Err(error);
        }
        self.store.expect(intervals);
        self.adapters.renew(configured).await?;
        self.notices.renew(telling);
        if let (Some(province), Some(organisations)) = (&self.province, organisations) {
            Province::engine(&mut outward.forwarding);
            province.renew(organisations);
        }
        self.outward.renew(outward, &commune).await?;
        self.api.older = self.outward.older();
        self.watched.send_replace(commune.clone());
        self.api.records_changed.notify_one();
        self.api.rule_desk.renew(Arc::new(Folder { files: rules, changed: self.rules_changed.clone() }));
        let commune = shown(self.province.as_ref(), &commune);
        self.api = hub_api::Hub { push, backtest, commune, surroundings, ..self.api.clone() };
        // Requests that are under way end with the router that they began with.
        drop(self.router.send_replace(with_mqtt(hub_api::router(self.api.clone()), self.adapters.gate())));
        self.live.renew();
        self.configuration.renewed(needs_restart);
        Ok(())
    }

    /// Puts another logic into the pipeline, built from the store once that holds all that the old one decided.
    async fn renew_logic(&self, logic: LogicBuilder) -> anyhow::Result<()> {
        let (store, records, started_at) = (self.store.clone(), self.records.clone(), self.started_at);
        let build = Box::new(move |now| logic.build((&store, &records), started_at, now));
        let (done, built) = oneshot::channel();
        let ended = || anyhow::anyhow!("the pipeline has ended");
        self.renewals.send(Renewal { build, done }).await.map_err(|_| ended())?;
        built.await.map_err(|_| ended())?
    }

    /// How the configuration stands, for whoever reads it.
    pub fn configuration(&self) -> Configuration {
        self.configuration.clone()
    }

    /// Rung when somebody has changed a rule's file by the API.
    pub fn rules_changed(&self) -> Arc<Notify> {
        self.rules_changed.clone()
    }

    /// Resolves when the pipeline has ended by itself. A hub that takes in nothing more is of no use to anybody: it is to end,
    /// with an error, so that whoever watches over it starts it again.
    pub fn broken(&self) -> impl Future<Output = ()> + 'static {
        self.pipeline_ended.clone().cancelled_owned()
    }

    /// Stops in order: no new readings, the acknowledgements of those under way, then the pipeline, then the store.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.adapters.stop().await;
        self.live.close();
        self.stop_http.cancel();
        self.http_task.await?;
        self.stop_pipeline.cancel();
        // A disk that takes nothing holds up the pipeline once the store's queue is full. Closing the store lets it go; what
        // it still held was acknowledged to nobody.
        let drained = tokio::time::timeout(DRAIN, self.pipeline_ended.cancelled()).await;
        if drained.is_err() {
            tracing::error!("the store takes nothing; what waits for it is given up");
        }
        self.notices.ask_to_stop().await;
        self.outward.stop().await;
        let store = self.store;
        let (keeper, watcher) = (self.keeper, self.watcher);
        tokio::task::spawn_blocking(move || {
            watcher.stop();
            keeper.stop();
        })
        .await?;
        let closed = tokio::task::spawn_blocking(move || store.close()).await?;
        tokio::task::spawn_blocking(move || self.notices.join()).await?;
        let joined = tokio::task::spawn_blocking(move || self.pipeline.join()).await?;
        closed?;
        joined.map_err(|_| anyhow::anyhow!("the pipeline failed"))
    }
}

/// What people are shown: in a province's hub with all communes' sites.
fn shown(province: Option<&Province>, own: &Arc<Commune>) -> Arc<Commune> {
    province.map_or_else(|| own.clone(), |province| province.with_communes(own))
}

/// When the program was built: no right clock is before that.
fn built() -> Timestamp {
    let seconds: u64 = env!("COMMUNE_BUILT_S").parse().unwrap_or(0);
    Timestamp::from_millis(0).plus(Duration::from_secs(seconds))
}

/// When the last reading that is kept was received.
fn last_kept(store: &Store) -> anyhow::Result<Timestamp> {
    let received = store.latest()?.into_iter().map(|latest| latest.reading.received_at);
    Ok(received.max().unwrap_or_default())
}

/// What is done when the clock can be trusted again.
fn retime(records: Arc<Records>, commune: watch::Receiver<Arc<Commune>>, changed: Arc<Notify>) -> Retime {
    Arc::new(move |retiming| {
        let commune = commune.borrow().clone();
        if let Err(error) = ask_for(&records, &commune, retiming) {
            tracing::error!(%error, ?retiming, "readings keep the wrong time: their move could not be noted");
        }
        changed.notify_one();
    })
}

fn on_thread(name: &str, work: impl Future<Output = ()> + Send + 'static) -> anyhow::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || runtime.block_on(work));
    thread.with_context(|| format!("the {name}'s thread cannot be started"))
}
