//! Texts that people see, in Vietnamese and in English.

use std::fmt::Display;

use crate::unit;

/// One text in both languages. A single configured string serves as both.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LocalText {
    /// Vietnamese, shown first.
    pub vi: String,
    /// English.
    pub en: String,
}

impl LocalText {
    /// A text with both languages given.
    pub fn new(vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self { vi: vi.into(), en: en.into() }
    }

    /// The same words in both languages.
    pub fn same(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { vi: text.clone(), en: text }
    }

    /// Words that were kept in English alone before they were kept in both languages: these are shown then.
    pub fn kept(en: String, vi: Option<String>) -> Self {
        Self { vi: vi.unwrap_or_else(|| en.clone()), en }
    }

    /// A number with its unit (UCUM) as people of either language write it: `0,2 mg/L` and `0.2 mg/L`.
    pub fn measured(number: impl Display, unit: &str) -> Self {
        let (number, sign) = (number.to_string(), unit::sign(unit));
        let text = |number: &str| format!("{number} {sign}").trim_end().to_owned();
        Self { vi: text(&decimal_comma(&number)), en: text(&number) }
    }
}

impl<T: Told> From<T> for LocalText {
    fn from(fault: T) -> Self {
        fault.told()
    }
}

/// A text in both languages from two format strings, Vietnamese first: `local!("{n} lỗi", "{n} faults")`.
#[macro_export]
macro_rules! local {
    ($vi:literal, $en:literal $(,)?) => {
        $crate::LocalText { vi: ::std::format!($vi), en: ::std::format!($en) }
    };
}

/// What says in both languages what is wrong.
pub trait Told {
    /// What was found and what is allowed.
    fn told(&self) -> LocalText;
}

/// A number as Vietnamese readers write it: a comma before the decimals.
pub fn decimal_comma(number: &str) -> String {
    number.replace('.', ",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_as_each_language_writes_it() {
        for (number, unit, vi, en) in [
            (0.2, "mg/L", "0,2 mg/L", "0.2 mg/L"),
            (7.12, "[pH]", "7,12", "7.12"),
            (120.0, "ug/m3", "120 µg/m³", "120 µg/m³"),
            (-3.5, "Cel", "-3,5 °C", "-3.5 °C"),
        ] {
            assert_eq!(LocalText::measured(number, unit), LocalText::new(vi, en), "{number} {unit}");
        }
    }
}
