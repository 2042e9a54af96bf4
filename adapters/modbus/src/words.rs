//! A frame's content in words, for integrators. Pure; says what it can of any bytes.

use crate::ask::EXCEPTION;
use crate::failure::exception_words;

/// What the bytes from the function code on say. A request and an answer look alike: `sent` tells which it is.
pub(crate) fn describe(content: &[u8], sent: bool) -> String {
    let Some((&function, rest)) = content.split_first() else { return "nothing".to_owned() };
    let word = |at: usize| Some(u16::from_be_bytes([*rest.get(at)?, *rest.get(at + 1)?]));
    if function & EXCEPTION != 0 {
        let code = rest.first().copied().unwrap_or_default();
        return format!("exception {code} ({}) to function {}", exception_words(code), function & !EXCEPTION);
    }
    let table = match function {
        1 => "coil",
        2 => "discrete",
        3 | 6 | 16 => "holding",
        4 => "input",
        5 => "coil",
        _ => return format!("function {function}"),
    };
    match (function, sent) {
        (1..=4, true) => format!("read {table} {}, count {}", or_none(word(0)), or_none(word(2))),
        (1 | 2, false) => format!("{table}: {} bytes of bits", rest.first().copied().unwrap_or_default()),
        (3 | 4, false) => {
            let words: Vec<_> = rest.get(1..).unwrap_or_default().chunks_exact(2).collect();
            let shown = words.iter().take(8).map(|pair| format!("{:02X}{:02X}", pair[0], pair[1]));
            let more = if words.len() > 8 { " …" } else { "" };
            format!("{table}: {} registers {}{more}", words.len(), shown.collect::<Vec<_>>().join(" "))
        }
        (16, _) => format!("write {table} {}, count {}", or_none(word(0)), or_none(word(2))),
        _ => format!("write {table} {} = {}", or_none(word(0)), or_none(word(2))),
    }
}

fn or_none(word: Option<u16>) -> String {
    word.map_or_else(|| "?".to_owned(), |word| word.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_told_in_words() {
        for (content, sent, words) in [
            (&[3, 0, 10, 0, 2][..], true, "read holding 10, count 2"),
            (&[3, 4, 0x40, 0xE3, 0xD7, 0x0A], false, "holding: 2 registers 40E3 D70A"),
            (&[0x83, 2], false, "exception 2 (the device has no such address) to function 3"),
            (&[6, 0, 1, 0, 5], true, "write holding 1 = 5"),
            (&[16, 0, 1, 0, 5], false, "write holding 1, count 5"),
            (&[1], true, "read coil ?, count ?"),
            (&[], false, "nothing"),
            (&[99, 1], false, "function 99"),
        ] {
            assert_eq!(describe(content, sent), words);
        }
    }
}
