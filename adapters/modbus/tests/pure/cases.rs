//! Each folder of `cases/` is a configuration and what must come of it: faults, or what each bus has to do.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use adapters_modbus::config::{self, DeviceSettings};
use adapters_modbus::{ModbusDevice, Plan, batches};
use adapters_sdk::config::{Problems, Table};
use hub_model::{DeviceId, PointId, SiteId};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")
}

/// Keys of a device and of a point that are not the adapter's; the hub takes them before the adapter does.
const HUB_KEYS: [&str; 4] = ["id", "name", "adapter", "quantity"];

fn devices(text: &str, problems: &mut Problems) -> Vec<ModbusDevice> {
    let Some(mut site) = Table::parse("config.toml", text, problems) else { return Vec::new() };
    let mut devices = Vec::new();
    for mut table in site.tables("device", problems) {
        let place = table.place().clone();
        let id = DeviceId::new(&SiteId::parse("station").unwrap(), table.peek_text("id").unwrap()).unwrap();
        HUB_KEYS.into_iter().for_each(|key| drop(table.text(key, problems)));
        let own = config::device(&mut table, problems);
        let settings = own.clone().unwrap_or_else(DeviceSettings::for_checking_only);
        let mut points = Vec::new();
        for mut point in table.tables("point", problems) {
            let point_id = PointId::new(&id, point.peek_text("id").unwrap()).unwrap();
            HUB_KEYS.into_iter().for_each(|key| drop(point.text(key, problems)));
            point.decimal("scale", problems);
            let found = config::point(&mut point, &settings, problems);
            points.extend(found.map(|found| (point_id, found)));
            point.finish(problems);
        }
        table.finish(problems);
        devices.extend(own.map(|settings| ModbusDevice { id, settings, points, place }));
    }
    site.finish(problems);
    devices
}

fn outcome(text: &str) -> String {
    let mut problems = Problems::new();
    let devices = devices(text, &mut problems);
    let mut out = String::new();
    match Plan::build(devices.clone()) {
        Err(errors) => errors.iter().for_each(|error| problems.error(error.problem())),
        Ok(_) if !problems.errors().is_empty() => {}
        Ok(plan) => describe(&plan, &devices, &mut out),
    }
    for problem in problems.errors() {
        writeln!(out, "{problem}").unwrap();
    }
    out
}

fn describe(plan: &Plan, devices: &[ModbusDevice], out: &mut String) {
    for bus in plan.buses() {
        writeln!(out, "{} {:.1} %", bus.endpoint, bus.load_percent).unwrap();
        for device in bus.devices {
            let (requests, registers) = (device.requests, device.registers);
            writeln!(
                out,
                "  {} unit {} every {:?}: {requests} requests, {registers} registers, {:.1} %",
                device.id, device.unit_id, device.poll, device.load_percent
            )
            .unwrap();
            let own = devices.iter().find(|other| other.id == device.id).unwrap();
            let points: Vec<_> = own.points.iter().map(|(_, settings)| settings.clone()).collect();
            for batch in batches(&points, own.settings.max_registers, own.settings.max_gap) {
                let names: Vec<_> = batch.slots.iter().map(|slot| own.points[slot.point].0.name()).collect();
                writeln!(
                    out,
                    "    {} {}+{}: {}",
                    batch.register.word(),
                    batch.start,
                    batch.count,
                    names.join(" ")
                )
                .unwrap();
            }
        }
    }
}

#[test]
fn every_case_comes_out_as_expected() {
    let mut names: Vec<_> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    assert!(names.len() >= 5, "the cases are missing: {names:?}");
    for case in names {
        let config = fs::read_to_string(case.join("config.toml")).unwrap();
        let expected = fs::read_to_string(case.join("expected.txt")).unwrap_or_default();
        let found = outcome(&config);
        assert_eq!(found, expected, "{}:\n{found}", case.display());
    }
}

#[test]
fn the_readme_shows_the_tested_sample() {
    let readme = fs::read_to_string(folder().with_file_name("README.md")).unwrap();
    let sample = fs::read_to_string(folder().join("water-station/config.toml")).unwrap();
    assert!(
        readme.contains(&sample),
        "README.md does not hold cases/water-station/config.toml word for word"
    );
}
