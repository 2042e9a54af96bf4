//! The name that somebody probably meant, among names that are known only at run time.

/// `found "x", allowed: a, b; did you mean "a"?`
pub fn not_one_of<'a>(found: &str, known: impl Iterator<Item = &'a str>) -> String {
    let mut known: Vec<_> = known.collect();
    known.sort_unstable();
    let scored = known.iter().map(|name| (strsim::damerau_levenshtein(found, name), *name));
    let hint = match scored.min().filter(|(distance, name)| *distance <= name.len().max(found.len()) / 2) {
        Some((_, name)) => format!("; did you mean \"{name}\"?"),
        None => String::new(),
    };
    let allowed = if known.is_empty() { "none is there".to_owned() } else { known.join(", ") };
    format!("found \"{found}\", allowed: {allowed}{hint}")
}

#[cfg(test)]
mod tests {
    use super::not_one_of;

    #[test]
    fn the_nearest_name_is_offered_when_it_is_near() {
        let known = ["tuf-2000m", "ezo-ph"];
        assert_eq!(
            not_one_of("tuf-200m", known.into_iter()),
            "found \"tuf-200m\", allowed: ezo-ph, tuf-2000m; did you mean \"tuf-2000m\"?"
        );
        assert_eq!(
            not_one_of("zzzzzzzzz", known.into_iter()),
            "found \"zzzzzzzzz\", allowed: ezo-ph, tuf-2000m"
        );
        assert_eq!(not_one_of("x", [].into_iter()), "found \"x\", allowed: none is there");
    }
}
