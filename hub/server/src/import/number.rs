//! Numbers as spreadsheets write them: `7,12` in Viet Nam, `1.234,5` with its thousands, `7.12` elsewhere.

/// The signs of a file's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Style {
    /// Between whole and part: `.` or `,`.
    pub(super) decimal: char,
    /// Between groups of three digits, where the file has one.
    pub(super) thousands: Option<char>,
}

impl Style {
    /// The number that `text` stands for; `None` when it is none in this style.
    pub(super) fn read(self, text: &str) -> Option<f64> {
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{a0}');
        let (digits, exponent) = text.find(['e', 'E']).map_or((text, ""), |at| text.split_at(at));
        let (whole, part) = digits.split_once(self.decimal).unwrap_or((digits, ""));
        let (sign, whole) = match whole.strip_prefix('-') {
            Some(rest) => ("-", rest),
            None => ("", whole.strip_prefix('+').unwrap_or(whole)),
        };
        let whole = self.ungrouped(whole)?;
        let all_digits = whole.bytes().chain(part.bytes()).all(|byte| byte.is_ascii_digit());
        if !all_digits || whole.is_empty() && part.is_empty() {
            return None;
        }
        format!("{sign}{whole}.{part}0{exponent}").parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// Without the signs between thousands, which must stand where they belong: else `1,5` would become 15.
    fn ungrouped(self, whole: &str) -> Option<String> {
        let Some(sign) = self.thousands else { return Some(whole.to_owned()) };
        // A space may be one that does not break.
        let sign_of = |c: char| c == sign || sign == ' ' && matches!(c, '\u{a0}' | '\u{202f}');
        let groups: Vec<&str> = whole.split(sign_of).collect();
        let is_grouped_well = groups[0].len() <= 3 && groups[1..].iter().all(|group| group.len() == 3);
        (groups.len() == 1 || is_grouped_well && !groups[0].is_empty()).then(|| groups.concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_their_style_and_in_no_other() {
        let vietnamese = Style { decimal: ',', thousands: Some('.') };
        for (text, expected) in [
            ("7,12", Some(7.12)),
            (" 1.234.567,5 ", Some(1_234_567.5)),
            ("-0,05", Some(-0.05)),
            (",5", Some(0.5)),
            ("1,5e3", Some(1500.0)),
            ("12", Some(12.0)),
            ("7.12", None),
            ("1.23,4", None),
            ("1,2,3", None),
            ("", None),
            ("-", None),
            ("abc", None),
            ("1,0e999", None),
            ("nan", None),
        ] {
            assert_eq!(vietnamese.read(text), expected, "{text:?}");
        }
        let plain = Style { decimal: '.', thousands: None };
        assert_eq!((plain.read("7.12"), plain.read("7,12")), (Some(7.12), None));
        let spaced = Style { decimal: ',', thousands: Some(' ') };
        assert_eq!(spaced.read("12\u{a0}345,6"), Some(12_345.6));
    }
}
