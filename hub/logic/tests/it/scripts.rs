//! The rules that come with the hub: all embedded, all cases hold, and the runner notices what does not.

use std::collections::BTreeSet;
use std::path::Path;

use hub_logic::{CasesError, EmbeddedRule, RuleSet, embedded_rules, run_cases};

use crate::support::*;

#[test]
fn every_case_of_every_rule_holds() {
    let mut failed = vec![];
    for EmbeddedRule { rule, cases } in embedded_rules() {
        let results = run_cases(rule, cases, &stopwatch()).unwrap_or_else(|error| panic!("{error}"));
        assert!(results.len() >= 4, "{} has few cases", rule.0);
        for result in results {
            failed.extend(
                result.failure.map(|why| format!("{}:{} {}: {}", cases.0, result.line, result.name, why.en)),
            );
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn every_file_of_the_folder_is_embedded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts");
    let found: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "README.md")
        .collect();
    let listed = embedded_rules().into_iter().flat_map(|one| [one.rule.0.to_owned(), one.cases.0.to_owned()]);
    assert_eq!(found, listed.collect());
}

#[test]
fn every_rule_speaks_both_languages_and_says_what_to_do() {
    let files = embedded_rules().map(|one| (one.rule.0.to_owned(), one.rule.1.to_owned()));
    let (rules, faults) = RuleSet::compile(files);
    assert_eq!(faults, []);
    let logic = hub_logic::Logic::new(
        commune().into(),
        rules,
        hub_logic::Recovered::nothing(at(0)),
        host(stopwatch()),
    );
    for rule in logic.rules() {
        assert_ne!(rule.title.vi, rule.title.en, "{}", rule.id);
        let runbook = rule.runbook.unwrap();
        assert!(
            runbook.vi.matches(". ").count() >= 2 && runbook.en.matches(". ").count() >= 2,
            "{}",
            rule.id
        );
    }
}

const CASES: &str = r#"
[[case]]
name = "raises at once"
readings = [{ at = "1m", value = 1 }]
alarms = [{ raised = "1m" }]

[[case]]
name = "expects too much"
readings = [{ at = "1m", value = 1 }]
alarms = [{ raised = "2m", value = 3.0 }]

[[case]]
name = "names a point that no case has"
readings = [{ at = "1m", value = 1, point = "NO" }]
alarms = []
"#;

#[test]
fn a_case_that_does_not_hold_says_what_came() {
    let rule = "fn rule() { #{ title: \"t\", priority: \"low\", watches: #{ point: \"x\" } } } fn active(p) { p.value > 0 }";
    let results = run_cases(("t.rhai", rule), ("t.cases.toml", CASES), &stopwatch()).unwrap();
    assert_eq!(results[0].failure, None);
    assert_eq!(results[1].line, 7);
    let failure = results[1].failure.as_ref().unwrap().en.as_str();
    assert!(failure.contains("raised 2m, still standing, value 3"), "{failure}");
    assert!(failure.contains("Found: raised 1m, still standing, value 1, \"t: 1,00\""), "{failure}");
    assert!(results[2].failure.as_ref().unwrap().en.contains("NO"));
}

#[test]
fn a_faulty_rule_or_faulty_cases_are_told_with_file_and_line() {
    let good = (
        "t.rhai",
        "fn rule() { #{ title: \"t\", priority: \"low\", watches: #{ point: \"x\" } } } fn active(p) { p.nothing }",
    );
    let run = |rule, cases| run_cases(rule, ("t.cases.toml", cases), &stopwatch());
    let error = run(("t.rhai", "fn rule() {"), CASES).unwrap_err();
    assert!(matches!(&error, CasesError::Rule(fault) if fault.file == "t.rhai"), "{error}");
    let error = run(good, "\n[[case]]\nnames = \"x\"").unwrap_err();
    assert!(error.to_string().starts_with("t.cases.toml:3: unknown field"), "{error}");
    // A rule that fails while it runs makes its case fail.
    let results = run(good, CASES).unwrap();
    assert!(results[0].failure.as_ref().unwrap().en.contains("t.rhai:1: "), "{results:?}");
}

/// The first block of a language in the folder's README.
fn sample(language: &str) -> String {
    let readme = include_str!("../../../../scripts/README.md");
    let (_, after) = readme.split_once(&format!("```{language}\n")).unwrap();
    after.split_once("```").unwrap().0.to_owned()
}

#[test]
fn the_readmes_rule_and_cases_hold() {
    let (rule, cases) = (sample("rhai"), sample("toml"));
    let results = run_cases(("sample.rhai", &rule), ("sample.cases.toml", &cases), &stopwatch()).unwrap();
    assert_eq!(results.len(), 2);
    assert!(results.iter().all(|result| result.failure.is_none()), "{results:?}");
}

#[test]
fn the_logic_can_be_moved_to_a_thread_of_its_own() {
    fn movable<T: Send>(_: &T) {}
    movable(&Hub::new(&[]).logic);
}
