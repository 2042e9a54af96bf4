//! The name that somebody probably meant, among names that are known only at run time.

use adapters_sdk::config::Place;
use hub_model::{LocalText, local};

/// `found "x", allowed: a, b; did you mean "a"?`
pub fn not_one_of<'a>(found: &str, known: impl Iterator<Item = &'a str>) -> LocalText {
    let mut known: Vec<_> = known.collect();
    known.sort_unstable();
    let scored = known.iter().map(|name| (strsim::damerau_levenshtein(found, name), *name));
    let hint = match scored.min().filter(|(distance, name)| *distance <= name.len().max(found.len()) / 2) {
        Some((_, name)) => local!("; có phải \"{name}\" không?", "; did you mean \"{name}\"?"),
        None => LocalText::default(),
    };
    let allowed = match known.is_empty() {
        true => local!("chưa có gì", "none is there"),
        false => LocalText::same(known.join(", ")),
    };
    LocalText {
        vi: format!("có \"{found}\", được phép: {}{}", allowed.vi, hint.vi),
        en: format!("found \"{found}\", allowed: {}{}", allowed.en, hint.en),
    }
}

/// Of an id that is another one's, which stands at `first`.
pub fn id_taken(id: &str, first: &Place) -> LocalText {
    local!("có \"{id}\", đã là id ở {first}", "found \"{id}\", which is already the id of {first}")
}

/// Of an id that two parts of a list have.
pub fn id_twice(id: &str) -> LocalText {
    local!("có \"{id}\" hai lần, được phép: mỗi phần một id", "found \"{id}\" twice, allowed: an id for each")
}

#[cfg(test)]
mod tests {
    use super::not_one_of;

    #[test]
    fn the_nearest_name_is_offered_when_it_is_near() {
        let known = ["tuf-2000m", "ezo-ph"];
        assert_eq!(
            not_one_of("tuf-200m", known.into_iter()).en,
            "found \"tuf-200m\", allowed: ezo-ph, tuf-2000m; did you mean \"tuf-2000m\"?"
        );
        assert_eq!(
            not_one_of("zzzzzzzzz", known.into_iter()).en,
            "found \"zzzzzzzzz\", allowed: ezo-ph, tuf-2000m"
        );
        assert_eq!(not_one_of("x", [].into_iter()).en, "found \"x\", allowed: none is there");
    }
}
