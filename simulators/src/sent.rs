//! What devices have sent, for whoever checks what the hub made of it: a CSV file with the columns of the hub's own export.
//!
//! One line for each value that left a device, with the wall clock's time. Values that a fault kept back or spoilt are not
//! in it, and neither are those that a client never asked for.

use std::cell::RefCell;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use hub_model::Timestamp;

use crate::SimError;
use crate::config::SimPoint;

/// The record of what was sent. Clones share it; the default one keeps nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sent(Option<Arc<Mutex<BufWriter<File>>>>);

impl Sent {
    /// A record in a new file.
    pub fn to(path: &Path) -> Result<Self, SimError> {
        let failed = |source| SimError::Write { path: path.to_owned(), source };
        let mut file = BufWriter::new(File::create(path).map_err(failed)?);
        file.write_all(b"point,time,value,unit\n").map_err(failed)?;
        Ok(Self(Some(Arc::new(Mutex::new(file)))))
    }

    /// Asks for raw numbers through `raw` and remembers them, for [`Sent::note`].
    pub fn gather<'a>(&self, raw: &'a dyn Fn(&SimPoint) -> f64) -> Gathered<'a> {
        Gathered { raw, is_kept: self.0.is_some(), values: RefCell::default() }
    }

    /// Notes the numbers that went out at `at`.
    pub fn note(&self, at: Timestamp, gathered: Gathered<'_>) {
        let Some(file) = &self.0 else { return };
        let values = gathered.values.into_inner();
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        let text: String = values
            .iter()
            .filter(|(point, raw)| raw.is_finite() && !point.missing.contains(raw))
            .map(|(point, raw)| {
                let value = hub_value(point, *raw);
                format!("{},{},{value},{}\n", point.id, at.as_millis(), point.unit.code())
            })
            .collect();
        if let Err(error) = file.write_all(text.as_bytes()).and_then(|()| file.flush()) {
            tracing::warn!(%error, "what was sent cannot be noted");
        }
    }
}

/// Raw numbers on their way into an answer or a message.
pub(crate) struct Gathered<'a> {
    raw: &'a dyn Fn(&SimPoint) -> f64,
    is_kept: bool,
    values: RefCell<Vec<(SimPoint, f64)>>,
}

impl Gathered<'_> {
    /// The raw number of a point.
    pub fn raw(&self, point: &SimPoint) -> f64 {
        let raw = (self.raw)(point);
        if self.is_kept {
            self.values.borrow_mut().push((point.clone(), raw));
        }
        raw
    }
}

/// The value that the hub must make of a raw number, without the dust of binary fractions: 42 · 0.01 is 0.42.
fn hub_value(point: &SimPoint, raw: f64) -> f64 {
    let value = raw * point.scale + point.offset;
    format!("{value:.9}").parse().unwrap_or(value)
}
