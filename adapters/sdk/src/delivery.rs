//! What an adapter hands to the pipeline, and how it learns that it is on disk.

use std::fmt;

use hub_model::Observation;
use tokio::sync::mpsc;

/// Deliveries that may wait for the pipeline. It is more than all MQTT connections may have open at once, since the broker must
/// not wait; a bus that finds it full waits, and with it its devices: nothing is dropped. Room is taken only as it is needed.
pub const INTAKE_CAPACITY: usize = 300_000;

/// Where adapters hand over deliveries.
pub type Intake = mpsc::Sender<Delivery>;

/// Observations that belong together: one message, or one poll of a device.
#[derive(Debug)]
pub struct Delivery {
    /// What was observed.
    pub observations: Vec<Observation>,
    /// Told once all of it is on disk.
    pub committed: Committed,
}

/// Runs once the delivery is on disk. Dropped without running when it never gets there, and then nothing is acknowledged.
pub struct Committed(Option<Box<dyn FnOnce() + Send>>);

impl Committed {
    /// Runs `callback`, on the store's thread: it must be quick.
    pub fn then(callback: impl FnOnce() + Send + 'static) -> Self {
        Self(Some(Box::new(callback)))
    }

    /// For devices that wait for no acknowledgement.
    pub fn unheard() -> Self {
        Self(None)
    }

    /// Tells that the delivery is on disk.
    pub fn run(self) {
        if let Some(callback) = self.0 {
            callback();
        }
    }
}

impl fmt::Debug for Committed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Committed(heard)" } else { "Committed(unheard)" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_runs_once_when_told_and_never_when_dropped() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let told = sender.clone();
        Committed::then(move || told.send("told").unwrap()).run();
        drop(Committed::then(move || sender.send("dropped").unwrap()));
        Committed::unheard().run();
        assert_eq!(receiver.iter().collect::<Vec<_>>(), ["told"]);
    }
}
