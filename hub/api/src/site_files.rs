//! What the API asks of whoever keeps the sites' files and the device profiles.
//!
//! A port: the API knows neither TOML nor folders. Texts come with their passwords hidden and are changed device by device.
//! Read next: `routes/site_files.rs`.

use std::io;

use hub_model::{LocalText, SiteId, Timestamp};

use crate::field::Pending;

/// Reads and changes the sites' files, one change at a time. All but [`SiteFiles::taken_up`] may block.
pub trait SiteFiles: Send + Sync {
    /// Every device profile that can be read, in the order of ids.
    fn profiles(&self) -> Vec<ProfileText>;

    /// The site's file as it is.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    fn read(&self, site: &SiteId) -> Result<SiteFile, SiteFault>;

    /// A text that the file held, with what is known of it.
    ///
    /// # Errors
    /// When there is no such version, or it cannot be read.
    fn version(&self, site: &SiteId, id: u64) -> Result<(SiteVersion, String), SiteFault>;

    /// The whole text as it would be after a change, which the hub would take up.
    ///
    /// # Errors
    /// When the hub would not.
    fn preview(&self, site: &SiteId, change: &SiteChange) -> Result<String, SiteFault>;

    /// Makes a change and keeps the text before. On disk when it returns; the hub takes it up by its own reload. What was done,
    /// as a stable word such as `added`.
    ///
    /// # Errors
    /// When somebody has changed the file since `revision`, or the hub would not take it up; then nothing has changed.
    fn change(
        &self,
        site: &SiteId,
        revision: &str,
        change: &SiteChange,
        by: &ChangedBy,
    ) -> Result<&'static str, SiteFault>;

    /// Has the running hub take up what is in the files now, and waits for it: nothing, or what it waits for.
    fn taken_up(&self) -> Pending<Option<LocalText>>;

    /// Why the running hub is not what the files say; nothing when it is.
    fn waits_for(&self) -> Option<LocalText>;
}

/// A change of a site's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SiteChange {
    /// A device is put in, or in the place of the one with its id.
    Put {
        /// Its id within the site.
        device: String,
        /// One `[[device]]` with its points.
        toml: String,
    },
    /// A device is taken out.
    Remove {
        /// Its id within the site.
        device: String,
    },
    /// The text of a version is put in force again.
    Restore {
        /// The version.
        version: u64,
    },
}

/// Who changes a site's file, when and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedBy {
    /// The account's name.
    pub name: String,
    /// When.
    pub at: Timestamp,
    /// Why; may be empty.
    pub why: String,
}

/// Why a site's file was not shown or not changed.
#[derive(Debug)]
pub enum SiteFault {
    /// What was asked for is not there.
    Missing(LocalText),
    /// It was changed in the meantime; by whom, where that is known.
    Overtaken(Option<String>),
    /// What is wrong with the text: one entry for each fault, with its line.
    Faulty(Vec<LocalText>),
    /// A file cannot be read or written.
    File(io::Error),
}

/// A site's file.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteFile {
    /// Its name below the configuration's folder.
    pub file: String,
    /// Its text.
    pub text: String,
    /// Stands for the text.
    pub revision: String,
    /// Each device's part of it, as (id, TOML).
    pub devices: Vec<(String, String)>,
    /// The texts that it held, the newest first.
    pub versions: Vec<SiteVersion>,
}

/// A text that a site's file held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteVersion {
    /// Its number.
    pub id: u64,
    /// What was done: `added`, `changed`, `removed`, `restored`, or `found` where somebody had written to the file.
    pub what: String,
    /// The device concerned, within the site.
    pub device: Option<String>,
    /// When.
    pub at: Timestamp,
    /// Who; `None` when it was found.
    pub by: Option<String>,
    /// Why; may be empty.
    pub why: String,
}

/// A device profile.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileText {
    /// Its id.
    pub id: String,
    /// What the device is called.
    pub name: LocalText,
    /// The adapter that its devices speak through.
    pub adapter: String,
    /// Its version; may be empty.
    pub version: String,
    /// Whether it comes with the hub.
    pub is_shipped: bool,
    /// Where its figures were read.
    pub sources: Vec<LocalText>,
    /// What was not found there.
    pub unverified: Vec<LocalText>,
    /// Its points.
    pub points: Vec<ProfilePoint>,
    /// Its text.
    pub toml: String,
}

/// A point of a profile.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfilePoint {
    /// Its id within the device.
    pub id: String,
    /// Its name, where it is not its quantity's.
    pub name: Option<LocalText>,
    /// What it measures.
    pub quantity: String,
    /// Its unit, where it is not its quantity's.
    pub unit: Option<String>,
}
