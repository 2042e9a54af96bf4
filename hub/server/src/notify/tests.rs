//! The sender on a clock that tests move, with the store in RAM and servers on real sockets.

use std::collections::BTreeSet;
use std::time::Duration;

use adapters_notify::config::{Known, read};
use adapters_sdk::config::{Place, Problems, Table};
use hub_model::{
    AlarmId, AlarmState, LocalText, Priority, Site, SiteId, SiteKind, Subject, Timestamp, Why, local,
};
use hub_store::{MemoryStore, MessageFilter, MessageState};
use receiver::{Answer, Receiver};

use super::*;

#[path = "../../../../adapters/notify/tests/it/support/receiver.rs"]
mod receiver;

const START_MS: i64 = 1_772_330_400_000;
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);

struct NoFiles;

impl adapters_notify::SecretFiles for NoFiles {
    fn first_line(&self, _: &str) -> Result<String, LocalText> {
        Err(local!("không có tệp này", "is not there"))
    }
    fn text(&self, _: &str) -> Result<String, LocalText> {
        Err(local!("không có tệp này", "is not there"))
    }
    fn warn_of_readers(&self, _: &Place, _: &mut Problems) {}
}

/// A store, a clock and what is configured.
struct World {
    store: MemoryStore,
    clock: Clock,
    told: Told,
}

impl World {
    fn new(config: &str) -> Self {
        let mut problems = Problems::new();
        let zone = jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
        let table = Table::parse("hub.toml", config, &mut problems).unwrap().table("notify", &mut problems);
        let known = Known { sites: None, zone, has_broker: false };
        let notify = read(table.unwrap(), &known, &NoFiles, &mut problems);
        assert!(problems.errors().is_empty(), "{:?}", problems.errors());
        let site = Site {
            id: SiteId::parse("tam-hop").unwrap(),
            kind: SiteKind::WaterStation,
            name: LocalText::new("Trạm Tam Hợp", "Tam Hop station"),
            location: None,
            devices: vec![],
            rules: std::collections::BTreeMap::new(),
        };
        let commune = Arc::new(Commune {
            id: "xa".to_owned(),
            name: LocalText::new("Xã Tam Hợp", "Tam Hop commune"),
            timezone: "Asia/Ho_Chi_Minh".to_owned(),
            location: None,
            languages: vec![],
            sites: vec![site],
        });
        Self {
            store: MemoryStore::new(),
            clock: Clock::manual(Timestamp::from_millis(START_MS)),
            told: Told::new(Telling { notify, commune, hub_url: None }),
        }
    }

    fn stored(&self) -> Stored {
        let store = Arc::new(self.store.clone());
        Stored { append: store.clone(), outbox: store.clone(), history: store }
    }

    /// A sender, as after a start of the hub.
    fn sender(&self) -> Sender {
        let stored = self.stored();
        let host = Arc::new(HubHost { stored: stored.clone(), teller: None });
        Sender::new(self.told.clone(), stored, host, b"key".as_slice().into(), self.clock.clone()).unwrap()
    }

    fn step(&self, id: u64, priority: Priority, from: Option<AlarmState>, to: AlarmState, why: Why) -> Batch {
        let now = self.clock.now();
        let alarm = Alarm {
            id: AlarmId(id),
            rule: "chlorine-low".into(),
            rule_version: "1".to_owned(),
            title: LocalText::new("Clo dư thấp", "Free chlorine low"),
            priority,
            subject: Subject::parse(&format!("tam-hop/plc/p{id}")).unwrap(),
            state: to,
            beneath: None,
            parent: None,
            out_of_service: false,
            latching: false,
            raised_at: now,
            told_at: now,
            remind_after: None,
            raises: 1,
            chattering: false,
            flood: false,
            cleared_at: None,
            acknowledged_at: None,
            acknowledged_by: None,
            shelved_until: None,
            value: Some(0.12),
            unit: "mg/L".to_owned(),
            message: LocalText::new("Clo dư 0,12 mg/L", "Free chlorine 0.12 mg/L"),
            clause: None,
            runbook: None,
            tags: vec![],
        };
        let transition = Transition {
            alarm: alarm.id,
            at: now,
            from,
            to,
            why,
            by: None,
            comment: None,
            remark: None,
            value: None,
            rule_version: "1".to_owned(),
        };
        let notices = self.told.notices(&alarm, &transition);
        Batch { alarms: vec![alarm], transitions: vec![transition], notices, ..Batch::default() }
    }

    fn commit(&self, batch: Batch) {
        self.store.append(batch, Box::new(|_| ())).unwrap();
    }

    fn raise(&self, id: u64, priority: Priority) {
        self.commit(self.step(id, priority, None, AlarmState::Unacknowledged, Why::Raised));
    }

    fn pass(&self, span: Duration) {
        self.clock.set(self.clock.now().plus(span));
    }

    fn messages(&self, state: MessageState) -> Vec<hub_store::Message> {
        let filter = MessageFilter { state: Some(state), ..MessageFilter::default() };
        self.store.messages(&filter).unwrap()
    }
}

