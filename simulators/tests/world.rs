//! The values: the same for the same seed and time, within what such a place shows, and consistent with each other.
#![allow(clippy::unwrap_used, reason = "helpers of tests: a failure here is a failure of the test")]

mod common;

use std::time::Duration;

use common::{MORNING, WATER, demo, id, scenario};
use hub_model::Timestamp;
use proptest::prelude::*;
use simulators::{FaultKind, PlannedFault, Scenario, Target, World};

const DAY_MS: i64 = 86_400_000;

fn demo_world(seed: u64) -> World {
    let mut scenario = Scenario::load(&demo().join("scenario.toml")).unwrap();
    scenario.seed = seed;
    scenario.faults.clear();
    World::new(&scenario, MORNING).unwrap()
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

/// What a healthy commune never leaves, by quantity.
fn bounds(quantity: &str) -> (f64, f64) {
    match quantity {
        "ph" => (6.8, 7.8),
        "turbidity" => (0.0, 2.0),
        "free_chlorine" => (0.28, 0.62),
        "temperature" => (15.0, 35.0),
        "level" => (1.7, 3.6),
        "pump_state" => (0.0, 1.0),
        "pressure" => (1.5, 3.2),
        "flow" => (0.0, 90.0),
        "state" => (0.0, 2.0),
        "signal" => (80.0, 100.0),
        "volume" | "energy" | "rx_bytes" | "tx_bytes" => (0.0, 1e16),
        "power" => (0.0, 40_000.0),
        "voltage" => (215.0, 235.0),
        "fill_level" => (0.0, 85.0),
        "h2s" => (0.0, 42.0),
        "nh3" => (0.0, 200.0),
        "battery" => (15.0, 100.0),
        "clients" => (0.0, 40.0),
        "channel_utilisation" => (0.0, 80.0),
        "rtt" => (1.0, 60.0),
        "packet_loss" => (0.0, 3.0),
        other => panic!("no bounds for {other}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn values_are_the_same_again_and_bounded(seed: u64, ms in 1_767_225_600_000i64..1_900_000_000_000) {
        let (one, other) = (demo_world(seed), demo_world(seed));
        for point in one.commune().points() {
            let value = one.value_at(&point.id, at(ms)).unwrap();
            prop_assert_eq!(Some(value), other.value_at(&point.id, at(ms)));
            prop_assert_eq!(one.raw_at(&point.id, at(ms)), other.raw_at(&point.id, at(ms)));
            let (least, most) = bounds(point.quantity.code());
            prop_assert!((least..=most).contains(&value), "{} is {}", point.id, value);
        }
    }

    #[test]
    fn counters_never_go_back(seed: u64, ms in 1_767_225_600_000i64..1_900_000_000_000, ahead in 1i64..3 * DAY_MS) {
        let world = demo_world(seed);
        for point in world.commune().points() {
            if matches!(point.quantity.code(), "volume" | "energy" | "rx_bytes" | "tx_bytes") {
                let (now, later) = (world.raw_at(&point.id, at(ms)), world.raw_at(&point.id, at(ms + ahead)));
                prop_assert!(now <= later, "{}: {:?} then {:?}", point.id, now, later);
            }
        }
    }

    #[test]
    fn what_is_sent_is_the_value_as_the_device_measures_it(ms in 1_767_225_600_000i64..1_900_000_000_000) {
        let world = demo_world(3);
        for point in world.commune().points() {
            let (value, raw) = (world.value_at(&point.id, at(ms)).unwrap(), world.raw_at(&point.id, at(ms)).unwrap());
            let back = raw * point.scale + point.offset;
            let step = if point.scale.abs() < 1.0 { point.scale.abs() } else { 10f64.powi(-i32::from(point.decimals)) };
            // A float's own rounding and a pump's switch come on top.
            let slack = value.abs() * 1e-6 + if point.quantity.code() == "pump_state" { 0.5 } else { 0.0 };
            prop_assert!((back - value).abs() <= step * 0.51 + slack, "{}: {} sent as {}", point.id, value, raw);
        }
    }
}

#[test]
fn another_seed_is_another_commune() {
    let (one, other) = (demo_world(1), demo_world(2));
    let chlorine = id("tam-hop-water/plc/free-chlorine");
    assert_ne!(one.value_at(&chlorine, MORNING), other.value_at(&chlorine, MORNING));
}

#[test]
fn one_pump_runs_while_the_tank_rises_and_none_while_it_falls() {
    let world = demo_world(5);
    let (level, pumps) = (
        id("tam-hop-water/plc/tank-level"),
        ["pump-1", "pump-2"].map(|name| id(&format!("tam-hop-water/plc/{name}"))),
    );
    for minute in 0..1440 {
        let ms = MORNING.as_millis() + minute * 60_000 + 30_000;
        let change = world.value_at(&level, at(ms + 20_000)).unwrap()
            - world.value_at(&level, at(ms - 20_000)).unwrap();
        let running: f64 = pumps.iter().map(|pump| world.raw_at(pump, at(ms)).unwrap()).sum();
        // The level's own noise is 1 mm.
        if change.abs() > 0.003 {
            assert_eq!(
                running,
                f64::from(u8::from(change > 0.0)),
                "minute {minute}, level changed by {change} m"
            );
        }
    }
}

#[test]
fn people_come_when_the_house_is_open_and_both_ways_of_counting_agree() {
    let world = demo_world(5);
    let (clients, stations) = (id("van-hoa-wifi/ap-01/clients"), id("van-hoa-wifi/ap-01-collectd/stations"));
    let hour = |hour: i64| at(MORNING.as_millis() + (hour * 60 - 450) * 60_000);
    assert!(world.raw_at(&clients, hour(20)).unwrap() > 5.0);
    assert!(world.raw_at(&clients, hour(3)).unwrap() < 2.0);
    for each in 0..24 {
        assert_eq!(world.raw_at(&clients, hour(each)), world.raw_at(&stations, hour(each)));
    }
}

#[test]
fn a_counter_begins_at_zero_again_behind_its_end() {
    let plain = "[[device.point]]\nid = \"total\"\nquantity = \"volume\"\nregister = \"holding\"\naddress = 40\ntype = \"UINT32\"\nscale = 0.01\n";
    let of = |counter: &str| {
        let device = "[[device]]\nid = \"water-meter\"\nadapter = \"modbus\"\nendpoint = \"tcp://127.0.0.1:5021\"\nunit_id = 3\n";
        let text = format!("{WATER}\n{device}\n{plain}{counter}\n");
        World::new(&scenario(&[("water.toml", &text)]), MORNING).unwrap()
    };
    let total = id("water/water-meter/total");
    let (endless, wraps) = (of(""), of("counter = \"wrap16\""));
    let mut wrapped = 0;
    for hour in 0..48 {
        let moment = at(MORNING.as_millis() + hour * 3_600_000);
        let (all, shown) = (endless.raw_at(&total, moment).unwrap(), wraps.raw_at(&total, moment).unwrap());
        assert_eq!(shown, all.rem_euclid(65_536.0));
        let before = wraps.raw_at(&total, at(moment.as_millis() - 3_600_000)).unwrap();
        wrapped += u32::from(shown < before);
    }
    assert!(wrapped > 0, "two days' water passes the end of sixteen bits at least once");
}

#[test]
fn a_bin_is_emptied_at_dawn() {
    let world = demo_world(5);
    let fill = id("dong-bai-waste/bin-07/fill");
    let dawn = MORNING.as_millis() - 150 * 60_000;
    let emptied = (0..3).any(|day| {
        let before = world.value_at(&fill, at(dawn + day * DAY_MS - 60_000)).unwrap();
        let after = world.value_at(&fill, at(dawn + day * DAY_MS + 60_000)).unwrap();
        before > 30.0 && after < 10.0
    });
    assert!(emptied);
}

#[test]
fn history_covers_the_past_without_moments_of_silence() {
    let mut scenario = scenario(&[("water.toml", WATER)]);
    scenario.speed = 600.0;
    let fault = |at_ms, minutes: u64, target, kind| PlannedFault {
        at_ms,
        lasts: Some(Duration::from_secs(60 * minutes)),
        target,
        kind,
    };
    let chlorine = id("water/plc/free-chlorine");
    scenario.faults = vec![
        fault(-3_600_000, 10, Target::Device(chlorine.device()), FaultKind::Silence),
        fault(
            -1_800_000,
            20,
            Target::Point(chlorine.clone()),
            FaultKind::Level { value: 0.1, ramp: Duration::ZERO },
        ),
        fault(-600_000, 5, Target::Point(chlorine.clone()), FaultKind::NoReading),
    ];
    let world = World::new(&scenario, MORNING).unwrap();
    let end = MORNING.as_millis();
    let past: Vec<(i64, f64)> =
        world.history(&chlorine, end - 7_200_000, end, Duration::from_secs(60)).collect();
    assert_eq!(past.len(), 120 - 10);
    let raw =
        |minutes_ago: i64| past.iter().find(|(ms, _)| *ms == end - minutes_ago * 60_000).map(|(_, raw)| *raw);
    assert_eq!(raw(55), None);
    assert_eq!(raw(15), Some(10.0));
    assert_eq!(raw(8), Some(65_535.0));
    assert!((28.0..=62.0).contains(&raw(100).unwrap()));
    // History runs at its own pace, whatever the speed of what follows.
    assert_eq!(world.raw_at(&chlorine, at(end - 900_000)), Some(10.0));
}

#[test]
fn a_frozen_value_stays_while_others_move_on() {
    let mut scenario = scenario(&[("water.toml", WATER)]);
    let frozen = id("water/plc/tank-level");
    scenario.faults = vec![PlannedFault {
        at_ms: -7_200_000,
        lasts: None,
        target: Target::Point(frozen.clone()),
        kind: FaultKind::Frozen,
    }];
    let world = World::new(&scenario, MORNING).unwrap();
    let values = |point| {
        world
            .history(point, MORNING.as_millis() - 7_000_000, MORNING.as_millis(), Duration::from_secs(60))
            .map(|(_, raw)| raw.to_bits())
            .collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(values(&frozen).len(), 1);
    assert!(values(&id("water/meter/net-volume")).len() > 10);
}

#[test]
fn an_unknown_time_zone_is_refused() {
    let mut scenario = scenario(&[("water.toml", WATER)]);
    scenario.commune.timezone = "Asia/Atlantis".to_owned();
    assert!(World::new(&scenario, MORNING).unwrap_err().to_string().contains("Asia/Atlantis"));
}

#[test]
fn a_healthy_value_is_never_the_number_for_no_reading() {
    let chlorine = id("water/plc/free-chlorine");
    let plain = scenario(&[("water.toml", WATER)]);
    let usual = World::new(&plain, MORNING).unwrap().raw_at(&chlorine, MORNING).unwrap();
    let site = WATER.replace("missing = [0xFFFF]", &format!("missing = [{usual}]"));
    let other = scenario(&[("water.toml", &site)]);
    assert_eq!(World::new(&other, MORNING).unwrap().raw_at(&chlorine, MORNING), Some(usual - 1.0));
}
