//! Which rule watches what, and which readings make it be asked.
//!
//! Built once from the rules and the commune. Read next: [`crate::evaluate`].

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use hub_model::{PointId, RuleId, SiteKind, Subject, Timestamp, Tracking, own};

use crate::places::{Places, Target};
use crate::rules::Rule;
use crate::rules::settings::Settings;
use crate::{RuleFault, RuleSet, Watches};

/// One rule on one subject.
pub(crate) struct Watch {
    /// Its rule's place in the set.
    pub(crate) rule: usize,
    pub(crate) target: Target,
    /// What holds for the rule at its site.
    pub(crate) settings: Arc<Settings>,
    pub(crate) tracking: Tracking,
    /// When the delay that is running ends.
    pub(crate) due: Option<Timestamp>,
    /// What was wrong when its rule was asked last.
    pub(crate) fault: Option<RuleFault>,
    /// What was wrong when its rule last had to say something of an alarm.
    pub(crate) message_fault: Option<RuleFault>,
}

impl Watch {
    pub(crate) fn is_at_fault(&self) -> bool {
        self.fault.is_some() || self.message_fault.is_some()
    }

    pub(crate) fn faults(&self) -> impl Iterator<Item = &RuleFault> {
        self.fault.iter().chain(&self.message_fault)
    }
}

/// All watches, and how to find them.
#[derive(Default)]
pub(crate) struct WatchList {
    pub(crate) all: Vec<Watch>,
    /// For each point, the watches that its readings concern. Points in a row that concern the same ones have the same list.
    pub(crate) by_point: Vec<Arc<[usize]>>,
    /// Watches whose answer changes with time alone.
    pub(crate) timed: Vec<usize>,
    /// Watches whose alarms explain others.
    pub(crate) roots: Vec<usize>,
    by_subject: HashMap<(RuleId, Subject), usize>,
    /// For each point, the longest window that is asked for.
    windows: Vec<Option<Duration>>,
    /// For each point, whether the value before the last one is asked for.
    previous: Vec<bool>,
}

impl WatchList {
    pub(crate) fn new(places: &Places, rules: &RuleSet) -> Self {
        let points = places.point_count();
        let mut list = Self { windows: vec![None; points], previous: vec![false; points], ..Self::default() };
        let mut by_point = vec![vec![]; points];
        for (index, rule) in rules.rules.iter().enumerate().filter(|(_, rule)| !rules.off.contains(&rule.id))
        {
            for target in places.targets(rule.facts.watches.scope) {
                let settings = Settings::new(&rule.facts, places.site(target).rules.get(&*rule.id));
                if settings.enabled && selects(&rule.facts.watches, places, target) {
                    list.add(places, index, rule, target, settings, &mut by_point);
                }
            }
        }
        for watches in by_point {
            let before = list.by_point.last().filter(|before| ***before == *watches).cloned();
            list.by_point.push(before.unwrap_or_else(|| watches.into()));
        }
        list
    }

    /// Adds a watch, and notes it in `by_point` for each point that it concerns.
    fn add(
        &mut self,
        places: &Places,
        index: usize,
        rule: &Rule,
        target: Target,
        settings: Settings,
        by_point: &mut [Vec<usize>],
    ) {
        let settings = Arc::new(settings);
        let number = self.all.len();
        let subject = places.subject(target);
        let mut points: Vec<_> = places.points_of(target).iter().cloned().flatten().collect();
        points.extend(rule.uses.siblings.iter().filter_map(|name| places.sibling(target, name)));
        points.sort_unstable();
        points.dedup();
        for point in points {
            by_point[point].push(number);
            self.windows[point] = self.windows[point].max(rule.uses.window);
            self.previous[point] |= rule.uses.previous;
        }
        if rule.uses.time {
            self.timed.push(number);
        }
        if !rule.facts.explains.is_empty() {
            self.roots.push(number);
        }
        let tracking = untracked(Arc::clone(&rule.id), subject.clone());
        self.by_subject.insert((Arc::clone(&rule.id), subject), number);
        self.all.push(Watch {
            rule: index,
            target,
            settings,
            tracking,
            due: None,
            fault: None,
            message_fault: None,
        });
    }

    /// The longest window that any rule asks of the point.
    pub(crate) fn window(&self, point: usize) -> Option<Duration> {
        self.windows[point]
    }

    /// Whether the watch's alarms explain others.
    pub(crate) fn is_root(&self, number: usize) -> bool {
        self.roots.binary_search(&number).is_ok()
    }

    /// Whether any rule asks for the value before the point's last one.
    pub(crate) fn wants_previous(&self, point: usize) -> bool {
        self.previous[point]
    }

    pub(crate) fn find(&self, rule: &RuleId, subject: &Subject) -> Option<usize> {
        self.by_subject.get(&(Arc::clone(rule), subject.clone())).copied()
    }

    pub(crate) fn of_rule(&self, rule: usize) -> impl Iterator<Item = &Watch> {
        self.all.iter().filter(move |watch| watch.rule == rule)
    }
}

/// Nothing remembered of a rule on a subject.
pub(crate) fn untracked(rule: RuleId, subject: Subject) -> Tracking {
    Tracking { rule, subject, raising_since: None, clearing_since: None, alarm: None, raises: vec![] }
}

fn selects(watches: &Watches, places: &Places, target: Target) -> bool {
    let among = |list: &[String], fits: &dyn Fn(&str) -> bool| {
        list.is_empty() || list.iter().any(|wanted| fits(wanted.as_str()))
    };
    let (site, device) = (places.site(target), places.device_id(target));
    // What is asked of every site of people's is not asked of the hub itself: a rule must mean it.
    let is_meant = watches.site_kind.iter().any(|kind| kind == SiteKind::Hub.code())
        || watches.site.iter().any(|id| id == own::SITE);
    if own::is_own(&site.id) && !is_meant {
        return false;
    }
    let is_device = |id: &str| device.is_some_and(|device| id == device.as_str() || id == device.name());
    let of_site = among(&watches.site_kind, &|kind| kind == site.kind.code())
        && among(&watches.site, &|id| id == site.id.as_str())
        && among(&watches.device, &is_device);
    let Target::Point(number) = target else { return of_site };
    let point = places.point(number);
    let named = |id: &PointId, wanted: &str| wanted == id.as_str() || wanted == id.name();
    of_site
        && among(&watches.quantity, &|code| code == point.quantity.code())
        && among(&watches.point, &|wanted| named(&point.id, wanted))
        && (!watches.alarm || point.alarm.is_some())
}
