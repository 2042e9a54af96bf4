//! All subscriptions, as a tree of topic levels: finds who is to get a message without trying every filter.
//!
//! Depth is bounded by `MAX_LEVELS`, so recursion is too. Next: `message.rs` for what it finds.

use std::collections::HashMap;

use crate::codec::Qos;
use crate::filter::Filter;
use crate::message::{Grant, SessionId};

/// What a client asked for with one filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) qos: Qos,
    pub(crate) no_local: bool,
    pub(crate) retain_as_published: bool,
    pub(crate) identifier: Option<u32>,
}

/// Every subscription of every session.
#[derive(Default)]
pub(crate) struct Tree {
    root: Node,
}

#[derive(Default)]
struct Node {
    names: HashMap<Box<str>, Node>,
    plus: Option<Box<Node>>,
    /// Subscriptions that end here.
    here: Vec<(SessionId, Options)>,
    /// Subscriptions that end here with `#`.
    below: Vec<(SessionId, Options)>,
}

impl Tree {
    /// Adds a subscription; tells whether the session already had one with this filter, which it replaces.
    pub(crate) fn insert(&mut self, filter: &Filter, session: SessionId, options: Options) -> bool {
        let mut node = &mut self.root;
        for level in filter.levels() {
            match level {
                "#" => return put(&mut node.below, session, options),
                "+" => node = node.plus.get_or_insert_default(),
                name => node = node.names.entry(name.into()).or_default(),
            }
        }
        put(&mut node.here, session, options)
    }

    /// Takes a subscription away; tells whether there was one.
    pub(crate) fn remove(&mut self, filter: &Filter, session: SessionId) -> bool {
        let levels: Vec<&str> = filter.levels().collect();
        self.root.remove(&levels, session)
    }

    /// Who is to get a message of `from` on `topic`: one grant per session, in the order of sessions.
    pub(crate) fn matches(&self, topic: &str, from: SessionId) -> Vec<Grant> {
        if self.is_empty() {
            return Vec::new();
        }
        let levels: Vec<&str> = topic.split('/').collect();
        let mut found = Vec::new();
        self.root.collect(&levels, topic.starts_with('$'), &mut found);
        found.retain(|(session, options)| !(options.no_local && *session == from));
        found.sort_by_key(|(session, _)| *session);
        merge(found)
    }

    /// Whether nothing is left, not even an empty branch.
    pub(crate) fn is_empty(&self) -> bool {
        self.root.is_empty()
    }
}

impl Node {
    fn is_empty(&self) -> bool {
        self.names.is_empty() && self.plus.is_none() && self.here.is_empty() && self.below.is_empty()
    }

    fn remove(&mut self, levels: &[&str], session: SessionId) -> bool {
        match levels {
            [] => take(&mut self.here, session),
            ["#"] => take(&mut self.below, session),
            ["+", rest @ ..] => {
                let Some(next) = self.plus.as_mut() else { return false };
                let removed = next.remove(rest, session);
                if next.is_empty() {
                    self.plus = None;
                }
                removed
            }
            [name, rest @ ..] => {
                let Some(next) = self.names.get_mut(*name) else { return false };
                let removed = next.remove(rest, session);
                if next.is_empty() {
                    self.names.remove(*name);
                }
                removed
            }
        }
    }

    /// `reserved`: this is the first level and it begins with `$`, which wildcards do not match.
    fn collect(&self, levels: &[&str], reserved: bool, found: &mut Vec<(SessionId, Options)>) {
        if !reserved {
            found.extend_from_slice(&self.below);
        }
        let [name, rest @ ..] = levels else {
            found.extend_from_slice(&self.here);
            return;
        };
        if let (Some(next), false) = (&self.plus, reserved) {
            next.collect(rest, false, found);
        }
        if let Some(next) = self.names.get(*name) {
            next.collect(rest, false, found);
        }
    }
}

fn put(list: &mut Vec<(SessionId, Options)>, session: SessionId, options: Options) -> bool {
    match list.iter_mut().find(|(other, _)| *other == session) {
        Some(entry) => {
            entry.1 = options;
            true
        }
        None => {
            list.push((session, options));
            false
        }
    }
}

fn take(list: &mut Vec<(SessionId, Options)>, session: SessionId) -> bool {
    let before = list.len();
    list.retain(|(other, _)| *other != session);
    list.len() < before
}

