//! A table whose keys are taken one by one; see the module's own text.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use hub_model::text::Told as _;
use hub_model::{Decimal, LocalText, duration, local};
use toml::de::{DeTable, DeValue};

use super::problem::{At, Place, Problem, Problems};
use super::value::{Lines, Value};
use super::words::{Both, TEXT, found, needed, not_one_of, syntax, unknown_key};

/// A key's value and where the key stands.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) place: Place,
    pub(crate) value: Value,
}

/// A value under a key of the user's own.
#[derive(Debug, Clone, PartialEq)]
pub enum Plain {
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// True or false.
    Flag(bool),
}

/// A configuration table. Taking a key removes it; [`Table::finish`] reports what is left.
#[derive(Debug, Clone)]
pub struct Table {
    place: Place,
    path: String,
    entries: BTreeMap<String, Entry>,
    asked: Vec<&'static str>,
}

impl Table {
    /// Reads a file's text. Every syntax error is reported; `None` when there was one.
    pub fn parse(file: &str, text: &str, problems: &mut Problems) -> Option<Self> {
        let lines = Lines::new(file, text);
        let (root, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let place = lines.place(error.span().map_or(0, |span| span.start));
            problems.error(Problem { place, key: String::new(), message: syntax(error.message()) });
        }
        let span = root.span();
        let root = toml::Spanned::new(span, DeValue::Table(root.into_inner()));
        match lines.value("", &root) {
            Value::Table(table) if errors.is_empty() => Some(table),
            _ => None,
        }
    }

    pub(crate) fn empty(place: Place, path: &str) -> Self {
        Self { place, path: path.to_owned(), entries: BTreeMap::new(), asked: Vec::new() }
    }

    pub(crate) fn insert(&mut self, key: String, entry: Entry) {
        self.entries.insert(key, entry);
    }

    /// Where the table begins.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Where `key` stands; the table's beginning when it is not there.
    pub fn place_of(&self, key: &str) -> Place {
        self.entries.get(key).map_or_else(|| self.place.clone(), |entry| entry.place.clone())
    }

    /// The path of `key` below the file, such as `device[plc].unit_id`.
    pub fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Whether `key` is given and was not taken yet.
    pub fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// The text of `key` without taking it: for keys that may be a text or something else.
    pub fn peek_text(&self, key: &str) -> Option<&str> {
        self.entries.get(key).and_then(|entry| as_text(&entry.value))
    }

    /// Where `key` stands, for its faults. Ask before taking the key, so that its line is known.
    pub fn at(&self, key: &str) -> At {
        At { place: self.place_of(key), key: self.path_of(key) }
    }

    /// A fault of `key`, to be put into [`Problems`]. Ask before taking the key, so that its line is known.
    pub fn fault(&self, key: &str, message: impl Into<LocalText>) -> Problem {
        self.at(key).fault(message)
    }

    /// Fills in the keys that this table lacks from `base`, such as a device's from its profile. Keys keep their own places.
    /// Lists of tables named `key` are merged by their `id`: this table's keys win, and its further entries follow.
    #[must_use]
    pub fn over(mut self, base: Table, merged_list: &str) -> Self {
        for (key, theirs) in base.entries {
            match (self.entries.remove(&key), theirs.value) {
                (None, value) => self.insert(key, Entry { place: theirs.place, value }),
                (Some(Entry { place, value: Value::Tables(own) }), Value::Tables(theirs))
                    if key == merged_list =>
                {
                    self.insert(key, Entry { place, value: Value::Tables(merge_by_id(own, theirs)) });
                }
                (Some(own), _) => self.insert(key, own),
            }
        }
        self
    }

    fn take(&mut self, key: &'static str) -> Option<Entry> {
        self.asked.push(key);
        self.entries.remove(key)
    }

