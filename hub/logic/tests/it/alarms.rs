//! The life of an alarm: delays, missing data, people, shelving, rules that come and go.

use std::time::Duration;

use hub_logic::{Action, CommandError, Effect, MAX_SHELVING};
use hub_model::{AlarmId, AlarmState, Commune, Reason, Remark, Transition, Why};

use crate::support::*;

const DELAYS: &str = "on_delay: \"10m\", off_delay: \"5m\"";
const NONE: [&str; 0] = [];

/// A commune in which nothing expires, so that only alarms have timers.
fn lasting() -> Commune {
    commune_with(CLIENTS, |point| point.checks.expire_after = None)
}

/// A hub with one chlorine rule.
fn hub(more: &str) -> Hub {
    Hub::of(lasting(), &[("low.rhai", &chlorine_rule(more))])
}

/// A hub whose alarm was raised at second 0.
fn raised() -> Hub {
    let mut hub = hub("");
    assert_eq!(path(&hub.observe(raw(CHLORINE, 10.0, 0))), ["none>unacknowledged"]);
    hub
}

fn acknowledge(comment: &str) -> Action {
    Action::Acknowledge { comment: Some(comment.to_owned()) }
}

fn shelve(seconds: i64) -> Action {
    Action::Shelve { until: at(seconds), reason: "máy đang bảo trì".into(), longest: MAX_SHELVING }
}

fn transition(effects: &[Effect]) -> &Transition {
    let found = effects.iter().find_map(|effect| match effect {
        Effect::Alarm { transition, .. } => Some(transition),
        _ => None,
    });
    found.unwrap()
}

#[test]
fn the_whole_life_in_order() {
    let mut hub = hub(DELAYS);
    hub.observe(raw(CHLORINE, 10.0, 0));
    assert_eq!(path(&hub.tick(599)), NONE);
    assert_eq!(hub.logic.next_due(), Some(at(600)));
    assert_eq!(path(&hub.tick(600)), ["none>unacknowledged"]);
    assert_eq!(hub.logic.next_due(), None);
    let effects = hub.act(610, 1, acknowledge("đang xử lý")).unwrap();
    assert_eq!(path(&effects), ["unacknowledged>acknowledged"]);
    let step = transition(&effects);
    assert_eq!((step.by.as_deref(), step.comment.as_deref()), (Some("lan"), Some("đang xử lý")));
    assert_eq!(hub.alarm().acknowledged_at, Some(at(610)));
    hub.observe(raw(CHLORINE, 30.0, 700));
    assert_eq!(hub.logic.next_due(), Some(at(1000)));
    assert_eq!(path(&hub.tick(1000)), ["acknowledged>normal"]);
    assert!(hub.recovered.alarms.is_empty());
    // The next episode is another alarm.
    hub.observe(raw(CHLORINE, 10.0, 2000));
    hub.tick(2600);
    assert_eq!(hub.alarm().id, AlarmId(2));
}

#[test]
fn the_delay_starts_anew_when_the_condition_was_gone() {
    let mut hub = hub(DELAYS);
    hub.observe(raw(CHLORINE, 10.0, 0));
    hub.observe(raw(CHLORINE, 20.0, 500));
    assert_eq!(hub.logic.next_due(), None);
    hub.observe(raw(CHLORINE, 10.0, 510));
    assert_eq!(path(&hub.tick(1109)), NONE);
    assert_eq!(path(&hub.tick(1110)), ["none>unacknowledged"]);
    // Between minimum and hysteresis the alarm's end does not begin.
    hub.observe(raw(CHLORINE, 30.0, 1200));
    hub.observe(raw(CHLORINE, 22.0, 1300));
    assert_eq!(hub.logic.next_due(), None);
}

#[test]
fn gone_without_being_seen_waits_for_somebody() {
    let mut hub = raised();
    assert_eq!(path(&hub.observe(raw(CHLORINE, 30.0, 1))), ["unacknowledged>rtn_unacknowledged"]);
    assert_eq!((hub.alarm().cleared_at, hub.logic.rules()[0].active), (Some(at(1)), 0));
    // Back again: the same alarm.
    assert_eq!(path(&hub.observe(raw(CHLORINE, 5.0, 2))), ["rtn_unacknowledged>unacknowledged"]);
    assert_eq!((hub.alarm().cleared_at, hub.alarm().value), (None, Some(0.05)));
    hub.observe(raw(CHLORINE, 30.0, 3));
    let effects = hub.act(4, 1, acknowledge("")).unwrap();
    assert_eq!(path(&effects), ["rtn_unacknowledged>normal"]);
    assert!(hub.recovered.tracking.iter().all(|tracking| tracking.alarm.is_none()));
    assert_eq!(path(&hub.observe(raw(CHLORINE, 5.0, 5))), ["none>unacknowledged"]);
}

