//! Asks for a password: twice on the terminal, or once from stdin. Never prints it.

use std::io::{self, BufRead};

use anyhow::Context;
use hub_api::auth::MAX_PASSWORD_BYTES;

/// Where a new password comes from.
#[derive(clap::Args)]
pub struct PasswordOption {
    /// Read the password from the first line of stdin instead of asking on the terminal
    #[arg(long)]
    password_stdin: bool,
}

impl PasswordOption {
    /// The digest of the new password, as the store keeps it.
    pub fn digest(&self) -> anyhow::Result<String> {
        let password = if self.password_stdin { first_line(io::stdin().lock())? } else { ask()? };
        Ok(hub_api::auth::hash_password(&password)?)
    }
}

fn ask() -> anyhow::Result<String> {
    let no_terminal = "there is no terminal to ask on; give the password with --password-stdin";
    let password = rpassword::prompt_password("Password: ").context(no_terminal)?;
    let again = rpassword::prompt_password("The same again: ").context(no_terminal)?;
    anyhow::ensure!(password == again, "the two passwords differ; nothing was changed");
    Ok(password)
}

fn first_line(stdin: impl BufRead) -> anyhow::Result<String> {
    let mut line = String::new();
    // A bound, so that an endless stdin is no endless password; one byte more shows that it is too long.
    let most = MAX_PASSWORD_BYTES as u64 + 3;
    stdin.take(most).read_line(&mut line).context("stdin cannot be read")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_password_without_its_end() {
        assert_eq!(first_line(&b"nuoc sach \r\nmore\n"[..]).unwrap(), "nuoc sach ");
        assert_eq!(first_line(&b""[..]).unwrap(), "");
        let endless = vec![b'x'; 10_000];
        assert!(hub_api::auth::hash_password(&first_line(&endless[..]).unwrap()).is_err());
    }
}
