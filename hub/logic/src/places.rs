//! Where every point and device of the commune stands, by number, so that a reading finds its rules without searching.
//!
//! Built once from the configuration and never changed. Read next: [`crate::memory`], which keeps something for each
//! number.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use hub_model::{Commune, Device, DeviceId, LineId, Point, PointId, Site, Subject};

use crate::WatchScope;

/// The number of a point: its place among all points of the commune.
pub(crate) type PointNo = usize;
/// The number of a device: its place among all devices of the commune.
pub(crate) type DeviceNo = usize;

struct PointPlace {
    site: usize,
    device_in_site: usize,
    in_device: usize,
    device: usize,
    itself: Range<PointNo>,
}

struct DevicePlace {
    site: usize,
    in_site: usize,
    line: Option<usize>,
    points: Range<PointNo>,
}

struct LinePlace {
    id: LineId,
    site: usize,
    devices: Vec<usize>,
    points: Vec<Range<PointNo>>,
}

struct SitePlace {
    devices: Range<usize>,
    points: Range<PointNo>,
}

/// What a rule watches, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Target {
    Point(PointNo),
    Device(usize),
    /// A line that at least two devices of a site share.
    Line(usize),
    Site(usize),
}

/// All points and devices, numbered in the order of the configuration.
pub(crate) struct Places {
    commune: Arc<Commune>,
    points: Vec<PointPlace>,
    devices: Vec<DevicePlace>,
    lines: Vec<LinePlace>,
    sites: Vec<SitePlace>,
    by_id: HashMap<PointId, PointNo>,
}

impl Places {
    pub(crate) fn new(commune: Arc<Commune>) -> Self {
        let mut places = Self {
            points: vec![],
            devices: vec![],
            lines: vec![],
            sites: vec![],
            by_id: HashMap::new(),
            commune: Arc::clone(&commune),
        };
        for (site, its) in commune.sites.iter().enumerate() {
            let (first_device, first_point) = (places.devices.len(), places.points.len());
            for (in_site, device) in its.devices.iter().enumerate() {
                places.add_device(site, in_site, device);
            }
            places.add_lines(site, first_device..places.devices.len());
            places.sites.push(SitePlace {
                devices: first_device..places.devices.len(),
                points: first_point..places.points.len(),
            });
        }
        places
    }

    fn add_device(&mut self, site: usize, in_site: usize, device: &Device) {
        let first = self.points.len();
        for (in_device, point) in device.points.iter().enumerate() {
            let number = self.points.len();
            self.by_id.insert(point.id.clone(), number);
            let (device, itself) = (self.devices.len(), number..number + 1);
            self.points.push(PointPlace { site, device_in_site: in_site, in_device, device, itself });
        }
        self.devices.push(DevicePlace { site, in_site, line: None, points: first..self.points.len() });
    }

    /// A line that a single device uses says no more than the device does.
    fn add_lines(&mut self, site: usize, devices: Range<usize>) {
        let mut of_line: BTreeMap<LineId, Vec<usize>> = BTreeMap::new();
        for number in devices {
            if let Some(line) = self.device(Target::Device(number)).and_then(|device| device.line.clone()) {
                of_line.entry(line).or_default().push(number);
            }
        }
        for (id, devices) in of_line.into_iter().filter(|(_, devices)| devices.len() > 1) {
            for device in &devices {
                self.devices[*device].line = Some(self.lines.len());
            }
            let points = devices.iter().map(|device| self.devices[*device].points.clone()).collect();
            self.lines.push(LinePlace { id, site, devices, points });
        }
    }

    pub(crate) fn commune(&self) -> &Commune {
        &self.commune
    }

    pub(crate) fn point_count(&self) -> usize {
        self.points.len()
    }

    pub(crate) fn number(&self, id: &PointId) -> Option<PointNo> {
        self.by_id.get(id).copied()
    }

    /// The number of a point, looked for at `likely` first: the points of a device come in their order.
    pub(crate) fn number_near(&self, id: &PointId, likely: PointNo) -> Option<PointNo> {
        let is_it = likely < self.points.len() && self.point(likely).id == *id;
        if is_it { Some(likely) } else { self.number(id) }
    }

    pub(crate) fn point(&self, number: PointNo) -> &Point {
        let place = &self.points[number];
        &self.commune.sites[place.site].devices[place.device_in_site].points[place.in_device]
    }

    /// The target's device; lines and sites have none of their own.
    pub(crate) fn device(&self, target: Target) -> Option<&Device> {
        let place = &self.devices[self.device_no(target)?];
        Some(&self.commune.sites[place.site].devices[place.in_site])
    }

