//! Identifiers: `[a-z0-9_-]` parts, joined by `/`. A point is `site/device/point`, a device `site/device`.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::local;
use crate::text::{LocalText, Told};

/// The longest part of an id, in bytes.
pub const MAX_PART_BYTES: usize = 64;

const PART: &str = "1 to 64 of a-z, 0-9, _ and -";

/// A text that is no id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdError {
    /// What was found.
    pub found: String,
    /// What would have been right.
    pub allowed: &'static str,
}

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "found \"{}\", allowed: {}", self.found, self.allowed)
    }
}

impl std::error::Error for IdError {}

impl Told for IdError {
    fn told(&self) -> LocalText {
        let Self { found, allowed } = self;
        let allowed_vi =
            if *allowed == PART { "1 đến 64 ký tự trong số a-z, 0-9, _ và -" } else { allowed };
        local!("có \"{found}\", được phép: {allowed_vi}", "found \"{found}\", allowed: {allowed}")
    }
}

/// Checks one part of an id.
///
/// # Errors
/// When it is empty, longer than [`MAX_PART_BYTES`] or holds anything but `a-z`, `0-9`, `_` and `-`.
pub fn check_part(text: &str) -> Result<(), IdError> {
    let well_formed =
        text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-');
    if text.is_empty() || text.len() > MAX_PART_BYTES || !well_formed {
        return Err(IdError { found: text.to_owned(), allowed: PART });
    }
    Ok(())
}

/// Checks all parts of an id.
fn check_parts(text: &str, count: usize, allowed: &'static str) -> Result<(), IdError> {
    let is_well_formed =
        text.split('/').count() == count && text.split('/').all(|part| check_part(part).is_ok());
    is_well_formed.then_some(()).ok_or_else(|| IdError { found: text.to_owned(), allowed })
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $parts:literal, $shape:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Eq, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl PartialEq for $name {
            /// Clones are told to be equal without a look at their text: that is what most comparisons of a busy hub are.
            fn eq(&self, other: &Self) -> bool {
                Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
            }
        }

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.0.hash(state);
            }
        }

        impl $name {
            /// Reads an id.
            ///
            /// # Errors
            /// When the text has another shape or a part of it is malformed.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                check_parts(text, $parts, $shape)?;
                Ok(Self(text.into()))
            }

            /// The whole id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// A site: `tam-hop-water`.
    SiteId, 1, "one part of a-z, 0-9, _ and -"
);
id!(
    /// A device of a site: `tam-hop-water/plc`.
    DeviceId, 2, "site/device, each of a-z, 0-9, _ and -"
);
/// A point of a device: `tam-hop-water/plc/ph`. Cheap to clone.
#[derive(Clone)]
pub struct PointId {
    /// The texts of the points that were brought [together](PointId::together), one after the other.
    texts: Arc<str>,
    start: u32,
    end: u32,
}

impl DeviceId {
    /// The device `device` of `site`.
    ///
    /// # Errors
    /// When `device` is no id part.
    pub fn new(site: &SiteId, device: &str) -> Result<Self, IdError> {
        check_part(device)?;
        Ok(Self(format!("{site}/{device}").into()))
    }

    /// The site that the device stands in.
    pub fn site(&self) -> SiteId {
        SiteId(first_part(&self.0).into())
    }

    /// The device's own part.
    pub fn name(&self) -> &str {
        last_part(&self.0)
    }
}

impl PointId {
    /// Reads an id.
    ///
    /// # Errors
    /// When the text has another shape or a part of it is malformed.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        check_parts(text, 3, "site/device/point, each of a-z, 0-9, _ and -")?;
        Ok(Self::alone(text))
    }

    /// The point `point` of `device`.
    ///
    /// # Errors
    /// When `point` is no id part.
    pub fn new(device: &DeviceId, point: &str) -> Result<Self, IdError> {
        check_part(point)?;
        Ok(Self::alone(&format!("{device}/{point}")))
    }

    /// Of the length that [`check_part`] allows.
    fn alone(text: &str) -> Self {
        Self { texts: text.into(), start: 0, end: text.len() as u32 }
    }

    /// The same ids with one count of references for all. Whoever clones many of them, as each poll of a device does, then changes a
    /// count that is at hand, where each id's own would have to be waited for: another processor has changed it last.
    pub fn together<'a>(ids: impl Iterator<Item = &'a Self> + Clone) -> Vec<Self> {
        let texts: Arc<str> = ids.clone().map(Self::as_str).collect::<String>().into();
        let mut end = 0;
        let next = |id: &'a Self| {
            let start = end;
            end += id.end - id.start;
            Self { texts: Arc::clone(&texts), start, end }
        };
        ids.map(next).collect()
    }

    /// The whole id as text.
    pub fn as_str(&self) -> &str {
        &self.texts[self.start as usize..self.end as usize]
    }

    /// The site that the point belongs to.
    pub fn site(&self) -> SiteId {
        SiteId(first_part(self.as_str()).into())
    }

    /// The device that the point belongs to.
    pub fn device(&self) -> DeviceId {
        DeviceId(self.as_str().rsplit_once('/').map_or("", |(device, _)| device).into())
    }

    /// The point's own part.
    pub fn name(&self) -> &str {
        last_part(self.as_str())
    }
}

impl PartialEq for PointId {
    /// Clones are told to be equal without a look at their text: that is what most comparisons of a busy hub are.
    fn eq(&self, other: &Self) -> bool {
        (Arc::ptr_eq(&self.texts, &other.texts) && self.start == other.start)
            || self.as_str() == other.as_str()
    }
}

impl Eq for PointId {}

impl PartialOrd for PointId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PointId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for PointId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for PointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PointId").field(&self.as_str()).finish()
    }
}

impl fmt::Display for PointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn first_part(id: &str) -> &str {
    id.split_once('/').map_or(id, |(first, _)| first)
}

fn last_part(id: &str) -> &str {
    id.rsplit_once('/').map_or(id, |(_, last)| last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_knows_its_device_and_site() {
        let id = PointId::parse("tam-hop-water/plc/free-chlorine").unwrap();
        assert_eq!(id.site().as_str(), "tam-hop-water");
        assert_eq!(id.device().as_str(), "tam-hop-water/plc");
        assert_eq!(id.device().name(), "plc");
        assert_eq!(id.name(), "free-chlorine");
        assert_eq!(PointId::new(&id.device(), "free-chlorine").unwrap(), id);
        assert_eq!(DeviceId::new(&id.site(), "plc").unwrap(), id.device());
    }

    #[test]
    fn ids_that_were_brought_together_are_the_same_ids() {
        let alone = ["a/b/c", "a/b/long-name", "a/b/d"].map(|text| PointId::parse(text).unwrap());
        let together = PointId::together(alone.iter());
        assert_eq!(together, alone);
        assert!(together[0] < together[2] && together[2] < together[1]);
        let again = PointId::together(together.iter().rev().chain([&alone[0]]));
        let texts: Vec<_> = again.iter().map(PointId::as_str).collect();
        assert_eq!(texts, ["a/b/d", "a/b/long-name", "a/b/c", "a/b/c"]);
        assert_eq!(again[2], again[3], "two of one text, too");
        assert_ne!(together[0], together[1]);
        assert!(PointId::together([].iter()).is_empty());
    }

    #[test]
    fn malformed_ids_are_refused() {
        for text in ["", "a/b", "a/b/c/d", "a//c", "A/b/c", "a/b/c ", "trạm/b/c"] {
            assert_eq!(PointId::parse(text).unwrap_err().found, text);
        }
        assert!(check_part(&"a".repeat(65)).is_err());
    }
}
