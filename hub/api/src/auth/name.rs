//! Names of accounts: what people and the command line may call one.
//!
//! One letter with its marks may be written as one character or as several (`ế`): names are kept and looked for in the composed
//! form (NFC, decision 63), so that whoever types one on another device is still known.

use hub_model::LocalText;
use hub_model::text::Told;
use icu_normalizer::ComposingNormalizerBorrowed;

/// Longest name, in characters.
const MAX_CHARS: usize = 64;

/// Why a name is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("1 to {MAX_CHARS} letters, digits and signs without spaces are allowed")]
pub struct BadName;

impl Told for BadName {
    fn told(&self) -> LocalText {
        let vi = format!("được phép: 1 đến {MAX_CHARS} chữ, số và dấu, không có khoảng trắng");
        LocalText { vi, en: self.to_string() }
    }
}

/// The name in the form in which it is kept, if an account may have it.
///
/// # Errors
/// When it is empty, too long, or holds spaces or characters that cannot be seen.
pub fn account_name(text: &str) -> Result<String, BadName> {
    let text = composed(text);
    let count = text.chars().count();
    let is_wrong = |c: char| c.is_control() || c.is_whitespace() || is_invisible(c);
    if !(1..=MAX_CHARS).contains(&count) || text.chars().any(is_wrong) { Err(BadName) } else { Ok(text) }
}

/// A name as it was typed, in the form in which names are kept.
pub(crate) fn composed(name: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc().normalize(name).into_owned()
}

/// Characters that show nothing or turn the direction of writing: two names would look the same, or like another line.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_however_its_letters_are_made() {
        let apart = "lan.nguye\u{302}\u{303}n";
        assert_eq!(account_name(apart), Ok("lan.nguyễn".to_owned()));
        assert_eq!(account_name(&apart.repeat(5)), Ok("lan.nguyễn".repeat(5)), "counted as it is kept");
        assert_eq!(account_name("a\u{300}".repeat(65).as_str()), Err(BadName));
    }
}
