//! What the commune's loudspeakers may say of an alarm: the rule's template filled in, and who read it over.
//!
//! Broadcasts nothing. How numbers and times are spoken is decided by [`hub_logic::announcement`].

use axum::Json;
use axum::extract::{Path, State};
use hub_logic::{Action, Announced, RuleStatus, Spoken, announcement};
use hub_model::{Alarm, Limit, LocalText, Point, Subject, Transition, Why, local};

use super::alarms::{act, kept, number};
use crate::app::{App, SharedApp};
use crate::auth::Staff;
use crate::body::JsonBody;
use crate::problem::Problem;
use crate::query::Params;
use crate::wire;

/// What the loudspeakers may say of an alarm, numbers and times spelt as they are spoken. Nothing is broadcast by the hub.
#[utoipa::path(
    get, path = "/alarms/{id}/announcement", tag = "alarms",
    params(("id" = u64, Path, description = "The alarm's number.")),
    responses(
        (status = 200, body = wire::Announcement),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_announcement(
    State(app): State<SharedApp>,
    _: Staff,
    Path(id): Path<String>,
    params: Params,
) -> Result<Json<wire::Announcement>, Problem> {
    params.only(&[], &[])?;
    of_alarm(&app, &id).await.map(Json)
}

/// Notes that somebody has read a text over, mended or as it was. It is kept in the alarm's history with who and when.
#[utoipa::path(
    post, path = "/alarms/{id}/announcement", tag = "alarms",
    params(("id" = u64, Path, description = "The alarm's number.")),
    request_body = wire::ReviewRequest,
    responses(
        (status = 200, body = wire::Announcement),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_announcement(
    State(app): State<SharedApp>,
    Staff(caller): Staff,
    Path(id): Path<String>,
    JsonBody(request): JsonBody<wire::ReviewRequest>,
) -> Result<Json<wire::Announcement>, Problem> {
    // Where there is nothing to announce, there is nothing to read over.
    of_alarm(&app, &id).await?;
    drop(act(&app, &id, caller.name, "text", Action::ReviewText { text: request.text }).await?);
    of_alarm(&app, &id).await.map(Json)
}

async fn of_alarm(app: &App, id: &str) -> Result<wire::Announcement, Problem> {
    let id = number(id)?;
    let (alarm, steps) = kept(app, id).await?;
    let rule = app.hub.rules.borrow().iter().find(|rule| rule.id == alarm.rule).cloned();
    let rule_changed = rule.as_ref().is_some_and(|rule| rule.version != alarm.rule_version);
    let text = rule.and_then(|rule| {
        let facts = facts(app, &alarm, &rule);
        rule.announce.map(|template| announcement(&template, &facts))
    });
    let reviewed = steps.iter().rev().find(|step| step.why == Why::TextReviewed);
    if text.is_none() && reviewed.is_none() {
        let detail = local!(
            "quy tắc của cảnh báo {id} không có bài đọc loa truyền thanh",
            "the rule of alarm {id} has no text for loudspeakers"
        );
        return Err(Problem::not_found("id", detail));
    }
    let reviewed = reviewed.map(|step: &Transition| wire::ReviewedText {
        text: step.comment.clone().unwrap_or_default(),
        by: step.by.clone().unwrap_or_default(),
        at: app.zone.print(step.at),
    });
    Ok(wire::Announcement { text: text.as_ref().map(wire::LocalText::from), rule_changed, reviewed })
}

/// What is filled in: names as configured now, figures as they were at the raising.
fn facts(app: &App, alarm: &Alarm, rule: &RuleStatus) -> Announced {
    let commune = &app.hub.commune;
    let site = commune.site(alarm.subject.site().as_str());
    let id = || LocalText::same(alarm.subject.as_str());
    let site_name = site.map_or_else(id, |site| site.name.clone());
    let device = alarm.subject.device();
    let device = commune.devices().find(|one| Some(&one.id) == device.as_ref());
    let point = match &alarm.subject {
        Subject::Point(id) => commune.points().find(|point| point.id == *id),
        _ => None,
    };
    // A point that was given another unit since has no limit that could be said beside the value.
    let point = point.filter(|point| point.unit.code() == alarm.unit);
    let limit = point.and_then(|point| limit_of(point, alarm, rule));
    let local = app.zone.zoned(alarm.raised_at);
    Announced {
        commune: commune.name.clone(),
        point: match (point, device) {
            (Some(point), _) => point.name.clone(),
            (None, Some(device)) => device.name.clone(),
            (None, None) => site_name.clone(),
        },
        site: site_name,
        value: alarm.value,
        min: limit.and_then(|limit| limit.min),
        max: limit.and_then(|limit| limit.max),
        unit: alarm.unit.clone(),
        decimals: point.map_or(2, |point| point.decimals),
        at: Spoken {
            year: local.as_ref().map_or(1970, |at| at.year().unsigned_abs()),
            month: local.as_ref().map_or(1, |at| at.month().unsigned_abs()),
            day: local.as_ref().map_or(1, |at| at.day().unsigned_abs()),
            weekday: local.as_ref().map_or(1, |at| at.weekday().to_monday_one_offset().unsigned_abs()),
            hour: local.as_ref().map_or(0, |at| at.hour().unsigned_abs()),
            minute: local.as_ref().map_or(0, |at| at.minute().unsigned_abs()),
        },
    }
}

fn limit_of<'a>(point: &'a Point, alarm: &Alarm, rule: &RuleStatus) -> Option<&'a Limit> {
    match rule.limit_over {
        Some(over) => point.limit_over(alarm.raised_at, Some(over)),
        None => point.limit_at(alarm.raised_at),
    }
}
