//! Alertmanager's webhook, version 4, so that whatever takes its messages takes ours.
//!
//! Labels name what an alarm is about and are the same from its raising to its end; annotations are for people.

use std::collections::BTreeMap;

use hub_model::{Priority, Subject, Timestamp, local};
use jiff::tz::TimeZone;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::Outcome;
use super::http::post_json;
use crate::config::{Channel, Webhook};
use crate::letter::{Letter, Told};
use crate::quiet::local;

/// Words under names, in the order of names.
type Words = BTreeMap<&'static str, String>;

/// Go's moment before all moments: an alarm that goes on has no end.
const NO_END: &str = "0001-01-01T00:00:00Z";

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    version: &'static str,
    group_key: String,
    truncated_alerts: u64,
    status: &'static str,
    receiver: &'a str,
    group_labels: Words,
    common_labels: Words,
    common_annotations: Words,
    #[serde(rename = "externalURL")]
    external_url: &'a str,
    alerts: Vec<Alert>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Alert {
    status: &'static str,
    labels: Words,
    annotations: Words,
    starts_at: String,
    ends_at: String,
    #[serde(rename = "generatorURL")]
    generator_url: String,
    fingerprint: String,
}

pub(super) fn send(webhook: &Webhook, channel: &Channel, letter: &Letter) -> Outcome {
    let body = match serde_json::to_vec(&message(webhook, channel, letter)) {
        Ok(body) => body,
        Err(error) => return Outcome::Never(local!("không soạn được tin ({error})", "{error}")),
    };
    let mut request = post_json(&webhook.url, "application/json", body, &letter.key, webhook.secret.as_ref());
    (request.timeout, request.ca) = (channel.timeout, webhook.ca.as_deref());
    match request.send() {
        Ok(answer) => answer.outcome(|_| String::new()),
        Err(why) => Outcome::later(why),
    }
}

fn message<'a>(webhook: &Webhook, channel: &'a Channel, letter: &'a Letter) -> Message<'a> {
    let shown = letter.told.len().min(webhook.max_alerts);
    let mut alerts: Vec<Alert> =
        letter.told[..shown].iter().map(|told| alert(told, channel, letter)).collect();
    if letter.is_test {
        alerts.push(test_alert(channel, letter));
    }
    let is_firing = alerts.iter().any(|alert| alert.status == "firing");
    let common = |of: fn(&Alert) -> &Words| {
        let mut all = alerts.iter().map(of);
        let mut common = all.next().cloned().unwrap_or_default();
        all.for_each(|words| common.retain(|name, word| words.get(name) == Some(word)));
        common
    };
    let (common_labels, common_annotations) =
        (common(|alert| &alert.labels), common(|alert| &alert.annotations));
    let group_labels: Words = common_labels
        .iter()
        .filter(|(name, _)| matches!(**name, "commune" | "site"))
        .map(|(name, word)| (*name, word.clone()))
        .collect();
    let words: Vec<_> = group_labels.iter().map(|(name, word)| format!("{name}={word:?}")).collect();
    Message {
        version: "4",
        group_key: format!("{{}}/{{receiver={:?}}}:{{{}}}", channel.id, words.join(", ")),
        truncated_alerts: (letter.told.len() - shown) as u64 + letter.more,
        status: if is_firing { "firing" } else { "resolved" },
        receiver: &channel.id,
        group_labels,
        common_labels,
        common_annotations,
        external_url: letter.hub_url.as_deref().unwrap_or_default(),
        alerts,
    }
}

fn alert(told: &Told, channel: &Channel, letter: &Letter) -> Alert {
    let (alarm, language) = (&told.alarm, channel.language);
    let mut labels = Words::from([
        ("alertname", alarm.rule.to_string()),
        ("commune", letter.commune_id.clone()),
        ("site", alarm.subject.site().to_string()),
        ("subject", alarm.subject.as_str().to_owned()),
        ("severity", alarm.priority.code().to_owned()),
    ]);
    if let Some(device) = alarm.subject.device() {
        labels.insert("device", device.to_string());
    }
    if let Subject::Point(point) = &alarm.subject {
        labels.insert("point", point.to_string());
    }
    let fingerprint = fingerprint(&labels);
    let mut annotations = Words::from([
        ("summary", language.of(&alarm.title).to_owned()),
        ("description", language.of(&alarm.message).to_owned()),
        ("site_name", language.of(&told.site).to_owned()),
        ("notice", told.kind.code().to_owned()),
        ("alarm", alarm.id.to_string()),
    ]);
    let mut note = |name, text: Option<String>| drop(text.map(|text| annotations.insert(name, text)));
    note("value", told.value().map(|value| language.of(&value).to_owned()));
    note("clause", alarm.clause.as_ref().map(|clause| language.of(clause).to_owned()));
    note("runbook", alarm.runbook.as_ref().map(|runbook| language.of(runbook).to_owned()));
    note("tags", (!alarm.tags.is_empty()).then(|| alarm.tags.join(" ")));
    note("acknowledge_url", told.acknowledge.clone());
    let ends_at = match told.is_over() {
        true => rfc3339(alarm.cleared_at.unwrap_or(told.at), &letter.zone),
        false => NO_END.to_owned(),
    };
    Alert {
        status: if told.is_over() { "resolved" } else { "firing" },
        labels,
        annotations,
        starts_at: rfc3339(alarm.raised_at, &letter.zone),
        ends_at,
        generator_url: told.page(letter).unwrap_or_default(),
        fingerprint,
    }
}

fn test_alert(channel: &Channel, letter: &Letter) -> Alert {
    let labels = Words::from([
        ("alertname", "channel-test".to_owned()),
        ("commune", letter.commune_id.clone()),
        ("severity", Priority::Low.code().to_owned()),
    ]);
    let words = channel.language.words();
    let annotations = Words::from([
        ("summary", words.test_subject.to_owned()),
        ("description", words.test_text.to_owned()),
    ]);
    let moment = rfc3339(letter.made_at, &letter.zone);
    Alert {
        // A test asks for nothing: it begins and is over.
        status: "resolved",
        fingerprint: fingerprint(&labels),
        labels,
        annotations,
        starts_at: moment.clone(),
        ends_at: moment,
        generator_url: letter.hub_url.clone().unwrap_or_default(),
    }
}

/// Sixteen digits that are the same for the same labels.
fn fingerprint(labels: &Words) -> String {
    let mut hash = Sha256::new();
    for (name, word) in labels {
        hash.update(name.as_bytes());
        hash.update([0xff]);
        hash.update(word.as_bytes());
        hash.update([0xff]);
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn rfc3339(at: Timestamp, zone: &TimeZone) -> String {
    local(at, zone).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
}
