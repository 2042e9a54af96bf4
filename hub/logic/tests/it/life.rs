//! Alarms beyond coming and going: latched, told again, explained by others, out of service, too many, too often.

use hub_logic::{Action, CHATTER_RAISES, CommandError, Effect, FLOOD_ALARMS, MAX_SHELVING};
use hub_model::{Alarm, AlarmId, AlarmState, Device, Reason, Transition, Why};

use crate::support::*;

/// How the first alarm stands in what was stored; `None` once it is over.
fn stored(hub: &Hub, id: u64) -> Option<&Alarm> {
    hub.recovered.alarms.iter().find(|alarm| alarm.id == AlarmId(id))
}

fn steps(effects: &[Effect]) -> Vec<&Transition> {
    effects
        .iter()
        .filter_map(|e| if let Effect::Alarm { transition, .. } = e { Some(&**transition) } else { None })
        .collect()
}

fn whys(effects: &[Effect]) -> Vec<Why> {
    steps(effects).iter().map(|step| step.why).collect()
}

#[test]
fn a_latched_alarm_stays_until_it_is_reset() {
    let rule = chlorine_rule("latching: true");
    let mut hub = Hub::new(&[("latched.rhai", &rule)]);
    hub.observe(raw(CHLORINE, 10.0, 1));
    assert_eq!(hub.act(2, 1, Action::Reset { comment: None }), Err(CommandError::NothingToReset));
    let gone = hub.observe(raw(CHLORINE, 50.0, 3));
    assert_eq!(path(&gone), ["unacknowledged>unacknowledged"]);
    assert_eq!(whys(&gone), [Why::Returned]);
    assert!(!stored(&hub, 1).unwrap().is_standing());
    hub.restart();
    // It comes back: the same episode, told once more.
    assert_eq!(whys(&hub.observe(raw(CHLORINE, 10.0, 4))), [Why::RaisedAgain]);
    assert_eq!(stored(&hub, 1).unwrap().raises, 2);
    hub.act(5, 1, Action::Acknowledge { comment: None }).unwrap();
    assert_eq!(path(&hub.observe(raw(CHLORINE, 50.0, 6))), ["acknowledged>acknowledged"]);
    let reset = hub.act(7, 1, Action::Reset { comment: Some("đã thay bơm".into()) }).unwrap();
    assert_eq!(path(&reset), ["acknowledged>normal"]);
    assert_eq!(steps(&reset)[0].comment.as_deref(), Some("đã thay bơm"));
    // Afresh: a new alarm with a new number.
    hub.observe(raw(CHLORINE, 10.0, 8));
    assert!(stored(&hub, 2).is_some());
}

#[test]
fn a_latched_alarm_that_nobody_acknowledged_is_acknowledged_after_its_reset() {
    let rule = chlorine_rule("latching: true");
    let mut hub = Hub::new(&[("latched.rhai", &rule)]);
    hub.observe(raw(CHLORINE, 10.0, 1));
    hub.observe(raw(CHLORINE, 50.0, 2));
    let reset = hub.act(3, 1, Action::Reset { comment: None }).unwrap();
    assert_eq!(path(&reset), ["unacknowledged>rtn_unacknowledged"]);
    assert_eq!(
        path(&hub.act(4, 1, Action::Acknowledge { comment: None }).unwrap()),
        ["rtn_unacknowledged>normal"]
    );
}

#[test]
fn an_alarm_that_nobody_acknowledges_is_told_again_also_over_restarts_and_a_clock_set_back() {
    let rule = chlorine_rule("remind_after: \"2h\"");
    let mut hub = Hub::new(&[("low.rhai", &rule)]);
    let hours = |hours: i64| hours * 3600;
    hub.observe(raw(CHLORINE, 10.0, 0));
    assert_eq!(whys(&hub.tick(hours(2) - 1)), []);
    hub.restart();
    assert_eq!(whys(&hub.tick(hours(2))), [Why::Reminded]);
    assert_eq!(whys(&hub.tick(hours(2) + 1)), [], "once");
    // The clock goes back by a day: the reminder is neither lost nor told at once.
    assert_eq!(whys(&hub.tick(hours(-22))), []);
    assert_eq!(whys(&hub.tick(hours(-20) - 1)), []);
    assert_eq!(whys(&hub.tick(hours(-20))), [Why::Reminded]);
    hub.act(hours(-20) + 1, 1, Action::Acknowledge { comment: None }).unwrap();
    assert_eq!(whys(&hub.tick(hours(40))), [], "somebody has seen it");
}

