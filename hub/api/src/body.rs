//! JSON bodies that are sent in. Whatever is wrong with one becomes a problem that says where.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use serde::de::DeserializeOwned;

use crate::problem::Problem;
use crate::query::Params;
use hub_model::local;

/// A body of JSON. An empty body reads as `{}`, so that a call without fields needs none.
pub struct JsonBody<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        // No call with a body has parameters; one that is not understood is said, never ignored.
        let Ok(params) = Params::from_request_parts(&mut parts, state).await;
        params.only(&[], &[])?;
        if is_encoded(&parts.headers) {
            return Err(Problem::encoded());
        }
        let request = Request::from_parts(parts, body);
        let says_json = is_json(request.headers());
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| Problem::of_status(rejection.into_response().status()))?;
        if bytes.is_empty() {
            return parse(b"{}").map(Self);
        }
        if !says_json {
            return Err(Problem::not_json());
        }
        parse(&bytes).map(Self)
    }
}

/// Whether the request says that its body is JSON. A page of another site cannot say so without being asked first.
pub fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|text| {
        text.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
    })
}

/// Whether the body is compressed, which no call takes.
fn is_encoded(headers: &HeaderMap) -> bool {
    headers.get_all(header::CONTENT_ENCODING).iter().any(|coding| coding != "identity")
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes)
        .map_err(|error| Problem::invalid("body", local!("không đọc được nội dung ({error})", "{error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_is_json() {
        for (content_type, expected) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("text/plain", false),
            ("application/x-www-form-urlencoded", false),
            ("text/plain; application/json", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, content_type.parse().unwrap());
            assert_eq!(is_json(&headers), expected, "{content_type}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }

    #[test]
    fn a_wrong_body_is_told_with_its_place() {
        let problem = parse::<crate::wire::CommentRequest>(br#"{"comment": 5}"#).unwrap_err();
        assert!(format!("{problem:?}").contains("line 1 column"), "{problem:?}");
        assert!(parse::<crate::wire::CommentRequest>(br#"{"comment": "a", "extra": 1}"#).is_err());
    }
}
