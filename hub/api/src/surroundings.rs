//! What stands around the readings: the commune's outline and the map's tiles, and for each site whom to call, where it is in
//! words, what to know of it, and photographs. The server has checked all of it.
//!
//! Decides nothing of readings and opens no file but a photograph that is asked for. Read next: `routes/surroundings.rs`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use hub_model::{LocalText, SiteId};

/// The surroundings of a commune. The default has none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Surroundings {
    /// Lines of the commune's outline: longitude and latitude in degrees (WGS 84).
    pub outline: Vec<Vec<[f64; 2]>>,
    /// Where the map's tiles come from; `None`: a plain grid.
    pub tiles: Option<Tiles>,
    /// What there is to know of each site.
    pub sites: BTreeMap<SiteId, About>,
}

/// A server of map tiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tiles {
    /// The address with `{z}`, `{x}` and `{y}`.
    pub url: String,
    /// Scheme, host and port of it: the only foreign origin that pages may load pictures from.
    pub origin: String,
    /// Whose map it is, as its owner wants to be named.
    pub attribution: Option<String>,
}

/// What there is to know of a site.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct About {
    /// Whom to call.
    pub contact: Option<Contact>,
    /// Where it is, in words.
    pub address: Option<LocalText>,
    /// What else to know.
    pub notes: Option<LocalText>,
    /// Photographs, in the order of the file.
    pub photos: Vec<Photo>,
}

/// Whom to call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// The person or the office.
    pub name: String,
    /// Telephone number.
    pub phone: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
}

/// A photograph's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Photo {
    /// Where it is.
    pub path: PathBuf,
    /// `image/jpeg`, `image/png` or `image/webp`.
    pub media_type: &'static str,
}
