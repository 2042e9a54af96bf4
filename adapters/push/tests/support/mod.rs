//! A device from a TOML text, and a finder for it beside a point of another adapter.

#![allow(dead_code, clippy::unwrap_used, reason = "each test uses its own part, and fails by panicking")]

use adapters_push::{Finder, Known, PushDevice, config};
use adapters_sdk::config::{Problems, Table};
use hub_model::{DeviceId, PointId, Timestamp, Unit};

/// 2026-08-20T07:31:00+07:00.
pub const NOW: Timestamp = Timestamp::from_millis(1_787_185_860_000);

/// The device `yen-lac/edge` as `text` has it; and `yen-lac/plc/ph`, which is polled.
pub fn finder(text: &str) -> Finder {
    let mut problems = Problems::new();
    let mut table = Table::parse("device.toml", text, &mut problems).unwrap();
    let id = DeviceId::parse("yen-lac/edge").unwrap();
    table.text("adapter", &mut problems);
    let settings = config::device(&mut table, &mut problems);
    let mut points = Vec::new();
    let mut known =
        vec![Known { id: PointId::parse("yen-lac/plc/ph").unwrap(), unit: unit("[pH]"), is_pushed: false }];
    for mut point in table.tables("point", &mut problems) {
        let name = point.needed_text("id", &mut problems).unwrap();
        let code = point.text("unit", &mut problems);
        let id = PointId::new(&id, &name).unwrap();
        known.push(Known { id: id.clone(), unit: unit(code.as_deref().unwrap_or("1")), is_pushed: true });
        points.push((id, config::point(&mut point, &name, &mut problems).unwrap()));
        point.finish(&mut problems);
    }
    table.finish(&mut problems);
    assert!(problems.errors().is_empty(), "{:?}", problems.errors());
    let device = PushDevice { id, settings: settings.unwrap(), points };
    Finder::new(known.into_iter(), &[device])
}

fn unit(code: &str) -> Unit {
    Unit::parse(code).unwrap()
}
