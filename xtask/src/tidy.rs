//! Rules about the tree that no compiler holds: arrows between crates, headers, sizes, names, and samples in READMEs.

use std::fs;
use std::path::Path;

use cargo_metadata::MetadataCommand;

use crate::process::{command, output};

/// Longest file allowed, in lines.
const MOST_LINES: usize = 500;

/// Which of our packages a package may depend on. Tests may also use what their own row allows.
const ARROWS: [(&str, &[&str]); 14] = [
    ("hub-model", &[]),
    ("hub-logic", &["hub-model"]),
    ("hub-store", &["hub-model"]),
    ("hub-broker", &[]),
    ("hub-api", &["hub-model", "hub-logic", "hub-store"]),
    ("adapters-sdk", &["hub-model"]),
    ("adapters-modbus", &["hub-model", "adapters-sdk"]),
    ("adapters-push", &["hub-model", "adapters-sdk"]),
    ("adapters-mqtt", &["hub-model", "adapters-sdk", "adapters-push"]),
    ("adapters-notify", &["hub-model", "adapters-sdk"]),
    ("adapters-influxdb", &["hub-model", "adapters-sdk"]),
    ("simulators", &["hub-model"]),
    (
        "hub-server",
        &[
            "hub-model",
            "hub-logic",
            "hub-store",
            "hub-broker",
            "hub-api",
            "adapters-sdk",
            "adapters-modbus",
            "adapters-mqtt",
            "adapters-notify",
            "adapters-push",
            "adapters-influxdb",
            "simulators",
        ],
    ),
    ("xtask", &[]),
];

/// Every fault of the tree, one line each; none when it is tidy.
pub fn faults(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut faults = arrows(root)?;
    for file in
        output(&mut command("git", &["ls-files", "--cached", "--others", "--exclude-standard"]))?.lines()
    {
        let path = root.join(file);
        if let Ok(text) = fs::read_to_string(&path) {
            faults.extend(file_faults(root, file, &text));
        }
    }
    Ok(faults)
}

fn arrows(root: &Path) -> anyhow::Result<Vec<String>> {
    let metadata = MetadataCommand::new().manifest_path(root.join("Cargo.toml")).no_deps().exec()?;
    let ours: Vec<_> = metadata.packages.iter().map(|package| package.name.to_string()).collect();
    let mut faults = Vec::new();
    for package in &metadata.packages {
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == package.name.as_str()) else {
            faults.push(format!("{}: stands in no row of the table of arrows", package.name));
            continue;
        };
        let folder =
            package.manifest_path.parent().map(|folder| folder.as_str().to_owned()).unwrap_or_default();
        let named_by_path =
            folder.trim_start_matches(&*root.to_string_lossy()).trim_start_matches('/').replace('/', "-");
        if named_by_path != package.name.as_str() {
            faults.push(format!("{}: should be named {named_by_path}, after its folder", package.name));
        }
        let forbidden = package.dependencies.iter().filter(|dependency| ours.contains(&dependency.name));
        let forbidden = forbidden.filter(|dependency| !allowed.contains(&dependency.name.as_str()));
        faults.extend(
            forbidden.map(|dependency| format!("{}: must not depend on {}", package.name, dependency.name)),
        );
    }
    Ok(faults)
}

fn file_faults(root: &Path, file: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let is_code = [".rs", ".ts", ".tsx"].iter().any(|ending| file.ends_with(ending));
    let is_generated = file.ends_with(".gen.ts");
    if is_code && !is_generated && text.lines().count() > MOST_LINES {
        faults.push(format!("{file}: has {} lines, allowed: {MOST_LINES}", text.lines().count()));
    }
    let has_header = match file.rsplit_once('.') {
        Some((_, "rs")) => text.starts_with("//!"),
        Some((_, "ts" | "tsx")) => is_generated || text.starts_with("//") || text.starts_with("/*"),
        Some((_, "rhai")) => text.starts_with("//"),
        _ => true,
    };
    if !has_header {
        faults.push(format!("{file}: does not open with what it is"));
    }
    if file.starts_with("scripts/") && file.ends_with(".rhai") {
        let cases = Path::new(file).with_extension("cases.toml");
        if !root.join(&cases).exists() {
            faults.push(format!("{file}: has no {}", cases.display()));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_header_or_too_long_is_named() {
        let long = "//! Header.\n".repeat(MOST_LINES + 1);
        assert_eq!(
            file_faults(Path::new("."), "a/src/b.rs", &long),
            ["a/src/b.rs: has 501 lines, allowed: 500"]
        );
        assert_eq!(
            file_faults(Path::new("."), "a/src/b.rs", "fn f() {}\n"),
            ["a/src/b.rs: does not open with what it is"]
        );
        assert!(file_faults(Path::new("."), "a/src/b.rs", "//! What it is.\n").is_empty());
        assert!(
            file_faults(Path::new("."), "dashboards/src/api/schema.gen.ts", &"x\n".repeat(900)).is_empty()
        );
    }

    #[test]
    fn a_rule_without_cases_is_named() {
        assert_eq!(
            file_faults(Path::new("."), "scripts/none.rhai", "// A rule.\n"),
            ["scripts/none.rhai: has no scripts/none.cases.toml"]
        );
    }
}
