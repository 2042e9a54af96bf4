//! Where readings are forwarded to: what `[[forward]]` says. Reads no file and opens nothing.
//!
//! Read next: `README.md` for the keys.

use std::fmt;
use std::ops::RangeInclusive;

use adapters_sdk::config::{Problems, Table, quantities};
use hub_model::{LocalText, id, local};

/// Fewer bytes than this would not carry one request a minute.
const BYTES_PER_HOUR: RangeInclusive<i64> = 60_000..=1_000_000_000_000;

/// What sort of engine a target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// InfluxDB 2: texts are fields as well, and Flux reads them back.
    InfluxDb2,
    /// VictoriaMetrics: numbers only, and MetricsQL reads them back.
    VictoriaMetrics,
}

/// What is forwarded of a point's readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Each reading.
    Raw,
    /// Each minute's mean, least and greatest value.
    Minutes,
    /// Each hour's.
    Hours,
}

impl What {
    /// How many milliseconds one mean is of; `None` for readings.
    pub const fn width_ms(self) -> Option<i64> {
        match self {
            Self::Raw => None,
            Self::Minutes => Some(60_000),
            Self::Hours => Some(3_600_000),
        }
    }

    /// The word in the configuration, and the tag `mean`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Minutes => "1m",
            Self::Hours => "1h",
        }
    }
}

/// A secret that no log shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(pub String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// One `[[forward]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its name.
    pub id: String,
    /// What sort of engine it is.
    pub kind: Kind,
    /// Its address without a slash at the end; may have a path.
    pub url: String,
    /// InfluxDB's organisation.
    pub org: Option<String>,
    /// InfluxDB's bucket.
    pub bucket: Option<String>,
    /// What proves that we may write.
    pub token: Option<Token>,
    /// Who issued the server's certificate, in PEM; without it the roots that browsers know.
    pub ca: Option<Vec<u8>>,
    /// Only these sites; all without it.
    pub sites: Option<Vec<String>>,
    /// Only these quantities; all without it.
    pub quantities: Option<Vec<String>>,
    /// What is forwarded.
    pub what: What,
    /// At most so many bytes an hour.
    pub max_bytes_per_hour: Option<u64>,
}

/// The keys of a `[[forward]]`, but for the token and the issuer's file, which the caller has taken out of the table.
pub fn target(mut table: Table, problems: &mut Problems) -> Option<Target> {
    let before = problems.errors().len();
    let no_org = table.fault(
        "org",
        local!(
            "cần có: tổ chức (organisation) mà bucket thuộc về",
            "is needed: the organisation that the bucket belongs to"
        ),
    );
    let no_bucket =
        table.fault("bucket", local!("cần có: bucket để ghi vào", "is needed: the bucket to write to"));
    let id = table.needed_parsed("id", problems, |text| id::check_part(text).map(|()| text.to_owned()));
    let kinds = [("influxdb2", Kind::InfluxDb2), ("victoriametrics", Kind::VictoriaMetrics)];
    let kind = table.needed_choice("kind", &kinds, problems);
    let url = table.needed_parsed("url", problems, url);
    let (org, bucket) = (table.text("org", problems), table.text("bucket", problems));
    if kind == Some(Kind::InfluxDb2) {
        if org.as_deref().is_none_or(str::is_empty) {
            problems.error(no_org);
        }
        if bucket.as_deref().is_none_or(str::is_empty) {
            problems.error(no_bucket);
        }
    }
    let sites = table.texts("sites", problems);
    let quantities = quantities(&mut table, problems);
    let whats = [("raw", What::Raw), ("1m", What::Minutes), ("1h", What::Hours)];
    let what = table.choice("what", &whats, problems).unwrap_or(What::Raw);
    let max_bytes_per_hour = table.integer("max_bytes_per_hour", BYTES_PER_HOUR, problems);
    table.finish(problems);
    if problems.errors().len() > before {
        return None;
    }
    Some(Target {
        id: id?,
        kind: kind?,
        url: url?,
        org,
        bucket,
        token: None,
        ca: None,
        sites,
        quantities,
        what,
        max_bytes_per_hour: max_bytes_per_hour.map(i64::cast_unsigned),
    })
}

fn url(text: &str) -> Result<String, LocalText> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match host {
        // What was found may hold a password.
        _ if text.contains('@') => Err(local!(
            "có địa chỉ kèm tên đăng nhập, được phép: chỉ địa chỉ, còn mã truy cập ghi ở khóa riêng",
            "found one with a login, allowed: an address, and the token beside it"
        )),
        Some(host)
            if !host.is_empty()
                && !host.starts_with('/')
                && !host.contains(|c: char| c.is_whitespace() || c.is_control() || "?#".contains(c)) =>
        {
            Ok(text.trim_end_matches('/').to_owned())
        }
        _ => Err(local!(
            "có \"{text}\", được phép: địa chỉ như \"https://influx.example.vn:8086\"",
            "found \"{text}\", allowed: an address such as \"https://influx.example.vn:8086\""
        )),
    }
}
