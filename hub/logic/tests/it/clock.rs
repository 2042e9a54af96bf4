//! A clock that is set, and one that cannot be trusted.

use hub_model::{Quality, Reason};

use crate::support::{CHLORINE, CLIENTS, Hub, at, chlorine_rule, raw, sent};
use hub_logic::Effect;

#[test]
fn a_clock_set_forward_makes_nothing_silent_and_ends_no_delay() {
    let mut hub = Hub::new(&[("low.rhai", &chlorine_rule(r#"on_delay: "10m""#))]);
    hub.observe(raw(CHLORINE, 1.0, 0));
    hub.observe(raw(CLIENTS, 3.0, 0));
    let year = 365 * 24 * 3_600;
    let tracked = hub.logic.clock_jumped(year * 1_000);
    assert!(matches!(tracked.as_slice(), [Effect::Track(one)] if one.raising_since == Some(at(year))));
    assert!(hub.tick(year + 299).is_empty(), "neither expired nor raised");
    let silent = hub.tick(year + 300);
    assert!(
        matches!(&silent[..], [Effect::Store { reading, .. }] if reading.reason == Some(Reason::Expired))
    );
    assert!(hub.tick(year + 599).is_empty());
    assert!(
        !hub.tick(year + 600).is_empty(),
        "the delay ends after ten minutes, however long the clock says"
    );
}

#[test]
fn after_a_clock_was_set_back_silence_is_not_noticed_late() {
    let mut hub = Hub::new(&[]);
    hub.observe(raw(CLIENTS, 3.0, 7_200));
    hub.logic.clock_jumped(-3_600_000);
    assert!(hub.tick(3_600 + 299).is_empty());
    assert_eq!(hub.tick(3_600 + 300).len(), 1, "expired five minutes later, not an hour and five");
    assert!(matches!(&hub.observe(raw(CLIENTS, 4.0, 3_950))[..], [Effect::Store { latest: true, .. }]));
}

#[test]
fn while_the_clock_cannot_be_trusted_readings_are_marked_and_none_is_from_the_future() {
    let mut hub = Hub::new(&[]);
    hub.logic.set_clock_trusted(false);
    let stored = |effects: &[Effect]| match &effects[0] {
        Effect::Store { reading, latest, .. } => (reading.quality, reading.reason, *latest),
        other => panic!("{other:?}"),
    };
    let untimed = stored(&hub.observe(raw(CHLORINE, 50.0, 1)));
    assert_eq!(untimed, (Quality::Good, Some(Reason::Untimed), true));
    let own_time = stored(&hub.observe(sent(CHLORINE, 51.0, 90_000, 2)));
    assert_eq!(own_time, (Quality::Good, None, true));
    hub.logic.set_clock_trusted(true);
    assert_eq!(stored(&hub.observe(sent(CHLORINE, 51.0, 900_000, 90_001))).1, Some(Reason::Future));
}
