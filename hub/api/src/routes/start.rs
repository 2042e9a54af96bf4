//! What the dashboard's page brings with it to somebody who is logged in: on a slow phone each question is another half second.
//!
//! No call of its own: see [`crate::dashboard`], which puts it into the page.

use axum::http::{HeaderMap, Method};

use super::{commune, session, snapshot};
use crate::app::SharedApp;
use crate::auth::caller_of;
use crate::problem::Problem;
use crate::wire;

/// A longer start, in bytes, stays away: the page would stand empty until all of it has come. It is asked for then, as by anybody else.
const LONGEST: usize = 1 << 20;

/// The start as JSON. `None` for somebody who is not logged in, where it would be too long, and where the hub cannot tell it:
/// whoever asks for its parts hears why.
pub(crate) async fn of_caller(app: &SharedApp, method: &Method, headers: &HeaderMap) -> Option<String> {
    let start = told(app, method, headers).await.ok()??;
    serde_json::to_string(&start).ok().filter(|text| text.len() <= LONGEST)
}

async fn told(app: &SharedApp, method: &Method, headers: &HeaderMap) -> Result<Option<wire::Start>, Problem> {
    let Some(caller) = caller_of(app, method, headers).await? else { return Ok(None) };
    let at = app.now().as_millis();
    let (commune, snapshot) = (commune::told(app).await?, snapshot::told(app).await?);
    Ok(Some(wire::Start { at, commune, session: session::told(&caller), snapshot }))
}
