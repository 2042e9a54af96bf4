//! Reads `<rule>.cases.toml`: unknown keys, wrong words and wrong times are errors with a line.
//!
//! Reads texts only. Read next: [`super::run`].

use std::collections::BTreeMap;
use std::time::Duration;

use hub_model::{LocalText, Parameter, Quantity, Reason, SiteKind, local};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

/// The longest time that a case may last.
const MAX_LENGTH: Duration = Duration::from_secs(7 * 24 * 3600);
/// The most readings of a case.
const MAX_READINGS: u64 = 20_000;
/// Cases begin on a Monday at 08:00 unless they say otherwise.
const DEFAULT_START: (i64, i64) = (20_514, 8 * 3600);

/// One case, ready to run.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) line: usize,
    /// Local milliseconds since 1970 at which it begins.
    pub(super) starts_local_ms: i64,
    pub(super) site_kind: Option<SiteKind>,
    pub(super) quantity: Option<Quantity>,
    pub(super) limit: Option<GivenLimit>,
    pub(super) range: Option<Bounds>,
    pub(super) expire_after: Option<Duration>,
    pub(super) siblings: BTreeMap<String, Quantity>,
    pub(super) parameters: BTreeMap<String, Parameter>,
    /// Readings in the order of their times.
    pub(super) readings: Vec<Given>,
    pub(super) ends: Duration,
    pub(super) alarms: Vec<Expected>,
}

/// One reading at a time.
pub(super) struct Given {
    pub(super) at: Duration,
    pub(super) point: Option<String>,
    pub(super) found: Result<f64, Reason>,
}

/// Least and greatest.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bounds {
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
}

/// A limit, on single values or on means of a span.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GivenLimit {
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
    pub(super) averaging: Option<Span>,
}

/// An alarm that must come. What is not given is not compared, but for `cleared`: without it, the alarm must still stand.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expected {
    pub(super) raised: Span,
    pub(super) cleared: Option<Span>,
    pub(super) value: Option<f64>,
    pub(super) message: Option<String>,
}

/// A duration as people write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span(pub(super) Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        hub_model::duration::parse(&text).map(Self).map_err(serde::de::Error::custom)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileOfCases {
    case: Vec<Spanned<RawCase>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCase {
    name: String,
    start: Option<toml::value::Datetime>,
    site_kind: Option<String>,
    quantity: Option<String>,
    limit: Option<GivenLimit>,
    range: Option<Bounds>,
    expire_after: Option<Span>,
    #[serde(default)]
    siblings: BTreeMap<String, String>,
    #[serde(default)]
    parameters: BTreeMap<String, toml::Value>,
    readings: Vec<RawReading>,
    ends: Option<Span>,
    alarms: Vec<Expected>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawReading {
    at: Span,
    until: Option<Span>,
    every: Option<Span>,
    point: Option<String>,
    value: Option<f64>,
    to: Option<f64>,
    missing: Option<String>,
}

type Wrong = (usize, LocalText);

pub(super) fn cases(text: &str) -> Result<Vec<Case>, Wrong> {
    let line_at = |offset: usize| text.get(..offset).unwrap_or("").lines().count().max(1);
    let file: FileOfCases = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_at(span.start + 1));
        let told = error.message();
        (line, local!("không đúng khuôn dạng TOML ({told})", "{told}"))
    })?;
    let read = file.case.into_iter().map(|case| {
        let line = line_at(case.span().start + 1);
        case.into_inner().checked(line).map_err(|message| (line, message))
    });
    read.collect()
}

