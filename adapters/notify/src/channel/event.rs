//! The JSON that programs of the commune's own get: over CloudEvents, MQTT and a command's input.
//!
//! Both languages stand in it: what is shown to whom is the receiver's matter.

use hub_model::LocalText;
use serde::Serialize;

use super::webhook::rfc3339;
use crate::letter::{Letter, Told};

/// What a message says.
#[derive(Debug, Serialize)]
pub(super) struct Event<'a> {
    /// The message's key: the same on every try.
    pub key: &'a str,
    pub commune: &'a str,
    pub made_at: String,
    pub test: bool,
    pub alarms: Vec<Alarm<'a>>,
    /// Alarms that are not in `alarms`.
    pub more: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Alarm<'a> {
    id: u64,
    notice: &'static str,
    at: String,
    rule: &'a str,
    subject: &'a str,
    site: String,
    priority: &'static str,
    state: &'static str,
    title: Text<'a>,
    message: Text<'a>,
    site_name: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    runbook: Option<Text<'a>>,
    value: Option<f64>,
    unit: &'a str,
    clause: Option<&'a str>,
    clause_en: Option<&'a str>,
    tags: &'a [String],
    raised_at: String,
    cleared_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acknowledge_url: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Text<'a> {
    vi: &'a str,
    en: &'a str,
}

impl<'a> From<&'a LocalText> for Text<'a> {
    fn from(text: &'a LocalText) -> Self {
        Self { vi: &text.vi, en: &text.en }
    }
}

impl<'a> Event<'a> {
    pub fn of(letter: &'a Letter) -> Self {
        Self {
            key: &letter.key,
            commune: &letter.commune_id,
            made_at: rfc3339(letter.made_at, &letter.zone),
            test: letter.is_test,
            alarms: letter.told.iter().map(|told| alarm(told, letter)).collect(),
            more: letter.more,
            url: letter.hub_url.as_ref().map(|url| format!("{url}/alarms")),
        }
    }

    /// As JSON text. It is made of texts and numbers only, which JSON can always say.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

fn alarm<'a>(told: &'a Told, letter: &Letter) -> Alarm<'a> {
    let alarm = &told.alarm;
    Alarm {
        id: alarm.id.0,
        notice: told.kind.code(),
        at: rfc3339(told.at, &letter.zone),
        rule: &alarm.rule,
        subject: alarm.subject.as_str(),
        site: alarm.subject.site().to_string(),
        priority: alarm.priority.code(),
        state: alarm.state.code(),
        title: (&alarm.title).into(),
        message: (&alarm.message).into(),
        site_name: (&told.site).into(),
        runbook: alarm.runbook.as_ref().map(Text::from),
        value: alarm.value,
        unit: &alarm.unit,
        clause: alarm.clause.as_ref().map(|clause| clause.vi.as_str()),
        clause_en: alarm.clause.as_ref().map(|clause| clause.en.as_str()),
        tags: &alarm.tags,
        raised_at: rfc3339(alarm.raised_at, &letter.zone),
        cleared_at: alarm.cleared_at.map(|at| rfc3339(at, &letter.zone)),
        url: told.page(letter),
        acknowledge_url: told.acknowledge.as_deref(),
    }
}
