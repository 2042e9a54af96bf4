//! What a channel is: its kind and the kind's settings, as they were read. Secrets are never printed.
//!
//! Read next: `channel.rs`, which reads them, `../channel/mod.rs`, which sends by them.

use std::fmt;
use std::time::Duration;

use adapters_sdk::config::Place;
use hub_model::NoticeKind;

use super::people::AddressKind;
use crate::template::Template;
use crate::words::Language;

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub(super) String);

impl Secret {
    /// The text itself, to be sent and nothing else.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// A way on which messages go out.
#[derive(Debug, Clone)]
pub struct Channel {
    /// Its id.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// The language of what is written to nobody in particular.
    pub language: Language,
    /// How long the receiver may take.
    pub timeout: Duration,
    /// Addresses that it writes to where a route names nobody.
    pub to: Vec<String>,
    pub(super) place: Place,
}

/// What a channel is.
#[derive(Debug, Clone)]
pub enum Kind {
    /// Alertmanager's webhook, version 4.
    Webhook(Webhook),
    /// A CloudEvent, version 1.0, over HTTP.
    CloudEvents(CloudEvents),
    /// E-mail.
    Email(Email),
    /// A Telegram bot.
    Telegram(Telegram),
    /// Zalo notification service.
    Zalo(Zalo),
    /// A gateway for SMS with an HTTP interface of its own.
    Sms(Sms),
    /// A topic of the hub's own MQTT broker.
    Mqtt(Mqtt),
    /// A program.
    Command(Command),
}

impl Kind {
    /// The word of the configuration.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Webhook(_) => "webhook",
            Self::CloudEvents(_) => "cloudevents",
            Self::Email(_) => "email",
            Self::Telegram(_) => "telegram",
            Self::Zalo(_) => "zalo",
            Self::Sms(_) => "sms_http",
            Self::Mqtt(_) => "mqtt",
            Self::Command(_) => "command",
        }
    }

    /// What it writes to; `None` when it has no recipients.
    pub const fn address(&self) -> Option<AddressKind> {
        match self {
            Self::Email(_) => Some(AddressKind::Email),
            Self::Telegram(_) => Some(AddressKind::Telegram),
            Self::Zalo(_) | Self::Sms(_) => Some(AddressKind::Phone),
            Self::Webhook(_) | Self::CloudEvents(_) | Self::Mqtt(_) | Self::Command(_) => None,
        }
    }
}

/// Keys of `webhook`.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Where it is sent to.
    pub url: String,
    /// With what it is signed.
    pub secret: Option<Secret>,
    /// Certificates that are trusted, in PEM, instead of the usual ones.
    pub ca: Option<Vec<u8>>,
    /// Most alarms in one message; further ones are counted.
    pub max_alerts: usize,
}

/// Keys of `cloudevents`.
#[derive(Debug, Clone)]
pub struct CloudEvents {
    /// Where it is sent to.
    pub url: String,
    /// With what it is signed.
    pub secret: Option<Secret>,
    /// Certificates that are trusted, in PEM, instead of the usual ones.
    pub ca: Option<Vec<u8>>,
}

/// How the connection to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// TLS from the first byte.
    Tls,
    /// TLS after STARTTLS; without it nothing is sent.
    StartTls,
    /// None, on loopback only.
    None,
}

/// Keys of `email`.
#[derive(Debug, Clone)]
pub struct Email {
    /// The server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub encryption: Encryption,
    /// User and password.
    pub login: Option<(String, Secret)>,
    /// Who it is from.
    pub from: String,
    /// Certificates that are trusted, in PEM, instead of the usual ones.
    pub ca: Option<Vec<u8>>,
}

/// Keys of `telegram`.
#[derive(Debug, Clone)]
pub struct Telegram {
    /// The bot's token.
    pub token: Secret,
    /// Where the bot interface is.
    pub api_url: String,
}

/// Keys of `zalo`.
#[derive(Debug, Clone)]
pub struct Zalo {
    /// The application's id.
    pub app_id: String,
    /// Its secret.
    pub app_secret: Secret,
    /// The first refresh token; later ones are kept in the store.
    pub refresh_token: Secret,
    /// The template of each kind of notice; `raised` stands for those that have none of their own.
    pub templates: Vec<(NoticeKind, String)>,
    /// The template's fields.
    pub data: Vec<(String, Template)>,
    /// Where messages are sent to.
    pub api_url: String,
    /// Where tokens are renewed.
    pub oauth_url: String,
}

/// Keys of `sms_http`.
#[derive(Debug, Clone)]
pub struct Sms {
    /// `GET`, `POST` or `PUT`.
    pub method: String,
    /// Where it is sent to.
    pub url: Template,
    /// Further headers.
    pub headers: Vec<(String, Template)>,
    /// The body.
    pub body: Option<Template>,
    /// What `{secret}` stands for.
    pub secret: Option<Secret>,
    /// What the answer must contain to count as success.
    pub expect: Option<String>,
    /// Whether accents are left out, which lets more letters into one SMS.
    pub plain_letters: bool,
    /// Most characters.
    pub max_chars: usize,
    /// Certificates that are trusted, in PEM, instead of the usual ones.
    pub ca: Option<Vec<u8>>,
}

/// Keys of `mqtt`.
#[derive(Debug, Clone)]
pub struct Mqtt {
    /// The topic.
    pub topic: String,
}

/// Keys of `command`.
#[derive(Debug, Clone)]
pub struct Command {
    /// The program, by its whole path, and its arguments.
    pub command: Vec<String>,
}
