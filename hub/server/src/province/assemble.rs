//! From an engine's rows to sites, points, latest readings and alarms. Pure.
//!
//! Ids of communes meet in one place here, so that a site's becomes `commune--site` and an alarm's number carries its commune.
//! Read next: `adapters_influxdb::about`, which wrote the rows; `mod.rs`, which asks for them.

use std::collections::BTreeMap;
use std::time::Duration;

use adapters_influxdb::Row;
use hub_model::{
    Alarm, AlarmId, AlarmState, Checks, Device, DeviceId, Limit, LimitStatus, LocalText, Location, Point,
    PointId, Priority, Quality, Quantity, Reading, Reason, Site, SiteId, SiteKind, Subject, Timestamp,
    Transition, Unit, Why, id, own,
};
use hub_store::Latest;

/// Between a commune's id and its site's.
const JOINT: &str = "--";
/// An alarm's own number has so many bits; those above are its commune's. Together they fit a number of JSON.
const NUMBER_BITS: u32 = 32;
const COMMUNE_BITS: u32 = 21;

/// Where a point of the province is in the engine.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Its commune.
    pub commune: String,
    /// What it measures.
    pub quantity: String,
    /// Its id there.
    pub point: PointId,
}

/// A commune that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Its name, as its hub gives it.
    pub name: LocalText,
    /// Its sites, each with where its points are.
    pub sites: Vec<(Site, Vec<(PointId, Source)>)>,
}

/// The id of a commune's site among all communes' sites.
pub fn site_id(commune: &str, site: &str) -> Option<SiteId> {
    let whole = format!("{commune}{JOINT}{site}");
    if whole.len() <= id::MAX_PART_BYTES {
        return SiteId::parse(&whole).ok();
    }
    // Too long for an id: what is cut off is told apart by its digest.
    let kept: String = whole.chars().take(id::MAX_PART_BYTES - 9).collect();
    SiteId::parse(&format!("{kept}-{:08x}", digest(&whole) >> 32)).ok()
}

/// The number of a commune's alarm among all communes' alarms.
pub fn alarm_id(commune: &str, number: u64) -> AlarmId {
    AlarmId(commune_part(commune) | (number & ((1 << NUMBER_BITS) - 1)))
}

/// What all numbers of a commune's alarms have above their own bits; never nothing, which is the province's hub itself.
pub fn commune_part(commune: &str) -> u64 {
    (digest(commune) % ((1 << COMMUNE_BITS) - 1) + 1) << NUMBER_BITS
}

/// The part of an alarm's number that tells its commune, and whether it has one.
pub fn part_of(alarm: AlarmId) -> Option<u64> {
    let part = alarm.0 >> NUMBER_BITS << NUMBER_BITS;
    (part != 0).then_some(part)
}

