//! Who is to be told of a step of an alarm's life, on which channel, and when. Pure: the same step gives the same notices.
//!
//! It runs before the step is stored, so that the notices stand in the same transaction. Read next: [`crate::config::Route`].

use hub_model::{
    Alarm, AlarmState, Notice, NoticeKind, Priority, Recipient, SiteId, Timestamp, Transition, Why,
};

use crate::config::{Notify, Route};

/// What of a step is told; `None` when nobody needs to hear of it.
pub fn told(step: &Transition) -> Option<NoticeKind> {
    use AlarmState::{Acknowledged, Unacknowledged};
    let was_shown = matches!(step.from, Some(Unacknowledged | Acknowledged));
    match step.why {
        Why::Returned | Why::NoLongerWatched => was_shown.then_some(NoticeKind::Returned),
        Why::Reminded => Some(NoticeKind::Reminded),
        Why::Raised
        | Why::RaisedAgain
        | Why::Unshelved
        | Why::ShelvingEnded
        | Why::SuppressionEnded
        | Why::PutInService => (step.to == Unacknowledged).then_some(NoticeKind::Raised),
        Why::Acknowledged
        | Why::Commented
        | Why::TextReviewed
        | Why::Shelved
        | Why::Suppressed
        | Why::TakenOutOfService
        | Why::Reset => None,
    }
}

/// The notices of a step of `alarm`, each recipient once on each channel, as early as any route has it.
pub fn notices(notify: &Notify, alarm: &Alarm, step: &Transition) -> Vec<Notice> {
    let Some(kind) = told(step) else { return Vec::new() };
    let site = alarm.subject.site();
    let mut planned: Vec<Notice> = Vec::new();
    for route in notify.routes.iter().filter(|route| leads(route, alarm, &site)) {
        let Some((kind, due)) = when(notify, route, alarm.priority, kind, step.at) else { continue };
        for channel in &route.channels {
            for recipient in recipients(notify, route, channel, due.max(step.at)) {
                let key =
                    format!("{}/{}/{}/{channel}/{recipient}", alarm.id, kind.code(), step.at.as_millis());
                let known = planned.iter_mut().find(|notice| notice.key == key);
                if let Some(known) = known {
                    known.due = known.due.min(due);
                    continue;
                }
                planned.push(Notice {
                    key,
                    alarm: alarm.id,
                    kind,
                    at: step.at,
                    priority: alarm.priority,
                    site: site.clone(),
                    channel: channel.clone(),
                    recipient,
                    due,
                });
            }
        }
    }
    planned
}

fn leads(route: &Route, alarm: &Alarm, site: &SiteId) -> bool {
    alarm.priority >= route.min_priority
        && (route.sites.is_empty() || route.sites.contains(site))
        && (route.tags.is_empty() || route.tags.iter().any(|tag| alarm.tags.contains(tag)))
}

/// What a route makes of a step, and when it is due; `None` when it does not tell of it.
fn when(
    notify: &Notify,
    route: &Route,
    priority: Priority,
    kind: NoticeKind,
    at: Timestamp,
) -> Option<(NoticeKind, Timestamp)> {
    let (kind, mut due) = match (route.escalate_after, kind) {
        (_, NoticeKind::Returned) if !route.resolved => return None,
        (Some(after), NoticeKind::Raised) => (NoticeKind::Escalated, at.plus(after)),
        // The next in line hear of an alarm that nobody takes and, if they did, of its end: the outbox knows whether they did.
        (Some(_), NoticeKind::Reminded | NoticeKind::Escalated) => return None,
        (_, kind) => (kind, at),
    };
    if let Some(digest) = route.digest.filter(|_| priority <= route.digest_up_to) {
        due = digest.next(due, &notify.zone);
    }
    if let Some(ends) =
        route.quiet.filter(|_| priority < Priority::Critical).and_then(|quiet| quiet.ends(due, &notify.zone))
    {
        due = ends;
    }
    // What is not put off is due whatever the clock shows: it may be set back before this is sent.
    let is_put_off = due > at;
    Some((kind, if is_put_off { due } else { Timestamp::default() }))
}

/// Whom a route reaches on a channel at a moment.
pub fn recipients(notify: &Notify, route: &Route, channel: &str, moment: Timestamp) -> Vec<Recipient> {
    let Some(channel) = notify.channel(channel) else { return Vec::new() };
    if channel.kind.address().is_none() {
        return vec![Recipient::Channel];
    }
    if route.to.is_empty() {
        return channel.to.iter().cloned().map(Recipient::Address).collect();
    }
    let mut people: Vec<String> = Vec::new();
    for id in &route.to {
        match notify.rota(id) {
            Some(rota) => people.extend(rota.on_duty(moment, &notify.zone).into_iter().map(str::to_owned)),
            None => people.push(id.clone()),
        }
    }
    people.sort_unstable();
    people.dedup();
    people.into_iter().map(Recipient::Person).collect()
}
