//! Checks of the outbox: notices that wait, messages, what is kept for channels.

use hub_model::{Alarm, AlarmId, AlarmState, LocalText, Notice, NoticeKind, Priority, Recipient, SiteId};

use super::samples::{alarm, at};
use super::{Backend, Check, Place};
use crate::outbox::{KeptSecret, Message, MessageFilter, MessageId, MessageState, OutboxChange};
use crate::port::Batch;

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("notices of one key are kept once", notices_of_one_key_are_kept_once),
    ("a message takes what is due, the most urgent first", a_message_takes_what_is_due),
    ("who has acknowledged is not escalated", who_has_acknowledged_is_not_escalated),
    ("the end of an alarm is told to who heard of it", the_end_is_told_to_who_heard),
    ("a message keeps its notices over its tries", a_message_keeps_its_notices_over_its_tries),
    ("messages are filtered, the newest first", messages_are_filtered),
    ("old messages are forgotten, waiting ones never", old_messages_are_forgotten),
    ("what is kept for a channel is replaced", what_is_kept_is_replaced),
];

fn notice(key: &str, alarm: u64, priority: Priority, due: i64) -> Notice {
    Notice {
        key: key.to_owned(),
        alarm: AlarmId(alarm),
        kind: NoticeKind::Raised,
        at: at(due - 1),
        priority,
        site: SiteId::parse("a").expect("samples have well-formed ids"),
        channel: "mail".to_owned(),
        recipient: Recipient::Person("hoa".to_owned()),
        due: at(due),
    }
}

fn message(id: u64, made_at: i64) -> Message {
    Message {
        id: MessageId(id),
        channel: "mail".to_owned(),
        recipient: Recipient::Person("hoa".to_owned()),
        is_test: false,
        made_at: at(made_at),
        state: MessageState::Pending,
        tries: 0,
        next_try: at(made_at),
        finished_at: None,
        detail: LocalText::default(),
        notices: 0,
    }
}

fn bundle(place: &Place, message: Message, due: i64) {
    place.append(Batch { outbox: vec![OutboxChange::Bundle { message, due: at(due) }], ..Batch::default() });
}

fn keys(store: &dyn Backend, id: u64) -> Vec<String> {
    let (_, notices) = store.message(MessageId(id), 100).expect("readable").expect("there is one");
    notices.into_iter().map(|notice| notice.key).collect()
}

fn notices_of_one_key_are_kept_once(place: &mut Place) {
    let (first, again) = (notice("1/a", 1, Priority::Low, 10), notice("1/a", 1, Priority::Low, 5));
    place.append(Batch { notices: vec![first.clone(), again.clone()], ..Batch::default() });
    place
        .append(Batch { notices: vec![again, notice("1/b", 1, Priority::Critical, 30)], ..Batch::default() });
    let elsewhere = Notice { recipient: Recipient::Channel, ..notice("1/c", 1, Priority::High, 40) };
    place.append(Batch { notices: vec![elsewhere], ..Batch::default() });
    place.look_twice(|store| {
        let queues = store.queues().expect("readable");
        let short: Vec<_> = queues
            .iter()
            .map(|queue| (&queue.recipient, queue.waiting, queue.due, queue.critical_due))
            .collect();
        let hoa = Recipient::Person("hoa".to_owned());
        assert_eq!(short, [(&Recipient::Channel, 1, at(40), None), (&hoa, 2, at(10), Some(at(30)))]);
    });
}

