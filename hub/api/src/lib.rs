//! HTTP: the public interface, its OpenAPI document, the live stream and the dashboard.
#![doc = include_str!("../README.md")]

mod accept;
mod app;
pub mod auth;
mod backtest;
mod body;
mod calendar;
mod communes;
mod dashboard;
mod field;
mod forward;
mod guard;
mod health;
mod hub;
mod live;
mod local;
mod metrics;
mod mqtt;
mod nearest;
mod notices;
mod older;
mod problem;
mod push;
mod query;
mod records;
mod router;
mod routes;
mod rulebook;
mod serve;
mod site_files;
mod surroundings;
mod wire;

pub use axum::Router;
pub use backtest::{BacktestAsked, BacktestRefused, BacktestRunner, Backtested};
pub use communes::{CommuneFigures, Communes, Organisation, Overview};
pub use field::{
    Bus, BusDevice, BusFault, Field, Frame, FrameOutcome, Interpretation, Pending, ProbeAsk, ProbeTarget,
    Probed, TriedDevice, TriedPoint, WriteRefused,
};
pub use forward::{Forward, Forwards, RefusedLine};
pub use health::{Health, Part, PartState};
pub use hub::{Hub, Request, ServiceChange};
pub use live::{Committed, Live};
pub use metrics::{MetricsText, OPENMETRICS, Sample};
pub use mqtt::{
    CommandAnswer, CommandRefused, LoginRefusals, MqttArrival, MqttDoor, MqttField, MqttLink, PayloadSample,
    PointProposal, UnknownTopic,
};
pub use notices::{ChannelTested, Duty, LinkPermit, LinkRefused, NotTested, NoticeChannel, Notices};
pub use older::Older;
pub use push::{PushError, PushFormat, PushReader, PushRefusal, Pushed, RefusalKind, TimeUnit};
pub use router::{openapi, router};
pub use routes::MAX_PHOTO_BYTES;
pub use rulebook::{RuleBook, RuleDesk, RuleOrigin, RuleText};
pub use serve::{TlsSource, serve};
pub use site_files::{
    ChangedBy, ProfilePoint, ProfileText, SiteChange, SiteFault, SiteFile, SiteFiles, SiteVersion,
};
pub use surroundings::{About, Contact, Photo, Surroundings, Tiles};
