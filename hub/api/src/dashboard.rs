//! The dashboard's files, built into the program: with an ETag each, hashed names cached for ever, pages asked for anew.
//!
//! Serves only what was embedded at build time, never the disk; `build.rs` has compressed it. Paths without an ending are the
//! app's own pages.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use crate::auth::cookie;

/// A file that was built into the program.
struct File {
    /// Its path below the address of the dashboard.
    name: &'static str,
    /// Of its content, in hexadecimal.
    digest: &'static str,
    plain: &'static [u8],
    /// Compressed with gzip, where that makes it smaller.
    packed: Option<&'static [u8]>,
}

/// Every file, as `build.rs` has found them.
const FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/dashboard.rs"));

/// The page that every address of the app begins with.
const INDEX: &str = "index.html";
/// Files under this folder carry a digest of their content in their name.
const HASHED: &str = "assets/";

/// The program itself, which the page names: its script and its style.
const PROGRAM: &str = "assets/index-";
/// The texts in English; the program brings the Vietnamese ones.
const ENGLISH: &str = "assets/english-";
/// Holds the language that was read last in this browser; the page itself writes it.
const LANG_COOKIE: &str = "commune_lang";

/// In the page, around what asks for the start; with the start itself in its place nothing needs to be asked.
const ASKED: (&str, &str) = ("<!-- start -->", "<!-- /start -->");

/// Whether the address is one of the app's own pages.
pub fn is_page(uri: &Uri) -> bool {
    let name = uri.path().trim_start_matches('/');
    let has_ending = name.rsplit('/').next().is_some_and(|last| last.contains('.'));
    !has_ending || name == INDEX
}

/// Answers with a file of the dashboard, or with its page for an address of the app.
pub fn serve(uri: &Uri, headers: &HeaderMap) -> Response {
    let name = if is_page(uri) { INDEX } else { uri.path().trim_start_matches('/') };
    let Some(file) = file(name) else { return StatusCode::NOT_FOUND.into_response() };
    let mut response = answer(file, headers);
    if name == INDEX {
        announce(headers, &mut response);
    }
    response
}

/// The page with its start, which is JSON. It is one person's, of one moment, so nobody keeps it. `None` where no dashboard
/// was built in.
pub fn page_with(start: &str, headers: &HeaderMap) -> Option<Response> {
    let page = with_start(std::str::from_utf8(file(INDEX)?.plain).ok()?, start)?;
    let own = [(header::CONTENT_TYPE, media_type(INDEX)), (header::CACHE_CONTROL, "no-store")];
    let mut response = (own, page).into_response();
    announce(headers, &mut response);
    Some(response)
}

/// Names in the head what the page will ask for, so that a slow phone asks while the page itself is still on its way; and who
/// reads in English gets its texts beside the program, not a round after it.
fn announce(headers: &HeaderMap, page: &mut Response) {
    let reads_english = cookie(headers, LANG_COOKIE) == Some("en");
    let wanted = |name: &str| name.starts_with(PROGRAM) || (reads_english && name.starts_with(ENGLISH));
    for File { name, .. } in FILES.iter().filter(|file| wanted(file.name)) {
        let how = if name.ends_with(".css") { "preload; as=style; crossorigin" } else { "modulepreload" };
        if let Ok(link) = HeaderValue::try_from(format!("</{name}>; rel={how}")) {
            page.headers_mut().append(header::LINK, link);
        }
    }
}

/// A template is neither shown nor run. In JSON both signs stand in strings alone, where they may be written as numbers.
fn with_start(page: &str, start: &str) -> Option<String> {
    let (before, rest) = page.split_once(ASKED.0)?;
    let (_, after) = rest.split_once(ASKED.1)?;
    let start = start.replace('&', "\\u0026").replace('<', "\\u003c");
    Some(format!("{before}<template id=\"start\">{start}</template>{after}"))
}

fn file(name: &str) -> Option<&'static File> {
    FILES.iter().find(|file| file.name == name)
}

fn answer(file: &File, headers: &HeaderMap) -> Response {
    let File { name, digest, .. } = file;
    // The answer may be compressed, so the tag is a weak one.
    let tag = format!("W/\"{digest}\"");
    let known = headers.get_all(header::IF_NONE_MATCH).iter().any(|value| {
        value.to_str().is_ok_and(|tags| tags.split(',').any(|other| matches(other.trim(), digest)))
    });
    let cache = if name.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let packed = file.packed.filter(|_| takes_gzip(headers));
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Response::new(Body::from(Bytes::from_static(packed.unwrap_or(file.plain))))
    };
    let answer_headers = response.headers_mut();
    answer_headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(value) = HeaderValue::from_str(&tag) {
        answer_headers.insert(header::ETAG, value);
    }
    answer_headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if !known {
        answer_headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
        if packed.is_some() {
            answer_headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
    }
    response
}

