//! `[[notify.channel]]`: the ways on which messages go out, each kind with its own keys. Opens nothing.
//!
//! A secret is given by a file; where its text stands in the configuration itself, others must not be able to read that. Read
//! next: `../channel/mod.rs`, which sends.

use std::time::Duration;

use adapters_sdk::config::{Problems, Table, needed, unusable};
use hub_model::{LocalText, NoticeKind, id, local};

use super::SecretFiles;
use super::kind::{
    Channel, CloudEvents, Command, Email, Encryption, Kind, Mqtt, Secret, Sms, Telegram, Webhook, Zalo,
};
use crate::template::Template;
use crate::words::Language;

/// How long a receiver may take unless said otherwise.
const TIMEOUT: Duration = Duration::from_secs(20);
const TELEGRAM: &str = "https://api.telegram.org";
const ZALO: &str = "https://business.openapi.zalo.me";
const ZALO_OAUTH: &str = "https://oauth.zaloapp.com";
/// Characters of an SMS: three parts of 70 with accents.
const SMS_CHARS: i64 = 201;

/// What reading a channel needs beside its table.
pub(super) struct Context<'a> {
    pub files: &'a dyn SecretFiles,
    pub allow_commands: bool,
    pub has_broker: bool,
}

const KINDS: [(&str, &str); 8] = [
    ("email", "email"),
    ("webhook", "webhook"),
    ("cloudevents", "cloudevents"),
    ("telegram", "telegram"),
    ("zalo", "zalo"),
    ("sms_http", "sms_http"),
    ("mqtt", "mqtt"),
    ("command", "command"),
];

pub(super) fn read(mut table: Table, context: &Context<'_>, problems: &mut Problems) -> Option<Channel> {
    let place = table.place_of("id");
    let (kind_at, to_at) = (table.at("kind"), table.at("to"));
    let id = table.needed_parsed("id", problems, |text| id::check_part(text).map(|()| text.to_owned()));
    let kind = table.needed_choice("kind", &KINDS, problems)?;
    let language = table.choice("language", &Language::CHOICES, problems).unwrap_or_default();
    let bounds = Duration::from_secs(1)..=Duration::from_secs(120);
    let timeout = table.duration("timeout", bounds, problems).unwrap_or(TIMEOUT);
    let to = table.texts("to", problems).unwrap_or_default();
    let read = match kind {
        "webhook" => webhook(&mut table, context, problems).map(Kind::Webhook),
        "cloudevents" => cloudevents(&mut table, context, problems).map(Kind::CloudEvents),
        "email" => email(&mut table, context, problems).map(Kind::Email),
        "telegram" => telegram(&mut table, context, problems).map(Kind::Telegram),
        "zalo" => zalo(&mut table, context, problems).map(Kind::Zalo),
        "sms_http" => sms(&mut table, context, problems).map(Kind::Sms),
        "mqtt" => {
            if !context.has_broker {
                problems.error(kind_at.fault(local!(
                    "có \"mqtt\", chỉ được phép khi máy chủ của xã mở MQTT để chuyển tin báo",
                    "found \"mqtt\", allowed: only where the hub has a broker that carries notices"
                )));
            }
            mqtt(&mut table, problems).map(Kind::Mqtt)
        }
        _ => {
            if !context.allow_commands {
                problems.error(kind_at.fault(local!(
                    "có \"command\", chỉ được phép khi [notify] có allow_commands = true; khi đó máy chủ sẽ chạy chương trình ấy",
                    "found \"command\", allowed: only with allow_commands = true in [notify]; the hub then runs that program"
                )));
            }
            command(&mut table, problems).map(Kind::Command)
        }
    };
    table.finish(problems);
    let kind = read?;
    for address in &to {
        let checked = match kind.address() {
            Some(sort) => sort.check(address).map(drop),
            None => Err(local!(
                "có \"{address}\", không được phép ghi gì: loại này không có người nhận",
                "found \"{address}\", allowed: nothing; this kind has no recipients"
            )),
        };
        if let Err(message) = checked {
            problems.error(to_at.fault(message));
        }
    }
    Some(Channel { id: id?, kind, language, timeout, to, place })
}