    pub(crate) fn site(&self, target: Target) -> &Site {
        &self.commune.sites[self.site_no(target)]
    }

    fn site_no(&self, target: Target) -> usize {
        match target {
            Target::Point(point) => self.points[point].site,
            Target::Device(device) => self.devices[device].site,
            Target::Line(line) => self.lines[line].site,
            Target::Site(site) => site,
        }
    }

    fn device_no(&self, target: Target) -> Option<usize> {
        match target {
            Target::Point(point) => Some(self.points[point].device),
            Target::Device(device) => Some(device),
            Target::Line(_) | Target::Site(_) => None,
        }
    }

    fn line_no(&self, target: Target) -> Option<usize> {
        match target {
            Target::Line(line) => Some(line),
            _ => self.device_no(target).and_then(|device| self.devices[device].line),
        }
    }

    /// The points that make up the target, in stretches.
    pub(crate) fn points_of(&self, target: Target) -> &[Range<PointNo>] {
        match target {
            Target::Point(point) => std::slice::from_ref(&self.points[point].itself),
            Target::Device(device) => std::slice::from_ref(&self.devices[device].points),
            Target::Line(line) => &self.lines[line].points,
            Target::Site(site) => std::slice::from_ref(&self.sites[site].points),
        }
    }

    /// The devices that make up the target.
    pub(crate) fn devices_of(&self, target: Target) -> impl Iterator<Item = DeviceNo> {
        let (listed, stretch) = match target {
            Target::Line(line) => (self.lines[line].devices.as_slice(), 0..0),
            Target::Site(site) => ([].as_slice(), self.sites[site].devices.clone()),
            _ => ([].as_slice(), 0..0),
        };
        self.device_no(target).into_iter().chain(listed.iter().copied()).chain(stretch)
    }

    pub(crate) fn device_count(&self) -> usize {
        self.devices.len()
    }

    /// The device that the point is of.
    pub(crate) fn device_of(&self, point: PointNo) -> DeviceNo {
        self.points[point].device
    }

    /// Whether `low` is part of `high` and not `high` itself.
    pub(crate) fn lies_under(&self, low: Target, high: Target) -> bool {
        let within = match high {
            Target::Point(_) => false,
            Target::Device(device) => self.device_no(low) == Some(device),
            Target::Line(line) => self.line_no(low) == Some(line),
            Target::Site(site) => self.site_no(low) == site,
        };
        within && low != high
    }

    /// Another point: by its own part of the id, of the same device, else of the same site; or by `device/point` of the site.
    pub(crate) fn sibling(&self, target: Target, name: &str) -> Option<PointNo> {
        if let Some((device, point)) = name.split_once('/') {
            let wanted = |no: &PointNo| {
                let id = &self.point(*no).id;
                id.name() == point && id.device().name() == device
            };
            return self.sites[self.site_no(target)].points.clone().find(wanted);
        }
        let named = |range: &Range<PointNo>| range.clone().find(|no| self.point(*no).id.name() == name);
        let of_device = self.device_no(target).and_then(|device| named(&self.devices[device].points));
        of_device.or_else(|| named(&self.sites[self.site_no(target)].points))
    }

    pub(crate) fn targets(&self, scope: WatchScope) -> Vec<Target> {
        match scope {
            WatchScope::Point => (0..self.points.len()).map(Target::Point).collect(),
            WatchScope::Device => (0..self.devices.len()).map(Target::Device).collect(),
            WatchScope::Line => (0..self.lines.len()).map(Target::Line).collect(),
            // A site without devices has nothing to say.
            WatchScope::Site => {
                let filled = |site: &usize| !self.sites[*site].devices.is_empty();
                (0..self.sites.len()).filter(filled).map(Target::Site).collect()
            }
        }
    }

    pub(crate) fn subject(&self, target: Target) -> Subject {
        match target {
            Target::Point(point) => Subject::Point(self.point(point).id.clone()),
            Target::Device(device) => {
                let place = &self.devices[device];
                Subject::Device(self.commune.sites[place.site].devices[place.in_site].id.clone())
            }
            Target::Line(line) => Subject::Line(self.lines[line].id.clone()),
            Target::Site(site) => Subject::Site(self.commune.sites[site].id.clone()),
        }
    }

    pub(crate) fn device_id(&self, target: Target) -> Option<&DeviceId> {
        self.device(target).map(|device| &device.id)
    }
}
