//! The hub itself as a site of the commune: its devices and points, with their names.
//!
//! Not among the configuration's sites, so that what people have configured stays what they count. Read next: `looks.rs`,
//! which reads the points; `hub_model::own`, which names them.

use std::collections::BTreeMap;

use hub_logic::RuleSet;
use hub_model::{
    Commune, Device, DeviceId, LocalText, Point, PointId, Quantity, RuleOverride, Site, SiteId, SiteKind,
    Unit, own,
};

use super::watcher::READ_EVERY;

/// (the point's own part, unit, decimals, Vietnamese, English)
const POINTS: [(&str, &str, u8, &str, &str); 10] = [
    ("store_failing", "1", 0, "Không ghi được số liệu", "Nothing can be stored"),
    ("disk_free", "%", 1, "Ổ đĩa còn trống", "Disk free"),
    ("disk_left", "By", 0, "Dung lượng trống", "Space left"),
    ("clock_trusted", "1", 0, "Đồng hồ đáng tin", "Clock trusted"),
    ("configuration_refused", "1", 0, "Cấu hình mới bị từ chối", "Changed configuration refused"),
    ("memory", "By", 0, "Bộ nhớ đang dùng", "Memory in use"),
    ("certificate_left", "d", 0, "Chứng chỉ TLS còn hạn", "TLS certificate still valid for"),
    ("backup_age", "d", 1, "Lần sao lưu cuối cách đây", "Since the last backup"),
    ("forward_lag", "s", 0, "Số liệu gửi lên cấp trên chậm", "Readings for the province are behind by"),
    ("bridge_lag", "s", 0, "Số liệu chuyển qua MQTT chậm", "Readings over the MQTT bridge are behind by"),
];

/// The commune with the hub itself as its last site, where `wanted` holds for its rules. Each rule has a point of its own there.
pub fn with_own(mut commune: Commune, rules: &RuleSet, wanted: BTreeMap<String, RuleOverride>) -> Commune {
    commune.sites.extend(site(rules, wanted));
    commune
}

/// All ids are constants or rules' names, so that there always is such a site; a test holds it.
fn site(rules: &RuleSet, wanted: BTreeMap<String, RuleOverride>) -> Option<Site> {
    let machine = DeviceId::parse(own::MACHINE).ok()?;
    let points = POINTS.iter().filter_map(|(id, unit, decimals, vi, en)| {
        point(PointId::new(&machine, id).ok()?, unit, *decimals, LocalText::new(*vi, *en))
    });
    let points: Vec<_> = points.collect();
    let of_rules = rules.titles().into_iter().filter_map(|(rule, title)| {
        // A file whose name is no id is refused, and its fault is told in the log alone.
        point(own::rule_point(&rule)?, "1", 0, title)
    });
    let of_rules: Vec<_> = of_rules.collect();
    Some(Site {
        id: SiteId::parse(own::SITE).ok()?,
        kind: SiteKind::Hub,
        name: LocalText::new("Máy chủ giám sát", "The hub itself"),
        location: None,
        devices: vec![
            device(machine, LocalText::new("Máy và phần mềm", "Machine and program"), points),
            device(
                DeviceId::parse(own::RULES).ok()?,
                LocalText::new("Quy tắc bị lỗi", "Rules at fault"),
                of_rules,
            ),
        ],
        rules: wanted,
    })
}

fn device(id: DeviceId, name: LocalText, points: Vec<Point>) -> Device {
    let interval = (id.as_str() == own::MACHINE).then_some(READ_EVERY);
    Device { id, name, adapter: "hub".to_owned(), interval, line: None, points }
}

fn point(id: PointId, unit: &str, decimals: u8, name: LocalText) -> Option<Point> {
    Some(Point { name, decimals, ..Point::plain(id, Quantity::parse("state")?, Unit::parse(unit)?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_site_holds_every_point_and_every_rule() {
        let (rules, _) = RuleSet::compile([
            ("good.rhai".to_owned(), "fn rule() { #{ title: #{ vi: \"Tốt\", en: \"Good\" }, priority: \"low\", watches: #{ quantity: \"level\" } } } fn active(p) { false }".to_owned()),
            ("broken.rhai".to_owned(), "fn".to_owned()),
        ]);
        let site = site(&rules, BTreeMap::new()).unwrap();
        assert_eq!(site.devices[0].points.len(), POINTS.len());
        let names: Vec<_> = site.devices[1].points.iter().map(|p| (p.id.as_str(), &*p.name.vi)).collect();
        assert_eq!(names, [("_hub/rules/good", "Tốt"), ("_hub/rules/broken", "broken")]);
        assert!(site.devices[0].points.iter().any(|point| point.id.as_str() == own::STORE_FAILING));
    }
}
