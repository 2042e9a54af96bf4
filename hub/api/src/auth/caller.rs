//! Who makes a call: the account behind a session or a token, looked up in the store at each call, so that a removed
//! account is out at once.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use hub_model::Timestamp;
use hub_store::{AccountError, Accounts, Digest};

use super::{Role, digest, new_secret};
use crate::app::App;
use crate::problem::Problem;

/// A session ends when it was not used for so long.
const IDLE: Duration = Duration::from_secs(12 * 3600);
/// A session ends so long after the login, however much it is used.
pub(super) const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);
/// A session's use is noted so often at most: each note is a write to the disk.
const NOTE_EVERY: Duration = Duration::from_secs(5 * 60);

/// An account that makes a call.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// The user's or the token's name.
    pub name: String,
    /// What it may do.
    pub role: Role,
    credential: Credential,
}

/// What a caller has shown, as its digest.
#[derive(Debug, Clone, Copy)]
pub(super) enum Credential {
    Session(Digest),
    Token(Digest),
}

impl Caller {
    /// The account behind a credential; `None` when it is not good (any more).
    pub(super) async fn find(app: &App, credential: Credential) -> Result<Option<Self>, Problem> {
        let now = app.now();
        // To wake another thread takes longer than to look into a page in memory. Where somebody changes an account, it is waited for there.
        let found = if app.hub.accounts.is_idle() {
            told(account(&app.hub.accounts, credential, now))
        } else {
            accounts(app, move |accounts| account(accounts, credential, now)).await
        };
        let Some(Account { name, role, good_until }) = found? else { return Ok(None) };
        if let (Some(until), Credential::Session(digest)) = (good_until, credential) {
            accounts(app, move |accounts| accounts.touch_session(&digest, now, until)).await?;
        }
        match role.parse() {
            Ok(role) => Ok(Some(Self { name, role, credential })),
            Err(error) => {
                tracing::error!(account = name, %error, "an account has an unknown role and is refused");
                Ok(None)
            }
        }
    }

    /// Whether the account is still there and may still look. An open stream asks this; it counts as use.
    pub(crate) async fn is_still_allowed(&self, app: &App) -> bool {
        matches!(Self::find(app, self.credential).await, Ok(Some(_)))
    }

    /// The digest of the caller's session, when it came with one.
    pub(crate) fn session(&self) -> Option<Digest> {
        match self.credential {
            Credential::Session(digest) => Some(digest),
            Credential::Token(_) => None,
        }
    }

    fn at_least(&self, needed: Role) -> Result<(), Problem> {
        if self.role >= needed {
            return Ok(());
        }
        Err(Problem::role_too_low(needed, self.role))
    }
}

/// What is known of a credential.
struct Account {
    name: String,
    role: String,
    /// Until when a session is good that is used now, where that is to be written down.
    good_until: Option<Timestamp>,
}

fn account(
    accounts: &Accounts,
    credential: Credential,
    now: Timestamp,
) -> Result<Option<Account>, AccountError> {
    match credential {
        Credential::Session(digest) => {
            let found = accounts.session_by_digest(&digest, now)?;
            Ok(found.map(|session| Account {
                name: session.user,
                role: session.role,
                good_until: (now.since(session.last_used_at) >= NOTE_EVERY)
                    .then(|| expiry(session.created_at, now)),
            }))
        }
        Credential::Token(digest) => {
            let found = accounts.token_by_digest(&digest)?;
            Ok(found.map(|token| Account { name: token.name, role: token.role, good_until: None }))
        }
    }
}

fn expiry(created_at: Timestamp, used_at: Timestamp) -> Timestamp {
    used_at.plus(IDLE).min(created_at.plus(LONGEST))
}

/// Begins a session and gives its id, which is kept nowhere else.
pub(crate) async fn begin_session(app: &App, user: String) -> Result<String, Problem> {
    let now = app.now();
    let id = new_secret().map_err(|error| {
        tracing::error!(%error, "no session can be begun");
        Problem::internal()
    })?;
    let digest = digest(&id);
    accounts(app, move |accounts| {
        accounts.purge_expired(now)?;
        accounts.add_session(&digest, &user, now, expiry(now, now))
    })
    .await?;
    Ok(id)
}

/// Ends a session.
pub(crate) async fn end_session(app: &App, session: Digest) -> Result<(), Problem> {
    accounts(app, move |accounts| accounts.remove_session(&session)).await.map(drop)
}

/// Asks the accounts on a thread that may block.
pub(crate) async fn accounts<T: Send + 'static>(
    app: &App,
    question: impl FnOnce(&Accounts) -> Result<T, AccountError> + Send + 'static,
) -> Result<T, Problem> {
    let accounts: Arc<Accounts> = app.hub.accounts.clone();
    let answer = tokio::task::spawn_blocking(move || question(&accounts)).await;
    told(answer.map_err(|_| Problem::internal())?)
}

/// What the accounts answered; the log says why when they did not.
fn told<T>(answer: Result<T, AccountError>) -> Result<T, Problem> {
    answer.map_err(|error| {
        tracing::error!(%error, cause = ?std::error::Error::source(&error), "the accounts could not be asked");
        Problem::internal()
    })
}

macro_rules! caller_of_role {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        pub(crate) struct $name(#[allow(dead_code, reason = "many calls only need that there is one")] pub Caller);

        impl<S: Send + Sync> FromRequestParts<S> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
                // Only the gate puts a caller there: a call outside of it that asks for one is refused.
                let caller = parts.extensions.get::<Caller>().cloned().ok_or_else(Problem::unauthenticated)?;
                caller.at_least(Role::$name)?;
                Ok(Self(caller))
            }
        }
    };
}

caller_of_role!(
    /// A caller of role viewer or higher.
    Viewer
);
caller_of_role!(
    /// A caller of role staff or higher.
    Staff
);
caller_of_role!(
    /// A caller of role officer or higher.
    Officer
);
caller_of_role!(
    /// A caller of role integrator or higher.
    Integrator
);

caller_of_role!(
    /// A caller of role admin.
    Admin
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_slides_until_its_absolute_end() {
        let login = Timestamp::from_millis(1_700_000_000_000);
        let hours = |n: u64| login.plus(Duration::from_secs(n * 3600));
        assert_eq!(expiry(login, login), hours(12));
        assert_eq!(expiry(login, hours(5)), hours(17));
        assert_eq!(expiry(login, hours(30 * 24 - 1)), hours(30 * 24));
    }
}
