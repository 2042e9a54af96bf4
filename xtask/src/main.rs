//! `cargo xtask`: every command that a developer or a build machine needs.
//!
//! Each command installs what it needs and says why. Nothing here is part of the hub. Read next: `steps.rs`.

mod demo_hub;
mod peers;
mod process;
mod setup;
mod steps;
mod tidy;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds, shows and checks the smart-commune hub")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Builds both binaries, the dashboard inside, into target/release
    Build,
    /// Builds all and opens a living pilot commune
    Demo {
        /// How many times faster than real time the simulated days pass
        #[arg(long, default_value_t = 1.0)]
        speed: f64,
    },
    /// Sets up what the tests need, then runs every check
    Test,
    /// Checks the tree: arrows between crates, headers, sizes, samples, the generated client
    Tidy,
    /// Runs the browser tests on the real hub with real simulators
    E2e,
    /// Measures speed and memory of the release build, beside engines of others where that says more
    Bench {
        /// What is measured
        #[arg(value_enum, default_value_t = steps::Bench::Hub)]
        what: steps::Bench,
        /// Only these parts of it, where it has parts (those of the store: year, start, stalls, memory, flash; of web: phone, year, calls, live)
        parts: Vec<String>,
    },
    /// Builds an engine of others where it is missing, and prints where its binary is
    Peer {
        /// Which
        #[arg(value_enum)]
        name: peers::Peer,
    },
    /// Takes a screenshot of every page at both widths, in both languages and both colour schemes
    Shots {
        /// Where the pictures go
        folder: std::path::PathBuf,
    },
    /// Writes the OpenAPI document and the dashboard's client from the API's handlers
    Generate,
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Build => steps::build(),
        Command::Demo { speed } => steps::demo(speed),
        Command::Test => steps::test(),
        Command::Tidy => steps::tidy(),
        Command::E2e => steps::e2e(),
        Command::Bench { what, parts } => steps::bench(what, &parts),
        Command::Peer { name } => process::say(&name.binary()?.display().to_string()),
        Command::Shots { folder } => steps::shots(&folder),
        Command::Generate => steps::generate(),
    }
}