#[test]
fn a_shelving_made_by_a_clock_that_ran_ahead_ends_within_the_longest_time() {
    let rule = chlorine_rule("");
    let mut hub = Hub::new(&[("low.rhai", &rule)]);
    let year = 365 * 24 * 3600;
    hub.observe(raw(CHLORINE, 10.0, year));
    let until = at(year + 3600);
    hub.act(year, 1, Action::Shelve { until, reason: "x".into(), longest: MAX_SHELVING }).unwrap();
    hub.tick(0);
    assert_eq!(hub.logic.next_due(), Some(at(0).plus(MAX_SHELVING)));
}

#[test]
fn a_role_may_have_a_narrower_bound_for_shelving() {
    let mut hub = Hub::new(&[("low.rhai", &chlorine_rule(""))]);
    hub.observe(raw(CHLORINE, 10.0, 0));
    let shelve =
        |minute: i64| Action::Shelve { until: at(minute * 60), reason: "x".into(), longest: minutes(30) };
    assert_eq!(hub.act(0, 1, shelve(31)), Err(CommandError::BadUntil { latest: at(1800) }));
    assert_eq!(path(&hub.act(0, 1, shelve(30)).unwrap()), ["unacknowledged>shelved"]);
}

const DEVICE_SILENT: &str = "fn rule() { #{ title: \"d\", priority: \"medium\", watches: #{ scope: \"device\" }, off_delay: \"30s\" } }
fn active(p) { p.quality == \"missing\" }";
const SITE_SILENT: &str = "fn rule() { #{ title: \"s\", priority: \"high\", watches: #{ scope: \"site\" }, off_delay: \"10s\", explains: \"device-silent\" } }
fn active(s) { s.devices > 1 && s.quality == \"missing\" }
fn message(s) { `${s.silent_devices}/${s.devices} ${s.name}` }";

#[test]
fn a_site_without_power_raises_one_alarm_and_what_stays_silent_returns_when_it_clears() {
    let rules = [("device-silent.rhai", DEVICE_SILENT), ("site-silent.rhai", SITE_SILENT)];
    let mut hub = Hub::new(&rules);
    for (second, point) in [(1, CHLORINE), (1, TURBIDITY), (2, LEVEL)] {
        hub.observe(raw(point, 30.0, second));
    }
    let lost = |point, second| missing(point, Reason::Timeout, second);
    hub.observe(lost(CHLORINE, 10));
    assert_eq!(path(&hub.observe(lost(TURBIDITY, 11))), ["none>unacknowledged"]);
    // With the last device goes the site: its alarm hides the first device's, and the last device's never shows.
    let down = hub.observe(lost(LEVEL, 12));
    let found: Vec<_> = down
        .iter()
        .filter_map(|effect| match effect {
            Effect::Alarm { alarm, transition } => {
                Some((alarm.subject.as_str().to_owned(), transition.to.code(), alarm.parent))
            }
            _ => None,
        })
        .collect();
    let root = stored(&hub, 3).unwrap();
    assert_eq!((root.subject.as_str(), root.message.vi.as_str()), ("water", "2/2 water"));
    assert!(found.contains(&("water/plc".into(), "suppressed_by_design", Some(AlarmId(3)))), "{found:?}");
    assert_eq!(stored(&hub, 2).unwrap().state, AlarmState::SuppressedByDesign);
    assert_eq!(
        hub.act(13, 1, Action::Acknowledge { comment: None }),
        Err(CommandError::NotInThatState { state: AlarmState::SuppressedByDesign })
    );
    hub.restart();
    // Power is back; the tank's device is not.
    hub.observe(raw(CHLORINE, 30.0, 20));
    let back = hub.tick(30);
    assert_eq!(path(&back), ["unacknowledged>rtn_unacknowledged", "suppressed_by_design>unacknowledged"]);
    assert_eq!(whys(&back), [Why::Returned, Why::SuppressionEnded]);
    assert_eq!(stored(&hub, 2).unwrap().parent, None);
    // The other one came back and is over without anybody having been told of it twice.
    assert_eq!(path(&hub.tick(50)), ["suppressed_by_design>normal"]);
    assert_eq!(hub.recovered.alarms.len(), 2);
}

#[test]
fn a_line_is_watched_where_devices_share_one() {
    let mut commune = commune();
    let site = commune.sites[0].id.clone();
    let line = hub_model::LineId::new(&site, "tcp://10.0.0.5:502");
    for device in &mut commune.sites[0].devices {
        device.line = Some(line.clone());
    }
    let alone = Device {
        line: Some(hub_model::LineId::new(&commune.sites[1].id, "x")),
        ..commune.sites[1].devices[0].clone()
    };
    commune.sites[1].devices[0] = alone;
    let rule = SITE_SILENT.replace("\"site\"", "\"line\"");
    let mut hub = Hub::of(commune, &[("device-silent.rhai", DEVICE_SILENT), ("line-silent.rhai", &rule)]);
    assert_eq!(hub.logic.rules()[1].subjects, 1, "a line of one device is that device");
    for point in [CHLORINE, TURBIDITY, LEVEL] {
        hub.observe(missing(point, Reason::Disconnected, 5));
    }
    let root = hub.recovered.alarms.iter().find(|alarm| &*alarm.rule == "line-silent").unwrap();
    assert_eq!((root.subject.as_str(), root.state), ("water/@tcp-10-0-0-5-502", AlarmState::Unacknowledged));
    let told = hub.recovered.alarms.iter().filter(|alarm| alarm.state == AlarmState::Unacknowledged);
    assert_eq!(told.count(), 1);
}

#[test]
fn what_is_out_of_service_is_followed_and_told_to_nobody() {
    let mut hub = Hub::new(&[("low.rhai", &chlorine_rule(""))]);
    hub.observe(raw(CHLORINE, 10.0, 1));
    let out = hub.service(2, "water/plc", true);
    assert_eq!(path(&out), ["unacknowledged>out_of_service"]);
    assert_eq!(steps(&out)[0].by.as_deref(), Some("hoa"));
    assert_eq!(path(&hub.observe(raw(CHLORINE, 50.0, 3))), ["out_of_service>normal"], "over, told to nobody");
    assert_eq!(path(&hub.observe(raw(CHLORINE, 10.0, 4))), ["none>out_of_service"]);
    hub.restart();
    assert_eq!(hub.logic.next_due(), Some(at(72)));
    let back = hub.tick(72);
    assert_eq!(path(&back), ["out_of_service>unacknowledged"], "by itself, and it still holds");
    assert_eq!(whys(&back), [Why::PutInService]);
    assert_eq!(hub.service(73, "water/plc", false), []);
}

#[test]
fn an_alarm_that_comes_and_goes_is_found_to_chatter_also_over_restarts() {
    let mut hub = Hub::new(&[("low.rhai", &chlorine_rule(""))]);
    let mut second = 0;
    for round in 1..=CHATTER_RAISES {
        second += 60;
        hub.observe(raw(CHLORINE, 10.0, second));
        let alarm = hub.alarm().clone();
        assert_eq!(alarm.chattering, round == CHATTER_RAISES, "round {round}");
        if round % 2 == 0 {
            hub.act(second, alarm.id.0, Action::Acknowledge { comment: None }).unwrap();
        }
        second += 60;
        hub.observe(raw(CHLORINE, 50.0, second));
        hub.restart();
    }
    second += 3600;
    hub.observe(raw(CHLORINE, 10.0, second));
    assert!(!hub.alarm().chattering, "quiet for an hour");
}

#[test]
fn very_many_alarms_of_one_site_at_once_are_a_flood_and_each_is_still_there() {
    let rules: Vec<_> = (0..FLOOD_ALARMS + 2).map(|n| (format!("r{n:02}.rhai"), chlorine_rule(""))).collect();
    let rules: Vec<_> = rules.iter().map(|(file, text)| (file.as_str(), text.as_str())).collect();
    let mut hub = Hub::new(&rules);
    hub.observe(raw(CHLORINE, 10.0, 1));
    assert_eq!(hub.recovered.alarms.len(), FLOOD_ALARMS + 2);
    assert_eq!(hub.recovered.alarms.iter().filter(|alarm| alarm.flood).count(), 2);
}

#[test]
fn every_step_carries_the_version_of_the_rule_in_force() {
    let (first, second) = (chlorine_rule(""), chlorine_rule("on_delay: \"1s\""));
    let mut hub = Hub::new(&[("low.rhai", &first)]);
    let raised = hub.observe(raw(CHLORINE, 10.0, 1));
    let version = steps(&raised)[0].rule_version.clone();
    hub.restart_with(commune(), &[("low.rhai", &second)]);
    assert_eq!(stored(&hub, 1).unwrap().rule_version, version, "an edit leaves it explained");
    let returned = hub.observe(raw(CHLORINE, 50.0, 2));
    assert_ne!(steps(&returned)[0].rule_version, version);
}
