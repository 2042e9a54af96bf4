//! `commune-hub rules test` and `rules backtest`: how each case went, and what a rule would have raised on stored readings.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use adapters_sdk::clock::stopwatch;
use anyhow::bail;
use clap::Args;
use hub_api::{BacktestAsked, Backtested};
use hub_logic::{BacktestReport, Elapsed, run_cases};
use jiff::tz::TimeZone;

use super::ConfigDir;
use super::readable::{Readable, moment};
use crate::backtest::Backtests;
use crate::calendar::local;
use crate::config::{Config, nearest};
use crate::own::with_own;
use crate::rules::{RuleFiles, Text};

/// The ending of a file of cases, after the rule's id.
const CASES: &str = ".cases.toml";

/// A rule's file and, where there is one, the file of its cases.
struct Subject {
    id: String,
    rule: Text,
    cases: Option<Text>,
}

/// Tests the rules of the configuration, or those called `wanted`.
pub fn test(dir: &Path, wanted: &[String], out: &mut impl Write) -> anyhow::Result<()> {
    let mut subjects = subjects(&Config::rules(dir)?)?;
    for id in wanted {
        if !subjects.iter().any(|subject| subject.id == *id) {
            bail!("rule: {}", nearest::not_one_of(id, subjects.iter().map(|subject| subject.id.as_str())).en);
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
            Some(failure) => writeln!(out, "failed {file}:{}: {}: {}", result.line, result.name, failure.en)?,
        }
    }
    Ok((results.iter().filter(|result| result.failure.is_some()).count(), results.len()))
}

fn subjects(files: &RuleFiles) -> anyhow::Result<Vec<Subject>> {
    let cases = files.cases()?;
    let subject = |rule: Text| {
        let id = rule.0.trim_end_matches(".rhai").to_owned();
        let cases = cases.iter().find(|(name, _)| name.strip_suffix(CASES) == Some(&id)).cloned();
        Subject { id, rule, cases }
    };
    Ok(files.rules()?.into_iter().map(subject).collect())
}

#[derive(Args)]
pub struct BacktestOptions {
    /// The rule, by its file's name without the ending
    rule: String,
    #[command(flatten)]
    config: ConfigDir,
    /// From when: a day, a local time or RFC 3339
    #[arg(long, value_name = "T")]
    from: String,
    /// Until when
    #[arg(long, value_name = "T")]
    to: String,
    /// Another text for the rule, compared with the one in force
    #[arg(long, value_name = "FILE")]
    source: Option<PathBuf>,
}

/// Tells what a rule would have raised, whether the hub runs or not.
pub fn backtest(options: &BacktestOptions, out: &mut impl Write) -> anyhow::Result<()> {
    let (config, _) = Config::require(&options.config.dir)?;
    let zone = TimeZone::get(&config.commune.timezone)?;
    let (from, to) = (moment(&options.from, &zone)?, moment(&options.to, &zone)?);
    let source = options.source.as_ref().map(std::fs::read_to_string).transpose()?;
    let readable = Readable::open(&config.store.dir)?;
    let (rules, _) = config.rules.compile()?;
    let backtests = Backtests {
        commune: Arc::new(with_own(config.commune, &rules, config.own_rules)),
        zone: zone.clone(),
        rules: config.rules,
        history: readable.store.clone(),
    };
    let asked = BacktestAsked { rule: options.rule.clone(), from, to, source };
    let found = backtests.run(&asked, &mut |_| ControlFlow::Continue(()))?;
    tell(&found, &zone, out)
}

fn tell(found: &Backtested, zone: &TimeZone, out: &mut impl Write) -> anyhow::Result<()> {
    let Backtested { report, in_force, difference } = found;
    for (index, alarm) in report.alarms.iter().enumerate() {
        let is_new = difference.as_ref().is_some_and(|difference| difference.new.contains(&index));
        let cleared = alarm.cleared_at.map_or_else(|| "still standing".to_owned(), |at| local(at, zone));
        let mark = if is_new { "new " } else { "" };
        let (raised, subject) = (local(alarm.raised_at, zone), alarm.subject.as_str());
        writeln!(out, "{mark}{raised} to {cleared}  {subject}  {}", alarm.message.vi)?;
    }
    for week in &report.weeks {
        let start = local(week.start, zone);
        writeln!(out, "week of {start}: {} raised, {:.0} min active", week.raised, week.minutes_active)?;
    }
    report.faults.iter().try_for_each(|fault| writeln!(out, "fault {fault}"))?;
    writeln!(out, "{}", summary(report))?;
    if let (Some(old), Some(difference)) = (in_force, difference) {
        writeln!(out, "in force: {}", summary(old))?;
        writeln!(out, "{} new, {} gone", difference.new.len(), difference.gone.len())?;
    }
    Ok(())
}

fn summary(report: &BacktestReport) -> String {
    format!(
        "{}: {} raised, {} cleared, {:.0} min active, {} messages, from {} readings",
        report.rule, report.raised, report.cleared, report.minutes_active, report.messages, report.readings
    )
}
