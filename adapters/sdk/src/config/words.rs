//! What is said of a faulty key in both languages. Pure; read next: `table.rs`, which says it.

use hub_model::{LocalText, local};

/// Words in Vietnamese and in English.
pub(super) type Both<'a> = (&'a str, &'a str);

/// A text is allowed.
pub(super) const TEXT: Both<'static> = ("một văn bản", "a text");

/// "found x, allowed: y".
pub(super) fn found(what: LocalText, allowed: Both<'_>) -> LocalText {
    LocalText {
        vi: format!("có {}, được phép: {}", what.vi, allowed.0),
        en: format!("found {}, allowed: {}", what.en, allowed.1),
    }
}

/// What is said of a key that must be given and is not.
pub fn needed() -> LocalText {
    local!("cần có mà chưa ghi", "is needed and not given")
}

/// Of a file that a key names: `why` says in both languages what it is or holds, after "which".
pub fn unusable(file: &str, why: &LocalText) -> LocalText {
    let LocalText { vi, en } = why;
    local!("có \"{file}\", tệp này {vi}", "found \"{file}\", which {en}")
}

/// What the parser of TOML says of a text; its words are English.
pub fn syntax(told: &str) -> LocalText {
    local!("không đúng cú pháp TOML ({told})", "{told}")
}

/// "found "x", allowed: a, b, c; did you mean "a"?"
pub(super) fn not_one_of<'a>(found: &str, options: impl Iterator<Item = &'a str> + Clone) -> LocalText {
    let allowed = options.clone().collect::<Vec<_>>().join(", ");
    let hint = closest(found, options).map_or_else(LocalText::default, |name| {
        local!("; có phải \"{name}\" không?", "; did you mean \"{name}\"?")
    });
    LocalText {
        vi: format!("có \"{found}\", được phép: {allowed}{}", hint.vi),
        en: format!("found \"{found}\", allowed: {allowed}{}", hint.en),
    }
}

/// Of a key that nobody asked for.
pub(super) fn unknown_key<'a>(key: &str, known: impl Iterator<Item = &'a str> + Clone) -> LocalText {
    if let Some(name) = closest(key, known.clone()) {
        return local!("khóa không có; có phải \"{name}\" không?", "unknown key; did you mean \"{name}\"?");
    }
    let mut names: Vec<_> = known.collect();
    names.sort_unstable();
    names.dedup();
    let names = names.join(", ");
    local!("khóa không có; được phép: {names}", "unknown key; allowed: {names}")
}

fn closest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let scored = known.map(|name| (strsim::damerau_levenshtein(word, name), name));
    scored.min().filter(|(distance, name)| *distance <= name.len().max(word.len()) / 2).map(|(_, name)| name)
}
