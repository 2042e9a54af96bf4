//! "Did you mean …": the known name that is nearest to one that is not known.

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

/// `, nearest: "…"`, or nothing when no known name is near.
pub fn nearest<'a>(found: &str, known: impl Iterator<Item = &'a str>) -> String {
    if found.len() > MAX_COMPARED_BYTES {
        return String::new();
    }
    let best = known
        .map(|name| (similarity(found, name), name))
        .filter(|(similarity, _)| *similarity >= LEAST_SIMILARITY)
        .max_by(|(a, _), (b, _)| a.total_cmp(b));
    best.map_or_else(String::new, |(_, name)| format!(", nearest: \"{name}\""))
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
        let known = ["tam-hop-water/plc/ph", "dong-bai-waste/bin/fill"];
        assert_eq!(nearest("tam-hop-water/plc/pH", known.into_iter()), ", nearest: \"tam-hop-water/plc/ph\"");
        assert_eq!(nearest("chlorine", ["co", "free_chlorine"].into_iter()), ", nearest: \"free_chlorine\"");
        assert_eq!(nearest("zzz", known.into_iter()), "");
        assert_eq!(nearest(&known[0].repeat(20), known.into_iter()), "");
    }
}
