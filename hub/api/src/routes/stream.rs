//! The live stream as server-sent events: what each commit changed, resumed by the number of the last commit heard of.
//!
//! A stream is one cursor into [`crate::live`]'s ring; it keeps no events of its own. It ends with its login.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use hub_model::{PointId, Timestamp, local, own};
use hub_store::CommitSeq;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Interval, MissedTickBehavior};

use crate::app::{App, SharedApp};
use crate::auth::{Caller, Viewer};
use crate::live::{Commit, LiveEvent, Next, Progress};
use crate::nearest::nothing_has;
use crate::problem::Problem;
use crate::query::Params;
use crate::wire;

/// How often a silent stream says that it lives, and looks whether its login does.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// How long a browser waits before it connects again, in milliseconds.
const RETRY_MS: u32 = 2_000;
/// Most ids in the filter.
const MAX_FILTER: usize = 500;

/// Live events: `reading` (ReadingEvent), `alarm` (Alarm), `resync` (something was left out: load everything again) and
/// `health` (HealthEvent: the store takes nothing, or does again).
///
/// The last event of a commit has its number as `id`. Sent back as `Last-Event-ID`, or as the parameter, the stream goes
/// on after it. Without `points` and `alarms` all readings of the commune's sites and all alarms come; with one of them, only what is
/// named. Readings of the hub itself (`_hub`) come only where they are named.
#[utoipa::path(
    get, path = "/stream", tag = "stream",
    params(
        ("points" = Option<String>, Query, description = "Ids of points, devices or sites, separated by commas."),
        ("alarms" = Option<String>, Query, description = "`1` for alarms, `0` for none."),
        ("last_event_id" = Option<u64>, Query, description = "Where to go on, when the header cannot be sent."),
        ("Last-Event-ID" = Option<u64>, Header, description = "Where to go on."),
    ),
    responses(
        (status = 200, body = String, content_type = "text/event-stream"),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_stream(
    State(app): State<SharedApp>,
    Viewer(caller): Viewer,
    params: Params,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let params = params.only(&["points", "alarms", "last_event_id"], &[])?;
    let filter = Filter::read(&app, &params)?;
    let resume_after = last_event_id(&headers, &params)?;
    let permit = app.streams.clone().try_acquire_owned().map_err(|_| too_many_streams())?;
    let mut heartbeat = tokio::time::interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    heartbeat.reset();
    let progress = app.hub.live.watch();
    let Progress { newest, renewals, .. } = *progress.borrow();
    let listener = Listener {
        cursor: resume_after.unwrap_or(newest),
        said: None,
        is_begun: false,
        renewals,
        is_over: false,
        failing_since: None,
        app,
        caller,
        filter,
        progress,
        heartbeat,
        _permit: permit,
    };
    let body = Body::from_stream(stream::unfold(listener, |mut listener| async move {
        let text = listener.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(text)), listener))
    }));
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // Keeps a reverse proxy from gathering events before it passes them on.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, body).into_response())
}

fn last_event_id(headers: &HeaderMap, params: &Params) -> Result<Option<CommitSeq>, Problem> {
    // A browser that connects again sends the header, while the address still has the older parameter.
    let header = headers.get("last-event-id").map(|value| value.to_str().unwrap_or("?"));
    let Some(text) = header.filter(|text| !text.is_empty()).or(params.one("last_event_id")) else {
        return Ok(None);
    };
    let refused = || {
        let detail = local!(
            "có \"{text}\", được phép: id của một sự kiện",
            "found \"{text}\", allowed: the id of an event"
        );
        Problem::invalid("last_event_id", detail)
    };
    text.parse().map(|number| Some(CommitSeq(number))).map_err(|_| refused())
}

struct Filter {
    /// Points that are wanted; none means all.
    points: Option<Vec<PointId>>,
    readings: bool,
    alarms: bool,
}

impl Filter {
    fn read(app: &App, params: &Params) -> Result<Self, Problem> {
        let alarms =
            params.word("alarms", &["1", "0", "true", "false"])?.map(|word| matches!(word, "1" | "true"));
        let Some(list) = params.one("points") else {
            return Ok(Self { points: None, readings: alarms != Some(true), alarms: alarms != Some(false) });
        };
        let mut points = Vec::new();
        for id in list.split(',').filter(|id| !id.is_empty()).take(MAX_FILTER + 1) {
            let before = points.len();
            points.extend(
                app.hub.commune.points().map(|point| &point.id).filter(|point| belongs(point, id)).cloned(),
            );
            if points.len() == before {
                let what = local!("điểm đo, thiết bị hoặc địa điểm", "point, device or site");
                let ids = app.hub.commune.points().map(|point| point.id.as_str());
                return Err(Problem::not_found("points", nothing_has(&what, id, ids)));
            }
        }
        if list.split(',').count() > MAX_FILTER {
            return Err(Problem::invalid(
                "points",
                local!("được phép: tối đa {MAX_FILTER} id", "allowed: at most {MAX_FILTER} ids"),
            ));
        }
        points.sort();
        Ok(Self { points: Some(points), readings: true, alarms: alarms == Some(true) })
    }

