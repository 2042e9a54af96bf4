//! A path into a JSON document: `object.distance`, `rxInfo[0].rssi`.

use serde_json::Value;

/// A text that is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("found \"{found}\", allowed: keys joined by dots and indices in brackets, such as rxInfo[0].rssi")]
pub struct PathError {
    /// What was found.
    pub found: String,
}

/// Steps into a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// When a key is empty or an index is no number in brackets.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let error = || PathError { found: text.to_owned() };
        let mut steps = Vec::new();
        for (number, segment) in text.split('.').enumerate() {
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
                steps.push(Step::Index(index.parse().map_err(|_| error())?));
                rest = after;
            }
        }
        Ok(Self(steps))
    }

    /// What stands at the path, if anything does.
    pub fn find<'a>(&self, document: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(document, |value, step| match step {
            Step::Key(key) => value.get(key),
            Step::Index(index) => value.get(index),
        })
    }

    /// The index, where the path is a single one: `[1]`.
    pub(crate) fn as_index(&self) -> Option<usize> {
        match self.0.as_slice() {
            [Step::Index(index)] => Some(*index),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_and_indices_are_followed() {
        let document = json!({"rxInfo": [{"rssi": -87}], "object": {"distance": 412}});
        let find = |path: &str| Path::parse(path).unwrap().find(&document).cloned();
        assert_eq!(find("object.distance"), Some(json!(412)));
        assert_eq!(find("rxInfo[0].rssi"), Some(json!(-87)));
        assert_eq!(find("rxInfo[1].rssi"), None);
        assert_eq!(find("object.distance.mm"), None);
        assert_eq!(Path::parse("[1][0]").unwrap().find(&json!([0, [7]])), Some(&json!(7)));
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in ["", ".", "a.", "a..b", "a[", "a[x]", "a[-1]", "a[0]b", "a]"] {
            assert!(Path::parse(text).is_err(), "{text:?}");
        }
    }
}
