//! Where rules come from: the folder that the configuration names, else those that come with the hub, with the files of
//! `rules/` in their place and beside them. And how the dashboard's editor writes there.
//!
//! Knows files, not what they say. Read next: `hub_api::RuleBook`, `hub_logic::RuleSet`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use adapters_sdk::clock::stopwatch;
use anyhow::Context;
use hub_api::{RuleBook, RuleOrigin, RuleText};
use hub_logic::{Elapsed, EmbeddedRule, RuleFault, RuleSet, embedded_rules};
use tokio::sync::Notify;

use crate::whole_file;

/// How the files of rules that watch the hub itself begin.
const OF_THE_HUB: &str = "hub-";
/// Largest rule or cases file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 256 * 1024;
/// The folder beside hub.toml whose files stand in for those that come with the hub.
const OVERLAY: &str = "rules";
const RULE: &str = ".rhai";
const CASES: &str = ".cases.toml";
/// Permissions of a new file: rules hold no secret.
const READABLE: u32 = 0o644;
/// A file of this ending switches the rule of its name off.
const OFF: &str = ".off";

/// A file's name and its text.
pub type Text = (String, String);

/// Where the files of the rules are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFiles {
    folder: PathBuf,
    /// Whether the rules that come with the hub are there, too, where the folder has no file of that name.
    with_shipped: bool,
}

impl RuleFiles {
    /// The rules of the configuration in `dir`: only those of the folder that it names, if it names one.
    pub fn of(dir: &Path, named: Option<PathBuf>) -> Self {
        match named {
            Some(folder) => Self::only(folder),
            None => Self { folder: dir.join(OVERLAY), with_shipped: true },
        }
    }

    /// The rules of a folder alone.
    pub fn only(folder: PathBuf) -> Self {
        Self { folder, with_shipped: false }
    }

    /// The rules' files: (name, text), in the order of their names.
    ///
    /// # Errors
    /// When the folder or a file in it cannot be read, or a file is too large.
    pub fn rules(&self) -> anyhow::Result<Vec<Text>> {
        self.texts(RULE, |shipped| shipped.rule)
    }

    /// The files of cases, likewise.
    ///
    /// # Errors
    /// As [`Self::rules`].
    pub fn cases(&self) -> anyhow::Result<Vec<Text>> {
        self.texts(CASES, |shipped| shipped.cases)
    }

    /// The rules, those that are switched off not judging, and what is wrong with those that are on. The rules that watch the
    /// hub itself are always among them, each unless the folder has a file of its name.
    ///
    /// # Errors
    /// As [`Self::rules`].
    pub fn compile(&self) -> anyhow::Result<(RuleSet, Vec<RuleFault>)> {
        let mut files = self.rules()?;
        for (name, text) in embedded_rules().map(|it| it.rule) {
            if is_of_the_hub(name) && !files.iter().any(|(known, _)| known == name) {
                files.push((name.to_owned(), text.to_owned()));
            }
        }
        let (mut set, mut faults) = RuleSet::compile(files);
        let off = self.off()?;
        faults.retain(|fault| !off.iter().any(|id| **id == *fault.rule));
        set.switch_off(off);
        Ok((set, faults))
    }

    /// Where a rule's file is, for whoever reads of a fault in it: `None` when it comes with the hub.
    pub fn folder_of(&self, file: &str) -> Option<&Path> {
        (!self.with_shipped || self.folder.join(file).exists()).then_some(&*self.folder)
    }

    /// The rules that are switched off.
    fn off(&self) -> anyhow::Result<Vec<String>> {
        let names = self.names(OFF)?;
        Ok(names.into_iter().map(|name| name.trim_end_matches(OFF).to_owned()).collect())
    }

