//! A table, row by row: quoted fields may hold separators and line feeds (RFC 4180), rows may be shorter than the header.

use std::io::Read;

use ::csv::{ByteRecord, ReaderBuilder};
use anyhow::{Context, bail};

use super::account::{Why, shown};
use super::map::{Column, Map, TableMap};
use super::moment::NoMoment;
use super::{Counted, Import};
use crate::config::{Config, nearest};

/// Longest row, in bytes: a quote that is never closed must not take all memory.
const MAX_ROW_BYTES: u64 = 1024 * 1024;

/// Reads a table to its end.
pub(super) fn read<R: Read>(
    file: Counted<R>,
    map: &Map,
    _: &Config,
    import: &mut Import<'_>,
) -> anyhow::Result<()> {
    let Some(map) = &map.table else {
        bail!("the mapping has neither [time] nor [[column]], which a table needs")
    };
    let mut builder = ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(map.separator);
    let mut reader = builder.from_reader(Bounded { inner: file, left: MAX_ROW_BYTES });
    let mut row = ByteRecord::new();
    let mut names = Vec::new();
    for _ in 0..map.header_lines {
        if !reader.read_byte_record(&mut row)? {
            bail!("the file ends within its {} header lines", map.header_lines);
        }
        names = row.iter().map(|name| text(name).trim_start_matches('\u{feff}').trim().to_owned()).collect();
    }
    let places = Places::find(map, &names)?;
    loop {
        reader.get_mut().left = MAX_ROW_BYTES;
        let more = reader
            .read_byte_record(&mut row)
            .context("a row is longer than 1 MiB: is a quote not closed?")?;
        if !more {
            return Ok(());
        }
        let line = row.position().map_or(0, ::csv::Position::line);
        places.row(map, &row, line, import)?;
        let bytes = reader.get_ref().inner.bytes;
        import.row(bytes)?;
    }
}

/// Where a row's time and numbers stand.
struct Places<'a> {
    time: Vec<usize>,
    columns: Vec<(usize, &'a Column)>,
}

impl<'a> Places<'a> {
    fn find(map: &'a TableMap, names: &[String]) -> anyhow::Result<Self> {
        let place = |name: &str| -> anyhow::Result<usize> {
            if map.header_lines == 0 {
                let number = name.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
                return number.with_context(|| {
                    format!("column {name}: without header lines a column is its number from 1")
                });
            }
            let found = names.iter().position(|known| known == name.trim());
            found.with_context(|| {
                format!("column: {}", nearest::not_one_of(name, names.iter().map(String::as_str)).en)
            })
        };
        Ok(Self {
            time: map.time_columns.iter().map(|name| place(name)).collect::<Result<_, _>>()?,
            columns: map
                .columns
                .iter()
                .map(|column| Ok((place(&column.name)?, column)))
                .collect::<anyhow::Result<_>>()?,
        })
    }

    fn row(
        &self,
        map: &TableMap,
        row: &ByteRecord,
        line: u64,
        import: &mut Import<'_>,
    ) -> anyhow::Result<()> {
        let field = |place: usize| row.get(place).map(text).unwrap_or_default();
        if row.iter().all(|field| field.trim_ascii().is_empty()) {
            return Ok(());
        }
        let time = self.time.iter().map(|place| field(*place)).collect::<Vec<_>>().join(" ");
        let measured_at = match map.time.read(&time, &map.zone) {
            Ok(at) => at,
            Err(error) => {
                let why = if error == NoMoment::OutOfRange { Why::TimeRange } else { Why::Time };
                import.account.drop(why, line, || format!("found {}", shown(&time)));
                return Ok(());
            }
        };
        for (place, column) in &self.columns {
            let written = field(*place);
            if map.missing.iter().any(|mark| mark == written.trim()) {
                import.account.missing += 1;
                continue;
            }
            match map.numbers.read(&written).and_then(|number| column.conversion.apply(number)) {
                Some(value) => import.take(&column.point, measured_at, value)?,
                None => import
                    .account
                    .drop(Why::Number, line, || format!("{}: found {}", column.name, shown(&written))),
            }
        }
        Ok(())
    }
}

/// Spreadsheets that do not write UTF-8 spoil their letters, not their numbers.
fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// Fails when one row asks for more than its share.
struct Bounded<R> {
    inner: Counted<R>,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.left == 0 {
            return Err(std::io::ErrorKind::InvalidData.into());
        }
        let read = self.inner.read(buffer)?;
        self.left = self.left.saturating_sub(read as u64);
        Ok(read)
    }
}
