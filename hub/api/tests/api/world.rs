//! A small commune with a hub's worth of parts: store in RAM, accounts on disk, a clock that tests move, and the stand-in of
//! the pipeline. Read next: [`crate::clients`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use axum::Router;
use hub_api::auth::{Role, digest};
use hub_api::{About, Contact, Health, Hub, Live, Part, Photo, RuleDesk, Surroundings, Tiles, router};
use hub_logic::{OnMissing, RuleFault, RuleStatus, Watches};
use hub_model::{
    Alarm, AlarmId, AlarmState, Checks, Commune, Device, DeviceId, Limit, LimitStatus, LocalText, Location,
    Point, PointId, Priority, Quality, Quantity, Range, Reading, Reason, Site, SiteId, SiteKind, Subject,
    Timestamp, Transition, Why,
};
use hub_store::{Accounts, Batch, History, MemoryStore, Records};
use tokio::sync::{Notify, mpsc, watch};

use crate::field::Pretended;
use crate::forwards::OneForward;
use crate::notices::Announcers;
use crate::pipeline::{Pipeline, news};
use crate::push::Words;
use crate::rules::PretendedRules;
use crate::site_files::PretendedFiles;

/// When the tests begin: 2026-03-01T09:00:00+07:00.
pub const START_MS: i64 = 1_772_330_400_000;
/// Point with a limit, a range and a place on the map.
pub const CHLORINE: &str = "tam-hop-water/plc/free-chlorine";
/// Its sibling.
pub const TURBIDITY: &str = "tam-hop-water/plc/turbidity";
/// Only point of a site without a place.
pub const FILL: &str = "dong-bai-waste/bin-1/fill";
/// What the hub has printed at its first start, as it is digested.
pub const SETUP_CODE: &str = "abcd1234ef56";
/// Password of every user, who is called as its role.
pub const PASSWORD: &str = "mật khẩu dài";

pub struct World {
    pub router: Router,
    pipeline: Pipeline,
    pub store: MemoryStore,
    pub accounts: Arc<Accounts>,
    pub records: Arc<Records>,
    pub live: Live,
    /// What the hub's clock says, in epoch ms.
    pub now_ms: Arc<AtomicI64>,
    /// Whether the store can commit.
    pub is_healthy: Arc<AtomicBool>,
    /// How many times the pipeline was asked for something.
    pub asked: Arc<AtomicI64>,
    _rules: watch::Sender<Vec<RuleStatus>>,
    _dir: tempfile::TempDir,
}

pub fn at(ms_after_start: i64) -> Timestamp {
    Timestamp::from_millis(START_MS + ms_after_start)
}

pub fn token_of(role: Role) -> String {
    format!("ch_token_of_{role}")
}

impl World {
    pub fn new() -> Self {
        Self::with_public_url(None)
    }

    pub fn with_public_url(public_url: Option<&str>) -> Self {
        Self::build(public_url, true)
    }

    /// Nobody answers what the API asks for.
    pub fn without_pipeline() -> Self {
        Self::build(None, false)
    }

    /// Must be called within a runtime: it starts the pipeline.
    fn build(public_url: Option<&str>, is_running: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let accounts = Arc::new(Accounts::open(dir.path()).unwrap());
        for role in Role::ALL {
            let token = digest(&token_of(role));
            accounts.add_token(role.code(), role.code(), &token, at(0)).unwrap();
        }
        let records = Arc::new(Records::open(dir.path()).unwrap());
        let store = MemoryStore::new();
        let live = Live::starting_after(store.last_commit());
        let now_ms = Arc::new(AtomicI64::new(START_MS));
        let is_healthy = Arc::new(AtomicBool::new(true));
        let asked = Arc::new(AtomicI64::new(0));
        let (requests, inbox) = mpsc::channel(16);
        let (rules, shown_rules) = watch::channel(vec![rule("chlorine-low", None), rule("broken", Some(7))]);
        let pipeline = Pipeline { store: store.clone(), live: live.clone(), now_ms: now_ms.clone() };
        if is_running {
            tokio::spawn(pipeline.clone().run(inbox, asked.clone()));
        }
        let (clock, health) = (now_ms.clone(), is_healthy.clone());
        let hub = Hub {
            site_files: Arc::new(PretendedFiles),
            rule_desk: RuleDesk::new(Arc::new(PretendedRules)),
            backtest: Arc::new(|_, _| Err(hub_api::BacktestRefused::UnknownRule)),
            commune: Arc::new(commune()),
            surroundings: Arc::new(surroundings(dir.path())),
            rules: shown_rules,
            history: Arc::new(store.clone()),
            outbox: Arc::new(store.clone()),
            notices: Arc::new(Announcers),
            older: None,
            accounts: accounts.clone(),
            push: Arc::new(Words),
            records: records.clone(),
            records_changed: Arc::new(Notify::new()),
            // Jobs count as done: what they do is the hub's, not the API's.
            jobs_done: watch::channel(u64::MAX).1,
            requests,
            field: Arc::new(Pretended),
            mqtt: Arc::new(Pretended),
            forwards: Arc::new(OneForward),
            communes: None,
            setup_code: Some(digest(SETUP_CODE)),
            live: live.clone(),
            now: Arc::new(move || Timestamp::from_millis(clock.load(Ordering::SeqCst))),
            takes_nothing: Arc::new({
                let health = is_healthy.clone();
                move || !health.load(Ordering::SeqCst)
            }),
            health: Arc::new(move || Health {
                store: if health.load(Ordering::SeqCst) {
                    Part::ok("store")
                } else {
                    Part::failed("store", "the disk is full")
                },
                adapters: vec![Part::degraded("modbus tcp://127.0.0.1:5020", "connection refused")],
                others: vec![],
            }),
            metrics: Arc::new(|metrics| {
                metrics.counter("commune_refused", "Refused.", &[(&[("door", "mqtt")], 2.0)])
            }),
            version: "0.1.0-test".to_owned(),
            public_url: public_url.map(str::to_owned),
        };
        let router = router(hub);
        Self {
            router,
            pipeline,
            store,
            accounts,
            records,
            live,
            now_ms,
            is_healthy,
            asked,
            _rules: rules,
            _dir: dir,
        }
    }

