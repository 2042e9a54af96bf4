//! What stands around every route: security headers, problems for plain errors and panics, time and size limits, gzip.
//!
//! Knows no route and no account. Who may call what is in [`crate::auth`].

use std::any::Any;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

use crate::problem::{PROBLEM_JSON, Problem};

/// Largest body that is taken, in bytes; a larger one is answered 413.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;
/// Longest time that a request may take to arrive and to be answered; streams only begin within it.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// Answers smaller than this are not compressed.
const MIN_GZIP_BYTES: u64 = 512;

/// What a browser may load and do on the dashboard's pages: nothing inline, and nothing from elsewhere but pictures of the
/// map from the origin that is configured for them.
pub fn content_policy(tiles: Option<&str>) -> HeaderValue {
    let policy = |tiles: &str| {
        format!(
            "default-src 'self'; img-src 'self' data:{tiles}; object-src 'none'; \
             base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        )
    };
    let open = tiles.and_then(|origin| HeaderValue::try_from(policy(&format!(" {origin}"))).ok());
    // An origin that fits in no header opens nothing.
    open.or_else(|| HeaderValue::try_from(policy("")).ok())
        .unwrap_or_else(|| HeaderValue::from_static("default-src 'none'"))
}

/// Puts the guards around all routes, the outermost last. `unbounded` ones bound their bodies themselves.
pub fn around(routes: Router, unbounded: Router, policy: HeaderValue) -> Router {
    let compressible = SizeAbove::new(MIN_GZIP_BYTES)
        .and(NotForContentType::SSE)
        .and(NotForContentType::IMAGES)
        .and(NotForContentType::const_new("font/"));
    routes
        .layer(RequestBodyLimitLayer::new(MAX_BODY_BYTES))
        .merge(unbounded)
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, REQUEST_TIMEOUT))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(errors_as_problems))
        .layer(CompressionLayer::new().compress_when(compressible))
        .layer(from_fn_with_state(policy, finish))
}

fn panicked(cause: Box<dyn Any + Send>) -> Response<Body> {
    let text = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("without a message");
    tracing::error!(cause = text, "a request made the hub panic");
    Problem::internal().into_response()
}

/// Errors that inner layers answer in plain text become problems; what they say in headers (Allow, Retry-After) stays.
async fn errors_as_problems(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let content_type = response.headers().get(header::CONTENT_TYPE);
    if !is_error || content_type.is_some_and(|kind| kind == PROBLEM_JSON || kind == "application/json") {
        return response;
    }
    let mut problem = Problem::of_status(status).into_response();
    for name in [header::ALLOW, header::RETRY_AFTER] {
        if let Some(value) = response.headers().get(&name) {
            problem.headers_mut().insert(name, value.clone());
        }
    }
    problem
}

/// Adds the headers that every answer has, and logs the request without its parameters (they may hold secrets).
async fn finish(State(policy): State<HeaderValue>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    tracing::debug!(%method, path, status = response.status().as_u16(), "request answered");
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers
        .insert("permissions-policy", HeaderValue::from_static("camera=(), microphone=(), geolocation=()"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::{get, post};
    use tower::ServiceExt;

    async fn answer(request: Request) -> Response {
        async fn broken() {
            panic!("the secret of the panic");
        }
        let routes = Router::new()
            .route("/broken", get(broken))
            .route("/take", post(|body: String| async move { body }))
            .route(
                "/events",
                get(|| async { ([(header::CONTENT_TYPE, "text/event-stream")], "x".repeat(5000)) }),
            )
            .route("/text", get(|| async { "x".repeat(5000) }));
        around(routes, Router::new(), content_policy(Some("https://tiles.example.vn")))
            .oneshot(request)
            .await
            .unwrap()
    }

    fn request(method: &str, path: &str, body: String) -> Request {
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::ACCEPT_ENCODING, "gzip")
            .body(Body::from(body))
            .unwrap()
    }

    async fn text(response: Response) -> String {
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    #[tokio::test]
    async fn plain_errors_become_problems() {
        for (method, path, body, status) in [
            ("GET", "/nowhere", String::new(), 404),
            ("DELETE", "/take", String::new(), 405),
            ("POST", "/take", "x".repeat(MAX_BODY_BYTES + 1), 413),
            ("GET", "/broken", String::new(), 500),
        ] {
            let response = answer(request(method, path, body)).await;
            assert_eq!(response.status(), status, "{path}");
            assert_eq!(response.headers()[header::CONTENT_TYPE], PROBLEM_JSON, "{path}");
            assert_eq!(response.headers().contains_key(header::ALLOW), status == 405, "{path}");
            let body = text(response).await;
            assert!(body.contains(&format!("\"status\":{status}")), "{body}");
            assert!(!body.contains("secret"), "{body}");
        }
    }

    #[tokio::test]
    async fn every_answer_has_the_security_headers() {
        for path in ["/text", "/nowhere", "/broken"] {
            let response = answer(request("GET", path, String::new())).await;
            let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"));
            assert!(policy.contains("img-src 'self' data: https://tiles.example.vn;"), "{policy}");
            assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
            assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        }
    }

    #[tokio::test]
    async fn texts_are_compressed_and_events_are_not() {
        let response = answer(request("GET", "/text", String::new())).await;
        assert_eq!(response.headers()[header::CONTENT_ENCODING], "gzip");
        let response = answer(request("GET", "/events", String::new())).await;
        assert!(!response.headers().contains_key(header::CONTENT_ENCODING));
    }
}
