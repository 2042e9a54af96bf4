//! A rule on stored history: what it would have raised. The answer is one document, or a stream with its progress.
//!
//! Whoever hangs up breaks it off. Never touches the living alarms. Read next: [`crate::backtest`].

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use hub_model::{LocalText, local};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::app::{App, SharedApp};
use crate::auth::Viewer;
use crate::backtest::{BacktestAsked, BacktestRefused, Backtested};
use crate::body::JsonBody;
use crate::nearest::nothing_has;
use crate::problem::{Problem, at_line};
use crate::wire;

/// Steps of the progress that may wait for a slow reader; more are left out.
const PROGRESS: usize = 16;

type Done = Result<Backtested, BacktestRefused>;

/// Takes a rule, or another text for it, through stored readings: what it would have raised and cleared, and when.
///
/// With `Accept: text/event-stream` events `progress` (the share that is done, 0 to 1) come before the one `result`
/// (Backtest) or `problem` (Problem). At most one runs at a time.
#[utoipa::path(
    post, path = "/rules/{rule}/backtest", tag = "rules",
    params(("rule" = String, Path, description = "The rule's id.")),
    request_body = wire::BacktestRequest,
    responses(
        (status = 200, body = wire::Backtest),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_backtest(
    State(app): State<SharedApp>,
    _: Viewer,
    Path(rule): Path<String>,
    headers: HeaderMap,
    JsonBody(request): JsonBody<wire::BacktestRequest>,
) -> Result<Response, Problem> {
    let read =
        |at: &'static str, moment: wire::Moment| moment.read().map_err(|detail| Problem::invalid(at, detail));
    let (from, to) = (read("from", request.from)?, read("to", request.to)?);
    let asked = BacktestAsked { rule, from, to, source: request.source };
    let busy = || {
        Problem::unavailable(local!(
            "Đang thử một quy tắc khác trên dữ liệu cũ; hãy thử lại khi xong.",
            "Another back-test is running; ask again when it is done."
        ))
    };
    let permit = app.backtests.clone().try_acquire_owned().map_err(|_| busy())?;
    let wants_events = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/event-stream"));
    let broken_off = BreakOff::default();
    let (told, progress) = mpsc::channel(PROGRESS);
    let (runner, stop, question) = (app.hub.backtest.clone(), broken_off.0.clone(), asked.clone());
    let running = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        runner(&question, &mut |share| {
            // A reader that is too slow misses a step of the progress, no more.
            let _ = told.try_send(share);
            if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
    });
    if !wants_events {
        let done = running.await.map_err(|_| Problem::internal())?;
        drop(broken_off);
        return answer(&app, &asked, done).map(|found| Json(found).into_response());
    }
    let steps = ReceiverStream::new(progress).map(|share: f64| event("progress", &format!("{share:.3}")));
    let last = async move {
        // Held until the end: when the stream is dropped before, the run is broken off.
        let _broken_off = broken_off;
        let done = running.await.map_err(|_| Problem::internal());
        match done.and_then(|done| answer(&app, &asked, done)) {
            Ok(found) => event("result", &serde_json::to_string(&found).unwrap_or_default()),
            Err(problem) => event("problem", &problem.json()),
        }
    };
    let events = steps.chain(futures_util::stream::once(last)).map(Ok::<_, Infallible>);
    let head = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    Ok((head, Body::from_stream(events)).into_response())
}

/// Tells a run that nobody waits for it any more, when it is dropped.
#[derive(Default)]
struct BreakOff(Arc<AtomicBool>);

impl Drop for BreakOff {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn answer(app: &App, asked: &BacktestAsked, done: Done) -> Result<wire::Backtest, Problem> {
    done.map(|found| wire::Backtest::of(&found, &app.zone)).map_err(|refused| match refused {
        BacktestRefused::UnknownRule => {
            let rules = app.hub.rules.borrow();
            let ids = rules.iter().map(|rule| &*rule.id);
            Problem::not_found("rule", nothing_has(&local!("quy tắc", "rule"), &asked.rule, ids))
        }
        BacktestRefused::Rule(fault) => Problem::invalid("source", at_line(fault.line, &fault.message)),
        BacktestRefused::Span { longest } => {
            let (days, en) = (longest.as_secs() / 86_400, refused.to_string());
            let vi = format!("khoảng thời gian phải kết thúc sau khi bắt đầu và dài tối đa {days} ngày");
            Problem::invalid("to", LocalText { vi, en })
        }
        BacktestRefused::BrokenOff => {
            Problem::unavailable(local!("Đã bị ngắt giữa chừng.", "It was broken off."))
        }
        BacktestRefused::Unreadable => Problem::internal(),
    })
}

fn event(name: &str, data: &str) -> Bytes {
    format!("event: {name}\ndata: {data}\n\n").into()
}
