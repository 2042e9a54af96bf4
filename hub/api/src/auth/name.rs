//! Names of accounts: what people and the command line may call one.

/// Longest name, in characters.
const MAX_CHARS: usize = 64;

/// Why a name is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("1 to {MAX_CHARS} letters, digits and signs without spaces are allowed")]
pub struct BadName;

/// The name, if an account may have it.
///
/// # Errors
/// When it is empty, too long, or holds spaces or characters that cannot be seen.
pub fn account_name(text: &str) -> Result<&str, BadName> {
    let count = text.chars().count();
    let is_wrong = |c: char| c.is_control() || c.is_whitespace() || is_invisible(c);
    if !(1..=MAX_CHARS).contains(&count) || text.chars().any(is_wrong) { Err(BadName) } else { Ok(text) }
}

/// Characters that show nothing or turn the direction of writing: two names would look the same, or like another line.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
