//! The commune as configured: its sites, their devices and the devices' points. Built once from the configuration, then only read.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::{
    Calibration, Counter, Decimal, DeviceId, Limit, LineId, LocalText, PointId, Priority, Quantity, SiteId,
    Timestamp, Unit,
};

/// A commune and all that it watches.
#[derive(Debug, Clone, PartialEq)]
pub struct Commune {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: LocalText,
    /// IANA time zone, such as `Asia/Ho_Chi_Minh`.
    pub timezone: String,
    /// Where it is.
    pub location: Option<Location>,
    /// Languages offered, the first is the default: `vi`, `en`.
    pub languages: Vec<String>,
    /// Its sites, in the order of their ids.
    pub sites: Vec<Site>,
}

/// A place on earth, WGS 84.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Location {
    /// Degrees north, -90 to 90.
    pub lat: f64,
    /// Degrees east, -180 to 180.
    pub lon: f64,
}

/// What kind of place a site is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SiteKind {
    /// A clean-water station.
    WaterStation,
    /// A place where waste is gathered or kept.
    WasteSite,
    /// A public Wi-Fi access point.
    WifiAccessPoint,
    /// Anything else.
    Other,
    /// The hub itself: see [`crate::own`].
    Hub,
}

impl SiteKind {
    /// All of them.
    pub const ALL: [SiteKind; 5] =
        [Self::WaterStation, Self::WasteSite, Self::WifiAccessPoint, Self::Other, Self::Hub];
    /// Those that people may give a site.
    pub const CONFIGURED: [SiteKind; 4] =
        [Self::WaterStation, Self::WasteSite, Self::WifiAccessPoint, Self::Other];

    /// The word in files and in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::WaterStation => "water_station",
            Self::WasteSite => "waste_site",
            Self::WifiAccessPoint => "wifi_access_point",
            Self::Other => "other",
            Self::Hub => "hub",
        }
    }
}

/// One place that is watched.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// Its id.
    pub id: SiteId,
    /// What it is.
    pub kind: SiteKind,
    /// Its name.
    pub name: LocalText,
    /// Where it is.
    pub location: Option<Location>,
    /// Its devices, in the order of the file.
    pub devices: Vec<Device>,
    /// What it wants otherwise than rules say of themselves, by the rules' ids.
    pub rules: BTreeMap<String, RuleOverride>,
}

/// What a site wants otherwise than a rule says of itself. What is not given stays.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RuleOverride {
    /// Where it is written, for faults: `sites/a.toml:12`.
    pub place: String,
    /// Whether the rule watches this site at all.
    pub enabled: Option<bool>,
    /// How urgent.
    pub priority: Option<Priority>,
    /// How long the condition must hold.
    pub on_delay: Option<Duration>,
    /// How long it must be gone.
    pub off_delay: Option<Duration>,
    /// After how long without an acknowledgement it is told again.
    pub remind_after: Option<Duration>,
    /// The rule's own parameters.
    pub parameters: BTreeMap<String, Parameter>,
}

/// A figure, a word or a switch of a rule.
#[derive(Debug, Clone, PartialEq)]
pub enum Parameter {
    /// A number.
    Number(f64),
    /// A word.
    Text(String),
    /// A switch.
    Flag(bool),
}

/// One device of a site.
#[derive(Debug, Clone, PartialEq)]
pub struct Device {
    /// Its full id.
    pub id: DeviceId,
    /// Its name.
    pub name: LocalText,
    /// The adapter that speaks with it: `modbus`, `mqtt`, `push`.
    pub adapter: String,
    /// How often a reading is expected: how often the hub asks for it, or how often it is said to come.
    pub interval: Option<Duration>,
    /// The line that it shares with other devices of its site, where it may do so.
    pub line: Option<LineId>,
    /// Its points, in the order of the file.
    pub points: Vec<Point>,
}

/// One measured quantity of a device.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Its full id.
    pub id: PointId,
    /// Its name.
    pub name: LocalText,
    /// What it measures.
    pub quantity: Quantity,
    /// The unit of its values.
    pub unit: Unit,
    /// Decimals shown to people; nothing is rounded when it is stored.
    pub decimals: u8,
    /// From raw number to value.
    pub scaling: Scaling,
    /// Whether the raw number counts up; then the value is the total that was counted, which never falls.
    pub counter: Option<Counter>,
    /// Calibrations of the configuration, in the order of their dates. People add others: see [`crate::Upkeep`].
    pub calibrations: Vec<Calibration>,
    /// Raw numbers that mean "no reading".
    pub missing: Vec<f64>,
    /// What its readings are checked for.
    pub checks: Checks,
    /// Limits bound to it, in its own unit.
    pub limits: Vec<Limit>,
    /// Whether its values are for reference only: of a low-cost sensor that no regulation accepts as proof.
    pub reference: bool,
    /// What its device reports while the value is not 0; such as one bit of a word of faults.
    pub alarm: Option<NamedAlarm>,
}

