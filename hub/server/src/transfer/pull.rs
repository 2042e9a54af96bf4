//! Readings of an InfluxDB in: its fields as line protocol into a temporary file, and from there the way that `import` goes.
//!
//! InfluxDB 1.8 speaks the same interface where its `flux-enabled` is set: the bucket is then `database/retention`. Read next:
//! `crate::import`.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::PathBuf;

use adapters_influxdb::client::Question;
use adapters_influxdb::flux::cells;
use adapters_influxdb::{Client, Kind, Target};
use anyhow::{Context, bail};
use hub_model::Timestamp;

use super::Span;
use crate::import::{Order, run};

/// How to take it in.
pub struct Pull {
    /// Which series and field is which point.
    pub map: Option<PathBuf>,
    /// The configuration folder.
    pub config: PathBuf,
    /// Only count.
    pub dry_run: bool,
    /// The running hub to send it to, with a token, instead of the store.
    pub hub: Option<(String, PathBuf)>,
}

/// Brings the fields of `span` in.
///
/// # Errors
/// When the target is not an InfluxDB or not to be had, its answer cannot be read, or the import fails.
pub fn pull(
    target: &Target,
    span: &Span,
    order: Pull,
    out: &mut impl Write,
    progress: &mut impl Write,
) -> anyhow::Result<()> {
    let (Kind::InfluxDb2, Some(bucket)) = (target.kind, &target.bucket) else {
        bail!("--target {}: is no InfluxDB", target.id);
    };
    let client = Client::new(target).map_err(|why| anyhow::anyhow!("ca {why}"))?;
    let folder = tempfile::tempdir().context("no folder for temporary files")?;
    let file = folder.path().join("pulled.lp");
    let mut lines = BufWriter::new(File::create(&file)?);
    let days = span.days()?;
    for (n, day) in days.iter().enumerate() {
        let script = format!(
            "from(bucket: {bucket:?}) |> range(start: time(v: {}), stop: time(v: {}))",
            day.from.as_millis().saturating_mul(1_000_000),
            day.to.as_millis().saturating_mul(1_000_000)
        );
        let answer =
            client.ask("/api/v2/query", &Question::Annotated(&script)).with_context(|| day.name.clone())?;
        let found = to_lines(answer, day.to, &mut lines).with_context(|| day.name.clone())?;
        writeln!(progress, "{} %: {}, {found} values read", (n + 1) * 100 / days.len(), day.name)?;
    }
    lines.flush()?;
    drop(lines);
    run(
        &Order { file, map: order.map, config: order.config, dry_run: order.dry_run, hub: order.hub },
        out,
        progress,
    )
}

/// Writes the rows before `end` of an annotated answer as line protocol, one field a line. Gives how many.
fn to_lines(answer: impl Read, end: Timestamp, out: &mut impl Write) -> anyhow::Result<u64> {
    let end_ns = i128::from(end.as_millis()) * 1_000_000;
    let (mut types, mut header): (Vec<String>, Option<Vec<String>>) = (Vec::new(), None);
    let mut found = 0;
    for line in BufReader::new(answer).lines() {
        let line = line?;
        let line = line.trim_end_matches('\r');
        if line.is_empty() {
            header = None;
            continue;
        }
        if let Some(annotation) = line.strip_prefix("#datatype") {
            types = cells(annotation);
            header = None;
            continue;
        }
        let row = cells(line);
        let Some(names) = &header else {
            if row.iter().any(|name| name == "error") && row.iter().all(|name| name != "_time") {
                bail!("the server gave up: {line}");
            }
            header = Some(row);
            continue;
        };
        if let Some(text) = as_line(names, &types, &row, end_ns)? {
            out.write_all(text.as_bytes())?;
            found += 1;
        }
    }
    Ok(found)
}

/// A row as a line; `None` for an empty value, and for one at the end of its span, which InfluxDB 1.8 gives as well.
fn as_line(
    names: &[String],
    types: &[String],
    row: &[String],
    end_ns: i128,
) -> anyhow::Result<Option<String>> {
    let cell = |name: &str| {
        let place = names.iter().position(|known| known == name);
        place.and_then(|place| Some((row.get(place)?.as_str(), types.get(place)?.as_str())))
    };
    let needed = |name: &str| cell(name).with_context(|| format!("a row without {name}: {row:?}"));
    let ((value, kind), (at, _)) = (needed("_value")?, needed("_time")?);
    if value.is_empty() {
        return Ok(None);
    }
    let at: jiff::Timestamp = at.parse().with_context(|| format!("found \"{at}\" as a time"))?;
    if at.as_nanosecond() >= end_ns {
        return Ok(None);
    }
    let mut line = escaped(needed("_measurement")?.0);
    for (name, tag) in names.iter().zip(row) {
        let is_tag =
            !name.is_empty() && !name.starts_with('_') && !matches!(name.as_str(), "result" | "table");
        if is_tag && !tag.is_empty() {
            write!(line, ",{}={}", escaped(name), escaped(tag))?;
        }
    }
    let value = match kind {
        "long" => format!("{value}i"),
        "unsignedLong" => format!("{value}u"),
        "string" => format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")),
        _ => value.to_owned(),
    };
    writeln!(line, " {}={value} {}", escaped(needed("_field")?.0), at.as_nanosecond())?;
    Ok(Some(line))
}

fn escaped(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len());
    for c in name.chars() {
        if matches!(c, ',' | '=' | ' ') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_annotated_answer_becomes_lines() {
        let answer = "#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,double,string,string,string\r\n\
            ,result,table,_start,_stop,_time,_value,_field,_measurement,trạm\r\n\
            ,_result,0,2026-03-01T00:00:00Z,2026-03-02T00:00:00Z,2026-03-01T00:00:01Z,7.5,ph,modbus,\"Yên Lạc, 1\"\r\n\r\n\
            #datatype,string,long,dateTime:RFC3339,long,string,string\r\n\
            ,result,table,_time,_value,_field,_measurement\r\n\
            ,_result,1,2026-03-01T00:00:02.5Z,3,n,modbus\r\n\
            ,_result,1,2026-03-02T00:00:00Z,4,n,modbus\r\n";
        let mut lines = Vec::new();
        let end = Timestamp::from_millis(1_772_409_600_000);
        assert_eq!(to_lines(answer.as_bytes(), end, &mut lines).unwrap(), 2);
        assert_eq!(
            String::from_utf8(lines).unwrap(),
            "modbus,trạm=Yên\\ Lạc\\,\\ 1 ph=7.5 1772323201000000000\nmodbus n=3i 1772323202500000000\n"
        );
        let failed = "#datatype,string,string\r\n,error,reference\r\n,out of memory,\r\n";
        assert!(to_lines(failed.as_bytes(), end, &mut Vec::new()).is_err());
    }
}
