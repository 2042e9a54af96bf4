//! Every rule that comes with the hub on a simulated month: it raises while its fault is on, twice, and is quiet all the other
//! days, whatever else happens in the commune.
//!
//! Runs the back-test itself, on what the hub would have stored. Read next: `month/world.rs`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "month/world.rs"]
mod world;

use std::collections::BTreeMap;
use std::time::Duration;

use hub_logic::{Backtest, BacktestReport, EmbeddedRule, RuleSet, embedded_rules};
use hub_model::{Commune, Reading};
use simulators::{FaultKind, PlannedFault};
use world::{DAYS, Found, at, host, level, month, ramp};

/// (rule, what it is about, day, hours in which one alarm must be raised)
type Raise = (&'static str, &'static str, i64, (f64, f64));

/// All that happens does so again after so many days, on the same day of the week.
const AGAIN_DAYS: i64 = 14;

/// What the hub finds of itself in the month.
fn found() -> Vec<Found> {
    let again = |one: Found| (one.0, one.1 + AGAIN_DAYS, one.2, one.3);
    FOUND.into_iter().flat_map(|one| [one, again(one)]).collect()
}

/// What happens in the month, and when.
fn faults() -> Vec<PlannedFault> {
    let again = |fault: PlannedFault| PlannedFault { at_ms: fault.at_ms + AGAIN_DAYS * 86_400_000, ..fault };
    faults_of_a_fortnight().into_iter().flat_map(|fault| [fault.clone(), again(fault)]).collect()
}

/// The first of each: on a day of its own.
fn faults_of_a_fortnight() -> Vec<PlannedFault> {
    let minutes = |count: u64| Duration::from_secs(count * 60);
    let mut faults = vec![
        level("water/plc/free-chlorine", 1, (10.0, 11.0), 0.1),
        level("water/plc/free-chlorine", 2, (10.0, 11.0), 1.4),
        level("water/plc/turbidity", 3, (10.0, 11.0), 4.0),
        level("water/plc/ph", 4, (10.0, 11.0), 5.7),
        level("water/plc/tank-level", 5, (10.0, 11.0), 0.8),
        level("water/plc/tank-level", 6, (10.0, 11.0), 3.9),
        // A leak for two nights.
        ramp("water/outlet/flow", 2, (20.0, 72.0), FaultKind::Offset { value: 30.0, ramp: minutes(10) }),
        // The pump fills the tank from one o'clock on, and nothing comes.
        level("water/inlet/flow", 6, (2.0, 2.75), 0.0),
        level("water/outlet/flow", 6, (2.0, 2.75), 0.0),
        ramp("water/inlet/flow", 7, (4.5, 5.5), FaultKind::Offset { value: 6.0, ramp: Duration::ZERO }),
        level("water/plc/pressure", 9, (14.0, 15.0), 0.9),
        level("water/plc/overload", 11, (14.0, 15.0), 1.0),
        level("waste/air/h2s", 1, (9.0, 12.0), 60.0),
        level("waste/air/nh3", 2, (9.0, 12.0), 300.0),
        level("waste/air/pm2-5", 3, (0.0, 24.0), 90.0),
        level("waste/pit/level", 6, (8.0, 10.0), 4.3),
        ramp("waste/heap/temperature", 7, (13.0, 16.0), FaultKind::Level { value: 71.0, ramp: minutes(20) }),
        level("waste/bin/fill", 5, (10.0, 13.0), 96.0),
        ramp("waste/bin/fill", 7, (6.0, 11.0), FaultKind::Offset { value: 43.0, ramp: minutes(300) }),
        level("wifi/ap/loss", 1, (15.0, 16.0), 35.0),
        level("wifi/ap/channel", 2, (15.0, 16.0), 92.0),
        level("wifi/ap/clients", 3, (15.0, 16.0), 80.0),
        level("wifi/ap/clients", 4, (13.0, 18.0), 0.0),
        ramp("wifi/ap", 6, (9.0, 11.0), FaultKind::Silence),
        ramp("water/outlet", 9, (9.0, 11.0), FaultKind::Silence),
    ];
    // A pressure switch that flutters while the tank is still full.
    faults.extend((0..8).map(|n| {
        let from = 4.5 + f64::from(n) / 6.0;
        level("water/plc/pump", 8, (from, from + 1.0 / 12.0), 1.0)
    }));
    let restarts = [10.0, 12.0, 14.0];
    faults
        .extend(restarts.map(|hour| ramp("wifi/ap/uptime", 5, (hour, hour + 2.0), FaultKind::CounterReset)));
    let line = ["water/plc", "water/inlet", "water/outlet"];
    faults.extend(line.map(|device| ramp(device, 10, (9.0, 11.0), FaultKind::Silence)));
    let site = ["waste/air", "waste/pit", "waste/heap", "waste/bin"];
    faults.extend(site.map(|device| ramp(device, 11, (9.0, 12.0), FaultKind::Silence)));
    faults
}

