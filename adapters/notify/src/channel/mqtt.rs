//! A topic of the hub's own broker, whose subscribers get it at QoS 1. Not retained: an alarm of yesterday is no news.

use super::event::Event;
use super::{Host, Outcome};
use crate::config::Mqtt;
use crate::letter::Letter;

pub(super) fn send(mqtt: &Mqtt, letter: &Letter, host: &dyn Host) -> Outcome {
    match host.publish(&mqtt.topic, Event::of(letter).to_json()) {
        Ok(()) => Outcome::Delivered(String::new()),
        Err(why) => Outcome::later(why),
    }
}
