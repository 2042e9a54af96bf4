//! `commune-hub rules test`: runs each rule's cases and tells how each went.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use adapters_sdk::clock::stopwatch;
use anyhow::bail;
use hub_logic::{Elapsed, embedded_rules, run_cases};

use crate::config::{Config, nearest};

/// The ending of a file of cases, after the rule's id.
const CASES: &str = ".cases.toml";

/// A file's name and its text.
type File = (String, String);

/// A rule's file and, where there is one, the file of its cases.
struct Subject {
    id: String,
    rule: File,
    cases: Option<File>,
}

/// Tests the rules of the configuration, or those called `wanted`.
pub fn test(dir: &Path, wanted: &[String], out: &mut impl Write) -> anyhow::Result<()> {
    let mut subjects = match Config::rules_dir(dir)? {
        Some(folder) => of_folder(&folder)?,
        None => embedded(),
    };
    for id in wanted {
        if !subjects.iter().any(|subject| subject.id == *id) {
            bail!("rule: {}", nearest::not_one_of(id, subjects.iter().map(|subject| subject.id.as_str())));
        }
    }
    subjects.retain(|subject| wanted.is_empty() || wanted.contains(&subject.id));
    let elapsed_ms = stopwatch();
    let elapsed: Elapsed = Arc::new(move || Duration::from_millis(elapsed_ms()));
    let (mut failed, mut count) = (0, 0);
    for subject in &subjects {
        let (failed_here, count_here) = test_one(subject, &elapsed, out)?;
        failed += failed_here;
        count += count_here;
    }
    if failed > 0 {
        bail!("{failed} of {count} failed");
    }
    writeln!(out, "ok: {} rules, {count} cases", subjects.len())?;
    Ok(())
}

/// Tells how each case went; gives how many failed, and of how many. A rule or a file that cannot be read counts as one.
fn test_one(subject: &Subject, elapsed: &Elapsed, out: &mut impl Write) -> anyhow::Result<(usize, usize)> {
    let (rule_file, rule) = &subject.rule;
    let Some((file, cases)) = &subject.cases else {
        // A refused rule must not pass for want of cases.
        let no_cases = run_cases((rule_file, rule), ("none", "case = []"), elapsed);
        return match no_cases {
            Err(fault @ hub_logic::CasesError::Rule(_)) => {
                writeln!(out, "failed {fault}")?;
                Ok((1, 1))
            }
            _ => {
                writeln!(out, "-      {}: no cases; they would stand in {}{CASES}", subject.id, subject.id)?;
                Ok((0, 0))
            }
        };
    };
    let results = match run_cases((rule_file, rule), (file, cases), elapsed) {
        Ok(results) => results,
        Err(error) => {
            writeln!(out, "failed {error}")?;
            return Ok((1, 1));
        }
    };
    for result in &results {
        match &result.failure {
            None => writeln!(out, "ok     {file}:{}: {}", result.line, result.name)?,
            Some(failure) => writeln!(out, "failed {file}:{}: {}: {failure}", result.line, result.name)?,
        }
    }
    Ok((results.iter().filter(|result| result.failure.is_some()).count(), results.len()))
}

fn embedded() -> Vec<Subject> {
    let owned = |(name, text): (&str, &str)| (name.to_owned(), text.to_owned());
    let subject = |rule: hub_logic::EmbeddedRule| Subject {
        id: rule.rule.0.trim_end_matches(".rhai").to_owned(),
        rule: owned(rule.rule),
        cases: Some(owned(rule.cases)),
    };
    embedded_rules().into_iter().map(subject).collect()
}

fn of_folder(folder: &Path) -> anyhow::Result<Vec<Subject>> {
    let cases = crate::rules::texts(folder, "toml")?;
    let rules = crate::rules::texts(folder, "rhai")?;
    let subject = |rule: File| {
        let id = rule.0.trim_end_matches(".rhai").to_owned();
        let cases = cases.iter().find(|(name, _)| name.strip_suffix(CASES) == Some(&id)).cloned();
        Subject { id, rule, cases }
    };
    Ok(rules.into_iter().map(subject).collect())
}
