//! What became of a body: observations, what was refused and where, and what no point asked for.

use hub_model::Observation;

/// Most readings that one body may bring. A larger one is refused whole, so that its sender can halve it and lose nothing.
pub const MAX_READINGS: usize = 100_000;
/// Refusals that are told one by one; more are counted.
pub const MAX_TOLD: usize = 20;

/// A body that was read.
#[derive(Debug, Default, PartialEq)]
pub struct Taken {
    /// For the pipeline, in the order of the body.
    pub observations: Vec<Observation>,
    /// The first [`MAX_TOLD`] lines or records that were refused.
    pub refused: Vec<Refusal>,
    /// How many were refused.
    pub refused_count: usize,
    /// Numbers that no point is configured for: counted, never an error.
    pub unknown: u64,
}

/// A line or record that was refused; the others are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The line's or the record's number, from 1.
    pub number: usize,
    /// What sort of fault it is.
    pub kind: Kind,
    /// What was found and what is allowed.
    pub problem: String,
}

/// What sort of fault a refused line has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It cannot be read.
    Malformed,
    /// It can be read and cannot be kept: a text for a number, a point that does not exist, a time that cannot be true.
    Conflict,
    /// The sender may not write this point.
    Forbidden,
}

/// A body with more than [`MAX_READINGS`]. Nothing of it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body holds more than {MAX_READINGS} readings; nothing was kept, send it in smaller pieces")]
pub struct TooLarge;

impl Taken {
    /// Notes a refusal.
    pub fn refuse(&mut self, number: usize, kind: Kind, problem: impl Into<String>) {
        self.refused_count += 1;
        if self.refused.len() < MAX_TOLD {
            self.refused.push(Refusal { number, kind, problem: problem.into() });
        }
    }

    /// Takes an observation.
    ///
    /// # Errors
    /// When there are too many of them.
    pub fn take(&mut self, observation: Observation) -> Result<(), TooLarge> {
        if self.observations.len() >= MAX_READINGS {
            return Err(TooLarge);
        }
        self.observations.push(observation);
        Ok(())
    }
}
