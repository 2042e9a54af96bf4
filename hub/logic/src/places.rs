//! Where every point and device of the commune stands, by number, so that a reading finds its rules without searching.
//!
//! Built once from the configuration and never changed. Read next: [`crate::memory`], which keeps something for each
//! number.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use hub_model::{Commune, Device, DeviceId, Point, PointId, Site, Subject};

/// The number of a point: its place among all points of the commune.
pub(crate) type PointNo = usize;

struct PointPlace {
    site: usize,
    device_in_site: usize,
    in_device: usize,
    device: usize,
}

struct DevicePlace {
    site: usize,
    in_site: usize,
    points: Range<PointNo>,
}

/// What a rule watches, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Target {
    Point(PointNo),
    Device(usize),
}

/// All points and devices, numbered in the order of the configuration.
pub(crate) struct Places {
    commune: Arc<Commune>,
    points: Vec<PointPlace>,
    devices: Vec<DevicePlace>,
    by_id: HashMap<PointId, PointNo>,
}

impl Places {
    pub(crate) fn new(commune: Arc<Commune>) -> Self {
        let mut places = Self { commune, points: vec![], devices: vec![], by_id: HashMap::new() };
        for (site, its) in places.commune.sites.iter().enumerate() {
            for (in_site, device) in its.devices.iter().enumerate() {
                let first = places.points.len();
                for (in_device, point) in device.points.iter().enumerate() {
                    places.by_id.insert(point.id.clone(), places.points.len());
                    let device = places.devices.len();
                    places.points.push(PointPlace { site, device_in_site: in_site, in_device, device });
                }
                places.devices.push(DevicePlace { site, in_site, points: first..places.points.len() });
            }
        }
        places
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

    pub(crate) fn point(&self, number: PointNo) -> &Point {
        let place = &self.points[number];
        &self.commune.sites[place.site].devices[place.device_in_site].points[place.in_device]
    }

    pub(crate) fn device(&self, target: Target) -> &Device {
        let place = &self.devices[self.device_no(target)];
        &self.commune.sites[place.site].devices[place.in_site]
    }

    pub(crate) fn site(&self, target: Target) -> &Site {
        &self.commune.sites[self.devices[self.device_no(target)].site]
    }

    /// The number of the target's device.
    pub(crate) fn device_no(&self, target: Target) -> usize {
        match target {
            Target::Point(point) => self.points[point].device,
            Target::Device(device) => device,
        }
    }

    /// The points of the target's device.
    pub(crate) fn points_of_device(&self, target: Target) -> Range<PointNo> {
        self.devices[self.device_no(target)].points.clone()
    }

    /// The points of the target's site.
    pub(crate) fn points_of_site(&self, target: Target) -> Range<PointNo> {
        let site = self.devices[self.device_no(target)].site;
        let mut its = self.devices.iter().filter(|device| device.site == site);
        let first = its.next().map_or(0..0, |device| device.points.clone());
        first.start..its.next_back().map_or(first.end, |device| device.points.end)
    }

    /// Another point by its own part of the id: of the same device, else of the same site.
    pub(crate) fn sibling(&self, target: Target, name: &str) -> Option<PointNo> {
        let named = |range: Range<PointNo>| range.into_iter().find(|no| self.point(*no).id.name() == name);
        named(self.points_of_device(target)).or_else(|| named(self.points_of_site(target)))
    }

    pub(crate) fn targets(&self, devices: bool) -> Vec<Target> {
        match devices {
            true => (0..self.devices.len()).map(Target::Device).collect(),
            false => (0..self.points.len()).map(Target::Point).collect(),
        }
    }

    pub(crate) fn subject(&self, target: Target) -> Subject {
        match target {
            Target::Point(point) => Subject::Point(self.point(point).id.clone()),
            Target::Device(_) => Subject::Device(self.device_id(target).clone()),
        }
    }

    pub(crate) fn device_id(&self, target: Target) -> &DeviceId {
        &self.device(target).id
    }
}
