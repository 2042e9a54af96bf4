//! Rules: compiled once, asked often, each on its own.
//!
//! A faulty file is refused and the others go on; a rule that fails is a fault with file and line. Rules hold no state:
//! delays and alarms are [`crate::Logic`]'s. Read next: [`sandbox`], [`watched`], [`facts`].

pub(crate) mod facts;
mod look_back;
pub(crate) mod sandbox;
pub(crate) mod settings;
mod uses;
pub(crate) mod watched;
mod words;

use std::collections::BTreeSet;
use std::sync::Arc;

use hub_model::text::Told as _;
use hub_model::{Commune, LocalText, RuleId, local};
use rhai::{AST, Dynamic, Map};

use self::facts::{Facts, WrongFact};
use self::sandbox::{Sandbox, Trouble};
use self::uses::Uses;
use self::watched::Watched;
use crate::{Elapsed, RuleFault};

/// The longest rule file that is read.
pub const MAX_RULE_BYTES: usize = 64 * 1024;

/// The rules of a hub.
pub struct RuleSet {
    sandbox: Sandbox,
    pub(crate) rules: Vec<Rule>,
    pub(crate) refused: Vec<RuleFault>,
    /// Rules that somebody has switched off: they judge nothing, and their alarms are no longer watched.
    pub(crate) off: BTreeSet<RuleId>,
}

/// One compiled rule.
pub(crate) struct Rule {
    pub(crate) id: RuleId,
    pub(crate) version: String,
    pub(crate) facts: Facts,
    pub(crate) uses: Uses,
    file: String,
    ast: AST,
    /// Lines in which functions begin.
    begins: Vec<(&'static str, usize)>,
    has_cleared: bool,
    has_message: bool,
    has_enabled_when: bool,
}

impl RuleSet {
    /// Compiles rule files, given as name and text. A faulty one is refused with file and line, the others are taken; the
    /// alarms of a refused one stay as they are.
    pub fn compile(files: impl IntoIterator<Item = (String, String)>) -> (Self, Vec<RuleFault>) {
        let mut set = Self { sandbox: Sandbox::new(), rules: vec![], refused: vec![], off: BTreeSet::new() };
        for (file, text) in files {
            let name = file.rsplit(['/', '\\']).next().unwrap_or(&file);
            let id: RuleId = name.strip_suffix(".rhai").unwrap_or(name).into();
            match set.read(&id, &file, &text) {
                Ok(rule) => set.rules.push(rule),
                Err(Trouble { line, message, .. }) => {
                    let line = line.unwrap_or(1);
                    set.refused.push(RuleFault { rule: id, file, line, message });
                }
            }
        }
        let faults = set.refused.clone();
        (set, faults)
    }

    /// Ids of the rules that were taken, in the order in which they were given.
    pub fn ids(&self) -> impl Iterator<Item = &RuleId> {
        self.rules.iter().map(|rule| &rule.id)
    }

    /// Id and title of every rule, the refused ones (which have no other title than their id) at the end.
    pub fn titles(&self) -> Vec<(RuleId, LocalText)> {
        let taken = self.rules.iter().map(|rule| (Arc::clone(&rule.id), rule.facts.title.clone()));
        let refused =
            self.refused.iter().map(|fault| (Arc::clone(&fault.rule), LocalText::same(&*fault.rule)));
        taken.chain(refused).collect()
    }

    pub(crate) fn watch_time(&mut self, elapsed: Elapsed) {
        self.sandbox.watch_time(elapsed);
    }

    /// Switches rules off, whether they were taken or refused.
    pub fn switch_off(&mut self, rules: impl IntoIterator<Item = String>) {
        self.off.extend(rules.into_iter().map(RuleId::from));
    }

    pub(crate) fn read(&self, id: &RuleId, file: &str, text: &str) -> Result<Rule, Trouble> {
        let whole_file = |message: LocalText| Trouble::in_line(None, message);
        hub_model::id::check_part(id).map_err(|error| {
            let LocalText { vi, en } = error.told();
            whole_file(local!("tên tệp: {vi}", "the file's name: {en}"))
        })?;
        if self.rules.iter().any(|rule| rule.id == *id) {
            return Err(whole_file(local!(
                "đã đọc một quy tắc \"{id}\"",
                "a rule \"{id}\" was read already"
            )));
        }
        if text.len() > MAX_RULE_BYTES {
            let bytes = text.len();
            return Err(whole_file(local!(
                "dài {bytes} byte, được phép: {MAX_RULE_BYTES}",
                "{bytes} bytes long, allowed: {MAX_RULE_BYTES}"
            )));
        }
        let ast = self.sandbox.compile(text)?;
        if let Some(statement) = ast.statements().first() {
            return Err(Trouble::at(
                statement.position(),
                local!(
                    "có câu lệnh ngoài hàm, chỉ được phép có hàm",
                    "found a statement, allowed: functions only"
                ),
            ));
        }
        let has = |name: &str, parameters: usize| function(&ast, text, name, parameters);
        for (name, parameters) in [("rule", 0), ("active", 1)] {
            if !has(name, parameters)? {
                return Err(whole_file(local!(
                    "thiếu fn {name} với {parameters} tham số",
                    "fn {name} with {parameters} parameters is missing"
                )));
            }
        }
        let (has_cleared, has_message) = (has("cleared", 1)?, has("message", 1)?);
        let has_enabled_when = has("enabled_when", 1)?;
        let line_of_rule = line_of(text, "fn rule");
        let said = self
            .sandbox
            .call(&ast, "rule", (), 0)
            .map_err(|trouble| Trouble { line: trouble.line.or(line_of_rule), ..trouble })?;
        let Some(said) = said.try_cast::<Map>() else {
            return Err(Trouble::in_line(
                line_of_rule,
                local!("fn rule() phải trả về bảng #{{ … }}", "fn rule() must give a map #{{ … }}"),
            ));
        };
        let facts = Facts::read(&said).map_err(|wrong| {
            let line = line_of(text, &format!("{}:", wrong.key)).or(line_of_rule);
            let WrongFact { key, message: LocalText { vi, en } } = wrong;
            Trouble::in_line(line, local!("{key}: {vi}", "{key}: {en}"))
        })?;
        let uses = Uses::of(&ast)?;
        let begins = ["active", "cleared", "message", "enabled_when"]
            .into_iter()
            .filter_map(|name| Some((name, line_of(text, &format!("fn {name}"))?)))
            .collect();
        let (id, file, version) = (Arc::clone(id), file.to_owned(), digest(text));
        Ok(Rule { id, version, facts, uses, file, ast, begins, has_cleared, has_message, has_enabled_when })
    }