fn merge(found: Vec<(SessionId, Options)>) -> Vec<Grant> {
    let mut grants: Vec<Grant> = Vec::new();
    for (session, options) in found {
        let grant = match grants.last_mut() {
            Some(last) if last.to == session => last,
            _ => {
                grants.push(Grant {
                    to: session,
                    qos: Qos::AtMostOnce,
                    retain_as_published: false,
                    identifiers: Vec::new(),
                });
                let Some(last) = grants.last_mut() else { continue };
                last
            }
        };
        grant.qos = grant.qos.max(options.qos);
        grant.retain_as_published |= options.retain_as_published;
        grant.identifiers.extend(options.identifier);
    }
    grants
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: Options =
        Options { qos: Qos::AtLeastOnce, no_local: false, retain_as_published: false, identifier: None };

    fn filter(text: &str) -> Filter {
        Filter::parse(text).unwrap()
    }

    fn connections(tree: &Tree, topic: &str) -> Vec<SessionId> {
        tree.matches(topic, 0).into_iter().map(|grant| grant.to).collect()
    }

    #[test]
    fn overlapping_subscriptions_make_one_grant() {
        let mut tree = Tree::default();
        let low = Options { qos: Qos::AtMostOnce, identifier: Some(7), ..ALL };
        let high = Options { retain_as_published: true, identifier: Some(9), ..ALL };
        assert!(!tree.insert(&filter("a/#"), 1, low));
        assert!(!tree.insert(&filter("a/+"), 1, high));
        let grants = tree.matches("a/b", 0);
        assert_eq!(grants.len(), 1);
        assert_eq!(grants[0].qos, Qos::AtLeastOnce);
        assert!(grants[0].retain_as_published);
        assert_eq!(grants[0].identifiers.len(), 2);
    }

    #[test]
    fn a_publisher_with_no_local_does_not_hear_itself() {
        let mut tree = Tree::default();
        tree.insert(&filter("a"), 1, Options { no_local: true, ..ALL });
        tree.insert(&filter("a"), 2, ALL);
        assert_eq!(tree.matches("a", 1).len(), 1);
        assert_eq!(tree.matches("a", 2).len(), 2);
    }

    #[test]
    fn a_second_subscription_replaces_the_first() {
        let mut tree = Tree::default();
        assert!(!tree.insert(&filter("a"), 1, ALL));
        assert!(tree.insert(&filter("a"), 1, Options { qos: Qos::AtMostOnce, ..ALL }));
        assert_eq!(tree.matches("a", 0)[0].qos, Qos::AtMostOnce);
    }

    proptest! {
        /// The tree finds exactly what trying every filter finds, and is empty once all are taken away.
        #[test]
        fn agrees_with_trying_every_filter(
            filters in prop::collection::vec("(\\+|a|b|\\$x|)(/(\\+|a|b|)){0,3}(/#)?", 1..12),
            topic in "(a|b|\\$x|)(/(a|b|)){0,4}",
        ) {
            let filters: Vec<Filter> = filters.iter().filter_map(|text| Filter::parse(text).ok()).collect();
            let mut tree = Tree::default();
            for (index, filter) in filters.iter().enumerate() {
                tree.insert(filter, index as SessionId, ALL);
            }
            let expected: Vec<SessionId> = (0..filters.len())
                .filter(|index| filters[*index].matches(&topic))
                .map(|index| index as SessionId)
                .collect();
            prop_assert_eq!(tree.matches(&topic, SessionId::MAX).into_iter().map(|g| g.to).collect::<Vec<_>>(), expected);
            for (index, filter) in filters.iter().enumerate() {
                prop_assert!(tree.remove(filter, index as SessionId));
            }
            prop_assert!(tree.is_empty());
        }
    }

    #[test]
    fn wildcards_leave_dollar_topics_alone() {
        let mut tree = Tree::default();
        tree.insert(&filter("#"), 1, ALL);
        tree.insert(&filter("+/a"), 2, ALL);
        tree.insert(&filter("$x/#"), 3, ALL);
        assert_eq!(connections(&tree, "$x/a"), [3]);
        assert_eq!(connections(&tree, "x/a"), [1, 2]);
    }
}
