//! Texts that people see, in Vietnamese and in English.

/// One text in both languages. A single configured string serves as both.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
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
}
