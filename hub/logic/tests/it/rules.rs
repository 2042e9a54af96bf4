//! What rules see of their subject, what they watch, and when they are asked.

use hub_logic::{Event, OnMissing};
use hub_model::{LocalText, Reason};

use crate::support::*;

const PILOT: &str = r#"// Free chlorine below the regulation's minimum at a clean-water station.
fn rule() { #{
    title: #{ vi: "Clo dư thấp", en: "Free chlorine low" },
    priority: "high",
    watches: #{ site_kind: "water_station", quantity: "free_chlorine" },
    on_delay: "4s", off_delay: "4s",
    on_missing: "hold",
} }
fn active(p)  { p.value < p.limit.min }
fn cleared(p) { p.value >= p.limit.min + 0.05 }
fn message(p) { #{ vi: `Clo dư ${p.value} ${p.unit}, tối thiểu ${p.limit.min}`, en: `Free chlorine ${p.value} ${p.unit}, minimum ${p.limit.min}` } }
"#;

/// A rule whose message is the given expression, raised by a reading of 2 NTU after 60 s of 1 NTU and 0.42 mg/L chlorine.
fn said(expression: &str) -> String {
    let text = format!(
        "fn rule() {{ #{{ title: \"t\", priority: \"low\", watches: #{{ point: \"turbidity\" }} }} }}
         fn active(p) {{ p.value == 2 }}
         fn message(p) {{ `${{{expression}}}` }}"
    );
    let mut hub = Hub::new(&[("r.rhai", &text)]);
    hub.observe(raw(CHLORINE, 42.0, 0));
    hub.observe(raw(LEVEL, 1.5, 0));
    for second in (0..60).step_by(10) {
        hub.observe(raw(TURBIDITY, 1.0, second));
    }
    hub.observe(raw(TURBIDITY, 2.0, 60));
    assert_eq!(hub.faults, []);
    hub.alarm().message.vi.clone()
}

#[test]
fn the_pilots_rule_runs_as_it_stands() {
    let mut hub = Hub::new(&[("chlorine-low.rhai", PILOT)]);
    hub.observe(raw(CHLORINE, 12.0, 10));
    assert_eq!(hub.logic.next_due(), Some(at(14)));
    assert_eq!(path(&hub.tick(13)), [""; 0]);
    assert_eq!(path(&hub.tick(14)), ["none>unacknowledged"]);
    let alarm = hub.alarm();
    assert_eq!(alarm.message.vi, "Clo dư 0.12 mg/L, tối thiểu 0.2");
    assert_eq!((alarm.value, alarm.unit.as_str(), alarm.raised_at), (Some(0.12), "mg/L", at(14)));
    assert_eq!(
        alarm.clause,
        Some(LocalText::new(
            "QCVN 01-1:2024/BYT, Bảng 1: ≥ 0,2 mg/L, ≤ 1 mg/L (chưa kiểm chứng)",
            "QCVN 01-1:2024/BYT, Bảng 1: ≥ 0.2 mg/L, ≤ 1 mg/L (unverified)"
        ))
    );
    assert_eq!(alarm.title.vi, "Clo dư thấp");
}

#[test]
fn fields_of_the_subject_are_there() {
    for (expression, shown) in [
        ("p.value", "2.0"),
        ("p.value < 3 && p.value > 1 && p.value >= 2", "true"),
        ("p.quality", "not_evaluated"),
        ("p.unit", "[NTU]"),
        ("p.unit_sign", "NTU"),
        ("p.age_s", "0"),
        ("p.measured_at", "1800000060000"),
        ("p.site + \" \" + p.device + \" \" + p.id", "water water/plc water/plc/turbidity"),
        ("p.name", "water/plc/turbidity"),
        ("p.sibling(\"free-chlorine\").value", "0.42"),
        ("p.sibling(\"free-chlorine\").limit.min", "0.2"),
        ("p.sibling(\"free-chlorine\").limit.clause", "Bảng 1"),
        ("p.sibling(\"level\").value", "1.5"),
        ("p.sibling(\"nothing\") == ()", "true"),
        ("text(p.value, 2)", "2.00"),
        ("text((), 2)", "–"),
    ] {
        assert_eq!(said(expression), shown, "{expression}");
    }
}

#[test]
fn windows_look_back() {
    for (expression, shown) in [
        ("text(p.mean(\"1h\"), 3)", "1.143"),
        ("p.min(\"1h\")", "1.0"),
        ("p.max(\"1h\")", "2.0"),
        ("p.count(\"1h\")", "7"),
        ("p.count(\"1m\")", "1"),
        ("p.rises(\"1h\")", "1"),
        ("p.falls(\"1h\")", "0"),
        ("p.delta(\"1h\")", "1.0"),
        ("p.rate(\"10m\")", "60.0"),
        ("text(p.covered(\"2m\"), 1)", "0.5"),
        ("p.sibling(\"free-chlorine\").mean(\"1h\")", "0.42"),
        ("min(3, 4) + max(1, 2)", "5"),
    ] {
        assert_eq!(said(expression), shown, "{expression}");
    }
}

#[test]
fn comparing_and_reckoning_with_what_is_absent_is_false_and_absent() {
    for expression in [
        "p.value < p.limit.min",
        "p.value > p.limit.max * 0.9 + 1",
        "p.limit.min >= p.limit.max",
        "p.limit.min - 1 < 3",
        "p.limit.min == 3",
    ] {
        assert_eq!(said(expression), "false", "{expression}");
    }
    assert_eq!(said("p.limit.clause == ()"), "true");
}

#[test]
fn the_local_clock_is_the_communes() {
    // 1,800,000,060 s is Friday 2027-01-15 15:01 in Vietnam.
    assert_eq!(said("local_hour()"), "15");
    assert_eq!(said("local_weekday()"), "5");
}

#[test]
fn watches_select_by_every_word() {
    let subjects = |watches: &str| {
        let text = format!(
            "fn rule() {{ #{{ title: \"t\", priority: \"low\", watches: #{{ {watches} }} }} }} fn active(p) {{ false }}"
        );
        Hub::new(&[("r.rhai", &text)]).logic.rules()[0].subjects
    };
    for (watches, count) in [
        ("site_kind: \"water_station\"", 3),
        ("site_kind: [\"water_station\", \"wifi_access_point\"]", 4),
        ("quantity: \"turbidity\"", 1),
        ("quantity: [\"turbidity\", \"level\"], site: \"water\"", 2),
        ("site: \"wifi\", quantity: \"turbidity\"", 0),
        ("device: \"plc\"", 2),
        ("device: [\"water/plc\", \"tank\"]", 3),
        ("point: \"level\"", 1),
        ("point: [\"water/plc/turbidity\", \"clients\"]", 2),
        ("scope: \"device\", site_kind: \"water_station\"", 2),
        ("scope: \"device\", device: \"wifi/ap\"", 1),
    ] {
        assert_eq!(subjects(watches), count, "{watches}");
    }
}

#[test]
fn a_rule_tells_of_itself() {
    let hub = Hub::new(&[("chlorine-low.rhai", PILOT), ("broken.rhai", "fn")]);
    let rules = hub.logic.rules();
    assert_eq!((&*rules[0].id, rules[0].subjects, rules[0].active), ("chlorine-low", 1, 0));
    assert_eq!((rules[0].on_delay.as_secs(), rules[0].on_missing), (4, OnMissing::Hold));
    assert_eq!(rules[0].watches.quantity, ["free_chlorine"]);
    assert!(rules[0].fault.is_none() && rules[0].version.len() == 16);
    assert_eq!((&*rules[1].id, rules[1].fault.as_ref().map(|fault| fault.line)), ("broken", Some(1)));
}

#[test]
fn a_rule_is_asked_when_its_sibling_changes_and_not_for_strangers() {
    let text = "fn rule() { #{ title: \"t\", priority: \"low\", watches: #{ point: \"turbidity\" } } }
                fn active(p) { p.sibling(\"level\").value > 1 }";
    let mut hub = Hub::new(&[("r.rhai", text)]);
    hub.observe(raw(TURBIDITY, 1.0, 1));
    assert_eq!(path(&hub.observe(raw(CHLORINE, 50.0, 2))), [""; 0]);
    assert_eq!(path(&hub.observe(raw(LEVEL, 2.0, 3))), ["none>unacknowledged"]);
}

#[test]
fn readings_that_come_together_are_seen_together() {
    let text = "fn rule() { #{ title: \"t\", priority: \"low\", watches: #{ point: \"turbidity\" } } }
                fn active(p) { p.value > p.sibling(\"level\").value }";
    let mut hub = Hub::new(&[("r.rhai", text)]);
    hub.observe(raw(LEVEL, 1.0, 0));
    let together = vec![raw(TURBIDITY, 5.0, 1), raw(LEVEL, 9.0, 1)];
    assert_eq!(path(&hub.step(at(1), Event::Observed(together))), [""; 0]);
    // Several readings of one point are judged one by one.
    let one_by_one = vec![raw(TURBIDITY, 10.0, 2), raw(TURBIDITY, 5.0, 2)];
    let effects = hub.step(at(2), Event::Observed(one_by_one));
    assert_eq!(path(&effects), ["none>unacknowledged", "unacknowledged>rtn_unacknowledged"]);
}

#[test]
fn what_changes_with_time_is_asked_every_minute() {
    let text = "fn rule() { #{ title: \"t\", priority: \"low\", watches: #{ point: \"turbidity\" } } }
                fn active(p) { p.age_s >= 90 }";
    let mut hub = Hub::new(&[("r.rhai", text)]);
    hub.observe(raw(TURBIDITY, 1.0, 0));
    assert_eq!(hub.logic.next_due(), Some(at(60)));
    assert_eq!(path(&hub.tick(60)), [""; 0]);
    assert_eq!(path(&hub.tick(120)), ["none>unacknowledged"]);
}

#[test]
fn a_device_is_missing_when_all_of_its_points_are() {
    let text =
        "fn rule() { #{ title: \"t\", priority: \"low\", watches: #{ scope: \"device\", device: \"plc\" } } }
                fn active(p) { p.quality == \"missing\" }
                fn message(p) { `${p.value == ()} ${p.unit} ${p.age_s} ${p.id}` }";
    let mut hub = Hub::new(&[("r.rhai", text)]);
    hub.observe(raw(TURBIDITY, 1.0, 0));
    hub.observe(missing(CHLORINE, Reason::Timeout, 10));
    assert_eq!(path(&hub.observe(missing(TURBIDITY, Reason::Timeout, 30))), ["none>unacknowledged"]);
    let alarm = hub.alarm();
    assert_eq!((alarm.subject.as_str(), alarm.value, alarm.unit.as_str()), ("water/plc", None, ""));
    assert_eq!(alarm.message.vi, "true  30 water/plc");
    assert_eq!(path(&hub.observe(raw(CHLORINE, 50.0, 31))), ["unacknowledged>rtn_unacknowledged"]);
}
