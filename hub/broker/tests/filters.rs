//! Topic filters: what MQTT's own examples say, and that "matches" and "covers" agree for any filter.
//!
//! It opens no socket.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use hub_broker::{Filter, FilterError, MAX_LEVELS};
use proptest::prelude::*;

fn filter(text: &str) -> Filter {
    Filter::parse(text).unwrap()
}

#[test]
fn matches_as_the_standard_says() {
    for (text, topic, expected) in [
        ("sport/tennis/player1/#", "sport/tennis/player1", true),
        ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true),
        ("sport/#", "sport", true),
        ("#", "a/b", true),
        ("sport/tennis/+", "sport/tennis/player1", true),
        ("sport/tennis/+", "sport/tennis/player1/ranking", false),
        ("sport/+", "sport", false),
        ("sport/+", "sport/", true),
        ("+/+", "/finance", true),
        ("/+", "/finance", true),
        ("+", "/finance", false),
        ("#", "$SYS/uptime", false),
        ("+/uptime", "$SYS/uptime", false),
        ("$SYS/#", "$SYS/uptime", true),
        ("$SYS/+", "$SYS/uptime", true),
        ("đèn/+", "đèn/1", true),
        ("đèn/+", "den/1", false),
        ("a//b", "a//b", true),
        ("a/+/b", "a//b", true),
    ] {
        assert_eq!(filter(text).matches(topic), expected, "{text} and {topic}");
    }
}

#[test]
fn covers_only_what_lies_wholly_inside() {
    for (outer, inner, expected) in [
        ("a/#", "a", true),
        ("a/#", "a/b/+", true),
        ("a/#", "a/#", true),
        ("a/#", "#", false),
        ("a/+", "a/#", false),
        ("a/+", "a/+", true),
        ("a/+", "a/b", true),
        ("a/b", "a/+", false),
        ("+/b", "a/b", true),
        ("a/b", "a/b/#", false),
        ("#", "$SYS/#", false),
        ("+/a", "$SYS/a", false),
        ("$SYS/#", "$SYS/a", true),
        ("commune/v1/site/tank/#", "commune/v1/+/tank/#", false),
    ] {
        assert_eq!(filter(outer).covers(&filter(inner)), expected, "{outer} over {inner}");
    }
}

#[test]
fn faulty_filters_say_what_is_wrong() {
    for (text, error) in [
        ("", FilterError::Empty),
        ("a\0b", FilterError::Nul),
        ("a/#/b", FilterError::MisplacedHash),
        ("a#", FilterError::MisplacedHash),
        ("a/b+", FilterError::MisplacedPlus),
        ("++", FilterError::MisplacedPlus),
    ] {
        assert_eq!(Filter::parse(text), Err(error), "{text:?}");
    }
    assert_eq!(Filter::parse(&"a".repeat(65_536)), Err(FilterError::TooLong { bytes: 65_536 }));
    let deep = vec!["a"; MAX_LEVELS + 1].join("/");
    assert_eq!(Filter::parse(&deep), Err(FilterError::TooDeep { levels: MAX_LEVELS + 1 }));
}

fn topics() -> impl Strategy<Value = String> {
    "(a|b|\\$s|đ|)(/(a|b|\\$s|đ|)){0,4}".prop_filter("a topic is not empty", |text| !text.is_empty())
}

fn filters() -> impl Strategy<Value = Filter> {
    "(a|b|\\$s|đ|\\+|)(/(a|b|đ|\\+|)){0,3}(/#)?"
        .prop_filter_map("a filter", |text| Filter::parse(&text).ok())
        .boxed()
        .prop_union(Just(Filter::parse("#").unwrap()).boxed())
}

proptest! {
    #[test]
    fn a_covered_filter_matches_nothing_that_the_outer_does_not(
        outer in filters(), inner in filters(), topic in topics(),
    ) {
        if outer.covers(&inner) && inner.matches(&topic) {
            prop_assert!(outer.matches(&topic), "{} covers {} but not {}", outer, inner, topic);
        }
    }

    #[test]
    fn covering_is_reflexive_and_transitive(one in filters(), two in filters(), three in filters()) {
        prop_assert!(one.covers(&one));
        if one.covers(&two) && two.covers(&three) {
            prop_assert!(one.covers(&three), "{} {} {}", one, two, three);
        }
    }

    #[test]
    fn for_a_plain_topic_covering_is_matching(outer in filters(), topic in topics()) {
        let plain = Filter::parse(&topic).unwrap();
        prop_assert_eq!(outer.covers(&plain), outer.matches(&topic));
        prop_assert!(plain.matches(&topic));
    }

    #[test]
    fn any_text_is_parsed_or_refused(text in ".{0,80}") {
        if let Ok(filter) = Filter::parse(&text) {
            prop_assert_eq!(filter.as_str(), text);
        }
    }
}
