//! What one message says, and to whom: made of notices and of the alarms as they stand when it is sent. Pure.

use hub_model::{Alarm, LocalText, Notice, NoticeKind, Timestamp};
use jiff::tz::TimeZone;

use crate::template::SECRET;
use crate::words::{self, Language};

/// Alarms that are told of in full in one message; further ones are counted.
pub const MOST_TOLD: usize = 20;

/// One message.
#[derive(Debug, Clone)]
pub struct Letter {
    /// The same on every try, so that a receiver can tell a second try from a second message.
    pub key: String,
    /// The channel's id.
    pub channel: String,
    /// The commune's id.
    pub commune_id: String,
    /// The commune's name.
    pub commune: LocalText,
    /// Where people reach the hub, without a slash at its end; without it there are no links.
    pub hub_url: Option<String>,
    /// The commune's time.
    pub zone: TimeZone,
    /// When the message was made.
    pub made_at: Timestamp,
    /// Whether somebody only tries the channel.
    pub is_test: bool,
    /// What is told, the most urgent first.
    pub told: Vec<Told>,
    /// How many alarms are not in `told`.
    pub more: u64,
}

/// What is told of one alarm.
#[derive(Debug, Clone)]
pub struct Told {
    /// The alarm as it stands.
    pub alarm: Alarm,
    /// What happened last of what is told.
    pub kind: NoticeKind,
    /// When.
    pub at: Timestamp,
    /// The site's name.
    pub site: LocalText,
    /// The name of the point or device; empty for a site.
    pub about: LocalText,
    /// Where it can be acknowledged from the message.
    pub acknowledge: Option<String>,
}

/// Whom a message is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    /// The address; empty for a channel without recipients.
    pub address: String,
    /// How the person is addressed; empty where it is nobody in particular.
    pub name: String,
    /// In which language.
    pub language: Language,
}

/// The last notice of each alarm, in the order in which the alarms first come.
pub fn last_of_each(notices: &[Notice]) -> Vec<&Notice> {
    let mut last: Vec<&Notice> = Vec::new();
    for notice in notices {
        match last.iter_mut().find(|known| known.alarm == notice.alarm) {
            // At one moment it is raised before it returns.
            Some(known) if (known.at, known.kind) <= (notice.at, notice.kind) => *known = notice,
            Some(_) => {}
            None => last.push(notice),
        }
    }
    last
}

impl Told {
    /// The page of the alarm.
    pub fn page(&self, letter: &Letter) -> Option<String> {
        letter.hub_url.as_ref().map(|url| format!("{url}/alarms/{}", self.alarm.id))
    }

    /// The value at the raising, with its unit.
    pub fn value(&self) -> Option<LocalText> {
        let rounded = (self.alarm.value? * 1e6).round() / 1e6;
        Some(LocalText::measured(rounded, &self.alarm.unit))
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.kind == NoticeKind::Returned
    }
}

impl Letter {
    /// What a template's field stands for; `secret` is what the channel's own field does.
    pub fn field(&self, to: &Addressee, name: &str, text: &str, secret: Option<&str>) -> String {
        let language = to.language;
        let words = language.words();
        let first = self.told.first();
        let of_first = |value: &dyn Fn(&Told) -> String| first.map_or_else(String::new, value);
        match name {
            "to" => to.address.clone(),
            "name" => to.name.clone(),
            "text" => text.to_owned(),
            "commune" => language.of(&self.commune).to_owned(),
            "site" => of_first(&|told| language.of(&told.site).to_owned()),
            "about" => of_first(&|told| language.of(&told.about).to_owned()),
            "title" => of_first(&|told| language.of(&told.alarm.title).to_owned()),
            "message" => {
                first.map_or(words.test_text.to_owned(), |told| language.of(&told.alarm.message).to_owned())
            }
            "priority" => of_first(&|told| words.priority(told.alarm.priority).to_owned()),
            "state" => of_first(&|told| words.kind(told.kind).to_owned()),
            "time" => words::moment(first.map_or(self.made_at, |told| told.at), &self.zone),
            "value" => of_first(&|told| language.of(&told.value().unwrap_or_default()).to_owned()),
            "link" => match (first.filter(|_| self.told.len() == 1), &self.hub_url) {
                (Some(only), _) => only.page(self).unwrap_or_default(),
                (None, Some(url)) => format!("{url}/alarms"),
                (None, None) => String::new(),
            },
            "acknowledge" => of_first(&|told| told.acknowledge.clone().unwrap_or_default()),
            "count" => (self.told.len() as u64 + self.more).to_string(),
            "key" => self.key.clone(),
            SECRET => secret.unwrap_or_default().to_owned(),
            // Templates are checked when they are read.
            _ => String::new(),
        }
    }
}