/// An alarm that a device raises itself, as its point names it.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedAlarm {
    /// What it is called.
    pub title: LocalText,
    /// How urgent it is.
    pub priority: Priority,
}

/// value = raw · scale + offset, in exact decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scaling {
    /// Factor.
    pub scale: Decimal,
    /// Added after the factor.
    pub offset: Decimal,
}

impl Scaling {
    /// Leaves the raw number as it is.
    pub const NONE: Self = Self { scale: Decimal::ONE, offset: Decimal::ZERO };

    /// The value of a raw number: exact where it fits, else to a double's precision.
    pub fn apply(self, raw: f64) -> f64 {
        if self == Self::NONE {
            return raw;
        }
        let exact =
            Decimal::from_f64(raw).and_then(|raw| raw.times(self.scale)).and_then(|v| v.plus(self.offset));
        match exact {
            Some(value) => value.to_f64(),
            None => raw * self.scale.to_f64() + self.offset.to_f64(),
        }
    }
}

impl Scaling {
    /// A total that grew by `step` raw numbers: exact where it fits, else to a double's precision.
    pub fn grown(self, total: f64, step: f64) -> f64 {
        let grown = Decimal::from_f64(step).and_then(|step| step.times(self.scale));
        let exact = grown.zip(Decimal::from_f64(total)).and_then(|(grown, total)| total.plus(grown));
        exact.map_or(total + step * self.scale.to_f64(), Decimal::to_f64)
    }
}

/// Inclusive bounds; an absent one does not bind.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Range {
    /// Least.
    pub min: Option<f64>,
    /// Greatest.
    pub max: Option<f64>,
}

impl Range {
    /// Whether `value` lies within.
    pub fn contains(self, value: f64) -> bool {
        self.min.is_none_or(|min| value >= min) && self.max.is_none_or(|max| value <= max)
    }
}

/// What a point's readings are checked for; each check is off unless configured.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Checks {
    /// Outside: `fail`.
    pub range: Option<Range>,
    /// Outside: `suspect`.
    pub suspect: Option<Range>,
    /// A faster change, in the point's unit per minute: `suspect`.
    pub max_rate_per_minute: Option<f64>,
    /// The same raw value for so long: `suspect`.
    pub stuck_after: Option<Duration>,
    /// No reading for so long: `missing`.
    pub expire_after: Option<Duration>,
}

impl Checks {
    /// Whether anything judges a value as it arrives; without, its quality is `not_evaluated`.
    pub fn judge_values(&self) -> bool {
        self.range.is_some()
            || self.suspect.is_some()
            || self.max_rate_per_minute.is_some()
            || self.stuck_after.is_some()
    }
}

impl Commune {
    /// All devices.
    pub fn devices(&self) -> impl Iterator<Item = &Device> {
        self.sites.iter().flat_map(|site| &site.devices)
    }

    /// All points.
    pub fn points(&self) -> impl Iterator<Item = &Point> {
        self.devices().flat_map(|device| &device.points)
    }

    /// The site with this id.
    pub fn site(&self, id: &str) -> Option<&Site> {
        self.sites.iter().find(|site| site.id.as_str() == id)
    }
}

impl Point {
    /// A point that takes numbers as they come: named and shown as its quantity is, neither scaled nor checked nor limited.
    pub fn plain(id: PointId, quantity: Quantity, unit: Unit) -> Self {
        Self {
            id,
            name: quantity.name(),
            quantity,
            unit,
            decimals: quantity.decimals(),
            scaling: Scaling::NONE,
            counter: None,
            calibrations: Vec::new(),
            missing: Vec::new(),
            checks: Checks::default(),
            limits: Vec::new(),
            reference: false,
            alarm: None,
        }
    }

    /// The limit that applies at `moment` to values averaged over `averaging`, or to single values without.
    pub fn limit_over(&self, moment: Timestamp, averaging: Option<Duration>) -> Option<&Limit> {
        let fitting =
            self.limits.iter().filter(|limit| limit.averaging == averaging && limit.applies_at(moment));
        fitting.max_by_key(|limit| limit.valid_from)
    }

    /// The limit that applies at `moment`, as [`Limit::at`] picks it; [`Point::limit_over`] gives that of a certain averaging.
    pub fn limit_at(&self, moment: Timestamp) -> Option<&Limit> {
        Limit::at(&self.limits, moment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scaling_is_exact_and_falls_back_where_it_does_not_fit() {
        let hundredths = Scaling { scale: "0.01".parse().unwrap(), offset: Decimal::ZERO };
        assert_eq!(hundredths.apply(42.0), 0.42);
        assert_eq!(hundredths.apply(1e300), 1e300 * 0.01);
        assert_eq!(Scaling::NONE.apply(7.12), 7.12);
    }

    #[test]
    fn a_range_includes_its_bounds() {
        let range = Range { min: Some(0.0), max: None };
        assert!(range.contains(0.0) && range.contains(1e9) && !range.contains(-0.1));
    }
}
