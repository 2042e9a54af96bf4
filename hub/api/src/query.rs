//! The parameters of an address, read strictly: an unknown name or a repeated one is said, never ignored.
//!
//! An empty value counts as not given. Knows no route; see [`crate::routes`].

use std::convert::Infallible;
use std::str::FromStr;
use std::time::Duration;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use hub_model::{LocalText, Timestamp, local};

use crate::local;
use crate::nearest::nearest;
use crate::problem::{FieldError, Problem};

/// The parameters as they came, in order.
#[derive(Debug, Clone, Default)]
pub struct Params {
    pairs: Vec<(String, String)>,
    malformed: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        match Query::<Vec<(String, String)>>::from_request_parts(parts, state).await {
            Ok(Query(pairs)) => Ok(Self {
                pairs: pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect(),
                malformed: false,
            }),
            Err(_) => Ok(Self { pairs: Vec::new(), malformed: true }),
        }
    }
}

impl Params {
    /// Refuses names that are not in `allowed`, and repetition of those not in `repeatable`.
    pub fn only(self, allowed: &[&str], repeatable: &[&str]) -> Result<Self, Problem> {
        if self.malformed {
            return Err(Problem::invalid(
                "query",
                local!("tham số không có dạng tên=giá trị", "the parameters are not name=value pairs"),
            ));
        }
        let mut errors = Vec::new();
        for (index, (name, _)) in self.pairs.iter().enumerate() {
            if !allowed.contains(&name.as_str()) {
                let LocalText { vi: near_vi, en: near } = nearest(name, allowed.iter().copied());
                let LocalText { vi: known_vi, en: known } = match allowed {
                    [] => local!("không có tham số nào", "none"),
                    _ => LocalText::same(allowed.join(", ")),
                };
                let detail = local!(
                    "không có tham số này{near_vi}, được phép: {known_vi}",
                    "unknown parameter{near}, allowed: {known}"
                );
                errors.push(FieldError::new(name.clone(), detail));
            } else if !repeatable.contains(&name.as_str())
                && self.pairs[..index].iter().any(|(earlier, _)| earlier == name)
            {
                errors.push(FieldError::new(
                    name.clone(),
                    local!("có nhiều hơn một lần", "given more than once"),
                ));
            }
        }
        if errors.is_empty() { Ok(self) } else { Err(Problem::invalid_all(errors)) }
    }

    /// The value of a parameter.
    pub fn one(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// All values of a parameter.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// A time.
    pub fn time(&self, name: &str) -> Result<Option<Timestamp>, Problem> {
        self.one(name)
            .map(|text| local::parse(text).map_err(|detail| Problem::invalid(name, detail)))
            .transpose()
    }

    /// A whole number within bounds.
    pub fn number(&self, name: &str, least: usize, greatest: usize) -> Result<Option<usize>, Problem> {
        let Some(text) = self.one(name) else { return Ok(None) };
        match usize::from_str(text) {
            Ok(number) if (least..=greatest).contains(&number) => Ok(Some(number)),
            _ => {
                let detail = local!(
                    "có \"{text}\", được phép: số nguyên từ {least} đến {greatest}",
                    "found \"{text}\", allowed: a whole number from {least} to {greatest}"
                );
                Err(Problem::invalid(name, detail))
            }
        }
    }

    /// A word out of a list.
    pub fn word<'w>(&self, name: &str, words: &[&'w str]) -> Result<Option<&'w str>, Problem> {
        let Some(text) = self.one(name) else { return Ok(None) };
        match words.iter().find(|word| **word == text) {
            Some(word) => Ok(Some(word)),
            None => {
                let allowed = words.join(", ");
                let detail =
                    local!("có \"{text}\", được phép: {allowed}", "found \"{text}\", allowed: {allowed}");
                Err(Problem::invalid(name, detail))
            }
        }
    }

    /// `from` and `to`, where `to` must be later than `from`.
    pub fn period(&self) -> Result<(Option<Timestamp>, Option<Timestamp>), Problem> {
        let (from, to) = (self.time("from")?, self.time("to")?);
        match (from, to) {
            (Some(from), Some(to)) if from >= to => Err(from_not_before_to()),
            _ => Ok((from, to)),
        }
    }

    /// The period asked for: without `to` until `now`, without `from` as long as `usual`.
    pub fn period_or(&self, usual: Duration, now: Timestamp) -> Result<(Timestamp, Timestamp), Problem> {
        let (from, to) = self.period()?;
        let to = to.unwrap_or(now);
        let from = from.unwrap_or_else(|| to.minus(usual));
        if from < to { Ok((from, to)) } else { Err(from_not_before_to()) }
    }
}

/// The problem of a period that ends before it begins.
pub fn from_not_before_to() -> Problem {
    Problem::invalid("from", local!("phải sớm hơn to", "from must be earlier than to"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(pairs: &[(&str, &str)]) -> Params {
        Params {
            pairs: pairs.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect(),
            malformed: false,
        }
    }

    #[test]
    fn unknown_and_repeated_names_are_said() {
        let problem =
            params(&[("bucket", "5"), ("from", "1"), ("from", "2"), ("point", "a"), ("point", "b")])
                .only(&["point", "from", "to", "buckets"], &["point"])
                .unwrap_err();
        let text = format!("{problem:?}");
        assert!(text.contains("buckets") && text.contains("given more than once"), "{text}");
        assert!(!text.contains("\"point\""), "{text}");
    }

    #[test]
    fn values_out_of_bounds_are_said() {
        for value in ["0", "5001", "-1", "ten"] {
            let problem = params(&[("buckets", value)]).number("buckets", 1, 5000).unwrap_err();
            assert!(format!("{problem:?}").contains(value));
        }
        assert_eq!(params(&[("buckets", "5000")]).number("buckets", 1, 5000), Ok(Some(5000)));
        assert_eq!(params(&[]).word("state", &["active", "all"]), Ok(None));
        assert!(params(&[("state", "open")]).word("state", &["active", "all"]).is_err());
    }

    #[test]
    fn a_period_must_not_end_before_it_begins() {
        assert!(params(&[("from", "2"), ("to", "1")]).period().is_err());
        assert!(params(&[("from", "1"), ("to", "1")]).period().is_err());
        let (from, to) = params(&[("from", "1")]).period().unwrap();
        assert_eq!((from.map(Timestamp::as_millis), to), (Some(1), None));
    }
}
