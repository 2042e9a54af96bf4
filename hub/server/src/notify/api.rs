//! What the API sees and does of notices: channels, duty, a test message, links. Read next: `hub/api/src/notices.rs`.

use std::sync::Arc;

use adapters_notify::config::Channel;
use adapters_notify::link::{self, BadLink};
use adapters_notify::{Host, Outcome, send};
use adapters_sdk::Clock;
use hub_api::{ChannelTested, Duty, LinkPermit, LinkRefused, NotTested, NoticeChannel, Notices, Pending};
use hub_model::{LocalText, Recipient, Timestamp, local};
use hub_store::{Message, MessageState, OutboxChange};

use super::letters::{Letters, Unreachable};
use super::{Stored, Told};

/// The hub's notices, as the API sees them.
#[derive(Clone)]
pub struct NoticesOfHub {
    /// As configured now.
    pub told: Told,
    /// Keeps what came of a test.
    pub stored: Stored,
    /// For the channels.
    pub host: Arc<dyn Host>,
    /// Signs links.
    pub key: Arc<[u8]>,
    /// The hub's time.
    pub clock: Clock,
}

impl Notices for NoticesOfHub {
    fn channels(&self) -> Vec<NoticeChannel> {
        let telling = self.told.telling();
        let people = |channel: &Channel| {
            let kind = channel.kind.address();
            let reached = telling
                .notify
                .people
                .iter()
                .filter(|person| kind.is_some_and(|kind| person.address(kind).is_some()));
            reached.map(|person| (person.id.clone(), person.name.clone())).collect()
        };
        let channel = |channel: &Channel| NoticeChannel {
            id: channel.id.clone(),
            kind: channel.kind.code(),
            has_recipients: channel.kind.address().is_some(),
            addresses: channel.to.len(),
            people: people(channel),
        };
        telling.notify.channels.iter().map(channel).collect()
    }

    fn duty(&self, now: Timestamp) -> Vec<Duty> {
        let telling = self.told.telling();
        let notify = &telling.notify;
        let named = |id: &str| {
            let name = notify.person(id).map_or(id, |person| &person.name);
            (id.to_owned(), name.to_owned())
        };
        let duty = notify.rotas.iter().map(|rota| Duty {
            rota: rota.id.clone(),
            people: rota.on_duty(now, &notify.zone).into_iter().map(named).collect(),
        });
        duty.collect()
    }

    fn name_of(&self, recipient: &Recipient) -> String {
        match recipient {
            Recipient::Channel => String::new(),
            Recipient::Person(id) => {
                self.told.telling().notify.person(id).map_or_else(|| id.clone(), |person| person.name.clone())
            }
            Recipient::Address(address) => covered(address),
        }
    }

    fn test(&self, channel: &str, to: Option<&str>) -> Pending<Result<ChannelTested, NotTested>> {
        let (this, channel, to) = (self.clone(), channel.to_owned(), to.map(str::to_owned));
        Box::pin(async move { this.try_channel(&channel, to.as_deref()).await })
    }

    fn permit(&self, text: &str, now: Timestamp) -> Result<LinkPermit, LinkRefused> {
        let permit = link::read(&self.key, text, now).map_err(|error| match error {
            BadLink::Forged => LinkRefused::Forged,
            BadLink::Expired => LinkRefused::Expired,
        })?;
        let telling = self.told.telling();
        let Recipient::Person(id) = &permit.recipient else { return Err(LinkRefused::Forged) };
        let person = telling.notify.person(id).ok_or(LinkRefused::Gone)?;
        Ok(LinkPermit {
            alarm: permit.alarm,
            name: person.name.clone(),
            user: person.user.clone(),
            without_login: telling.notify.acknowledge_without_login,
        })
    }
}

impl NoticesOfHub {
    async fn try_channel(&self, id: &str, to: Option<&str>) -> Result<ChannelTested, NotTested> {
        let (telling, now) = (self.told.telling(), self.clock.now());
        let channel = telling.notify.channel(id).ok_or(NotTested::NoChannel)?;
        let message = Message {
            id: self.told.message_id(),
            channel: id.to_owned(),
            recipient: recipient(channel, to, &telling.notify)?,
            is_test: true,
            made_at: now,
            state: MessageState::Pending,
            tries: 1,
            next_try: now,
            finished_at: None,
            detail: LocalText::default(),
            notices: 0,
        };
        let letters = Letters { telling: &telling, stored: &self.stored, key: &self.key };
        let outcome = match letters.write(&message, now) {
            Ok((channel, letter, to)) => send(channel, Arc::new(letter), to, self.host.clone()).await,
            Err(Unreachable::Nobody(why)) => Outcome::Never(why),
            Err(Unreachable::Store(_)) => return Err(NotTested::Storage),
        };
        let (is_delivered, detail) = match outcome {
            Outcome::Delivered(detail) => (true, LocalText::same(detail)),
            Outcome::Never(detail) | Outcome::Later { why: detail, .. } => (false, detail),
        };
        // A test is not tried again: whoever asked sees what came of it.
        let state = if is_delivered { MessageState::Delivered } else { MessageState::Failed };
        let over = Message { state, finished_at: Some(self.clock.now()), detail: detail.clone(), ..message };
        let stored = self.stored.clone();
        let kept = tokio::task::spawn_blocking(move || stored.commit(OutboxChange::Message(over))).await;
        match kept {
            Ok(Ok(())) => Ok(ChannelTested { is_delivered, detail }),
            _ => Err(NotTested::Storage),
        }
    }
}

fn recipient(
    channel: &Channel,
    to: Option<&str>,
    notify: &adapters_notify::Notify,
) -> Result<Recipient, NotTested> {
    let Some(kind) = channel.kind.address() else { return Ok(Recipient::Channel) };
    let reached = || notify.people.iter().filter(|person| person.address(kind).is_some());
    match to {
        None => match channel.to.first() {
            Some(address) => Ok(Recipient::Address(address.clone())),
            None => {
                Err(NotTested::Recipient(local!("cần có: id của một người", "is needed: the id of a person")))
            }
        },
        Some(id) if reached().any(|person| person.id == id) => Ok(Recipient::Person(id.to_owned())),
        Some(id) => {
            let ids = reached().map(|person| &*person.id).collect::<Vec<_>>().join(", ");
            Err(NotTested::Recipient(local!(
                "có \"{id}\", được phép: {ids}",
                "found \"{id}\", allowed: {ids}"
            )))
        }
    }
}

/// An address of which one recognises one's own, and reads nobody else's.
fn covered(address: &str) -> String {
    let (name, rest) =
        address.split_once('@').map_or((address, String::new()), |(name, at)| (name, format!("@{at}")));
    let letters: Vec<char> = name.chars().collect();
    let shown = 2.min(letters.len() / 3);
    let (first, last): (String, String) =
        (letters[..shown].iter().collect(), letters[letters.len() - shown..].iter().collect());
    format!("{first}…{last}{rest}")
}

#[cfg(test)]
mod tests {
    use super::covered;

    #[test]
    fn addresses_are_covered() {
        assert_eq!(covered("nguyenhoa@xa.vn"), "ng…oa@xa.vn");
        assert_eq!(covered("+84912345678"), "+8…78");
        assert_eq!(covered("ab@x"), "…@x");
    }
}
