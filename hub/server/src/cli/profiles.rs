//! `commune-hub profiles`: the device profiles of a configuration.

use std::fs;
use std::io::Write;
use std::path::Path;

use adapters_sdk::config::Problems;
use anyhow::Context;

use crate::config::{Faulty, error_lines, nearest, profiles};

/// Lists all profiles, or prints the one called `id` with where its figures come from.
pub fn show(dir: &Path, id: Option<&str>, out: &mut impl Write) -> anyhow::Result<()> {
    let mut problems = Problems::new();
    let profiles = profiles(dir, &mut problems);
    let lines = error_lines(&problems);
    if !lines.is_empty() {
        return Err(Faulty { lines }.into());
    }
    if profiles.is_empty() {
        super::warn(&[format!("there is no profile in {}", dir.join("profiles").display())]);
    }
    let Some(id) = id else {
        for profile in &profiles {
            writeln!(out, "{:<24} {:<8} {}", profile.id, profile.adapter_code(), profile.name.vi)?;
        }
        return Ok(());
    };
    let Some(profile) = profiles.iter().find(|profile| profile.id == id) else {
        anyhow::bail!(
            "profile: {}",
            nearest::not_one_of(id, profiles.iter().map(|profile| profile.id.as_str()))
        );
    };
    let text = fs::read_to_string(dir.join(&profile.file)).with_context(|| profile.file.clone())?;
    writeln!(out, "# {} ({})", profile.name.vi, profile.file)?;
    match profile.sources.as_slice() {
        [] => writeln!(out, "# no source given")?,
        sources => sources.iter().try_for_each(|source| writeln!(out, "# source: {source}"))?,
    }
    write!(out, "\n{text}")?;
    Ok(())
}