/// Does all that is due, and tells when something more is.
async fn work(sender: &mut Sender) -> Option<Timestamp> {
    let next = sender.begin().unwrap();
    sender.finish().await;
    next
}

fn webhook(url: &str, more: &str) -> String {
    format!(
        "[[notify.channel]]\nid = \"hook\"\nkind = \"webhook\"\nurl = \"{url}\"\n{more}\n[[notify.route]]\nchannels = [\"hook\"]\n"
    )
}

/// Works, and lets time pass, until `until`.
async fn live_until(world: &World, sender: &mut Sender, until: Timestamp) {
    while world.clock.now() < until {
        work(sender).await;
        let next = sender.begin().unwrap();
        sender.finish().await;
        let next = next.unwrap_or(until).max(world.clock.now().plus(Duration::from_secs(1)));
        world.clock.set(next.min(until));
    }
}

#[tokio::test]
async fn a_server_that_is_dead_for_three_days_then_gets_it_once() {
    let address = Receiver::nobody();
    let world = World::new(&webhook(&format!("http://{address}/"), ""));
    let mut sender = world.sender();
    world.raise(1, Priority::High);
    let start = world.clock.now();
    live_until(&world, &mut sender, start.plus(DAY)).await;
    world.raise(2, Priority::Low);
    // The hub is started again: what waits stands in the store.
    let mut sender = world.sender();
    live_until(&world, &mut sender, start.plus(DAY * 3)).await;
    let pending = world.messages(MessageState::Pending);
    assert_eq!(pending.len(), 1, "one at a time for one recipient: {pending:?}");
    assert!((250..400).contains(&pending[0].tries), "patient, and not too patient: {}", pending[0].tries);
    assert!(pending[0].detail.en.contains("no connection"), "{:?}", pending[0].detail);
    assert!(pending[0].detail.vi.contains("không"), "{:?}", pending[0].detail);
    assert_eq!(world.told.standing().part(world.clock.now()).state, hub_api::PartState::Degraded);

    let server = Receiver::at(address, |_, _| Answer::ok(""));
    live_until(&world, &mut sender, start.plus(DAY * 3 + MINUTE * 20)).await;
    let alarms: Vec<_> =
        server.seen().iter().map(|seen| seen.json()["alerts"][0]["annotations"]["alarm"].clone()).collect();
    assert_eq!(alarms, ["1", "2"], "each once, in order");
    assert_eq!(world.messages(MessageState::Delivered).len(), 2);
    assert_eq!(world.told.standing().part(world.clock.now()).state, hub_api::PartState::Ok);
}

#[tokio::test]
async fn what_is_given_up_is_seen_and_what_comes_after_is_tried_anew() {
    let config = format!(
        "[notify]\ngive_up_after = \"1d\"\n{}",
        webhook(&format!("http://{}/", Receiver::nobody()), "")
    );
    let world = World::new(&config);
    let mut sender = world.sender();
    world.raise(1, Priority::High);
    let start = world.clock.now();
    live_until(&world, &mut sender, start.plus(DAY + MINUTE)).await;
    let failed = world.messages(MessageState::Failed);
    assert_eq!(failed.len(), 1);
    assert!(failed[0].detail.en.contains("given up after") && failed[0].finished_at.is_some(), "{failed:?}");
    let part = world.told.standing().part(world.clock.now());
    assert!(part.detail.contains("hook"), "{part:?}");
    world.raise(2, Priority::High);
    work(&mut sender).await;
    assert_eq!(world.messages(MessageState::Pending).len(), 1);
}

#[tokio::test]
async fn ten_thousand_alarms_in_a_minute_are_few_messages_and_none_is_lost() {
    let server = Receiver::start(|_, _| Answer::ok(""));
    let world = World::new(&webhook(&server.url("/"), ""));
    let mut sender = world.sender();
    for second in 0..60 {
        for number in 0..170 {
            world.raise(second * 170 + number + 1, Priority::Critical);
        }
        work(&mut sender).await;
        world.pass(Duration::from_secs(1));
    }
    world.pass(MINUTE);
    work(&mut sender).await;
    let seen = server.seen();
    assert!(seen.len() <= 9, "{} messages", seen.len());
    let told: u64 = seen
        .iter()
        .map(|seen| seen.json())
        .map(|message| {
            message["alerts"].as_array().unwrap().len() as u64 + message["truncatedAlerts"].as_u64().unwrap()
        })
        .sum();
    assert_eq!(told, 60 * 170);
    assert!(seen.iter().all(|seen| seen.body.len() < 200_000));
    let delivered: u64 = world.messages(MessageState::Delivered).iter().map(|message| message.notices).sum();
    assert_eq!(delivered, 60 * 170);
    assert!(world.store.queues().unwrap().is_empty());
}

