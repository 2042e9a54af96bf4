//! `[[notify.route]]`: which alarms are told on which channels, to whom, and when. Read next: `../plan.rs`, which goes by them.

use std::time::Duration;

use adapters_sdk::config::{Problems, Table};
use hub_model::{LocalText, Priority, SiteId, local};

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
        ["channels", "to", "sites", "digest"].map(|key| table.at(key));
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

    let channels = channels.unwrap_or_default();
    if channels.is_empty() {
        let ids: Vec<_> = notify.channels.iter().map(|one| &*one.id).collect();
        let ids = ids.join(", ");
        problems.error(
            channels_at.fault(local!("cần ít nhất một trong: {ids}", "needed: at least one of {ids}")),
        );
    }
    for unknown in channels.iter().filter(|id| notify.channel(id).is_none()) {
        problems.error(channels_at.fault(not_among(unknown, notify.channels.iter().map(|one| &*one.id))));
    }
    for unknown in to.iter().filter(|id| notify.person(id).is_none() && notify.rota(id).is_none()) {
        let people = notify.people.iter().map(|person| &*person.id);
        let allowed = people.chain(notify.rotas.iter().map(|rota| &*rota.id));
        problems.error(to_at.fault(not_among(unknown, allowed)));
    }
    for channel in channels.iter().filter_map(|id| notify.channel(id)) {
        for message in without_address(channel, &to, notify) {
            problems.error(to_at.fault(message));
        }
    }
    let read =
        |site: &String| SiteId::parse(site).ok().filter(|id| known.sites.is_none_or(|all| all.contains(id)));
    for unknown in sites.iter().filter(|site| read(site).is_none()) {
        let all = known.sites.unwrap_or_default().iter().map(SiteId::as_str);
        problems.error(sites_at.fault(not_among(unknown, all)));
    }
    if digest_up_to.is_some() && digest.is_none() {
        problems.error(
            digest_at
                .fault(local!("cần có khi đã ghi digest_up_to", "is needed where digest_up_to is given")),
        );
    }
    let digest_up_to = digest_up_to.unwrap_or(Priority::Low);
    if digest.is_some() && min_priority > digest_up_to {
        let from = min_priority.code();
        problems.warning(digest_at.fault(local!(
            "không có gì chờ bản tổng hợp: tuyến này báo cảnh báo từ mức {from} trở lên; digest_up_to cho biết mức nào được chờ, không ghi thì là low",
            "nothing waits for it: the route tells of {from} alarms and up; digest_up_to says what waits, and is low unless given"
        )));
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
fn without_address(channel: &Channel, to: &[String], notify: &Notify) -> Vec<LocalText> {
    let Some(kind) = channel.kind.address() else { return Vec::new() };
    if to.is_empty() {
        let id = &channel.id;
        let nobody = local!(
            "cần có: kênh \"{id}\" gửi cho người, mà tự nó không nêu ai (khóa to của kênh)",
            "is needed: the channel \"{id}\" writes to people, and names nobody itself (its key to)"
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
        let (person, key, channel) = (&person.id, kind.key(), &channel.id);
        local!(
            "có \"{person}\", người này chưa có {key} mà kênh \"{channel}\" cần",
            "found \"{person}\", who has no {key}, which the channel \"{channel}\" needs"
        )
    });
    told.collect()
}