    fn wants(&self, event: &LiveEvent) -> bool {
        match &event.point {
            None => self.alarms,
            Some(point) => {
                let is_wanted = match &self.points {
                    Some(points) => points.binary_search(point).is_ok(),
                    None => !own::is_own(&point.site()),
                };
                self.readings && is_wanted
            }
        }
    }
}

/// Whether a point is the one, of the device or of the site with this id.
fn belongs(point: &PointId, id: &str) -> bool {
    let rest = point.as_str().strip_prefix(id);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

struct Listener {
    app: SharedApp,
    caller: Caller,
    filter: Filter,
    progress: watch::Receiver<Progress>,
    heartbeat: Interval,
    /// All up to this commit was sent, or was not wanted.
    cursor: CommitSeq,
    /// The last id that the client was told.
    said: Option<CommitSeq>,
    is_begun: bool,
    /// The configuration that this stream was opened under.
    renewals: u64,
    is_over: bool,
    /// What was said last of a store that takes nothing.
    failing_since: Option<Timestamp>,
    _permit: OwnedSemaphorePermit,
}

impl Listener {
    /// The next piece of the stream; `None` ends it.
    async fn next(&mut self) -> Option<String> {
        let mut text = String::new();
        if !self.is_begun {
            self.is_begun = true;
            text.push_str(&format!("retry: {RETRY_MS}\n\n"));
        }
        loop {
            let progress = *self.progress.borrow_and_update();
            if progress.closed || self.is_over {
                return None;
            }
            if progress.renewals != self.renewals {
                // Points may have come and gone: the browser loads all again, and comes back with this id.
                self.is_over = true;
                self.resync(progress.newest, &mut text);
                return Some(text);
            }
            self.say_health(progress.failing_since, &mut text);
            self.gather(&mut text);
            if !text.is_empty() {
                // An id without data is no event, but is where the browser goes on from after a break.
                self.say_id(&mut text);
                return Some(text);
            }
            tokio::select! {
                changed = self.progress.changed() => changed.ok()?,
                _ = self.heartbeat.tick() => {
                    if !self.caller.is_still_allowed(&self.app).await {
                        return None;
                    }
                    text.push_str(": still here\n\n");
                }
            }
        }
    }

    /// Writes the events that came since the cursor.
    fn gather(&mut self, text: &mut String) {
        match self.app.hub.live.after(self.cursor) {
            Next::Behind(newest) => self.resync(newest, text),
            Next::Commits(commits) => commits.iter().for_each(|commit| self.commit(commit, text)),
        }
    }

    /// What cannot be told as an alarm, since it could not be committed.
    fn say_health(&mut self, failing_since: Option<Timestamp>, text: &mut String) {
        if self.failing_since == failing_since {
            return;
        }
        self.failing_since = failing_since;
        let event = wire::HealthEvent::of(failing_since, &self.app.zone);
        // A word and a time are always JSON.
        let json = serde_json::to_string(&event).unwrap_or_default();
        text.push_str(&format!("event: health\ndata: {json}\n\n"));
    }

    fn resync(&mut self, newest: CommitSeq, text: &mut String) {
        self.cursor = newest;
        self.said = Some(newest);
        text.push_str(&format!("event: resync\nid: {newest}\ndata: {{}}\n\n"));
    }

    fn commit(&mut self, commit: &Arc<Commit>, text: &mut String) {
        self.cursor = commit.seq();
        let mut wanted =
            commit.events(&self.app.zone).iter().filter(|event| self.filter.wants(event)).peekable();
        while let Some(event) = wanted.next() {
            text.push_str(if event.point.is_some() { "event: reading\n" } else { "event: alarm\n" });
            if wanted.peek().is_none() {
                self.said = Some(self.cursor);
                text.push_str(&format!("id: {}\n", self.cursor));
            }
            text.push_str("data: ");
            text.push_str(&event.json);
            text.push_str("\n\n");
        }
    }

    fn say_id(&mut self, text: &mut String) {
        if self.said != Some(self.cursor) {
            self.said = Some(self.cursor);
            text.push_str(&format!("id: {}\n\n", self.cursor));
        }
    }
}

fn too_many_streams() -> Problem {
    Problem::unavailable(local!(
        "Đang có quá nhiều kết nối trực tiếp; hãy thử lại sau.",
        "Too many live streams are open; try again later."
    ))
}
