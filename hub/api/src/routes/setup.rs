//! Ways in without an account: the first start, where whoever reads the code that the hub has printed makes the first
//! administrator, once; and a screen on the wall, which shows a viewer's token.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hub_store::Accounts;
use serde_json::json;

use super::accounts::{checked_name, hashed};
use super::session::Address;
use crate::app::{App, SharedApp};
use crate::auth::{Role, accounts, digest, display_cookie, is_cross_site};
use crate::body::JsonBody;
use crate::problem::Problem;
use crate::wire;
use hub_model::local;

/// Tries are counted under these names, which no account can have.
const TRIED_AS: &str = "set-up code";
const DISPLAY_TRIED_AS: &str = "display token";

/// Makes the first administrator. Refused as soon as there is any account.
#[utoipa::path(
    post, path = "/setup", tag = "session", security(()), request_body = wire::SetupRequest,
    responses(
        (status = 201, description = "Made; log in."),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_setup(
    State(app): State<SharedApp>,
    Address(address): Address,
    headers: HeaderMap,
    JsonBody(request): JsonBody<wire::SetupRequest>,
) -> Result<StatusCode, Problem> {
    if is_cross_site(&headers, app.hub.public_url.as_deref()) {
        return Err(Problem::cross_site());
    }
    let Some(code) = app.hub.setup_code else { return Err(over()) };
    if !is_needed(&app).await? {
        return Err(over());
    }
    app.tries.take(TRIED_AS, address, app.now()).map_err(Problem::too_many_tries)?;
    // People type what they read: without the case and the dashes of the print.
    let typed: String = request.code.chars().filter(char::is_ascii_alphanumeric).collect();
    if digest(&typed.to_ascii_lowercase()) != code {
        let detail = local!("không phải mã mà máy chủ đã in ra", "this is not the code that the hub printed");
        return Err(Problem::invalid("code", detail));
    }
    app.tries.succeeded(TRIED_AS, address);
    let name = checked_name("username", &request.username)?;
    let hash = hashed(request.password).await?;
    accounts(&app, {
        let name = name.clone();
        move |accounts| accounts.add_user(&name, Role::Admin.code(), &hash)
    })
    .await?;
    app.note(&name, "set_up", &name, json!({})).await;
    Ok(StatusCode::CREATED)
}

/// Lets a screen on the wall look without a login. Only a viewer's token is taken: nothing can be changed with it.
#[utoipa::path(
    post, path = "/session/display", tag = "session", security(()), request_body = wire::DisplayRequest,
    responses(
        (status = 204, description = "The cookie `commune_display` is set."),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_display(
    State(app): State<SharedApp>,
    Address(address): Address,
    headers: HeaderMap,
    JsonBody(request): JsonBody<wire::DisplayRequest>,
) -> Result<Response, Problem> {
    if is_cross_site(&headers, app.hub.public_url.as_deref()) {
        return Err(Problem::cross_site());
    }
    app.tries.take(DISPLAY_TRIED_AS, address, app.now()).map_err(Problem::too_many_tries)?;
    let shown = digest(&request.token);
    let token = accounts(&app, move |accounts| accounts.token_by_digest(&shown)).await?;
    match token.map(|token| token.role.parse::<Role>()) {
        Some(Ok(Role::Viewer)) => {}
        Some(_) => {
            let detail = local!(
                "màn hình chỉ nhận mã của vai trò người xem",
                "a screen takes a token of role viewer only"
            );
            return Err(Problem::invalid("token", detail));
        }
        None => {
            return Err(Problem::invalid("token", local!("không có mã này", "there is no such token")));
        }
    }
    app.tries.succeeded(DISPLAY_TRIED_AS, address);
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, display_cookie(&app, &request.token)?)])
        .into_response())
}

/// Whether nobody can log in yet and a code was printed.
pub(super) async fn is_needed(app: &App) -> Result<bool, Problem> {
    if app.hub.setup_code.is_none() {
        return Ok(false);
    }
    Ok(accounts(app, Accounts::list_users).await?.is_empty())
}

fn over() -> Problem {
    Problem::conflict(local!(
        "Máy chủ đã được thiết lập; tài khoản mới do quản trị thêm.",
        "The hub is set up already; an administrator adds accounts."
    ))
}
