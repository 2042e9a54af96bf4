//! What is written: readings, means of spans and steps of alarms as lines of the line protocol. Pure.
//!
//! A field has one type for ever: `value` and `raw` are floats also where they are whole. VictoriaMetrics keeps numbers only, so it
//! is sent codes where InfluxDB is sent words. Read next: the README's tables, which `history.rs` reads back by.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::Range;

use hub_model::text::Told as _;
use hub_model::{
    Alarm, AlarmState, Commune, LocalText, PointId, Quality, Reading, Reason, SiteId, Timestamp, Transition,
};

use crate::about;
use crate::config::{Kind, Target};

/// Measurement of alarms' steps.
pub const ALARMS: &str = "alarm";

/// Writes lines for one target: knows the tags of each point that it is to have.
#[derive(Debug, Clone)]
pub struct Encoder {
    kind: Kind,
    commune: String,
    sites: Option<Vec<String>>,
    mean: Option<&'static str>,
    heads: HashMap<PointId, String>,
    /// What there is, without the time.
    about: Vec<String>,
}

/// The figures of a span.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Means {
    /// When the span begins.
    pub start: Timestamp,
    /// The mean.
    pub mean: f64,
    /// The least value.
    pub min: f64,
    /// The greatest.
    pub max: f64,
    /// Of how many readings.
    pub n: u64,
}

impl Encoder {
    /// The points of `commune` that `target` is to have.
    pub fn new(commune: &Commune, target: &Target) -> Self {
        let wanted = |list: &Option<Vec<String>>, word: &str| {
            list.as_ref().is_none_or(|list| list.iter().any(|one| one == word))
        };
        let mut heads = HashMap::new();
        for site in commune.sites.iter().filter(|site| wanted(&target.sites, site.id.as_str())) {
            let points =
                site.devices.iter().flat_map(|device| device.points.iter().map(move |point| (device, point)));
            for (device, point) in
                points.filter(|(_, point)| wanted(&target.quantities, point.quantity.code()))
            {
                let mean = target.what.width_ms().map(|_| target.what.code());
                let mut tags = vec![
                    ("commune", commune.id.as_str()),
                    ("device", device.id.name()),
                    ("point", point.id.name()),
                    ("site", site.id.as_str()),
                    ("unit", point.unit.code()),
                ];
                // In the order of their names, as engines like them.
                tags.extend(mean.map(|mean| ("mean", mean)));
                tags.sort_unstable();
                heads.insert(point.id.clone(), head(point.quantity.code(), &tags));
            }
        }
        let mut encoder = Self {
            kind: target.kind,
            commune: commune.id.clone(),
            sites: target.sites.clone(),
            mean: target.what.width_ms().map(|_| target.what.code()),
            heads,
            about: Vec::new(),
        };
        encoder.about = about::lines(commune, &encoder);
        encoder
    }

    /// Adds what there is to watch, in milliseconds: all lines of a round have the same time, so that what is no more can be told.
    pub fn about(&self, at: Timestamp, out: &mut String) {
        for line in &self.about {
            let _ = writeln!(out, "{line} {}", at.as_millis());
        }
    }

    /// Whether the target is to have this point.
    pub fn wants(&self, point: &PointId) -> bool {
        self.heads.contains_key(point)
    }

    /// The points that the target is to have.
    pub fn points(&self) -> Vec<PointId> {
        let mut points: Vec<_> = self.heads.keys().cloned().collect();
        points.sort();
        points
    }

    /// Whether means are sent instead of readings.
    pub fn sends_means(&self) -> bool {
        self.mean.is_some()
    }

    /// Adds a reading's line, in milliseconds. False when the target is not to have its point.
    pub fn reading(&self, reading: &Reading, out: &mut String) -> bool {
        let Some(head) = self.heads.get(&reading.point) else { return false };
        out.push_str(head);
        let mut written: Option<(u64, Range<usize>)> = None;
        for (name, number) in [("value=", reading.value), ("raw=", reading.raw)] {
            let Some(number) = number.filter(|number| number.is_finite()) else { continue };
            out.push_str(name);
            let begin = out.len();
            match written {
                // Mostly the raw number is the value: its digits are there already.
                Some((bits, digits)) if bits == number.to_bits() => out.extend_from_within(digits),
                _ => {
                    let mut digits = zmij::Buffer::new();
                    let text = digits.format_finite(number);
                    out.push_str(text.strip_suffix(".0").unwrap_or(text));
                }
            }
            written = Some((number.to_bits(), begin..out.len()));
            out.push(',');
        }
        match self.kind {
            Kind::InfluxDb2 => {
                out.extend(["quality=\"", reading.quality.code(), "\",reason=\""]);
                if let Some(reason) = reading.reason {
                    // Writing to a string cannot fail.
                    let _ = write!(out, "{reason}");
                }
                out.push('"');
            }
            Kind::VictoriaMetrics => {
                let (quality, reason) =
                    (quality_code(reading.quality), reading.reason.map_or(0, reason_code));
                let _ = write!(out, "quality={quality}i,reason={reason}i");
            }
        }
        out.extend([" ", itoa::Buffer::new().format(reading.measured_at.as_millis()), "\n"]);
        true
    }

