//! A clock that was set: spans that are running keep their length, whatever the machine's clock is made to say.
//!
//! Stored readings are not touched here. Read next: [`crate::Logic::step`].

use std::sync::Arc;

use hub_model::Timestamp;

use crate::{Effect, Logic};

impl Logic {
    /// Whether the hub's clock can be trusted from now on. Until it can, readings that bring no time of their own are marked
    /// `untimed`, and none is taken to be from the future.
    pub fn set_clock_trusted(&mut self, is_trusted: bool) {
        Arc::make_mut(&mut self.world).is_clock_trusted = is_trusted;
    }

    /// The hub's time was set by `by_ms`: timers, delays and silence go on as if it had not been. What comes out belongs in one
    /// transaction.
    pub fn clock_jumped(&mut self, by_ms: i64) -> Vec<Effect> {
        let moved = |at: Timestamp| Timestamp::from_millis(at.as_millis().saturating_add(by_ms));
        let world = Arc::make_mut(&mut self.world);
        world.started_at = moved(world.started_at);
        world.memories.iter_mut().for_each(|memory| memory.shift(&moved));
        self.stepped_at = moved(self.stepped_at);
        self.timers =
            std::mem::take(&mut self.timers).into_iter().map(|(at, due)| (moved(at), due)).collect();
        let mut out = Vec::new();
        for watch in &mut self.watches.all {
            watch.due = watch.due.map(moved);
            let tracking = &mut watch.tracking;
            if tracking.raising_since.is_none() && tracking.clearing_since.is_none() {
                continue;
            }
            tracking.raising_since = tracking.raising_since.map(moved);
            tracking.clearing_since = tracking.clearing_since.map(moved);
            out.push(Effect::Track(tracking.clone()));
        }
        out
    }
}
