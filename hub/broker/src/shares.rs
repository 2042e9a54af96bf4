//! Shared subscriptions: groups whose members take turns.
//!
//! A group stands in the tree of subscriptions like a session, with a number of its own kind. It never looks at messages;
//! `core.rs` asks whose turn it is and gives the message there. Next: `tree.rs`.

use std::collections::HashMap;

use crate::filter::Filter;
use crate::message::SessionId;
use crate::tree::Options;

/// Numbers above this one are groups, not sessions.
const FIRST_GROUP: SessionId = 1 << 63;

/// A shared subscription's name and filter, as `$share/<name>/<filter>` gives them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Shared {
    pub(crate) name: String,
    pub(crate) filter: Filter,
}

impl Shared {
    /// Takes `$share/<name>/<filter>` apart; `None` when it is not written as MQTT says.
    pub(crate) fn parse(text: &str) -> Option<Shared> {
        let (name, filter) = text.strip_prefix("$share/")?.split_once('/')?;
        if name.is_empty() || name.contains(['+', '#', '\0']) {
            return None;
        }
        Some(Shared { name: name.to_owned(), filter: Filter::parse(filter).ok()? })
    }
}

/// All groups.
#[derive(Default)]
pub(crate) struct Shares {
    groups: HashMap<SessionId, Group>,
    numbers: HashMap<Shared, SessionId>,
    made: u64,
}

struct Group {
    members: Vec<(SessionId, Options)>,
    /// Place of the member whose turn it is.
    turn: usize,
}

/// Whether a number from the tree is a group's.
pub(crate) fn is_group(number: SessionId) -> bool {
    number >= FIRST_GROUP
}

impl Shares {
    /// Adds a member; gives the group's number, and whether the group is new and so has to be put into the tree.
    pub(crate) fn join(
        &mut self,
        shared: &Shared,
        session: SessionId,
        options: Options,
    ) -> (SessionId, bool) {
        let known = self.numbers.get(shared).copied();
        let number = known.unwrap_or_else(|| {
            self.made += 1;
            let number = FIRST_GROUP + self.made;
            self.numbers.insert(shared.clone(), number);
            number
        });
        let group = self.groups.entry(number).or_insert_with(|| Group { members: Vec::new(), turn: 0 });
        match group.members.iter_mut().find(|(member, _)| *member == session) {
            Some(member) => member.1 = options,
            None => group.members.push((session, options)),
        }
        (number, known.is_none())
    }

    /// Takes a member away; `None` when it was none, else the group's number and whether the group is over with it.
    pub(crate) fn leave(&mut self, shared: &Shared, session: SessionId) -> Option<(SessionId, bool)> {
        let number = *self.numbers.get(shared)?;
        let group = self.groups.get_mut(&number)?;
        let place = group.members.iter().position(|(member, _)| *member == session)?;
        group.members.remove(place);
        if place < group.turn {
            group.turn -= 1;
        }
        let is_over = group.members.is_empty();
        if is_over {
            self.groups.remove(&number);
            self.numbers.remove(shared);
        }
        Some((number, is_over))
    }

    /// The members of a group from the one whose turn it is; the turn moves on.
    pub(crate) fn in_turn(&mut self, number: SessionId) -> Vec<(SessionId, Options)> {
        let Some(group) = self.groups.get_mut(&number) else { return Vec::new() };
        let from = group.turn % group.members.len().max(1);
        group.turn = from + 1;
        group.members[from..].iter().chain(&group.members[..from]).copied().collect()
    }

    /// Everybody in a group.
    pub(crate) fn members(&self, number: SessionId) -> Vec<SessionId> {
        let members = self.groups.get(&number).map(|group| group.members.as_slice()).unwrap_or_default();
        members.iter().map(|(member, _)| *member).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Qos;

    const OPTIONS: Options =
        Options { qos: Qos::AtLeastOnce, no_local: false, retain_as_published: false, identifier: None };

    #[test]
    fn members_take_turns_and_one_that_leaves_is_passed_over() {
        let mut shares = Shares::default();
        let shared = Shared::parse("$share/nhóm/a/#").unwrap();
        let (number, is_new) = shares.join(&shared, 1, OPTIONS);
        assert!(is_new && is_group(number));
        assert_eq!(shares.join(&shared, 2, OPTIONS), (number, false));
        shares.join(&shared, 3, OPTIONS);
        let mut first = || shares.in_turn(number)[0].0;
        assert_eq!([first(), first(), first(), first()], [1, 2, 3, 1]);
        assert_eq!(shares.leave(&shared, 2), Some((number, false)));
        assert_eq!(shares.leave(&shared, 2), None);
        let firsts: Vec<_> = (0..3).map(|_| shares.in_turn(number)[0].0).collect();
        assert_eq!(firsts, [3, 1, 3]);
        shares.leave(&shared, 1);
        assert_eq!(shares.leave(&shared, 3), Some((number, true)));
        assert!(shares.in_turn(number).is_empty());
    }

    #[test]
    fn what_is_no_shared_subscription_is_none() {
        for text in ["$share/", "$share/a", "$share//a", "$share/a+/b", "$share/a/", "$share/a/b#", "a/b"] {
            assert_eq!(Shared::parse(text), None, "{text}");
        }
    }
}
