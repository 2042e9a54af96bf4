//! `hub.toml`: the commune itself, the listeners, the store, the rules, the ways out.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use adapters_sdk::config::{Problem, Problems, Table, unusable};
use hub_api::Surroundings;
use hub_model::{Commune, LocalText, RuleOverride, id, local};
use jiff::tz::TimeZone;

use super::bridge;
use super::files::{Files, unreadable};
use super::forward::{self, Forwarding, NamedSite};
use super::{
    HttpSettings, MqttSettings, Organisations, StoreSettings, listen, map, organisations, ranges,
    rule_override, store,
};
use crate::rules::is_of_the_hub;

/// The time zone of a commune that names none: all of Viet Nam has this one.
const DEFAULT_ZONE: &str = "Asia/Ho_Chi_Minh";

/// What `hub.toml` says.
pub(super) struct Hub {
    /// Without its sites.
    pub(super) commune: Commune,
    pub(super) zone: TimeZone,
    pub(super) http: HttpSettings,
    pub(super) mqtt: Option<MqttSettings>,
    pub(super) store: StoreSettings,
    pub(super) rules: Rules,
    /// Read once the sites are known.
    pub(super) notify: Option<Table>,
    /// Without its sites.
    pub(super) surroundings: Surroundings,
    pub(super) forwarding: Forwarding,
    /// What communes belong to, where the hub is a province's.
    pub(super) province: Option<Organisations>,
    /// Sites that `[[forward]]` names.
    pub(super) forwarded_sites: Vec<NamedSite>,
    pub(super) bridges: Vec<bridge::Read>,
}

/// Reads `hub.toml`. `None` when something that is needed is faulty; every fault is in `problems`.
pub(super) fn read(mut root: Table, dir: &Path, files: &Files, problems: &mut Problems) -> Option<Hub> {
    let role = role(&mut root, files, problems);
    let commune = commune(&mut root, problems);
    let listeners = listen::read(&mut root, dir, problems);
    let store = store::read(&mut root, dir, problems);
    let rules = rules(&mut root, dir, problems);
    let forwarding = forward::read(&mut root, files, problems);
    let bridges = bridge::read(&mut root, files, problems);
    let notify = root.table("notify", problems);
    let surroundings = map::read(&mut root, files, problems);
    root.finish(problems);
    let ((commune, zone), (http, mqtt)) = (commune?, listeners?);
    let (forwarding, forwarded_sites) = forwarding?;
    let store = store?;
    let province = role.map(|file| {
        file.map_or_else(Organisations::default, |file| organisations::read(file, &zone, problems))
    });
    Some(Hub {
        commune,
        zone,
        http,
        mqtt,
        store,
        rules,
        notify,
        surroundings,
        forwarding,
        province,
        forwarded_sites,
        bridges,
    })
}

/// `Some` in a province's hub, with the file of organisations that it names.
fn role(root: &mut Table, files: &Files, problems: &mut Problems) -> Option<Option<Table>> {
    let mut hub = root.table("hub", problems)?;
    let useless = hub.fault(
        "organisations",
        local!(
            "có ghi, chỉ được phép khi role = \"province\"",
            "is given, allowed: only where role = \"province\""
        ),
    );
    let is_province = hub.choice("role", &[("commune", false), ("province", true)], problems) == Some(true);
    let at = hub.at("organisations");
    let file = hub.text("organisations", problems);
    hub.finish(problems);
    if !is_province {
        file.inspect(|_| problems.error(useless));
        return None;
    }
    Some(file.and_then(|file| match files.text(&file) {
        Ok(text) => Table::parse(&file, &text, problems),
        Err(error) => {
            problems.error(at.fault(unusable(&file, &unreadable(&error))));
            None
        }
    }))
}

fn commune(root: &mut Table, problems: &mut Problems) -> Option<(Commune, TimeZone)> {
    if !root.has("commune") {
        problems.error(root.fault(
            "commune",
            local!(
                "cần có: phần này với ít nhất id và name",
                "is needed: a section with at least id and name"
            ),
        ));
    }
    let mut table = root.table("commune", problems)?;
    let id = table.needed_parsed("id", problems, |text| id::check_part(text).map(|()| text.to_owned()));
    let name = table.local_text("name", problems);
    let zone = zone(&mut table, problems);
    let location = ranges::location(&mut table, problems);
    let languages = languages(&mut table, problems);
    table.finish(problems);
    let (id, (timezone, zone)) = (id?, zone?);
    let name = name.unwrap_or_else(|| LocalText::same(&*id));
    Some((Commune { id, name, timezone, location, languages, sites: Vec::new() }, zone))
}

