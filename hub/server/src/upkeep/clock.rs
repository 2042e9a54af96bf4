//! The pipeline's eye on the clock: a jump moves timers along, a lost clock marks readings, a found one has them moved.
//!
//! Read next: `adapters_sdk::Clock::look`, `hub_logic::Logic::clock_jumped`.

use std::sync::Arc;

use adapters_sdk::ClockChange;
use hub_model::{Commune, Scope, Timestamp};
use hub_store::Records;
use hub_store::records::{Deed, JobKind, NewJob, RecordError};

use crate::pipeline::Pipeline;

/// Who asks for what follows from the clock.
const HUB: &str = "hub";

/// Readings that were kept by a clock that could not be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retiming {
    /// Kept from then on,
    pub since: Timestamp,
    /// until then, by the time that was told meanwhile.
    pub until: Timestamp,
    /// How far that was from the right time.
    pub by_ms: i64,
    /// The right time now.
    pub now: Timestamp,
}

/// Asks for readings to be moved.
pub type Retime = Arc<dyn Fn(Retiming) + Send + Sync>;

impl Pipeline {
    /// Lets a change of the clock in. False when the store is closed.
    pub(crate) fn watch_clock(&mut self) -> bool {
        let by_ms = match self.clock.look() {
            None => return true,
            Some(ClockChange::Lost) => {
                tracing::error!("the machine's clock cannot be trusted; time goes on from where it was");
                self.logic.set_clock_trusted(false);
                return true;
            }
            Some(ClockChange::Jumped { by_ms }) => {
                tracing::warn!(by_ms, "the machine's clock was set; delays and timers keep their length");
                by_ms
            }
            Some(ClockChange::Found { since, until, by_ms }) => {
                tracing::warn!(
                    by_ms,
                    "the machine's clock can be trusted again; readings are moved to their time"
                );
                self.logic.set_clock_trusted(true);
                // On disk before anything is kept by the new time, so that a hub that is killed now still knows.
                (self.retime)(Retiming { since, until, by_ms, now: self.clock.now() });
                by_ms
            }
        };
        let effects = self.logic.clock_jumped(by_ms);
        effects.is_empty() || self.append(effects, || ())
    }
}

/// Asks for the readings of every site to be moved.
///
/// # Errors
/// When the records cannot be written.
pub fn ask_for(records: &Records, commune: &Commune, retiming: Retiming) -> Result<(), RecordError> {
    let Retiming { since, until, by_ms, now } = retiming;
    for site in &commune.sites {
        let job = NewJob {
            kind: JobKind::Retime,
            scope: Scope::Site(site.id.clone()),
            from: since,
            to: Some(until),
            // Exact up to 280,000 years.
            number: Some(by_ms as f64),
            why: "clock_found".to_owned(),
            by: HUB.to_owned(),
            asked_at: now,
        };
        let deed = Deed {
            at: now,
            by: HUB.to_owned(),
            action: "readings_retimed".to_owned(),
            object: site.id.to_string(),
            detail: format!(
                r#"{{"from_ms":{},"to_ms":{},"by_ms":{by_ms}}}"#,
                since.as_millis(),
                until.as_millis()
            ),
        };
        records.add_job(&job, &deed)?;
    }
    Ok(())
}
