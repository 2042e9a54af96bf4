//! What the routes of people's records share: asking them off the main threads, saying what went wrong, noting deeds.
//!
//! Decides nothing of readings: a record is kept, and the upkeep does what follows. Read next: [`crate::routes`].

use std::time::Duration;

use hub_model::text::Told;
use hub_model::{LocalText, Timestamp, local};
use hub_store::Records;
use hub_store::records::{Deed, Job, RecordError};
use serde_json::Value;

use crate::app::App;
use crate::problem::Problem;

/// How long a change waits for what follows from it. It goes on afterwards; the answer says how far it is.
const SETTLE: Duration = Duration::from_secs(3);
/// Longest text that people write, in characters.
pub(crate) const MAX_TEXT_CHARS: usize = 2_000;
/// Longest name or number, in characters.
pub(crate) const MAX_NAME_CHARS: usize = 200;

impl App {
    /// Asks or changes the records on a thread that may block.
    pub(crate) async fn records<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Records) -> Result<T, RecordError> + Send + 'static,
    ) -> Result<T, Problem> {
        let records = self.hub.records.clone();
        let answer = tokio::task::spawn_blocking(move || question(&records)).await;
        answer.map_err(|_| Problem::internal())?.map_err(|error| record_problem(&error))
    }

    /// What is noted of a change.
    pub(crate) fn deed(&self, by: &str, action: &str, object: &str, detail: &Value) -> Deed {
        Deed {
            at: self.now(),
            by: by.to_owned(),
            action: action.to_owned(),
            object: object.to_owned(),
            detail: detail.to_string(),
        }
    }

    /// Notes a deed that is done already. A failure goes to the log: what is done is done.
    pub(crate) async fn note(&self, by: &str, action: &str, object: &str, detail: Value) {
        let deed = self.deed(by, action, object, &detail);
        if self.records(move |records| records.note(&deed)).await.is_err() {
            tracing::error!(by, action, object, "the audit log could not be written");
        }
    }

    /// Wakes the upkeep and waits a little for a job; the job as it is then.
    pub(crate) async fn settled(&self, job: Job) -> Result<Job, Problem> {
        self.hub.records_changed.notify_one();
        let (id, mut done) = (job.id, self.hub.jobs_done.clone());
        // Both ends are fine: it is done, or it goes on in the background.
        let _ = tokio::time::timeout(SETTLE, done.wait_for(|done| *done >= id)).await;
        self.records(move |records| records.job(id)).await
    }
}

pub(crate) fn record_problem(error: &RecordError) -> Problem {
    match error {
        RecordError::Unknown { .. } => Problem::not_found("id", error.told()),
        RecordError::Stale { .. } | RecordError::SameDate { .. } => {
            let LocalText { vi, en } = error.told();
            Problem::conflict(local!("{vi}.", "{en}."))
        }
        RecordError::Storage(cause) => {
            tracing::error!(%error, %cause, "the records could not be asked");
            Problem::internal()
        }
    }
}

/// The text without blanks around it, when it is neither empty nor too long.
pub(crate) fn text(at: &str, found: &str, most: usize) -> Result<String, Problem> {
    let trimmed = found.trim();
    let fits = (1..=most).contains(&trimmed.chars().count());
    let refused = || Problem::invalid(at, characters(most));
    fits.then(|| trimmed.to_owned()).ok_or_else(refused)
}

/// How long a text may be.
pub(crate) fn characters(most: usize) -> LocalText {
    local!("được phép: 1 đến {most} ký tự", "allowed: 1 to {most} characters")
}

/// As [`text`], where nothing may be said, too.
pub(crate) fn some_text(at: &str, found: Option<String>, most: usize) -> Result<Option<String>, Problem> {
    found.filter(|found| !found.trim().is_empty()).map(|found| text(at, &found, most)).transpose()
}

/// A number of the address: a calibration's, an entry's, a job's.
pub(crate) fn number(found: &str) -> Result<u64, Problem> {
    let number = found.parse().ok().filter(|number| i64::try_from(*number).is_ok());
    number.ok_or_else(|| {
        let detail =
            local!("có \"{found}\", số hiệu phải là số nguyên", "found \"{found}\", an id is a whole number");
        Problem::not_found("id", detail)
    })
}

/// Refuses what lies ahead: it cannot have been found yet.
pub(crate) fn not_ahead(app: &App, at: &str, moment: Timestamp) -> Result<Timestamp, Problem> {
    if moment > app.now() {
        let found = app.zone.print(moment);
        let detail = local!(
            "có {found}, thời điểm chưa đến; được phép: đến lúc này",
            "found {found}, which lies ahead; allowed: until now"
        );
        return Err(Problem::invalid(at, detail));
    }
    Ok(moment)
}
