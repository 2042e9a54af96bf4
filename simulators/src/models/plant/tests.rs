//! Tank, pumps and chlorine belong together, on any day of any plant.

use proptest::prelude::*;

use super::*;

fn day(seed: u64, day: i64) -> PlantDay {
    PlantDay::new(PlantSize::new(seed), day, &DayCurve::water_demand())
}

fn hours() -> impl Iterator<Item = f64> {
    (0..MINUTES).map(|minute| (minute as f64 + 0.5) / 60.0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_tank_rises_exactly_while_pumps_run(seed: u64, number in 20_089i64..40_000) {
        let plant = day(seed, number);
        for hour in hours() {
            let change = plant.level(hour + 0.4 / 60.0) - plant.level(hour - 0.4 / 60.0);
            prop_assert_eq!(change > 0.0, plant.is_pumping(hour), "at {} h", hour);
            prop_assert!((START_LEVEL_M - 0.05..=STOP_LEVEL_M).contains(&plant.level(hour)));
            prop_assert!((0.30..=0.60).contains(&plant.chlorine(hour)));
        }
    }

    #[test]
    fn totals_never_go_back_and_days_join(seed: u64, number in 20_090i64..40_000) {
        let plant = day(seed, number);
        let mut last = (0.0, 0.0);
        for hour in hours() {
            let totals = (plant.demand_total(hour), plant.inflow_total(hour));
            prop_assert!(totals.0 >= last.0 && totals.1 >= last.1 - 1e-6);
            prop_assert!(plant.inflow(hour) >= -1e-6 && plant.demand(hour) > 0.0);
            last = totals;
        }
        let next = day(seed, number + 1);
        prop_assert!((plant.demand_total(24.0) - next.demand_total(0.0)).abs() < 1e-3);
        prop_assert!((plant.inflow_total(24.0) - next.inflow_total(0.0)).abs() < 1e-3);
        prop_assert!((plant.level(24.0) - next.level(0.0)).abs() < 1e-9);
        prop_assert!((plant.chlorine(24.0) - next.chlorine(0.0)).abs() < 1e-9);
    }
}

#[test]
fn pumps_start_and_stop_several_times_and_flow_is_their_total() {
    let plant = day(7, 20_700);
    let running: Vec<bool> = hours().map(|hour| plant.is_pumping(hour)).collect();
    let starts = running.windows(2).filter(|pair| !pair[0] && pair[1]).count();
    assert!((2..=6).contains(&starts), "{starts} starts");
    let flowed: f64 = hours().map(|hour| plant.demand(hour) / 60.0).sum();
    let counted = plant.demand_total(24.0) - plant.demand_total(0.0);
    assert!((flowed - counted).abs() < counted * 0.01, "{flowed} m3 flowed, {counted} m3 counted");
}
