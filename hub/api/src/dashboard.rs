//! The dashboard's files, built into the program: with an ETag each, hashed names cached for ever, pages asked for anew.
//!
//! Serves only what was embedded at build time, never the disk. Paths without an ending are the app's own pages.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "../../dashboards/dist"]
struct Files;

/// The page that every address of the app begins with.
const INDEX: &str = "index.html";
/// Files under this folder carry a digest of their content in their name.
const HASHED: &str = "assets/";

/// Answers with a file of the dashboard, or with its page for an address of the app.
pub async fn serve(uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    let name = if path.is_empty() { INDEX } else { path };
    if let Some(file) = Files::get(name) {
        return answer(name, file, &headers);
    }
    let has_ending = name.rsplit('/').next().is_some_and(|last| last.contains('.'));
    match Files::get(INDEX) {
        Some(page) if !has_ending => answer(INDEX, page, &headers),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn answer(name: &str, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    let digest: String = file.metadata.sha256_hash()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    // The answer may be compressed on its way, so the tag is a weak one.
    let tag = format!("W/\"{digest}\"");
    let known = headers.get_all(header::IF_NONE_MATCH).iter().any(|value| {
        value.to_str().is_ok_and(|tags| tags.split(',').any(|other| matches(other.trim(), &digest)))
    });
    let cache = if name.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Response::new(Body::from(file.data.into_owned()))
    };
    let answer_headers = response.headers_mut();
    answer_headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(value) = HeaderValue::from_str(&tag) {
        answer_headers.insert(header::ETAG, value);
    }
    if !known {
        answer_headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
    }
    response
}

fn matches(tag: &str, digest: &str) -> bool {
    tag == "*" || tag.trim_start_matches("W/").trim_matches('"') == digest
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn get(path: &str, known_tag: Option<&str>) -> Response {
        let mut headers = HeaderMap::new();
        if let Some(tag) = known_tag {
            headers.insert(header::IF_NONE_MATCH, tag.parse().unwrap());
        }
        serve(path.parse().unwrap(), headers).await
    }

    #[tokio::test]
    async fn the_apps_addresses_get_its_page() {
        for path in ["/", "/sites/tam-hop-water", "/index.html"] {
            let response = get(path, None).await;
            assert_eq!(response.status(), 200, "{path}");
            assert_eq!(response.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
            assert_eq!(response.headers()[header::CACHE_CONTROL], "no-cache");
        }
        for path in ["/missing.js", "/assets/missing.css", "/../Cargo.toml"] {
            assert_eq!(get(path, None).await.status(), 404, "{path}");
        }
    }

    #[tokio::test]
    async fn an_unchanged_page_is_not_sent_again() {
        let tag = get("/", None).await.headers()[header::ETAG].to_str().unwrap().to_owned();
        assert_eq!(get("/", Some(&tag)).await.status(), 304);
        assert_eq!(get("/", Some("\"other\"")).await.status(), 200);
    }
}
