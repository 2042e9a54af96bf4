//! Roles, each including those below it. Never decides who has which: accounts live in the store.

use std::fmt;
use std::str::FromStr;

/// What an account may do; a later role may do all that an earlier one may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Looks.
    Viewer,
    /// Acknowledges, comments and shelves alarms.
    Staff,
    /// Keeps calibrations, maintenance, annotations and reports.
    Officer,
    /// Writes readings, changes devices and rules.
    Integrator,
    /// Keeps the accounts.
    Admin,
}

/// A word that is no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("found role \"{found}\", allowed: viewer, staff, officer, integrator, admin")]
pub struct UnknownRole {
    /// The word.
    pub found: String,
}

impl Role {
    /// All of them, lowest first.
    pub const ALL: [Role; 5] = [Self::Viewer, Self::Staff, Self::Officer, Self::Integrator, Self::Admin];

    /// The word used on the command line, in the API and on disk.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Staff => "staff",
            Self::Officer => "officer",
            Self::Integrator => "integrator",
            Self::Admin => "admin",
        }
    }

    /// The word that Vietnamese readers know it by, as in the glossary.
    pub const fn vietnamese(self) -> &'static str {
        match self {
            Self::Viewer => "người xem",
            Self::Staff => "cán bộ trực",
            Self::Officer => "cán bộ môi trường",
            Self::Integrator => "người tích hợp",
            Self::Admin => "quản trị",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL
            .into_iter()
            .find(|role| role.code() == text)
            .ok_or_else(|| UnknownRole { found: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_ordered_and_read_back() {
        assert!(Role::ALL.is_sorted());
        for role in Role::ALL {
            assert_eq!(role.code().parse(), Ok(role));
        }
        assert!("root".parse::<Role>().unwrap_err().to_string().contains("root"));
    }
}