#[test]
fn missing_data_holds_clears_or_raises() {
    let lost = |seconds| missing(CHLORINE, Reason::Timeout, seconds);
    let mut held = hub("on_delay: \"10s\"");
    held.observe(raw(CHLORINE, 10.0, 0));
    held.observe(lost(5));
    assert_eq!(path(&held.tick(10)), NONE, "the delay does not end on missing data");
    assert_eq!(path(&held.observe(raw(CHLORINE, 10.0, 20))), ["none>unacknowledged"]);
    assert_eq!(path(&held.observe(lost(30))), NONE);

    let mut cleared = hub("on_missing: \"clear\"");
    cleared.observe(raw(CHLORINE, 10.0, 0));
    assert_eq!(path(&cleared.observe(lost(5))), ["unacknowledged>rtn_unacknowledged"]);

    let mut raises = hub("on_missing: \"raise\", on_delay: \"10s\"");
    raises.observe(lost(5));
    assert_eq!(path(&raises.tick(15)), ["none>unacknowledged"]);
    assert_eq!(raises.alarm().value, None);
}

#[test]
fn a_failing_value_is_not_judged() {
    let mut hub = hub("");
    assert_eq!(path(&hub.observe(raw(CHLORINE, -5.0, 0))), NONE);
    assert_eq!(path(&hub.observe(raw(CHLORINE, 5.0, 1))), ["none>unacknowledged"]);
    assert_eq!(path(&hub.observe(raw(CHLORINE, 9_000.0, 2))), NONE);
}

#[test]
fn late_and_old_readings_raise_nothing() {
    let mut hub = hub("");
    assert_eq!(path(&hub.observe(sent(CHLORINE, 10.0, -3_600, 0))), NONE);
    assert_eq!(path(&hub.observe(sent(CHLORINE, 50.0, 10, 10))), NONE);
    assert_eq!(path(&hub.observe(sent(CHLORINE, 10.0, 5, 11))), NONE);
    // Nor does an old one let a running delay end.
    let mut delayed = Hub::new(&[("low.rhai", &chlorine_rule("on_delay: \"1m\""))]);
    delayed.observe(raw(CHLORINE, 10.0, 0));
    delayed.observe(missing(CHLORINE, Reason::Timeout, 5));
    delayed.observe(sent(CHLORINE, 10.0, 1, 2_000));
    assert_eq!(path(&delayed.tick(2_001)), NONE);
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let mut hub = raised();
    let before = hub.recovered.alarms.clone();
    let refuse = |hub: &mut Hub, alarm, action| hub.act(5, alarm, action).unwrap_err();
    assert_eq!(refuse(&mut hub, 7, acknowledge("x")), CommandError::UnknownAlarm { alarm: AlarmId(7) });
    let comment = |text: String| Action::Comment { text };
    for text in [String::new(), "  ".into(), "ă".repeat(2_001)] {
        assert_eq!(refuse(&mut hub, 1, comment(text)), CommandError::BadText { max_chars: 2_000 });
    }
    let latest = at(5).plus(MAX_SHELVING);
    for until in [5, 5 + 31 * 86_400] {
        assert_eq!(refuse(&mut hub, 1, shelve(until)), CommandError::BadUntil { latest });
    }
    let state = AlarmState::Unacknowledged;
    assert_eq!(refuse(&mut hub, 1, Action::Unshelve), CommandError::NotInThatState { state });
    assert_eq!(hub.recovered.alarms, before);
    hub.act(6, 1, acknowledge("x")).unwrap();
    let state = AlarmState::Acknowledged;
    assert_eq!(refuse(&mut hub, 1, acknowledge("x")), CommandError::NotInThatState { state });
}

#[test]
fn a_comment_changes_no_state() {
    let mut hub = raised();
    let effects = hub.act(5, 1, Action::Comment { text: " đã gọi thợ ".into() }).unwrap();
    assert_eq!(path(&effects), ["unacknowledged>unacknowledged"]);
    assert_eq!(transition(&effects).comment.as_deref(), Some("đã gọi thợ"));
}

