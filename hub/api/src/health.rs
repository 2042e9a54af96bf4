//! Whether the hub lives and can do its work: `/health/live` and `/health/ready`.
//!
//! Needs no login and therefore says no secret: what is put into a part's detail is seen by everybody.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::app::SharedApp;
use crate::wire;

/// How the hub's parts fare.
#[derive(Debug, Clone, PartialEq)]
pub struct Health {
    /// The store: failed when it cannot commit.
    pub store: Part,
    /// Each adapter's connection or door.
    pub adapters: Vec<Part>,
    /// Whatever else must run: the pipeline, the configuration that could not be taken up.
    pub others: Vec<Part>,
}

/// One part of the hub.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Its name, such as `modbus tcp://127.0.0.1:5020`.
    pub name: String,
    /// How it fares.
    pub state: PartState,
    /// Why, in a sentence without secrets; empty when all is well.
    pub detail: String,
}

/// How a part of the hub fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartState {
    /// It works.
    Ok,
    /// It works, but something outside does not answer: a device is silent.
    Degraded,
    /// It does not work: the hub is not ready.
    Failed,
}

impl Part {
    /// A part that works.
    pub fn ok(name: impl Into<String>) -> Self {
        Self { name: name.into(), state: PartState::Ok, detail: String::new() }
    }

    /// A part that works while something outside does not.
    pub fn degraded(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { name: name.into(), state: PartState::Degraded, detail: detail.into() }
    }

    /// A part that does not work.
    pub fn failed(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { name: name.into(), state: PartState::Failed, detail: detail.into() }
    }
}

impl Health {
    /// Whether every part works.
    pub fn is_ready(&self) -> bool {
        let failed = |part: &Part| part.state == PartState::Failed;
        !(failed(&self.store) || self.adapters.iter().any(failed) || self.others.iter().any(failed))
    }
}

/// The process answers: that is all that this says.
pub async fn live() -> Json<wire::Liveness> {
    Json(wire::Liveness { status: "ok" })
}

/// Each part of the hub; 503 when one of them does not work. A rule's fault is told, the hub works without it.
pub async fn ready(State(app): State<SharedApp>) -> Response {
    let health = (app.hub.health)();
    let faults = app.hub.rules.borrow().iter().filter_map(wire::RuleHealth::of).collect();
    let status = if health.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(wire::Readiness::of(&health, faults))).into_response()
}
