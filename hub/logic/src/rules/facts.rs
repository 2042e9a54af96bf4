//! What a rule says of itself in `fn rule()`: title, priority, what it watches, delays.
//!
//! Refuses unknown keys and values, naming what is allowed. Read next: [`super::RuleSet`].

use std::collections::BTreeMap;
use std::time::Duration;

use hub_model::{LocalText, Parameter, Priority, Quantity, SiteKind, local};
use rhai::{Dynamic, Map};

use crate::spoken::{PLACEHOLDERS, unknown_placeholder};
use crate::{OnMissing, WatchScope, Watches};

/// The longest delay that a rule may ask for.
pub const MAX_DELAY: Duration = Duration::from_secs(30 * 24 * 3600);
/// The longest text that is shown: longer ones are cut.
pub(crate) const MAX_TEXT_CHARS: usize = 1_000;

/// The shortest time after which an alarm may be told again.
const MIN_REMIND_AFTER: Duration = Duration::from_secs(60);
/// The longest tag, and the most of them.
const MAX_TAG_CHARS: usize = 32;
const MAX_TAGS: usize = 16;
/// The most parameters.
const MAX_PARAMETERS: usize = 16;

const KEYS: [&str; 13] = [
    "title",
    "priority",
    "watches",
    "on_delay",
    "off_delay",
    "on_missing",
    "runbook",
    "tags",
    "latching",
    "remind_after",
    "explains",
    "parameters",
    "announce",
];
const WATCHES_KEYS: [&str; 7] = ["scope", "site_kind", "quantity", "site", "device", "point", "alarm"];

/// What a rule says of itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Facts {
    pub(crate) title: LocalText,
    pub(crate) priority: Priority,
    pub(crate) watches: Watches,
    pub(crate) on_delay: Duration,
    pub(crate) off_delay: Duration,
    pub(crate) on_missing: OnMissing,
    pub(crate) runbook: Option<LocalText>,
    /// Words by which notices are routed.
    pub(crate) tags: Vec<String>,
    /// Whether an alarm stays, its condition gone, until somebody resets it.
    pub(crate) latching: bool,
    /// After how long without an acknowledgement it is told again.
    pub(crate) remind_after: Option<Duration>,
    /// Rules whose alarms below this one's subject are explained by this one.
    pub(crate) explains: Vec<String>,
    /// Its figures, which a site may set otherwise.
    pub(crate) parameters: BTreeMap<String, Parameter>,
    /// What the commune's loudspeakers may say of an alarm: a template.
    pub(crate) announce: Option<LocalText>,
}

/// What is wrong with the facts, and at which key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WrongFact {
    pub(crate) key: String,
    pub(crate) message: LocalText,
}

/// Words in Vietnamese and in English.
type Both<'a> = (&'a str, &'a str);

const TEXTS: Both<'_> = ("{ vi, en } hoặc văn bản", "{ vi, en } or text");

type Read<T> = Result<T, WrongFact>;

impl Facts {
    pub(crate) fn read(given: &Map) -> Read<Self> {
        known_keys(given, &KEYS)?;
        Ok(Self {
            title: required(given, "title", TEXTS, local_text)?,
            priority: required(given, "priority", same("low, medium, high, critical"), |v| {
                text(v)?.parse().ok()
            })?,
            watches: watches(given)?,
            on_delay: optional(
                given,
                "on_delay",
                ("khoảng thời gian tới \"30d\"", "a duration up to \"30d\""),
                delay,
            )?
            .unwrap_or_default(),
            off_delay: optional(
                given,
                "off_delay",
                ("khoảng thời gian tới \"30d\"", "a duration up to \"30d\""),
                delay,
            )?
            .unwrap_or_default(),
            on_missing: optional(given, "on_missing", same("hold, clear, raise"), on_missing)?
                .unwrap_or_default(),
            runbook: optional(given, "runbook", TEXTS, local_text)?,
            tags: each(
                given,
                "tags",
                ("tối đa 16 từ gồm chữ, số, - và _", "up to 16 words of letters, digits, - and _"),
                is_tag,
            )?,
            latching: optional(given, "latching", same("true, false"), |v| v.as_bool().ok())?
                .unwrap_or_default(),
            remind_after: optional(
                given,
                "remind_after",
                ("khoảng thời gian từ \"1m\" đến \"30d\"", "a duration from \"1m\" to \"30d\""),
                |v| delay(v).filter(|after| *after >= MIN_REMIND_AFTER),
            )?,
            parameters: optional(
                given,
                "parameters",
                (
                    "bảng có tối đa 16 số, văn bản, true hoặc false",
                    "a map of up to 16 numbers, texts, true or false",
                ),
                parameters,
            )?
            .unwrap_or_default(),
            announce: announce(given)?,
            explains: each(
                given,
                "explains",
                (
                    "mã quy tắc, một văn bản hoặc danh sách văn bản",
                    "ids of rules, one text or an array of texts",
                ),
                |t| is_id(t, 1),
            )?,
        })
    }
}