#[test]
fn shelving_ends_by_itself_or_by_hand() {
    let mut hub = raised();
    assert_eq!(path(&hub.act(10, 1, shelve(100)).unwrap()), ["unacknowledged>shelved"]);
    assert!(hub.act(11, 1, shelve(200)).is_err() && hub.act(11, 1, acknowledge("x")).is_err());
    assert_eq!(hub.logic.next_due(), Some(at(100)));
    hub.restart();
    assert_eq!(path(&hub.tick(99)), NONE);
    assert_eq!(path(&hub.tick(100)), ["shelved>unacknowledged"]);
    assert_eq!((hub.alarm().shelved_until, hub.alarm().beneath), (None, None));
    hub.act(110, 1, shelve(200)).unwrap();
    assert_eq!(path(&hub.act(120, 1, Action::Unshelve).unwrap()), ["shelved>unacknowledged"]);
}

#[test]
fn what_happens_beneath_a_shelving_is_kept() {
    let mut hub = raised();
    hub.act(10, 1, shelve(100)).unwrap();
    let effects = hub.observe(raw(CHLORINE, 50.0, 20));
    assert_eq!(path(&effects), ["shelved>shelved"]);
    assert_eq!(transition(&effects).remark, Some(Remark::GoneWhileHidden));
    assert_eq!(path(&hub.observe(raw(CHLORINE, 5.0, 30))), ["shelved>shelved"]);
    hub.observe(raw(CHLORINE, 50.0, 40));
    assert_eq!(path(&hub.tick(100)), ["shelved>rtn_unacknowledged"]);
    // One that was acknowledged is over when its condition is, shelved or not.
    let mut seen = raised();
    seen.act(5, 1, acknowledge("x")).unwrap();
    seen.act(6, 1, shelve(100)).unwrap();
    assert_eq!(path(&seen.observe(raw(CHLORINE, 50.0, 20))), ["shelved>normal"]);
    assert_eq!(seen.logic.next_due(), None);
}

#[test]
fn an_alarm_whose_rule_is_gone_is_closed_and_says_so() {
    let mut hub = raised();
    hub.restart_with(lasting(), &[]);
    assert_eq!(hub.logic.next_due(), Some(at(0)));
    let effects = hub.tick(50);
    assert_eq!(path(&effects), ["unacknowledged>normal"]);
    assert_eq!(transition(&effects).remark, Some(Remark::RuleDeleted));
    assert_eq!(hub.logic.next_due(), None);
}

#[test]
fn an_alarm_whose_point_is_gone_is_closed_too() {
    let mut hub = raised();
    let rule = chlorine_rule("");
    let mut without = commune();
    without.sites[0].devices[0].points.remove(0);
    hub.restart_with(without, &[("low.rhai", &rule)]);
    let effects = hub.tick(50);
    assert_eq!(path(&effects), ["unacknowledged>normal"]);
    assert_eq!(transition(&effects).remark, Some(Remark::NotWatched));
}

#[test]
fn an_alarm_of_a_refused_rule_stays_and_can_be_acknowledged() {
    let mut hub = raised();
    hub.restart_with(lasting(), &[("low.rhai", "fn broken(")]);
    assert_eq!(path(&hub.tick(50)), NONE);
    assert_eq!(hub.logic.rules()[0].active, 1);
    hub.act(60, 1, acknowledge("x")).unwrap();
    hub.restart_with(lasting(), &[("low.rhai", &chlorine_rule(""))]);
    assert_eq!(path(&hub.observe(raw(CHLORINE, 50.0, 70))), ["acknowledged>normal"]);
}

#[test]
fn an_edited_rule_goes_on_with_what_was_tracked() {
    let mut hub = hub(DELAYS);
    hub.observe(raw(CHLORINE, 10.0, 0));
    hub.restart_with(lasting(), &[("low.rhai", &chlorine_rule("on_delay: \"20m\""))]);
    assert_eq!(hub.logic.next_due(), Some(at(1200)));
    assert_eq!(path(&hub.tick(1200)), ["none>unacknowledged"]);
}

