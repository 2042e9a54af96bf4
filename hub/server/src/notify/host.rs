//! What channels need of the hub: its broker, and a place for tokens that outlives a restart.

use std::sync::mpsc;
use std::time::Duration;

use adapters_notify::Host;
use hub_broker::{Teller, Telling};
use hub_model::{LocalText, local};
use hub_store::{KeptSecret, OutboxChange};

use super::Stored;

/// How long the broker may take to say who was reached.
const REACHED_WITHIN: Duration = Duration::from_secs(5);
/// For how many seconds a notice is of use to a subscriber that is slow to take it.
const EXPIRY_S: u32 = 3_600;

/// The hub, as channels see it.
pub struct HubHost {
    /// The store.
    pub stored: Stored,
    /// The broker, where there is one.
    pub teller: Option<Teller>,
}

impl Host for HubHost {
    fn publish(&self, topic: &str, payload: Vec<u8>) -> Result<(), LocalText> {
        let teller = self
            .teller
            .as_ref()
            .ok_or_else(|| local!("máy chủ của xã không mở MQTT", "the hub has no broker"))?;
        let telling = Telling {
            topic: topic.to_owned(),
            payload: payload.into(),
            response_topic: None,
            correlation: None,
            expiry_s: EXPIRY_S,
        };
        let (sender, reached) = mpsc::sync_channel(1);
        // Whoever waited may have given up.
        if !teller.tell(telling, move |count| sender.send(count).unwrap_or(())) {
            return Err(local!(
                "máy chủ MQTT đang có quá nhiều tin phải gửi",
                "the broker has too much to say just now"
            ));
        }
        match reached.recv_timeout(REACHED_WITHIN) {
            Ok(0) => Err(local!(
                "không ai đang kết nối đăng ký nhận {topic}",
                "nobody who is connected has subscribed to {topic}"
            )),
            Ok(_) => Ok(()),
            Err(_) => {
                Err(local!("máy chủ MQTT không báo tin đã tới ai", "the broker did not say whom it reached"))
            }
        }
    }

    fn kept(&self, name: &str) -> Result<Option<String>, LocalText> {
        let kept = self
            .stored
            .outbox
            .kept(name)
            .map_err(|error| local!("không đọc được kho số liệu ({error})", "{error}"))?;
        Ok(kept.map(|secret| secret.0))
    }

    fn keep(&self, name: &str, text: String) -> Result<(), LocalText> {
        let change = OutboxChange::Keep { name: name.to_owned(), secret: KeptSecret(text) };
        self.stored.commit(change).map_err(|error| local!("kho số liệu không nhận ({error})", "{error}"))
    }
}
