//! The pipeline's side of upkeep: what is in force from now on, and readings that were changed after the fact.
//!
//! Between deliveries, so that a point has one writer. No rule is asked: the past raises no alarm.

use std::sync::Arc;
use std::time::Duration;

use hub_model::{PointId, Reading, Upkeep};
use hub_store::{Batch, Correction, Latest, StoredReading};
use tokio::sync::oneshot;

use crate::pipeline::Pipeline;

/// What the upkeep asks the pipeline for.
pub enum Work {
    /// Judge with these from now on.
    Upkeep {
        /// What is in force.
        upkeep: Arc<Upkeep>,
        /// Told once all that was judged before is on disk.
        committed: oneshot::Sender<()>,
    },
    /// Keep these in the place of what is stored.
    Amend {
        /// The readings as they become.
        readings: Vec<Reading>,
        /// Who wants it and why; what they replace is then kept, too.
        why: Option<(String, String)>,
        /// Told after the commit.
        committed: oneshot::Sender<()>,
    },
    /// How far back rules look on a point; `None` when they do not.
    LooksBack {
        /// The point.
        point: PointId,
        /// Told at once.
        reply: oneshot::Sender<Option<Duration>>,
    },
    /// Remember these of a point, instead of what rules looked back on until now.
    Refill {
        /// The point.
        point: PointId,
        /// Its readings, the oldest first.
        readings: Vec<Reading>,
    },
}

impl Pipeline {
    /// Does what the upkeep asks for. False when the store is closed.
    pub(crate) fn work(&mut self, work: Work) -> bool {
        match work {
            Work::Upkeep { upkeep, committed } => {
                self.logic.set_upkeep(upkeep);
                self.commit(Batch::default(), Vec::new(), committed)
            }
            Work::Amend { readings, why, committed } => {
                let (batch, news) = self.amended(readings, why);
                self.commit(batch, news, committed)
            }
            Work::LooksBack { point, reply } => {
                let found = self.logic.windows().find(|(of, _)| *of == point);
                // Whoever asked may have gone.
                reply.send(found.map(|(_, span)| span)).unwrap_or(());
                true
            }
            Work::Refill { point, readings } => {
                self.logic.forget_windows(&point);
                self.logic.warm(readings);
                true
            }
        }
    }

    fn amended(&mut self, readings: Vec<Reading>, why: Option<(String, String)>) -> (Batch, Vec<Latest>) {
        let (mut batch, mut news) = (Batch::default(), Vec::new());
        let at = self.clock.now();
        for amended in self.logic.amend(readings) {
            if amended.latest {
                news.push(Latest { reading: amended.reading.clone(), last_good: amended.last_good });
            }
            let reading = StoredReading { reading: amended.reading, latest: amended.latest };
            match &why {
                None => batch.readings.push(reading),
                Some((by, why)) => {
                    let (by, why) = (by.clone(), why.clone());
                    batch.corrections.push(Correction { reading, replaced: None, at, by, why });
                }
            }
        }
        (batch, news)
    }

    fn commit(&self, batch: Batch, news: Vec<Latest>, committed: oneshot::Sender<()>) -> bool {
        let live = self.live.clone();
        let on_commit = Box::new(move |seq| {
            // Whoever asked may have gone.
            committed.send(()).unwrap_or(());
            live.publish(hub_api::Committed { seq, readings: news, alarms: Vec::new() });
        });
        self.store.append(batch, on_commit).is_ok()
    }
}
