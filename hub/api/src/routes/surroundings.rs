//! What the map is drawn on, and sites' photographs.

use std::io::Read;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::app::SharedApp;
use crate::auth::Viewer;
use crate::problem::Problem;
use crate::query::Params;
use crate::wire;
use hub_model::local;

/// A larger photograph is not handed out: it has grown since the configuration was checked.
pub const MAX_PHOTO_BYTES: u64 = 4 * 1024 * 1024;
/// Browsers keep a photograph for so long.
const KEPT: HeaderValue = HeaderValue::from_static("private, max-age=3600");

/// The commune's outline, and where the map's tiles come from.
#[utoipa::path(
    get, path = "/map", tag = "sites",
    responses(
        (status = 200, body = wire::Map),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_map(
    State(app): State<SharedApp>,
    _: Viewer,
    params: Params,
) -> Result<Json<wire::Map>, Problem> {
    params.only(&[], &[])?;
    Ok(Json(wire::Map::from(&*app.hub.surroundings)))
}

/// A photograph of a site.
#[utoipa::path(
    get, path = "/sites/{site}/photos/{number}", tag = "sites",
    params(
        ("site" = String, Path, description = "The site's id."),
        ("number" = u32, Path, description = "Which one, counted from 1."),
    ),
    responses(
        (status = 200, body = Vec<u8>, content_type = "image/jpeg", description = "JPEG, PNG or WebP."),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_photo(
    State(app): State<SharedApp>,
    _: Viewer,
    Path((site, number)): Path<(String, String)>,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&[], &[])?;
    let site = app.site("site", &site)?;
    let photos = app.hub.surroundings.sites.get(&site.id).map_or(&[][..], |about| &about.photos);
    let wanted = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let none = || {
        let count = photos.len();
        Problem::not_found(
            "number",
            local!("địa điểm này có {count} ảnh", "the site has {count} photographs"),
        )
    };
    let photo = wanted.and_then(|wanted| photos.get(wanted)).ok_or_else(none)?.clone();
    let path = photo.path.clone();
    let read = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        let read = std::fs::File::open(path)?.take(MAX_PHOTO_BYTES + 1).read_to_end(&mut bytes);
        read.map(|_| bytes)
    });
    match read.await.map_err(|_| Problem::internal())? {
        Ok(bytes) if bytes.len() as u64 <= MAX_PHOTO_BYTES => {
            let kind = HeaderValue::from_static(photo.media_type);
            Ok(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, KEPT)], bytes).into_response())
        }
        Ok(_) => Err(Problem::not_found(
            "number",
            local!("ảnh lớn hơn 4 MiB", "the photograph is larger than 4 MiB"),
        )),
        Err(error) => {
            tracing::warn!(%error, path = %photo.path.display(), "a photograph cannot be read");
            Err(Problem::not_found(
                "number",
                local!("hiện không đọc được ảnh", "the photograph cannot be read at the moment"),
            ))
        }
    }
}
