//! Maintenance windows and notes: listed, made, changed, removed. Both are the same to the API but for what follows.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use hub_model::{LocalText, Scope, Timestamp, local};
use hub_store::records::{Entry, EntryFilter, EntryKind, Job, NewEntry};
use serde_json::json;

use super::calibrations::{no_version, version_of};
use crate::app::{App, SharedApp};
use crate::auth::{Officer, Viewer};
use crate::body::JsonBody;
use crate::nearest::nothing_has;
use crate::problem::Problem;
use crate::query::{Params, from_not_before_to};
use crate::records::{MAX_TEXT_CHARS, number, text};
use crate::wire;

/// Most entries in one answer, the newest.
const MAX_ENTRIES: usize = 1_000;
/// The longest window: whoever works longer enters another one. A forgotten one would silence alarms for ever.
const LONGEST_WINDOW: Duration = Duration::from_secs(31 * 24 * 3600);

macro_rules! entry_routes {
    ($kind:expr, $tag:literal, $all:literal, $one:literal, $list:ident, $make:ident, $change:ident, $remove:ident, $what:literal) => {
                #[utoipa::path(
            summary = concat!($what, " that touch `[from, to)`, the newest first, at most 1,000."),
            get, path = $all, tag = $tag,
            params(
                ("site" = Option<String>, Query, description = "Only what concerns this site."),
                ("point" = Option<String>, Query, description = "Only what concerns this point: its own, its device's and its site's."),
                ("from" = Option<String>, Query, description = "RFC 3339 or epoch ms."),
                ("to" = Option<String>, Query, description = "RFC 3339 or epoch ms; not included."),
            ),
            responses(
                (status = 200, body = Vec<wire::Entry>),
                (status = "default", body = wire::Problem, content_type = "application/problem+json"),
            ),
        )]
        pub(crate) async fn $list(
            State(app): State<SharedApp>,
            _: Viewer,
            params: Params,
        ) -> Result<Json<Vec<wire::Entry>>, Problem> {
            list(&app, $kind, params).await
        }

                #[utoipa::path(
            summary = concat!("Makes one of the ", $tag, " entries."),
            post, path = $all, tag = $tag, request_body = wire::EntryRequest,
            responses(
                (status = 200, body = wire::EntryChange),
                (status = "default", body = wire::Problem, content_type = "application/problem+json"),
            ),
        )]
        pub(crate) async fn $make(
            State(app): State<SharedApp>,
            Officer(caller): Officer,
            JsonBody(request): JsonBody<wire::EntryRequest>,
        ) -> Result<Json<wire::EntryChange>, Problem> {
            make(&app, $kind, &caller.name, request).await
        }

                #[utoipa::path(
            summary = concat!("Changes one of the ", $tag, " entries. Somebody else's change since the `version` that was read is told with 409."),
            put, path = $one, tag = $tag, request_body = wire::EntryRequest,
            params(("id" = u64, Path, description = "Its number.")),
            responses(
                (status = 200, body = wire::EntryChange),
                (status = "default", body = wire::Problem, content_type = "application/problem+json"),
            ),
        )]
        pub(crate) async fn $change(
            State(app): State<SharedApp>,
            Officer(caller): Officer,
            Path(id): Path<String>,
            JsonBody(request): JsonBody<wire::EntryRequest>,
        ) -> Result<Json<wire::EntryChange>, Problem> {
            change(&app, $kind, &caller.name, &id, request).await
        }

                #[utoipa::path(
            summary = concat!("Removes one of the ", $tag, " entries."),
            delete, path = $one, tag = $tag,
            params(
                ("id" = u64, Path, description = "Its number."),
                ("version" = u64, Query, description = "The version that was read."),
            ),
            responses(
                (status = 200, body = wire::EntryChange),
                (status = "default", body = wire::Problem, content_type = "application/problem+json"),
            ),
        )]
        pub(crate) async fn $remove(
            State(app): State<SharedApp>,
            Officer(caller): Officer,
            Path(id): Path<String>,
            params: Params,
        ) -> Result<Json<wire::EntryChange>, Problem> {
            remove(&app, $kind, &caller.name, &id, params).await
        }
    };
}

entry_routes!(
    EntryKind::Maintenance,
    "maintenance",
    "/maintenance",
    "/maintenance/{id}",
    get_maintenance,
    post_maintenance,
    put_maintenance,
    delete_maintenance,
    "Maintenance windows: what is measured then is kept with quality `calibrating` and raises no alarm; those"
);
entry_routes!(
    EntryKind::Note,
    "notes",
    "/notes",
    "/notes/{id}",
    get_notes,
    post_note,
    put_note,
    delete_note,
    "Notes"
);

async fn list(app: &App, kind: EntryKind, params: Params) -> Result<Json<Vec<wire::Entry>>, Problem> {
    let params = params.only(&["site", "point", "from", "to"], &[])?;
    let site = params.one("site").map(|id| app.site("site", id)).transpose()?;
    let point = params
        .one("point")
        .map(|id| app.point(id).ok_or_else(|| Problem::not_found("point", app.no_point(id))));
    let about = match (point.transpose()?, site) {
        (Some((point, _)), _) => Some(Scope::Point(point.clone())),
        (None, site) => site.map(|site| Scope::Site(site.id.clone())),
    };
    let (from, to) = params.period()?;
    let filter = EntryFilter { kind, about, from, to, limit: MAX_ENTRIES };
    let entries = app.records(move |records| records.entries(&filter)).await?;
    Ok(Json(entries.iter().map(|entry| wire::Entry::of(entry, &app.zone)).collect()))
}

