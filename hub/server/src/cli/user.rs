//! `commune-hub user`: people's accounts. Works while the hub runs; a changed password ends that person's sessions.

use std::io::Write;

use adapters_sdk::Clock;
use clap::Subcommand;
use hub_store::records::Deed;
use hub_store::{Accounts, Records};

use super::password::PasswordOption;
use super::{ConfigDir, RoleOption, account_name};
use crate::config::Config;

/// Who does what is done at the command line; no account can be called so.
const COMMAND_LINE: &str = "command line";

#[derive(Subcommand)]
pub enum UserCommand {
    /// Add a person; the password is asked for on the terminal
    Add {
        /// The login name
        #[arg(value_parser = account_name)]
        name: String,
        #[command(flatten)]
        role: RoleOption,
        #[command(flatten)]
        password: PasswordOption,
        #[command(flatten)]
        config: ConfigDir,
    },
    /// List everybody with their roles
    List(ConfigDir),
    /// Give a person another password
    Passwd {
        /// The login name
        #[arg(value_parser = account_name)]
        name: String,
        #[command(flatten)]
        password: PasswordOption,
        #[command(flatten)]
        config: ConfigDir,
    },
    /// Remove a person and end their sessions
    Remove {
        /// The login name
        #[arg(value_parser = account_name)]
        name: String,
        #[command(flatten)]
        config: ConfigDir,
    },
}

/// Does what the command asks for.
pub fn run(command: UserCommand, out: &mut impl Write) -> anyhow::Result<()> {
    match command {
        UserCommand::Add { name, role, password, config } => {
            let accounts = open(&config)?;
            // Before the password is asked for, so that nobody types one in vain.
            anyhow::ensure!(accounts.user(&name)?.is_none(), "there is already a user \"{name}\"");
            accounts.add_user(&name, role.role.code(), &password.digest()?)?;
            note(&config, "user_added", &name, Some(role.role.code()))?;
            writeln!(out, "added {name} with role {}", role.role)?;
        }
        UserCommand::List(config) => {
            for user in open(&config)?.list_users()? {
                writeln!(out, "{:<24} {}", user.name, user.role)?;
            }
        }
        UserCommand::Passwd { name, password, config } => {
            let accounts = open(&config)?;
            anyhow::ensure!(accounts.user(&name)?.is_some(), "there is no user \"{name}\"");
            accounts.set_password(&name, &password.digest()?)?;
            note(&config, "password_changed", &name, None)?;
            writeln!(out, "changed the password of {name} and ended their sessions")?;
        }
        UserCommand::Remove { name, config } => {
            open(&config)?.remove_user(&name)?;
            note(&config, "user_removed", &name, None)?;
            writeln!(out, "removed {name}")?;
        }
    }
    Ok(())
}

/// Notes in the audit log what was done at the command line.
pub(super) fn note(config: &ConfigDir, action: &str, name: &str, role: Option<&str>) -> anyhow::Result<()> {
    let deed = Deed {
        at: Clock::system().now(),
        by: COMMAND_LINE.to_owned(),
        action: action.to_owned(),
        object: name.to_owned(),
        // A role is a plain word.
        detail: role.map_or_else(|| "{}".to_owned(), |role| format!(r#"{{"role":"{role}"}}"#)),
    };
    Ok(Records::open(&Config::store_dir(&config.dir)?)?.note(&deed)?)
}

/// The accounts of a configuration, for `user` and `token`.
pub(super) fn open(config: &ConfigDir) -> anyhow::Result<Accounts> {
    Ok(Accounts::open(&Config::store_dir(&config.dir)?)?)
}