/// A text in both languages: a map of `vi` and `en`, or one text for both. Empty and overlong ones are mended or refused.
pub(crate) fn local_text(value: &Dynamic) -> Option<LocalText> {
    let cut = |text: String| -> Option<String> {
        let cut: String = text.trim().chars().take(MAX_TEXT_CHARS).collect();
        (!cut.is_empty()).then_some(cut)
    };
    if let Some(same) = text(value) {
        return cut(same).map(LocalText::same);
    }
    let map = value.read_lock::<Map>()?;
    if known_keys(&map, &["vi", "en"]).is_err() {
        return None;
    }
    let of = |language: &str| map.get(language).and_then(text).and_then(cut);
    Some(LocalText { vi: of("vi")?, en: of("en")? })
}

/// A template, whose every placeholder must be known: else it would be read out as it stands.
fn announce(given: &Map) -> Read<Option<LocalText>> {
    let template = optional(given, "announce", TEXTS, local_text)?;
    let unknown = template.as_ref().and_then(unknown_placeholder);
    match unknown {
        None => Ok(template),
        Some(word) => Err(WrongFact {
            key: "announce".into(),
            message: {
                let known = PLACEHOLDERS.join(", ");
                local!(
                    "có {{{word}}}, trong ngoặc nhọn được phép: {known}",
                    "found {{{word}}}, allowed in braces: {known}"
                )
            },
        }),
    }
}

fn watches(given: &Map) -> Read<Watches> {
    let allowed = (
        "bảng gồm scope, site_kind, quantity, site, device, point, alarm",
        "a map of scope, site_kind, quantity, site, device, point, alarm",
    );
    let map = required(given, "watches", allowed, |value| value.clone().try_cast::<Map>())?;
    known_keys(&map, &WATCHES_KEYS)?;
    if map.is_empty() {
        return Err(WrongFact {
            key: "watches".into(), message: found(("bảng rỗng", "nothing"), allowed)
        });
    }
    let scope = optional(&map, "scope", same("point, device, line, site"), |v| {
        let word = text(v)?;
        WatchScope::ALL.into_iter().find(|scope| scope.code() == word)
    })?;
    let scope = scope.unwrap_or_default();
    let kinds = SiteKind::ALL.map(SiteKind::code).join(", ");
    let ids = ("mã, một văn bản hoặc danh sách văn bản", "ids, one text or an array of texts");
    let read = Watches {
        scope,
        site_kind: each(&map, "site_kind", same(&kinds), |t| {
            SiteKind::ALL.iter().any(|kind| kind.code() == t)
        })?,
        quantity: each(&map, "quantity", ("các đại lượng đã biết", "known quantities"), |t| {
            Quantity::parse(t).is_some()
        })?,
        site: each(&map, "site", ids, |t| is_id(t, 1))?,
        device: each(&map, "device", ids, |t| is_id(t, 1) || is_id(t, 2))?,
        point: each(&map, "point", ids, |t| is_id(t, 1) || is_id(t, 3))?,
        alarm: optional(&map, "alarm", same("true, false"), |v| v.as_bool().ok())?.unwrap_or_default(),
    };
    let (code, narrow) = (scope.code(), matches!(scope, WatchScope::Line | WatchScope::Site));
    let allowed = if narrow { "site_kind, site" } else { "site_kind, site, device" };
    for (key, is_given, fits) in [
        ("quantity", !read.quantity.is_empty(), scope == WatchScope::Point),
        ("point", !read.point.is_empty(), scope == WatchScope::Point),
        ("alarm", read.alarm, scope == WatchScope::Point),
        ("device", !read.device.is_empty(), !narrow),
    ] {
        if is_given && !fits {
            let message = local!(
                "không đi cùng scope: \"{code}\", được phép: {allowed}",
                "does not go with scope: \"{code}\", allowed: {allowed}"
            );
            return Err(WrongFact { key: key.into(), message });
        }
    }
    Ok(read)
}

