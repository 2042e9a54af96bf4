//! What a province sees of its communes, for whoever shows it.
//!
//! Holds shapes only. Read next: `routes/communes.rs`.

use hub_model::{LocalText, Priority, SiteId, Timestamp};

/// A commune as the province sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct CommuneFigures {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: LocalText,
    /// What it belongs to at the moment that was asked for, the nearest first.
    pub within: Vec<String>,
    /// Its sites, but for its hub.
    pub sites: Vec<SiteId>,
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
    pub worst: Option<Priority>,
    /// When its newest reading was measured.
    pub heard_at: Option<Timestamp>,
    /// The share of the expected readings of the last 24 hours that have arrived; `None` where nothing is expected.
    pub arrived: Option<f64>,
}

/// A province, a district or a commune.
#[derive(Debug, Clone, PartialEq)]
pub struct Organisation {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: LocalText,
    /// What it belongs to.
    pub within: Option<String>,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Overview {
    /// What communes belong to at that moment, communes apart.
    pub organisations: Vec<Organisation>,
    /// The communes, in the order of their names.
    pub communes: Vec<CommuneFigures>,
    /// When the engine was last read whole.
    pub read_at: Option<Timestamp>,
    /// Why it could not be read the last time.
    pub failing: Option<String>,
}

/// A province's communes.
pub trait Communes: Send + Sync {
    /// Figures of now, in the order of things at `moment`. Does not block.
    fn overview(&self, moment: Timestamp) -> Overview;
}