/// What the hub finds of itself, on a day of its own each.
const FOUND: [Found; 10] = [
    ("_hub/machine/backup_age", 1, (8.0, 20.0), 9.0),
    ("_hub/machine/certificate_left", 2, (8.0, 20.0), 20.0),
    ("_hub/machine/clock_trusted", 3, (9.0, 10.0), 0.0),
    ("_hub/machine/configuration_refused", 4, (9.0, 10.0), 1.0),
    ("_hub/machine/disk_free", 5, (9.0, 11.0), 4.0),
    ("_hub/machine/disk_left", 5, (9.0, 11.0), 2e9),
    ("_hub/machine/forward_lag", 6, (9.0, 11.0), 7_200.0),
    ("_hub/machine/bridge_lag", 9, (9.0, 11.0), 7_200.0),
    ("_hub/machine/store_failing", 7, (9.0, 10.0), 1.0),
    ("_hub/rules/ph-out-of-range", 8, (9.0, 10.0), 1.0),
];

const RAISES: [Raise; 44] = [
    ("chlorine-low", "water/plc/free-chlorine", 1, (10.1, 10.3)),
    ("chlorine-high", "water/plc/free-chlorine", 2, (10.1, 10.3)),
    ("turbidity-high", "water/plc/turbidity", 3, (10.1, 10.3)),
    ("ph-out-of-range", "water/plc/ph", 4, (10.2, 10.4)),
    ("tank-low", "water/plc/tank-level", 5, (10.0, 10.2)),
    ("tank-overflow", "water/plc/tank-level", 6, (10.0, 10.2)),
    ("leak-at-night", "water/outlet/flow", 3, (3.0, 4.0)),
    ("pump-dry", "water", 6, (2.0, 2.2)),
    ("flow-without-pump", "water", 7, (4.6, 4.8)),
    ("pump-short-cycling", "water/plc/pump", 8, (5.0, 5.6)),
    ("pressure-drop", "water/plc/pressure", 9, (14.0, 14.2)),
    ("h2s-high", "waste/air/h2s", 1, (9.3, 10.1)),
    ("nh3-high", "waste/air/nh3", 2, (9.3, 10.1)),
    ("pm2-5-high", "waste/air/pm2-5", 3, (6.0, 18.0)),
    ("leachate-high", "waste/pit/level", 6, (8.2, 8.4)),
    ("fire-suspected", "waste/heap/temperature", 7, (13.0, 13.3)),
    ("bin-full", "waste/bin/fill", 5, (10.1, 10.3)),
    ("bin-fills-soon", "waste/bin/fill", 7, (8.0, 11.0)),
    ("packet-loss", "wifi/ap/loss", 1, (15.1, 15.3)),
    ("channel-busy", "wifi/ap/channel", 2, (15.2, 15.4)),
    ("access-point-overloaded", "wifi/ap/clients", 3, (15.1, 15.3)),
    ("no-clients", "wifi/ap/clients", 4, (14.5, 15.1)),
    ("access-point-reboots", "wifi/ap/uptime", 5, (14.0, 14.1)),
    ("access-point-offline", "wifi/ap", 6, (9.0, 9.4)),
    ("device-alarm", "water/plc/overload", 11, (14.0, 14.1)),
    ("device-offline", "water/outlet", 9, (9.0, 9.2)),
    ("device-offline", "water/plc", 10, (9.0, 9.2)),
    ("device-offline", "water/inlet", 10, (9.0, 9.2)),
    ("device-offline", "water/outlet", 10, (9.0, 9.2)),
    ("line-down", "water/@tcp-127-0-0-1-15099", 10, (9.0, 9.2)),
    ("device-offline", "waste/air", 11, (9.2, 9.6)),
    ("device-offline", "waste/pit", 11, (9.2, 9.6)),
    ("device-offline", "waste/heap", 11, (9.2, 9.6)),
    ("device-offline", "waste/bin", 11, (9.2, 9.6)),
    ("site-down", "waste", 11, (9.2, 9.6)),
    ("hub-backup-old", "_hub/machine/backup_age", 1, (8.0, 8.1)),
    ("hub-certificate-expires", "_hub/machine/certificate_left", 2, (8.0, 8.1)),
    ("hub-clock-untrusted", "_hub/machine/clock_trusted", 3, (9.0, 9.1)),
    ("hub-configuration-refused", "_hub/machine/configuration_refused", 4, (9.0, 9.1)),
    ("hub-disk-low", "_hub/machine/disk_free", 5, (9.1, 9.3)),
    ("hub-forwarder-lag", "_hub/machine/forward_lag", 6, (9.0, 9.1)),
    ("hub-bridge-lag", "_hub/machine/bridge_lag", 9, (9.0, 9.1)),
    ("hub-store-failing", "_hub/machine/store_failing", 7, (9.0, 9.1)),
    ("hub-rule-fault", "_hub/rules/ph-out-of-range", 8, (9.0, 9.1)),
];

