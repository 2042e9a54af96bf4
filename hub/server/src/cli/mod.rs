//! The command line: which commands there are, and how each ends. What a command does is in its own file, or beside `hub.rs`.
//!
//! Answers go to stdout, everything else to stderr. Exit codes: 0 done, 1 failed, 2 not understood.

mod archive;
mod check;
mod import;
mod influxdb;
mod log;
mod password;
mod probe;
mod profiles;
mod readable;
mod rules;
mod store;
mod token;
mod user;

use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use hub_api::auth::Role;

use crate::config::{Config, Faulty};
pub use log::LogFormat;

/// The hub of a smart commune: takes readings in, keeps them, judges them, and shows them.
#[derive(Parser)]
#[command(name = "commune-hub", version, max_term_width = 100)]
struct Cli {
    /// How `run` and `demo` write their log to stderr; auto is text on a terminal, else one JSON object a line
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Auto)]
    log_format: LogFormat,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the hub until SIGTERM or Ctrl-C
    Run(ConfigDir),
    /// Check the configuration without touching a device, and print each bus's load
    Check(ConfigDir),
    /// Run a pilot commune with simulated devices, and print its address and logins
    Demo(DemoOptions),
    /// Keep the accounts of people
    #[command(subcommand)]
    User(user::UserCommand),
    /// Keep the tokens of programs
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Work on alarm rules
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Write the readings, alarms and accounts to one file, also while the hub runs, and print its SHA-256
    Backup(archive::ArchiveOptions),
    /// Bring a backup back into a folder that holds no store yet
    Restore(archive::ArchiveOptions),
    /// Import old data: a table (.csv) or line protocol (.lp)
    Import(import::ImportOptions),
    /// Send history to another engine, bring it in, or compare both sides
    #[command(subcommand)]
    Influxdb(influxdb::InfluxDbCommand),
    /// Read a device that is not configured yet, and find out how
    #[command(subcommand)]
    Probe(probe::ProbeCommand),
    /// Print our configuration for the Modbus and MQTT inputs of a Telegraf configuration
    ImportTelegraf {
        /// Telegraf's configuration
        file: PathBuf,
    },
    /// Look at what is kept, also while the hub runs
    #[command(subcommand)]
    Store(store::StoreCommand),
    /// Print the OpenAPI document of the HTTP API
    Openapi,
    /// List the device profiles of a configuration, or show one with its sources
    Profiles {
        /// The profile to show
        id: Option<String>,
        /// The configuration folder, which holds profiles/
        #[arg(long, value_name = "DIR", default_value = ".")]
        config: PathBuf,
    },
}

#[derive(Subcommand)]
enum RulesCommand {
    /// Run the rules' cases: readings given, alarms expected
    Test {
        /// The rules to test, by their files' names without the ending; all when none is given
        #[arg(value_name = "RULE")]
        rules: Vec<String>,
        #[command(flatten)]
        config: ConfigDir,
    },
    /// Tell what a rule would have raised on stored readings, and when
    Backtest(rules::BacktestOptions),
}

#[derive(Args)]
struct ConfigDir {
    /// The configuration folder, which holds hub.toml
    #[arg(long = "config", value_name = "DIR")]
    dir: PathBuf,
}

#[derive(Args)]
struct RoleOption {
    /// viewer, staff, officer, integrator or admin; each may do all that the ones before it may
    #[arg(long)]
    role: Role,
}

/// What the demo is told on the command line.
#[derive(Debug, Clone, Args)]
pub struct DemoOptions {
    /// Keep the demo's configuration and readings in this folder instead of a temporary one
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// How many times faster than life the simulated devices live
    #[arg(long, value_name = "N", default_value_t = 1.0, value_parser = speed)]
    pub speed: f64,
    /// How many days of history a new demo begins with
    #[arg(long, value_name = "N", default_value_t = 31, value_parser = clap::value_parser!(u16).range(0..=366))]
    pub history_days: u16,
    /// Where the dashboard listens; port 0 lets the system choose
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080", value_parser = loopback)]
    pub http: SocketAddr,
    /// Also run mosquitto, which must be installed, as somebody else's broker with a sensor behind it
    #[arg(long, conflicts_with = "communes")]
    pub site_broker: bool,
    /// Run the hubs of this many small communes instead, which forward to the engine of --province
    #[arg(long, value_name = "N", requires = "province", value_parser = clap::value_parser!(u16).range(1..=200))]
    pub communes: Option<u16>,
    /// The configuration folder of the province's hub, which names its engine
    #[arg(long, value_name = "DIR", requires = "communes")]
    pub province: Option<PathBuf>,
    /// How the address and the logins are printed once it is ready
    #[arg(long, value_enum, default_value_t = DemoFormat::Text)]
    pub format: DemoFormat,
}

