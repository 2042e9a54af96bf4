//! Alarms: lists, one with its history, and what people do with them. What an action means is decided by the logic.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use hub_logic::{Action, Command, CommandError, RuleStatus};
use hub_model::text::Told;
use hub_model::{Alarm, AlarmId, AlarmState, Commune, LocalText, Transition, local};
use hub_store::AlarmFilter;
use serde_json::{Value, json};

use crate::app::{App, SharedApp};
use crate::auth::{Role, Staff, Viewer};
use crate::body::JsonBody;
use crate::hub::Request;
use crate::problem::Problem;
use crate::query::Params;
use crate::records::characters;
use crate::wire;

/// Most alarms in one answer, the newest; a narrower period gives the older ones.
pub(super) const MAX_ALARMS: usize = 1_000;

/// Alarms, the newest first, at most 1,000.
#[utoipa::path(
    get, path = "/alarms", tag = "alarms",
    params(
        ("state" = Option<String>, Query, description = "`active` (any state but `normal`; the default) or `all`."),
        ("site" = Option<String>, Query, description = "Only this site's."),
        ("from" = Option<String>, Query, description = "Only those that still stood then: RFC 3339 or epoch ms."),
        ("to" = Option<String>, Query, description = "Only those raised before: RFC 3339 or epoch ms."),
    ),
    responses(
        (status = 200, body = Vec<wire::Alarm>),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_alarms(
    State(app): State<SharedApp>,
    _: Viewer,
    params: Params,
) -> Result<Json<Vec<wire::Alarm>>, Problem> {
    let params = params.only(&["state", "site", "from", "to"], &[])?;
    let state = params.word("state", &["active", "all"])?.unwrap_or("active");
    let (from, to) = params.period()?;
    let site = params.one("site").map(|id| app.site("site", id)).transpose()?.map(|site| site.id.clone());
    let filter = AlarmFilter { active_only: state == "active", site, from, to, limit: MAX_ALARMS };
    let alarms = app.read(move |history| history.alarms(&filter)).await?;
    Ok(Json(alarms.iter().map(|alarm| wire::Alarm::of(alarm, &app.zone)).collect()))
}

/// Open alarms by site, the site that was flooded most first: many at once are one line each, and each alarm is still reachable.
#[utoipa::path(
    get, path = "/alarms/groups", tag = "alarms",
    responses(
        (status = 200, body = Vec<wire::AlarmGroup>),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_groups(
    State(app): State<SharedApp>,
    _: Viewer,
    params: Params,
) -> Result<Json<Vec<wire::AlarmGroup>>, Problem> {
    params.only(&[], &[])?;
    let filter = AlarmFilter { active_only: true, limit: usize::MAX, ..AlarmFilter::default() };
    let alarms = app.read(move |history| history.alarms(&filter)).await?;
    Ok(Json(groups(&alarms, &app)))
}

fn groups(alarms: &[Alarm], app: &App) -> Vec<wire::AlarmGroup> {
    let mut by_site: BTreeMap<String, Vec<&Alarm>> = BTreeMap::new();
    for alarm in alarms {
        by_site.entry(alarm.subject.site().to_string()).or_default().push(alarm);
    }
    let group = |(site, its): (String, Vec<&Alarm>)| {
        let count = |wanted: &dyn Fn(&&&Alarm) -> bool| its.iter().filter(wanted).count();
        let told = its.iter().filter(|alarm| alarm.beneath.is_none());
        let since = its.iter().map(|alarm| alarm.raised_at).min().unwrap_or_default();
        wire::AlarmGroup {
            site,
            open: its.len(),
            awaiting: count(&|alarm| alarm.state.awaits()),
            hidden: count(&|alarm| alarm.beneath.is_some()),
            flood: count(&|alarm| alarm.flood),
            chattering: count(&|alarm| alarm.chattering),
            worst: told.map(|alarm| alarm.priority).max().map(wire::Priority::from),
            since: app.zone.print(since),
            ids: its.iter().map(|alarm| alarm.id.0).collect(),
        }
    };
    let mut all: Vec<_> = by_site.into_iter().map(group).collect();
    all.sort_by_key(|group| std::cmp::Reverse((group.flood, group.open)));
    all
}

/// One alarm and all that happened to it.
#[utoipa::path(
    get, path = "/alarms/{id}", tag = "alarms",
    params(("id" = u64, Path, description = "The alarm's number.")),
    responses(
        (status = 200, body = wire::AlarmDetail),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_alarm(
    State(app): State<SharedApp>,
    _: Viewer,
    Path(id): Path<String>,
    params: Params,
) -> Result<Json<wire::AlarmDetail>, Problem> {
    params.only(&[], &[])?;
    detail(&app, number(&id)?).await.map(Json)
}

/// Says that an alarm was seen. Possible while it is `unacknowledged` or `rtn_unacknowledged`.
#[utoipa::path(
    post, path = "/alarms/{id}/acknowledge", tag = "alarms",
    params(("id" = u64, Path, description = "The alarm's number.")),
    request_body = wire::AcknowledgeRequest,
    responses(
        (status = 200, body = wire::AlarmDetail),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_acknowledge(
    State(app): State<SharedApp>,
    Staff(caller): Staff,
    Path(id): Path<String>,
    JsonBody(request): JsonBody<wire::AcknowledgeRequest>,
) -> Result<Json<wire::AlarmDetail>, Problem> {
    // An empty field of a form means that nothing was said.
    let comment = request.comment.filter(|text| !text.trim().is_empty());
    act(&app, &id, caller.name, "comment", Action::Acknowledge { comment }).await
}

/// Notes something beside an alarm.
#[utoipa::path(
    post, path = "/alarms/{id}/comment", tag = "alarms",
    params(("id" = u64, Path, description = "The alarm's number.")),
    request_body = wire::CommentRequest,
    responses(
        (status = 200, body = wire::AlarmDetail),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_comment(
    State(app): State<SharedApp>,
    Staff(caller): Staff,
    Path(id): Path<String>,
    JsonBody(request): JsonBody<wire::CommentRequest>,
) -> Result<Json<wire::AlarmDetail>, Problem> {
    act(&app, &id, caller.name, "comment", Action::Comment { text: request.comment }).await
}

/// Puts an alarm aside until a time: at most 3 days ahead for staff, 14 for officers, 30 for integrators and admins.
#[utoipa::path(
    post, path = "/alarms/{id}/shelve", tag = "alarms",
    params(("id" = u64, Path, description = "The alarm's number.")),
    request_body = wire::ShelveRequest,
    responses(
        (status = 200, body = wire::AlarmDetail),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_shelve(
    State(app): State<SharedApp>,
    Staff(caller): Staff,
    Path(id): Path<String>,
    JsonBody(request): JsonBody<wire::ShelveRequest>,
) -> Result<Json<wire::AlarmDetail>, Problem> {
    let until = request.until.read().map_err(|detail| Problem::invalid("until", detail))?;
    let (reason, longest) = (request.reason, longest_shelving(caller.role));
    act(&app, &id, caller.name, "reason", Action::Shelve { until, reason, longest }).await
}

/// Takes an alarm back that was put aside.
#[utoipa::path(
    post, path = "/alarms/{id}/unshelve", tag = "alarms",
    params(("id" = u64, Path, description = "The alarm's number.")),
    request_body = wire::UnshelveRequest,
    responses(
        (status = 200, body = wire::AlarmDetail),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_unshelve(
    State(app): State<SharedApp>,
    Staff(caller): Staff,
    Path(id): Path<String>,
    _: JsonBody<wire::UnshelveRequest>,
) -> Result<Json<wire::AlarmDetail>, Problem> {
    act(&app, &id, caller.name, "body", Action::Unshelve).await
}

/// Ends a latched alarm whose condition is gone.
#[utoipa::path(
    post, path = "/alarms/{id}/reset", tag = "alarms",
    params(("id" = u64, Path, description = "The alarm's number.")),
    request_body = wire::ResetRequest,
    responses(
        (status = 200, body = wire::AlarmDetail),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_reset(
    State(app): State<SharedApp>,
    Staff(caller): Staff,
    Path(id): Path<String>,
    JsonBody(request): JsonBody<wire::ResetRequest>,
) -> Result<Json<wire::AlarmDetail>, Problem> {
    act(&app, &id, caller.name, "comment", Action::Reset { comment: request.comment }).await
}

/// How far ahead a role may put an alarm aside: longer than a holiday is no longer a matter of the shift.
fn longest_shelving(role: Role) -> Duration {
    let days = match role {
        Role::Viewer | Role::Staff => 3,
        Role::Officer => 14,
        Role::Integrator | Role::Admin => 30,
    };
    Duration::from_secs(days * 24 * 3600)
}

/// Has the pipeline carry out an action. `text_field` is where its text stood in the body.
pub(super) async fn act(
    app: &App,
    id: &str,
    by: String,
    text_field: &str,
    action: Action,
) -> Result<Json<wire::AlarmDetail>, Problem> {
    let alarm = number(id)?;
    let (word, told) = deed(&action);
    let command = Command { alarm, by: by.clone(), action };
    let refused = match app.ask(|reply| Request::Command { command, reply }).await? {
        Ok(_) => {
            app.note(&by, word, &format!("alarm/{alarm}"), told).await;
            return detail(app, alarm).await.map(Json);
        }
        Err(refused) => refused,
    };
    // The logic knows open alarms only; whether there ever was one of this number, the history knows.
    if matches!(refused, CommandError::UnknownAlarm { .. }) {
        if detail(app, alarm).await?.alarm.state != wire::AlarmState::Normal {
            return Err(Problem::conflict(local!(
                "Cảnh báo này là của xã: việc đó làm tại máy chủ của xã.",
                "This alarm is its commune's: that is done at the commune's own hub."
            )));
        }
        let over = CommandError::NotInThatState { state: AlarmState::Normal };
        return Err(refusal(app, over, text_field));
    }
    Err(refusal(app, refused, text_field))
}

/// What a refused command is for the caller.
pub(super) fn refusal(app: &App, refused: CommandError, text_field: &str) -> Problem {
    match refused {
        CommandError::UnknownAlarm { .. }
        | CommandError::NotInThatState { .. }
        | CommandError::NothingToReset
        | CommandError::InService => {
            let LocalText { vi, en } = refused.told();
            Problem::conflict(LocalText { vi: sentence(&vi), en: sentence(&en) })
        }
        CommandError::BadUntil { latest } => {
            let latest = app.zone.print(latest);
            let detail = local!(
                "được phép: sau lúc này và muộn nhất là {latest}",
                "allowed: after now and at the latest {latest}"
            );
            Problem::invalid("until", detail)
        }
        CommandError::BadText { max_chars } => Problem::invalid(text_field, characters(max_chars)),
    }
}

/// The alarm of that number with its steps.
pub(super) async fn kept(app: &App, id: AlarmId) -> Result<(Alarm, Vec<Transition>), Problem> {
    let found = app.read(move |history| history.alarm(id)).await?;
    found.ok_or_else(|| Problem::not_found("id", local!("không có cảnh báo {id}", "no alarm {id}")))
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

/// The word and the detail of an action, for the audit log.
fn deed(action: &Action) -> (&'static str, Value) {
    match action {
        Action::Acknowledge { comment } => ("acknowledge", json!({"comment": comment})),
        Action::Comment { text } => ("comment", json!({"comment": text})),
        Action::ReviewText { text } => ("review_text", json!({"text": text})),
        Action::Shelve { until, reason, .. } => {
            ("shelve", json!({"until_ms": until.as_millis(), "reason": reason}))
        }
        Action::Unshelve => ("unshelve", json!({})),
        Action::Reset { comment } => ("reset", json!({"comment": comment})),
    }
}

pub(super) async fn detail(app: &App, id: AlarmId) -> Result<wire::AlarmDetail, Problem> {
    let (alarm, steps) = kept(app, id).await?;
    let rules = app.hub.rules.borrow();
    let rule = rules.iter().find(|rule| rule.id == alarm.rule);
    Ok(wire::AlarmDetail {
        announces: rule.is_some_and(|rule| rule.announce.is_some()),
        delays: rule
            .filter(|rule| rule.version == alarm.rule_version)
            .map(|rule| delays_of(rule, &alarm, &app.hub.commune)),
        alarm: wire::Alarm::of(&alarm, &app.zone),
        history: steps.iter().map(|step| wire::AlarmTransition::of(step, &app.zone)).collect(),
    })
}

/// What the rule says, or the alarm's site in its place.
fn delays_of(rule: &RuleStatus, alarm: &Alarm, commune: &Commune) -> wire::AlarmDelays {
    let site = commune.site(alarm.subject.site().as_str()).and_then(|site| site.rules.get(&*rule.id));
    let seconds = |own: Option<Duration>, said: Duration| own.unwrap_or(said).as_secs_f64();
    wire::AlarmDelays {
        on_s: seconds(site.and_then(|site| site.on_delay), rule.on_delay),
        off_s: seconds(site.and_then(|site| site.off_delay), rule.off_delay),
    }
}

pub(super) fn number(text: &str) -> Result<AlarmId, Problem> {
    let refused = || {
        let detail = local!(
            "có \"{text}\", số hiệu cảnh báo phải là số nguyên",
            "found \"{text}\", an alarm's id is a whole number"
        );
        Problem::not_found("id", detail)
    };
    text.parse().ok().filter(|number| i64::try_from(*number).is_ok()).map(AlarmId).ok_or_else(refused)
}
