//! `[[notify.person]]` and `[[notify.rota]]`: who can be told, where, and who has duty. Addresses are looked at, never written to.

use adapters_sdk::config::{Place, Problem, Problems, Table, needed};
use hub_model::{LocalText, id, local};
use jiff::civil::{Date, Time};

use super::not_among;
use crate::quiet;
use crate::rota::{Rota, Substitute};
use crate::words::Language;

/// Most weeks of a rota before it begins again.
const MOST_WEEKS: usize = 104;

/// Somebody who can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Its id, which routes and rotas name.
    pub id: String,
    /// How the person is addressed.
    pub name: String,
    /// In which language.
    pub language: Language,
    /// The account under which the person logs in, for the links in messages.
    pub user: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Phone number, as `+84912345678`; Zalo is reached by it, too.
    pub phone: Option<String>,
    /// Telegram chat.
    pub telegram: Option<String>,
    pub(super) place: Place,
}

/// What sort of address a channel writes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressKind {
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
    /// A Telegram chat.
    Telegram,
}

impl AddressKind {
    /// The key of a person that holds it.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Telegram => "telegram",
        }
    }

    /// Whether it looks like one; the address as it is used.
    ///
    /// # Errors
    /// What was found and what is allowed.
    pub fn check(self, text: &str) -> Result<String, LocalText> {
        let (fits, example) = match self {
            Self::Email => (
                text.parse::<lettre::Address>().is_ok(),
                local!("địa chỉ như \"hoa@xa.example.vn\"", "an address such as \"hoa@xa.example.vn\""),
            ),
            Self::Phone => (
                is_phone(text),
                local!(
                    "số điện thoại có mã nước như \"+84912345678\"",
                    "a number with its country such as \"+84912345678\""
                ),
            ),
            Self::Telegram => (
                is_chat(text),
                local!(
                    "số của cuộc trò chuyện như \"-1001234567890\", hoặc kênh viết \"@name\"",
                    "a chat's number such as \"-1001234567890\", or a channel as \"@name\""
                ),
            ),
        };
        let LocalText { vi, en } = example;
        match fits {
            true => Ok(text.to_owned()),
            false => Err(local!("có \"{text}\", được phép: {vi}", "found \"{text}\", allowed: {en}")),
        }
    }
}

