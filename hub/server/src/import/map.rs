//! A mapping: what the columns of a file, or the fields of its lines, are.

use std::path::Path;

use adapters_push::config::Match;
use adapters_push::line::Precision;
use adapters_push::units;
use adapters_sdk::config::{Problems, Table};
use anyhow::Context;
use hub_model::text::Told;
use hub_model::{Commune, PointId, Unit, local};
use jiff::tz::TimeZone;

use super::moment::Format;
use super::number::Style;
use crate::config::Faulty;
use crate::config::{nearest, unknown_zone};

/// What a file means.
#[derive(Debug, Default)]
pub(super) struct Map {
    /// Of a table.
    pub(super) table: Option<TableMap>,
    /// Of line protocol: the unit of its times.
    pub(super) precision: Precision,
    /// Of line protocol: which fields are which points.
    pub(super) series: Vec<Series>,
}

/// What a table means.
#[derive(Debug)]
pub(super) struct TableMap {
    pub(super) separator: u8,
    pub(super) numbers: Style,
    /// Lines above the data; the last of them names the columns.
    pub(super) header_lines: usize,
    /// Texts that mean that nothing was measured.
    pub(super) missing: Vec<String>,
    /// Columns whose texts, joined by a space, are the time.
    pub(super) time_columns: Vec<String>,
    pub(super) time: Format,
    pub(super) zone: TimeZone,
    pub(super) columns: Vec<Column>,
}

/// A column of numbers.
#[derive(Debug)]
pub(super) struct Column {
    /// Its name, or its number from 1 where the file names none.
    pub(super) name: String,
    pub(super) point: PointId,
    /// From the column's number to the point's unit.
    pub(super) conversion: Conversion,
}

/// From a file's number to a value in the point's unit.
#[derive(Debug, Clone)]
pub(super) struct Conversion {
    scale: f64,
    offset: f64,
    unit: Option<(String, Unit)>,
}

/// A field of lines.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) matching: Match,
    pub(super) field: String,
    pub(super) point: PointId,
}

impl Map {
    /// Reads a mapping and checks it against the commune.
    pub(super) fn load(path: &Path, commune: &Commune) -> anyhow::Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut problems = Problems::new();
        let map = Table::parse(&name, &text, &mut problems).map(|root| read(root, commune, &mut problems));
        let lines: Vec<_> = problems.errors().into_iter().map(Told::told).collect();
        match map {
            Some(map) if lines.is_empty() => Ok(map),
            _ => Err(Faulty { lines }.into()),
        }
    }
}

fn read(mut root: Table, commune: &Commune, problems: &mut Problems) -> Map {
    let mut map = Map::default();
    if let Some(mut line) = root.table("line", problems) {
        map.precision = line.choice("precision", &Precision::WORDS, problems).unwrap_or_default();
        line.finish(problems);
    }
    for mut table in root.tables("series", problems) {
        let matching = adapters_push::config::device(&mut table, problems).and_then(|device| device.matching);
        let field = table.needed_text("field", problems);
        let point = point(&mut table, commune, problems);
        table.finish(problems);
        if let (Some(matching), Some(field), Some((point, _))) = (matching, field, point) {
            map.series.push(Series { matching, field, point });
        }
    }
    let columns = root.tables("column", problems);
    if !columns.is_empty() || root.has("time") || root.has("csv") {
        map.table = table(&mut root, columns, commune, problems);
    }
    root.finish(problems);
    map
}

