//! `commune-hub check`: the configuration and its rules, without touching a device.

use std::io::Write;
use std::path::Path;

use adapters_modbus::{BusSummary, Plan};
use adapters_sdk::Clock;
use hub_logic::RuleFault;
use hub_model::text::Told as _;
use hub_model::{Commune, LocalText, duration, local};

use super::warn;
use crate::config::{Config, Faulty, Taken, calibrations_ahead, error_lines, size, warning_lines};
use crate::own::with_own;

/// Prints what each bus has to do, or every fault.
pub fn check(dir: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    let (config, problems) = Config::load(dir);
    warn(&warning_lines(&problems));
    let mut lines = error_lines(&problems);
    lines.extend(rule_faults(dir, config.as_ref())?);
    let Some(config) = config.filter(|_| lines.is_empty()) else { return Err(Faulty { lines }.into()) };
    warn(&calibrations_ahead(&config.commune, Clock::system().now()));
    // Loading has found no clash.
    let buses = Plan::build(config.modbus).map(|plan| plan.buses()).unwrap_or_default();
    buses.iter().try_for_each(|bus| print_bus(bus, out))?;
    config.taken.iter().try_for_each(|taken| print_taken(taken, out))?;
    let store = &config.store;
    writeln!(
        out,
        "store: commits every {}; readings stay {}, their hours {}, {}",
        duration::format(store.commit_window),
        duration::format(store.keep_raw),
        duration::format(store.keep_hourly),
        store
            .max_bytes
            .map_or_else(|| "of any size".to_owned(), |most| format!("at most {}", size::format(most)))
    )?;
    writeln!(out, "{}", summary(&config.commune))?;
    Ok(())
}

/// The rules that would be refused, one line each.
fn rule_faults(dir: &Path, config: Option<&Config>) -> anyhow::Result<Vec<LocalText>> {
    // A faulty section has been told already, and so has a folder that is none.
    let Ok(files) = Config::rules(dir) else { return Ok(Vec::new()) };
    let (rules, faults) = files.compile()?;
    let line = |fault: &RuleFault| match files.folder_of(&fault.file) {
        Some(folder) => {
            let folder = folder.strip_prefix(dir).unwrap_or(folder).display();
            let LocalText { vi, en } = fault.told();
            local!("{folder}/{vi}", "{folder}/{en}")
        }
        None => fault.told(),
    };
    let mut lines: Vec<_> = faults.iter().map(line).collect();
    let commune = config.map(|config| with_own(config.commune.clone(), &rules, config.own_rules.clone()));
    lines.extend(commune.map(|commune| rules.override_faults(&commune)).unwrap_or_default());
    Ok(lines)
}

fn print_bus(bus: &BusSummary, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "bus {}: load {:.1} %", bus.endpoint, bus.load_percent)?;
    for device in &bus.devices {
        writeln!(
            out,
            "  {} (unit {}): every {}, {} a poll, load {:.1} %",
            device.id,
            device.unit_id,
            duration::format(device.poll),
            counted(device.requests, "request"),
            device.load_percent
        )?;
    }
    if bus.load_percent > 100.0 {
        warn(&[format!("bus {}: more than it can do; polls will be left out", bus.endpoint)]);
    }
    Ok(())
}

fn print_taken(taken: &Taken, out: &mut impl Write) -> std::io::Result<()> {
    let from = taken.file.as_deref().unwrap_or("comes with the hub");
    let points = if taken.points.is_empty() { "no point".to_owned() } else { taken.points.join(", ") };
    writeln!(out, "profile {} ({from}): {} takes {points}", taken.profile, taken.device)
}

fn summary(commune: &Commune) -> String {
    let sites = counted(commune.sites.len(), "site");
    let devices = counted(commune.devices().count(), "device");
    format!("ok: {sites}, {devices}, {}", counted(commune.points().count(), "point"))
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
