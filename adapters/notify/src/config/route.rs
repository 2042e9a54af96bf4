//! `[[notify.route]]`: which alarms are told on which channels, to whom, and when. Read next: `../plan.rs`, which goes by them.

use std::time::Duration;

use adapters_sdk::config::{Problem, Problems, Table};
use hub_model::{Priority, SiteId};

use super::{Channel, Known, Notify, not_among};
use crate::quiet::{Digest, Quiet};

const PRIORITIES: [(&str, Priority); 4] = [
    ("low", Priority::Low),
    ("medium", Priority::Medium),
    ("high", Priority::High),
    ("critical", Priority::Critical),
];

/// Which alarms are told, where, to whom and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// The channels, by id.
    pub channels: Vec<String>,
    /// People and rotas, by id; empty: whom the channels name themselves.
    pub to: Vec<String>,
    /// Only of these sites; empty: of all.
    pub sites: Vec<SiteId>,
    /// Only at least so urgent.
    pub min_priority: Priority,
    /// Only those with one of these tags; empty: whatever their tags.
    pub tags: Vec<String>,
    /// When only critical alarms are told; the others wait until it is over.
    pub quiet: Option<Quiet>,
    /// Told only when nobody has acknowledged after so long.
    pub escalate_after: Option<Duration>,
    /// When what is not urgent is told together.
    pub digest: Option<Digest>,
    /// What is at most so urgent waits for the digest.
    pub digest_up_to: Priority,
    /// Whether it is also told that an alarm is over.
    pub resolved: bool,
}

pub(super) fn read(
    mut table: Table,
    notify: &Notify,
    known: &Known<'_>,
    problems: &mut Problems,
) -> Option<Route> {
    let [channels_at, to_at, sites_at, digest_at] =
        ["channels", "to", "sites", "digest"].map(|key| table.fault(key, ""));
    let channels = table.texts("channels", problems);
    let to = table.texts("to", problems).unwrap_or_default();
    let sites = table.texts("sites", problems).unwrap_or_default();
    let min_priority = table.choice("min_priority", &PRIORITIES, problems).unwrap_or(Priority::Low);
    let tags = table.texts("tags", problems).unwrap_or_default();
    let quiet = table.parsed("quiet", problems, Quiet::parse);
    let escalate_after = table.duration(
        "escalate_after",
        Duration::from_secs(1)..=Duration::from_secs(7 * 24 * 3600),
        problems,
    );
    let digest = table.parsed("digest", problems, Digest::parse);
    let digest_up_to = table.choice("digest_up_to", &PRIORITIES, problems);
    let resolved = table.boolean("resolved", problems);
    table.finish(problems);
    let error = |at: &Problem, message: String, problems: &mut Problems| {
        problems.error(Problem { message: message.into(), ..at.clone() });
    };

    let channels = channels.unwrap_or_default();
    if channels.is_empty() {
        let ids: Vec<_> = notify.channels.iter().map(|one| &*one.id).collect();
        error(&channels_at, format!("needed: at least one of {}", ids.join(", ")), problems);
    }
    for unknown in channels.iter().filter(|id| notify.channel(id).is_none()) {
        error(&channels_at, not_among(unknown, notify.channels.iter().map(|one| &*one.id)), problems);
    }
    for unknown in to.iter().filter(|id| notify.person(id).is_none() && notify.rota(id).is_none()) {
        let people = notify.people.iter().map(|person| &*person.id);
        let allowed = people.chain(notify.rotas.iter().map(|rota| &*rota.id));
        error(&to_at, not_among(unknown, allowed), problems);
    }
    for channel in channels.iter().filter_map(|id| notify.channel(id)) {
        for message in without_address(channel, &to, notify) {
            error(&to_at, message, problems);
        }
    }
    let read =
        |site: &String| SiteId::parse(site).ok().filter(|id| known.sites.is_none_or(|all| all.contains(id)));
    for unknown in sites.iter().filter(|site| read(site).is_none()) {
        let all = known.sites.unwrap_or_default().iter().map(SiteId::as_str);
        error(&sites_at, not_among(unknown, all), problems);
    }
    if digest_up_to.is_some() && digest.is_none() {
        error(&digest_at, "is needed where digest_up_to is given".to_owned(), problems);
    }
    let digest_up_to = digest_up_to.unwrap_or(Priority::Low);
    if digest.is_some() && min_priority > digest_up_to {
        let message = format!(
            "nothing waits for it: the route tells of {} alarms and up; digest_up_to says what waits, and is low unless given",
            min_priority.code()
        );
        problems.warning(Problem { message: message.into(), ..digest_at });
    }
    Some(Route {
        channels,
        to,
        sites: sites.iter().filter_map(read).collect(),
        min_priority,
        tags,
        quiet,
        escalate_after,
        digest,
        digest_up_to,
        resolved: resolved.unwrap_or(true),
    })
}

/// What keeps a channel from reaching those whom a route names.
fn without_address(channel: &Channel, to: &[String], notify: &Notify) -> Vec<String> {
    let Some(kind) = channel.kind.address() else { return Vec::new() };
    if to.is_empty() {
        let nobody = format!(
            "is needed: the channel \"{}\" writes to people, and names nobody itself (its key to)",
            channel.id
        );
        return if channel.to.is_empty() { vec![nobody] } else { Vec::new() };
    }
    let mut ids: Vec<&str> = Vec::new();
    for id in to {
        match notify.rota(id) {
            Some(rota) => ids.extend(rota.everybody()),
            None => ids.push(id),
        }
    }
    ids.sort_unstable();
    ids.dedup();
    let people = ids.into_iter().filter_map(|id| notify.person(id));
    let without = people.filter(|person| person.address(kind).is_none());
    let told = without.map(|person| {
        format!(
            "found \"{}\", who has no {}, which the channel \"{}\" needs",
            person.id,
            kind.key(),
            channel.id
        )
    });
    told.collect()
}
