//! The first start: while there is no account, a code is printed with which the first administrator is made in the browser.
//!
//! It goes to the terminal, never into the log, works once, and is another one after each start. Read next: `routes/setup.rs`
//! of the API.

use std::io::Write;
use std::net::SocketAddr;

use hub_api::auth::{digest, new_secret};
use hub_store::{Accounts, Digest};

/// Letters and digits of a code: 48 bits, with a few tries a minute.
const CODE_CHARS: usize = 12;

/// Prints a new code where nobody can log in yet. What is kept is its digest.
///
/// # Errors
/// When the accounts cannot be read or the system gives no randomness.
pub fn setup_code(accounts: &Accounts, http: SocketAddr) -> anyhow::Result<Option<Digest>> {
    if !accounts.list_users()?.is_empty() {
        return Ok(None);
    }
    let code: String = new_secret()?.chars().take(CODE_CHARS).collect();
    let shown = [&code[..4], &code[4..8], &code[8..]].join("-");
    // Without a terminal nobody reads it; `commune-hub user add` is the other way.
    drop(writeln!(std::io::stderr(), "first start: open http://{http}/ and enter the set-up code {shown}"));
    Ok(Some(digest(&code)))
}
