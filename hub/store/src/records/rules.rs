//! Texts of alarm rules as they were, each with who put it in force, when and why. Only ever added to.
//!
//! The files of the rules are somebody else's: this is what they have held. Read next: [`super::deeds`].

use hub_model::Timestamp;
use rusqlite::{OptionalExtension, Row, TransactionBehavior, params};

use super::{Deed, RecordError, RecordKind, Records, deeds};

/// A rule's texts that were in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRuleVersion {
    /// The rule.
    pub rule: String,
    /// Its text.
    pub source: String,
    /// Its cases, if there were any.
    pub cases: Option<String>,
    /// Whether it was switched on.
    pub is_on: bool,
    /// What was done, as a stable word such as `saved`.
    pub what: &'static str,
    /// When.
    pub at: Timestamp,
    /// Who; empty when it was found in the files.
    pub by: String,
    /// Why.
    pub why: String,
}

/// A version with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleVersion {
    /// Its number, counted up over all rules.
    pub id: u64,
    /// Its text.
    pub source: String,
    /// Its cases, if there were any.
    pub cases: Option<String>,
    /// Whether it was switched on.
    pub is_on: bool,
    /// What was done.
    pub what: String,
    /// When.
    pub at: Timestamp,
    /// Who; empty when it was found in the files.
    pub by: String,
    /// Why.
    pub why: String,
}

const COLUMNS: &str = "id, source, cases, is_on, what, at, by, why";

impl Records {
    /// Notes versions and the deed after `write` has put the last of them in force. When it fails, nothing is noted.
    ///
    /// # Errors
    /// What `write` gives, or that the file of the records cannot be written.
    pub fn put_rule<E: From<RecordError>>(
        &self,
        deed: &Deed,
        versions: &[NewRuleVersion],
        write: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        let storage = |error: rusqlite::Error| E::from(RecordError::from(error));
        let mut connection = self.lock();
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(storage)?;
        for version in versions {
            let NewRuleVersion { rule, source, cases, is_on, what, at, by, why } = version;
            let all = params![rule, source, cases, is_on, what, at.as_millis(), by, why];
            let insert = "INSERT INTO rule_version (rule, source, cases, is_on, what, at, by, why) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
            transaction.execute(insert, all).map_err(storage)?;
        }
        deeds::insert(&transaction, deed).map_err(storage)?;
        write()?;
        transaction.commit().map_err(storage)
    }

    /// The versions of a rule, the newest first, at most so many.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn rule_versions(&self, rule: &str, limit: usize) -> Result<Vec<RuleVersion>, RecordError> {
        let connection = self.lock();
        let question = format!("SELECT {COLUMNS} FROM rule_version WHERE rule = ? ORDER BY id DESC LIMIT ?");
        let mut query = connection.prepare_cached(&question)?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        Ok(query.query_map(params![rule, limit], version_of)?.collect::<Result<_, _>>()?)
    }

    /// One version of a rule.
    ///
    /// # Errors
    /// When it is not one of this rule, or the file cannot be read.
    pub fn rule_version(&self, rule: &str, id: u64) -> Result<RuleVersion, RecordError> {
        let connection = self.lock();
        let question = format!("SELECT {COLUMNS} FROM rule_version WHERE rule = ? AND id = ?");
        let mut query = connection.prepare_cached(&question)?;
        let found = query.query_row(params![rule, id.cast_signed()], version_of).optional()?;
        found.ok_or(RecordError::Unknown { kind: RecordKind::Version, id })
    }
}

fn version_of(row: &Row<'_>) -> rusqlite::Result<RuleVersion> {
    Ok(RuleVersion {
        id: row.get::<_, i64>(0)?.cast_unsigned(),
        source: row.get(1)?,
        cases: row.get(2)?,
        is_on: row.get(3)?,
        what: row.get(4)?,
        at: Timestamp::from_millis(row.get(5)?),
        by: row.get(6)?,
        why: row.get(7)?,
    })
}
