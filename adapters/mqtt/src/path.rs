//! A path into a JSON document: `object.distance`, `rxInfo[0].rssi`, `interfaces[name=wlan0].wireless.clients[#]`.

use hub_model::LocalText;
use hub_model::text::Told;
use serde_json::Value;

/// A text that is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "found \"{found}\", allowed: keys joined by dots; in brackets an index, key=value of an item, or # for how many there are, such as rxInfo[0].rssi"
)]
pub struct PathError {
    /// What was found.
    pub found: String,
}

impl Told for PathError {
    fn told(&self) -> LocalText {
        let found = &self.found;
        let vi = format!(
            "có \"{found}\", được phép: các khóa nối bằng dấu chấm; trong ngoặc vuông là số thứ tự, khóa=giá trị của một mục, hoặc # để đếm, ví dụ rxInfo[0].rssi"
        );
        LocalText { vi, en: self.to_string() }
    }
}

/// Steps into a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
    /// The first item of a list whose key has this text.
    Item(String, String),
    /// How many items or members there are; nothing follows it.
    Count,
}

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Found<'a> {
    /// A value of the document.
    Value(&'a Value),
    /// How many items a list or members an object has.
    Count(usize),
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// When a key is empty or an index is no number in brackets.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let error = || PathError { found: text.to_owned() };
        let mut steps = Vec::new();
        for (number, segment) in segments(text).into_iter().enumerate() {
            let (key, indices) = segment.split_at(segment.find('[').unwrap_or(segment.len()));
            let may_lack_key = number == 0 && !indices.is_empty();
            if key.is_empty() && !may_lack_key || key.contains(']') {
                return Err(error());
            }
            if !key.is_empty() {
                steps.push(Step::Key(key.to_owned()));
            }
            let mut rest = indices;
            while !rest.is_empty() {
                let (index, after) =
                    rest.strip_prefix('[').and_then(|r| r.split_once(']')).ok_or_else(error)?;
                steps.push(step(index).ok_or_else(error)?);
                rest = after;
            }
        }
        let count = steps.iter().position(|step| *step == Step::Count);
        if count.is_some_and(|at| at + 1 < steps.len()) {
            return Err(error());
        }
        Ok(Self(steps))
    }

    /// What stands at the path, if anything does.
    pub fn find<'a>(&self, document: &'a Value) -> Option<Found<'a>> {
        self.0.iter().try_fold(Found::Value(document), |found, step| {
            let Found::Value(value) = found else { return None };
            match step {
                Step::Key(key) => value.get(key).map(Found::Value),
                Step::Index(index) => value.get(index).map(Found::Value),
                Step::Item(key, wanted) => {
                    let mut items = value.as_array()?.iter();
                    items
                        .find(|item| item.get(key).is_some_and(|found| is_text(found, wanted)))
                        .map(Found::Value)
                }
                Step::Count => match value {
                    Value::Array(items) => Some(Found::Count(items.len())),
                    Value::Object(members) => Some(Found::Count(members.len())),
                    _ => None,
                },
            }
        })
    }

    /// The value at the path, if there is one.
    pub(crate) fn value<'a>(&self, document: &'a Value) -> Option<&'a Value> {
        match self.find(document)? {
            Found::Value(value) => Some(value),
            Found::Count(_) => None,
        }
    }

    /// The key that the path ends with.
    pub(crate) fn last_key(&self) -> Option<&str> {
        match self.0.last()? {
            Step::Key(key) => Some(key),
            _ => None,
        }
    }

    /// The index, where the path is a single one: `[1]`.
    pub(crate) fn as_index(&self) -> Option<usize> {
        match self.0.as_slice() {
            [Step::Index(index)] => Some(*index),
            _ => None,
        }
    }
}

/// The pieces between dots; one in brackets stands for itself.
fn segments(text: &str) -> Vec<&str> {
    let (mut pieces, mut start, mut in_brackets) = (Vec::new(), 0, false);
    for (at, sign) in text.char_indices() {
        match sign {
            '[' => in_brackets = true,
            ']' => in_brackets = false,
            '.' if !in_brackets => {
                pieces.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    pieces.push(&text[start..]);
    pieces
}

/// What stands in brackets.
fn step(text: &str) -> Option<Step> {
    if text == "#" {
        return Some(Step::Count);
    }
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Some(Step::Item(key.to_owned(), value.to_owned())),
        Some(_) => None,
        None => text.parse().ok().map(Step::Index),
    }
}

fn is_text(value: &Value, wanted: &str) -> bool {
    match value {
        Value::String(text) => text == wanted,
        Value::Number(number) => number.to_string() == wanted,
        Value::Bool(flag) => flag.to_string() == wanted,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_and_indices_are_followed() {
        let document = json!({"rxInfo": [{"rssi": -87}], "object": {"distance": 412}});
        let find = |path: &str| Path::parse(path).unwrap().value(&document).cloned();
        assert_eq!(find("object.distance"), Some(json!(412)));
        assert_eq!(find("rxInfo[0].rssi"), Some(json!(-87)));
        assert_eq!(find("rxInfo[1].rssi"), None);
        assert_eq!(find("object.distance.mm"), None);
        assert_eq!(Path::parse("[1][0]").unwrap().value(&json!([0, [7]])), Some(&json!(7)));
    }

    #[test]
    fn items_are_found_by_what_they_hold_and_counted() {
        let document =
            json!({"if": [{"name": "lo.0"}, {"name": "wlan0", "n": 5, "clients": [1, 2]}], "o": {"a": 1}});
        let find = |path: &str| Path::parse(path).unwrap().find(&document);
        assert_eq!(find("if[name=wlan0].n"), Some(Found::Value(&json!(5))));
        assert_eq!(find("if[n=5].name"), Some(Found::Value(&json!("wlan0"))));
        assert_eq!(find("if[name=lo.0].n"), None);
        assert_eq!(find("if[name=wlan0].clients[#]"), Some(Found::Count(2)));
        assert_eq!((find("o[#]"), find("if[1].n[#]")), (Some(Found::Count(1)), None));
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in ["", ".", "a.", "a..b", "a[", "a[x]", "a[-1]", "a[0]b", "a]", "a[=b]", "a[#].b"] {
            assert!(Path::parse(text).is_err(), "{text:?}");
        }
    }
}
