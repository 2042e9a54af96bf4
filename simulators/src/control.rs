//! The hand on a running simulation: a small page and its calls, for making faults and mending them. Loopback only.

use std::net::SocketAddr;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{delete, get};
use axum::{Json, Router};
use hub_model::duration;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::fault::{FaultControl, FaultId, FaultKeys, FaultKind};

/// The page; it asks for the faults and shows them.
const PAGE: &str = include_str!("control.html");

/// Serves the page and its calls until `stop`.
pub(crate) async fn serve(listener: TcpListener, control: FaultControl, stop: CancellationToken) {
    let router = Router::new()
        .route("/", get(|| async { Html(PAGE) }))
        .route("/devices", get(devices))
        .route("/faults", get(list).post(inject).delete(mend_all))
        .route("/faults/{id}", delete(mend))
        .with_state(control);
    let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
    if let Err(error) = served.await {
        tracing::warn!(%error, "the control page has ended");
    }
}

/// Whether a page may listen there.
pub(crate) fn is_allowed(address: SocketAddr) -> bool {
    address.ip().is_loopback()
}

/// What a fault is asked for with: as `[[fault]]` in a scenario, but from now on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    target: String,
    kind: String,
    #[serde(rename = "for")]
    lasts: Option<String>,
    code: Option<u8>,
    value: Option<f64>,
    ramp: Option<String>,
    delay: Option<String>,
}

async fn devices(State(control): State<FaultControl>) -> Json<Value> {
    let devices: Vec<_> = control
        .devices()
        .map(|device| {
            let points: Vec<_> = device.points.iter().map(|point| point.id.as_str()).collect();
            json!({"id": device.id.as_str(), "points": points})
        })
        .collect();
    Json(json!({"devices": devices, "kinds": FaultKind::WORDS}))
}

async fn list(State(control): State<FaultControl>) -> Json<Value> {
    let faults: Vec<_> = control
        .standing()
        .into_iter()
        .map(|(id, target, kind)| json!({"id": id.number(), "target": target.as_str(), "kind": kind.word()}))
        .collect();
    Json(json!(faults))
}

async fn inject(State(control): State<FaultControl>, Json(wanted): Json<Wanted>) -> Response {
    let keys = FaultKeys {
        kind: wanted.kind,
        code: wanted.code,
        value: wanted.value,
        ramp: wanted.ramp,
        delay: wanted.delay,
    };
    let lasts = wanted.lasts.as_deref().map(duration::parse).transpose();
    let injected = lasts
        .map_err(|error| format!("for: {error}"))
        .and_then(|lasts| keys.kind().map(|kind| (kind, lasts)))
        .and_then(|(kind, lasts)| {
            control.inject(&wanted.target, kind, lasts).map_err(|error| error.to_string())
        });
    match injected {
        Ok(id) => (StatusCode::CREATED, Json(json!({"id": id.number()}))).into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response(),
    }
}

async fn mend(State(control): State<FaultControl>, Path(id): Path<u64>) -> StatusCode {
    control.mend(FaultId::from(id));
    StatusCode::NO_CONTENT
}

async fn mend_all(State(control): State<FaultControl>) -> StatusCode {
    control.mend_all();
    StatusCode::NO_CONTENT
}
