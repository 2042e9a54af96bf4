//! Numbers as they are spoken in Vietnamese, and as they are written in English.
//!
//! Knows no unit. Read next: [`super::unit`].

/// Beyond this a number is said digit by digit: nobody follows it by ear.
const MOST_SPOKEN: u64 = 999_999_999_999;

const DIGITS: [&str; 10] = ["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"];
/// Names of the groups of three digits, from the right.
const GROUPS: [&str; 4] = ["", "nghìn", "triệu", "tỷ"];

/// A whole number: "một nghìn không trăm linh năm".
pub(super) fn whole_vi(number: u64) -> String {
    if number == 0 {
        return DIGITS[0].to_owned();
    }
    if number > MOST_SPOKEN {
        return digit_by_digit(&number.to_string());
    }
    let mut words: Vec<&str> = vec![];
    for group in (0..GROUPS.len()).rev() {
        let three = number / 1000u64.pow(group as u32) % 1000;
        if three > 0 {
            // Behind a greater group hundreds are said even where there are none.
            let in_full = !words.is_empty();
            push_three(&mut words, three as usize, in_full);
            words.push(GROUPS[group]);
        }
    }
    words.retain(|word| !word.is_empty());
    words.join(" ")
}

/// A number with at most so many decimals, those at the end that are zero left out: "không phẩy hai".
///
/// Two decimals are said as a number, more one by one; a zero before them is always said.
pub(super) fn number_vi(value: f64, decimals: u8) -> String {
    let written = number_en(value, decimals);
    let (sign, digits) = match written.strip_prefix('-') {
        Some(digits) => ("âm ", digits),
        None => ("", written.as_str()),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = whole.parse().map_or_else(|_| digit_by_digit(whole), whole_vi);
    match fraction {
        "" => format!("{sign}{whole}"),
        _ => format!("{sign}{whole} phẩy {}", fraction_vi(fraction)),
    }
}

/// A number with at most so many decimals, in digits; zeros at its end are left out.
pub(super) fn number_en(value: f64, decimals: u8) -> String {
    let written = format!("{value:.*}", usize::from(decimals.min(9)));
    let short = match written.contains('.') {
        true => written.trim_end_matches('0').trim_end_matches('.'),
        false => &written,
    };
    if short == "-0" { "0".to_owned() } else { short.to_owned() }
}

/// The text with every whole number that stands by itself spelt: "Thùng rác số 7" has it, "PM10" and "0,5" have not.
pub(super) fn spelt_vi(text: &str) -> String {
    let mut spelt = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
        let (digits, after) = from.split_at(end);
        spelt.push_str(before);
        let joins = |c: char| c.is_alphanumeric() || matches!(c, '-' | '/' | ':');
        let is_decimal = |text: &str| {
            let mut letters = text.chars();
            letters.next().is_some_and(|c| matches!(c, '.' | ','))
                && letters.next().is_some_and(|c| c.is_ascii_digit())
        };
        // What was read before belongs to the number, too: the digits behind "0," are no number by themselves.
        let behind = spelt.chars().next_back();
        let before_mark = spelt.strip_suffix(['.', ',']).and_then(|left| left.chars().next_back());
        let alone = !behind.is_some_and(joins)
            && !before_mark.is_some_and(|c| c.is_ascii_digit())
            && !after.starts_with(joins)
            && !is_decimal(after);
        match digits.parse().ok().filter(|_| alone && (digits == "0" || !digits.starts_with('0'))) {
            Some(number) => spelt.push_str(&whole_vi(number)),
            None => spelt.push_str(digits),
        }
        rest = after;
    }
    spelt.push_str(rest);
    spelt
}

/// "linh năm", "mười lăm", "hai mươi mốt", "ba trăm linh tư".
fn push_three(words: &mut Vec<&str>, three: usize, in_full: bool) {
    let (hundreds, tens, ones) = (three / 100, three / 10 % 10, three % 10);
    if hundreds > 0 || in_full {
        words.extend([DIGITS[hundreds], "trăm"]);
    }
    match tens {
        0 if ones > 0 && (hundreds > 0 || in_full) => words.push("linh"),
        0 => {}
        1 => words.push("mười"),
        _ => words.extend([DIGITS[tens], "mươi"]),
    }
    match (tens, ones) {
        (_, 0) => {}
        (2.., 1) => words.push("mốt"),
        (2.., 4) => words.push("tư"),
        (0, 4) if hundreds > 0 || in_full => words.push("tư"),
        (1.., 5) => words.push("lăm"),
        _ => words.push(DIGITS[ones]),
    }
}

fn fraction_vi(digits: &str) -> String {
    let number = digits.trim_start_matches('0');
    let zeros = digits.len() - number.len();
    let mut words = vec![DIGITS[0]; zeros].join(" ");
    if !number.is_empty() {
        let said = match number.parse() {
            Ok(number) if digits.len() <= 2 => whole_vi(number),
            _ => digit_by_digit(number),
        };
        words = format!("{words} {said}").trim_start().to_owned();
    }
    words
}

