//! Checks of alarms, their steps and the rules' timers.

use hub_model::{Alarm, AlarmId, AlarmState, OutOfService, Remark, Scope, SiteId, Subject, Tracking};

use super::samples::{alarm, at, step};
use super::{Backend, Check, Place};
use crate::port::{AlarmFilter, Batch};

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("alarms come back whole and are replaced whole", alarms_are_replaced_whole),
    ("an alarm's steps keep their order", an_alarms_steps_keep_their_order),
    ("alarms are filtered, the newest first", alarms_are_filtered),
    ("alarm numbers are never used twice", alarm_numbers_are_never_used_twice),
    ("timers are kept and forgotten", timers_are_kept_and_forgotten),
    ("what is out of service is kept until it ends", what_is_out_of_service_is_kept_until_it_ends),
];

fn append_alarms(place: &Place, alarms: Vec<Alarm>) {
    place.append(Batch { alarms, ..Batch::default() });
}

fn alarms_are_replaced_whole(place: &mut Place) {
    let raised = alarm(1, "a/plc/ph", 10);
    let shelved = Alarm {
        state: AlarmState::Shelved,
        beneath: Some(AlarmState::Acknowledged),
        cleared_at: Some(at(50)),
        acknowledged_at: Some(at(20)),
        acknowledged_by: Some("hoa".to_owned()),
        shelved_until: Some(at(90)),
        ..raised.clone()
    };
    let bare = Alarm {
        parent: None,
        out_of_service: false,
        latching: true,
        remind_after: None,
        chattering: false,
        flood: true,
        value: None,
        unit: String::new(),
        clause: None,
        runbook: None,
        tags: vec![],
        ..alarm(2, "a/plc", 5)
    };
    append_alarms(place, vec![raised.clone(), bare.clone()]);
    place.look_twice(|store| {
        assert_eq!(store.alarm(AlarmId(1)).expect("readable"), Some((raised.clone(), vec![])));
        assert_eq!(store.alarm(AlarmId(2)).expect("readable"), Some((bare.clone(), vec![])));
        assert_eq!(store.alarm(AlarmId(3)).expect("readable"), None);
    });
    append_alarms(place, vec![shelved.clone()]);
    place.look_twice(|store| {
        let all = store.alarms(&AlarmFilter::default()).expect("readable");
        assert_eq!(all, [shelved.clone(), bare.clone()]);
    });
}

fn an_alarms_steps_keep_their_order(place: &mut Place) {
    use AlarmState::{Acknowledged, Unacknowledged};
    let mut comment = step(1, 15, Some(Acknowledged), Acknowledged);
    comment.by = Some("hoa".to_owned());
    comment.comment = Some("Đã gọi đội sửa".to_owned());
    comment.value = None;
    comment.remark = Some(Remark::WaitsForReset);
    let steps = [
        step(1, 10, None, Unacknowledged),
        step(1, 20, Some(Unacknowledged), Acknowledged),
        // The clock was set back: the order is that of the steps, not of their times.
        comment,
    ];
    let of_another = step(2, 11, None, Unacknowledged);
    let transitions = vec![steps[0].clone(), of_another, steps[1].clone()];
    place.append(Batch { alarms: vec![alarm(1, "a/plc/ph", 10)], transitions, ..Batch::default() });
    place.append(Batch { transitions: vec![steps[2].clone()], ..Batch::default() });
    place.look_twice(|store| {
        let (_, found) = store.alarm(AlarmId(1)).expect("readable").expect("it was stored");
        assert_eq!(found, steps);
        assert_eq!(store.alarm(AlarmId(2)).expect("readable"), None, "steps alone make no alarm");
    });
}

fn alarms_are_filtered(place: &mut Place) {
    let cleared = |id, subject, raised, cleared| Alarm {
        state: AlarmState::Normal,
        cleared_at: Some(at(cleared)),
        ..alarm(id, subject, raised)
    };
    let returned = Alarm {
        state: AlarmState::RtnUnacknowledged,
        cleared_at: Some(at(25)),
        ..alarm(3, "a/plc/flow", 20)
    };
    append_alarms(
        place,
        vec![
            cleared(1, "a/plc/ph", 10, 15),
            alarm(2, "b/cam", 10),
            returned,
            cleared(4, "b/cam/noise", 40, 60),
        ],
    );
    let ids = |store: &dyn Backend, filter: AlarmFilter| -> Vec<u64> {
        store.alarms(&filter).expect("readable").iter().map(|alarm| alarm.id.0).collect()
    };
    place.look_twice(|store| {
        let all = AlarmFilter::default();
        assert_eq!(ids(store, all.clone()), [4, 3, 2, 1]);
        assert_eq!(ids(store, AlarmFilter { limit: 2, ..all.clone() }), [4, 3]);
        assert_eq!(ids(store, AlarmFilter { active_only: true, ..all.clone() }), [3, 2]);
        let site = SiteId::parse("b").ok();
        assert_eq!(ids(store, AlarmFilter { site: site.clone(), ..all.clone() }), [4, 2]);
        let of_site = AlarmFilter { site, active_only: true, limit: 1, ..all.clone() };
        assert_eq!(ids(store, of_site), [2]);
        let span = |from, to| AlarmFilter { from: Some(at(from)), to: Some(at(to)), ..all.clone() };
        assert_eq!(ids(store, span(15, 40)), [3, 2, 1], "cleared at from counts, raised at to does not");
        assert_eq!(ids(store, span(26, 41)), [4, 2], "one that still stands goes on");
        assert_eq!(ids(store, span(0, 10)), [0; 0]);
    });
}

