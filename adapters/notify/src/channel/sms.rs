//! A gateway for SMS that is described in the configuration: method, address, headers and body with fields.

use hub_model::{LocalText, local};

use super::http::Request;
use super::{Outcome, said};
use crate::config::{Channel, Secret, Sms};
use crate::letter::{Addressee, Letter};
use crate::{template, words};

pub(super) fn send(sms: &Sms, channel: &Channel, letter: &Letter, to: &Addressee) -> Outcome {
    let short = words::short(letter, to, sms.max_chars);
    let text = if sms.plain_letters { words::without_accents(&short) } else { short };
    let secret = sms.secret.as_ref().map(Secret::reveal);
    let value = |name: &str| letter.field(to, name, &text, secret);
    let headers: Vec<(&str, String)> =
        sms.headers.iter().map(|(name, template)| (&**name, template.fill(&value, &one_line))).collect();
    let kind =
        headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type")).map(|(_, kind)| &**kind);
    let escape: fn(&str) -> String = match kind {
        Some(kind) if kind.contains("json") => template::json,
        Some(kind) if kind.contains("x-www-form-urlencoded") => template::percent,
        Some(kind) if kind.contains("xml") => template::markup,
        Some(_) => str::to_owned,
        None => template::json,
    };
    let url = sms.url.fill(&value, &template::percent);
    let body = sms.body.as_ref().map(|body| body.fill(&value, &escape).into_bytes());
    let mut request = Request {
        method: &sms.method,
        url: &url,
        headers,
        body,
        timeout: channel.timeout,
        ca: sms.ca.as_deref(),
    };
    if kind_is_missing(&request) {
        request.headers.push(("Content-Type", "application/json".to_owned()));
    }
    let answer = match request.send() {
        Ok(answer) => answer,
        Err(why) => return Outcome::later(why),
    };
    // A gateway may repeat in its answer what it was sent.
    let hidden = |text: &str| match secret.filter(|secret| !secret.is_empty()) {
        Some(secret) => text.replace(secret, "…"),
        None => text.to_owned(),
    };
    let both_hidden = |why: &LocalText| LocalText { vi: hidden(&why.vi), en: hidden(&why.en) };
    match (answer.outcome(|body| said(&hidden(body))), &sms.expect) {
        (Outcome::Delivered(_), Some(expected)) if !answer.body.contains(expected) => {
            let said = said(&hidden(&answer.body));
            Outcome::later(local!(
                "cổng tin nhắn không nhận ({said})",
                "the gateway did not accept it: {said}"
            ))
        }
        (Outcome::Later { why, after }, _) => Outcome::Later { why: both_hidden(&why), after },
        (Outcome::Never(why), _) => Outcome::Never(both_hidden(&why)),
        (delivered, _) => delivered,
    }
}

fn kind_is_missing(request: &Request<'_>) -> bool {
    request.body.is_some()
        && !request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"))
}

/// A value within a header.
fn one_line(text: &str) -> String {
    said(text)
}
