//! Device profiles and sites' files in the public JSON. Read next: `routes/site_files.rs`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::LocalText;
use crate::local::Zone;
use crate::site_files;

/// A device profile, without its text.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Profile {
    /// Its id, which a device names as `profile`.
    pub id: String,
    /// What the device is called.
    pub name: LocalText,
    /// The adapter that its devices speak through: `modbus`, `mqtt` or `push`.
    pub adapter: String,
    /// Its version; empty where it has none.
    pub version: String,
    /// Whether it comes with the hub, rather than being the commune's own.
    pub shipped: bool,
    /// Where its figures were read.
    pub sources: Vec<LocalText>,
    /// What was not found there and must be checked against the data sheet.
    pub unverified: Vec<LocalText>,
    /// Its points.
    pub points: Vec<ProfilePoint>,
}

/// A point of a profile.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ProfilePoint {
    /// Its id within the device.
    pub id: String,
    /// Its name; null where it is its quantity's.
    #[schema(required)]
    pub name: Option<LocalText>,
    /// What it measures.
    pub quantity: String,
    /// Its unit, as a UCUM code; null where it is its quantity's.
    #[schema(required)]
    pub unit: Option<String>,
}

/// Something that points can measure.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Quantity {
    /// Its code, which a point names as `quantity`.
    pub code: String,
    /// Its name.
    pub name: LocalText,
    /// The unit of a point that names none, as a UCUM code.
    pub unit: String,
    /// Decimals shown.
    pub decimals: u8,
}

impl From<hub_model::Quantity> for Quantity {
    fn from(quantity: hub_model::Quantity) -> Self {
        Self {
            code: quantity.code().to_owned(),
            name: (&quantity.name()).into(),
            unit: quantity.default_unit().map_or_else(String::new, |unit| unit.code().to_owned()),
            decimals: quantity.decimals(),
        }
    }
}

/// A device profile with its text.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ProfileDetail {
    /// What it is.
    #[serde(flatten)]
    pub profile: Profile,
    /// Its TOML.
    pub toml: String,
}

/// A site's file. Passwords in it are shown as `***`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SiteFile {
    /// The site.
    pub site: String,
    /// The file's name below the configuration's folder.
    pub file: String,
    /// Its text.
    pub text: String,
    /// Stands for the text; to be given back with a change.
    pub revision: String,
    /// Its devices, in the order of the file.
    pub devices: Vec<DeviceText>,
    /// The texts that it held, the newest first; at most 50.
    pub versions: Vec<SiteVersion>,
}

/// A device's part of a site's file.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DeviceText {
    /// Its id within the site.
    pub id: String,
    /// Its `[[device]]` with all that belongs to it.
    pub toml: String,
}

/// A step in the life of a site's file.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SiteVersion {
    /// Its number.
    pub id: u64,
    /// What was done: a device was `added`, `changed` or `removed`, an earlier text `restored`, or a text was `found` that
    /// somebody had written to the file.
    pub what: String,
    /// The device concerned, within the site.
    #[schema(required)]
    pub device: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// Who; null when it was found.
    #[schema(required)]
    pub by: Option<String>,
    /// Why; may be empty.
    pub why: String,
}

/// A text that a site's file held, from then on until the next.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct OldSiteText {
    /// When, by whom and why.
    #[serde(flatten)]
    pub version: SiteVersion,
    /// The text, its passwords shown as `***`.
    pub text: String,
}

/// A device as it should stand in a site's file.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveDeviceRequest {
    /// One `[[device]]` with its `[[device.point]]`; its `id` is that of the address.
    #[schema(max_length = 65536)]
    pub toml: String,
    /// What was seen of the file.
    pub revision: String,
    /// Why; may be left out.
    pub why: Option<String>,
}

/// A device that might be put into a site's file.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckDeviceRequest {
    /// As when it is saved.
    #[schema(max_length = 65536)]
    pub toml: String,
}

/// A site's file as it would be.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CheckedSiteFile {
    /// Its whole text, its passwords shown as `***`.
    pub text: String,
}

/// A text that should be in force again.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RestoreSiteRequest {
    /// The version.
    pub version: u64,
    /// What was seen of the file.
    pub revision: String,
    /// Why; may be left out.
    pub why: Option<String>,
}

/// A site's file after a change.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SavedSiteFile {
    /// The file as it is now.
    #[serde(flatten)]
    pub file: SiteFile,
    /// Whether the hub has taken it up. The file is saved either way.
    pub in_force: bool,
    /// What it waits for, where that is known.
    #[schema(required)]
    pub waits_for: Option<String>,
    /// The same in Vietnamese.
    #[schema(required)]
    pub waits_for_vi: Option<String>,
}

impl From<site_files::ProfileText> for ProfileDetail {
    fn from(found: site_files::ProfileText) -> Self {
        let points = found.points.into_iter().map(|point| ProfilePoint {
            id: point.id,
            name: point.name.as_ref().map(Into::into),
            quantity: point.quantity,
            unit: point.unit,
        });
        let profile = Profile {
            id: found.id,
            name: (&found.name).into(),
            adapter: found.adapter,
            version: found.version,
            shipped: found.is_shipped,
            sources: found.sources.iter().map(Into::into).collect(),
            unverified: found.unverified.iter().map(Into::into).collect(),
            points: points.collect(),
        };
        Self { profile, toml: found.toml }
    }
}

impl SiteVersion {
    /// The step with its time in the commune's zone.
    pub fn of(version: site_files::SiteVersion, zone: &Zone) -> Self {
        let site_files::SiteVersion { id, what, device, at, by, why } = version;
        Self { id, what, device, at: zone.print(at), by, why }
    }
}

impl SiteFile {
    /// The file with its times in the commune's zone.
    pub fn of(site: String, found: site_files::SiteFile, zone: &Zone) -> Self {
        let devices = found.devices.into_iter().map(|(id, toml)| DeviceText { id, toml });
        let versions = found.versions.into_iter().map(|version| SiteVersion::of(version, zone));
        Self {
            site,
            file: found.file,
            text: found.text,
            revision: found.revision,
            devices: devices.collect(),
            versions: versions.collect(),
        }
    }
}
