//! `commune-hub check` on every folder of `cases`: what it says on stdout and stderr, word for word, and its exit code.
//!
//! `expected.txt` begins with `exit 0` or `exit 1`; then come the lines of stdout behind `> `, then those of stderr. A case
//! is named after the fault that it holds.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

fn check(dir: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_commune-hub"))
        .args(["check", "--config"])
        .arg(dir)
        .output()
        .unwrap();
    let mut said = format!("exit {}\n", output.status.code().unwrap());
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        said.push_str(&format!("> {line}\n"));
    }
    said + &String::from_utf8(output.stderr).unwrap()
}

/// Copies a folder, readable by its owner alone whatever the umask was when it was checked out.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
            fs::set_permissions(&target, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}

fn case(name: &str) -> (PathBuf, tempfile::TempDir) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name);
    let dir = tempfile::tempdir().unwrap();
    copy(&from, dir.path());
    (from, dir)
}

#[test]
fn every_case_is_told_as_expected() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut names: Vec<_> = fs::read_dir(cases).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    let mut wrong = Vec::new();
    for name in &names {
        let name = name.to_string_lossy();
        let (from, dir) = case(&name);
        let expected = fs::read_to_string(from.join("expected.txt")).unwrap_or_default();
        let said = check(dir.path());
        if said != expected {
            wrong.push(format!("--- {name}: expected\n{expected}--- {name}: said\n{said}"));
        }
    }
    assert!(names.len() >= 18, "only {} cases were found", names.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn passwords_that_others_may_read_are_warned_of_once_a_file() {
    let (_, dir) = case("shared-login");
    let site = dir.path().join("sites/a.toml");
    assert_eq!(check(dir.path()).lines().filter(|line| line.starts_with("warning")).count(), 0);
    fs::set_permissions(&site, fs::Permissions::from_mode(0o640)).unwrap();
    let said = check(dir.path());
    assert!(said.starts_with("exit 0\n"), "{said}");
    let warning = "warning: sites/a.toml:7: holds passwords and others may read it (mode 640); \
        use password_file, or run chmod 600 on it";
    assert_eq!(said.lines().filter(|line| line.starts_with("warning")).collect::<Vec<_>>(), [warning]);
    assert!(!said.contains("the-same"), "a password is told: {said}");
}

#[test]
fn a_folder_that_is_none_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("none");
    let expected =
        format!("exit 1\n{}: there is no such folder; it should hold hub.toml\n", missing.display());
    assert_eq!(check(&missing), expected);
    fs::write(&missing, "").unwrap();
    let expected = format!("exit 1\n{}: is no folder; it should hold hub.toml\n", missing.display());
    assert_eq!(check(&missing), expected);
}

#[test]
fn the_samples_of_the_readme_are_a_configuration() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let samples = readme.split("```toml\n# ").skip(1).map(|rest| rest.split("```").next().unwrap());
    for (file, text) in samples.map(|sample| sample.split_once('\n').unwrap()) {
        let path = dir.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    fs::write(dir.path().join("gas.secret"), "a password of its own\n").unwrap();
    let line = r#"{"type": "LineString", "coordinates": [[105.55, 21.22], [105.59, 21.25]]}"#;
    fs::write(dir.path().join("commune.geojson"), line).unwrap();
    let said = check(dir.path());
    assert!(said.starts_with("exit 0\n") && said.ends_with("> ok: 2 sites, 3 devices, 4 points\n"), "{said}");
}

/// What a check says on stderr that must end by itself with exit code 1.
fn refused_in_time(dir: &Path) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_commune-hub"))
        .args(["check", "--config"])
        .arg(dir)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let status = support::wait_for("the check to end", Duration::from_secs(20), || child.try_wait().unwrap());
    let said = std::io::read_to_string(child.stderr.take().unwrap()).unwrap();
    assert_eq!(status.code(), Some(1), "{said}");
    said
}

#[test]
fn a_pipe_or_a_device_among_the_files_is_named_and_does_not_hang() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("hub.toml"), "[commune]\nid = \"a\"\n").unwrap();
    let sites = dir.path().join("sites");
    fs::create_dir(&sites).unwrap();
    assert!(Command::new("mkfifo").arg(sites.join("pipe.toml")).status().unwrap().success());
    std::os::unix::fs::symlink("/dev/zero", sites.join("zero.toml")).unwrap();
    let said = refused_in_time(dir.path());
    let expected = ["pipe", "zero"].map(|name| {
        format!("sites/{name}.toml: cannot be read: a pipe, a socket or a device, allowed: a file")
    });
    assert_eq!(said.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn a_pipe_among_the_rules_is_named_and_does_not_hang() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("hub.toml"), "[commune]\nid = \"a\"\n[rules]\ndir = \"rules\"\n").unwrap();
    fs::create_dir(dir.path().join("rules")).unwrap();
    assert!(Command::new("mkfifo").arg(dir.path().join("rules/pipe.rhai")).status().unwrap().success());
    let told = "hub.toml:4: rules.dir: found \"rules\", in which pipe.rhai is no file";
    assert!(refused_in_time(dir.path()).lines().any(|line| line == told));
}
