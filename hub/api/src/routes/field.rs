//! For integrators: buses and frames, a live look at registers, and writing a point. Each write is noted before it is done.
//!
//! Nothing here is ever done by a rule. Read next: [`crate::field`].

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use hub_model::{Point, PointId, Quantity, local};
use hub_store::DeviceWrite;
use serde_json::json;
use tokio::sync::SemaphorePermit;
use tokio::time::timeout;

use crate::app::{App, SharedApp};
use crate::auth::{Integrator, accounts};
use crate::body::JsonBody;
use crate::field::{ProbeAsk, ProbeTarget, WriteRefused};
use crate::problem::{FieldError, Problem};
use crate::query::Params;
use crate::wire;

/// Ways to read registers in one answer; the least plausible are left out.
const MOST_INTERPRETATIONS: usize = 200;
/// Reads of one probe where nothing is said, and the most.
const READS: (u32, u32) = (3, 10);
/// How long a live look waits for another's to end.
const TURN: Duration = Duration::from_secs(5);
/// Writes of a point in one answer, the newest.
const MOST_WRITES: usize = 100;

/// Every bus with its devices, load and counts.
#[utoipa::path(
    get, path = "/buses", tag = "field",
    responses(
        (status = 200, body = Vec<wire::Bus>),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_buses(
    State(app): State<SharedApp>,
    _: Integrator,
    params: Params,
) -> Result<Json<Vec<wire::Bus>>, Problem> {
    params.only(&[], &[])?;
    let buses = app.hub.field.buses();
    Ok(Json(buses.into_iter().map(|bus| wire::Bus::of(bus, &app.zone)).collect()))
}

/// The last frames of a bus, the oldest first, at most 64: requests, their answers, and what was neither.
#[utoipa::path(
    get, path = "/buses/{bus}/frames", tag = "field",
    params(("bus" = String, Path, description = "The bus's id.")),
    responses(
        (status = 200, body = Vec<wire::Frame>),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_frames(
    State(app): State<SharedApp>,
    _: Integrator,
    Path(bus): Path<String>,
    params: Params,
) -> Result<Json<Vec<wire::Frame>>, Problem> {
    params.only(&[], &[])?;
    let frames = app.hub.field.frames(&bus);
    let frames = frames.ok_or_else(|| {
        Problem::not_found("bus", local!("Không có đường truyền \"{bus}\".", "There is no bus \"{bus}\"."))
    })?;
    Ok(Json(frames.into_iter().map(|frame| wire::Frame::of(frame, &app.zone)).collect()))
}

/// Reads registers live and says how they can be read, the most plausible first. One at a time, noted, and never writes. Over a
/// line that the hub reads it goes between the polls.
#[utoipa::path(
    post, path = "/probe/modbus", tag = "field",
    request_body = wire::ProbeRequest,
    responses(
        (status = 200, body = wire::Probe),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_probe(
    State(app): State<SharedApp>,
    Integrator(caller): Integrator,
    JsonBody(request): JsonBody<wire::ProbeRequest>,
) -> Result<Json<wire::Probe>, Problem> {
    let reads = request.reads.unwrap_or(READS.0);
    if !(1..=READS.1).contains(&reads) {
        return Err(Problem::invalid("reads", {
            let most = READS.1;
            local!("có {reads}, được phép: 1 đến {most}", "found {reads}, allowed: 1 to {most}")
        }));
    }
    if let Some(unknown) = request.quantity.as_deref().filter(|code| Quantity::parse(code).is_none()) {
        return Err(Problem::invalid(
            "quantity",
            local!(
                "có \"{unknown}\", không phải đại lượng nào",
                "found \"{unknown}\", which is no known quantity"
            ),
        ));
    }
    let target = target(&app, &request)?;
    let _turn = turn(&app).await?;
    let object = match &target {
        ProbeTarget::Device(device) => device.to_string(),
        ProbeTarget::Address { endpoint, unit_id } => format!("{endpoint} unit {unit_id}"),
    };
    let detail = json!({"register": request.register, "address": request.address, "count": request.count, "reads": reads});
    app.note(&caller.name, "registers_read", &object, detail).await;
    let ask = ProbeAsk {
        target,
        register: request.register,
        address: request.address,
        count: request.count,
        quantity: request.quantity,
        reads,
    };
    let probed = app.hub.field.probe(ask).await.map_err(|detail| Problem::invalid("body", detail))?;
    let interpretations = probed.found.into_iter().take(MOST_INTERPRETATIONS).map(Into::into).collect();
    Ok(Json(wire::Probe { words: probed.words, interpretations }))
}

/// Reads every point of a device once that is in no file yet, and says what each would read, or why it would not. One at a time,
/// noted, and never writes.
#[utoipa::path(
    post, path = "/devices/try", tag = "field",
    request_body = wire::TryDeviceRequest,
    responses(
        (status = 200, body = wire::TriedDevice),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_device_trial(
    State(app): State<SharedApp>,
    Integrator(caller): Integrator,
    JsonBody(request): JsonBody<wire::TryDeviceRequest>,
) -> Result<Json<wire::TriedDevice>, Problem> {
    let _turn = turn(&app).await?;
    let tried = app.hub.field.try_device(request.toml).await;
    let tried = tried.map_err(|faults| {
        Problem::invalid_all(faults.into_iter().map(|detail| FieldError::new("toml", detail)).collect())
    })?;
    let object = format!("{} unit {}", tried.endpoint, tried.unit_id);
    app.note(&caller.name, "device_tried", &object, json!({"points": tried.points.len()})).await;
    Ok(Json(tried.into()))
}

/// Whose registers are asked for: a device's of the configuration, or an address's.
fn target(app: &App, request: &wire::ProbeRequest) -> Result<ProbeTarget, Problem> {
    match (&request.device, &request.endpoint, request.unit_id) {
        (Some(name), None, None) => {
            let found = app.hub.commune.devices().find(|device| device.id.as_str() == name);
            let unknown = || {
                Problem::invalid(
                    "device",
                    local!("có \"{name}\", không phải thiết bị nào", "found \"{name}\", which is no device"),
                )
            };
            found.map(|device| ProbeTarget::Device(device.id.clone())).ok_or_else(unknown)
        }
        (None, Some(endpoint), Some(unit_id)) => {
            Ok(ProbeTarget::Address { endpoint: endpoint.clone(), unit_id })
        }
        _ => Err(Problem::invalid(
            "device",
            local!(
                "được phép: hoặc device, hoặc cả endpoint và unit_id",
                "allowed: either device, or both endpoint and unit_id"
            ),
        )),
    }
}

/// Waits for the one place of those who read live, which keeps the field's lines calm.
async fn turn(app: &App) -> Result<SemaphorePermit<'_>, Problem> {
    let busy = || {
        Problem::unavailable(local!(
            "Người khác đang đọc thiết bị trực tiếp; hãy thử lại sau giây lát.",
            "Somebody else is reading devices live; try again in a moment."
        ))
    };
    match timeout(TURN, app.probes.acquire()).await {
        Ok(Ok(turn)) => Ok(turn),
        _ => Err(busy()),
    }
}

/// Writes a point of a device, reads it back, and answers when that was proved. Only where the configuration says
/// `write = true`.
#[utoipa::path(
    post, path = "/points/{site}/{device}/{point}/write", tag = "field",
    params(
        ("site" = String, Path, description = "The site."),
        ("device" = String, Path, description = "The device."),
        ("point" = String, Path, description = "The point."),
    ),
    request_body = wire::WriteRequest,
    responses(
        (status = 200, body = wire::Write),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_point_write(
    State(app): State<SharedApp>,
    Integrator(caller): Integrator,
    Path(path): Path<(String, String, String)>,
    JsonBody(request): JsonBody<wire::WriteRequest>,
) -> Result<Json<wire::Write>, Problem> {
    let point = find(&app, &path)?;
    let value = request.value;
    let raw = raw_of(point, value)?;
    let id = point.id.clone();
    let (at, by) = (app.now(), caller.name);
    // Noted first: whatever happens then, it is known that somebody asked for it.
    let noted = DeviceWrite { id: 0, at, by, point: id.to_string(), value, outcome: None };
    let mut write = accounts(&app, move |accounts| accounts.add_write(noted)).await?;
    let done = app.hub.field.write(&id, raw).await;
    let outcome = match &done {
        Ok(()) => local!("đã ghi", "done"),
        Err(WriteRefused::NotAllowed(why) | WriteRefused::Failed(why)) => why.clone(),
    };
    tracing::warn!(point = %id, value, by = write.by, outcome = outcome.en, "a person wrote to a device");
    write.outcome = Some(outcome.clone());
    let number = write.id;
    accounts(&app, move |accounts| accounts.end_write(number, &outcome)).await?;
    match done {
        Ok(()) => Ok(Json(wire::Write::of(&write, &app.zone))),
        Err(WriteRefused::NotAllowed(why)) => Err(Problem::conflict(why)),
        Err(WriteRefused::Failed(why)) => Err(Problem::unavailable(why)),
    }
}

/// What was written to a point and by whom, the newest first, at most 100.
#[utoipa::path(
    get, path = "/points/{site}/{device}/{point}/write", tag = "field",
    params(
        ("site" = String, Path, description = "The site."),
        ("device" = String, Path, description = "The device."),
        ("point" = String, Path, description = "The point."),
    ),
    responses(
        (status = 200, body = Vec<wire::Write>),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_point_writes(
    State(app): State<SharedApp>,
    _: Integrator,
    Path(path): Path<(String, String, String)>,
    params: Params,
) -> Result<Json<Vec<wire::Write>>, Problem> {
    params.only(&[], &[])?;
    let id: PointId = find(&app, &path)?.id.clone();
    let writes = accounts(&app, move |accounts| accounts.writes(id.as_str(), MOST_WRITES)).await?;
    Ok(Json(writes.iter().map(|write| wire::Write::of(write, &app.zone)).collect()))
}

fn find<'a>(app: &'a App, (site, device, point): &(String, String, String)) -> Result<&'a Point, Problem> {
    let id = format!("{site}/{device}/{point}");
    let found = app.hub.commune.points().find(|point| point.id.as_str() == id);
    found.ok_or_else(|| Problem::not_found("point", app.no_point(&id)))
}

/// The device's own number for a value: the opposite of scale and offset, without what is left of dividing in binary.
fn raw_of(point: &Point, value: f64) -> Result<f64, Problem> {
    if !value.is_finite() || point.checks.range.is_some_and(|range| !range.contains(value)) {
        return Err(Problem::invalid(
            "value",
            local!(
                "có {value}, nằm ngoài dải của điểm đo",
                "found {value}, which is outside of the point's range"
            ),
        ));
    }
    let raw = (value - point.scaling.offset.to_f64()) / point.scaling.scale.to_f64();
    let whole = raw.round();
    Ok(if point.scaling.apply(whole) == value { whole } else { raw })
}