fn alarm_numbers_are_never_used_twice(place: &mut Place) {
    let next = |store: &dyn Backend| store.next_alarm_id().expect("readable");
    place.look_twice(|store| assert_eq!(next(store), AlarmId(1)));
    append_alarms(place, vec![alarm(7, "a/plc/ph", 10), alarm(3, "a/plc/ph", 5)]);
    place.look_twice(|store| assert_eq!(next(store), AlarmId(8)));
    append_alarms(place, vec![alarm(2, "a/plc/ph", 10)]);
    place.look_twice(|store| assert_eq!(next(store), AlarmId(8)));
}

fn timers_are_kept_and_forgotten(place: &mut Place) {
    let tracking = |rule: &str, subject: &str| Tracking {
        rule: rule.into(),
        subject: Subject::parse(subject).expect("samples have well-formed ids"),
        raising_since: Some(at(10)),
        clearing_since: None,
        alarm: None,
        raises: vec![],
    };
    let open = Tracking { raising_since: None, alarm: Some(AlarmId(4)), ..tracking("low", "a/plc/ph") };
    let append = |place: &Place, tracking| place.append(Batch { tracking, ..Batch::default() });
    append(place, vec![tracking("offline", "a/plc"), tracking("low", "a/plc/ph"), tracking("low", "a/plc")]);
    append(place, vec![open.clone()]);
    place.look_twice(|store| {
        let expected = [tracking("low", "a/plc"), open.clone(), tracking("offline", "a/plc")];
        assert_eq!(store.tracking().expect("readable"), expected);
    });
    let often = Tracking { raises: vec![at(3), at(-4)], raising_since: None, ..tracking("often", "a/@bus") };
    append(place, vec![often.clone()]);
    place.look_twice(|store| assert!(store.tracking().expect("readable").contains(&often)));
    append(place, vec![Tracking { raises: vec![], ..often }]);
    let idle = |rule, subject| Tracking { raising_since: None, ..tracking(rule, subject) };
    append(place, vec![idle("low", "a/plc"), idle("offline", "a/plc"), idle("never", "a/plc")]);
    place.look_twice(|store| assert_eq!(store.tracking().expect("readable"), std::slice::from_ref(&open)));
}

fn what_is_out_of_service_is_kept_until_it_ends(place: &mut Place) {
    let one = |scope: &str, since| OutOfService {
        scope: Scope::parse(scope).expect("samples have well-formed ids"),
        since: at(since),
        until: Some(at(since + 50)),
        by: "hoa".to_owned(),
        reason: "Thay đầu đo".to_owned(),
        ended: None,
    };
    let unbounded = OutOfService { until: None, ..one("a/plc", 20) };
    let append = |place: &Place, all| place.append(Batch { out_of_service: all, ..Batch::default() });
    append(place, vec![unbounded.clone(), one("a", 10), one("b/cam/noise", 20)]);
    place.look_twice(|store| {
        let found = store.out_of_service(false).expect("readable");
        assert_eq!(found, [one("a", 10), unbounded.clone(), one("b/cam/noise", 20)]);
    });
    let by_time = OutOfService { ended: Some((at(60), None)), ..one("a", 10) };
    let by_hand = OutOfService { ended: Some((at(30), Some("lan".to_owned()))), ..unbounded };
    append(place, vec![by_time.clone(), by_hand.clone()]);
    place.look_twice(|store| {
        assert_eq!(store.out_of_service(false).expect("readable"), [one("b/cam/noise", 20)]);
        let all = [by_time.clone(), by_hand.clone(), one("b/cam/noise", 20)];
        assert_eq!(store.out_of_service(true).expect("readable"), all);
    });
}
