//! Zalo notification service: a reviewed template with its fields, sent to a phone number.
//!
//! Access tokens last a day, and a refresh token serves once: the next one is on disk before it is used. A message that comes
//! between losing one and keeping the other cannot be sent until somebody gives a new one, and says so.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::http::{Request, post_json};
use super::{Host, Outcome, said};
use crate::config::{Channel, Zalo};
use crate::letter::{Addressee, Letter};
use crate::template::percent;
use crate::words;
use hub_model::{LocalText, NoticeKind, local};

/// Longest tracking id that is taken, in characters.
const MAX_TRACKING: usize = 48;
/// Longest value of a template's field that templates commonly allow, in characters.
const MAX_VALUE: usize = 100;
/// The access token is not good (any more).
const BAD_TOKEN: [i64; 2] = [-124, -216];
/// Their fault, a used-up quota or an empty purse, or the hours of the night: not ours, and over some day.
const LATER: [i64; 9] = [-100, -115, -126, -133, -137, -144, -147, -32, -200];

/// The tokens in hand, as they are kept.
#[derive(Serialize, Deserialize)]
struct Tokens {
    /// Digest of the first refresh token: who puts another one into the configuration wants that to be used.
    first: String,
    access: String,
    refresh: String,
}

#[derive(Deserialize)]
struct Reply {
    error: i64,
    #[serde(default)]
    message: String,
    #[serde(default)]
    data: Value,
}

#[derive(Deserialize)]
struct Renewed {
    access_token: Option<String>,
    refresh_token: Option<String>,
    #[serde(default)]
    error_description: String,
}

pub(super) fn send(
    zalo: &Zalo,
    channel: &Channel,
    letter: &Letter,
    to: &Addressee,
    host: &dyn Host,
) -> Outcome {
    let name = format!("zalo/{}", channel.id);
    let first = crate::link::fingerprint(zalo.refresh_token.reveal());
    let kept = match host.kept(&name) {
        Ok(kept) => kept.and_then(|text| serde_json::from_str::<Tokens>(&text).ok()),
        Err(why) => return Outcome::later(why),
    };
    let mut tokens = kept.filter(|tokens| tokens.first == first).unwrap_or_else(|| Tokens {
        first,
        access: String::new(),
        refresh: zalo.refresh_token.reveal().to_owned(),
    });
    let mut is_renewed = tokens.access.is_empty();
    if is_renewed && let Err(outcome) = renew(zalo, channel, &mut tokens, &name, host) {
        return outcome;
    }
    loop {
        let reply = match ask(zalo, channel, letter, to, &tokens) {
            Ok(reply) => reply,
            Err(outcome) => return outcome,
        };
        match reply.error {
            0 => {
                let id = reply
                    .data
                    .get("msg_id")
                    .map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
                return Outcome::Delivered(id.unwrap_or_default());
            }
            code if BAD_TOKEN.contains(&code) && !is_renewed => {
                is_renewed = true;
                if let Err(outcome) = renew(zalo, channel, &mut tokens, &name, host) {
                    return outcome;
                }
            }
            code => {
                let told = LocalText::same(format!("Zalo {code}: {}", said(&reply.message)));
                let is_passing = LATER.contains(&code) || BAD_TOKEN.contains(&code);
                return if is_passing { Outcome::later(told) } else { Outcome::Never(told) };
            }
        }
    }
}

fn ask(
    zalo: &Zalo,
    channel: &Channel,
    letter: &Letter,
    to: &Addressee,
    tokens: &Tokens,
) -> Result<Reply, Outcome> {
    let kind = letter.told.first().map_or(NoticeKind::Raised, |told| told.kind);
    let of = |wanted: NoticeKind| zalo.templates.iter().find(|(kind, _)| *kind == wanted).map(|(_, id)| id);
    let template = of(kind).or_else(|| of(NoticeKind::Raised)).map(String::as_str).unwrap_or_default();
    let text = words::short(letter, to, MAX_VALUE);
    let value = |name: &str| letter.field(to, name, &text, None);
    let data: Map<String, Value> = zalo
        .data
        .iter()
        .map(|(name, template)| {
            let filled = template.fill(&value, &|text: &str| said(text));
            (name.clone(), words::cut(&filled, MAX_VALUE).into())
        })
        .collect();
    let body = json!({
        "phone": to.address.trim_start_matches('+'),
        "template_id": template,
        "template_data": data,
        "tracking_id": letter.key.chars().take(MAX_TRACKING).collect::<String>(),
    });
    let url = format!("{}/message/template", zalo.api_url);
    let mut request = post_json(&url, "application/json", body.to_string().into_bytes(), &letter.key, None);
    request.headers.push(("access_token", tokens.access.clone()));
    request.timeout = channel.timeout;
    let answer = request.send().map_err(Outcome::later)?;
    serde_json::from_str(&answer.body).map_err(|_| answer.later())
}

/// Gets new tokens, which are on disk when it returns.
fn renew(
    zalo: &Zalo,
    channel: &Channel,
    tokens: &mut Tokens,
    name: &str,
    host: &dyn Host,
) -> Result<(), Outcome> {
    let url = format!("{}/v4/oa/access_token", zalo.oauth_url);
    let form = format!(
        "refresh_token={}&app_id={}&grant_type=refresh_token",
        percent(&tokens.refresh),
        percent(&zalo.app_id)
    );
    let request = Request {
        method: "POST",
        url: &url,
        headers: vec![
            ("Content-Type", "application/x-www-form-urlencoded".to_owned()),
            ("secret_key", zalo.app_secret.reveal().to_owned()),
        ],
        body: Some(form.into_bytes()),
        timeout: channel.timeout,
        ca: None,
    };
    let answer = request.send().map_err(Outcome::later)?;
    let Ok(renewed) = serde_json::from_str::<Renewed>(&answer.body) else {
        return Err(answer.later_unsaid());
    };
    let (Some(access), Some(refresh)) = (renewed.access_token, renewed.refresh_token) else {
        let said = said(&renewed.error_description);
        return Err(Outcome::later(local!(
            "Zalo không cấp mã truy cập mới ({said}); hãy ghi mã làm mới (refresh token) khác vào cấu hình",
            "Zalo gives no new token ({said}); put a new refresh token into the configuration"
        )));
    };
    tokens.access = access;
    tokens.refresh = refresh;
    let text = serde_json::to_string(tokens)
        .map_err(|error| Outcome::later(local!("không ghi lại được mã truy cập ({error})", "{error}")))?;
    host.keep(name, text).map_err(Outcome::later)
}
