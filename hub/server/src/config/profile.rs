//! `profiles/*.toml`: what is the same for every device of a make. A profile is a device's table that a device is laid over.
//!
//! Those that come with the hub stand in `hub/server/profiles`; one of the configuration with the same id takes its place.

use std::borrow::Cow;

use adapters_sdk::config::{Place, Problems, Table, needed};
use hub_model::{LocalText, id, local};
use rust_embed::RustEmbed;

use super::adapter::Adapter;
use super::files::Files;
use super::nearest;

/// A device profile.
#[derive(Clone)]
pub struct Profile {
    /// Its id.
    pub id: String,
    /// What the device is called.
    pub name: LocalText,
    /// Raised when one of its figures changes.
    pub version: String,
    /// Where its figures were read.
    pub sources: Vec<LocalText>,
    /// What was not found there.
    pub unverified: Vec<LocalText>,
    /// The file that it stands in, below the configuration folder or among those that come with the hub.
    pub file: String,
    /// Its text when it comes with the hub.
    pub shipped: Option<Cow<'static, str>>,
    pub(super) adapter: Adapter,
    place: Place,
    /// The device's keys, without id and sources.
    table: Table,
}

/// All profiles of a configuration.
pub(super) struct Profiles {
    pub(super) all: Vec<Profile>,
    some_faulty: bool,
}

impl Profile {
    /// The code of the adapter that its devices speak through.
    pub fn adapter_code(&self) -> &'static str {
        self.adapter.code()
    }

    /// Where it begins.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// The ids of its points.
    pub(super) fn points(&self) -> Vec<String> {
        let tables = self.table.clone().tables("point", &mut Problems::new());
        tables.iter().filter_map(|table| table.peek_text("id").map(str::to_owned)).collect()
    }

    /// Its points, for showing them.
    pub fn shown_points(&self) -> Vec<hub_api::ProfilePoint> {
        let tables = self.table.clone().tables("point", &mut Problems::new());
        let shown = |mut table: Table| {
            let text = |table: &Table, key: &str| table.peek_text(key).map(str::to_owned);
            let (id, quantity, unit) = (text(&table, "id")?, text(&table, "quantity")?, text(&table, "unit"));
            let name = table.local_text("name", &mut Problems::new());
            Some(hub_api::ProfilePoint { id, name, quantity, unit })
        };
        tables.into_iter().filter_map(shown).collect()
    }

    /// `device` with what it does not say itself.
    pub(super) fn beneath(&self, device: Table) -> Table {
        device.over(self.table.clone(), "point")
    }

    /// A device that says nothing itself, for checking a profile that nobody uses.
    pub(super) fn alone(&self) -> Table {
        self.table.clone()
    }
}

impl Profiles {
    /// The profile `id`, or why there is none; an empty text when that is the fault of a profile's own file.
    pub(super) fn find(&self, id: &str) -> Result<&Profile, LocalText> {
        self.all.iter().find(|profile| profile.id == id).ok_or_else(|| match self.some_faulty {
            true => LocalText::default(),
            false => nearest::not_one_of(id, self.all.iter().map(|profile| profile.id.as_str())),
        })
    }
}

#[derive(RustEmbed)]
#[folder = "profiles"]
struct Shipped;

/// The profiles that come with the hub.
fn shipped(problems: &mut Problems) -> Vec<Profile> {
    let read_one = |name: Cow<'static, str>| {
        let text = match Shipped::get(&name)?.data {
            Cow::Borrowed(bytes) => Cow::Borrowed(std::str::from_utf8(bytes).ok()?),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8(bytes).ok()?),
        };
        let table = Table::parse(&format!("profiles/{name}"), &text, problems)?;
        Some(Profile { shipped: Some(text), ..read(table, problems)? })
    };
    Shipped::iter().filter(|name| name.ends_with(".toml")).filter_map(read_one).collect()
}

/// Reads all profiles.
pub(super) fn read_all(files: &Files, problems: &mut Problems) -> Profiles {
    let tables = files.tables("profiles", problems);
    let mut profiles = Profiles { all: Vec::new(), some_faulty: tables.some_faulty };
    for table in tables.read {
        let at = table.at("id");
        match read(table, problems) {
            None => profiles.some_faulty = true,
            Some(profile) => match profiles.all.iter().find(|other| other.id == profile.id) {
                None => profiles.all.push(profile),
                Some(first) => problems.error(at.fault(nearest::id_taken(&profile.id, &first.place))),
            },
        }
    }
    // A test holds that none of them has a fault.
    let ours = shipped(&mut Problems::new());
    let not_replaced = |profile: &Profile| profiles.all.iter().all(|own| own.id != profile.id);
    let kept: Vec<_> = ours.into_iter().filter(not_replaced).collect();
    profiles.all.extend(kept);
    profiles
}

fn read(mut table: Table, problems: &mut Problems) -> Option<Profile> {
    let place = table.place_of("id");
    let id = table.needed_parsed("id", problems, |text| id::check_part(text).map(|()| text.to_owned()));
    let name = table.clone().local_text("name", &mut Problems::new());
    let sources = table.local_texts("sources", problems).unwrap_or_default();
    let unverified = table.local_texts("unverified", problems).unwrap_or_default();
    let version = table.text("version", problems).unwrap_or_default();
    if !table.has("adapter") {
        problems.error(table.fault("adapter", needed()));
    }
    if let Some(found) = table.peek_text("profile") {
        let message = local!(
            "có \"{found}\", chỉ được ghi ở thiết bị; hồ sơ không lấy gì từ hồ sơ khác",
            "found \"{found}\", allowed: only in a device; a profile takes nothing from another"
        );
        problems.error(table.fault("profile", message));
        table.text("profile", problems);
    }
    // The device's table is checked when it is used; asked for on a copy, the key stays in.
    let adapter = table.clone().choice("adapter", &Adapter::WORDS, problems);
    let (id, adapter) = (id?, adapter?);
    let name = name.unwrap_or_else(|| LocalText::same(&*id));
    let file = place.file.to_string();
    Some(Profile { id, name, version, sources, unverified, file, shipped: None, adapter, place, table })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profiles_that_come_with_the_hub_have_no_fault_and_say_where_their_figures_are_from() {
        let mut problems = Problems::new();
        let profiles = shipped(&mut problems);
        assert!(problems.errors().is_empty(), "{:?}", problems.errors());
        assert_eq!(profiles.len(), Shipped::iter().filter(|name| name.ends_with(".toml")).count());
        for profile in &profiles {
            assert_eq!(profile.file, format!("profiles/{}.toml", profile.id));
            assert!(!profile.sources.is_empty() && !profile.version.is_empty(), "{}", profile.id);
            for text in profile.sources.iter().chain(&profile.unverified) {
                assert_ne!(text.vi, text.en, "{}: in both languages", profile.id);
            }
            assert!(profile.points().len() >= 2 || profile.id == "generic-4-20ma", "{}", profile.id);
        }
    }
}
