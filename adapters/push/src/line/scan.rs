//! One line of line protocol. Read next: the README's table of escapes.

use std::borrow::Cow;

use super::{Field, Line, LineError, MAX_TAGS, MAX_TEXT_BYTES};

/// Reads one line that is neither empty nor a comment.
///
/// # Errors
/// What is wrong with it first.
pub fn scan(line: &str) -> Result<Line<'_>, LineError> {
    let mut rest = Rest(line.trim_start().trim_end_matches(['\r', '\n', ' ', '\t']));
    let measurement = rest.until(b", ");
    if measurement.is_empty() {
        return Err(LineError::MissingMeasurement);
    }
    let tags = tags(&mut rest)?;
    rest.skip_spaces();
    let fields = fields(&mut rest)?;
    rest.skip_spaces();
    let time = match rest.0 {
        "" => None,
        digits => Some(digits.parse().map_err(|_| LineError::BadTimestamp)?),
    };
    Ok(Line { measurement: unescaped(measurement, b", "), tags, fields, time })
}

type Pairs<'a, V> = Vec<(Cow<'a, str>, V)>;

fn tags<'a>(rest: &mut Rest<'a>) -> Result<Pairs<'a, Cow<'a, str>>, LineError> {
    let mut tags: Pairs<'_, Cow<'_, str>> = Vec::new();
    while rest.eat(b',') {
        let key = rest.until(b"=, ");
        if key.is_empty() {
            return Err(LineError::MissingTagKey);
        }
        if !rest.eat(b'=') {
            return Err(LineError::MissingTagValue);
        }
        let value = rest.until(b", =");
        if value.is_empty() || rest.0.starts_with('=') {
            return Err(LineError::MissingTagValue);
        }
        let key = unescaped(key, b",= ");
        if tags.iter().any(|(other, _)| *other == key) {
            return Err(LineError::DuplicateTags);
        }
        if tags.len() == MAX_TAGS {
            return Err(LineError::TooManyTags);
        }
        tags.push((key, unescaped(value, b",= ")));
    }
    Ok(tags)
}

fn fields<'a>(rest: &mut Rest<'a>) -> Result<Pairs<'a, Field<'a>>, LineError> {
    if rest.0.is_empty() {
        return Err(LineError::MissingFields);
    }
    let mut fields = Vec::new();
    loop {
        let key = rest.until(b"=, ");
        if key.is_empty() {
            return Err(LineError::MissingFieldKey);
        }
        if !rest.eat(b'=') {
            return Err(LineError::MissingFieldValue);
        }
        fields.push((unescaped(key, b",= "), value(rest)?));
        if !rest.eat(b',') {
            return Ok(fields);
        }
    }
}

fn value<'a>(rest: &mut Rest<'a>) -> Result<Field<'a>, LineError> {
    if rest.eat(b'"') {
        return text(rest);
    }
    let plain = rest.until(b", ");
    match plain {
        "" => Err(LineError::MissingFieldValue),
        "t" | "T" | "true" | "True" | "TRUE" => Ok(Field::Boolean(true)),
        "f" | "F" | "false" | "False" | "FALSE" => Ok(Field::Boolean(false)),
        number => self::number(number).ok_or(LineError::InvalidNumber),
    }
}

fn number(text: &str) -> Option<Field<'static>> {
    // What `parse` takes beyond line protocol: +1, inf, nan.
    if !text.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.') {
        return None;
    }
    match text.as_bytes().last() {
        Some(b'i') => text[..text.len() - 1].parse().ok().map(Field::Integer),
        Some(b'u') => text[..text.len() - 1].parse().ok().map(Field::Unsigned),
        _ if text.ends_with(|c: char| c.is_ascii_digit() || c == '.') => {
            text.parse().ok().filter(|number: &f64| number.is_finite()).map(Field::Float)
        }
        _ => None,
    }
}

/// A text whose opening quote is behind us.
fn text<'a>(rest: &mut Rest<'a>) -> Result<Field<'a>, LineError> {
    let inside = rest.until(b"\"");
    if !rest.eat(b'"') {
        return Err(LineError::UnbalancedQuotes);
    }
    if inside.len() > MAX_TEXT_BYTES {
        return Err(LineError::TextTooLong);
    }
    if !rest.0.is_empty() && !rest.0.starts_with([',', ' ']) {
        return Err(LineError::InvalidField);
    }
    Ok(Field::Text(unescaped(inside, b"\"\\")))
}

/// What has not been read yet.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    /// All before the first of `ends` that no backslash precedes.
    fn until(&mut self, ends: &[u8]) -> &'a str {
        let bytes = self.0.as_bytes();
        let mut at = 0;
        while at < bytes.len() && !ends.contains(&bytes[at]) {
            // An escaped character is never looked at; all signs that count are of one byte.
            at += if bytes[at] == b'\\' { 2 } else { 1 };
        }
        // A backslash before a character of several bytes may have led into its middle.
        at = at.min(bytes.len());
        while !self.0.is_char_boundary(at) {
            at += 1;
        }
        let (found, rest) = self.0.split_at(at);
        self.0 = rest;
        found
    }

    fn eat(&mut self, sign: u8) -> bool {
        let is_there = self.0.as_bytes().first() == Some(&sign);
        if is_there {
            self.0 = &self.0[1..];
        }
        is_there
    }

    fn skip_spaces(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t']);
    }
}

/// Without the backslashes that escape one of `signs`; every other backslash is itself.
fn unescaped<'a>(text: &'a str, signs: &[u8]) -> Cow<'a, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let escapes = character == '\\'
            && characters
                .peek()
                .is_some_and(|next| u8::try_from(*next).is_ok_and(|next| signs.contains(&next)));
        match characters.peek() {
            Some(next) if escapes => {
                out.push(*next);
                characters.next();
            }
            _ => out.push(character),
        }
    }
    Cow::Owned(out)
}
