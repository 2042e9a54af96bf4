//! What is POSTed in other formats than our own: between the API, which knows no format, and `adapters_push`, which knows no HTTP.
//!
//! Read next: `adapters_push::Finder`, `hub_api::PushReader`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use adapters_push::finder::PackError;
use adapters_push::line::Precision;
use adapters_push::{Finder, Kind, Known, PushDevice, Scope, Taken, TooLarge, senml};
use hub_api::{PushError, PushFormat, PushReader, PushRefusal, Pushed, RefusalKind, TimeUnit};
use hub_model::{Commune, Timestamp, own};

/// What was pushed, for metrics. Each counts since the start.
#[derive(Debug, Default)]
pub struct PushCounters {
    /// Readings taken.
    pub taken: AtomicU64,
    /// Lines, records and bodies refused.
    pub refused: AtomicU64,
    /// Numbers that no point is configured for.
    pub unknown: AtomicU64,
}

/// Reads bodies by the configuration that it was built from.
pub struct Reader {
    finder: Finder,
    counters: Arc<PushCounters>,
}

impl Reader {
    /// A reader for the commune's points and the devices that push.
    pub fn new(commune: &Commune, devices: &[PushDevice], counters: Arc<PushCounters>) -> Self {
        // What the hub says of itself nobody else says.
        let others = commune.devices().filter(|device| !own::is_own(&device.id.site()));
        let known = others.flat_map(|device| {
            let is_pushed = device.adapter == "push";
            device.points.iter().map(move |point| Known { id: point.id.clone(), unit: point.unit, is_pushed })
        });
        Self { finder: Finder::new(known, devices), counters }
    }

    fn find(
        &self,
        body: &[u8],
        format: &PushFormat,
        scope: Scope,
        received_at: Timestamp,
    ) -> Result<Taken, PushError> {
        let taken = match format {
            PushFormat::Line(unit) => {
                self.finder.lines(body, precision(*unit), scope, received_at).map_err(PackError::from)
            }
            PushFormat::SenmlJson => self.finder.senml(senml::from_json(body), scope, received_at),
            PushFormat::SenmlCbor => self.finder.senml(senml::from_cbor(body), scope, received_at),
            PushFormat::NetJson { device } => self.finder.netjson(body, device.as_deref(), received_at),
        };
        taken.map_err(|error| match error {
            PackError::TooLarge(TooLarge) | PackError::Senml(senml::SenmlError::TooMany) => {
                PushError::TooLarge(error.to_string())
            }
            other => PushError::Unreadable(other.to_string()),
        })
    }
}

impl PushReader for Reader {
    fn read(
        &self,
        body: &[u8],
        format: &PushFormat,
        any_point: bool,
        received_at: Timestamp,
    ) -> Result<Pushed, PushError> {
        let scope = if any_point { Scope::All } else { Scope::Pushed };
        let count = |counter: &AtomicU64, more: usize| counter.fetch_add(more as u64, Ordering::Relaxed);
        let taken = self.find(body, format, scope, received_at).inspect_err(|_| {
            count(&self.counters.refused, 1);
        })?;
        count(&self.counters.taken, taken.observations.len());
        let before = count(&self.counters.refused, taken.refused_count);
        self.counters.unknown.fetch_add(taken.unknown, Ordering::Relaxed);
        if let Some(first) = taken.refused.first() {
            // A sender that is always wrong must not fill the log: told when the count's leading digit moves on.
            let after = before + taken.refused_count as u64;
            if before.checked_ilog2() != after.checked_ilog2() {
                tracing::warn!(
                    count = after,
                    number = first.number,
                    "pushed lines refused: {}",
                    first.problem
                );
            }
        }
        let refused = taken.refused.into_iter().map(|refusal| PushRefusal {
            number: refusal.number,
            problem: refusal.problem,
            kind: match refusal.kind {
                Kind::Malformed => RefusalKind::Malformed,
                Kind::Conflict => RefusalKind::Conflict,
                Kind::Forbidden => RefusalKind::Forbidden,
            },
        });
        Ok(Pushed {
            observations: taken.observations,
            written: 0,
            refused: refused.collect(),
            refused_count: taken.refused_count,
        })
    }
}

fn precision(unit: TimeUnit) -> Precision {
    match unit {
        TimeUnit::Ns => Precision::Ns,
        TimeUnit::Us => Precision::Us,
        TimeUnit::Ms => Precision::Ms,
        TimeUnit::S => Precision::S,
    }
}
