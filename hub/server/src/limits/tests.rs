//! The limits that come with the hub, as they apply to points.

use super::*;

fn zone() -> TimeZone {
    TimeZone::get("Asia/Ho_Chi_Minh").unwrap()
}

fn at(date: &str) -> Timestamp {
    let midnight = date.parse::<jiff::civil::Date>().unwrap().to_zoned_datetime(zone()).unwrap();
    Timestamp::from_millis(midnight.timestamp().as_millisecond())
}

/// The limit that a point is judged by at a date, as (min, max).
fn judged_by(sets: &[&str], quantity: &str, unit: &str, date: &str) -> Option<Limit> {
    let shipped = LimitSets::shipped(&zone());
    let sets: Vec<_> = sets.iter().map(|id| shipped.find(id).unwrap()).collect();
    let (limits, refused) = bind(&sets, Quantity::parse(quantity).unwrap(), Unit::parse(unit).unwrap());
    assert_eq!(refused, Vec::<LocalText>::new());
    Limit::at(&limits, at(date)).cloned()
}

#[test]
fn no_set_that_comes_with_the_hub_has_a_fault() {
    let mut problems = Problems::new();
    for (file, text) in SHIPPED {
        let set =
            Table::parse(file, text, &mut problems).and_then(|table| read(table, &zone(), &mut problems));
        let set = set.unwrap_or_else(|| panic!("{file}: {:?}", problems.errors()));
        assert_eq!(format!("{}.toml", set.id), file);
        assert!(set.entries.iter().all(|entry| !entry.limit.clause.contains(&entry.limit.regulation)));
    }
    assert!(problems.errors().is_empty(), "{:?}", problems.errors());
}

#[test]
fn the_first_day_of_a_regulation_begins_at_midnight_in_the_communes_zone() {
    let both = ["qcvn-01-1-2018", "qcvn-01-1-2024"];
    let nitrate = |date| judged_by(&both, "nitrate", "mg/L", date).unwrap();
    assert_eq!(nitrate("2025-06-30").max, Some(2.0));
    assert_eq!(nitrate("2025-06-30").status, LimitStatus::Unverified);
    assert_eq!(nitrate("2025-07-01").max, Some(11.0));
    assert_eq!(at("2025-07-01").as_millis(), 1_751_302_800_000);
    assert_eq!(judged_by(&["qcvn-01-1-2018"], "ph", "[pH]", "2025-07-01"), None);
}

#[test]
fn a_figure_from_general_knowledge_says_so() {
    let chlorine = judged_by(&["qcvn-01-1-2024"], "free_chlorine", "mg/L", "2026-01-01").unwrap();
    assert_eq!((chlorine.min, chlorine.max), (Some(0.2), Some(1.0)));
    assert_eq!(chlorine.status, LimitStatus::Unverified);
    assert_eq!(chlorine.clause, "clo dư tự do");
}

#[test]
fn single_values_are_judged_by_the_limit_of_the_shortest_averaging() {
    for (quantity, max, averaging_h) in [
        ("h2s", 42.0, 1),
        ("nh3", 200.0, 1),
        ("so2", 350.0, 1),
        ("no2", 200.0, 1),
        ("co", 30_000.0, 1),
        ("pm10", 100.0, 24),
    ] {
        let limit = judged_by(&["qcvn-05-2023"], quantity, "ug/m3", "2026-06-01").unwrap();
        assert_eq!(limit.max, Some(max), "{quantity}");
        assert_eq!(limit.averaging, Some(Duration::from_secs(averaging_h * 3600)), "{quantity}");
    }
}

#[test]
fn a_figure_that_changes_in_time_is_taken_by_date() {
    let fine_dust = |date| judged_by(&["qcvn-05-2023"], "pm2_5", "ug/m3", date).unwrap().max;
    assert_eq!(fine_dust("2025-12-31"), Some(50.0));
    assert_eq!(fine_dust("2026-01-01"), Some(45.0));
}

#[test]
fn limits_are_given_in_the_points_unit_and_all_averagings_are_kept() {
    let shipped = LimitSets::shipped(&zone());
    let set = shipped.find("qcvn-05-2023").unwrap();
    let (limits, _) = bind(&[set], Quantity::parse("so2").unwrap(), Unit::parse("mg/m3").unwrap());
    let maxima: Vec<_> = limits.iter().map(|limit| limit.max.unwrap()).collect();
    for (found, expected) in maxima.iter().zip([0.05, 0.125, 0.35]) {
        assert!((found - expected).abs() < 1e-12, "{maxima:?}");
    }
    assert_eq!(maxima.len(), 3);
}
