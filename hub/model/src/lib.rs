//! What things are: the vocabulary that every other crate speaks.
//!
//! This crate never does I/O, never reads a clock and depends on `std` alone, so that live running, back-test and
//! recovery see the same types. Public JSON lives in `hub/api`, bytes on disk in `hub/store`.
//!
//! Read next: [`commune`] (sites, devices, points), [`reading`] (what comes in, what is kept), [`alarm`].

pub mod alarm;
pub mod calibration;
pub mod commune;
pub mod counter;
pub mod decimal;
pub mod duration;
pub mod id;
pub mod limit;
pub mod notice;
pub mod own;
pub mod quality;
pub mod quantity;
pub mod reading;
pub mod subject;
pub mod text;
pub mod time;
pub mod unit;
pub mod upkeep;

pub use alarm::{
    Alarm, AlarmId, AlarmState, OutOfService, Priority, Remark, RuleId, Tracking, Transition, Why,
};
pub use calibration::{Calibration, calibrated};
pub use commune::{
    Checks, Commune, Device, Location, NamedAlarm, Parameter, Point, Range, RuleOverride, Scaling, Site,
    SiteKind,
};
pub use counter::Counter;
pub use decimal::Decimal;
pub use id::{DeviceId, IdError, PointId, SiteId};
pub use limit::{Limit, LimitStatus};
pub use notice::{Notice, NoticeKind, Recipient};
pub use quality::{Quality, Reason};
pub use quantity::Quantity;
pub use reading::{Observation, Reading, Sample};
pub use subject::{LineId, Subject};
pub use text::LocalText;
pub use time::Timestamp;
pub use unit::Unit;
pub use upkeep::{Scope, Upkeep, Window};