    fn texts(
        &self,
        ending: &str,
        part: fn(&EmbeddedRule) -> (&'static str, &'static str),
    ) -> anyhow::Result<Vec<Text>> {
        let mut texts = Vec::new();
        for name in self.names(ending)? {
            let text = read(&self.folder.join(&name))?;
            texts.push((name, text));
        }
        if self.with_shipped {
            for (name, text) in embedded_rules().iter().map(part) {
                if !texts.iter().any(|(own, _)| own == name) {
                    texts.push((name.to_owned(), text.to_owned()));
                }
            }
        }
        texts.sort();
        Ok(texts)
    }

    /// The names in the folder that end so.
    fn names(&self, ending: &str) -> anyhow::Result<Vec<String>> {
        let unreadable = || format!("[rules] dir: {} cannot be read", self.folder.display());
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.with_shipped => {
                return Ok(Vec::new());
            }
            entries => entries.with_context(unreadable)?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let name = entry.with_context(unreadable)?.file_name().to_string_lossy().into_owned();
            if name.ends_with(ending) && !name.starts_with('.') {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }
}

/// Whether a rule of that name watches the hub itself.
pub fn is_of_the_hub(name: &str) -> bool {
    name.starts_with(OF_THE_HUB)
}

fn read(path: &Path) -> anyhow::Result<String> {
    let unreadable = || format!("{}: cannot be read", path.display());
    let metadata = fs::metadata(path).with_context(unreadable)?;
    // Reading a pipe would wait for whoever writes to it.
    anyhow::ensure!(metadata.is_file(), "{}: is no file", path.display());
    let size = metadata.len();
    anyhow::ensure!(
        size <= MAX_FILE_BYTES,
        "{}: has {size} bytes, allowed: {MAX_FILE_BYTES}",
        path.display()
    );
    fs::read_to_string(path).with_context(unreadable)
}

/// The rules' files as the dashboard's editor reads and writes them.
pub struct Folder {
    /// Where they are.
    pub files: RuleFiles,
    /// Rung after a change.
    pub changed: Arc<Notify>,
}

impl RuleBook for Folder {
    fn read(&self, rule: &str) -> io::Result<Option<RuleText>> {
        let own = |ending: &str| {
            let path = self.files.folder.join(format!("{rule}{ending}"));
            if path.exists() { read(&path).map(Some).map_err(io::Error::other) } else { Ok(None) }
        };
        let shipped = self.shipped(rule);
        let (own_rule, own_cases) = (own(RULE)?, own(CASES)?);
        let origin = match (&own_rule, &own_cases, &shipped) {
            (None, None, Some(_)) => RuleOrigin::Shipped,
            (_, _, Some(_)) => RuleOrigin::Changed,
            _ => RuleOrigin::Own,
        };
        let of_shipped =
            |part: fn(&EmbeddedRule) -> &'static str| shipped.as_ref().map(|it| part(it).to_owned());
        let cases = own_cases.or_else(|| of_shipped(|it| it.cases.1));
        let is_on = !self.files.folder.join(format!("{rule}{OFF}")).exists();
        let source = own_rule.or_else(|| of_shipped(|it| it.rule.1));
        Ok(source.map(|source| RuleText { source, cases, origin, is_on }))
    }

    fn write(&self, rule: &str, source: &str, cases: Option<&str>) -> io::Result<()> {
        fs::create_dir_all(&self.files.folder)?;
        let shipped = self.shipped(rule);
        // The cases first: a rule in force is never without those that were written for it.
        self.put(&format!("{rule}{CASES}"), cases, shipped.map(|it| it.cases.1))?;
        self.put(&format!("{rule}{RULE}"), Some(source), shipped.map(|it| it.rule.1))
    }

    fn switch(&self, rule: &str, is_on: bool, note: &str) -> io::Result<()> {
        fs::create_dir_all(&self.files.folder)?;
        self.put(&format!("{rule}{OFF}"), (!is_on).then_some(note), None)
    }