fn parameters(value: &Dynamic) -> Option<BTreeMap<String, Parameter>> {
    let map = value.read_lock::<Map>()?;
    let read = map.iter().map(|(name, value)| Some((name.to_string(), parameter(value)?)));
    let read: Option<BTreeMap<_, _>> = read.collect();
    read.filter(|read| read.len() <= MAX_PARAMETERS)
}

fn parameter(value: &Dynamic) -> Option<Parameter> {
    let number = value.as_float().or_else(|_| value.as_int().map(|int| int as f64)).ok();
    let number = number.filter(|number| number.is_finite()).map(Parameter::Number);
    number.or_else(|| value.as_bool().ok().map(Parameter::Flag)).or_else(|| text(value).map(Parameter::Text))
}

fn is_tag(text: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    !text.is_empty() && text.chars().count() <= MAX_TAG_CHARS && text.chars().all(fits)
}

fn is_id(text: &str, parts: usize) -> bool {
    text.split('/').count() == parts && text.split('/').all(|part| hub_model::id::check_part(part).is_ok())
}

fn known_keys(given: &Map, known: &[&str]) -> Read<()> {
    match given.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(WrongFact {
            key: key.to_string(),
            message: {
                let known = known.join(", ");
                local!("khóa không có, được phép: {known}", "unknown key, allowed: {known}")
            },
        }),
    }
}

fn same(words: &str) -> Both<'_> {
    (words, words)
}

fn found(what: Both<'_>, allowed: Both<'_>) -> LocalText {
    LocalText {
        vi: format!("có {}, được phép: {}", what.0, allowed.0),
        en: format!("found {}, allowed: {}", what.1, allowed.1),
    }
}

fn required<T>(given: &Map, key: &str, allowed: Both<'_>, read: impl Fn(&Dynamic) -> Option<T>) -> Read<T> {
    optional(given, key, allowed, read)?.ok_or_else(|| WrongFact {
        key: key.into(),
        message: LocalText {
            vi: format!("còn thiếu, được phép: {}", allowed.0),
            en: format!("missing, allowed: {}", allowed.1),
        },
    })
}

fn optional<T>(
    given: &Map,
    key: &str,
    allowed: Both<'_>,
    read: impl Fn(&Dynamic) -> Option<T>,
) -> Read<Option<T>> {
    let Some(value) = given.get(key) else { return Ok(None) };
    let wrong = || WrongFact { key: key.into(), message: found(same(&shown(value)), allowed) };
    read(value).map(Some).ok_or_else(wrong)
}

fn each(given: &Map, key: &str, allowed: Both<'_>, fits: impl Fn(&str) -> bool) -> Read<Vec<String>> {
    let read = |value: &Dynamic| -> Option<Vec<String>> {
        let texts = match text(value) {
            Some(one) => vec![one],
            None => value.read_lock::<rhai::Array>()?.iter().map(text).collect::<Option<Vec<_>>>()?,
        };
        (!texts.is_empty()
            && (key != "tags" || texts.len() <= MAX_TAGS)
            && texts.iter().all(|text| fits(text)))
        .then_some(texts)
    };
    optional(given, key, allowed, read).map(Option::unwrap_or_default)
}

fn text(value: &Dynamic) -> Option<String> {
    value.clone().into_string().ok()
}

fn delay(value: &Dynamic) -> Option<Duration> {
    hub_model::duration::parse(&text(value)?).ok().filter(|delay| *delay <= MAX_DELAY)
}

fn on_missing(value: &Dynamic) -> Option<OnMissing> {
    let word = text(value)?;
    [OnMissing::Hold, OnMissing::Clear, OnMissing::Raise].into_iter().find(|one| one.code() == word)
}

fn shown(value: &Dynamic) -> String {
    let shown: String = value.to_string().chars().take(60).collect();
    match value.is_string() {
        true => format!("\"{shown}\""),
        false => shown,
    }
}