#[test]
fn an_alarm_without_its_tracking_is_found_again() {
    let mut hub = raised();
    hub.recovered.tracking.clear();
    hub.recovered.next_alarm = AlarmId(0);
    hub.restart();
    assert_eq!(path(&hub.observe(raw(CHLORINE, 50.0, 70))), ["unacknowledged>rtn_unacknowledged"]);
    hub.act(80, 1, acknowledge("x")).unwrap();
    hub.observe(raw(CHLORINE, 5.0, 90));
    assert!(hub.alarm().id > AlarmId(0));
}

#[test]
fn after_a_long_standstill_a_rule_waits_for_the_first_word() {
    let mut hub = hub("on_delay: \"10m\"");
    hub.observe(raw(CHLORINE, 10.0, 0));
    hub.recovered.started_at = at(0).plus(Duration::from_secs(7_200));
    hub.restart();
    assert_eq!(path(&hub.tick(7_200)), NONE);
    assert_eq!(path(&hub.observe(raw(CHLORINE, 50.0, 7_205))), NONE);
    assert_eq!(hub.logic.next_due(), None);
}

#[test]
fn an_off_delay_that_ended_while_the_hub_was_down_clears_nothing_unseen() {
    let mut hub = hub("off_delay: \"60s\"");
    hub.observe(raw(CHLORINE, 10.0, 0));
    hub.act(5, 1, acknowledge("x")).unwrap();
    hub.observe(raw(CHLORINE, 50.0, 10));
    hub.recovered.started_at = at(200);
    hub.restart();
    assert_eq!(path(&hub.tick(200)), NONE);
    assert_eq!(hub.logic.next_due(), None, "no timer runs while there is nothing to judge");
    let mut low = hub;
    assert_eq!(path(&low.observe(raw(CHLORINE, 10.0, 202))), NONE, "it was low all the time");
    assert_eq!(low.alarm().state, AlarmState::Acknowledged);
    low.observe(raw(CHLORINE, 50.0, 210));
    low.recovered.started_at = at(400);
    low.restart();
    assert_eq!(path(&low.tick(400)), NONE);
    assert_eq!(path(&low.observe(raw(CHLORINE, 50.0, 402))), ["acknowledged>normal"]);
}

#[test]
fn a_clock_that_is_set_back_stops_neither_readings_nor_alarms() {
    const HOUR: i64 = 3_600;
    let mut hub = hub("on_delay: \"60s\"");
    hub.recovered.started_at = at(2 * HOUR);
    hub.restart();
    hub.observe(raw(CHLORINE, 10.0, 2 * HOUR));
    // The delay runs; then the clock turns out to be an hour fast.
    assert_eq!(path(&hub.observe(raw(CHLORINE, 10.0, HOUR))), NONE);
    assert_eq!(hub.latest(CHLORINE).measured_at, at(HOUR), "the newest word is the latest");
    assert_eq!(path(&hub.observe(raw(CHLORINE, 10.0, HOUR + 59))), NONE);
    assert_eq!(path(&hub.tick(HOUR + 60)), ["none>unacknowledged"]);
}

#[test]
fn a_text_for_the_loudspeakers_that_was_read_over_is_a_step_of_the_history_and_changes_nothing_else() {
    let mut hub = Hub::new(&[("low.rhai", &chlorine_rule(""))]);
    hub.observe(raw(CHLORINE, 10.0, 1));
    let text = "Đề nghị bà con đun sôi nước trước khi uống.";
    let review = Action::ReviewText { text: format!(" {text}\n") };
    let effects = hub.act(2, 1, review.clone()).unwrap();
    let step = transition(&effects);
    assert_eq!((step.from, step.to), (Some(AlarmState::Unacknowledged), AlarmState::Unacknowledged));
    assert_eq!(
        (step.why, step.by.as_deref(), step.comment.as_deref()),
        (Why::TextReviewed, Some("lan"), Some(text))
    );
    let nothing = Action::ReviewText { text: " ".into() };
    assert!(matches!(hub.act(3, 1, nothing.clone()), Err(CommandError::BadText { .. })));
    // Of an alarm that is over, too: what was read out is written down afterwards.
    let over = hub.alarm().clone();
    let noted = hub_logic::note_on_closed(&over, at(9), "lan", &review).unwrap().unwrap();
    assert_eq!((noted.why, noted.comment.as_deref()), (Why::TextReviewed, Some(text)));
    assert!(hub_logic::note_on_closed(&over, at(9), "lan", &nothing).is_err());
    assert_eq!(hub_logic::note_on_closed(&over, at(9), "lan", &Action::Unshelve), Ok(None));
}