fn webhook(table: &mut Table, context: &Context<'_>, problems: &mut Problems) -> Option<Webhook> {
    let url = url(table, "url", problems);
    let secret = secret(table, "secret", "secret_file", context, problems);
    let ca = ca(table, context, problems);
    let max_alerts = table.integer("max_alerts", 1..=1000, problems).unwrap_or(100);
    Some(Webhook {
        url: url?,
        secret: secret?,
        ca: ca?,
        max_alerts: usize::try_from(max_alerts).unwrap_or(100),
    })
}

fn cloudevents(table: &mut Table, context: &Context<'_>, problems: &mut Problems) -> Option<CloudEvents> {
    let url = url(table, "url", problems);
    let secret = secret(table, "secret", "secret_file", context, problems);
    let ca = ca(table, context, problems);
    Some(CloudEvents { url: url?, secret: secret?, ca: ca? })
}

fn email(table: &mut Table, context: &Context<'_>, problems: &mut Problems) -> Option<Email> {
    let exposed = table.fault(
        "tls",
        local!(
            "có \"none\", chỉ được phép với máy chủ ngay trên máy này; nếu không: starttls hoặc tls",
            "found \"none\", allowed: only for a server on loopback; else starttls or tls"
        ),
    );
    let half = table.fault(
        "username",
        local!(
            "đăng nhập cần cả username lẫn password_file, hoặc không ghi cả hai",
            "a login needs username and password_file, or neither"
        ),
    );
    let host = table.needed_text("host", problems);
    let options = [("starttls", Encryption::StartTls), ("tls", Encryption::Tls), ("none", Encryption::None)];
    let encryption = table.choice("tls", &options, problems).unwrap_or(Encryption::StartTls);
    let port = table.integer("port", 1..=65_535, problems);
    let username = table.text("username", problems);
    let password = secret(table, "password", "password_file", context, problems);
    let from = table.needed_parsed("from", problems, |text| match text.parse::<lettre::message::Mailbox>() {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(local!(
            "có \"{text}\", được phép: địa chỉ như \"Xã Tam Hợp <hub@xa.example.vn>\"",
            "found \"{text}\", allowed: an address such as \"Xã Tam Hợp <hub@xa.example.vn>\""
        )),
    });
    let ca = ca(table, context, problems);
    let (host, password) = (host?, password?);
    let is_local = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if encryption == Encryption::None && !is_local {
        problems.error(exposed);
    }
    if username.is_some() != password.is_some() {
        problems.error(half);
    }
    let usual = if encryption == Encryption::Tls { 465 } else { 587 };
    let port = port.and_then(|port| u16::try_from(port).ok()).unwrap_or(usual);
    Some(Email { host, port, encryption, login: username.zip(password), from: from?, ca: ca? })
}

fn telegram(table: &mut Table, context: &Context<'_>, problems: &mut Problems) -> Option<Telegram> {
    let token = needed_secret(table, "token", "token_file", context, problems);
    let api_url = url_or(table, "api_url", TELEGRAM, problems);
    Some(Telegram { token: token?, api_url: api_url? })
}

