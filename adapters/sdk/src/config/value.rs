//! One configured value with its line, freed from the text that it was parsed from.

use std::sync::Arc;

use hub_model::{LocalText, local};
use toml::Spanned;
use toml::de::DeValue;

use super::problem::Place;
use super::table::{Entry, Table};

/// A value of a configuration file.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Text(String),
    Integer(i128),
    /// The number and the digits that it was written with.
    Float(f64, String),
    Boolean(bool),
    Moment(String),
    List(Vec<Value>),
    Tables(Vec<Table>),
    Table(Table),
}

impl Value {
    /// What the value is, for error texts.
    pub(crate) fn describe(&self) -> LocalText {
        match self {
            Self::Text(text) => LocalText::same(format!("\"{text}\"")),
            Self::Integer(number) => LocalText::same(number.to_string()),
            Self::Float(_, digits) => LocalText::same(digits.as_str()),
            Self::Boolean(flag) => LocalText::same(flag.to_string()),
            Self::Moment(text) => LocalText::same(text.as_str()),
            Self::List(_) => local!("danh sách", "a list"),
            Self::Tables(_) => local!("danh sách bảng", "a list of tables"),
            Self::Table(_) => local!("bảng", "a table"),
        }
    }
}

impl Value {
    /// What sort of value it is, without its content: for keys that may hold a secret.
    pub(crate) fn kind(&self) -> LocalText {
        match self {
            Self::Text(_) => local!("văn bản", "a text"),
            Self::Integer(_) | Self::Float(..) => local!("số", "a number"),
            Self::Boolean(_) => local!("true hoặc false", "true or false"),
            Self::Moment(_) => local!("ngày", "a date"),
            Self::List(_) | Self::Tables(_) | Self::Table(_) => self.describe(),
        }
    }
}

/// A file being read: its name and where its lines end.
pub(crate) struct Lines {
    file: Arc<str>,
    /// The bytes at which a line ends, in order: each key asks for its line, and a file may have a hundred thousand.
    ends: Vec<usize>,
}

impl Lines {
    pub(crate) fn new(file: &str, text: &str) -> Self {
        Self { file: file.into(), ends: text.match_indices('\n').map(|(at, _)| at).collect() }
    }

    pub(crate) fn place(&self, offset: usize) -> Place {
        Place { file: Arc::clone(&self.file), line: 1 + self.ends.partition_point(|end| *end < offset) }
    }

    /// Frees a parsed value from its text. `path` is the key's path, for the tables within.
    pub(crate) fn value(&self, path: &str, value: &Spanned<DeValue<'_>>) -> Value {
        match value.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(integer) => match i128::from_str_radix(integer.as_str(), integer.radix()) {
                Ok(number) => Value::Integer(number),
                Err(_) => Value::Text(integer.to_string()),
            },
            DeValue::Float(float) => {
                Value::Float(float.as_str().parse().unwrap_or(f64::NAN), float.as_str().to_owned())
            }
            DeValue::Boolean(flag) => Value::Boolean(*flag),
            DeValue::Datetime(moment) => Value::Moment(moment.to_string()),
            DeValue::Array(items) => {
                let only_tables = items.iter().all(|item| matches!(item.get_ref(), DeValue::Table(_)));
                let values = items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| self.value(&item_path(path, index, item), item));
                if items.is_empty() || !only_tables {
                    return Value::List(values.collect());
                }
                Value::Tables(
                    values
                        .filter_map(|value| if let Value::Table(table) = value { Some(table) } else { None })
                        .collect(),
                )
            }
            DeValue::Table(table) => {
                let mut freed = Table::empty(self.place(value.span().start), path);
                for (key, value) in table {
                    let name = key.get_ref().to_string();
                    let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    let entry =
                        Entry { place: self.place(key.span().start), value: self.value(&inner, value) };
                    freed.insert(name, entry);
                }
                Value::Table(freed)
            }
        }
    }
}

/// A list's tables are called by their ids where they have one: `device[plc]`, else by their number from 1.
fn item_path(path: &str, index: usize, item: &Spanned<DeValue<'_>>) -> String {
    let id = match item.get_ref() {
        DeValue::Table(table) => table.get("id").and_then(|id| match id.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            _ => None,
        }),
        _ => None,
    };
    format!("{path}[{}]", id.unwrap_or_else(|| (index + 1).to_string()))
}
