//! `organisations.toml` of a province's hub: provinces, districts and communes, and what each belongs to from when until when.
//!
//! Areas are joined and parted again: what is asked of a day is answered by that day's order. Read next: `../province`.

use std::collections::BTreeMap;

use adapters_sdk::config::{At, Problems, Table};
use hub_model::{LocalText, Timestamp, id, local};
use jiff::tz::TimeZone;

use super::calibration::moment;
use super::nearest::{id_twice, not_one_of};

/// All of them, by their ids.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Organisations(BTreeMap<String, Organisation>);

/// One of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Organisation {
    /// Its name; of a commune it takes the place of the one that its hub gives.
    pub name: Option<LocalText>,
    /// Whether it is a commune, which has a hub.
    pub is_commune: bool,
    within: Vec<Within>,
}

/// What one belongs to for a time.
#[derive(Debug, Clone, PartialEq)]
struct Within {
    id: String,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Within {
    fn holds_at(&self, moment: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= moment) && self.until.is_none_or(|until| moment < until)
    }

    fn overlaps(&self, other: &Self) -> bool {
        let begins_before = |one: &Self, other: &Self| {
            one.from.is_none_or(|from| other.until.is_none_or(|until| from < until))
        };
        begins_before(self, other) && begins_before(other, self)
    }
}

impl Organisations {
    /// One by its id.
    pub fn get(&self, id: &str) -> Option<&Organisation> {
        self.0.get(id)
    }

    /// All of them, in the order of their ids.
    pub fn all(&self) -> impl Iterator<Item = (&String, &Organisation)> {
        self.0.iter()
    }

    /// What `id` belongs to at `moment`, the nearest first.
    pub fn within(&self, id: &str, moment: Timestamp) -> Vec<String> {
        let mut above: Vec<String> = Vec::new();
        let mut at = id;
        while let Some(next) =
            self.0.get(at).and_then(|one| one.within.iter().find(|within| within.holds_at(moment)))
        {
            // Where things go round in a circle, they are followed once.
            if next.id == id || above.contains(&next.id) {
                break;
            }
            above.push(next.id.clone());
            at = &next.id;
        }
        above
    }
}

/// Reads the file's tables.
pub(super) fn read(mut root: Table, zone: &TimeZone, problems: &mut Problems) -> Organisations {
    let mut all = BTreeMap::new();
    let mut named: Vec<(String, At)> = Vec::new();
    for mut table in root.tables("organisation", problems) {
        let twice = table.at("id");
        let id = table.needed_parsed("id", problems, |text| id::check_part(text).map(|()| text.to_owned()));
        let name = table.local_text("name", problems);
        let kinds = [("province", false), ("district", false), ("commune", true)];
        let is_commune = table.needed_choice("kind", &kinds, problems);
        let mut within: Vec<Within> = Vec::new();
        for mut span in table.tables("within", problems) {
            let (unknown, clash, backwards) = (span.at("id"), span.at("from"), span.at("until"));
            let above = span.needed_text("id", problems);
            let [from, until] = ["from", "until"].map(|key| moment(&mut span, key, zone, problems));
            span.finish(problems);
            let Some(above) = above else { continue };
            let next = Within { id: above.clone(), from, until };
            if from.zip(until).is_some_and(|(from, until)| until <= from) {
                problems.error(backwards.fault(local!(
                    "kết thúc trước khi bắt đầu, được phép: ngày sau from",
                    "ends before it begins, allowed: a later date than from"
                )));
            } else if let Some(other) = within.iter().find(|other| other.overlaps(&next)) {
                let other = &other.id;
                problems.error(clash.fault(local!(
                    "chồng lên thời gian thuộc \"{other}\", được phép: mỗi lúc thuộc một nơi",
                    "overlaps with the time within \"{other}\", allowed: one at a time"
                )));
            }
            named.push((above, unknown));
            within.push(next);
        }
        table.finish(problems);
        let (Some(id), Some(is_commune)) = (id, is_commune) else { continue };
        if all.insert(id.clone(), Organisation { name, is_commune, within }).is_some() {
            problems.error(twice.fault(id_twice(&id)));
        }
    }
    root.finish(problems);
    for (above, at) in named {
        let known =
            all.iter().filter(|(_, one): &(_, &Organisation)| !one.is_commune).map(|(id, _)| id.as_str());
        if known.clone().all(|id| id != above) {
            problems.error(at.fault(not_one_of(&above, known)));
        }
    }
    Organisations(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> (Organisations, Vec<String>) {
        let mut problems = Problems::new();
        let root = Table::parse("organisations.toml", text, &mut problems).unwrap();
        let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
        let read = read(root, &zone, &mut problems);
        (read, problems.errors().iter().map(ToString::to_string).collect())
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::from_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn a_commune_belongs_to_the_province_of_the_day() {
        let (all, faults) = read_text(
            r#"
            [[organisation]]
            id = "vinh-phuc"
            kind = "province"
            name = { vi = "Tỉnh Vĩnh Phúc", en = "Vĩnh Phúc province" }
            [[organisation]]
            id = "phu-tho"
            kind = "province"
            [[organisation]]
            id = "yen-lac"
            kind = "commune"
            within = [{ id = "vinh-phuc", until = 2025-07-01 }, { id = "phu-tho", from = 2025-07-01 }]
            "#,
        );
        assert_eq!(faults, [""; 0]);
        // The day begins at midnight in Viet Nam.
        assert_eq!(all.within("yen-lac", at("2025-06-30T16:59:59Z")), ["vinh-phuc"]);
        assert_eq!(all.within("yen-lac", at("2025-06-30T17:00:00Z")), ["phu-tho"]);
        assert_eq!(all.within("phu-tho", at("2026-01-01T00:00:00Z")), [""; 0]);
    }

    #[test]
    fn faults_are_told_with_what_is_allowed() {
        let (_, faults) = read_text(
            r#"
            [[organisation]]
            id = "phu-tho"
            kind = "province"
            within = [{ id = "phu-thi" }]
            [[organisation]]
            id = "a"
            kind = "commune"
            within = [{ id = "phu-tho", until = 2025-07-01 }, { id = "phu-tho", from = 2025-06-01 }, { id = "a", from = 2020-01-02, until = 2020-01-01 }]
            [[organisation]]
            id = "a"
            kind = "ward"
            "#,
        );
        let told = faults.join("\n");
        for part in
            ["did you mean \"phu-tho\"?", "overlaps with the time", "ends before it begins", "found \"ward\""]
        {
            assert!(told.contains(part), "{part} in {told}");
        }
    }

    #[test]
    fn a_circle_has_an_end() {
        let (all, _) = read_text(
            "[[organisation]]\nid = \"a\"\nkind = \"province\"\nwithin = [{ id = \"b\" }]\n[[organisation]]\nid = \"b\"\nkind = \"province\"\nwithin = [{ id = \"a\" }]\n",
        );
        assert_eq!(all.within("a", at("2026-01-01T00:00:00Z")), ["b"]);
    }
}