    /// Adds a user who is called as the role, with [`PASSWORD`].
    pub fn add_user(&self, role: Role) {
        let hash = hub_api::auth::hash_password(PASSWORD).unwrap();
        self.accounts.add_user(role.code(), role.code(), &hash).unwrap();
    }

    pub fn pass(&self, span: Duration) {
        self.now_ms.fetch_add(i64::try_from(span.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// Keeps a batch, as a commit does.
    pub fn commit(&self, batch: Batch) {
        self.pipeline.commit(batch);
    }

    /// Keeps readings of a point and tells the stream, as a commit does.
    pub fn keep(&self, readings: Vec<Reading>) {
        self.pipeline
            .commit(Batch { readings: readings.into_iter().map(news).collect(), ..Batch::default() });
    }

    pub fn keep_alarm(&self, alarm: Alarm) {
        let step = Transition {
            alarm: alarm.id,
            at: alarm.raised_at,
            from: None,
            to: alarm.state,
            why: Why::Raised,
            rule_version: "1".to_owned(),
            by: None,
            comment: None,
            remark: None,
            value: alarm.value,
        };
        self.pipeline.commit(Batch { alarms: vec![alarm], transitions: vec![step], ..Batch::default() });
    }
}

pub fn reading(point: &str, ms: i64, value: f64) -> Reading {
    Reading {
        point: PointId::parse(point).unwrap(),
        measured_at: at(ms),
        received_at: at(ms + 40),
        raw: Some(value),
        value: Some(value),
        quality: Quality::Good,
        reason: None,
    }
}

pub fn missing(point: &str, ms: i64) -> Reading {
    let reason = Some(Reason::Exception(2));
    Reading { raw: None, value: None, quality: Quality::Missing, reason, ..reading(point, ms, 0.0) }
}

pub fn alarm(id: u64, subject: &str, state: AlarmState) -> Alarm {
    Alarm {
        id: AlarmId(id),
        rule: "chlorine-low".into(),
        rule_version: "1".to_owned(),
        title: LocalText::new("Clo dư thấp", "Free chlorine low"),
        priority: Priority::High,
        subject: Subject::parse(subject).unwrap(),
        state,
        beneath: (state == AlarmState::Shelved).then_some(AlarmState::Unacknowledged),
        parent: None,
        out_of_service: false,
        latching: false,
        raised_at: at(id as i64 * 1000),
        told_at: at(id as i64 * 1000),
        remind_after: None,
        raises: 1,
        chattering: false,
        flood: false,
        cleared_at: (state == AlarmState::Normal).then(|| at(id as i64 * 1000 + 500)),
        acknowledged_at: None,
        acknowledged_by: None,
        shelved_until: None,
        value: Some(0.14),
        unit: "mg/L".to_owned(),
        message: LocalText::new("Clo dư 0.14", "Free chlorine 0.14"),
        clause: Some(LocalText::same("Bảng 1")),
        runbook: None,
        tags: vec![],
    }
}

fn rule(id: &str, fault_line: Option<usize>) -> RuleStatus {
    let fault = fault_line.map(|line| RuleFault {
        rule: id.into(),
        file: format!("{id}.rhai"),
        line,
        message: hub_model::local!("không có hàm này", "unknown function"),
    });
    RuleStatus {
        id: id.into(),
        version: "1".to_owned(),
        title: LocalText::new("Clo dư thấp", "Free chlorine low"),
        priority: Priority::High,
        watches: Watches { quantity: vec!["free_chlorine".to_owned()], ..Watches::default() },
        on_delay: Duration::from_secs(600),
        off_delay: Duration::from_secs(300),
        on_missing: OnMissing::Hold,
        runbook: None,
        tags: vec![],
        latching: false,
        remind_after: None,
        explains: vec![],
        announce: Some(LocalText::new(
            "{commune}: lúc {time}, {date}, {point} tại {site} là {value}, tối thiểu {min}.",
            "{commune}: at {time} on {date} {point} at {site} was {value}, least {min}.",
        )),
        limit_over: None,
        on: true,
        subjects: 1,
        active: 0,
        fault,
    }
}

/// The bytes of the only photograph.
pub const PHOTO: &[u8] = b"\xFF\xD8\xFF a picture";

/// A square, tiles from elsewhere, and what there is to know of the water station, with a photograph in `dir`.
fn surroundings(dir: &std::path::Path) -> Surroundings {
    let photo = |name: &str| Photo { path: dir.join(name), media_type: "image/jpeg" };
    std::fs::write(dir.join("tank.jpg"), PHOTO).unwrap();
    let contact = Contact { name: "Ông Ba".into(), phone: Some("0912 345 678".into()), email: None };
    let about = About {
        contact: Some(contact),
        address: Some(LocalText::same("Thôn 3")),
        notes: None,
        photos: vec![photo("tank.jpg"), photo("gone.jpg")],
    };
    Surroundings {
        outline: vec![vec![[105.4, 18.9], [105.5, 18.9], [105.5, 19.0], [105.4, 18.9]]],
        tiles: Some(Tiles {
            url: "https://tiles.example.vn/{z}/{x}/{y}.png".into(),
            origin: "https://tiles.example.vn".into(),
            attribution: Some("© Bản đồ".into()),
        }),
        sites: [(SiteId::parse("tam-hop-water").unwrap(), about)].into(),
    }
}

fn point(id: &str, quantity: &str) -> Point {
    let quantity = Quantity::parse(quantity).unwrap();
    Point {
        decimals: 2,
        ..Point::plain(PointId::parse(id).unwrap(), quantity, quantity.default_unit().unwrap())
    }
}

pub fn commune() -> Commune {
    let device = |id: &str, adapter: &str, points| Device {
        id: DeviceId::parse(id).unwrap(),
        name: LocalText::same(id),
        adapter: adapter.to_owned(),
        interval: Some(Duration::from_secs(10)),
        line: None,
        points,
    };
    let site = |id: &str, kind, location, devices| Site {
        id: SiteId::parse(id).unwrap(),
        kind,
        name: LocalText::new(format!("Trạm {id}"), id),
        location,
        devices,
        rules: std::collections::BTreeMap::new(),
    };
    let limit = Limit {
        min: Some(0.2),
        max: Some(1.0),
        set: "water".to_owned(),
        regulation: "QCVN 01-1:2024/BYT".to_owned(),
        clause: "Bảng 1".to_owned(),
        status: LimitStatus::Verified,
        averaging: None,
        // 2025-07-01T00:00:00+07:00
        valid_from: Some(Timestamp::from_millis(1_751_302_800_000)),
        valid_to: None,
    };
    let checks = Checks {
        range: Some(Range { min: Some(0.0), max: None }),
        expire_after: Some(Duration::from_secs(90)),
        ..Checks::default()
    };
    let chlorine = Point { limits: vec![limit], checks, ..point(CHLORINE, "free_chlorine") };
    let plc = device("tam-hop-water/plc", "modbus", vec![chlorine, point(TURBIDITY, "turbidity")]);
    let place = Location { lat: 18.94, lon: 105.48 };
    let bin = device("dong-bai-waste/bin-1", "mqtt", vec![point(FILL, "fill_level")]);
    Commune {
        id: "tam-hop".to_owned(),
        name: LocalText::new("Xã Tam Hợp", "Tam Hop commune"),
        timezone: "Asia/Ho_Chi_Minh".to_owned(),
        location: Some(place),
        languages: vec!["vi".to_owned(), "en".to_owned()],
        sites: vec![
            site("dong-bai-waste", SiteKind::WasteSite, None, vec![bin]),
            site("tam-hop-water", SiteKind::WaterStation, Some(place), vec![plc]),
        ],
    }
}
