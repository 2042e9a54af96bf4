//! The map and what there is to know of a site, in the public JSON.

use serde::Serialize;
use utoipa::ToSchema;

use super::LocalText;
use crate::surroundings;

/// What the map is drawn on.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Map {
    /// Lines of the commune's outline: longitude and latitude in degrees (WGS 84). Empty where none is configured.
    pub outline: Vec<Vec<[f64; 2]>>,
    /// Where tiles come from; null: a plain grid.
    #[schema(required)]
    pub tiles: Option<Tiles>,
}

/// A server of map tiles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Tiles {
    /// The address with `{z}`, `{x}` and `{y}`.
    pub url: String,
    /// Whose map it is.
    #[schema(required)]
    pub attribution: Option<String>,
}

impl From<&surroundings::Surroundings> for Map {
    fn from(found: &surroundings::Surroundings) -> Self {
        let tiles = found.tiles.clone();
        Self {
            outline: found.outline.clone(),
            tiles: tiles.map(|tiles| Tiles { url: tiles.url, attribution: tiles.attribution }),
        }
    }
}

/// What there is to know of a site beside its devices.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct About {
    /// Whom to call.
    #[schema(required)]
    pub contact: Option<Contact>,
    /// Where it is, in words.
    #[schema(required)]
    pub address: Option<LocalText>,
    /// What else to know.
    #[schema(required)]
    pub notes: Option<LocalText>,
    /// How many photographs there are: `GET /sites/{site}/photos/{number}`, counted from 1.
    pub photos: usize,
}

/// Whom to call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Contact {
    /// The person or the office.
    pub name: String,
    /// Telephone number.
    #[schema(required)]
    pub phone: Option<String>,
    /// E-mail address.
    #[schema(required)]
    pub email: Option<String>,
}

impl From<&surroundings::About> for About {
    fn from(found: &surroundings::About) -> Self {
        let contact = found.contact.clone();
        Self {
            contact: contact.map(|contact| Contact {
                name: contact.name,
                phone: contact.phone,
                email: contact.email,
            }),
            address: found.address.as_ref().map(LocalText::from),
            notes: found.notes.as_ref().map(LocalText::from),
            photos: found.photos.len(),
        }
    }
}
