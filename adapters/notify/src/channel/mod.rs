//! Sending one message on one channel, and what came of it. The only I/O of this crate.
//!
//! A channel never tries twice by itself and keeps nothing: whoever calls knows what waits. No secret and no address of a secret
//! ever stands in what it says of a failure. Read next: `http.rs`, then any of the kinds.

mod cloudevents;
mod command;
mod email;
mod event;
mod http;
mod mqtt;
mod sms;
mod telegram;
mod webhook;
mod zalo;

use std::sync::Arc;
use std::time::Duration;

use hub_model::{LocalText, local};

use crate::config::{Channel, Kind};
use crate::letter::{Addressee, Letter};

/// Longest text that is kept of what a receiver says, in characters.
const MAX_SAID: usize = 300;

/// What came of sending a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver has taken it, and calls it so.
    Delivered(String),
    /// Not now.
    Later {
        /// Why, in a sentence.
        why: LocalText,
        /// For how long the receiver wants to be left alone.
        after: Option<Duration>,
    },
    /// Never: trying again would end the same way.
    Never(LocalText),
}

impl Outcome {
    fn later(why: LocalText) -> Self {
        Self::Later { why, after: None }
    }
}

/// What channels need of the hub.
pub trait Host: Send + Sync {
    /// Publishes on the hub's own broker.
    ///
    /// # Errors
    /// Why it could not.
    fn publish(&self, topic: &str, payload: Vec<u8>) -> Result<(), LocalText>;

    /// What is kept under a name over restarts.
    ///
    /// # Errors
    /// When it cannot be read.
    fn kept(&self, name: &str) -> Result<Option<String>, LocalText>;

    /// Keeps a text under a name; returns when it is on disk. May block.
    ///
    /// # Errors
    /// When it cannot be kept.
    fn keep(&self, name: &str, text: String) -> Result<(), LocalText>;
}

/// Sends a message. Ends within the channel's time, whatever the receiver does.
pub async fn send(channel: Arc<Channel>, letter: Arc<Letter>, to: Addressee, host: Arc<dyn Host>) -> Outcome {
    // What hangs beyond its own bounds must not hold up whoever waits for it.
    let bound = channel.timeout.saturating_mul(3);
    let sent = async {
        match &channel.kind {
            Kind::Email(email) => email::send(email, &channel, &letter, &to).await,
            Kind::Command(command) => command::send(command, &channel, &letter).await,
            _ => {
                let blocking = channel.clone();
                let asked = tokio::task::spawn_blocking(move || {
                    send_blocking(&blocking, &letter, &to, host.as_ref())
                });
                asked.await.unwrap_or_else(|_| {
                    Outcome::later(local!("việc gửi bị đứt giữa chừng", "sending broke down"))
                })
            }
        }
    };
    tokio::time::timeout(bound, sent).await.unwrap_or_else(|_| Outcome::later(no_answer()))
}

fn send_blocking(channel: &Channel, letter: &Letter, to: &Addressee, host: &dyn Host) -> Outcome {
    match &channel.kind {
        Kind::Webhook(webhook) => webhook::send(webhook, channel, letter),
        Kind::CloudEvents(events) => cloudevents::send(events, channel, letter),
        Kind::Telegram(telegram) => telegram::send(telegram, channel, letter, to),
        Kind::Zalo(zalo) => zalo::send(zalo, channel, letter, to, host),
        Kind::Sms(sms) => sms::send(sms, channel, letter, to),
        Kind::Mqtt(mqtt) => mqtt::send(mqtt, letter, host),
        // These wait without a thread, see above.
        Kind::Email(_) | Kind::Command(_) => {
            Outcome::Never(local!("kênh này không gửi theo cách đó", "not sent this way"))
        }
    }
}

fn no_answer() -> LocalText {
    local!("không trả lời kịp", "no answer in time")
}

/// A piece of what a receiver said, in one line.
fn said(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ").chars().filter(|c| !c.is_control()).take(MAX_SAID).collect()
}