fn table(
    root: &mut Table,
    columns: Vec<Table>,
    commune: &Commune,
    problems: &mut Problems,
) -> Option<TableMap> {
    let no_column = root.fault(
        "column",
        local!(
            "cần có: mỗi cột thành điểm đo cần một [[column]]",
            "is needed: one [[column]] for each that becomes a point"
        ),
    );
    let (mut separator, mut header_lines) = (b',', 1);
    let mut numbers = Style { decimal: '.', thousands: None };
    let mut missing = ["", "-", "--", "*", "NA", "N/A", "#N/A"].map(str::to_owned).to_vec();
    if let Some(mut csv) = root.table("csv", problems) {
        const SEPARATORS: [(&str, u8); 5] =
            [(",", b','), (";", b';'), ("tab", b'\t'), ("\t", b'\t'), ("|", b'|')];
        separator = csv.choice("separator", &SEPARATORS, problems).unwrap_or(separator);
        let same = csv.fault("thousands", local!("trùng dấu với decimal", "is the same sign as decimal"));
        numbers.decimal = csv.choice("decimal", &[(".", '.'), (",", ',')], problems).unwrap_or('.');
        numbers.thousands =
            csv.choice("thousands", &[(".", '.'), (",", ','), (" ", ' '), ("'", '\'')], problems);
        if numbers.thousands == Some(numbers.decimal) {
            problems.error(same);
        }
        header_lines = csv.integer("header_lines", 0..=1000, problems).unwrap_or(1);
        missing = csv.texts("missing", problems).unwrap_or(missing);
        csv.finish(problems);
    }
    let time = time(root, commune, problems);
    if columns.is_empty() {
        problems.error(no_column);
    }
    let columns = columns.into_iter().filter_map(|mut table| {
        let column = column(&mut table, commune, problems);
        table.finish(problems);
        column
    });
    let columns = columns.collect();
    let (time_columns, time, zone) = time?;
    let header_lines = usize::try_from(header_lines).unwrap_or(1);
    Some(TableMap { separator, numbers, header_lines, missing, time_columns, time, zone, columns })
}

fn time(
    root: &mut Table,
    commune: &Commune,
    problems: &mut Problems,
) -> Option<(Vec<String>, Format, TimeZone)> {
    if !root.has("time") {
        problems.error(root.fault(
            "time",
            local!(
                "cần có: {{ column = \"…\", format = \"%d/%m/%Y %H:%M\" }}",
                "is needed: {{ column = \"…\", format = \"%d/%m/%Y %H:%M\" }}"
            ),
        ));
    }
    let mut time = root.table("time", problems)?;
    let neither =
        time.fault("column", local!("cần column hoặc columns", "one of column and columns is needed"));
    let columns = match (time.text("column", problems), time.texts("columns", problems)) {
        (Some(column), None) => vec![column],
        (None, Some(columns)) if !columns.is_empty() => columns,
        _ => {
            problems.error(neither);
            Vec::new()
        }
    };
    let format = time.needed_parsed("format", problems, Format::parse);
    let of_commune = TimeZone::get(&commune.timezone).unwrap_or(TimeZone::UTC);
    let zone = time.parsed("zone", problems, |name| TimeZone::get(name).map_err(|_| unknown_zone(name)));
    time.finish(problems);
    Some((columns, format?, zone.unwrap_or(of_commune)))
}

fn column(table: &mut Table, commune: &Commune, problems: &mut Problems) -> Option<Column> {
    let name = table.needed_text("name", problems);
    let point = point(table, commune, problems);
    let at = table.at("unit");
    let written = table.text("unit", problems);
    let scale = table.number("scale", problems).unwrap_or(1.0);
    let offset = table.number("offset", problems).unwrap_or(0.0);
    let (point, target) = point?;
    if let Some(Err(error)) = written.as_ref().map(|written| units::convert(0.0, written, target)) {
        problems.error(at.fault(error.told()));
    }
    let unit = written.map(|written| (written, target));
    Some(Column { name: name?, point, conversion: Conversion { scale, offset, unit } })
}

fn point(table: &mut Table, commune: &Commune, problems: &mut Problems) -> Option<(PointId, Unit)> {
    table.needed_parsed("point", problems, |id| {
        let known = commune.points().find(|point| point.id.as_str() == id);
        known
            .map(|point| (point.id.clone(), point.unit))
            .ok_or_else(|| nearest::not_one_of(id, commune.points().map(|point| point.id.as_str())))
    })
}

impl Conversion {
    /// The value; `None` when it is not finite any more.
    pub(super) fn apply(&self, number: f64) -> Option<f64> {
        let scaled =
            if self.scale == 1.0 && self.offset == 0.0 { number } else { number * self.scale + self.offset };
        let value = match &self.unit {
            Some((written, target)) => units::convert(scaled, written, *target).ok()?,
            None => scaled,
        };
        value.is_finite().then_some(value)
    }
}