/// How the demo says that it is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum DemoFormat {
    /// For people.
    Text,
    /// For programs: one line.
    Json,
}

/// Reads the command line, does what it asks for, and tells how it went.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    // Not locked: the demo prints from elsewhere.
    match run(cli, &mut io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the answer has seen enough of it, such as `head`.
        Err(error)
            if error.downcast_ref().is_some_and(|e: &io::Error| e.kind() == io::ErrorKind::BrokenPipe) =>
        {
            ExitCode::SUCCESS
        }
        Err(error) => {
            let told = match error.downcast_ref::<Faulty>() {
                Some(faulty) => writeln!(io::stderr(), "{faulty}"),
                None => writeln!(io::stderr(), "error: {error:#}"),
            };
            // Without a stderr there is nobody to tell.
            drop(told);
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli, out: &mut impl Write) -> anyhow::Result<()> {
    match cli.command {
        Command::Run(config) => {
            let seen = crate::reload::look(&config.dir);
            let (loaded, warnings) = Config::require(&config.dir)?;
            log::start(cli.log_format);
            warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
            crate::run::warn_without_accounts(&loaded.store.dir, &config.dir)?;
            crate::run::run(loaded, &config.dir, seen)
        }
        Command::Check(config) => check::check(&config.dir, out),
        Command::Demo(options) => {
            log::start(cli.log_format);
            crate::demo::demo(options)
        }
        Command::User(command) => user::run(command, out),
        Command::Token(command) => token::run(command, out),
        Command::Rules(RulesCommand::Test { rules, config }) => rules::test(&config.dir, &rules, out),
        Command::Rules(RulesCommand::Backtest(options)) => rules::backtest(&options, out),
        Command::Backup(options) => archive::backup(&options, out),
        Command::Restore(options) => archive::restore(&options, out),
        Command::Import(options) => import::import(options, out),
        Command::Influxdb(command) => influxdb::run(command, out),
        Command::Probe(command) => probe::run(&command, out),
        Command::ImportTelegraf { file } => {
            let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
            let site = crate::telegraf::convert(&text).with_context(|| file.display().to_string())?;
            Ok(out.write_all(site.as_bytes())?)
        }
        Command::Store(command) => store::run(command, out),
        Command::Openapi => Ok(writeln!(out, "{}", hub_api::openapi().trim_end())?),
        Command::Profiles { id, config } => profiles::show(&config, id.as_deref(), out),
    }
}

/// Tells what should be mended; nothing hangs on it.
fn warn(warnings: &[String]) {
    let mut stderr = io::stderr();
    for warning in warnings {
        drop(writeln!(stderr, "warning: {warning}"));
    }
}

/// Names of accounts stand in logs and histories, so they hold nothing that could be mistaken there.
fn account_name(text: &str) -> Result<String, String> {
    hub_api::auth::account_name(text).map_err(|error| error.to_string())
}

fn speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| "a number is needed, such as 10".to_owned())?;
    if (0.1..=1000.0).contains(&speed) { Ok(speed) } else { Err("0.1 to 1000 is allowed".to_owned()) }
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text.parse().map_err(|_| "an address and a port are needed".to_owned())?;
    if address.ip().is_loopback() { Ok(address) } else { Err("the demo stays on loopback".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed_and_every_command_says_what_it_does() {
        let command = Cli::command();
        command.clone().debug_assert();
        let mut all: Vec<_> = command.get_subcommands().collect();
        while let Some(next) = all.pop() {
            assert!(next.get_about().is_some(), "{} does not say what it does", next.get_name());
            all.extend(next.get_subcommands());
        }
    }

    #[test]
    fn names_of_accounts_are_plain() {
        assert_eq!(account_name("lan.nguyễn"), Ok("lan.nguyễn".to_owned()));
        for name in ["", "two words", "tab\tbed", &"x".repeat(65)] {
            assert!(account_name(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_name_with_invisible_characters_is_refused() {
        for name in ["lan\u{200b}", "\u{202e}nimda", "\u{feff}lan", "la\u{ad}n"] {
            assert!(account_name(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn the_demo_stays_on_loopback_and_within_reason() {
        assert!(loopback("127.0.0.1:0").is_ok() && loopback("[::1]:80").is_ok());
        assert!(loopback("0.0.0.0:80").is_err() && loopback("localhost").is_err());
        assert!(speed("10").is_ok() && speed("0").is_err() && speed("NaN").is_err());
    }
}
