//! `commune-hub store check` and `store stats`: whether all that is kept is sound, and how much there is. Both work while the hub runs.
//!
//! They only look. Read next: `hub_store::inspect`.

use std::io::Write;

use anyhow::ensure;
use clap::{Args, Subcommand};
use hub_model::{Timestamp, own};
use hub_store::inspect::{self, PointStats, StatsReport, StoreFault};
use serde_json::json;

use super::ConfigDir;
use crate::calendar::utc;
use crate::config::Config;

#[derive(Subcommand)]
pub enum StoreCommand {
    /// Read everything that is kept and list what is damaged; exit 1 if anything is
    Check(ConfigDir),
    /// Count readings and their bytes, with the oldest and newest, for each point
    Stats(StatsOptions),
}

#[derive(Args)]
pub struct StatsOptions {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigDir,
}

/// Does what the command asks for.
pub fn run(command: StoreCommand, out: &mut impl Write) -> anyhow::Result<()> {
    match command {
        StoreCommand::Check(config) => check(&config, out),
        StoreCommand::Stats(options) => {
            let mut report = inspect::stats(&Config::store_dir(&options.config.dir)?)?;
            // What the hub keeps of itself is told apart: nobody has configured it.
            let own =
                report.points.extract_if(.., |point| own::is_own(&point.point.site())).collect::<Vec<_>>();
            if options.json { print_json(&report, &own, out) } else { print_text(&report, &own, out) }
        }
    }
}

fn check(config: &ConfigDir, out: &mut impl Write) -> anyhow::Result<()> {
    let report = inspect::check(&Config::store_dir(&config.dir)?)?;
    for fault in &report.set_aside {
        writeln!(out, "set aside: {}", line(fault))?;
    }
    for fault in &report.faults {
        writeln!(out, "damaged: {}", line(fault))?;
    }
    writeln!(
        out,
        "read {} readings in {} chunks, {} in the log, the accounts and the records",
        report.readings, report.chunks, report.waiting
    )?;
    let count = report.faults.len() + report.set_aside.len();
    ensure!(count == 0, "{count} faults; what is damaged costs its own day only, a backup may still have it");
    writeln!(out, "ok")?;
    Ok(())
}

fn line(fault: &StoreFault) -> String {
    let Some((point, start)) = &fault.day else { return fault.found.clone() };
    let point = point.as_ref().map_or("points that cannot be told", |point| point.as_str());
    format!("{point}, the day from {}: {}", utc(*start), fault.found)
}

fn print_text(report: &StatsReport, own: &[PointStats], out: &mut impl Write) -> anyhow::Result<()> {
    writeln!(out, "{:<40} {:>12} {:>7}  {:<24} {:<24}", "point", "readings", "B each", "oldest", "newest")?;
    for point in &report.points {
        let moment = |at: Option<Timestamp>| at.map_or_else(|| "-".to_owned(), utc);
        writeln!(
            out,
            "{:<40} {:>12} {:>7}  {:<24} {:<24}{}",
            point.point.as_str(),
            point.readings,
            each(point).map_or_else(|| "-".to_owned(), |bytes| format!("{bytes:.2}")),
            moment(point.oldest),
            moment(point.newest),
            if point.hourly > 0 { format!(" and {} by the hour", point.hourly) } else { String::new() },
        )?;
    }
    if !own.is_empty() {
        writeln!(out, "of the hub itself: {} points, {} readings", own.len(), readings(own))?;
    }
    writeln!(
        out,
        "{} points, {} readings, {} of them not yet sealed; {} bytes{}, {} of them free",
        report.points.len(),
        report.readings(),
        report.waiting,
        report.file_bytes,
        report.bytes_a_reading().map_or_else(String::new, |bytes| format!(" ({bytes:.2} a reading)")),
        report.free_bytes,
    )?;
    Ok(())
}

fn readings(points: &[PointStats]) -> u64 {
    points.iter().map(|point| point.readings).sum()
}

/// Bytes of a point's chunks for each of its readings; a point whose readings have left has none.
fn each(point: &PointStats) -> Option<f64> {
    (point.readings > 0 && point.hourly == 0).then(|| point.bytes as f64 / point.readings as f64)
}

fn print_json(report: &StatsReport, own: &[PointStats], out: &mut impl Write) -> anyhow::Result<()> {
    let moment = |at: Option<Timestamp>| at.map(utc);
    let point = |point: &PointStats| {
        json!({
            "point": point.point.as_str(),
            "readings": point.readings,
            "hourly": point.hourly,
            "bytes": point.bytes,
            "bytes_a_reading": each(point),
            "oldest": moment(point.oldest),
            "newest": moment(point.newest),
        })
    };
    let all = json!({
        "series": report.points.len(),
        "readings": report.readings(),
        "hub": { "series": own.len(), "readings": readings(own) },
        "waiting": report.waiting,
        "file_bytes": report.file_bytes,
        "free_bytes": report.free_bytes,
        "bytes_a_reading": report.bytes_a_reading(),
        "oldest": moment(report.points.iter().filter_map(|point| point.oldest).min()),
        "newest": moment(report.points.iter().filter_map(|point| point.newest).max()),
        "points": report.points.iter().map(point).collect::<Vec<_>>(),
    });
    writeln!(out, "{all}")?;
    Ok(())
}
