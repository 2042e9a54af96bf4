//! The sites' files as integrators change them through the API: a device put in, replaced, taken out, an earlier text restored.
//!
//! What somebody wrote stays as it was written; only what the hub would take up is saved, and the text before is kept. Read
//! next: [`text`], [`versions`], `hub_api::SiteFiles`.

mod text;
mod versions;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use adapters_sdk::config::Problems;
use hub_api::auth::digest;
use hub_api::{ChangedBy, Pending, ProfileText, SiteChange, SiteFault, SiteFile, SiteFiles, SiteVersion};
use hub_model::{LocalText, SiteId, local};
use tokio::sync::Notify;

use crate::config::{Config, profiles, site_file};
use crate::reload::Configuration;
use crate::wanted::Wanted;
use crate::whole_file::{self, PRIVATE};
use text::DEVICE;
pub use versions::FOLDER as VERSIONS;
use versions::Versions;

/// How long an answer waits for the running hub to take a change up.
const TAKEN_UP_WITHIN: Duration = Duration::from_secs(10);

/// The sites of a configuration's folder.
pub struct SiteFolder {
    dir: PathBuf,
    configuration: Configuration,
    /// Rung after a change.
    changed: Arc<Notify>,
    turn: Mutex<()>,
}

/// A site's file as it is on disk.
struct Found {
    /// Its name below the folder.
    file: String,
    path: PathBuf,
    text: String,
}

impl SiteFolder {
    /// The sites of the configuration in `dir`, which `configuration` tells of and which is read anew when `changed` rings.
    pub fn new(dir: &Path, configuration: Configuration, changed: Arc<Notify>) -> Self {
        Self { dir: dir.to_owned(), configuration, changed, turn: Mutex::default() }
    }

    fn find(&self, site: &SiteId) -> Result<Found, SiteFault> {
        let found = site_file(&self.dir, site.as_str()).map_err(SiteFault::File)?;
        let missing = || {
            SiteFault::Missing(local!(
                "không tệp nào trong sites/ có mã \"{site}\"",
                "no file below sites/ has the id \"{site}\""
            ))
        };
        let (file, text) = found.ok_or_else(missing)?;
        // A link leads to the file that is to be replaced.
        let path = fs::canonicalize(self.dir.join(&file)).map_err(SiteFault::File)?;
        Ok(Found { file, path, text })
    }

    fn versions(&self, found: &Found) -> Versions {
        Versions::of(&self.dir.join(&found.file))
    }

    /// The whole text after a change, when the hub would take it up.
    fn changed_text(&self, found: &Found, change: &SiteChange) -> Result<String, SiteFault> {
        let faulty = SiteFault::Faulty;
        let text = match change {
            SiteChange::Put { device, toml } => {
                text::check_device(device, toml).map_err(faulty)?;
                text::with_device(&found.text, device, toml).map_err(faulty)?
            }
            SiteChange::Remove { device } => {
                let missing = || {
                    let file = &found.file;
                    SiteFault::Missing(local!(
                        "{file} không có thiết bị \"{device}\"",
                        "{file} has no device \"{device}\""
                    ))
                };
                text::without_device(&found.text, device).map_err(faulty)?.ok_or_else(missing)?
            }
            SiteChange::Restore { version } => self.old_text(found, *version)?.1,
        };
        if let SiteChange::Put { device, .. } | SiteChange::Remove { device } = change
            && !text::differ_only_in(device, &found.text, &text)
        {
            let told = local!(
                "sẽ đổi nhiều hơn thiết bị này; hãy sửa thẳng trong tệp",
                "would change more than this device; change the file itself"
            );
            return Err(SiteFault::Faulty(vec![told]));
        }
        let config = Config::require_with(&self.dir, &found.file, &text);
        let config =
            config.map_err(|error| SiteFault::Faulty(in_device(error.lines, &found.file, &text, change)))?;
        let wanted = Wanted::of(config).map_err(|error| {
            SiteFault::Faulty(vec![local!("không dùng được cấu hình này ({error:#})", "{error:#}")])
        })?;
        if wanted.rule_faults.is_empty() { Ok(text) } else { Err(SiteFault::Faulty(wanted.rule_faults)) }
    }

    fn old_text(&self, found: &Found, id: u64) -> Result<(SiteVersion, String), SiteFault> {
        self.versions(found).read(id).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                let file = &found.file;
                SiteFault::Missing(local!("{file} không có bản {id}", "{file} has no version {id}"))
            }
            _ => SiteFault::File(error),
        })
    }
}

impl SiteFiles for SiteFolder {
    fn profiles(&self) -> Vec<ProfileText> {
        let mut all: Vec<_> = profiles(&self.dir, &mut Problems::new())
            .into_iter()
            .filter_map(|profile| {
                let (adapter, points) = (profile.adapter_code().to_owned(), profile.shown_points());
                let is_shipped = profile.shipped.is_some();
                let toml = match profile.shipped {
                    Some(text) => text.into_owned(),
                    None => text::hidden(&fs::read_to_string(self.dir.join(&profile.file)).ok()?),
                };
                let (id, name, version) = (profile.id, profile.name, profile.version);
                let (sources, unverified) = (profile.sources, profile.unverified);
                Some(ProfileText {
                    id,
                    name,
                    adapter,
                    version,
                    is_shipped,
                    sources,
                    unverified,
                    points,
                    toml,
                })
            })
            .collect();
        all.sort_by(|one, other| one.id.cmp(&other.id));
        all
    }

