//! `commune-hub token`: programs' access to the API. A token is shown once; only its digest is kept.

use std::io::Write;

use adapters_sdk::Clock;
use clap::Subcommand;
use hub_api::auth::{digest, new_token};

use super::user::{note, open};
use super::{ConfigDir, RoleOption, account_name};

#[derive(Subcommand)]
pub enum TokenCommand {
    /// Make a token and print it: this once and never again
    Add {
        /// What the token is for
        #[arg(value_parser = account_name)]
        name: String,
        #[command(flatten)]
        role: RoleOption,
        #[command(flatten)]
        config: ConfigDir,
    },
    /// List all tokens by name, with their roles and when they were made
    List(ConfigDir),
    /// End a token at once
    Revoke {
        /// Its name
        name: String,
        #[command(flatten)]
        config: ConfigDir,
    },
}

/// Does what the command asks for.
pub fn run(command: TokenCommand, out: &mut impl Write) -> anyhow::Result<()> {
    match command {
        TokenCommand::Add { name, role, config } => {
            let token = new_token()?;
            open(&config)?.add_token(&name, role.role.code(), &digest(&token), Clock::system().now())?;
            note(&config, "token_added", &name, Some(role.role.code()))?;
            // Nothing else on stdout, so that a script can take it as it is.
            writeln!(out, "{token}")?;
        }
        TokenCommand::List(config) => {
            for token in open(&config)?.list_tokens()? {
                let made = jiff::Timestamp::from_millisecond(token.created_at.as_millis())?;
                writeln!(out, "{:<24} {:<12} {made:.0}", token.name, token.role)?;
            }
        }
        TokenCommand::Revoke { name, config } => {
            open(&config)?.revoke_token(&name)?;
            note(&config, "token_revoked", &name, None)?;
            writeln!(out, "revoked {name}")?;
        }
    }
    Ok(())
}
