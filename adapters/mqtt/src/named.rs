//! Formats whose numbers have names: SenML packs, line protocol, NetJSON. Parsed by `adapters_push`, at most once each.

use std::collections::BTreeMap;

use adapters_push::line::{Line, Lines, Precision};
use adapters_push::netjson::{self, Document};
use adapters_push::senml::{self, Record};
use adapters_push::{MAX_READINGS, units};
use hub_model::{Reason, Sample, Timestamp};

use crate::config::PointSettings;
use crate::payload::{Decoded, PayloadError};

/// A payload in these formats.
pub(crate) struct Named<'a> {
    bytes: &'a [u8],
    senml: Option<Option<Vec<Record>>>,
    lines: Option<(Vec<Line<'a>>, u64)>,
    netjson: Option<Option<Document>>,
}

impl<'a> Named<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, senml: None, lines: None, netjson: None }
    }

    /// Lines that could not be read.
    pub(crate) fn bad_lines(&self) -> u64 {
        self.lines.as_ref().map_or(0, |(_, bad)| *bad)
    }

    /// Each record of the point's name: its own, or the whole one.
    pub(crate) fn senml(
        &mut self,
        point: &PointSettings,
        received_at: Timestamp,
    ) -> Result<Vec<Decoded>, PayloadError> {
        let bytes = self.bytes;
        let records = self.senml.get_or_insert_with(|| {
            let is_json = bytes.trim_ascii_start().first() == Some(&b'[');
            if is_json { senml::from_json(bytes).ok() } else { senml::from_cbor(bytes).ok() }
        });
        let records = records.as_ref().ok_or(PayloadError::Senml)?;
        let name = point.name.as_deref().unwrap_or_default();
        let wanted = records.iter().filter(|record| record.local_name == name || record.name() == name);
        let decoded = wanted.map(|record| {
            let measured_at = record.measured_at(received_at);
            Decoded {
                sample: record_sample(record, point),
                measured_at: measured_at.ok().flatten(),
                bad_time: measured_at.is_err(),
            }
        });
        Ok(decoded.collect())
    }

    /// The point's field of each line that its match lets through.
    pub(crate) fn lines(&mut self, point: &PointSettings) -> Result<Vec<Decoded>, PayloadError> {
        let bytes = self.bytes;
        let (lines, bad) = self.lines.get_or_insert_with(|| {
            let (mut lines, mut bad) = (Vec::new(), 0);
            for (_, _, read) in Lines::new(bytes).take(MAX_READINGS) {
                match read {
                    Ok(line) => lines.push(line),
                    Err(_) => bad += 1,
                }
            }
            (lines, bad)
        });
        if lines.is_empty() && *bad > 0 {
            return Err(PayloadError::Line);
        }
        let name = point.name.as_deref().unwrap_or_default();
        let wanted = lines.iter().filter(|line| is_wanted(line, point));
        let decoded = wanted.filter_map(|line| {
            let measured_at = line.time.and_then(Precision::guessed);
            let bad_time = line.time.is_some() && measured_at.is_none();
            Some(Decoded { sample: line.field(name)?.sample(), measured_at, bad_time })
        });
        Ok(decoded.collect())
    }

    /// The point's figure.
    pub(crate) fn netjson(&mut self, point: &PointSettings) -> Result<Vec<Decoded>, PayloadError> {
        let bytes = self.bytes;
        let document = self.netjson.get_or_insert_with(|| netjson::read(bytes).ok());
        let document = document.as_ref().ok_or(PayloadError::NetJson)?;
        let figures: &BTreeMap<String, f64> = &document.figures;
        let found = figures.get(point.name.as_deref().unwrap_or_default());
        let decoded = found.map(|number| Decoded {
            sample: Sample::Raw(*number),
            measured_at: document.measured_at,
            bad_time: false,
        });
        Ok(decoded.into_iter().collect())
    }
}

fn record_sample(record: &Record, point: &PointSettings) -> Sample {
    let Some(number) = record.number else { return Sample::Missing(Reason::Undecodable) };
    match (&record.unit, point.unit) {
        (Some(written), Some(unit)) => {
            units::convert(number, written, unit).map_or(Sample::Missing(Reason::Undecodable), Sample::Value)
        }
        _ => Sample::Raw(number),
    }
}

fn is_wanted(line: &Line<'_>, point: &PointSettings) -> bool {
    let Some(wanted) = &point.matching else { return true };
    wanted.measurement.as_ref().is_none_or(|name| line.measurement == **name)
        && wanted.tags.iter().all(|(name, value)| line.tag(name) == Some(value))
}