async fn make(
    app: &App,
    kind: EntryKind,
    by: &str,
    request: wire::EntryRequest,
) -> Result<Json<wire::EntryChange>, Problem> {
    let about = request.about.as_deref().ok_or_else(|| Problem::invalid("about", needs_about()))?;
    let new = entered(kind, scope(app, about)?, &request)?;
    let deed = app.deed(by, &format!("{}_added", kind.code()), new.scope.as_str(), &detail(&new));
    let (entry, job) = app.records(move |records| records.add_entry(&new, &deed)).await?;
    answer(app, Some(&entry), job).await
}

async fn change(
    app: &App,
    kind: EntryKind,
    by: &str,
    id: &str,
    request: wire::EntryRequest,
) -> Result<Json<wire::EntryChange>, Problem> {
    let (id, version) = (number(id)?, request.version.ok_or_else(no_version)?);
    let before = app.records(move |records| records.entry(kind, id)).await?.entered;
    if request.about.as_deref().is_some_and(|about| about != before.scope.as_str()) {
        let scope = &before.scope;
        let detail = local!(
            "có nơi khác, được phép: \"{scope}\"; hãy ghi một mục mới",
            "found another place, allowed: \"{scope}\"; make another entry"
        );
        return Err(Problem::invalid("about", detail));
    }
    let new = entered(kind, before.scope.clone(), &request)?;
    let told = json!({"before": detail(&before), "after": detail(&new)});
    let deed = app.deed(by, &format!("{}_changed", kind.code()), new.scope.as_str(), &told);
    let (entry, job) = app.records(move |records| records.change_entry(id, version, &new, &deed)).await?;
    answer(app, Some(&entry), job).await
}

async fn remove(
    app: &App,
    kind: EntryKind,
    by: &str,
    id: &str,
    params: Params,
) -> Result<Json<wire::EntryChange>, Problem> {
    let (id, version) = (number(id)?, version_of(params)?);
    let before = app.records(move |records| records.entry(kind, id)).await?.entered;
    let deed = app.deed(by, &format!("{}_removed", kind.code()), before.scope.as_str(), &detail(&before));
    let job = app.records(move |records| records.remove_entry(kind, id, version, &deed)).await?;
    answer(app, None, job).await
}

/// The configured place with this id.
fn scope(app: &App, id: &str) -> Result<Scope, Problem> {
    let commune = &app.hub.commune;
    let all = || {
        let sites = commune.sites.iter().map(|site| site.id.as_str());
        let devices = commune.devices().map(|device| device.id.as_str());
        sites.chain(devices).chain(commune.points().map(|point| point.id.as_str()))
    };
    let known = all().any(|known| known == id).then(|| Scope::parse(id)).flatten();
    known.ok_or_else(|| {
        let what = local!("địa điểm, thiết bị hoặc điểm đo", "site, device or point");
        Problem::not_found("about", nothing_has(&what, id, all()))
    })
}

fn needs_about() -> LocalText {
    local!(
        "cần có: id đầy đủ của một địa điểm, thiết bị hoặc điểm đo",
        "is needed: the full id of a site, a device or a point"
    )
}

fn entered(kind: EntryKind, scope: Scope, request: &wire::EntryRequest) -> Result<NewEntry, Problem> {
    let read = |at: &str, moment: &wire::Moment| moment.read().map_err(|detail| Problem::invalid(at, detail));
    let from = read("from", &request.from)?;
    let to: Timestamp = match (&request.to, kind) {
        (Some(to), _) => read("to", to)?,
        (None, EntryKind::Note) => from,
        (None, EntryKind::Maintenance) => {
            let detail = local!(
                "cần có: khi nào xong việc; sau này vẫn đổi được",
                "is needed: when the work ends; it can be changed later"
            );
            return Err(Problem::invalid("to", detail));
        }
    };
    if to < from || (to == from && kind == EntryKind::Maintenance) {
        return Err(from_not_before_to());
    }
    if kind == EntryKind::Maintenance && to.since(from) > LONGEST_WINDOW {
        let detail = local!(
            "có hơn 31 ngày sau from, được phép: tối đa 31 ngày",
            "found over 31 days after from, allowed: at most 31 days"
        );
        return Err(Problem::invalid("to", detail));
    }
    Ok(NewEntry { kind, scope, from, to, text: text("text", &request.text, MAX_TEXT_CHARS)? })
}

fn detail(new: &NewEntry) -> serde_json::Value {
    json!({"from_ms": new.from.as_millis(), "to_ms": new.to.as_millis(), "text": new.text})
}

async fn answer(
    app: &App,
    entry: Option<&Entry>,
    job: Option<Job>,
) -> Result<Json<wire::EntryChange>, Problem> {
    let job = match job {
        Some(job) => Some(app.settled(job).await?),
        None => None,
    };
    Ok(Json(wire::EntryChange {
        entry: entry.map(|entry| wire::Entry::of(entry, &app.zone)),
        job: job.map(|job| wire::Job::of(&job, &app.zone)),
    }))
}
