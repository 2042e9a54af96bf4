//! The commune, its sites and their devices in the public JSON, and sites as GeoJSON (RFC 7946).

use serde::Serialize;
use utoipa::ToSchema;

use super::{About, Alarm, DeviceState, LocalText, Point, Session, SiteKind, SiteState};

/// The commune that the hub serves.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Commune {
    /// Its id.
    pub id: String,
    /// `commune`, or `province` for a hub that looks at communes.
    pub role: &'static str,
    /// Its name.
    pub name: LocalText,
    /// IANA time zone.
    pub timezone: String,
    /// The zone's offset at present.
    pub utc_offset: UtcOffset,
    /// Where it is.
    #[schema(required)]
    pub location: Option<Location>,
    /// Languages offered, the first is the default.
    pub languages: Vec<String>,
    /// The hub's version.
    pub version: String,
    /// Whether nobody can log in yet: the first administrator is made with the code that the hub has printed.
    pub needs_setup: bool,
}

/// How far a time zone is from UTC, for as long as that stays so.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct UtcOffset {
    /// Seconds east of UTC.
    pub seconds: i32,
    /// Since when, epoch ms; null where it was never otherwise.
    #[schema(required)]
    pub from: Option<i64>,
    /// Until when, epoch ms; null where no change is known.
    #[schema(required)]
    pub until: Option<i64>,
}

/// A place on earth (WGS 84, degrees).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Location {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
}

impl From<hub_model::Location> for Location {
    fn from(location: hub_model::Location) -> Self {
        Self { lat: location.lat, lon: location.lon }
    }
}

/// A place that is watched.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Site {
    /// Its id.
    pub id: String,
    /// What it is.
    pub kind: SiteKind,
    /// Its name.
    pub name: LocalText,
    /// Where it is.
    #[schema(required)]
    pub location: Option<Location>,
    /// How it fares.
    pub state: SiteState,
    /// How many points it has.
    pub points: usize,
    /// How many of its alarms are active: in any state but `normal`.
    pub alarms: usize,
}

/// A site with its devices.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SiteDetail {
    /// The site.
    #[serde(flatten)]
    pub site: Site,
    /// Its devices.
    pub devices: Vec<Device>,
    /// What else there is to know of it.
    pub about: About,
}

/// A device of a site.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Device {
    /// Its full id, `site/device`.
    pub id: String,
    /// Its name.
    pub name: LocalText,
    /// The adapter that speaks with it.
    pub adapter: String,
    /// How it fares.
    pub state: DeviceState,
    /// When it last gave a value; null when it never did.
    #[schema(required, format = DateTime)]
    pub last_heard_at: Option<String>,
}

/// What a dashboard shows first, all of one moment.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Snapshot {
    /// The commune's sites.
    pub sites: Vec<Site>,
    /// Their devices.
    pub devices: Vec<Device>,
    /// Their points, with their latest values.
    pub points: Vec<Point>,
    /// Active alarms, the newest first, at most 1,000.
    pub alarms: Vec<Alarm>,
}

/// What the page itself brings to somebody who is logged in, so that nothing needs to be asked before it can be read.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Start {
    /// The hub's present moment, epoch ms.
    pub at: i64,
    /// As `GET /commune` tells it.
    pub commune: Commune,
    /// As `GET /session` tells it.
    pub session: Session,
    /// As `GET /snapshot` tells it.
    pub snapshot: Snapshot,
}

/// Sites as a GeoJSON FeatureCollection.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = GeoJSON)]
pub struct GeoJson {
    /// Always `FeatureCollection`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// One for each site.
    pub features: Vec<Feature>,
}

/// One site as a GeoJSON Feature.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Feature {
    /// Always `Feature`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The site's id.
    pub id: String,
    /// Where it is; null when that is not configured.
    #[schema(required)]
    pub geometry: Option<Geometry>,
    /// The rest of the site.
    pub properties: FeatureProperties,
}

/// A GeoJSON Point.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Geometry {
    /// Always `Point`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Longitude, then latitude.
    pub coordinates: [f64; 2],
}

/// What a site's Feature says beside its place.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FeatureProperties {
    /// What it is.
    pub kind: SiteKind,
    /// Its name.
    pub name: LocalText,
    /// How it fares.
    pub state: SiteState,
    /// How many points it has.
    pub points: usize,
    /// How many of its alarms are active.
    pub alarms: usize,
}

impl From<Site> for Feature {
    fn from(site: Site) -> Self {
        let geometry =
            site.location.map(|place| Geometry { kind: "Point", coordinates: [place.lon, place.lat] });
        let properties = FeatureProperties {
            kind: site.kind,
            name: site.name,
            state: site.state,
            points: site.points,
            alarms: site.alarms,
        };
        Self { kind: "Feature", id: site.id, geometry, properties }
    }
}

impl GeoJson {
    /// The collection of these sites.
    pub fn of(sites: Vec<Site>) -> Self {
        Self { kind: "FeatureCollection", features: sites.into_iter().map(Feature::from).collect() }
    }
}
