//! The API as its clients see it: requests on the whole router, with a store in RAM and a small pipeline behind it.
//!
//! One program for all files, since each would otherwise link the store anew. Begin with [`world`].
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod accounts;
mod alarms;
mod announcement;
mod clients;
mod document;
mod field;
mod forwards;
mod mqtt;
mod notices;
mod pipeline;
mod places;
mod push;
mod readings;
mod records;
mod roles;
mod rules;
mod session;
mod site_files;
mod stream;
mod world;
