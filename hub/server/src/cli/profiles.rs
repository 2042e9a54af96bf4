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
    let Some(id) = id else {
        for profile in &profiles {
            let origin = if profile.shipped.is_some() { "hub" } else { "own" };
            let (id, adapter, name) = (&profile.id, profile.adapter_code(), &profile.name);
            let english = if name.en == name.vi { String::new() } else { format!(" · {}", name.en) };
            writeln!(out, "{id:<26} {adapter:<8} {origin:<5} {}{english}", name.vi)?;
        }
        return Ok(());
    };
    let Some(profile) = profiles.iter().find(|profile| profile.id == id) else {
        anyhow::bail!(
            "profile: {}",
            nearest::not_one_of(id, profiles.iter().map(|profile| profile.id.as_str())).en
        );
    };
    let (text, origin) = match &profile.shipped {
        Some(text) => (text.clone(), "comes with the hub"),
        None => (
            fs::read_to_string(dir.join(&profile.file)).with_context(|| profile.file.clone())?.into(),
            profile.file.as_str(),
        ),
    };
    writeln!(out, "# {} ({origin})", profile.name.vi)?;
    match profile.sources.as_slice() {
        [] => writeln!(out, "# no source given")?,
        sources => sources.iter().try_for_each(|source| writeln!(out, "# source: {}", source.en))?,
    }
    profile.unverified.iter().try_for_each(|what| writeln!(out, "# unverified: {}", what.en))?;
    write!(out, "\n{text}")?;
    Ok(())
}