/// Whether the client has named gzip, and not as what it never wants.
fn takes_gzip(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok()).any(|value| {
        value.split(',').any(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            let is_gzip = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
            let never = parts.any(|part| {
                part.split_once('=').is_some_and(|(key, weight)| {
                    key.trim().eq_ignore_ascii_case("q") && weight.trim().parse() == Ok(0.0)
                })
            });
            is_gzip && !never
        })
    })
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
    use std::io::Read as _;

    use super::*;

    fn get(path: &str, known_tag: Option<&str>) -> Response {
        let mut headers = HeaderMap::new();
        if let Some(tag) = known_tag {
            headers.insert(header::IF_NONE_MATCH, tag.parse().unwrap());
        }
        serve(&path.parse().unwrap(), &headers)
    }

    #[test]
    fn the_apps_addresses_get_its_page() {
        for path in ["/", "/sites/tam-hop-water", "/index.html"] {
            let response = get(path, None);
            assert_eq!(response.status(), 200, "{path}");
            assert_eq!(response.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
            assert_eq!(response.headers()[header::CACHE_CONTROL], "no-cache");
        }
        for path in ["/missing.js", "/assets/missing.css", "/../Cargo.toml"] {
            assert_eq!(get(path, None).status(), 404, "{path}");
        }
    }

    #[test]
    fn the_head_names_what_the_page_asks_for() {
        let links = |cookie: &'static str, path: &str| -> Vec<String> {
            let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static(cookie))]);
            let response = serve(&path.parse().unwrap(), &headers);
            response
                .headers()
                .get_all(header::LINK)
                .iter()
                .map(|link| link.to_str().unwrap().to_owned())
                .collect()
        };
        let page = std::str::from_utf8(file(INDEX).unwrap().plain).unwrap();
        let is_built = FILES.iter().any(|file| file.name.starts_with(PROGRAM));
        let vietnamese = links("commune_lang=vi", "/login");
        assert_eq!(vietnamese.len(), if is_built { 2 } else { 0 }, "{vietnamese:?}");
        for link in &vietnamese {
            let name = link.split(['<', '>']).nth(1).unwrap();
            assert!(page.contains(&format!("\"{name}\"")), "the page does not ask for {name}");
        }
        let english = links("commune_lang=en", "/login");
        assert_eq!(english.iter().any(|link| link.contains(ENGLISH)), is_built, "{english:?}");
        assert_eq!(links("commune_lang=en", "/favicon.svg"), Vec::<String>::new());
    }

    #[tokio::test]
    async fn a_page_is_packed_only_for_who_takes_it() {
        let plain = axum::body::to_bytes(get("/", None).into_body(), usize::MAX).await.unwrap();
        for (accepted, is_packed) in
            [("gzip, deflate, br", true), ("br;q=1, GZIP;q=0.5", true), ("gzip;q=0", false), ("br", false)]
        {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, accepted.parse().unwrap())]);
            let response = serve(&"/".parse().unwrap(), &headers);
            assert_eq!(response.headers().contains_key(header::CONTENT_ENCODING), is_packed, "{accepted}");
            assert_eq!(response.headers()[header::VARY], "accept-encoding");
            let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
            let mut text = Vec::new();
            match is_packed {
                true => drop(flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut text).unwrap()),
                false => text.extend(&bytes),
            }
            assert_eq!(text, plain, "{accepted}");
        }
    }

    #[test]
    fn a_start_takes_the_place_of_what_asks_for_it_and_cannot_leave_it() {
        let page = "<body><!-- start --><link><!-- /start --><p>x</p></body>";
        let told = with_start(page, r#"{"name":"</template><script>&lt;"}"#);
        let start = r#"{"name":"\u003c/template>\u003cscript>\u0026lt;"}"#;
        assert_eq!(told, Some(format!("<body><template id=\"start\">{start}</template><p>x</p></body>")));
        assert_eq!(with_start("<body></body>", "{}"), None);
    }

    #[test]
    fn an_unchanged_page_is_not_sent_again() {
        let tag = get("/", None).headers()[header::ETAG].to_str().unwrap().to_owned();
        assert_eq!(get("/", Some(&tag)).status(), 304);
        assert_eq!(get("/", Some("\"other\"")).status(), 200);
    }
}
