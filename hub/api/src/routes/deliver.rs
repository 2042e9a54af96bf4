//! Readings that are sent in: all of them are taken, or none, and the answer comes after the commit.

use axum::extract::State;
use axum::http::StatusCode;
use hub_model::{LocalText, Observation, Sample, Timestamp, local, own};
use serde_json::Value;

use crate::app::{App, SharedApp};
use crate::auth::{Role, Staff};
use crate::body::JsonBody;
use crate::hub::Request;
use crate::problem::{FieldError, MAX_ERRORS, Problem};
use crate::wire::{self, NewReading};

/// Most readings in one request.
const MAX_READINGS: usize = 10_000;

/// Takes readings in: of any point by an integrator, of devices that push by staff. Nothing is taken when one of them is wrong; the
/// problem lists each that is.
#[utoipa::path(
    post, path = "/readings", tag = "readings",
    request_body = wire::NewReadings,
    responses(
        (status = 204, description = "All of them are committed."),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_readings(
    State(app): State<SharedApp>,
    Staff(caller): Staff,
    JsonBody(request): JsonBody<wire::NewReadings>,
) -> Result<StatusCode, Problem> {
    let count = request.readings.len();
    if !(1..=MAX_READINGS).contains(&count) {
        let detail = local!(
            "có {count} số đo, được phép: 1 đến {MAX_READINGS}",
            "found {count} readings, allowed: 1 to {MAX_READINGS}"
        );
        return Err(Problem::invalid("readings", detail));
    }
    let received_at = app.now();
    let mut observations = Vec::with_capacity(count);
    let mut errors = Vec::new();
    for (index, entry) in request.readings.iter().enumerate() {
        match observation(&app, entry, received_at) {
            Ok(observation) if caller.role < Role::Integrator && !app.is_pushed(&observation.point) => {
                return Err(Problem::role_too_low(Role::Integrator, caller.role));
            }
            Ok(observation) => observations.push(observation),
            Err(wrong) => errors.extend(wrong.into_iter().map(|(field, detail)| {
                let place = if field.is_empty() { field } else { format!(".{field}") };
                FieldError::new(format!("readings[{index}]{place}"), detail)
            })),
        }
        // Looking for the nearest id takes its time; a request that is all wrong shall not take it ten thousand times.
        if errors.len() > MAX_ERRORS {
            break;
        }
    }
    if !errors.is_empty() {
        return Err(Problem::invalid_all(errors));
    }
    app.ask(|committed| Request::Deliver { observations, committed }).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn observation(
    app: &App,
    entry: &Value,
    received_at: Timestamp,
) -> Result<Observation, Vec<(String, LocalText)>> {
    let no_point = |id: &str| ("point".to_owned(), app.no_point(id));
    let reading = NewReading::read(entry).map_err(|mut wrong| {
        // Beside what else is wrong, so that nobody learns of it at the second try.
        let unknown = entry.get("point").and_then(Value::as_str).filter(|id| app.point(id).is_none());
        wrong.extend(unknown.map(no_point));
        wrong
    })?;
    // What the hub says of itself nobody else says.
    let Some((point, _)) = app.point(&reading.point).filter(|(point, _)| !own::is_own(&point.site())) else {
        return Err(vec![no_point(&reading.point)]);
    };
    let sample = Sample::Value(reading.v);
    Ok(Observation { point: point.clone(), sample, measured_at: Some(reading.t), received_at })
}
