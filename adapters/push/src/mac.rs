//! MAC addresses in what is sent. They are somebody's: never kept, never logged, never said back.

use std::borrow::Cow;

/// What stands in a text instead of an address.
pub const MASK: &str = "(mac)";

/// Whether the whole text is a MAC address: six pairs of hex digits joined by `:`, `-` or `_`, or three groups of four
/// joined by dots.
pub fn is_mac(text: &str) -> bool {
    length(text.as_bytes()) == Some(text.len())
}

/// The text with every address masked. An address that only its digits show (`aabbccddeeff`) is masked as well.
pub fn masked(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let (mut out, mut kept, mut at) = (String::new(), 0, 0);
    while at < bytes.len() {
        let is_word_start = at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
        let found = is_word_start.then(|| length(&bytes[at..]).or_else(|| bare(&bytes[at..]))).flatten();
        let Some(length) = found else {
            at += 1;
            continue;
        };
        out.push_str(&text[kept..at]);
        out.push_str(MASK);
        at += length;
        kept = at;
    }
    if out.is_empty() {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[kept..]);
    Cow::Owned(out)
}

/// How many bytes of the beginning are an address, where a whole word is.
fn length(bytes: &[u8]) -> Option<usize> {
    let by_pairs = |sign: u8| groups(bytes, 6, 2, sign);
    by_pairs(b':').or_else(|| by_pairs(b'-')).or_else(|| by_pairs(b'_')).or_else(|| groups(bytes, 3, 4, b'.'))
}

fn groups(bytes: &[u8], count: usize, digits: usize, sign: u8) -> Option<usize> {
    let length = count * (digits + 1) - 1;
    let has_shape = bytes.get(..length)?.chunks(digits + 1).all(|group| {
        group[..digits].iter().all(u8::is_ascii_hexdigit) && group.get(digits).is_none_or(|end| *end == sign)
    });
    let goes_on = bytes.get(length).is_some_and(|next| next.is_ascii_alphanumeric() || *next == sign);
    (has_shape && !goes_on).then_some(length)
}

/// Twelve hex digits with a letter among them: without one it is a number.
fn bare(bytes: &[u8]) -> Option<usize> {
    let digits = bytes.get(..12)?;
    let is_hex = digits.iter().all(u8::is_ascii_hexdigit) && digits.iter().any(u8::is_ascii_alphabetic);
    (is_hex && !bytes.get(12).is_some_and(u8::is_ascii_alphanumeric)).then_some(12)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_writing_an_address_is_known() {
        for text in ["aa:bb:cc:dd:ee:ff", "AA-BB-CC-00-11-22", "00_11_22_33_44_55", "aabb.ccdd.eeff"] {
            assert!(is_mac(text), "{text}");
        }
        for text in ["aa:bb:cc:dd:ee", "aa:bb:cc:dd:ee:ff:00", "24e124713c140001", "wlan0", ""] {
            assert!(!is_mac(text), "{text}");
        }
    }

    #[test]
    fn addresses_within_a_text_are_masked_and_nothing_else() {
        assert_eq!(
            masked("shellies/shellyht-A0B1C2D3E4F5/mac=aa:bb:cc:dd:ee:ff, trạm"),
            "shellies/shellyht-(mac)/mac=(mac), trạm"
        );
        for text in ["application/1/device/24e124713c140001/event/up", "202608200730", "trạm/nước"] {
            assert_eq!(masked(text), text);
        }
    }
}