impl RawCase {
    fn checked(self, line: usize) -> Result<Case, LocalText> {
        let site_kind = self.site_kind.map(|code| {
            let known = SiteKind::ALL.into_iter().find(|kind| kind.code() == code);
            known.ok_or_else(|| {
                let allowed = SiteKind::ALL.map(SiteKind::code).join(", ");
                local!(
                    "site_kind: có \"{code}\", được phép: {allowed}",
                    "site_kind: found \"{code}\", allowed: {allowed}"
                )
            })
        });
        let mut readings = vec![];
        for reading in &self.readings {
            reading.unfold(&mut readings)?;
        }
        readings.sort_by_key(|reading| reading.at);
        let last = readings.last().map_or(Duration::ZERO, |reading| reading.at);
        let ends = self.ends.map_or(last, |ends| ends.0);
        if ends < last || ends > MAX_LENGTH {
            return Err(local!(
                "ends: được phép: từ số đo cuối cùng đến \"7d\"",
                "ends: allowed: from the last reading to \"7d\""
            ));
        }
        let parameters = self.parameters.into_iter().map(|(name, value)| {
            let read = parameter(&value);
            read.map(|read| (name.clone(), read)).ok_or_else(|| {
                local!(
                    "parameters.{name}: có {value}, được phép: số, văn bản, true, false",
                    "parameters.{name}: found {value}, allowed: a number, a text, true, false"
                )
            })
        });
        let siblings = self.siblings.into_iter().map(|(name, code)| Ok((name, quantity(&code)?)));
        Ok(Case {
            name: self.name,
            line,
            starts_local_ms: start(self.start.as_ref())?,
            site_kind: site_kind.transpose()?,
            quantity: self.quantity.as_deref().map(quantity).transpose()?,
            limit: self.limit,
            range: self.range,
            expire_after: self.expire_after.map(|after| after.0),
            siblings: siblings.collect::<Result<_, LocalText>>()?,
            parameters: parameters.collect::<Result<_, LocalText>>()?,
            readings,
            ends,
            alarms: self.alarms,
        })
    }
}

impl RawReading {
    /// One reading, or one every so often.
    fn unfold(&self, into: &mut Vec<Given>) -> Result<(), LocalText> {
        let found = match (self.value, &self.missing) {
            (Some(value), None) => Ok(value),
            (None, Some(code)) => {
                Err(code.parse::<Reason>().map_err(|hub_model::quality::UnknownCode(code)| {
                    local!("không có mã \"{code}\"", "unknown code \"{code}\"")
                })?)
            }
            _ => {
                return Err(local!(
                    "readings: được phép: hoặc value hoặc missing",
                    "readings: allowed: either value or missing"
                ));
            }
        };
        let every = self.every.map_or(Duration::MAX, |every| every.0);
        let until = self.until.map_or(self.at.0, |until| until.0);
        if self.until.is_some() != self.every.is_some() || every.is_zero() || until < self.at.0 {
            return Err(local!(
                "readings: được phép: until đi cùng every, và until sau at",
                "readings: allowed: until and every together, and until after at"
            ));
        }
        if self.to.is_some() && (self.value.is_none() || self.until.is_none()) {
            return Err(local!(
                "readings: to: được phép: cạnh value, until và every",
                "readings: to: allowed: beside value, until and every"
            ));
        }
        let span = (until - self.at.0).as_secs_f64();
        let mut at = self.at.0;
        while at <= until {
            if into.len() as u64 >= MAX_READINGS {
                return Err(local!(
                    "readings: được phép: tối đa {MAX_READINGS} số đo trong một ca thử",
                    "readings: allowed: at most {MAX_READINGS} in a case"
                ));
            }
            // On a straight line from `value` at the beginning to `to` at the end.
            let found = match (found, self.to) {
                (Ok(from), Some(to)) if span > 0.0 => {
                    Ok(from + (to - from) * (at - self.at.0).as_secs_f64() / span)
                }
                (found, _) => found,
            };
            into.push(Given { at, point: self.point.clone(), found });
            at = at.saturating_add(every);
        }
        Ok(())
    }
}

fn parameter(value: &toml::Value) -> Option<Parameter> {
    match value {
        toml::Value::Integer(number) => Some(Parameter::Number(*number as f64)),
        toml::Value::Float(number) => {
            Some(*number).filter(|number| number.is_finite()).map(Parameter::Number)
        }
        toml::Value::Boolean(flag) => Some(Parameter::Flag(*flag)),
        toml::Value::String(text) => Some(Parameter::Text(text.clone())),
        _ => None,
    }
}

fn quantity(code: &str) -> Result<Quantity, LocalText> {
    Quantity::parse(code).ok_or_else(|| {
        local!("có \"{code}\", không phải đại lượng nào", "found \"{code}\", which is no quantity")
    })
}

