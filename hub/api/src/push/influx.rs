//! Answers as InfluxDB 2 gives them, for clients that write line protocol: `{"code", "message"}` instead of a problem.

use axum::Json;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::{Pushed, RefusalKind};
use crate::problem::Problem;
use crate::wire;

/// Turns problems into InfluxDB's errors; what they say in headers (Retry-After, WWW-Authenticate) stays.
pub(crate) async fn errors_as_influx(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let Some(problem) = response.extensions().get::<Problem>() else { return response };
    let error = error(problem.status(), problem.detail().to_owned());
    let mut answer = (problem.status(), Json(error)).into_response();
    for name in [header::RETRY_AFTER, header::WWW_AUTHENTICATE, header::ALLOW] {
        if let Some(value) = response.headers().get(&name) {
            answer.headers_mut().insert(name, value.clone());
        }
    }
    answer
}

/// The answer to a body of which something was refused; the rest of it is committed.
pub(crate) fn partial(pushed: &Pushed) -> Response {
    let told: Vec<String> = pushed
        .refused
        .iter()
        .map(|refusal| format!("line {}: {}", refusal.number, refusal.problem))
        .collect();
    let more = pushed.refused_count - pushed.refused.len();
    let more = if more == 0 { String::new() } else { format!("; and {more} more lines") };
    let reasons = format!("{}{more}", told.join("; "));
    let (count, dropped) = (pushed.written, pushed.refused_count);
    let message = format!(
        "partial write: {count} readings were written, lines were refused: {reasons} dropped={dropped}"
    );
    let status = status(pushed);
    let line = pushed.refused.first().map(|refusal| refusal.number);
    let error = wire::InfluxError { op: Some("write"), err: Some(reasons), line, ..error(status, message) };
    (status, Json(error)).into_response()
}

/// 400 where a line cannot be read, 422 where all can be read and some not be kept, 403 where nothing is the caller's to write.
fn status(pushed: &Pushed) -> StatusCode {
    let has = |kind| pushed.refused.iter().any(|refusal| refusal.kind == kind);
    if has(RefusalKind::Malformed) {
        StatusCode::BAD_REQUEST
    } else if has(RefusalKind::Conflict) || pushed.written > 0 {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::FORBIDDEN
    }
}

fn error(status: StatusCode, message: String) -> wire::InfluxError {
    let code = match status {
        StatusCode::BAD_REQUEST => "invalid",
        StatusCode::UNAUTHORIZED => "unauthorized",
        StatusCode::FORBIDDEN => "forbidden",
        StatusCode::NOT_FOUND => "not found",
        StatusCode::METHOD_NOT_ALLOWED => "method not allowed",
        StatusCode::PAYLOAD_TOO_LARGE => "request too large",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "unsupported media type",
        StatusCode::UNPROCESSABLE_ENTITY => "unprocessable entity",
        StatusCode::TOO_MANY_REQUESTS => "too many requests",
        StatusCode::SERVICE_UNAVAILABLE => "unavailable",
        _ => "internal error",
    };
    wire::InfluxError { code, message, op: None, err: None, line: None }
}
