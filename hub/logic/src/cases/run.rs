//! Runs one case: a commune of one device is made to fit the rule, time is stepped from reading to reading and from delay to
//! delay, and the alarms that came are held against those expected.
//!
//! Judges nothing itself. Read next: [`crate::Logic::step`].

use std::sync::Arc;
use std::time::Duration;

use hub_model::text::Told as _;
use hub_model::{
    AlarmId, AlarmState, Checks, Commune, Device, DeviceId, Limit, LimitStatus, LineId, LocalText,
    NamedAlarm, Observation, Point, PointId, Quantity, Range, RuleOverride, Sample, Site, SiteId, SiteKind,
    Timestamp, Unit, local,
};

use super::read::{Bounds, Case, Expected, GivenLimit};
use crate::rules::Rule;
use crate::{Effect, Elapsed, Event, Host, Logic, Recovered, RuleSet};

/// Cases run on the clock of Vietnam.
pub(super) const UTC_OFFSET_S: i32 = 7 * 3600;
/// More ticks than one a minute for a case's greatest length, and then some: beyond it, something asks for ever.
const MAX_TICKS: usize = 50_000;

/// An alarm as it came.
struct Came {
    id: AlarmId,
    raised: Duration,
    cleared: Option<Duration>,
    value: Option<f64>,
    message: String,
}

/// Runs the case; what was wrong, if anything. It is stopped when the stopwatch shows `stops_at`.
pub(super) fn run(case: &Case, rules: RuleSet, elapsed: &Elapsed, stops_at: Duration) -> Option<LocalText> {
    let commune = match rules.rules.first().map(|rule| commune_for(rule, case)) {
        Some(Ok(commune)) => commune,
        Some(Err(wrong)) => return Some(wrong),
        None => return Some(local!("không có quy tắc nào", "there is no rule")),
    };
    let started_at = Timestamp::from_millis(case.starts_local_ms - i64::from(UTC_OFFSET_S) * 1_000);
    let own = commune.points().next()?.id.clone();
    // Calls are bounded by operations alone: how a case goes must not depend on how busy the machine is.
    let host = Host { utc_offset_s: Box::new(|_| UTC_OFFSET_S), elapsed: Arc::new(Duration::default) };
    let mut logic = Logic::new(Arc::new(commune), rules, Recovered::nothing(started_at), host);
    let mut came = vec![];
    let mut ticks = 0;
    let mut take = |effects: Vec<Effect>| -> Option<LocalText> {
        effects.into_iter().find_map(|effect| note(&mut came, effect, started_at))
    };
    let mut readings = case.readings.iter().peekable();
    loop {
        if elapsed() > stops_at {
            return Some(local!("bị dừng: các ca thử chạy quá lâu", "stopped: the cases take too long"));
        }
        let next_reading = readings.peek().map(|reading| started_at.plus(reading.at));
        let until = next_reading.unwrap_or(started_at.plus(case.ends));
        // A delay that ends with the case still counts; one that ends with a reading is ended by that reading's step.
        let due = logic.next_due().filter(|due| *due < until || (next_reading.is_none() && *due == until));
        if let Some(due) = due {
            ticks += 1;
            if ticks > MAX_TICKS {
                return Some(local!(
                    "quy tắc đòi được hỏi mãi không dứt",
                    "the rule asks to be asked without end"
                ));
            }
            if let Some(fault) = take(logic.step(due, Event::Tick)) {
                return Some(fault);
            }
            continue;
        }
        let Some(now) = next_reading else { break };
        let mut together = vec![];
        while let Some(reading) = readings.next_if(|reading| started_at.plus(reading.at) == now) {
            let point = match &reading.point {
                None => own.clone(),
                Some(name) => match point_named(&own.device(), name) {
                    Ok(point) => point,
                    Err(error) => return Some(error),
                },
            };
            let sample = reading.found.map_or_else(Sample::Missing, Sample::Raw);
            together.push(Observation { point, sample, measured_at: None, received_at: now });
        }
        if let Some(fault) = take(logic.step(now, Event::Observed(together))) {
            return Some(fault);
        }
    }
    compare(&case.alarms, &came)
}

