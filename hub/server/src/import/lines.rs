//! Line protocol from a file, in pieces of whole lines. Values are taken as they are: they are old data, scaled already.

use std::io::Read;

use adapters_push::config::{DeviceSettings, PointSettings};
use adapters_push::{Finder, Kind, Known, PushDevice, Scope};
use anyhow::bail;
use hub_model::{DeviceId, Sample};

use super::account::Why;
use super::map::Map;
use super::{Counted, Import};
use crate::config::Config;

/// Bytes that are read and looked at at once.
const PIECE_BYTES: usize = 256 * 1024;
/// Longest line.
const MAX_LINE_BYTES: usize = 1024 * 1024;

/// Reads line protocol to its end.
pub(super) fn read<R: Read>(
    mut file: Counted<R>,
    map: &Map,
    config: &Config,
    import: &mut Import<'_>,
) -> anyhow::Result<()> {
    let finder = finder(map, config)?;
    let (mut held, mut lines_before) = (Vec::new(), 0);
    loop {
        let start = held.len();
        held.resize(start + PIECE_BYTES, 0);
        let read = file.read(&mut held[start..])?;
        held.truncate(start + read);
        if held.is_empty() {
            return Ok(());
        }
        let whole = match (read, held.iter().rposition(|byte| *byte == b'\n')) {
            (0, _) => held.len(),
            (_, Some(at)) => at + 1,
            (_, None) if held.len() > MAX_LINE_BYTES => bail!("line {}: longer than 1 MiB", lines_before + 1),
            (_, None) => continue,
        };
        piece(&finder, &held[..whole], map, lines_before, import)?;
        let lines = held[..whole].iter().filter(|byte| **byte == b'\n').count() as u64;
        lines_before += lines;
        import.account.rows += lines.saturating_sub(1);
        import.row(file.bytes)?;
        held.drain(..whole);
        if read == 0 {
            return Ok(());
        }
    }
}

fn piece(
    finder: &Finder,
    body: &[u8],
    map: &Map,
    lines_before: u64,
    import: &mut Import<'_>,
) -> anyhow::Result<()> {
    let taken = finder.lines(body, map.precision, Scope::All, import.received_at)?;
    for observation in taken.observations {
        let Some(measured_at) = observation.measured_at else {
            import.account.drop(Why::Time, lines_before + 1, || {
                "from here on: a line without a time is not old data".to_owned()
            });
            continue;
        };
        if let Sample::Raw(value) | Sample::Value(value) = observation.sample {
            import.take(&observation.point, measured_at, value)?;
        }
    }
    let told = taken.refused.len();
    for refusal in taken.refused {
        let why = if refusal.kind == Kind::Malformed { Why::Row } else { Why::Refused };
        import.account.drop(why, lines_before + refusal.number as u64, || refusal.problem);
    }
    import.account.drop_more(Why::Refused, (taken.refused_count - told) as u64);
    if taken.unknown > 0 {
        import.account.drop_more(Why::Unknown, taken.unknown);
    }
    Ok(())
}

/// A finder by the mapping's series; without any, by the configured devices that push.
fn finder(map: &Map, config: &Config) -> anyhow::Result<Finder> {
    let known = config.commune.points().map(|point| Known {
        id: point.id.clone(),
        unit: point.unit,
        is_pushed: true,
    });
    if map.series.is_empty() {
        return Ok(Finder::new(known, &config.push_devices));
    }
    let mut devices = Vec::new();
    for (number, series) in map.series.iter().enumerate() {
        devices.push(PushDevice {
            id: DeviceId::parse(&format!("import/series-{number}"))?,
            settings: DeviceSettings { matching: Some(series.matching.clone()) },
            points: vec![(series.point.clone(), PointSettings { field: series.field.clone() })],
        });
    }
    Ok(Finder::new(known, &devices))
}