fn is_phone(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (8..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_chat(text: &str) -> bool {
    let number = text.strip_prefix('-').unwrap_or(text);
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number || text.strip_prefix('@').is_some_and(|name| !name.is_empty())
}

impl Person {
    /// The person's address of a sort.
    pub fn address(&self, kind: AddressKind) -> Option<&str> {
        match kind {
            AddressKind::Email => self.email.as_deref(),
            AddressKind::Phone => self.phone.as_deref(),
            AddressKind::Telegram => self.telegram.as_deref(),
        }
    }
}

pub(super) fn person(mut table: Table, problems: &mut Problems) -> Option<Person> {
    let place = table.place_of("id");
    let id = table.needed_parsed("id", problems, |text| id::check_part(text).map(|()| text.to_owned()));
    let name = table.text("name", problems);
    let language = table.choice("language", &Language::CHOICES, problems);
    let user = table.text("user", problems);
    let email = table.parsed("email", problems, |text| AddressKind::Email.check(text));
    let phone = table.parsed("phone", problems, |text| AddressKind::Phone.check(text));
    let telegram = table.parsed("telegram", problems, |text| AddressKind::Telegram.check(text));
    table.finish(problems);
    let id = id?;
    Some(Person {
        name: name.unwrap_or_else(|| id.clone()),
        language: language.unwrap_or_default(),
        id,
        user,
        email,
        phone,
        telegram,
        place,
    })
}

pub(super) fn rota(mut table: Table, people: &[Person], problems: &mut Problems) -> Option<(Rota, Place)> {
    let place = table.place_of("id");
    let id = table.needed_parsed("id", problems, |text| id::check_part(text).map(|()| text.to_owned()));
    let first_day = day(&mut table, "first_day", problems);
    let handover = table.parsed("handover", problems, |text| {
        quiet::time(text).ok_or_else(|| {
            local!(
                "có \"{text}\", được phép: giờ trong ngày như \"07:00\"",
                "found \"{text}\", allowed: a time of the day such as \"07:00\""
            )
        })
    });
    let weeks_at = table.at("weeks");
    let weeks = table.texts("weeks", problems);
    let substitutes = table.tables("substitute", problems);
    table.finish(problems);
    let substitutes = substitutes.into_iter().filter_map(|one| substitute(one, people, problems)).collect();
    let weeks: Vec<Vec<String>> = weeks
        .unwrap_or_default()
        .iter()
        .map(|week| week.split_whitespace().map(str::to_owned).collect())
        .collect();
    if weeks.is_empty() || weeks.len() > MOST_WEEKS || weeks.iter().any(Vec::is_empty) {
        problems.error(weeks_at.fault(local!(
            "cần 1 đến {MOST_WEEKS} tuần, mỗi tuần ghi id của một người, hoặc nhiều người cách nhau bằng dấu cách, ví dụ [\"hoa\", \"lan minh\"]",
            "needed: 1 to {MOST_WEEKS} weeks, each with the id of a person or several with blanks between, such as [\"hoa\", \"lan minh\"]"
        )));
        return None;
    }
    for unknown in weeks.iter().flatten().filter(|id| !people.iter().any(|person| person.id == **id)) {
        problems.error(weeks_at.fault(not_among(unknown, people.iter().map(|person| &*person.id))));
    }
    let handover = handover.unwrap_or(Time::midnight());
    Some((Rota { id: id?, first_day: first_day?, handover, weeks, substitutes }, place))
}

fn substitute(mut table: Table, people: &[Person], problems: &mut Problems) -> Option<Substitute> {
    let known = |text: &str| match people.iter().any(|person| person.id == text) {
        true => Ok(text.to_owned()),
        false => Err(not_among(text, people.iter().map(|person| &*person.id))),
    };
    let person = table.needed_parsed("person", problems, known);
    let by = table.needed_parsed("by", problems, known);
    let order = table.fault(
        "to",
        local!(
            "phải sau from: đó là ngày người trực thay giao lại ca",
            "must be later than from: it is the day on which the substitute hands back"
        ),
    );
    let (from, to) = (day(&mut table, "from", problems), day(&mut table, "to", problems));
    table.finish(problems);
    let (from, to) = (from?, to?);
    if from >= to {
        problems.error(order);
    }
    Some(Substitute { person: person?, by: by?, from, to })
}

/// A day that must be given.
fn day(table: &mut Table, key: &'static str, problems: &mut Problems) -> Option<Date> {
    let at = table.at(key);
    if !table.has(key) {
        problems.error(at.fault(needed()));
    }
    let text = table.moment(key, problems)?;
    let parsed = text.parse().ok();
    if parsed.is_none() {
        problems.error(at.fault(local!(
            "có {text}, được phép: ngày như 2026-01-05",
            "found {text}, allowed: a day such as 2026-01-05"
        )));
    }
    parsed
}

/// Reports ids that come twice.
pub(super) fn refuse_doubles<'a>(
    ids: impl Iterator<Item = (&'a str, &'a Place)>,
    what: &str,
    problems: &mut Problems,
) {
    let mut seen: Vec<(&str, &Place)> = Vec::new();
    for (id, place) in ids {
        match seen.iter().find(|(other, _)| *other == id) {
            None => seen.push((id, place)),
            Some((_, first)) => problems.error(Problem {
                place: place.clone(),
                key: format!("notify.{what}[{id}].id"),
                message: local!(
                    "có \"{id}\", đã có ở {first}",
                    "found \"{id}\", which stands at {first} already"
                ),
            }),
        }
    }
}
