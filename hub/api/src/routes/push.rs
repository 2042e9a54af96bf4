//! Readings in other formats than our own: line protocol, SenML, NetJSON. Good lines are taken where others are wrong, and the
//! answer comes after the commit.
//!
//! Formats are the [`crate::PushReader`]'s, which the server hands in. Read next: `crate::push`.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::app::SharedApp;
use crate::auth::{Role, Staff};
use crate::hub::Request;
use crate::problem::{FieldError, Problem};
use crate::push::{PushError, PushFormat, Pushed, RefusalKind, TimeUnit, influx};
use crate::query::Params;
use crate::wire;
use hub_model::{LocalText, local};

/// Takes Influx line protocol in, as InfluxDB 2 does: `org` and `bucket` are taken and mean nothing here.
///
/// A line with the tag `point=site/device/point` and the field `value` is that point's; any other line is of the devices whose
/// `match` it fulfils. Wrong lines are refused by number and the others written. The body may be gzip. A token of role
/// integrator may write any point, one of role staff those of devices that push.
#[utoipa::path(
    post, path = "/api/v2/write", tag = "readings",
    params(
        ("precision" = Option<String>, Query, description = "Unit of the lines' times: ns (the default), us, ms or s."),
        ("org" = Option<String>, Query, description = "Ignored."),
        ("orgID" = Option<String>, Query, description = "Ignored."),
        ("bucket" = Option<String>, Query, description = "Ignored."),
    ),
    request_body(content = String, content_type = "text/plain"),
    responses(
        (status = 204, description = "All of it is committed."),
        (status = "default", body = wire::InfluxError),
    ),
)]
pub(crate) async fn post_write(
    State(app): State<SharedApp>,
    Staff(caller): Staff,
    params: Params,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let params = params.only(&["precision", "org", "orgID", "bucket"], &[])?;
    let format = PushFormat::Line(precision(&params)?);
    let pushed = take(&app, format, caller.role, &headers, body).await?;
    if pushed.refused_count > 0 {
        return Ok(influx::partial(&pushed));
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn precision(params: &Params) -> Result<TimeUnit, Problem> {
    let word = params.word("precision", &TimeUnit::WORDS.map(|(word, _)| word))?;
    Ok(TimeUnit::WORDS
        .into_iter()
        .find(|(known, _)| Some(*known) == word)
        .map_or(TimeUnit::Ns, |(_, unit)| unit))
}

/// Takes a SenML pack in (RFC 8428), JSON or CBOR by its Content-Type.
///
/// A record feeds the points of the devices whose `match` names the measurement `senml` and, if any, the tag `bn`; a whole name
/// that is a point's id feeds that point.
#[utoipa::path(
    post, path = "/push/senml", tag = "readings",
    request_body(content(
        (Vec<wire::SenmlRecord> = "application/senml+json"),
        (Vec<wire::SenmlRecord> = "application/json"),
        (Vec<u8> = "application/senml+cbor"),
    )),
    responses(
        (status = 204, description = "All of it is committed."),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_senml(
    State(app): State<SharedApp>,
    Staff(caller): Staff,
    params: Params,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    params.only(&[], &[])?;
    let format = match content_type(&headers).as_str() {
        "application/senml+json" | "application/json" => PushFormat::SenmlJson,
        "application/senml+cbor" => PushFormat::SenmlCbor,
        _ => return Err(Problem::not_senml()),
    };
    all_or_problem(&take(&app, format, caller.role, &headers, body).await?)
}

/// Takes a NetJSON DeviceMonitoring document in: of `device`, or of the devices whose `match` names the measurement `netjson`
/// and, if any, the tag `hostname`. Lists of people's devices become their length; MAC addresses are dropped.
#[utoipa::path(
    post, path = "/push/netjson", tag = "readings",
    params(("device" = Option<String>, Query, description = "Full id of a device that pushes: site/device.")),
    request_body(content = Object, content_type = "application/json"),
    responses(
        (status = 204, description = "All of it is committed."),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_netjson(
    State(app): State<SharedApp>,
    Staff(caller): Staff,
    params: Params,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    let params = params.only(&["device"], &[])?;
    if content_type(&headers) != "application/json" {
        return Err(Problem::not_json());
    }
    let format = PushFormat::NetJson { device: params.one("device").map(str::to_owned) };
    all_or_problem(&take(&app, format, caller.role, &headers, body).await?)
}

fn content_type(headers: &HeaderMap) -> String {
    let text = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Receives, reads and commits.
async fn take(
    app: &SharedApp,
    format: PushFormat,
    role: Role,
    headers: &HeaderMap,
    body: Body,
) -> Result<Pushed, Problem> {
    let received = app.push_room.receive(headers, body).await?;
    let place = app.push_room.reading.clone().acquire_owned().await.map_err(|_| Problem::internal())?;
    let (reader, received_at) = (app.hub.push.clone(), app.now());
    let read = tokio::task::spawn_blocking(move || {
        let _place = place;
        let body = received.unpack()?;
        reader.read(&body, &format, role >= Role::Integrator, received_at).map_err(|error| match error {
            PushError::TooLarge(detail) => Problem::too_large(refused(&detail)),
            PushError::Unreadable(detail) => Problem::invalid("body", refused(&detail)),
        })
    });
    let mut pushed = read.await.map_err(|_| Problem::internal())??;
    let observations = std::mem::take(&mut pushed.observations);
    let count = observations.len();
    if count > 0 {
        app.ask(|committed| Request::Deliver { observations, committed }).await?;
    }
    Ok(Pushed { written: count, ..pushed })
}

fn all_or_problem(pushed: &Pushed) -> Result<StatusCode, Problem> {
    if pushed.refused_count == 0 {
        return Ok(StatusCode::NO_CONTENT);
    }
    if pushed.written == 0 && pushed.refused.iter().all(|refusal| refusal.kind == RefusalKind::Forbidden) {
        return Err(Problem::role_too_low(Role::Integrator, Role::Staff));
    }
    let told = pushed
        .refused
        .iter()
        .map(|refusal| FieldError::new(format!("record[{}]", refusal.number - 1), refused(&refusal.problem)));
    Err(Problem::partly_refused(pushed.written, pushed.refused_count, told.collect()))
}

/// What the formats' readers say keeps its own words: those who write such bodies know them from InfluxDB and from SenML.
fn refused(why: &str) -> LocalText {
    local!("không nhận được ({why})", "{why}")
}
