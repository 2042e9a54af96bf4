//! The words of a message in Vietnamese and English: one line, short, plain and as HTML. Pure.
//!
//! Read next: `vi.rs` and `en.rs` for the words themselves, [`crate::letter`] for what is told.

mod en;
mod html;
mod plain;
mod vi;

use hub_model::{LocalText, NoticeKind, Priority, Timestamp};
use jiff::tz::TimeZone;

pub use html::html;
pub(crate) use plain::cut;
pub use plain::{plain, short, subject, without_accents};

use crate::letter::{Letter, Told};
use crate::quiet::local;

/// A language of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// Vietnamese.
    #[default]
    Vi,
    /// English.
    En,
}

impl Language {
    /// The words of the configuration.
    pub const CHOICES: [(&'static str, Self); 2] = [("vi", Self::Vi), ("en", Self::En)];

    /// The text in this language.
    pub fn of(self, text: &LocalText) -> &str {
        match self {
            Self::Vi => &text.vi,
            Self::En => &text.en,
        }
    }

    /// As in HTML's `lang`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Vi => "vi",
            Self::En => "en",
        }
    }

    pub(crate) const fn words(self) -> &'static Words {
        match self {
            Self::Vi => &vi::WORDS,
            Self::En => &en::WORDS,
        }
    }
}

/// All words of one language; a language that lacks one does not compile.
pub(crate) struct Words {
    pub priorities: [&'static str; 4],
    pub raised: &'static str,
    pub reminded: &'static str,
    pub escalated: &'static str,
    pub returned: &'static str,
    pub greeting: fn(name: &str) -> String,
    pub many: fn(count: u64) -> String,
    pub more: fn(count: u64) -> String,
    pub since: &'static str,
    pub until: &'static str,
    pub value: &'static str,
    pub clause: &'static str,
    pub runbook: &'static str,
    pub look: &'static str,
    pub acknowledge: &'static str,
    pub all: &'static str,
    pub sent_by: fn(commune: &str, time: &str) -> String,
    pub test_subject: &'static str,
    pub test_text: &'static str,
}

impl Words {
    pub fn priority(&self, priority: Priority) -> &'static str {
        self.priorities[match priority {
            Priority::Low => 0,
            Priority::Medium => 1,
            Priority::High => 2,
            Priority::Critical => 3,
        }]
    }

    pub fn kind(&self, kind: NoticeKind) -> &'static str {
        match kind {
            NoticeKind::Raised => self.raised,
            NoticeKind::Reminded => self.reminded,
            NoticeKind::Escalated => self.escalated,
            NoticeKind::Returned => self.returned,
        }
    }
}

/// A moment as people write it, in the commune's time.
pub(crate) fn moment(at: Timestamp, zone: &TimeZone) -> String {
    local(at, zone).strftime("%H:%M %d/%m/%Y").to_string()
}

/// What is said of an alarm below its title: where, what its rule says, since when, by which limit, and what to do.
pub(crate) fn details(
    letter: &Letter,
    language: Language,
    told: &Told,
    words: &Words,
) -> Vec<(Option<&'static str>, String)> {
    let alarm = &told.alarm;
    let place = match language.of(&told.about) {
        "" => language.of(&told.site).to_owned(),
        about => format!("{}, {about}", language.of(&told.site)),
    };
    let mut details = vec![(None, place), (None, language.of(&alarm.message).to_owned())];
    details.extend(told.value().map(|value| (Some(words.value), language.of(&value).to_owned())));
    details.push((Some(words.since), moment(alarm.raised_at, &letter.zone)));
    if told.kind == NoticeKind::Returned {
        details.push((Some(words.until), moment(alarm.cleared_at.unwrap_or(told.at), &letter.zone)));
    }
    let clause = alarm.clause.as_ref().map(|clause| language.of(clause).to_owned());
    details.extend(clause.map(|clause| (Some(words.clause), clause)));
    if told.kind != NoticeKind::Returned {
        let runbook = alarm.runbook.as_ref().map(|runbook| language.of(runbook).trim().to_owned());
        details.extend(runbook.filter(|text| !text.is_empty()).map(|text| (Some(words.runbook), text)));
    }
    details
}