fn zalo(table: &mut Table, context: &Context<'_>, problems: &mut Problems) -> Option<Zalo> {
    let app_id = table.needed_text("app_id", problems);
    let app_secret = needed_secret(table, "app_secret", "app_secret_file", context, problems);
    let refresh_token = needed_secret(table, "refresh_token", "refresh_token_file", context, problems);
    let none = table.fault(
        "templates",
        local!(
            "cần có: {{ raised = \"mã mẫu tin\" }}, và cho các loại khác: returned, reminded, escalated",
            "needed: {{ raised = \"template id\" }}, and for others returned, reminded, escalated"
        ),
    );
    let mut templates = Vec::new();
    if let Some(mut given) = table.table("templates", problems) {
        for (key, kind) in [
            ("raised", NoticeKind::Raised),
            ("returned", NoticeKind::Returned),
            ("reminded", NoticeKind::Reminded),
            ("escalated", NoticeKind::Escalated),
        ] {
            templates.extend(given.text(key, problems).map(|id| (kind, id)));
        }
        given.finish(problems);
    }
    if !templates.iter().any(|(kind, _)| *kind == NoticeKind::Raised) {
        problems.error(none);
    }
    let data = named_templates(table, "template_data", false, problems);
    let api_url = url_or(table, "api_url", ZALO, problems);
    let oauth_url = url_or(table, "oauth_url", ZALO_OAUTH, problems);
    Some(Zalo {
        app_id: app_id?,
        app_secret: app_secret?,
        refresh_token: refresh_token?,
        templates,
        data,
        api_url: api_url?,
        oauth_url: oauth_url?,
    })
}

fn sms(table: &mut Table, context: &Context<'_>, problems: &mut Problems) -> Option<Sms> {
    let secret = secret(table, "secret", "secret_file", context, problems)?;
    let has_secret = secret.is_some();
    let no_recipient = table.fault(
        "url",
        local!(
            "cả địa chỉ lẫn body đều không dùng {{to}}: cổng tin nhắn sẽ không biết gửi cho ai",
            "neither it nor the body uses {{to}}: the gateway would not know whom to write to"
        ),
    );
    let method = table.choice("method", &[("GET", "GET"), ("POST", "POST"), ("PUT", "PUT")], problems);
    let url = table.needed_parsed("url", problems, |text| {
        if !(text.starts_with("http://") || text.starts_with("https://")) {
            return Err(no_address());
        }
        Template::parse(text, has_secret)
    });
    let headers = named_templates(table, "headers", has_secret, problems);
    let body = table.parsed("body", problems, |text| Template::parse(text, has_secret));
    let expect = table.text("expect", problems);
    let accents = table.boolean("accents", problems).unwrap_or(true);
    let max_chars = table.integer("max_chars", 20..=1000, problems).unwrap_or(SMS_CHARS);
    let ca = ca(table, context, problems);
    let url = url?;
    if !url.uses("to") && !body.as_ref().is_some_and(|body| body.uses("to")) {
        problems.error(no_recipient);
    }
    Some(Sms {
        method: method.unwrap_or("POST").to_owned(),
        url,
        headers,
        body,
        secret,
        expect,
        plain_letters: !accents,
        max_chars: usize::try_from(max_chars).unwrap_or(200),
        ca: ca?,
    })
}

fn mqtt(table: &mut Table, problems: &mut Problems) -> Option<Mqtt> {
    let topic = table.needed_parsed("topic", problems, |text| {
        let is_name = !text.is_empty()
            && text.len() <= 256
            && !text.contains(['+', '#', '\0'])
            && !text.starts_with('$');
        let refused = || {
            local!(
                "có \"{text}\", được phép: chủ đề không có + và #, ví dụ \"commune/v1/notices\"",
                "found \"{text}\", allowed: a topic without + and #, such as \"commune/v1/notices\""
            )
        };
        if is_name { Ok(text.to_owned()) } else { Err(refused()) }
    });
    Some(Mqtt { topic: topic? })
}

fn command(table: &mut Table, problems: &mut Problems) -> Option<Command> {
    let fault = table.fault(
        "command",
        local!(
            "cần có: danh sách mà phần đầu là chương trình với đường dẫn đầy đủ, ví dụ [\"/usr/local/bin/siren\"]",
            "needed: a list whose first text is a program by its whole path, such as [\"/usr/local/bin/siren\"]"
        ),
    );
    let command = table.texts("command", problems).unwrap_or_default();
    if !command.first().is_some_and(|program| program.starts_with('/')) {
        problems.error(fault);
        return None;
    }
    Some(Command { command })
}

