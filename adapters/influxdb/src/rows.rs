//! What a province asks an engine for: the newest of every series, all rows of a measurement, and how many readings arrived.
//!
//! Rows are cells by name, as the engine has them: who asks knows what they mean. Read next: `flux.rs` and `metricsql.rs`.

use std::collections::BTreeMap;

use hub_model::{Quality, Reason, Timestamp};

use crate::line::{quality_code, reason_of};

/// Which series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked<'a> {
    /// Every reading's value, quality and reason, of every quantity. Means are left out.
    Readings,
    /// Every field of this measurement.
    Measurement(&'a str),
}

/// Tags and fields of one series.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// Tags and fields by their names.
    pub cells: BTreeMap<String, String>,
    /// The quantity's code, or the measurement that was asked for.
    pub measurement: String,
    /// When each field was written; they differ where only the newest is asked for.
    pub times: BTreeMap<String, Timestamp>,
}

impl Row {
    /// A cell; `None` for an empty one, too.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.cells.get(name).map(String::as_str).filter(|cell| !cell.is_empty())
    }

    /// A cell that is a number.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.text(name)?.parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// When the newest of its fields was written.
    pub fn at(&self) -> Timestamp {
        self.times.values().max().copied().unwrap_or_default()
    }

    /// Its quality, whichever engine wrote it. What nobody judged is not evaluated.
    pub fn quality(&self) -> Quality {
        let cell = self.text("quality");
        let by_number =
            |code: f64| Quality::ALL.into_iter().find(|quality| quality_code(*quality) as f64 == code);
        let known = cell.and_then(|cell| cell.parse().ok().or_else(|| by_number(cell.parse().ok()?)));
        known.unwrap_or(Quality::NotEvaluated)
    }

    /// Its reason, whichever engine wrote it.
    pub fn reason(&self) -> Option<Reason> {
        let cell = self.text("reason")?;
        cell.parse().ok().or_else(|| reason_of(cell.parse::<f64>().ok()? as i64))
    }
}

/// Puts fields of the same series together, in the order of their tags.
#[derive(Default)]
pub(crate) struct Gathered(BTreeMap<Key, Row>);

/// Measurement, tags, and the moment where rows of one series are kept apart by it.
type Key = (String, Vec<(String, String)>, Option<Timestamp>);

impl Gathered {
    /// One field of the series with these tags. Rows of their own for each `moment`, where it is given.
    pub fn add(
        &mut self,
        (measurement, tags, moment): (&str, Vec<(String, String)>, Option<Timestamp>),
        (field, value, at): (&str, String, Timestamp),
    ) {
        let key = (measurement.to_owned(), tags, moment);
        let row = self.0.entry(key).or_insert_with_key(|(measurement, tags, _)| Row {
            cells: tags.iter().cloned().collect(),
            measurement: measurement.clone(),
            times: BTreeMap::new(),
        });
        row.cells.insert(field.to_owned(), value);
        row.times.insert(field.to_owned(), at);
    }

    pub fn rows(self) -> Vec<Row> {
        self.0.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers_of_both_engines_mean_the_same() {
        let row = |quality: &str, reason: &str| Row {
            cells: [("quality", quality), ("reason", reason)]
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .into(),
            ..Row::default()
        };
        for (words, numbers) in [(("good", ""), ("1", "0")), (("fail", "out_of_range"), ("4", ""))] {
            assert_eq!(row(words.0, words.1).quality(), row(numbers.0, numbers.1).quality());
        }
        assert_eq!((row("good", "").reason(), row("1", "0").reason()), (None, None));
        let late = crate::line::reason_code(Reason::Late).to_string();
        assert_eq!(row("good", "late").reason(), row("1", &late).reason());
        assert_eq!(row("", "").quality(), Quality::NotEvaluated);
    }
}
