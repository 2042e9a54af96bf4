//! Sites and their devices, with how they fare right now.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use hub_model::{Alarm, AlarmState, Device, PointId, Quality, Site, SiteId, SiteKind, Timestamp};
use hub_store::{AlarmFilter, Latest};

use crate::accept;
use crate::app::SharedApp;
use crate::auth::Viewer;
use crate::local::Zone;
use crate::problem::Problem;
use crate::query::Params;
use crate::wire;

/// Media type of GeoJSON (RFC 7946).
const GEO_JSON: &str = "application/geo+json";
/// Most active alarms that are counted.
const MAX_ALARMS: usize = 10_000;

/// All sites of the commune, or a GeoJSON FeatureCollection of them. The hub itself is not among them: `GET /sites/_hub`.
#[utoipa::path(
    get, path = "/sites", tag = "sites",
    responses(
        (status = 200, content((Vec<wire::Site> = "application/json"), (wire::GeoJson = "application/geo+json"))),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_sites(
    State(app): State<SharedApp>,
    _: Viewer,
    params: Params,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    params.only(&[], &[])?;
    let sites = Now::read(&app).await?.sites(&app);
    if accept::choose(&headers, &["application/json", GEO_JSON]) != GEO_JSON {
        return Ok((vary(), Json(sites)).into_response());
    }
    let mut response = (vary(), Json(wire::GeoJson::of(sites))).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(GEO_JSON));
    Ok(response)
}

/// One site with its devices, or its GeoJSON Feature.
#[utoipa::path(
    get, path = "/sites/{site}", tag = "sites",
    params(("site" = String, Path, description = "The site's id.")),
    responses(
        (status = 200, content((wire::SiteDetail = "application/json"), (wire::Feature = "application/geo+json"))),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_site(
    State(app): State<SharedApp>,
    _: Viewer,
    Path(id): Path<String>,
    params: Params,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    params.only(&[], &[])?;
    let site = app.site("site", &id)?;
    let now = Now::read(&app).await?;
    let answer = now.site(site);
    if accept::choose(&headers, &["application/json", GEO_JSON]) == GEO_JSON {
        let mut response = (vary(), Json(wire::Feature::from(answer))).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(GEO_JSON));
        return Ok(response);
    }
    let devices = site.devices.iter().map(|device| now.device(device, &app.zone)).collect();
    let about = app.hub.surroundings.sites.get(&site.id).map(wire::About::from).unwrap_or_default();
    Ok((vary(), Json(wire::SiteDetail { site: answer, devices, about })).into_response())
}

/// The answer depends on what the client accepts.
fn vary() -> [(header::HeaderName, &'static str); 1] {
    [(header::VARY, "accept")]
}

/// What is known right now.
pub(super) struct Now {
    /// The newest reading of each point.
    pub latest: HashMap<PointId, Latest>,
    /// The active alarms, the newest first.
    pub alarms: Vec<Alarm>,
    /// Their states by site.
    states: HashMap<SiteId, Vec<AlarmState>>,
}

impl Now {
    /// Reads both from the history at one moment.
    pub async fn read(app: &SharedApp) -> Result<Self, Problem> {
        app.read(|history| {
            let filter = AlarmFilter { active_only: true, limit: MAX_ALARMS, ..AlarmFilter::default() };
            let latest = history.latest()?.into_iter().map(|latest| (latest.reading.point.clone(), latest));
            let alarms = history.alarms(&filter)?;
            let mut states: HashMap<SiteId, Vec<AlarmState>> = HashMap::new();
            for alarm in &alarms {
                states.entry(alarm.subject.site()).or_default().push(alarm.state);
            }
            Ok(Self { latest: latest.collect(), alarms, states })
        })
        .await
    }

    /// The commune's sites; the hub itself is none.
    pub fn sites(&self, app: &SharedApp) -> Vec<wire::Site> {
        communes_sites(app).map(|site| self.site(site)).collect()
    }

    /// The devices of all these sites.
    pub fn devices(&self, app: &SharedApp) -> Vec<wire::Device> {
        communes_sites(app)
            .flat_map(|site| &site.devices)
            .map(|device| self.device(device, &app.zone))
            .collect()
    }

    fn site(&self, site: &Site) -> wire::Site {
        let states = self.states.get(&site.id).map_or(&[][..], Vec::as_slice);
        let devices: Vec<wire::DeviceState> =
            site.devices.iter().map(|device| self.device_state(device)).collect();
        let state = if states.iter().any(|state| *state != AlarmState::Shelved) {
            wire::SiteState::Alarm
        } else if devices.iter().all(|state| *state == wire::DeviceState::NoData) {
            wire::SiteState::NoData
        } else if devices.contains(&wire::DeviceState::Silent) {
            wire::SiteState::Silent
        } else {
            wire::SiteState::Normal
        };
        wire::Site {
            id: site.id.to_string(),
            kind: site.kind.into(),
            name: (&site.name).into(),
            location: site.location.map(wire::Location::from),
            state,
            points: site.devices.iter().map(|device| device.points.len()).sum(),
            alarms: states.len(),
        }
    }

    fn device(&self, device: &Device, zone: &Zone) -> wire::Device {
        let heard =
            device.points.iter().filter_map(|point| self.latest.get(&point.id)).filter_map(heard_at).max();
        wire::Device {
            id: device.id.to_string(),
            name: (&device.name).into(),
            adapter: device.adapter.clone(),
            state: self.device_state(device),
            last_heard_at: heard.map(|at| zone.print(at)),
        }
    }

    fn device_state(&self, device: &Device) -> wire::DeviceState {
        let mut latest = device.points.iter().filter_map(|point| self.latest.get(&point.id)).peekable();
        if latest.peek().is_none() {
            wire::DeviceState::NoData
        } else if latest.all(|latest| latest.reading.quality == Quality::Missing) {
            wire::DeviceState::Silent
        } else {
            wire::DeviceState::Online
        }
    }
}

/// The sites that are the commune's: the hub itself is none.
pub(super) fn communes_sites(app: &SharedApp) -> impl Iterator<Item = &Site> {
    app.hub.commune.sites.iter().filter(|site| site.kind != SiteKind::Hub)
}

/// When the point last gave a value. A reading that says why there is none is no sign of life.
fn heard_at(latest: &Latest) -> Option<Timestamp> {
    if latest.reading.quality == Quality::Missing {
        latest.last_good.map(|(_, measured_at)| measured_at)
    } else {
        Some(latest.reading.received_at)
    }
}
