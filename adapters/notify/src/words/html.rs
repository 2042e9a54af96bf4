//! A message as HTML for mail: no picture, no script, nothing that is loaded from anywhere; readable with its colours off.

use hub_model::{NoticeKind, Priority};

use super::moment;
use crate::letter::{Addressee, Letter, Told};
use crate::template::markup;

const PAGE: &str =
    "font-family:Arial,Helvetica,sans-serif;font-size:16px;line-height:1.5;color:#1b1f24;max-width:640px";
const FOOT: &str =
    "color:#57606a;font-size:13px;border-top:1px solid #d0d7de;padding-top:8px;margin-top:24px";
const LABEL: &str = "color:#57606a";
const BUTTON: &str = "display:inline-block;background:#0b5cad;color:#ffffff;padding:8px 16px;border-radius:6px;text-decoration:none;margin:4px 8px 4px 0";
const LINK: &str = "color:#0b5cad";

/// The whole message.
pub fn html(letter: &Letter, to: &Addressee) -> String {
    let words = to.language.words();
    let mut body = String::new();
    if !to.name.is_empty() {
        body.push_str(&format!("<p>{}</p>", markup(&(words.greeting)(&to.name))));
    }
    if letter.is_test {
        body.push_str(&format!("<p>{}</p>", markup(words.test_text)));
    }
    letter.told.iter().for_each(|told| body.push_str(&one(letter, to, told)));
    if letter.more > 0 {
        body.push_str(&format!("<p>… {}</p>", markup(&(words.more)(letter.more))));
    }
    if let Some(url) = letter.hub_url.as_ref().filter(|_| letter.told.len() > 1) {
        body.push_str(&format!(
            "<p><a href=\"{}/alarms\" style=\"{LINK}\">{}</a></p>",
            markup(url),
            markup(words.all)
        ));
    }
    let sent = (words.sent_by)(to.language.of(&letter.commune), &moment(letter.made_at, &letter.zone));
    format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"></head><body><div style=\"{PAGE}\">{body}<p style=\"{FOOT}\">{}</p></div></body></html>",
        to.language.code(),
        markup(&sent)
    )
}

fn one(letter: &Letter, to: &Addressee, told: &Told) -> String {
    let (words, language, alarm) = (to.language.words(), to.language, &told.alarm);
    let colour = match (told.kind, alarm.priority) {
        (NoticeKind::Returned, _) => "#1a7f37",
        (_, Priority::Critical) => "#b3261e",
        (_, Priority::High) => "#bc4c00",
        (_, Priority::Medium | Priority::Low) => "#57606a",
    };
    let details: String = super::details(letter, language, told, words)
        .into_iter()
        .map(|(label, text)| {
            let text = markup(&text).replace('\n', "<br>");
            match label {
                Some(label) => format!("<div><span style=\"{LABEL}\">{}:</span> {text}</div>", markup(label)),
                None => format!("<div>{text}</div>"),
            }
        })
        .collect();
    let look = told
        .page(letter)
        .map(|url| format!("<a href=\"{}\" style=\"{LINK}\">{}</a>", markup(&url), words.look));
    let acknowledge = told
        .acknowledge
        .as_ref()
        .map(|url| format!("<a href=\"{}\" style=\"{BUTTON}\">{}</a>", markup(url), words.acknowledge));
    let links: String = acknowledge.into_iter().chain(look).collect();
    format!(
        "<div style=\"border-left:4px solid {colour};padding:4px 0 4px 12px;margin:16px 0\"><div style=\"color:{colour};font-weight:bold\">{} · {}</div><div style=\"font-size:18px;font-weight:bold\">{}</div>{details}<div style=\"margin-top:8px\">{links}</div></div>",
        markup(words.priority(alarm.priority)),
        markup(words.kind(told.kind)),
        markup(language.of(&alarm.title)),
    )
}
