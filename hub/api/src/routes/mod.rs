//! One file for each group of calls. A route reads what was asked, asks the hub, and fills a shape of [`crate::wire`];
//! it never writes to the store and never decides what is an alarm or a good reading.

pub(crate) mod accounts;
pub(crate) mod alarms;
pub(crate) mod announcement;
pub(crate) mod audit;
pub(crate) mod backtest;
pub(crate) mod calibrations;
pub(crate) mod commune;
pub(crate) mod communes;
pub(crate) mod completeness;
pub(crate) mod corrections;
pub(crate) mod csv;
pub(crate) mod deliver;
pub(crate) mod entries;
pub(crate) mod field;
pub(crate) mod forwards;
pub(crate) mod links;
pub(crate) mod metrics;
pub(crate) mod mqtt;
pub(crate) mod notices;
pub(crate) mod points;
pub(crate) mod preview;
pub(crate) mod push;
pub(crate) mod readings;
pub(crate) mod rule_texts;
pub(crate) mod rules;
pub(crate) mod service;
pub(crate) mod session;
pub(crate) mod setup;
pub(crate) mod site_files;
pub(crate) mod sites;
pub(crate) mod snapshot;
pub(crate) mod start;
pub(crate) mod stream;
pub(crate) mod surroundings;

pub use surroundings::MAX_PHOTO_BYTES;
