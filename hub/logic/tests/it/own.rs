//! The hub as a site of its own: rules' faults as alarms, and alarms that are as old as what the hub says of itself.

use hub_logic::{Event, embedded_rules};
use hub_model::{Commune, Device, DeviceId, LocalText, Site, SiteId, SiteKind, own};

use crate::support::*;

/// Fails on values of 100 and above, and raises on those above 10.
const FRAGILE: &str =
    "fn rule() { #{ title: #{ vi: \"Độ đục\", en: \"Turbid\" }, priority: \"low\", watches: #{ point: \"turbidity\" } } }

fn active(p) {
    if p.value >= 100 { throw \"too much\" }
    p.value > 10
}";

/// The commune with the hub itself, and in it a point for each of these rules.
fn commune_with_rules(rules: &[&str]) -> Commune {
    let rule = |rule: &&str| point(own::rule_point(rule).unwrap().as_str(), "state");
    let device = |id: &str, points| Device {
        id: DeviceId::parse(id).unwrap(),
        name: LocalText::same(id),
        adapter: "hub".into(),
        interval: None,
        line: None,
        points,
    };
    let mut commune = commune();
    commune.sites.push(Site {
        id: SiteId::parse(own::SITE).unwrap(),
        kind: SiteKind::Hub,
        name: LocalText::same("hub"),
        location: None,
        devices: vec![
            device(own::MACHINE, vec![point(own::STORE_FAILING, "state")]),
            device(own::RULES, rules.iter().map(rule).collect()),
        ],
        rules: std::collections::BTreeMap::new(),
    });
    commune
}

fn shipped(name: &str) -> &'static str {
    let all = embedded_rules();
    all.iter().find(|one| one.rule.0 == name).unwrap().rule.1
}

fn fragile_hub() -> Hub {
    let rules = [("fragile.rhai", FRAGILE), ("hub-rule-fault.rhai", shipped("hub-rule-fault.rhai"))];
    Hub::of(commune_with_rules(&["fragile", "hub-rule-fault"]), &rules)
}

#[test]
fn a_rules_fault_is_one_alarm_with_file_line_and_value_and_ends_when_the_rule_works() {
    let mut hub = fragile_hub();
    hub.observe(raw(TURBIDITY, 1.0, 1));
    assert_eq!(path(&hub.observe(raw(TURBIDITY, 250.0, 2))), ["none>unacknowledged"]);
    let alarm = hub.alarm();
    assert_eq!((&*alarm.rule, alarm.subject.as_str()), ("hub-rule-fault", "_hub/rules/fragile"));
    for part in ["fragile.rhai:4", "too much", "water/plc/turbidity = 250 NTU"] {
        assert!(alarm.message.vi.contains(part) && alarm.message.en.contains(part), "{:?}", alarm.message);
    }
    assert!(
        alarm.message.vi.contains("lỗi khi chạy") && alarm.message.en.contains("Runtime error"),
        "{alarm:?}"
    );
    // It is tried again at each reading, and told once.
    assert_eq!(path(&hub.observe(raw(TURBIDITY, 300.0, 3))), [""; 0]);
    assert_eq!(hub.faults.len(), 1);
    // Across a restart, too: what was said stands until the rule has been asked.
    hub.restart();
    assert_eq!(path(&hub.tick(4)), [""; 0]);
    assert_eq!(path(&hub.observe(raw(TURBIDITY, 400.0, 5))), [""; 0]);
    assert_eq!(hub.latest("_hub/rules/fragile").value, Some(1.0));
    hub.observe(raw(TURBIDITY, 1.0, 6));
    assert_eq!(hub.latest("_hub/rules/fragile").value, Some(0.0));
    assert_eq!(path(&hub.tick(6 + 600)), ["unacknowledged>rtn_unacknowledged"]);
}

#[test]
fn a_refused_file_is_an_alarm_and_so_is_its_mending_its_end() {
    let rules = ["broken", "hub-rule-fault"];
    let fault_rule = ("hub-rule-fault.rhai", shipped("hub-rule-fault.rhai"));
    let mut hub = Hub::of(commune_with_rules(&rules), &[("broken.rhai", "fn rule( {"), fault_rule]);
    assert_eq!(path(&hub.tick(1)), ["none>unacknowledged"]);
    assert!(hub.alarm().message.vi.contains("broken.rhai:1"), "{:?}", hub.alarm().message);
    hub.restart();
    assert_eq!(path(&hub.tick(2)), [""; 0], "told once");
    // Mended into a rule that watches nothing here: it cannot fail.
    let mended = FRAGILE.replace("turbidity", "no-such-point");
    hub.restart_with(commune_with_rules(&rules), &[("broken.rhai", &mended), fault_rule]);
    hub.tick(3);
    assert_eq!(hub.latest("_hub/rules/broken").value, Some(0.0));
    // And gone: closed with that reason.
    hub.restart_with(commune_with_rules(&["hub-rule-fault"]), &[fault_rule]);
    assert_eq!(path(&hub.tick(4)), ["unacknowledged>normal"]);
}

#[test]
fn the_rule_that_tells_of_faults_may_fail_itself() {
    let failing = shipped("hub-rule-fault.rhai").replace("p.value > 0", "throw p.name");
    let mut hub = Hub::of(
        commune_with_rules(&["fragile", "hub-rule-fault"]),
        &[("fragile.rhai", FRAGILE), ("hub-rule-fault.rhai", &failing)],
    );
    hub.observe(raw(TURBIDITY, 250.0, 1));
    for second in 2..20 {
        hub.observe(raw(TURBIDITY, 250.0, second));
    }
    assert_eq!(hub.latest("_hub/rules/hub-rule-fault").value, Some(1.0));
    let said = hub.stored.iter().filter(|reading| reading.point.as_str().starts_with("_hub/rules")).count();
    assert!(said <= 3, "what is wrong is said once, found {said}");
}

#[test]
fn a_rule_that_means_every_site_does_not_mean_the_hub() {
    let everywhere = "fn rule() { #{ title: \"t\", priority: \"low\", watches: #{ quantity: \"state\" } } }
fn active(p) { p.value > 0 }";
    let hub = Hub::of(commune_with_rules(&["everywhere"]), &[("everywhere.rhai", everywhere)]);
    assert_eq!(hub.logic.rules()[0].subjects, 0);
    let meant = everywhere.replace("quantity", "site_kind: \"hub\", quantity");
    let hub = Hub::of(commune_with_rules(&["everywhere"]), &[("everywhere.rhai", &meant)]);
    assert_eq!(hub.logic.rules()[0].subjects, 2);
}

#[test]
fn an_alarm_of_the_store_is_as_old_as_its_failure_though_it_is_judged_later() {
    let rules = [("hub-store-failing.rhai", shipped("hub-store-failing.rhai"))];
    let mut hub = Hub::of(commune_with_rules(&[]), &rules);
    hub.observe(raw(own::STORE_FAILING, 0.0, 1));
    // The pipeline was held up behind the full store: both are judged once it takes something again.
    let late = Event::Observed(vec![raw(own::STORE_FAILING, 1.0, 60), raw(own::STORE_FAILING, 0.0, 4_000)]);
    assert_eq!(path(&hub.step(at(4_001), late)), ["none>unacknowledged"]);
    let alarm = hub.alarm();
    assert_eq!((alarm.raised_at, alarm.told_at), (at(60), at(4_001)));
    assert_eq!(path(&hub.tick(4_061)), ["unacknowledged>rtn_unacknowledged"]);
}
