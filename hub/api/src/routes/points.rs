//! Points with their limits and latest values.

use std::collections::HashMap;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use hub_model::{Device, LocalText, Point, PointId, Quantity, Site, Timestamp, local};
use hub_store::Latest;

use super::sites::communes_sites;
use crate::app::SharedApp;
use crate::auth::Viewer;
use crate::local::Zone;
use crate::nearest::nearest;
use crate::problem::Problem;
use crate::query::Params;
use crate::wire;

/// All points of the commune's sites, or those of a site or a quantity, with their latest values. The hub's own come for
/// `site=_hub`.
#[utoipa::path(
    get, path = "/points", tag = "points",
    params(
        ("site" = Option<String>, Query, description = "Only this site's."),
        ("quantity" = Option<String>, Query, description = "Only those that measure this."),
    ),
    responses(
        (status = 200, body = Vec<wire::Point>),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_points(
    State(app): State<SharedApp>,
    _: Viewer,
    params: Params,
) -> Result<Json<Vec<wire::Point>>, Problem> {
    let params = params.only(&["site", "quantity"], &[])?;
    let site = params.one("site").map(|id| app.site("site", id)).transpose()?;
    let quantity = params.one("quantity").map(quantity).transpose()?;
    let latest: HashMap<PointId, Latest> = app
        .read(|history| history.latest())
        .await?
        .into_iter()
        .map(|latest| (latest.reading.point.clone(), latest))
        .collect();
    Ok(Json(listed(&app, &latest, site, quantity)))
}

/// Those of one site, or of all but the hub's own; of one quantity where it is named.
pub(super) fn listed(
    app: &SharedApp,
    latest: &HashMap<PointId, Latest>,
    site: Option<&Site>,
    quantity: Option<Quantity>,
) -> Vec<wire::Point> {
    let now = app.now();
    let sites = site.map_or_else(|| communes_sites(app).collect(), |site| vec![site]);
    let devices = sites.into_iter().flat_map(|site| &site.devices);
    devices
        .flat_map(|device| device.points.iter().map(move |point| (device, point)))
        .filter(|(_, point)| quantity.is_none_or(|quantity| point.quantity == quantity))
        .map(|(device, point)| shape(device, point, latest.get(&point.id), now, &app.zone))
        .collect()
}

fn quantity(code: &str) -> Result<Quantity, Problem> {
    Quantity::parse(code).ok_or_else(|| {
        let LocalText { vi: near_vi, en: near } = nearest(code, Quantity::codes());
        let allowed = Quantity::codes().collect::<Vec<_>>().join(", ");
        let detail = local!(
            "có \"{code}\"{near_vi}, được phép: {allowed}",
            "found \"{code}\"{near}, allowed: {allowed}"
        );
        Problem::invalid("quantity", detail)
    })
}

fn shape(
    device: &Device,
    point: &Point,
    latest: Option<&Latest>,
    now: Timestamp,
    zone: &Zone,
) -> wire::Point {
    wire::Point {
        id: point.id.to_string(),
        site: point.id.site().to_string(),
        device: device.id.to_string(),
        name: (&point.name).into(),
        quantity: point.quantity.code().to_owned(),
        unit: point.unit.code().to_owned(),
        decimals: point.decimals,
        interval_s: device.interval.map(|span| span.as_secs_f64()),
        expire_after_s: point.checks.expire_after.map(|span: Duration| span.as_secs_f64()),
        reference: point.reference,
        range: point.checks.range.map(wire::Bounds::from),
        limit: point.limit_at(now).map(|limit| wire::Limit::of(limit, zone)),
        alarm: point
            .alarm
            .as_ref()
            .map(|alarm| wire::NamedAlarm { title: (&alarm.title).into(), priority: alarm.priority.into() }),
        limits: point.limits.iter().map(|limit| wire::Limit::of(limit, zone)).collect(),
        latest: latest.map(|latest| wire::Latest::of(latest, zone)),
        last_good: latest.and_then(|latest| wire::LastGood::of(latest, zone)),
    }
}