/// Notes what an effect says of alarms; a fault of the rule ends the case.
fn note(came: &mut Vec<Came>, effect: Effect, started_at: Timestamp) -> Option<LocalText> {
    match effect {
        Effect::Fault(fault) => return Some(fault.told()),
        Effect::Alarm { alarm, .. } => {
            let since = |at: Timestamp| at.since(started_at);
            match came.iter_mut().find(|known| known.id == alarm.id) {
                None => came.push(Came {
                    id: alarm.id,
                    raised: since(alarm.raised_at),
                    cleared: None,
                    value: alarm.value,
                    message: alarm.message.vi,
                }),
                Some(known) if alarm.state == AlarmState::Unacknowledged => known.cleared = None,
                Some(known) => known.cleared = alarm.cleared_at.map(since),
            }
        }
        Effect::Store { .. } | Effect::Track(_) | Effect::Service(_) => {}
    }
    None
}

fn compare(expected: &[Expected], came: &[Came]) -> Option<LocalText> {
    let fits = |(wanted, found): (&Expected, &Came)| {
        wanted.raised.0 == found.raised
            && wanted.cleared.map(|span| span.0) == found.cleared
            && wanted.value.is_none_or(|value| Some(value) == found.value)
            && wanted.message.as_ref().is_none_or(|message| *message == found.message)
    };
    if expected.len() == came.len() && expected.iter().zip(came).all(fits) {
        return None;
    }
    let wanted = expected.iter().map(|alarm| {
        told(alarm.raised.0, alarm.cleared.map(|span| span.0), alarm.value, alarm.message.as_deref())
    });
    let found = came.iter().map(|c| told(c.raised, c.cleared, c.value, Some(&c.message)));
    let (wanted, found) = (list(wanted.collect()), list(found.collect()));
    Some(LocalText {
        vi: format!("cảnh báo cần có: {}. Đã có: {}", wanted.vi, found.vi),
        en: format!("expected alarms: {}. Found: {}", wanted.en, found.en),
    })
}

fn list(alarms: Vec<LocalText>) -> LocalText {
    if alarms.is_empty() {
        return local!("không có", "none");
    }
    let (vi, en): (Vec<_>, Vec<_>) = alarms.into_iter().map(|LocalText { vi, en }| (vi, en)).unzip();
    LocalText { vi: vi.join("; "), en: en.join("; ") }
}

fn told(raised: Duration, cleared: Option<Duration>, value: Option<f64>, message: Option<&str>) -> LocalText {
    let raised = written(raised);
    let ended = match cleared.map(written) {
        Some(at) => local!("hết lúc {at}", "cleared {at}"),
        None => local!("còn kéo dài", "still standing"),
    };
    let value = value.map_or_else(LocalText::default, |value| local!(", giá trị {value}", ", value {value}"));
    let message = message.map_or(String::new(), |message| format!(", \"{message}\""));
    LocalText {
        vi: format!("báo lúc {raised}, {}{}{message}", ended.vi, value.vi),
        en: format!("raised {raised}, {}{}{message}", ended.en, value.en),
    }
}

fn written(span: Duration) -> String {
    hub_model::duration::format(span)
}

/// A point of the case's device, or `device/point` of another one of its site.
fn point_named(own: &DeviceId, name: &str) -> Result<PointId, LocalText> {
    let read = match name.split_once('/') {
        None => PointId::new(own, name),
        Some((device, name)) => {
            DeviceId::new(&own.site(), device).and_then(|device| PointId::new(&device, name))
        }
    };
    read.map_err(|error| error.told())
}

