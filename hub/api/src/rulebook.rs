//! What the API asks of whoever keeps the rules' files, and the one desk at which they are changed.
//!
//! Holds no text. Read next: `routes/rule_texts.rs`.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hub_logic::Elapsed;

/// A rule's files as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleText {
    /// The rule.
    pub source: String,
    /// Its cases, if there are any.
    pub cases: Option<String>,
    /// Whose they are.
    pub origin: RuleOrigin,
    /// Whether it judges.
    pub is_on: bool,
}

/// Whose a rule's files are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleOrigin {
    /// It comes with the hub.
    Shipped,
    /// It comes with the hub, and was changed here.
    Changed,
    /// It is the commune's own.
    Own,
}

/// Reads and writes rules' files. An id is checked before it is handed on. May block.
pub trait RuleBook: Send + Sync {
    /// The rule's files; `None` when there is no such rule.
    ///
    /// # Errors
    /// When they cannot be read.
    fn read(&self, rule: &str) -> io::Result<Option<RuleText>>;

    /// Puts texts in the place of the rule's files, each whole or not at all; on disk when it returns. Without cases, those that
    /// come with the hub hold, if any.
    ///
    /// # Errors
    /// When they cannot be written.
    fn write(&self, rule: &str, source: &str, cases: Option<&str>) -> io::Result<()>;

    /// Switches the rule on or off; the note says who did so and why, for whoever looks at the files.
    ///
    /// # Errors
    /// When the file that says so cannot be written.
    fn switch(&self, rule: &str, is_on: bool, note: &str) -> io::Result<()>;

    /// Takes the commune's own rule away with its cases and whether it was on. What comes with the hub is not its to take away.
    ///
    /// # Errors
    /// When a file cannot be removed.
    fn remove(&self, rule: &str) -> io::Result<()>;

    /// Has the running hub take up what is in the files now.
    fn changed(&self);

    /// Bounds how long cases run.
    fn stopwatch(&self) -> Elapsed;
}

/// The desk at which rules are changed, one at a time: two people who save at once come one after the other.
#[derive(Clone)]
pub struct RuleDesk {
    book: Arc<dyn RuleBook>,
    turn: Arc<Mutex<()>>,
}

impl RuleDesk {
    /// A desk for these files.
    pub fn new(book: Arc<dyn RuleBook>) -> Self {
        Self { book, turn: Arc::default() }
    }

    /// From now on for other files; whose turn it is stays.
    pub fn renew(&mut self, book: Arc<dyn RuleBook>) {
        self.book = book;
    }

    /// The files.
    pub fn book(&self) -> &dyn RuleBook {
        &*self.book
    }

    /// Held while a rule is looked at and changed.
    pub(crate) fn turn(&self) -> MutexGuard<'_, ()> {
        // It guards no data that a panic could leave half changed.
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
