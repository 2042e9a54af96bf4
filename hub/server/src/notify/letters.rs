//! Makes a letter of a stored message: the alarms as they stand, names, links. Sends nothing.
//!
//! Read next: `adapters/notify/src/letter.rs`.

use std::sync::Arc;

use adapters_notify::config::Kind;
use adapters_notify::letter::{MOST_TOLD, last_of_each};
use adapters_notify::link::{Permit, sign};
use adapters_notify::{Addressee, Channel, Letter, Told};
use hub_model::{Alarm, Commune, LocalText, Notice, NoticeKind, Recipient, Subject, Timestamp, local};
use hub_store::{Message, StoreError};

use super::{Stored, Telling};

/// Notices of a message that are looked at; beyond, they are counted.
const MOST_NOTICES: usize = 2_000;
/// Longest key of a message, in characters: receivers bound it.
const MAX_KEY: usize = 48;

/// What letters are made of.
pub(super) struct Letters<'a> {
    pub telling: &'a Telling,
    pub stored: &'a Stored,
    /// Signs links.
    pub key: &'a [u8],
}

/// Why there is no letter.
pub(super) enum Unreachable {
    /// Not now: the store cannot be read.
    Store(StoreError),
    /// There is nobody to send it to any more.
    Nobody(LocalText),
}

impl From<StoreError> for Unreachable {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Letters<'_> {
    /// The letter of a message, its channel, and whom it is for.
    pub(super) fn write(
        &self,
        message: &Message,
        now: Timestamp,
    ) -> Result<(Arc<Channel>, Letter, Addressee), Unreachable> {
        let notify = &self.telling.notify;
        let gone = || {
            let id = &message.channel;
            Unreachable::Nobody(local!(
                "kênh \"{id}\" không còn trong cấu hình",
                "the channel \"{id}\" is no longer configured"
            ))
        };
        let channel = notify.channel(&message.channel).ok_or_else(gone)?;
        let to = self.addressee(channel, &message.recipient).map_err(Unreachable::Nobody)?;
        let (told, more) = self.told(message, channel, now)?;
        let letter = Letter {
            key: key(message, &self.telling.commune.id),
            channel: channel.id.clone(),
            commune_id: self.telling.commune.id.clone(),
            commune: self.telling.commune.name.clone(),
            hub_url: self.telling.hub_url.clone(),
            zone: notify.zone.clone(),
            made_at: message.made_at,
            is_test: message.is_test,
            told,
            more,
        };
        Ok((Arc::new(channel.clone()), letter, to))
    }

    fn addressee(&self, channel: &Channel, recipient: &Recipient) -> Result<Addressee, LocalText> {
        let nobody = |address: &str| Addressee {
            address: address.to_owned(),
            name: String::new(),
            language: channel.language,
        };
        match (recipient, channel.kind.address()) {
            (Recipient::Channel, _) => Ok(nobody("")),
            (Recipient::Address(address), _) => Ok(nobody(address)),
            (Recipient::Person(id), kind) => {
                let person = self.telling.notify.person(id);
                let person = person.ok_or_else(|| {
                    local!("\"{id}\" không còn trong cấu hình", "\"{id}\" is no longer configured")
                })?;
                let address = kind.and_then(|kind| person.address(kind));
                let address = address.ok_or_else(|| {
                    local!(
                        "\"{id}\" không còn địa chỉ cho kênh này",
                        "\"{id}\" has no address for this channel any more"
                    )
                })?;
                Ok(Addressee {
                    address: address.to_owned(),
                    name: person.name.clone(),
                    language: person.language,
                })
            }
        }
    }

    /// What is told, and how many notices are beyond.
    fn told(
        &self,
        message: &Message,
        channel: &Channel,
        now: Timestamp,
    ) -> Result<(Vec<Told>, u64), Unreachable> {
        let Some((message, notices)) = self.stored.outbox.message(message.id, MOST_NOTICES)? else {
            return Ok((Vec::new(), 0));
        };
        let most = match &channel.kind {
            Kind::Webhook(webhook) => webhook.max_alerts,
            _ => MOST_TOLD,
        };
        let last = last_of_each(&notices);
        let mut told = Vec::new();
        for notice in last.iter().take(most) {
            if let Some((alarm, _)) = self.stored.history.alarm(notice.alarm)? {
                told.push(self.one(notice, alarm, &message.recipient, now));
            }
        }
        let unseen = message.notices.saturating_sub(notices.len() as u64);
        Ok((told, unseen + last.len().saturating_sub(most) as u64))
    }

    fn one(&self, notice: &Notice, alarm: Alarm, recipient: &Recipient, now: Timestamp) -> Told {
        let commune = &self.telling.commune;
        let site_id = alarm.subject.site();
        let site = commune.site(site_id.as_str()).map(|site| site.name.clone());
        let is_asked = notice.kind != NoticeKind::Returned && matches!(recipient, Recipient::Person(_));
        let acknowledge = self.telling.hub_url.as_ref().filter(|_| is_asked).map(|url| {
            let until = now.plus(self.telling.notify.link_valid_for);
            let permit = Permit { alarm: alarm.id, recipient: recipient.clone(), until };
            format!("{url}/acknowledge?t={}", sign(self.key, &permit))
        });
        Told {
            kind: notice.kind,
            at: notice.at,
            site: site.unwrap_or_else(|| LocalText::same(site_id.as_str())),
            about: about(commune, &alarm.subject),
            acknowledge,
            alarm,
        }
    }
}

/// The name of a point or device; empty for a site as a whole.
fn about(commune: &Commune, subject: &Subject) -> LocalText {
    let found = match subject {
        Subject::Point(id) => commune.points().find(|point| point.id == *id).map(|point| point.name.clone()),
        Subject::Device(id) => {
            commune.devices().find(|device| device.id == *id).map(|device| device.name.clone())
        }
        Subject::Line(line) => Some(LocalText::same(line.name())),
        Subject::Site(_) => Some(LocalText::default()),
    };
    found.unwrap_or_else(|| LocalText::same(subject.as_str()))
}

/// The same on every try, and that of no other message of any hub.
pub(super) fn key(message: &Message, commune: &str) -> String {
    let key = format!("{}-{}-{commune}", message.id, message.made_at.as_millis());
    key.chars().take(MAX_KEY).collect()
}
