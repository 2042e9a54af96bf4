//! Letting a client in: room, rate of failed logins, and the owner's decision on a thread of its own.
//!
//! It knows no packet; `serve.rs` says its answer in the protocol's words. Next: `tries.rs`.

use std::rc::Rc;

use tokio::time::Instant;

use crate::core::Core;
use crate::door::{ConnectAttempt, Login, Refusal, Refused, RefusedWhat};

/// Why a client is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TurnedAway {
    /// The owner, or the limit of tries, refused the login.
    Login(Refusal),
    /// No room, or the broker stops.
    Busy,
}

/// Decides on one attempt to connect, and reports it when it is turned away.
pub(crate) async fn admit(core: &Rc<Core>, attempt: ConnectAttempt) -> Result<Login, TurnedAway> {
    let (address, client_id, name) = (attempt.address, attempt.client_id.clone(), attempt.username.clone());
    let decision = decide(core, attempt).await;
    if let Err(turned_away) = &decision {
        let what = match turned_away {
            TurnedAway::Login(refusal) => RefusedWhat::Login(*refusal),
            TurnedAway::Busy => RefusedWhat::Connection,
        };
        core.refused(Refused {
            address,
            client_id: Some(client_id.into()),
            login: name.map(Into::into),
            what,
        });
    }
    decision
}

async fn decide(core: &Rc<Core>, attempt: ConnectAttempt) -> Result<Login, TurnedAway> {
    has_room(core)?;
    may_try(core, &attempt)?;
    let (address, name) = (attempt.address.ip(), attempt.username.clone());
    // The semaphore is never closed; were it, nobody could be checked and so nobody is let in.
    let permit = core.logins.acquire().await.map_err(|_| TurnedAway::Busy)?;
    // Others with the same name may have failed while this one waited.
    may_try(core, &attempt)?;
    let door = core.door.clone();
    let outcome = tokio::task::spawn_blocking(move || door.login(&attempt)).await;
    drop(permit);
    match outcome {
        Ok(Ok(login)) => {
            core.tries.borrow_mut().succeeded(address, name.as_deref());
            has_room(core)?;
            Ok(login)
        }
        Ok(Err(refusal)) => {
            core.tries.borrow_mut().failed(address, name.as_deref(), Instant::now());
            Err(TurnedAway::Login(refusal))
        }
        Err(error) => {
            tracing::error!(%error, "the check of a login failed; the client is turned away");
            Err(TurnedAway::Busy)
        }
    }
}

fn has_room(core: &Core) -> Result<(), TurnedAway> {
    if core.stopping.get() || core.connected() >= core.settings.max_connections {
        return Err(TurnedAway::Busy);
    }
    Ok(())
}

fn may_try(core: &Core, attempt: &ConnectAttempt) -> Result<(), TurnedAway> {
    let name = attempt.username.as_deref();
    if core.tries.borrow().allowed(attempt.address.ip(), name, Instant::now()) {
        return Ok(());
    }
    Err(TurnedAway::Login(Refusal::TooManyTries))
}
