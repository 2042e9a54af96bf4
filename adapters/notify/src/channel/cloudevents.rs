//! A CloudEvent 1.0 over HTTP in structured mode: one event a message, its `id` the message's key.

use hub_model::local;
use serde::Serialize;

use super::Outcome;
use super::event::Event;
use super::http::post_json;
use super::webhook::rfc3339;
use crate::config::{Channel, CloudEvents};
use crate::letter::Letter;

const CONTENT_TYPE: &str = "application/cloudevents+json; charset=utf-8";

#[derive(Debug, Serialize)]
struct CloudEvent<'a> {
    specversion: &'static str,
    id: &'a str,
    source: String,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    time: String,
    datacontenttype: &'static str,
    data: Event<'a>,
}

pub(super) fn send(events: &CloudEvents, channel: &Channel, letter: &Letter) -> Outcome {
    let only = letter.told.first().filter(|_| letter.told.len() == 1 && letter.more == 0);
    let event = CloudEvent {
        specversion: "1.0",
        id: &letter.key,
        source: letter.hub_url.clone().unwrap_or_else(|| format!("urn:commune-hub:{}", letter.commune_id)),
        kind: if letter.is_test { "vn.commune-hub.test.v1" } else { "vn.commune-hub.alarms.v1" },
        subject: only.map(|told| told.alarm.subject.as_str()),
        time: rfc3339(letter.made_at, &letter.zone),
        datacontenttype: "application/json",
        data: Event::of(letter),
    };
    let body = match serde_json::to_vec(&event) {
        Ok(body) => body,
        Err(error) => return Outcome::Never(local!("không soạn được tin ({error})", "{error}")),
    };
    let mut request = post_json(&events.url, CONTENT_TYPE, body, &letter.key, events.secret.as_ref());
    (request.timeout, request.ca) = (channel.timeout, events.ca.as_deref());
    match request.send() {
        Ok(answer) => answer.outcome(|_| String::new()),
        Err(why) => Outcome::later(why),
    }
}
