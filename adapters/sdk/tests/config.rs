//! Faults of a configuration are told all at once, each with file, line, key, what was found and what is allowed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use adapters_sdk::config::{Problems, Table};

fn table(text: &str, problems: &mut Problems) -> Table {
    Table::parse("sites/a.toml", text, problems).unwrap()
}

fn errors(problems: &Problems) -> Vec<String> {
    problems.errors().iter().map(ToString::to_string).collect()
}

#[test]
fn every_fault_is_told_with_its_place() {
    let mut problems = Problems::new();
    let mut root = table(
        "poll = \"5\"\nunit_id = 300\nbyte_ordr = \"ABCD\"\ntype = \"FLOT32\"\nscale = \"x\"\n\n[[point]]\nid = \"ph\"\nadress = 3\n",
        &mut problems,
    );
    root.duration("poll", Duration::from_millis(100)..=Duration::from_secs(86_400), &mut problems);
    root.integer("unit_id", 0..=255, &mut problems);
    root.text("byte_order", &mut problems);
    root.choice("type", &[("FLOAT32", 1), ("UINT16", 2)], &mut problems);
    root.decimal("scale", &mut problems);
    root.needed_text("endpoint", &mut problems);
    for mut point in root.tables("point", &mut problems) {
        point.text("id", &mut problems);
        point.integer("address", 0..=65_535, &mut problems);
        point.finish(&mut problems);
    }
    root.finish(&mut problems);
    assert_eq!(
        errors(&problems),
        [
            "sites/a.toml:1: endpoint: is needed and not given",
            "sites/a.toml:1: poll: found \"5\", allowed: a whole number and ms, s, m, h, d or y, such as \"10s\"",
            "sites/a.toml:2: unit_id: found 300, allowed: a whole number from 0 to 255",
            "sites/a.toml:3: byte_ordr: unknown key; did you mean \"byte_order\"?",
            "sites/a.toml:4: type: found \"FLOT32\", allowed: FLOAT32, UINT16; did you mean \"FLOAT32\"?",
            "sites/a.toml:5: scale: found \"x\", allowed: a decimal number",
            "sites/a.toml:9: point[ph].adress: unknown key; did you mean \"address\"?",
        ]
    );
}

#[test]
fn a_file_that_is_no_toml_is_told_with_its_line() {
    let mut problems = Problems::new();
    assert!(Table::parse("hub.toml", "a = 1\nb = = 2\n", &mut problems).is_none());
    assert!(errors(&problems)[0].starts_with("hub.toml:2: "), "{:?}", errors(&problems));
}

#[test]
fn a_device_wins_over_its_profile_and_each_key_keeps_its_own_place() {
    let mut problems = Problems::new();
    let profile = Table::parse(
        "profiles/x.toml",
        "byte_order = \"CDAB\"\nunit_id = 1\n[[point]]\nid = \"flow\"\naddress = 0\nscale = 1\n[[point]]\nid = \"volume\"\n",
        &mut problems,
    );
    let device =
        table("unit_id = 2\n[[point]]\nid = \"flow\"\nscale = 0.1\n[[point]]\nid = \"own\"\n", &mut problems);
    let mut merged = device.over(profile.unwrap(), "point");
    assert_eq!(merged.place_of("byte_order").to_string(), "profiles/x.toml:1");
    assert_eq!(merged.integer("unit_id", 0..=255, &mut problems), Some(2));
    let mut points = merged.tables("point", &mut problems);
    let ids: Vec<_> = points.iter_mut().map(|point| point.text("id", &mut problems).unwrap()).collect();
    assert_eq!(ids, ["flow", "volume", "own"]);
    assert_eq!(points[0].decimal("scale", &mut problems).unwrap().to_string(), "0.1");
    assert_eq!(points[0].integer("address", 0..=9, &mut problems), Some(0));
    assert_eq!(errors(&problems), Vec::<String>::new());
}

#[test]
fn each_text_of_a_list_is_given_in_both_languages_or_once() {
    let mut problems = Problems::new();
    let mut root = table(
        "a = [\"map\"]\nb = [{ vi = \"bảng\", en = \"map\" }]\nc = [{ vi = \"bảng\" }]\nd = [3]\n",
        &mut problems,
    );
    let mut texts = |key| root.local_texts(key, &mut problems);
    assert_eq!(texts("a").unwrap()[0].vi, "map");
    assert_eq!(texts("b").unwrap()[0].vi, "bảng");
    assert_eq!((texts("c"), texts("d"), texts("e")), (None, None, None));
    assert_eq!(
        errors(&problems),
        [
            "sites/a.toml:3: c[1].en: is needed and not given",
            "sites/a.toml:4: d: found a list, allowed: a list of texts, or of { vi = \"…\", en = \"…\" }",
        ]
    );
}

#[test]
fn names_are_given_in_both_languages_or_once() {
    let mut problems = Problems::new();
    let mut root = table(
        "a = \"PLC\"\nb = { vi = \"Bơm\", en = \"Pump\" }\nc = { vi = \"Bơm\" }\nd = 3\n",
        &mut problems,
    );
    assert_eq!(root.local_text("a", &mut problems).unwrap().vi, "PLC");
    assert_eq!(root.local_text("b", &mut problems).unwrap().en, "Pump");
    assert_eq!(root.local_text("c", &mut problems), None);
    assert_eq!(root.local_text("d", &mut problems), None);
    assert_eq!(
        errors(&problems),
        [
            "sites/a.toml:3: c.en: is needed and not given",
            "sites/a.toml:4: d: found 3, allowed: a text, or { vi = \"…\", en = \"…\" }",
        ]
    );
}

#[test]
fn hexadecimal_numbers_and_exact_decimals_are_read() {
    let mut problems = Problems::new();
    let mut root = table("missing = [0xFFFF, -1, 2.5]\nscale = -0.05\naddress = \"40001\"\n", &mut problems);
    assert_eq!((root.peek_text("address"), root.peek_text("scale")), (Some("40001"), None));
    assert_eq!(root.numbers("missing", &mut problems).unwrap(), [65_535.0, -1.0, 2.5]);
    assert_eq!(root.decimal("scale", &mut problems).unwrap().to_string(), "-0.05");
}
