//! Logging in and out.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::Json;
use axum::extract::{ConnectInfo, FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::app::{NO_ADDRESS, SharedApp};
use crate::auth::{
    Caller, Role, Viewer, accounts, begin_session, composed, end_session, expired_cookie, is_cross_site,
    session_cookie,
};
use crate::body::JsonBody;
use crate::problem::Problem;
use crate::wire;

/// Longest user name that is looked up, in characters.
const MAX_NAME_CHARS: usize = 64;

/// Logs in. The answer is the same, and takes as long, whether the name or the password was wrong.
#[utoipa::path(
    post, path = "/session", tag = "session", security(()),
    request_body = wire::LoginRequest,
    responses(
        (status = 200, body = wire::Session, description = "Logged in; the cookie `commune_session` is set."),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_session(
    State(app): State<SharedApp>,
    Address(address): Address,
    headers: HeaderMap,
    JsonBody(login): JsonBody<wire::LoginRequest>,
) -> Result<Response, Problem> {
    if is_cross_site(&headers, app.hub.public_url.as_deref()) {
        return Err(Problem::cross_site());
    }
    // A letter takes up to four characters where its marks stand apart.
    let typed: String = login.username.chars().take(4 * MAX_NAME_CHARS).collect();
    let name: String = composed(&typed).chars().take(MAX_NAME_CHARS).collect();
    app.tries.take(&name, address, app.now()).map_err(Problem::too_many_tries)?;
    let user = {
        let name = name.clone();
        accounts(&app, move |accounts| accounts.user(&name)).await?
    };
    // A role that is not known lets nobody in, like an unknown user.
    let account = user.and_then(|user| user.role.parse::<Role>().ok().map(|role| (role, user.password_hash)));
    // Only names of accounts are noted: people type their password into the wrong field.
    let is_known = account.is_some();
    let (role, hash) = account.unzip();
    let is_right = app.verifier.verify(login.password, hash).await.map_err(|_| Problem::too_many_logins())?;
    let Some(role) = role.filter(|_| is_right) else {
        // The name is not logged: people type their password into the wrong field.
        tracing::warn!(%address, "a login failed");
        if is_known {
            let told = json!({"address": address.to_string()});
            app.note(&name, "login_failed", &name, told).await;
        }
        return Err(Problem::login_failed());
    };
    app.tries.succeeded(&name, address);
    let id = begin_session(&app, name.clone()).await?;
    tracing::info!(user = name, %address, "logged in");
    app.note(&name, "login", &name, json!({"address": address.to_string()})).await;
    let session = wire::Session { username: name, role: role.into() };
    Ok(([(header::SET_COOKIE, session_cookie(&app, &id)?)], Json(session)).into_response())
}

/// Who is logged in.
#[utoipa::path(
    get, path = "/session", tag = "session",
    responses(
        (status = 200, body = wire::Session),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_session(Viewer(caller): Viewer) -> Json<wire::Session> {
    Json(told(&caller))
}

/// A caller as it is told.
pub(super) fn told(caller: &Caller) -> wire::Session {
    wire::Session { username: caller.name.clone(), role: caller.role.into() }
}

/// Logs out.
#[utoipa::path(
    delete, path = "/session", tag = "session",
    responses(
        (status = 204, description = "Logged out."),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn delete_session(
    State(app): State<SharedApp>,
    Viewer(caller): Viewer,
) -> Result<Response, Problem> {
    if let Some(session) = caller.session() {
        end_session(&app, session).await?;
        app.note(&caller.name, "logout", &caller.name, json!({})).await;
    }
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, expired_cookie(&app)?)]).into_response())
}

/// Where the client is.
pub(crate) struct Address(pub IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for Address {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self(peer.map_or(NO_ADDRESS, |ConnectInfo(address)| address.ip())))
    }
}