/// A commune of one site with the point that the rule watches, and its siblings. Several devices share one line.
pub(super) fn commune_for(rule: &Rule, case: &Case) -> Result<Commune, LocalText> {
    let watches = &rule.facts.watches;
    let (mut site, mut device, mut point) = ("site", "device", "point");
    if let Some(wanted) = watches.site.first() {
        site = wanted;
    }
    if let Some(wanted) = watches.device.first() {
        (site, device) = wanted.split_once('/').unwrap_or((site, wanted));
    }
    match watches.point.first().map(|wanted| wanted.split('/').collect::<Vec<_>>()).as_deref() {
        Some([its_site, its_device, wanted]) => (site, device, point) = (its_site, its_device, wanted),
        Some([wanted]) => point = wanted,
        _ => {}
    }
    let kind_of_rule = watches.site_kind.first().and_then(|code| site_kind(code));
    let quantity_of_rule = watches.quantity.first().and_then(|code| Quantity::parse(code));
    let quantity = case.quantity.or(quantity_of_rule).or_else(|| Quantity::parse("state"));
    let quantity = quantity.ok_or_else(|| local!("không có đại lượng nào", "there is no quantity"))?;
    let site = SiteId::parse(site).map_err(|error| error.told())?;
    let device = DeviceId::new(&site, device).map_err(|error| error.told())?;
    let own = PointId::new(&device, point).map_err(|error| error.told())?;
    let named = || NamedAlarm { title: LocalText::same("alarm"), priority: rule.facts.priority };
    let alarm = watches.alarm.then(named);
    let mut devices = vec![(device.clone(), vec![Point { alarm, ..point_for(own, quantity, case)? }])];
    for (name, quantity) in &case.siblings {
        let sibling = Point { limits: vec![], ..point_for(point_named(&device, name)?, *quantity, case)? };
        let its = sibling.id.device();
        match devices.iter_mut().find(|(device, _)| *device == its) {
            Some((_, points)) => points.push(sibling),
            None => devices.push((its, vec![sibling])),
        }
    }
    let line = (devices.len() > 1).then(|| LineId::new(&site, "case"));
    let name = |text: &str| LocalText::same(text);
    Ok(Commune {
        id: "case".to_owned(),
        name: name("case"),
        timezone: "Asia/Ho_Chi_Minh".to_owned(),
        location: None,
        languages: vec!["vi".to_owned(), "en".to_owned()],
        sites: vec![Site {
            name: name(site.as_str()),
            id: site,
            kind: case.site_kind.or(kind_of_rule).unwrap_or(SiteKind::Other),
            location: None,
            rules: [(
                rule.id.to_string(),
                RuleOverride { parameters: case.parameters.clone(), ..RuleOverride::default() },
            )]
            .into(),
            devices: devices
                .into_iter()
                .map(|(device, points)| Device {
                    name: name(device.name()),
                    id: device,
                    adapter: "case".to_owned(),
                    interval: None,
                    line: line.clone(),
                    points,
                })
                .collect(),
        }],
    })
}

fn point_for(id: PointId, quantity: Quantity, case: &Case) -> Result<Point, LocalText> {
    let limit = case.limit.map(|GivenLimit { min, max, averaging }| Limit {
        min,
        max,
        set: "case".to_owned(),
        regulation: "case".to_owned(),
        clause: "case".to_owned(),
        status: LimitStatus::Verified,
        averaging: averaging.map(|span| span.0),
        valid_from: None,
        valid_to: None,
    });
    let unit = quantity
        .default_unit()
        .or_else(|| Unit::parse("1"))
        .ok_or_else(|| local!("đại lượng không có đơn vị", "the quantity has no unit"))?;
    Ok(Point {
        name: LocalText::same(id.name()),
        checks: Checks {
            range: case.range.map(|Bounds { min, max }| Range { min, max }),
            expire_after: case.expire_after,
            ..Checks::default()
        },
        limits: limit.into_iter().collect(),
        ..Point::plain(id, quantity, unit)
    })
}

fn site_kind(code: &str) -> Option<SiteKind> {
    SiteKind::ALL.into_iter().find(|kind| kind.code() == code)
}