fn digit_by_digit(digits: &str) -> String {
    let words = digits.chars().filter_map(|c| DIGITS.get(c.to_digit(10)? as usize).copied());
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_said_as_people_say_them() {
        for (number, said) in [
            (0, "không"),
            (1, "một"),
            (4, "bốn"),
            (5, "năm"),
            (10, "mười"),
            (11, "mười một"),
            (14, "mười bốn"),
            (15, "mười lăm"),
            (20, "hai mươi"),
            (21, "hai mươi mốt"),
            (24, "hai mươi tư"),
            (25, "hai mươi lăm"),
            (31, "ba mươi mốt"),
            (55, "năm mươi lăm"),
            (99, "chín mươi chín"),
            (100, "một trăm"),
            (101, "một trăm linh một"),
            (104, "một trăm linh tư"),
            (105, "một trăm linh năm"),
            (110, "một trăm mười"),
            (111, "một trăm mười một"),
            (115, "một trăm mười lăm"),
            (121, "một trăm hai mươi mốt"),
            (999, "chín trăm chín mươi chín"),
            (1_000, "một nghìn"),
            (1_001, "một nghìn không trăm linh một"),
            (1_005, "một nghìn không trăm linh năm"),
            (1_010, "một nghìn không trăm mười"),
            (1_015, "một nghìn không trăm mười lăm"),
            (1_100, "một nghìn một trăm"),
            (2_026, "hai nghìn không trăm hai mươi sáu"),
            (10_000, "mười nghìn"),
            (21_004, "hai mươi mốt nghìn không trăm linh tư"),
            (105_000, "một trăm linh năm nghìn"),
            (1_000_000, "một triệu"),
            (1_000_005, "một triệu không trăm linh năm"),
            (1_001_000, "một triệu không trăm linh một nghìn"),
            (24_500_000, "hai mươi tư triệu năm trăm nghìn"),
            (
                999_999_999,
                "chín trăm chín mươi chín triệu chín trăm chín mươi chín nghìn chín trăm chín mươi chín",
            ),
            (1_000_000_000, "một tỷ"),
            (1_000_000_001, "một tỷ không trăm linh một"),
            (
                1_000_000_000_000,
                "một không không không không không không không không không không không không",
            ),
        ] {
            assert_eq!(whole_vi(number), said, "{number}");
        }
    }

    /// Reads what was said, by rules of its own: the other way round, and nothing else.
    fn heard(said: &str) -> u64 {
        let (mut all, mut group, mut digit) = (0, 0, 0);
        for word in said.split(' ') {
            match word {
                "tỷ" | "triệu" | "nghìn" => {
                    let size = match word {
                        "tỷ" => 1_000_000_000,
                        "triệu" => 1_000_000,
                        _ => 1_000,
                    };
                    all += (group + digit) * size;
                    (group, digit) = (0, 0);
                }
                "trăm" => (group, digit) = (digit * 100, 0),
                "mươi" => (group, digit) = (group + digit * 10, 0),
                "mười" => group += 10,
                "linh" => {}
                "mốt" => digit = 1,
                "tư" => digit = 4,
                "lăm" => digit = 5,
                _ => digit = DIGITS.iter().position(|one| *one == word).unwrap() as u64,
            }
        }
        all + group + digit
    }

    #[test]
    fn every_number_is_heard_as_it_was_meant_and_no_two_sound_alike() {
        for number in (0..20_000).chain((20_000..1_000_000_001).step_by(99_991)) {
            let said = whole_vi(number);
            assert_eq!(heard(&said), number, "{said}");
            assert!(!said.contains("  ") && said.trim() == said, "\"{said}\"");
        }
    }

    #[test]
    fn the_rules_of_one_four_and_five_hold_everywhere() {
        for number in 0..10_000 {
            let said = whole_vi(number);
            let (tens, ones) = (number / 10 % 10, number % 10);
            assert_eq!(said.ends_with("mốt"), ones == 1 && tens >= 2, "{said}");
            assert_eq!(said.ends_with("lăm"), ones == 5 && tens >= 1, "{said}");
            assert_eq!(
                said.ends_with("tư"),
                ones == 4 && (tens >= 2 || (tens == 0 && number > 100)),
                "{said}"
            );
            assert!(
                !said.contains("mươi một") && !said.contains("mươi năm") && !said.contains("mươi bốn"),
                "{said}"
            );
        }
    }

    #[test]
    fn decimals_are_said_behind_the_comma() {
        for (value, decimals, said) in [
            (0.2, 2, "không phẩy hai"),
            (0.12, 2, "không phẩy mười hai"),
            (0.05, 2, "không phẩy không năm"),
            (0.5, 1, "không phẩy năm"),
            (7.25, 2, "bảy phẩy hai mươi lăm"),
            (1.0, 2, "một"),
            (2.5, 0, "hai"),
            (42.0, 1, "bốn mươi hai"),
            (0.0004, 2, "không"),
            (-0.001, 2, "không"),
            (-3.5, 1, "âm ba phẩy năm"),
            (0.125, 3, "không phẩy một hai năm"),
            (0.012, 3, "không phẩy không một hai"),
            (1_234.5, 1, "một nghìn hai trăm ba mươi tư phẩy năm"),
            (99.999, 2, "một trăm"),
            (1e12, 0, "một không không không không không không không không không không không không"),
        ] {
            assert_eq!(number_vi(value, decimals), said, "{value}");
        }
        assert_eq!((number_en(0.50, 2).as_str(), number_en(-0.001, 2).as_str()), ("0.5", "0"));
        assert_eq!((number_en(100.0, 0).as_str(), number_en(100.0, 1).as_str()), ("100", "100"));
    }

    #[test]
    fn numbers_in_names_are_spelt_where_they_stand_alone() {
        for (text, said) in [
            ("Thùng rác số 7", "Thùng rác số bảy"),
            ("Bơm 1, bơm 21.", "Bơm một, bơm hai mươi mốt."),
            ("PM10 và QCVN 01-1:2024", "PM10 và QCVN 01-1:2024"),
            ("0,5 và 0.25", "0,5 và 0.25"),
            ("số 007", "số 007"),
            ("không có số", "không có số"),
            ("5", "năm"),
        ] {
            assert_eq!(spelt_vi(text), said);
        }
    }
}
