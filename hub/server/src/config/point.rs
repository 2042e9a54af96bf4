//! A point: the keys that every adapter's points have. What the adapter needs to find its number is read beside it.

use adapters_sdk::config::{Problems, Table, needed};
use hub_model::{
    Checks, Counter, Decimal, DeviceId, NamedAlarm, Point, PointId, Priority, Quantity, Scaling, Unit, local,
};
use jiff::tz::TimeZone;
use std::time::Duration;

use super::adapter::{Adapter, DeviceSettings, PointSettings};
use super::calibration;
use super::ranges;
use super::site::BoundSets;

/// Spans of `stuck_after` and `expire_after`.
pub(super) const SPANS: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(365 * 24 * 3600);
/// A double shows no more than these.
const MOST_DECIMALS: i64 = 9;

/// What a point takes from its device and site.
pub(super) struct Around<'a> {
    pub(super) device: &'a DeviceId,
    pub(super) adapter: Adapter,
    /// `None` when they are faulty: the point is then checked all the same.
    pub(super) settings: Option<&'a DeviceSettings>,
    pub(super) expire_after: Option<Duration>,
    pub(super) limits: &'a BoundSets<'a>,
    /// Dates are days of the commune.
    pub(super) zone: &'a TimeZone,
}

/// Reads a point. `None` when it cannot be used; every fault is in `problems`.
pub(super) fn read(
    mut table: Table,
    around: &Around<'_>,
    problems: &mut Problems,
) -> Option<(Point, PointSettings)> {
    let id = table.needed_parsed("id", problems, |text| PointId::new(around.device, text));
    let name = table.local_text("name", problems);
    let quantity = quantity(&mut table, problems);
    let before = table.clone();
    let unit = unit(&mut table, quantity, problems);
    let decimals = table.integer("decimals", 0..=MOST_DECIMALS, problems).and_then(|n| u8::try_from(n).ok());
    let scaling = scaling(&mut table, problems);
    let counter = counter(&mut table, around.adapter, problems);
    let missing = table.numbers("missing", problems).unwrap_or_default();
    let checks = Checks {
        range: ranges::range(&mut table, "range", problems),
        suspect: ranges::range(&mut table, "suspect", problems),
        max_rate_per_minute: ranges::max_rate(&mut table, problems),
        stuck_after: table.duration("stuck_after", SPANS, problems),
        expire_after: table.duration("expire_after", SPANS, problems).or(around.expire_after),
    };
    let reference = table.boolean("reference", problems).unwrap_or(false);
    let alarm = alarm(&mut table, quantity, unit, problems);
    let calibrations = calibration::read(&mut table, around.zone, problems);
    let settings = around.adapter.point(
        &mut table,
        around.settings,
        id.as_ref().map_or("", PointId::name),
        unit,
        problems,
    );
    table.finish(problems);
    let (quantity, unit) = (quantity?, unit?);
    let (limits, refused) = around.limits.of(quantity, unit);
    for message in refused {
        problems.warning(before.fault("unit", message));
    }
    let point = Point {
        id: id?,
        name: name.unwrap_or_else(|| quantity.name()),
        quantity,
        unit,
        decimals: decimals.unwrap_or(quantity.decimals()),
        scaling,
        counter,
        calibrations,
        missing,
        checks,
        limits,
        reference,
        alarm,
    };
    Some((point, settings?))
}

fn quantity(table: &mut Table, problems: &mut Problems) -> Option<Quantity> {
    let options: Vec<_> = Quantity::codes().filter_map(|code| Some((code, Quantity::parse(code)?))).collect();
    table.needed_choice("quantity", &options, problems)
}

fn unit(table: &mut Table, quantity: Option<Quantity>, problems: &mut Problems) -> Option<Unit> {
    let is_allowed = |unit: &Unit| quantity.is_none_or(|quantity| quantity.allows(*unit));
    if !table.has("unit") {
        // Asked for all the same, so that a misspelt key is told with the right name.
        table.text("unit", problems);
        return quantity?.default_unit();
    }
    table.parsed("unit", problems, |text| {
        Unit::parse(text).filter(is_allowed).ok_or_else(|| {
            let units = Unit::codes().filter_map(Unit::parse).filter(is_allowed);
            let units = units.map(Unit::code).collect::<Vec<_>>().join(", ");
            match quantity.map(Quantity::code) {
                Some(of) => local!(
                    "có \"{text}\", được phép cho {of}: {units}",
                    "found \"{text}\", allowed for {of}: {units}"
                ),
                None => local!("có \"{text}\", được phép: {units}", "found \"{text}\", allowed: {units}"),
            }
        })
    })
}

/// `alarm = { title = …, priority = "high" }`: what the device reports while the value is not 0.
fn alarm(
    table: &mut Table,
    quantity: Option<Quantity>,
    unit: Option<Unit>,
    problems: &mut Problems,
) -> Option<NamedAlarm> {
    let before = table.clone();
    let mut named = table.table("alarm", problems)?;
    let words: Vec<_> = Priority::ALL.iter().map(|priority| (priority.code(), *priority)).collect();
    let (is_given, no_title) = (named.has("title"), named.fault("title", needed()));
    let title = named.local_text("title", problems);
    if !is_given {
        problems.error(no_title);
    }
    let priority = named.choice("priority", &words, problems).unwrap_or(Priority::Medium);
    named.finish(problems);
    if let Some((quantity, unit)) = quantity.zip(unit).filter(|(q, u)| (q.code(), u.code()) != ("state", "1"))
    {
        let (quantity, unit) = (quantity.code(), unit.code());
        let message = local!(
            "có ở {quantity} đơn vị {unit}, được phép: ở đại lượng state, bằng 0 khi không có gì hỏng",
            "found on {quantity} in {unit}, allowed: on the quantity state, which is 0 while nothing is wrong"
        );
        problems.error(before.fault("alarm", message));
    }
    Some(NamedAlarm { title: title?, priority })
}

/// `counter`: of what is polled, where numbers come in their order. What neither counts nor may be calibrated is told.
fn counter(table: &mut Table, adapter: Adapter, problems: &mut Problems) -> Option<Counter> {
    if adapter != Adapter::Modbus {
        return None;
    }
    let before = table.clone();
    let counter = table.choice("counter", &Counter::WORDS, problems)?;
    let word = before.peek_text("counter").unwrap_or_default();
    if let Some(found) = before.peek_text("type").filter(|found| matches!(*found, "BIT" | "STRING")) {
        let message = local!(
            "có \"{word}\", nhưng kiểu là {found}; được phép: cho số",
            "found \"{word}\", but the type is {found}; allowed: for numbers"
        );
        problems.error(before.fault("counter", message));
    }
    if before.has("calibration") {
        let message = local!(
            "ghi cùng counter; được phép: không có counter, vì scale đã cho biết một lần đếm là bao nhiêu",
            "found beside a counter; allowed: without it, for the scale says what one count is"
        );
        problems.error(before.fault("calibration", message));
    }
    Some(counter)
}

fn scaling(table: &mut Table, problems: &mut Problems) -> Scaling {
    let zero = table.fault("scale", calibration::every_value_the_offset());
    let scale = table.decimal("scale", problems).unwrap_or(Decimal::ONE);
    let offset = table.decimal("offset", problems).unwrap_or(Decimal::ZERO);
    if scale.to_f64() == 0.0 {
        problems.error(zero);
    }
    Scaling { scale, offset }
}