fn zone(table: &mut Table, problems: &mut Problems) -> Option<(String, TimeZone)> {
    let find = |text: &str| match TimeZone::get(text) {
        Ok(zone) => Ok((text.to_owned(), zone)),
        Err(_) => Err(unknown_zone(text)),
    };
    if table.has("timezone") {
        return table.parsed("timezone", problems, find);
    }
    // Asked for all the same, so that a misspelt key is told with the right name.
    table.text("timezone", problems);
    find(DEFAULT_ZONE).ok()
}

/// Of a time zone that is none.
pub fn unknown_zone(found: &str) -> LocalText {
    local!(
        "có \"{found}\", được phép: tên múi giờ IANA như \"{DEFAULT_ZONE}\"",
        "found \"{found}\", allowed: an IANA time zone such as \"{DEFAULT_ZONE}\""
    )
}

fn languages(table: &mut Table, problems: &mut Problems) -> Vec<String> {
    let at = table.at("languages");
    let Some(found) = table.texts("languages", problems) else {
        return vec!["vi".to_owned(), "en".to_owned()];
    };
    let is_known = found.iter().all(|language| matches!(language.as_str(), "vi" | "en"));
    let is_twice = found.len() > 1 && found[0] == found[1];
    if found.is_empty() || !is_known || is_twice || found.len() > 2 {
        problems.error(at.fault(local!(
            "có {found:?}, được phép: \"vi\", \"en\" hoặc cả hai, tiếng ghi trước hiện trước",
            "found {found:?}, allowed: \"vi\", \"en\" or both, the first being shown first"
        )));
    }
    found
}

/// What the section `[rules]` says.
#[derive(Default)]
pub(super) struct Rules {
    /// The folder that it names.
    pub(super) folder: Option<PathBuf>,
    /// What is wanted otherwise of rules that watch the hub itself.
    pub(super) of_the_hub: BTreeMap<String, RuleOverride>,
}

/// Reads the section `[rules]`.
pub(super) fn rules(root: &mut Table, dir: &Path, problems: &mut Problems) -> Rules {
    let Some(mut table) = root.table("rules", problems) else { return Rules::default() };
    let mut of_the_hub = BTreeMap::new();
    for (rule, part) in table.named_tables() {
        if !is_of_the_hub(&rule) {
            let message = local!(
                "ở đây chỉ đặt các quy tắc giám sát chính máy chủ của xã (hub-*); điều một địa điểm muốn khác ở quy tắc thì ghi trong tệp của địa điểm đó",
                "only rules that watch the hub itself (hub-*) are set here; what a site wants of a rule stands in the site's file"
            );
            problems.error(Problem { place: part.place().clone(), key: format!("rules.{rule}"), message });
            continue;
        }
        of_the_hub.insert(rule, rule_override::one(part, problems));
    }
    let without_rules = table.fault(
        "dir",
        local!(
            "trong đó không có tệp *.rhai nào, nên không quy tắc nào chạy và không có gì sinh cảnh báo",
            "there is no *.rhai in it, so no rule runs and nothing raises an alarm"
        ),
    );
    let path = table.parsed("dir", problems, |text| {
        let path = dir.join(text);
        // An empty name would be the folder of hub.toml itself.
        if text.is_empty() || !path.is_dir() {
            return Err(local!(
                "có \"{text}\", không phải thư mục cạnh hub.toml",
                "found \"{text}\", which is no folder beside hub.toml"
            ));
        }
        match not_a_file(&path) {
            // Reading a pipe would wait for whoever writes to it.
            Some(name) => Err(local!(
                "có \"{text}\", trong đó {name} không phải tệp",
                "found \"{text}\", in which {name} is no file"
            )),
            None => Ok(path),
        }
    });
    if path.as_deref().is_some_and(has_no_rule) {
        problems.warning(without_rules);
    }
    table.finish(problems);
    Rules { folder: path, of_the_hub }
}

/// Whether a folder that can be read holds no rule.
fn has_no_rule(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok() && with_endings(folder, &["rhai"]).is_empty()
}

/// The first rule or file of cases that is a folder, a pipe or something else but a file.
fn not_a_file(folder: &Path) -> Option<String> {
    let found = with_endings(folder, &["rhai", "toml"]).into_iter().find(|path| !path.is_file())?;
    Some(found.file_name()?.to_string_lossy().into_owned())
}

/// What a folder holds under these endings, in the order of names; nothing when it cannot be read.
fn with_endings(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|found| endings.iter().any(|ending| found == *ending)));
    paths.sort();
    paths
}
