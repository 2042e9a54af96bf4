//! Which topics a point's filter takes in: `+` stands for one level, `#` for all that follow. Never allocates to match.

use hub_model::{LocalText, local};

/// A filter, split into its levels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filter {
    levels: Vec<String>,
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// What is allowed, where the text is no filter.
    pub(crate) fn parse(text: &str) -> Result<Self, LocalText> {
        let levels: Vec<String> = text.split('/').map(str::to_owned).collect();
        let last = levels.len() - 1;
        let wildcards_stand_alone = levels.iter().enumerate().all(|(index, level)| match level.as_str() {
            "+" => true,
            "#" => index == last,
            plain => !plain.contains(['+', '#', '\0']),
        });
        if text.is_empty() || text.len() > 65_535 || !wildcards_stand_alone {
            return Err(local!(
                "có \"{text}\", được phép: các cấp nối bằng /, trong đó + thay cho đúng một cấp và # cho phần còn lại",
                "found \"{text}\", allowed: levels joined by /, where + stands for one whole level and # for the rest"
            ));
        }
        Ok(Self { levels })
    }

    /// Whether one of its levels is this one and no other.
    pub(crate) fn has_level(&self, level: &str) -> bool {
        self.levels.iter().any(|one| one == level)
    }

    /// Whether the filter names one topic only.
    pub(crate) fn is_plain(&self) -> bool {
        !self.levels.iter().any(|level| level == "+" || level == "#")
    }

    /// Whether `topic` is taken in. A topic of the server's own (`$…`) is never matched by a leading wildcard.
    pub(crate) fn matches(&self, topic: &str) -> bool {
        let leading_wildcard = matches!(self.levels[0].as_str(), "+" | "#");
        if topic.starts_with('$') && leading_wildcard {
            return false;
        }
        let mut found = topic.split('/');
        for level in &self.levels {
            match (level.as_str(), found.next()) {
                ("#", _) => return true,
                ("+", Some(_)) => {}
                (plain, Some(part)) if plain == part => {}
                _ => return false,
            }
        }
        found.next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_as_the_standard_says() {
        let cases = [
            ("a/+/c", "a/b/c", true),
            ("a/+/c", "a/b/d", false),
            ("a/+", "a", false),
            ("a/#", "a", true),
            ("a/#", "a/b/c", true),
            ("#", "$SYS/x", false),
            ("+/x", "$SYS/x", false),
            ("$SYS/x", "$SYS/x", true),
            ("đèn/+", "đèn/1", true),
            ("a", "a/b", false),
        ];
        for (filter, topic, expected) in cases {
            assert_eq!(Filter::parse(filter).unwrap().matches(topic), expected, "{filter} on {topic}");
        }
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for text in ["", "a#", "a/#/b", "a+/b", "a/\0"] {
            assert!(Filter::parse(text).is_err(), "{text:?}");
        }
    }
}
