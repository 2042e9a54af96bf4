//! A frame's content in words, for integrators. Pure; says what it can of any bytes.

use hub_model::LocalText;

use crate::ask::EXCEPTION;
use crate::failure::exception_words;

/// Registers of an answer that are shown; the frame's bytes hold all of them.
const REGISTERS_SHOWN: usize = 8;

/// What the bytes from the function code on say. A request and an answer look alike: `sent` tells which it is.
pub(crate) fn describe(content: &[u8], sent: bool) -> LocalText {
    let Some((&function, rest)) = content.split_first() else { return LocalText::new("trống", "nothing") };
    let word = |at: usize| Some(u16::from_be_bytes([*rest.get(at)?, *rest.get(at + 1)?]));
    let (first, second) = (or_none(word(0)), or_none(word(2)));
    if function & EXCEPTION != 0 {
        let code = rest.first().copied().unwrap_or_default();
        let (words, asked) = (exception_words(code), function & !EXCEPTION);
        return LocalText::new(
            format!("lỗi {code} ({}) cho chức năng {asked}", words.vi),
            format!("exception {code} ({}) to function {asked}", words.en),
        );
    }
    let LocalText { vi, en } = match function {
        1 | 5 => LocalText::new("bit ra", "coil"),
        2 => LocalText::new("bit vào", "discrete"),
        3 | 6 | 16 => LocalText::new("thanh ghi giữ", "holding"),
        4 => LocalText::new("thanh ghi vào", "input"),
        _ => return LocalText::new(format!("chức năng {function}"), format!("function {function}")),
    };
    match (function, sent) {
        (1..=4, true) => LocalText::new(
            format!("đọc {second} {vi}, từ địa chỉ {first}"),
            format!("read {en} {first}, count {second}"),
        ),
        (1 | 2, false) => {
            let bytes = rest.first().copied().unwrap_or_default();
            LocalText::new(format!("{bytes} byte {vi}"), format!("{en}: {bytes} bytes of bits"))
        }
        (3 | 4, false) => {
            let words: Vec<_> = rest.get(1..).unwrap_or_default().chunks_exact(2).collect();
            let shown = words.iter().take(REGISTERS_SHOWN);
            let shown =
                shown.map(|pair| format!("{:02X}{:02X}", pair[0], pair[1])).collect::<Vec<_>>().join(" ");
            let (count, more) = (words.len(), if words.len() > REGISTERS_SHOWN { " …" } else { "" });
            LocalText::new(
                format!("{count} {vi}: {shown}{more}"),
                format!("{en}: {count} registers {shown}{more}"),
            )
        }
        (16, _) => LocalText::new(
            format!("ghi {second} {vi}, từ địa chỉ {first}"),
            format!("write {en} {first}, count {second}"),
        ),
        _ => LocalText::new(format!("ghi {vi} {first} = {second}"), format!("write {en} {first} = {second}")),
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
            assert_eq!(describe(content, sent).en, words);
        }
        assert_eq!(describe(&[3, 0, 10, 0, 2], true).vi, "đọc 2 thanh ghi giữ, từ địa chỉ 10");
    }
}
