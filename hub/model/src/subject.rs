//! What a rule watches and an alarm is about: a point, a device, a line that devices share, or a whole site.
//!
//! Holds ids only. Read next: [`crate::Alarm`].

use std::fmt;
use std::sync::Arc;

use crate::{DeviceId, PointId, SiteId};

/// Sets the name of a line apart from that of a device.
const LINE_MARK: &str = "/@";

/// A line that devices of a site share, such as a serial bus: `site/@name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineId(Arc<str>);

impl LineId {
    /// The line of `site` that is reached at `endpoint`; what ids do not allow becomes `-`.
    pub fn new(site: &SiteId, endpoint: &str) -> Self {
        let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
        let kept = endpoint.split('?').next().unwrap_or_default().to_ascii_lowercase();
        let name: String = kept.chars().map(|c| if is_allowed(c) { c } else { '-' }).collect();
        let mut parts: Vec<&str> = name.split('-').collect();
        parts.retain(|part| !part.is_empty());
        Self(format!("{site}{LINE_MARK}{}", parts.join("-")).into())
    }

    /// The full id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its own part of the id, without the mark.
    pub fn name(&self) -> &str {
        self.0.split_once(LINE_MARK).map_or("", |(_, name)| name)
    }

    fn parse(text: &str) -> Option<Self> {
        let (site, name) = text.split_once(LINE_MARK)?;
        let fits = SiteId::parse(site).is_ok() && !name.is_empty() && !name.contains('/');
        fits.then(|| Self(text.into()))
    }
}

impl fmt::Display for LineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a rule watches and an alarm is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// One point.
    Point(PointId),
    /// A device as a whole: whether it speaks at all.
    Device(DeviceId),
    /// A line that several devices share.
    Line(LineId),
    /// A whole site.
    Site(SiteId),
}

impl Subject {
    /// The device concerned; `None` for a line and a site.
    pub fn device(&self) -> Option<DeviceId> {
        match self {
            Self::Point(point) => Some(point.device()),
            Self::Device(device) => Some(device.clone()),
            Self::Line(_) | Self::Site(_) => None,
        }
    }

    /// The site concerned.
    pub fn site(&self) -> SiteId {
        match self {
            Self::Point(point) => point.site(),
            Self::Device(device) => device.site(),
            Self::Site(site) => site.clone(),
            Self::Line(line) => {
                let (site, _) = line.0.split_once(LINE_MARK).unwrap_or((&line.0, ""));
                #[expect(clippy::expect_used, reason = "a line's id is only made with a site's in front")]
                SiteId::parse(site).expect("a line's id begins with a site's")
            }
        }
    }

    /// The full id: [`Subject::parse`] reads it back.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Point(point) => point.as_str(),
            Self::Device(device) => device.as_str(),
            Self::Line(line) => line.as_str(),
            Self::Site(site) => site.as_str(),
        }
    }

    /// Reads a full id; `None` when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let point = || PointId::parse(text).map(Self::Point).ok();
        let device = || DeviceId::parse(text).map(Self::Device).ok();
        let site = || SiteId::parse(text).map(Self::Site).ok();
        LineId::parse(text).map(Self::Line).or_else(point).or_else(device).or_else(site)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_told_apart_by_their_parts() {
        for text in ["a", "a/b", "a/b/c", "a/@tcp-10-0-0-5-502"] {
            let subject = Subject::parse(text).unwrap();
            assert_eq!(subject.as_str(), text);
            assert_eq!(subject.site().as_str(), "a");
        }
        assert_eq!(Subject::parse("a/b/c").unwrap().device(), DeviceId::parse("a/b").ok());
        for text in ["", "a/b/c/d", "a/@", "/@x", "a/@x/y", "A"] {
            assert_eq!(Subject::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_line_is_named_after_its_endpoint_without_what_ids_do_not_allow() {
        let site = SiteId::parse("tram-1").unwrap();
        for (endpoint, id) in [
            ("tcp://10.0.0.5:502", "tram-1/@tcp-10-0-0-5-502"),
            ("serial:///dev/ttyUSB0?baud=9600", "tram-1/@serial-dev-ttyusb0"),
        ] {
            let line = LineId::new(&site, endpoint);
            assert_eq!(line.as_str(), id);
            assert_eq!(Subject::parse(id), Some(Subject::Line(line)));
        }
    }
}
