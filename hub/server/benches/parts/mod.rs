//! The parts of a bench that its command line asks for.

/// What the command line names, in the order in which it stands here; all of it where nothing is named.
///
/// # Panics
/// When something is named that is not here.
pub fn asked<T: Copy>(parts: &[(&str, T)]) -> Vec<T> {
    // `cargo bench` adds a flag of its own.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    if let Some(unknown) = words.iter().find(|word| parts.iter().all(|(name, _)| name != word)) {
        let allowed = parts.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        panic!("found the part \"{unknown}\", allowed: {allowed}");
    }
    let is_asked = |name: &str| words.is_empty() || words.iter().any(|word| word == name);
    parts.iter().filter(|(name, _)| is_asked(name)).map(|(_, part)| *part).collect()
}