    /// Adds a span's line, in milliseconds, at the span's beginning. False when the target is not to have the point.
    pub fn means(&self, point: &PointId, means: &Means, out: &mut String) -> bool {
        let Some(head) = self.heads.get(point) else { return false };
        let Means { start, mean, min, max, n } = means;
        let _ = writeln!(out, "{head}value={mean},min={min},max={max},n={n}i {}", start.as_millis());
        true
    }

    /// Adds a step of an alarm's life, in microseconds: two in one millisecond stay two. False when its site is not sent.
    pub fn step(&self, number: u64, step: &Transition, alarm: &Alarm, out: &mut String) -> bool {
        let site = alarm.subject.site();
        if self.sites.as_ref().is_some_and(|sites| sites.iter().all(|one| one != site.as_str())) {
            return false;
        }
        let mut tags = vec![
            ("commune", self.commune.as_str()),
            ("priority", alarm.priority.code()),
            ("rule", &*alarm.rule),
            ("site", site.as_str()),
            ("subject", alarm.subject.as_str()),
        ];
        tags.sort_unstable();
        out.push_str(&head(ALARMS, &tags));
        let code = AlarmState::ALL.iter().position(|state| *state == step.to).unwrap_or(0);
        let standing = u8::from(alarm.is_standing());
        let _ = write!(
            out,
            "id={}i,code={code}i,standing={standing}i,raised_ms={}i",
            alarm.id,
            alarm.raised_at.as_millis()
        );
        if let Some(cleared) = alarm.cleared_at {
            let _ = write!(out, ",cleared_ms={}i", cleared.as_millis());
        }
        if let Some(value) = alarm.value.filter(|value| value.is_finite()) {
            let _ = write!(out, ",value={value}");
        }
        if self.kind == Kind::InfluxDb2 {
            // Whoever looks at the lines themselves reads it in either language; a province's hub knows it by its code.
            let remark = step.remark.map(|remark| {
                let LocalText { vi, en } = remark.told();
                format!("{vi} / {en}")
            });
            let said = step.comment.as_deref().or(remark.as_deref()).unwrap_or_default();
            if let Some(remark) = step.remark {
                let _ = write!(out, ",remark=\"{}\"", remark.code());
            }
            let texts = [
                ("state", step.to.code()),
                ("why", step.why.code()),
                ("by", step.by.as_deref().unwrap_or_default()),
                ("comment", said),
                ("unit", &alarm.unit),
                ("title_vi", &alarm.title.vi),
                ("title_en", &alarm.title.en),
                ("message_vi", &alarm.message.vi),
                ("message_en", &alarm.message.en),
                ("clause", alarm.clause.as_ref().map_or("", |clause| &clause.vi)),
                ("clause_en", alarm.clause.as_ref().map_or("", |clause| &clause.en)),
            ];
            for (name, text) in texts {
                let _ = write!(out, ",{name}=\"{}\"", quoted(text));
            }
        }
        let at_us = step.at.as_millis().saturating_mul(1_000).saturating_add((number % 1_000).cast_signed());
        let _ = writeln!(out, " {at_us}");
        true
    }

    /// The sites whose alarms are sent; all when it is `None`.
    pub fn sends_site(&self, site: &SiteId) -> bool {
        self.sites.as_ref().is_none_or(|sites| sites.iter().any(|one| one == site.as_str()))
    }
}

/// QARTOD's flags, as the store has them; 5 is ours.
pub const fn quality_code(quality: Quality) -> i64 {
    match quality {
        Quality::Good => 1,
        Quality::NotEvaluated => 2,
        Quality::Suspect => 3,
        Quality::Fail => 4,
        Quality::Calibrating => 5,
        Quality::Missing => 9,
    }
}

/// A reason's number for engines that keep numbers only: its place in [`Reason::PLAIN`] from 1, or 256 and a Modbus exception.
pub fn reason_code(reason: Reason) -> i64 {
    match reason {
        Reason::Exception(code) => 256 + i64::from(code),
        other => Reason::PLAIN.iter().position(|one| *one == other).map_or(0, |place| place as i64 + 1),
    }
}

/// The reason with this number.
pub fn reason_of(code: i64) -> Option<Reason> {
    match code {
        256..=511 => u8::try_from(code - 256).ok().map(Reason::Exception),
        1.. => Reason::PLAIN.get(usize::try_from(code).ok()? - 1).copied(),
        _ => None,
    }
}

/// Measurement and tags, up to the space before the fields.
pub(crate) fn head(measurement: &str, tags: &[(&str, &str)]) -> String {
    let mut head = measurement.to_owned();
    for (name, value) in tags.iter().filter(|(_, value)| !value.is_empty()) {
        head.push(',');
        head.push_str(name);
        head.push('=');
        for c in value.chars() {
            match c {
                ',' | '=' | ' ' => head.extend(['\\', c]),
                '\n' | '\r' => head.push(' '),
                // At a tag's end it would take the comma's meaning away.
                '\\' => head.push('/'),
                c => head.push(c),
            }
        }
    }
    head.push(' ');
    head
}

/// A text between quotation marks. A line end would end the line for some servers, so it becomes a space.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' | '\r' => quoted.push(' '),
            c => quoted.push(c),
        }
    }
    quoted
}