    /// What sites want of rules or parameters that are not there, each with the place where it is written.
    pub fn override_faults(&self, commune: &Commune) -> Vec<LocalText> {
        settings::override_faults(&self.rules, &self.refused, commune)
    }

    /// Whether the rule judges at all just now.
    pub(crate) fn enabled(&self, rule: &Rule, p: &Watched, local_ms: i64) -> Result<bool, RuleFault> {
        if rule.has_enabled_when { self.ask(rule, "enabled_when", p, local_ms) } else { Ok(true) }
    }

    /// Whether the rule's condition is given.
    pub(crate) fn active(&self, rule: &Rule, p: &Watched, local_ms: i64) -> Result<bool, RuleFault> {
        self.ask(rule, "active", p, local_ms)
    }

    /// Whether the condition of a standing alarm is gone.
    pub(crate) fn cleared(&self, rule: &Rule, p: &Watched, local_ms: i64) -> Result<bool, RuleFault> {
        match rule.has_cleared {
            true => self.ask(rule, "cleared", p, local_ms),
            false => self.active(rule, p, local_ms).map(|active| !active),
        }
    }

    /// What the rule says of an alarm; `None` when it leaves that to the hub.
    pub(crate) fn message(
        &self,
        rule: &Rule,
        p: &Watched,
        local_ms: i64,
    ) -> Result<Option<LocalText>, RuleFault> {
        if !rule.has_message {
            return Ok(None);
        }
        let said = self.call(rule, "message", p, local_ms)?;
        let wrong = || {
            let told = local!(
                "message() phải trả về văn bản hoặc bảng gồm vi và en",
                "message() must give text, or a map of vi and en"
            );
            fault(rule, "message", told)
        };
        facts::local_text(&said).map(Some).ok_or_else(wrong)
    }

    fn ask(&self, rule: &Rule, function: &str, p: &Watched, local_ms: i64) -> Result<bool, RuleFault> {
        let said = self.call(rule, function, p, local_ms)?;
        let wrong = || {
            let found = said.type_name();
            let told = local!(
                "{function}() phải trả về true hoặc false, nhưng có {found}",
                "{function}() must give true or false, found {found}"
            );
            fault(rule, function, told)
        };
        said.as_bool().map_err(|_| wrong())
    }

    fn call(&self, rule: &Rule, function: &str, p: &Watched, local_ms: i64) -> Result<Dynamic, RuleFault> {
        let called = self.sandbox.call(&rule.ast, function, (p.clone(),), local_ms);
        called.map_err(|Trouble { line, message, .. }| {
            let whole = fault(rule, function, message);
            RuleFault { line: line.unwrap_or(whole.line), ..whole }
        })
    }
}

/// A fault of a whole function, at the line where it begins.
fn fault(rule: &Rule, name: &str, message: LocalText) -> RuleFault {
    let line = rule.begins.iter().find(|(begun, _)| *begun == name).map_or(1, |(_, line)| *line);
    RuleFault { rule: Arc::clone(&rule.id), file: rule.file.clone(), line, message }
}

/// Whether the text defines the function; an error when it does so with other parameters.
fn function(ast: &AST, text: &str, name: &str, parameters: usize) -> Result<bool, Trouble> {
    let mut found = ast.iter_functions().filter(|function| function.name == name).peekable();
    if found.peek().is_none() {
        return Ok(false);
    }
    if found.any(|function| function.params.len() == parameters) {
        return Ok(true);
    }
    let line = line_of(text, &format!("fn {name}"));
    Err(Trouble::in_line(
        line,
        local!("fn {name} phải có {parameters} tham số", "fn {name} must have {parameters} parameters"),
    ))
}

/// The first line, from 1, that holds `wanted`.
fn line_of(text: &str, wanted: &str) -> Option<usize> {
    text.lines().position(|line| line.contains(wanted)).map(|index| index + 1)
}

/// FNV-1a, 64 bits: tells versions of a rule's text apart, no more.
fn digest(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}