    fn remove(&self, rule: &str) -> io::Result<()> {
        // The rule first: what is left of one that is gone does nothing.
        [RULE, CASES, OFF].into_iter().try_for_each(|ending| self.put(&format!("{rule}{ending}"), None, None))
    }

    fn changed(&self) {
        self.changed.notify_one();
    }

    fn stopwatch(&self) -> Elapsed {
        let elapsed_ms = stopwatch();
        Arc::new(move || Duration::from_millis(elapsed_ms()))
    }
}

impl Folder {
    /// The rule as it comes with the hub, where those are in use.
    fn shipped(&self, rule: &str) -> Option<EmbeddedRule> {
        let name = format!("{rule}{RULE}");
        let is_in_use = self.files.with_shipped || is_of_the_hub(rule);
        embedded_rules().into_iter().find(|it| is_in_use && it.rule.0 == name)
    }

    /// Makes a file hold a text, all of it or as before whatever happens; without one, or where it is the text that comes with
    /// the hub, there is no file.
    fn put(&self, name: &str, text: Option<&str>, shipped: Option<&str>) -> io::Result<()> {
        let path = self.files.folder.join(name);
        match text.filter(|text| Some(*text) != shipped) {
            Some(text) => whole_file::replace(&path, text, READABLE),
            None if path.exists() => whole_file::remove(&path),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(dir: &Path) -> Folder {
        Folder { files: RuleFiles::of(dir, None), changed: Arc::default() }
    }

    #[test]
    fn files_of_the_overlay_stand_in_for_those_that_come_with_the_hub_and_go_with_their_text() {
        let dir = tempfile::tempdir().unwrap();
        let book = folder(dir.path());
        let shipped = book.read("bin-full").unwrap().unwrap();
        assert_eq!((shipped.origin, shipped.is_on), (RuleOrigin::Shipped, true));
        let count = book.files.rules().unwrap().len();
        let changed = format!("// ours\n{}", shipped.source);
        book.write("bin-full", &changed, shipped.cases.as_deref()).unwrap();
        let found = book.read("bin-full").unwrap().unwrap();
        assert_eq!((found.source.as_str(), found.origin), (changed.as_str(), RuleOrigin::Changed));
        assert_eq!(book.files.rules().unwrap().len(), count, "it stands in for the other");
        assert!(
            !dir.path().join("rules/bin-full.cases.toml").exists(),
            "the cases are those that come with the hub"
        );
        book.write("bin-full", &shipped.source, None).unwrap();
        assert_eq!(book.read("bin-full").unwrap().unwrap(), shipped);
        assert_eq!(fs::read_dir(dir.path().join("rules")).unwrap().count(), 0);
    }

    #[test]
    fn a_rule_that_is_switched_off_may_be_faulty() {
        let dir = tempfile::tempdir().unwrap();
        let book = folder(dir.path());
        book.write("bin-full", "fn rule() {", None).unwrap();
        assert_eq!(book.files.compile().unwrap().1.len(), 1);
        book.switch("bin-full", false, "mended next week").unwrap();
        assert!(book.files.compile().unwrap().1.is_empty());
        assert!(!book.read("bin-full").unwrap().unwrap().is_on);
        book.switch("bin-full", true, "").unwrap();
        assert_eq!(book.files.compile().unwrap().1.len(), 1);
    }

    #[test]
    fn a_folder_that_is_named_stands_alone() {
        let dir = tempfile::tempdir().unwrap();
        let files = RuleFiles::only(dir.path().join("gone"));
        assert!(files.rules().unwrap_err().to_string().contains("[rules] dir"));
        fs::create_dir(dir.path().join("gone")).unwrap();
        assert_eq!(files.rules().unwrap(), []);
        let (rules, faults) = files.compile().unwrap();
        assert!(faults.is_empty() && rules.ids().count() > 0, "the hub's watch on itself goes on");
        assert!(rules.ids().all(|id| id.starts_with(OF_THE_HUB)));
    }
}
