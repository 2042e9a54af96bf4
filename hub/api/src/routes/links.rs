//! The links by which an alarm is acknowledged from a message. Looking changes nothing: mail programs open links by themselves.
//!
//! A link serves once: where somebody has acknowledged already, it says who, and nothing more happens.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use hub_logic::{Action, Command, CommandError};
use hub_model::{Alarm, AlarmState, local};
use serde_json::json;

use crate::app::{App, SharedApp};
use crate::auth::{Staff, is_cross_site};
use crate::body::JsonBody;
use crate::hub::Request;
use crate::notices::{LinkPermit, LinkRefused};
use crate::problem::Problem;
use crate::records::{MAX_TEXT_CHARS, some_text};
use crate::wire;

/// What a link is about. Needs no login: whoever has the link has the message.
#[utoipa::path(
    post, path = "/links/look", tag = "notices", security(()), request_body = wire::LinkRequest,
    responses(
        (status = 200, body = wire::LinkedAlarm),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_look(
    State(app): State<SharedApp>,
    JsonBody(request): JsonBody<wire::LinkRequest>,
) -> Result<Json<wire::LinkedAlarm>, Problem> {
    let permit = permit(&app, &request.token)?;
    let alarm = alarm_of(&app, &permit).await?;
    Ok(Json(linked(&app, &alarm, &permit, false)))
}

/// Acknowledges an alarm by a link alone, where the configuration allows that.
#[utoipa::path(
    post, path = "/links/acknowledge", tag = "notices", security(()), request_body = wire::LinkRequest,
    responses(
        (status = 200, body = wire::LinkedAlarm),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_link(
    State(app): State<SharedApp>,
    headers: HeaderMap,
    JsonBody(request): JsonBody<wire::LinkRequest>,
) -> Result<Json<wire::LinkedAlarm>, Problem> {
    if is_cross_site(&headers, app.hub.public_url.as_deref()) {
        return Err(Problem::cross_site());
    }
    let permit = permit(&app, &request.token)?;
    if !permit.without_login {
        return Err(Problem::unauthenticated());
    }
    let by = permit.user.clone().unwrap_or_else(|| permit.name.clone());
    acknowledge(&app, &permit, by, request.comment).await
}

/// Acknowledges an alarm by a link, as the account that is logged in. A link of somebody else is refused.
#[utoipa::path(
    post, path = "/links/acknowledge/session", tag = "notices", request_body = wire::LinkRequest,
    responses(
        (status = 200, body = wire::LinkedAlarm),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_link_as_caller(
    State(app): State<SharedApp>,
    Staff(caller): Staff,
    JsonBody(request): JsonBody<wire::LinkRequest>,
) -> Result<Json<wire::LinkedAlarm>, Problem> {
    let permit = permit(&app, &request.token)?;
    if permit.user.as_ref().is_some_and(|user| *user != caller.name) {
        return Err(Problem::link_of_another(&permit.name));
    }
    acknowledge(&app, &permit, caller.name, request.comment).await
}

fn permit(app: &App, token: &str) -> Result<LinkPermit, Problem> {
    app.hub.notices.permit(token, app.now()).map_err(|refused| match refused {
        LinkRefused::Forged => Problem::invalid(
            "token",
            local!(
                "liên kết bị hỏng, hoặc không do máy chủ này tạo ra",
                "the link is damaged, or was not made by this hub"
            ),
        ),
        LinkRefused::Expired => Problem::link_over(local!(
            "Đã quá thời gian dùng được liên kết này.",
            "The time in which the link could be used is over."
        )),
        LinkRefused::Gone => Problem::link_over(local!(
            "Người nhận liên kết này không còn trong cấu hình.",
            "Whom the link was sent to is no longer configured."
        )),
    })
}

async fn alarm_of(app: &App, permit: &LinkPermit) -> Result<Alarm, Problem> {
    let id = permit.alarm;
    let found = app.read(move |history| history.alarm(id)).await?;
    let gone = || local!("Cảnh báo này không còn được lưu.", "The alarm is no longer kept.");
    found.map(|(alarm, _)| alarm).ok_or_else(|| Problem::link_over(gone()))
}

async fn acknowledge(
    app: &App,
    permit: &LinkPermit,
    by: String,
    comment: Option<String>,
) -> Result<Json<wire::LinkedAlarm>, Problem> {
    let comment = some_text("comment", comment, MAX_TEXT_CHARS)?;
    let told = json!({"comment": comment, "by": "link", "sent_to": permit.name});
    let command = Command { alarm: permit.alarm, by: by.clone(), action: Action::Acknowledge { comment } };
    let done = match app.ask(|reply| Request::Command { command, reply }).await? {
        Ok(_) => true,
        // Somebody was first, this link the first time it was used, or the alarm is over: no harm, and it is said.
        Err(CommandError::NotInThatState { .. } | CommandError::UnknownAlarm { .. }) => false,
        Err(refused) => return Err(super::alarms::refusal(app, refused, "comment")),
    };
    if done {
        app.note(&by, "acknowledge", &format!("alarm/{}", permit.alarm), told).await;
    }
    let alarm = alarm_of(app, permit).await?;
    Ok(Json(linked(app, &alarm, permit, done)))
}

fn linked(app: &App, alarm: &Alarm, permit: &LinkPermit, done: bool) -> wire::LinkedAlarm {
    let state: AlarmState = alarm.state;
    wire::LinkedAlarm {
        alarm: alarm.id.0,
        title: (&alarm.title).into(),
        message: (&alarm.message).into(),
        site: alarm.subject.site().to_string(),
        priority: alarm.priority.into(),
        state: state.into(),
        raised_at: app.zone.print(alarm.raised_at),
        acknowledged_at: alarm.acknowledged_at.map(|at| app.zone.print(at)),
        acknowledged_by: alarm.acknowledged_by.clone(),
        sent_to: permit.name.clone(),
        needs_login: !permit.without_login,
        done,
    }
}