/// FNV-1a, 64 bits: the same in every version and on every machine.
fn digest(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// All communes, from what their hubs say that there is: of each the newest round only.
pub fn communes(sites: &[Row], points: &[Row], limits: &[Row]) -> BTreeMap<String, Found> {
    let mut newest: BTreeMap<&str, Timestamp> = BTreeMap::new();
    for row in sites {
        let known = newest.entry(row.text("commune").unwrap_or_default()).or_default();
        *known = row.at().max(*known);
    }
    let is_current = |row: &&Row| newest.get(row.text("commune").unwrap_or_default()) == Some(&row.at());
    let mut of_point: BTreeMap<[&str; 4], Vec<&Row>> = BTreeMap::new();
    for row in limits.iter().filter(is_current) {
        of_point.entry(place(row)).or_default().push(row);
    }
    let mut of_site: BTreeMap<[&str; 2], Vec<&Row>> = BTreeMap::new();
    for row in points.iter().filter(is_current) {
        let [commune, site, ..] = place(row);
        of_site.entry([commune, site]).or_default().push(row);
    }
    let mut communes: BTreeMap<String, Found> = BTreeMap::new();
    for row in sites.iter().filter(is_current) {
        let [commune, site, ..] = place(row);
        let name = names(row, "commune", commune);
        let rows = of_site.get(&[commune, site]).map_or(&[][..], Vec::as_slice);
        let Some(built) = site_of(row, &name, rows, &of_point) else { continue };
        communes
            .entry(commune.to_owned())
            .or_insert_with(|| Found { name, sites: Vec::new() })
            .sites
            .push(built);
    }
    communes
}

fn place(row: &Row) -> [&str; 4] {
    ["commune", "site", "device", "point"].map(|name| row.text(name).unwrap_or_default())
}

fn names(row: &Row, what: &str, otherwise: &str) -> LocalText {
    let text = |language: &str| row.text(&format!("{what}_{language}")).unwrap_or(otherwise);
    LocalText::new(text("vi"), text("en"))
}

fn site_of(
    row: &Row,
    commune_name: &LocalText,
    points: &[&Row],
    limits: &BTreeMap<[&str; 4], Vec<&Row>>,
) -> Option<(Site, Vec<(PointId, Source)>)> {
    let [commune, site, ..] = place(row);
    let id = site_id(commune, site)?;
    let name = names(row, "site", site);
    // In lists of all communes' sites and alarms the name alone would not tell which.
    let name = LocalText::new(
        format!("{} – {}", name.vi, commune_name.vi),
        format!("{} – {}", name.en, commune_name.en),
    );
    let kind = SiteKind::ALL.into_iter().find(|kind| Some(kind.code()) == row.text("kind"));
    let location = row.number("lat").zip(row.number("lon")).map(|(lat, lon)| Location { lat, lon });
    let (mut devices, mut sources): (Vec<Device>, _) = (Vec::new(), Vec::new());
    for row in points {
        let [_, _, device, point] = place(row);
        let Ok(device_id) = DeviceId::new(&id, device) else { continue };
        let Ok(theirs) = PointId::parse(&format!("{site}/{device}/{point}")) else { continue };
        let Some(ours) = point_of(row, &device_id, limits.get(&place(row)).map_or(&[][..], Vec::as_slice))
        else {
            continue;
        };
        let quantity = ours.quantity.code().to_owned();
        sources.push((ours.id.clone(), Source { commune: commune.to_owned(), quantity, point: theirs }));
        match devices.iter_mut().find(|known| known.id == device_id) {
            Some(known) => known.points.push(ours),
            None => devices.push(Device {
                name: names(row, "device", device),
                id: device_id,
                adapter: "province".to_owned(),
                interval: seconds(row, "interval"),
                line: None,
                points: vec![ours],
            }),
        }
    }
    let kind = kind.unwrap_or(SiteKind::Other);
    Some((Site { id, kind, name, location, devices, rules: BTreeMap::new() }, sources))
}

fn seconds(row: &Row, name: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(row.number(name)?).ok()
}

fn point_of(row: &Row, device: &DeviceId, limits: &[&Row]) -> Option<Point> {
    let point = row.text("point")?;
    let quantity = Quantity::parse(row.text("quantity")?)?;
    Some(Point {
        name: names(row, "point", point),
        decimals: row.number("decimals").map_or(2, |decimals| decimals as u8),
        checks: Checks { expire_after: seconds(row, "expire"), ..Checks::default() },
        limits: limits.iter().map(|row| limit_of(row)).collect(),
        reference: row.number("reference") == Some(1.0),
        ..Point::plain(PointId::new(device, point).ok()?, quantity, Unit::parse(row.text("unit")?)?)
    })
}

fn limit_of(row: &Row) -> Limit {
    let text = |name: &str| row.text(name).unwrap_or_default().to_owned();
    let moment = |name: &str| row.number(name).map(|ms| Timestamp::from_millis(ms as i64));
    let is_verified = row.text("status") == Some("verified");
    Limit {
        min: row.number("min"),
        max: row.number("max"),
        set: text("set"),
        regulation: text("regulation"),
        clause: text("clause"),
        status: if is_verified { LimitStatus::Verified } else { LimitStatus::Unverified },
        averaging: seconds(row, "averaging").filter(|span| !span.is_zero()),
        valid_from: moment("from"),
        valid_to: moment("to"),
    }
}

/// The newest reading of a series, as its commune judged it; `None` for a series that is no point of ours.
pub fn latest(row: &Row) -> Option<Latest> {
    let [commune, site, device, point] = place(row);
    let id = PointId::parse(&format!("{}/{device}/{point}", site_id(commune, site)?)).ok()?;
    let at = row.times.get("quality").copied().unwrap_or_else(|| row.at());
    let value = row.number("value").zip(row.times.get("value").copied());
    let quality = row.quality();
    let current = value.filter(|(_, its)| *its == at && quality != Quality::Missing).map(|(value, _)| value);
    let quality = if current.is_none() { Quality::Missing } else { quality };
    let reading = Reading {
        point: id,
        measured_at: at,
        received_at: at,
        raw: None,
        value: current,
        quality,
        reason: row.reason(),
    };
    Some(Latest { reading, last_good: value })
}

/// A latest reading as it is at `now`: one that is older than it may be says so.
pub fn aged(latest: &Latest, point: &Point, interval: Option<Duration>, now: Timestamp) -> Latest {
    /// Where nothing is said, a reading is news for so long.
    const USUAL: Duration = Duration::from_secs(3_600);
    let allowed = point.checks.expire_after.unwrap_or_else(|| USUAL.max(interval.unwrap_or_default() * 3));
    let mut latest = latest.clone();
    let reading = &mut latest.reading;
    if reading.quality != Quality::Missing && now.since(reading.measured_at) > allowed {
        reading.received_at = reading.measured_at.plus(allowed);
        (reading.measured_at, reading.value) = (reading.received_at, None);
        (reading.quality, reading.reason) = (Quality::Missing, Some(Reason::Expired));
    }
    latest
}

impl Found {
    /// What a rule of the commune is called, as its hub names the point that it keeps for each rule.
    fn rule_title(&self, rule: &str) -> Option<&LocalText> {
        let own = own::rule_point(rule)?;
        let devices = self.sites.iter().filter(|(site, _)| is_hub(site)).flat_map(|(site, _)| &site.devices);
        let mut points = devices.flat_map(|device| &device.points);
        let is_its =
            |point: &&Point| point.id.name() == own.name() && point.id.device().name() == own.device().name();
        points.find(is_its).map(|point| &point.name)
    }
}

/// An alarm as its last step left it; `None` for a row that tells of none. An engine that keeps numbers only has no words for it:
/// its title is then what its commune calls the rule.
pub fn alarm(row: &Row, communes: &BTreeMap<String, Found>) -> Option<Alarm> {
    let at = row.at();
    // Of the newest of every field, those that an earlier alarm wrote say nothing of this one.
    let number = |name: &str| row.number(name).filter(|_| row.times.get(name) == Some(&at));
    let text = |name: &str| row.text(name).filter(|_| row.times.get(name) == Some(&at));
    let moment = |name: &str| number(name).map(|ms| Timestamp::from_millis(ms as i64));
    let [commune, rule, priority] =
        ["commune", "rule", "priority"].map(|name| row.text(name).unwrap_or_default());
    let state = *AlarmState::ALL.get(number("code")? as usize)?;
    let standing = number("standing") == Some(1.0);
    let both = |name: &str, otherwise: &str| {
        let text = |language: &str| text(&format!("{name}_{language}")).unwrap_or(otherwise);
        LocalText::new(text("vi"), text("en"))
    };
    let is_hidden =
        matches!(state, AlarmState::Shelved | AlarmState::SuppressedByDesign | AlarmState::OutOfService);
    let raised_at = moment("raised_ms")?;
    Some(Alarm {
        id: alarm_id(commune, number("id")? as u64),
        rule: rule.into(),
        rule_version: String::new(),
        title: match text("title_vi") {
            Some(_) => both("title", rule),
            None => {
                let title = communes.get(commune).and_then(|found| found.rule_title(rule));
                title.cloned().unwrap_or_else(|| LocalText::same(rule))
            }
        },
        priority: priority.parse().unwrap_or(Priority::Medium),
        subject: subject(commune, row.text("subject")?)?,
        state,
        beneath: is_hidden.then_some(if standing {
            AlarmState::Unacknowledged
        } else {
            AlarmState::RtnUnacknowledged
        }),
        parent: None,
        out_of_service: state == AlarmState::OutOfService,
        latching: false,
        raised_at,
        told_at: raised_at,
        remind_after: None,
        raises: 1,
        chattering: false,
        flood: false,
        cleared_at: moment("cleared_ms"),
        acknowledged_at: (state == AlarmState::Acknowledged).then_some(at),
        acknowledged_by: (state == AlarmState::Acknowledged).then(|| text("by").map(str::to_owned)).flatten(),
        shelved_until: None,
        value: number("value"),
        unit: text("unit").unwrap_or_default().to_owned(),
        message: both("message", ""),
        // A commune's hub of an earlier version tells it in Vietnamese only.
        clause: text("clause").map(|vi| LocalText::new(vi, text("clause_en").unwrap_or(vi))),
        runbook: None,
        tags: vec![],
    })
}

/// The steps of one alarm from its rows, and how the last left it.
pub fn history(
    mut rows: Vec<Row>,
    wanted: AlarmId,
    communes: &BTreeMap<String, Found>,
) -> Option<(Alarm, Vec<Transition>)> {
    rows.sort_by_key(Row::at);
    let mut steps: Vec<Transition> = Vec::new();
    let mut last = None;
    for row in &rows {
        let Some(alarm) = alarm(row, communes).filter(|alarm| alarm.id == wanted) else { continue };
        let text = |name: &str| row.text(name).map(str::to_owned);
        let remark = row.text("remark").and_then(|remark| remark.parse().ok());
        steps.push(Transition {
            alarm: wanted,
            at: row.at(),
            from: steps.last().map(|step| step.to),
            to: alarm.state,
            why: row.text("why").and_then(|why| why.parse().ok()).unwrap_or(why_of(alarm.state)),
            by: text("by"),
            comment: text("comment").filter(|_| remark.is_none()),
            remark,
            value: alarm.value,
            rule_version: String::new(),
        });
        last = Some(alarm);
    }
    Some((last?, steps))
}

/// What most likely led to a state, where the engine keeps numbers only.
fn why_of(state: AlarmState) -> Why {
    match state {
        AlarmState::Unacknowledged => Why::Raised,
        AlarmState::Acknowledged => Why::Acknowledged,
        AlarmState::RtnUnacknowledged | AlarmState::Normal => Why::Returned,
        AlarmState::Shelved => Why::Shelved,
        AlarmState::SuppressedByDesign => Why::Suppressed,
        AlarmState::OutOfService => Why::TakenOutOfService,
    }
}

/// What an alarm of a commune is about, among all communes.
fn subject(commune: &str, theirs: &str) -> Option<Subject> {
    let (site, rest) = theirs.split_once('/').map_or((theirs, ""), |(site, rest)| (site, rest));
    let site = site_id(commune, site)?;
    Subject::parse(&if rest.is_empty() { site.to_string() } else { format!("{site}/{rest}") })
}

/// Whether a site is a commune's hub itself.
pub fn is_hub(site: &Site) -> bool {
    site.kind == SiteKind::Hub || own::is_own(&site.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_communes_do_not_meet() {
        assert_eq!(site_id("yen-lac", "water").unwrap().as_str(), "yen-lac--water");
        let long = "x".repeat(60);
        let (one, other) = (site_id(&long, "north").unwrap(), site_id(&long, "south").unwrap());
        assert!(one != other && one.as_str().len() <= id::MAX_PART_BYTES);
        let (ours, theirs) = (alarm_id("yen-lac", 7), alarm_id("tam-hop", 7));
        assert!(ours != theirs && ours.0 < 1 << 53);
        assert_eq!((part_of(ours), part_of(AlarmId(7))), (Some(commune_part("yen-lac")), None));
    }

    #[test]
    fn of_the_newest_of_each_field_an_earlier_alarm_is_left_out() {
        let at = Timestamp::from_millis;
        let cells = [
            ("commune", "a"),
            ("rule", "ph-high"),
            ("priority", "high"),
            ("subject", "water/edge/ph"),
            ("id", "9"),
            ("code", "0"),
            ("standing", "1"),
            ("raised_ms", "2000"),
            ("cleared_ms", "1000"),
        ];
        let times = ["id", "code", "standing", "raised_ms"].map(|name| (name.to_owned(), at(2_000)));
        let row = Row {
            cells: cells.map(|(name, cell)| (name.to_owned(), cell.to_owned())).into(),
            measurement: "alarm".to_owned(),
            times: times.into_iter().chain([("cleared_ms".to_owned(), at(1_000))]).collect(),
        };
        let found = alarm(&row, &BTreeMap::new()).unwrap();
        assert_eq!((found.cleared_at, found.is_standing()), (None, true));
        assert_eq!(found.subject.site().as_str(), "a--water");
    }
}
