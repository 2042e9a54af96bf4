//! The commands that only look: `rules test`, `profiles`, `openapi`, help and usage.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::Command;

/// Exit code, stdout, stderr.
fn hub(args: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_commune-hub")).args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn write(dir: &Path, file: &str, text: &str) {
    let path = dir.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

const RULE: &str = r#"// Too warm.
fn rule() { #{
    title: #{ vi: "Nóng", en: "Warm" },
    priority: "low",
    watches: #{ quantity: "temperature" },
    on_delay: "1m", off_delay: "1m",
    on_missing: "hold",
} }
fn active(p) { p.value > 30.0 }
fn message(p) { #{ vi: "Nóng", en: "Warm" } }
"#;

const CASES: &str = r#"[[case]]
name = "warm raises"
readings = [{ at = "0s", until = "5m", every = "1m", value = 31.0 }]
alarms = [{ raised = "1m" }]

[[case]]
name = "cool raises too, wrongly expected"
readings = [{ at = "0s", until = "5m", every = "1m", value = 20.0 }]
alarms = [{ raised = "1m" }]
"#;

fn with_rules(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "hub.toml", "[commune]\nid = \"a\"\n[rules]\ndir = \"rules\"\n");
    fs::create_dir(dir.path().join("rules")).unwrap();
    for (file, text) in files {
        write(dir.path(), &format!("rules/{file}"), text);
    }
    dir
}

#[test]
fn the_rules_that_come_with_the_hub_pass_their_cases() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "hub.toml", "[commune]\nid = \"a\"\n");
    let config = dir.path().to_str().unwrap();
    let (code, out, err) = hub(&["rules", "test", "--config", config]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let last = out.lines().last().unwrap();
    let count = hub_logic::embedded_rules().len();
    assert!(last.starts_with(&format!("ok: {count} rules, ")) && last.ends_with(" cases"), "{last}");
    let (_, one, _) = hub(&["rules", "test", "chlorine-low", "--config", config]);
    assert!(one.lines().count() < out.lines().count());
    assert!(one.lines().next().unwrap().starts_with("ok     chlorine-low.cases.toml:"), "{one}");
}

#[test]
fn a_case_that_fails_is_told_with_file_and_line() {
    let dir = with_rules(&[("warm.rhai", RULE), ("warm.cases.toml", CASES), ("untested.rhai", RULE)]);
    let config = dir.path().to_str().unwrap();
    let (code, out, err) = hub(&["rules", "test", "--config", config]);
    assert_eq!((code, err.as_str()), (1, "error: 1 of 2 failed\n"), "{out}");
    let lines: Vec<_> = out.lines().collect();
    assert_eq!(lines[0], "-      untested: no cases; they would stand in untested.cases.toml");
    assert_eq!(lines[1], "ok     warm.cases.toml:1: warm raises");
    let failed = "failed warm.cases.toml:6: cool raises too, wrongly expected: ";
    assert!(lines[2].starts_with(failed) && lines[2].len() > failed.len(), "{out}");
    let (code, out, _) = hub(&["rules", "test", "untested", "--config", config]);
    assert_eq!((code, out.lines().last().unwrap()), (0, "ok: 1 rules, 0 cases"));
}

#[test]
fn a_refused_rule_fails_with_and_without_cases() {
    let dir = with_rules(&[
        ("broken.rhai", "// Broken.\nfn active(p) {\n"),
        ("warm.rhai", RULE),
        ("warm.cases.toml", "[[cas]]\n"),
    ]);
    let (code, out, err) = hub(&["rules", "test", "--config", dir.path().to_str().unwrap()]);
    assert_eq!((code, err.as_str()), (1, "error: 2 of 2 failed\n"), "{out}");
    assert!(out.contains("failed broken.rhai:") && out.contains("failed warm.cases.toml:1: "), "{out}");
}

#[test]
fn an_unknown_rule_lists_those_that_are_known() {
    let dir = with_rules(&[("warm.rhai", RULE), ("cold.rhai", RULE)]);
    let (code, out, err) = hub(&["rules", "test", "warn", "--config", dir.path().to_str().unwrap()]);
    let told = "error: rule: found \"warn\", allowed: cold, warm; did you mean \"warm\"?\n";
    assert_eq!((code, out.as_str(), err.as_str()), (1, "", told));
}

#[test]
fn profiles_are_listed_and_shown_with_their_sources() {
    let whole = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/whole");
    let config = whole.to_str().unwrap();
    let (code, out, _) = hub(&["profiles", "--config", config]);
    assert_eq!(code, 0);
    let rows: Vec<Vec<_>> = out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["meter", "modbus", "own", "Water", "meter"]);
    let shipped = rows.iter().find(|row| row[0] == "tuf-2000m").unwrap();
    assert_eq!(shipped[..3], ["tuf-2000m", "modbus", "hub"]);
    let (code, out, _) = hub(&["profiles", "meter", "--config", config]);
    assert_eq!(code, 0);
    assert!(out.contains("# source: the maker's register map, edition 4\n"), "{out}");
    assert!(out.ends_with(&fs::read_to_string(whole.join("profiles/meter.toml")).unwrap()), "{out}");
    let (code, out, _) = hub(&["profiles", "schneider-pm5110", "--config", config]);
    assert!(code == 0 && out.contains("(comes with the hub)\n"), "{out}");
    assert!(out.contains("# unverified: byte order\n"), "{out}");
    let (code, _, err) = hub(&["profiles", "metre", "--config", config]);
    assert_eq!(code, 1);
    assert!(err.starts_with("error: profile: found \"metre\", allowed: dragino-ldds75, "), "{err}");
    assert!(err.ends_with("; did you mean \"meter\"?\n"), "{err}");
}

#[test]
fn the_openapi_document_is_printed() {
    let (code, out, err) = hub(&["openapi"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.starts_with('{') && out.ends_with("}\n") && out.contains("\"/api/v1/sites\""));
}

#[test]
fn every_command_explains_itself_and_what_is_not_understood_ends_with_2() {
    for command in [
        &["run"][..],
        &["check"],
        &["demo"],
        &["user"],
        &["user", "add"],
        &["user", "list"],
        &["user", "passwd"],
        &["user", "remove"],
        &["token"],
        &["token", "add"],
        &["token", "list"],
        &["token", "revoke"],
        &["rules"],
        &["rules", "test"],
        &["openapi"],
        &["profiles"],
    ] {
        let (code, out, _) = hub(&[command, &["--help"]].concat());
        assert!(code == 0 && out.contains("Usage: commune-hub"), "{command:?}: {code} {out}");
    }
    for wrong in [&[][..], &["rum"], &["run"], &["check", "--confg", "x"], &["demo", "--http", "0.0.0.0:80"]]
    {
        let (code, out, err) = hub(wrong);
        assert_eq!((code, out.as_str()), (2, ""), "{wrong:?}");
        assert!(!err.is_empty(), "{wrong:?}");
    }
}
