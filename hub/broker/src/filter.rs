//! Topic names and topic filters of MQTT: parsing, matching, and whether one filter lies wholly inside another.
//!
//! Pure text: no I/O, no state. Next: `tree.rs`, which matches a topic against many filters at once.

use std::fmt;

/// Most levels that a topic or a filter may have. MQTT itself allows 65,535 slashes, which serves only attackers.
pub const MAX_LEVELS: usize = 64;

/// Longest topic or filter, in bytes of UTF-8 (the length field of MQTT).
pub const MAX_BYTES: usize = 65_535;

/// Why a text is no topic filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// The text is empty.
    #[error("a topic filter cannot be empty")]
    Empty,
    /// The text is longer than MQTT can carry.
    #[error("a topic filter has at most {MAX_BYTES} bytes, this one has {bytes}")]
    TooLong {
        /// Length found, in bytes.
        bytes: usize,
    },
    /// More than [`MAX_LEVELS`] levels.
    #[error("a topic filter has at most {MAX_LEVELS} levels, this one has {levels}")]
    TooDeep {
        /// Levels found.
        levels: usize,
    },
    /// U+0000 is forbidden in MQTT.
    #[error("a topic filter cannot hold U+0000")]
    Nul,
    /// `#` somewhere else than alone in the last level.
    #[error("`#` must stand alone in the last level")]
    MisplacedHash,
    /// `+` beside other characters of its level.
    #[error("`+` must stand alone in its level")]
    MisplacedPlus,
}

/// A parsed topic filter such as `commune/v1/+/status` or `sites/#`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Filter(String);

impl Filter {
    /// Parses a filter.
    ///
    /// # Errors
    /// When the text breaks a rule of MQTT 4.7, or has more than [`MAX_LEVELS`] levels.
    pub fn parse(text: &str) -> Result<Filter, FilterError> {
        if text.is_empty() {
            return Err(FilterError::Empty);
        }
        if text.len() > MAX_BYTES {
            return Err(FilterError::TooLong { bytes: text.len() });
        }
        if text.contains('\0') {
            return Err(FilterError::Nul);
        }
        let levels = text.split('/').count();
        if levels > MAX_LEVELS {
            return Err(FilterError::TooDeep { levels });
        }
        for (index, level) in text.split('/').enumerate() {
            if level.contains('#') && (level != "#" || index + 1 != levels) {
                return Err(FilterError::MisplacedHash);
            }
            if level.contains('+') && level != "+" {
                return Err(FilterError::MisplacedPlus);
            }
        }
        Ok(Filter(text.to_owned()))
    }

    /// The filter as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a message on `topic` reaches this filter. A wildcard in the first level never matches a topic that
    /// begins with `$`.
    #[must_use]
    pub fn matches(&self, topic: &str) -> bool {
        let reserved = topic.starts_with('$');
        if reserved && self.begins_with_wildcard() {
            return false;
        }
        let mut names = topic.split('/');
        for level in self.levels() {
            if level == "#" {
                return true;
            }
            match names.next() {
                Some(name) if level == "+" || level == name => {}
                _ => return false,
            }
        }
        names.next().is_none()
    }

    /// Whether every topic that `inner` matches is matched by this filter too. It decides what a login may subscribe to.
    #[must_use]
    pub fn covers(&self, inner: &Filter) -> bool {
        if self.begins_with_wildcard() && inner.0.starts_with('$') {
            return false;
        }
        let mut wanted = inner.levels();
        for level in self.levels() {
            if level == "#" {
                return true;
            }
            match wanted.next() {
                // `#` also matches its parent level, so nothing but `#` covers it.
                Some("#") | None => return false,
                Some(other) if level == "+" || level == other => {}
                Some(_) => return false,
            }
        }
        wanted.next().is_none()
    }

    /// The levels, wildcards included.
    pub(crate) fn levels(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    fn begins_with_wildcard(&self) -> bool {
        self.0.starts_with(['+', '#'])
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Filter({:?})", self.0)
    }
}

/// What a topic name given in a publish or a will is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TopicName {
    /// It can be routed.
    Valid,
    /// MQTT forbids it: the connection is closed.
    Forbidden,
    /// MQTT allows it but this broker does not take it: more than [`MAX_LEVELS`] levels.
    TooDeep,
}

/// Judges a topic name.
pub(crate) fn judge_topic(topic: &str) -> TopicName {
    if topic.is_empty() || topic.contains(['\0', '+', '#']) {
        return TopicName::Forbidden;
    }
    if topic.split('/').count() > MAX_LEVELS {
        return TopicName::TooDeep;
    }
    TopicName::Valid
}