fn run(commune: &Commune, file: (&str, &str), readings: &[Reading]) -> BacktestReport {
    let (rules, faults) = RuleSet::compile([(file.0.to_owned(), file.1.to_owned())]);
    assert_eq!(faults, []);
    let mut run = Backtest::new(commune, rules, at(0, 0.0), at(DAYS, 0.0), host()).unwrap();
    let points = run.points();
    let seen: Vec<&Reading> = readings.iter().filter(|reading| points.contains(&reading.point)).collect();
    for together in seen.chunk_by(|one, next| one.received_at == next.received_at) {
        run.take(together[0].received_at, together.iter().map(|reading| (*reading).clone()).collect());
    }
    run.finish()
}

/// The month is simulated once, and the rules are shared out to two threads.
#[test]
fn every_rule_raises_when_its_fault_is_on_and_at_no_other_time() {
    let (commune, readings) = month(faults(), &found());
    let share =
        |first: usize| wrong(&commune, &readings, embedded_rules().into_iter().skip(first).step_by(2));
    let wrong = std::thread::scope(|scope| {
        let other = scope.spawn(|| share(1));
        [share(0), other.join().unwrap()].concat()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What some rules do in the month that they should not do, and what they fail to do.
fn wrong(commune: &Commune, readings: &[Reading], rules: impl Iterator<Item = EmbeddedRule>) -> Vec<String> {
    let mut wrong = vec![];
    for rule in rules {
        let report = run(commune, rule.rule, readings);
        let id = &*report.rule;
        assert_eq!(report.faults, [], "{id}");
        let expected: Vec<Raise> = RAISES
            .iter()
            .filter(|raise| raise.0 == id)
            .flat_map(|raise| [*raise, (raise.0, raise.1, raise.2 + AGAIN_DAYS, raise.3)])
            .collect();
        if expected.is_empty() {
            wrong.push(format!("{id}: has no fault in this month"));
        }
        let fits = |raise: &Raise, subject: &str, raised| {
            raise.1 == subject && at(raise.2, raise.3.0) <= raised && raised <= at(raise.2, raise.3.1)
        };
        let mut met: BTreeMap<usize, usize> = BTreeMap::new();
        for alarm in &report.alarms {
            let subject = alarm.subject.as_str();
            match expected.iter().position(|raise| fits(raise, subject, alarm.raised_at)) {
                Some(place) => *met.entry(place).or_default() += 1,
                None => {
                    let hours = alarm.raised_at.since(at(0, 0.0)).as_secs_f64() / 3600.0;
                    let (day, hour) = ((hours / 24.0).floor(), hours % 24.0);
                    wrong.push(format!(
                        "{id}: raised on {subject}, day {day}, {hour:.2} h: {}",
                        alarm.message.vi
                    ));
                }
            }
            if alarm.cleared_at.is_none() {
                wrong.push(format!("{id}: still stands on {subject} at the end"));
            }
        }
        for (place, raise) in expected.iter().enumerate() {
            let times = met.get(&place).copied().unwrap_or_default();
            if times != 1 {
                wrong.push(format!("{id}: raised {times} times on {} on day {}", raise.1, raise.2));
            }
        }
    }
    wrong
}
