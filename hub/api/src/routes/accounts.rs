//! Users, tokens and sessions: for administrators, and everybody's own password and sessions. Each change is noted.
//!
//! Never leaves a commune without an administrator. The first one is made in [`super::setup`].

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use hub_store::{AccountError, Accounts, Digest};
use serde_json::json;

use crate::app::{App, SharedApp};
use crate::auth::{Admin, Role, Viewer, account_name, accounts, digest, hash_password, new_token};
use crate::body::JsonBody;
use crate::problem::Problem;
use crate::wire;
use hub_model::local;

/// Hexadecimal digits that name a session in lists: enough to tell all apart, useless for a login.
const SESSION_ID_DIGITS: usize = 16;

/// Everybody who may log in.
#[utoipa::path(
    get, path = "/users", tag = "accounts",
    responses(
        (status = 200, body = Vec<wire::User>),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_users(
    State(app): State<SharedApp>,
    _: Admin,
) -> Result<Json<Vec<wire::User>>, Problem> {
    let users = accounts(&app, Accounts::list_users).await?;
    Ok(Json(users.into_iter().map(|user| wire::User { name: user.name, role: role(&user.role) }).collect()))
}

/// Adds a user.
#[utoipa::path(
    post, path = "/users", tag = "accounts", request_body = wire::NewUser,
    responses(
        (status = 201, description = "Added."),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_user(
    State(app): State<SharedApp>,
    Admin(caller): Admin,
    JsonBody(new): JsonBody<wire::NewUser>,
) -> Result<StatusCode, Problem> {
    let name = checked_name("name", &new.name)?;
    let hash = hashed(new.password).await?;
    let role = Role::from(new.role);
    let added = accounts(&app, {
        let name = name.clone();
        move |accounts| told(accounts.add_user(&name, role.code(), &hash))
    });
    if !added.await? {
        return Err(Problem::conflict(local!(
            "Đã có người dùng \"{name}\".",
            "There is already a user \"{name}\"."
        )));
    }
    app.note(&caller.name, "user_added", &name, json!({"role": role.code()})).await;
    Ok(StatusCode::CREATED)
}

/// Gives a user another role or another password.
#[utoipa::path(
    patch, path = "/users/{name}", tag = "accounts", request_body = wire::UserChange,
    params(("name" = String, Path, description = "The login name.")),
    responses(
        (status = 204, description = "Changed."),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn patch_user(
    State(app): State<SharedApp>,
    Admin(caller): Admin,
    Path(name): Path<String>,
    JsonBody(change): JsonBody<wire::UserChange>,
) -> Result<StatusCode, Problem> {
    let wanted = change.role.map(Role::from);
    if wanted.is_some_and(|role| role < Role::Admin) {
        keep_an_admin(&app, &name).await?;
    }
    if let Some(role) = wanted {
        let changed = accounts(&app, {
            let name = name.clone();
            move |accounts| told(accounts.set_role(&name, role.code()))
        });
        found(changed.await?, &name)?;
        app.note(&caller.name, "role_changed", &name, json!({"role": role.code()})).await;
    }
    if let Some(password) = change.password {
        let hash = hashed(password).await?;
        let changed = accounts(&app, {
            let name = name.clone();
            move |accounts| told(accounts.set_password(&name, &hash))
        });
        found(changed.await?, &name)?;
        app.note(&caller.name, "password_changed", &name, json!({})).await;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a user and ends their sessions.
#[utoipa::path(
    delete, path = "/users/{name}", tag = "accounts",
    params(("name" = String, Path, description = "The login name.")),
    responses(
        (status = 204, description = "Removed."),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn delete_user(
    State(app): State<SharedApp>,
    Admin(caller): Admin,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    keep_an_admin(&app, &name).await?;
    let removed = accounts(&app, {
        let name = name.clone();
        move |accounts| told(accounts.remove_user(&name))
    });
    found(removed.await?, &name)?;
    app.note(&caller.name, "user_removed", &name, json!({})).await;
    Ok(StatusCode::NO_CONTENT)
}

/// All tokens, without what they are.
#[utoipa::path(
    get, path = "/tokens", tag = "accounts",
    responses(
        (status = 200, body = Vec<wire::Token>),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_tokens(
    State(app): State<SharedApp>,
    _: Admin,
) -> Result<Json<Vec<wire::Token>>, Problem> {
    let tokens = accounts(&app, Accounts::list_tokens).await?;
    let shape = |token: hub_store::Token| wire::Token {
        role: role(&token.role),
        created_at: app.zone.print(token.created_at),
        name: token.name,
    };
    Ok(Json(tokens.into_iter().map(shape).collect()))
}

/// Makes a token and shows it this once.
#[utoipa::path(
    post, path = "/tokens", tag = "accounts", request_body = wire::NewToken,
    responses(
        (status = 201, body = wire::MadeToken),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_token(
    State(app): State<SharedApp>,
    Admin(caller): Admin,
    JsonBody(new): JsonBody<wire::NewToken>,
) -> Result<(StatusCode, Json<wire::MadeToken>), Problem> {
    let name = checked_name("name", &new.name)?;
    let token = new_token().map_err(|error| {
        tracing::error!(%error, "no token can be made");
        Problem::internal()
    })?;
    let (role, digest, now) = (Role::from(new.role), digest(&token), app.now());
    let added = accounts(&app, {
        let name = name.clone();
        move |accounts| told(accounts.add_token(&name, role.code(), &digest, now))
    });
    if !added.await? {
        return Err(Problem::conflict(local!(
            "Đã có mã truy cập \"{name}\".",
            "There is already a token \"{name}\"."
        )));
    }
    app.note(&caller.name, "token_added", &name, json!({"role": role.code()})).await;
    Ok((StatusCode::CREATED, Json(wire::MadeToken { name, token })))
}

/// Ends a token.
#[utoipa::path(
    delete, path = "/tokens/{name}", tag = "accounts",
    params(("name" = String, Path, description = "What it is called.")),
    responses(
        (status = 204, description = "Ended."),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn delete_token(
    State(app): State<SharedApp>,
    Admin(caller): Admin,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    let revoked = accounts(&app, {
        let name = name.clone();
        move |accounts| told(accounts.revoke_token(&name))
    });
    if !revoked.await? {
        let detail = local!("không có mã truy cập \"{name}\"", "no token \"{name}\"");
        return Err(Problem::not_found("name", detail));
    }
    app.note(&caller.name, "token_revoked", &name, json!({})).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Logins that are still good: one's own, or for administrators everybody's.
#[utoipa::path(
    get, path = "/sessions", tag = "accounts",
    responses(
        (status = 200, body = Vec<wire::OpenSession>),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_sessions(
    State(app): State<SharedApp>,
    Viewer(caller): Viewer,
) -> Result<Json<Vec<wire::OpenSession>>, Problem> {
    let now = app.now();
    let sessions = accounts(&app, move |accounts| accounts.list_sessions(now)).await?;
    let own = caller.session();
    let shown =
        sessions.into_iter().filter(|(_, session)| caller.role == Role::Admin || session.user == caller.name);
    let shape = |(digest, session): (Digest, hub_store::Session)| wire::OpenSession {
        id: session_id(&digest),
        is_own: own == Some(digest),
        user: session.user,
        created_at: app.zone.print(session.created_at),
        last_used_at: app.zone.print(session.last_used_at),
    };
    Ok(Json(shown.map(shape).collect()))
}

/// Ends a session: one's own, or for administrators anybody's.
#[utoipa::path(
    delete, path = "/sessions/{id}", tag = "accounts",
    params(("id" = String, Path, description = "As the list names it.")),
    responses(
        (status = 204, description = "Ended."),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn delete_open_session(
    State(app): State<SharedApp>,
    Viewer(caller): Viewer,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let now = app.now();
    let sessions = accounts(&app, move |accounts| accounts.list_sessions(now)).await?;
    let is_theirs = |session: &hub_store::Session| caller.role == Role::Admin || session.user == caller.name;
    let met = sessions.into_iter().find(|(digest, session)| session_id(digest) == id && is_theirs(session));
    // Somebody else's session is not there for those who may not see it.
    let (digest, session) = met
        .ok_or_else(|| Problem::not_found("id", local!("không có phiên đăng nhập này", "no such session")))?;
    accounts(&app, move |accounts| accounts.remove_session(&digest)).await?;
    app.note(&caller.name, "session_ended", &session.user, json!({})).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives oneself another password. All other sessions of the account end, and this one, too.
#[utoipa::path(
    post, path = "/session/password", tag = "session", request_body = wire::PasswordChange,
    responses(
        (status = 204, description = "Changed; log in again."),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_password(
    State(app): State<SharedApp>,
    Viewer(caller): Viewer,
    super::session::Address(address): super::session::Address,
    JsonBody(change): JsonBody<wire::PasswordChange>,
) -> Result<StatusCode, Problem> {
    if caller.session().is_none() {
        return Err(Problem::conflict(local!("Mã truy cập không có mật khẩu.", "A token has no password.")));
    }
    // A session that was left open must not be a way to guess the password.
    app.tries.take(&caller.name, address, app.now()).map_err(Problem::too_many_tries)?;
    let name = caller.name.clone();
    let user = accounts(&app, move |accounts| accounts.user(&name)).await?;
    let is_right = app.verifier.verify(change.current, user.map(|user| user.password_hash)).await;
    if !is_right.map_err(|_| Problem::too_many_logins())? {
        let detail = local!("không phải mật khẩu hiện tại", "this is not the present password");
        return Err(Problem::invalid("current", detail));
    }
    app.tries.succeeded(&caller.name, address);
    let hash = hashed(change.password).await?;
    let name = caller.name.clone();
    accounts(&app, move |accounts| accounts.set_password(&name, &hash)).await?;
    app.note(&caller.name, "password_changed", &caller.name, json!({})).await;
    Ok(StatusCode::NO_CONTENT)
}

fn role(code: &str) -> Option<wire::Role> {
    code.parse::<Role>().ok().map(wire::Role::from)
}

fn session_id(digest: &Digest) -> String {
    use std::fmt::Write as _;
    let mut id = String::with_capacity(SESSION_ID_DIGITS);
    for byte in digest.iter().take(SESSION_ID_DIGITS / 2) {
        // Writing to a string cannot fail.
        let _ = write!(id, "{byte:02x}");
    }
    id
}

/// A name that an account may have.
pub(super) fn checked_name(at: &str, text: &str) -> Result<String, Problem> {
    account_name(text).map_err(|error| Problem::invalid(at, error))
}

/// The digest of a new password, computed where it may block.
pub(super) async fn hashed(password: String) -> Result<String, Problem> {
    let hash = tokio::task::spawn_blocking(move || hash_password(&password)).await;
    hash.map_err(|_| Problem::internal())?.map_err(|error| Problem::invalid("password", error))
}

/// Whether a change met what it was for: a name that is taken or unknown is the caller's fault, not the file's.
fn told(change: Result<(), AccountError>) -> Result<bool, AccountError> {
    match change {
        Ok(()) => Ok(true),
        Err(AccountError::Duplicate { .. } | AccountError::Unknown { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

fn found(was_there: bool, name: &str) -> Result<(), Problem> {
    let none = || Problem::not_found("name", local!("không có người dùng \"{name}\"", "no user \"{name}\""));
    if was_there { Ok(()) } else { Err(none()) }
}

/// Refuses what would leave nobody who can keep the accounts.
async fn keep_an_admin(app: &App, name: &str) -> Result<(), Problem> {
    let users = accounts(app, Accounts::list_users).await?;
    let admins: Vec<_> = users.iter().filter(|user| user.role == Role::Admin.code()).collect();
    match admins.as_slice() {
        [last] if last.name == name => {
            Err(Problem::conflict(local!("Đây là quản trị cuối cùng.", "This is the last administrator.")))
        }
        _ => Ok(()),
    }
}
