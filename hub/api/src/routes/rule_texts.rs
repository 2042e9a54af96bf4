//! Rules' texts for integrators: looked at, checked while they are written, run with their cases, saved, switched on and off.
//!
//! A change is noted with who, when and why, and the text before it is kept; the running hub takes it up by its own reload.
//! Read next: [`crate::rulebook`], `routes/backtest.rs`.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use hub_logic::{CasesError, RuleStatus, check_rule, run_cases_within};
use hub_model::text::Told as _;
use hub_model::{LocalText, RuleOverride, local};
use hub_store::records::{NewRuleVersion, RecordError, RuleVersion};
use serde_json::json;

use crate::app::{App, SharedApp};
use crate::auth::{Integrator, digest};
use crate::body::JsonBody;
use crate::nearest::nothing_has;
use crate::problem::{Problem, at_line, somebody, too_long};
use crate::query::Params;
use crate::records::{MAX_TEXT_CHARS, number, record_problem, text};
use crate::rulebook::{RuleBook, RuleOrigin, RuleText};
use crate::wire;

/// The longest text of a rule or of cases, in bytes.
const MAX_BYTES: usize = 64 * 1024;
/// How long the cases of one run may take.
const CASES_TIME: Duration = Duration::from_secs(15);
/// How long an answer waits for the running hub to take a change up.
const TAKEN_UP_WITHIN: Duration = Duration::from_secs(10);
/// Versions in one answer, the newest.
const MAX_VERSIONS: usize = 100;

