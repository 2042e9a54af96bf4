//! Rules that come with the hub, together: what a line or a site explains is shown beneath it and comes back when it does not
//! end with it; what a limit broke is cited.

use std::time::Duration;

use hub_logic::embedded_rules;
use hub_model::{Alarm, AlarmState, Commune, LimitStatus, LineId, LocalText, Reason};

use crate::support::*;

/// The water station's two devices share a line.
fn on_one_line() -> Commune {
    let mut commune = commune();
    let line = LineId::new(&commune.sites[0].id, "tcp://10.0.0.5:502");
    commune.sites[0].devices.iter_mut().for_each(|device| device.line = Some(line.clone()));
    commune
}

fn with(commune: Commune, rules: &[&str]) -> Hub {
    let files = embedded_rules().map(|one| one.rule);
    let wanted = files.into_iter().filter(|(file, _)| rules.contains(&file.trim_end_matches(".rhai")));
    Hub::of(commune, &wanted.collect::<Vec<_>>())
}

fn silent(hub: &mut Hub, second: i64) {
    for point in [CHLORINE, TURBIDITY, LEVEL] {
        hub.observe(raw(point, 1.0, 0));
    }
    for point in [CHLORINE, TURBIDITY, LEVEL] {
        hub.observe(missing(point, Reason::Timeout, second));
    }
}

fn of<'a>(hub: &'a Hub, rule: &str, subject: &str) -> Option<&'a Alarm> {
    let mut open = hub.recovered.alarms.iter();
    open.find(|alarm| &*alarm.rule == rule && alarm.subject.as_str() == subject)
}

#[test]
fn devices_of_a_line_that_is_down_are_shown_beneath_it_and_come_back_when_they_stay_silent() {
    let mut hub = with(on_one_line(), &["device-offline", "line-down"]);
    silent(&mut hub, 60);
    assert_eq!(path(&hub.tick(60 + 180)), ["none>unacknowledged"], "the line, before its devices");
    let hidden = ["none>suppressed_by_design", "none>suppressed_by_design"];
    assert_eq!(path(&hub.tick(60 + 300)), hidden);
    hub.restart();
    hub.observe(raw(CHLORINE, 50.0, 400));
    hub.tick(460);
    let line = of(&hub, "line-down", "water/@tcp-10-0-0-5-502").unwrap();
    assert_eq!(line.state, AlarmState::RtnUnacknowledged);
    assert_eq!(of(&hub, "device-offline", "water/plc"), None, "over, and told to nobody");
    let tank = of(&hub, "device-offline", "water/tank").unwrap();
    assert_eq!((tank.state, tank.parent), (AlarmState::Unacknowledged, None), "still silent: now it is told");
}

#[test]
fn a_site_without_power_is_one_alarm() {
    let mut hub = with(on_one_line(), &["device-offline", "line-down", "site-down"]);
    silent(&mut hub, 60);
    (60..=60 + 300).step_by(60).for_each(|second| drop(hub.tick(second)));
    let told: Vec<&str> = hub
        .recovered
        .alarms
        .iter()
        .filter(|alarm| alarm.state == AlarmState::Unacknowledged)
        .map(|alarm| alarm.subject.as_str())
        .collect();
    assert_eq!(told, ["water"]);
    assert_eq!(hub.recovered.alarms.len(), 4, "and the others are there, beneath it");
}

#[test]
fn an_alarm_of_a_mean_cites_the_limit_of_that_mean() {
    let mut commune = commune();
    let mut nh3 = point("yard/air/nh3", "nh3");
    let mut hourly = limit(None, Some(200.0));
    (hourly.regulation, hourly.clause) = ("QCVN 05:2023/BTNMT".into(), "NH3, trung bình 1 giờ".into());
    (hourly.status, hourly.averaging) = (LimitStatus::Verified, Some(Duration::from_secs(3600)));
    // One of the commune's own on single values, which the rule does not look at.
    nh3.limits = vec![hourly, limit(None, Some(9_000.0))];
    let mut yard = commune.sites[0].clone();
    yard.id = hub_model::SiteId::parse("yard").unwrap();
    yard.kind = hub_model::SiteKind::WasteSite;
    yard.devices.truncate(1);
    yard.devices[0].id = hub_model::DeviceId::parse("yard/air").unwrap();
    yard.devices[0].points = vec![nh3];
    commune.sites.push(yard);
    let mut hub = with(commune, &["nh3-high"]);
    for minute in 0..50 {
        hub.observe(raw("yard/air/nh3", 300.0, minute * 60));
    }
    let cited = hub.alarm().clause.clone();
    assert_eq!(cited, Some(LocalText::same("QCVN 05:2023/BTNMT, NH3, trung bình 1 giờ: ≤ 200 µg/m³")));
}