#[tokio::test]
async fn a_message_that_was_sent_and_not_noted_is_sent_again_with_its_key() {
    let server = Receiver::start(|_, _| Answer::ok(""));
    let world = World::new(&webhook(&server.url("/"), ""));
    world.raise(1, Priority::High);
    let mut sender = world.sender();
    sender.begin().unwrap();
    while server.seen().is_empty() {
        tokio::task::yield_now().await;
    }
    // As a power cut between the answer and its note.
    drop(sender);
    world.raise(2, Priority::High);
    let mut sender = world.sender();
    work(&mut sender).await;
    let seen = server.seen();
    let keys: BTreeSet<_> =
        seen.iter().map(|seen| seen.header("idempotency-key").unwrap().to_owned()).collect();
    assert_eq!((seen.len(), keys.len()), (2, 1), "{seen:?}");
    assert_eq!(seen[0].body, seen[1].body, "and says the same");
}

#[tokio::test]
async fn who_is_next_in_line_hears_of_it_only_when_nobody_acknowledges() {
    let server = Receiver::start(|_, _| Answer::ok(""));
    let config = format!("{}escalate_after = \"15m\"\n", webhook(&server.url("/"), ""));
    let world = World::new(&config);
    let mut sender = world.sender();
    world.raise(1, Priority::High);
    world.raise(2, Priority::High);
    let due = work(&mut sender).await.unwrap();
    assert_eq!(due.since(world.clock.now()), MINUTE * 15);
    world.pass(MINUTE * 10);
    use AlarmState::{Acknowledged, Unacknowledged};
    world.commit(world.step(1, Priority::High, Some(Unacknowledged), Acknowledged, Why::Acknowledged));
    // A restart in between loses no timer.
    let mut sender = world.sender();
    work(&mut sender).await;
    assert!(server.seen().is_empty());
    world.pass(MINUTE * 5);
    work(&mut sender).await;
    let seen = server.seen();
    assert_eq!(seen.len(), 1);
    let alerts = seen[0].json()["alerts"].clone();
    assert_eq!(alerts.as_array().unwrap().len(), 1);
    assert_eq!(alerts[0]["annotations"]["alarm"], "2");
    assert_eq!(alerts[0]["annotations"]["notice"], "escalated");
    // Whoever heard of it hears that it is over; of the one that was acknowledged in time they hear nothing at all.
    world.commit(world.step(1, Priority::High, Some(Acknowledged), AlarmState::Normal, Why::Returned));
    world.commit(world.step(
        2,
        Priority::High,
        Some(Unacknowledged),
        AlarmState::RtnUnacknowledged,
        Why::Returned,
    ));
    world.pass(MINUTE * 5);
    work(&mut sender).await;
    let seen = server.seen();
    let last = seen[1].json()["alerts"].clone();
    assert_eq!((seen.len(), last.as_array().unwrap().len()), (2, 1));
    assert_eq!((&last[0]["annotations"]["alarm"], &last[0]["status"]), (&"2".into(), &"resolved".into()));
}

#[tokio::test]
async fn a_clock_that_was_set_back_holds_up_nothing() {
    let server = Receiver::start(|_, before| if before == 0 { Answer::status(503) } else { Answer::ok("") });
    let world = World::new(&webhook(&server.url("/"), ""));
    let mut sender = world.sender();
    world.raise(1, Priority::High);
    work(&mut sender).await;
    world.clock.jump(world.clock.now().minus(DAY * 30));
    work(&mut sender).await;
    assert_eq!(world.messages(MessageState::Delivered).len(), 1);
    world.raise(2, Priority::High);
    work(&mut sender).await;
    assert_eq!(world.messages(MessageState::Delivered).len(), 2);
}

#[tokio::test]
async fn one_that_hangs_delays_no_other_and_is_asked_later() {
    let hanging = Receiver::start(|_, _| Answer::Hangs);
    let server = Receiver::start(|_, _| Answer::ok(""));
    let config = format!(
        "[[notify.channel]]\nid = \"dead\"\nkind = \"webhook\"\nurl = \"{}\"\ntimeout = \"1s\"\n{}",
        hanging.url("/"),
        webhook(&server.url("/"), "").replace("[\"hook\"]", "[\"dead\", \"hook\"]")
    );
    let world = World::new(&config);
    let mut sender = world.sender();
    world.raise(1, Priority::High);
    sender.begin().unwrap();
    while server.seen().is_empty() {
        tokio::task::yield_now().await;
    }
    sender.finish().await;
    let pending = world.messages(MessageState::Pending);
    assert_eq!((pending.len(), &*pending[0].channel), (1, "dead"));
    assert!(pending[0].detail.en.contains("no answer in time"), "{pending:?}");
}

#[tokio::test]
async fn a_channel_or_person_that_is_gone_ends_what_waits_for_it_visibly() {
    let world = World::new(&webhook(&format!("http://{}/", Receiver::nobody()), ""));
    let mut sender = world.sender();
    world.raise(1, Priority::High);
    work(&mut sender).await;
    let telling = world.told.telling();
    let notify = Notify::none(telling.notify.zone.clone());
    world.told.renew(Telling { notify, ..Telling::clone(&telling) });
    world.pass(MINUTE);
    work(&mut sender).await;
    let failed = world.messages(MessageState::Failed);
    assert!(failed[0].detail.en.contains("no longer configured"), "{failed:?}");
}
