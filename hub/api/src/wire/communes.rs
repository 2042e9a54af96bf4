//! A province's communes in the public JSON.

use serde::Serialize;
use utoipa::ToSchema;

use super::{LocalText, Priority};
use crate::local::Zone;

/// All communes of a province.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Communes {
    /// What communes belong to at the day that was asked for, communes apart.
    pub organisations: Vec<Organisation>,
    /// The communes, in the order of their names.
    pub communes: Vec<CommuneFigures>,
    /// When the engine was last read; null before the first time.
    #[schema(required, format = DateTime)]
    pub read_at: Option<String>,
    /// Why it could not be read the last time; null when it could.
    #[schema(required)]
    pub failing: Option<String>,
}

/// A province or a district.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Organisation {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: LocalText,
    /// What it belongs to.
    #[schema(required)]
    pub within: Option<String>,
}

/// A commune as the province sees it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CommuneFigures {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: LocalText,
    /// What it belongs to on that day, the nearest first.
    pub within: Vec<String>,
    /// Ids of its sites, but for its hub's own.
    pub sites: Vec<String>,
    /// How many points they have.
    pub points: usize,
    /// How many of these have a limit in force and a value.
    pub limited: usize,
    /// How many of those are beyond their limit.
    pub outside: usize,
    /// Its open alarms.
    pub open: usize,
    /// How many of these wait for a person.
    pub awaiting: usize,
    /// The most urgent of them.
    #[schema(required)]
    pub worst: Option<Priority>,
    /// When its newest reading was measured; null when none ever arrived.
    #[schema(required, format = DateTime)]
    pub heard_at: Option<String>,
    /// The share of the readings expected in the last 24 hours that have arrived, 0 to 1; null where nothing is expected.
    #[schema(required)]
    pub arrived: Option<f64>,
}

impl Communes {
    /// Its public form.
    pub fn of(overview: crate::Overview, zone: &Zone) -> Self {
        let organisation = |one: crate::Organisation| Organisation {
            id: one.id,
            name: (&one.name).into(),
            within: one.within,
        };
        let commune = |one: crate::CommuneFigures| CommuneFigures {
            id: one.id,
            name: (&one.name).into(),
            within: one.within,
            sites: one.sites.iter().map(ToString::to_string).collect(),
            points: one.points,
            limited: one.limited,
            outside: one.outside,
            open: one.open,
            awaiting: one.awaiting,
            worst: one.worst.map(Priority::from),
            heard_at: one.heard_at.map(|at| zone.print(at)),
            arrived: one.arrived,
        };
        Self {
            organisations: overview.organisations.into_iter().map(organisation).collect(),
            communes: overview.communes.into_iter().map(commune).collect(),
            read_at: overview.read_at.map(|at| zone.print(at)),
            failing: overview.failing,
        }
    }
}
