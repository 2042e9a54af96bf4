//! Texts with fields in braces, such as `{site}: {title}`: for SMS gateways and ZNS templates. Pure.
//!
//! A field that is not known is found when the configuration is read. `{{` and `}}` stand for the braces themselves.

use hub_model::{LocalText, local};

/// The fields that a template may use, and what they stand for.
pub const FIELDS: [(&str, &str); 16] = [
    ("to", "the recipient's address"),
    ("name", "the recipient's name"),
    ("text", "the whole text, short"),
    ("commune", "the commune's name"),
    ("site", "the first alarm's site"),
    ("about", "the point or device that it is about"),
    ("title", "its title"),
    ("message", "what its rule says"),
    ("priority", "how urgent it is, in words"),
    ("state", "what is told of it, in words"),
    ("time", "when it happened"),
    ("value", "the value with its unit"),
    ("link", "the page of the alarm, or of all"),
    ("acknowledge", "the link by which it is acknowledged"),
    ("count", "how many alarms there are"),
    ("key", "the message's key: the same on every try"),
];

/// The field of a channel's secret; only channels that have one allow it.
pub const SECRET: &str = "secret";

/// A text with fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Field(String),
}

impl Template {
    /// Reads a template; `has_secret` also allows `{secret}`.
    ///
    /// # Errors
    /// The field that is not known, or the brace that stands alone.
    pub fn parse(text: &str, has_secret: bool) -> Result<Self, LocalText> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            rest = &rest[at..];
            if rest.starts_with("{{") || rest.starts_with("}}") {
                plain.push_str(&rest[..1]);
                rest = &rest[2..];
                continue;
            }
            let field = rest.strip_prefix('{').and_then(|inner| inner.split_once('}'));
            let Some((name, after)) = field else {
                return Err(local!(
                    "có dấu ngoặc nhọn đứng lẻ, được phép: {{field}}, hoặc {{{{ và }}}} cho chính dấu ngoặc",
                    "has a brace that stands alone, allowed: {{field}}, or {{{{ and }}}} for the braces themselves"
                ));
            };
            let is_allowed = is_known(name) || (has_secret && name == SECRET);
            if !is_allowed {
                let allowed = allowed(has_secret);
                return Err(local!(
                    "có trường {{{name}}}, được phép: {allowed}",
                    "found the field {{{name}}}, allowed: {allowed}"
                ));
            }
            parts.extend([Part::Text(std::mem::take(&mut plain)), Part::Field(name.to_owned())]);
            rest = after;
        }
        plain.push_str(rest);
        parts.push(Part::Text(plain));
        Ok(Self(parts))
    }

    /// The text with its fields filled in; `escape` makes a value fit its surroundings.
    pub fn fill(&self, value: &dyn Fn(&str) -> String, escape: &dyn Fn(&str) -> String) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Field(name) => escape(&value(name)),
        };
        self.0.iter().map(part).collect()
    }

    /// Whether it uses a field.
    pub fn uses(&self, field: &str) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Field(name) if name == field))
    }
}

fn is_known(name: &str) -> bool {
    FIELDS.iter().any(|(known, _)| *known == name)
}

fn allowed(has_secret: bool) -> String {
    let names = FIELDS.iter().map(|(name, _)| *name).chain(has_secret.then_some(SECRET));
    names.map(|name| format!("{{{name}}}")).collect::<Vec<_>>().join(" ")
}

/// A value within an address: everything but letters, digits and `-._~` by its bytes.
pub fn percent(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// A value within a JSON text.
pub fn json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// A value within HTML or XML.
pub fn markup(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_filled_in_and_escaped() {
        let template = Template::parse(r#"{{"to":"{to}","text":"{text}"}}"#, false).unwrap();
        let value = |name: &str| if name == "to" { "84912".to_owned() } else { "a \"b\"\n".to_owned() };
        assert_eq!(template.fill(&value, &json), r#"{"to":"84912","text":"a \"b\"\n"}"#);
        assert!(template.uses("to") && !template.uses("key"));
        assert_eq!(percent("Clo dư & 1"), "Clo%20d%C6%B0%20%26%201");
    }

    #[test]
    fn an_unknown_field_is_named_with_those_that_are_known() {
        let error = Template::parse("{sits}", false).unwrap_err().en;
        assert!(error.contains("{sits}") && error.contains("{site}"), "{error}");
        assert!(Template::parse("{secret}", false).is_err());
        assert!(Template::parse("{secret}", true).is_ok());
        for text in ["{to", "to}", "{"] {
            assert!(Template::parse(text, true).unwrap_err().en.contains("brace"), "{text}");
        }
    }
}