fn a_message_takes_what_is_due(place: &mut Place) {
    let notices = vec![
        notice("low", 1, Priority::Low, 10),
        notice("high", 2, Priority::High, 11),
        notice("later", 3, Priority::Critical, 90),
        notice("low too", 4, Priority::Low, 12),
    ];
    place.append(Batch { notices: notices.clone(), ..Batch::default() });
    bundle(place, message(1, 20), 20);
    bundle(place, message(2, 21), 21);
    place.look_twice(|store| {
        assert_eq!(keys(store, 1), ["high", "low", "low too"]);
        let (known, first) = store.message(MessageId(1), 1).expect("readable").expect("there is one");
        assert_eq!((known.notices, first), (3, vec![notices[1].clone()]));
        assert_eq!(store.message(MessageId(2), 1).expect("readable"), None, "nothing was left for it");
        assert_eq!(store.queues().expect("readable")[0].waiting, 1);
        assert_eq!(store.next_message_id().expect("readable"), MessageId(2));
    });
}

fn the_end_is_told_to_who_heard(place: &mut Place) {
    let kind = |kind, key: &str, alarm, due| Notice { kind, ..notice(key, alarm, Priority::High, due) };
    let of = |key: &str, alarm, due| kind(NoticeKind::Returned, key, alarm, due);
    let alarms = (1..=5).map(|id| Alarm { state: AlarmState::Acknowledged, ..alarm(id, "a/plc/ph", 1) });
    let elsewhere = Notice { recipient: Recipient::Channel, ..notice("4 elsewhere", 4, Priority::High, 10) };
    let first = vec![
        notice("1 raised", 1, Priority::High, 10),
        notice("2 raised", 2, Priority::High, 15),
        of("2 over", 2, 16),
        kind(NoticeKind::Escalated, "3 escalated", 3, 10),
        elsewhere,
        notice("5 later", 5, Priority::High, 90),
    ];
    place.append(Batch { alarms: alarms.collect(), notices: first, ..Batch::default() });
    bundle(place, message(1, 20), 20);
    let over = vec![of("1 over", 1, 30), of("3 over", 3, 30), of("4 over", 4, 30), of("5 over", 5, 30)];
    place.append(Batch { notices: over, ..Batch::default() });
    bundle(place, message(2, 40), 40);
    place.look_twice(|store| {
        assert_eq!(keys(store, 1), ["1 raised", "2 raised", "2 over"]);
        assert_eq!(keys(store, 2), ["1 over"], "3 was acknowledged in time, 4 was told elsewhere, 5 not yet");
    });
}

fn who_has_acknowledged_is_not_escalated(place: &mut Place) {
    let state = |id, state| Alarm { state, ..alarm(id, "a/plc/ph", 1) };
    let alarms = vec![
        state(1, AlarmState::Acknowledged),
        state(2, AlarmState::Unacknowledged),
        state(3, AlarmState::RtnUnacknowledged),
        state(4, AlarmState::Shelved),
    ];
    let escalated =
        |key: &str, alarm| Notice { kind: NoticeKind::Escalated, ..notice(key, alarm, Priority::High, 10) };
    let notices = vec![
        escalated("1", 1),
        escalated("2", 2),
        escalated("3", 3),
        escalated("4", 4),
        escalated("gone", 9),
        notice("raised", 1, Priority::High, 10),
    ];
    place.append(Batch { alarms, notices, ..Batch::default() });
    bundle(place, message(1, 20), 20);
    place.look_twice(|store| {
        assert_eq!(keys(store, 1), ["2", "3", "raised"]);
        assert_eq!(store.queues().expect("readable"), []);
    });
}

fn a_message_keeps_its_notices_over_its_tries(place: &mut Place) {
    place.append(Batch { notices: vec![notice("1", 1, Priority::High, 10)], ..Batch::default() });
    bundle(place, message(1, 20), 20);
    let tried = Message {
        tries: 2,
        next_try: at(900),
        detail: LocalText::new("không trả lời", "no answer"),
        notices: 77,
        ..message(1, 20)
    };
    let change = |message| Batch { outbox: vec![OutboxChange::Message(message)], ..Batch::default() };
    place.append(change(tried.clone()));
    let known = Message { notices: 1, ..tried };
    place.look_twice(|store| {
        assert_eq!(store.pending().expect("readable"), std::slice::from_ref(&known));
        assert_eq!(keys(store, 1), ["1"]);
    });
    let delivered =
        Message { state: MessageState::Delivered, finished_at: Some(at(901)), tries: 3, ..known.clone() };
    place.append(change(delivered.clone()));
    place.look_twice(|store| {
        assert_eq!(store.pending().expect("readable"), []);
        assert_eq!(store.message(MessageId(1), 0).expect("readable"), Some((delivered.clone(), vec![])));
    });
}