    fn read(&self, site: &SiteId) -> Result<SiteFile, SiteFault> {
        let found = self.find(site)?;
        let versions = self.versions(&found).list().map_err(SiteFault::File)?;
        let text = text::hidden(&found.text);
        Ok(SiteFile {
            revision: revision(&found.text),
            devices: text::devices(&text),
            file: found.file,
            text,
            versions,
        })
    }

    fn version(&self, site: &SiteId, id: u64) -> Result<(SiteVersion, String), SiteFault> {
        let (version, text) = self.old_text(&self.find(site)?, id)?;
        Ok((version, text::hidden(&text)))
    }

    fn preview(&self, site: &SiteId, change: &SiteChange) -> Result<String, SiteFault> {
        let found = self.find(site)?;
        self.changed_text(&found, change).map(|text| text::hidden(&text))
    }

    fn change(
        &self,
        site: &SiteId,
        seen: &str,
        change: &SiteChange,
        by: &ChangedBy,
    ) -> Result<&'static str, SiteFault> {
        // It guards no data that a panic could leave half changed.
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let found = self.find(site)?;
        let versions = self.versions(&found);
        let newest = versions.newest().map_err(SiteFault::File)?;
        let known = newest.filter(|(_, text)| *text == found.text);
        if revision(&found.text) != seen {
            return Err(SiteFault::Overtaken(known.and_then(|(version, _)| version.by)));
        }
        let is_there = |id: &String| text::devices(&found.text).iter().any(|(known, _)| known == id);
        let (what, device) = match change {
            SiteChange::Put { device, .. } if is_there(device) => ("changed", Some(device)),
            SiteChange::Put { device, .. } => ("added", Some(device)),
            SiteChange::Remove { device } => ("removed", Some(device)),
            SiteChange::Restore { .. } => ("restored", None),
        };
        let text = self.changed_text(&found, change)?;
        let (at, name, why) = (by.at, Some(by.name.clone()), by.why.clone());
        if known.is_none() {
            // What nobody has saved here.
            let version = SiteVersion {
                id: 0,
                what: "found".to_owned(),
                device: None,
                at,
                by: None,
                why: String::new(),
            };
            versions.add(&version, &found.text).map_err(SiteFault::File)?;
        }
        let version =
            SiteVersion { id: 0, what: what.to_owned(), device: device.cloned(), at, by: name, why };
        versions.add(&version, &text).map_err(SiteFault::File)?;
        whole_file::replace(&found.path, &text, PRIVATE).map_err(SiteFault::File)?;
        Ok(what)
    }

    fn waits_for(&self) -> Option<LocalText> {
        self.configuration.waits_for()
    }

    fn taken_up(&self) -> Pending<Option<LocalText>> {
        let next = self.configuration.next_look();
        self.changed.notify_one();
        let configuration = self.configuration.clone();
        Box::pin(async move {
            let looked = tokio::time::timeout(TAKEN_UP_WITHIN, next).await.is_ok();
            match (looked, configuration.is_refused()) {
                (true, false) => None,
                (true, true) => configuration.waits_for(),
                (false, _) => Some(local!(
                    "máy chủ vẫn đang nhận các tệp đã đổi",
                    "the hub is still taking the changed files up"
                )),
            }
        })
    }
}

/// Stands for a text without its passwords, so that nobody can guess at them by it.
fn revision(text: &str) -> String {
    digest(&text::hidden(text)).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Faults of a device told by its own lines: it is what the caller has sent, not the file.
fn in_device(lines: Vec<LocalText>, file: &str, text: &str, change: &SiteChange) -> Vec<LocalText> {
    let SiteChange::Put { toml, .. } = change else { return lines };
    let device = toml.trim().replace("\r\n", "\n");
    let unified = text.replace("\r\n", "\n");
    let Some(start) = unified.find(&device) else { return lines };
    let first = 1 + unified.get(..start).unwrap_or_default().matches('\n').count();
    let of_device = first..first + device.lines().count();
    // The caller's text may begin with empty lines.
    let skipped = toml.len() - toml.trim_start().len();
    let above = toml.get(..skipped).unwrap_or_default().matches('\n').count();
    // As [`Told`] of a problem writes a place in either language.
    let told = |line: &str, before: &str| -> Option<String> {
        let (number, rest) = line.strip_prefix(file)?.strip_prefix(before)?.split_once(':')?;
        let number = number.parse::<usize>().ok().filter(|number| of_device.contains(number))?;
        Some(format!("{}{before}{}:{rest}", DEVICE, number - first + 1 + above))
    };
    let in_both = |line: LocalText| match (told(&line.vi, ", dòng "), told(&line.en, ":")) {
        (Some(vi), Some(en)) => LocalText { vi, en },
        _ => line,
    };
    lines.into_iter().map(in_both).collect()
}
