//! `/metrics`: the API's own figures and those that the server adds.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use hub_model::{AlarmState, Quality};
use hub_store::AlarmFilter;

use crate::app::SharedApp;
use crate::metrics::{MetricsText, OPENMETRICS};
use crate::problem::Problem;

/// Most active alarms that are counted.
const MAX_ALARMS: usize = 10_000;

/// The hub's figures in the OpenMetrics text format. Needs no login and says no value and no name of an account.
pub(crate) async fn get_metrics(State(app): State<SharedApp>) -> Result<Response, Problem> {
    let (latest, alarms) = app
        .read(|history| {
            let filter = AlarmFilter { active_only: true, limit: MAX_ALARMS, ..AlarmFilter::default() };
            Ok((history.latest()?, history.alarms(&filter)?))
        })
        .await?;
    let mut metrics = MetricsText::default();
    metrics.gauge("commune_hub_info", "The hub's version.", &[(&[("version", &app.hub.version)], 1.0)]);
    let count =
        |quality: Quality| latest.iter().filter(|latest| latest.reading.quality == quality).count() as f64;
    let labels: Vec<[(&str, &str); 1]> = Quality::ALL.iter().map(|q| [("quality", q.code())]).collect();
    let samples: Vec<_> = labels
        .iter()
        .zip(Quality::ALL)
        .map(|(labels, quality)| (labels.as_slice(), count(quality)))
        .collect();
    metrics.gauge("commune_points", "Points by the quality of their latest reading.", &samples);
    let standing = |state: AlarmState| alarms.iter().filter(|alarm| alarm.state == state).count() as f64;
    let open = AlarmState::ALL.iter().filter(|state| **state != AlarmState::Normal);
    let labels: Vec<_> = open.map(|state| ([("state", state.code())], standing(*state))).collect();
    let samples: Vec<_> = labels.iter().map(|(labels, count)| (labels.as_slice(), *count)).collect();
    metrics.gauge("commune_alarms", "Active alarms by state.", &samples);
    let streams = app.hub.live.listeners() as f64;
    metrics.gauge("commune_streams", "Live streams that are open.", &[(&[], streams)]);
    (app.hub.metrics)(&mut metrics);
    Ok(([(header::CONTENT_TYPE, OPENMETRICS)], metrics.finish()).into_response())
}