    /// Takes `key` and reads it with `read`; a value that it does not know is reported as "found …, allowed: …".
    fn read<T>(
        &mut self,
        key: &'static str,
        allowed: Both<'_>,
        problems: &mut Problems,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<T> {
        self.read_told(key, allowed, problems, Value::describe, read)
    }

    /// As [`Table::read`]; `tell` says what was found. [`Value::kind`] keeps a secret's content out of the report.
    fn read_told<T>(
        &mut self,
        key: &'static str,
        allowed: Both<'_>,
        problems: &mut Problems,
        tell: impl FnOnce(&Value) -> LocalText,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<T> {
        let entry = self.take(key)?;
        let result = read(&entry.value);
        if result.is_none() {
            let message = found(tell(&entry.value), allowed);
            problems.error(Problem { place: entry.place, key: self.path_of(key), message });
        }
        result
    }

    /// Reports that `key` is needed unless `value` is there or something was wrong with it.
    fn needed<T>(
        &mut self,
        given: bool,
        key: &'static str,
        value: Option<T>,
        problems: &mut Problems,
    ) -> Option<T> {
        if !given {
            problems.error(Problem { place: self.place.clone(), key: self.path_of(key), message: needed() });
        }
        value
    }

    /// Puts `value` in the place of `name` within the text of `key`, where that is a text and holds it.
    pub fn fill(&mut self, key: &str, name: &str, value: &str) {
        if let Some(text) = self.peek_text(key).map(|text| text.replace(name, value))
            && let Some(entry) = self.entries.get_mut(key)
        {
            entry.value = Value::Text(text);
        }
    }

    /// A text.
    pub fn text(&mut self, key: &'static str, problems: &mut Problems) -> Option<String> {
        self.read(key, TEXT, problems, |value| as_text(value).map(str::to_owned))
    }

    /// A text that nobody may read: a fault tells what sort of value was found, never the value.
    pub fn secret(&mut self, key: &'static str, problems: &mut Problems) -> Option<String> {
        self.read_told(key, TEXT, problems, Value::kind, |value| as_text(value).map(str::to_owned))
    }

    /// A text that must be given.
    pub fn needed_text(&mut self, key: &'static str, problems: &mut Problems) -> Option<String> {
        let given = self.has(key);
        let value = self.text(key, problems);
        self.needed(given, key, value, problems)
    }

    /// A text that `parse` understands; its error says what is allowed.
    pub fn parsed<T, E: Into<LocalText>>(
        &mut self,
        key: &'static str,
        problems: &mut Problems,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let place = self.place_of(key);
        let text = self.text(key, problems)?;
        match parse(&text) {
            Ok(value) => Some(value),
            Err(error) => {
                problems.error(Problem { place, key: self.path_of(key), message: error.into() });
                None
            }
        }
    }

    /// As [`Table::parsed`], and must be given.
    pub fn needed_parsed<T, E: Into<LocalText>>(
        &mut self,
        key: &'static str,
        problems: &mut Problems,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let given = self.has(key);
        let value = self.parsed(key, problems, parse);
        self.needed(given, key, value, problems)
    }

    /// One of a set of words.
    pub fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        options: &[(&'static str, T)],
        problems: &mut Problems,
    ) -> Option<T> {
        self.parsed(key, problems, |text| {
            let chosen = options.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
            chosen.ok_or_else(|| not_one_of(text, options.iter().map(|(name, _)| *name)))
        })
    }

    /// One of a set of words, which must be given.
    pub fn needed_choice<T: Copy>(
        &mut self,
        key: &'static str,
        options: &[(&'static str, T)],
        problems: &mut Problems,
    ) -> Option<T> {
        let given = self.has(key);
        let value = self.choice(key, options, problems);
        self.needed(given, key, value, problems)
    }

    /// A whole number within `range`.
    pub fn integer(
        &mut self,
        key: &'static str,
        range: RangeInclusive<i64>,
        problems: &mut Problems,
    ) -> Option<i64> {
        let (least, most) = (range.start(), range.end());
        let LocalText { vi, en } =
            local!("số nguyên từ {least} đến {most}", "a whole number from {least} to {most}");
        self.read(key, (&vi, &en), problems, |value| match value {
            Value::Integer(number) => i64::try_from(*number).ok().filter(|number| range.contains(number)),
            _ => None,
        })
    }

    /// A finite number.
    pub fn number(&mut self, key: &'static str, problems: &mut Problems) -> Option<f64> {
        self.read(key, ("một số", "a number"), problems, as_number)
    }

    /// A number as an exact decimal.
    pub fn decimal(&mut self, key: &'static str, problems: &mut Problems) -> Option<Decimal> {
        self.read(key, ("một số thập phân", "a decimal number"), problems, |value| match value {
            Value::Integer(number) => number.to_string().parse().ok(),
            Value::Float(_, digits) => digits.replace('_', "").trim_start_matches('+').parse().ok(),
            _ => None,
        })
    }

    /// true or false.
    pub fn boolean(&mut self, key: &'static str, problems: &mut Problems) -> Option<bool> {
        self.read(key, ("true hoặc false", "true or false"), problems, |value| match value {
            Value::Boolean(flag) => Some(*flag),
            _ => None,
        })
    }

    /// A duration within `range`.
    pub fn duration(
        &mut self,
        key: &'static str,
        range: RangeInclusive<Duration>,
        problems: &mut Problems,
    ) -> Option<Duration> {
        self.parsed(key, problems, |text| {
            let span = duration::parse(text).map_err(|error| error.told())?;
            if range.contains(&span) {
                return Ok(span);
            }
            let (least, most) = (duration::format(*range.start()), duration::format(*range.end()));
            Err(local!(
                "có \"{text}\", được phép: từ \"{least}\" đến \"{most}\"",
                "found \"{text}\", allowed: from \"{least}\" to \"{most}\""
            ))
        })
    }

    /// A text in both languages: `{ vi = "…", en = "…" }` or one text for both.
    pub fn local_text(&mut self, key: &'static str, problems: &mut Problems) -> Option<LocalText> {
        let allowed =
            ("một văn bản, hoặc { vi = \"…\", en = \"…\" }", "a text, or { vi = \"…\", en = \"…\" }");
        match self.entries.get(key).map(|entry| &entry.value) {
            Some(Value::Table(_)) => {
                let mut both = self.table(key, problems)?;
                let (vi, en) = (both.needed_text("vi", problems), both.needed_text("en", problems));
                both.finish(problems);
                Some(LocalText { vi: vi?, en: en? })
            }
            _ => self.read(key, allowed, problems, |value| as_text(value).map(LocalText::same)),
        }
    }

    /// A list of texts, or of `{ vi = "…", en = "…" }`.
    pub fn local_texts(&mut self, key: &'static str, problems: &mut Problems) -> Option<Vec<LocalText>> {
        if let Some(Value::Tables(_)) = self.entries.get(key).map(|entry| &entry.value) {
            let both = |mut table: Table| {
                let (vi, en) = (table.needed_text("vi", problems), table.needed_text("en", problems));
                table.finish(problems);
                Some(LocalText { vi: vi?, en: en? })
            };
            let Some(Entry { value: Value::Tables(tables), .. }) = self.take(key) else { return None };
            return tables.into_iter().map(both).collect();
        }
        let allowed = (
            "danh sách văn bản, hoặc danh sách { vi = \"…\", en = \"…\" }",
            "a list of texts, or of { vi = \"…\", en = \"…\" }",
        );
        self.read(key, allowed, problems, |value| {
            as_texts(value).map(|texts| texts.into_iter().map(LocalText::same).collect())
        })
    }

    /// A list of texts.
    pub fn texts(&mut self, key: &'static str, problems: &mut Problems) -> Option<Vec<String>> {
        self.read(key, ("danh sách văn bản", "a list of texts"), problems, as_texts)
    }

    /// A list of finite numbers.
    pub fn numbers(&mut self, key: &'static str, problems: &mut Problems) -> Option<Vec<f64>> {
        self.read(key, ("danh sách số", "a list of numbers"), problems, |value| match value {
            Value::List(items) => items.iter().map(as_number).collect(),
            _ => None,
        })
    }

    /// A date or a moment, as written.
    pub fn moment(&mut self, key: &'static str, problems: &mut Problems) -> Option<String> {
        self.read(key, ("một ngày, ví dụ 2026-01-01", "a date such as 2026-01-01"), problems, |value| {
            match value {
                Value::Moment(text) | Value::Text(text) => Some(text.clone()),
                _ => None,
            }
        })
    }

    /// A table within.
    pub fn table(&mut self, key: &'static str, problems: &mut Problems) -> Option<Table> {
        // Whoever writes a text where a table of secrets belongs must not find it in a log.
        self.read_told(key, ("một bảng", "a table"), problems, Value::kind, |value| match value {
            Value::Table(table) => Some(table.clone()),
            _ => None,
        })
    }

    /// All that is left, as texts under names that the file chooses, such as tags.
    pub fn into_texts(mut self, problems: &mut Problems) -> Vec<(String, String)> {
        let mut texts = Vec::new();
        for (key, entry) in std::mem::take(&mut self.entries) {
            match as_text(&entry.value) {
                Some(text) => texts.push((key, text.to_owned())),
                None => {
                    let message = found(entry.value.describe(), TEXT);
                    problems.error(Problem { place: entry.place, key: self.path_of(&key), message });
                }
            }
        }
        texts
    }

    /// The tables of a list such as `[[device]]`; none when it is not given.
    pub fn tables(&mut self, key: &'static str, problems: &mut Problems) -> Vec<Table> {
        let read = self.read(key, ("danh sách bảng", "a list of tables"), problems, |value| match value {
            Value::Tables(tables) => Some(tables.clone()),
            Value::List(items) if items.is_empty() => Some(Vec::new()),
            _ => None,
        });
        read.unwrap_or_default()
    }

    /// All tables within that nobody asked for by name, each with its key; for tables whose keys are names of the user's own.
    pub fn named_tables(&mut self) -> Vec<(String, Table)> {
        let is_table = |entry: &Entry| matches!(entry.value, Value::Table(_));
        let names: Vec<String> =
            self.entries.iter().filter(|(_, entry)| is_table(entry)).map(|(name, _)| name.clone()).collect();
        let taken = names.into_iter().filter_map(|name| match self.entries.remove(&name)?.value {
            Value::Table(table) => Some((name, table)),
            _ => None,
        });
        taken.collect()
    }

    /// All numbers, texts and switches that nobody asked for by name, each with its key.
    pub fn plain_values(&mut self) -> Vec<(String, Plain)> {
        let plain = |value: &Value| match value {
            Value::Text(text) => Some(Plain::Text(text.clone())),
            Value::Boolean(flag) => Some(Plain::Flag(*flag)),
            value => as_number(value).map(Plain::Number),
        };
        let found: Vec<_> = self
            .entries
            .iter()
            .filter(|(name, _)| !self.asked.contains(&name.as_str()))
            .filter_map(|(name, entry)| Some((name.clone(), plain(&entry.value)?)))
            .collect();
        found.iter().for_each(|(name, _)| drop(self.entries.remove(name)));
        found
    }

    /// Reports every key that nobody asked for, with the nearest one that somebody did.
    pub fn finish(self, problems: &mut Problems) {
        for (key, entry) in &self.entries {
            problems.error(Problem {
                place: entry.place.clone(),
                key: self.path_of(key),
                message: unknown_key(key, self.asked.iter().copied()),
            });
        }
    }
}

fn merge_by_id(own: Vec<Table>, base: Vec<Table>) -> Vec<Table> {
    let id = |table: &Table| table.entries.get("id").map(|entry| entry.value.describe());
    let (mut own, mut merged) = (own, Vec::new());
    for theirs in base {
        match own.iter().position(|table| id(table).is_some() && id(table) == id(&theirs)) {
            Some(index) => merged.push(own.remove(index).over(theirs, "")),
            None => merged.push(theirs),
        }
    }
    merged.extend(own);
    merged
}

fn as_text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

fn as_texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::List(items) => items.iter().map(|item| as_text(item).map(str::to_owned)).collect(),
        _ => None,
    }
}

fn as_number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(number) => Some(*number as f64),
        Value::Float(number, _) if number.is_finite() => Some(*number),
        _ => None,
    }
}

impl From<&Table> for Place {
    fn from(table: &Table) -> Self {
        Self { file: Arc::clone(&table.place.file), line: table.place.line }
    }
}