/// A rule's files as they are, and how they came to be so.
#[utoipa::path(
    get, path = "/rules/{rule}", tag = "rules",
    params(("rule" = String, Path, description = "The rule's id.")),
    responses(
        (status = 200, body = wire::RuleText),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_rule(
    State(app): State<SharedApp>,
    _: Integrator,
    Path(rule): Path<String>,
    params: Params,
) -> Result<Json<wire::RuleText>, Problem> {
    params.only(&[], &[])?;
    blocking(&app, move |app| shown(app, &rule)).await.map(Json)
}

/// Says what is wrong with a text, or what it says of itself; keeps nothing.
#[utoipa::path(
    post, path = "/rules/{rule}/check", tag = "rules",
    params(("rule" = String, Path, description = "The rule's id, which need not exist yet.")),
    request_body = wire::RuleCheckRequest,
    responses(
        (status = 200, body = wire::RuleChecked),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_check(
    State(app): State<SharedApp>,
    _: Integrator,
    Path(rule): Path<String>,
    JsonBody(request): JsonBody<wire::RuleCheckRequest>,
) -> Result<Json<wire::RuleChecked>, Problem> {
    let checked = blocking(&app, move |_| Ok(check_rule(&format!("{rule}.rhai"), &request.source))).await?;
    Ok(Json(checked.into()))
}

/// Runs cases on a text through the hub's own logic; keeps nothing. One at a time, for at most 15 s.
#[utoipa::path(
    post, path = "/rules/{rule}/cases", tag = "rules",
    params(("rule" = String, Path, description = "The rule's id, which need not exist yet.")),
    request_body = wire::CasesRequest,
    responses(
        (status = 200, body = wire::CasesRun),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_cases(
    State(app): State<SharedApp>,
    _: Integrator,
    Path(rule): Path<String>,
    JsonBody(request): JsonBody<wire::CasesRequest>,
) -> Result<Json<wire::CasesRun>, Problem> {
    let busy = || {
        Problem::unavailable(local!(
            "Đang chạy các ca thử khác; hãy thử lại khi xong.",
            "Other cases are running; ask again when they are done."
        ))
    };
    let permit = app.cases.clone().try_acquire_owned().map_err(|_| busy())?;
    let run = blocking(&app, move |app| {
        let _permit = permit;
        let elapsed = app.hub.rule_desk.book().stopwatch();
        let (rule, cases) = (format!("{rule}.rhai"), format!("{rule}.cases.toml"));
        Ok(run_cases_within((&rule, &request.source), (&cases, &request.cases), &elapsed, CASES_TIME))
    });
    Ok(Json(run.await?.into()))
}

/// Puts a rule's text in force, and keeps the one before. Refused when somebody has changed it since `revision`.
#[utoipa::path(
    put, path = "/rules/{rule}", tag = "rules",
    params(("rule" = String, Path, description = "The rule's id.")),
    request_body = wire::SaveRuleRequest,
    responses(
        (status = 200, body = wire::SavedRule),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn put_rule(
    State(app): State<SharedApp>,
    Integrator(caller): Integrator,
    Path(rule): Path<String>,
    JsonBody(request): JsonBody<wire::SaveRuleRequest>,
) -> Result<Json<wire::SavedRule>, Problem> {
    let why = text("why", &request.why, MAX_TEXT_CHARS)?;
    let cases = request.cases.filter(|cases| !cases.trim().is_empty());
    let source = request.source;
    let (of, by) = (rule.clone(), caller.name);
    blocking(&app, move |app| {
        fitting(app, &of, &source, cases.as_deref())?;
        let change = Change { rule: of, by, why, what: "saved", revision: request.revision };
        let wanted = |current: Option<&RuleText>| {
            let is_on = current.is_none_or(|current| current.is_on);
            Ok(RuleText { source, cases, is_on, origin: RuleOrigin::Own })
        };
        app.change_rule(&change, wanted, |text, book| {
            book.write(&change.rule, &text.source, text.cases.as_deref())
        })
    })
    .await?;
    taken_up(&app, rule).await
}

/// Deletes a rule of the commune's own: its alarms are closed with that reason, its texts stay as versions. One that comes with
/// the hub can be switched off.
#[utoipa::path(
    post, path = "/rules/{rule}/delete", tag = "rules",
    params(("rule" = String, Path, description = "The rule's id.")),
    request_body = wire::DeleteRuleRequest,
    responses(
        (status = 200, body = wire::DeletedRule),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_delete(
    State(app): State<SharedApp>,
    Integrator(caller): Integrator,
    Path(rule): Path<String>,
    JsonBody(request): JsonBody<wire::DeleteRuleRequest>,
) -> Result<Json<wire::DeletedRule>, Problem> {
    let why = text("why", &request.why, MAX_TEXT_CHARS)?;
    let (of, by) = (rule.clone(), caller.name);
    let versions = blocking(&app, move |app| {
        checked_id(&of)?;
        let change = Change { rule: of, by, why, what: "deleted", revision: Some(request.revision) };
        let wanted = |current: Option<&RuleText>| match current {
            Some(current) => deletable(app, &change.rule, current),
            None => Err(unknown(app, &change.rule)),
        };
        app.change_rule(&change, wanted, |_, book| book.remove(&change.rule))?;
        versions(app, &change.rule)
    })
    .await?;
    let (in_force, (waits_for, waits_for_vi)) =
        in_force(&app, |rules| rules.iter().all(|it| *it.id != *rule)).await;
    Ok(Json(wire::DeletedRule { versions, in_force, waits_for, waits_for_vi }))
}

/// The last text of a rule that may be deleted.
fn deletable(app: &App, rule: &str, current: &RuleText) -> Result<RuleText, Problem> {
    if current.origin != RuleOrigin::Own {
        let refused = local!(
            "Quy tắc \"{rule}\" đi kèm máy chủ; có thể tắt nó thay vì xóa.",
            "The rule \"{rule}\" comes with the hub; it can be switched off instead."
        );
        return Err(Problem::conflict(refused));
    }
    match app.hub.commune.sites.iter().find_map(|site| site.rules.get(rule)) {
        Some(RuleOverride { place, .. }) => Err(Problem::conflict(local!(
            "{place} có phần [rules.{rule}], sẽ sai nếu không còn quy tắc. Hãy bỏ phần đó trước.",
            "{place} has a part [rules.{rule}], which would be faulty without the rule. Take that part out first."
        ))),
        None => Ok(RuleText { is_on: false, ..current.clone() }),
    }
}

/// Switches a rule on or off. The alarms of one that is off are closed with that reason.
#[utoipa::path(
    post, path = "/rules/{rule}/switch", tag = "rules",
    params(("rule" = String, Path, description = "The rule's id.")),
    request_body = wire::SwitchRuleRequest,
    responses(
        (status = 200, body = wire::SavedRule),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_switch(
    State(app): State<SharedApp>,
    Integrator(caller): Integrator,
    Path(rule): Path<String>,
    JsonBody(request): JsonBody<wire::SwitchRuleRequest>,
) -> Result<Json<wire::SavedRule>, Problem> {
    let why = text("why", &request.why, MAX_TEXT_CHARS)?;
    let (of, by, is_on) = (rule.clone(), caller.name, request.on);
    blocking(&app, move |app| {
        checked_id(&of)?;
        let what = if is_on { "switched_on" } else { "switched_off" };
        let change = Change { rule: of, by, why, what, revision: Some(request.revision) };
        let wanted = |current: Option<&RuleText>| match current {
            Some(current) => Ok(RuleText { is_on, ..current.clone() }),
            None => Err(unknown(app, &change.rule)),
        };
        let note = format!("{} {} {what}: {}\n", app.zone.print(app.now()), change.by, change.why);
        app.change_rule(&change, wanted, |_, book| book.switch(&change.rule, is_on, &note))
    })
    .await?;
    taken_up(&app, rule).await
}

/// What is known of how a rule came to be as it is, or was until it was deleted; the newest first, at most 100.
#[utoipa::path(
    get, path = "/rules/{rule}/versions", tag = "rules",
    params(("rule" = String, Path, description = "The rule's id.")),
    responses(
        (status = 200, body = Vec<wire::RuleVersion>),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_rule_versions(
    State(app): State<SharedApp>,
    _: Integrator,
    Path(rule): Path<String>,
    params: Params,
) -> Result<Json<Vec<wire::RuleVersion>>, Problem> {
    params.only(&[], &[])?;
    blocking(&app, move |app| versions(app, &rule)).await.map(Json)
}

/// A rule's texts as they were.
#[utoipa::path(
    get, path = "/rules/{rule}/versions/{id}", tag = "rules",
    params(
        ("rule" = String, Path, description = "The rule's id."),
        ("id" = u64, Path, description = "The version's number."),
    ),
    responses(
        (status = 200, body = wire::OldRuleText),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_rule_version(
    State(app): State<SharedApp>,
    _: Integrator,
    Path((rule, id)): Path<(String, String)>,
    params: Params,
) -> Result<Json<wire::OldRuleText>, Problem> {
    params.only(&[], &[])?;
    let id = number(&id)?;
    let found = app.records(move |records| records.rule_version(&rule, id)).await?;
    let version = wire::RuleVersion::of(&found, &app.zone);
    Ok(Json(wire::OldRuleText { version, source: found.source, cases: found.cases }))
}

/// Who wants what of which rule.
struct Change {
    rule: String,
    by: String,
    why: String,
    what: &'static str,
    /// What they have seen of it; nothing when it is to be new.
    revision: Option<String>,
}

/// Why a change was not made.
enum Refused {
    Records(RecordError),
    File(std::io::Error),
}

impl From<RecordError> for Refused {
    fn from(error: RecordError) -> Self {
        Self::Records(error)
    }
}

impl Refused {
    fn problem(self) -> Problem {
        match self {
            Self::Records(error) => record_problem(&error),
            Self::File(error) => file_problem(&error),
        }
    }
}

impl App {
    /// Makes a change of a rule, unless somebody was faster, and notes it together with the text before.
    fn change_rule(
        &self,
        change: &Change,
        wanted: impl FnOnce(Option<&RuleText>) -> Result<RuleText, Problem>,
        write: impl FnOnce(&RuleText, &dyn RuleBook) -> std::io::Result<()>,
    ) -> Result<(), Problem> {
        let desk = &self.hub.rule_desk;
        let _turn = desk.turn();
        let rule = &change.rule;
        let current = desk.book().read(rule).map_err(|error| file_problem(&error))?;
        let newest = self.hub.records.rule_versions(rule, 1).map_err(|error| record_problem(&error))?;
        let newest = newest.into_iter().next();
        if current.as_ref().map(revision) != change.revision {
            return Err(overtaken(change, current.is_some(), newest));
        }
        let wanted = wanted(current.as_ref())?;
        let at = self.now();
        let version = |text: &RuleText, what, by: &str, why: &str| NewRuleVersion {
            rule: rule.clone(),
            source: text.source.clone(),
            cases: text.cases.clone(),
            is_on: text.is_on,
            what,
            at,
            by: by.to_owned(),
            why: why.to_owned(),
        };
        // What nobody has saved here: it came with the hub, or somebody wrote to the folder.
        let is_known = |text: &RuleText| {
            let known = newest.as_ref().map(|newest| (&newest.source, &newest.cases, newest.is_on));
            known == Some((&text.source, &text.cases, text.is_on))
        };
        let found =
            current.as_ref().filter(|text| !is_known(text)).map(|text| version(text, "found", "", ""));
        let versions: Vec<_> =
            found.into_iter().chain([version(&wanted, change.what, &change.by, &change.why)]).collect();
        let deed =
            self.deed(&change.by, &format!("rule_{}", change.what), rule, &json!({ "why": change.why }));
        let put = || write(&wanted, desk.book()).map_err(Refused::File);
        self.hub.records.put_rule(&deed, &versions, put).map_err(Refused::problem)?;
        tracing::warn!(rule, by = change.by, what = change.what, "a person changed a rule");
        desk.book().changed();
        Ok(())
    }
}

/// What is said to somebody whose change was made from something that is not there any more.
fn overtaken(change: &Change, is_there: bool, newest: Option<RuleVersion>) -> Problem {
    let rule = &change.rule;
    let who = newest.map(|newest| newest.by).filter(|by| !by.is_empty());
    let who = who.map_or_else(somebody, LocalText::same);
    Problem::conflict(match (is_there, &change.revision) {
        (true, None) => local!(
            "Đã có quy tắc \"{rule}\"; chưa lưu gì.",
            "There is a rule \"{rule}\" already; nothing was saved."
        ),
        (true, Some(_)) => {
            let LocalText { vi, en } = who;
            local!(
                "{vi} vừa sửa quy tắc này; chưa lưu gì. Hãy so với bản đang có.",
                "{en} has changed this rule in the meantime; nothing was saved. Compare with what is there now."
            )
        }
        (false, _) => local!(
            "Quy tắc \"{rule}\" không còn nữa; chưa lưu gì.",
            "The rule \"{rule}\" is not there any more; nothing was saved."
        ),
    })
}

/// A rule's files with what is known of them.
fn shown(app: &App, rule: &str) -> Result<wire::RuleText, Problem> {
    let read = checked_id(rule).is_ok().then(|| app.hub.rule_desk.book().read(rule)).transpose();
    let text = read.map_err(|error| file_problem(&error))?.flatten().ok_or_else(|| unknown(app, rule))?;
    Ok(wire::RuleText {
        id: rule.to_owned(),
        revision: revision(&text),
        source: text.source,
        cases: text.cases,
        origin: text.origin.into(),
        on: text.is_on,
        versions: versions(app, rule)?,
    })
}

fn versions(app: &App, rule: &str) -> Result<Vec<wire::RuleVersion>, Problem> {
    let versions =
        app.hub.records.rule_versions(rule, MAX_VERSIONS).map_err(|error| record_problem(&error))?;
    Ok(versions.iter().map(|version| wire::RuleVersion::of(version, &app.zone)).collect())
}

/// The rule after a change, once the running hub has taken it up or it is clear that it waits.
async fn taken_up(app: &SharedApp, rule: String) -> Result<Json<wire::SavedRule>, Problem> {
    let of = rule.clone();
    let text = blocking(app, move |app| shown(app, &of)).await?;
    let checked = {
        let (rule, source) = (rule.clone(), text.source.clone());
        blocking(app, move |_| Ok(check_rule(&format!("{rule}.rhai"), &source)))
    };
    // A text that is refused can only be switched: then its rule's state says enough.
    let version = checked.await?.map_or_else(|_| String::new(), |checked| checked.version);
    let is_there = |rules: &[RuleStatus]| {
        rules.iter().any(|it| *it.id == *rule && it.version == version && it.on == text.on)
    };
    let (in_force, (waits_for, waits_for_vi)) = in_force(app, is_there).await;
    Ok(Json(wire::SavedRule { text, in_force, waits_for, waits_for_vi }))
}

/// Whether the running hub has taken a change up within a while, and else what it waits for in English and in Vietnamese,
/// where that is known.
async fn in_force(
    app: &App,
    is_so: impl Fn(&[RuleStatus]) -> bool,
) -> (bool, (Option<String>, Option<String>)) {
    let mut rules = app.hub.rules.clone();
    let taken_up = rules.wait_for(|rules| is_so(rules));
    let in_force = tokio::time::timeout(TAKEN_UP_WITHIN, taken_up).await.is_ok_and(|it| it.is_ok());
    let waits_for = (!in_force).then(|| app.hub.site_files.waits_for()).flatten();
    (in_force, waits_for.map(|LocalText { vi, en }| (en, vi)).unzip())
}

/// Refuses what the running hub would refuse, where it stands.
fn fitting(app: &App, rule: &str, source: &str, cases: Option<&str>) -> Result<(), Problem> {
    checked_id(rule)?;
    for (at, text) in [("source", Some(source)), ("cases", cases)] {
        if let Some(text) = text.filter(|text| text.len() > MAX_BYTES) {
            return Err(Problem::invalid(at, too_long(text, MAX_BYTES)));
        }
    }
    let elapsed = app.hub.rule_desk.book().stopwatch();
    let (file, of_cases) = (format!("{rule}.rhai"), format!("{rule}.cases.toml"));
    check_rule(&file, source)
        .map_err(|fault| Problem::invalid("source", at_line(fault.line, &fault.message)))?;
    // Read, not run: a rule may be saved while one of its cases fails.
    match cases.map(|cases| run_cases_within((&file, source), (&of_cases, cases), &elapsed, Duration::ZERO)) {
        Some(Err(CasesError::Cases { line, message, .. })) => {
            Err(Problem::invalid("cases", at_line(line, &message)))
        }
        _ => Ok(()),
    }
}

fn checked_id(rule: &str) -> Result<(), Problem> {
    hub_model::id::check_part(rule).map_err(|error| Problem::invalid("rule", error.told()))
}

fn unknown(app: &App, rule: &str) -> Problem {
    let rules = app.hub.rules.borrow();
    let ids = rules.iter().map(|rule| &*rule.id);
    Problem::not_found("rule", nothing_has(&local!("quy tắc", "rule"), rule, ids))
}

/// Stands for a rule's files: when they differ, it differs.
fn revision(text: &RuleText) -> String {
    let cases = text.cases.as_deref().map_or_else(|| "-".to_owned(), |cases| format!("+{cases}"));
    let all = digest(&format!("{}|{}|{}|{cases}", text.is_on, text.source.len(), text.source));
    all.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The caller learns that nothing was changed; why goes to the log, for it names the machine's folders.
fn file_problem(error: &std::io::Error) -> Problem {
    tracing::error!(%error, "the rules' files cannot be read or written");
    Problem::unavailable(local!(
        "Không đọc hoặc ghi được tệp quy tắc; chưa đổi gì. Nhật ký của máy chủ ghi rõ lý do.",
        "The rules' files cannot be read or written; nothing was changed. The hub's log says why."
    ))
}

async fn blocking<T: Send + 'static>(
    app: &SharedApp,
    work: impl FnOnce(&App) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let app = app.clone();
    tokio::task::spawn_blocking(move || work(&app)).await.map_err(|_| Problem::internal())?
}
