//! `commune-hub influxdb push|pull|verify`: history out to a target, in from one, and both sides compared. See [`crate::transfer`].

use std::io::{self, Write};
use std::path::PathBuf;

use adapters_influxdb::Target;
use anyhow::Context;
use clap::{Args, Subcommand};
use hub_model::Timestamp;
use jiff::tz::TimeZone;

use super::readable::{Readable, moment};
use crate::config::Config;
use crate::transfer::{Pull, Span, pull, push, verify};

#[derive(Subcommand)]
pub(super) enum InfluxDbCommand {
    /// Send stored readings to a target, and count there what has arrived; run again, it goes on where it was
    Push(Which),
    /// Bring readings of an InfluxDB in, as a mapping says
    Pull(PullOptions),
    /// Compare both sides: counts and digests for each point and day; exit 1 if anything differs
    Verify(Which),
}

/// Between which target and what span.
#[derive(Args)]
pub(super) struct Which {
    /// The `[[forward]]` by its id
    #[arg(long, value_name = "ID")]
    target: String,
    /// The first moment: 2026-03-01, 2026-03-01T08:00 or RFC 3339
    #[arg(long, value_name = "T")]
    from: String,
    /// The moment after the last one
    #[arg(long, value_name = "T")]
    to: String,
    /// The configuration folder, which holds hub.toml
    #[arg(long, value_name = "DIR")]
    config: PathBuf,
}

#[derive(Args)]
pub(super) struct PullOptions {
    #[command(flatten)]
    which: Which,
    /// Which measurement, tags and field are which point, as for `import` of line protocol
    #[arg(long, value_name = "MAP.toml")]
    map: Option<PathBuf>,
    /// Only read and count: nothing is kept
    #[arg(long)]
    dry_run: bool,
    /// Send it to the hub that runs, such as http://127.0.0.1:8080, instead of into the store
    #[arg(long, requires = "token_file")]
    url: Option<String>,
    /// A file with an API token of role integrator
    #[arg(long, value_name = "FILE", requires = "url")]
    token_file: Option<PathBuf>,
}

/// Does what the command asks for; progress goes to stderr.
pub(super) fn run(command: InfluxDbCommand, out: &mut impl Write) -> anyhow::Result<()> {
    match command {
        InfluxDbCommand::Push(which) => {
            let (config, target, span) = which.read()?;
            let readable = Readable::open(&config.store.dir)?;
            push(&config, &target, &span, &*readable.store, out, &mut io::stderr())
        }
        InfluxDbCommand::Verify(which) => {
            let (config, target, span) = which.read()?;
            let readable = Readable::open(&config.store.dir)?;
            verify(&config, &target, &span, &*readable.store, out)
        }
        InfluxDbCommand::Pull(options) => {
            let (_, target, span) = options.which.read()?;
            let order = Pull {
                map: options.map,
                config: options.which.config,
                dry_run: options.dry_run,
                hub: options.url.zip(options.token_file),
            };
            pull(&target, &span, order, out, &mut io::stderr())
        }
    }
}

impl Which {
    fn read(&self) -> anyhow::Result<(Config, Target, Span)> {
        let (config, _) = Config::require(&self.config)?;
        let zone = TimeZone::get(&config.commune.timezone)?;
        let read = |name: &str, text: &str| -> anyhow::Result<Timestamp> {
            moment(text, &zone).with_context(|| format!("--{name}"))
        };
        let (from, to) = (read("from", &self.from)?, read("to", &self.to)?);
        anyhow::ensure!(from < to, "--from {} must be before --to {}", self.from, self.to);
        let targets = &config.forwarding.targets;
        let target = targets.iter().find(|target| target.id == self.target).cloned();
        let target = target.with_context(|| {
            let known = targets.iter().map(|target| &*target.id);
            format!("--target: {}", crate::config::nearest::not_one_of(&self.target, known).en)
        })?;
        Ok((config, target, Span { from, to, zone }))
    }
}
