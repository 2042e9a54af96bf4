//! `commune-hub import`: old data in. See [`crate::import`].

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use crate::import::{Order, run};

/// What to import, and where.
#[derive(Debug, Args)]
pub(super) struct ImportOptions {
    /// The file: .csv, .tsv or .txt for tables, .lp for line protocol
    file: PathBuf,
    /// Which column or field is which point, how times and numbers are written
    #[arg(long, value_name = "MAP.toml")]
    map: Option<PathBuf>,
    /// Only read and count: nothing is kept
    #[arg(long)]
    dry_run: bool,
    /// The configuration folder, which holds hub.toml
    #[arg(long, value_name = "DIR")]
    config: PathBuf,
    /// Send it to the hub that runs, such as http://127.0.0.1:8080, instead of into the store
    #[arg(long, requires = "token_file")]
    url: Option<String>,
    /// A file with an API token of role integrator
    #[arg(long, value_name = "FILE", requires = "url")]
    token_file: Option<PathBuf>,
}

/// Imports, tells progress on stderr and the account on `out`.
pub(super) fn import(options: ImportOptions, out: &mut impl Write) -> anyhow::Result<()> {
    let order = Order {
        file: options.file,
        map: options.map,
        config: options.config,
        dry_run: options.dry_run,
        hub: options.url.zip(options.token_file),
    };
    run(&order, out, &mut io::stderr())
}