fn start(given: Option<&toml::value::Datetime>) -> Result<i64, LocalText> {
    let (days, seconds) = match given {
        None => DEFAULT_START,
        Some(given) => {
            let (Some(date), Some(time), None) = (given.date, given.time, given.offset) else {
                return Err(local!(
                    "start: có {given}, được phép: ngày giờ địa phương, 2026-03-02T08:00:00",
                    "start: found {given}, allowed: a local date and time, 2026-03-02T08:00:00"
                ));
            };
            let seconds = i64::from(time.hour) * 3600 + i64::from(time.minute) * 60;
            (days_since_1970(i64::from(date.year), i64::from(date.month), i64::from(date.day)), seconds)
        }
    };
    Ok((days * 86_400 + seconds) * 1_000)
}

/// Days of the proleptic Gregorian calendar, counted in years that begin in March so that the leap day comes last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let days_before_month = (153 * month + 2) / 5;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + days_before_month + day
        - 1
        - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_counted_right() {
        assert_eq!(days_since_1970(1970, 1, 1), 0);
        assert_eq!(days_since_1970(2000, 3, 1), 11_017);
        assert_eq!(days_since_1970(2024, 2, 29), 19_782);
        assert_eq!(days_since_1970(2026, 3, 2), DEFAULT_START.0);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let wrong = |text: &str| cases(text).err().unwrap();
        let of = |inner: &str| format!("[[case]]\nname = \"x\"\nalarms = []\n{inner}\n");
        let (line, message) = wrong(&of("reading = []"));
        assert!(line == 4 && message.en.contains("unknown field `reading`"), "{line}: {message:?}");
        for (inner, said) in [
            ("readings = [{ at = \"1m\" }]", "either value or missing"),
            ("readings = [{ at = \"1m\", value = 1, missing = \"timeout\" }]", "either value or missing"),
            ("readings = [{ at = \"1m\", missing = \"asleep\" }]", "unknown code \"asleep\""),
            ("readings = [{ at = \"1x\", value = 1 }]", "found \"1x\""),
            ("readings = [{ at = \"1m\", until = \"2m\", value = 1 }]", "until and every together"),
            ("readings = [{ at = \"0s\", until = \"7d\", every = \"1s\", value = 1 }]", "at most 20000"),
            ("readings = [{ at = \"2m\", value = 1 }]\nends = \"1m\"", "from the last reading"),
            ("readings = [{ at = \"1m\", value = 1, to = 2 }]", "beside value, until and every"),
            ("readings = []\nparameters = { high = [1] }", "parameters.high: found [1]"),
            ("readings = []\nsite_kind = \"pond\"", "water_station, waste_site"),
            ("readings = []\nquantity = \"mood\"", "no quantity"),
            ("readings = []\nstart = 2026-03-02", "a local date and time"),
        ] {
            let (_, message) = wrong(&of(inner));
            assert!(message.en.contains(said), "{inner}: {message:?}");
        }
    }

    #[test]
    fn a_value_may_go_on_a_straight_line_to_another() {
        let text = "[[case]]\nname = \"x\"\nalarms = []\nreadings = [{ at = \"1m\", until = \"5m\", every = \"1m\", \
                    value = 10, to = 30 }]";
        let case = &cases(text).ok().unwrap()[0];
        let found: Vec<f64> = case.readings.iter().map(|reading| reading.found.unwrap()).collect();
        assert_eq!(found, [10.0, 15.0, 20.0, 25.0, 30.0]);
    }

    #[test]
    fn readings_are_unfolded_and_ordered() {
        let text = "[[case]]\nname = \"x\"\nalarms = []\nreadings = [\n{ at = \"5m\", value = 9 },\n\
                    { at = \"0s\", until = \"10m\", every = \"5m\", value = 1 }]";
        let case = &cases(text).ok().unwrap()[0];
        let at: Vec<u64> = case.readings.iter().map(|reading| reading.at.as_secs()).collect();
        assert_eq!(at, [0, 300, 300, 600]);
        assert_eq!(case.ends, Duration::from_secs(600));
    }
}
