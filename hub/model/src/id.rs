//! Identifiers: `[a-z0-9_-]` parts, joined by `/`. A point is `site/device/point`, a device `site/device`.

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
                let wrong_shape = || IdError { found: text.to_owned(), allowed: $shape };
                if text.split('/').count() != $parts {
                    return Err(wrong_shape());
                }
                text.split('/').try_for_each(check_part).map_err(|_| wrong_shape())?;
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
id!(
    /// A point of a device: `tam-hop-water/plc/ph`. Cheap to clone.
    PointId, 3, "site/device/point, each of a-z, 0-9, _ and -"
);

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
    /// The point `point` of `device`.
    ///
    /// # Errors
    /// When `point` is no id part.
    pub fn new(device: &DeviceId, point: &str) -> Result<Self, IdError> {
        check_part(point)?;
        Ok(Self(format!("{device}/{point}").into()))
    }

    /// The site that the point belongs to.
    pub fn site(&self) -> SiteId {
        SiteId(first_part(&self.0).into())
    }

    /// The device that the point belongs to.
    pub fn device(&self) -> DeviceId {
        DeviceId(self.0.rsplit_once('/').map_or("", |(device, _)| device).into())
    }

    /// The point's own part.
    pub fn name(&self) -> &str {
        last_part(&self.0)
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
    fn malformed_ids_are_refused() {
        for text in ["", "a/b", "a/b/c/d", "a//c", "A/b/c", "a/b/c ", "trạm/b/c"] {
            assert_eq!(PointId::parse(text).unwrap_err().found, text);
        }
        assert!(check_part(&"a".repeat(65)).is_err());
    }
}