fn messages_are_filtered(place: &mut Place) {
    let other = Notice { channel: "sms".to_owned(), ..notice("2", 5, Priority::High, 10) };
    place.append(Batch { notices: vec![notice("1", 1, Priority::High, 10), other], ..Batch::default() });
    bundle(place, message(1, 20), 20);
    bundle(place, Message { channel: "sms".to_owned(), ..message(2, 30) }, 30);
    let test = Message {
        is_test: true,
        state: MessageState::Failed,
        recipient: Recipient::Channel,
        ..message(3, 40)
    };
    place.append(Batch { outbox: vec![OutboxChange::Message(test)], ..Batch::default() });
    let ids = |store: &dyn Backend, filter: MessageFilter| -> Vec<u64> {
        store.messages(&filter).expect("readable").iter().map(|message| message.id.0).collect()
    };
    let all = MessageFilter::default;
    place.look_twice(|store| {
        assert_eq!(ids(store, all()), [3, 2, 1]);
        assert_eq!(ids(store, MessageFilter { limit: 1, before: Some(MessageId(3)), ..all() }), [2]);
        assert_eq!(ids(store, MessageFilter { state: Some(MessageState::Failed), ..all() }), [3]);
        assert_eq!(ids(store, MessageFilter { channel: Some("sms".to_owned()), ..all() }), [2]);
        assert_eq!(ids(store, MessageFilter { recipient: Some(Recipient::Channel), ..all() }), [3]);
        assert_eq!(ids(store, MessageFilter { alarm: Some(AlarmId(5)), ..all() }), [2]);
        assert_eq!(ids(store, MessageFilter { from: Some(at(20)), to: Some(at(40)), ..all() }), [2, 1]);
    });
}

fn old_messages_are_forgotten(place: &mut Place) {
    let waiting = notice("waits", 3, Priority::High, 10_000);
    let notices = vec![notice("1", 1, Priority::High, 10), waiting.clone()];
    place.append(Batch { notices, ..Batch::default() });
    bundle(place, message(1, 20), 20);
    let finished = Message { state: MessageState::Delivered, ..message(1, 20) };
    let tested = Message { is_test: true, ..message(2, 20) };
    let outbox = vec![
        OutboxChange::Message(finished),
        OutboxChange::Message(tested),
        OutboxChange::Forget { before: at(1_000_000) },
    ];
    place.append(Batch { outbox, ..Batch::default() });
    place.look_twice(|store| {
        assert_eq!(store.message(MessageId(1), 9).expect("readable"), None);
        assert_eq!(store.pending().expect("readable").len(), 1, "a pending one stays");
        assert_eq!(store.queues().expect("readable")[0].waiting, 1, "and so does what waits");
    });
    // The key is free again only for what was forgotten.
    place.append(Batch { notices: vec![waiting], ..Batch::default() });
    place.look_twice(|store| assert_eq!(store.queues().expect("readable")[0].waiting, 1));
}

fn what_is_kept_is_replaced(place: &mut Place) {
    let keep =
        |text: &str| OutboxChange::Keep { name: "zalo".to_owned(), secret: KeptSecret(text.to_owned()) };
    place.append(Batch { outbox: vec![keep("một"), keep("hai")], ..Batch::default() });
    place.look_twice(|store| {
        let kept = store.kept("zalo").expect("readable");
        assert_eq!(format!("{kept:?}"), "Some(KeptSecret)", "it is never shown");
        assert_eq!(kept, Some(KeptSecret("hai".to_owned())));
        assert_eq!(store.kept("other").expect("readable"), None);
    });
}
