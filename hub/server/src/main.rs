//! `commune-hub`: the hub's binary. Only names the parts; `cli` reads the command line, `hub` wires what runs.
//!
//! Read next: `cli/mod.rs`, `config/mod.rs`, `hub.rs`.
//!
#![doc = include_str!("../README.md")]

mod adapters;
mod backtest;
mod bridge;
mod calendar;
mod cli;
mod config;
mod demo;
mod door;
mod feed;
mod field;
mod first_start;
mod foreign;
mod forward;
mod hub;
mod import;
mod keeper;
mod limits;
mod mqtt_field;
mod notify;
mod older;
mod outward;
mod own;
mod pipeline;
mod province;
mod push;
mod reload;
mod report;
mod rules;
mod run;
mod site_files;
mod telegraf;
mod tls;
mod transfer;
mod upkeep;
mod wanted;
mod websocket;
mod whole_file;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
