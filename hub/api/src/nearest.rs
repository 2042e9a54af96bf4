//! "Did you mean …": the known name that is nearest to one that is not known.

use hub_model::{LocalText, local};

/// Names farther apart than this (0 to 1, 1 is equal) are not offered.
const LEAST_SIMILARITY: f64 = 0.6;
/// Shorter names are in too many others for that to mean anything.
const LEAST_PART_BYTES: usize = 4;

/// Longer names are not compared: the effort grows with the square of their length.
const MAX_COMPARED_BYTES: usize = 256;

/// Longest piece of an unknown name that is said back, in characters.
const MAX_SHOWN: usize = 200;

/// An unknown name as it is said back.
pub fn said_back(found: &str) -> String {
    found.chars().take(MAX_SHOWN).collect()
}

/// Of an id that nothing of these has: `no point "tam-hop-water/plc/pH", nearest: "…"`.
pub fn nothing_has<'a>(what: &LocalText, found: &str, known: impl Iterator<Item = &'a str>) -> LocalText {
    let (LocalText { vi: what_vi, en: what }, shown) = (what, said_back(found));
    let LocalText { vi: near_vi, en: near } = nearest(found, known);
    local!("không có {what_vi} \"{shown}\"{near_vi}", "no {what} \"{shown}\"{near}")
}

/// `, nearest: "…"`, or nothing when no known name is near.
pub fn nearest<'a>(found: &str, known: impl Iterator<Item = &'a str>) -> LocalText {
    if found.len() > MAX_COMPARED_BYTES {
        return LocalText::default();
    }
    let best = known
        .map(|name| (similarity(found, name), name))
        .filter(|(similarity, _)| *similarity >= LEAST_SIMILARITY)
        .max_by(|(a, _), (b, _)| a.total_cmp(b));
    best.map_or_else(LocalText::default, |(_, name)| {
        local!(", gần giống nhất: \"{name}\"", ", nearest: \"{name}\"")
    })
}

/// 0 to 1. A name that is a part of the other counts as near even when much is missing.
fn similarity(found: &str, known: &str) -> f64 {
    let by_edits = strsim::normalized_damerau_levenshtein(found, known);
    let (shorter, longer) = if found.len() < known.len() { (found, known) } else { (known, found) };
    if shorter.len() < LEAST_PART_BYTES || !longer.contains(shorter) {
        return by_edits;
    }
    by_edits.max(LEAST_SIMILARITY + (1.0 - LEAST_SIMILARITY) * shorter.len() as f64 / longer.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_near_is_offered() {
        let known = ["tam-hop-water/plc/ph", "dong-bai-waste/bin/fill", "co", "free_chlorine"];
        let nearest = |found: &str| nearest(found, known.into_iter());
        assert_eq!(nearest("tam-hop-water/plc/pH").en, ", nearest: \"tam-hop-water/plc/ph\"");
        assert_eq!(nearest("chlorine").en, ", nearest: \"free_chlorine\"");
        assert_eq!(nearest("zzz"), LocalText::default());
        assert_eq!(nearest(&known[0].repeat(20)), LocalText::default());
    }

    #[test]
    fn an_unknown_id_is_told_in_both_languages() {
        let told = nothing_has(&local!("điểm đo", "point"), "plc/pH", ["plc/ph"].into_iter());
        assert_eq!(told.vi, "không có điểm đo \"plc/pH\", gần giống nhất: \"plc/ph\"");
        assert_eq!(told.en, "no point \"plc/pH\", nearest: \"plc/ph\"");
    }
}
