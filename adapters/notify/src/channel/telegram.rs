//! A Telegram bot: one text a message. The token stands in the address, so no fault tells that.

use std::time::Duration;

use hub_model::{LocalText, local};
use serde::Deserialize;
use serde_json::json;

use super::http::{Answer, post_json};
use super::{Outcome, said};
use crate::config::{Channel, Telegram};
use crate::letter::{Addressee, Letter};
use crate::words;

/// Longest text that Telegram takes, in characters.
const MAX_CHARS: usize = 4096;

#[derive(Debug, Deserialize)]
struct Reply {
    ok: bool,
    #[serde(default)]
    description: String,
    result: Option<Sent>,
    parameters: Option<Parameters>,
}

#[derive(Debug, Deserialize)]
struct Sent {
    message_id: i64,
}

#[derive(Debug, Deserialize)]
struct Parameters {
    retry_after: Option<u64>,
    migrate_to_chat_id: Option<i64>,
}

pub(super) fn send(telegram: &Telegram, channel: &Channel, letter: &Letter, to: &Addressee) -> Outcome {
    let text = words::cut(&words::plain(letter, to), MAX_CHARS);
    let body = json!({
        "chat_id": to.address,
        "text": text,
        "link_preview_options": {"is_disabled": true},
    });
    let url = format!("{}/bot{}/sendMessage", telegram.api_url, telegram.token.reveal());
    let mut request = post_json(&url, "application/json", body.to_string().into_bytes(), &letter.key, None);
    request.timeout = channel.timeout;
    match request.send() {
        Ok(answer) => outcome(&answer, telegram),
        Err(why) => Outcome::later(why),
    }
}

fn outcome(answer: &Answer, telegram: &Telegram) -> Outcome {
    let Ok(reply) = serde_json::from_str::<Reply>(&answer.body) else { return answer.later() };
    let told = LocalText::same(said(&reply.description).replace(telegram.token.reveal(), "…"));
    let parameters = reply.parameters.unwrap_or(Parameters { retry_after: None, migrate_to_chat_id: None });
    match (reply.ok, answer.status) {
        (true, _) => {
            Outcome::Delivered(reply.result.map_or_else(String::new, |sent| sent.message_id.to_string()))
        }
        (false, _) if let Some(number) = parameters.migrate_to_chat_id => Outcome::Never(local!(
            "nhóm nay có số khác: {number}; hãy ghi số đó vào cấu hình",
            "the group has another number now: {number}; put it into the configuration"
        )),
        // The chat is unknown, or the person has blocked the bot.
        (false, 400 | 403) => Outcome::Never(told),
        (false, _) => Outcome::Later { why: told, after: parameters.retry_after.map(Duration::from_secs) },
    }
}