fn named_templates(
    table: &mut Table,
    key: &'static str,
    has_secret: bool,
    problems: &mut Problems,
) -> Vec<(String, Template)> {
    let Some(inner) = table.table(key, problems) else { return Vec::new() };
    let at = inner.clone();
    let mut templates = Vec::new();
    for (name, text) in inner.into_texts(problems) {
        match Template::parse(&text, has_secret) {
            Ok(template) => templates.push((name, template)),
            Err(message) => problems.error(at.fault(&name, message)),
        }
    }
    templates
}

fn no_address() -> LocalText {
    local!(
        "được phép: địa chỉ bắt đầu bằng http:// hoặc https://",
        "allowed: an address that begins with http:// or https://"
    )
}

fn check_url(text: &str) -> Result<String, LocalText> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest.map(|rest| rest.split(['/', '?']).next().unwrap_or_default());
    match host {
        // What was found may hold a password.
        Some(host) if host.contains('@') => Err(local!(
            "có địa chỉ kèm tên đăng nhập, được phép: địa chỉ không kèm; bí mật được ghi trong tệp riêng",
            "found one with a login, allowed: an address without; secrets are given by a file"
        )),
        Some(host) if !host.is_empty() && !text.contains(char::is_whitespace) => Ok(text.to_owned()),
        _ => Err(no_address()),
    }
}

fn url(table: &mut Table, key: &'static str, problems: &mut Problems) -> Option<String> {
    table.needed_parsed(key, problems, check_url)
}

fn url_or(table: &mut Table, key: &'static str, usual: &str, problems: &mut Problems) -> Option<String> {
    if !table.has(key) {
        return Some(usual.to_owned());
    }
    table.parsed(key, problems, |text| check_url(text).map(|url| url.trim_end_matches('/').to_owned()))
}

/// A secret, given as a text or by a file. `None` when it was faulty; `Some(None)` when there is none.
fn secret(
    table: &mut Table,
    plain: &'static str,
    file: &'static str,
    context: &Context<'_>,
    problems: &mut Problems,
) -> Option<Option<Secret>> {
    let place = table.place_of(plain);
    let at = table.at(file);
    let both = table.fault(
        file,
        local!(
            "ghi cùng với {plain}, được phép: một trong hai",
            "found it beside {plain}, allowed: one of both"
        ),
    );
    let (text, path) = (table.secret(plain, problems), table.text(file, problems));
    if text.is_some() {
        context.files.warn_of_readers(&place, problems);
    }
    match (text, path) {
        (Some(_), Some(_)) => {
            problems.error(both);
            None
        }
        (Some(text), None) => Some(Some(Secret(text))),
        (None, None) => Some(None),
        (None, Some(path)) => match context.files.first_line(&path) {
            Ok(text) => Some(Some(Secret(text))),
            Err(why) => {
                problems.error(at.fault(unusable(&path, &why)));
                None
            }
        },
    }
}

fn needed_secret(
    table: &mut Table,
    plain: &'static str,
    file: &'static str,
    context: &Context<'_>,
    problems: &mut Problems,
) -> Option<Secret> {
    let needed = table.fault(file, needed());
    match secret(table, plain, file, context, problems)? {
        Some(secret) => Some(secret),
        None => {
            problems.error(needed);
            None
        }
    }
}

/// Certificates that are trusted instead of the usual ones. `None` when the file is faulty.
fn ca(table: &mut Table, context: &Context<'_>, problems: &mut Problems) -> Option<Option<Vec<u8>>> {
    let at = table.at("ca_file");
    let Some(path) = table.text("ca_file", problems) else { return Some(None) };
    let why = match context.files.text(&path) {
        Ok(pem) if pem.contains("-----BEGIN CERTIFICATE-----") => return Some(Some(pem.into_bytes())),
        Ok(_) => local!("không chứa chứng chỉ dạng PEM", "holds no certificate in PEM"),
        Err(why) => why,
    };
    problems.error(at.fault(unusable(&path, &why)));
    None
}
