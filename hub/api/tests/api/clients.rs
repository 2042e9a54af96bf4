//! Clients of the API: build a request, send it to the router, look at the answer.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use hub_api::auth::Role;
use serde_json::Value;
use tower::ServiceExt;

use crate::world::{World, token_of};

/// An answer that was read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(&name).map_or("", |value| value.to_str().unwrap())
    }

    /// The session's cookie that was set, as it is sent back.
    pub fn cookie(&self) -> String {
        self.header(header::SET_COOKIE).split(';').next().unwrap().to_owned()
    }

    /// Checks that it is a problem of this status that says all of these.
    pub fn assert_problem(&self, status: u16, says: &[&str]) {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header(header::CONTENT_TYPE), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        for field in ["type", "title", "detail"] {
            assert!(!problem[field].as_str().unwrap().is_empty(), "{field} in {problem}");
        }
        for text in says {
            assert!(self.text.contains(text), "{text} in {}", self.text);
        }
    }
}

/// A request that is being built.
#[derive(Clone)]
pub struct Call {
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Call {
    pub fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), headers: vec![], body: vec![] }
    }

    pub fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    pub fn post(path: impl Into<String>, body: &Value) -> Self {
        Self::new("POST", path).header("content-type", "application/json").body(body.to_string())
    }

    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// With the API token of a role.
    pub fn by(self, role: Role) -> Self {
        self.header("authorization", format!("Bearer {}", token_of(role)))
    }

    pub async fn start(self, router: &Router) -> axum::response::Response {
        let mut request = Request::builder().method(self.method).uri(self.path).header("host", "hub.example");
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        router.clone().oneshot(request.body(Body::from(self.body)).unwrap()).await.unwrap()
    }

    pub async fn send(self, world: &World) -> Answer {
        let response = self.start(&world.router).await;
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 64 << 20).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status, headers: parts.headers, text }
    }
}

/// A GET by a viewer, which must succeed.
pub async fn look(world: &World, path: &str) -> Value {
    let answer = Call::get(path).by(Role::Viewer).send(world).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.json()
}
