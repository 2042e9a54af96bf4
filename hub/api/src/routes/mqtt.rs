//! For integrators: what arrives over MQTT and what becomes of it, proposals for points, and commands to devices.
//!
//! A command is noted before it is sent (docs/adr/0031 holds for it as well); no rule leads here. Read next: [`crate::mqtt`].

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use hub_model::{Device, LocalText, local};
use serde_json::json;

use crate::app::{App, SharedApp};
use crate::auth::Integrator;
use crate::body::JsonBody;
use crate::mqtt::CommandRefused;
use crate::nearest::nothing_has;
use crate::problem::Problem;
use crate::query::Params;
use crate::wire;

/// How long a command waits where nothing is said, and at most, in seconds.
const PATIENCE_S: (u64, u64) = (10, 30);
/// The largest command, in bytes of its JSON, and what is said back of an answer.
const MAX_COMMAND_BYTES: usize = 4_096;
/// The largest payload that points are proposed for, in bytes.
const MAX_PAYLOAD_BYTES: usize = 64 * 1024;
/// Topics are no longer than this, in bytes.
const MAX_TOPIC_BYTES: usize = 65_535;

/// The MQTT door: its figures, the connections that the hub makes to brokers, and what logins were refused.
#[utoipa::path(
    get, path = "/mqtt", tag = "field",
    responses(
        (status = 200, body = wire::MqttDoor),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_mqtt(
    State(app): State<SharedApp>,
    _: Integrator,
    params: Params,
) -> Result<Json<wire::MqttDoor>, Problem> {
    params.only(&[], &[])?;
    Ok(Json(wire::MqttDoor::of(app.hub.mqtt.door(), &app.zone)))
}

/// The last messages that came over MQTT, at most 500, with what became of each.
#[utoipa::path(
    get, path = "/mqtt/arrivals", tag = "field",
    params(("after" = Option<u64>, Query, description = "Only messages with a greater number.")),
    responses(
        (status = 200, body = wire::MqttArrivals),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_arrivals(
    State(app): State<SharedApp>,
    _: Integrator,
    params: Params,
) -> Result<Json<wire::MqttArrivals>, Problem> {
    let params = params.only(&["after"], &[])?;
    let after = params.number("after", 0, usize::MAX)?.unwrap_or(0) as u64;
    let found = app.hub.mqtt.arrivals(after);
    let last = found.last().map_or(after, |arrival| arrival.number);
    let messages = found.into_iter().map(|arrival| wire::MqttArrival::of(arrival, &app.zone)).collect();
    Ok(Json(wire::MqttArrivals { last, messages }))
}

/// Topics that came and that no point is configured for, at most 200, each with its last payload.
#[utoipa::path(
    get, path = "/mqtt/unknown", tag = "field",
    responses(
        (status = 200, body = Vec<wire::UnknownTopic>),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_unknown(
    State(app): State<SharedApp>,
    _: Integrator,
    params: Params,
) -> Result<Json<Vec<wire::UnknownTopic>>, Problem> {
    params.only(&[], &[])?;
    let found = app.hub.mqtt.unknown();
    Ok(Json(found.into_iter().map(|topic| wire::UnknownTopic::of(topic, &app.zone)).collect()))
}

/// How points could be configured that read a payload. Nothing is changed by it.
#[utoipa::path(
    post, path = "/mqtt/proposal", tag = "field",
    request_body = wire::ProposalRequest,
    responses(
        (status = 200, body = Vec<wire::PointProposal>),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_proposal(
    State(app): State<SharedApp>,
    _: Integrator,
    JsonBody(request): JsonBody<wire::ProposalRequest>,
) -> Result<Json<Vec<wire::PointProposal>>, Problem> {
    let topic = request.topic;
    if topic.is_empty() || topic.len() > MAX_TOPIC_BYTES || topic.contains(['+', '#', '\0']) {
        return Err(Problem::invalid(
            "topic",
            local!("được phép: một chủ đề không có + và #", "allowed: a topic without + and #"),
        ));
    }
    if request.payload.len() > MAX_PAYLOAD_BYTES {
        let detail = bytes(request.payload.len(), MAX_PAYLOAD_BYTES);
        return Err(Problem::invalid("payload", detail));
    }
    let payload = match request.is_hex {
        false => request.payload.into_bytes(),
        true => bytes_of(&request.payload).ok_or_else(|| Problem::invalid("payload", no_hex()))?,
    };
    let found = app.hub.mqtt.propose(&topic, &payload);
    Ok(Json(found.into_iter().map(Into::into).collect()))
}

/// Sends a command to a device that speaks the hub's own topics, and gives its answer. 409 when the device is not connected or
/// does not take commands: then nothing was sent. 503 when it was sent and no answer came in time.
#[utoipa::path(
    post, path = "/devices/{site}/{device}/command", tag = "field",
    params(
        ("site" = String, Path, description = "The site."),
        ("device" = String, Path, description = "The device."),
    ),
    request_body = wire::CommandRequest,
    responses(
        (status = 200, body = wire::CommandAnswer),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_command(
    State(app): State<SharedApp>,
    Integrator(caller): Integrator,
    Path(path): Path<(String, String)>,
    JsonBody(request): JsonBody<wire::CommandRequest>,
) -> Result<Json<wire::CommandAnswer>, Problem> {
    let device = find(&app, &path)?;
    let seconds = request.timeout_s.unwrap_or(PATIENCE_S.0);
    let most = PATIENCE_S.1;
    if !(1..=most).contains(&seconds) {
        return Err(Problem::invalid(
            "timeout_s",
            local!("có {seconds}, được phép: 1 đến {most}", "found {seconds}, allowed: 1 to {most}"),
        ));
    }
    let length = request.command.to_string().len();
    if length > MAX_COMMAND_BYTES {
        return Err(Problem::invalid("command", bytes(length, MAX_COMMAND_BYTES)));
    }
    let (id, by) = (device.id.clone(), caller.name);
    // Noted first: whatever happens then, it is known that somebody asked for it.
    let deed = app.deed(&by, "device_command", id.as_str(), &json!({"command": request.command}));
    app.records(move |records| records.note(&deed)).await?;
    let done = app.hub.mqtt.command(&id, request.command, Duration::from_secs(seconds)).await;
    let outcome = match &done {
        Ok(answer) => json!({"outcome": "answered", "id": answer.number, "answer": shown(&answer.payload).1}),
        Err(
            CommandRefused::NotAllowed(why) | CommandRefused::Offline(why) | CommandRefused::NoAnswer(why),
        ) => json!({"outcome": why.en}),
    };
    tracing::warn!(device = %id, by, %outcome, "a person sent a command to a device");
    app.note(&by, "device_answer", id.as_str(), outcome).await;
    match done {
        Ok(answer) => {
            let (json, text) = shown(&answer.payload);
            let took_ms = u64::try_from(answer.took.as_millis()).unwrap_or(u64::MAX);
            let text = text.filter(|_| json.is_none());
            Ok(Json(wire::CommandAnswer { id: answer.number, answer: json, text, took_ms }))
        }
        Err(CommandRefused::NotAllowed(why) | CommandRefused::Offline(why)) => Err(Problem::conflict(why)),
        Err(CommandRefused::NoAnswer(why)) => Err(Problem::unavailable(why)),
    }
}

/// An answer as JSON, where it is some, and as a text that is not too long.
fn shown(payload: &[u8]) -> (Option<serde_json::Value>, Option<String>) {
    let front = &payload[..payload.len().min(MAX_COMMAND_BYTES)];
    (serde_json::from_slice(front).ok(), Some(String::from_utf8_lossy(front).into_owned()))
}

fn find<'a>(app: &'a App, (site, device): &(String, String)) -> Result<&'a Device, Problem> {
    let id = format!("{site}/{device}");
    let found = app.hub.commune.devices().find(|device| device.id.as_str() == id);
    found.ok_or_else(|| {
        let ids = app.hub.commune.devices().map(|device| device.id.as_str());
        Problem::not_found("device", nothing_has(&local!("thiết bị", "device"), &id, ids))
    })
}

fn bytes(found: usize, most: usize) -> LocalText {
    local!("có {found} byte, được phép: {most}", "found {found} bytes, allowed: {most}")
}

fn no_hex() -> LocalText {
    local!("được phép: từng cặp chữ số thập lục phân", "allowed: pairs of hexadecimal digits")
}

fn bytes_of(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) || !digits.is_ascii() {
        return None;
    }
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok()).collect()
}
